"""Stock for people and shops: pages of levels that are low or not, a search of SKUs, and what is expected."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from crossdock.core.catalog import products
from crossdock.core.ids import MAX_ID
from crossdock.core.stock.model import Level, LevelKey
from crossdock.flows import inbound
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import catalog_pages, stock_lists
from crossdock.store import stock as stock_store

PORTION = 500  # levels read at a time of a whole list


async def page(
    context: Context,
    caller: Caller,
    *,
    limit: int,
    after: LevelKey | None = None,
    low: bool | None = None,
    skus: Sequence[str] | None = None,
    **filters: str | None,
) -> list[Level]:
    """Read levels after a key, by SKU, location and pool; `filters` are of sku, location and pool, `low` of low ones, `skus` of
    any of these."""
    given: dict[str, Any] = {**filters, "low": None if low is None else int(low)}
    if skus is not None:
        given["skus"] = msgspec.json.encode(list(skus)).decode()
    async with context.store.reading() as tx:
        return await stock_store.page(tx, caller.organization_id, limit=limit, after=after, **given)


async def portions(
    context: Context, caller: Caller, *, low: bool | None = None, **filters: str | None
) -> AsyncIterator[list[Level]]:
    """Yield all levels that filters leave, in their order."""
    after: LevelKey | None = None
    while levels := await page(context, caller, limit=PORTION, after=after, low=low, **filters):
        yield levels
        after = levels[-1].key


MAX_SEARCHED = 100  # SKUs that a search finds


async def search(context: Context, caller: Caller, term: str) -> list[str]:
    """Find SKUs: those of levels that begin with the term, as it is or in capitals, then those of products that have it in
    their SKU or name; at most MAX_SEARCHED of either."""
    skus: list[str] = []
    async with context.store.reading() as tx:
        for prefix in dict.fromkeys((term, term.upper())):
            skus += await stock_lists.skus_with_prefix(tx, caller.organization_id, prefix=prefix, limit=MAX_SEARCHED)
        products_found = await catalog_pages.page_before(
            tx, caller.organization_id, kind=products.KIND, before=MAX_ID, limit=MAX_SEARCHED, term=term
        )
    skus += [sku for entry in products_found if (sku := products.decode_product(entry.document).sku)]
    return list(dict.fromkeys(skus))


async def expected(context: Context, caller: Caller, skus: Sequence[str] = ()) -> dict[tuple[str, str], int]:
    """Add up the units that are expected, by SKU and location; `skus` narrows it."""
    async with context.store.reading() as tx:
        return await inbound.expected_sums(tx, caller.organization_id, skus=skus)

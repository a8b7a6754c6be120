"""Calls that add or change one product, each done once under its key."""

from collections.abc import Callable

import msgspec

from crossdock.core.catalog.products import KIND, Product, decode_product, encode_product, search_text
from crossdock.core.errors import Code, Conflict, NotFound
from crossdock.core.ids import index_key
from crossdock.flows import products
from crossdock.flows.access import Caller
from crossdock.flows.catalog import CatalogEntry
from crossdock.flows.context import Context
from crossdock.flows.single_calls import MAX_ATTEMPTS, Answer, SingleCall, answer_once
from crossdock.flows.unit_of_work import UnitOfWork, unit_of_work
from crossdock.store import catalog as catalog_store

_replace = msgspec.structs.replace


class _Raced(Exception):
    """Another request has added or changed the product since it was read."""


async def put(
    context: Context, caller: Caller, sku: str, make: Callable[[Product | None], Product], *,
    render: Callable[[CatalogEntry], bytes], door: str, call: SingleCall | None = None, add: bool = True,
    change: bool = True,
) -> Answer:  # fmt: skip
    """Add or change the product with a SKU to what `make` returns for it; the answer is what `render` makes of it.

    Refuses with NotFound `not_found` where it is not there and may not be added, with Conflict `exists` where it is there and
    may not be changed, and `key_reused`.
    """

    async def perform(work: UnitOfWork) -> bytes:
        found = await catalog_store.entries(
            work.tx, caller.organization_id, kind=KIND, keys=[index_key(sku)], by="name"
        )
        before = min(found, key=lambda entry: entry.position, default=None)
        if before is None and not add:
            raise NotFound(Code.NOT_FOUND, f"there is no product with the SKU {sku!r}", kind=KIND, key=sku)
        if before is not None and not change:
            raise Conflict(Code.EXISTS, f"there is a product with the SKU {sku!r} already", what=KIND, key=sku)
        product = make(None if before is None else decode_product(before.document))
        return render(await _write(work, caller, before, product))

    for _ in range(MAX_ATTEMPTS):
        try:
            async with unit_of_work(context, caller.organization_id) as work:
                return await answer_once(work, caller, call, door=door, perform=lambda: perform(work))
        except _Raced:
            continue
    raise Conflict(Code.STALE_VERSION, "the product is being changed by other requests; try again")


async def _write(work: UnitOfWork, caller: Caller, before: CatalogEntry | None, product: Product) -> CatalogEntry:
    if before is None:
        product_id = products.product_id_for(caller.organization, product.sku or "")
        entry = products.entry_of(
            caller.organization_id, product, product_id=product_id, position=work.context.id_generator.new(work.now),
            now=work.now,
        )  # fmt: skip
        if not await products.claim(work.tx, entry, product):
            raise _Raced
        return entry
    document = encode_product(product)
    if document == before.document:
        return before
    changed = _replace(
        before, document=document, search=search_text(product).casefold(),
        updated_at=max(work.now, before.updated_at + 1),
    )  # fmt: skip
    if not await catalog_store.change_entry(work.tx, caller.organization_id, changed=changed, seen=before.document):
        raise _Raced
    return _replace(changed, version=before.version + 1)

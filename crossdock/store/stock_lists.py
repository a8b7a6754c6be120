"""Lists of stock levels at some locations, by SKUs and pools: pages and counts."""

from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, func, select, tuple_

from crossdock.core.stock.model import Level, LevelKey
from crossdock.store.dialect import InJson
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.stock import level_of_row
from crossdock.store.tables import stock_level

_ENCODE = msgspec.json.Encoder().encode
_KEY = (stock_level.c.sku, stock_level.c.location, stock_level.c.pool)
_COLUMNS = {"locations": stock_level.c.location, "skus": stock_level.c.sku, "pools": stock_level.c.pool}


class LevelFilter(Struct, frozen=True):
    """Which levels: at any of `locations`, and of any of `skus` and `pools` where these are not None."""

    locations: tuple[str, ...]
    skus: tuple[str, ...] | None = None
    pools: tuple[str, ...] | None = None

    @property
    def values(self) -> dict[str, str]:
        """The lists that are given, by name, as JSON arrays."""
        return {name: _ENCODE(values).decode() for name, values in self._lists()}

    @property
    def is_empty(self) -> bool:
        """Whether a list has no value, so that no level can match."""
        return not all(values for _, values in self._lists())

    def _lists(self) -> list[tuple[str, tuple[str, ...]]]:
        given = {"locations": self.locations, "skus": self.skus, "pools": self.pools}
        return [(name, values) for name, values in given.items() if values is not None]


@cache
def _statement(names: tuple[str, ...], counting: bool) -> Statement:
    conditions = [InJson(_COLUMNS[name], name) for name in names]
    columns: tuple[Any, ...] = (func.count().label("levels"),) if counting else (stock_level,)
    query = select(*columns).where(stock_level.c.organization_id == bindparam("organization_id"), *conditions)
    if counting:
        return Statement(query.select_from(stock_level))
    after = tuple_(*_KEY) > tuple_(bindparam("after_sku"), bindparam("after_location"), bindparam("after_pool"))
    return Statement(query.where(after).order_by(*_KEY).limit(bindparam("limit")).offset(bindparam("offset")))


async def page(
    tx: Transaction,
    organization_id: int,
    filters: LevelFilter,
    *,
    limit: int,
    offset: int = 0,
    after: LevelKey | None = None,
) -> list[Level]:
    """Read levels after a key, by SKU, location and pool."""
    if filters.is_empty:
        return []
    values = filters.values
    first = after or LevelKey("", "", "")
    rows = await tx.rows(
        _statement(tuple(values), False), organization_id=organization_id, limit=limit, offset=offset,
        after_sku=first.sku, after_location=first.location, after_pool=first.pool, **values,
    )  # fmt: skip
    return [level_of_row(row) for row in rows]


async def count(tx: Transaction, organization_id: int, filters: LevelFilter) -> int:
    """Count levels."""
    if filters.is_empty:
        return 0
    values = filters.values
    rows = await tx.rows(_statement(tuple(values), True), organization_id=organization_id, **values)
    return int(rows[0]["levels"])


_SKUS = Statement(
    select(stock_level.c.sku)
    .where(
        stock_level.c.organization_id == bindparam("organization_id"),
        stock_level.c.sku >= bindparam("prefix"),
        stock_level.c.sku < bindparam("end"),
    )
    .group_by(stock_level.c.sku)
    .order_by(stock_level.c.sku)
    .limit(bindparam("limit"))
)


async def skus_with_prefix(tx: Transaction, organization_id: int, *, prefix: str, limit: int) -> list[str]:
    """Read the first SKUs that have a level and begin with a prefix, which has at least one character."""
    last = ord(prefix[-1])
    end = prefix[:-1] + chr(last + 1 if last + 1 not in range(0xD800, 0xE000) else 0xE000)
    rows = await tx.rows(_SKUS, organization_id=organization_id, prefix=prefix, end=end, limit=limit)
    return [str(row["sku"]) for row in rows]

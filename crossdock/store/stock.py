"""Stock levels and the ledger of their movements.

A level is locked before it is changed, updated only if its units are those that were read, and CHECKed by the table: whoever
races, every unit is given once.
"""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import bindparam, case, func, select, tuple_, update

from crossdock.core.stock.model import Counter, Level, LevelKey, Movement
from crossdock.store.dialect import AnyOf, InJson
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.records import check_columns
from crossdock.store.tables import stock_level, stock_movement

_ENCODE = msgspec.json.Encoder().encode
_COUNTERS = msgspec.json.Decoder(tuple[Counter, ...])
check_columns(stock_movement, Movement)

# ------------------------------------------------------------------------------------------------------------- reading
_OF_KEY = (
    stock_level.c.organization_id == bindparam("organization_id"),
    stock_level.c.sku == bindparam("sku"),
    stock_level.c.location == bindparam("location"),
    stock_level.c.pool == bindparam("pool"),
)
_BY_KEY = Statement(select(stock_level).where(*_OF_KEY))
_OF_SKUS = (
    select(stock_level)
    .where(stock_level.c.organization_id == bindparam("organization_id"), AnyOf(stock_level.c.sku, "skus"))
    .order_by(stock_level.c.sku, stock_level.c.location, stock_level.c.pool)
)
_BY_SKUS = Statement(_OF_SKUS)
# PostgreSQL locks the rows in the order of the list, so that two transactions never wait for each other.
_LOCK_SKUS = Statement(_OF_SKUS.with_for_update())


def level_of_row(row: Row) -> Level:
    """Build a level from a row of its table."""
    values = dict(row)
    del values["reserved"]
    counters = values["counters"]
    values["counters"] = _COUNTERS.decode(counters) if counters else ()
    values["event_hash"] = bytes(values["event_hash"])
    values["unlimited"] = bool(values["unlimited"])
    return Level(**values)


async def get(tx: Transaction, organization_id: int, key: LevelKey) -> Level | None:
    """Read the level of a key, or None."""
    rows = await tx.rows(_BY_KEY, organization_id=organization_id, **msgspec.structs.asdict(key))
    return level_of_row(rows[0]) if rows else None


async def by_skus(
    tx: Transaction, organization_id: int, skus: Collection[str], *, for_update: bool = False
) -> list[Level]:
    """Read all levels of some SKUs, by SKU, location and pool; `for_update` keeps others from changing them until the
    transaction ends."""
    if not skus:
        return []
    statement = _LOCK_SKUS if for_update else _BY_SKUS
    rows = await tx.rows(statement, organization_id=organization_id, skus=sorted(set(skus)))
    return sorted(map(level_of_row, rows), key=lambda level: level.key)


_FREE = stock_level.c.on_hand - stock_level.c.allocated - stock_level.c.reserved
_FILTERS = {
    "sku": stock_level.c.sku == bindparam("sku"),
    "location": stock_level.c.location == bindparam("location"),
    "pool": stock_level.c.pool == bindparam("pool"),
    "skus": InJson(stock_level.c.sku, "skus"),
    "low": case(
        ((stock_level.c.threshold > 0) & (stock_level.c.threshold > _FREE), 1), else_=0,
    ) == bindparam("low"),
}  # fmt: skip


@cache
def _page_statement(names: tuple[str, ...], counting: bool) -> Statement:
    columns: Any = (func.count().label("levels"),) if counting else (stock_level,)
    query = select(*columns).where(
        stock_level.c.organization_id == bindparam("organization_id"), *(_FILTERS[name] for name in names)
    )
    if counting:
        return Statement(query.select_from(stock_level))
    key = (stock_level.c.sku, stock_level.c.location, stock_level.c.pool)
    after = tuple_(*key) > tuple_(bindparam("after_sku"), bindparam("after_location"), bindparam("after_pool"))
    return Statement(query.where(after).order_by(*key).limit(bindparam("limit")).offset(bindparam("offset")))


async def page(
    tx: Transaction,
    organization_id: int,
    *,
    limit: int,
    after: LevelKey | None = None,
    offset: int = 0,
    **filters: str | int | None,
) -> list[Level]:
    """Read levels after a key, by SKU, location and pool; `filters` are of sku, location and pool, `low` is 1 or 0, `skus` is a
    JSON array."""
    given = {name: value for name, value in filters.items() if value is not None}
    first = after or LevelKey("", "", "")
    rows = await tx.rows(
        _page_statement(tuple(sorted(given)), False), organization_id=organization_id, limit=limit, offset=offset,
        after_sku=first.sku, after_location=first.location, after_pool=first.pool, **given,
    )  # fmt: skip
    return [level_of_row(row) for row in rows]


async def count(tx: Transaction, organization_id: int, **filters: str | int | None) -> int:
    """Count the levels that filters of sku, location and pool leave."""
    given = {name: value for name, value in filters.items() if value is not None}
    rows = await tx.rows(_page_statement(tuple(sorted(given)), True), organization_id=organization_id, **given)
    return int(rows[0]["levels"])


_MOVEMENTS = Statement(
    select(stock_movement)
    .where(
        stock_movement.c.organization_id == bindparam("organization_id"),
        stock_movement.c.level_id == bindparam("level_id"),
        stock_movement.c.movement_id < bindparam("before"),
    )
    .order_by(stock_movement.c.movement_id.desc())
    .limit(bindparam("limit"))
)


async def movements(tx: Transaction, organization_id: int, *, level_id: int, before: int, limit: int) -> list[Movement]:
    """Read the ledger of a level, newest first."""
    rows = await tx.rows(_MOVEMENTS, organization_id=organization_id, level_id=level_id, before=before, limit=limit)
    return [Movement(*row) for row in rows]


# ------------------------------------------------------------------------------------------------------------- writing
async def add(tx: Transaction, level: Level) -> bool:
    """Insert a level; False where another transaction has inserted one with its key."""
    values = msgspec.structs.asdict(level)
    values["counters"] = _ENCODE(level.counters) if level.counters else None
    values["reserved"] = level.reserved
    return bool(await tx.claim(stock_level, [tuple(values[column.name] for column in stock_level.columns)]))


_OF_UPDATED = tuple(
    stock_level.c[name] == bindparam(f"p_{name}") for name in ("organization_id", "sku", "location", "pool")
)
_REPLACED = (
    "on_hand", "allocated", "safety", "threshold", "counters", "reserved", "counted", "counted_at", "shipped", "updated_at",
    "event_number", "event_hash", "unlimited",
)  # fmt: skip
# A level was read under a lock; should that ever fail, an update that began from other units, or another event, finds no row.
_REPLACE = Statement(
    update(stock_level)
    .where(
        *_OF_UPDATED,
        stock_level.c.event_number == bindparam("p_event_number"),
        stock_level.c.on_hand == bindparam("p_on_hand"),
        stock_level.c.allocated == bindparam("p_allocated"),
    )
    .values({name: bindparam(name) for name in _REPLACED})
)


async def replace(tx: Transaction, level: Level, *, before: Level) -> bool:
    """Update a level if its units and its chain are still those of `before`; False where another transaction changed it."""
    values: dict[str, Any] = {name: getattr(level, name) for name in _REPLACED if name != "counters"}
    values["counters"] = _ENCODE(level.counters) if level.counters else None
    for name, value in msgspec.structs.asdict(level.key).items():
        values[f"p_{name}"] = value
    for name in ("organization_id", "event_number", "on_hand", "allocated"):
        values[f"p_{name}"] = getattr(before, name)
    return await tx.run(_REPLACE, **values) == 1


async def add_movements(tx: Transaction, movements: Sequence[Movement]) -> None:
    """Append movements to the ledger."""
    await tx.insert(stock_movement, [msgspec.structs.astuple(each) for each in movements])


# ---------------------------------------------------------------------------------------------------------- verification
_SUMS = Statement(
    select(
        stock_movement.c.level_id,
        func.sum(stock_movement.c.on_hand).label("on_hand"),
        func.sum(stock_movement.c.allocated).label("allocated"),
    )
    .where(stock_movement.c.organization_id == bindparam("organization_id"))
    .group_by(stock_movement.c.level_id)
)


async def movement_sums(tx: Transaction, organization_id: int) -> dict[int, tuple[int, int]]:
    """Return the sums of on_hand and allocated of each level's movements."""
    rows = await tx.rows(_SUMS, organization_id=organization_id)
    return {row["level_id"]: (int(row["on_hand"]), int(row["allocated"])) for row in rows}

"""Stock levels and the ledger of their movements.

What orders take is a conditional update: whoever races, the row's condition and the table's CHECK see every unit once.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, select, update

from crossdock.core.stock.model import Counter, Level, LevelKey, Movement
from crossdock.store.dialect import AnyOf
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
_LOCK = Statement(select(stock_level).where(*_OF_KEY).with_for_update())
_BY_SKUS = Statement(
    select(stock_level)
    .where(stock_level.c.organization_id == bindparam("organization_id"), AnyOf(stock_level.c.sku, "skus"))
    .order_by(stock_level.c.sku, stock_level.c.location, stock_level.c.pool)
)


def _level(row: Row) -> Level:
    values = dict(row)
    del values["reserved"]
    counters = values["counters"]
    values["counters"] = _COUNTERS.decode(counters) if counters else ()
    values["event_hash"] = bytes(values["event_hash"])
    return Level(**values)


async def get(tx: Transaction, organization_id: int, key: LevelKey, *, for_update: bool = False) -> Level | None:
    """Read the level of a key, or None; `for_update` keeps others from changing it until the transaction ends."""
    statement = _LOCK if for_update else _BY_KEY
    rows = await tx.rows(statement, organization_id=organization_id, **msgspec.structs.asdict(key))
    return _level(rows[0]) if rows else None


async def by_skus(tx: Transaction, organization_id: int, skus: Sequence[str]) -> list[Level]:
    """Read all levels of some SKUs, by SKU, location and pool."""
    if not skus:
        return []
    rows = await tx.rows(_BY_SKUS, organization_id=organization_id, skus=sorted(set(skus)))
    return sorted(map(_level, rows), key=lambda level: level.key)


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
    "on_hand", "safety", "threshold", "counters", "reserved", "counted", "counted_at", "shipped", "updated_at",
    "event_number", "event_hash",
)  # fmt: skip
_REPLACE = Statement(
    update(stock_level)
    .where(
        *_OF_UPDATED,
        stock_level.c.event_number == bindparam("p_seen"),
    )
    .values({name: bindparam(name) for name in _REPLACED})
)


async def replace(tx: Transaction, level: Level, *, before: Level) -> bool:
    """Update what commands change of a level that was read for update; False where its chain has gone on meanwhile."""
    values: dict[str, Any] = {name: getattr(level, name) for name in _REPLACED if name != "counters"}
    values["counters"] = _ENCODE(level.counters) if level.counters else None
    return (
        await tx.run(_REPLACE, p_seen=before.event_number, **_updated(level.organization_id, level.key), **values) == 1
    )


def _updated(organization_id: int, key: LevelKey) -> dict[str, Any]:
    return {"p_organization_id": organization_id} | {
        f"p_{name}": value for name, value in msgspec.structs.asdict(key).items()
    }


async def add_movements(tx: Transaction, movements: Sequence[Movement]) -> None:
    """Append movements to the ledger."""
    await tx.insert(stock_movement, [msgspec.structs.astuple(each) for each in movements])


_ALLOCATE = Statement(
    update(stock_level)
    .where(
        *_OF_UPDATED,
        stock_level.c.on_hand - stock_level.c.allocated - stock_level.c.reserved >= bindparam("p_units"),
    )
    .values(allocated=stock_level.c.allocated + bindparam("p_units"), updated_at=bindparam("p_now"))
)
_DEALLOCATE = Statement(
    update(stock_level)
    .where(*_OF_UPDATED, stock_level.c.allocated >= bindparam("p_units"))
    .values(allocated=stock_level.c.allocated - bindparam("p_units"), updated_at=bindparam("p_now"))
)
_SHIP = Statement(
    update(stock_level)
    .where(*_OF_UPDATED, stock_level.c.allocated >= bindparam("p_units"))
    .values(
        on_hand=stock_level.c.on_hand - bindparam("p_units"),
        allocated=stock_level.c.allocated - bindparam("p_units"),
        shipped=stock_level.c.shipped + bindparam("p_units"),
        updated_at=bindparam("p_now"),
    )
)


async def allocate(tx: Transaction, organization_id: int, key: LevelKey, *, units: int, now: int) -> bool:
    """Promise units of a level that are available; False where fewer are."""
    return await tx.run(_ALLOCATE, p_units=units, p_now=now, **_updated(organization_id, key)) == 1


async def deallocate(tx: Transaction, organization_id: int, key: LevelKey, *, units: int, now: int) -> bool:
    """Take back a promise of units; False where fewer are allocated."""
    return await tx.run(_DEALLOCATE, p_units=units, p_now=now, **_updated(organization_id, key)) == 1


async def ship(tx: Transaction, organization_id: int, key: LevelKey, *, units: int, now: int) -> bool:
    """Take allocated units off those on hand; False where fewer are allocated."""
    return await tx.run(_SHIP, p_units=units, p_now=now, **_updated(organization_id, key)) == 1


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

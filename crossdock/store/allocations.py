"""Allocations by location, decisions about allocations, and orders that wait for stock."""

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, case, delete, func, select, update

from crossdock.core.ids import index_key
from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.records import check_columns
from crossdock.store.tables import allocation, allocation_decision, backorder, order_line, orders

# ------------------------------------------------------------------------------------------------------------- allocations
_OPEN_ORDERS = Statement(
    select(allocation.c.location, func.count(allocation.c.order_id.distinct()).label("orders"))
    .where(
        allocation.c.organization_id == bindparam("organization_id"),
        allocation.c.is_open,
        AnyOf(allocation.c.location, "locations"),
    )
    .group_by(allocation.c.location)
)
_PAGE = {
    by_location: Statement(
        select(allocation.c.allocation_id, allocation.c.order_id)
        .where(
            allocation.c.organization_id == bindparam("organization_id"),
            allocation.c.allocation_id < bindparam("before"),
            *((allocation.c.location == bindparam("location"), allocation.c.is_open) if by_location else ()),
        )
        .order_by(allocation.c.allocation_id.desc())
        .limit(bindparam("limit"))
    )
    for by_location in (False, True)
}


async def open_orders(tx: Transaction, organization_id: int, *, locations: Sequence[str]) -> dict[str, int]:
    """Count the orders that have open allocations at locations."""
    if not locations:
        return {}
    rows = await tx.rows(_OPEN_ORDERS, organization_id=organization_id, locations=sorted(locations))
    return {row["location"]: int(row["orders"]) for row in rows}


async def page(
    tx: Transaction, organization_id: int, *, before: int, limit: int, location: str | None = None
) -> list[tuple[int, int]]:
    """Read ids of allocations with their orders' ids, newest first: all, or the open ones of a location."""
    values: dict[str, Any] = {"organization_id": organization_id, "before": before, "limit": limit}
    if location is not None:
        values["location"] = location
    rows = await tx.rows(_PAGE[location is not None], **values)
    return [(int(row["allocation_id"]), int(row["order_id"])) for row in rows]


_ORDERS_AFTER = Statement(
    select(orders.c.order_id)
    .where(
        orders.c.organization_id == bindparam("organization_id"),
        orders.c.status == bindparam("status"),
        orders.c.order_id > bindparam("after"),
    )
    .order_by(orders.c.order_id)
    .limit(bindparam("limit"))
)


async def orders_after(tx: Transaction, organization_id: int, *, status: str, after: int, limit: int) -> list[int]:
    """Find the ids of orders with a status, above an id, oldest first."""
    rows = await tx.rows(_ORDERS_AFTER, organization_id=organization_id, status=str(status), after=after, limit=limit)
    return [int(row["order_id"]) for row in rows]


# --------------------------------------------------------------------------------------------------------------- decisions
class StoredDecision(Struct, frozen=True):
    """A decision: what it was made of, and the plan, as JSON. `at` is microseconds since 1970 UTC."""

    organization_id: int
    decision_id: int
    order_id: int
    at: int
    inputs: bytes
    plan: bytes


check_columns(allocation_decision, StoredDecision)
_OF_ORDER = Statement(
    select(allocation_decision)
    .where(
        allocation_decision.c.organization_id == bindparam("organization_id"),
        allocation_decision.c.order_id == bindparam("order_id"),
    )
    .order_by(allocation_decision.c.decision_id.desc())
    .limit(bindparam("limit"))
)
_DECISIONS = Statement(
    select(allocation_decision)
    .where(
        allocation_decision.c.organization_id == bindparam("organization_id"),
        allocation_decision.c.decision_id < bindparam("before"),
    )
    .order_by(allocation_decision.c.decision_id.desc())
    .limit(bindparam("limit"))
)


async def add_decisions(tx: Transaction, decisions: Sequence[StoredDecision]) -> None:
    """Insert decisions, compressed: the stock and the locations that they looked at are most of their bytes."""
    await tx.insert(
        allocation_decision,
        [
            (*msgspec.structs.astuple(each)[:4], zlib.compress(each.inputs, 1), zlib.compress(each.plan, 1))
            for each in decisions
        ],
    )


_DROP_OF_ORDER = Statement(
    delete(allocation_decision).where(
        allocation_decision.c.organization_id == bindparam("organization_id"),
        allocation_decision.c.order_id == bindparam("order_id"),
    )
)


async def delete_decisions(tx: Transaction, organization_id: int, *, order_id: int) -> None:
    """Delete the decisions about an order."""
    await tx.run(_DROP_OF_ORDER, organization_id=organization_id, order_id=order_id)


def _decision(row: Any) -> StoredDecision:
    stored = StoredDecision(*row)
    return msgspec.structs.replace(stored, inputs=zlib.decompress(stored.inputs), plan=zlib.decompress(stored.plan))


async def decisions_of_order(
    tx: Transaction, organization_id: int, *, order_id: int, limit: int
) -> list[StoredDecision]:
    """Read the newest decisions about an order."""
    rows = await tx.rows(_OF_ORDER, organization_id=organization_id, order_id=order_id, limit=limit)
    return [_decision(row) for row in rows]


async def decisions(tx: Transaction, organization_id: int, *, before: int, limit: int) -> list[StoredDecision]:
    """Read decisions with ids below `before`, newest first."""
    rows = await tx.rows(_DECISIONS, organization_id=organization_id, before=before, limit=limit)
    return [_decision(row) for row in rows]


# --------------------------------------------------------------------------------------------------------------- backorders
class Backorder(Struct, frozen=True):
    """An order that waits for stock. `promised` is a day or time, ISO 8601, or empty; `attempts` counts those in vain, `stage`
    the notices sent; `next_at` is when the next notice or the end is due. Times are microseconds since 1970 UTC."""

    organization_id: int
    order_id: int
    since: int
    promised: str
    attempts: int
    stage: int
    next_at: int | None


check_columns(backorder, Backorder)
_OF_ID = (
    backorder.c.organization_id == bindparam("organization_id"),
    backorder.c.order_id == bindparam("order_id"),
)
_GET = Statement(select(backorder).where(*_OF_ID))
_REMOVE = Statement(delete(backorder).where(*_OF_ID))
_CHANGE = Statement(
    update(backorder)
    .where(
        backorder.c.organization_id == bindparam("p_organization_id"), backorder.c.order_id == bindparam("p_order_id")
    )
    .values(attempts=bindparam("attempts"), stage=bindparam("stage"), next_at=bindparam("next_at"))
)
_ORGANIZATIONS_WAITING = Statement(
    select(backorder.c.organization_id).where(AnyOf(backorder.c.organization_id, "organizations")).distinct()
)
_DUE = Statement(
    select(backorder)
    .where(backorder.c.organization_id == bindparam("organization_id"), backorder.c.next_at <= bindparam("now"))
    .order_by(backorder.c.next_at)
    .limit(bindparam("limit"))
)
# Those with a promised day come first, by that day, then the others; of equals the oldest.
_WAITING = Statement(
    select(backorder)
    .join(
        order_line,
        (order_line.c.organization_id == backorder.c.organization_id) & (order_line.c.order_id == backorder.c.order_id),
    )
    .where(
        backorder.c.organization_id == bindparam("organization_id"),
        order_line.c.organization_id == bindparam("organization_id"),
        order_line.c.sku_key == bindparam("sku_key"),
        order_line.c.backordered > 0,
        backorder.c.attempts < bindparam("attempts"),
    )
    .group_by(*backorder.columns)
    .order_by(case((backorder.c.promised == "", 1), else_=0), backorder.c.promised, backorder.c.order_id)
    .limit(bindparam("limit"))
)
_WAITING_SKUS = Statement(
    select(order_line.c.sku_key)
    .where(order_line.c.organization_id == bindparam("organization_id"), order_line.c.backordered > 0)
    .group_by(order_line.c.sku_key)
)


async def get_backorder(tx: Transaction, organization_id: int, *, order_id: int) -> Backorder | None:
    """Read what is known of an order's wait, or None."""
    rows = await tx.rows(_GET, organization_id=organization_id, order_id=order_id)
    return Backorder(*rows[0]) if rows else None


async def put_backorder(tx: Transaction, added: Backorder) -> None:
    """Insert that an order waits, unless it is known already."""
    await tx.claim(backorder, [msgspec.structs.astuple(added)])


async def change_backorder(tx: Transaction, changed: Backorder) -> None:
    """Update the attempts, the stage and the next time of an order's wait."""
    await tx.run(
        _CHANGE, p_organization_id=changed.organization_id, p_order_id=changed.order_id, attempts=changed.attempts,
        stage=changed.stage, next_at=changed.next_at,
    )  # fmt: skip


async def remove_backorder(tx: Transaction, organization_id: int, *, order_id: int) -> None:
    """Delete an order's wait."""
    await tx.run(_REMOVE, organization_id=organization_id, order_id=order_id)


async def organizations_waiting(tx: Transaction, organization_ids: Sequence[int]) -> set[int]:
    """Find those of the organizations that have an order which waits for stock."""
    rows = await tx.rows(_ORGANIZATIONS_WAITING, organizations=organization_ids) if organization_ids else []
    return {int(row["organization_id"]) for row in rows}


async def due_backorders(tx: Transaction, organization_id: int, *, now: int, limit: int) -> list[Backorder]:
    """Read orders whose next notice, or end of waiting, is due."""
    return [Backorder(*row) for row in await tx.rows(_DUE, organization_id=organization_id, now=now, limit=limit)]


async def waiting_for(tx: Transaction, organization_id: int, *, sku: str, attempts: int, limit: int) -> list[Backorder]:
    """Read orders that wait for a SKU, the first to be served first, without those tried `attempts` times in vain."""
    rows = await tx.rows(
        _WAITING, organization_id=organization_id, sku_key=index_key(sku), attempts=attempts, limit=limit
    )
    return [Backorder(*row) for row in rows]


async def waiting_sku_keys(tx: Transaction, organization_id: int) -> set[str]:
    """Read the keys (core.ids.index_key) of all SKUs that orders wait for."""
    rows = await tx.rows(_WAITING_SKUS, organization_id=organization_id)
    return {row["sku_key"] for row in rows if row["sku_key"] is not None}

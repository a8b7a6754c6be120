"""The work of a warehouse: fulfillments and returns by status, oldest or newest first, and orders without a fulfillment."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, exists, func, literal, or_, select, union_all

from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import allocation, fulfillment, order_return

_TABLES: dict[str, Table] = {"fulfillment": fulfillment, "return": order_return}
WORK_STATUSES = ("open", "picking", "picked", "packed", "ready_for_pickup", "partially_shipped")


def _at_location(table: Table, by_status: bool) -> Any:
    """Return the condition on the location: of work, which is little, it is tested row by row, because the index of the
    statuses finds the work; of what is done, the index of the locations finds the newest."""
    column = table.c.location + "" if by_status else table.c.location
    return column == bindparam("location")


@cache
def _page(part: str, located: bool, newest: bool) -> Statement:
    table = _TABLES[part]
    identity = table.c[f"{part}_id"]
    by_status = not (located and newest)
    status = table.c.status if by_status else table.c.status + ""
    past = identity < bindparam("past") if newest else identity > bindparam("past")
    return Statement(
        select(identity.label("part_id"), table.c.order_id)
        .where(
            table.c.organization_id == bindparam("organization_id"), status == bindparam("status"), past,
            *((_at_location(table, by_status),) if located else ()),
        )
        .order_by(identity.desc() if newest else identity)
        .limit(bindparam("limit"))
    )  # fmt: skip


async def page(
    tx: Transaction, organization_id: int, *, part: str, statuses: Sequence[str], past: int, limit: int, newest: bool = False,
    location: str | None = None,
) -> list[tuple[int, int]]:  # fmt: skip
    """Read ids of fulfillments or returns in some statuses with their orders' ids: those after the id `past`, oldest first, or
    those before it, newest first. One statement for each status."""
    values: dict[str, Any] = {"past": past, "limit": limit} | ({"location": location} if location is not None else {})
    statement = _page(part, location is not None, newest)
    found: list[tuple[int, int]] = []
    for status in statuses:
        rows = await tx.rows(statement, organization_id=organization_id, status=status, **values)
        found += [(int(row["part_id"]), int(row["order_id"])) for row in rows]
    return sorted(found, reverse=newest)[:limit]


@cache
def _counts(part: str, statuses: tuple[str, ...], located: bool) -> Statement:
    table = _TABLES[part]

    def counted(status: str) -> Any:
        some = select(literal(1).label("one")).where(
            table.c.organization_id == bindparam("organization_id"), table.c.status == status,
            *((_at_location(table, True),) if located else ()),
        )  # fmt: skip
        limited = some.limit(bindparam("limit")).subquery()
        return select(literal(status).label("status"), func.count().label("parts")).select_from(limited)

    return Statement(union_all(*map(counted, statuses)))


async def counts(
    tx: Transaction, organization_id: int, *, part: str, statuses: Sequence[str], limit: int, location: str | None = None
) -> dict[str, int]:  # fmt: skip
    """Count fulfillments or returns by status, each up to `limit`."""
    values = {} if location is None else {"location": location}
    statement = _counts(part, tuple(statuses), location is not None)
    rows = await tx.rows(statement, organization_id=organization_id, limit=limit, **values)
    return {str(row["status"]): int(row["parts"]) for row in rows}


# What is being fulfilled is passed over; of an order that was shipped in part, the rest is to be started.
_UNSTARTED = (
    select(allocation.c.allocation_id, allocation.c.order_id)
    .where(
        allocation.c.organization_id == bindparam("organization_id"),
        allocation.c.location == bindparam("location"),
        allocation.c.is_open,
        allocation.c.allocation_id > bindparam("past"),
        ~exists().where(
            fulfillment.c.organization_id == allocation.c.organization_id,
            fulfillment.c.order_id == allocation.c.order_id,
            fulfillment.c.location == allocation.c.location,
            or_(*(fulfillment.c.status == status for status in WORK_STATUSES)),
        ),
    )
    .order_by(allocation.c.allocation_id)
    .limit(bindparam("limit"))
)
_UNSTARTED_PAGE = Statement(_UNSTARTED)
_UNSTARTED_COUNT = Statement(select(func.count(_UNSTARTED.subquery().c.order_id.distinct()).label("orders")))


async def unstarted(
    tx: Transaction, organization_id: int, *, location: str, past: int, limit: int
) -> list[tuple[int, int]]:
    """Read open allocations of a location whose orders have no work there, after the id `past`, oldest first: their ids with
    the orders' ids."""
    rows = await tx.rows(_UNSTARTED_PAGE, organization_id=organization_id, location=location, past=past, limit=limit)
    return [(int(row["allocation_id"]), int(row["order_id"])) for row in rows]


async def count_unstarted(tx: Transaction, organization_id: int, *, location: str, limit: int) -> int:
    """Count the orders that have open allocations at a location and no work there; of at most `limit` allocations."""
    rows = await tx.rows(_UNSTARTED_COUNT, organization_id=organization_id, location=location, past=0, limit=limit)
    return int(rows[0]["orders"])


_OWNERS = Statement(
    select(fulfillment.c.fulfillment_id, fulfillment.c.order_id).where(
        fulfillment.c.organization_id == bindparam("organization_id"), AnyOf(fulfillment.c.fulfillment_id, "ids")
    )
)


async def owners(tx: Transaction, organization_id: int, fulfillment_ids: Sequence[int]) -> dict[int, int]:
    """Find the orders of fulfillments, by the fulfillments' ids."""
    if not fulfillment_ids:
        return {}
    rows = await tx.rows(_OWNERS, organization_id=organization_id, ids=sorted(set(fulfillment_ids)))
    return {int(row["fulfillment_id"]): int(row["order_id"]) for row in rows}

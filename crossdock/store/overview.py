"""Figures of an organization for the first page of the console; each reads a bounded number of index entries."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, bindparam, false, func, literal_column, select, text, true

from crossdock.core.ids import EPOCH_MS, MAX_ID, first_id_at, index_key
from crossdock.core.orders.model import Hold
from crossdock.store.dialect import AnyOf, IndexedEqual
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import backorder, delivery, order_line, orders, stock_level, submission

# Orders are counted by quarters of an hour, because time zones differ by such.
QUARTER_MS = 900_000
_TIME_SHIFT = 22  # the bits of an id below its milliseconds (core/ids.py)
_HOLDS = msgspec.json.Decoder(tuple[Hold, ...])


class _Dates(Struct):
    ship_by: str | None = None


_DATES = msgspec.json.Decoder(_Dates)
_OF_ORGANIZATION = orders.c.organization_id == bindparam("organization_id")


def _is_archived(order_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Look an order up in the partial index of archived ones."""
    archived = orders.alias("archived_order")
    return (
        select(archived.c.order_id)
        .where(
            archived.c.organization_id == bindparam("organization_id"),
            archived.c.archived == true(),
            IndexedEqual(archived.c.order_id, order_id),
        )
        .exists()
    )


def _number_of(query: Select[tuple[int]]) -> Statement:
    """Count the rows of a query, up to `limit`."""
    some = query.limit(bindparam("limit")).subquery("some")
    return Statement(select(func.count().label("number")).select_from(some))


async def _number(tx: Transaction, statement: Statement, **values: object) -> int:
    (row,) = await tx.rows(statement, **values)
    return int(row["number"])


# --------------------------------------------------------------------------------------------------------------- arrivals
def _arrivals_statement() -> Statement:
    newest = (
        select(orders.c.order_id)
        .where(_OF_ORGANIZATION, orders.c.door == bindparam("door"), orders.c.order_id >= bindparam("floor_id"))
        .order_by(orders.c.order_id.desc())
        .limit(bindparam("limit"))
        .subquery("newest")
    )
    milliseconds = newest.c.order_id.op(">>")(literal_column(str(_TIME_SHIFT)))
    quarter = milliseconds.op("/")(literal_column(str(QUARTER_MS))).label("quarter")
    return Statement(select(quarter, func.count().label("number")).group_by(literal_column("1")))


_ARRIVALS = _arrivals_statement()


async def arrivals(tx: Transaction, organization_id: int, *, door: str, since: int, limit: int) -> dict[int, int]:
    """Count the orders of a door since a time, the newest `limit` of them, by the quarter of an hour in which they came.

    Times are microseconds since 1970 UTC; the keys are the quarters' beginnings.
    """
    rows = await tx.rows(
        _ARRIVALS, organization_id=organization_id, door=door, floor_id=first_id_at(since), limit=limit
    )
    return {(int(row["quarter"]) * QUARTER_MS + EPOCH_MS) * 1000: int(row["number"]) for row in rows}


# ---------------------------------------------------------------------------------------------------- orders of a status
def _of_status(*, ascending: bool) -> Select[tuple[int]]:
    """Select the first `scanned` orders of a status that are not archived."""
    key = orders.c.order_id
    some = (
        select(orders.c.order_id)
        .where(_OF_ORGANIZATION, orders.c.status == bindparam("status"))
        .order_by(key.asc() if ascending else key.desc())
        .limit(bindparam("scanned"))
        .subquery("of_status")
    )
    first = some.c.order_id
    return select(first).where(~_is_archived(first)).order_by(first.asc() if ascending else first.desc())


_OLDEST = Statement(_of_status(ascending=True).limit(bindparam("limit")))
_UNARCHIVED = _number_of(_of_status(ascending=False))
_ARCHIVED = Statement(
    select(orders.c.status, orders.c.door)
    .where(_OF_ORGANIZATION, orders.c.archived == true())
    .order_by(orders.c.order_id.desc())
    .limit(bindparam("limit"))
)
_HELD = Statement(
    select(orders.c.holds, orders.c.archived)
    .where(_OF_ORGANIZATION, orders.c.status == bindparam("status"))
    .order_by(orders.c.order_id.desc())
    .limit(bindparam("limit"))
)
_CONTENTS = Statement(
    select(orders.c.order_id, orders.c.content).where(_OF_ORGANIZATION, AnyOf(orders.c.order_id, "ids"))
)
_UNBALANCED = _number_of(
    select(orders.c.order_id).where(_OF_ORGANIZATION, orders.c.balanced == false(), ~_is_archived(orders.c.order_id))
)


async def oldest(tx: Transaction, organization_id: int, *, status: str, scanned: int, limit: int) -> list[int]:
    """Find the oldest orders of a status that are not archived, among the first `scanned`."""
    rows = await tx.rows(_OLDEST, organization_id=organization_id, status=status, scanned=scanned, limit=limit)
    return [int(row["order_id"]) for row in rows]


async def unarchived(tx: Transaction, organization_id: int, *, status: str, scanned: int, limit: int) -> int:
    """Count the orders of a status that are not archived, among its newest `scanned`, up to `limit`."""
    values = {"organization_id": organization_id, "status": status, "scanned": scanned, "limit": limit}
    return await _number(tx, _UNARCHIVED, **values)


async def archived(tx: Transaction, organization_id: int, *, limit: int) -> list[tuple[str, str]]:
    """Read door and status of the newest archived orders."""
    rows = await tx.rows(_ARCHIVED, organization_id=organization_id, limit=limit)
    return [(row["door"], row["status"]) for row in rows]


async def holds(tx: Transaction, organization_id: int, *, status: str, limit: int) -> list[tuple[Hold, ...]]:
    """Read the holds of the newest orders of a status; those of archived orders are left out."""
    rows = await tx.rows(_HELD, organization_id=organization_id, status=status, limit=limit)
    return [_HOLDS.decode(row["holds"]) for row in rows if row["holds"] and not row["archived"]]


async def ship_by_dates(tx: Transaction, organization_id: int, order_ids: Sequence[int]) -> dict[int, str]:
    """Read by when orders are to be shipped, as their senders said it; orders without such a date are left out."""
    if not order_ids:
        return {}
    rows = await tx.rows(_CONTENTS, organization_id=organization_id, ids=order_ids)
    # Nearly all contents say nothing of it, and looking for the name takes a thirtieth of decoding.
    dates = {row["order_id"]: _DATES.decode(row["content"]).ship_by for row in rows if b'"ship_by"' in row["content"]}
    return {order_id: date for order_id, date in dates.items() if date}


async def unbalanced(tx: Transaction, organization_id: int, *, limit: int) -> int:
    """Count the orders whose totals do not add up, without archived ones, up to `limit`."""
    return await _number(tx, _UNBALANCED, organization_id=organization_id, limit=limit)


# ------------------------------------------------------------------------------------------------- waiting orders, stock
def _waiting() -> Select[tuple[int]]:
    """Select the newest orders that wait for stock, below the id `before`."""
    return (
        select(backorder.c.order_id)
        .where(backorder.c.organization_id == bindparam("organization_id"), backorder.c.order_id < bindparam("before"))
        .order_by(backorder.c.order_id.desc())
    )


# From the orders that wait to their lines, not by the index of the SKU: without statistics SQLite would now and then take the
# one of all lines, which can be a million, instead of the one of those that wait.
_SOME_WAITING = _waiting().limit(bindparam("scanned")).subquery("some_waiting")
_LINES_THAT_WAIT = (
    order_line.c.organization_id == bindparam("organization_id"),
    order_line.c.order_id == _SOME_WAITING.c.order_id,
    order_line.c.backordered > 0,
)
_WAITING_ORDERS = Statement(_waiting().limit(bindparam("limit")))
_WAITING_FOR_SKU = Statement(
    select(_SOME_WAITING.c.order_id)
    .where(select(order_line.c.line).where(*_LINES_THAT_WAIT, order_line.c.sku_key == bindparam("sku_key")).exists())
    .order_by(_SOME_WAITING.c.order_id.desc())
    .limit(bindparam("limit"))
)
_WAITING_BY_SKU = Statement(
    select(order_line.c.sku_key, func.count(order_line.c.order_id.distinct()).label("number"))
    .select_from(_SOME_WAITING.join(order_line, and_(*_LINES_THAT_WAIT)))
    .group_by(order_line.c.sku_key)
)
# Orders that wait for any SKU that are looked at to find those that wait for one.
_SCANNED_WAITING = 10_000


async def waiting_orders(
    tx: Transaction, organization_id: int, *, sku: str | None = None, before: int | None, limit: int
) -> list[int]:
    """Find the newest orders that wait for stock, with ids below `before`: for any SKU, or, among the newest, for one."""
    values: dict[str, object] = {"organization_id": organization_id, "before": before or MAX_ID, "limit": limit}
    if sku is not None:
        values |= {"sku_key": index_key(sku), "scanned": _SCANNED_WAITING}
    rows = await tx.rows(_WAITING_ORDERS if sku is None else _WAITING_FOR_SKU, **values)
    return [int(row["order_id"]) for row in rows]


async def waiting_by_sku(tx: Transaction, organization_id: int, *, scanned: int) -> dict[str, int]:
    """Count the orders that wait for each SKU, by the SKU's key, among the newest `scanned` orders that wait."""
    rows = await tx.rows(_WAITING_BY_SKU, organization_id=organization_id, before=MAX_ID, scanned=scanned)
    return {row["sku_key"]: int(row["number"]) for row in rows if row["sku_key"] is not None}


def _low_levels_statement() -> Statement:
    some = (
        select(stock_level.c.threshold, stock_level.c.on_hand, stock_level.c.allocated, stock_level.c.reserved)
        .where(stock_level.c.organization_id == bindparam("organization_id"))
        .limit(bindparam("scanned"))
        .subquery("some")
    )
    free = some.c.on_hand - some.c.allocated - some.c.reserved
    low = func.count().filter(
        (some.c.threshold > 0) & (some.c.threshold > free)
    )  # as the filter `low` of store/stock.py
    return Statement(select(func.count().label("levels"), low.label("low")).select_from(some))


_LOW_LEVELS = _low_levels_statement()


async def low_levels(tx: Transaction, organization_id: int, *, scanned: int) -> tuple[int, int]:
    """Count the stock levels below their thresholds among `scanned`, and how many were scanned."""
    (row,) = await tx.rows(_LOW_LEVELS, organization_id=organization_id, scanned=scanned)
    return int(row["low"]), int(row["levels"])


# --------------------------------------------------------------------------------------------- submissions and deliveries
_REFUSED = _number_of(
    select(submission.c.submission_id).where(
        submission.c.organization_id == bindparam("organization_id"),
        submission.c.status == bindparam("status"),
        submission.c.status != text("'accepted'"),  # the condition of the partial index
        submission.c.submission_id >= bindparam("floor_id"),
    )
)
_OF_ENDPOINTS = (
    delivery.c.organization_id == bindparam("organization_id"),
    AnyOf(delivery.c.endpoint_id, "endpoint_ids"),
)
_DEAD = _number_of(select(delivery.c.delivery_id).where(*_OF_ENDPOINTS, delivery.c.state == text("'dead'")))
_STUCK = _number_of(
    select(delivery.c.delivery_id).where(
        *_OF_ENDPOINTS, delivery.c.ended_at.is_(None), delivery.c.created_at < bindparam("before")
    )
)


async def refused(tx: Transaction, organization_id: int, *, since: int, limit: int) -> int:
    """Count the submissions that were rejected since a time and not submitted again, up to `limit`."""
    values = {"organization_id": organization_id, "status": "refused", "floor_id": first_id_at(since), "limit": limit}
    return await _number(tx, _REFUSED, **values)


async def dead_deliveries(tx: Transaction, organization_id: int, *, endpoint_ids: Sequence[int], limit: int) -> int:
    """Count the dead letters of endpoints, up to `limit`."""
    if not endpoint_ids:
        return 0
    return await _number(tx, _DEAD, organization_id=organization_id, endpoint_ids=endpoint_ids, limit=limit)


async def stuck_deliveries(
    tx: Transaction, organization_id: int, *, endpoint_ids: Sequence[int], before: int, limit: int
) -> int:
    """Count the deliveries of endpoints that were created before a time and have not ended, up to `limit`."""
    if not endpoint_ids:
        return 0
    values = {"organization_id": organization_id, "endpoint_ids": endpoint_ids, "before": before, "limit": limit}
    return await _number(tx, _STUCK, **values)

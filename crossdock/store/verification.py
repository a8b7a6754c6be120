"""Read all stored rows of orders in batches, to compare them with the event log."""

from collections.abc import AsyncIterator, Sequence
from itertools import starmap

from msgspec import Struct
from sqlalchemy import bindparam, func, select

from crossdock.core.events import ORDER
from crossdock.store import event_log
from crossdock.store.dialect import AnyOf
from crossdock.store.event_log import LogEntry
from crossdock.store.orders import PARTS, OrderRow, OrderRows
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.records import columns_of
from crossdock.store.tables import backorder, event, feed, order_line, order_term, orders

# Orders in memory at a time.
BATCH = 250


class StoredOrder(Struct, frozen=True):
    """One order as stored: its rows, None where `orders` has none, and its events in their order."""

    order_id: int
    rows: OrderRows | None
    entries: list[LogEntry]


_IDS = [
    Statement(
        select(order_id.label("order_id"))
        .where(organization_id == bindparam("organization_id"), order_id > bindparam("after"), *of_orders)
        .group_by(order_id)
        .order_by(order_id)
        .limit(bindparam("limit"))
    )
    for organization_id, order_id, of_orders in (
        (orders.c.organization_id, orders.c.order_id, ()),
        (order_line.c.organization_id, order_line.c.order_id, ()),
        (event.c.organization_id, event.c.aggregate_id, (event.c.aggregate_type == ORDER,)),
    )
]
_OTHER_IDS = Statement(
    select(event.c.aggregate_id)
    .where(
        event.c.organization_id == bindparam("organization_id"),
        event.c.aggregate_id > bindparam("after"),
        event.c.aggregate_type != ORDER,
    )
    .group_by(event.c.aggregate_id)
    .order_by(event.c.aggregate_id)
    .limit(bindparam("limit"))
)
_ORDERS = Statement(
    select(*columns_of(orders, OrderRow)).where(
        orders.c.organization_id == bindparam("organization_id"), AnyOf(orders.c.order_id, "ids")
    )
)
_LINES = Statement(
    select(order_line)
    .where(order_line.c.organization_id == bindparam("organization_id"), AnyOf(order_line.c.order_id, "ids"))
    .order_by(order_line.c.order_id, order_line.c.line)
)
_PARTS = {
    name: Statement(
        select(table).where(table.c.organization_id == bindparam("organization_id"), AnyOf(table.c.order_id, "ids"))
    )
    for name, table in PARTS.items()
}
_NUMBERS = {
    table.name: Statement(
        select(func.count().label("rows"))
        .select_from(table)
        .where(table.c.organization_id == bindparam("organization_id"))
    )
    for table in (*PARTS.values(), backorder)
}
_WAITING = Statement(
    select(backorder.c.order_id).where(
        backorder.c.organization_id == bindparam("organization_id"), AnyOf(backorder.c.order_id, "ids")
    )
)
# Those of some terms that orders with ids from `first` to `last` have.
_TERMS = Statement(
    select(order_term).where(
        order_term.c.organization_id == bindparam("organization_id"),
        AnyOf(order_term.c.term, "terms"),
        order_term.c.order_id.between(bindparam("first"), bindparam("last")),
    )
)


async def read_all(tx: Transaction, organization_id: int) -> AsyncIterator[list[StoredOrder]]:
    """Read all orders that any table has a row of, in batches by id; without their search terms (see `terms`)."""
    after = -1
    while ids := await _ids(tx, organization_id, after):
        stored = starmap(OrderRow, await tx.rows(_ORDERS, organization_id=organization_id, ids=ids))
        rows = {row.order_id: row for row in stored}
        lines: dict[int, list[Row]] = {}
        for row in await tx.rows(_LINES, organization_id=organization_id, ids=ids):
            lines.setdefault(row["order_id"], []).append(tuple(row))
        parts: dict[int, dict[str, list[Row]]] = {}
        for name, statement in _PARTS.items():
            for row in await tx.rows(statement, organization_id=organization_id, ids=ids):
                values = (*tuple(row)[:-1], bool(row["is_open"])) if name == "allocation" else tuple(row)
                parts.setdefault(row["order_id"], {}).setdefault(name, []).append(values)
        histories_of = await event_log.histories(tx, organization_id, aggregate_ids=ids)
        yield [
            StoredOrder(
                each,
                OrderRows(rows[each], lines.get(each, []), [], parts.get(each, {})) if each in rows else None,
                histories_of.get(each, []),
            )
            for each in ids
        ]
        after = ids[-1]


async def read_other_aggregates(tx: Transaction, organization_id: int) -> AsyncIterator[list[LogEntry]]:
    """Read the events of each aggregate that is not an order, by id."""
    after = -1
    while rows := await tx.rows(_OTHER_IDS, organization_id=organization_id, after=after, limit=BATCH):
        ids = [int(row["aggregate_id"]) for row in rows]
        histories = await event_log.histories(tx, organization_id, aggregate_ids=ids)
        for each in ids:
            yield histories[each]
        after = ids[-1]


async def _ids(tx: Transaction, organization_id: int, after: int) -> list[int]:
    found: set[int] = set()
    for statement in _IDS:
        found.update(
            row["order_id"]
            for row in await tx.rows(statement, organization_id=organization_id, after=after, limit=BATCH)
        )
    return sorted(found)[:BATCH]


async def terms(
    tx: Transaction, organization_id: int, words: Sequence[str], *, first: int, last: int
) -> set[tuple[int, str, int]]:
    """Read which of some terms the orders with ids from `first` to `last` have, as rows of `order_term`."""
    if not words:
        return set()
    rows = await tx.rows(_TERMS, organization_id=organization_id, terms=sorted(words), first=first, last=last)
    return {(row["organization_id"], row["term"], row["order_id"]) for row in rows}


_TERM_NUMBER = Statement(
    select(func.count().label("terms"))
    .select_from(order_term)
    .where(order_term.c.organization_id == bindparam("organization_id"))
)
_OF_EVENTS = event.c.organization_id == bindparam("organization_id")
_FEED = Statement(
    select(
        select(func.count()).select_from(event).where(_OF_EVENTS).scalar_subquery().label("events"),
        select(func.max(event.c.position)).where(_OF_EVENTS).scalar_subquery().label("last"),
        select(feed.c.position)
        .where(feed.c.organization_id == bindparam("organization_id"))
        .scalar_subquery()
        .label("given"),
    )
)


async def number_of_rows(tx: Transaction, organization_id: int, table: str) -> int:
    """Count the rows of `backorder`, or of a table of parts of orders."""
    rows = await tx.rows(_NUMBERS[table], organization_id=organization_id)
    return int(rows[0]["rows"])


async def waiting(tx: Transaction, organization_id: int, order_ids: Sequence[int]) -> set[int]:
    """Read which of some orders are known to wait for stock."""
    rows = await tx.rows(_WAITING, organization_id=organization_id, ids=order_ids)
    return {int(row["order_id"]) for row in rows}


async def number_of_terms(tx: Transaction, organization_id: int) -> int:
    """Count the rows of `order_term`."""
    rows = await tx.rows(_TERM_NUMBER, organization_id=organization_id)
    return int(rows[0]["terms"])


async def feed_ends(tx: Transaction, organization_id: int) -> tuple[int, int, int]:
    """Read the number of an organization's events, the highest position of one, and the position its feed has reached."""
    (row,) = await tx.rows(_FEED, organization_id=organization_id)
    return int(row["events"]), int(row["last"] or 0), int(row["given"] or 0)

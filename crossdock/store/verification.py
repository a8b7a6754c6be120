"""Everything that is stored about orders, portion by portion, for who compares it with the log: rows as they stand."""

from collections.abc import AsyncIterator, Sequence
from operator import itemgetter

from msgspec import Struct
from sqlalchemy import bindparam, func, select

from crossdock.core.events import ORDER
from crossdock.store import event_log
from crossdock.store.dialect import AnyOf
from crossdock.store.event_log import LogEntry
from crossdock.store.orders import OrderRows
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.tables import event, feed, order_line, order_term, orders

_LINE = itemgetter(2)
# Orders held in memory at a time.
STEP = 250


class StoredOrder(Struct, frozen=True):
    """What the tables say of one order: its rows, None where there is none, and its events in their order."""

    order_id: int
    rows: OrderRows | None
    entries: list[LogEntry]


_IDS = [
    Statement(
        select(order_id)
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
_ORDERS, _LINES = (
    Statement(
        select(table).where(table.c.organization_id == bindparam("organization_id"), AnyOf(table.c.order_id, "ids"))
    )
    for table in (orders, order_line)
)
# The words of neighboring orders: those among `terms`, of all orders from the one to the other.
_TERMS = Statement(
    select(order_term).where(
        order_term.c.organization_id == bindparam("organization_id"),
        AnyOf(order_term.c.term, "terms"),
        order_term.c.order_id.between(bindparam("first"), bindparam("last")),
    )
)


async def walk(tx: Transaction, organization_id: int) -> AsyncIterator[list[StoredOrder]]:
    """Walk all orders that any table speaks of, in the order of their ids; their words are not looked for (see `terms`)."""
    after = -1
    while ids := await _ids(tx, organization_id, after):
        rows = {row[1]: tuple(row) for row in await tx.rows(_ORDERS, organization_id=organization_id, ids=ids)}
        lines: dict[int, list[Row]] = {}
        for row in await tx.rows(_LINES, organization_id=organization_id, ids=ids):
            lines.setdefault(row[1], []).append(tuple(row))
        histories_of = await event_log.histories(tx, organization_id, aggregate_ids=ids)
        yield [
            StoredOrder(
                each,
                OrderRows(rows[each], sorted(lines.get(each, ()), key=_LINE), []) if each in rows else None,
                histories_of.get(each, []),
            )
            for each in ids
        ]
        after = ids[-1]


async def walk_other_aggregates(tx: Transaction, organization_id: int) -> AsyncIterator[list[LogEntry]]:
    """Walk the events of each aggregate that is no order, in the order of their ids."""
    after = -1
    while rows := await tx.rows(_OTHER_IDS, organization_id=organization_id, after=after, limit=STEP):
        ids = [int(row[0]) for row in rows]
        histories = await event_log.histories(tx, organization_id, aggregate_ids=ids)
        for each in ids:
            yield histories[each]
        after = ids[-1]


async def _ids(tx: Transaction, organization_id: int, after: int) -> list[int]:
    found: set[int] = set()
    for statement in _IDS:
        found.update(
            row[0] for row in await tx.rows(statement, organization_id=organization_id, after=after, limit=STEP)
        )
    return sorted(found)[:STEP]


async def terms(
    tx: Transaction, organization_id: int, words: Sequence[str], *, first: int, last: int
) -> set[tuple[int, str, int]]:
    """Give which of some words orders are found by, from one id to another, as rows of `order_term`."""
    if not words:
        return set()
    rows = await tx.rows(_TERMS, organization_id=organization_id, terms=sorted(words), first=first, last=last)
    return {(row[0], row[1], row[2]) for row in rows}


_TERM_NUMBER = Statement(
    select(func.count()).select_from(order_term).where(order_term.c.organization_id == bindparam("organization_id"))
)
_OF_EVENTS = event.c.organization_id == bindparam("organization_id")
_FEED = Statement(
    select(
        select(func.count()).select_from(event).where(_OF_EVENTS).scalar_subquery(),
        select(func.max(event.c.position)).where(_OF_EVENTS).scalar_subquery(),
        select(feed.c.position).where(feed.c.organization_id == bindparam("organization_id")).scalar_subquery(),
    )
)


async def number_of_terms(tx: Transaction, organization_id: int) -> int:
    """Count the rows of `order_term`."""
    rows = await tx.rows(_TERM_NUMBER, organization_id=organization_id)
    return int(rows[0][0])


async def feed_ends(tx: Transaction, organization_id: int) -> tuple[int, int, int]:
    """Give the number of an organization's events, the last position one has, and the last that was given."""
    ((number, last, given),) = await tx.rows(_FEED, organization_id=organization_id)
    return int(number), int(last or 0), int(given or 0)

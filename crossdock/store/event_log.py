"""The event log, which is also the outbox: events by aggregate, and each organization's feed of them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import BigInteger, bindparam, select, text

from crossdock.core.events import Event
from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.records import columns_of
from crossdock.store.tables import event
from crossdock.store.tables import feed as feed_head


# --------------------------------------------------------------------------------------------------------------- events
class LogEntry(Struct, frozen=True):
    """An event in its organization's feed: `position` counts from 1 without gaps, in the order in which events became
    visible. `status` is the order's after the event, `source` the door the order came through."""

    position: int
    status: str
    source: str
    event: Event


class NewEvent(Struct, frozen=True):
    """An event to be appended, with the status of its order afterwards and the order's door; empty for other aggregates."""

    event: Event
    status: str = ""
    source: str = ""


# As text because SQLAlchemy has an upsert of its own for each dialect, for the same SQL.
_ADVANCE = Statement(
    text(
        "INSERT INTO feed (organization_id, position) VALUES (:organization_id, :added)"
        " ON CONFLICT (organization_id) DO UPDATE SET position = feed.position + excluded.position RETURNING position"
    ).bindparams(bindparam("organization_id", type_=BigInteger()), bindparam("added", type_=BigInteger()))
)


async def add_events(tx: Transaction, organization_id: int, recorded: Sequence[NewEvent]) -> None:
    """Append events to the log and to the organization's feed.

    The primary key refuses a second event with the same number. Must be the last write before the commit: every other
    transaction with events of this organization waits from here until then, so positions become visible in order.
    """
    (row,) = await tx.rows(_ADVANCE, organization_id=organization_id, added=len(recorded))
    first = row["position"] - len(recorded) + 1
    rows = []
    for position, each in enumerate(recorded, first):
        organization_id, aggregate_type, *rest = msgspec.structs.astuple(each.event)
        rows.append((organization_id, *rest, position, each.status, each.source, aggregate_type))
    await tx.insert(event, rows)


async def replace_payloads(tx: Transaction, replaced: Sequence[Event]) -> None:
    """Replace the payloads of stored events; all else of them stays, their hashes too (core/orders/erasing.py)."""
    rows = [(each.organization_id, each.aggregate_id, each.number, each.payload) for each in replaced]
    await tx.update(event, ("payload",), rows)


_COLUMNS = columns_of(event, Event)
_EVENTS = Statement(
    select(*_COLUMNS)
    .where(event.c.organization_id == bindparam("organization_id"), event.c.aggregate_id == bindparam("aggregate_id"))
    .order_by(event.c.number)
)


async def events(tx: Transaction, organization_id: int, *, aggregate_id: int) -> list[Event]:
    """Return an aggregate's events in their order."""
    return [Event(*row) for row in await tx.rows(_EVENTS, organization_id=organization_id, aggregate_id=aggregate_id)]


_ENTRY_COLUMNS = (event.c.position, event.c.status, event.c.source, *_COLUMNS)


def _entry(row: Row) -> LogEntry:
    position, status, source, *columns = row
    return LogEntry(position, status, source, Event(*columns))


_HISTORIES = Statement(
    select(*_ENTRY_COLUMNS)
    .where(event.c.organization_id == bindparam("organization_id"), AnyOf(event.c.aggregate_id, "ids"))
    .order_by(event.c.aggregate_id, event.c.number)
)


async def histories(
    tx: Transaction, organization_id: int, *, aggregate_ids: Sequence[int]
) -> dict[int, list[LogEntry]]:
    """Return all events of some aggregates, by their ids, each in its order."""
    found: dict[int, list[LogEntry]] = {}
    if not aggregate_ids:
        return found
    for entry in map(_entry, await tx.rows(_HISTORIES, organization_id=organization_id, ids=aggregate_ids)):
        found.setdefault(entry.event.aggregate_id, []).append(entry)
    return found


# ----------------------------------------------------------------------------------------------------------------- feed
# Positions one page scans at most, so that a filter without any match costs no more than this.
MAX_FEED_SCAN = 5_000
_HEAD = Statement(select(feed_head.c.position).where(feed_head.c.organization_id == bindparam("organization_id")))


class EventFilter(Struct, frozen=True):
    """Which entries of a feed to read; an empty tuple sets no condition."""

    names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()


ALL_EVENTS = EventFilter()


@cache
def _feed_statement(names: int, sources: int, statuses: int, newest_first: bool = False) -> Statement:
    query = select(*_ENTRY_COLUMNS).where(
        event.c.organization_id == bindparam("organization_id"),
        event.c.position > bindparam("after"),
        event.c.position <= bindparam("upto"),
    )
    for column, size in ((event.c.name, names), (event.c.source, sources), (event.c.status, statuses)):
        if size:
            query = query.where(column.in_([bindparam(f"{column.name}_{number}") for number in range(size)]))
    order = event.c.position.desc() if newest_first else event.c.position
    return Statement(query.order_by(order).limit(bindparam("limit")))


def _filter_values(wanted: EventFilter) -> dict[str, str]:
    values: dict[str, str] = {}
    for column, some in (("name", wanted.names), ("source", wanted.sources), ("status", wanted.statuses)):
        values |= {f"{column}_{number}": each for number, each in enumerate(some)}
    return values


async def feed_position(tx: Transaction, organization_id: int) -> int:
    """Read the position of the newest entry of an organization's feed, 0 where it has none."""
    rows = await tx.rows(_HEAD, organization_id=organization_id)
    return rows[0]["position"] if rows else 0


_HASH = Statement(
    select(event.c.hash).where(
        event.c.organization_id == bindparam("organization_id"), event.c.position == bindparam("position")
    )
)


async def feed_hash(tx: Transaction, organization_id: int, *, position: int) -> bytes | None:
    """Read the hash of the event at a position of an organization's feed, None where there is none."""
    rows = await tx.rows(_HASH, organization_id=organization_id, position=position)
    return bytes(rows[0]["hash"]) if rows else None


async def feed(
    tx: Transaction, organization_id: int, *, after: int, limit: int, wanted: EventFilter = ALL_EVENTS
) -> tuple[list[LogEntry], int]:
    """Read at most `limit` entries after a position, in their order; also gives the position up to which was scanned.

    Scans at most MAX_FEED_SCAN positions: where that ends before the newest position, there may be more.
    """
    upto = min(after + MAX_FEED_SCAN, await feed_position(tx, organization_id))
    if upto <= after:
        return [], after
    values: dict[str, Any] = {"after": after, "upto": upto, "limit": limit, **_filter_values(wanted)}
    statement = _feed_statement(len(wanted.names), len(wanted.sources), len(wanted.statuses))
    found = list(map(_entry, await tx.rows(statement, organization_id=organization_id, **values)))
    return found, found[-1].position if len(found) == limit else upto


async def newest(
    tx: Transaction, organization_id: int, *, before: int | None = None, limit: int, wanted: EventFilter = ALL_EVENTS
) -> tuple[list[LogEntry], int | None]:
    """Read at most `limit` entries below the position `before`, or the newest ones, newest first.

    Scans at most MAX_FEED_SCAN positions. The second value is the `before` with which to continue, None at the beginning of
    the feed.
    """
    upto = await feed_position(tx, organization_id) if before is None else before - 1
    after = max(0, upto - MAX_FEED_SCAN)
    if upto <= 0:
        return [], None
    values: dict[str, Any] = {"after": after, "upto": upto, "limit": limit, **_filter_values(wanted)}
    statement = _feed_statement(len(wanted.names), len(wanted.sources), len(wanted.statuses), newest_first=True)
    found = list(map(_entry, await tx.rows(statement, organization_id=organization_id, **values)))
    lowest = found[-1].position if len(found) == limit else after + 1
    return found, lowest if lowest > 1 else None

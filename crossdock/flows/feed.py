"""The event feed of an organization: all its events in the order in which they became visible; read in pages, or followed."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from crossdock.core.errors import Busy, Code, NotFound
from crossdock.core.events import Event
from crossdock.flows import event_payloads, rendering
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.event_payloads import Notification
from crossdock.store import event_log
from crossdock.store.event_log import EventFilter as EventFilter
from crossdock.store.event_log import LogEntry as LogEntry
from crossdock.store.protocols import Transaction

# Pages of the feed scanned for one reply. A filter that matches few events gets a position to continue from.
_MAX_SCANNED_PAGES = 4
# Seconds between two polls for events of other processes, while a caller waits.
_POLL_S = 0.5
_MARK_LENGTH = 8
_CURSOR = re.compile(rf"([0-9]{{1,18}})(?:-([0-9a-f]{{{_MARK_LENGTH}}}))?")
# What a cursor may look like, for documentation.
CURSOR_PATTERN = rf"^[0-9]{{1,18}}(-[0-9a-f]{{{_MARK_LENGTH}}})?$"


class Cursor(Struct, frozen=True):
    """A position of the feed, or in the events of one order. `mark` is the beginning of the hash of the event there.

    By the mark a cursor is recognized that was given before the database was restored from a backup: other events have its
    position since, or none has. There is none at the beginning, and in cursors that earlier versions gave.
    """

    position: int = 0
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.position}-{self.mark}" if self.mark else str(self.position)


class FeedPage(Struct, frozen=True):
    """Entries of the feed. `cursor` is where to continue, even if there are none; `more`: there may be more entries now."""

    entries: list[LogEntry]
    cursor: Cursor
    more: bool


def parse_cursor(text: str) -> Cursor | None:
    """Parse a cursor as `str` formats it; None for anything else."""
    match = _CURSOR.fullmatch(text)
    return None if match is None else Cursor(int(match[1]), match[2] or "")


def mark_of(event_hash: bytes) -> str:
    """Return the mark of an event, by which a cursor is recognized."""
    return event_hash.hex()[:_MARK_LENGTH]


def cursor_of(entry: LogEntry) -> Cursor:
    """Return the cursor that continues after an entry of the feed."""
    return Cursor(entry.position, mark_of(entry.event.hash))


def cursor_in_history(event: Event) -> Cursor:
    """Return the cursor that continues after an event in the list of its aggregate's events."""
    return Cursor(event.number, mark_of(event.hash))


async def newest(context: Context, caller: Caller) -> Cursor:
    """Return the cursor that continues after the newest entry."""
    async with context.store.reading() as tx:
        position = await event_log.feed_position(tx, caller.organization_id)
        return await _cursor_at(tx, caller, position)


async def check(context: Context, caller: Caller, cursor: Cursor) -> None:
    """Refuse with NotFound `unknown_cursor` a cursor that this feed never gave.

    To go on from such a one would skip events silently: the database is older than the cursor, as after a restore.
    """
    if cursor.position == 0:
        return
    async with context.store.reading() as tx:
        known = await _cursor_at(tx, caller, cursor.position)
    if not known.mark or (cursor.mark and cursor.mark != known.mark):
        raise _unknown(cursor)


def check_history(cursor: Cursor, recorded: Sequence[Event]) -> None:
    """Refuse with NotFound `unknown_cursor` a cursor that the list of these events, of one aggregate, never gave."""
    if cursor.position > len(recorded):
        raise _unknown(cursor)
    if cursor.mark and cursor.mark != mark_of(recorded[cursor.position - 1].hash):
        raise _unknown(cursor)


def _unknown(cursor: Cursor) -> NotFound:
    reason = (
        "this list did not return that cursor; the database may have been restored from a backup. Read from the beginning, or"
        " from a cursor older than the backup: events that you have seen keep their ids"
    )
    return NotFound(Code.UNKNOWN_CURSOR, reason, cursor=str(cursor))


async def _cursor_at(tx: Transaction, caller: Caller, position: int) -> Cursor:
    if position == 0:
        return Cursor()
    event_hash = await event_log.feed_hash(tx, caller.organization_id, position=position)
    return Cursor(position, "" if event_hash is None else mark_of(event_hash))


async def page(context: Context, caller: Caller, *, after: Cursor, limit: int, wanted: EventFilter) -> FeedPage:
    """Return at most `limit` entries after a cursor, oldest first; `wanted` filters them."""
    entries: list[LogEntry] = []
    position = after.position
    async with context.store.reading() as tx:
        last = await event_log.feed_position(tx, caller.organization_id)
        for _ in range(_MAX_SCANNED_PAGES):
            some, position = await event_log.feed(
                tx, caller.organization_id, after=position, limit=limit - len(entries), wanted=wanted
            )
            entries += some
            if len(entries) == limit or position >= last:
                break
        if entries and entries[-1].position == position:
            cursor = cursor_of(entries[-1])
        elif position == after.position and after.mark:
            cursor = after
        else:
            cursor = await _cursor_at(tx, caller, position)
    return FeedPage(entries, cursor, position < last)


async def latest(
    context: Context, caller: Caller, *, before: int | None, limit: int, wanted: EventFilter
) -> tuple[list[LogEntry], int | None]:
    """Return at most `limit` entries below a position, or the newest, newest first, and the position to continue before."""
    async with context.store.reading() as tx:
        return await event_log.newest(tx, caller.organization_id, before=before, limit=limit, wanted=wanted)


async def histories(context: Context, caller: Caller, aggregate_ids: Sequence[int]) -> list[LogEntry]:
    """Return all entries about some aggregates, each in its order."""
    async with context.store.reading() as tx:
        found = await event_log.histories(tx, caller.organization_id, aggregate_ids=aggregate_ids)
    return [entry for history in found.values() for entry in history]


async def wait(
    context: Context, caller: Caller, *, after: Cursor, limit: int, wanted: EventFilter, wait_s: float
) -> FeedPage:
    """As `page`, but if there are no entries yet, wait for some for at most `wait_s` seconds.

    Refuses with Busy `overloaded` where too many callers wait already. Returns at once when the server stops.
    """
    if wait_s <= 0:
        return await _next(context, caller, after=after, limit=limit, wanted=wanted, wait_s=0)
    _check_capacity(context)
    with _follower(context):
        return await _next(context, caller, after=after, limit=limit, wanted=wanted, wait_s=wait_s)


def follow(
    context: Context, caller: Caller, *, after: Cursor, limit: int, wanted: EventFilter, wait_s: float
) -> AsyncIterator[FeedPage]:
    """Yield pages until the server stops; an empty one after every `wait_s` seconds without entries.

    Refuses with Busy `overloaded`, at the call, where too many callers wait already.
    """
    _check_capacity(context)
    return _followed(context, caller, after=after, limit=limit, wanted=wanted, wait_s=wait_s)


async def _followed(
    context: Context, caller: Caller, *, after: Cursor, limit: int, wanted: EventFilter, wait_s: float
) -> AsyncIterator[FeedPage]:
    with _follower(context):
        while not context.stopping.is_set():
            result = await _next(context, caller, after=after, limit=limit, wanted=wanted, wait_s=wait_s)
            yield result
            after = result.cursor


async def _next(
    context: Context, caller: Caller, *, after: Cursor, limit: int, wanted: EventFilter, wait_s: float
) -> FeedPage:
    until = time.monotonic() + wait_s  # a clock that is set back lengthens no wait
    while True:
        since = context.wakeup.count
        result = await page(context, caller, after=after, limit=limit, wanted=wanted)
        left_s = until - time.monotonic()
        if result.entries or context.stopping.is_set() or (left_s <= 0 and not result.more):
            return result
        after = result.cursor
        if result.more:
            await asyncio.sleep(0)  # a long scan must not keep other requests waiting
        else:
            await context.wakeup.wait(min(left_s, _POLL_S), since=since)


def _check_capacity(context: Context) -> None:
    most = context.settings.followers_most
    if context.wakeup.followers >= most:
        raise Busy(Code.OVERLOADED, f"{most} callers follow events already; poll without waiting, or try again later")


@contextmanager
def _follower(context: Context) -> Iterator[None]:
    context.wakeup.followers += 1
    try:
        yield
    finally:
        context.wakeup.followers -= 1


async def portion(context: Context, caller: Caller, entries: Sequence[LogEntry]) -> Sequence[LogEntry]:
    """Return the first of some entries whose orders together take about the setting `page_bytes`, one at least."""
    max_bytes = context.settings.page_bytes
    async with context.store.reading() as tx:
        order_ids = [entry.event.aggregate_id for entry in entries]
        return entries[: len(await rendering.within_bytes(tx, caller, order_ids, max_bytes=max_bytes))]


async def with_orders(context: Context, caller: Caller, entries: Sequence[LogEntry]) -> list[Notification | None]:
    """Return each entry with its order right after the event; None if the order's log cannot be read."""
    async with context.store.reading() as tx:
        return await event_payloads.of_entries(tx, caller.organization, entries)

"""The event feed of an organization: all its events in the order in which they became visible; read in pages, or followed."""

from collections.abc import AsyncIterator

from msgspec import Struct

from crossdock.flows import event_payloads
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.event_payloads import Notification
from crossdock.store import event_log
from crossdock.store.event_log import EventFilter as EventFilter
from crossdock.store.event_log import LogEntry as LogEntry

# Pages of the feed scanned for one reply. A filter that matches few events gets a position to continue from.
_MAX_SCANNED_PAGES = 4
# Seconds between two polls for events of other processes, while a caller waits.
_POLL_S = 0.5


class FeedPage(Struct, frozen=True):
    """Entries of the feed. `position` is where to continue, even if there are none; `more`: there may be more entries now."""

    entries: list[LogEntry]
    position: int
    more: bool


async def newest(context: Context, caller: Caller) -> int:
    """Return the position of the newest entry, 0 if there is none."""
    async with context.store.reading() as tx:
        return await event_log.feed_position(tx, caller.organization_id)


async def page(context: Context, caller: Caller, *, after: int, limit: int, wanted: EventFilter) -> FeedPage:
    """Return at most `limit` entries after a position, oldest first; `wanted` filters them."""
    entries: list[LogEntry] = []
    position = after
    async with context.store.reading() as tx:
        last = await event_log.feed_position(tx, caller.organization_id)
        for _ in range(_MAX_SCANNED_PAGES):
            some, position = await event_log.feed(
                tx, caller.organization_id, after=position, limit=limit - len(entries), wanted=wanted
            )
            entries += some
            if len(entries) == limit or position >= last:
                break
    return FeedPage(entries, position, position < last)


async def wait(
    context: Context, caller: Caller, *, after: int, limit: int, wanted: EventFilter, wait_s: float
) -> FeedPage:
    """As `page`, but if there are no entries yet, wait for some for at most `wait_s` seconds."""
    until = context.clock() + int(wait_s * 1_000_000)
    while True:
        since = context.wakeup.count
        result = await page(context, caller, after=after, limit=limit, wanted=wanted)
        left_s = (until - context.clock()) / 1_000_000
        if result.entries or (left_s <= 0 and not result.more):
            return result
        after = result.position
        if not result.more:
            await context.wakeup.wait(min(left_s, _POLL_S), since=since)


async def follow(
    context: Context, caller: Caller, *, after: int, limit: int, wanted: EventFilter, wait_s: float
) -> AsyncIterator[FeedPage]:
    """Yield pages without end; an empty one after every `wait_s` seconds without entries."""
    while True:
        result = await wait(context, caller, after=after, limit=limit, wanted=wanted, wait_s=wait_s)
        yield result
        after = result.position


async def with_orders(context: Context, caller: Caller, entries: list[LogEntry]) -> list[Notification | None]:
    """Return each entry with its order right after the event; None if the order's log cannot be read."""
    async with context.store.reading() as tx:
        return await event_payloads.of_entries(tx, caller.organization, entries)

"""Everything that happened in an organization, in the order in which it became visible; read, and waited for."""

from collections.abc import AsyncIterator

from msgspec import Struct

from crossdock.flows import event_payloads
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.event_payloads import Notification
from crossdock.store import event_log
from crossdock.store.event_log import EventFilter, LogEntry

# Pages of the feed looked through at most for one answer; who filters for what hardly ever comes gets a cursor to go on from.
_PAGES = 4
# Between two looks for events of other processes, while somebody waits.
_LOOK_S = 0.5


class FeedPage(Struct, frozen=True):
    """Entries of the feed. `position` is where to go on from, also when nothing was found; `more` says that this may be now."""

    entries: list[LogEntry]
    position: int
    more: bool


async def newest(context: Context, caller: Caller) -> int:
    """Give the position of the newest entry, 0 where there is none."""
    async with context.store.reading() as tx:
        return await event_log.feed_position(tx, caller.organization_id)


async def page(context: Context, caller: Caller, *, after: int, limit: int, wanted: EventFilter) -> FeedPage:
    """Give at most `limit` entries after a position, in their order."""
    found: list[LogEntry] = []
    position = after
    async with context.store.reading() as tx:
        last = await event_log.feed_position(tx, caller.organization_id)
        for _ in range(_PAGES):
            some, position = await event_log.feed(
                tx, caller.organization_id, after=position, limit=limit - len(found), wanted=wanted
            )
            found += some
            if len(found) == limit or position >= last:
                break
    return FeedPage(found, position, position < last)


async def wait(
    context: Context, caller: Caller, *, after: int, limit: int, wanted: EventFilter, wait_s: float
) -> FeedPage:
    """As `page`, but where there is nothing yet wait for something, at most so long."""
    until = context.clock() + int(wait_s * 1_000_000)
    while True:
        rung = context.wakeup.count
        found = await page(context, caller, after=after, limit=limit, wanted=wanted)
        left_s = (until - context.clock()) / 1_000_000
        if found.entries or (left_s <= 0 and not found.more):
            return found
        after = found.position
        if not found.more:
            await context.wakeup.wait(min(left_s, _LOOK_S), since=rung)


async def follow(
    context: Context, caller: Caller, *, after: int, limit: int, wanted: EventFilter, wait_s: float
) -> AsyncIterator[FeedPage]:
    """Give pages for ever, an empty one where nothing came for `wait_s`."""
    while True:
        found = await wait(context, caller, after=after, limit=limit, wanted=wanted, wait_s=wait_s)
        yield found
        after = found.position


async def with_orders(context: Context, caller: Caller, entries: list[LogEntry]) -> list[Notification | None]:
    """Give entries with their orders as they were after each; None where an order's log cannot be read."""
    async with context.store.reading() as tx:
        return await event_payloads.of_entries(tx, caller.organization, entries)

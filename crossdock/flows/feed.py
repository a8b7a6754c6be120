"""Everything that happened in an organization, in the order in which it became visible; read, and waited for."""

from collections.abc import AsyncIterator

from msgspec import Struct

from crossdock.flows import telling
from crossdock.flows.access import Caller
from crossdock.flows.book import Book
from crossdock.flows.telling import Telling
from crossdock.store import log
from crossdock.store.log import Entry, Wanted

# Pages of the feed looked through at most for one answer; who filters for what hardly ever comes gets a cursor to go on from.
_PAGES = 4
# Between two looks for events of other processes, while somebody waits.
_LOOK_S = 0.5


class Page(Struct, frozen=True):
    """Entries of the feed. `position` is where to go on from, also when nothing was found; `more` says that this may be now."""

    entries: list[Entry]
    position: int
    more: bool


async def newest(book: Book, caller: Caller) -> int:
    """Give the position of the newest entry, 0 where there is none."""
    async with book.store.reading() as tx:
        return await log.feed_position(tx, caller.organization_id)


async def page(book: Book, caller: Caller, *, after: int, limit: int, wanted: Wanted) -> Page:
    """Give at most `limit` entries after a position, in their order."""
    found: list[Entry] = []
    position = after
    async with book.store.reading() as tx:
        last = await log.feed_position(tx, caller.organization_id)
        for _ in range(_PAGES):
            some, position = await log.feed(
                tx, caller.organization_id, after=position, limit=limit - len(found), wanted=wanted
            )
            found += some
            if len(found) == limit or position >= last:
                break
    return Page(found, position, position < last)


async def wait(book: Book, caller: Caller, *, after: int, limit: int, wanted: Wanted, wait_s: float) -> Page:
    """As `page`, but where there is nothing yet wait for something, at most so long."""
    until = book.clock() + int(wait_s * 1_000_000)
    while True:
        rung = book.bell.rung
        found = await page(book, caller, after=after, limit=limit, wanted=wanted)
        left_s = (until - book.clock()) / 1_000_000
        if found.entries or (left_s <= 0 and not found.more):
            return found
        after = found.position
        if not found.more:
            await book.bell.wait(min(left_s, _LOOK_S), since=rung)


async def follow(
    book: Book, caller: Caller, *, after: int, limit: int, wanted: Wanted, wait_s: float
) -> AsyncIterator[Page]:
    """Give pages for ever, an empty one where nothing came for `wait_s`."""
    while True:
        found = await wait(book, caller, after=after, limit=limit, wanted=wanted, wait_s=wait_s)
        yield found
        after = found.position


async def told(book: Book, caller: Caller, entries: list[Entry]) -> list[Telling | None]:
    """Give entries with their orders as they were after each; None where an order's log cannot be read."""
    async with book.store.reading() as tx:
        return await telling.of_entries(tx, caller.organization, entries)

"""Search orders: read the page from indexes, or examine the orders they find one by one, up to MAX_SCANNED.

A door translates its search into an OrderQuery and, where the filters do not say everything, a Residual. How the search runs,
what it costs at most and when it is refused is decided here and in store/order_query.
"""

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Invalid
from crossdock.core.orders.model import Order
from crossdock.flows import rendering
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import orders
from crossdock.store.order_query import pages, planner
from crossdock.store.order_query.query import NO_FILTERS, Exclusion, Filters, OrderPage, OrderQuery, Sort, alternatives
from crossdock.store.protocols import Transaction

__all__ = [
    "NO_FILTERS", "Exclusion", "Filters", "Match", "OrderPage", "OrderQuery", "Overflow", "Residual", "SearchPage", "Sort",
    "TooDeep", "alternatives", "find",
]  # fmt: skip

Tree = Any
Match = tuple[Order, Tree]  # an order and its document, None where the search needs none
# Orders examined one by one for what no index holds; with their documents, this takes about half a second.
MAX_SCANNED = 2_000
# Orders examined so that a page and its total are exact, where the indexes alone could answer; about 50 ms.
MAX_EXACT = 500
# How deep a page may lie where several alternatives are merged up to it and the search may approximate; about a second.
MAX_MERGED = 10_000
# Excluded orders that are skipped exactly; where there are more, pages can hold fewer orders than asked for.
MAX_EXCLUDED = 500
_PORTION = 100  # orders between two turns of the event loop


class Overflow(Enum):
    """What happens where more orders are found than are examined."""

    # The search is refused: an answer that left some out would be wrong.
    REFUSE = "refuse"
    # Orders are examined in the query's order until the page is full.
    UNTIL_FULL = "until_full"
    # Where a single index answers, the page is read from it; orders that do not match are left out, but counted.
    APPROXIMATE = "approximate"


class Residual(Struct, frozen=True):
    """The part of a search that the filters do not say.

    `matches` decides for an order and its document in the format of `door` (None without a door, or where a single index
    answers). `needs_history`: the document must have what follows from the order's events. `rank` sorts what matches; by
    default it is sorted as the query says.
    """

    matches: Callable[[Order, Tree], bool]
    door: str | None = None
    needs_history: bool = False
    rank: Callable[[list[Match]], list[Match]] | None = None
    overflow: Overflow = Overflow.REFUSE


class SearchPage(Struct, frozen=True):
    """A page of a search and the number of orders that match.

    `positions` is the number of positions pages are cut from: more than `total` where excluded orders were not skipped.
    """

    orders: list[Order]
    total: int
    positions: int


class TooDeep(Invalid):
    """The page lies deeper than `limit` (a fact) orders of several alternatives, which are merged up to it."""


async def find(context: Context, caller: Caller, query: OrderQuery, *, residual: Residual | None = None) -> SearchPage:
    """Find a page of orders and count them. Refuses with Invalid a search for which too many orders would be examined."""
    async with context.store.reading() as tx:
        return await _Search(tx, context, caller, query, residual).run()


def too_broad() -> Invalid:
    """Give the refusal of a search for which more than MAX_SCANNED orders would be examined."""
    return Invalid(
        Code.INVALID, f"the search looks through more than {MAX_SCANNED} orders; narrow it",
        limit=MAX_SCANNED,
    )  # fmt: skip


class _Search:
    """One search in one reading transaction."""

    def __init__(
        self, tx: Transaction, context: Context, caller: Caller, query: OrderQuery, residual: Residual | None
    ) -> None:
        self._tx, self._context, self._caller = tx, context, caller
        self._organization_id = caller.organization_id
        self._query, self._residual = query, residual

    async def run(self) -> SearchPage:
        """Choose how the search runs: by ids, from indexes, or by examining orders."""
        query, residual = self._query, self._residual
        if query.order_ids is not None:
            return self._cut(await self._examined(query.order_ids))
        is_single_index = planner.is_single_index(query)
        if residual is None:
            return await (self._from_indexes() if query.excluded is None else self._without_excluded(query.excluded))
        if query.is_exact and is_single_index:
            return await self._from_indexes()
        if residual.overflow is Overflow.APPROXIMATE and is_single_index:
            counts = await pages.counts_of(self._tx, self._organization_id, query.any_of)
            if sum(counts) > MAX_EXACT:
                return await self._from_indexes(counts)
        ids = await pages.candidates(self._tx, self._organization_id, query.any_of, limit=MAX_SCANNED)
        if ids is not None:
            return self._cut(await self._examined(sorted(ids, reverse=True)))
        if residual.overflow is Overflow.UNTIL_FULL:
            return await self._until_full()
        raise too_broad()

    # --------------------------------------------------------------------------------------------------------- indexes
    async def _from_indexes(self, counts: Sequence[int] | None = None) -> SearchPage:
        """Read the page from the indexes of the alternatives; the total is counted, or bounded where counting stops."""
        query, residual = self._query, self._residual
        counts = counts or await pages.counts_of(self._tx, self._organization_id, query.any_of)
        any_of = tuple(filters for filters, number in zip(query.any_of, counts, strict=True) if number)
        if not any_of:
            return SearchPage([], 0, 0)
        may_approximate = residual is not None and residual.overflow is Overflow.APPROXIMATE
        if may_approximate and len(any_of) > 1 and query.offset + query.limit > MAX_MERGED:
            raise TooDeep(Code.INVALID, "the page lies too deep; narrow the search", limit=MAX_MERGED)
        # The order after the page, if there is one, says that this is not the last, although counts stop somewhere.
        more = msgspec.structs.replace(query, any_of=any_of, limit=query.limit + 1)
        some = await self._page(more)
        total = max(sum(counts), query.offset + len(some) if some else 0)
        if query.is_total_upper_bound and sum(counts) >= planner.MAX_COUNT:
            total = await pages.most_there_can_be(self._tx, self._organization_id, query.any_of)
        found = some[: query.limit]
        if residual is not None and not query.is_exact:
            found = [order for order in found if residual.matches(order, None)]
        return SearchPage(found, total, total)

    async def _page(self, query: OrderQuery) -> list[Order]:
        """Read a page that must be complete. Refuses with Invalid where too much would be scanned for it."""
        found = await pages.page(self._tx, self._organization_id, msgspec.structs.replace(query, is_complete=True))
        if found.last is not None:
            raise too_broad()
        return found.orders

    async def _without_excluded(self, exclusion: Exclusion) -> SearchPage:
        """Read the page from the indexes, skipping excluded orders."""
        query = self._query
        total = sum(await pages.counts_of(self._tx, self._organization_id, query.any_of))
        excluded, number = await self._excluded(exclusion)
        start = query.offset
        some: list[Order] = []
        while start < total:  # move on by the number of excluded orders before the page, until that stays the same
            some = await self._page(msgspec.structs.replace(query, offset=start))
            before = sum(each > some[0].order_id for each in excluded) if some else 0
            if start >= query.offset + before:
                break
            start, some = query.offset + before, []
        found: list[Order] = []
        while some:
            found += [order for order in some if order.order_id not in excluded]
            if len(found) >= query.limit or len(some) < query.limit:
                break
            start += query.limit
            some = await self._page(msgspec.structs.replace(query, offset=start))
        found = [order for order in found[: query.limit] if exclusion.tag not in order.tags]
        return SearchPage(found, max(0, total - number), max(0, total - len(excluded)))

    async def _excluded(self, exclusion: Exclusion) -> tuple[set[int], int]:
        """Find the ids of the newest excluded orders that the alternatives would find, and the number of all of them."""
        found: set[int] = set()
        number = 0
        for filters in self._query.any_of:
            if filters.status not in (None, exclusion.status):
                continue
            tagged = msgspec.structs.replace(filters, tag=exclusion.tag, status=None)
            newest = OrderQuery(any_of=(tagged,), limit=MAX_EXCLUDED, is_complete=True)
            some = (await pages.page(self._tx, self._organization_id, newest)).orders
            fitting = [order.order_id for order in some if filters.tag is None or filters.tag in order.tags]
            found.update(fitting)
            is_all = len(some) < MAX_EXCLUDED or filters.tag is not None
            number += len(fitting) if is_all else await pages.count(self._tx, self._organization_id, tagged)
        return found, number

    # ------------------------------------------------------------------------------------------------------- examining
    async def _examined(self, order_ids: Sequence[int]) -> list[Match]:
        """Read orders and keep those that match; other requests get their turn between portions."""
        found: list[Match] = []
        for start in range(0, len(order_ids), _PORTION):
            some = await self._examine(order_ids[start : start + _PORTION])
            found += [match for match, is_match in some if is_match]
            await asyncio.sleep(0)
        return found

    async def _examine(self, order_ids: Sequence[int]) -> list[tuple[Match, bool]]:
        """Read a portion of orders, and decide of each whether it matches."""
        some = await orders.by_ids(self._tx, self._organization_id, order_ids)
        found = zip(some, await self._documents(some), strict=True)
        residual = self._residual
        return [((order, document), residual is None or residual.matches(order, document)) for order, document in found]

    async def _documents(self, some: Sequence[Order]) -> list[Tree]:
        residual = self._residual
        if residual is None or residual.door is None:
            return [None] * len(some)
        rendered = await rendering.render_in(
            self._tx, self._context, self._caller, some, door=residual.door,
            histories=None if residual.needs_history else {},  # reading them takes about as long as the orders
        )  # fmt: skip
        return [each.document for each in rendered]

    def _cut(self, found: list[Match]) -> SearchPage:
        """Sort what matches and cut the page."""
        query, residual = self._query, self._residual
        if residual is not None and residual.rank is not None:
            found = residual.rank(found)
        else:
            found.sort(key=lambda each: _sort_key(each[0], query.sort), reverse=not query.ascending)
        page = [order for order, _ in found[query.offset : query.offset + query.limit]]
        return SearchPage(page, len(found), len(found))

    async def _until_full(self) -> SearchPage:
        """Examine orders in the query's order until the page is full, at most MAX_SCANNED.

        The total is exact where all were examined; else it is the most there can be, so that a client that continues to the end
        is refused rather than left with some missing.
        """
        query, enough = self._query, self._query.offset + self._query.limit
        found: list[Order] = []
        examined, size = 0, _PORTION
        while True:
            first = msgspec.structs.replace(query, offset=0, limit=size, is_complete=True)
            some = await pages.matches(self._tx, self._organization_id, first)
            while examined < len(some.keys) and len(found) < enough:
                examined += await self._fill(found, some.order_ids[examined : examined + _PORTION], enough=enough)
                if examined > MAX_SCANNED:
                    raise too_broad()
                await asyncio.sleep(0)
            is_all = len(some.keys) < size
            if len(found) >= enough or (is_all and some.last is None):
                break
            if is_all:  # the scan ended early
                raise too_broad()
            size = min(4 * size, MAX_SCANNED + 1)  # ids alone are cheap, and few rounds repeat them
        total = len(found)
        if not is_all or some.last is not None or examined < len(some.keys):
            total = await pages.most_there_can_be(self._tx, self._organization_id, query.any_of)
        return SearchPage(found[query.offset : enough], total, total)

    async def _fill(self, found: list[Order], order_ids: Sequence[int], *, enough: int) -> int:
        """Add the orders of a portion that match until there are enough; give how many were examined."""
        for number, ((order, _), is_match) in enumerate(await self._examine(order_ids), 1):
            if is_match:
                found.append(order)
            if len(found) == enough:
                return number
        return len(order_ids)


def _sort_key(order: Order, sort: Sort) -> tuple[int, int]:
    return (order.updated_at if sort == "updated" else 0, order.order_id)

"""Lists of orders for people: filters, search while typing, and what only the order itself says, each page within a bound.

A page may end early, because enough was examined; its `next` then continues from there.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct

from crossdock.core.orders.events import Received
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status
from crossdock.flows import feed, queries
from crossdock.flows.access import READ, Caller
from crossdock.flows.context import Context
from crossdock.flows.feed import Cursor, EventFilter
from crossdock.flows.order_search import NO_FILTERS, Filters, OrderPage, OrderQuery
from crossdock.store import order_counts, overview
from crossdock.store import orders as order_store
from crossdock.store.order_query import pages, prefix_search, word_search
from crossdock.store.protocols import Transaction

# Counts stop here; people read "1,000+".
MOST = 1_000
# Orders whose status says that something of them is still to be shipped.
UNSHIPPED = (Status.OPEN, Status.ON_HOLD, Status.PARTIALLY_ALLOCATED, Status.ALLOCATED, Status.PARTIALLY_SHIPPED)
_ROUNDS = 4  # scans of one page; each examines up to planner.MAX_ENTRIES_SCANNED entries
_PORTION = 100
_MAX_EXAMINED = 1_000  # orders read for one page where no index holds the filter
_MAX_PREFIX = 400  # orders read to find those with the other words of a search
_MAX_EVENTS = 500  # of the feed, in one look for changes


class OrderListQuery(Struct, frozen=True):
    """Which orders to list. `hold` is the reason of a hold, `late_at` a time with a zone: the orders that should have been
    shipped by then; `waiting`: those that wait for stock. Newest first, unless `oldest_first`.
    """

    filters: Filters = NO_FILTERS
    text: str = ""
    hold: str | None = None
    late_at: datetime | None = None
    waiting: bool = False
    oldest_first: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the search; more than a search may have are left out."""
        return tuple(self.text.split()[: queries.MAX_WORDS])

    def keeps(self, order: Order) -> bool:
        """Tell whether an order is in the list, but for its date of shipping."""
        *others, last = self.words or ("",)
        return (
            word_search.matches(order, self.filters)
            and (self.hold is None or any(each.reason == self.hold for each in order.holds))
            and (not self.waiting or order.is_waiting)
            and all(prefix_search.has_word(order, word) for word in others)
            and (not last or prefix_search.has_word(order, last, is_prefix=prefix_search.is_long_enough(last)))
        )


class OrderListPage(Struct, frozen=True):
    """Orders; `next` is the cursor of the next page. `is_cut`: more match than are shown, and the search should be narrowed."""

    orders: list[Order]
    next: int | None = None
    is_cut: bool = False


_Read = Callable[[int | None], Awaitable[OrderPage]]


async def page(
    context: Context, caller: Caller, query: OrderListQuery, *, cursor: int | None, limit: int
) -> OrderListPage:
    """Read a page of a list."""
    caller.require(READ)
    async with context.store.reading() as tx:
        organization_id = caller.organization_id
        if query.late_at is not None:
            return await _late_page(tx, organization_id, query, cursor=cursor, limit=limit)
        if query.waiting:
            return await _examined(_waiting(tx, organization_id, query), query, cursor=cursor, limit=limit)
        if query.hold is not None:
            return await _examined(_on_hold(tx, organization_id, query), query, cursor=cursor, limit=limit)
        return await _from_indexes(tx, organization_id, query, cursor=cursor, limit=limit)


async def _from_indexes(
    tx: Transaction, organization_id: int, query: OrderListQuery, *, cursor: int | None, limit: int
) -> OrderListPage:
    orders: list[Order] = []
    before, words = cursor, query.words
    for _ in range(_ROUNDS):
        wanted = OrderQuery(
            any_of=(query.filters,), words=words, before=before, limit=limit + 1 - len(orders),
            ascending=query.oldest_first and not words,
        )  # fmt: skip
        part = await pages.page(tx, organization_id, wanted)
        orders += part.orders
        if len(orders) > limit:
            return OrderListPage(orders[:limit], orders[limit - 1].order_id)
        before = part.last
        if before is None:
            break
    if words and before is None and cursor is None:
        return await _with_beginnings(tx, organization_id, query, orders, limit=limit)
    return OrderListPage(orders, before)


async def _with_beginnings(
    tx: Transaction, organization_id: int, query: OrderListQuery, exact: Sequence[Order], *, limit: int
) -> OrderListPage:
    """Add the orders with the packages of a tracking number, and those with a value that begins with the last word."""
    found = {order.order_id: order for order in exact}
    words, is_cut = query.words, False
    ids = await _with_package(tx, organization_id, words[0]) if len(words) == 1 else []
    if prefix_search.is_long_enough(words[-1]):
        more, is_cut = await prefix_search.with_prefix(tx, organization_id, words[-1])
        ids += more[:_MAX_PREFIX]
        is_cut = is_cut or len(more) > _MAX_PREFIX
    ids = [each for each in dict.fromkeys(ids) if each not in found]
    packages = {words[0]} if len(words) == 1 else set()
    for start in range(0, len(ids), _PORTION):
        for order in await order_store.by_ids(tx, organization_id, ids[start : start + _PORTION]):
            if query.keeps(order) or (_tracking(order) & packages and word_search.matches(order, query.filters)):
                found[order.order_id] = order
        if len(found) > limit:
            break
    newest = sorted(found.values(), key=lambda order: order.order_id, reverse=True)
    return OrderListPage(newest[:limit], is_cut=is_cut or len(newest) > limit)


async def _with_package(tx: Transaction, organization_id: int, number: str) -> list[int]:
    owner = await order_store.owner(tx, organization_id, part="package", value=number)
    return [] if owner is None else [owner]


def _tracking(order: Order) -> set[str | None]:
    return {box.number for each in order.fulfillments for box in each.packages}


# -------------------------------------------------------------------------------------------------- examined one by one
async def _examined(read: _Read, query: OrderListQuery, *, cursor: int | None, limit: int) -> OrderListPage:
    """Examine orders from a cursor on until a page is full, at most _MAX_EXAMINED of them."""
    found: list[Order] = []
    before = cursor
    for _ in range(_MAX_EXAMINED // _PORTION):
        part = await read(before)
        found += [order for order in part.orders if query.keeps(order)]
        if len(found) > limit:
            return OrderListPage(found[:limit], found[limit - 1].order_id)
        before = part.last
        if before is None:
            return OrderListPage(found)
    return OrderListPage(found, before)


def _waiting(tx: Transaction, organization_id: int, query: OrderListQuery) -> _Read:
    async def read(before: int | None) -> OrderPage:
        sku = query.filters.sku
        ids = await overview.waiting_orders(tx, organization_id, sku=sku, before=before, limit=_PORTION)
        orders = await order_store.by_ids(tx, organization_id, ids)
        return OrderPage(orders, ids[-1] if len(ids) == _PORTION else None)

    return read


def _on_hold(tx: Transaction, organization_id: int, query: OrderListQuery) -> _Read:
    async def read(before: int | None) -> OrderPage:
        # Partially shipped orders can have holds, too; they are found where their status is asked for.
        filters = msgspec.structs.replace(query.filters, status=query.filters.status or str(Status.ON_HOLD))
        wanted = OrderQuery(any_of=(filters,), before=before, limit=_PORTION)
        part = await pages.page(tx, organization_id, wanted)
        is_full = len(part.orders) == _PORTION
        return OrderPage(part.orders, part.orders[-1].order_id if is_full else part.last)

    return read


# -------------------------------------------------------------------------------------------------------------- late ones
class Late(Struct, frozen=True):
    """Orders that should have been shipped, oldest first; `is_cut`: there are unshipped orders that were not examined."""

    order_ids: list[int]
    is_cut: bool


def is_overdue(ship_by: str, at: datetime) -> bool:
    """Tell whether a date or time as a sender wrote it (ISO 8601) has passed; a day has when it has ended in the zone of `at`.

    Text that is no date has not.
    """
    try:
        if len(ship_by) <= len("2026-01-30"):
            return date.fromisoformat(ship_by) < at.date()
        moment = datetime.fromisoformat(ship_by)
    except ValueError:
        return False
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=at.tzinfo)) < at


async def find_late(tx: Transaction, organization_id: int, at: datetime) -> Late:
    """Find the orders that should have been shipped by a time, among the MOST oldest that are not shipped."""
    ids: list[int] = []
    for status in UNSHIPPED:
        ids += await overview.oldest(tx, organization_id, status=str(status), scanned=2 * MOST, limit=MOST + 1)
    ids.sort()
    dates = await overview.ship_by_dates(tx, organization_id, ids[:MOST])
    return Late([each for each in ids[:MOST] if each in dates and is_overdue(dates[each], at)], len(ids) > MOST)


async def _late_page(
    tx: Transaction, organization_id: int, query: OrderListQuery, *, cursor: int | None, limit: int
) -> OrderListPage:
    assert query.late_at is not None
    late = await find_late(tx, organization_id, query.late_at)
    ids = [each for each in late.order_ids if cursor is None or each > cursor]
    found: list[Order] = []
    for start in range(0, len(ids), _PORTION):
        orders = await order_store.by_ids(tx, organization_id, ids[start : start + _PORTION])
        found += [order for order in orders if query.keeps(order)]
        if len(found) > limit:
            return OrderListPage(found[:limit], found[limit - 1].order_id)
    return OrderListPage(found, is_cut=late.is_cut)


# ----------------------------------------------------------------------------------------------------------------- counts
class Figure(Struct, frozen=True):
    """A count; `is_more`: there are more, but counting stopped."""

    number: int
    is_more: bool = False


def figure(number: int, *, is_more: bool = False) -> Figure:
    """Return a count that was taken up to MOST + 1."""
    return Figure(min(number, MOST), is_more or number > MOST)


async def counts_by_status(
    context: Context, caller: Caller, *, door: str | None = None, archived: bool | None = False
) -> dict[str, Figure] | None:
    """Count orders by status; those that are not archived, unless `archived` says which.

    None where that is too much to count: orders of one door, where many are archived.
    """
    caller.require(READ)
    async with context.store.reading() as tx:
        return await _counts(tx, caller.organization_id, door=door, archived=archived)


async def _counts(
    tx: Transaction, organization_id: int, *, door: str | None, archived: bool | None
) -> dict[str, Figure] | None:
    stored: Counter[str] = Counter()
    for (of_door, status), number in (await order_counts.counts(tx, organization_id)).items():
        if door in (None, of_door):
            stored[status] += number
    if archived is None:
        return {status: Figure(number) for status, number in stored.items()}
    hidden = await overview.archived(tx, organization_id, limit=MOST + 1)
    of_hidden = Counter(status for of_door, status in hidden if door in (None, of_door))
    if archived:
        return {status: Figure(number, len(hidden) > MOST) for status, number in of_hidden.items()}
    if len(hidden) <= MOST:
        return {status: Figure(number - of_hidden[status]) for status, number in stored.items()}
    if door is not None:
        return None
    scanned = 2 * MOST
    return {
        status: figure(
            await overview.unarchived(tx, organization_id, status=status, scanned=scanned, limit=MOST + 1),
            is_more=number > scanned,
        )
        for status, number in stored.items()
    }


# ---------------------------------------------------------------------------------------------------------------- changes
class Changes(Struct, frozen=True):
    """What has happened since a cursor of the feed: how many new orders belong to a list, and which others have changed."""

    cursor: Cursor
    new: int
    changed: list[int]


async def changes(context: Context, caller: Caller, query: OrderListQuery, *, after: Cursor) -> Changes:
    """Look for new and changed orders; there may be more after the cursor that is returned."""
    caller.require(READ)
    found = await feed.page(context, caller, after=after, limit=_MAX_EVENTS, wanted=EventFilter())
    events = [entry.event for entry in found.entries if entry.event.aggregate_type == "order"]
    received = list(dict.fromkeys(event.aggregate_id for event in events if event.name == Received.name))
    others = dict.fromkeys(event.aggregate_id for event in events if event.aggregate_id not in received)
    orders = await queries.by_ids(context, caller, received)
    return Changes(found.cursor, sum(query.keeps(order) for order in orders), list(others))

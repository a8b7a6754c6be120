"""Searching: `POST /order/query`.

What the indexes of the book answer alone is answered by them. For all else the orders they leave are looked through: all of
them where they are few, else in the order of the answer until its page is full.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.json.request_body import decode_body
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, Route, encode_json, in_one_view
from crossdock.doors.fabric import wire_calls
from crossdock.doors.fabric.errors import ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.common import CONTEXT, paths, rendered_json
from crossdock.doors.fabric.search import Lookup, can_sort_by, faults_of, fits, look_up, needs_log, sorted_by, value_at
from crossdock.flows import access, queries, rendering
from crossdock.flows.queries import MAX_SCANNED
from crossdock.store.index_scan import Filters
from crossdock.store.order_list import MAX_COUNT

Tree = Any
ReferenceData = tuple[Order, Tree]
_SORTS = {"createdAt": "created", "updatedAt": "updated"}
_PORTION = 100


class _Search(Struct, frozen=True):
    """A search with its defaults filled in."""

    filters: dict[str, Tree]
    limit: int
    offset: int
    sort_by: str
    ascending: bool

    def keeps(self, order: Order, document: Tree) -> bool:
        """Say whether an order fits."""
        return fits(document, self.filters)

    @property
    def looks_into_log(self) -> bool:
        """Say whether the log decides what fits, or in which order."""
        return needs_log(self.filters) or needs_log({self.sort_by: None})


def _search(sent: wire_calls.QueryRequest) -> _Search:
    """Fill in the vendor's defaults and refuse what cannot be searched for."""
    filters, sort_by = sent.filters or {}, sent.sortBy or "updatedAt"
    faults = list(faults_of(filters))
    if not can_sort_by(sort_by):
        faults.append(Fault(("sortBy",), "must name a member of the order that has a single value"))
    if faults:
        raise faulty(*faults[:100])
    ascending = (sent.sortDirection or "desc").lower() == "asc"
    return _Search(filters, sent.limit or 10, sent.offset or 0, sort_by, ascending)


@in_one_view
async def query_orders(request: Request) -> Reply:
    """Search orders: 200 and a page of them; 404 where there are none on it."""
    search = _search(decode_body(request.body, wire_calls.QueryRequest))
    lookup = look_up(search.filters)
    found, count = await _found(request, search, lookup)
    if not found:
        raise not_found("orders")
    documents = await rendered_json(request, found)
    page = {"count": count, "limit": search.limit, "offset": search.offset, "orders": documents}
    return Reply(200, encode_json(page))


async def _found(request: Request, search: _Search, lookup: Lookup) -> tuple[list[Order], int]:
    """Give the orders of the page, and how many there are."""
    sort = _SORTS.get(search.sort_by)
    if lookup.order_ids is not None:
        orders = await queries.by_ids(request.context, request.caller, lookup.order_ids)
        renderings = await rendering.render_all(request.context, request.caller, orders, door=DOOR)
        pairs = [(order, rendered.document) for order, rendered in zip(orders, renderings, strict=True)]
        return _cut(search, await _kept(request, search, pairs))
    if lookup.is_exact and sort is not None and all(_is_walked(each, sort) for each in lookup.choices):
        found, count = await queries.one_of(
            request.context, request.caller, lookup.choices, limit=search.limit, offset=search.offset, sort=sort,
            ascending=search.ascending,
        )  # fmt: skip
        return found, count if count < MAX_COUNT else await _most(request, lookup)
    counted = [await queries.count(request.context, request.caller, each) for each in lookup.choices]
    if sum(counted) <= MAX_SCANNED:
        try:
            return _cut(search, await _matching(request, search, lookup))
        except Invalid:  # what was counted is not all: a count ends where its walk does
            if sort is None:
                raise
    if sort is None or search.looks_into_log:
        raise _too_many()
    return await _first(request, search, lookup, sort)


async def _most(request: Request, lookup: Lookup) -> int:
    """Give a number there are not more of than: what the book has counted where status and door are all, else all orders."""
    everything = await queries.count(request.context, request.caller, Filters())
    total = 0
    for choice in lookup.choices:
        is_kept = choice == Filters(status=choice.status, door=choice.door)
        total += await queries.count(request.context, request.caller, choice) if is_kept else everything
    return min(total, everything)


def _is_walked(filters: Filters, sort: str) -> bool:
    """Say whether one index of the book knows all the filters, and the order; a page is whole then."""
    names = {name for name in Filters.__struct_fields__ if getattr(filters, name) is not None}
    if sort == "updated":
        return names <= {"updated_from", "updated_to"}
    return len(names - {"created_from", "created_to"}) <= 1 and not names & {"updated_from", "updated_to"}


def _too_many() -> Invalid:
    return Invalid(
        Code.INVALID, f"the search looks through more than {MAX_SCANNED} orders; narrow it",
        limit=MAX_SCANNED,
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------- few are looked through
async def _matching(request: Request, search: _Search, lookup: Lookup) -> list[ReferenceData]:
    """Give all that fit, found by their receipt, which every index of the book can walk."""

    def keep(order: Order, document: Tree) -> bool:
        return search.looks_into_log or search.keeps(order, document)

    found: dict[int, ReferenceData] = {}
    for choice in lookup.choices:  # one by one, because an order may fit several: it has several SKUs
        pairs = await queries.matching(request.context, request.caller, [choice], keep=keep, door=DOOR)
        found |= {order.order_id: (order, document) for order, document in pairs}
    return await _kept(request, search, list(found.values()))


async def _kept(request: Request, search: _Search, pairs: list[ReferenceData]) -> list[ReferenceData]:
    """Give those that fit, after their logs were looked into where these decide."""
    if not search.looks_into_log:
        return [(order, document) for order, document in pairs if search.keeps(order, document)]
    kept: list[ReferenceData] = []
    for start in range(0, len(pairs), _PORTION):
        some = pairs[start : start + _PORTION]
        kept += [(order, document) for order, document in some if search.keeps(order, document)]
    return kept


def _cut(search: _Search, found: list[ReferenceData]) -> tuple[list[Order], int]:
    found.sort(key=lambda each: (each[0].updated_at, each[0].order_id), reverse=not search.ascending)
    value = _sort_value(search.sort_by)
    ranked = sorted_by(found, value, ascending=search.ascending)
    page = ranked[search.offset : search.offset + search.limit]
    return [order for order, _ in page], len(ranked)


def _sort_value(name: str) -> Callable[[ReferenceData], Tree]:
    if name == "createdAt":
        return lambda each: each[0].order_id
    if name == "updatedAt":
        return lambda each: each[0].updated_at
    return lambda each: value_at(each[1], name)


# ---------------------------------------------------------------------------------------- many, until the page is full
async def _first(request: Request, search: _Search, lookup: Lookup, sort: str) -> tuple[list[Order], int]:
    """Look through orders in the order of the answer until its page is full; at most LOOKED_THROUGH_MOST.

    The count is exact where all were looked through; else it is the most there can be, never less than there are, so that
    a client that goes on to its end is refused rather than left with some missing.
    """
    enough, looked = search.offset + search.limit, 0
    found: dict[int, Order] = {}
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(aclosing(_stream(request, search, choice, sort)))
            for choice in lookup.choices
        ]
        heads: dict[int, ReferenceData] = {}
        for place, stream in enumerate(streams):
            await _advance(heads, place, stream)
        while heads and len(found) < enough:
            looked += 1
            if looked > MAX_SCANNED:
                raise _too_many()
            pick = min if search.ascending else max
            place = pick(heads, key=lambda each: _place(heads[each][0], sort))
            order, document = heads[place]
            if search.keeps(order, document):
                found[order.order_id] = order
            await _advance(heads, place, streams[place])
    page = list(found.values())[search.offset : enough]
    return page, len(found) if not heads else await _most(request, lookup)


def _place(order: Order, sort: str) -> tuple[int, int]:
    return (order.updated_at if sort == "updated" else 0, order.order_id)


async def _advance(heads: dict[int, ReferenceData], place: int, stream: AsyncIterator[ReferenceData]) -> None:
    heads.pop(place, None)
    async for each in stream:
        heads[place] = each
        return


async def _stream(request: Request, search: _Search, choice: Filters, sort: str) -> AsyncGenerator[ReferenceData, None]:
    """Walk the orders that fit a choice, with their documents; refuse where the book cannot give them all."""
    offset = 0
    while True:
        page = await queries.page(
            request.context, request.caller, choice, limit=_PORTION, offset=offset, sort=sort, ascending=search.ascending,
            whole=True,
        )  # fmt: skip
        renderings = await rendering.render_all(request.context, request.caller, page.orders, door=DOOR)
        for order, rendered in zip(page.orders, renderings, strict=True):
            yield order, rendered.document
        if page.last is not None:
            raise _too_many()
        if len(page.orders) < _PORTION:
            return
        offset += _PORTION


_FOUND: dict[int, Any] = {200: wire_calls.OrderPage, **ERRORS, **LARGE, 404: wire_calls.ErrorAnswer}
ROUTES = (
    Route(
        "POST", paths("/order/query"), query_orders, access.READ, "queryOrders", "Search orders",
        request=wire_calls.QueryRequest, answers=_FOUND, parameters=(CONTEXT,),
    ),
)  # fmt: skip

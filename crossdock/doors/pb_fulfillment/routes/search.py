"""Find orders: whole ones, or how far they have come."""

from collections.abc import Callable
from typing import Any

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, in_one_view, json_reply
from crossdock.doors.pb_fulfillment import responses, search
from crossdock.doors.pb_fulfillment.routes.common import DOOR, check_unused, clients
from crossdock.doors.pb_fulfillment.search import Plan, Search
from crossdock.flows import queries, rendering
from crossdock.store.index_scan import Filters

MAX_SIZE = 200  # orders in one page, as many as in a bulk call
SIZE = 20  # where nothing is said, by the vendor's page
# Beyond lies no order; it keeps offsets in what a database counts in.
MAX_PAGE = 10_000_000
# Orders that are all looked at, so that a page and its totals are exact; about 50 ms, and the most that a page may take.
MAX_EXACT = 500
# How deep a page may lie in a query by several statuses, whose orders are merged up to there; about a second.
MAX_MERGED = 10_000


@in_one_view
async def search_orders(request: Request) -> Reply:
    """Answer a page of orders."""
    query, page, size = await _asked(request)
    found, total = await _found(request, query, page=page, size=size)
    told = await rendering.render_json_all(request.context, request.caller, found, door=DOOR)
    return json_reply(200, search.envelope(told, total=total, page=page, size=size))


@in_one_view
async def search_statuses(request: Request) -> Reply:
    """Answer a page of how far orders have come."""
    query, page, size = await _asked(request)
    found, total = await _found(request, query, page=page, size=size)
    render = await rendering.render_all(request.context, request.caller, found, door=DOOR)
    told = [responses.status_response(each.document) for each in render]
    return json_reply(200, search.envelope(told, total=total, page=page, size=size))


async def _asked(request: Request) -> tuple[Search, int, int]:
    """Read the body and the query, with all their faults at once."""
    await check_unused(request)
    faults: list[Fault] = []
    numbers: list[int] = []
    for name, usual, most in (("page", 1, MAX_PAGE), ("size", SIZE, MAX_SIZE)):
        sent = request.query.get(name, str(usual))
        number = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else 0
        if not 1 <= number <= most:
            faults.append(Fault((name,), f"must be a whole number from 1 to {most}"))
        numbers.append(number)
    try:
        query = search.read(request.body, clients(request.caller))
    except Invalid as invalid:
        if not faults or invalid.code is not Code.INVALID:
            raise
        faults = [*faults, *invalid.faults]
    if faults:
        raise Invalid(Code.INVALID, "the request has faults", faults=tuple(faults))
    return query, numbers[0], numbers[1]


async def _found(request: Request, query: Search, *, page: int, size: int) -> tuple[list[Order], int]:
    """Give the orders of a page and how many there are on all.

    A query that the book's indexes can walk is never refused; but where it leaves more than EXACT_MOST orders, those
    of the page that turn out to be another client's (or on hold in another status) are left out of it though they were
    counted. Any other is done whole: each order is looked at, and it is refused where those are too many.
    """
    offset = (page - 1) * size
    if "orderIds" in query.fields:
        rows = await _by_ids(request, query)
        return [order for order, _ in rows[offset : offset + size]], len(rows)
    plan = search.plan(query)
    choices, total = await _filled(request, plan)
    if not choices:
        return [], 0
    keep = search.keeper(query)
    if plan.is_walk and total > MAX_EXACT:
        return await _walked(request, plan, choices, keep, total=total, offset=offset, size=size)
    rows = await queries.matching(
        request.context, request.caller, choices, keep=keep, door=DOOR if plan.wants_documents else None,
        sort=plan.sort, ascending=plan.ascending,
    )  # fmt: skip
    rows = search.in_order(rows, query)
    return [order for order, _ in rows[offset : offset + size]], len(rows)


async def _filled(request: Request, plan: Plan) -> tuple[list[Filters], int]:
    """Give the choices that some order fits, and the sum of those, where the query is a walk; else all of them."""
    if not plan.is_walk:
        return list(plan.choices), 0
    counts = [await queries.count(request.context, request.caller, filters) for filters in plan.choices]
    return [filters for filters, number in zip(plan.choices, counts, strict=True) if number], sum(counts)


async def _walked(
    request: Request,
    plan: Plan,
    choices: list[Filters],
    keep: Callable[[Order, Any], bool],
    *,
    total: int,
    offset: int,
    size: int,
) -> tuple[list[Order], int]:
    """Take a page from the middle of a walk. Refuses with Invalid one too deep where several walks are merged."""
    if len(choices) > 1 and offset + size > MAX_MERGED:
        raise Invalid(
            Code.INVALID, "the request has faults",
            faults=(Fault(("page",), f"must not reach beyond {MAX_MERGED} orders of several statuses; narrow the query"),),
        )  # fmt: skip
    some, _ = await queries.one_of(
        request.context,
        request.caller,
        choices,
        limit=size + 1,
        offset=offset,
        sort=plan.sort,
        ascending=plan.ascending,
    )
    # Counts stop somewhere; the order after the page, if there is one, says that this is not the last.
    return [order for order in some[:size] if keep(order, None)], max(total, offset + len(some) if some else 0)


async def _by_ids(request: Request, query: Search) -> list[search.Row]:
    ids = dict.fromkeys(responses.parse_order_id(text) for text in query.fields["orderIds"])
    some = await queries.by_ids(request.context, request.caller, [each for each in ids if each is not None])
    render = await rendering.render_all(request.context, request.caller, some, door=DOOR) if some else []
    keep = search.keeper(query)
    rows = [(order, rendered.document) for order, rendered in zip(some, render, strict=True)]
    return search.in_order([row for row in rows if keep(*row)], query)

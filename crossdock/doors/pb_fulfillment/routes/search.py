"""Search orders: whole ones, or their status alone."""

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, in_one_view, json_reply
from crossdock.doors.pb_fulfillment import responses, search
from crossdock.doors.pb_fulfillment.routes.common import DOOR, check_unused, clients
from crossdock.doors.pb_fulfillment.search import Search
from crossdock.flows import order_search, rendering

MAX_SIZE = 200  # orders in one page, as many as in a bulk call
SIZE = 20  # the vendor's default
# No order lies beyond; it keeps offsets in the integers of a database.
MAX_PAGE = 10_000_000


@in_one_view
async def search_orders(request: Request) -> Reply:
    """Answer a page of orders."""
    query, page, size = await _read_search(request)
    found, total = await _find(request, query, page=page, size=size)
    documents = await rendering.render_json_all(request.context, request.caller, found, door=DOOR)
    return json_reply(200, search.envelope(documents, total=total, page=page, size=size))


@in_one_view
async def search_statuses(request: Request) -> Reply:
    """Answer a page of the statuses of orders."""
    query, page, size = await _read_search(request)
    found, total = await _find(request, query, page=page, size=size)
    rendered = await rendering.render_all(request.context, request.caller, found, door=DOOR)
    statuses = [responses.status_response(each.document) for each in rendered]
    return json_reply(200, search.envelope(statuses, total=total, page=page, size=size))


async def _read_search(request: Request) -> tuple[Search, int, int]:
    """Read the body and the query. Refuses with Invalid all their faults at once."""
    await check_unused(request)
    faults: list[Fault] = []
    numbers: list[int] = []
    for name, default, most in (("page", 1, MAX_PAGE), ("size", SIZE, MAX_SIZE)):
        sent = request.query.get(name, str(default))
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


async def _find(request: Request, sought: Search, *, page: int, size: int) -> tuple[list[Order], int]:
    """Find the orders of a page, and the total.

    Beyond order_search.MAX_EXACT orders, a search that one index answers counts the orders of other clients too, although its
    pages leave them out.
    """
    query, residual = search.order_query(sought, limit=size, offset=(page - 1) * size)
    try:
        found = await order_search.find(request.context, request.caller, query, residual=residual)
    except order_search.TooDeep as refusal:
        reason = f"must not reach beyond {refusal.facts['limit']} orders of several statuses; narrow the query"
        raise Invalid(Code.INVALID, "the request has faults", faults=(Fault(("page",), reason),)) from None
    return found.orders, found.total

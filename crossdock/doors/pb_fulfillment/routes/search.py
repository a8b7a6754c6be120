"""Search orders: whole ones, or their status alone."""

from collections.abc import Callable

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, in_one_view, json_reply
from crossdock.doors.pb_fulfillment import responses, search
from crossdock.doors.pb_fulfillment.routes.common import DOOR, clients
from crossdock.doors.pb_fulfillment.search import Search
from crossdock.flows import order_search, rendering

MAX_SIZE = 200  # orders in one page, as many as in a bulk call
SIZE = 20  # the vendor's default
# No order lies beyond; it keeps offsets in the integers of a database.
MAX_PAGE = 10_000_000


@in_one_view
async def search_orders(request: Request) -> Reply:
    """Answer a page of orders."""
    query, page, size = read_paged(request, search.read)
    found, total = await _find(request, query, page=page, size=size)
    rendered = await rendering.render_json_all(request.context, request.caller, found, door=DOOR)
    documents = [
        responses.name_client_in_json(document, order, query.client)
        for document, order in zip(rendered, found, strict=True)
    ]
    return json_reply(200, search.envelope(documents, total=total, page=page, size=size))


@in_one_view
async def search_statuses(request: Request) -> Reply:
    """Answer a page of the statuses of orders."""
    query, page, size = read_paged(request, search.read)
    found, total = await _find(request, query, page=page, size=size)
    rendered = await rendering.render_all(request.context, request.caller, found, door=DOOR)
    statuses = []
    for each, order in zip(rendered, found, strict=True):
        responses.name_client(each.document, order, query.client)
        statuses.append(responses.status_response(each.document))
    return json_reply(200, search.envelope(statuses, total=total, page=page, size=size))


def read_paged(request: Request, read: Callable[[bytes, frozenset[str]], Search]) -> tuple[Search, int, int]:
    """Read the body and the query of a search: the search, the page and its size. Refuses with Invalid all faults at once."""
    faults: list[Fault] = []
    numbers: list[int] = []
    for name, default, most in (("page", 1, MAX_PAGE), ("size", SIZE, MAX_SIZE)):
        number = _whole_number(request.query.get(name, str(default)))
        if number < 1:
            faults.append(Fault((name,), "must be a whole number, 1 or more"))
        numbers.append(min(number, most))  # the vendor publishes no maximum
    try:
        query = read(request.body, clients(request.caller))
    except Invalid as invalid:
        if not faults or invalid.code is not Code.INVALID:
            raise
        faults = [*faults, *invalid.faults]
    if faults:
        raise Invalid(Code.INVALID, "the request has faults", faults=tuple(faults))
    return query, numbers[0], numbers[1]


def _whole_number(text: str) -> int:
    """Parse a whole number, of which 18 digits are enough; 0 for other text."""
    return int(text.lstrip("0")[:18] or 0) if text.isascii() and text.isdigit() else 0


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

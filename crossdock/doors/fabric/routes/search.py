"""Search orders: `POST /order/query`."""

from typing import Any

from crossdock.core.errors import Fault
from crossdock.doors import Reply, Request, Route, encode_json, in_one_view
from crossdock.doors.fabric import examples, wire_calls
from crossdock.doors.fabric.errors import ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_body, render_json
from crossdock.doors.fabric.search import Search, can_sort_by, order_query
from crossdock.doors.fabric.search_filters import faults_of
from crossdock.flows import access, order_search

Tree = Any
MAX_FAULTS = 100  # of filters, in one answer


def search_faults(filters: Tree, sort_by: str) -> list[Fault]:
    """Find faults of filters, and a member that orders cannot be sorted by."""
    faults = list(faults_of(filters))
    if not can_sort_by(sort_by):
        faults.append(Fault(("sortBy",), "must name a member of the order that has a single value"))
    return faults[:MAX_FAULTS]


def checked_search(sent: wire_calls.QueryRequest) -> Search:
    """Fill in the vendor's defaults. Refuses with Invalid filters with faults, and members that cannot be sorted by."""
    filters, sort_by = sent.filters or {}, sent.sortBy or "updatedAt"
    if faults := search_faults(filters, sort_by):
        raise faulty(*faults)
    ascending = (sent.sortDirection or "desc").lower() == "asc"
    limit, offset = sent.page()
    return Search(filters, limit, offset, sort_by, ascending)


@in_one_view
async def query_orders(request: Request) -> Reply:
    """Search orders: 200 and a page of them; 404 where the page is empty."""
    search = checked_search(read_body(request, wire_calls.QueryRequest))
    query, residual = order_query(search)
    found = await order_search.find(request.context, request.caller, query, residual=residual)
    if not found.orders:
        raise not_found("orders")
    documents = await render_json(request, found.orders)
    page = {"count": found.total, "limit": search.limit, "offset": search.offset, "orders": documents}
    return Reply(200, encode_json(page))


_FOUND: dict[int, Any] = {200: wire_calls.OrderPage, **ERRORS, **LARGE, 404: wire_calls.ErrorResponse}
ROUTES = (
    Route(
        "POST", paths("/order/query"), query_orders, access.READ, "queryOrders", "Search orders",
        request=wire_calls.QueryRequest, answers=_FOUND, parameters=(CONTEXT,),
        description=(
            "Searches orders of all vendors' APIs by any member; no match is a 404. The filters have the structure of the "
            "order, and a date means the whole day in UTC."
        ),
        examples={"request": examples.QUERY, 200: examples.ORDER_PAGE, 404: examples.NO_ORDERS},
    ),
)  # fmt: skip

"""Orders created and read: `POST` and `GET /order/`."""

from typing import Any

from crossdock.doors import Reply, Request, Route, encode_json, in_one_view, replayed_header
from crossdock.doors.fabric import wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, not_found
from crossdock.doors.fabric.format import FORMAT
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.common import CONTEXT, by_id, by_number, parameter, rendered_json
from crossdock.doors.fabric.routes.site_context import has_site_context
from crossdock.flows import access
from crossdock.flows.intake import Submission
from crossdock.flows.order_search import Filters
from crossdock.flows.rendering import render_json_page

ORDERS = ("/api/v2/order/", "/api/v2/order")
SHORT_ORDERS = ("/order/", "/order")
MAX_ORDERS = 100  # of a list that the vendor does not page; at 5 kB each that is half a megabyte


async def create_order(request: Request) -> Reply:
    """Create an order: 200 and all of it."""
    outcome = await request.intake.submit(Submission(request.caller, FORMAT, request.body))
    replayed = outcome.status == "replayed"
    return Reply(
        200, outcome.reply, headers=replayed_header(replayed), order_id=outcome.order_id, outcome=outcome.status
    )


@in_one_view
async def get_orders(request: Request) -> Reply:
    """Answer the order of an `orderId` or `orderNumber`; with neither, the newest orders as an array.

    An empty parameter counts as none. Where both are given, they must mean the same order.
    """
    query = request.query
    order_id, number = query.get("orderId"), query.get("orderNumber")
    if not order_id and not number:
        newest = await render_json_page(request.context, request.caller, Filters(), door=DOOR, limit=MAX_ORDERS)
        return Reply(200, encode_json(newest.documents))
    order = await by_id(request, order_id) if order_id else await by_number(request, number or "")
    if number and order.content.number != number:
        raise not_found("order")
    (document,) = await rendered_json(request, [order])
    return Reply(200, encode_json(document), order_id=order.order_id)


_WANTED = (
    CONTEXT,
    parameter("orderNumber", "query", "The merchant's number of the order.", required=False),
    parameter("orderId", "query", "The order's id, 24 hexadecimal digits.", required=False),
)
_CREATED: dict[int, Any] = {200: wire.Order, **ERRORS, **LARGE}
_FOUND: dict[int, Any] = {
    200: {"anyOf": [wire.Order, {"type": "array", "items": wire.Order}]}, **ERRORS, **ABSENT,
}  # fmt: skip
ROUTES = (
    Route(
        "POST", ORDERS, create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers=_CREATED, parameters=(CONTEXT,), submits="create",
    ),
    Route(
        "GET", ORDERS, get_orders, access.READ, "getOrder", f"Read an order, or the newest {MAX_ORDERS}",
        answers=_FOUND, parameters=_WANTED,
    ),
    Route(
        "POST", SHORT_ORDERS, create_order, access.WRITE, "createOrderShort",
        "Create an order at the path of the vendor's page, told from others by x-site-context",
        request=wire.OrderCreate, answers=_CREATED, parameters=(CONTEXT,), when=has_site_context, submits="create",
    ),
    Route(
        "GET", SHORT_ORDERS, get_orders, access.READ, "getOrderShort",
        f"Read an order, or the newest {MAX_ORDERS}, at the short path",
        answers=_FOUND, parameters=_WANTED, when=has_site_context,
    ),
)  # fmt: skip

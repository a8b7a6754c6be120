"""Create and read orders: `POST` and `GET /order/`."""

from typing import Any

from crossdock.doors import Reply, Request, Route, encode_json, in_one_view, replayed_header
from crossdock.doors.fabric import examples, wire, wire_responses
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, not_found
from crossdock.doors.fabric.format import FORMAT
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.common import CONTEXT, order_by_id, order_by_number, parameter, render_json
from crossdock.doors.fabric.routes.site_context import has_site_context
from crossdock.flows import access
from crossdock.flows.intake import Submission
from crossdock.flows.order_search import Filters
from crossdock.flows.rendering import render_json_page

ORDERS = ("/api/v2/order/", "/api/v2/order")
SHORT_ORDERS = ("/order/", "/order")
MAX_ORDERS = 100  # the vendor does not page this list; at 5 kB each that is half a megabyte


async def create_order(request: Request) -> Reply:
    """Create an order: 200 and the full order."""
    outcome = await request.intake.submit(Submission(request.caller, FORMAT, request.body))
    replayed = outcome.status == "replayed"
    return Reply(
        200, outcome.reply, headers=replayed_header(replayed), order_id=outcome.order_id, outcome=outcome.status
    )


@in_one_view
async def get_orders(request: Request) -> Reply:
    """Read the order of an `orderId` or `orderNumber`; with neither, list the newest orders as an array.

    An empty parameter counts as omitted. Where both are given, they must name the same order.
    """
    query = request.query
    order_id, number = query.get("orderId"), query.get("orderNumber")
    if not order_id and not number:
        newest = await render_json_page(request.context, request.caller, Filters(), door=DOOR, limit=MAX_ORDERS)
        return Reply(200, encode_json(newest.documents))
    order = await order_by_id(request, order_id) if order_id else await order_by_number(request, number or "")
    if number and order.content.number != number:
        raise not_found("order")
    (document,) = await render_json(request, [order])
    return Reply(200, encode_json(document), order_id=order.order_id)


_READ_PARAMETERS = (
    CONTEXT,
    parameter("orderNumber", "query", "The merchant's number of the order.", required=False),
    parameter("orderId", "query", "The order's id, 24 hexadecimal digits.", required=False),
)
_CREATE_ANSWERS: dict[int, Any] = {200: wire_responses.Order, **ERRORS, **LARGE}
_READ_ANSWERS: dict[int, Any] = {
    200: {"anyOf": [wire_responses.Order, {"type": "array", "items": wire_responses.Order}]}, **ERRORS, **ABSENT,
}  # fmt: skip
_CREATE_DESCRIPTION = (
    "Stores an order and answers it whole. A `statusCode` that begins with ORDER_HOLD puts the order on hold. The same content "
    "under its `orderNumber` again gets the first answer again, with `Idempotent-Replayed: true`; other content is a 400."
)
_READ_DESCRIPTION = (
    "Reads the order of `orderNumber` or `orderId`, also one of another vendor's API; with both, they must name the same "
    f"order. With neither, the newest {MAX_ORDERS} orders come as an array."
)
_SHORT = "Without `x-site-context`, this path belongs to another vendor's API, and the answer is in its format."
_CREATE_EXAMPLES: dict[int | str, Any] = {
    "request": examples.ORDER_REQUEST, 200: examples.ORDER, 400: examples.FAULTS, 401: examples.NO_TOKEN,
}  # fmt: skip
_READ_EXAMPLES: dict[int | str, Any] = {200: examples.ORDER, 404: examples.NO_ORDER}
_SHORT_CREATE_ANSWERS: dict[int, Any] = {**_CREATE_ANSWERS, **ABSENT}
ROUTES = (
    Route(
        "POST", ORDERS, create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers=_CREATE_ANSWERS, parameters=(CONTEXT,), submits="create",
        description=_CREATE_DESCRIPTION, examples=_CREATE_EXAMPLES,
    ),
    Route(
        "GET", ORDERS, get_orders, access.READ, "getOrder", f"Read an order, or the newest {MAX_ORDERS}",
        answers=_READ_ANSWERS, parameters=_READ_PARAMETERS, description=_READ_DESCRIPTION, examples=_READ_EXAMPLES,
    ),
    Route(
        "POST", SHORT_ORDERS, create_order, access.WRITE, "createOrderShort",
        "Create an order at the short path; x-site-context distinguishes it from other vendors' calls",
        request=wire.OrderCreate, answers=_SHORT_CREATE_ANSWERS, parameters=(CONTEXT,), when=has_site_context, submits="create",
        description=f"{_CREATE_DESCRIPTION} {_SHORT}", examples=_CREATE_EXAMPLES,
    ),
    Route(
        "GET", SHORT_ORDERS, get_orders, access.READ, "getOrderShort",
        f"Read an order, or the newest {MAX_ORDERS}, at the short path",
        answers=_READ_ANSWERS, parameters=_READ_PARAMETERS, when=has_site_context,
        description=f"{_READ_DESCRIPTION} {_SHORT}", examples=_READ_EXAMPLES,
    ),
)  # fmt: skip

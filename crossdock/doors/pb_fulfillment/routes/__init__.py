"""Pitney Bowes Fulfillment's routes and their documentation.

Every call but the token call has a transaction id, X-PB-TransactionId. Once it has changed something, a repeat under the same
id returns the first response, and another request under that id that would change something is refused.
"""

from typing import Any

from crossdock.doors import Route, not_yet
from crossdock.doors.pb_fulfillment import examples, wire, wire_answers
from crossdock.doors.pb_fulfillment.errors import TRANSACTION, UNIFIED
from crossdock.doors.pb_fulfillment.routes import bulk, orders, search, tokens
from crossdock.flows import access

_PREFIX = "/shippingservices/fulfillment"


def _paths(path: str) -> tuple[str, ...]:
    """Return the paths of a call: the vendor's, and the one without the prefix that the create-order page shows."""
    return f"{_PREFIX}{path}", path


def _parameter(name: str, location: str, description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": location,
        "required": required,
        "description": description,
        "schema": {"type": "string"} | schema,
    }


_HEADERS = (
    _parameter(
        TRANSACTION, "header", "Identifies the call; a repeat of a call that changed something returns the first response",
        required=True, pattern="^[A-Za-z0-9_-]{1,25}$",
    ),
    _parameter(
        UNIFIED, "header", "`true` for errors as an object; with any other value they are an array", default="false"
    ),
)  # fmt: skip
_ORDER_PARAMETERS = (
    *_HEADERS,
    _parameter("clientId", "query", "The client that the order belongs to", required=True, minLength=1),
    _parameter("brand", "query", "The brand of the order; an order of another brand is not found"),
)
_PAGE_PARAMETERS = (
    *_HEADERS,
    _parameter("page", "query", "The page, counted from 1", type="integer", minimum=1, default=1),
    _parameter(
        "size", "query", f"Orders on a page; a page has at most {search.MAX_SIZE}, whatever is asked for",
        type="integer", minimum=1, default=search.SIZE,
    ),
)  # fmt: skip
_ERRORS = {"anyOf": [{"type": "array", "items": wire_answers.Error}, wire_answers.UnifiedErrors]}
_ENTRY = {"anyOf": [wire_answers.Order, wire_answers.Refused, wire_answers.UnifiedRefused]}
_BULK = {"type": "object", "required": ["orders"], "properties": {"orders": {"type": "array", "items": _ENTRY}}}
_EXAMPLES: dict[int | str, Any] = {
    401: examples.NO_TOKEN, 403: examples.NO_SCOPE, 404: examples.NO_ORDER, 413: examples.TOO_LARGE,
    500: examples.BUG, 503: examples.BUSY,
}  # fmt: skip


def _documented(
    status: int, answer: Any, example: Any, *others: int, faults: Any, request: Any = None
) -> dict[str, Any]:
    """List the answers and the examples of a call: its success, the errors of every call, and `others` of this one."""
    answers = {
        status: answer, 401: wire_answers.GatewayErrors,
        **dict.fromkeys((400, 403, *others, 413, 500, 503), _ERRORS),
    }  # fmt: skip
    named = {} if request is None else {"request": request}
    errors = {of: example for of, example in _EXAMPLES.items() if of in answers}
    return {"answers": answers, "examples": {**named, status: example, 400: faults, **errors}}


ROUTES = (
    Route(
        "POST", _paths("/v1/orders"), orders.create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, parameters=_HEADERS, submits="create",
        description=(
            "Answers the whole order. `clientId` and `clientOrderId` together are unique: the same content again returns the "
            "first answer, other content is refused. The body is read as JSON whatever its Content-Type is."
        ),
        **_documented(201, wire_answers.Order, examples.ORDER, faults=examples.FAULTS, request=examples.CREATE),
    ),
    Route(
        "POST", _paths("/v1/orders/bulk"), bulk.create_orders, access.WRITE, "createOrders",
        "Create or update up to 200 orders", request=wire.BulkCreate,
        parameters=_HEADERS, submits="bulk_call",
        description=(
            "Each order is processed by itself: one whose `clientId` and `clientOrderId` are new is created, another one is "
            "replaced. The answer has an entry for each, in the order of the request; that of a refused order has its errors."
        ),
        **_documented(200, _BULK, examples.CREATED_BULK, faults=examples.NO_ORDERS, request=examples.CREATE_BULK),
    ),
    Route(
        "GET", _paths("/v1/orders/{orderId}"), orders.get_order, access.READ, "getOrder", "Read an order",
        parameters=_ORDER_PARAMETERS,
        description="Orders of other APIs can be read under any client id of your organization.",
        **_documented(200, wire_answers.Order, examples.ORDER, 404, faults=examples.NO_CLIENT),
    ),
    Route(
        "PUT", _paths("/v1/orders/{orderId}"), orders.update_order, access.WRITE, "updateOrder", "Replace an order",
        request=wire.OrderCreate, parameters=_HEADERS,
        description=(
            "The body is the whole order: members that it leaves out are removed. An answer that is sent back changes nothing. "
            "What was allocated, shipped or canceled limits the changes."
        ),
        **_documented(200, wire_answers.Order, examples.UPDATED, 404, faults=examples.FAULTS, request=examples.UPDATE),
    ),
    Route(
        "PUT", _paths("/v1/orders/{orderId}/orderItems"), orders.update_items, access.WRITE, "updateOrderItems",
        "Change the items or quantities of an order", request=wire.OrderItems,
        parameters=_HEADERS,
        description=(
            "Members that are missing or null stay as they are. `orderLines` is the complete list of lines; a line with a "
            "known `lineId` and the same sku keeps the members that it does not name. Refused once something was shipped."
        ),
        **_documented(
            200, wire_answers.Order, examples.ITEMS_CHANGED, 404, faults=examples.FAULTS, request=examples.CHANGE_ITEMS
        ),
    ),
    Route(
        "GET", _paths("/v1/orders/{orderId}/status"), orders.get_status, access.READ, "getOrderStatus",
        "Read the status of an order", parameters=_ORDER_PARAMETERS,
        description="A hold is not a status: it shows as `isOnHold` with its reasons.",
        **_documented(200, wire_answers.StatusResponse, examples.STATUS, 404, faults=examples.NO_CLIENT),
    ),
    Route(
        "PUT", _paths("/v1/orders/{orderId}/cancel"), orders.cancel_order, access.WRITE, "cancelOrder", "Cancel an order",
        parameters=_ORDER_PARAMETERS,
        description=(
            "Cancels the whole order and ends its holds. The call has no body. An order of which something was shipped, or "
            "that is canceled already, is refused."
        ),
        **_documented(200, wire_answers.Order, examples.CANCELED, 404, faults=examples.NO_CLIENT),
    ),
    Route(
        "PUT", _paths("/v1/orders/bulk/cancel"), bulk.cancel_orders, access.WRITE, "cancelOrders",
        "Cancel up to 200 orders", request=wire.BulkCancel, parameters=_HEADERS,
        description=(
            "Each order is canceled by itself, and named by its id, by its `clientOrderId`, or by both. The answer has an "
            "entry for each, in the order of the request; that of a refused one has its errors."
        ),
        **_documented(200, _BULK, examples.CANCELED_BULK, faults=examples.NOTHING_TO_CANCEL, request=examples.CANCEL_BULK),
    ),
    Route(
        "POST", _paths("/v1/orders/search"), search.search_orders, access.READ, "searchOrders", "Search orders",
        request=wire.OrderSearch, parameters=_PAGE_PARAMETERS,
        description="Answers whole orders, the oldest first where `sort` says nothing else.",
        **_documented(200, wire_answers.OrderPage, examples.ORDER_PAGE, faults=examples.NO_CLIENT, request=examples.SEARCH),
    ),
    Route(
        "POST", _paths("/v1/orders/status/search"), search.search_statuses, access.READ, "searchOrderStatuses",
        "Search the statuses of orders", request=wire.OrderSearch,
        parameters=_PAGE_PARAMETERS,
        description="As the search of orders, with the status of each order only.",
        **_documented(200, wire_answers.StatusPage, examples.STATUS_PAGE, faults=examples.NO_CLIENT, request=examples.SEARCH),
    ),
    Route(
        "POST", ("/oauth/token",), tokens.create_token, None, "getToken", "Get a token for an API key and secret",
        request=wire.TokenForm, request_media="application/x-www-form-urlencoded",
        answers={
            200: wire_answers.Token, 401: wire_answers.GatewayErrors, **dict.fromkeys((400, 413, 500, 503), _ERRORS),
        },
        description="The key and secret are sent as Basic authorization. A client may have several tokens at once.",
        examples={
            "request": examples.GET_TOKEN, 200: examples.TOKEN, 401: examples.BAD_CREDENTIALS,
            400: examples.BAD_QUERY, 413: examples.TOO_LARGE, 500: examples.BUG, 503: examples.BUSY,
        },
    ),
)  # fmt: skip

NOT_YET = (
    not_yet("POST", *_paths("/v1/shipments/search")),
    not_yet("POST", *_paths("/v1/inventory/snapshot")),
    not_yet("POST", *_paths("/v1/products")),
    not_yet("GET", *_paths("/v1/products/{sku}")),
    not_yet("PUT", *_paths("/v1/products/{sku}")),
    not_yet("POST", *_paths("/v1/products/bulk")),
    not_yet("POST", *_paths("/v1/products/search")),
    not_yet("POST", *_paths("/v1/receiving-asn")),
    not_yet("GET", *_paths("/v1/receiving-asn/{receivingASNId}")),
    not_yet("PUT", *_paths("/v1/receiving-asn/{receivingASNId}")),
    not_yet("PUT", *_paths("/v1/receiving-asn/{receivingASNId}/cancel")),
    not_yet("POST", *_paths("/v1/receiving-asn/search")),
    not_yet("POST", *_paths("/v1/receiving-asn/status/search")),
    not_yet("POST", *_paths("/v1/work-orders")),
    not_yet("GET", *_paths("/v1/work-orders/{workOrderId}")),
    not_yet("PUT", *_paths("/v1/work-orders/{ID}")),
    not_yet("PUT", *_paths("/v1/work-orders/{ID}/cancel")),
    not_yet("POST", *_paths("/v1/work-orders/search")),
    not_yet("POST", *_paths("/v1/work-orders/status/search")),
    not_yet("POST", *_paths("/v1/returns")),
    not_yet("POST", *_paths("/v1/returns/bulk")),
    not_yet("GET", *_paths("/v1/returns/{ID}")),
    not_yet("POST", *_paths("/v1/returns/search")),
)

"""Pitney Bowes Fulfillment's routes and their documentation.

Every call but the token call has a transaction id, X-PB-TransactionId. Once it has changed something, a repeat under the same
id returns the first response, and another request under that id is refused.
"""

from typing import Any

from crossdock.doors import Route
from crossdock.doors.pb_fulfillment import answers, wire
from crossdock.doors.pb_fulfillment.errors import TRANSACTION, UNIFIED
from crossdock.doors.pb_fulfillment.routes import bulk, orders, search, tokens
from crossdock.flows import access

ORDERS = ("/shippingservices/fulfillment/v1/orders", "/v1/orders")


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
        TRANSACTION, "header", "Identifies the call; a repeat of the call returns the first response", required=True,
        pattern="^[A-Za-z0-9_-]{1,25}$",
    ),
    _parameter(UNIFIED, "header", "Return errors as an object, not as an array", enum=["true", "false"]),
)  # fmt: skip
_ORDER_PARAMETERS = (
    *_HEADERS,
    _parameter("clientId", "query", "The client that the order belongs to", required=True, minLength=1),
    _parameter("brand", "query", "The brand of the order"),
)
_PAGE_PARAMETERS = (
    *_HEADERS,
    _parameter(
        "page", "query", "The page, counted from 1", type="integer", minimum=1, maximum=search.MAX_PAGE, default=1
    ),
    _parameter(
        "size", "query", "Orders on a page", type="integer", minimum=1, maximum=search.MAX_SIZE, default=search.SIZE
    ),
)
_ERRORS = {"anyOf": [{"type": "array", "items": answers.Error}, answers.UnifiedErrors]}
_BULK = {
    "type": "object",
    "required": ["orders"],
    "properties": {
        "orders": {"type": "array", "items": {"anyOf": [answers.Order, answers.Refused, answers.UnifiedRefused]}}
    },
}
_ERROR_RESPONSES: dict[int, Any] = {401: answers.GatewayErrors, **dict.fromkeys((400, 403, 500, 503), _ERRORS)}
_BODY_ERROR_RESPONSES = {413: _ERRORS, **_ERROR_RESPONSES}


def _paths(end: str) -> tuple[str, ...]:
    return tuple(f"{path}{end}" for path in ORDERS)


ROUTES = (
    Route(
        "POST", ORDERS, orders.create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers={201: answers.Order, **_BODY_ERROR_RESPONSES}, parameters=_HEADERS,
        submits="create",
    ),
    Route(
        "POST", _paths("/bulk"), bulk.create_orders, access.WRITE, "createOrders", "Create or update up to 200 orders",
        request=wire.BulkCreate, answers={200: _BULK, **_BODY_ERROR_RESPONSES}, parameters=_HEADERS,
        submits="bulk_call",
    ),
    Route(
        "GET", _paths("/{orderId}"), orders.get_order, access.READ, "getOrder", "Read an order",
        answers={200: answers.Order, 404: _ERRORS, **_ERROR_RESPONSES}, parameters=_ORDER_PARAMETERS,
    ),
    Route(
        "PUT", _paths("/{orderId}"), orders.update_order, access.WRITE, "updateOrder", "Replace an order",
        request=wire.OrderCreate, answers={200: answers.Order, 404: _ERRORS, **_BODY_ERROR_RESPONSES}, parameters=_HEADERS,
    ),
    Route(
        "PUT", _paths("/{orderId}/orderItems"), orders.update_items, access.WRITE, "updateOrderItems",
        "Change the items or quantities of an order", request=wire.OrderItems,
        answers={200: answers.Order, 404: _ERRORS, **_BODY_ERROR_RESPONSES}, parameters=_HEADERS,
    ),
    Route(
        "GET", _paths("/{orderId}/status"), orders.get_status, access.READ, "getOrderStatus",
        "Read the status of an order", answers={200: answers.OrderStatus, 404: _ERRORS, **_ERROR_RESPONSES},
        parameters=_ORDER_PARAMETERS,
    ),
    Route(
        "PUT", _paths("/{orderId}/cancel"), orders.cancel_order, access.WRITE, "cancelOrder", "Cancel an order",
        answers={200: answers.Order, 404: _ERRORS, **_ERROR_RESPONSES}, parameters=_ORDER_PARAMETERS,
    ),
    Route(
        "PUT", _paths("/bulk/cancel"), bulk.cancel_orders, access.WRITE, "cancelOrders", "Cancel up to 200 orders",
        request=wire.BulkCancel, answers={200: _BULK, **_BODY_ERROR_RESPONSES}, parameters=_HEADERS,
    ),
    Route(
        "POST", _paths("/search"), search.search_orders, access.READ, "searchOrders", "Search orders",
        request=wire.OrderSearch, answers={200: answers.OrderPage, **_BODY_ERROR_RESPONSES}, parameters=_PAGE_PARAMETERS,
    ),
    Route(
        "POST", _paths("/status/search"), search.search_statuses, access.READ, "searchOrderStatuses",
        "Search the statuses of orders", request=wire.OrderSearch, answers={200: answers.StatusPage, **_BODY_ERROR_RESPONSES},
        parameters=_PAGE_PARAMETERS,
    ),
    Route(
        "POST", ("/oauth/token",), tokens.create_token, None, "getToken", "Get a token for an API key and secret",
        request=wire.TokenForm, request_media="application/x-www-form-urlencoded",
        answers={200: answers.Token, 401: answers.GatewayErrors, 500: _ERRORS},
    ),
)  # fmt: skip

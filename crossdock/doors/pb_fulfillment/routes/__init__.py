"""Pitney Bowes Fulfillment: its paths, and the documentation of each.

Every call but the token one carries a transaction id, X-PB-TransactionId: a call that changed something gets its
answer again under the same id, and the id serves for nothing else from then on.
"""

from typing import Any

from crossdock.doors import Route
from crossdock.doors.pb_fulfillment import wire
from crossdock.doors.pb_fulfillment.errors import TRANSACTION, UNIFIED
from crossdock.doors.pb_fulfillment.routes import bulk, orders, search
from crossdock.doors.pb_fulfillment.routes.token import token
from crossdock.flows import access

ORDERS = ("/shippingservices/fulfillment/v1/orders", "/v1/orders")


def _parameter(name: str, place: str, description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": description,
        "schema": {"type": "string"} | schema,
    }


_HEADERS = (
    _parameter(
        TRANSACTION, "header", "Names this call; a repeat gets the first answer", required=True,
        pattern="^[A-Za-z0-9_-]{1,25}$",
    ),
    _parameter(UNIFIED, "header", "Answer errors as an object", enum=["true", "false"]),
)  # fmt: skip
_OF_ORDER = (
    *_HEADERS,
    _parameter("clientId", "query", "The client the order is of", required=True, minLength=1),
    _parameter("brand", "query", "The brand the order is of"),
)
_OF_PAGE = (
    *_HEADERS,
    _parameter("page", "query", "Which page, from 1", type="integer", minimum=1, maximum=search.MAX_PAGE, default=1),
    _parameter(
        "size", "query", "Orders on a page", type="integer", minimum=1, maximum=search.MAX_SIZE, default=search.SIZE
    ),
)
_ERRORS = {"anyOf": [{"type": "array", "items": wire.Error}, wire.UnifiedErrors]}
_BULK = {
    "type": "object",
    "required": ["orders"],
    "properties": {"orders": {"type": "array", "items": {"anyOf": [wire.Order, wire.Refused]}}},
}
_ALL_ERRORS: dict[int, Any] = {401: wire.GatewayErrors, **dict.fromkeys((400, 403, 500, 503), _ERRORS)}
_WITH_BODY = {413: _ERRORS, **_ALL_ERRORS}


def _paths(end: str) -> tuple[str, ...]:
    return tuple(f"{path}{end}" for path in ORDERS)


ROUTES = (
    Route(
        "POST", ORDERS, orders.create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers={201: wire.Order, **_WITH_BODY}, parameters=_HEADERS,
        submits="create",
    ),
    Route(
        "POST", _paths("/bulk"), bulk.create_orders, access.WRITE, "createOrders", "Create or replace up to 200 orders",
        request=wire.BulkCreate, answers={200: _BULK, **_WITH_BODY}, parameters=_HEADERS,
        submits="bulk_call",
    ),
    Route(
        "GET", _paths("/{orderId}"), orders.get_order, access.READ, "getOrder", "Read an order",
        answers={200: wire.Order, 404: _ERRORS, **_ALL_ERRORS}, parameters=_OF_ORDER,
    ),
    Route(
        "PUT", _paths("/{orderId}"), orders.update_order, access.WRITE, "updateOrder", "Replace an order",
        request=wire.OrderCreate, answers={200: wire.Order, 404: _ERRORS, **_WITH_BODY}, parameters=_HEADERS,
    ),
    Route(
        "PUT", _paths("/{orderId}/orderItems"), orders.update_items, access.WRITE, "updateOrderItems",
        "Change the items or quantities of an order", request=wire.OrderItems,
        answers={200: wire.Order, 404: _ERRORS, **_WITH_BODY}, parameters=_HEADERS,
    ),
    Route(
        "GET", _paths("/{orderId}/status"), orders.get_status, access.READ, "getOrderStatus",
        "Read how far an order has come", answers={200: wire.OrderStatus, 404: _ERRORS, **_ALL_ERRORS},
        parameters=_OF_ORDER,
    ),
    Route(
        "PUT", _paths("/{orderId}/cancel"), orders.cancel_order, access.WRITE, "cancelOrder", "Cancel an order",
        answers={200: wire.Order, 404: _ERRORS, **_ALL_ERRORS}, parameters=_OF_ORDER,
    ),
    Route(
        "PUT", _paths("/bulk/cancel"), bulk.cancel_orders, access.WRITE, "cancelOrders", "Cancel up to 200 orders",
        request=wire.BulkCancel, answers={200: _BULK, **_WITH_BODY}, parameters=_HEADERS,
    ),
    Route(
        "POST", _paths("/search"), search.search_orders, access.READ, "searchOrders", "Find orders",
        request=wire.OrderSearch, answers={200: wire.OrderPage, **_WITH_BODY}, parameters=_OF_PAGE,
    ),
    Route(
        "POST", _paths("/status/search"), search.search_statuses, access.READ, "searchOrderStatuses",
        "Find how far orders have come", request=wire.OrderSearch, answers={200: wire.StatusPage, **_WITH_BODY},
        parameters=_OF_PAGE,
    ),
    Route(
        "POST", ("/oauth/token",), token, None, "getToken", "Get a token for an API key and secret",
        request=wire.TokenForm, request_media="application/x-www-form-urlencoded",
        answers={200: wire.TokenAnswer, 401: wire.GatewayErrors, 500: _ERRORS},
    ),
)  # fmt: skip

"""Routes of Pitney Bowes OMS: `ROUTES` has every call with its paths, scope and wire types."""

from typing import Any

from crossdock.doors import Route
from crossdock.doors.pb_oms import wire, wire_calls, wire_catalog, wire_search
from crossdock.doors.pb_oms.routes import bulk, catalog, orders, search, tokens
from crossdock.flows.access import READ, WRITE

ORDERS = ("/ordermanagement/api/v1/orders", "/api/v1/orders")


def _paths(rest: str) -> tuple[str, ...]:
    return tuple(path + rest for path in ORDERS)


def _responses(*errors: int, ok: Any, status: int = 200) -> dict[int, Any]:
    """Describe the responses: success, the errors of every call, and the additional `errors`."""
    return {status: ok, **dict.fromkeys((401, 403, 500, 503, *errors), wire_calls.ErrorResponse)}


_ITEM_ID = {
    "name": "itemId", "in": "query", "required": True, "schema": {"type": "string"},
    "description": "the item's id in the order (the SKU)",
}  # fmt: skip
ROUTES = (
    Route(
        "POST", ORDERS, orders.create_order, WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers=_responses(400, 413, ok=wire.OrderCreated), submits="create",
    ),
    Route(
        "GET", _paths("/{orderId}"), orders.get_order, READ, "getOrderById", "Read an order",
        answers=_responses(404, ok=wire.OrderRead),
    ),
    Route(
        "PATCH", _paths("/{orderId}"), orders.update_order, WRITE, "partialUpdateOrderById",
        "Update fields of an order; items are matched by their ids", request=wire.OrderPatch,
        answers=_responses(400, 404, 409, 413, ok=wire_calls.OrderUpdated),
    ),
    Route(
        "PATCH", _paths("/bulk/status"), bulk.change_statuses, WRITE, "updateOrderById",
        "Set the status of several orders, all or none", request=wire_calls.BulkStatus,
        answers=_responses(400, 404, 409, 413, ok=wire_calls.BulkResult),
    ),
    Route(
        "DELETE", _paths("/{orderId}"), orders.delete_order, WRITE, "deleteOrder",
        "Cancel an order and hide it", answers=_responses(404, 409, ok=wire_calls.OrderActionResult),
    ),
    Route(
        "DELETE", _paths("/{orderId}/items"), orders.delete_item, WRITE, "deleteOrderItem",
        "Remove an item from an order", parameters=(_ITEM_ID,),
        answers=_responses(400, 404, 409, ok=wire_calls.OrderActionResult),
    ),
    Route(
        "POST", _paths("/search"), search.search_orders, READ, "searchOrders", "Search orders",
        request=wire_search.Search, answers=_responses(400, 413, ok=wire_search.SearchResults),
    ),
    Route(
        "PUT", _paths("/{orderId}/tags"), orders.put_tags, WRITE, "updateTags", "Replace the tags of an order",
        request=wire_calls.TagsPut, answers=_responses(400, 404, 409, 413, ok=wire_calls.OrderActionResult),
    ),
    Route(
        "PUT", _paths("/bulkTags"), bulk.put_bulk_tags, WRITE, "bulkUpdateTags",
        "Replace the tags of several orders, all or none", request=wire_calls.BulkTagsPut,
        answers=_responses(400, 404, 409, 413, ok=wire_calls.BulkResult),
    ),
    Route(
        "POST", ("/auth/api/v1/token",), tokens.get_token, None, "getAccessToken",
        "Get a token for a client id and secret",
        answers={200: wire_calls.TokenResponse, 401: wire_calls.ErrorResponse, 500: wire_calls.ErrorResponse},
    ),
    Route(
        "POST", ("/shipping/api/v1/customsproduct",), catalog.add_customs_product, WRITE, "addCustomsProduct",
        "Add a customs product", request=wire_catalog.CustomsProductCreate,
        answers=_responses(400, 413, ok=wire_catalog.CustomsProductCreated, status=201),
    ),
    Route(
        "POST", ("/shipping/api/v1/custom-carrier-codes",), catalog.add_carrier_code, WRITE, "createCustomCode",
        "Add a carrier code", request=wire_catalog.CarrierCodeCreate,
        answers=_responses(400, 413, ok=wire_catalog.CarrierCodeCreated, status=201),
    ),
)  # fmt: skip

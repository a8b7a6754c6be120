"""Pitney Bowes OMS: paths, and one flow call per endpoint; `errors` has the door's errors in one table."""

from typing import Any

from crossdock.doors import Route
from crossdock.doors.pb_oms import wire
from crossdock.doors.pb_oms.routes import bulk, orders, shipping
from crossdock.flows.access import READ, WRITE

ORDERS = ("/ordermanagement/api/v1/orders", "/api/v1/orders")


def _under(rest: str) -> tuple[str, ...]:
    return tuple(path + rest for path in ORDERS)


def _answers(*refused: int, ok: Any, status: int = 200) -> dict[int, Any]:
    """Describe the answers: one good one, the refusals of every call, and those named."""
    return {status: ok, **dict.fromkeys((401, 403, 500, 503, *refused), wire.ErrorAnswer)}


_ITEM_ID = {
    "name": "itemId", "in": "query", "required": True, "schema": {"type": "string"},
    "description": "the item's id in the order (the SKU)",
}  # fmt: skip
ROUTES = (
    Route(
        "POST", ORDERS, orders.create_order, WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers=_answers(400, 413, ok=wire.OrderCreated), submits="create",
    ),
    Route(
        "GET", _under("/{orderId}"), orders.get_order, READ, "getOrderById", "Read an order",
        answers=_answers(404, ok=wire.OrderRead),
    ),
    Route(
        "PATCH", _under("/{orderId}"), orders.change_order, WRITE, "partialUpdateOrderById",
        "Change members of an order; items by their ids", request=wire.OrderPatch,
        answers=_answers(400, 404, 409, 413, ok=wire.OrderUpdated),
    ),
    Route(
        "PATCH", _under("/bulk/status"), bulk.move_orders, WRITE, "updateOrderById",
        "Move many orders to one status, all or none", request=wire.BulkStatus,
        answers=_answers(400, 404, 409, 413, ok=wire.BulkDone),
    ),
    Route(
        "DELETE", _under("/{orderId}"), orders.delete_order, WRITE, "deleteOrder",
        "Cancel an order and put it out of sight", answers=_answers(404, 409, ok=wire.OrderMarked),
    ),
    Route(
        "DELETE", _under("/{orderId}/items"), orders.delete_item, WRITE, "deleteOrderItem",
        "Take an item out of an order", parameters=(_ITEM_ID,), answers=_answers(400, 404, 409, ok=wire.OrderMarked),
    ),
    Route(
        "POST", _under("/search"), orders.search_orders, READ, "searchOrders", "Find orders",
        request=wire.Search, answers=_answers(400, 413, ok=wire.ReferenceData),
    ),
    Route(
        "PUT", _under("/{orderId}/tags"), orders.put_tags, WRITE, "updateTags", "Replace the tags of an order",
        request=wire.TagsPut, answers=_answers(400, 404, 409, 413, ok=wire.OrderMarked),
    ),
    Route(
        "PUT", _under("/bulkTags"), bulk.put_bulk_tags, WRITE, "bulkUpdateTags",
        "Replace the tags of many orders, all or none", request=wire.BulkTagsPut,
        answers=_answers(400, 404, 409, 413, ok=wire.BulkDone),
    ),
    Route(
        "POST", ("/auth/api/v1/token",), shipping.token, None, "getAccessToken",
        "Get a token for a client id and secret",
        answers={200: wire.TokenAnswer, 401: wire.ErrorAnswer, 500: wire.ErrorAnswer},
    ),
    Route(
        "POST", ("/shipping/api/v1/customsproduct",), shipping.add_customs_product, WRITE, "addCustomsProduct",
        "Keep a customs product", request=wire.CustomsProductCreate,
        answers=_answers(400, 413, ok=wire.CustomsProductCreated, status=201),
    ),
    Route(
        "POST", ("/shipping/api/v1/custom-carrier-codes",), shipping.add_carrier_code, WRITE, "createCustomCode",
        "Keep a carrier code", request=wire.CarrierCodeCreate,
        answers=_answers(400, 413, ok=wire.CarrierCodeCreated, status=201),
    ),
)  # fmt: skip

"""Routes of Pitney Bowes OMS: `ROUTES` has every call with its paths, scope and wire types."""

from typing import Any

from crossdock.doors import Route
from crossdock.doors.pb_oms import examples, wire, wire_calls, wire_catalog, wire_read, wire_search
from crossdock.doors.pb_oms.routes import bulk, catalog, orders, search, tokens
from crossdock.flows.access import READ, WRITE

# The vendor's server for Canada has all calls below /ca/shipping; the page of the create call shows only the path.
_ORDERS = ("/ordermanagement/api/v1/orders", "/api/v1/orders", "/ca/shipping/api/v1/orders")
_SHIPPING = ("/shipping/api/v1", "/ca/shipping/api/v1")


def _orders(rest: str = "") -> tuple[str, ...]:
    return tuple(base + rest for base in _ORDERS)


def _shipping(rest: str) -> tuple[str, ...]:
    return tuple(base + rest for base in _SHIPPING)


def _responses(*errors: int, ok: Any) -> dict[int, Any]:
    """Describe the responses: success, the errors of every call, and the additional `errors`."""
    return {200: ok, **dict.fromkeys((401, 403, 500, 503, *errors), wire_calls.ErrorResponse)}


def _shipping_responses(*, ok: Any) -> dict[int, Any]:
    """Describe the responses of a call below /shipping that creates something."""
    return {201: ok, **dict.fromkeys((400, 401, 403, 413, 500, 503), wire_calls.ShippingErrorResponse)}


_ITEM_ID = {
    "name": "itemId", "in": "query", "required": True, "schema": {"type": "string", "minLength": 1},
    "description": "The item's id in the order (the SKU).",
}  # fmt: skip
ROUTES = (
    Route(
        "POST", _orders(), orders.create_order, WRITE, "createOrder", "Create an order",
        description="The same content under the same orderNumber returns the first answer again, with the header "
        "Idempotent-Replayed; different content is a 400. The order is not repeated in the response.",
        request=wire.OrderCreate, answers=_responses(400, 413, ok=wire_read.OrderCreated), submits="create",
        examples=examples.CREATE,
    ),
    Route(
        "GET", _orders("/{orderId}"), orders.get_order, READ, "getOrderById", "Read an order",
        description="Returns the whole order in two objects; orders of the other APIs too, in this format.",
        answers=_responses(404, ok=wire_read.OrderRead), examples=examples.READ,
    ),
    Route(
        "PATCH", _orders("/{orderId}"), orders.update_order, WRITE, "partialUpdateOrderById",
        "Update fields of an order",
        description="Objects are merged at every depth, null removes a field, arrays are replaced; items are matched by "
        "itemId, else by customProductId, and an unknown one is added. Possible while nothing of the order is allocated or "
        "shipped.",
        request=wire.OrderPatch, answers=_responses(400, 404, 413, ok=wire_calls.OrderUpdated),
        examples=examples.UPDATE,
    ),
    Route(
        "PATCH", _orders("/bulk/status"), bulk.change_statuses, WRITE, "updateOrderById",
        "Set the status of several orders",
        description="Changes all orders or none. UNFULFILLED and ONHOLD change into each other and into CANCELED; "
        "UNFULFILLED changes into FULFILLED, and all open units then count as shipped. FULFILLED and CANCELED are final.",
        request=wire_calls.BulkStatus, answers=_responses(400, 404, 413, ok=wire_calls.BulkResult),
        examples=examples.BULK_STATUS,
    ),
    Route(
        "DELETE", _orders("/{orderId}"), orders.delete_order, WRITE, "deleteOrder", "Delete an order",
        description="Cancels the order, archives it and hides it from this API. Its orderNumber is free afterwards.",
        answers=_responses(400, 404, ok=wire_calls.OrderActionResult), examples=examples.DELETE,
    ),
    Route(
        "DELETE", _orders("/{orderId}/items"), orders.delete_item, WRITE, "deleteOrderItem",
        "Remove an item from an order",
        description="Removes every item with the id, while nothing of the order is allocated or shipped. The last item "
        "cannot be removed.",
        parameters=(_ITEM_ID,), answers=_responses(400, 404, ok=wire_calls.OrderActionResult),
        examples=examples.DELETE_ITEM,
    ),
    Route(
        "POST", _orders("/search"), search.search_orders, READ, "searchOrders", "Search orders",
        description="Returns the orders that match all filters, newest first; an order matches a filter by any of its "
        "values.",
        request=wire_search.Search, answers=_responses(400, 413, ok=wire_search.SearchResults),
        examples=examples.SEARCH,
    ),
    Route(
        "PUT", _orders("/{orderId}/tags"), orders.put_tags, WRITE, "updateTags", "Replace the tags of an order",
        description="An empty array removes all tags. Tags can be set in every status.",
        request=wire_calls.TagsPut, answers=_responses(400, 404, 413, ok=wire_calls.OrderActionResult),
        examples=examples.TAGS,
    ),
    Route(
        "PUT", _orders("/bulkTags"), bulk.put_bulk_tags, WRITE, "bulkUpdateTags",
        "Replace the tags of several orders",
        description="Changes all orders or none; each order is named once, with its own tags.",
        request=wire_calls.BulkTagsPut, answers=_responses(400, 404, 413, ok=wire_calls.BulkResult),
        examples=examples.BULK_TAGS,
    ),
    Route(
        "POST", ("/auth/api/v1/token",), tokens.get_token, None, "getAccessToken", "Get a token",
        description="Takes the client id and secret as Basic authorization; a body is ignored. The token is valid for four "
        "hours.",
        answers={200: wire_calls.TokenResponse, **dict.fromkeys((401, 413, 500, 503), wire_calls.ErrorResponse)},
        examples=examples.TOKEN,
    ),
    Route(
        "POST", _shipping("/customsproduct"), catalog.add_customs_product, WRITE, "addCustomsProduct",
        "Add a customs product",
        description="Stores the properties of a product; items of orders can refer to it by customProductId.",
        request=wire_catalog.CustomsProductCreate, answers=_shipping_responses(ok=wire_catalog.CustomsProductCreated),
        examples=examples.CUSTOMS_PRODUCT,
    ),
    Route(
        "POST", _shipping("/custom-carrier-codes"), catalog.add_carrier_code, WRITE, "createCustomCode",
        "Add a carrier code",
        description="Stores a code that stands for a carrier account with a parcel type, a service and special services. "
        "The same content again returns the same answer; different content under the code is a 400.",
        request=wire_catalog.CarrierCodeCreate, answers=_shipping_responses(ok=wire_catalog.CarrierCodeCreated),
        examples=examples.CARRIER_CODE,
    ),
)  # fmt: skip

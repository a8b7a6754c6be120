"""Routes of Ventmere S2: the path, handler, scope and OpenAPI description of every call."""

from typing import Any

from crossdock.doors import TOKEN_BODY_LIMIT, Handler, Route
from crossdock.doors.s2 import examples, wire, wire_fulfillments
from crossdock.doors.s2.routes import catalog, fulfillments, inventory, orders, tokens
from crossdock.doors.s2.routes.common import PAGE_LIMIT, organization_of
from crossdock.flows import access

__all__ = ["NOT_YET", "ROUTES", "organization_of"]

_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ORGANIZATION: dict[str, Any] = {
    "name": "X-S2-Organization", "in": "header", "required": False,
    "schema": {"type": "string", "pattern": f"^({_UUID})?$"},
    "description": "The organization's UUID. Required only for a user who belongs to several. Empty counts as missing.",
}  # fmt: skip
_LIMIT: dict[str, Any] = {
    "name": "limit", "in": "query", "required": False,
    "schema": {"type": "integer", "minimum": 1, "default": PAGE_LIMIT},
    "description": f"Maximum number of rows. A value above {PAGE_LIMIT} counts as {PAGE_LIMIT}.",
}  # fmt: skip
_OFFSET: dict[str, Any] = {
    "name": "offset", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 0, "default": 0},
    "description": "Number of rows to skip. Rows that arrive between two calls move later rows to the next page.",
}  # fmt: skip


def _list_parameters(selected: str) -> tuple[dict[str, Any], ...]:
    term = {
        "name": "term", "in": "query", "required": False, "schema": {"type": "string"},
        "description": f"Returns only {selected}. Empty counts as missing.",
    }  # fmt: skip
    return (_ORGANIZATION, _LIMIT, _OFFSET, term)


def _responses(body: Any, *errors: int) -> dict[int, Any]:
    return {200: body, **dict.fromkeys((400, *errors, 401, 403, 500, 503), wire.ErrorAnswer)}


def _route(
    method: str,
    path: str,
    handle: Handler,
    scope: str | None,
    operation: str,
    summary: str,
    *,
    answers: dict[int, Any],
    shown: dict[int | str, Any],
    **rest: Any,
) -> Route:
    """Make a route with its examples: those to be shown, and for other errors the usual ones."""
    usual: dict[int | str, Any] = {status: examples.ERRORS[status] for status in answers if status >= 400}
    return Route(
        method, (path,), handle, scope, operation, summary, answers=answers, examples=usual | shown, **rest,
    )  # fmt: skip


def _order_action(verb: str, handle: Handler, summary: str, description: str, shown: dict[int | str, Any]) -> Route:
    """Make the route of a call that changes an order and takes no body."""
    faults: dict[int | str, Any] = {400: examples.PATH_FAULTS}
    return _route(
        "POST", f"/order/{{orderId}}/{verb}", handle, access.WRITE, f"{verb}Order", summary, description=description,
        answers=_responses(wire.Order, 404, 409, 413), parameters=(_ORGANIZATION,), shown=faults | shown,
    )  # fmt: skip


_SIGN_IN = _route(
    "POST", "/login", tokens.login, None, "login", "Sign in", request=wire.Login,
    body_limit=TOKEN_BODY_LIMIT,
    answers={200: wire.LoggedIn, **dict.fromkeys((400, 401, 413, 429, 500, 503), wire.ErrorAnswer)},
    description="Returns a bearer token for the other calls, valid for 7 days, and the organizations of the user.",
    shown={
        "request": examples.LOGIN, 200: examples.LOGGED_IN, 400: examples.LOGIN_FAULTS, 401: examples.WRONG_PASSWORD,
    },
)  # fmt: skip
_CATALOG = (
    _route(
        "GET", "/account", catalog.list_accounts, access.READ, "listAccounts", "List sales accounts",
        answers=_responses(wire.AccountPage), parameters=_list_parameters("accounts whose name contains it"),
        description="Returns sales accounts, newest first, and how many there are in all.",
        shown={200: examples.ACCOUNT_PAGE, 400: examples.LIST_FAULTS},
    ),
    _route(
        "POST", "/product", catalog.create_product, access.WRITE, "createProduct", "Create a product",
        request=wire.ProductCreate, answers=_responses(wire.Product, 409, 413), parameters=(_ORGANIZATION,),
        description="Creates a product, and its brand if there is none of this name. The same product again returns the "
        "first answer again.",
        shown={
            "request": examples.PRODUCT_CREATE, 200: examples.PRODUCT, 400: examples.PRODUCT_FAULTS,
            409: examples.SKU_TAKEN,
        },
    ),
    _route(
        "GET", "/product", catalog.list_products, access.READ, "listProducts", "List products",
        answers=_responses(wire.ProductPage), parameters=_list_parameters("products whose SKU or name contains it"),
        description="Returns products, newest first, and how many there are in all.",
        shown={200: examples.PRODUCT_PAGE, 400: examples.LIST_FAULTS},
    ),
)  # fmt: skip
_ORDERS = (
    _route(
        "POST", "/order", orders.create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers=_responses(wire.Order, 404, 409, 413), parameters=(_ORGANIZATION,),
        submits="create",
        description="Creates an order and returns it whole. The same content again returns the first answer again; other "
        "content under the same number and account is refused with 409.",
        shown={
            "request": examples.ORDER_CREATE, 200: examples.ORDER, 404: examples.UNKNOWN_ACCOUNT,
            409: examples.NUMBER_TAKEN,
        },
    ),
    _route(
        "GET", "/order", orders.list_orders, access.READ, "listOrders", "List orders",
        answers=_responses(wire.OrderPage), parameters=_list_parameters("orders with this id or channelOrderId"),
        description="Returns the orders that were received through this API, newest first, and how many there are in all.",
        shown={200: examples.ORDER_PAGE, 400: examples.LIST_FAULTS},
    ),
    _route(
        "GET", "/order/{orderId}", orders.get_order, access.READ, "getOrder", "Read an order",
        answers=_responses(wire.Order, 404), parameters=(_ORGANIZATION,),
        description="Returns any order of the organization, also one that was received through another API.",
        shown={200: examples.ORDER, 400: examples.PATH_FAULTS},
    ),
    _route(
        "PUT", "/order/{orderId}", orders.update_order, access.WRITE, "updateOrder", "Update an order",
        request=wire.OrderUpdate, answers=_responses(wire.Order, 404, 409, 413), parameters=(_ORGANIZATION,),
        description="Replaces the editable members of an order. Refused with 409 for an order that is canceled or fulfilled.",
        shown={
            "request": examples.ORDER_UPDATE, 200: examples.UPDATED_ORDER, 400: examples.UPDATE_FAULTS,
            409: examples.UPDATE_REFUSED,
        },
    ),
    _order_action(
        "cancel", orders.cancel_order, "Cancel an order",
        "Cancels the whole order. Refused with 409 if it is canceled already or if units were shipped. A body is ignored.",
        {200: examples.CANCELED_ORDER, 409: examples.CANCEL_REFUSED},
    ),
    _order_action(
        "archive", orders.archive_order, "Archive an order",
        "Marks the order as archived. An archived order is returned as it is. A body is ignored.",
        {200: examples.ARCHIVED_ORDER},
    ),
    _order_action(
        "unarchive", orders.unarchive_order, "Unarchive an order",
        "Removes the mark. An order that is not archived is returned as it is. A body is ignored.",
        {200: examples.UNARCHIVED_ORDER},
    ),
)  # fmt: skip
_INVENTORY = (
    _route(
        "GET", "/inventory/overview", inventory.get_overview, access.READ, "getInventoryOverview", "Read all stock",
        answers=_responses(wire.InventoryOverview), parameters=(_ORGANIZATION,),
        description="Returns all stock, and the warehouses and products that it names. There are no pages and no filters.",
        shown={200: examples.INVENTORY_OVERVIEW},
    ),
    _route(
        "GET", "/warehouse", inventory.list_warehouses, access.READ, "listWarehouses", "List warehouses",
        answers=_responses(wire.WarehousePage),
        parameters=_list_parameters("warehouses whose code, name or city contains it"),
        description="Returns warehouses, newest first, and how many there are in all. Not on the vendor's pages.",
        shown={200: examples.WAREHOUSE_PAGE, 400: examples.LIST_FAULTS},
    ),
)  # fmt: skip
_FULFILLMENTS = (
    _route(
        "POST", "/fulfillment", fulfillments.create_fulfillment, access.WRITE, "createFulfillment",
        "Let a warehouse ship units", request=wire_fulfillments.FulfillmentCreate,
        answers=_responses(wire_fulfillments.Fulfillment, 404, 409, 413), parameters=(_ORGANIZATION,),
        description="Assigns an order, or a part of it, to a warehouse; without an `orderId` an order is made for the items. "
        "Without a `warehouseId`, one of the warehouses with enough stock is chosen at random. Tracking numbers are read with "
        "`GET /order/{orderId}`.",
        shown={
            "request": examples.FULFILLMENT_CREATE, 200: examples.FULFILLMENT, 400: examples.FULFILLMENT_FAULTS,
            404: examples.UNKNOWN_WAREHOUSE, 409: examples.CHANNEL_ID_TAKEN,
        },
    ),
    _route(
        "GET", "/fulfillment", fulfillments.list_fulfillments, access.READ, "listFulfillments", "List fulfillments",
        answers=_responses(wire_fulfillments.FulfillmentPage),
        parameters=_list_parameters("fulfillments whose channelFulfillmentId, order id or channelOrderId contains it"),
        description="Returns the fulfillments that were made through this API, newest first, and how many there are in all. "
        "Not on the vendor's pages.",
        shown={200: examples.FULFILLMENT_PAGE, 400: examples.LIST_FAULTS},
    ),
    _route(
        "GET", "/fulfillment/{fulfillment_id}", fulfillments.get_fulfillment, access.READ, "getFulfillment",
        "Read a fulfillment", answers=_responses(wire_fulfillments.Fulfillment, 404), parameters=(_ORGANIZATION,),
        description="Returns any fulfillment of the organization, also one that was made through another API.",
        shown={200: examples.FULFILLMENT, 400: examples.PATH_FAULTS, 404: examples.NO_FULFILLMENT},
    ),
    _route(
        "POST", "/fulfillment/{fulfillment_id}/attachment/bulk-create", fulfillments.create_attachments, access.WRITE,
        "bulkCreateFulfillmentAttachments", "Add files to a fulfillment", request=wire_fulfillments.AttachmentsCreate,
        answers={201: None, **dict.fromkeys((400, 404, 413, 401, 403, 500, 503), wire.ErrorAnswer)},
        parameters=(_ORGANIZATION,),
        description="Adds files, which are not opened. The answer has no body.",
        shown={"request": examples.ATTACHMENTS_CREATE, 400: examples.ATTACHMENT_FAULTS, 404: examples.NO_FULFILLMENT},
    ),
)  # fmt: skip
ROUTES = (_SIGN_IN, *_CATALOG, *_ORDERS, *_FULFILLMENTS, *_INVENTORY)

# The vendor's pages list no other calls.
NOT_YET: tuple[Route, ...] = ()

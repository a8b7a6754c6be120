"""Routes of Ventmere S2: the path, handler, scope and OpenAPI description of every call."""

from typing import Any

from crossdock.doors import Route
from crossdock.doors.s2 import wire
from crossdock.doors.s2.routes import catalog, orders, tokens
from crossdock.doors.s2.routes.common import PAGE_LIMIT, organization_of
from crossdock.flows import access

__all__ = ["ROUTES", "organization_of"]

_ORGANIZATION: dict[str, Any] = {
    "name": "X-S2-Organization", "in": "header", "required": False, "schema": {"type": "string", "format": "uuid"},
    "description": "The organization. Required only for a user who belongs to several.",
}  # fmt: skip
_LIMIT: dict[str, Any] = {
    "name": "limit", "in": "query", "required": False,
    "schema": {"type": "integer", "minimum": 1, "default": PAGE_LIMIT},
    "description": f"Maximum number of rows. A value above {PAGE_LIMIT} counts as {PAGE_LIMIT}.",
}  # fmt: skip
_OFFSET: dict[str, Any] = {
    "name": "offset", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 0, "default": 0},
    "description": "Number of rows to skip.",
}  # fmt: skip


def _list_parameters(selected: str) -> tuple[dict[str, Any], ...]:
    term = {
        "name": "term", "in": "query", "required": False, "schema": {"type": "string"},
        "description": f"Returns only {selected}.",
    }  # fmt: skip
    return (_ORGANIZATION, _LIMIT, _OFFSET, term)


def _responses(body: Any, *errors: int) -> dict[int, Any]:
    return {200: body, **dict.fromkeys((*errors, 401, 403, 500, 503), wire.ErrorAnswer)}


ROUTES = (
    Route(
        "POST", ("/login",), tokens.login, None, "login", "Sign in", request=wire.Login,
        answers={200: wire.LoggedIn, **dict.fromkeys((400, 401, 413, 500, 503), wire.ErrorAnswer)},
    ),
    Route(
        "GET", ("/account",), catalog.list_accounts, access.READ, "listAccounts", "List sales accounts",
        answers=_responses(wire.AccountPage, 400), parameters=_list_parameters("accounts whose name contains it"),
    ),
    Route(
        "POST", ("/product",), catalog.create_product, access.WRITE, "createProduct", "Create a product",
        request=wire.ProductCreate, answers=_responses(wire.Product, 400, 409, 413), parameters=(_ORGANIZATION,),
    ),
    Route(
        "GET", ("/product",), catalog.list_products, access.READ, "listProducts", "List products",
        answers=_responses(wire.ProductPage, 400), parameters=_list_parameters("products whose SKU or name contains it"),
    ),
    Route(
        "POST", ("/order",), orders.create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers=_responses(wire.Order, 400, 404, 409, 413), parameters=(_ORGANIZATION,),
        submits="create",
    ),
    Route(
        "GET", ("/order",), orders.list_orders, access.READ, "listOrders", "List orders",
        answers=_responses(wire.OrderPage, 400), parameters=_list_parameters("orders with this id or channelOrderId"),
    ),
    Route(
        "GET", ("/order/{orderId}",), orders.get_order, access.READ, "getOrder", "Read an order",
        answers=_responses(wire.Order, 404), parameters=(_ORGANIZATION,),
    ),
    Route(
        "PUT", ("/order/{orderId}",), orders.update_order, access.WRITE, "updateOrder", "Update an order",
        request=wire.OrderUpdate, answers=_responses(wire.Order, 400, 404, 409, 413), parameters=(_ORGANIZATION,),
    ),
    *(
        Route(
            "POST", (f"/order/{{orderId}}/{verb}",), handler, access.WRITE, f"{verb}Order", summary,
            answers=_responses(wire.Order, 404, 409), parameters=(_ORGANIZATION,),
        )
        for verb, handler, summary in (
            ("cancel", orders.cancel_order, "Cancel an order"),
            ("archive", orders.archive_order, "Archive an order"),
            ("unarchive", orders.unarchive_order, "Unarchive an order"),
        )
    ),
)  # fmt: skip

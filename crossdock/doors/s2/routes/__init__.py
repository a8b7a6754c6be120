"""Ventmere S2: paths and headers, and the handler of each operation."""

from typing import Any

from crossdock.doors import Route
from crossdock.doors.s2 import wire
from crossdock.doors.s2.routes import catalog, login, orders, verbs
from crossdock.doors.s2.routes.common import PAGE_LIMIT, organization_of
from crossdock.flows import access

__all__ = ["ROUTES", "organization_of"]

_ORGANIZATION: dict[str, Any] = {
    "name": "X-S2-Organization", "in": "header", "required": False, "schema": {"type": "string", "format": "uuid"},
    "description": "The organization meant; needed only by a user of several.",
}  # fmt: skip
_LIMIT: dict[str, Any] = {
    "name": "limit", "in": "query", "required": False,
    "schema": {"type": "integer", "minimum": 1, "default": PAGE_LIMIT},
    "description": f"The most rows to give; above {PAGE_LIMIT}, {PAGE_LIMIT} are given.",
}  # fmt: skip
_OFFSET: dict[str, Any] = {
    "name": "offset", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 0, "default": 0},
    "description": "The rows to pass over.",
}  # fmt: skip


def _list_parameters(searched: str) -> tuple[dict[str, Any], ...]:
    term = {
        "name": "term", "in": "query", "required": False, "schema": {"type": "string"},
        "description": f"Narrows to {searched}.",
    }  # fmt: skip
    return (_ORGANIZATION, _LIMIT, _OFFSET, term)


def _answers(shape: Any, *refused: int) -> dict[int, Any]:
    return {200: shape, **dict.fromkeys((*refused, 401, 403, 500, 503), wire.ErrorAnswer)}


ROUTES = (
    Route(
        "POST", ("/login",), login.login, None, "login", "Sign in", request=wire.Login,
        answers={200: wire.LoggedIn, **dict.fromkeys((400, 401, 413, 500, 503), wire.ErrorAnswer)},
    ),
    Route(
        "GET", ("/account",), catalog.list_accounts, access.READ, "listAccounts", "List sales accounts",
        answers=_answers(wire.AccountPage, 400), parameters=_list_parameters("names that contain it"),
    ),
    Route(
        "POST", ("/product",), catalog.create_product, access.WRITE, "createProduct", "Create a product",
        request=wire.ProductCreate, answers=_answers(wire.Product, 400, 409, 413), parameters=(_ORGANIZATION,),
    ),
    Route(
        "GET", ("/product",), catalog.list_products, access.READ, "listProducts", "List products",
        answers=_answers(wire.ProductPage, 400), parameters=_list_parameters("SKUs and names that contain it"),
    ),
    Route(
        "POST", ("/order",), orders.create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers=_answers(wire.Order, 400, 404, 409, 413), parameters=(_ORGANIZATION,),
        submits="create",
    ),
    Route(
        "GET", ("/order",), orders.list_orders, access.READ, "listOrders", "List orders",
        answers=_answers(wire.OrderPage, 400), parameters=_list_parameters("an order id or channelOrderId"),
    ),
    Route(
        "GET", ("/order/{orderId}",), orders.get_order, access.READ, "getOrder", "Read an order",
        answers=_answers(wire.Order, 404), parameters=(_ORGANIZATION,),
    ),
    Route(
        "PUT", ("/order/{orderId}",), verbs.update_order, access.WRITE, "updateOrder", "Replace what can be edited",
        request=wire.OrderUpdate, answers=_answers(wire.Order, 400, 404, 409, 413), parameters=(_ORGANIZATION,),
    ),
    *(
        Route(
            "POST", (f"/order/{{orderId}}/{verb}",), handle, access.WRITE, f"{verb}Order", summary,
            answers=_answers(wire.Order, 404, 409), parameters=(_ORGANIZATION,),
        )
        for verb, handle, summary in (
            ("cancel", verbs.cancel_order, "Cancel an order"),
            ("archive", verbs.archive_order, "Put an order out of sight"),
            ("unarchive", verbs.unarchive_order, "Bring an order back into sight"),
        )
    ),
)  # fmt: skip

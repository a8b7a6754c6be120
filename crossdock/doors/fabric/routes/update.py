"""Edit orders: replace the order, change a pickup person, change the customer."""

from typing import Any

from crossdock.core.errors import Fault, Invalid
from crossdock.core.json.request_body import objects_in
from crossdock.core.json.strict_json import parse
from crossdock.core.json.validation import normalize
from crossdock.core.orders.commands import Command, EditOrder, HoldRequest, PlaceHolds, Together
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, Route, encode_json
from crossdock.doors.fabric import examples, wire, wire_calls, wire_responses
from crossdock.doors.fabric.edits import AMENDABLE, merge, relative_faults, replace_document, with_pickup
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.mapping import HOLD
from crossdock.doors.fabric.responses import DOOR, status_fields
from crossdock.doors.fabric.routes.common import (
    CONTEXT,
    execute_one,
    order_by_id,
    order_by_number,
    order_reply,
    paths,
    read_document,
    render,
)
from crossdock.flows import access

Tree = Any


def _object(request: Request) -> dict[str, Tree]:
    body = parse(request.body)
    if not isinstance(body, dict):
        raise faulty(Fault((), "must be an object"))
    normalized: dict[str, Tree] = normalize(body, wire_calls.OrderUpdate, numbers_as_text=True)
    return normalized


async def update_order(request: Request) -> Reply:
    """Replace an order: 200 and the full order.

    A `version` in the body must be the order's. A `statusCode` that begins with ORDER_HOLD places a hold, unless it is
    the order's already.
    """
    body = _object(request)
    order = await order_by_number(request, request.params["orderNumber"])
    change = await execute_one(request, _update(order, body))
    return await order_reply(request, change)


def _update(order: Order, body: dict[str, Tree]) -> Command:
    """Build the command of an update, which may also place a hold."""
    version = body.get("version")
    edit = EditOrder(
        order_id=order.order_id,
        door=DOOR,
        version=version + 1 if isinstance(version, int) and not isinstance(version, bool) else None,
        change=lambda before, current: replace_document(before, body, current),
        bound_statuses=AMENDABLE,
    )
    code = body.get("statusCode")
    if not isinstance(code, str) or not code.startswith(HOLD) or code == status_fields(order).get("statusCode"):
        return edit
    if any(hold.reason == code for hold in order.holds):
        return edit
    hold = PlaceHolds(order_id=order.order_id, holds=(HoldRequest(code),))
    return Together(order_id=order.order_id, version=edit.version, commands=(edit, hold))


async def update_pickup(request: Request) -> Reply:
    """Change the pickup person of a ship-to: 200 and the full ship-to."""
    ship_to = request.params["shipToId"]
    _, body = read_document(request, wire.Pickup)
    order = await order_by_id(request, request.params["orderId"])

    def change(before: dict[str, Tree], _: Order) -> dict[str, Tree]:
        infos = list(before["shipInfo"])
        position = next(
            (index for index, row in objects_in(before, "shipInfo") if row.get("shipToId") == ship_to), None
        )
        if position is None:
            raise not_found("ship-to")
        infos[position] = with_pickup(infos[position], body)
        return before | {"shipInfo": infos}

    unsupported = Fault(("pickup",), "an order of another vendor cannot have a pickup person")
    edit = EditOrder(order_id=order.order_id, door=DOOR, change=change, unsupported=unsupported)
    changed = await execute_one(request, edit)
    document = await render(request, changed.order)
    info = next(row for row in document["shipInfo"] if row.get("shipToId") == ship_to)
    return Reply(200, encode_json(info), order_id=order.order_id)


async def update_customer(request: Request) -> Reply:
    """Change the customer's fields that are in the body: 200 and the customer."""
    _, body = read_document(request, wire.Customer)
    order = await order_by_id(request, request.params["orderId"])
    edit = EditOrder(
        order_id=order.order_id,
        door=DOOR,
        change=lambda before, _: before | {"customer": merge(before.get("customer") or {}, body)},
    )
    try:
        changed = await execute_one(request, edit)
    except Invalid as invalid:
        raise Invalid(invalid.code, invalid.reason, faults=relative_faults(invalid.faults, "customer")) from None
    document = await render(request, changed.order)
    return Reply(200, encode_json(document.get("customer") or {}), order_id=order.order_id)


_EDIT_ANSWERS: dict[int, Any] = {**ERRORS, **LARGE, **ABSENT}
ROUTES = (
    Route(
        "PUT", paths("/order/{orderNumber}"), update_order, access.WRITE, "updateOrder",
        "Replace an order; fields that the body omits are removed",
        request=wire_calls.OrderUpdate, answers={200: wire_responses.Order, **_EDIT_ANSWERS}, parameters=(CONTEXT,),
        description=(
            "The body replaces the order, so it can be a complete answer that was changed; service fields are ignored. With "
            "`version`, the update is refused where the order has changed since. A `statusCode` that begins with ORDER_HOLD "
            "holds the order. Items and addresses can change until the order is allocated."
        ),
        examples={"request": examples.UPDATE, 200: examples.UPDATED, 400: examples.STALE, 404: examples.NO_ORDER},
    ),
    Route(
        "PATCH", paths("/order/{orderId}/shipto/{shipToId}/pickup"), update_pickup, access.WRITE, "updatePickup",
        "Change the pickup person of a ship-to",
        request=wire.Pickup, answers={200: wire_responses.ShipInfo, **_EDIT_ANSWERS}, parameters=(CONTEXT,),
        description=(
            "Merges the body into the person of the same `pickupType`, or into the first one where the body has no type, and "
            "adds one where there is none. Answers the ship-to."
        ),
        examples={"request": examples.PICKUP, 200: examples.SHIP_INFO, 404: examples.NO_ORDER},
    ),
    Route(
        "PATCH", paths("/order/{orderId}/customer"), update_customer, access.WRITE, "updateCustomer",
        "Change the customer of an order",
        request=wire.Customer, answers={200: wire.Customer, **_EDIT_ANSWERS}, parameters=(CONTEXT,),
        description="Merges the body into the customer; null is stored as null. Answers the customer.",
        examples={"request": examples.CUSTOMER_CHANGE, 200: examples.CUSTOMER, 404: examples.NO_ORDER},
    ),
)  # fmt: skip

"""Orders edited: the whole order, a pickup person, the customer."""

from typing import Any

from crossdock.core.errors import Fault, Invalid
from crossdock.core.json.request_body import objects_in, validate
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import Command, EditOrder, HoldRequest, PlaceHolds, Together
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, Route, encode_json
from crossdock.doors.fabric import wire, wire_calls
from crossdock.doors.fabric.edits import AMENDABLE, at_place, merged, updated, with_pickup
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.mapping import HOLD
from crossdock.doors.fabric.responses import DOOR, status_words
from crossdock.doors.fabric.routes.common import CONTEXT, by_id, by_number, execute_one, order_reply, paths, rendered
from crossdock.flows import access

Tree = Any


def _object(request: Request) -> dict[str, Tree]:
    body = parse(request.body)
    if not isinstance(body, dict):
        raise faulty(Fault((), "must be an object"))
    return body


async def update_order(request: Request) -> Reply:
    """Replace an order by the one in the body: 200 and all of it.

    A `version` in the body must be the order's. A `statusCode` that begins with ORDER_HOLD and is not the order's holds it.
    """
    sent = _object(request)
    order = await by_number(request, request.params["orderNumber"])
    change = await execute_one(request, _update(order, sent))
    return await order_reply(request, change)


def _update(order: Order, sent: dict[str, Tree]) -> Command:
    """Make the command of an update, which may hold the order besides."""
    version = sent.get("version")
    edit = EditOrder(
        order_id=order.order_id,
        door=DOOR,
        version=version + 1 if isinstance(version, int) and not isinstance(version, bool) else None,
        change=lambda before, current: updated(before, sent, current),
        bound_statuses=AMENDABLE,
    )
    code = sent.get("statusCode")
    if not isinstance(code, str) or not code.startswith(HOLD) or code == status_words(order).get("statusCode"):
        return edit
    if any(hold.reason == code for hold in order.holds):
        return edit
    hold = PlaceHolds(order_id=order.order_id, holds=(HoldRequest(code),))
    return Together(order_id=order.order_id, version=edit.version, commands=(edit, hold))


async def update_pickup(request: Request) -> Reply:
    """Change who fetches what goes to a ship-to: 200 and the whole ship-to."""
    validate(parse(request.body), wire.Pickup)
    sent, ship_to = _object(request), request.params["shipToId"]
    order = await by_id(request, request.params["orderId"])

    def change(before: dict[str, Tree], _: Order) -> dict[str, Tree]:
        infos = list(before["shipInfo"])
        place = next((at for at, row in objects_in(before, "shipInfo") if row.get("shipToId") == ship_to), None)
        if place is None:
            raise not_found("ship-to")
        infos[place] = with_pickup(infos[place], sent)
        return before | {"shipInfo": infos}

    unsupported = Fault(("pickup",), "an order of another door has no place for who fetches it")
    edit = EditOrder(order_id=order.order_id, door=DOOR, change=change, unsupported=unsupported)
    changed = await execute_one(request, edit)
    document = await rendered(request, changed.order)
    info = next(row for row in document["shipInfo"] if row.get("shipToId") == ship_to)
    return Reply(200, encode_json(info), order_id=order.order_id)


async def update_customer(request: Request) -> Reply:
    """Change the customer's members that are in the body: 200 and the customer."""
    validate(parse(request.body), wire.Customer)
    sent = _object(request)
    order = await by_id(request, request.params["orderId"])
    edit = EditOrder(
        order_id=order.order_id,
        door=DOOR,
        change=lambda before, _: before | {"customer": merged(before.get("customer") or {}, sent)},
    )
    try:
        changed = await execute_one(request, edit)
    except Invalid as invalid:
        raise Invalid(invalid.code, invalid.reason, faults=at_place(invalid.faults, "customer")) from None
    document = await rendered(request, changed.order)
    return Reply(200, encode_json(document.get("customer") or {}), order_id=order.order_id)


_CHANGED: dict[int, Any] = {**ERRORS, **LARGE, **ABSENT}
_STALE = {409: wire_calls.ErrorAnswer}
ROUTES = (
    Route(
        "PUT", paths("/order/{orderNumber}"), update_order, access.WRITE, "updateOrder",
        "Replace an order; what the body leaves out is gone",
        request=wire_calls.OrderUpdate, answers={200: wire.Order, **_CHANGED, **_STALE}, parameters=(CONTEXT,),
    ),
    Route(
        "PATCH", paths("/order/{orderId}/shipto/{shipToId}/pickup"), update_pickup, access.WRITE, "updatePickup",
        "Change who fetches what goes to a ship-to",
        request=wire.Pickup, answers={200: wire.ShipInfo, **_CHANGED}, parameters=(CONTEXT,),
    ),
    Route(
        "PATCH", paths("/order/{orderId}/customer"), update_customer, access.WRITE, "updateCustomer",
        "Change the customer of an order",
        request=wire.Customer, answers={200: wire.Customer, **_CHANGED}, parameters=(CONTEXT,),
    ),
)  # fmt: skip

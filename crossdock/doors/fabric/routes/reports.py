"""What other services report: payments, package tracking, cross-border checks, fraud checks."""

from collections.abc import Awaitable, Callable
from typing import Any

from crossdock.core.errors import Busy, Code, Fault, NotFound, Refusal
from crossdock.core.json.request_body import decode_body, objects_in
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import Command, EditOrder, ReleaseHolds
from crossdock.core.orders.model import Hold, Order
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import wire, wire_calls
from crossdock.doors.fabric.demo import ACCOUNT
from crossdock.doors.fabric.edits import cancel, report
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, fault_text, faulty, message_of
from crossdock.doors.fabric.history import CANCEL, CROSS_BORDER, PAYMENT, TRACKING, names_payment
from crossdock.doors.fabric.responses import DOOR, hold_code
from crossdock.doors.fabric.routes.common import CONTEXT, by_number, execute_one, order_reply, paths, rendered
from crossdock.flows import access
from crossdock.flows.execute import execute

Tree = Any


# --------------------------------------------------------------------------------------------------- payment, tracking
async def payment_status(request: Request) -> Reply:
    """Take what a payment service says of a payment: 200 and all of the order."""
    said = decode_body(request.body, wire_calls.PaymentReport)
    order = await by_number(request, request.params["orderNumber"])

    def change(before: dict[str, Tree], _: Order) -> dict[str, Tree]:
        payments = list(before.get("payments") or ())
        place = next(
            (at for at, each in objects_in(before, "payments") if names_payment(each, said.paymentIdentifier)), None
        )
        if place is None:
            raise faulty(Fault(("paymentIdentifier",), "is no payment of the order"))
        payments[place] = payments[place] | {"paymentStatus": said.status}
        return before | {"payments": payments}

    change(await rendered(request, order), order)  # an order that cannot be edited any more is asked as well
    command = report(
        order.order_id, f"payment {said.status}", topic=PAYMENT, data=parse(request.body),
        edit=EditOrder(order_id=order.order_id, door=DOOR, change=change),
    )  # fmt: skip
    return await order_reply(request, await execute_one(request, command), once=True)


async def acknowledge_tracking(request: Request) -> Reply:
    """Note that a package tracking service has taken over an order or shipment: 200 and all of the order."""
    said = decode_body(request.body, wire_calls.TrackingReport, _tracking_faults)
    order = await by_number(request, said.orderNumber)
    command = report(order.order_id, said.eventType, topic=TRACKING, data=parse(request.body))
    return await order_reply(request, await execute_one(request, command), once=True)


def _tracking_faults(tree: Tree) -> list[Fault]:
    """The event is one of the entity's, and a shipment is named where one is meant."""
    entity, event = (tree.get(name) for name in ("entity", "eventType")) if isinstance(tree, dict) else (None, None)
    faults = []
    if isinstance(entity, str) and isinstance(event, str) and not event.startswith(entity):
        faults.append(Fault(("eventType",), "must be one of the entity's"))
    if entity == "SHIPMENT" and not tree.get("shipmentId"):
        faults.append(Fault(("shipmentId",), "is required for a shipment"))
    return faults


# --------------------------------------------------------------------------------------------------------- cross-border
async def validate_orders(request: Request) -> Reply:
    """Note on orders that their crossing of borders was validated, on all or none: 200 and nothing."""
    said = decode_body(request.body, wire_calls.ValidateRequest)
    found: dict[int, Order] = {}
    faults = []
    for place, number in enumerate(said.orderNumbers):
        try:
            order = await by_number(request, number)
        except NotFound:
            faults.append(Fault(("orderNumbers", place), "is no order's number"))
        else:
            found[order.order_id] = order
    if faults:
        raise NotFound(Code.NO_ORDER, "some orders are not there", faults=tuple(faults))
    commands = [report(each, "cross-border validation", topic=CROSS_BORDER, data={}) for each in found]
    await execute(request.context, request.caller, commands, door=DOOR)
    return Reply(200)


async def release_order(request: Request) -> Reply:
    """Release an order from its cross-border hold, or cancel it: 200 and nothing."""
    said = decode_body(request.body, wire_calls.BorderRelease)
    order = await by_number(request, said.orderNumber)
    if said.releaseType == "RELEASE":
        command: Command = ReleaseHolds(
            order_id=order.order_id, matches=_has_code("ORDER_HOLD_CROSSBORDER"), reason=said.note or said.reasonCode
        )
    else:
        command = _cancel(order, request, reason=said.reasonCode or "cross-border", note=said.note)
    await execute_one(request, command)
    return Reply(200, order_id=order.order_id)


def _has_code(code: str) -> Callable[[Hold], bool]:
    return lambda hold: hold_code(hold.reason) == code


def _cancel(order: Order, request: Request, *, reason: str, note: str | None) -> Command:
    return cancel(order.order_id, lines=None, reason=reason, note=note, topic=CANCEL, asked=parse(request.body))


# ---------------------------------------------------------------------------------------------------------------- fraud
MakeCommand = Callable[[Order, Request], Command]


def _fraud(make: MakeCommand, done: str) -> Callable[[Request], Awaitable[Reply]]:
    """Make the handler of a fraud call: it answers 200 whatever becomes of it, and says in the body what did."""

    async def handle(request: Request) -> Reply:
        order_id = None
        try:
            said = decode_body(request.body, wire_calls.FraudRequest)
            if said.tenant and (ACCOUNT, said.tenant) not in request.caller.references:
                raise faulty(Fault(("tenant",), "is not this organization's account"))
            order = await by_number(request, said.orderNumber)
            order_id = order.order_id
            await execute_one(request, make(order, request))
        except Busy:
            raise  # nothing was decided; the client may come again
        except Refusal as refusal:
            message = message_of(refusal)
            errors = [fault_text(fault) for fault in refusal.faults] or [message]
            return json_reply(
                200, wire_calls.FraudAnswer("ERROR", message, errors), order_id=order_id, outcome=str(refusal.code)
            )
        return json_reply(200, wire_calls.FraudAnswer("SUCCESS", done, []), order_id=order_id)

    return handle


fraud_release = _fraud(
    lambda order, _: ReleaseHolds(order_id=order.order_id, matches=_has_code("ORDER_HOLD_FRAUD"), reason="no fraud"),
    "The order was released",
)
fraud_cancel = _fraud(
    lambda order, request: _cancel(order, request, reason="FRAUD", note=None), "The order was canceled"
)


_TAKEN: dict[int, Any] = {**ERRORS, **LARGE, **ABSENT}
_JUDGED: dict[int, Any] = {200: wire_calls.FraudAnswer, **ERRORS, **LARGE}
ROUTES = (
    Route(
        "POST", paths("/order/payment-status/{orderNumber}"), payment_status, access.WRITE, "reportPaymentStatus",
        "Take the state of a payment from a payment service",
        request=wire_calls.PaymentReport, answers={200: wire.Order, **_TAKEN}, parameters=(CONTEXT,),
    ),
    Route(
        "POST", paths("/order/package-tracking/acknowledge"), acknowledge_tracking, access.WRITE, "acknowledgeTracking",
        "Take the word of a package tracking service",
        request=wire_calls.TrackingReport, answers={200: wire.Order, **_TAKEN}, parameters=(CONTEXT,),
    ),
    Route(
        "POST", paths("/order/cross-border/validate-order"), validate_orders, access.WRITE, "validateCrossBorderOrders",
        "Note that orders were validated for crossing borders",
        request=wire_calls.ValidateRequest, answers={200: None, **_TAKEN}, parameters=(CONTEXT,),
    ),
    Route(
        "POST", paths("/order/cross-border/release-order"), release_order, access.WRITE, "releaseCrossBorderOrder",
        "Release an order from its cross-border hold, or cancel it",
        request=wire_calls.BorderRelease, answers={200: None, **_TAKEN}, parameters=(CONTEXT,),
    ),
    Route(
        "POST", paths("/fraud/release"), fraud_release, access.WRITE, "releaseFraudOrder",
        "Release an order from its fraud hold; 200 also where that cannot be",
        request=wire_calls.FraudRequest, answers=_JUDGED, parameters=(CONTEXT,),
    ),
    Route(
        "POST", paths("/fraud/cancel"), fraud_cancel, access.WRITE, "cancelFraudOrder",
        "Cancel an order for fraud; 200 also where that cannot be",
        request=wire_calls.FraudRequest, answers=_JUDGED, parameters=(CONTEXT,),
    ),
)  # fmt: skip

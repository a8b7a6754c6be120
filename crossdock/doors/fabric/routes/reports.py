"""Reports of other services: payments, package tracking, cross-border checks, fraud checks."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from crossdock.core.errors import Busy, Code, Fault, NotFound, Refusal
from crossdock.core.json.request_body import objects_in
from crossdock.core.json.value_types import decimal
from crossdock.core.orders.commands import Command, EditOrder, ReleaseHolds, Together
from crossdock.core.orders.model import Hold, Order
from crossdock.core.returns.commands import RecordPayment
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples, wire_calls, wire_responses
from crossdock.doors.fabric.demo import ACCOUNT
from crossdock.doors.fabric.edits import cancel_command, report_command
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, fault_text, faulty, message_of
from crossdock.doors.fabric.history import CANCEL, CROSS_BORDER, PAYMENT, TRACKING, has_payment_id, reported_fields
from crossdock.doors.fabric.responses import DOOR, hold_code
from crossdock.doors.fabric.routes.common import (
    CONTEXT,
    execute_one,
    order_by_number,
    order_reply,
    paths,
    read_body,
    read_document,
    render,
)
from crossdock.flows import access
from crossdock.flows.execute import execute
from crossdock.flows.fulfillment import new_ids

Tree = Any


# --------------------------------------------------------------------------------------------------- payment, tracking
async def payment_status(request: Request) -> Reply:
    """Record the status of a payment: 200 and the full order."""
    body, report = read_document(request, wire_calls.PaymentReport)
    order = await order_by_number(request, request.params["orderNumber"])

    def change(before: dict[str, Tree], _: Order) -> dict[str, Tree]:
        payments = list(before.get("payments") or ())
        position = next(
            (index for index, each in objects_in(before, "payments") if has_payment_id(each, body.paymentIdentifier)),
            None,
        )
        if position is None:
            raise faulty(Fault(("paymentIdentifier",), "is not a payment of the order"))
        payments[position] = payments[position] | reported_fields(report)
        return before | {"payments": payments}

    change(await render(request, order), order)  # checks the payment also where the order can no longer be edited
    recorded: Command = report_command(
        order.order_id, f"payment {body.status}", topic=PAYMENT, data=report,
        edit=EditOrder(order_id=order.order_id, door=DOOR, change=change),
    )  # fmt: skip
    payment = _payment(request, body, order)
    command = recorded if payment is None else _Reported(order_id=order.order_id, commands=(recorded, payment))
    return await order_reply(request, await execute_one(request, command), idempotent=True)


class _Reported(Together, frozen=True, kw_only=True):
    """A report, and what it says of the payment."""

    reads_history: ClassVar[bool] = True


def _payment(request: Request, body: wire_calls.PaymentReport, order: Order) -> RecordPayment | None:
    """Build the record of what a payment's balances state; None where they do not state what was captured."""
    captured = decimal(body.balances.captured) if body.balances else None
    if body.balances is None or captured is None:
        return None
    changes: dict[str, Any] = {
        "captured": captured,
        "authorized": captured + (decimal(body.balances.capturable) or 0),
        "status": body.status,
    }
    if body.type:
        changes["method"] = body.type
    if (refunded := decimal(body.balances.refunded)) is not None:
        changes["refunded"] = refunded
    faults = [
        Fault(("balances", name), "must be 0 or more")
        for name in ("captured", "capturable", "refunded")
        if (decimal(getattr(body.balances, name)) or 0) < 0
    ]
    if not faults and (refunded or 0) > captured:
        faults.append(Fault(("balances", "refunded"), f"must be at most {captured}, which is captured"))
    if faults:
        raise faulty(*faults)
    return RecordPayment(
        order_id=order.order_id, new_id=new_ids(request.context), reference=body.paymentIdentifier, changes=changes
    )


async def acknowledge_tracking(request: Request) -> Reply:
    """Record that a package tracking service has accepted an order or shipment: 200 and the full order."""
    body, report = read_document(request, wire_calls.TrackingReport, _tracking_faults)
    order = await order_by_number(request, body.orderNumber)
    command = report_command(order.order_id, body.eventType, topic=TRACKING, data=report)
    return await order_reply(request, await execute_one(request, command), idempotent=True)


def _tracking_faults(tree: Tree) -> list[Fault]:
    """Check that the event belongs to the entity, and that a shipment has an id."""
    entity, event = (tree.get(name) for name in ("entity", "eventType")) if isinstance(tree, dict) else (None, None)
    faults = []
    if isinstance(entity, str) and isinstance(event, str) and not event.startswith(entity):
        faults.append(Fault(("eventType",), "must be one of the entity's"))
    if entity == "SHIPMENT" and not tree.get("shipmentId"):
        faults.append(Fault(("shipmentId",), "is required for a shipment"))
    return faults


# --------------------------------------------------------------------------------------------------------- cross-border
async def validate_orders(request: Request) -> Reply:
    """Record the cross-border validation of orders, of all or none: 200 and an empty body."""
    body = read_body(request, wire_calls.ValidateRequest)
    orders: dict[int, Order] = {}
    faults = []
    for index, number in enumerate(body.orderNumbers):
        try:
            order = await order_by_number(request, number)
        except NotFound:
            faults.append(Fault(("orderNumbers", index), "is not the number of an order"))
        else:
            orders[order.order_id] = order
    if faults:
        raise NotFound(Code.NO_ORDER, "some orders are not there", faults=tuple(faults))
    commands = [report_command(each, "cross-border validation", topic=CROSS_BORDER, data={}) for each in orders]
    await execute(request.context, request.caller, commands, door=DOOR)
    return Reply(200)


async def release_order(request: Request) -> Reply:
    """Release an order from its cross-border hold, or cancel it: 200 and an empty body."""
    body, document = read_document(request, wire_calls.BorderRelease)
    order = await order_by_number(request, body.orderNumber)
    if body.releaseType == "RELEASE":
        command: Command = ReleaseHolds(
            order_id=order.order_id, matches=_has_code("ORDER_HOLD_CROSSBORDER"), reason=body.note or body.reasonCode
        )
    else:
        command = _cancel(order, document, reason=body.reasonCode or "cross-border", note=body.note)
    await execute_one(request, command)
    return Reply(200, order_id=order.order_id)


def _has_code(code: str) -> Callable[[Hold], bool]:
    return lambda hold: hold_code(hold.reason) == code


def _cancel(order: Order, document: Tree, *, reason: str, note: str | None) -> Command:
    return cancel_command(order.order_id, lines=None, reason=reason, note=note, topic=CANCEL, data=document)


# ---------------------------------------------------------------------------------------------------------------- fraud
BuildCommand = Callable[[Order, Tree], Command]  # (order, the body)


def _fraud_handler(build: BuildCommand, message: str) -> Callable[[Request], Awaitable[Reply]]:
    """Build the handler of a fraud call; its status is 200 also for errors, which are in the body."""

    async def handle(request: Request) -> Reply:
        order_id = None
        try:
            body, document = read_document(request, wire_calls.FraudRequest)
            if body.tenant and (ACCOUNT, body.tenant) not in request.caller.references:
                raise faulty(Fault(("tenant",), "is not this organization's account"))
            order = await order_by_number(request, body.orderNumber)
            order_id = order.order_id
            await execute_one(request, build(order, document))
        except Busy:
            raise  # nothing was decided; the client may retry
        except Refusal as refusal:
            error = message_of(refusal)
            errors = [fault_text(fault) for fault in refusal.faults] or [error]
            return json_reply(
                200, wire_calls.FraudResponse("FAILURE", error, errors), order_id=order_id, outcome=str(refusal.code)
            )
        return json_reply(200, wire_calls.FraudResponse("SUCCESS", message, []), order_id=order_id)

    return handle


fraud_release = _fraud_handler(
    lambda order, _: ReleaseHolds(order_id=order.order_id, matches=_has_code("ORDER_HOLD_FRAUD"), reason="no fraud"),
    "The order was released",
)
fraud_cancel = _fraud_handler(
    lambda order, document: _cancel(order, document, reason="FRAUD", note=None), "The order was canceled"
)


_REPORT_ANSWERS: dict[int, Any] = {**ERRORS, **LARGE, **ABSENT}
_FRAUD_ANSWERS: dict[int, Any] = {200: wire_calls.FraudResponse, **ERRORS, **LARGE}
_FRAUD_DESCRIPTION = (
    "Only the status 200 is documented by the vendor: a body with faults, an unknown order and a state that does not allow the "
    "call are answered with 200, the status FAILURE and the reasons."
)
ROUTES = (
    Route(
        "POST", paths("/order/payment-status/{orderNumber}"), payment_status, access.WRITE, "reportPaymentStatus",
        "Record the status of a payment",
        request=wire_calls.PaymentReport, answers={200: wire_responses.Order, **_REPORT_ANSWERS}, parameters=(CONTEXT,),
        description=(
            "Sets the status of a payment, and its charge and refund where the balances state them, and adds the report to its "
            "`paymentLog`, also after the order has shipped. A report that was recorded already changes nothing."
        ),
        examples={"request": examples.PAYMENT_REPORT, 200: examples.PAYMENT_REPORTED, 404: examples.NO_ORDER},
    ),
    Route(
        "POST", paths("/order/package-tracking/acknowledge"), acknowledge_tracking, access.WRITE, "acknowledgeTracking",
        "Record an acknowledgment of a package tracking service",
        request=wire_calls.TrackingReport, answers={200: wire_responses.Order, **_REPORT_ANSWERS}, parameters=(CONTEXT,),
        description="Adds an audit entry, once; the order itself does not change.",
        examples={"request": examples.TRACKING_REPORT, 200: examples.TRACKING_REPORTED, 404: examples.NO_ORDER},
    ),
    Route(
        "POST", paths("/order/cross-border/validate-order"), validate_orders, access.WRITE, "validateCrossBorderOrders",
        "Record the cross-border validation of orders",
        request=wire_calls.ValidateRequest, answers={200: None, **_REPORT_ANSWERS}, parameters=(CONTEXT,),
        description=(
            "Records the validation on all orders that the body names, or on none where one is unknown, and sends the event "
            "CROSS_BORDER_VALIDATION. The answer has no body."
        ),
        examples={"request": examples.VALIDATION},
    ),
    Route(
        "POST", paths("/order/cross-border/release-order"), release_order, access.WRITE, "releaseCrossBorderOrder",
        "Release an order from its cross-border hold, or cancel it",
        request=wire_calls.BorderRelease, answers={200: None, **_REPORT_ANSWERS}, parameters=(CONTEXT,),
        description="RELEASE ends the hold ORDER_HOLD_CROSSBORDER, CANCEL cancels the order. The answer has no body.",
        examples={"request": examples.BORDER_RELEASE, 400: examples.NOT_HELD, 404: examples.NO_ORDER},
    ),
    Route(
        "POST", paths("/fraud/release"), fraud_release, access.WRITE, "releaseFraudOrder",
        "Release an order from its fraud hold; the status is 200 also for errors",
        request=wire_calls.FraudRequest, answers=_FRAUD_ANSWERS, parameters=(CONTEXT,), description=_FRAUD_DESCRIPTION,
        examples={"request": examples.FRAUD_REPORT, 200: examples.FRAUD_RELEASED},
    ),
    Route(
        "POST", paths("/fraud/cancel"), fraud_cancel, access.WRITE, "cancelFraudOrder",
        "Cancel an order for fraud; the status is 200 also for errors",
        request=wire_calls.FraudRequest, answers=_FRAUD_ANSWERS, parameters=(CONTEXT,), description=_FRAUD_DESCRIPTION,
        examples={"request": examples.FRAUD_REPORT, 200: examples.FRAUD_CANCELED},
    ),
)  # fmt: skip

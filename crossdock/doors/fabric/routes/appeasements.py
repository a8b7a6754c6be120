"""Appeasements: give money back in goodwill."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Fault, Invalid, NotFound
from crossdock.core.json.value_types import decimal
from crossdock.core.orders.commands import AddNote, Command
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.returns.commands import AppeaseOrder
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples_returns as examples
from crossdock.doors.fabric import wire_returns as wire
from crossdock.doors.fabric.demo import ACCOUNT
from crossdock.doors.fabric.errors import ERRORS, LARGE, message_of
from crossdock.doors.fabric.fulfillment_fields import appeasement_reference
from crossdock.doors.fabric.history import APPEASEMENT
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.common import CONTEXT, order_by_number, paths, read_document
from crossdock.doors.fabric.routes.shipments import attempt
from crossdock.flows import access, fulfillment
from crossdock.flows.execute import execute

Tree = Any
_ZERO = Decimal(0)
_DONE = "API Operation successfully completed"


class _Wanted(Struct):
    """An appeasement of a call: of the order, or of a line."""

    path: tuple[str | int, ...]
    line: int | None
    sent: wire.AppeasementEntry
    reference: str | None
    amount: Decimal


async def appease(request: Request) -> Reply:
    """Give money back in goodwill: the response code says what became of it."""
    try:
        body, tree = read_document(request, wire.AppeasementRequest, _is_empty)
    except Invalid as refusal:
        if refusal.code in (Code.NOT_JSON, Code.INVALID):
            return _reply(request, 400, "INVALID_REQUEST", message_of(refusal))
        raise
    return await attempt(lambda: _appease(request, body, tree))


def _is_empty(tree: Tree) -> list[Fault]:
    """Check that there is an appeasement at all."""
    if not isinstance(tree, dict) or tree.get("appeasements"):
        return []
    items = tree.get("items")
    rows = items if isinstance(items, list) else []
    if any(isinstance(row, dict) and row.get("appeasements") for row in rows):
        return []
    return [Fault(("appeasements",), "must have at least one element, or those of an item")]


async def _appease(request: Request, body: wire.AppeasementRequest, tree: Tree) -> Reply:
    try:
        order = await order_by_number(request, body.orderNumber)
    except NotFound:
        return _reply(request, 404, "NOT_FOUND", "Order not found")
    wanted, faults = _wanted(body, order)
    if faults:
        refusal = Invalid(Code.INVALID, "the body has faults", faults=tuple(faults))
        return _reply(request, 400, "INVALID_REQUEST", message_of(refusal), body.orderNumber, order)
    if code := _payment_problem(order, wanted):
        return _reply(request, 200, code, "a payment with this paymentCounter is not known", body.orderNumber, order)
    known = {each.reference for each in order.refunds if each.reference}
    new: dict[str | int, _Wanted] = {}
    for place, each in enumerate(wanted):
        if each.reference not in known:
            new.setdefault(each.reference or place, each)
    if not new:
        return _reply(request, 200, "SUCCESS", "All appeasements were made before", body.orderNumber, order)
    try:
        await _execute(request, order, list(new.values()), tree)
    except Invalid as refusal:
        code = "AMOUNT_EXCEEDS" if "left" in refusal.facts else "ERROR"
        return _reply(request, 200, code, message_of(refusal), body.orderNumber, order)
    is_partial = len(new) < len(wanted)
    message = "Some appeasements were made before" if is_partial else _DONE
    total = sum((each.amount for each in new.values()), _ZERO)
    code = "PARTIAL_SUCCESS" if is_partial else "SUCCESS"
    return _reply(request, 200, code, message, body.orderNumber, order, total)


def _wanted(body: wire.AppeasementRequest, order: Order) -> tuple[list[_Wanted], list[Fault]]:
    places = {line_id: place for place, line_id in enumerate(line_ids(order.content.lines))}
    rows: list[tuple[tuple[str | int, ...], int | None, wire.AppeasementEntry]] = [
        (("appeasements", place), None, each) for place, each in enumerate(body.appeasements or ())
    ]
    faults = []
    for at, item in enumerate(body.items or ()):
        line = places.get(item.lineItemId)
        if line is None:
            faults.append(Fault(("items", at, "lineItemId"), "is not a line of the order"))
        rows += [
            (("items", at, "appeasements", place), line, each) for place, each in enumerate(item.appeasements or ())
        ]
    wanted = []
    for path, line, sent in rows:
        amount = decimal(sent.value) or _ZERO
        if amount <= 0:
            faults.append(Fault((*path, "value"), "must be more than 0"))
        reference = None if sent.appeasementCounter is None else appeasement_reference(sent.appeasementCounter)
        wanted.append(_Wanted(path, line, sent, reference, amount))
    return wanted, faults


def _payment_problem(order: Order, wanted: Sequence[_Wanted]) -> str | None:
    """Return PAYMENT_NOT_FOUND where a payment is named that the order, as its sender described it, cannot have."""
    named = {payment.paymentCounter for each in wanted for payment in each.sent.payments or ()}
    return "PAYMENT_NOT_FOUND" if any(counter is not None and counter < 1 for counter in named) else None


async def _execute(request: Request, order: Order, wanted: Sequence[_Wanted], tree: Tree) -> None:
    context = request.context
    policy = await fulfillment.return_policy(context, request.caller)
    commands: list[Command] = [
        AppeaseOrder(
            order_id=order.order_id, new_id=fulfillment.new_ids(context), amount=each.amount, kind="appeasement",
            reference=each.reference, reason=each.sent.reasonCode or None, policy=policy,
            line=each.line,
        )
        for each in wanted
    ]  # fmt: skip
    commands[0] = msgspec.structs.replace(commands[0], version=order.version)
    note = AddNote(order_id=order.order_id, text="appeasement", topic=APPEASEMENT, data=tree)
    await execute(context, request.caller, [*commands, note], door=DOOR)


def _reply(
    request: Request, status: int, code: Any, message: str, number: str | None = None, order: Order | None = None,
    total: Decimal = _ZERO,
) -> Reply:  # fmt: skip
    tenant = next((value for name, value in request.caller.references if name == ACCOUNT), None)
    data = wire.AppeasementData(
        orderNumber=number, totalAmountRefunded=total, channel=order.content.channel if order else None, tenant=tenant
    )
    return json_reply(
        status, wire.AppeasementResponse(responseCode=code, responseMessage=message, responseData=data),
        order_id=order.order_id if order else None,
    )  # fmt: skip


_RESPONSE = wire.AppeasementResponse
ROUTES = (
    Route(
        "POST", paths("/order/appeasement"), appease, access.WRITE, "createAppeasement", "Give money back in goodwill",
        request=wire.AppeasementRequest, answers={200: _RESPONSE, **ERRORS, **LARGE, 400: None, 404: _RESPONSE},
        parameters=(CONTEXT,),
        description=(
            "Refunds the values of all appeasements, of the order and of its lines, or none: AMOUNT_EXCEEDS, with the status "
            "200, where they are more than what is left of what was paid. A used `appeasementCounter` is not repeated."
        ),
        examples={"request": examples.APPEASEMENT, 200: examples.APPEASED, 404: examples.NOT_APPEASED},
    ),
)  # fmt: skip

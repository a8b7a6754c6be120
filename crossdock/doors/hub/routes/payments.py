"""Payments in the hub: what providers report of them, and the balance of an order."""

from decimal import Decimal
from typing import Any

from crossdock.core.returns.commands import RecordPayment
from crossdock.core.returns.refunds import balance
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.hub import mapping, wire, wire_returns
from crossdock.doors.hub.routes.parameters import PROBLEMS, known_query
from crossdock.doors.hub.routes.verbs import change_route, execute_verb, order_id_of, read_options, read_verb_body
from crossdock.flows import access, fulfillment, queries
from crossdock.flows.execute import Change

Tree = Any


async def record_payment(request: Request) -> Reply:
    """Record what a provider reports of a payment."""
    options = read_options(request)
    body = read_verb_body(request, options, wire_returns.PaymentBody)
    changes: dict[str, Decimal | str | None] = {
        name: value for name in ("method", "currency", "status") if (value := getattr(body, name)) is not None
    }
    for name in mapping.AMOUNTS_OF_A_PAYMENT:
        if (value := getattr(body, name)) is not None:
            changes[name] = Decimal(value)
    command = RecordPayment(
        order_id=order_id_of(request), new_id=fulfillment.new_ids(request.context), reference=body.reference,
        changes=changes, reason=body.reason,
    )  # fmt: skip

    def named(change: Change) -> dict[str, Tree]:
        found = next(each for each in change.order.payments if each.reference == body.reference)
        return {"payment": mapping.payment_answer(found)}

    return await execute_verb(request, options, command, more=named)


async def get_balance(request: Request) -> Reply:
    """Answer what of an order's money was paid and given back."""
    known_query(request)
    order = await queries.order(request.context, request.caller, order_id=order_id_of(request))
    found = balance(order.content, order.payments, order.refunds)
    return json_reply(200, wire_returns.balance_answer(order, found), order_id=order.order_id)


ROUTES = (
    change_route("/hub/v1/orders/{id}/payments", record_payment, "recordPayment", "Record a report of a payment",
                 wire_returns.PaymentBody, answer=wire_returns.PaymentChange),
    Route("GET", ("/hub/v1/orders/{id}/balance",), get_balance, access.READ, "getBalance", "Read the balance of an order",
          answers={200: wire_returns.BalanceAnswer, 404: wire.Problem, **PROBLEMS}),
)  # fmt: skip

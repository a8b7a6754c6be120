"""Shapes of the hub's returns, refunds, payments and invoices, and of the return policy; no logic."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.errors import Fault
from crossdock.core.invoicing.invoices import Invoice, InvoiceKind, InvoiceStatus
from crossdock.core.json.request_body import duplicates_in
from crossdock.core.json.value_types import Currency
from crossdock.core.money import to_minor_unit
from crossdock.core.orders.model import Order
from crossdock.core.orders.returns import Eligibility, Return, ReturnPolicy
from crossdock.core.returns.refunds import Balance
from crossdock.doors.hub.mapping import amount_answer, format_id, return_answer, time_answer
from crossdock.doors.hub.wire import (
    Address,
    Amount,
    Id,
    Moved,
    Name,
    PaymentAnswer,
    Position,
    Reason,
    RefundAnswer,
    ReturnAnswer,
    Text,
    Time,
    about,
)
from crossdock.doors.hub.wire_allocation import CodeOfLocation, UnitsOfLine
from crossdock.doors.hub.wire_catalog import Measure
from crossdock.doors.hub.wire_fulfillment import Label, Lines, Url, line_rules

Tree = Any
MAX_NAMED = 200  # invoices of one call
MAX_REASONS = 100
_JUDGMENTS = ("restock", "scrap", "reject")


# ------------------------------------------------------------------------------------------------------------------ returns
class ReturnedUnits(UnitsOfLine):
    """Units that are to come back."""

    reason: Annotated[Reason | None, about("why; else the reason of the return")] = None


class ReturnBody(Struct, kw_only=True):
    """What is to come back; without `lines` everything that can be returned."""

    lines: Annotated[
        Annotated[list[ReturnedUnits], Meta(min_length=1, max_length=10_000)] | None, about("units of lines")
    ] = None
    reason: Annotated[Reason | None, about("why; the return policy may allow only some reasons")] = None
    reference: Annotated[Label | None, about("the sender's number of it, such as an RMA number")] = None
    location: Annotated[CodeOfLocation | None, about("where the units come to")] = None
    label_url: Annotated[Url | None, about("where the customer gets the return label")] = None
    exchange: Annotated[bool, about("whether the customer gets other goods instead of money")] = False
    overrule: Annotated[bool, about("`true`: the return policy is set aside")] = False
    note: Annotated[Text | None, about("a note for people")] = None


class ReceiveReturnBody(Struct, kw_only=True):
    """What came; without `lines` everything that is expected."""

    lines: Annotated[Lines | None, about("units that came")] = None
    location: Annotated[CodeOfLocation | None, about("where they came to; else the location of the return")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class JudgeBody(Struct, kw_only=True):
    """What becomes of units that came."""

    restock: Annotated[Lines | None, about("units that go back into stock at the location")] = None
    scrap: Annotated[Lines | None, about("units that cannot be sold again; they are refunded")] = None
    reject: Annotated[Lines | None, about("units that are not accepted; they are not refunded")] = None
    location: Annotated[CodeOfLocation | None, about("where units are restocked; else the location of the return")] = (
        None
    )
    reason: Annotated[Reason | None, about("why, for the log")] = None


class CancelReturnBody(Struct, kw_only=True):
    reason: Annotated[Reason | None, about("why, for the log")] = None


class RefundReturnBody(Struct, kw_only=True):
    """A refund of what came and was not rejected; without `amount` it is computed."""

    amount: Annotated[Amount | None, about("the amount, in place of the computed one")] = None
    fee: Annotated[Measure | None, about("what is kept back of the computed amount, such as a restocking fee")] = None
    without: Annotated[
        Annotated[list[Literal["shipping", "fees", "tax", "duty"]], Meta(max_length=4)],
        about("components that are not refunded"),
    ] = []
    reference: Annotated[Label | None, about("the sender's id of it: a second refund under it is not made")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class RefundBody(Struct, kw_only=True):
    """Money that goes back: an `amount`, or what units of `lines` cost."""

    amount: Annotated[Amount | None, about("the amount, positive")] = None
    lines: Annotated[Lines | None, about("units whose share of the order is refunded")] = None
    kind: Annotated[
        Literal["manual", "appeasement"], about("`appeasement`: goodwill, limited by the return policy")
    ] = "manual"
    line: Annotated[
        Position | None,
        about("of an `appeasement` with an `amount`: the line that it is given for; else the whole order"),
    ] = None
    reference: Annotated[Label | None, about("the sender's id of it: a second refund under it is not made")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


def judge_rules(tree: Tree) -> list[Fault]:
    """Something is judged, and each list names a line once."""
    faults = [fault for member in _JUDGMENTS for fault in duplicates_in(tree, member, "line")]
    if isinstance(tree, dict) and all(tree.get(member) is None for member in _JUDGMENTS):
        faults.append(Fault((), f"must have at least one of {', '.join(_JUDGMENTS)}"))
    return faults


def path_of_judgment(body: JudgeBody, place: int) -> tuple[str, int]:
    """Return where a body has the line that the command has at `place`: it adds up the lists, in their order."""
    seen: list[int] = []
    for member in _JUDGMENTS:
        for at, each in enumerate(getattr(body, member) or ()):
            if each.line not in seen:
                if len(seen) == place:
                    return member, at
                seen.append(each.line)
    return _JUDGMENTS[0], place


def refund_rules(tree: Tree) -> list[Fault]:
    """Either an amount or lines are given, and a line once; goodwill for a line names its amount."""
    faults = line_rules(tree)
    if isinstance(tree, dict):
        given = [name for name in ("amount", "lines") if tree.get(name) is not None]
        if not given:
            faults.append(Fault((), "must have amount or lines"))
        elif len(given) > 1:
            faults.append(Fault(("lines",), "must not be given together with amount"))
        if tree.get("line") is not None and (tree.get("amount") is None or tree.get("kind") != "appeasement"):
            faults.append(Fault(("line",), "must only be given with an amount and the kind appeasement"))
    return faults


def return_refund_rules(tree: Tree) -> list[Fault]:
    """A fee is kept back of a computed amount only."""
    both = isinstance(tree, dict) and tree.get("amount") is not None and tree.get("fee") is not None
    return [Fault(("fee",), "must not be given together with amount")] if both else []


class ReturnChange(Moved, rename={"state": "return"}):  # `return` is a keyword of Python
    """The return and its order after a call, and the events of it."""

    state: Annotated[ReturnAnswer, about("the return as it is now")]


class ReturnDocument(ReturnAnswer):
    """A return with its order."""

    order_id: Annotated[Id, about("the order")]
    order_number: Annotated[str, about("the sender's order number")]
    version: Annotated[int, about("the order's version, also the ETag, for `If-Match` of a change")]


class RefundChange(Moved):
    """The refund and its order after a call, and the events of it; none where the reference was refunded before."""

    refund: Annotated[RefundAnswer, about("the refund")]


def document_answer(order: Order, each: Return) -> dict[str, Tree]:
    """Format a return with its order."""
    return return_answer(each) | {
        "order_id": format_id(order.order_id),
        "order_number": order.content.number,
        "version": order.version,
    }


# ------------------------------------------------------------------------------------------------------------------- policy
class PolicyBody(Struct, kw_only=True):
    """What may be returned; what is left out has its default."""

    name: Annotated[Name, about("its name, in refusals")] = "default"
    days: Annotated[
        Annotated[int, Meta(ge=1, le=36_500)] | None, about("days after the delivery; null for no limit")
    ] = None
    reasons: Annotated[
        Annotated[list[Name], Meta(max_length=MAX_REASONS)],
        about("the reasons that are allowed; none for any, or no reason"),
    ] = []
    appeasement_percent: Annotated[
        Annotated[int, Meta(ge=0, le=100)],
        about("the most that is given back as goodwill, in percent of what was paid"),
    ] = 100


def policy_rules(tree: Tree) -> list[Fault]:
    """A reason is named once."""
    reasons = tree.get("reasons") if isinstance(tree, dict) else None
    named = reasons if isinstance(reasons, list) else []
    return [
        Fault(("reasons", place), f"must be unique, {reason!r} is there already")
        for place, reason in enumerate(named)
        if isinstance(reason, str) and reason in named[:place]
    ]


def to_policy(body: PolicyBody) -> ReturnPolicy:
    """Make a policy of its body."""
    return ReturnPolicy(body.name, body.days, tuple(body.reasons), body.appeasement_percent)


def policy_answer(policy: ReturnPolicy) -> dict[str, Tree]:
    """Format a policy, with all members."""
    return {
        "name": policy.name,
        "days": policy.days,
        "reasons": list(policy.reasons),
        "appeasement_percent": policy.appeasement_percent,
    }


class EligibleLine(Struct):
    """How many units of a line can be returned now, or why none."""

    line: Annotated[int, about("the position of the line")]
    units: Annotated[int, about("units that can be returned")]
    rule: Annotated[
        Literal["not_shipped", "returned", "period"] | None, about("the rule by which none can be returned")
    ]
    reason: Annotated[str | None, about("why none can be returned, in words")]


class EligibilityAnswer(Struct):
    policy: Annotated[PolicyBody, about("the return policy")]
    lines: Annotated[list[EligibleLine], about("every line of the order")]


def eligibility_answer(policy: ReturnPolicy, lines: list[Eligibility]) -> dict[str, Tree]:
    """Format what of an order can be returned."""
    found = [{"line": each.line, "units": each.units, "rule": each.rule, "reason": each.reason} for each in lines]
    return {"policy": policy_answer(policy), "lines": found}


# ----------------------------------------------------------------------------------------------------------------- payments
class PaymentBody(Struct, kw_only=True):
    """What a payment provider reports, as it is now; what is left out stays as it was."""

    reference: Annotated[Label, about("the provider's id of the payment; a later report with it changes the payment")]
    method: Annotated[Label | None, about("how it was paid, such as `card`")] = None
    currency: Annotated[Currency | None, about("ISO 4217; the order's where it is missing")] = None
    authorized: Annotated[Measure | None, about("what is authorized")] = None
    captured: Annotated[Measure | None, about("what is captured")] = None
    refunded: Annotated[Measure | None, about("what was given back, of what is captured")] = None
    voided: Annotated[Measure | None, about("what of the authorization was given up")] = None
    settled: Annotated[Measure | None, about("what the provider has paid out")] = None
    status: Annotated[Label | None, about("the provider's word for its state")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class PaymentChange(Moved):
    """The payment and its order after a call, and the events of it; none where nothing was new."""

    payment: Annotated[PaymentAnswer, about("the payment as it is now")]


class BalanceAnswer(Struct):
    """What of an order's money was paid and given back, in its currency.

    Where no payment was recorded, the order counts as paid in full, or as far as its `totals.paid` says.
    """

    currency: Annotated[str | None, about("ISO 4217; null where the order has none")]
    total: Annotated[Amount, about("the total of the order")]
    authorized: Annotated[Amount, about("the sum of what is authorized")]
    captured: Annotated[Amount, about("the sum of what is captured")]
    refunded: Annotated[Amount, about("the sum of all refunds")]
    refundable: Annotated[Amount, about("the most that can still be refunded")]
    owed: Annotated[Amount, about("what the customer still owes")]


def balance_answer(order: Order, found: Balance) -> dict[str, Tree]:
    """Format a balance, with the decimal places of the currency."""
    currency = order.content.currency
    names = ("total", "authorized", "captured", "refunded", "refundable", "owed")
    amounts: dict[str, Decimal] = {name: getattr(found, name) for name in names}
    return {"currency": currency} | {
        name: amount_answer(to_minor_unit(amount, currency)) for name, amount in amounts.items()
    }


# ----------------------------------------------------------------------------------------------------------------- invoices
class InvoiceLineAnswer(Struct):
    line: Annotated[Position, about("the position of the line when it was billed")]
    quantity: Annotated[int, about("units billed")]
    sku: Annotated[str | None, about("the SKU")]
    description: Annotated[str | None, about("what it is, for people")]
    unit_price: Annotated[Amount | None, about("the price of one")]
    components: Annotated[dict[str, Amount], about("what the total is made of")]
    total: Annotated[Amount, about("the total of the line")]


class InvoiceAnswer(Struct):
    """An invoice, or a credit note: then the amounts are negative."""

    id: Annotated[Id, about("the invoice's id")]
    number: Annotated[str, about("its number, without gaps within a year")]
    kind: Annotated[InvoiceKind, about("what it is for")]
    status: Annotated[InvoiceStatus, about("`posted`: sent to accounting; `acknowledged`: accounting has it")]
    order_id: Annotated[Id, about("the order")]
    order_number: Annotated[str, about("the sender's order number")]
    fulfillment_id: Annotated[Id | None, about("the fulfillment that was shipped")]
    refund_id: Annotated[Id | None, about("the refund that it credits")]
    at: Annotated[Time, about("when it was made")]
    posted_at: Annotated[Time | None, about("when it was posted")]
    acknowledged_at: Annotated[Time | None, about("when it was acknowledged")]
    currency: Annotated[str | None, about("ISO 4217")]
    tax_included: Annotated[bool, about("whether prices include the tax")]
    total: Annotated[Amount, about("the total")]
    components: Annotated[dict[str, Amount], about("what the total is made of")]
    lines: Annotated[list[InvoiceLineAnswer], about("the lines of a shipment")]
    bill_to: Annotated[Address | None, about("where the invoice goes")]


class InvoicesAnswer(Struct):
    items: Annotated[list[InvoiceAnswer], about("the invoices")]


class InvoiceIds(Struct, kw_only=True):
    """Invoices, all or none."""

    ids: Annotated[Annotated[list[Id], Meta(min_length=1, max_length=MAX_NAMED)], about("ids of invoices")]


def invoice_answer(invoice: Invoice) -> dict[str, Tree]:
    """Format an invoice."""
    return {
        "id": format_id(invoice.invoice_id),
        "number": invoice.number,
        "kind": invoice.kind,
        "status": invoice.status,
        "order_id": format_id(invoice.order_id),
        "order_number": invoice.order_number,
        "fulfillment_id": None if invoice.fulfillment_id is None else format_id(invoice.fulfillment_id),
        "refund_id": None if invoice.refund_id is None else format_id(invoice.refund_id),
        "at": time_answer(invoice.at),
        "posted_at": None if invoice.posted_at is None else time_answer(invoice.posted_at),
        "acknowledged_at": None if invoice.acknowledged_at is None else time_answer(invoice.acknowledged_at),
        "currency": invoice.currency,
        "tax_included": invoice.tax_included,
        "total": amount_answer(invoice.total),
        "components": _components(invoice.components),
        "lines": [
            {
                "line": line.line,
                "quantity": line.quantity,
                "sku": line.sku,
                "description": line.description,
                "unit_price": None if line.unit_price is None else amount_answer(line.unit_price),
                "components": _components(line.components),
                "total": amount_answer(line.total),
            }
            for line in invoice.lines
        ],
        "bill_to": invoice.bill_to,
    }


def _components(components: dict[str, Decimal]) -> dict[str, str]:
    return {name: amount_answer(amount) for name, amount in components.items()}

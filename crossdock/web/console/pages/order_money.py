"""The forms of an order about returns and money: request a return, refund, give goodwill, record a payment."""

from decimal import Decimal

from crossdock.core.orders.commands import Command
from crossdock.core.orders.returns import ReturnPolicy
from crossdock.core.returns.commands import AppeaseOrder, RecordPayment, RefundOrder, RequestReturn, eligible_lines
from crossdock.core.returns.refunds import refunded_units
from crossdock.web.console.pages.order_fields import (
    MAX_NOTE,
    MAX_URL,
    Field,
    Subject,
    Typed,
    location_field,
    read_location,
    reason_field,
    text_field,
    units_field,
)

_AMOUNTS = ("authorized", "captured", "refunded", "voided", "settled")


def return_fields(subject: Subject) -> list[Field]:
    request, order, t = subject.request, subject.order, subject.request.t
    now = request.context.clock()
    limits = [each.units for each in eligible_lines(order, ReturnPolicy(), now)]
    reasons = tuple((each, each) for each in subject.policy.reasons)
    reason = reason_field(request)
    if reasons:
        reason = Field("reason", t("Reason"), "select", request.form.get("reason", ""), options=(("", ""), *reasons))
    fields = [
        units_field(request, order, t("Units that come back"), limits, hint=t("None: all that can be returned.")),
        reason,
        location_field(request, subject.locations, empty=t("Not decided")),
        text_field(request, "reference", t("Number of the return"), hint=t("Such as an RMA number.")),
        text_field(request, "label_url", t("Link to the return label")),
        text_field(request, "note", t("Note"), kind="textarea"),
    ]
    checked = ("overrule",) if request.form.get("overrule") else ()
    return [*fields, Field("overrule", t("Set the return policy aside"), "checkbox", chosen=checked)]


def request_return(subject: Subject, typed: Typed) -> Command:
    url = typed.text("label_url", most=MAX_URL)
    if url is not None and not url.startswith(("http://", "https://")):
        typed.faults["label_url"] = typed.request.t("Write an address that begins with https://.")
    return RequestReturn(
        **subject.base, new_id=subject.new_id, lines=typed.units(subject.order), policy=subject.policy,
        overrule=bool(typed.form.get("overrule")), reference=typed.text("reference", most=200),
        location=read_location(subject, typed), label_url=url, note=typed.text("note", most=MAX_NOTE), reason=typed.reason(),
    )  # fmt: skip


def _left(subject: Subject) -> str:
    money = subject.request.format.money(subject.balance.refundable, subject.order.content.currency)
    return subject.request.t("At most {amount}, which is left of what was paid.", amount=money)


def refund_fields(subject: Subject) -> list[Field]:
    request, order, t = subject.request, subject.order, subject.request.t
    done = refunded_units(order.refunds)
    limits = [line.ordered - done.get(place, 0) for place, line in enumerate(order.counters)]
    kinds = (("manual", t("Other")), ("cancel", t("For what was canceled")))
    return [
        text_field(request, "amount", t("Amount"), kind="amount", hint=_left(subject)),
        units_field(
            request, order, t("Or what these units cost"), limits, hint=t("With their shares of shipping and tax.")
        ),
        Field("kind", t("What it is for"), "select", request.form.get("kind", "manual"), options=kinds),
        text_field(request, "reference", t("Number of the refund"), hint=t("A second refund under it is not made.")),
        reason_field(request),
    ]


def refund(subject: Subject, typed: Typed) -> Command:
    amount, lines = typed.amount("amount"), typed.units(subject.order)
    if (amount is None) == (lines is None) and not typed.faults:
        typed.faults["amount"] = typed.request.t("Write either an amount or units.")
    kind = typed.choice("kind", ("manual", "cancel"))
    return RefundOrder(
        **subject.base, new_id=subject.new_id, lines=lines, amount=amount, kind="cancel" if kind == "cancel" else "manual",
        reference=typed.text("reference", most=200), reason=typed.reason(),
    )  # fmt: skip


def appease_fields(subject: Subject) -> list[Field]:
    request, t = subject.request, subject.request.t
    return [
        text_field(request, "amount", t("Amount"), kind="amount", required=True, hint=_left(subject)),
        reason_field(request),
    ]


def appease(subject: Subject, typed: Typed) -> Command:
    return AppeaseOrder(
        **subject.base, new_id=subject.new_id, amount=typed.amount("amount", required=True), kind="appeasement",
        policy=subject.policy, reason=typed.reason(),
    )  # fmt: skip


def payment_fields(subject: Subject) -> list[Field]:
    request, order, t = subject.request, subject.order, subject.request.t
    known = tuple(each.reference for each in order.payments if each.reference)
    labels = {"authorized": t("Authorized"), "captured": t("Captured"), "refunded": t("Refunded by the provider"),
              "voided": t("Voided"), "settled": t("Settled")}  # fmt: skip
    return [
        text_field(request, "reference", t("Number of the payment"), required=True, suggestions=known,
                   hint=t("The provider's. One that is known is brought up to date.")),
        text_field(request, "method", t("Method"), suggestions=("card", "transfer", "cash", "invoice")),
        *(text_field(request, name, labels[name], kind="amount", group="amounts") for name in _AMOUNTS),
        reason_field(request),
    ]  # fmt: skip


def payment(subject: Subject, typed: Typed) -> Command:
    changes: dict[str, Decimal | str | None] = {}
    for name in _AMOUNTS:
        if (amount := typed.amount(name)) is not None:
            changes[name] = amount
    if (method := typed.text("method")) is not None:
        changes["method"] = method
    if not changes and not typed.faults:
        typed.faults["authorized"] = typed.request.t("Write at least one amount.")
    return RecordPayment(
        **subject.base, new_id=subject.new_id, reference=typed.text("reference", most=200, required=True), changes=changes,
        reason=typed.reason(),
    )  # fmt: skip

"""The hub's JSON to canonical content and back; pure. The names are the same on both sides, so most of it is generic."""

from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.errors import Fault
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.json.request_body import objects_in
from crossdock.core.money import reconcile
from crossdock.core.orders.allocations import Allocation
from crossdock.core.orders.fulfillments import Fulfillment, Package
from crossdock.core.orders.model import Content, Hold, Line, Order
from crossdock.core.orders.payments import Payment, Refund
from crossdock.core.orders.returns import Return
from crossdock.core.orders.status import Counters
from crossdock.core.time import format_time
from crossdock.doors.hub import wire

Tree = Any
# Members of the answer that a sender cannot set.
HEAD = ("id", "version", "status", "created_at", "updated_at", "source", "holds", "tags", "archived")
ANSWERED = (*HEAD, "reconciliation")
# What is said of an order that cannot be rendered, in its place in a list or an export.
UNREADABLE = "the order cannot be shown; the server's log says why"
ENCODER = msgspec.json.Encoder()  # writes amounts as strings, as this door does
DECODER = msgspec.json.Decoder()


def _members(kind: type[msgspec.Struct]) -> list[tuple[str, Any, Any]]:
    """List the members of a canonical Struct as the answer has them: all but the leftovers, absent where they say nothing."""
    fields = [field for field in msgspec.structs.fields(kind) if field.name != "unmapped"]
    return [(field.name, Any, None if field.required else field.default) for field in fields]


# The answer in the order of its members, for orders of other doors: encoded from canonical values as they are.
COUNTERS_RESPONSE = msgspec.defstruct(
    "COUNTERS_RESPONSE", [(field.name, int) for field in msgspec.structs.fields(Counters)]
)
LINE_RESPONSE = msgspec.defstruct("LINE_RESPONSE", [*_members(Line), ("counters", Any, None)], omit_defaults=True)
RESPONSE = msgspec.defstruct(
    "RESPONSE",
    [
        *((name, Any) for name in HEAD),
        *_members(Content),
        ("reconciliation", Any, None),
        *((name, Any, None) for name in ("allocations", "fulfillments", "returns", "payments", "refunds")),
    ],
    omit_defaults=True,
)

format_id = to_base32
parse_id = from_base32


def line_rules(tree: Tree) -> list[Fault]:
    """A line has a SKU or a description, and goes to a destination that is there."""
    faults = []
    destinations = tree.get("destinations") if isinstance(tree, dict) else None
    known = len(destinations) if isinstance(destinations, list) else 0
    for position, line in objects_in(tree, "lines"):
        if not line.get("sku") and not line.get("description"):
            faults.append(Fault(("lines", position), "must have a sku or a description"))
        place = line.get("destination")
        if isinstance(place, int) and place and place >= known:
            faults.append(
                Fault(("lines", position, "destination"), f"must be below {known}, the number of destinations")
            )
    return faults


def time_answer(us: int) -> str:
    """Format microseconds since 1970."""
    return format_time(us, digits=6)


def unreadable_answer(order: Order) -> bytes:
    """Render what stands in a list or an export for an order that cannot be rendered."""
    answer = wire.UnreadableOrder(
        format_id(order.order_id), order.content.number, order.version, order.status, UNREADABLE
    )
    return ENCODER.encode(answer)


def hold_answer(hold: Hold) -> dict[str, Tree]:
    """Format a hold."""
    return {
        "number": hold.number,
        "reason": hold.reason,
        "note": hold.note,
        "lines": list(hold.lines),
        "at": time_answer(hold.at),
        "release_at": None if hold.release_at is None else time_answer(hold.release_at),
        "actor": hold.actor,
    }


def _id(identity: int | None) -> str | None:
    return None if identity is None else format_id(identity)


def allocation_answer(allocation: Allocation) -> dict[str, Tree]:
    """Format an allocation (see wire.AllocationAnswer)."""
    return {
        "id": format_id(allocation.allocation_id),
        "location": allocation.location,
        "open": allocation.is_open,
        "destination": allocation.destination,
        "at": time_answer(allocation.at),
        "expires_at": None if allocation.expires_at is None else time_answer(allocation.expires_at),
        "replaces": _id(allocation.replaces),
        "decision_id": _id(allocation.decision_id),
        "units": [
            {
                "line": each.line,
                "sku": each.sku,
                "pool": each.pool,
                "quantity": each.quantity,
                "open": each.open,
                "shipped": each.shipped,
                "released": each.released,
            }
            for each in allocation.units
        ],
    }


def _time(us: int | None) -> str | None:
    return None if us is None else time_answer(us)


def amount_answer(amount: Decimal) -> str:
    """Format an amount as digits without an exponent."""
    return format(amount, "f")


def units_answer(lines: tuple[tuple[int, int], ...]) -> list[dict[str, int]]:
    """Format units of lines."""
    return [{"line": line, "quantity": quantity} for line, quantity in lines]


def package_answer(package: Package, fulfillment: Fulfillment) -> dict[str, Tree]:
    """Format a package of a fulfillment (see wire.PackageAnswer)."""
    weight, size = package.weight, package.size
    measures = ("length", "width", "height")
    return {
        "id": _id(package.package_id),
        "lines": units_answer(package.lines),
        "carrier": package.carrier,
        "service": package.service,
        "tracking_number": package.number,
        "tracking_url": package.url,
        "weight": None if weight is None else {"value": amount_answer(weight[0]), "unit": weight[1]},
        "size": None
        if size is None
        else {name: amount_answer(getattr(size, name)) for name in measures} | {"unit": size.unit},
        "shipped": package.shipped,
        "shipped_at": _time(fulfillment.left_at(package)),
        "status": package.status,
        "reported_at": _time(package.reported_at or None),
    }


def fulfillment_answer(fulfillment: Fulfillment) -> dict[str, Tree]:
    """Format a fulfillment (see wire.FulfillmentAnswer)."""
    return {
        "id": format_id(fulfillment.fulfillment_id),
        "location": fulfillment.location,
        "kind": fulfillment.kind,
        "status": fulfillment.status,
        "reference": fulfillment.reference,
        "destination": fulfillment.destination,
        "at": time_answer(fulfillment.at),
        "lines": [
            {
                "line": line.line,
                "quantity": line.quantity,
                "open": line.open,
                "picked": line.picked,
                "shipped": line.shipped,
                "canceled": line.canceled,
            }
            for line in fulfillment.lines
        ],
        "packages": [package_answer(package, fulfillment) for package in fulfillment.packages],
        "shipped_at": _time(fulfillment.shipped_at),
        "ready_at": _time(fulfillment.ready_at),
        "pickup_by": _time(fulfillment.pickup_by),
        "reships": _id(fulfillment.reships),
    }


def return_answer(each: Return) -> dict[str, Tree]:
    """Format a return (see wire.ReturnAnswer)."""
    return {
        "id": format_id(each.return_id),
        "status": each.status,
        "reference": each.reference,
        "location": each.location,
        "label_url": each.label_url,
        "exchange": each.exchange,
        "note": each.note,
        "at": time_answer(each.at),
        "lines": [
            {
                "line": line.line,
                "quantity": line.quantity,
                "reason": line.reason,
                "received": line.received,
                "restocked": line.restocked,
                "scrapped": line.scrapped,
                "rejected": line.rejected,
                "canceled": line.canceled,
            }
            for line in each.lines
        ],
    }


AMOUNTS_OF_A_PAYMENT = ("authorized", "captured", "refunded", "voided", "settled")


def payment_answer(payment: Payment) -> dict[str, Tree]:
    """Format a payment (see wire.PaymentAnswer)."""
    return {
        "id": format_id(payment.payment_id),
        "reference": payment.reference,
        "method": payment.method,
        "status": payment.status,
        "currency": payment.currency,
        "at": time_answer(payment.at),
    } | {name: amount_answer(getattr(payment, name)) for name in AMOUNTS_OF_A_PAYMENT}


def refund_answer(refund: Refund) -> dict[str, Tree]:
    """Format a refund (see wire.RefundAnswer)."""
    return {
        "id": format_id(refund.refund_id),
        "kind": refund.kind,
        "amount": amount_answer(refund.amount),
        "components": {name: amount_answer(amount) for name, amount in refund.components},
        "lines": units_answer(refund.lines),
        "line_amounts": [{"line": line, "amount": amount_answer(amount)} for line, amount in refund.by_line],
        "return_id": _id(refund.return_id),
        "reference": refund.reference,
        "reason": refund.reason,
        "at": time_answer(refund.at),
    }


def order_parts(order: Order) -> dict[str, Tree]:
    """Format what an order has besides its content; members without elements are left out."""
    parts: dict[str, Tree] = {}
    if order.allocations:
        parts["allocations"] = [allocation_answer(each) for each in order.allocations]
    if order.fulfillments:
        parts["fulfillments"] = [fulfillment_answer(each) for each in order.fulfillments]
    if order.returns:
        parts["returns"] = [return_answer(each) for each in order.returns]
    if order.payments:
        parts["payments"] = [payment_answer(each) for each in order.payments]
    if order.refunds:
        parts["refunds"] = [refund_answer(each) for each in order.refunds]
    return parts


def order_head(order: Order) -> tuple[Tree, ...]:
    """Return what the book knows of an order: the values of `HEAD`."""
    created = time_answer(order.created_at)
    source = order.source
    return (
        format_id(order.order_id),
        order.version,
        str(order.status),
        created,
        created if order.updated_at == order.created_at else time_answer(order.updated_at),
        {"door": source.door, "submission_id": format_id(source.submission_id), "actor": source.actor},
        [hold_answer(each) for each in order.holds],
        list(order.tags),
        order.archived,
    )


def reconciliation(content: Content) -> Tree:
    return msgspec.to_builtins(reconcile(content))

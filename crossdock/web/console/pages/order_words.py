"""The words of the order page: actions, events with what they say, and changed values. English; what is shown is translated."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.core.events import Event
from crossdock.core.explanation import Explanation
from crossdock.core.orders import events
from crossdock.core.orders.events import (
    Allocated,
    Backordered,
    Canceled,
    Counted,
    Deallocated,
    Delivered,
    FulfillmentsChanged,
    Held,
    Invoiced,
    Noted,
    OrderEvent,
    PaymentRecorded,
    Received,
    Refunded,
    Released,
    ReturnCanceled,
    ReturnJudged,
    Shipped,
    Tagged,
    Tracked,
)
from crossdock.core.orders.model import Order
from crossdock.flows.queries import Changes, TimelineEntry
from crossdock.web.console import labels
from crossdock.web.console.formatting import Formatter
from crossdock.web.console.page import PageRequest

ACTION_LABELS = {
    "hold": "Hold",
    "release": "Release",
    "edit": "Edit",
    "cancel": "Cancel",
    "allocate": "Allocate",
    "reallocate": "Move to another location",
    "deallocate": "Give units back",
    "fulfill": "Create fulfillment",
    "ship": "Ship",
    "return": "Request return",
    "refund": "Refund",
    "appease": "Give goodwill",
    "payment": "Record payment",
    "tag": "Tags",
    "note": "Add note",
    "archive": "Archive",
    "unarchive": "Bring back from the archive",
}
EVENT_TITLES = {
    "order.received": "Received",
    "order.edited": "Edited",
    "order.held": "Put on hold",
    "order.released": "Released",
    "order.canceled": "Canceled",
    "order.allocated": "Allocated",
    "order.deallocated": "Units given back",
    "order.backordered": "Waits for stock",
    "order.fulfillment_created": "Fulfillment created",
    "order.picked": "Picked",
    "order.packed": "Packed",
    "order.fulfillment_changed": "Fulfillment changed",
    "order.fulfillment_canceled": "Fulfillment canceled",
    "order.ready_for_pickup": "Ready to be fetched",
    "order.shipped": "Shipped",
    "order.tracked": "Carrier report",
    "order.reshipped": "Shipped again",
    "order.delivered": "Delivered",
    "order.return_requested": "Return requested",
    "order.returned": "Returned",
    "order.return_judged": "Return judged",
    "order.return_canceled": "Return canceled",
    "order.payment_recorded": "Payment recorded",
    "order.refunded": "Refunded",
    "order.invoiced": "Invoiced",
    "order.tagged": "Tags changed",
    "order.noted": "Note",
    "order.archived": "Archived",
    "order.unarchived": "Brought back from the archive",
    "order.erased": "Personal data erased",
}
# Events that people look for first.
_IMPORTANT = frozenset(
    ("order.received", "order.held", "order.released", "order.canceled", "order.shipped", "order.delivered", "order.refunded")
)  # fmt: skip
_NAMED_UNITS = 6
_NONE = "\u2013"  # an en dash stands for no value
_TIMES = "\u00d7"
_WITHIN = " \u203a "
MAX_CHANGES = 60
COMPONENT_LABELS = {
    "items": "Items", "discount": "Discount", "fees": "Fees", "shipping": "Shipping", "tax": "Tax", "duty": "Duty",
    "total": "Total", "paid": "Paid",
}  # fmt: skip
_FIELD_LABELS = {
    "status": "Status", "tags": "Tags", "archived": "Archived", "number": "Number", "quantity": "Quantity", "sku": "SKU",
    "description": "Description", "unit_price": "Unit price", "city": "City", "region": "Region", "country": "Country",
    "postal_code": "Postal code", "phone": "Phone", "email": "E-mail", "name": "Name", "company": "Company",
    "notes": "Notes of the order", "ordered": "Ordered", "allocated": "Allocated", "backordered": "Waiting for stock",
    "shipped": "Shipped", "delivered": "Delivered", "canceled": "Canceled", "returned": "Returned",
    "return_requested": "To come back", "customer": "Customer", "bill_to": "Bill to", "ship_from": "Ship from",
    "destinations": "Ship to", "references": "References", "totals": "Totals", "charges": "Charges", "lines": "Lines",
    "address": "Address", "counters": "Units", "value": "Value",
}  # fmt: skip


class Change(Struct, frozen=True):
    """A changed value as it is shown."""

    label: str
    old: str
    new: str


class Entry(Struct, frozen=True):
    """An event as it is shown: what happened, what it says, and what it changed. `more` changes are not listed."""

    event: Event
    title: str
    details: tuple[str, ...]
    changes: tuple[Change, ...]
    more: int
    important: bool
    readable: bool = True


# --------------------------------------------------------------------------------------------------------------- explanations
def explanation_text(request: PageRequest, explanation: Explanation) -> str:
    """Return an explanation in the reader's language."""
    values = {
        name: _shown(request.format, name, value, explanation.values) for name, value in explanation.values.items()
    }
    if "names" in values:
        names = explanation.values["names"].split(", ")
        values["names"] = ", ".join(request.t(COMPONENT_LABELS.get(name, name)) for name in names)
    if explanation.one is not None:
        count = values.pop("n")
        return request.t.plural(int(count), explanation.one, explanation.text, **values)
    return request.t(explanation.text, **values)


def _shown(format: Formatter, name: str, value: Any, values: dict[str, Any]) -> Any:
    if name.endswith("_at"):
        return format.ago(value)
    return format.money(value, values.get("currency")) if isinstance(value, Decimal) else value


# --------------------------------------------------------------------------------------------------------------------- events
def entry_of(request: PageRequest, entry: TimelineEntry) -> Entry:
    """Return an event of the timeline as it is shown."""
    event, order = entry.event, entry.order
    title = request.t(EVENT_TITLES.get(event.name, event.name))
    if entry.changes is None or order is None:
        return Entry(event, title, (), (), 0, important=False, readable=False)
    order_event = events.decode_event(event)
    if isinstance(order_event, Noted) and order_event.topic:
        title = request.t("Report: {topic}", topic=order_event.topic.replace("_", " "))
    shown = changes_of(request, order, entry.changes)
    details = tuple(details_of(request, order_event, order))
    return Entry(event, title, details, shown[:MAX_CHANGES], max(0, len(shown) - MAX_CHANGES), event.name in _IMPORTANT)


def details_of(request: PageRequest, order_event: OrderEvent, order: Order) -> list[str]:
    """Return what an event says besides its name; `order` is the order after it."""
    for kind, say in _DETAILS:
        if isinstance(order_event, kind):
            found = [each for each in say(request, order_event, order) if each]
            break
    else:
        found = []
    reason = getattr(order_event, "reason", None)
    return [*found, request.t("Reason: {reason}", reason=reason)] if reason else found


def units_text(request: PageRequest, units: Iterable[tuple[int, int]], order: Order) -> str:
    """Name units of lines and how many."""
    listed = list(units)
    named = [f"{quantity} {_TIMES} {line_name(order, line)}" for line, quantity in listed[:_NAMED_UNITS]]
    left = len(listed) - len(named)
    if left:
        named.append(request.t.plural(left, "{n} more line", "{n} more lines"))
    return ", ".join(named)


def line_name(order: Order, position: int) -> str:
    """Return the SKU of a line, or else its description; of a line that an edit has removed a dash."""
    if not 0 <= position < len(order.content.lines):
        return _NONE
    line = order.content.lines[position]
    return line.sku or line.description or str(position + 1)


def _held(request: PageRequest, said: Held, order: Order) -> list[str]:
    found = []
    for hold in said.holds:
        found.append(f"{hold.reason}: {hold.note}" if hold.note else hold.reason)
        if hold.lines:
            found.append(request.t("Lines: {names}", names=", ".join(line_name(order, line) for line in hold.lines)))
        if hold.release_at is not None:
            found.append(request.t("Ends by itself: {time}", time=request.format.time(hold.release_at)))
    return found


def _allocated(request: PageRequest, said: Allocated, order: Order) -> list[str]:
    units = ((each.line, each.quantity) for each in (said.allocation.units if said.allocation else ()))
    return [request.t("Location: {location}", location=said.location_ref), units_text(request, units, order)]


def _shipped(request: PageRequest, said: Shipped, order: Order) -> list[str]:
    found = [units_text(request, said.lines, order)]
    if said.location_ref:
        found.append(request.t("Location: {location}", location=said.location_ref))
    numbers = [" ".join(filter(None, (each.carrier, each.service, each.number))) for each in said.packages]
    return [*found, ", ".join(filter(None, numbers))]


def _backordered(request: PageRequest, said: Backordered, order: Order) -> list[str]:
    found = [units_text(request, said.lines, order)]
    if said.consent_by:
        found.append(request.t("The customer is asked to answer until {day}.", day=said.consent_by))
    return found


def _fulfillments(request: PageRequest, said: FulfillmentsChanged, order: Order) -> list[str]:
    found = []
    for each in said.fulfillments:
        units = units_text(request, ((line.line, line.quantity) for line in each.lines), order)
        found.append(f"{each.location}: {units}")
    if isinstance(said, Tracked):
        status = request.t(labels.status_label(said.status))
        found = [" · ".join(filter(None, (status, said.place, said.text)))]
    return found


def _payment(request: PageRequest, said: PaymentRecorded, order: Order) -> list[str]:
    payment, money = said.payment, request.format.money
    amounts = [
        f"{request.t(label)} {money(amount, payment.currency)}"
        for label, amount in (
            ("Authorized", payment.authorized), ("Captured", payment.captured), ("Refunded", payment.refunded),
        )
        if amount
    ]  # fmt: skip
    return [" · ".join(filter(None, (payment.method, payment.reference))), ", ".join(amounts)]


def _deallocated(request: PageRequest, said: Deallocated, order: Order) -> list[str]:
    return [units_text(request, said.lines, order), request.t("The units were not found.") if said.missing else ""]


def _judged(request: PageRequest, said: ReturnJudged, order: Order) -> list[str]:
    found = []
    for name, label in (("restocked", "Restocked"), ("scrapped", "Scrapped"), ("rejected", "Not accepted")):
        units = [(line.line, getattr(line, name)) for line in said.state.lines if getattr(line, name)]
        found.append(f"{request.t(label)}: {units_text(request, units, order)}" if units else "")
    return found


def _say_refunded(request: PageRequest, said: Refunded, order: Order) -> list[str]:
    return [request.format.money(said.amount, said.currency or order.content.currency)]


_Say = Callable[[PageRequest, Any, Order], list[str]]
_DETAILS: tuple[tuple[type[OrderEvent], _Say], ...] = (
    (Received, lambda request, said, order: [units_text(request, _quantities(said), order)]),
    (Held, _held),
    (Released, lambda _, said, __: [", ".join(dict.fromkeys(reason for _, reason in said.holds))]),
    (Canceled, lambda request, said, order: [units_text(request, said.lines, order), said.note or ""]),
    (Allocated, _allocated),
    (Deallocated, _deallocated),
    (Backordered, _backordered),
    (Shipped, _shipped),
    (Delivered, lambda request, said, order: [units_text(request, said.lines, order), said.tracking_number or ""]),
    (Counted, lambda request, said, order: [units_text(request, said.lines, order)]),
    (FulfillmentsChanged, _fulfillments),
    (ReturnJudged, _judged),
    (ReturnCanceled, lambda request, said, order: []),
    (PaymentRecorded, _payment),
    (Refunded, _say_refunded),
    (Invoiced, lambda request, said, _: [f"{said.number} · {request.format.money(said.amount, said.currency)}"]),
    (Tagged, lambda _, said, __: [", ".join(said.tags)]),
    (Noted, lambda _, said, __: [said.text]),
)


def _quantities(said: Received) -> list[tuple[int, int]]:
    return [(position, line.quantity) for position, line in enumerate(said.content.lines)]


# -------------------------------------------------------------------------------------------------------------------- changes
def changes_of(request: PageRequest, order: Order, changes: Changes) -> tuple[Change, ...]:
    """Return changed values as they are shown, tags as one value; the event of a hold says all of it."""
    shown = [
        Change(_label(request, order, path), _value(request, path, old), _value(request, path, new))
        for path, old, new in changes
        if path[0] not in ("holds", "tags")
    ]
    tags = [(old, new) for path, old, new in changes if path[0] == "tags"]
    if tags:
        before, after = (", ".join(filter(None, side)) or _NONE for side in zip(*tags, strict=True))
        shown.append(Change(request.t("Tags"), before, after))
    return tuple(shown)


def _label(request: PageRequest, order: Order, path: Sequence[str | int]) -> str:
    parts: list[str] = []
    rest = list(path)
    if len(rest) > 1 and rest[0] == "lines" and isinstance(rest[1], int):
        parts.append(line_name(order, rest[1]))
        rest = [part for part in rest[2:] if part != "counters"]
    names = [part for part in rest if isinstance(part, str)]
    if names == ["destinations", "address", *names[2:]] and len(names) > 2:
        names = ["destinations", *names[2:]]
    parts += [request.t(_FIELD_LABELS[name]) if name in _FIELD_LABELS else name.replace("_", " ") for name in names]
    return _WITHIN.join(parts)


def _value(request: PageRequest, path: Sequence[str | int], value: Any) -> str:
    if value is None:
        return _NONE
    if isinstance(value, bool):
        return request.t("Yes") if value else request.t("No")
    if path == ("status",):
        return request.t(labels.status_label(value))
    if isinstance(value, dict):
        return ", ".join(
            _value(request, (name,), each) for name, each in value.items() if each not in (None, 0, (), [])
        )
    if isinstance(value, list | tuple):
        return ", ".join(_value(request, (), each) for each in value)
    return str(value)

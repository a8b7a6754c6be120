"""Explain an order's state: why it does not go on, and what can be done about it; pure.

Sentences are English with `{name}` placeholders, so that they can be translated. `actions_of` names what the state of an order
allows; no explanation suggests anything else.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import Struct

from crossdock.core.events import Event
from crossdock.core.money import Reconciliation
from crossdock.core.orders.commands import consent_answer
from crossdock.core.orders.events import Backordered, decode_event
from crossdock.core.orders.fulfillments import DeliveryStatus, FulfillmentStatus
from crossdock.core.orders.model import Hold, Order
from crossdock.core.orders.returns import ReturnStatus, units_in_returns
from crossdock.core.orders.status import Status, Verb, allowed_verbs
from crossdock.core.returns.refunds import Balance
from crossdock.core.stock.model import Level

# What can be asked of an order: the verbs of its status, and what concerns its parts.
ACTIONS = (
    "hold", "release", "edit", "cancel", "allocate", "reallocate", "deallocate", "fulfill", "ship", "return", "refund",
    "appease", "payment", "tag", "note", "archive", "unarchive",
)  # fmt: skip
Kind = Literal["blocked", "waiting", "warning", "done"]
# The hold that flows/backorders.py places on an order which cannot be served though stock has come.
_PARKED = "no_allocation"
_ZERO = Decimal(0)
_replace = msgspec.structs.replace
_PROBLEMS = {
    DeliveryStatus.EXCEPTION: "The carrier reports a problem with package {package}.",
    DeliveryStatus.ATTEMPTED: "The carrier tried to deliver package {package} and met nobody.",
    DeliveryStatus.LOST: "The carrier lost package {package}.",
    DeliveryStatus.RETURNED_TO_SENDER: "The carrier sends package {package} back.",
}
_FULFILLMENT_TEXTS = {
    FulfillmentStatus.OPEN: "{location} has not begun to pick.",
    FulfillmentStatus.PICKING: "{location} is picking.",
    FulfillmentStatus.PICKED: "{location} has picked everything and has to pack it.",
    FulfillmentStatus.PACKED: "{location} has packed everything and has to ship it.",
    FulfillmentStatus.PARTIALLY_SHIPPED: "{location} has shipped a part and has to ship the rest.",
}


class Circumstances(Struct, frozen=True):
    """What an order is explained with: its balance, reconciliation and events, and the stock levels of the SKUs that wait.

    `unserved` has the reasons of the newest allocation decision, by line. `allocates`: the organization has locations;
    `automatic`: it allocates by itself.
    """

    balance: Balance
    reconciliation: Reconciliation
    history: Sequence[Event] = ()
    unserved: Mapping[int, str] = {}
    levels: Sequence[Level] = ()
    allocates: bool = False
    automatic: bool = False


class Explanation(Struct, frozen=True):
    """One sentence about an order, and the actions that it suggests.

    `values` fill the placeholders of `text`: texts, numbers, amounts (Decimal), and times in microseconds since 1970 UTC whose
    names end in `_at`. `one` is the text where the value `n` is one. `detail` is a reason in English, from a rule or a person.
    """

    kind: Kind
    text: str
    values: dict[str, Any] = {}
    actions: tuple[str, ...] = ()
    detail: str | None = None
    one: str | None = None


def actions_of(order: Order, balance: Balance) -> tuple[str, ...]:
    """Return what the state of an order allows, of ACTIONS and in their order."""
    verbs = frozenset(map(str, allowed_verbs(order.status)))
    has_open_allocation = any(each.is_open for each in order.allocations)
    can_ship = Verb.SHIP in verbs and not order.holds
    in_returns = units_in_returns(order.returns)
    allowed = {
        "hold": Verb.HOLD in verbs,
        "release": Verb.RELEASE in verbs and bool(order.holds),
        "edit": Verb.EDIT in verbs,
        "cancel": Verb.CANCEL in verbs,
        "allocate": Verb.ALLOCATE in verbs and any(line.unallocated for line in order.counters),
        "reallocate": Verb.EDIT in verbs and has_open_allocation,
        "deallocate": has_open_allocation,
        "fulfill": can_ship,
        "ship": can_ship,
        "return": any(line.shipped > in_returns.get(place, 0) for place, line in enumerate(order.counters)),
        "refund": balance.refundable > 0,
        "appease": balance.refundable > 0,
        "payment": True,
        "tag": True,
        "note": True,
        "archive": not order.archived,
        "unarchive": order.archived,
    }
    return tuple(action for action in ACTIONS if allowed[action])


def explain(order: Order, known: Circumstances) -> list[Explanation]:
    """Explain why an order does not go on, the most pressing reason first, with the actions that its state allows."""
    allowed = actions_of(order, known.balance)
    found = [
        *_holds(order),
        *_backorder(order, known),
        *_unplanned(order, known),
        *_allocated(order),
        *_fulfillments(order),
        *_carriage(order),
        *_returns(order),
        *_money(order, known),
    ]
    if not any(each.kind in ("blocked", "waiting") for each in found):
        found.insert(0, _summary(order))
    order_of_kinds = ("blocked", "waiting", "warning", "done")
    found.sort(key=lambda each: order_of_kinds.index(each.kind))
    return [_replace(each, actions=tuple(action for action in each.actions if action in allowed)) for each in found]


# ------------------------------------------------------------------------------------------------------------------- holds
def _holds(order: Order) -> Iterator[Explanation]:
    for hold in order.holds:
        yield _hold(hold)


def _hold(hold: Hold) -> Explanation:
    values: dict[str, Any] = {"reason": hold.reason}
    if hold.reason == _PARKED:
        text = "Stock has come, but no location could take the order, so it is on hold until somebody decides."
        return Explanation("blocked", text, {}, ("release", "edit", "cancel"), hold.note)
    if hold.release_at is not None:
        text = "It is on hold: {reason}. The hold ends by itself, {release_at}."
        return Explanation("blocked", text, values | {"release_at": hold.release_at}, ("release", "cancel"), hold.note)
    text = "It is on hold: {reason}. Nothing is allocated or shipped until somebody releases it."
    if hold.lines:
        text = "{n} of its lines are on hold: {reason}. Nothing is allocated or shipped until somebody releases them."
        one = "One of its lines is on hold: {reason}. Nothing is allocated or shipped until somebody releases it."
        values["n"] = len(hold.lines)
        return Explanation("blocked", text, values, ("release", "cancel"), hold.note, one)
    return Explanation("blocked", text, values, ("release", "cancel"), hold.note)


# -------------------------------------------------------------------------------------------------------------- allocation
def _backorder(order: Order, known: Circumstances) -> Iterator[Explanation]:
    waiting = {place: line.backordered for place, line in enumerate(order.counters) if line.backordered}
    if not waiting:
        return
    units, ordered = sum(waiting.values()), sum(line.ordered - line.canceled for line in order.counters)
    reasons = dict.fromkeys(known.unserved[line] for line in waiting if line in known.unserved)
    actions = ("allocate", "edit", "cancel")
    text = "Stock is missing for {n} of {ordered} units."
    yield Explanation("waiting", text, {"n": units, "ordered": ordered}, actions, "; ".join(reasons) or None)
    skus = {order.content.lines[place].sku for place in waiting}
    available = [each for each in known.levels if each.sku in skus and (each.unlimited or each.available)]
    if available:
        places = ", ".join(sorted({each.location for each in available}))
        text = "Stock is available by now at {locations}. It is allocated by itself in a moment."
        if not known.automatic:
            text = "Stock is available by now at {locations}. Allocate the order."
        yield Explanation("waiting", text, {"locations": places}, ("allocate",))
    yield from _consent(known.history)


def _consent(history: Sequence[Event]) -> Iterator[Explanation]:
    """Explain what the customer was asked last about the delay, and their answer."""
    asked = [event for event in history if event.name == Backordered.name]
    for event in reversed(asked):
        backordered = decode_event(event)
        answer = consent_answer(history, event.number)
        if answer == "accept":
            yield Explanation("warning", "The customer was asked about the delay and waits.")
            return
        if isinstance(backordered, Backordered) and backordered.consent_by is not None and answer is None:
            text = "The customer was asked whether they wait, and can answer until {day}."
            yield Explanation("waiting", text, {"day": backordered.consent_by}, ("cancel",))
            return


def _unplanned(order: Order, known: Circumstances) -> Iterator[Explanation]:
    units = sum(line.unplanned for line in order.counters)
    if not units or order.holds:
        return
    values = {"n": units, "ordered": sum(line.ordered - line.canceled for line in order.counters)}
    if known.allocates:
        text = "No location is chosen for {n} of {ordered} units."
        reasons = dict.fromkeys(known.unserved.values())
        yield Explanation("waiting", text, values, ("allocate", "fulfill", "ship"), "; ".join(reasons) or None)
    else:
        text = "{n} of {ordered} units have to be shipped."
        one = "{n} of {ordered} units has to be shipped."
        yield Explanation("waiting", text, values, ("ship", "fulfill"), one=one)


def _allocated(order: Order) -> Iterator[Explanation]:
    """Explain allocated units that no fulfillment has."""
    in_fulfillments: dict[str, int] = {}
    for each in order.fulfillments:
        open_units = sum(line.open for line in each.lines) if each.kind != "reship" else 0
        in_fulfillments[each.location] = in_fulfillments.get(each.location, 0) + open_units
    at_location: dict[str, int] = {}
    for allocation in order.allocations:
        units = sum(part.open for part in allocation.units)
        at_location[allocation.location] = at_location.get(allocation.location, 0) + units
    for location, units in at_location.items():
        left = units - in_fulfillments.get(location, 0)
        if left > 0:
            text = "{n} units are allocated to {location}, which has no fulfillment for them yet."
            one = "{n} unit is allocated to {location}, which has no fulfillment for it yet."
            actions = ("fulfill", "ship", "reallocate")
            yield Explanation("waiting", text, {"n": left, "location": location}, actions, one=one)
    ends = [each.expires_at for each in order.allocations if each.is_open and each.expires_at is not None]
    if ends:
        yield Explanation(
            "warning", "An allocation ends by itself, {expires_at}.", {"expires_at": min(ends)}, ("ship",)
        )


def _fulfillments(order: Order) -> Iterator[Explanation]:
    for each in order.fulfillments:
        if not each.is_open:
            continue
        values: dict[str, Any] = {"location": each.location}
        if each.status is FulfillmentStatus.READY_FOR_PICKUP:
            text = "It is ready at {location} for the customer to fetch."
            if each.pickup_by is not None:
                text = "It is ready at {location} for the customer to fetch, until {pickup_at}."
                values["pickup_at"] = each.pickup_by
            yield Explanation("waiting", text, values, ("ship",))
        elif (text := _FULFILLMENT_TEXTS.get(each.status, "")) != "":
            yield Explanation("waiting", text, values, ("ship",))


# ---------------------------------------------------------------------------------------------- what happened after shipping
def _carriage(order: Order) -> Iterator[Explanation]:
    on_the_way = 0
    for each in order.fulfillments:
        for package in each.packages:
            if package.status in _PROBLEMS:
                name = package.number or package.carrier or "?"
                yield Explanation("warning", _PROBLEMS[package.status], {"package": name}, ("refund", "appease"))
            elif package.shipped and not package.is_delivered:
                on_the_way += 1
    undelivered = sum(line.shipped - line.delivered for line in order.counters)
    if undelivered and on_the_way:
        text, one = "{n} units are with the carrier.", "{n} unit is with the carrier."
        yield Explanation("waiting", text, {"n": undelivered}, ("return",), one=one)


def _returns(order: Order) -> Iterator[Explanation]:
    for each in order.returns:
        if each.status in (ReturnStatus.REQUESTED, ReturnStatus.PARTIALLY_RECEIVED):
            units = sum(line.expected for line in each.lines)
            text, one = "{n} units are to come back.", "{n} unit is to come back."
            yield Explanation("waiting", text, {"n": units}, one=one)
        unjudged = sum(line.unjudged for line in each.lines)
        if unjudged:
            text = "{n} units came back, and nobody has decided what becomes of them."
            one = "{n} unit came back, and nobody has decided what becomes of it."
            yield Explanation("waiting", text, {"n": unjudged}, one=one)
        kept = sum(line.received - line.rejected for line in each.lines)
        is_refunded = any(refund.return_id == each.return_id for refund in order.refunds)
        if each.status is ReturnStatus.JUDGED and kept and not is_refunded and not each.exchange:
            text, one = "{n} units came back and are not refunded.", "{n} unit came back and is not refunded."
            yield Explanation("warning", text, {"n": kept}, ("refund",), one=one)


# ------------------------------------------------------------------------------------------------------------------- money
def _money(order: Order, known: Circumstances) -> Iterator[Explanation]:
    currency = order.content.currency
    if not known.reconciliation.balanced:
        wrong = [each for each in known.reconciliation.components if each.difference]
        text = "The totals do not add up: {names}."
        names = ", ".join(dict.fromkeys(each.component for each in wrong))
        yield Explanation("warning", text, {"names": names}, ("edit",))
    if not order.payments:
        return
    balance = known.balance
    money = {"currency": currency}
    if order.status is Status.CANCELED:
        if balance.refundable > 0:
            text = "It is canceled, and {amount} of what the customer paid is not refunded."
            yield Explanation("warning", text, money | {"amount": balance.refundable}, ("refund",))
    elif balance.captured > balance.total > _ZERO:
        text = "{amount} more was captured than the order costs."
        yield Explanation("warning", text, money | {"amount": balance.captured - balance.total}, ("refund",))
    elif balance.owed > 0:
        text = "{amount} is not paid yet."
        if balance.authorized >= balance.total:
            text = "{amount} is authorized and not captured yet."
        yield Explanation("warning", text, money | {"amount": balance.owed}, ("payment", "hold"))


_SUMMARIES: dict[Status, tuple[str, tuple[str, ...]]] = {
    Status.CANCELED: ("It is canceled. Nothing is left to do.", ("archive",)),
    Status.RETURNED: ("Everything came back. Nothing is left to ship.", ("refund", "archive")),
    Status.DELIVERED: ("Everything is delivered. Nothing is left to do.", ("return", "archive")),
    Status.SHIPPED: ("Everything has shipped. No carrier reports on it.", ("return", "archive")),
}


def _summary(order: Order) -> Explanation:
    """Say that nothing stops an order."""
    text, actions = _SUMMARIES.get(order.status, ("Nothing stops it. It can be shipped.", ("ship",)))
    return Explanation("done", text, {}, actions)

"""What this door's calls change: the documents that updates lead to, and the commands made of the calls; pure."""

from typing import Any

from crossdock.core.errors import Code, Fault, Invalid, Path
from crossdock.core.ids import json_equal, to_hex24
from crossdock.core.json.request_body import objects_in
from crossdock.core.orders.commands import (
    AddNote,
    CancelOrder,
    Command,
    EditOrder,
    LineSelection,
    RecordReport,
    Together,
)
from crossdock.core.orders.model import Order
from crossdock.core.orders.status import Status
from crossdock.core.time import format_time
from crossdock.doors import encode_json
from crossdock.doors.fabric.format import FORMAT
from crossdock.doors.fabric.responses import DOOR, status_words, taken_back

Tree = Any


def updated(before: dict[str, Tree], sent: dict[str, Tree], order: Order) -> dict[str, Tree]:
    """Make of an update's body the document the order shall have; `before` itself where nothing is to change.

    The body replaces: what it leaves out is gone. Left alone is what a client cannot know or does not mean: members that are
    the service's alone, the authorization expiry that is never answered, defaults and lifecycle words that were answered and
    come back. Raises Invalid with all faults.
    """
    wanted: dict[str, Tree] = {"orderNumber": order.content.number} | taken_back(sent)
    own = [*_identity_faults(sent, order)]
    _keep_expiries(before, wanted)
    _drop_defaults(before, wanted, order)
    _keep_status(before, wanted, order)
    if own:
        faults = FORMAT.parse(encode_json(wanted)).faults
        known = set(FORMAT.parse(encode_json(before)).faults) if order.source.door != DOOR else set()
        raise Invalid(
            Code.INVALID, "the body has faults", faults=(*own, *(each for each in faults if each not in known))
        )
    return before if json_equal(taken_back(before), wanted) else wanted


def _identity_faults(sent: dict[str, Tree], order: Order) -> list[Fault]:
    """The body of an update tells the order its path names."""
    faults = []
    version = sent.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        faults.append(Fault(("version",), "must be a whole number"))
    for name, held in (("orderId", to_hex24(order.order_id)), ("orderNumber", order.content.number)):
        if isinstance(sent.get(name), str) and sent[name] and sent[name] != held:
            faults.append(Fault((name,), "must be that of the order in the path"))
    if sent.get("orderId") is not None and not isinstance(sent["orderId"], str):
        faults.append(Fault(("orderId",), "must be a string"))
    return faults


def _keep_expiries(before: dict[str, Tree], wanted: dict[str, Tree]) -> None:
    held = [payment for _, payment in objects_in(before, "payments")]
    for place, payment in objects_in(wanted, "payments"):
        counter = payment.get("paymentCounter")
        same = [each for each in held if counter is not None and each.get("paymentCounter") == counter]
        was = same[0] if same else held[place] if counter is None and place < len(held) else {}
        if "authExpirationDate" in was and "authExpirationDate" not in payment:
            payment["authExpirationDate"] = was["authExpirationDate"]


def _drop_defaults(before: dict[str, Tree], wanted: dict[str, Tree], order: Order) -> None:
    """Drop what this door answered where nothing had been sent: the date of creation, a quantity of 1."""
    if before.get("orderDate") is None and wanted.get("orderDate") == format_time(order.created_at):
        _as_before(before, wanted, "orderDate")
    held = {
        item.get("lineItemId"): item
        for _, item in objects_in(before, "items")
        if isinstance(item.get("lineItemId"), str)
    }
    for _, item in objects_in(wanted, "items"):
        line_id = item.get("lineItemId")
        was = held.get(line_id) if isinstance(line_id, str) else None
        count = item.get("orderedQuantity")
        if was is not None and was.get("orderedQuantity") is None and count == 1 and count is not True:
            _as_before(was, item, "orderedQuantity")


def _as_before(before: dict[str, Tree], wanted: dict[str, Tree], name: str) -> None:
    wanted.pop(name, None)
    if name in before:
        wanted[name] = before[name]


def _keep_status(before: dict[str, Tree], wanted: dict[str, Tree], order: Order) -> None:
    """Take a status that was answered by the lifecycle as not said: the word that was sent stays behind it."""
    told = status_words(order)
    if told and wanted.get("statusCode") == told["statusCode"]:
        _as_before(before, wanted, "statusCode")
        if wanted.get("statusDescription") == told["statusDescription"]:
            _as_before(before, wanted, "statusDescription")


def merged(before: Tree, part: Tree) -> Tree:
    """Lay a part over a value: objects member by member, all else replaces."""
    if isinstance(before, dict) and isinstance(part, dict):
        return before | {name: merged(before.get(name), value) for name, value in part.items()}
    return part


def with_pickup(info: dict[str, Tree], part: dict[str, Tree]) -> dict[str, Tree]:
    """Lay a pickup person over the one of its `pickupType` in a ship-to, over the first where it has none; else add it."""
    people = list(info.get("pickup") or ())
    kind = part.get("pickupType")
    place = next((at for at, each in enumerate(people) if kind is None or each.get("pickupType") == kind), len(people))
    people[place : place + 1] = [merged(people[place], part) if place < len(people) else part]
    return info | {"pickup": people}


def at_place(faults: tuple[Fault, ...], *path: str | int) -> tuple[Fault, ...]:
    """Give the faults of a document as those of the part at `path`, as far as they are in it."""
    return tuple(Fault(_within(fault.path, path), fault.reason) for fault in faults)


def _within(path: Path, outer: Path) -> Path:
    return path[len(outer) :] if path[: len(outer)] == outer else path


# ---------------------------------------------------------------------------------------------------------------- commands
# The vendor's guide: addresses and items may change in Created, Hold, Confirmed and Partially allocated.
AMENDABLE = frozenset({Status.OPEN, Status.ON_HOLD, Status.PARTIALLY_ALLOCATED})


def cancel(
    order_id: int | None,
    *,
    lines: LineSelection | None,
    reason: str | None,
    note: str | None,
    topic: str,
    asked: Tree,
) -> Command:
    """Make the command that cancels, and keeps with it what was asked beyond reason and note."""
    return Together(
        order_id=order_id,
        commands=(
            CancelOrder(order_id=order_id, lines=lines, reason=reason, note=note),
            AddNote(order_id=order_id, text=note or reason or "canceled", topic=topic, data=asked),
        ),
    )


def report(order_id: int | None, text: str, *, topic: str, data: Tree, edit: EditOrder | None = None) -> RecordReport:
    """Make the command that records once what another service reports.

    A report with an event id (`connectorInfo.eventId`) or of package tracking is the same whenever it came; any other may
    come again after a different one.
    """
    is_event = (
        not isinstance(data, dict) or "status" not in data or bool((data.get("connectorInfo") or {}).get("eventId"))
    )
    return RecordReport(order_id=order_id, text=text, topic=topic, data=data, distinct=is_event, edit=edit)

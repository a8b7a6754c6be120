"""Edits: the documents that the calls ask for, and the commands made of the calls; pure."""

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
from crossdock.doors.fabric.responses import DOOR, status_fields, without_service_fields

Tree = Any


# --------------------------------------------------------------------------------------------------------------- documents
def replace_document(before: dict[str, Tree], body: dict[str, Tree], order: Order) -> dict[str, Tree]:
    """Compute the document that an update asks for; `before` itself where nothing changes.

    The body replaces: fields that it omits are removed. Fields that a client cannot know or does not mean to change are
    unchanged: service fields, the authorization expiry (never rendered), and rendered defaults and statuses that are sent
    back. Raises Invalid with all faults.
    """
    after: dict[str, Tree] = {"orderNumber": order.content.number} | without_service_fields(body)
    identity_faults = _identity_faults(body, order)
    _restore_expiries(before, after)
    _restore_defaults(before, after, order)
    _restore_status(before, after, order)
    if identity_faults:
        faults = FORMAT.parse(encode_json(after)).faults
        # An order of another door may lack fields that this door requires; the sender is not at fault for these.
        earlier = set(FORMAT.parse(encode_json(before)).faults) if order.source.door != DOOR else set()
        raise Invalid(
            Code.INVALID,
            "the body has faults",
            faults=(*identity_faults, *(each for each in faults if each not in earlier)),
        )
    return before if json_equal(without_service_fields(before), after) else after


def _identity_faults(body: dict[str, Tree], order: Order) -> list[Fault]:
    """Check that the ids in the body are those of the order in the path."""
    faults = []
    version = body.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        faults.append(Fault(("version",), "must be a whole number"))
    for name, expected in (("orderId", to_hex24(order.order_id)), ("orderNumber", order.content.number)):
        if isinstance(body.get(name), str) and body[name] and body[name] != expected:
            faults.append(Fault((name,), "must be that of the order in the path"))
    if body.get("orderId") is not None and not isinstance(body["orderId"], str):
        faults.append(Fault(("orderId",), "must be a string"))
    return faults


def _restore_expiries(before: dict[str, Tree], after: dict[str, Tree]) -> None:
    """Restore authorization expiries of payments, matched by `paymentCounter`, or by position where there is none."""
    stored = [payment for _, payment in objects_in(before, "payments")]
    of_counter = {payment.get("paymentCounter"): payment for payment in reversed(stored)}
    for position, payment in objects_in(after, "payments"):
        counter = payment.get("paymentCounter")
        if counter is None:
            earlier = stored[position] if position < len(stored) else {}
        else:
            earlier = of_counter.get(counter, {}) if isinstance(counter, int) else {}
        if "authExpirationDate" in earlier and "authExpirationDate" not in payment:
            payment["authExpirationDate"] = earlier["authExpirationDate"]


def _restore_defaults(before: dict[str, Tree], after: dict[str, Tree], order: Order) -> None:
    """Remove rendered defaults that are sent back: the order date taken from creation, a quantity of 1."""
    if not before.get("orderDate") and after.get("orderDate") == format_time(order.created_at):
        _restore_field(before, after, "orderDate")
    stored = {
        item.get("lineItemId"): item
        for _, item in objects_in(before, "items")
        if isinstance(item.get("lineItemId"), str)
    }
    for _, item in objects_in(after, "items"):
        line_id = item.get("lineItemId")
        earlier = stored.get(line_id) if isinstance(line_id, str) else None
        quantity = item.get("orderedQuantity")
        if (
            earlier is not None
            and earlier.get("orderedQuantity") is None
            and quantity == 1
            and quantity is not True  # true equals 1 in Python, and is a fault of the body
        ):
            _restore_field(earlier, item, "orderedQuantity")


def _restore_field(before: dict[str, Tree], after: dict[str, Tree], name: str) -> None:
    after.pop(name, None)
    if name in before:
        after[name] = before[name]


def _restore_status(before: dict[str, Tree], after: dict[str, Tree], order: Order) -> None:
    """Restore the stored status where the body repeats the one that was rendered from the lifecycle."""
    current = status_fields(order)
    if current and after.get("statusCode") == current["statusCode"]:
        _restore_field(before, after, "statusCode")
        if after.get("statusDescription") == current["statusDescription"]:
            _restore_field(before, after, "statusDescription")


def merge(before: Tree, part: Tree) -> Tree:
    """Merge a part into a value: objects member by member; any other value replaces."""
    if isinstance(before, dict) and isinstance(part, dict):
        return before | {name: merge(before.get(name), value) for name, value in part.items()}
    return part


def with_pickup(info: dict[str, Tree], part: dict[str, Tree]) -> dict[str, Tree]:
    """Merge a pickup person into the one of the same `pickupType`, or the first where it has none; else append it."""
    people = list(info.get("pickup") or ())
    kind = part.get("pickupType")
    position = next(
        (index for index, each in enumerate(people) if kind is None or each.get("pickupType") == kind), len(people)
    )
    people[position : position + 1] = [merge(people[position], part) if position < len(people) else part]
    return info | {"pickup": people}


def relative_faults(faults: tuple[Fault, ...], *path: str | int) -> tuple[Fault, ...]:
    """Make the paths of a document's faults relative to `path`; faults outside of it are unchanged."""
    return tuple(Fault(_relative(fault.path, path), fault.reason) for fault in faults)


def _relative(path: Path, outer: Path) -> Path:
    return path[len(outer) :] if path[: len(outer)] == outer else path


# ---------------------------------------------------------------------------------------------------------------- commands
# The vendor's guide: addresses and items may change in Created, Hold, Confirmed and Partially allocated.
AMENDABLE = frozenset({Status.OPEN, Status.ON_HOLD, Status.PARTIALLY_ALLOCATED})


def cancel_command(
    order_id: int | None,
    *,
    lines: LineSelection | None,
    reason: str | None,
    note: str | None,
    topic: str,
    data: Tree,
) -> Command:
    """Make the command that cancels an order or lines, and stores the request's `data` as a note for the audit log."""
    return Together(
        order_id=order_id,
        commands=(
            CancelOrder(order_id=order_id, lines=lines, reason=reason, note=note),
            AddNote(order_id=order_id, text=note or reason or "canceled", topic=topic, data=data),
        ),
    )


def report_command(
    order_id: int | None, text: str, *, topic: str, data: Tree, edit: EditOrder | None = None
) -> RecordReport:
    """Make the command that records a report of another service, without duplicates.

    A report with an event id (`connectorInfo.eventId`), or without a status, is a duplicate of any equal report; any other
    is a duplicate only of the report directly before it.
    """
    is_event = (
        not isinstance(data, dict) or "status" not in data or bool((data.get("connectorInfo") or {}).get("eventId"))
    )
    return RecordReport(order_id=order_id, text=text, topic=topic, data=data, distinct=is_event, edit=edit)

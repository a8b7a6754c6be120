"""What the calls of this door change: documents, statuses, deletion. Pure; each makes a command (core/orders/commands.py).

An order that was deleted through this door is not there for any of its calls.
"""

from collections.abc import Callable, Sequence
from typing import Any

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.ids import json_equal
from crossdock.core.json.request_body import objects_in
from crossdock.core.orders.commands import (
    ArchiveOrder,
    CancelOrder,
    ChangeTags,
    Command,
    EditOrder,
    HoldRequest,
    PlaceHolds,
    ReleaseHolds,
    ShipOrder,
    Together,
)
from crossdock.core.orders.model import Line, Order
from crossdock.core.orders.status import Status
from crossdock.doors.pb_oms import mapping
from crossdock.doors.pb_oms.format import FORMAT

Tree = Any
Document = dict[str, Tree]
# Members a change cannot touch, and what can.
UNTOUCHABLE = {
    "metadata": "cannot be changed",
    "additionalAddresses": "cannot be changed",
    "status": "cannot be changed here, only by PATCH bulk/status",
    "tags": "cannot be changed here, only by PUT tags",
}


# --------------------------------------------------------------------------------------------------------------- documents
def untouchable(tree: Tree) -> list[Fault]:
    """Name the members of a change that it cannot touch (a rule for core.reading.read)."""
    told = tree if isinstance(tree, dict) else {}
    return [Fault((name,), why) for name, why in UNTOUCHABLE.items() if told.get(name) is not None]


def patched(document: Document, body: Document, lines: Sequence[Line], places: dict[int, int]) -> Document:
    """Put the members of `body` in place of the document's, items by their ids: a known one changes, another is added.

    Of a known item the members that are named change. `places` is filled with the position in the body of each item that
    the new document has from there. Refuses with Invalid where an id stands for several items of the order.
    """
    taken = {name: value for name, value in body.items() if name not in (*mapping.ANSWERED, *UNTOUCHABLE)}
    items = list(document["items"])
    shown = [mapping.item_response(*each) for each in zip(items, lines, strict=True)]
    faults = []
    for position, item in objects_in(body, "items"):
        same = [place for place, other in enumerate(shown) if _is_same_item(item, other)]
        if len(same) > 1:
            path = ("items", position, "itemId" if item.get("itemId") else "customProductId")
            faults.append(Fault(path, f"stands for {len(same)} items of the order, which cannot be told apart"))
        elif same:
            (place,) = same
            merged = shown[place] | item
            items[place] = items[place] if json_equal(merged, shown[place]) else merged
            places[place] = position
        else:
            places[len(items)] = position
            items.append(item)
    if faults:
        raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults))
    return document | taken | {"items": items}


def _is_same_item(item: Document, other: Document) -> bool:
    """Say whether a sent item means one of the order: by its id, or by its customs product where that is all it says."""
    if item.get("itemId") or not item.get("customProductId"):
        return bool(item.get("itemId")) and item["itemId"] == other.get("itemId")
    return bool(item["customProductId"] == other.get("customProductId"))


def without_item(document: Document, lines: Sequence[Line], item_id: str) -> Document:
    """Take the items with an id out of a document.

    Refuses with Missing where there is none, with Conflict where it would leave none.
    """
    items = document["items"]
    shown = [mapping.item_response(*each) for each in zip(items, lines, strict=True)]
    kept = [item for item, seen in zip(items, shown, strict=True) if seen.get("itemId") != item_id]
    if len(kept) == len(items):
        fault = Fault(("itemId",), f"is no item of the order: {item_id[:40]!r}")
        raise NotFound(Code.NO_ORDER, "the order has no such item", faults=(fault,))
    if not kept:
        raise Conflict(Code.STATE_FORBIDS, "an order cannot be left without items; cancel or delete it")
    return document | {"items": kept}


def of_body(fault: Fault, places: dict[int, int]) -> Fault:
    """Give a fault of the changed document the path it has in the body of the change."""
    first, *rest = fault.path or ("",)
    if first not in ("items", "lines"):
        return fault
    if rest and isinstance(rest[0], int):
        rest[0] = places.get(rest[0], rest[0])
    return Fault(("items", *rest), fault.reason)


# ---------------------------------------------------------------------------------------------------------------- commands
def edit(order_id: int | None, change: Callable[[Document, Sequence[Line]], Document]) -> EditOrder:
    """Make the edit of an order of which nothing is allocated or shipped; `change` gets its document and its lines."""
    return EditOrder(
        order_id=order_id,
        door=FORMAT.name,
        change=lambda document, order: change(document, order.content.lines),
        locked_by=("allocated", "shipped"),
    )


def change_status(order_id: int | None, status: str, reason: str | None) -> Command:
    """Make the command that brings an order to a status in the vendor's word; it does nothing where the order has it already."""

    def is_there(order: Order) -> bool:
        return mapping.status_of(order) == status and not (status == "UNFULFILLED" and bool(order.holds))

    if status == "ONHOLD":
        holds = (HoldRequest(reason or mapping.HOLD_REASON),)
        return PlaceHolds(order_id=order_id, holds=holds, before_shipping=True, skip_if=is_there)
    if status == "UNFULFILLED":
        return ReleaseHolds(order_id=order_id, reason=reason, skip_if=is_there)
    if status == "FULFILLED":
        return ShipOrder(order_id=order_id, reason=reason, skip_if=is_there)
    return CancelOrder(order_id=order_id, reason=reason, skip_if=is_there)


def delete(order_id: int | None) -> Command:
    """Make the command that cancels an order, archives it, and marks it so that this door does not find it any more."""
    return Together(
        order_id=order_id,
        commands=(
            CancelOrder(order_id=order_id, reason="deleted", skip_if=lambda order: order.status == Status.CANCELED),
            ArchiveOrder(order_id=order_id),
            ChangeTags(order_id=order_id, add=(mapping.DELETED,)),
        ),
    )


def replace_tags(order_id: int | None, tags: Sequence[str]) -> Command:
    """Make the command that gives an order exactly these tags."""
    return ChangeTags(order_id=order_id, replace=tuple(tags))


def reserved(row: Tree, member: str, *path: str | int) -> list[Fault]:
    """Name the tags in the array `member` that are reserved for this door."""
    tags = row.get(member) if isinstance(row, dict) else None
    if not isinstance(tags, list):
        return []
    return [Fault((*path, member, place), "is reserved") for place, tag in enumerate(tags) if tag == mapping.DELETED]

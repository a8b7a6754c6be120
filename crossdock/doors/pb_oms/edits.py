"""Changes through Pitney Bowes OMS: changed documents, and the commands (core/orders/commands.py) made of calls; pure.

An order that was deleted through this door does not exist for any of its calls.
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
from crossdock.doors.pb_oms.format import FORMAT
from crossdock.doors.pb_oms.mapping import HOLD_REASON, SERVER_OWNED, status_of
from crossdock.doors.pb_oms.responses import item_response
from crossdock.doors.pb_oms.wire_calls import DELETED

Tree = Any
Document = dict[str, Tree]
# Members that the update call cannot change, with the reason of the fault.
READ_ONLY = {
    "metadata": "cannot be changed",
    "additionalAddresses": "cannot be changed",
    "status": "cannot be changed here, only by PATCH bulk/status",
    "tags": "cannot be changed here, only by PUT tags",
}


# --------------------------------------------------------------------------------------------------------------- documents
def read_only_rule(tree: Tree) -> list[Fault]:
    """Refuse read-only members in the body of the update call; null is ignored."""
    body = tree if isinstance(tree, dict) else {}
    return [Fault((name,), reason) for name, reason in READ_ONLY.items() if body.get(name) is not None]


def merge(document: Document, changes: Document) -> Document:
    """Merge two objects member by member, at every depth: null removes a member, any other value replaces one.

    Members that are not named stay as they are. The vendor does not say how objects combine; this loses nothing.
    """
    merged = dict(document)
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            former = merged.get(name)
            merged[name] = merge(former if isinstance(former, dict) else {}, value)
        else:
            merged[name] = value
    return merged


class Patch:
    """The body of an update call, applied to the order's document; it translates faults of the result to paths in the body."""

    def __init__(self, body: Document) -> None:
        self._body = body
        # Of changed and new items: the position in the document -> the position in the body.
        self._positions: dict[int, int] = {}

    def apply(self, document: Document, lines: Sequence[Line]) -> Document:
        """Merge the body into a document.

        Items are matched by their ids: a known item is merged, an unknown one is added. Refuses with Invalid an id that
        several items of the order have, or of the body. A conflict with another writer repeats the call.
        """
        self._positions.clear()
        ignored = (*SERVER_OWNED, *READ_ONLY, "items")
        changes = {name: value for name, value in self._body.items() if name not in ignored}
        return merge(document, changes) | {"items": self._merge_items(document["items"], lines)}

    def _merge_items(self, items: list[Document], lines: Sequence[Line]) -> list[Document]:
        items = list(items)
        current = [item_response(*each) for each in zip(items, lines, strict=True)]
        positions = {name: _positions_by(name, current) for name in ("itemId", "customProductId")}
        faults = []
        for position, item in objects_in(self._body, "items"):
            key = "itemId" if item.get("itemId") or not item.get("customProductId") else "customProductId"
            matches = positions[key].get(item.get(key), ())
            if len(matches) > 1:
                reason = f"is ambiguous: {len(matches)} items of the order have it"
                faults.append(Fault(("items", position, key), reason))
            elif not matches:
                self._positions[len(items)] = position
                if item.get(key):
                    positions[key][item[key]] = [len(items)]
                items.append(merge({}, item))
            elif matches[0] in self._positions:
                faults.append(Fault(("items", position, key), "names an item that an earlier one names"))
            else:
                self._positions[matches[0]] = position
                merged = merge(current[matches[0]], item)
                if not json_equal(merged, current[matches[0]]):
                    items[matches[0]] = merged
        if faults:
            self._positions.clear()  # these paths are in the body already
            raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults))
        return items

    def translate(self, fault: Fault) -> Fault:
        """Translate the path of a fault in the changed document to the path in the body."""
        first, *rest = fault.path or ("",)
        if first not in ("items", "lines"):
            return fault
        if rest and isinstance(rest[0], int):
            rest[0] = self._positions.get(rest[0], rest[0])
        return Fault(("items", *rest), fault.reason)


def _positions_by(name: str, items: Sequence[Document]) -> dict[Tree, list[int]]:
    """List the positions of items by their id `name`; items without one are left out."""
    positions: dict[Tree, list[int]] = {}
    for position, item in enumerate(items):
        if item.get(name):
            positions.setdefault(item[name], []).append(position)
    return positions


def remove_item(document: Document, lines: Sequence[Line], item_id: str) -> Document:
    """Remove all items with an id from a document.

    Refuses with NotFound if there is none, with Conflict if no item would remain.
    """
    items = document["items"]
    current = [item_response(*each) for each in zip(items, lines, strict=True)]
    remaining = [
        item for item, current_item in zip(items, current, strict=True) if current_item.get("itemId") != item_id
    ]
    if len(remaining) == len(items):
        fault = Fault(("itemId",), f"is not the id of an item of the order: {item_id[:40]!r}")
        raise NotFound(Code.NO_ORDER, "the order has no such item", faults=(fault,))
    if not remaining:
        raise Conflict(Code.STATE_FORBIDS, "an order cannot be left without items; cancel or delete it")
    return document | {"items": remaining}


# ---------------------------------------------------------------------------------------------------------------- commands
def edit_order(order_id: int | None, change: Callable[[Document, Sequence[Line]], Document]) -> EditOrder:
    """Edit an order while nothing of it is allocated or shipped; `change` takes its document and its lines."""
    return EditOrder(
        order_id=order_id,
        door=FORMAT.name,
        change=lambda document, order: change(document, order.content.lines),
        locked_by=("allocated", "shipped"),
    )


def change_status(order_id: int | None, status: str, reason: str | None) -> Command:
    """Change the status of an order to one of the vendor's; an order that has it already stays as it is."""

    def has_status(order: Order) -> bool:
        # A partly shipped order is UNFULFILLED also while holds are on it; then there is something to release.
        return status_of(order) == status and not (status == "UNFULFILLED" and bool(order.holds))

    if status == "ONHOLD":
        holds = (HoldRequest(reason or HOLD_REASON),)
        return PlaceHolds(order_id=order_id, holds=holds, before_shipping=True, skip_if=has_status)
    if status == "UNFULFILLED":
        return ReleaseHolds(order_id=order_id, reason=reason, skip_if=has_status)
    if status == "FULFILLED":
        return ShipOrder(order_id=order_id, reason=reason, skip_if=has_status)
    return CancelOrder(order_id=order_id, reason=reason, skip_if=has_status)


def delete_order(order_id: int | None) -> Command:
    """Cancel and archive an order, and add the tag that hides it from this door."""
    return Together(
        order_id=order_id,
        commands=(
            CancelOrder(order_id=order_id, reason="deleted", skip_if=lambda order: order.status == Status.CANCELED),
            ArchiveOrder(order_id=order_id),
            ChangeTags(order_id=order_id, add=(DELETED,)),
        ),
    )


def replace_tags(order_id: int | None, tags: Sequence[str]) -> Command:
    """Replace the tags of an order."""
    return ChangeTags(order_id=order_id, replace=tuple(tags))


def reserved_tags(row: Tree, member: str, *path: str | int) -> list[Fault]:
    """Refuse reserved tags in the array `member` of a row at `path`."""
    tags = row.get(member) if isinstance(row, dict) else None
    if not isinstance(tags, list):
        return []
    return [Fault((*path, member, position), "is reserved") for position, tag in enumerate(tags) if tag == DELETED]

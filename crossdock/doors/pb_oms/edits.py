"""What the calls of this door do to an order: changed documents, moves by status, deletion. Pure, and steps of flows.orders.

An order that was deleted through this door is not there for any of its calls.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.ids import json_equal
from crossdock.core.json.request_body import objects_in
from crossdock.core.orders.events import OrderEvent
from crossdock.core.orders.model import Line, Order
from crossdock.core.orders.status import Status, Verb
from crossdock.doors.pb_oms import mapping
from crossdock.flows import orders
from crossdock.flows.access import Caller
from crossdock.flows.orders import HoldRequest, Step
from crossdock.flows.unit_of_work import Unit

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
    shown = [mapping.shown_item(*each) for each in zip(items, lines, strict=True)]
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
    shown = [mapping.shown_item(*each) for each in zip(items, lines, strict=True)]
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


# ------------------------------------------------------------------------------------------------------------------- steps
def visible(step: Step) -> Step:
    """Make a step refuse an order that was deleted through this door, with Missing, before anything else is looked at."""

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        if mapping.is_deleted(order):
            raise NotFound(Code.NO_ORDER, "there is no such order")
        orders.check(order, step.verb, only=step.only)
        return await step.decide(work, order)

    return msgspec.structs.replace(step, verb=Verb.NOTE, only=None, decide=decide)


def edit(caller: Caller, order_id: int | None, change: Callable[[Document, Sequence[Line]], Document]) -> Step:
    """Edit an order of which nothing is allocated or shipped; `change` gets its document and its lines, in one order."""

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        if any(line.allocated or line.shipped for line in order.counters):
            raise Conflict(
                Code.STATE_FORBIDS, "something of the order is allocated or shipped, so it cannot be changed"
            )
        lines = order.content.lines
        step = orders.edit(caller, order_id, door=mapping.FORMAT.name, change=lambda document: change(document, lines))
        return await step.decide(work, order)

    return visible(Step(order_id, Verb.EDIT, decide))


def move(caller: Caller, order_id: int | None, word: str, reason: str | None) -> Step:
    """Move an order to a status in the vendor's word; nothing where it has it already."""

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        if mapping.word_of(order) == word and not (word == "UNFULFILLED" and order.holds):
            return []
        step = _move(caller, order_id, word, reason)
        orders.check(order, step.verb)
        if (
            word == "ONHOLD" and order.status == Status.PARTIALLY_SHIPPED
        ):  # it would go on being UNFULFILLED for a reader
            raise Conflict(Code.STATE_FORBIDS, "something of the order has shipped, so it cannot be on hold any more")
        return await step.decide(work, order)

    return visible(Step(order_id, Verb.NOTE, decide))


def _move(caller: Caller, order_id: int | None, word: str, reason: str | None) -> Step:
    if word == "ONHOLD":
        return orders.hold(caller, order_id, [HoldRequest(reason or mapping.HOLD_REASON)])
    if word == "UNFULFILLED":
        return orders.release(order_id, reason=reason)
    return orders.ship(order_id, reason=reason) if word == "FULFILLED" else orders.cancel(order_id, reason=reason)


def delete(order_id: int | None) -> Step:
    """Cancel an order, put it out of sight, and mark it so that this door does not find it any more."""

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        order_events: list[OrderEvent] = []
        if order.status != Status.CANCELED:
            orders.check(order, Verb.CANCEL)
            order_events += await orders.cancel(order_id, reason="deleted").decide(work, order)
        order_events += await orders.archive(order_id).decide(work, order)
        order_events += await orders.tag(order_id, lambda tags: (*tags, mapping.DELETED)).decide(work, order)
        return order_events

    return visible(Step(order_id, Verb.ARCHIVE, decide))


def tag(order_id: int | None, tags: Sequence[str]) -> Step:
    """Give an order exactly these tags."""
    return visible(orders.tag(order_id, lambda _: tags))


def reserved(row: Tree, member: str, *path: str | int) -> list[Fault]:
    """Name the tags in the array `member` that are this side's own."""
    tags = row.get(member) if isinstance(row, dict) else None
    if not isinstance(tags, list):
        return []
    return [
        Fault((*path, member, place), "is this side's own word")
        for place, tag in enumerate(tags)
        if tag == mapping.DELETED
    ]

"""Allocations in fabric's format: what an order and its events say about them, and what only fabric's clients know; pure.

An allocation is an entry of `Order.allocations`. Its moves, shipments and cancelations are in the order's events. Fields
that only fabric's clients know (`allocationNum`, `poNumber`, item details) are a document of the catalog, stored by `PUT`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.errors import Fault
from crossdock.core.events import Event
from crossdock.core.ids import json_equal, to_hex24
from crossdock.core.orders.allocations import AllocatedUnits, Allocation, UnitsTaken
from crossdock.core.orders.events import Allocated, Canceled, Deallocated, OrderEvent, Shipped, decode_event
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.time import format_time
from crossdock.doors.fabric import wire_allocation as wire
from crossdock.doors.fabric.history import EMPTY_ENTRY
from crossdock.doors.fabric.responses import audit_id

Tree = Any
KIND = "fabric/allocation"
ITEMS_TYPES = ("WEB", "WEB_SHIP", "POS")
# Fields that follow from the order and its events; a client that sends them back changes nothing by it.
_DERIVED = frozenset(
    {"allocationId", "version", "allocationRequestId", "parentAllocationId", "sentToPPSDate", "allocationDate", "updatedAt",
     "type", "previousAllocationLocationNum", "shipDate", "shipType", "shipToId", "statusCode", "locationNum", "locationType",
     "shipToAddress", "recipient", "auditLogs", "items"}
)  # fmt: skip
_DERIVED_OF_ITEM = frozenset(
    {"orderLineId", "itemId", "sku", "orderId", "orderDate", "quantity", "allocationLineNumber", "shippedQuantity",
     "scratchQuantity", "scratchedReasonCode", "itemStatus", "channelId"}
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- history
class Touch(Struct, frozen=True):
    """Units of an allocation that were given back, or shipped, by an event."""

    event: Event
    units: tuple[UnitsTaken, ...]
    shipped: bool
    reason: str | None


class Trace(Struct):
    """What became of an allocation: the event that made it, those after it, and where it came from and went."""

    made: Event
    touches: list[Touch] = []
    moved_from: Allocation | None = None
    is_moved: bool = False


def traces(order: Order, history: Iterable[Event]) -> dict[int, Trace]:
    """Return what became of each allocation of an order, by its id."""
    of_order = {each.allocation_id: each for each in order.allocations}
    found: dict[int, Trace] = {}
    given_back: list[int] = []  # allocations that the present change has given units of back
    for event in history:
        order_event = decode_event(event) if event.name in _NAMES else None
        if order_event is None:
            given_back = given_back if event.name in _NEUTRAL else []
            continue
        given_back = given_back if order_event.joined else []
        if isinstance(order_event, Allocated):
            if order_event.allocation is not None:
                trace = found[order_event.allocation.allocation_id] = Trace(event)
                _note_move(trace, order_event.allocation.allocation_id, given_back, of_order, found)
            continue
        given_back += _note_touches(event, order_event, found)
    return found


_NAMES = frozenset({Allocated.name, Deallocated.name, Canceled.name, Shipped.name})
_NEUTRAL = frozenset({"order.backordered"})  # stands between the events of one move


def _note_touches(event: Event, order_event: OrderEvent, found: dict[int, Trace]) -> list[int]:
    """Note the units that an event took of allocations; return the allocations that are given back to be moved, maybe."""
    units: tuple[UnitsTaken, ...] = ()
    match order_event:
        case Deallocated():
            units = order_event.units
        case Canceled():
            units = order_event.deallocated
        case Shipped():
            units = order_event.allocated
    by_id: dict[int, list[UnitsTaken]] = {}
    for each in units:
        by_id.setdefault(each.allocation_id, []).append(each)
    for allocation_id, taken in by_id.items():
        reason = getattr(order_event, "reason", None)
        found[allocation_id].touches.append(Touch(event, tuple(taken), isinstance(order_event, Shipped), reason))
    return list(by_id) if isinstance(order_event, Deallocated) else []


def _note_move(
    trace: Trace, made: int, given_back: Sequence[int], of_order: Mapping[int, Allocation], found: Mapping[int, Trace]
) -> None:
    """Note that an allocation took over units that were given back in the same change: those of its lines."""
    lines = {part.line for part in of_order[made].units}
    for allocation_id in given_back:
        before = of_order[allocation_id]
        if lines & {part.line for part in before.units}:
            found[allocation_id].is_moved = True
            trace.moved_from = trace.moved_from or before


# ------------------------------------------------------------------------------------------------------------- documents
class Source(Struct, frozen=True):
    """What an allocation is rendered from: its order, the order in fabric's format, what became of it, the type of its
    location, and the stored document with its version and time (0 without one)."""

    order: Order
    document: Mapping[str, Tree]
    trace: Trace
    location_type: str | None = None
    own: Mapping[str, Tree] = {}
    own_version: int = 0
    own_updated_at: int = 0


def allocation_document(allocation: Allocation, source: Source) -> dict[str, Tree]:
    """Render an allocation, its fields in the vendor's order, fields that the vendor does not know last."""
    derived = _derived(allocation, source)
    own = {name: value for name, value in source.own.items() if name != "items"}
    of_item = {int(number): fields for number, fields in source.own.get("items", {}).items()}
    items = [item | of_item.get(item["allocationLineNumber"], {}) for item in derived["items"]]
    return derived | own | {"items": items}


def own_fields(body: Mapping[str, Tree], allocation: Allocation, source: Source) -> dict[str, Tree]:
    """Return what a body says that the order and its events do not; item details by their line number, as text."""
    derived = _derived(allocation, source)
    own = _other(body, derived, _DERIVED)
    items = {}
    for item in derived["items"]:
        number = item["allocationLineNumber"]
        sent: dict[str, Tree] = next((row for row in body["items"] if row["allocationLineNumber"] == number), {})
        if fields := _other(sent, item, _DERIVED_OF_ITEM):
            items[str(number)] = fields
    return own | ({"items": items} if items else {})


def _other(sent: Mapping[str, Tree], derived: Mapping[str, Tree], skipped: frozenset[str]) -> dict[str, Tree]:
    return {
        name: value
        for name, value in sent.items()
        if name not in skipped and value is not None and not json_equal(value, derived.get(name))
    }


def body_faults(body: Mapping[str, Tree], document: Mapping[str, Tree]) -> list[Fault]:
    """Check that a body is about this allocation, at its version, with the items that it has."""
    faults = []
    if body.get("allocationId") not in (None, "", document["allocationId"]):
        faults.append(Fault(("allocationId",), "must be that of the path"))
    if body.get("version") not in (None, document["version"]):
        faults.append(Fault(("version",), f"must be {document['version']}, the version of the allocation by now"))
    items = {item["allocationLineNumber"]: item for item in document["items"]}
    for place, row in enumerate(body["items"]):
        item = items.get(row["allocationLineNumber"])
        if item is None:
            faults.append(Fault(("items", place, "allocationLineNumber"), "is not a line of the allocation"))
            continue
        faults += [
            Fault(("items", place, name), f"must be {item[name]}, as it was allocated")
            for name in ("itemId", "sku", "quantity")
            if row[name] != item[name]
        ]
    return faults


def status_code(allocation: Allocation, trace: Trace) -> str:
    """Derive the status from the units; an allocation is announced to the warehouse in the moment in which it is made."""
    shipped = sum(part.shipped for part in allocation.units)
    released = sum(part.released for part in allocation.units)
    if allocation.is_open:
        return "PARTIALLY_SHIPPED" if shipped else "PARTIALLY_CANCELLED" if released else "PENDING_PICK"
    if shipped:
        return "SHIPPED"
    return "REALLOCATED" if trace.is_moved else "CANCELLED"


def _derived(allocation: Allocation, source: Source) -> dict[str, Tree]:
    """Render what follows from the order and its events."""
    order, document, trace = source.order, source.document, source.trace
    ship_infos = document["shipInfo"]
    ship_info = ship_infos[allocation.destination] if allocation.destination < len(ship_infos) else {}
    before = trace.moved_from
    last = max([allocation.at, source.own_updated_at, *(touch.event.at for touch in trace.touches)])
    shipped = [touch.event.at for touch in trace.touches if touch.shipped]
    lines = units_by_line(allocation)
    first = document["items"][lines[0][0].line] if lines[0][0].line >= 0 else {}
    rendered = wire.Allocation(
        allocationId=to_hex24(allocation.allocation_id),
        version=len(trace.touches) + source.own_version,
        allocationRequestId=to_hex24(allocation.decision_id or allocation.allocation_id),
        allocationNum=None,
        parentAllocationId="" if before is None else to_hex24(before.allocation_id),
        sentToPPSDate=format_time(trace.made.at),
        allocationDate=format_time(allocation.at),
        updatedAt=format_time(last),
        type="ALLOCATED",
        previousAllocationLocationNum=None if before is None else _number(before.location),
        poNumber=None,
        itemsType=next((each for each in (first.get("type"), document.get("type")) if each in ITEMS_TYPES), None),
        orderSubType=document.get("subType") or None,
        vendorId=first.get("vendorId"),
        shipDate=format_time(max(shipped)) if shipped else None,
        shipType=ship_info.get("shipToType") or ("SHIP_TO_ADDRESS" if ship_info.get("shipToAddress") else None),
        shipMethod=ship_info.get("shipMethod"),
        shipToId=ship_info.get("shipToId"),
        statusCode=status_code(allocation, trace),
        locationNum=allocation.location,
        locationType=source.location_type,
        shipToAddress=ship_info.get("shipToAddress"),
        recipient=_recipients(ship_info),
        items=[_item(order, document, number, parts, ship_info) for number, parts in enumerate(lines, 1)],
        auditLogs=_audit_logs(allocation, source),
    )
    tree: dict[str, Tree] = {name: getattr(rendered, name) for name in rendered.__struct_fields__}
    tree["items"] = [msgspec.structs.asdict(item) for item in rendered.items]
    return tree


def units_by_line(allocation: Allocation) -> list[list[AllocatedUnits]]:
    """Return the units of an allocation by line, in its order; units of removed lines by SKU."""
    lines: dict[tuple[int, str | None], list[AllocatedUnits]] = {}
    for part in allocation.units:
        lines.setdefault((part.line, part.sku if part.line < 0 else None), []).append(part)
    return list(lines.values())


def _number(location: str) -> int | str:
    """Render a location as a number, where it is one; the vendor types this field so."""
    is_number = location.isascii() and location.isdigit() and str(int(location)) == location and len(location) < 16
    return int(location) if is_number else location


def _recipients(ship_info: Mapping[str, Tree]) -> list[Tree]:
    """Return who gets the goods: the pickup persons, or else the person at the address."""
    if pickup := ship_info.get("pickup"):
        return list(pickup)
    address = ship_info.get("shipToAddress") or {}
    person = {name: address[name] for name in ("name", "email", "phone") if address.get(name)}
    return [person] if person else []


def _item(
    order: Order,
    document: Mapping[str, Tree],
    number: int,
    parts: Sequence[AllocatedUnits],
    ship_info: Mapping[str, Tree],
) -> wire.AllocationItem:
    line = parts[0].line
    item: dict[str, Tree] = document["items"][line] if line >= 0 else {"sku": parts[0].sku}
    quantity, released = sum(part.quantity for part in parts), sum(part.released for part in parts)
    is_partial = "PARTIALLY_ALLOCATED" if released else "ALLOCATED"
    return wire.AllocationItem(
        orderLineId=item.get("lineItemId") or "",
        itemId=item.get("itemId") or "",
        sku=item.get("sku") or "",
        orderId=to_hex24(order.order_id),
        orderDate=document.get("orderDate"),
        estimatedDeliveryDate=ship_info.get("estimatedDeliveryDate") or None,
        quantity=quantity,
        allocationLineNumber=number,
        parentAllocationLineNumber=None,
        reallocationRequestId=None,
        shippedQuantity=sum(part.shipped for part in parts),
        scratchQuantity=0,
        scratchedReasonCode=None,
        reshipReasonCode=None,
        reallocationReasonCode=None,
        channelId=item.get("channelId") or document.get("channelId"),
        segment=item.get("segment"),
        vendorId=item.get("vendorId"),
        title=item.get("title"),
        weight=None,
        cost=None,
        price=item.get("itemUnitPrice"),
        itemStatus="CANCELLED" if released == quantity else is_partial,
        attributes=item.get("attributes") or {},
        uom=item.get("uom"),
    )


def _audit_logs(allocation: Allocation, source: Source) -> list[Tree]:
    """Render the making of an allocation, and each line that was shipped or canceled since."""
    trace = source.trace
    logs = [_entry(trace.made, "create", auditType="CREATE", note=f"allocated at {allocation.location}")]
    ids = line_ids(source.order.content.lines)
    for touch in trace.touches:
        units: dict[int, int] = {}
        for each in touch.units:
            line = allocation.units[each.place].line
            units[line] = units.get(line, 0) + each.quantity
        for line, quantity in units.items():
            of_line = source.document["items"][line] if line >= 0 else {}
            logs.append(
                _entry(
                    touch.event, str(line), auditType="SHIP" if touch.shipped else "CANCEL", note=touch.reason,
                    lineItemId=ids[line] if line >= 0 else None, lineItemNumber=of_line.get("lineItemNumber"),
                    sku=of_line.get("sku"), quantity=quantity,
                )
            )  # fmt: skip
    return logs


def _entry(event: Event, subject: str, **fields: Tree) -> dict[str, Tree]:
    named = {"auditId": audit_id(event.aggregate_id, f"{event.number}/allocation/{subject}")}
    return EMPTY_ENTRY | named | {"auditTimestamp": format_time(event.at), "source": event.actor} | fields

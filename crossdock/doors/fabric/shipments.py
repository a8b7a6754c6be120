"""Shipments in fabric's format: what fulfillments and events say, and what only fabric's clients know; pure.

A shipment is an entry of `Order.fulfillments` of which something was shipped, or that is to be picked up. Fields that only
fabric's clients know (numbers of cartons, gift cards, reports of carriers with their ids) are a document of the catalog.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.core.events import Event
from crossdock.core.ids import to_hex24
from crossdock.core.orders.allocations import Allocation
from crossdock.core.orders.events import (
    FulfillmentsChanged,
    Invoiced,
    OrderEvent,
    Shipped,
    Tracked,
    decode_event,
)
from crossdock.core.orders.fulfillments import DeliveryStatus, Fulfillment, Package
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.time import format_time
from crossdock.doors.fabric import wire_shipments as wire
from crossdock.doors.fabric.documents import in_order
from crossdock.doors.fabric.shipment_lines import line_item_id

Tree = Any
KIND, NUMBERS, TRACKING = "fabric/shipment", "fabric/shipment_number", "fabric/tracking"
ACKNOWLEDGED, GIFT_CARDS, GIFT_CARDS_ACTIVE = "shipment acknowledged", "gift card activation", "gift card active"
_CARTON_FIELDS = (
    "cartonNum", "cartonType", "promisedDeliveryDate", "estimatedShipDate", "estimatedDeliveryDate", "shipmentMethod",
    "shipmentCarrier", "weight", "trackingNumber", "trackingURL", "trackingDetails",
)  # fmt: skip
_ITEM_FIELDS = ("segment", "vendorId", "fees", "giftCard", "attributes", "uom")
# The first word that the text of a carrier's event contains decides.
_REPORTS = (
    ("returned to sender", DeliveryStatus.RETURNED_TO_SENDER), ("undeliver", DeliveryStatus.EXCEPTION),
    ("not delivered", DeliveryStatus.EXCEPTION), ("out for delivery", DeliveryStatus.OUT_FOR_DELIVERY),
    ("attempt", DeliveryStatus.ATTEMPTED), ("exception", DeliveryStatus.EXCEPTION), ("lost", DeliveryStatus.LOST),
    ("ready for pickup", DeliveryStatus.READY_FOR_PICKUP), ("delivered", DeliveryStatus.DELIVERED),
)  # fmt: skip


def delivery_status(event: str) -> DeliveryStatus:
    """Read the text of a carrier's event; what it does not say is on its way."""
    text = event.casefold().replace("_", " ").replace("-", " ")
    return next((status for word, status in _REPORTS if word in text), DeliveryStatus.IN_TRANSIT)


def is_shipment(fulfillment: Fulfillment) -> bool:
    """Say whether a fulfillment is a shipment: something of it was shipped, it is a pickup, or nothing of it is open."""
    return fulfillment.kind == "pickup" or not fulfillment.is_open or any(line.shipped for line in fulfillment.lines)


class Source(Struct, frozen=True):
    """What a shipment is rendered from: its order, the order in fabric's format, its events, the type of its location, and the
    stored document."""

    order: Order
    document: Mapping[str, Tree]
    history: Sequence[Event]
    location_type: str | None = None
    own: Mapping[str, Tree] = {}


def shipment_document(fulfillment: Fulfillment, source: Source) -> dict[str, Tree]:
    """Render a shipment, its fields in the vendor's order, fields that the vendor does not know last."""
    own = source.own
    packages = [each for each in fulfillment.packages if each.shipped or fulfillment.kind == "pickup"]
    cartons = [_carton(package, fulfillment, source) for package in packages]
    if fulfillment.kind == "pickup" and not packages:
        whole = Package(
            tuple((line.line, line.quantity) for line in fulfillment.lines), package_id=fulfillment.fulfillment_id
        )
        cartons = [_carton(whole, fulfillment, source)]
    infos = source.document["shipInfo"]
    info = infos[fulfillment.destination] if fulfillment.destination < len(infos) else {}
    mine = [(event, said) for event, said in _events(source.history) if _is_of(said, fulfillment)]
    allocation = allocation_of(source.order, fulfillment)
    derived: dict[str, Tree] = {
        "shipmentId": to_hex24(fulfillment.fulfillment_id),
        "shipmentNum": fulfillment.reference,
        "invoiceId": invoice_id(source.history, fulfillment),
        "allocationId": None if allocation is None else to_hex24(allocation.allocation_id),
        "orderNumber": [source.order.content.number],
        "statusCode": status_code(fulfillment),
        "type": type_of(fulfillment, own),
        "shipDate": None if fulfillment.shipped_at is None else format_time(fulfillment.shipped_at),
        "locationNum": fulfillment.location,
        "locationType": source.location_type,
        "totalCartons": own.get("totalCartons") or len(cartons),
        "shipToId": info.get("shipToId"),
        "shipToAddress": own.get("shipToAddress") or address(info.get("shipToAddress")),
        "recipient": own.get("recipient") or _recipients(info),
        "cartons": cartons,
        "scratchedItems": own.get("scratchedItems") or [],
        "createdAt": format_time(fulfillment.at),
        "updatedAt": format_time(max([fulfillment.at, *(event.at for event, _ in mine)])),
        "auditLogs": [_audit(event, said) for event, said in mine],
        "attributes": own.get("attributes") or {},
    }
    sent = {
        name: value
        for name, value in own.items()
        if name != "packages" and (name not in derived or derived[name] is None)
    }
    return in_order(wire.Shipment, derived | sent)


def type_of(fulfillment: Fulfillment, own: Mapping[str, Tree]) -> str:
    """Return the type of a shipment."""
    if fulfillment.kind != "ship":
        return "PICKUP" if fulfillment.kind == "pickup" else "RESHIP"
    return (
        "SCRATCH" if own.get("scratchedItems") and not any(line.shipped for line in fulfillment.lines) else "STANDARD"
    )


def status_code(fulfillment: Fulfillment) -> str:
    """Derive the status from the units, and from what carriers reported of the cartons."""
    shipped = any(line.shipped for line in fulfillment.lines)
    if fulfillment.kind == "pickup":
        return "PICKUP_CREATED" if fulfillment.is_open else "PICKUP_COMPLETED" if shipped else "SHIPMENT_CANCELLED"
    if not shipped:
        return "SHIPMENT_CREATED" if fulfillment.is_open else "SHIPMENT_CANCELLED"
    delivered = [package.is_delivered for package in fulfillment.packages if package.shipped]
    if any(delivered):
        return "SHIPMENT_DELIVERED" if all(delivered) else "SHIPMENT_PARTIALLY_DELIVERED"
    return "SHIPMENT_CREATED"


def allocation_of(order: Order, fulfillment: Fulfillment) -> Allocation | None:
    """Return the newest allocation at the location of a fulfillment that has one of its lines."""
    lines = {line.line for line in fulfillment.lines}
    return next(
        (
            each
            for each in reversed(order.allocations)
            if each.location == fulfillment.location and lines & {part.line for part in each.units}
        ),
        None,
    )


def invoice_id(history: Sequence[Event], fulfillment: Fulfillment) -> str | None:
    """Return the id of the invoice that followed the shipment."""
    follows = False
    for _, said in _events(history):
        if isinstance(said, Shipped):
            follows = said.fulfillment_id == fulfillment.fulfillment_id
        elif isinstance(said, Invoiced) and follows:
            return to_hex24(said.invoice_id)
    return None


_NAMES = frozenset({Shipped.name, Invoiced.name, *(each.name for each in FulfillmentsChanged.__subclasses__())})


def _events(history: Sequence[Event]) -> list[tuple[Event, OrderEvent]]:
    return [(event, decode_event(event)) for event in history if event.name in _NAMES]


def _is_of(said: OrderEvent, fulfillment: Fulfillment) -> bool:
    if isinstance(said, FulfillmentsChanged):
        return any(each.fulfillment_id == fulfillment.fulfillment_id for each in said.fulfillments)
    return isinstance(said, Shipped) and said.fulfillment_id == fulfillment.fulfillment_id


_AUDIT_TYPES = {"order.fulfillment_created": "CREATE", "order.shipped": "SHIP", "order.reshipped": "RESHIP",
                "order.fulfillment_canceled": "CANCEL"}  # fmt: skip


def _audit(event: Event, said: OrderEvent) -> dict[str, Tree]:
    note = f"{said.text or said.status}" if isinstance(said, Tracked) else getattr(said, "reason", None)
    return {
        "auditType": _AUDIT_TYPES.get(event.name, "UPDATE"), "employeeId": None, "auditTimestamp": format_time(event.at),
        "source": event.actor, "note": note or event.name.removeprefix("order.").replace("_", " "), "attributes": {},
        "updatedFields": [],
    }  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- cartons
def _carton(package: Package, fulfillment: Fulfillment, source: Source) -> dict[str, Tree]:
    key = to_hex24(package.package_id or fulfillment.fulfillment_id)
    own: Mapping[str, Tree] = source.own.get("packages", {}).get(key, {})
    derived = {
        "shipmentMethod": package.service,
        "shipmentCarrier": package.carrier,
        "weight": None if package.weight is None else " ".join(map(str, package.weight)),
        "trackingNumber": package.number,
        "trackingURL": package.url,
        "trackingDetails": tracking_details(package, source.history),
    }
    details = own.get("trackingDetails") or derived["trackingDetails"]
    stored = {name: own[name] for name in _CARTON_FIELDS if own.get(name) is not None}
    items = [
        _item(package, line, quantity, own.get("items", {}), source) for line, quantity in package.lines if line >= 0
    ]
    return in_order(wire.Carton, derived | stored | {"trackingDetails": details, "items": items})


def tracking_details(package: Package, history: Sequence[Event]) -> list[Tree]:
    """Render what carriers reported of a package through other doors."""
    return [
        {
            "event": said.text or str(said.status), "eventId": None, "timestamp": format_time(said.reported_at),
            "shipmentCarrier": package.carrier, "location": said.place, "notes": {},
        }
        for _, said in _events(history)
        if isinstance(said, Tracked) and said.package_id == package.package_id
    ]  # fmt: skip


def _item(package: Package, line: int, quantity: int, own: Mapping[str, Tree], source: Source) -> dict[str, Tree]:
    of_order: Mapping[str, Tree] = source.document["items"][line]
    line_id = line_ids(source.order.content.lines)[line]
    sent: Mapping[str, Tree] = own.get(line_id, {})
    counters = source.order.counters[line]
    refunded = sum(
        (each.amount for each in source.order.refunds if [place for place, _ in each.lines] == [line]), Decimal(0)
    )
    item: dict[str, Tree] = {
        "shipmentLineItemId": line_item_id(package, line),
        "orderId": to_hex24(source.order.order_id),
        "orderNumber": source.order.content.number,
        "lineItemId": line_id,
        "itemId": of_order.get("itemId"),
        "sku": of_order.get("sku"),
        "channelId": of_order.get("channelId") or source.document.get("channelId"),
        "segment": of_order.get("segment"),
        "vendorId": of_order.get("vendorId"),
        "orderedQuantity": counters.ordered,
        "shippedQuantity": quantity,
        "returnQuantity": min(counters.returned, quantity),
        "returnAmount": refunded,
        "fees": [],
        "giftCard": [],
        "attributes": {},
        "uom": of_order.get("uom"),
    }
    return in_order(wire.CartonItem, item | {name: sent[name] for name in _ITEM_FIELDS if sent.get(name) is not None})


def stored_carton(carton: Mapping[str, Tree]) -> dict[str, Tree]:
    """Return what a carton in a body says that its package does not; items by line id."""
    own = {name: carton[name] for name in _CARTON_FIELDS if carton.get(name) is not None}
    items = {
        item["lineItemId"]: {name: item[name] for name in _ITEM_FIELDS if item.get(name) is not None}
        for item in carton.get("items") or ()
        if isinstance(item, dict) and "lineItemId" in item
    }
    return own | {"items": {line_id: fields for line_id, fields in items.items() if fields}}


# --------------------------------------------------------------------------------------------------------------- parties
def address(of_order: Mapping[str, Tree] | None) -> dict[str, Tree] | None:
    """Render an address of an order as shipments and invoices have it."""
    if not of_order:
        return None
    lines = {f"addressLine{number}": of_order.get(f"address{number}") for number in range(1, 5)}
    names = ("city", "state", "country", "postalCode", "type", "latitude", "longitude")
    return lines | {name: of_order.get(name) for name in names}


def _recipients(info: Mapping[str, Tree]) -> list[Tree]:
    """Return who gets the goods: the pickup persons, or else the person at the address."""
    if pickup := info.get("pickup"):
        return [{name: person.get(name) for name in ("name", "email", "phone")} for person in pickup]
    of_order = info.get("shipToAddress") or {}
    person = {name: of_order.get(name) for name in ("name", "email", "phone")}
    return [person] if any(person.values()) else []

"""Receiving notices (ASN) and work orders of Pitney Bowes Fulfillment: map bodies to inbound documents and back; pure.

What no canonical field says is stored as it was sent. A facility is a location, an inventory type the pool of a stock level.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from crossdock.core.catalog.products import KitComponent
from crossdock.core.errors import Fault
from crossdock.core.ids import from_base32, from_digits, to_base32, to_digits
from crossdock.core.inbound.documents import InboundDocument, InboundStatus
from crossdock.core.inbound.notices import NoticeLine, ReceivingNotice
from crossdock.core.inbound.work_orders import WorkOrder
from crossdock.core.time import format_time
from crossdock.doors.pb_fulfillment import wire_call_answers, wire_calls
from crossdock.doors.pb_fulfillment.mapping import DOOR, inventory_type_of, pool_of
from crossdock.doors.pb_fulfillment.responses import renderer_of
from crossdock.flows.inbound import Stored

Tree = Any
Document = dict[str, Tree]
_IDS = {"ASN": re.compile(r"ASN([0-9]{19})[A-Za-z]{2}\Z"), "WRK": re.compile(r"WRK([0-9]{19})[A-Za-z]{2}\Z")}
STATUS = {
    InboundStatus.CREATED: "CREATED",
    InboundStatus.IN_PROGRESS: "INPROGRESS",
    InboundStatus.COMPLETE: "COMPLETE",
    InboundStatus.CLOSED: "CLOSED",
    InboundStatus.CANCELED: "CANCELED",
}
_UNIT = "EACH"
_ASN_SERVER_FIELDS = frozenset(
    {"clientId", "receivingASNId", "status", "pbCreateDate", "pbUpdateDate", "receivingNode", *wire_calls.ASN_LINES}
)
_LINE_SERVER_FIELDS = frozenset({"PBlineId", "receivedQuantity", "sku", "expectedQuantity"})
_WORK_ORDER_SERVER_FIELDS = frozenset(
    {"clientId", "workOrderId", "status", "pbCreateDate", "pbUpdateDate", "completedQuantity", "node", "sku",
     "components", "workOrderQuantity", "quantity"}
)  # fmt: skip
_render_asn = renderer_of(wire_call_answers.Asn)
_render_work_order = renderer_of(wire_call_answers.WorkOrderAnswer)


# ------------------------------------------------------------------------------------------------------------------ ids
def format_id(prefix: str, document_id: str) -> str:
    """Format the id of a document as orders have it: a prefix, 19 digits, a country."""
    return f"{prefix}{to_digits(from_base32(document_id) or 0)}US"


def parse_id(prefix: str, text: str) -> str:
    """Parse the id of a document; "" where it is not one."""
    match = _IDS[prefix].match(text)
    identity = from_digits(match[1]) if match else None
    return "" if identity is None else to_base32(identity)


def is_visible_to(document: InboundDocument, client: str, brand: str | None = None) -> bool:
    """Tell whether a client sees a document: its own, and those of other APIs; with a brand only of that brand, or of none."""
    return document.account_ref in (None, client) and (not brand or _own(document).get("brand") in (None, brand))


def _own(document: InboundDocument) -> Document:
    fields: Document = document.door_fields.get(DOOR, {})
    return fields


# ------------------------------------------------------------------------------------------------------------------ ASN
def asn_rule(tree: Tree) -> Iterable[Fault]:
    """Require the id that the inbound type asks for, and lines under one of their names."""
    if not isinstance(tree, dict):
        return
    needed = "purchaseOrderNumber" if tree.get("inboundType") == "PO" else "clientASNId"
    if tree.get(needed) in (None, ""):
        yield Fault((needed,), "is required" if needed == "clientASNId" else "is required for a PO")
    if all(tree.get(name) is None for name in wire_calls.ASN_LINES):
        yield Fault(("asnLines",), "is required")


def lines_name(tree: Document) -> str:
    """Return the name under which a body has its lines."""
    return next((name for name in wire_calls.ASN_LINES if tree.get(name) is not None), "asnLines")


def asn_number(tree: Document) -> tuple[str, str]:
    """Return the member by which a notice is known to its client, and its value."""
    name = "clientASNId" if tree.get("clientASNId") else "purchaseOrderNumber"
    return name, str(tree[name])


def to_notice(tree: Document, number: str) -> ReceivingNotice:
    """Map a whole body without faults to a notice."""
    shipping, vendor = tree.get("shippingDetails") or {}, tree.get("vendorDetails") or {}
    lines = tuple(
        NoticeLine(
            sku=line["sku"],
            expected=int(line["expectedQuantity"]),
            pool=pool_of(line.get("inventoryType")),
            expected_at=line.get("estimatedDeliveryDate") or None,
            door_fields={DOOR: _sent(line, _LINE_SERVER_FIELDS)},
        )
        for line in tree[lines_name(tree)]
    )
    return ReceivingNotice(
        number=number, location=tree["receivingNode"], lines=lines, door=DOOR, account_ref=tree["clientId"],
        reference=tree.get("purchaseOrderNumber") or None, supplier=vendor.get("name") or None,
        carrier=shipping.get("carrier") or None, tracking_number=shipping.get("trackingNumber") or None,
        door_fields={DOOR: _sent(tree, _ASN_SERVER_FIELDS)},
    )  # fmt: skip


def _sent(tree: Document, server_fields: frozenset[str]) -> Document:
    return {name: value for name, value in tree.items() if name not in server_fields and value is not None}


def asn_response(found: Stored[ReceivingNotice], client: str) -> Document:
    """Render a notice for a client."""
    notice, own = found.document, _own(found.document)
    is_order = own.get("inboundType") == "PO"
    members = own | {
        "clientId": client,
        "inboundType": "PO" if is_order else "ASN",
        "clientASNId": own.get("clientASNId") or (None if is_order else notice.number),
        "purchaseOrderNumber": notice.reference,
        "receivingNode": notice.location,
        "vendorDetails": _overlaid(own.get("vendorDetails"), name=notice.supplier),
        "receivingASNId": format_id("ASN", found.document_id),
        "shippingDetails": _overlaid(
            own.get("shippingDetails"), carrier=notice.carrier, trackingNumber=notice.tracking_number
        ),
        **_state(found),
        "asnLines": [_asn_line(line, place, notice) for place, line in enumerate(notice.lines)],
    }
    return _render_asn(members)


def _asn_line(line: NoticeLine, place: int, notice: ReceivingNotice) -> Document:
    own: Document = line.door_fields.get(DOOR, {})
    kind = own.get("inventoryType")
    return own | {
        "PBlineId": place + 1,
        "sku": line.sku,
        "inventoryType": kind if kind and pool_of(kind) == line.pool else inventory_type_of(line.pool),
        "expectedQuantity": line.expected,
        "unitOfMeasurement": own.get("unitOfMeasurement") or _UNIT,
        "estimatedDeliveryDate": line.expected_at or notice.expected_at,
        "receivedQuantity": line.received,
    }


def _overlaid(sent: Document | None, **canonical: str | None) -> Document | None:
    """Return an object as it was sent, with the canonical values as they are by now."""
    given = {name: value for name, value in canonical.items() if value is not None or name in (sent or {})}
    return (sent or {}) | given or None


def _state(found: Stored[Any]) -> Document:
    return {
        "status": STATUS[found.document.status],
        "pbCreateDate": format_time(found.created_at, digits=0),
        "pbUpdateDate": format_time(found.updated_at, digits=0) if found.version > 1 else None,
    }


# ---------------------------------------------------------------------------------------------------------- work orders
def work_order_rule(tree: Tree) -> Iterable[Fault]:
    """Require a number of kits under one of its names."""
    if isinstance(tree, dict) and tree.get("workOrderQuantity") is None and tree.get("quantity") is None:
        yield Fault(("workOrderQuantity",), "is required")


def to_work_order(tree: Document, number: str) -> WorkOrder:
    """Map a whole body without faults to a work order."""
    quantity = tree.get("workOrderQuantity")
    return WorkOrder(
        number=number, location=tree["node"], sku=tree["sku"], door=DOOR, account_ref=tree["clientId"],
        quantity=int(tree["quantity"] if quantity is None else quantity), name=tree["workOrderName"],
        notes=tree.get("description") or None,
        components=tuple(KitComponent(each["sku"], int(each["quantity"])) for each in tree.get("components") or ()),
        door_fields={DOOR: _sent(tree, _WORK_ORDER_SERVER_FIELDS)},
    )  # fmt: skip


def work_order_response(found: Stored[WorkOrder], client: str) -> Document:
    """Render a work order for a client."""
    order, own = found.document, _own(found.document)
    members = own | {
        "clientId": client,
        "clientWorkOrderId": own.get("clientWorkOrderId") or order.number,
        "workOrderId": format_id("WRK", found.document_id),
        "workOrderName": order.name or order.number,
        "description": order.notes,
        "type": "KIT",
        "node": order.location,
        "sku": order.sku,
        "workOrderQuantity": order.quantity,
        "completedQuantity": order.completed,
        "components": [{"sku": each.sku, "quantity": each.quantity} for each in order.components],
        **_state(found),
    }
    return _render_work_order(members)


# ------------------------------------------------------------------------------------------------------------- searches
_PATHS = {
    "receivingASNIds": "receivingASNId", "clientASNIds": "clientASNId", "purchaseOrderNumbers": "purchaseOrderNumber",
    "workOrderIds": "workOrderId", "clientWorkOrderIds": "clientWorkOrderId", "brands": "brand",
}  # fmt: skip


def search_values(document: Mapping[str, Tree], name: str) -> tuple[str, ...]:
    """Return the values of a rendered document that a search field is compared with."""
    if name == "sku" and "asnLines" in document:
        return tuple(line["sku"] for line in document["asnLines"])
    value = document.get(_PATHS.get(name, name))
    return () if value is None else (str(value),)

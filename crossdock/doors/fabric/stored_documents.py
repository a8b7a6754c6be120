"""The documents that this door stores about orders, and what an erasure leaves of them; pure."""

from collections.abc import Sequence
from typing import Any

from crossdock.core.events import Event
from crossdock.core.ids import to_hex24
from crossdock.core.json.strict_json import parse_trusted
from crossdock.core.orders.events import Backordered, Edited, Invoiced, decode_event
from crossdock.core.orders.model import Order, line_ids
from crossdock.doors import encode_json
from crossdock.doors.fabric import allocations, invoices, reservations, shipments

Tree = Any
EXPORT_FILES = "fabric/export_file"
PERSONAL = (shipments.KIND, allocations.KIND, invoices.KIND, reservations.KIND)
# Members that stay; the order has all others that are not personal.
_KEPT = {
    shipments.KIND: ("totalCartons", "scratchedItems"),
    invoices.KIND: ("requested",),
}


def documents_of(order: Order, history: Sequence[Event]) -> list[tuple[str, str]]:
    """List kind and key of each document that there may be about an order."""
    said = [decode_event(event) for event in history if event.name == Invoiced.name]
    # A line may begin to wait with any of these (`backordering.wait_of`).
    began = [event.number for event in history if event.name in (Backordered.name, Edited.name)]
    ids = line_ids(order.content.lines)
    return [
        *((shipments.KIND, to_hex24(each.fulfillment_id)) for each in order.fulfillments),
        *((allocations.KIND, to_hex24(each.allocation_id)) for each in order.allocations),
        *((invoices.KIND, to_hex24(each.invoice_id)) for each in said if isinstance(each, Invoiced)),
        *((reservations.KIND, reservations.own_key(order.order_id, line, number)) for number in began for line in ids),
    ]


def erase_document(kind: str, document: bytes) -> bytes | None:
    """Take a person out of a document; None where nothing is left."""
    tree = parse_trusted(document)
    left: dict[str, Tree] = {name: tree[name] for name in _KEPT.get(kind, ()) if tree.get(name) is not None}
    if "scratchedItems" in left:
        left["scratchedItems"] = [each | {"attributes": {}} for each in left["scratchedItems"]]
    return encode_json(left) if left else None

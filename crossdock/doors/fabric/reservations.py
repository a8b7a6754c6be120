"""Backorder and preorder reservations in fabric's format; pure.

A reservation is the units of one order line that wait for stock. Its id is that of the order and of the line. Fields that only
fabric's clients know are a document of the catalog, one for each wait: a line that waits again begins with none.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from crossdock.core.ids import from_hex24, hashed_key, to_hex24
from crossdock.core.json.validation import normalize
from crossdock.core.orders.backordering import Wait
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.time import format_time
from crossdock.doors.fabric import wire_allocation as wire
from crossdock.doors.fabric.documents import in_order
from crossdock.doors.fabric.responses import line_status

Tree = Any
KIND = "fabric/reservation"
_ID_LENGTH = 24
# Fields of a body that follow from the order and its units.
_DERIVED = frozenset({"id", "orderNumber", "sku", "lineItemId", "itemId", "orderDate", "backOrderedQuantity"})
CONSENT = ("consentToDelay", "consentDate")
_CONSENTS = {"accept": "true", "cancel": "false"}


class LineKey(Struct, frozen=True):
    """The line that a reservation is of. `order_id` is None for an id that is none of an order."""

    order_id: int | None
    line_id: str


def reservation_id(order_id: int, line_id: str) -> str:
    """Format the id of a reservation: that of its order, and the line's."""
    return f"{to_hex24(order_id)}-{line_id}"


def parse_reservation_id(text: str) -> LineKey:
    """Read what `reservation_id` wrote."""
    is_one = text[_ID_LENGTH : _ID_LENGTH + 1] == "-"
    return LineKey(from_hex24(text[:_ID_LENGTH]) if is_one else None, text[_ID_LENGTH + 1 :])


def own_key(order_id: int, line_id: str, since: int) -> str:
    """Return the key of the document of one wait, which began with the order's event `since`."""
    return hashed_key(KIND, str(order_id), line_id, str(since)).hex()


def own_fields(body: Mapping[str, Tree]) -> dict[str, Tree]:
    """Return what a body says that the order does not; null removes."""
    return {name: value for name, value in body.items() if name not in _DERIVED}


def reservation_document(
    order: Order, position: int, document: Mapping[str, Tree], wait: Wait | None, own: Mapping[str, Tree]
) -> dict[str, Tree]:
    """Render the reservation of a line; `document` is the order in fabric's format."""
    item: Mapping[str, Tree] = document["items"][position]
    line = order.counters[position]
    line_id = line_ids(order.content.lines)[position]
    payments = document.get("payments") or [{}]
    derived: dict[str, Tree] = {
        "id": reservation_id(order.order_id, line_id),
        "orderNumber": order.content.number,
        "sku": item.get("sku") or "",
        "lineItemId": line_id,
        "itemId": item.get("itemId"),
        "type": "BACKORDER",
        "cartId": document.get("cartId"),
        "orderDate": document.get("orderDate"),
        "backOrderedQuantity": line.backordered,
        "toReleaseQuantity": 0,
        "locationNum": _location(order, position),
        "channelId": item.get("channelId") or document.get("channelId") or "",
        "vendorId": item.get("vendorId"),
        "orderStatusCode": document.get("statusCode"),
        "lineItemStatus": line_status(line),
        "paymentStatus": payments[0].get("paymentStatus"),
    }
    if wait is not None:
        derived["lastNotificationDate"] = _time(wait.notified_at)
        if wait.answer is not None:
            derived |= {"consentToDelay": _CONSENTS[wait.answer], "consentDate": _time(wait.answered_at)}
    return in_order(wire.Reservation, derived | {name: value for name, value in own.items() if value is not None})


def _time(at: int | None) -> str | None:
    return None if at is None else format_time(at)


def _location(order: Order, position: int) -> int | None:
    """Return the location that the line is to come from, where that is a number: the vendor types this field so."""
    destination = order.content.lines[position].destination
    destinations = order.content.destinations
    location = destinations[destination].location_ref if destination < len(destinations) else None
    is_number = location is not None and location.isascii() and location.isdigit() and len(location) < 16
    return int(location) if is_number and location is not None else None


def normalized(tree: Tree, shape: type[Struct]) -> Tree:
    """Return a body with numbers as text where text belongs, as the door reads all bodies."""
    return normalize(tree, shape, numbers_as_text=True)

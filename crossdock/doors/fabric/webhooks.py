"""Which of fabric's events a fact about an order is, and how its webhooks are told of one; pure.

Owns the vocabulary of events and the payload `fabric_event`. docs/doors/fabric.md says of every name when it is sent, if ever.
"""

from collections.abc import Sequence
from typing import Any

from crossdock.core.ids import to_hex24
from crossdock.core.orders.events import (
    Allocated,
    Backordered,
    Canceled,
    Delivered,
    Edited,
    Held,
    Noted,
    OrderEvent,
    Package,
    Received,
    Refunded,
    Released,
    Returned,
    ReturnRequested,
    Shipped,
    decode_event,
)
from crossdock.core.orders.model import Content
from crossdock.core.orders.status import Status
from crossdock.doors import encode_json
from crossdock.doors.fabric.history import CROSS_BORDER
from crossdock.doors.fabric.responses import DOOR, hold_code
from crossdock.flows.event_payloads import Notification, PayloadFormat
from crossdock.flows.feed import LogEntry

Tree = Any
FORMAT_NAME = "fabric_event"
# Topics of the notes that the notification calls write.
SENT, ACKNOWLEDGED = "notification", "notification acknowledged"
# The vendor's example of a retry says one where its lists say the other.
ALIASES = {"ORDER_CREATED": "ORDER_CREATE"}

# Source of both lists: the vendor's pages on webhooks and notifications.
SENDS = (
    "ORDER_CREATE", "ORDER_CANCELLED", "ORDER_PARTIALLY_CANCELLED", "ORDER_HOLD_CROSSBORDER", "ORDER_HOLD_FRAUD",
    "ORDER_HOLD_CSR", "ORDER_SHIPPED", "ORDER_PARTIALLY_RETURNED", "ORDER_RETURNED",
    "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL", "MULTI_ITEM_ORDER_CONFIRMATION_EMAIL", "BOPIS_ORDER_CONFIRMATION_EMAIL",
    "SHIPPING_CONFIRMATION_EMAIL", "BACKORDER_NOTIFICATION_EMAIL", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_CANCEL",
    "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_ITEM_CANCEL", "RETURN_NOTIFICATION_EMAIL", "REFUND_NOTIFICATION_EMAIL",
    "ALLOCATION_CREATE", "SHIPMENT_CREATED", "SHIPMENT_UPDATE", "FRAUD_RELEASE", "FRAUD_CANCEL",
    "CROSS_BORDER_VALIDATION", "RETURN_PENDING", "RETURN_PROCESSING",
)  # fmt: skip
# Notifications that only `/notification/send` asks for; every other notification is an event above or below as well.
ASKED_FOR = (
    "BOPIS_ORDER_READY_FOR_PICKUP", "BOPIS_ORDER_COMPLETED", "BOPIS_REMINDER_EMAIL",
    "BACKORDER_30_DAYS_CONSENT_TO_DELAY_EMAIL", "BACKORDER_53_DAYS_CONSENT_TO_DELAY_EMAIL",
    "BACKORDER_AUTH_DECLINE_EMAIL", "BACKORDER_CANCEL_EMAIL", "ORDER_CANCELLATION_EMAIL_LOCATE_ORDER_ITEM_CANCEL",
    "APPEASEMENT_NOTIFICATION_EMAIL", "INVOICE_POSTED", "EXCHANGE_NOTIFICATION_EMAIL", "LOW_ALERT_NOTIFICATION_EMAIL",
    "MEDIUM_ALERT_NOTIFICATION_EMAIL", "HIGH_ALERT_NOTIFICATION_EMAIL",
)  # fmt: skip
NOT_YET = (
    "ORDER_CONFIRMED", "EXCHANGE_PENDING", "EXCHANGE_TO_SHIPMENT", "ORDER_CANCELLATION_COUPON_REVERSAL",
    "ORDER_EXCHANGE", "ORDER_CANCEL", "ORDER_IN_PROGRESS", "ALLOCATION_CREATE_BOPIS", "ALLOCATION_CREATE_GIFTCARD",
    "ALLOCATION_CREATE_INTERNATIONAL", "ALLOCATION_CREATE_SDD", "ALLOCATION_CREATE_SHIP", "ALLOCATION_DC",
    "SHIPMENT_CANCELLED", "PICKUP_CREATED", "PICKUP_COMPLETED", "GIFTCARD_ACTIVATE", "ORDER_CREATE_IN_PTS",
    "ORDER_CANCELLED_IN_PTS", "SHIPMENT_CREATE_IN_PTS", "SHIPMENT_CANCELLED_IN_PTS", "INVOICE_POSTING",
    "RETURN_REJECTED", "RETURN_LPN", "CREDIT_PENDING", "CREDIT_CONFIRMED", "CREDIT_FAILED", "CREDIT_CANCELED",
    "INVENTORY_CREATE", "INVENTORY_UPDATE", "INVENTORY_BULK", "INVENTORY_NETWORK_UPDATED",
    "INVENTORY_NETWORK_AGGREGATION", "LIST_UPDATE", "TRANSFER_CREATE",
    *(
        f"EXPORT_{kind}_{state}"
        for kind in ("ORDER", "ALLOCATION", "INVENTORY", "INVOICE", "LOCATION", "NETWORK", "AGGREGATED_NETWORK",
                     "SHIPMENT", "SHIPPING_METHODS")
        for state in ("INITIATED", "COMPLETED", "ERROR")
    ),
)  # fmt: skip
KNOWN = (*SENDS, *ASKED_FOR, *NOT_YET)
NOTIFICATIONS = (
    *(name for name in (*SENDS, *ASKED_FOR) if "_EMAIL" in name or name in ASKED_FOR),
    "ORDER_CREATED", "SHIPMENT_CREATED",
)  # fmt: skip

_HOLDS = frozenset({"ORDER_HOLD_CROSSBORDER", "ORDER_HOLD_FRAUD"})
_FRAUD = "ORDER_HOLD_FRAUD"
_SHIPPED = frozenset({Status.SHIPPED, Status.DELIVERED, Status.RETURNED})
_PICKUP = ("BOPIS", "PICKUP", "PICK UP")


def event_of(name: str) -> str:
    """Give the event that a name means."""
    return ALIASES.get(name, name)


# --------------------------------------------------------------------------------------------------------------- topics
def topics(entry: LogEntry) -> Sequence[str]:
    """Give fabric's names for an entry of the feed, in the order in which they are told; none where it has none."""
    order_event, status = decode_event(entry.event), Status(entry.status)
    match order_event:
        case Received():
            return ("ORDER_CREATE", _confirmation(order_event.content))
        case Held():
            return tuple(dict.fromkeys(_hold_event(hold.reason) for hold in order_event.holds))
        case Released():
            return ("FRAUD_RELEASE",) if any(hold_code(reason) == _FRAUD for _, reason in order_event.holds) else ()
        case Edited():
            # An edit can take away all that was left to ship, or to cancel.
            return _canceled(status) if status is Status.CANCELED else _last_shipped(status)
        case Canceled():
            by_fraud = ("FRAUD_CANCEL",) if order_event.reason == "FRAUD" else ()
            return (*by_fraud, *_canceled(status), *_last_shipped(status))
        case Shipped():
            return ("SHIPMENT_CREATED", "SHIPPING_CONFIRMATION_EMAIL", *_last_shipped(status))
        case Returned():
            whole = status is Status.RETURNED
            return ("RETURN_PROCESSING", "ORDER_RETURNED" if whole else "ORDER_PARTIALLY_RETURNED")
        case Noted():
            return _noted(entry, order_event)
    return _ALWAYS.get(type(order_event), ())


_ALWAYS: dict[type[OrderEvent], tuple[str, ...]] = {
    Allocated: ("ALLOCATION_CREATE",),
    Backordered: ("BACKORDER_NOTIFICATION_EMAIL",),
    Delivered: ("SHIPMENT_UPDATE",),
    ReturnRequested: ("RETURN_PENDING", "RETURN_NOTIFICATION_EMAIL"),
    Refunded: ("REFUND_NOTIFICATION_EMAIL",),
}


def _confirmation(content: Content) -> str:
    """Name the confirmation: by pickup where every destination's method says so, else by the number of items."""
    methods = [(each.method or "").upper().replace("_", " ") for each in content.destinations]
    if methods and all(any(word in method for word in _PICKUP) for method in methods):
        return "BOPIS_ORDER_CONFIRMATION_EMAIL"
    return f"{'SINGLE' if len(content.lines) == 1 else 'MULTI'}_ITEM_ORDER_CONFIRMATION_EMAIL"


def _hold_event(reason: str) -> str:
    """Name a hold's event; those without one of their own are for somebody to look at, as ORDER_HOLD_CSR is."""
    code = hold_code(reason)
    return code if code in _HOLDS else "ORDER_HOLD_CSR"


def _canceled(status: Status) -> tuple[str, ...]:
    if status is Status.CANCELED:
        return ("ORDER_CANCELLED", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_CANCEL")
    return ("ORDER_PARTIALLY_CANCELLED", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_ITEM_CANCEL")


def _last_shipped(status: Status) -> tuple[str, ...]:
    """Tell that an order has shipped whole; no edit, cancelation or shipment is possible after that, so it is told once."""
    return ("ORDER_SHIPPED",) if status in _SHIPPED else ()


def _noted(entry: LogEntry, order_event: Noted) -> tuple[str, ...]:
    if entry.event.door != DOOR:
        return ()
    if order_event.topic == SENT:
        return (event_of(order_event.data["notificationType"]),)
    return ("CROSS_BORDER_VALIDATION",) if order_event.topic == CROSS_BORDER else ()


# ---------------------------------------------------------------------------------------------------------------- bodies
def message(event: str, payload: Tree, details: Tree = None) -> bytes:
    """Spell what a webhook is sent."""
    return encode_json({"event": event, "payload": payload} | ({"details": details} if details else {}))


def _body(notification: Notification, topic: str, document: Tree) -> bytes:
    return message(topic, document, _details(notification.order_event, notification.order.content))


def _details(order_event: OrderEvent, content: Content) -> dict[str, Tree]:
    """Tell what the order's document does not: which units, how they went, how much money, who is to be written to."""
    told: dict[str, Tree] = {}
    match order_event:
        case Shipped():
            told = {
                "items": _items(content, order_event.lines),
                "packages": [_package(content, each) for each in order_event.packages],
            }
        case Canceled():
            told = {
                "items": _items(content, order_event.lines),
                "reasonCode": order_event.reason,
                "note": order_event.note,
            }
        case Held():
            told = {"holds": [{"reasonCode": hold_code(hold.reason), "note": hold.note} for hold in order_event.holds]}
        case Released():
            told = {
                "holds": [{"reasonCode": hold_code(reason)} for _, reason in order_event.holds],
                "note": order_event.reason,
            }
        case Allocated():
            told = {"locationNum": order_event.location_ref}
        case Backordered():
            told = {
                "items": _items(content, order_event.lines),
                "expectedDate": order_event.expected_at,
                "consentBy": order_event.consent_by,
            }
        case Delivered():
            told = {"items": _items(content, order_event.lines), "trackingNumber": order_event.tracking_number}
        case ReturnRequested():
            told = {
                "items": _items(content, order_event.lines),
                "returnId": to_hex24(order_event.return_id),
                "label": order_event.label_url,
            }
        case Returned():
            told = {"items": _items(content, order_event.lines), "returnId": to_hex24(order_event.return_id)}
        case Refunded():
            told = {
                "amount": order_event.amount,
                "currency": order_event.currency or content.currency,
                "reasonCode": order_event.reason,
            }
        case Noted():
            told = order_event.data if isinstance(order_event.data, dict) else {}
    return {name: value for name, value in told.items() if value is not None}


def _items(content: Content, lines: Sequence[tuple[int, int]]) -> list[Tree]:
    found = []
    for position, quantity in lines:
        line = content.lines[position]
        line_id = line.line_ref if line.line_ref is not None else str(position + 1)
        found.append({"lineItemId": line_id, "sku": line.sku, "quantity": quantity})
    return found


def _package(content: Content, package: Package) -> dict[str, Tree]:
    return {
        "items": _items(content, package.lines),
        "carrier": package.carrier,
        "service": package.service,
        "trackingNumber": package.number,
        "trackingUrl": package.url,
    }


PAYLOADS = (PayloadFormat(FORMAT_NAME, DOOR, _body, topics=topics, known=KNOWN),)

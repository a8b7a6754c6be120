"""Webhooks: the vendor's event names for order events, and the payload format `fabric_event`; pure.

docs/doors/fabric.md says when each event is sent.
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
from crossdock.core.orders.model import Content, line_ids
from crossdock.core.orders.status import Status
from crossdock.doors import encode_json
from crossdock.doors.fabric.history import CROSS_BORDER
from crossdock.doors.fabric.responses import DOOR, hold_code
from crossdock.flows.event_payloads import Notification, PayloadFormat
from crossdock.flows.feed import LogEntry

Tree = Any
FORMAT_NAME = "fabric_event"
# Topics of the notes that the notification calls record.
REQUESTED, ACKNOWLEDGED = "notification", "notification acknowledged"
# The vendor's example of a retry uses a name that its lists do not have.
ALIASES = {"ORDER_CREATED": "ORDER_CREATE"}

# Source of both lists: the vendor's pages on webhooks and notifications.
EMITTED_EVENTS = (
    "ORDER_CREATE", "ORDER_CANCELLED", "ORDER_PARTIALLY_CANCELLED", "ORDER_HOLD_CROSSBORDER", "ORDER_HOLD_FRAUD",
    "ORDER_HOLD_CSR", "ORDER_SHIPPED", "ORDER_PARTIALLY_RETURNED", "ORDER_RETURNED",
    "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL", "MULTI_ITEM_ORDER_CONFIRMATION_EMAIL", "BOPIS_ORDER_CONFIRMATION_EMAIL",
    "SHIPPING_CONFIRMATION_EMAIL", "BACKORDER_NOTIFICATION_EMAIL", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_CANCEL",
    "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_ITEM_CANCEL", "RETURN_NOTIFICATION_EMAIL", "REFUND_NOTIFICATION_EMAIL",
    "ALLOCATION_CREATE", "SHIPMENT_CREATED", "SHIPMENT_UPDATE", "FRAUD_RELEASE", "FRAUD_CANCEL",
    "CROSS_BORDER_VALIDATION", "RETURN_PENDING", "RETURN_PROCESSING",
)  # fmt: skip
# Notifications that are sent only by `/notification/send`; the others are events of the lists above and below too.
REQUESTED_EVENTS = (
    "BOPIS_ORDER_READY_FOR_PICKUP", "BOPIS_ORDER_COMPLETED", "BOPIS_REMINDER_EMAIL",
    "BACKORDER_30_DAYS_CONSENT_TO_DELAY_EMAIL", "BACKORDER_53_DAYS_CONSENT_TO_DELAY_EMAIL",
    "BACKORDER_AUTH_DECLINE_EMAIL", "BACKORDER_CANCEL_EMAIL", "ORDER_CANCELLATION_EMAIL_LOCATE_ORDER_ITEM_CANCEL",
    "APPEASEMENT_NOTIFICATION_EMAIL", "INVOICE_POSTED", "EXCHANGE_NOTIFICATION_EMAIL", "LOW_ALERT_NOTIFICATION_EMAIL",
    "MEDIUM_ALERT_NOTIFICATION_EMAIL", "HIGH_ALERT_NOTIFICATION_EMAIL",
)  # fmt: skip
UNSUPPORTED_EVENTS = (
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
ALL_EVENTS = (*EMITTED_EVENTS, *REQUESTED_EVENTS, *UNSUPPORTED_EVENTS)
NOTIFICATIONS = (
    *(name for name in (*EMITTED_EVENTS, *REQUESTED_EVENTS) if "_EMAIL" in name or name in REQUESTED_EVENTS),
    "ORDER_CREATED", "SHIPMENT_CREATED",
)  # fmt: skip

_HOLDS = frozenset({"ORDER_HOLD_CROSSBORDER", "ORDER_HOLD_FRAUD"})
_FRAUD = "ORDER_HOLD_FRAUD"
_SHIPPED = frozenset({Status.SHIPPED, Status.DELIVERED, Status.RETURNED})
_PICKUP = ("BOPIS", "PICKUP", "PICK UP")


def canonical_event(name: str) -> str:
    """Resolve an alias of an event name."""
    return ALIASES.get(name, name)


# --------------------------------------------------------------------------------------------------------------- topics
def topics(entry: LogEntry) -> Sequence[str]:
    """Map an entry of the event log to the vendor's event names, in the order of their delivery; empty without any."""
    order_event, status = decode_event(entry.event), Status(entry.status)
    match order_event:
        case Received():
            return ("ORDER_CREATE", _confirmation(order_event.content))
        case Held():
            return tuple(dict.fromkeys(_hold_event(hold.reason) for hold in order_event.holds))
        case Released():
            return ("FRAUD_RELEASE",) if any(hold_code(reason) == _FRAUD for _, reason in order_event.holds) else ()
        case Edited():
            # An edit can remove the last units to ship, or the last units of the order.
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
    """Choose the confirmation: pickup where every destination's method is pickup, else by the number of items."""
    methods = [(each.method or "").upper().replace("_", " ") for each in content.destinations]
    if methods and all(any(keyword in method for keyword in _PICKUP) for method in methods):
        return "BOPIS_ORDER_CONFIRMATION_EMAIL"
    return f"{'SINGLE' if len(content.lines) == 1 else 'MULTI'}_ITEM_ORDER_CONFIRMATION_EMAIL"


def _hold_event(reason: str) -> str:
    """Map a hold's reason to its event; ORDER_HOLD_CSR (customer service) for reasons without an event of their own."""
    code = hold_code(reason)
    return code if code in _HOLDS else "ORDER_HOLD_CSR"


def _canceled(status: Status) -> tuple[str, ...]:
    if status is Status.CANCELED:
        return ("ORDER_CANCELLED", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_CANCEL")
    return ("ORDER_PARTIALLY_CANCELLED", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_ITEM_CANCEL")


def _last_shipped(status: Status) -> tuple[str, ...]:
    """Return ORDER_SHIPPED for a fully shipped order; sent once, as no edit, cancelation or shipment can follow."""
    return ("ORDER_SHIPPED",) if status in _SHIPPED else ()


def _noted(entry: LogEntry, order_event: Noted) -> tuple[str, ...]:
    if entry.event.door != DOOR:
        return ()
    if order_event.topic == REQUESTED:
        return (canonical_event(order_event.data["notificationType"]),)
    return ("CROSS_BORDER_VALIDATION",) if order_event.topic == CROSS_BORDER else ()


# ---------------------------------------------------------------------------------------------------------------- bodies
def event_message(event: str, payload: Tree, details: Tree = None) -> bytes:
    """Render the body of a webhook message."""
    return encode_json({"event": event, "payload": payload} | ({"details": details} if details else {}))


def _body(notification: Notification, topic: str, document: Tree) -> bytes:
    return event_message(topic, document, _details(notification.order_event, notification.order.content))


def _details(order_event: OrderEvent, content: Content) -> dict[str, Tree]:
    """Render the details of an event that the order's document lacks: units, packages, amounts, contacts."""
    details: dict[str, Tree] = {}
    match order_event:
        case Shipped():
            details = {
                "items": _items(content, order_event.lines),
                "packages": [_package(content, each) for each in order_event.packages],
            }
        case Canceled():
            details = {
                "items": _items(content, order_event.lines),
                "reasonCode": order_event.reason,
                "note": order_event.note,
            }
        case Held():
            details = {
                "holds": [{"reasonCode": hold_code(hold.reason), "note": hold.note} for hold in order_event.holds]
            }
        case Released():
            details = {
                "holds": [{"reasonCode": hold_code(reason)} for _, reason in order_event.holds],
                "note": order_event.reason,
            }
        case Allocated():
            details = {"locationNum": order_event.location_ref}
        case Backordered():
            details = {
                "items": _items(content, order_event.lines),
                "expectedDate": order_event.expected_at,
                "consentBy": order_event.consent_by,
            }
        case Delivered():
            details = {"items": _items(content, order_event.lines), "trackingNumber": order_event.tracking_number}
        case ReturnRequested():
            details = {
                "items": _items(content, order_event.lines),
                "returnId": to_hex24(order_event.return_id),
                "label": order_event.label_url,
            }
        case Returned():
            details = {"items": _items(content, order_event.lines), "returnId": to_hex24(order_event.return_id)}
        case Refunded():
            details = {
                "amount": order_event.amount,
                "currency": order_event.currency or content.currency,
                "reasonCode": order_event.reason,
            }
        case Noted():
            details = order_event.data if isinstance(order_event.data, dict) else {}
    return {name: value for name, value in details.items() if value is not None}


def _items(content: Content, lines: Sequence[tuple[int, int]]) -> list[Tree]:
    ids = line_ids(content.lines)
    return [
        {"lineItemId": ids[position], "sku": content.lines[position].sku, "quantity": quantity}
        for position, quantity in lines
    ]


def _package(content: Content, package: Package) -> dict[str, Tree]:
    return {
        "items": _items(content, package.lines),
        "carrier": package.carrier,
        "service": package.service,
        "trackingNumber": package.number,
        "trackingUrl": package.url,
    }


# Open, because the vendor's events are free text and its lists are spread over several pages.
PAYLOADS = (PayloadFormat(FORMAT_NAME, DOOR, _body, topics=topics, known=ALL_EVENTS, is_open=True),)

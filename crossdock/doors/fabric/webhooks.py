"""Webhooks: the vendor's event names for order events, and the payload format `fabric_event`; pure.

docs/doors/fabric.md says when each event is sent.
"""

from collections.abc import Sequence
from typing import Any

from crossdock.core.events import ORDER
from crossdock.core.ids import to_hex24
from crossdock.core.orders.allocations import Allocation, UnitsTaken
from crossdock.core.orders.events import (
    Allocated,
    Backordered,
    Canceled,
    Deallocated,
    Delivered,
    Edited,
    FulfillmentCanceled,
    FulfillmentCreated,
    FulfillmentsChanged,
    Held,
    Noted,
    OrderEvent,
    ReadyForPickup,
    Received,
    Refunded,
    Released,
    Reshipped,
    Returned,
    ReturnJudged,
    ReturnRequested,
    Shipped,
    Tracked,
    decode_event,
)
from crossdock.core.orders.fulfillments import DeliveryStatus, Package
from crossdock.core.orders.model import Content, line_ids
from crossdock.core.orders.status import Status
from crossdock.doors import encode_json
from crossdock.doors.fabric import stock_webhooks
from crossdock.doors.fabric.history import CROSS_BORDER, INVOICE_POSTED
from crossdock.doors.fabric.responses import DOOR, REJECTED, REPLACES, hold_code
from crossdock.doors.fabric.shipments import GIFT_CARDS
from crossdock.flows.event_payloads import Notification, PayloadFormat
from crossdock.flows.feed import LogEntry

Tree = Any
FORMAT_NAME = "fabric_event"
# Topics of the notes that the notification calls record.
REQUESTED, ACKNOWLEDGED = "notification", "notification acknowledged"
# The vendor's example of a retry uses a name that its lists do not have.
ALIASES = {"ORDER_CREATED": "ORDER_CREATE"}

# Notices of the organization's `consent_days`: the first, and all later ones. The vendor's names have its own days.
BACKORDER_NOTICES = ("BACKORDER_30_DAYS_CONSENT_TO_DELAY_EMAIL", "BACKORDER_53_DAYS_CONSENT_TO_DELAY_EMAIL")
# Source of both lists: the vendor's pages on webhooks and notifications.
EMITTED_EVENTS = (
    "ORDER_CREATE", "ORDER_CANCELLED", "ORDER_PARTIALLY_CANCELLED", "ORDER_HOLD_CROSSBORDER", "ORDER_HOLD_FRAUD",
    "ORDER_HOLD_CSR", "ORDER_SHIPPED", "ORDER_PARTIALLY_RETURNED", "ORDER_RETURNED",
    "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL", "MULTI_ITEM_ORDER_CONFIRMATION_EMAIL", "BOPIS_ORDER_CONFIRMATION_EMAIL",
    "SHIPPING_CONFIRMATION_EMAIL", "BACKORDER_NOTIFICATION_EMAIL", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_CANCEL",
    "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_ITEM_CANCEL", "RETURN_NOTIFICATION_EMAIL", "REFUND_NOTIFICATION_EMAIL",
    "ALLOCATION_CREATE", "SHIPMENT_CREATED", "SHIPMENT_UPDATE", "FRAUD_RELEASE", "FRAUD_CANCEL",
    "CROSS_BORDER_VALIDATION", "RETURN_PENDING", "RETURN_PROCESSING", "RETURN_REJECTED", "EXCHANGE_PENDING",
    "EXCHANGE_TO_SHIPMENT", "EXCHANGE_NOTIFICATION_EMAIL", "SHIPMENT_CANCELLED", "PICKUP_CREATED", "PICKUP_COMPLETED",
    "GIFTCARD_ACTIVATE", "INVOICE_POSTING", "INVOICE_POSTED", "APPEASEMENT_NOTIFICATION_EMAIL",
    "BOPIS_ORDER_READY_FOR_PICKUP", "BOPIS_ORDER_COMPLETED", "BOPIS_REMINDER_EMAIL",
    *BACKORDER_NOTICES, "BACKORDER_CANCEL_EMAIL",
    "ALLOCATION_CANCELLED",  # Crossdock's own: the vendor has no event for it, and a warehouse needs it
    *stock_webhooks.EMITTED_EVENTS,
)  # fmt: skip
# Notifications that are sent only by `/notification/send`; the others are events of the lists above and below too.
REQUESTED_EVENTS = (
    "BACKORDER_AUTH_DECLINE_EMAIL", "ORDER_CANCELLATION_EMAIL_LOCATE_ORDER_ITEM_CANCEL",
    "MEDIUM_ALERT_NOTIFICATION_EMAIL", "HIGH_ALERT_NOTIFICATION_EMAIL",
)  # fmt: skip
UNSUPPORTED_EVENTS = (
    "ORDER_CONFIRMED", "ORDER_CANCELLATION_COUPON_REVERSAL",
    "ORDER_EXCHANGE", "ORDER_CANCEL", "ORDER_IN_PROGRESS", "ALLOCATION_CREATE_BOPIS", "ALLOCATION_CREATE_GIFTCARD",
    "ALLOCATION_CREATE_INTERNATIONAL", "ALLOCATION_CREATE_SDD", "ALLOCATION_CREATE_SHIP", "ALLOCATION_DC",
    "ORDER_CREATE_IN_PTS",
    "ORDER_CANCELLED_IN_PTS", "SHIPMENT_CREATE_IN_PTS", "SHIPMENT_CANCELLED_IN_PTS", "RETURN_LPN",
    "CREDIT_PENDING", "CREDIT_CONFIRMED", "CREDIT_FAILED", "CREDIT_CANCELED",
    "INVENTORY_NETWORK_UPDATED", "INVENTORY_NETWORK_AGGREGATION", "LIST_UPDATE", "TRANSFER_CREATE",
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
    "BOPIS_ORDER_READY_FOR_PICKUP", "BOPIS_ORDER_COMPLETED", "INVOICE_POSTED",
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
    if entry.event.aggregate_type != ORDER:
        return stock_webhooks.topics(entry)
    order_event, status = decode_event(entry.event), Status(entry.status)
    match order_event:
        case Received():
            return ("ORDER_CREATE", _confirmation(order_event.content))
        case Held():
            return tuple(dict.fromkeys(_hold_event(hold.reason) for hold in order_event.holds))
        case Released():
            return ("FRAUD_RELEASE",) if any(hold_code(reason) == _FRAUD for _, reason in order_event.holds) else ()
        case Edited():
            if (order_event.reason or "").startswith(REPLACES):
                return ("EXCHANGE_TO_SHIPMENT",)
            # An edit can remove the last units to ship, or the last units of the order.
            return _canceled(status) if status is Status.CANCELED else _last_shipped(status)
        case Canceled():
            by_fraud = ("FRAUD_CANCEL",) if order_event.reason == "FRAUD" else ()
            return (
                *by_fraud,
                *_canceled(status, backorder=order_event.backorder),
                *_last_shipped(status),
                *_allocation_canceled(order_event.deallocated),
            )
        case Deallocated():
            return _allocation_canceled(order_event.units)
        case Shipped():
            return (*_shipped(order_event), *_last_shipped(status))
        case Returned():
            whole = status is Status.RETURNED
            return ("RETURN_PROCESSING", "ORDER_RETURNED" if whole else "ORDER_PARTIALLY_RETURNED")
        case Noted():
            return _noted(entry, order_event)
    return _ALWAYS.get(type(order_event)) or _by_content(order_event)


def _by_content(order_event: OrderEvent) -> tuple[str, ...]:
    """Return the names of an event that follow from what it says alone."""
    match order_event:
        case Backordered():
            return (_backorder_notice(order_event.notice),)
        case ReadyForPickup():
            return ("BOPIS_REMINDER_EMAIL",) if order_event.reminder else ("BOPIS_ORDER_READY_FOR_PICKUP",)
        case FulfillmentCreated():
            return ("PICKUP_CREATED",) if any(each.kind == "pickup" for each in order_event.fulfillments) else ()
        case Tracked():
            return () if order_event.status is DeliveryStatus.DELIVERED else ("SHIPMENT_UPDATE",)
        case Delivered():
            return () if order_event.reason == PICKED_UP else ("SHIPMENT_UPDATE",)
        case ReturnRequested():
            is_exchange = order_event.state is not None and order_event.state.exchange
            kinds = ("EXCHANGE", "RETURN") if is_exchange else ("RETURN",)
            return tuple(name for kind in kinds for name in (f"{kind}_PENDING", f"{kind}_NOTIFICATION_EMAIL"))
        case ReturnJudged():
            return ("RETURN_REJECTED",) if order_event.reason == REJECTED else ()
        case Refunded():
            is_goodwill = order_event.refund is not None and order_event.refund.kind == "appeasement"
            return ("APPEASEMENT_NOTIFICATION_EMAIL" if is_goodwill else "REFUND_NOTIFICATION_EMAIL",)
    return ()


_ALWAYS: dict[type[OrderEvent], tuple[str, ...]] = {
    Allocated: ("ALLOCATION_CREATE",),
    FulfillmentCanceled: ("SHIPMENT_CANCELLED",),
    Reshipped: ("SHIPMENT_CREATED", "SHIPPING_CONFIRMATION_EMAIL"),
}
PICKED_UP = "picked up"  # the reason of the delivery of a pickup
# Notes of this door's calls that are events.
_NOTES = {
    CROSS_BORDER: ("CROSS_BORDER_VALIDATION",),
    GIFT_CARDS: ("GIFTCARD_ACTIVATE",),
    INVOICE_POSTED: ("INVOICE_POSTING", "INVOICE_POSTED"),
}


def _shipped(order_event: Shipped) -> tuple[str, ...]:
    """Return the events of a shipment, or of a pickup that was handed over."""
    if order_event.fulfillment is not None and order_event.fulfillment.kind == "pickup":
        return ("PICKUP_COMPLETED", "BOPIS_ORDER_COMPLETED")
    return ("SHIPMENT_CREATED", "SHIPPING_CONFIRMATION_EMAIL")


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


def _canceled(status: Status, *, backorder: bool = False) -> tuple[str, ...]:
    """Return the events of a cancelation; `backorder` where stock did not come, or the customer did not wait for it."""
    if status is Status.CANCELED:
        event, email = "ORDER_CANCELLED", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_CANCEL"
    else:
        event, email = "ORDER_PARTIALLY_CANCELLED", "ORDER_CANCELLATION_EMAIL_WEBCSC_ORDER_ITEM_CANCEL"
    return event, "BACKORDER_CANCEL_EMAIL" if backorder else email


def _backorder_notice(notice: int | None) -> str:
    """Return the event of units that wait for stock; `notice` counts the questions for consent, None where nothing is asked."""
    if notice is None:
        return "BACKORDER_NOTIFICATION_EMAIL"
    return BACKORDER_NOTICES[0 if notice == 1 else 1]


def _allocation_canceled(units: Sequence[UnitsTaken]) -> tuple[str, ...]:
    """Return ALLOCATION_CANCELLED where units of allocations were given back, and not only units that waited for stock."""
    return ("ALLOCATION_CANCELLED",) if units else ()


def _last_shipped(status: Status) -> tuple[str, ...]:
    """Return ORDER_SHIPPED for a fully shipped order; sent once, as no edit, cancelation or shipment can follow."""
    return ("ORDER_SHIPPED",) if status in _SHIPPED else ()


def _noted(entry: LogEntry, order_event: Noted) -> tuple[str, ...]:
    if entry.event.door != DOOR:
        return ()
    if order_event.topic == REQUESTED:
        return (canonical_event(order_event.data["notificationType"]),)
    return _NOTES.get(order_event.topic or "", ())


# ---------------------------------------------------------------------------------------------------------------- bodies
def event_message(event: str, payload: Tree, details: Tree = None) -> bytes:
    """Render the body of a webhook message."""
    return encode_json({"event": event, "payload": payload} | ({"details": details} if details else {}))


def _body(notification: Notification, topic: str, document: Tree) -> bytes:
    return event_message(topic, document, _details(notification.order_event, notification.order.content))


def _details_of_note_or_parts(order_event: Noted | FulfillmentsChanged | ReturnJudged) -> dict[str, Tree]:
    if not isinstance(order_event, Noted):
        return _details_of_parts(order_event)
    return order_event.data if isinstance(order_event.data, dict) else {}


def _details(order_event: OrderEvent, content: Content) -> dict[str, Tree]:
    """Render the details of an event that the order's document lacks: units, packages, amounts, contacts."""
    details: dict[str, Tree] = {}
    if isinstance(order_event, Noted | FulfillmentsChanged | ReturnJudged):
        details = _details_of_note_or_parts(order_event)
    match order_event:
        case Shipped():
            details = {
                "items": _items(content, order_event.lines),
                "packages": [_package(content, each) for each in order_event.packages],
                "shipmentId": None if order_event.fulfillment_id is None else to_hex24(order_event.fulfillment_id),
            }
        case Canceled():
            details = {
                "items": _items(content, order_event.lines),
                "reasonCode": order_event.reason,
                "note": order_event.note,
                "allocationIds": _allocation_ids(order_event.deallocated),
            }
        case Deallocated():
            details = {
                "items": _items(content, order_event.lines),
                "allocationIds": _allocation_ids(order_event.units),
                "note": order_event.reason,
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
            details = {"locationNum": order_event.location_ref} | _allocation(content, order_event.allocation)
        case Backordered():
            details = {
                "items": _items(content, order_event.lines),
                "expectedDate": order_event.expected_at,
                "consentBy": order_event.consent_by,
            }
        case Delivered():
            details = {"items": _items(content, order_event.lines), "trackingNumber": order_event.tracking_number}
        case ReturnRequested() | Returned():
            details = {
                "items": _items(content, order_event.lines),
                "returnId": to_hex24(order_event.return_id),
                "label": getattr(order_event, "label_url", None),
            }
        case Refunded():
            details = {
                "amount": order_event.amount,
                "currency": order_event.currency or content.currency,
                "reasonCode": order_event.reason,
            }
    return {name: value for name, value in details.items() if value is not None}


def _details_of_parts(order_event: FulfillmentsChanged | ReturnJudged) -> dict[str, Tree]:
    """Name the shipments or the return that an event is about, and what a carrier reported."""
    if isinstance(order_event, ReturnJudged):
        return {"returnId": to_hex24(order_event.state.return_id)}
    details: dict[str, Tree] = {"shipmentIds": [to_hex24(each.fulfillment_id) for each in order_event.fulfillments]}
    if isinstance(order_event, Tracked):
        details |= {"event": order_event.text or str(order_event.status), "location": order_event.place}
    return details


def _items(content: Content, lines: Sequence[tuple[int, int]]) -> list[Tree]:
    ids = line_ids(content.lines)
    return [
        {"lineItemId": ids[position], "sku": content.lines[position].sku, "quantity": quantity}
        for position, quantity in lines
    ]


def _allocation(content: Content, allocation: Allocation | None) -> dict[str, Tree]:
    """Name a new allocation, and its units by line; there is none where the organization has no stock."""
    if allocation is None:
        return {}
    lines: dict[int, int] = {}
    for part in allocation.units:
        lines[part.line] = lines.get(part.line, 0) + part.quantity
    return {"allocationId": to_hex24(allocation.allocation_id), "items": _items(content, list(lines.items()))}


def _allocation_ids(units: Sequence[UnitsTaken]) -> list[str] | None:
    return [to_hex24(each) for each in dict.fromkeys(one.allocation_id for one in units)] or None


def _package(content: Content, package: Package) -> dict[str, Tree]:
    return {
        "items": _items(content, package.lines),
        "carrier": package.carrier,
        "service": package.service,
        "trackingNumber": package.number,
        "trackingUrl": package.url,
    }


# Open, because the vendor's events are free text and its lists are spread over several pages.
PAYLOADS = (
    PayloadFormat(
        FORMAT_NAME, DOOR, _body, topics=topics, known=ALL_EVENTS, is_open=True, aggregate_body=stock_webhooks.body
    ),
)

"""Webhooks about stock: the vendor's event names for the events of stock levels, and their messages; pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from crossdock.core.events import Event
from crossdock.core.ids import to_hex24
from crossdock.core.stock.events import LEVEL, STOCK_EVENTS, BecameLow, BecameSufficient, StockEvent
from crossdock.doors import encode_json
from crossdock.doors.fabric.mapping_stock import ON_HAND, location_num
from crossdock.doors.fabric.responses import DOOR
from crossdock.flows.feed import LogEntry
from crossdock.flows.tenants import Organization

Tree = Any
CREATED, UPDATED, BULK = "INVENTORY_CREATE", "INVENTORY_UPDATE", "INVENTORY_BULK"
LOW = "LOW_ALERT_NOTIFICATION_EMAIL"
EMITTED_EVENTS = (CREATED, UPDATED, BULK, LOW)
# Begins the reason of every change that an upload makes.
BULK_REASON = "bulk upload"
_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in STOCK_EVENTS.items()}
_SHOWN = ("sku", "location", "pool", "on_hand", "available")  # are in the payload


def topics(entry: LogEntry) -> Sequence[str]:
    """Map an event of a stock level to the vendor's event name; each has at most one."""
    event = entry.event
    if event.aggregate_type != LEVEL or event.name not in _DECODERS:
        return ()
    stock_event = _decode(event)
    if isinstance(stock_event, BecameLow):
        return (LOW,)
    if isinstance(stock_event, BecameSufficient):
        return ()
    reason = getattr(stock_event, "reason", None)
    if event.door == DOOR and reason is not None and reason.startswith(BULK_REASON):
        return (BULK,)
    return (CREATED,) if event.number == 1 else (UPDATED,)


def _decode(event: Event) -> StockEvent:
    return _DECODERS[event.name].decode(event.payload)


def body(_: Organization, entry: LogEntry) -> bytes:
    """Render the message about an event of a stock level."""
    stock_event, event = _decode(entry.event), entry.event
    number = location_num(stock_event.location)
    payload = {
        "virtualCounters": {"availableToPurchase": stock_event.available},
        "id": to_hex24(event.aggregate_id),
        "sku": stock_event.sku,
        "locationNum": stock_event.location if number is None else number,
        "channelId": stock_event.pool,
        "counters": {ON_HAND: stock_event.on_hand},
    }
    details = {name: value for name, value in msgspec.to_builtins(stock_event).items() if name not in _SHOWN}
    message = {"event": topics(entry)[0], "payload": payload} | ({"details": details} if details else {})
    return encode_json(message)

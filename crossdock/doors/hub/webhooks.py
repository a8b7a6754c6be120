"""The hub's webhook messages: its own format, and the same in a CloudEvents envelope. Pure."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from crossdock.core.events import ORDER
from crossdock.core.orders.events import ORDER_EVENTS
from crossdock.core.orders.status import Status
from crossdock.core.stock.events import STOCK_EVENTS
from crossdock.core.subscription import message_id
from crossdock.doors import encode_json
from crossdock.doors.hub.event_data import data_of, stock_data_of
from crossdock.doors.hub.event_schemas import (
    CLOUD_TYPES,
    Aggregate,
    AggregateMessage,
    CloudEvent,
    Message,
    TestMessage,
    UnreadableEvent,
)
from crossdock.doors.hub.mapping import format_id, time_answer
from crossdock.flows.event_payloads import UNREADABLE, Notification, PayloadFormat, test_body
from crossdock.flows.feed import LogEntry
from crossdock.flows.tenants import Organization

Tree = Any


def message(entry: LogEntry, order: Tree = UNSET) -> Message | AggregateMessage:
    """Render an entry of the feed: the event, and the order as it was then where it is given."""
    event = entry.event
    if event.aggregate_type != ORDER:
        return _aggregate_message(entry)
    return Message(
        id=message_id(event.event_id),
        type=event.name,
        version=ORDER_EVENTS[event.name].version,  # `data` has its present shape, whatever version wrote it down
        position=entry.position,
        at=time_answer(event.at),
        order_id=format_id(event.aggregate_id),
        number=event.number,
        status=Status(entry.status),
        actor=event.actor,
        door=event.door,
        source_door=entry.source,
        data=data_of(event),
        order=order,
    )


def _aggregate_message(entry: LogEntry) -> AggregateMessage:
    event = entry.event
    return AggregateMessage(
        id=message_id(event.event_id),
        type=event.name,
        version=event.version,
        position=entry.position,
        at=time_answer(event.at),
        aggregate=Aggregate(event.aggregate_type, format_id(event.aggregate_id), event.number),
        actor=event.actor,
        door=event.door,
        data=stock_data_of(event),
    )


def unreadable_event(entry: LogEntry) -> UnreadableEvent:
    """Render an entry of the feed that cannot be read."""
    event = entry.event
    return UnreadableEvent(
        id=message_id(event.event_id),
        type=event.name,
        position=entry.position,
        at=time_answer(event.at),
        order_id=format_id(event.aggregate_id),
        number=event.number,
        error=UNREADABLE,
    )


def _body(notification: Notification, _: str, document: Tree) -> bytes:
    return encode_json(message(notification.entry, document))


def test_message(organization: Organization, event_id: int, at: int) -> TestMessage:
    """Return the message that tests an endpoint."""
    return msgspec.json.decode(test_body(organization, event_id, at), type=TestMessage)


def cloud_event(organization: Organization, message: Message | AggregateMessage | TestMessage) -> CloudEvent:
    """Wrap a message in the JSON envelope of CloudEvents 1.0."""
    subject: str | UnsetType = UNSET
    if isinstance(message, Message):
        subject = message.order_id
    elif isinstance(message, AggregateMessage):
        subject = message.aggregate.id
    return CloudEvent(
        specversion="1.0",
        id=message.id,
        source=f"/organizations/{organization.uuid}",
        type=CLOUD_TYPES + message.type,
        subject=subject,
        time=message.at,
        datacontenttype="application/json",
        data=message,
    )


def _cloud_body(notification: Notification, _: str, document: Tree) -> bytes:
    return encode_json(cloud_event(notification.organization, message(notification.entry, document)))


def _cloud_test(organization: Organization, event_id: int, at: int) -> bytes:
    return encode_json(cloud_event(organization, test_message(organization, event_id, at)))


def _aggregate_body(_: Organization, entry: LogEntry) -> bytes:
    return encode_json(message(entry))


def _cloud_aggregate_body(organization: Organization, entry: LogEntry) -> bytes:
    return encode_json(cloud_event(organization, message(entry)))


_KNOWN = (*ORDER_EVENTS, *STOCK_EVENTS)
PAYLOADS = (
    PayloadFormat("event", "hub", _body, known=_KNOWN, aggregate_body=_aggregate_body),
    PayloadFormat(
        "cloudevents",
        "hub",
        _cloud_body,
        known=_KNOWN,
        content_type="application/cloudevents+json",
        test=_cloud_test,
        aggregate_body=_cloud_aggregate_body,
    ),
)

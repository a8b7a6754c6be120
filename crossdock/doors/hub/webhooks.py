"""How the hub tells others of an event: its own message, and the same in a CloudEvents envelope. Pure."""

from typing import Any

import msgspec
from msgspec import UNSET

from crossdock.core.orders.events import ORDER_EVENTS
from crossdock.core.orders.status import Status
from crossdock.core.subscription import message_id
from crossdock.doors import encode_json
from crossdock.doors.hub.event_data import data_of
from crossdock.doors.hub.event_schemas import CLOUD_TYPES, CloudEvent, Message, TestMessage, UnreadableEvent
from crossdock.doors.hub.mapping import format_id, time_answer
from crossdock.flows.event_payloads import UNREADABLE, Notification, PayloadFormat, test_body
from crossdock.flows.feed import LogEntry
from crossdock.flows.tenants import Organization

Tree = Any


def message(entry: LogEntry, order: Tree = UNSET) -> Message:
    """Spell an entry of the feed: the event, and the order as it was then where it is given."""
    event = entry.event
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


def unreadable_event(entry: LogEntry) -> UnreadableEvent:
    """Spell an entry of the feed that cannot be read."""
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
    """Give what an endpoint is tried out with."""
    return msgspec.json.decode(test_body(organization, event_id, at), type=TestMessage)


def cloud_event(organization: Organization, told: Message | TestMessage) -> CloudEvent:
    """Wrap a message as CloudEvents 1.0 has it in its JSON format."""
    return CloudEvent(
        specversion="1.0",
        id=told.id,
        source=f"/organizations/{organization.uuid}",
        type=CLOUD_TYPES + told.type,
        subject=told.order_id if isinstance(told, Message) else UNSET,
        time=told.at,
        datacontenttype="application/json",
        data=told,
    )


def _cloud_body(notification: Notification, _: str, document: Tree) -> bytes:
    return encode_json(cloud_event(notification.organization, message(notification.entry, document)))


def _cloud_test(organization: Organization, event_id: int, at: int) -> bytes:
    return encode_json(cloud_event(organization, test_message(organization, event_id, at)))


PAYLOADS = (
    PayloadFormat("event", "hub", _body),
    PayloadFormat("cloudevents", "hub", _cloud_body, content_type="application/cloudevents+json", test=_cloud_test),
)

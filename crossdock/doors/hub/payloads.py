"""How the hub tells others of an event: its own message, and the same in a CloudEvents envelope. Pure."""

from typing import Any

import msgspec
from msgspec import UNSET

from crossdock.core.endpoint import message_id
from crossdock.core.events import FACTS
from crossdock.core.lifecycle import Status
from crossdock.doors import encode_json
from crossdock.doors.hub.catalog import CLOUD_TYPES, CloudEvent, Message, TestMessage, Untold
from crossdock.doors.hub.mapping import spell_id, time_answer
from crossdock.doors.hub.telling import data_of
from crossdock.flows.telling import UNREADABLE, Payload, Telling, plain_test
from crossdock.store.log import Entry
from crossdock.store.registry import Organization

Tree = Any


def message(entry: Entry, order: Tree = UNSET) -> Message:
    """Spell an entry of the feed: the event, and the order as it was then where it is given."""
    event = entry.event
    return Message(
        id=message_id(event.event_id),
        type=event.name,
        version=FACTS[event.name].version,  # `data` has its present shape, whatever version wrote it down
        position=entry.position,
        at=time_answer(event.at),
        order_id=spell_id(event.order_id),
        number=event.number,
        status=Status(entry.status),
        actor=event.actor,
        door=event.door,
        source_door=entry.source,
        data=data_of(event),
        order=order,
    )


def untold(entry: Entry) -> Untold:
    """Spell an entry of the feed that cannot be read."""
    event = entry.event
    return Untold(
        id=message_id(event.event_id),
        type=event.name,
        position=entry.position,
        at=time_answer(event.at),
        order_id=spell_id(event.order_id),
        number=event.number,
        error=UNREADABLE,
    )


def _body(telling: Telling, _: str, document: Tree) -> bytes:
    return encode_json(message(telling.entry, document))


def test_message(organization: Organization, event_id: int, at: int) -> TestMessage:
    """Give what an endpoint is tried out with."""
    return msgspec.json.decode(plain_test(organization, event_id, at), type=TestMessage)


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


def _cloud_body(telling: Telling, _: str, document: Tree) -> bytes:
    return encode_json(cloud_event(telling.organization, message(telling.entry, document)))


def _cloud_test(organization: Organization, event_id: int, at: int) -> bytes:
    return encode_json(cloud_event(organization, test_message(organization, event_id, at)))


PAYLOADS = (
    Payload("event", "hub", _body),
    Payload("cloudevents", "hub", _cloud_body, content_type="application/cloudevents+json", test=_cloud_test),
)

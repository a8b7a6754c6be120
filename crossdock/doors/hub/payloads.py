"""How the hub tells others of an event: its own message, and the same in a CloudEvents envelope. Pure."""

from typing import Any

from crossdock.core.endpoint import message_id
from crossdock.doors import encode_json
from crossdock.doors.hub.mapping import spell_id, time_answer
from crossdock.doors.hub.telling import event_answer
from crossdock.flows.telling import Payload, Telling
from crossdock.store.log import Entry

Tree = Any
# CloudEvents wants types under a name of ours.
_TYPES = "crossdock."


def message(entry: Entry, order: Tree = None) -> dict[str, Tree]:
    """Spell an entry of the feed: the event, and the order as it was then where it is given."""
    event = entry.event
    answer = event_answer(event)
    told = {
        "id": message_id(event.event_id),
        "type": event.name,
        "version": event.version,
        "position": entry.position,
        "at": answer["at"],
        "order_id": spell_id(event.order_id),
        "number": event.number,
        "status": entry.status,
        "actor": event.actor,
        "door": event.door,
        "source_door": entry.source,
        "data": answer["data"],
    }
    return told if order is None else told | {"order": order}


def _body(telling: Telling, _: str, document: Tree) -> bytes:
    return encode_json(message(telling.entry, document))


def _cloud_body(telling: Telling, _: str, document: Tree) -> bytes:
    """Wrap the message as CloudEvents 1.0 has it in its JSON format."""
    event = telling.entry.event
    return encode_json(
        {
            "specversion": "1.0",
            "id": message_id(event.event_id),
            "source": f"/organizations/{telling.organization.uuid}",
            "type": _TYPES + event.name,
            "subject": spell_id(event.order_id),
            "time": time_answer(event.at),
            "datacontenttype": "application/json",
            "data": message(telling.entry, document),
        }
    )


PAYLOADS = (
    Payload("event", "hub", _body),
    Payload("cloudevents", "hub", _cloud_body, content_type="application/cloudevents+json"),
)

"""The formats that doors bring for webhook bodies, and what they are given: an event with its order right after it."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from crossdock.core.events import ORDER, Event
from crossdock.core.orders import events
from crossdock.core.orders.events import OrderEvent
from crossdock.core.orders.model import Order
from crossdock.core.subscription import message_id
from crossdock.core.time import format_time
from crossdock.flows.formats import encode_json
from crossdock.store.event_log import LogEntry
from crossdock.store.tenants import Organization

Tree = Any
# The topic of the message that tests an endpoint.
TEST = "endpoint.test"


class Notification(Struct, frozen=True):
    """An entry of the feed about an order, with its organization, its decoded event, and the order right after the event."""

    organization: Organization
    entry: LogEntry
    order_event: OrderEvent
    order: Order
    history: Sequence[Event] = ()  # of the order, up to the event


class AggregateNotification(Struct, frozen=True):
    """An entry of the feed about another aggregate than an order, with its organization."""

    organization: Organization
    entry: LogEntry


def event_name(entry: LogEntry) -> tuple[str, ...]:
    """Return the topics of a format that has one for every event: the event's name."""
    return (entry.event.name,)


def test_body(_: Organization, event_id: int, at: int) -> bytes:
    """Build the body of the message that tests an endpoint; `at` is microseconds since 1970 UTC."""
    message = {"id": message_id(event_id), "type": TEST, "at": format_time(at, digits=6), "data": {"text": "It works."}}
    return encode_json(message)


class PayloadFormat(Struct, frozen=True):
    """A format of webhook bodies.

    `topics` names the topics of an entry, each a delivery of its own; none if the format has no message for it. `known` are
    all topics; where the format `is_open`, an endpoint may name others too, which never occur. `body` builds a body from the
    notification, the topic and the order's document as `door` renders it; `test` builds the message that tests an endpoint
    (see test_body).
    """

    name: str
    door: str
    body: Callable[[Notification, str, Tree], bytes]
    topics: Callable[[LogEntry], Sequence[str]] = event_name
    known: tuple[str, ...] = tuple(events.ORDER_EVENTS)
    is_open: bool = False
    content_type: str = "application/json"
    # Builds a body from an entry about another aggregate than an order; a format without it has no messages for those.
    aggregate_body: Callable[[Organization, LogEntry], bytes] | None = None
    test: Callable[[Organization, int, int], bytes] = test_body

    def topics_of(self, entry: LogEntry) -> Sequence[str]:
        """Return the topics of an entry; none where the format has no message for its aggregate."""
        if entry.event.aggregate_type != ORDER and self.aggregate_body is None:
            return ()
        return self.topics(entry)

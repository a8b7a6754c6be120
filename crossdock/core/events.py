"""One frozen class per fact about an order, and the hash chain that binds an order's events together.

An event is numbered without gaps within its order and carries the hash of the one before it, so that a changed, missing or
swapped event shows. `order.received` holds the whole content: the log alone rebuilds the order.
"""

import hashlib
from typing import ClassVar

import msgspec
from msgspec import Struct

from crossdock.core.lifecycle import Counters
from crossdock.core.order import Content, Hold, Order

CHAIN_START = bytes(32)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Fact(Struct, frozen=True, omit_defaults=True):
    """What happened. `name` and `version` name the shape of the payload."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1


class Received(Fact, frozen=True, omit_defaults=True):
    """A submission became an order."""

    name: ClassVar[str] = "order.received"
    submission_id: int
    content: Content


class Held(Fact, frozen=True, omit_defaults=True):
    """A hold was placed."""

    name: ClassVar[str] = "order.held"
    hold: Hold


class Allocated(Fact, frozen=True, omit_defaults=True):
    """A location was chosen for lines; `counters` are all the order's counters afterwards."""

    name: ClassVar[str] = "order.allocated"
    location_ref: str
    counters: tuple[Counters, ...]


class Edited(Fact, frozen=True, omit_defaults=True):
    """The content was replaced as a whole by a newer submission."""

    name: ClassVar[str] = "order.edited"
    submission_id: int
    content: Content
    counters: tuple[Counters, ...]


FACTS: dict[str, type[Fact]] = {fact.name: fact for fact in (Received, Held, Allocated, Edited)}


class Event(Struct, frozen=True):
    """A fact in the log: `number` counts from 1 within the order, `at` is microseconds since 1970 UTC."""

    organization_id: int
    order_id: int
    number: int
    event_id: int
    name: str
    version: int
    at: int
    actor: str
    door: str
    payload: bytes
    hash: bytes


def chain(before: bytes, event: Event) -> bytes:
    """Compute the hash of an event from the hash of the one before it and everything the event says."""
    head = (
        event.organization_id, event.order_id, event.number, event.event_id,
        event.name, event.version, event.at, event.actor, event.door,
    )  # fmt: skip
    return hashlib.sha256(before + _ENCODER.encode(head) + event.payload).digest()


def record(order: Order, fact: Fact, *, event_id: int, at: int, actor: str, door: str) -> tuple[Order, Event]:
    """Append `fact` to an order's chain: answer the order with its new head, and the event to be stored."""
    loose = Event(
        order.organization_id, order.order_id, order.event_number + 1, event_id,
        fact.name, fact.version, at, actor, door, _ENCODER.encode(fact), b"",
    )  # fmt: skip
    event = msgspec.structs.replace(loose, hash=chain(order.event_hash, loose))
    return msgspec.structs.replace(order, event_number=event.number, event_hash=event.hash), event

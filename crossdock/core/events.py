"""The event envelope, and the hash chain that binds the events of one aggregate.

An event is numbered without gaps within its aggregate and carries the hash of the one before it, so that a changed, missing or
swapped event shows. What an event's payload says is the aggregate's own (core/orders/events.py).
"""

import hashlib

import msgspec
from msgspec import Struct

CHAIN_START = bytes(32)
# The aggregate whose events were all there was at first: its type is not part of what is hashed.
ORDER = "order"
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Event(Struct, frozen=True):
    """What happened, as it is stored: the payload in its envelope.

    `aggregate_type` and `aggregate_id` say to what (an order: `order` and its id; an id is unique in its organization whatever
    its type), `number` counts from 1 within that, `at` is microseconds since 1970 UTC.
    """

    organization_id: int
    aggregate_type: str
    aggregate_id: int
    number: int
    event_id: int
    name: str
    version: int
    at: int
    actor: str
    door: str
    payload: bytes
    hash: bytes


def chain_hash(before: bytes, event: Event) -> bytes:
    """Compute the hash of an event from the hash of the one before it and everything the event says."""
    head: tuple[int | str, ...] = (
        event.organization_id, event.aggregate_id, event.number, event.event_id,
        event.name, event.version, event.at, event.actor, event.door,
    )  # fmt: skip
    if event.aggregate_type != ORDER:
        head = (event.aggregate_type, *head)
    return hashlib.sha256(before + _ENCODER.encode(head) + event.payload).digest()

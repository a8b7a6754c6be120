"""The erasure of a person's data from an order's events, and the command that decides it; pure.

The payload of an event with personal data is replaced, its stored hash stays: cursors of the feed carry it, and others may have
noted it. `order.erased` lists the hash of each replaced event as the chain computes it with the new payload, and is in the
chain itself. So the envelope, the new payload and the stored hash of the event before are all still protected.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from crossdock.core.events import CHAIN_START, Event, chain_hash
from crossdock.core.orders.commands import CONSENT_TOPIC, Command, State
from crossdock.core.orders.erasure import PERSONAL, erase
from crossdock.core.orders.events import (
    ORDER_EVENTS,
    Canceled,
    Erased,
    Noted,
    OrderEvent,
    ReturnRequested,
    Tracked,
    decode_event,
)
from crossdock.core.orders.status import Verb

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_replace = msgspec.structs.replace
# What a note says afterwards.
ERASED_TEXT = "erased"
# The personal fields of events besides those of their parts. Callers write what they like into a reason; that of an erasure
# says why it was made, so it stays.
_REASON: dict[type[Struct], dict[str, Any]] = {
    kind: {"reason": None}
    for kind in ORDER_EVENTS.values()
    if "reason" in kind.__struct_fields__ and kind is not Erased
}
_MORE: dict[type[Struct], dict[str, Any]] = {
    Canceled: {"note": None},
    Tracked: {"place": None, "text": None},
    ReturnRequested: {"label_url": None},
    Noted: {"text": ERASED_TEXT, "topic": None, "data": None},
}
PERSONAL_OF_EVENTS = PERSONAL | {kind: _REASON.get(kind, {}) | _MORE.get(kind, {}) for kind in ORDER_EVENTS.values()}


def erase_event(order_event: OrderEvent) -> OrderEvent:
    """Take a person out of an event. Idempotent.

    A note that reports the answer to a delay stays: it has the number of the question and one of two words.
    """
    if isinstance(order_event, Noted) and order_event.topic == CONSENT_TOPIC:
        return order_event
    return erase(order_event, PERSONAL_OF_EVENTS)


def erased_payload(event: Event) -> bytes | None:
    """Return the payload of a stored event without the person; None where it has nothing personal."""
    before = decode_event(event)
    after = erase_event(before)
    if after == before:
        return None
    if event.version == 1 and event.name == "order.held":  # see `decode_event`: it held one hold
        (hold,) = after.holds  # type: ignore[attr-defined]
        return _ENCODER.encode({"hold": hold})
    if event.version == 1 and event.name == "order.allocated":  # nothing said that it was joined
        after = _replace(after, joined=False)
    return _ENCODER.encode(after)


def replaced_events(history: Iterable[Event]) -> list[Event]:
    """Return the events of an order that have something personal, with their new payloads and the hashes that these give."""
    before, replaced = CHAIN_START, []
    for event in history:
        payload = erased_payload(event)
        if payload is not None:
            changed = _replace(event, payload=payload)
            replaced.append(_replace(changed, hash=chain_hash(before, changed)))
        before = event.hash
    return replaced


def listed_hashes(history: Iterable[Event]) -> Mapping[int, bytes]:
    """Return the hashes that an order's erasures list, by event number; of an event that was replaced twice the last one."""
    listed: dict[int, bytes] = {}
    for event in history:
        if event.name == Erased.name:
            said = decode_event(event)
            assert isinstance(said, Erased)
            listed.update({number: bytes.fromhex(each) for number, each in said.events if number < event.number})
    return listed


class EraseOrder(Command, frozen=True, kw_only=True):
    """Take a person's data out of an order. flows/erasure.py executes it, because the events' payloads are replaced with it."""

    verb: ClassVar[Verb] = Verb.NOTE
    reads_history: ClassVar[bool] = True

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.erased`; nothing where no event has anything personal any more."""
        replaced = replaced_events(state.history)
        if not replaced:
            return []
        return [Erased(events=tuple((each.number, each.hash.hex()) for each in replaced), reason=self.reason)]

"""The events of an order: one frozen class each, and how each is applied to the order.

`order.received` holds the whole content and every later event says what it changed, so the log alone rebuilds the order, as it
is and as it was at any time. The envelope and its hash chain are in core/events.py.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from crossdock.core.events import ORDER, Event, chain_hash
from crossdock.core.orders.model import Content, Hold, Order, Source, initial_counters
from crossdock.core.orders.status import Counters

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_replace = msgspec.structs.replace


class OrderEvent(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What happened to an order; `name` and `version` name the shape of the payload.

    `joined` is true where it belongs to the same change as the event before it; else it raises the order's version.
    """

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    joined: bool = False

    def apply(self, order: Order, number: int) -> Order:
        """Return the order after the event, whose number is `number`. Pure, and total for events that were recorded."""
        raise NotImplementedError


class Received(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """A submission became an order."""

    name: ClassVar[str] = "order.received"
    submission_id: int
    content: Content


class Edited(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """The content became another.

    `from_lines` says for each line which one it was before, -1 for a new one. `submission_id` is set where a newer
    submission replaced the content as a whole.
    """

    name: ClassVar[str] = "order.edited"
    content: Content
    counters: tuple[Counters, ...]
    from_lines: tuple[int, ...] = ()
    submission_id: int | None = None
    reason: str | None = None

    @property
    def new_positions(self) -> dict[int, int]:
        """The new position of each line that was there before, by its old one."""
        return {before: position for position, before in enumerate(self.from_lines) if before >= 0}

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent; holds follow the lines they are on."""
        source = order.source
        if self.submission_id is not None:
            source = _replace(source, submission_id=self.submission_id)
        positions = self.new_positions
        holds = tuple(
            _replace(hold, lines=lines) if hold.lines else hold
            for hold in order.holds
            if (lines := tuple(positions[line] for line in hold.lines if line in positions)) or not hold.lines
        )
        return _without_idle_holds(
            _replace(order, content=self.content, counters=self.counters, source=source, holds=holds)
        )


class Held(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Holds were placed; their number is the event's."""

    name: ClassVar[str] = "order.held"
    version: ClassVar[int] = 2
    holds: tuple[Hold, ...]

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return _replace(order, holds=(*order.holds, *(_replace(hold, number=number) for hold in self.holds)))


class Released(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Holds ended: those with these (number, reason)."""

    name: ClassVar[str] = "order.released"
    holds: tuple[tuple[int, str], ...]
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        ended = set(self.holds)
        return _replace(order, holds=tuple(hold for hold in order.holds if (hold.number, hold.reason) not in ended))


class Canceled(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Units were canceled: `lines` are (position, quantity), `counters` all the order's counters afterwards."""

    name: ClassVar[str] = "order.canceled"
    lines: tuple[tuple[int, int], ...]
    counters: tuple[Counters, ...]
    reason: str | None = None
    note: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent; with nothing open left, nothing is left to hold."""
        return _without_idle_holds(_replace(order, counters=self.counters))


class Allocated(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """A location was chosen for lines; `counters` are all the order's counters afterwards."""

    name: ClassVar[str] = "order.allocated"
    version: ClassVar[int] = 2
    location_ref: str
    counters: tuple[Counters, ...]

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return _replace(order, counters=self.counters)


class Package(Struct, frozen=True, omit_defaults=True):
    """What left in one piece: `lines` are (position, quantity); `number` and `url` are the carrier's, for tracking."""

    lines: tuple[tuple[int, int], ...]
    carrier: str | None = None
    service: str | None = None
    number: str | None = None
    url: str | None = None


class Shipped(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Units left the house: `lines` are (position, quantity), `counters` all the order's counters afterwards.

    `packages` tell how, where that is known: together they hold the lines.
    """

    name: ClassVar[str] = "order.shipped"
    lines: tuple[tuple[int, int], ...]
    counters: tuple[Counters, ...]
    reason: str | None = None
    packages: tuple[Package, ...] = ()
    location_ref: str | None = None
    fulfillment_id: int | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent; with nothing open left, nothing is left to hold."""
        return _without_idle_holds(_replace(order, counters=self.counters))


class Counted(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Units reached a point: `lines` are (position, quantity), `counters` all the order's counters afterwards."""

    lines: tuple[tuple[int, int], ...]
    counters: tuple[Counters, ...]
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return _replace(order, counters=self.counters)


class Backordered(Counted, frozen=True, omit_defaults=True, kw_only=True):
    """Units wait for stock. `expected_at` is the day they are hoped for, ISO 8601; `consent_by` the day until which the
    customer is asked whether they will wait."""

    name: ClassVar[str] = "order.backordered"
    expected_at: str | None = None
    consent_by: str | None = None


class Delivered(Counted, frozen=True, omit_defaults=True, kw_only=True):
    """Units reached the customer, `tracking_number` telling with which package."""

    name: ClassVar[str] = "order.delivered"
    tracking_number: str | None = None
    fulfillment_id: int | None = None


class ReturnRequested(Counted, frozen=True, omit_defaults=True, kw_only=True):
    """Shipped units are asked back. `label_url` is where the customer finds the label."""

    name: ClassVar[str] = "order.return_requested"
    return_id: int
    label_url: str | None = None


class Returned(Counted, frozen=True, omit_defaults=True, kw_only=True):
    """Units came back."""

    name: ClassVar[str] = "order.returned"
    return_id: int


class Refunded(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Money went back to the customer; `currency` is None where it is the order's."""

    name: ClassVar[str] = "order.refunded"
    amount: Decimal
    currency: str | None = None
    return_id: int | None = None
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent; payments stand nowhere but in the log."""
        return order


class Tagged(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """The order's tags became these."""

    name: ClassVar[str] = "order.tagged"
    tags: tuple[str, ...]
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return _replace(order, tags=self.tags)


class Noted(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Somebody wrote something down; `topic` and `data` tell what a vendor's call reported."""

    name: ClassVar[str] = "order.noted"
    text: str
    topic: str | None = None
    data: Any = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent; the note is in the log and nowhere else."""
        return order


class Archived(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """The order was put out of sight."""

    name: ClassVar[str] = "order.archived"
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return _replace(order, archived=True)


class Unarchived(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """The order was brought back into sight."""

    name: ClassVar[str] = "order.unarchived"
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return _replace(order, archived=False)


def _without_idle_holds(order: Order) -> Order:
    """With no unit open, nothing is left to hold."""
    return order if any(line.open for line in order.counters) else _replace(order, holds=())


ORDER_EVENTS: dict[str, type[OrderEvent]] = {
    kind.name: kind
    for kind in (
        Received, Edited, Held, Released, Canceled, Allocated, Backordered, Shipped, Delivered, ReturnRequested, Returned,
        Refunded, Tagged, Noted, Archived, Unarchived,
    )
}  # fmt: skip
_DECODERS = {name: msgspec.json.Decoder(kind, float_hook=Decimal) for name, kind in ORDER_EVENTS.items()}


def decode_event(event: Event) -> OrderEvent:
    """Decode an event's payload, whatever version wrote it."""
    payload = event.payload
    if (event.name, event.version) == ("order.held", 1):  # held one hold
        payload = b'{"holds":[' + msgspec.json.encode(msgspec.json.decode(payload)["hold"]) + b"]}"
    order_event: OrderEvent = _DECODERS[event.name].decode(payload)
    # In their first version nothing said which events belong to one change: only what intake did at once was recorded.
    was_at_once = event.version == 1 and event.name in ("order.held", "order.allocated")
    return _replace(order_event, joined=True) if was_at_once else order_event


def encode_content(content: Content) -> bytes:
    """Encode an order's content as it stands in the log, and in the order's row."""
    return _ENCODER.encode(content)


def new_order(received: Received, *, organization_id: int, order_id: int, at: int, actor: str, door: str) -> Order:
    """Return the order that its first event makes; its event chain has not begun yet."""
    content = received.content
    ship_to = content.destinations[0].address if content.destinations else None
    return Order(
        organization_id=organization_id,
        order_id=order_id,
        version=1,
        created_at=at,
        updated_at=at,
        source=Source(door, received.submission_id, actor, ship_to.country if ship_to else None),
        content=content,
        counters=initial_counters(content),
    )


def evolve(order: Order, order_event: OrderEvent, *, at: int) -> Order:
    """Return the order after its next event, which happened at `at`; the event is not in its chain yet."""
    changed = order_event.apply(order, order.event_number + 1)
    return _replace(changed, version=order.version + (not order_event.joined), updated_at=at)


def append(
    order: Order,
    order_event: OrderEvent,
    *,
    event_id: int,
    at: int,
    actor: str,
    door: str,
    content: bytes | None = None,
) -> tuple[Order, Event]:
    """Append to the chain an event that the order shows already; return the order with its new head, and the event.

    `content` is the encoded content of `order.received`, for a caller who needs it besides: it is most of a new order's bytes.
    """
    if content is not None and isinstance(order_event, Received):
        order_event = _replace(order_event, content=msgspec.Raw(content))
    unhashed = Event(
        order.organization_id, ORDER, order.order_id, order.event_number + 1, event_id,
        order_event.name, order_event.version, at, actor, door, _ENCODER.encode(order_event), b"",
    )  # fmt: skip
    event = _replace(unhashed, hash=chain_hash(order.event_hash, unhashed))
    return _replace(order, event_number=event.number, event_hash=event.hash), event


def record(
    order: Order, order_event: OrderEvent, *, event_id: int, at: int, actor: str, door: str
) -> tuple[Order, Event]:
    """Apply an event to an order and append it; return the order as it is now, and the event to be stored."""
    return append(evolve(order, order_event, at=at), order_event, event_id=event_id, at=at, actor=actor, door=door)


def rebuild(history: Iterable[Event]) -> Order | None:
    """Rebuild an order from its events, in their order: the same that is stored, to the byte. None of no events."""
    order: Order | None = None
    for _, order in replay(history):  # noqa: B007 - only the last one matters
        pass
    return order


def replay(history: Iterable[Event]) -> Iterator[tuple[Event, Order]]:
    """Return each event with the order as it was after it."""
    order: Order | None = None
    for event in history:
        order_event = decode_event(event)
        if order is None:
            assert isinstance(order_event, Received), "an order's first event is its receipt"
            order = new_order(
                order_event, organization_id=event.organization_id, order_id=event.aggregate_id, at=event.at,
                actor=event.actor, door=event.door,
            )  # fmt: skip
        else:
            order = evolve(order, order_event, at=event.at)
        order = _replace(order, event_number=event.number, event_hash=event.hash)
        yield event, order

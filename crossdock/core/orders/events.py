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
from crossdock.core.orders import fulfillments as fulfilling
from crossdock.core.orders import payments as payment_states
from crossdock.core.orders import returns as return_states
from crossdock.core.orders.allocations import (
    Allocation,
    StockMovement,
    UnitsTaken,
    after_taking,
    movements_of,
    movements_of_taking,
    with_lines_moved,
)
from crossdock.core.orders.erasure import erased_order
from crossdock.core.orders.fulfillments import DeliveryStatus, Fulfillment, Package
from crossdock.core.orders.model import Content, Hold, Order, Source, initial_counters
from crossdock.core.orders.payments import Payment, Refund
from crossdock.core.orders.returns import Return
from crossdock.core.orders.status import Counters
from crossdock.core.stock.model import Kind, LevelKey

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

    def stock_movements(self, before: Order) -> list[StockMovement]:
        """Return what the event does to stock levels; `before` is the order before it."""
        return []


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
            _replace(
                order, content=self.content, counters=self.counters, source=source, holds=holds,
                allocations=with_lines_moved(order.allocations, positions),
                fulfillments=fulfilling.with_lines_moved(order.fulfillments, positions),
                returns=return_states.with_lines_moved(order.returns, positions),
                refunds=payment_states.with_lines_moved(order.refunds, positions),
            )
        )  # fmt: skip


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
    """Units were canceled: `lines` are (position, quantity), `counters` all the order's counters afterwards, `deallocated` the
    allocated units among them. `backorder`: the units waited for stock too long, or the customer did not wait."""

    name: ClassVar[str] = "order.canceled"
    lines: tuple[tuple[int, int], ...]
    counters: tuple[Counters, ...]
    reason: str | None = None
    note: str | None = None
    deallocated: tuple[UnitsTaken, ...] = ()
    backorder: bool = False

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent; with nothing open left, nothing is left to hold."""
        allocations = after_taking(order.allocations, self.deallocated, shipped=False)
        return _without_idle_holds(_trimmed(_replace(order, counters=self.counters, allocations=allocations)))

    def stock_movements(self, before: Order) -> list[StockMovement]:
        """See OrderEvent."""
        return movements_of_taking(before.allocations, self.deallocated, shipped=False)


class Allocated(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """A location was chosen for lines; `counters` are all the order's counters afterwards.

    `allocation` says which units of which stock; it is absent where the organization has no stock.
    """

    name: ClassVar[str] = "order.allocated"
    version: ClassVar[int] = 2
    location_ref: str
    counters: tuple[Counters, ...]
    allocation: Allocation | None = None
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        added = () if self.allocation is None else (self.allocation,)
        return _replace(order, counters=self.counters, allocations=(*order.allocations, *added))

    def stock_movements(self, before: Order) -> list[StockMovement]:
        """See OrderEvent."""
        return [] if self.allocation is None else movements_of(self.allocation)


class Deallocated(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Allocated units were given back, or units wait for stock no more: `lines` are (position, quantity), `units` those of
    allocations among them, `counters` all the order's counters afterwards. `missing`: because they were not found."""

    name: ClassVar[str] = "order.deallocated"
    lines: tuple[tuple[int, int], ...]
    counters: tuple[Counters, ...]
    units: tuple[UnitsTaken, ...] = ()
    missing: bool = False
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        allocations = after_taking(order.allocations, self.units, shipped=False)
        return _trimmed(_replace(order, counters=self.counters, allocations=allocations))

    def stock_movements(self, before: Order) -> list[StockMovement]:
        """See OrderEvent; units that were not found are taken off those on hand, too."""
        movements = movements_of_taking(before.allocations, self.units, shipped=False)
        return (
            [_replace(movement, kind=Kind.SHORT, on_hand=movement.allocated) for movement in movements]
            if self.missing
            else movements
        )


class Shipped(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Units left the house: `lines` are (position, quantity), `counters` all the order's counters afterwards.

    `packages` tell how, where that is known: together they hold the lines. `allocated` are the units that were allocated,
    `fulfillment` the state of the fulfillment afterwards.
    """

    name: ClassVar[str] = "order.shipped"
    lines: tuple[tuple[int, int], ...]
    counters: tuple[Counters, ...]
    reason: str | None = None
    packages: tuple[Package, ...] = ()
    location_ref: str | None = None
    fulfillment_id: int | None = None
    allocated: tuple[UnitsTaken, ...] = ()
    fulfillment: Fulfillment | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent; with nothing open left, nothing is left to hold."""
        allocations = after_taking(order.allocations, self.allocated, shipped=True)
        changed = () if self.fulfillment is None else (self.fulfillment,)
        fulfillments = fulfilling.with_changed(order.fulfillments, changed)
        return _without_idle_holds(
            _replace(order, counters=self.counters, allocations=allocations, fulfillments=fulfillments)
        )

    def stock_movements(self, before: Order) -> list[StockMovement]:
        """See OrderEvent."""
        return movements_of_taking(before.allocations, self.allocated, shipped=True)


class FulfillmentsChanged(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Fulfillments are in a new state: `fulfillments` are those that changed, as they are now."""

    fulfillments: tuple[Fulfillment, ...]
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent; units that a location works on are not given back by themselves any more."""
        places = {each.location for each in self.fulfillments if each.is_open}
        allocations = tuple(
            _replace(each, expires_at=None) if each.expires_at is not None and each.location in places else each
            for each in order.allocations
        )
        fulfillments = fulfilling.with_changed(order.fulfillments, self.fulfillments)
        return _replace(order, allocations=allocations, fulfillments=fulfillments)


class FulfillmentCreated(FulfillmentsChanged, frozen=True, omit_defaults=True, kw_only=True):
    """A location is to ship units, or to hand them over."""

    name: ClassVar[str] = "order.fulfillment_created"


class Picked(FulfillmentsChanged, frozen=True, omit_defaults=True, kw_only=True):
    """Units were picked."""

    name: ClassVar[str] = "order.picked"


class Packed(FulfillmentsChanged, frozen=True, omit_defaults=True, kw_only=True):
    """Units were packed into packages."""

    name: ClassVar[str] = "order.packed"


class FulfillmentChanged(FulfillmentsChanged, frozen=True, omit_defaults=True, kw_only=True):
    """Fulfillments were split, merged or changed otherwise."""

    name: ClassVar[str] = "order.fulfillment_changed"


class FulfillmentCanceled(FulfillmentsChanged, frozen=True, omit_defaults=True, kw_only=True):
    """A location is not to ship what it had not shipped yet; `expired` are the units of a pickup, (position, quantity), that
    nobody fetched in time."""

    name: ClassVar[str] = "order.fulfillment_canceled"
    expired: tuple[tuple[int, int], ...] = ()


class ReadyForPickup(FulfillmentsChanged, frozen=True, omit_defaults=True, kw_only=True):
    """The customer can fetch the units; `reminder` is true where they are told once more."""

    name: ClassVar[str] = "order.ready_for_pickup"
    reminder: bool = False


class Tracked(FulfillmentsChanged, frozen=True, omit_defaults=True, kw_only=True):
    """A carrier reported on a package: its status at a time (`reported_at`, microseconds since 1970), where, and in words."""

    name: ClassVar[str] = "order.tracked"
    package_id: int
    status: DeliveryStatus
    reported_at: int
    place: str | None = None
    text: str | None = None


class Reshipped(FulfillmentsChanged, frozen=True, omit_defaults=True, kw_only=True):
    """Units were shipped once more, in place of a package that did not arrive; `taken` are (sku, pool, quantity) of the
    location's stock."""

    name: ClassVar[str] = "order.reshipped"
    taken: tuple[tuple[str, str, int], ...] = ()

    def stock_movements(self, before: Order) -> list[StockMovement]:
        """See OrderEvent."""
        location = self.fulfillments[0].location
        return [StockMovement(LevelKey(sku, location, pool), Kind.SHIP, -units, 0) for sku, pool, units in self.taken]


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
    customer is asked whether they will wait; `notice` counts the organization's `consent_days` that passed, from 1."""

    name: ClassVar[str] = "order.backordered"
    expected_at: str | None = None
    consent_by: str | None = None
    notice: int | None = None
    decision_id: int | None = None


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
    state: Return | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return _with_return(super().apply(order, number), self.state)


class Returned(Counted, frozen=True, omit_defaults=True, kw_only=True):
    """Units came back."""

    name: ClassVar[str] = "order.returned"
    return_id: int
    state: Return | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return _with_return(super().apply(order, number), self.state)


class ReturnJudged(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Units that came back were judged; `restocked` are (sku, location, pool, quantity) that went into stock."""

    name: ClassVar[str] = "order.return_judged"
    state: Return
    restocked: tuple[tuple[str, str, str, int], ...] = ()
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return _with_return(order, self.state)

    def stock_movements(self, before: Order) -> list[StockMovement]:
        """See OrderEvent."""
        return [
            StockMovement(LevelKey(sku, location, pool), Kind.RETURN, units, 0)
            for sku, location, pool, units in self.restocked
        ]


class ReturnCanceled(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """What had not come of a return is not expected any more; `counters` are all the order's counters afterwards."""

    name: ClassVar[str] = "order.return_canceled"
    state: Return
    counters: tuple[Counters, ...]
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return _with_return(_replace(order, counters=self.counters), self.state)


class PaymentRecorded(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """A payment is as `payment` says now."""

    name: ClassVar[str] = "order.payment_recorded"
    payment: Payment
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        mine = self.payment.payment_id
        if any(each.payment_id == mine for each in order.payments):
            payments = tuple(self.payment if each.payment_id == mine else each for each in order.payments)
        else:
            payments = (*order.payments, self.payment)
        return _replace(order, payments=payments)


class Refunded(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Money went back to the customer; `currency` is None where it is the order's."""

    name: ClassVar[str] = "order.refunded"
    amount: Decimal
    currency: str | None = None
    return_id: int | None = None
    reason: str | None = None
    refund: Refund | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent."""
        return order if self.refund is None else _replace(order, refunds=(*order.refunds, self.refund))


class Invoiced(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """Something of the order was billed, or credited (`amount` is negative then)."""

    name: ClassVar[str] = "order.invoiced"
    invoice_id: int
    number: str
    kind: str
    amount: Decimal
    currency: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent; the invoice is stored by itself."""
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


class Erased(OrderEvent, frozen=True, omit_defaults=True, kw_only=True):
    """A person's data were taken out of the order and of the events before this one.

    `events` are those whose payloads were replaced: the number of each, and the hash (hex) that the chain computes with the new
    payload (core/events.py). The stored hash of such an event is still that of the first payload.
    """

    name: ClassVar[str] = "order.erased"
    events: tuple[tuple[int, str], ...]
    reason: str | None = None

    def apply(self, order: Order, number: int) -> Order:
        """See OrderEvent; the order that the replaced events make has nothing left to take out."""
        return erased_order(order)


def _with_return(order: Order, state: Return | None) -> Order:
    return order if state is None else _replace(order, returns=return_states.with_changed(order.returns, state))


def _trimmed(order: Order) -> Order:
    """Take units that are no longer to be shipped out of the fulfillments."""
    if not order.fulfillments:
        return order
    return _replace(order, fulfillments=fulfilling.trimmed(order.fulfillments, order.counters, order.allocations))


def _without_idle_holds(order: Order) -> Order:
    """With no unit open, nothing is left to hold."""
    return order if any(line.open for line in order.counters) else _replace(order, holds=())


ORDER_EVENTS: dict[str, type[OrderEvent]] = {
    kind.name: kind
    for kind in (
        Received, Edited, Held, Released, Canceled, Allocated, Deallocated, Backordered, FulfillmentCreated, Picked, Packed,
        FulfillmentChanged, FulfillmentCanceled, ReadyForPickup, Shipped, Tracked, Reshipped, Delivered,
        ReturnRequested, Returned, ReturnJudged, ReturnCanceled, PaymentRecorded, Refunded, Invoiced,
        Tagged, Noted, Archived, Unarchived, Erased,
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

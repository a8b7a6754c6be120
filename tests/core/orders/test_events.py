"""Events: numbers without gaps, and hashes that bind them."""

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from crossdock.core.events import CHAIN_START, Event, chain_hash
from crossdock.core.orders import events
from crossdock.core.orders.allocations import AllocatedUnits, Allocation, UnitsTaken
from crossdock.core.orders.events import (
    ORDER_EVENTS,
    Allocated,
    Archived,
    Backordered,
    Canceled,
    Deallocated,
    Delivered,
    Edited,
    Erased,
    FulfillmentCanceled,
    FulfillmentChanged,
    FulfillmentCreated,
    Held,
    Invoiced,
    Noted,
    OrderEvent,
    Packed,
    PaymentRecorded,
    Picked,
    ReadyForPickup,
    Received,
    Refunded,
    Released,
    Reshipped,
    ReturnCanceled,
    Returned,
    ReturnJudged,
    ReturnRequested,
    Shipped,
    Tagged,
    Tracked,
    Unarchived,
    append,
    encode_content,
    record,
)
from crossdock.core.orders.fulfillments import DeliveryStatus, Dimensions, Fulfillment, FulfillmentLine, Package
from crossdock.core.orders.model import Content, Hold, Line, Order, Source, Totals, initial_counters
from crossdock.core.orders.payments import Payment, Refund
from crossdock.core.orders.returns import Return, ReturnLine
from crossdock.core.orders.status import Counters

CONTENT = Content(number="A", lines=(Line(2, sku="x"),))
ORDER = Order(
    organization_id=1, order_id=2, version=1, created_at=10, updated_at=10, source=Source("s2", 3, "me"),
    content=CONTENT, counters=initial_counters(CONTENT),
)  # fmt: skip
EVENT = Event(1, "order", 2, 3, 4, "order.held", 1, 5, "me", "s2", b'{"a":1}', bytes(32))
OTHER: dict[str, Any] = {
    "organization_id": 9, "aggregate_type": "stock", "aggregate_id": 9, "number": 9, "event_id": 9, "name": "order.hel",
    "version": 9, "at": 9,
    "actor": "m", "door": "s", "payload": b'{"a":2}',
}  # fmt: skip
EVENTS: list[OrderEvent] = [
    Held(holds=(Hold("fraud", 11), Hold("stock", 11))),
    Allocated(location_ref="W1", counters=(Counters(2, allocated=2),)),
    Noted(text="called"),
]


def append_all(order: Order, order_events: list[OrderEvent]) -> Iterator[Event]:
    for place, order_event in enumerate(order_events):
        order, event = record(order, order_event, event_id=100 + place, at=20 + place, actor="me", door="s2")
        yield event


class TestChain:
    def test_chain_covers_every_field_but_the_hash_itself(self) -> None:
        assert set(OTHER) == set(Event.__struct_fields__) - {"hash"}

    @pytest.mark.parametrize("name", sorted(OTHER))
    def test_chain_changes_with_any_field(self, name: str) -> None:
        changed = msgspec.structs.replace(EVENT, **{name: OTHER[name]})
        assert chain_hash(CHAIN_START, changed) != chain_hash(CHAIN_START, EVENT)

    def test_chain_changes_with_the_event_before(self) -> None:
        assert chain_hash(CHAIN_START, EVENT) != chain_hash(bytes(31) + b"\1", EVENT)

    def test_chain_does_not_let_neighboring_fields_flow_together(self) -> None:
        one = msgspec.structs.replace(EVENT, actor="a", door="bc")
        other = msgspec.structs.replace(EVENT, actor="ab", door="c")
        assert chain_hash(CHAIN_START, one) != chain_hash(CHAIN_START, other)
        quoted = msgspec.structs.replace(EVENT, actor='a","b', door="c")
        plain = msgspec.structs.replace(EVENT, actor="a", door='b","c')
        assert chain_hash(CHAIN_START, quoted) != chain_hash(CHAIN_START, plain)

    def test_chain_stays_what_it_was_for_logs_already_written(self) -> None:
        head = b'[1,2,3,4,"order.held",1,5,"me","s2"]'
        assert chain_hash(CHAIN_START, EVENT) == hashlib.sha256(bytes(32) + head + b'{"a":1}').digest()


class TestAppend:
    def test_append_leaves_the_order_as_it_is_but_for_its_head(self) -> None:
        order, event = append(ORDER, EVENTS[0], event_id=7, at=8, actor="me", door="s2")
        assert (order.event_number, order.event_hash) == (1, event.hash)
        assert msgspec.structs.replace(order, event_number=0, event_hash=CHAIN_START) == ORDER


class TestRecord:
    def test_record_numbers_from_one_without_gaps(self) -> None:
        assert [event.number for event in append_all(ORDER, EVENTS)] == [1, 2, 3]

    def test_record_links_each_hash_to_the_one_before(self) -> None:
        before = CHAIN_START
        for event in append_all(ORDER, EVENTS):
            assert event.hash == chain_hash(before, event)
            before = event.hash

    def test_record_leaves_the_head_on_the_order(self) -> None:
        order, event = record(ORDER, Noted(text="called"), event_id=7, at=18, actor="me", door="s2")
        assert (order.event_number, order.event_hash) == (1, event.hash)
        changed = {"version": 2, "updated_at": 18, "event_number": 1, "event_hash": event.hash}
        assert order == msgspec.structs.replace(ORDER, **changed)

    def test_record_does_to_the_order_what_happened(self) -> None:
        order, event = record(ORDER, EVENTS[0], event_id=7, at=18, actor="me", door="s2")
        assert order.holds == (Hold("fraud", 11, number=1), Hold("stock", 11, number=1))
        assert (event.at, order.updated_at, order.created_at) == (18, 18, 10)

    def test_record_raises_the_version_once_a_change(self) -> None:
        order = ORDER
        for joined, version in ((False, 2), (True, 2), (True, 2), (False, 3)):
            order_event = Noted(text="called", joined=joined)
            order, _ = record(order, order_event, event_id=7, at=18, actor="me", door="s2")
            assert order.version == version

    def test_record_keeps_what_happened_in_the_payload(self) -> None:
        for event, order_event in zip(append_all(ORDER, EVENTS), EVENTS, strict=True):
            assert (event.name, event.version) == (order_event.name, order_event.version)
            assert msgspec.json.decode(event.payload, type=ORDER_EVENTS[event.name]) == order_event

    def test_record_shows_a_swapped_missing_or_changed_event(self) -> None:
        first, second, third = append_all(ORDER, EVENTS)
        assert chain_hash(first.hash, third) != third.hash
        assert chain_hash(second.hash, second) != second.hash
        assert chain_hash(first.hash, msgspec.structs.replace(second, payload=b"{}")) != second.hash


def every_fact(parent: type[OrderEvent] = OrderEvent) -> set[type[OrderEvent]]:
    below = set(parent.__subclasses__())
    return below | {deeper for child in below for deeper in every_fact(child)}


class TestFacts:
    def test_facts_are_all_in_the_table_under_their_own_name(self) -> None:
        ours = {
            order_event
            for order_event in every_fact()
            if order_event.__module__ == events.__name__ and not order_event.__subclasses__()
        }
        assert set(ORDER_EVENTS.values()) == ours
        assert len(ORDER_EVENTS) == len(ours)
        assert all(order_event.name == name for name, order_event in ORDER_EVENTS.items())

    def test_facts_have_names_and_versions_of_their_own(self) -> None:
        assert all(
            "name" in vars(order_event) and name.startswith("order.") for name, order_event in ORDER_EVENTS.items()
        )
        assert all(order_event.version >= 1 for order_event in ORDER_EVENTS.values())


def stored(order: Order, order_events: list[OrderEvent]) -> tuple[list[Order], list[Event]]:
    """Do facts to a new order; give it as it was after each event, and the events."""
    order, event = append(
        msgspec.structs.replace(order, updated_at=10), Received(submission_id=3, content=order.content),
        event_id=100, at=10, actor="me", door="s2",
    )  # fmt: skip
    orders, recorded = [order], [event]
    for place, order_event in enumerate(order_events, 1):
        order, event = record(order, order_event, event_id=100 + place, at=20 + place, actor="me", door="hub")
        orders.append(order)
        recorded.append(event)
    return orders, recorded


FULFILLMENT = Fulfillment(
    4, "W1", 20, (FulfillmentLine(0, 2, 2, 1),), "pickup", 0, "ref",
    (
        Package(
            ((0, 1),), "UPS", "ground", "1Z", "u", 6, (Decimal("1.5"), "KG"),
            Dimensions(Decimal(1), Decimal(2), Decimal(3), "MM"), True, DeliveryStatus.DELIVERED, 7,
        ),
    ),
    8, 9, 10, 11,
)  # fmt: skip
RETURN = Return(5, 20, (ReturnLine(0, 1, "big", 1, 1),), "rma", "W1", "label", True, "note")
EDITED = Content(number="B", lines=(Line(9, sku="new"), Line(3, sku="x")))
ALL_FACTS: list[OrderEvent] = [
    Held(holds=(Hold("fraud", 11), Hold("stock", 11, lines=(0,), release_at=99)), joined=True),
    Allocated(location_ref="W1", counters=(Counters(2, allocated=2),), joined=True),
    Tagged(tags=("a", "b")),
    Edited(content=EDITED, counters=(Counters(9), Counters(3, allocated=2)), from_lines=(-1, 0), reason="why"),
    Noted(text="called", topic="t", data={"a": [1, "x", None]}),
    Released(holds=((2, "fraud"),)),
    Archived(),
    Canceled(lines=((0, 9),), counters=(Counters(9, canceled=9), Counters(3, allocated=2)), note="n"),
    Unarchived(),
    Edited(content=CONTENT, counters=(Counters(2),), submission_id=77),
    Allocated(
        location_ref="W1",
        counters=(Counters(2, allocated=2),),
        reason="by hand",
        allocation=Allocation(7, "W1", 20, (AllocatedUnits(0, 2, "x", "web"),), expires_at=99, decision_id=8),
    ),
    Deallocated(lines=((0, 2),), counters=(Counters(2),), units=(UnitsTaken(7, 0, 2),), reason="why"),
    Backordered(lines=((0, 1),), counters=(Counters(2, backordered=1),), expected_at="2026-12-24"),
    FulfillmentCreated(fulfillments=(FULFILLMENT,), reason="why"),
    Picked(fulfillments=(FULFILLMENT,)),
    Packed(fulfillments=(FULFILLMENT,)),
    FulfillmentChanged(fulfillments=(FULFILLMENT,)),
    FulfillmentCanceled(fulfillments=(FULFILLMENT,)),
    ReadyForPickup(fulfillments=(FULFILLMENT,), reminder=True),
    Tracked(fulfillments=(FULFILLMENT,), package_id=6, status=DeliveryStatus.LOST, reported_at=5, place="p", text="t"),
    Reshipped(fulfillments=(FULFILLMENT,), taken=(("x", "", 1),)),
    Invoiced(invoice_id=8, number="2026-000001", kind="shipment", amount=Decimal("9.10"), currency="USD"),
    PaymentRecorded(payment=Payment(3, 20, "ref", "card", "USD", Decimal("9.10"), Decimal(9))),
    ReturnJudged(state=RETURN, restocked=(("x", "W1", "", 1),), reason="why"),
    ReturnCanceled(state=RETURN, counters=(Counters(2),)),
    Shipped(
        lines=((0, 2),),
        counters=(Counters(2, shipped=2),),
        fulfillment=FULFILLMENT,
        packages=(Package(lines=((0, 2),), carrier="UPS", number="1Z"),),
    ),
    Delivered(lines=((0, 2),), counters=(Counters(2, shipped=2, delivered=2),), tracking_number="1Z"),
    ReturnRequested(
        lines=((0, 1),), counters=(Counters(2, shipped=2, delivered=2, return_requested=1),), return_id=5, reason="big"
    ),
    Returned(
        lines=((0, 1),), counters=(Counters(2, shipped=2, delivered=2, return_requested=1, returned=1),), return_id=5
    ),
    Refunded(
        amount=Decimal("10.00"),
        currency="USD",
        return_id=5,
        refund=Refund(9, 20, Decimal("10.00"), "return", (("items", Decimal("10.00")),), ((0, 1),), 5, "r", "big"),
    ),
    Erased(events=((999, "ab" * 32),), reason="request"),
]


class TestRebuild:
    def test_rebuild_gives_the_order_as_it_was_after_each_event(self) -> None:
        orders, recorded = stored(ORDER, ALL_FACTS)
        assert {event.name for event in recorded} == set(ORDER_EVENTS)
        for number, order in enumerate(orders, 1):
            assert events.rebuild(recorded[:number]) == order

    def test_rebuild_gives_nothing_of_nothing(self) -> None:
        assert events.rebuild([]) is None

    def test_rebuild_moves_holds_with_their_lines_and_ends_those_whose_lines_are_gone(self) -> None:
        holds = (
            Hold("all", 1),
            Hold("first", 1, lines=(0,)),
            Hold("both", 1, lines=(0, 1)),
            Hold("last", 1, lines=(1,)),
        )
        before = msgspec.structs.replace(ORDER, holds=holds, counters=(Counters(2), Counters(1)))
        after = Edited(content=EDITED, counters=(Counters(9), Counters(3)), from_lines=(-1, 1)).apply(before, 9)
        assert [(hold.reason, hold.lines) for hold in after.holds] == [("all", ()), ("both", (1,)), ("last", (1,))]

    @pytest.mark.parametrize("order_event", [Canceled, Shipped])
    def test_rebuild_ends_every_hold_where_nothing_is_open_any_more(self, order_event: type[OrderEvent]) -> None:
        counters = (Counters(2, canceled=2) if order_event is Canceled else Counters(2, shipped=2),)
        held = msgspec.structs.replace(ORDER, holds=(Hold("fraud", 1, number=2),))
        assert order_event(lines=((0, 2),), counters=counters).apply(held, 3).holds == ()  # type: ignore[call-arg]


class TestFirstVersions:
    """Payloads as the first release wrote them; logs are never rewritten."""

    def written(self, name: str, payload: bytes, number: int) -> Event:
        return Event(1, "order", 2, number, number, name, 1, 20, "me", "s2", payload, b"")

    def test_first_versions_of_a_hold_and_an_allocation_belong_to_the_receipt(self) -> None:
        received = Received(submission_id=3, content=CONTENT)
        recorded = [
            self.written("order.received", msgspec.json.encode(received), 1),
            self.written("order.held", b'{"hold":{"reason":"fraud","at":20,"note":"odd"}}', 2),
            self.written("order.held", b'{"hold":{"reason":"stock","at":20}}', 3),
            self.written("order.allocated", b'{"location_ref":"W1","counters":[{"ordered":2,"allocated":2}]}', 4),
        ]
        order = events.rebuild(recorded)
        assert order is not None
        assert (order.version, order.event_number) == (1, 4)
        assert order.holds == (Hold("fraud", 20, "odd", number=2), Hold("stock", 20, number=3))
        assert order.counters == (Counters(2, allocated=2),)

    def test_first_versions_of_an_edit_are_a_change_of_their_own(self) -> None:
        content = msgspec.json.encode(EDITED)
        edited = b'{"submission_id":9,"content":' + content + b',"counters":[{"ordered":9},{"ordered":3}]}'
        received = msgspec.json.encode(Received(submission_id=3, content=CONTENT))
        order = events.rebuild([self.written("order.received", received, 1), self.written("order.edited", edited, 2)])
        assert order is not None
        assert (order.version, order.content, order.source.submission_id) == (2, EDITED, 9)


class TestEncoded:
    def test_encoded_is_what_a_receipt_writes_of_its_content(self) -> None:
        content = msgspec.structs.replace(CONTENT, notes='né "quoted" \\ \u2028', totals=Totals(total=Decimal("1.50")))
        order = msgspec.structs.replace(ORDER, content=content)
        order_event = Received(submission_id=3, content=content)
        how: dict[str, Any] = {"event_id": 1, "at": 2, "actor": "me", "door": "s2"}
        assert append(order, order_event, **how, content=encode_content(content)) == append(order, order_event, **how)

"""Events: numbers without gaps, and hashes that bind them."""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from crossdock.core import events
from crossdock.core.events import CHAIN_START, FACTS, Allocated, Event, Fact, Held, Received, chain, record
from crossdock.core.order import Content, Hold, Line, Order, Source, fresh_counters

CONTENT = Content(number="A", lines=(Line(2, sku="x"),))
ORDER = Order(
    organization_id=1, order_id=2, version=1, created_at=10, updated_at=10, source=Source("s2", 3, "me"),
    content=CONTENT, counters=fresh_counters(CONTENT),
)  # fmt: skip
EVENT = Event(1, 2, 3, 4, "order.held", 1, 5, "me", "s2", b'{"a":1}', bytes(32))
OTHER: dict[str, Any] = {
    "organization_id": 9, "order_id": 9, "number": 9, "event_id": 9, "name": "order.hel", "version": 9, "at": 9,
    "actor": "m", "door": "s", "payload": b'{"a":2}',
}  # fmt: skip
STORY: list[Fact] = [Received(3, CONTENT), Held(Hold("fraud", 11)), Allocated("W1", ORDER.counters)]


def told(order: Order, facts: list[Fact]) -> Iterator[Event]:
    for place, fact in enumerate(facts):
        order, event = record(order, fact, event_id=100 + place, at=20 + place, actor="me", door="s2")
        yield event


class TestChain:
    def test_covers_every_field_but_the_hash_itself(self) -> None:
        assert set(OTHER) == set(Event.__struct_fields__) - {"hash"}

    @pytest.mark.parametrize("name", sorted(OTHER))
    def test_changes_with_any_field(self, name: str) -> None:
        changed = msgspec.structs.replace(EVENT, **{name: OTHER[name]})
        assert chain(CHAIN_START, changed) != chain(CHAIN_START, EVENT)

    def test_changes_with_the_event_before(self) -> None:
        assert chain(CHAIN_START, EVENT) != chain(bytes(31) + b"\1", EVENT)

    def test_does_not_let_neighboring_fields_flow_together(self) -> None:
        one = msgspec.structs.replace(EVENT, actor="a", door="bc")
        other = msgspec.structs.replace(EVENT, actor="ab", door="c")
        assert chain(CHAIN_START, one) != chain(CHAIN_START, other)
        quoted = msgspec.structs.replace(EVENT, actor='a","b', door="c")
        plain = msgspec.structs.replace(EVENT, actor="a", door='b","c')
        assert chain(CHAIN_START, quoted) != chain(CHAIN_START, plain)

    def test_stays_what_it_was_for_logs_already_written(self) -> None:
        head = b'[1,2,3,4,"order.held",1,5,"me","s2"]'
        assert chain(CHAIN_START, EVENT) == hashlib.sha256(bytes(32) + head + b'{"a":1}').digest()


class TestRecord:
    def test_numbers_from_one_without_gaps(self) -> None:
        assert [event.number for event in told(ORDER, STORY)] == [1, 2, 3]

    def test_links_each_hash_to_the_one_before(self) -> None:
        before = CHAIN_START
        for event in told(ORDER, STORY):
            assert event.hash == chain(before, event)
            before = event.hash

    def test_leaves_the_head_on_the_order(self) -> None:
        order, event = record(ORDER, STORY[0], event_id=7, at=8, actor="me", door="s2")
        assert (order.event_number, order.event_hash) == (1, event.hash)
        assert msgspec.structs.replace(order, event_number=0, event_hash=CHAIN_START) == ORDER

    def test_keeps_what_happened_in_the_payload(self) -> None:
        for event, fact in zip(told(ORDER, STORY), STORY, strict=True):
            assert (event.name, event.version) == (fact.name, fact.version)
            assert msgspec.json.decode(event.payload, type=FACTS[event.name]) == fact

    def test_shows_a_swapped_missing_or_changed_event(self) -> None:
        first, second, third = told(ORDER, STORY)
        assert chain(first.hash, third) != third.hash
        assert chain(second.hash, second) != second.hash
        assert chain(first.hash, msgspec.structs.replace(second, payload=b"{}")) != second.hash


def every_fact(parent: type[Fact] = Fact) -> set[type[Fact]]:
    below = set(parent.__subclasses__())
    return below | {deeper for child in below for deeper in every_fact(child)}


class TestFacts:
    def test_are_all_in_the_table_under_their_own_name(self) -> None:
        ours = {fact for fact in every_fact() if fact.__module__ == events.__name__}
        assert set(FACTS.values()) == ours
        assert len(FACTS) == len(ours)
        assert all(fact.name == name for name, fact in FACTS.items())

    def test_have_names_and_versions_of_their_own(self) -> None:
        assert all("name" in vars(fact) and name.startswith("order.") for name, fact in FACTS.items())
        assert all(fact.version >= 1 for fact in FACTS.values())

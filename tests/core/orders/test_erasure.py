"""What is personal in an order: each field that may hold text is on one of two lists; an erasure leaves none of the first."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from msgspec import Struct

from crossdock.core.events import Event
from crossdock.core.orders import allocations, fulfillments, model, payments, returns
from crossdock.core.orders import events as order_events
from crossdock.core.orders.erasing import (
    PERSONAL_OF_EVENTS,
    EraseOrder,
    erase_event,
    erased_payload,
    listed_hashes,
    replaced_events,
)
from crossdock.core.orders.erasure import erased, erased_order
from crossdock.core.orders.events import ORDER_EVENTS, Allocated, Erased, Held, Noted, OrderEvent, rebuild
from crossdock.core.orders.model import Address, Content, Customer, Destination, Gift, Hold, Line, Order, Reference
from crossdock.core.orders.status import Counters
from tests.core.orders.test_events import ALL_FACTS, ORDER, stored

# Texts that stay, by struct: numbers, codes and what the organization calls things. Each is one of these because
HARMLESS: dict[str, set[str]] = {
    # the books need them: which order, which goods, which money
    "Content": {"number", "account_ref", "channel", "placed_at", "currency", "ship_by", "release_at", "deliver_by"},
    "Line": {"sku", "line_ref", "product_ref", "description", "pool"},
    "Reference": {"name", "value"},
    "Charge": {"kind", "name", "currency"},
    "Measure": {"unit"},
    "ItemCustoms": {"tariff_code", "tariff_country", "origin_country", "origin_region"},
    "Customs": {"currency", "reason", "invoice_number"},
    "Payment": {"reference", "method", "currency", "status"},
    "Refund": {"kind", "components", "reference"},
    "Refunded": {"currency"},
    "Invoiced": {"number", "kind", "currency"},
    # taxes and statistics need the country and the region
    "Address": {"region", "country"},
    # they say where goods are, and how they went
    "Destination": {"destination_ref", "location_ref", "method"},
    "Shipping": {"carrier", "service", "service_name", "tracking_number"},
    "Package": {"carrier", "service", "number", "status", "weight"},
    "Dimensions": {"unit"},
    "Fulfillment": {"location", "kind", "reference"},
    "Return": {"reference", "location"},
    "AllocatedUnits": {"sku", "pool"},
    "Allocation": {"location"},
    "Allocated": {"location_ref"},
    "Shipped": {"location_ref"},
    "Delivered": {"tracking_number"},
    "Tracked": {"status"},
    "Reshipped": {"taken"},
    "ReturnJudged": {"restocked"},
    "Backordered": {"expected_at", "consent_by"},
    # the organization chose them: kinds of holds, tags, and who of its people and programs did something
    "Hold": {"reason", "actor"},
    "Released": {"holds"},
    "Tagged": {"tags"},
    # why a person was erased, and hashes
    "Erased": {"reason", "events"},
}


def structs_in(hint: Any) -> Iterator[type[Struct]]:
    if isinstance(hint, type) and issubclass(hint, Struct):
        yield hint
    for each in get_args(hint):
        yield from structs_in(each)


def may_hold_text(hint: Any) -> bool:
    """Tell whether a value of a type may be text, itself or within a tuple; structs are looked at by themselves."""
    if hint is Any or (isinstance(hint, type) and issubclass(hint, str)):
        return True
    return any(isinstance(each, str) or may_hold_text(each) for each in get_args(hint))


def all_structs() -> dict[str, type[Struct]]:
    """Return every struct that an event may have in it."""
    found: dict[str, type[Struct]] = {}
    waiting: list[type[Struct]] = [*ORDER_EVENTS.values()]
    modules = vars(model) | vars(fulfillments) | vars(returns) | vars(payments) | vars(allocations) | vars(order_events)
    while waiting:
        struct = waiting.pop()
        if struct.__name__ not in found:
            found[struct.__name__] = struct
            for hint in get_type_hints(struct, modules).values():
                waiting += structs_in(hint)
    return found


def test_every_field_that_may_hold_text_is_personal_or_known_to_be_harmless() -> None:
    unknown, personal_twice = [], []
    for name, struct in all_structs().items():
        hints = get_type_hints(struct)
        fields = {field for field in struct.__struct_fields__ if may_hold_text(hints[field])}
        personal = set(PERSONAL_OF_EVENTS.get(struct, {}))
        harmless = HARMLESS.get(name, set())
        # A customer is taken out whole.
        unknown += (
            [f"{name}.{field}" for field in sorted(fields - personal - harmless)] if struct is not Customer else []
        )
        personal_twice += [f"{name}.{field}" for field in sorted(personal & harmless)]
        assert harmless <= fields, f"{name} has no such texts: {harmless - fields}"
    assert unknown == []
    assert personal_twice == []


MARK = "Jane"
ADDRESS = Address(MARK, MARK, (MARK,), MARK, "BC", MARK, "CA", MARK, MARK, True)
PERSONAL = Content(
    number="A-1", customer=Customer(MARK, MARK, MARK, MARK, MARK), customer_number=MARK, bill_to=ADDRESS,
    lines=(Line(2, sku="x", description="Mug", unmapped={"s": MARK}),), gift=Gift(True, MARK), notes=MARK,
    destinations=(Destination("1", ADDRESS, "W1", "ground", MARK),), ship_from=Address("Shop", city="Winnipeg"),
    references=(Reference("po", "77"),), unmapped={"m": {"a": {"s": MARK}}},
)  # fmt: skip


class TestErased:
    def test_erased_content_has_the_books_and_nothing_of_the_person(self) -> None:
        left = Address(region="BC", country="CA")
        assert erased(PERSONAL) == Content(
            number="A-1", lines=(Line(2, sku="x", description="Mug"),), bill_to=left, gift=Gift(True),
            destinations=(Destination("1", left, "W1", "ground"),), ship_from=Address("Shop", city="Winnipeg"),
            references=(Reference("po", "77"),), unmapped={"m": {}},
        )  # fmt: skip
        assert erased(erased(PERSONAL)) == erased(PERSONAL)

    def test_erased_content_is_never_rendered_from_what_was_sent(self) -> None:
        assert erased(Content(number="A", lines=(Line(1),))).unmapped is not None


def log(*more: OrderEvent) -> tuple[Order, list[Event]]:
    order = msgspec.structs.replace(
        ORDER, content=PERSONAL, source=msgspec.structs.replace(ORDER.source, country="CA"), counters=ORDER.counters[:1]
    )
    facts = [each for each in ALL_FACTS if not isinstance(each, Erased)]
    orders, history = stored(order, [*facts, *more])
    return orders[-1], history


def with_payloads(history: list[Event], replaced: list[Event]) -> list[Event]:
    payloads = {each.number: each.payload for each in replaced}
    return [msgspec.structs.replace(each, payload=payloads.get(each.number, each.payload)) for each in history]


class TestErasedEvents:
    def test_the_erased_events_make_the_erased_order(self) -> None:
        order, history = log()
        assert rebuild(history) == order
        after = with_payloads(history, replaced_events(history))
        assert rebuild(after) == erased_order(order)
        assert MARK.encode() not in b"".join(each.payload for each in after)
        assert replaced_events(after) == []

    def test_hashes_of_replaced_events_bind_their_envelope_and_the_hash_before(self) -> None:
        _, history = log()
        hashes = {each.number: each.hash for each in replaced_events(history)}
        number = next(number for number in hashes if number - 1 in hashes)  # both of them are replaced
        for other in ({"hash": bytes(32)}, {"actor": "mallory"}):
            changed = list(history)
            changed[number - 2] = msgspec.structs.replace(history[number - 2], **other)
            now = {each.number: each.hash for each in replaced_events(changed)}
            assert {each for each in hashes if now[each] != hashes[each]} == {number if "hash" in other else number - 1}

    def test_a_second_erasure_lists_again_and_the_last_list_counts(self) -> None:
        lists = [Erased(events=((1, "aa" * 32), (2, "bb" * 32))), Erased(events=((2, "cc" * 32), (999, "dd" * 32)))]
        _, history = log(*lists)
        assert listed_hashes(history) == {1: b"\xaa" * 32, 2: b"\xcc" * 32}

    def test_the_answer_to_a_delay_stays_and_other_notes_say_only_that_they_were_erased(self) -> None:
        answer = Noted(text="The customer waits.", topic="backorder_consent", data={"number": 3, "answer": "accept"})
        assert erase_event(answer) is answer
        assert erase_event(Noted(text="x", topic="payment", data={"name": MARK}, joined=True)) == Noted(
            text="erased", joined=True
        )

    @pytest.mark.parametrize(
        ("event", "payload", "expected"),
        [
            (Held, b'{"hold":{"reason":"fraud","at":20,"note":"Jane"}}', b'{"hold":{"reason":"fraud","at":20}}'),
            (
                Allocated, b'{"location_ref":"W1","counters":[{"ordered":2}],"reason":"Jane"}',
                b'{"location_ref":"W1","counters":[{"ordered":2}]}',
            ),
        ],
    )  # fmt: skip
    def test_first_versions_of_events_keep_their_shape(
        self, event: type[OrderEvent], payload: bytes, expected: bytes
    ) -> None:
        stored = Event(1, "order", 2, 2, 2, event.name, 1, 20, "me", "s2", payload, b"")
        assert erased_payload(stored) == expected
        assert erased_payload(msgspec.structs.replace(stored, payload=expected)) is None


def test_to_erase_an_order_is_decided_once_and_again_after_new_notes() -> None:
    from crossdock.core.orders.commands import State

    order, history = log()
    command = EraseOrder(order_id=order.order_id, reason="Request 7")
    (said,) = command.decide(State(order, 1, "me", history=tuple(history)))
    assert isinstance(said, Erased)
    assert said.reason == "Request 7"
    assert [number for number, _ in said.events] == [each.number for each in replaced_events(history)]
    after = with_payloads(history, replaced_events(history))
    assert command.decide(State(order, 1, "me", history=tuple(after))) == []
    note = msgspec.structs.replace(after[-1], number=len(after) + 1, name="order.noted", payload=b'{"text":"Jane"}')
    (again,) = command.decide(State(order, 1, "me", history=(*after, note)))
    assert isinstance(again, Erased)
    assert [number for number, _ in again.events] == [note.number]


def test_counters_and_holds_are_those_of_before() -> None:
    held = msgspec.structs.replace(
        ORDER, content=PERSONAL, holds=(Hold("fraud", 1, MARK, 2),), counters=(Counters(2, allocated=1),)
    )
    assert erased_order(held).holds == (Hold("fraud", 1, number=2),)
    assert erased_order(held).counters == held.counters

"""Why an order does not go on, in sentences, and what can be done about it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.errors import Refusal
from crossdock.core.events import Event
from crossdock.core.explanation import Circumstances, Explanation, actions_of, explain
from crossdock.core.money import reconcile
from crossdock.core.orders.allocating import AllocateOrder, AskForDelay, DeallocateOrder, ReallocateOrder
from crossdock.core.orders.commands import (
    AddNote,
    AnswerBackorder,
    CancelOrder,
    Command,
    HoldRequest,
    PlaceHolds,
    ReleaseHolds,
    State,
)
from crossdock.core.orders.delivering import RecordTracking
from crossdock.core.orders.events import Received, append, new_order, record
from crossdock.core.orders.fulfilling import CreateFulfillment
from crossdock.core.orders.fulfillments import DeliveryStatus
from crossdock.core.orders.model import Totals
from crossdock.core.orders.shipping import ShipUnits
from crossdock.core.returns.commands import JudgeReturn, ReceiveReturn, RecordPayment, RefundOrder, RequestReturn
from crossdock.core.returns.refunds import balance
from crossdock.core.stock.model import Level
from tests.core.orders.book import NOW, Book


def history_of(book: Book) -> list[Event]:
    """Return the events of a book's order, from its receipt on."""
    received = Received(submission_id=3, content=book.order.content)
    order = new_order(received, organization_id=1, order_id=900, at=NOW, actor="me", door="hub")
    order, event = append(order, received, event_id=1, at=NOW, actor="me", door="hub")
    history = [event]
    for place, order_event in enumerate(book.events, 2):
        order, event = record(order, order_event, event_id=place, at=NOW, actor="me", door="hub")
        history.append(event)
    return history


def explained(book: Book, **known: Any) -> list[Explanation]:
    order = book.order
    money = balance(order.content, order.payments, order.refunds)
    circumstances = Circumstances(money, reconcile(order.content), history_of(book), **known)
    return explain(order, circumstances)


def texts(found: Sequence[Explanation]) -> list[str]:
    return [(each.one if each.one and each.values["n"] == 1 else each.text).format(**each.values) for each in found]


class TestSentences:
    def test_a_new_order_without_stock_has_to_be_shipped(self) -> None:
        (only,) = explained(Book([("A", 2)], totals=None))
        assert texts([only]) == ["2 of 2 units have to be shipped."]
        assert only.actions == ("ship", "fulfill")

    def test_a_hold_is_explained_first_and_suggests_its_release(self) -> None:
        book = Book([("A", 1)], {("A", "W"): 1})
        book.allocate()
        book.do(PlaceHolds, holds=(HoldRequest("fraud", "look at the card"),))
        first = explained(book)[0]
        assert first.kind == "blocked"
        assert first.detail == "look at the card"
        assert texts([first])[0].startswith("It is on hold: fraud.")
        assert first.actions == ("release", "cancel")

    def test_missing_stock_is_explained_with_the_reason_of_the_decision(self) -> None:
        book = Book([("A", 3)], {("A", "W"): 1})
        book.allocate()
        level = Level(1, 5, "A", "V", on_hand=9)
        found = explained(book, unserved={0: "only 1 of 3"}, levels=[level], allocates=True)
        assert "Stock is missing for 2 of 3 units." in texts(found)
        assert found[0].detail == "only 1 of 3"
        assert "Stock is available by now at V. Allocate the order." in texts(found)
        assert "1 unit is allocated to W, which has no fulfillment for it yet." in texts(found)

    def test_a_decision_without_a_location_is_explained(self) -> None:
        found = explained(Book([("A", 2)]), unserved={0: "too far"}, allocates=True)
        assert texts(found) == ["No location is chosen for 2 of 2 units."]
        assert found[0].detail == "too far"

    def test_work_of_a_location_and_carriage_are_explained(self) -> None:
        book = Book([("A", 2)], {("A", "W"): 2})
        book.do(CreateFulfillment, location_ref="W", new_id=book.new_id)
        assert "W has not begun to pick." in texts(explained(book))
        book.do(ShipUnits, new_id=book.new_id, number="1Z")
        assert texts(explained(book)) == ["2 units are with the carrier."]
        package = book.fulfillments[0].packages[0]
        report = {"package_id": package.package_id, "status": DeliveryStatus.LOST, "reported_at": NOW}
        book.do(RecordTracking, **report)
        assert "The carrier lost package 1Z." in texts(explained(book))

    def test_returns_are_explained_until_they_are_refunded(self) -> None:
        book = Book([("A", 2)], {("A", "W"): 2}, totals=Totals(items=Decimal(10)), currency="USD")
        book.do(ShipUnits, new_id=book.new_id, location_ref="W")
        book.do(RequestReturn, new_id=book.new_id, lines={0: 1})
        return_id = book.order.returns[0].return_id
        assert "1 unit is to come back." in texts(explained(book))
        book.do(ReceiveReturn, return_id=return_id)
        assert "1 unit came back, and nobody has decided what becomes of it." in texts(explained(book))
        book.do(JudgeReturn, return_id=return_id, restock={0: 1})
        assert "1 unit came back and is not refunded." in texts(explained(book))
        book.do(RefundOrder, new_id=book.new_id, return_id=return_id, amount=Decimal(5))
        assert not any("refunded" in text for text in texts(explained(book)))

    def test_money_is_explained_where_payments_are_known(self) -> None:
        book = Book([("A", 1)], totals=Totals(items=Decimal(5), total=Decimal(10)), currency="USD")
        assert "The totals do not add up: total." in texts(explained(book))
        book.do(RecordPayment, new_id=book.new_id, reference="p", changes={"authorized": Decimal(10)})
        assert "10.00 is authorized and not captured yet." in texts(explained(book))
        book.do(RecordPayment, new_id=book.new_id, reference="p", changes={"captured": Decimal(12)})
        assert "2.00 more was captured than the order costs." in texts(explained(book))
        book.do(CancelOrder)
        assert any("is canceled, and 12" in text for text in texts(explained(book)))

    def test_an_order_with_nothing_left_says_so(self) -> None:
        book = Book([("A", 1)])
        book.do(CancelOrder)
        (only,) = explained(book)
        assert (only.kind, texts([only])) == ("done", ["It is canceled. Nothing is left to do."])

    def test_the_question_about_a_delay_is_explained_until_it_is_answered(self) -> None:
        book = Book([("A", 2)], {("A", "W"): 1})
        book.allocate()
        book.do(AskForDelay, consent_by="2027-01-01")
        asked = "The customer was asked whether they wait, and can answer until 2027-01-01."
        assert asked in texts(explained(book))
        number = next(each.number for each in reversed(history_of(book)) if each.name == "order.backordered")
        book.events.extend(
            AnswerBackorder(order_id=900, number=number, answer="accept").decide(state_of(book))
        )  # fmt: skip
        assert "The customer was asked about the delay and waits." in texts(explained(book))


def state_of(book: Book) -> State:
    return State(book.order, book.now, "me", history=history_of(book))


# What each action asks for, in the simplest form.
COMMANDS: dict[str, Any] = {
    "hold": lambda book: PlaceHolds(order_id=900, holds=(HoldRequest("x"),)),
    "release": lambda book: ReleaseHolds(order_id=900),
    "cancel": lambda book: CancelOrder(
        order_id=900, lines={place: line.open for place, line in enumerate(book.order.counters) if line.open} or None
    ),
    "allocate": lambda book: AllocateOrder(order_id=900),
    "reallocate": lambda book: ReallocateOrder(order_id=900),
    "deallocate": lambda book: DeallocateOrder(order_id=900),
    "ship": lambda book: ShipUnits(order_id=900, new_id=book.new_id, location_ref="V"),
    "return": lambda book: RequestReturn(order_id=900, new_id=book.new_id),
    "note": lambda book: AddNote(order_id=900, text="x"),
}
STEPS: dict[str, list[Any]] = {
    "new": [],
    "held": ["hold"],
    "allocated": ["allocate"],
    "allocated and held": ["allocate", "hold"],
    "canceled": ["cancel"],
    "shipped": ["ship"],
    "shipped and returned": ["ship", "return"],
}


@pytest.mark.parametrize("state", STEPS)
def test_every_action_that_is_offered_is_accepted_and_the_others_are_refused(state: str) -> None:
    def made() -> Book:
        book = Book([("A", 2)], {("A", "W"): 9, ("A", "V"): 9})
        for step in STEPS[state]:
            book.do(COMMANDS[step](book))
        return book

    offered = actions_of(made().order, balance(made().order.content, (), ()))
    for action, command in COMMANDS.items():
        if action in offered:
            assert done(made(), command), (state, action)
        else:
            assert not done(made(), command), (state, action)


def done(book: Book, make: Any) -> bool:
    """Tell whether a command does something."""
    command: Command = make(book)
    try:
        return bool(book.do(command))
    except Refusal:
        return False

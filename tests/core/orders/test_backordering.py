"""Units of one line wait for stock, more or fewer, and the customer answers for the line."""

import msgspec
import pytest

from crossdock.core.errors import Conflict, Invalid, NotFound
from crossdock.core.events import Event
from crossdock.core.orders import events
from crossdock.core.orders.backordering import AnswerLineBackorder, SetBackordered, units_waiting, wait_of
from crossdock.core.orders.commands import Command, State, consent_answer, decide
from crossdock.core.orders.events import Backordered, Canceled, Deallocated, Held, Noted, OrderEvent, Received
from crossdock.core.orders.model import Content, Hold, Line, Order
from crossdock.core.orders.status import Counters

LINES = (Line(5, sku="MUG", line_ref="a"), Line(2, sku="CUP", line_ref="b"))


class Log:
    """An order with its events."""

    def __init__(self) -> None:
        received = Received(submission_id=1, content=Content("N-1", LINES))
        order = events.new_order(received, organization_id=1, order_id=7, at=1, actor="x", door="hub")
        self.history: list[Event] = []
        self.order: Order = order
        self.order, event = events.append(order, received, event_id=1, at=1, actor="x", door="hub")
        self.history.append(event)

    def do(self, command: Command) -> list[OrderEvent]:
        """Decide a command, and record what follows."""
        state = State(self.order, len(self.history) + 1, "x", history=tuple(self.history))
        decided = decide(command, state)
        for each in decided:
            self.record(each)
        return decided

    def record(self, order_event: OrderEvent) -> None:
        number = len(self.history) + 1
        self.order, event = events.record(self.order, order_event, event_id=number, at=number, actor="x", door="hub")
        self.history.append(event)


def waits(line_id: str, quantity: int) -> SetBackordered:
    return SetBackordered(order_id=7, line_id=line_id, quantity=quantity)


def answers(line_id: str, answer: str) -> AnswerLineBackorder:
    return AnswerLineBackorder(order_id=7, line_id=line_id, answer=answer)


@pytest.fixture
def log() -> Log:
    return Log()


class TestSetBackordered:
    def test_more_units_wait_and_then_fewer(self, log: Log) -> None:
        (more,) = log.do(waits("a", 3))
        assert isinstance(more, Backordered)
        assert more.lines == ((0, 3),)
        (fewer,) = log.do(waits("a", 1))
        assert isinstance(fewer, Deallocated)
        assert (fewer.lines, fewer.units) == (((0, 2),), ())
        assert log.order.counters == (Counters(5, backordered=1), Counters(2))
        assert log.do(waits("a", 1)) == []

    def test_no_more_units_wait_than_are_left(self, log: Log) -> None:
        log.record(Canceled(lines=((0, 2),), counters=(Counters(5, canceled=2), Counters(2))))
        with pytest.raises(Invalid) as refused:
            log.do(waits("a", 4))
        assert [(fault.path, fault.reason) for fault in refused.value.faults] == [
            (("quantity",), "must be at most 3, which are not allocated, shipped or canceled")
        ]

    def test_of_an_order_that_is_allocated_whole_nothing_is_left_to_wait(self, log: Log) -> None:
        log.record(events.Allocated(location_ref="W1", counters=(Counters(5, allocated=5), Counters(2, allocated=2))))
        with pytest.raises(Invalid) as refused:
            log.do(waits("a", 1))
        assert refused.value.faults[0].reason.startswith("must be at most 0,")

    def test_an_unknown_line_is_refused(self, log: Log) -> None:
        with pytest.raises(NotFound):
            log.do(waits("z", 1))

    def test_on_an_order_on_hold_a_wait_can_only_end(self, log: Log) -> None:
        log.do(waits("a", 3))
        log.record(Held(holds=(Hold("address", 1),)))
        with pytest.raises(Conflict):
            log.do(waits("a", 4))
        log.do(waits("a", 0))
        assert units_waiting(log.order, "a") == 0

    def test_the_log_rebuilds_the_order(self, log: Log) -> None:
        log.do(waits("a", 3))
        log.do(waits("b", 2))
        log.do(waits("a", 0))
        assert events.rebuild(log.history) == log.order


class TestAnswerLineBackorder:
    def test_accepting_is_recorded_once_and_answers_the_consent_page(self, log: Log) -> None:
        log.do(waits("a", 3))
        (note,) = log.do(answers("a", "accept"))
        assert isinstance(note, Noted)
        assert consent_answer(log.history, 2) == "accept"
        assert log.do(answers("a", "accept")) == []

    def test_an_event_about_several_lines_is_not_answered_by_one_of_them(self, log: Log) -> None:
        counters = (Counters(5, backordered=1), Counters(2, backordered=2))
        log.record(Backordered(lines=((0, 1), (1, 2)), counters=counters))
        log.do(answers("a", "accept"))
        assert consent_answer(log.history, 2) is None
        first, second = wait_of(log.history, "a"), wait_of(log.history, "b")
        assert first is not None
        assert second is not None
        assert (first.answer, second.answer) == ("accept", None)

    def test_declining_cancels_what_waits_of_the_line_and_nothing_else(self, log: Log) -> None:
        log.do(waits("a", 3))
        log.do(waits("b", 2))
        log.do(answers("a", "accept"))
        _, canceled = log.do(answers("a", "cancel"))
        assert isinstance(canceled, Canceled)
        assert canceled.lines == ((0, 3),)
        assert log.order.counters == (Counters(5, canceled=3), Counters(2, backordered=2))
        assert wait_of(log.history, "a") is None

    def test_a_line_that_does_not_wait_has_nothing_to_answer(self, log: Log) -> None:
        with pytest.raises(NotFound):
            log.do(answers("a", "accept"))


class TestWaitOf:
    def test_a_line_that_waits_again_begins_anew(self, log: Log) -> None:
        log.do(waits("a", 3))
        log.do(answers("a", "accept"))
        log.do(waits("a", 4))
        wait = wait_of(log.history, "a")
        assert wait is not None
        assert (wait.since, wait.asked, wait.answer, wait.answered_at) == (2, 4, "accept", 3)
        log.do(waits("a", 0))
        log.do(waits("a", 1))
        again = wait_of(log.history, "a")
        assert again is not None
        assert (again.since, again.answer) == (6, None)

    def test_a_notice_has_its_time(self, log: Log) -> None:
        log.do(waits("a", 3))
        asked = Backordered(lines=((0, 3),), counters=log.order.counters, consent_by="2026-12-24")
        log.record(asked)
        wait = wait_of(log.history, "a")
        assert wait is not None
        assert (wait.since, wait.notified_at) == (2, 3)
        assert msgspec.structs.asdict(wait)["asked"] == 3

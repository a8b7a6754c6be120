"""The commands on units of one line that wait for stock: how many wait, and what the customer says to the delay; pure.

A line is named by its id (`line_ids`), because positions change with edits.
"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from crossdock.core.errors import Code, Fault, Invalid, NotFound
from crossdock.core.events import Event
from crossdock.core.orders.commands import CONSENT_TOPIC, Command, State, check_allowed
from crossdock.core.orders.events import Backordered, Canceled, Deallocated, Noted, OrderEvent, decode_event, replay
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.orders.status import Status, Verb

_replace = msgspec.structs.replace
_ANSWERS = {"accept": "The customer waits.", "cancel": "The customer does not want to wait."}


def position_of(order: Order, line_id: str) -> int | None:
    """Return the position of the line with an id, or None."""
    ids = line_ids(order.content.lines)
    return ids.index(line_id) if line_id in ids else None


def units_waiting(order: Order, line_id: str) -> int:
    """Return how many units of a line wait for stock; 0 for a line that is not there."""
    position = position_of(order, line_id)
    return 0 if position is None else order.counters[position].backordered


class SetBackordered(Command, frozen=True, kw_only=True):
    """Let so many units of a line wait for stock: more of those that nothing was planned for, or fewer."""

    verb: ClassVar[Verb] = Verb.ALLOCATE
    line_id: str
    quantity: int

    def check(self, order: Order) -> None:
        """Refuse more on an order on hold; else the units that are left say what is possible."""
        if order.status is Status.ON_HOLD and self.quantity > units_waiting(order, self.line_id):
            super().check(order)

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.backordered` for more units, `order.deallocated` for fewer: nothing is planned for these then.

        Refuses with NotFound `not_found` an unknown line, with Invalid more units than are left.
        """
        position = _position(state.order, self.line_id)
        line, counters = state.order.counters[position], list(state.order.counters)
        more = self.quantity - line.backordered
        if more > line.unplanned:
            most = line.backordered + line.unplanned
            fault = Fault(("quantity",), f"must be at most {most}, which are not allocated, shipped or canceled")
            raise Invalid(Code.INVALID, "not so many units are left", faults=(fault,))
        if more == 0:
            return []
        counters[position] = _replace(line, backordered=self.quantity)
        kind = Backordered if more > 0 else Deallocated
        return [kind(lines=((position, abs(more)),), counters=tuple(counters), reason=self.reason)]


class AnswerLineBackorder(Command, frozen=True, kw_only=True):
    """Record what the customer says (accept, cancel) to the delay of one line; `cancel` cancels what waits of it."""

    verb: ClassVar[Verb] = Verb.NOTE
    reads_history: ClassVar[bool] = True
    line_id: str
    answer: str

    def check(self, order: Order) -> None:
        """Refuse a cancelation where the order cannot be canceled any more."""
        check_allowed(order, Verb.CANCEL if self.answer == "cancel" else Verb.NOTE)

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.noted`, and `order.canceled` where the customer does not wait; none where the same was answered before.

        Refuses with NotFound `not_found` where nothing of the line waits.
        """
        position = _position(state.order, self.line_id)
        line, counters = state.order.counters[position], list(state.order.counters)
        wait = wait_of(state.history, self.line_id)
        if not line.backordered or wait is None:
            raise NotFound(Code.NOT_FOUND, "nothing of the line waits for stock")
        if wait.answer == self.answer:
            return []
        # With the number of an event about this line alone, the answer is also that of the customer's consent page.
        data = {"number": wait.asked if wait.is_alone else 0, "answer": self.answer, "line": self.line_id}
        note = Noted(text=_ANSWERS[self.answer], topic=CONSENT_TOPIC, data=data)
        if self.answer == "accept":
            return [note]
        counters[position] = _replace(line, canceled=line.canceled + line.backordered, backordered=0)
        lines = ((position, line.backordered),)
        canceled = Canceled(lines=lines, counters=tuple(counters), reason=_ANSWERS["cancel"], backorder=True)
        return [note, canceled]


def _position(order: Order, line_id: str) -> int:
    position = position_of(order, line_id)
    if position is None:
        raise NotFound(Code.NOT_FOUND, "there is no such line")
    return position


class Wait(msgspec.Struct, frozen=True):
    """How a line came to wait: the number of the event since which it waits without a pause, and of the last one that said so.

    `is_alone`: that event is about no other line. `answer` (accept, cancel) is the customer's last one, given at `answered_at`,
    `notified_at` the time at which an answer was last asked for; times are microseconds since 1970 UTC.
    """

    since: int
    asked: int
    is_alone: bool
    answer: str | None = None
    answered_at: int | None = None
    notified_at: int | None = None


def wait_of(history: Sequence[Event], line_id: str) -> Wait | None:
    """Return how a line waits, from the order's events; None where nothing of it waits."""
    wait: Wait | None = None
    asked: set[int] = set()  # numbers of the events that said so of this line
    for event, order in replay(history):
        if not units_waiting(order, line_id):
            wait, asked = None, set()
            continue
        order_event = decode_event(event) if event.name in (Backordered.name, Noted.name) else None
        if isinstance(order_event, Backordered):
            if position_of(order, line_id) not in dict(order_event.lines):
                continue
            asked.add(event.number)
            notified = event.at if order_event.consent_by else wait.notified_at if wait else None
            base = wait or Wait(event.number, event.number, is_alone=True)
            wait = _replace(base, asked=event.number, is_alone=len(order_event.lines) == 1, notified_at=notified)
        elif wait is None:
            wait = Wait(event.number, event.number, is_alone=True)
        elif isinstance(order_event, Noted) and order_event.topic == CONSENT_TOPIC:
            data = order_event.data
            if data["number"] in asked or data.get("line") == line_id:
                wait = _replace(wait, answer=data["answer"], answered_at=event.at)
    return wait

"""Decisions: the events a command has for an order, and what it refuses."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from crossdock.core.errors import Code, Conflict, Fault, Invalid
from crossdock.core.orders.commands import (
    CancelOrder,
    Command,
    EditOrder,
    HoldRequest,
    PlaceHolds,
    ShipOrder,
    State,
    decide,
)
from crossdock.core.orders.events import Canceled, Edited, OrderEvent, Released, Shipped, evolve
from crossdock.core.orders.model import Content, Hold, Line, Order, Source, initial_counters

NOW = 1_000_000


def order_of(*lines: Line, holds: tuple[Hold, ...] = ()) -> Order:
    content = Content(number="N", lines=lines)
    return Order(1, 2, 1, 0, 0, Source("hub", 3, "me"), content, initial_counters(content), holds=holds)


def decided(order: Order, command: Command, content: Content | None = None) -> tuple[Order, list[OrderEvent]]:
    events = decide(command, State(order, NOW, "me", content=content))
    for event in events:
        order = evolve(order, event, at=NOW)
    return order, events


def edited(order: Order, *lines: Line) -> tuple[Order, list[OrderEvent]]:
    same: Callable[..., Any] = lambda document, _: document  # noqa: E731
    command = EditOrder(order_id=2, door="hub", change=same)
    return decided(order, command, msgspec.structs.replace(order.content, lines=lines))


FRAUD = Hold("fraud", at=0, number=4, lines=(0,))


class TestHoldsOnLines:
    def test_a_hold_ends_when_the_last_open_unit_of_its_line_is_canceled(self) -> None:
        order = order_of(Line(2, sku="A"), Line(1, sku="B"), holds=(FRAUD,))
        order, events = decided(order, CancelOrder(order_id=2, lines={0: 1}))
        assert ([type(each) for each in events], order.holds) == ([Canceled], (FRAUD,))
        order, events = decided(order, CancelOrder(order_id=2, lines={0: 1}))
        assert [type(each) for each in events] == [Canceled, Released]
        assert events[1] == Released(holds=((4, "fraud"),), reason="nothing of the lines on hold is open", joined=True)
        assert order.holds == ()
        assert [type(each) for each in decided(order, ShipOrder(order_id=2))[1]] == [Shipped]

    def test_a_hold_on_several_lines_stays_while_one_has_open_units(self) -> None:
        order = order_of(Line(1, sku="A"), Line(1, sku="B"), holds=(Hold("fraud", at=0, number=4, lines=(0, 1)),))
        order, events = decided(order, CancelOrder(order_id=2, lines={0: 1}))
        assert len(events) == len(order.holds) == 1

    def test_a_hold_ends_when_an_edit_leaves_its_line_no_open_unit(self) -> None:
        order = order_of(Line(2, sku="A"), Line(1, sku="B"), holds=(FRAUD,))
        order, _ = decided(order, CancelOrder(order_id=2, lines={0: 1}))
        order, events = edited(order, Line(1, sku="A"), Line(1, sku="B"))
        assert [type(each) for each in events] == [Edited, Released]
        assert order.holds == ()

    def test_a_hold_on_the_whole_order_stays_when_a_line_is_canceled(self) -> None:
        order = order_of(Line(1, sku="A"), Line(1, sku="B"), holds=(Hold("fraud", at=0, number=4),))
        order, events = decided(order, CancelOrder(order_id=2, lines={0: 1}))
        assert len(events) == len(order.holds) == 1

    @pytest.mark.parametrize("lines", [(Line(1, sku="B"),), (Line(1, sku="A2"), Line(1, sku="B"))])
    def test_an_edit_cannot_remove_or_replace_a_line_on_hold(self, lines: tuple[Line, ...]) -> None:
        order = order_of(Line(1, sku="A"), Line(1, sku="B"), holds=(FRAUD,))
        with pytest.raises(Conflict) as caught:
            edited(order, *lines)
        assert caught.value.code is Code.STATE_FORBIDS
        reason = "must still have line 'A', which is on hold (fraud); release the hold or cancel the line first"
        assert caught.value.faults == (Fault(("lines",), reason),)

    def test_a_line_on_hold_may_change_its_place_and_quantity(self) -> None:
        order = order_of(Line(1, sku="A"), Line(1, sku="B"), holds=(FRAUD,))
        order, _ = edited(order, Line(1, sku="B"), Line(3, sku="A"))
        assert [hold.lines for hold in order.holds] == [(1,)]

    def test_a_line_without_open_units_cannot_be_held(self) -> None:
        order, _ = decided(order_of(Line(1, sku="A"), Line(1, sku="B")), CancelOrder(order_id=2, lines={0: 1}))
        with pytest.raises(Invalid) as caught:
            decided(order, PlaceHolds(order_id=2, holds=(HoldRequest("fraud", lines=(1, 0)),)))
        reason = "has nothing open: 1 ordered, 1 canceled, 0 shipped"
        assert caught.value.faults == (Fault(("holds", 0, "lines", 1), reason),)

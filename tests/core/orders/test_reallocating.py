"""A part of an allocation moves, or all of it moves or nothing does; tests/flows/test_allocations.py moves real stock."""

import pytest

from crossdock.core.errors import Conflict
from crossdock.core.orders.allocations import AllocatedUnits, Allocation, UnitsTaken
from crossdock.core.orders.commands import State, decide
from crossdock.core.orders.events import Deallocated, Received, new_order
from crossdock.core.orders.model import Content, Line, Order
from crossdock.core.orders.reallocating import ReallocateUnits
from crossdock.core.orders.status import Counters
from tests.core.orders.test_backordering import events


def allocated_order() -> Order:
    received = Received(submission_id=1, content=Content("N-1", (Line(3, sku="MUG"),)))
    order = new_order(received, organization_id=1, order_id=7, at=1, actor="x", door="hub")
    allocation = Allocation(9, "W1", 1, (AllocatedUnits(0, 3, "MUG"),))
    event = events.Allocated(location_ref="W1", counters=(Counters(3, allocated=3),), allocation=allocation)
    return events.evolve(order, event, at=1)


def move(units: int, *, complete: bool = False) -> ReallocateUnits:
    taken = (UnitsTaken(9, 0, units),) if units else ()
    return ReallocateUnits(order_id=7, units=lambda _: taken, complete=complete)


class TestReallocateUnits:
    def test_without_stock_the_units_are_given_back(self) -> None:
        (given_back,) = decide(move(2), State(allocated_order(), 2, "x"))
        assert isinstance(given_back, Deallocated)
        assert (given_back.lines, given_back.counters) == (((0, 2),), (Counters(3, allocated=1),))

    def test_without_stock_a_complete_move_is_refused(self) -> None:
        with pytest.raises(Conflict, match="cannot be moved there"):
            decide(move(2, complete=True), State(allocated_order(), 2, "x"))

    def test_nothing_chosen_is_refused(self) -> None:
        with pytest.raises(Conflict, match="allocated any more"):
            decide(move(0), State(allocated_order(), 2, "x"))

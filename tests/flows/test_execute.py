"""The table of transitions against the commands: every small order, every verb, every argument.

What only fulfillment will do (delivered, returned) is there as counters.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations_with_replacement, product
from typing import TypeVar

import msgspec
import pytest

from crossdock.core.errors import Code, Conflict
from crossdock.core.orders import editing
from crossdock.core.orders.commands import (
    AddNote,
    ArchiveOrder,
    CancelOrder,
    ChangeTags,
    Command,
    HoldRequest,
    PlaceHolds,
    ReleaseHolds,
    ShipOrder,
    State,
    check_allowed,
    decide,
)
from crossdock.core.orders.events import Allocated, Edited, OrderEvent, Released
from crossdock.core.orders.model import Content, Hold, Line, Order, Source
from crossdock.core.orders.status import TRANSITIONS, Counters, Status, Verb
from tests.core.orders.test_status import sound

NOW = 1_000
Value = TypeVar("Value")
_replace = msgspec.structs.replace
Moves = dict[Status, dict[Verb, set[Status]]]


def order_of(counters: Sequence[Counters], holds: Sequence[tuple[int, ...]]) -> Order:
    """Return an order with these counters, and a hold for each tuple of lines."""
    content = Content(number="A", lines=tuple(Line(each.ordered, line_ref=f"L{n}") for n, each in enumerate(counters)))
    placed = tuple(Hold(f"h{n}", 1, number=n + 1, lines=lines) for n, lines in enumerate(holds))
    return Order(
        organization_id=1, order_id=2, version=1, created_at=10, updated_at=10, source=Source("s2", 3, "me"),
        content=content, counters=tuple(counters), holds=placed,
    )  # fmt: skip


def small_orders(*most: int) -> Iterator[Order]:
    """Return every order of one line of at most 3 units or two of at most these, with no hold, one, a line's, or two.

    An order with nothing open is never held (see events.Canceled).
    """
    lines: list[tuple[Counters, ...]] = [(line,) for line in sound(3)]
    first, second = (list(sound(units)) for units in most)
    lines += combinations_with_replacement(first, 2) if first == second else product(first, second)
    for counters in lines:
        yield order_of(counters, ())
        if any(line.open for line in counters):
            yield order_of(counters, ((),))
            open_lines = [position for position, line in enumerate(counters) if line.open]
            for position in open_lines:
                yield order_of(counters, ((position,),))
            if len(open_lines) > 1:
                yield order_of(counters, ((0,), (1,)))


class Fixed(Command, frozen=True, kw_only=True):
    """A command whose event is known."""

    event: OrderEvent

    def check(self, order: Order) -> None:
        """Allow it."""

    def decide(self, state: State) -> Sequence[OrderEvent]:
        return [self.event]


def deeds(order: Order, verb: Verb) -> Iterator[Order]:
    """Return an order after everything that a verb can do to it."""
    if verb is Verb.EDIT:
        for edited in edits(order.counters):
            if all(line in edited.new_positions for hold in order.holds for line in hold.lines):  # else it is refused
                yield after(order, decide(Fixed(order_id=2, event=edited), State(order, NOW, "me")))
    elif verb is Verb.ALLOCATE:
        for allocated in allocations(order):
            yield after(order, [allocated])
    for command in COMMANDS.get(verb, lambda _: ())(order):
        try:
            order_events = decide(command, State(order, NOW, "me"))
        except Conflict as refusal:  # the verb's own reasons, besides the status
            assert refusal.code is Code.STATE_FORBIDS
            continue
        assert not any(event.joined for event in order_events[:1]), "a verb is one change"
        assert all(event.joined and isinstance(event, Released) for event in order_events[1:]), "with at most a release"
        if order_events:
            yield after(order, order_events)


def after(order: Order, order_events: Iterable[OrderEvent]) -> Order:
    for number, order_event in enumerate(order_events, 9):
        order = order_event.apply(order, number)
    return order


@lru_cache(maxsize=1)  # the same whatever the holds
def edits(counters: tuple[Counters, ...]) -> list[Edited]:
    """Change each line's quantity, or take the line away; with and without another line."""
    order = order_of(counters, ())
    choices = [(None, *range(1, line.quantity + 2)) for line in order.content.lines]
    found: list[Edited] = []
    for quantities, more in product(product(*choices), (False, True)):
        kept = [
            _replace(line, quantity=quantity)
            for line, quantity in zip(order.content.lines, quantities, strict=True)
            if quantity is not None
        ]
        lines = (*kept, Line(1, line_ref="new")) if more else tuple(kept)
        if not lines:  # no door takes an order without lines
            continue
        try:
            revision = editing.revise(order, _replace(order.content, lines=lines))
        except Conflict:
            continue
        found.append(Edited(content=revision.content, counters=revision.counters, from_lines=revision.from_lines))
    return found


def allocations(order: Order) -> Iterator[OrderEvent]:
    """Allocate units that are not yet, in each line any number of them: at least one in all."""
    for more in product(*(range(line.open - line.allocated + 1) for line in order.counters)):
        if any(more):
            counters = tuple(
                _replace(
                    line,
                    allocated=line.allocated + used,
                    backordered=min(line.backordered, line.open - line.allocated - used),
                )
                for line, used in zip(order.counters, more, strict=True)
            )
            yield Allocated(location_ref="W", counters=counters)


def holds(order: Order) -> Iterator[Command]:
    for lines in ((), *((position,) for position, line in enumerate(order.counters) if line.open)):
        yield PlaceHolds(order_id=2, holds=(HoldRequest("other", lines=lines),))


def releases(order: Order) -> Iterator[Command]:
    yield ReleaseHolds(order_id=2)
    for held in order.holds:
        yield ReleaseHolds(order_id=2, numbers=(held.number,))


def shipments(order: Order) -> Iterator[Command]:
    yield ShipOrder(order_id=2)
    for quantities in product(*(range(line.open + 1) for line in order.counters)):
        if any(quantities):
            yield ShipOrder(order_id=2, lines={place: units for place, units in enumerate(quantities) if units})


def cancels(order: Order) -> Iterator[Command]:
    yield CancelOrder(order_id=2)
    for quantities in product(*(range(line.open + 1) for line in order.counters)):
        wanted = {position: quantity for position, quantity in enumerate(quantities) if quantity}
        if wanted:
            yield CancelOrder(order_id=2, lines=wanted)


COMMANDS: dict[Verb, Callable[[Order], Iterable[Command]]] = {
    Verb.HOLD: holds,
    Verb.RELEASE: releases,
    Verb.CANCEL: cancels,
    Verb.SHIP: shipments,
    Verb.TAG: lambda _: [ChangeTags(order_id=2, replace=("a",))],
    Verb.NOTE: lambda _: [AddNote(order_id=2, text="n")],
    Verb.ARCHIVE: lambda _: [ArchiveOrder(order_id=2)],
}


def is_refused(order: Order, verb: Verb) -> bool:
    try:
        check_allowed(order, verb)
    except Conflict as refusal:
        assert refusal.code is Code.STATE_FORBIDS
        assert refusal.facts["verbs"] == [str(each) for each in TRANSITIONS[order.status]]
        assert refusal.facts["status"] == str(order.status)
        return True
    return False


def found_moves(among: Iterable[Order]) -> Moves:
    """Do every verb to every order that allows it, and return the statuses that follow."""
    found: Moves = {status: {} for status in Status}
    for order in among:
        status = order.status
        assert {verb for verb in Verb if not is_refused(order, verb)} == set(TRANSITIONS[status])
        for verb in TRANSITIONS[status]:
            for changed in deeds(order, verb):
                check_sound(changed)
                found[status].setdefault(verb, set()).add(changed.status)
    return found


def check_sound(after: Order) -> None:
    """Check what holds of an order after any verb."""
    assert all(line.is_sound() for line in after.counters)
    assert [line.ordered for line in after.counters] == [line.quantity for line in after.content.lines]
    assert not after.holds or any(line.open for line in after.counters)
    assert all(any(after.counters[line].open for line in hold.lines) for hold in after.holds if hold.lines)


PROMISED: Moves = {status: {verb: set(to) for verb, to in verbs.items()} for status, verbs in TRANSITIONS.items()}


class TestMoves:
    def test_moves_of_every_small_order_are_exactly_those_of_the_table(self) -> None:
        assert found_moves(small_orders(1, 2)) == PROMISED

    @pytest.mark.prove
    @pytest.mark.parametrize("most", [2, 3])
    def test_moves_of_every_order_of_two_lines_of_as_many_units_are_exactly_those_of_the_table(self, most: int) -> None:
        assert found_moves(small_orders(most, most)) == PROMISED

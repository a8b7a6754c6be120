"""The status of an order, over every small combination of counters."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations_with_replacement, permutations, product
from typing import Any

import pytest

from crossdock.core.orders import status as order_status
from crossdock.core.orders.status import ANNOTATIONS, TRANSITIONS, Counters, Status, Verb, allowed_verbs, status_of

OUT = {Status.PARTIALLY_SHIPPED, Status.SHIPPED, Status.DELIVERED, Status.RETURNED}


@cache
def sound(most: int) -> tuple[Counters, ...]:
    """Give every sound combination of counters with at most that many units ordered."""
    units = range(most + 1)
    return tuple(each for values in product(units, repeat=8) if (each := Counters(*values)).is_sound())


def orders() -> Iterator[tuple[Counters, ...]]:
    """Give every order of one or two lines of at most two units."""
    yield from ((line,) for line in sound(2))
    yield from combinations_with_replacement(sound(2), 2)


def total(lines: tuple[Counters, ...], name: str) -> int:
    return sum(getattr(line, name) for line in lines)


def expected(lines: tuple[Counters, ...], held: bool) -> Status:
    """Say the status unit by unit: the furthest point all live units have reached, partial steps, then plans."""
    live = total(lines, "ordered") - total(lines, "canceled")
    if not live:
        return Status.CANCELED
    for name, status in (("returned", Status.RETURNED), ("delivered", Status.DELIVERED), ("shipped", Status.SHIPPED)):
        if all(getattr(line, name) == line.ordered - line.canceled for line in lines):
            return status
    if any(line.shipped for line in lines):
        return Status.PARTIALLY_SHIPPED
    if held:
        return Status.ON_HOLD
    if all(line.allocated == line.ordered - line.canceled for line in lines):
        return Status.ALLOCATED
    return Status.PARTIALLY_ALLOCATED if any(line.allocated for line in lines) else Status.OPEN


class TestStatusOf:
    def test_status_of_is_one_status_for_every_small_order(self) -> None:
        seen = set()
        for lines in orders():
            for held in (False, True):
                status = status_of(lines, held=held)
                assert status is expected(lines, held), (lines, held)
                seen.add(status)
        assert seen == set(Status)

    def test_status_of_is_canceled_exactly_when_nothing_is_live(self) -> None:
        for lines in orders():
            live = total(lines, "ordered") > total(lines, "canceled")
            assert (status_of(lines, held=False) is Status.CANCELED) == (not live)
            assert (status_of(lines, held=True) is Status.CANCELED) == (not live)

    def test_status_of_is_shipped_only_when_every_live_unit_is(self) -> None:
        for lines in orders():
            if status_of(lines, held=False) in (Status.SHIPPED, Status.DELIVERED, Status.RETURNED):
                assert all(line.shipped == line.ordered - line.canceled for line in lines)

    def test_status_of_does_not_let_a_hold_hide_what_has_shipped(self) -> None:
        for lines in orders():
            free, held = status_of(lines, held=False), status_of(lines, held=True)
            if total(lines, "shipped"):
                assert free is held
                assert free in OUT
            else:
                assert held in (Status.ON_HOLD, Status.CANCELED)

    def test_status_of_is_on_hold_only_when_held(self) -> None:
        assert not [lines for lines in orders() if status_of(lines, held=False) is Status.ON_HOLD]

    def test_status_of_does_not_depend_on_the_order_of_lines(self) -> None:
        few = sound(1)
        for lines in combinations_with_replacement(few, 3):
            assert len({status_of(turned, held=False) for turned in permutations(lines)}) == 1

    @pytest.mark.parametrize(
        ("lines", "status"),
        [
            ((Counters(2),), Status.OPEN),
            ((Counters(2, allocated=1),), Status.PARTIALLY_ALLOCATED),
            ((Counters(2, allocated=1, canceled=1),), Status.ALLOCATED),
            ((Counters(2, backordered=2),), Status.OPEN),
            ((Counters(2, shipped=1, delivered=1),), Status.PARTIALLY_SHIPPED),
            ((Counters(2, shipped=1, canceled=1),), Status.SHIPPED),
            ((Counters(2, shipped=2, delivered=1),), Status.SHIPPED),
            ((Counters(1, shipped=1, delivered=1), Counters(1, canceled=1)), Status.DELIVERED),
            ((Counters(1, shipped=1, delivered=1, return_requested=1),), Status.DELIVERED),
            ((Counters(1, shipped=1, delivered=1, return_requested=1, returned=1),), Status.RETURNED),
            ((Counters(3, canceled=3),), Status.CANCELED),
        ],
    )
    def test_status_of_is_what_a_person_would_say(self, lines: tuple[Counters, ...], status: Status) -> None:
        assert status_of(lines, held=False) is status


class TestIsSound:
    @pytest.mark.parametrize(
        "counters",
        [
            Counters(0),
            Counters(-1),
            Counters(1, canceled=-1),
            Counters(1, allocated=-1),
            Counters(1, backordered=-1),
            Counters(1, shipped=-1),
            Counters(1, shipped=1, delivered=-1),
            Counters(1, return_requested=-1),
            Counters(1, returned=-1),
            Counters(1, canceled=1, allocated=1),
            Counters(1, backordered=1, shipped=1),
            Counters(1, shipped=2),
            Counters(1, delivered=1),
            Counters(1, return_requested=1),
            Counters(1, shipped=1, returned=1),
            Counters(2, shipped=1, return_requested=2),
        ],
    )
    def test_is_sound_refuses_what_cannot_be(self, counters: Counters) -> None:
        assert not counters.is_sound()

    @pytest.mark.parametrize(
        "counters",
        [
            Counters(1),
            Counters(4, canceled=1, allocated=1, backordered=1, shipped=1),
            Counters(2, shipped=2, delivered=2, return_requested=2, returned=2),
            Counters(2, shipped=2, delivered=0, return_requested=1, returned=1),
        ],
    )
    def test_is_sound_accepts_what_can_be(self, counters: Counters) -> None:
        assert counters.is_sound()

    def test_is_sound_never_lets_a_counter_exceed_what_was_ordered(self) -> None:
        for counters in sound(2):
            assert all(0 <= getattr(counters, name) <= counters.ordered for name in Counters.__struct_fields__)


def open_units(line: Counters) -> list[str]:
    """Name the plan of each open unit, those first that are canceled first."""
    planned = ["backordered"] * line.backordered + ["allocated"] * line.allocated
    return ["unplanned"] * (line.open - len(planned)) + planned


class TestCancel:
    def test_cancel_takes_unplanned_then_backordered_then_allocated_units(self) -> None:
        for line in sound(4):
            for quantity in range(line.open + 1):
                after = line.cancel(quantity)
                assert open_units(after) == open_units(line)[quantity:], (line, quantity)
                assert after.canceled == line.canceled + quantity
                for name in ("ordered", "shipped", "delivered", "return_requested", "returned"):
                    assert getattr(after, name) == getattr(line, name)
                assert after.is_sound()

    def test_cancel_of_units_one_by_one_is_that_of_all_at_once(self) -> None:
        for line in sound(3):
            one_by_one = line
            for _ in range(line.open):
                one_by_one = one_by_one.cancel(1)
            assert one_by_one == line.cancel(line.open)

    def test_cancel_never_takes_more_than_is_open(self) -> None:
        for line in sound(2):
            for quantity in (-1, line.open + 1):
                with pytest.raises(AssertionError):
                    line.cancel(quantity)


class TestShip:
    def test_ship_leaves_nothing_open_and_nothing_planned(self) -> None:
        for line in sound(3):
            after = line.ship(line.open)
            assert after.is_sound()
            assert (after.open, after.allocated, after.backordered) == (0, 0, 0)
            assert after.shipped == line.shipped + line.open

    def test_a_part_shipment_takes_allocated_units_first_and_backordered_ones_last(self) -> None:
        for line in sound(3):
            for quantity in range(line.open + 1):
                after = line.ship(quantity)
                assert after.is_sound()
                assert (after.shipped, after.open) == (line.shipped + quantity, line.open - quantity)
                assert after.allocated == max(0, line.allocated - quantity)
                waiting = max(0, quantity - line.allocated - line.unplanned)
                assert after.backordered == line.backordered - waiting

    def test_more_than_is_open_cannot_be_shipped_or_allocated(self) -> None:
        line = Counters(3, canceled=1, allocated=1)
        with pytest.raises(AssertionError):
            line.ship(3)
        with pytest.raises(AssertionError):
            line.allocate(2)


class TestMoves:
    """What the table says of itself; tests/flows/test_moves.py proves that the verbs do just that."""

    def test_moves_are_named_for_every_status_in_the_order_of_the_table(self) -> None:
        assert {status: allowed_verbs(status) for status in Status} == {
            status: tuple(TRANSITIONS[status]) for status in Status
        }

    def test_moves_always_allow_marks_and_let_them_move_nothing(self) -> None:
        for status, verbs in TRANSITIONS.items():
            assert {mark: verbs[mark] for mark in ANNOTATIONS} == dict.fromkeys(ANNOTATIONS, (status,))

    @pytest.mark.parametrize(
        ("changes", "fault"),
        [
            ({Status.OPEN: {Verb.ALLOCATE: ("somewhere",)}}, "every status can be reached"),
            (
                {
                    each: {
                        verb: [to for to in row if to is not Status.SHIPPED] for verb, row in TRANSITIONS[each].items()
                    }
                    for each in Status
                },
                "every status can be reached",
            ),
            (
                {
                    each: {verb: to for verb, to in TRANSITIONS[each].items() if verb is not Verb.NOTE}
                    for each in Status
                },
                "asked",
            ),
        ],
        ids=["an unknown status", "a status nothing leads to", "a verb that is never asked"],
    )
    def test_moves_are_refused_at_import_with_a_fault(
        self, monkeypatch: pytest.MonkeyPatch, changes: dict[Status, dict[Verb, Any]], fault: str
    ) -> None:
        monkeypatch.setattr(order_status, "TRANSITIONS", TRANSITIONS | changes)
        with pytest.raises(AssertionError, match=fault):
            order_status._check_transitions()

    def test_moves_are_refused_at_import_without_a_row_for_each_status(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            order_status, "TRANSITIONS", {each: row for each, row in TRANSITIONS.items() if each is not Status.OPEN}
        )
        with pytest.raises(AssertionError, match="every status has a row"):
            order_status._check_transitions()

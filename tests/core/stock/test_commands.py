"""Commands on a stock level: what each makes of it, and what it refuses."""

import msgspec
import pytest

from crossdock.core.errors import Conflict, Fault, Refusal
from crossdock.core.stock.commands import AdjustStock, CountStock, ReceiveStock, SetLimits, StockCommand, decide
from crossdock.core.stock.events import Adjusted, BecameLow, BecameSufficient, Counted, LimitsChanged, ReceivedStock
from crossdock.core.stock.model import MAX_UNITS, Counter, Kind, Level, LevelKey

KEY = LevelKey("MUG", "W1")
NOW = 1_000


def level(**values: int) -> Level:
    return Level(1, 2, "MUG", "W1", **values)  # type: ignore[arg-type]


class TestAvailable:
    def test_what_is_allocated_or_kept_back_is_not_available(self) -> None:
        of = Level(1, 2, "MUG", "W1", on_hand=10, allocated=3, safety=2, counters=(Counter("damaged", 1),))
        assert (of.reserved, of.available) == (3, 4)

    def test_nothing_is_available_where_more_is_kept_back_than_lies_there(self) -> None:
        assert level(on_hand=1, safety=5).available == 0


class TestDecide:
    def test_a_count_sets_the_units_on_hand_and_says_what_it_found(self) -> None:
        change = decide(
            CountStock(key=KEY, quantity=7, reason="yearly"), level(on_hand=10, allocated=2, shipped=4), now=NOW
        )
        assert (change.level.on_hand, change.level.counted, change.level.counted_at, change.level.shipped) == (
            7,
            7,
            NOW,
            0,
        )
        assert (change.delta, change.kind) == (-3, Kind.COUNT)
        assert change.events == (Counted(sku="MUG", location="W1", on_hand=7, available=5, delta=-3, reason="yearly"),)

    def test_an_adjustment_adds_and_takes_away(self) -> None:
        change = decide(AdjustStock(key=KEY, delta=-3), level(on_hand=10), now=NOW)
        assert (change.level.on_hand, change.delta, change.kind) == (7, -3, Kind.ADJUST)
        assert change.events == (Adjusted(sku="MUG", location="W1", on_hand=7, available=7, delta=-3),)

    def test_a_receipt_adds(self) -> None:
        change = decide(ReceiveStock(key=KEY, quantity=5), level(), now=NOW)
        assert change.events == (ReceivedStock(sku="MUG", location="W1", on_hand=5, available=5, delta=5),)

    def test_limits_are_set_one_by_one(self) -> None:
        before = level(on_hand=10, safety=1)
        change = decide(
            SetLimits(key=KEY, counters=(Counter("b", 2), Counter("a", 1), Counter("c", 0))), before, now=NOW
        )
        counters = (Counter("a", 1), Counter("b", 2))
        assert (change.level.safety, change.level.counters, change.level.available) == (1, counters, 6)
        assert change.events == (
            LimitsChanged(sku="MUG", location="W1", on_hand=10, available=6, safety=1, counters=counters),
        )
        assert decide(SetLimits(key=KEY, safety=1), before, now=NOW).events == ()

    @pytest.mark.parametrize(
        ("command", "on_hand", "kinds"),
        [
            (AdjustStock(key=KEY, delta=-5), 10, [Adjusted]),
            (AdjustStock(key=KEY, delta=-6), 10, [Adjusted, BecameLow]),
            (AdjustStock(key=KEY, delta=-1), 4, [Adjusted]),
            (ReceiveStock(key=KEY, quantity=1), 4, [ReceivedStock, BecameSufficient]),
            (SetLimits(key=KEY, threshold=11), 10, [LimitsChanged, BecameLow]),
            (SetLimits(key=KEY, threshold=None), 4, [LimitsChanged]),
        ],
    )
    def test_crossing_the_threshold_makes_an_alert_once(
        self, command: StockCommand, on_hand: int, kinds: list[type]
    ) -> None:
        change = decide(command, level(on_hand=on_hand, threshold=5), now=NOW)
        assert [type(event) for event in change.events] == kinds

    def test_taking_more_than_there_is_says_so_where_nothing_is_allocated(self) -> None:
        with pytest.raises(Conflict, match="there are fewer units on hand") as caught:
            decide(AdjustStock(key=KEY, delta=-7), level(on_hand=5), now=NOW)
        assert caught.value.faults == (Fault(("delta",), "must be at least -5: 5 are on hand"),)
        with pytest.raises(Conflict, match="units that are allocated would be missing"):
            decide(AdjustStock(key=KEY, delta=-7), level(on_hand=5, allocated=1), now=NOW)

    @pytest.mark.parametrize(
        ("command", "fault"),
        [
            (CountStock(key=KEY, quantity=-1), Fault(("quantity",), f"must be from 0 to {MAX_UNITS}, not -1")),
            (CountStock(key=KEY, quantity=3), Fault(("quantity",), "must be at least 4, which are allocated to orders")),
            (AdjustStock(key=KEY, delta=-7), Fault(("delta",), "must be at least -6: 10 are on hand, 4 allocated")),
            (AdjustStock(key=KEY, delta=MAX_UNITS), Fault(("delta",), f"must leave at most {MAX_UNITS} units on hand")),
            (ReceiveStock(key=KEY, quantity=0), Fault(("quantity",), f"must be from 1 to {MAX_UNITS}, not 0")),
            (SetLimits(key=KEY, safety=-1), Fault(("safety",), f"must be from 0 to {MAX_UNITS}, not -1")),
            (SetLimits(key=KEY, counters=(Counter("a", 1), Counter("a", 2))),
             Fault(("counters", 1, "name"), "must be unique")),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_refused_with_its_place(self, command: StockCommand, fault: Fault) -> None:
        with pytest.raises(Refusal) as caught:
            decide(command, level(on_hand=10, allocated=4), now=NOW)
        assert caught.value.faults == (fault,)

    def test_a_level_that_has_changed_since_it_was_seen_is_not_overwritten(self) -> None:
        seen = level(on_hand=10)
        again = CountStock(key=KEY, quantity=8, seen=seen.event_number)
        assert decide(again, seen, now=NOW).level.on_hand == 8
        with pytest.raises(Conflict, match="was changed meanwhile"):
            decide(again, msgspec.structs.replace(seen, event_number=seen.event_number + 1), now=NOW)

    def test_units_that_are_allocated_cannot_be_counted_away(self) -> None:
        with pytest.raises(Conflict):
            decide(CountStock(key=KEY, quantity=0), level(on_hand=1, allocated=1), now=NOW)

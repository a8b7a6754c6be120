"""The commands on stock levels that inbound makes."""

import pytest

from crossdock.core.errors import Conflict, Invalid
from crossdock.core.inbound.units import ReceiveUnits, TakeUnits
from crossdock.core.stock.commands import decide
from crossdock.core.stock.model import MAX_UNITS, Counter, Level, LevelKey

NOW = 1_769_770_404_000_000
KEY = LevelKey("MUG", "W1")
PATH = ("lines", 0, "quantity")


def test_damaged_units_alone_make_no_level_sufficient() -> None:
    low = Level(1, 1, "MUG", "W1", threshold=1)
    change = decide(ReceiveUnits(key=KEY, quantity=2, damaged=2), low, now=NOW)
    assert (change.level.on_hand, change.level.available, change.level.is_low) == (2, 0, True)
    assert [event.name for event in change.events] == ["stock.received", "stock.limits_changed"]


@pytest.mark.parametrize(
    "level",
    [
        Level(1, 1, "MUG", "W1", on_hand=MAX_UNITS),
        Level(1, 1, "MUG", "W1", counters=(Counter("damaged", MAX_UNITS),)),
    ],
)
def test_a_level_that_would_be_too_large_is_refused_where_the_request_says_so(level: Level) -> None:
    with pytest.raises(Invalid) as refusal:
        decide(ReceiveUnits(key=KEY, quantity=1, damaged=1, path=PATH), level, now=NOW)
    assert [fault.path for fault in refusal.value.faults] == [PATH]


def test_allocated_reserved_and_damaged_units_are_not_taken() -> None:
    level = Level(1, 1, "MUG", "W1", on_hand=10, allocated=2, safety=3, counters=(Counter("damaged", 1),))
    assert decide(TakeUnits(key=KEY, quantity=4), level, now=NOW).level.on_hand == 6
    with pytest.raises(Conflict) as refusal:
        decide(TakeUnits(key=KEY, quantity=5, path=PATH), level, now=NOW)
    (fault,) = refusal.value.faults
    assert (fault.path, fault.reason) == (PATH, "needs 5 units of MUG at W1, and 4 are available")

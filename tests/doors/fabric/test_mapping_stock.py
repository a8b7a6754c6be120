"""Inventory bodies as commands on a level and a document, and back."""

from typing import Any

import msgspec
import pytest

from crossdock.core.errors import Invalid
from crossdock.core.stock.commands import decide
from crossdock.core.stock.model import Counter, Level, LevelKey
from crossdock.doors.fabric import mapping_stock
from crossdock.doors.fabric.mapping_stock import Planner, adjustment, inventory, merge, replacement
from crossdock.flows.stock_records import StockRecord

Tree = Any
KEY = LevelKey("MUG", "13", "12")
BODY = {"sku": "MUG", "locationNum": 13, "channelId": "12"}
# Orders have allocated 3 units and shipped 5 since the count of 100; the client has said that 2 are damaged.
LEVEL = Level(
    1, 7, "MUG", "13", "12", on_hand=95, allocated=3, shipped=5, safety=10, counters=(Counter("damaged", 2),),
    event_number=4,
)  # fmt: skip
RECORD = StockRecord(
    LEVEL, b'{"counters": ["on-hand", "damaged"], "itemId": 5, "attributes": {"a": 1}, "channelId": "12"}'
)


def done(plan: Planner, before: StockRecord | None = RECORD, **body: Tree) -> StockRecord:
    """Plan a change and do it to the level."""
    change = plan(KEY, BODY | body, before)
    level = before.level if before else Level(1, 7, "MUG", "13", "12")
    for command in change.commands:
        level = decide(command, level, now=1).level
    return StockRecord(level, change.draft.document)


def faults(plan: Planner, before: StockRecord | None = RECORD, **body: Tree) -> list[str]:
    with pytest.raises(Invalid) as refused:
        done(plan, before, **body)
    return [f"{'.'.join(map(str, fault.path))}: {fault.reason}" for fault in refused.value.faults]


class TestShown:
    def test_what_orders_have_taken_is_added_to_what_the_client_has_set(self) -> None:
        shown = inventory(RECORD)
        assert shown["counters"] == {"on-hand": 100, "damaged": 2, "allocated": 3, "shipped": 5}
        assert shown["virtualCounters"] == {"availableToPurchase": 100 - 3 - 5 - 10 - 2}

    def test_a_level_of_another_door_has_its_counters_and_nothing_else(self) -> None:
        shown = inventory(StockRecord(LEVEL))
        assert shown["counters"] == {"onHand": 100, "allocated": 3, "shipped": 5, "damaged": 2}
        assert (shown["channelId"], shown["itemId"], shown["attributes"]) == ("12", None, {})

    def test_more_kept_back_than_lies_there_is_shown_as_negative(self) -> None:
        level = msgspec.structs.replace(LEVEL, safety=200)
        assert inventory(StockRecord(level))["virtualCounters"] == {"availableToPurchase": -110}

    @pytest.mark.parametrize(("code", "number"), [("13", 13), ("0", 0), ("013", None), ("W1", None), ("", None)])
    def test_only_codes_that_are_numbers_are_locations_of_this_door(self, code: str, number: int | None) -> None:
        assert mapping_stock.location_num(code) == number


class TestSet:
    def test_the_counters_that_were_read_can_be_sent_back(self) -> None:
        """The available units stay; the units that orders shipped become the client's own."""
        for plan in (replacement, merge):
            after = done(plan, counters=inventory(RECORD)["counters"], safetyStock=10)
            assert inventory(after)["counters"] == inventory(RECORD)["counters"]
            assert inventory(after)["virtualCounters"] == inventory(RECORD)["virtualCounters"]
            assert (after.level.on_hand, after.level.shipped, after.level.allocated) == (100, 0, 3)

    def test_a_count_ends_what_orders_shipped_but_not_what_the_client_said_is_shipped(self) -> None:
        said = done(merge, counters={"shipped": 9})
        assert inventory(said)["counters"]["shipped"] == 9
        counted = done(merge, said, counters={"onHand": 50})
        assert (counted.level.on_hand, counted.level.shipped) == (50, 0)
        assert inventory(counted)["counters"] == {"onHand": 50, "damaged": 2, "shipped": 4, "allocated": 3}

    def test_allocated_cannot_be_set_below_what_orders_have_allocated(self) -> None:
        assert inventory(done(merge, counters={"allocated": 1}))["counters"]["allocated"] == 3
        assert inventory(done(merge, counters={"allocated": "8"}))["counters"]["allocated"] == 8

    def test_a_count_below_what_is_allocated_is_refused(self) -> None:
        reason = "must be at least 3, which are allocated to orders"
        assert faults(merge, counters={"on-hand": 2}) == [f"counters.on-hand: {reason}"]
        assert faults(replacement) == [f"counters.onHand: {reason}"]

    def test_replacement_forgets_what_the_body_leaves_out_but_not_the_item(self) -> None:
        after = done(replacement, counters={"onHand": 4})
        assert (after.level.safety, after.level.threshold, after.level.counters) == (0, None, ())
        shown = inventory(after)
        assert (shown["counters"], shown["attributes"]) == ({"onHand": 4, "allocated": 3}, {})
        assert shown["itemId"] == 5

    def test_merge_changes_only_what_the_body_has(self) -> None:
        after = done(merge, lowStock=4, attributes={"b": 2})
        assert (after.level.safety, after.level.threshold, after.level.on_hand) == (10, 4, 95)
        assert inventory(after)["attributes"] == {"a": 1, "b": 2}
        assert inventory(done(merge, after, lowStock=None, safetyStock=None))["virtualCounters"] == {
            "availableToPurchase": 90
        }

    def test_a_new_record_is_counted_so_that_its_first_event_is_a_count(self) -> None:
        for plan in (replacement, merge):
            change = plan(KEY, BODY, None)
            assert [type(command).__name__ for command in change.commands] == ["CountStock", "SetLimits"]

    def test_a_counter_of_no_units_is_shown_under_the_name_it_was_sent_with(self) -> None:
        assert inventory(done(merge, counters={"damaged": 0}))["counters"]["damaged"] == 0


class TestAdjustment:
    def test_units_are_added_to_each_counter(self) -> None:
        after = done(adjustment, counters={"onHand": "-5", "damaged": "+1", "lost": 4, "allocated": 2, "shipped": 1})
        assert (after.level.on_hand, after.level.shipped) == (90, 5)
        assert inventory(after)["counters"] == {
            "onHand": 95, "damaged": 3, "lost": 4, "allocated": 5, "shipped": 6,
        }  # fmt: skip

    def test_a_new_record_begins_at_zero(self) -> None:
        after = done(adjustment, None, counters={"damaged": 2})
        assert inventory(after)["counters"] == {"damaged": 2}
        assert inventory(after)["virtualCounters"] == {"availableToPurchase": -2}

    def test_all_counters_that_would_fall_too_low_are_named(self) -> None:
        assert faults(adjustment, counters={"onHand": -93, "damaged": -3, "shipped": -1}) == [
            "counters.onHand: must be at least -92: 95 are there, 3 allocated to orders",
            "counters.damaged: must be at least -2, which leaves 0",
            "counters.shipped: must be at least 0, which leaves 0",
        ]

    def test_a_counter_cannot_become_larger_than_a_quantity(self) -> None:
        assert faults(adjustment, counters={"damaged": 2_147_483_647}) == [
            "counters.damaged: must leave at most 2147483647"
        ]


class TestFaults:
    def test_counters_have_whole_numbers_and_one_name_each(self) -> None:
        tree = {"counters": {"onHand": "1.5", "on_hand": 1, "ALLOCATED": -1, "x" * 101: 1, "y": 2**31}}
        found = {fault.path[1]: fault.reason for fault in mapping_stock.counter_faults(tree)}
        assert set(found) == set(tree["counters"])

    @pytest.mark.parametrize("value", ["+10", "-10", "7", 7, -7, " 5 "])
    def test_an_adjustment_may_have_a_sign(self, value: int | str) -> None:
        assert list(mapping_stock.delta_faults({"counters": {"onHand": value}})) == []

    @pytest.mark.parametrize("value", ["", "+", "--1", "1e3", "٣", "99999999999", 2**31])
    def test_other_text_is_no_adjustment(self, value: int | str) -> None:
        assert len(list(mapping_stock.delta_faults({"counters": {"onHand": value}}))) == 1

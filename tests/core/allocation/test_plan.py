"""Plans of allocations: who serves what, and why; the same whatever order the inputs come in."""

import time
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.allocation.plan import Assignment, Demand, DemandLine, Location, Plan, plan
from crossdock.core.allocation.rules import DEFAULT_RULES, Filter, RuleSet, Score
from tests.slowness import slowness

# Seattle, Lyon and Tokyo; the customer is in Paris.
EAST = Location("EAST", country="US", latitude=47.6, longitude=-122.3)
LYON = Location("LYON", country="FR", latitude=45.8, longitude=4.8, priority=40, type="store")
TOKYO = Location("TOKYO", country="JP", latitude=35.7, longitude=139.7, cost=5)
PLACES = (EAST, LYON, TOKYO)
FEW = {("A", "", "EAST"): 3, ("A", "", "LYON"): 2, ("B", "", "LYON"): 1}
ONE_EACH = {("A", "", "EAST"): 1, ("A", "", "LYON"): 1, ("A", "", "TOKYO"): 1}
PARIS = {"country": "FR", "latitude": 48.9, "longitude": 2.4}


def demand(*lines: tuple[str, int], location: str | None = None, **rest: Any) -> Demand:
    wanted = tuple(DemandLine(place, sku, quantity, location) for place, (sku, quantity) in enumerate(lines))
    return Demand(wanted, **(PARIS | rest))


def served(made: Plan) -> list[tuple[int, str, int]]:
    return [(each.line, each.location, each.quantity) for each in made.assignments]


def ruled_out(made: Plan) -> dict[str, str]:
    return {each.location: each.ruled_out for each in made.candidates if each.ruled_out}


class TestOneLocation:
    def test_a_location_that_has_everything_serves_everything(self) -> None:
        stock = {("A", "", "EAST"): 9, ("A", "", "TOKYO"): 2, ("B", "", "TOKYO"): 1}
        made = plan(demand(("A", 2), ("B", 1)), stock, PLACES, ())
        assert served(made) == [(0, "TOKYO", 2), (1, "TOKYO", 1)]
        assert made.unserved == ()
        assert ruled_out(made) == {"LYON": "it has nothing of the order in stock"}

    def test_of_several_the_best_score_wins(self) -> None:
        stock = {("A", "", "EAST"): 1, ("A", "", "LYON"): 1, ("A", "", "TOKYO"): 1}
        nearest = RuleSet("near", scores=(Score("distance"),))
        cheapest = RuleSet("cheap", scores=(Score("cost"),))
        preferred = RuleSet("preferred", scores=(Score("priority"),))
        assert served(plan(demand(("A", 1)), stock, PLACES, (nearest,))) == [(0, "LYON", 1)]
        assert served(plan(demand(("A", 1)), stock, PLACES, (cheapest,))) == [
            (0, "EAST", 1)
        ]  # EAST and LYON cost nothing
        assert served(plan(demand(("A", 1)), stock, PLACES, (preferred,))) == [(0, "EAST", 1)]

    def test_the_plan_shows_how_each_location_scored(self) -> None:
        rules = RuleSet("r", scores=(Score("priority", 2), Score("coverage", 1)))
        made = plan(demand(("A", 2)), {("A", "", "EAST"): 1, ("A", "", "LYON"): 2}, PLACES, (rules,))
        assert [(each.location, each.score, each.parts) for each in made.candidates if each.score] == [
            ("LYON", 1800, (("priority", 800), ("coverage", 1000))),
            ("EAST", 1500, (("priority", 1000), ("coverage", 500))),
        ]

    def test_a_location_that_the_sender_named_is_the_only_one(self) -> None:
        stock = {("A", "", "EAST"): 1, ("A", "", "LYON"): 9}
        assert served(plan(demand(("A", 1), location="EAST"), stock, PLACES, ())) == [(0, "EAST", 1)]
        made = plan(demand(("A", 1), location="TOKYO"), stock, PLACES, ())
        assert made.unserved == ((0, 1, "TOKYO, which the sender named, has no A in stock"),)


class TestSplit:
    def test_units_are_split_over_locations_by_what_each_can_serve(self) -> None:
        made = plan(demand(("A", 4), ("B", 1)), FEW, PLACES, ())
        assert served(made) == [(0, "EAST", 2), (0, "LYON", 2), (1, "LYON", 1)]

    def test_what_nobody_has_is_unserved_and_the_rest_is_served(self) -> None:
        made = plan(demand(("A", 9), ("C", 1)), FEW, PLACES, ())
        assert served(made) == [(0, "EAST", 3), (0, "LYON", 2)]
        assert made.unserved == ((0, 4, "only 5 of 9 units of A are available"), (1, 1, "no location has C in stock"))

    def test_an_order_that_may_not_be_split_waits(self) -> None:
        made = plan(demand(("A", 4)), FEW, PLACES, (RuleSet("whole", split=False),))
        assert served(made) == []
        assert made.unserved == (
            (0, 4, "no single location has everything, and the rules 'whole' do not split orders"),
        )

    def test_an_order_of_little_value_is_not_split(self) -> None:
        rules = (RuleSet("small", split_from=Decimal(50)),)
        assert served(plan(demand(("A", 4), value=Decimal(49)), FEW, PLACES, rules)) == []
        assert len(served(plan(demand(("A", 4), value=Decimal(50)), FEW, PLACES, rules))) == 2

    def test_two_lines_of_one_sku_do_not_take_the_same_units(self) -> None:
        made = plan(demand(("A", 3), ("A", 3)), FEW, PLACES, ())
        assert served(made) == [(0, "EAST", 3), (1, "LYON", 2)]
        assert made.unserved[0][:2] == (1, 1)


class TestFilters:
    @pytest.mark.parametrize(
        ("condition", "out"),
        [
            (Filter("country"), {"EAST": "it is in US, not in FR", "TOKYO": "it is in JP, not in FR"}),
            (Filter("country", values=("US", "JP")), {"LYON": "it is in FR, not in US, JP"}),
            (Filter("location_type", values=("warehouse",)), {"LYON": "it is a store, not a warehouse"}),
            (Filter("distance", most=1000), {
                "EAST": "it is 8039 km away, more than 1000 km are not allowed",
                "TOKYO": "it is 9705 km away, more than 1000 km are not allowed"}),
            (Filter("in_stock"), {}),
        ],
    )  # fmt: skip
    def test_a_filter_rules_out_locations_and_says_why(self, condition: Filter, out: dict[str, str]) -> None:
        made = plan(demand(("A", 1)), ONE_EACH, PLACES, (RuleSet("r", filters=(condition,)),))
        assert ruled_out(made) == out

    def test_a_location_that_is_full_takes_no_order(self) -> None:
        full = msgspec.structs.replace(LYON, room=0)
        made = plan(demand(("A", 1)), {("A", "", "LYON"): 1}, (full,), ())
        assert ruled_out(made) == {"LYON": "it can take no more orders"}
        assert made.unserved == ((0, 1, "no location that has A passes the rules 'default'"),)

    def test_a_place_without_coordinates_is_at_an_unknown_distance(self) -> None:
        rules = RuleSet("r", filters=(Filter("distance", most=10),))
        made = plan(demand(("A", 1)), {("A", "", "X"): 1}, (Location("X"),), (rules,))
        assert ruled_out(made) == {"X": "it is at an unknown distance, more than 10 km are not allowed"}


class TestRuleSets:
    def test_the_first_rules_whose_conditions_fit_are_used(self) -> None:
        sets = (
            RuleSet("fabric", doors=("fabric",)), RuleSet("rush", tags=("rush",)), RuleSet("japan", countries=("JP",)),
        )  # fmt: skip
        stock = {("A", "", "EAST"): 1}
        assert plan(demand(("A", 1), door="fabric", tags=("rush",)), stock, PLACES, sets).rules == "fabric"
        assert plan(demand(("A", 1), door="hub", tags=("rush", "x")), stock, PLACES, sets).rules == "rush"
        assert plan(demand(("A", 1), country="JP"), stock, PLACES, sets).rules == "japan"
        assert plan(demand(("A", 1)), stock, PLACES, sets).rules == DEFAULT_RULES.name


codes = [f"L{number}" for number in range(6)]
drawn_locations = st.lists(
    st.builds(
        Location, st.sampled_from(codes), country=st.sampled_from(["US", "FR", None]), priority=st.integers(0, 100),
        latitude=st.none() | st.floats(-90, 90), longitude=st.none() | st.floats(-180, 180), cost=st.integers(0, 9),
        room=st.none() | st.integers(0, 2),
    ),
    max_size=6, unique_by=lambda each: each.code,
)  # fmt: skip
drawn_demands = st.builds(
    lambda lines, value: Demand(
        tuple(DemandLine(place, *line) for place, line in enumerate(lines)), value=value, latitude=40.0, longitude=1.0
    ),
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.integers(1, 9), st.none() | st.sampled_from(codes)), min_size=1, max_size=5
    ),
    st.none() | st.decimals(0, 100, places=2),
)
drawn_stock = st.dictionaries(
    st.tuples(st.sampled_from("ABC"), st.just(""), st.sampled_from(codes)), st.integers(0, 9), max_size=18
)
drawn_rules = st.lists(
    st.builds(
        RuleSet, st.just("r"), countries=st.sampled_from([(), ("FR",)]), split=st.booleans(),
        split_from=st.none() | st.just(Decimal(50)),
        scores=st.lists(
            st.builds(Score, st.sampled_from(["priority", "distance", "coverage", "cost", "stock"]), st.integers(1, 5)),
            max_size=3,
        ).map(tuple),
        filters=st.lists(st.sampled_from([Filter("in_stock"), Filter("capacity"), Filter("distance", most=5000)]), max_size=2
        ).map(tuple),
    ),
    max_size=2,
)  # fmt: skip


class TestAnyPlan:
    @given(drawn_demands, drawn_stock, drawn_locations, drawn_rules, st.randoms())
    def test_the_order_of_the_inputs_makes_no_difference(
        self, wanted: Demand, stock: dict[Any, int], places: list[Location], rules: list[RuleSet], random: Random
    ) -> None:
        made = plan(wanted, stock, places, rules)
        lines, pairs = list(wanted.lines), list(stock.items())
        for each in (lines, pairs, places):
            random.shuffle(each)
        assert plan(msgspec.structs.replace(wanted, lines=tuple(lines)), dict(pairs), places, rules) == made

    @given(drawn_demands, drawn_stock, drawn_locations, drawn_rules)
    def test_no_unit_is_served_twice_and_none_is_lost(
        self, wanted: Demand, stock: dict[Any, int], places: list[Location], rules: list[RuleSet]
    ) -> None:
        made = plan(wanted, stock, places, rules)
        used: dict[tuple[str, str], int] = {}
        by_line: dict[int, int] = {position: units for position, units, _ in made.unserved}
        for each in made.assignments:
            line = wanted.lines[each.line]
            assert each.quantity > 0
            assert line.location in (None, each.location)
            used[line.sku, each.location] = used.get((line.sku, each.location), 0) + each.quantity
            by_line[each.line] = by_line.get(each.line, 0) + each.quantity
        assert all(units <= stock[sku, "", location] for (sku, location), units in used.items())
        assert by_line == {line.position: line.quantity for line in wanted.lines}
        assert {each.location for each in made.assignments} <= {
            each.location for each in made.candidates if each.score is not None
        }
        assert {each.location for each in made.candidates} == {place.code for place in places}

    def test_an_order_of_five_lines_over_two_hundred_locations_takes_less_than_ten_milliseconds(self) -> None:
        random = Random(1)
        places = [
            Location(f"L{n:03d}", "US", latitude=random.uniform(25, 48), longitude=random.uniform(-120, -70))
            for n in range(200)
        ]
        skus = [f"S{n}" for n in range(5)]
        stock = {(sku, "", place.code): random.randint(0, 3) for sku in skus for place in places}
        wanted = Demand(tuple(DemandLine(n, sku, 4) for n, sku in enumerate(skus)), latitude=40.7, longitude=-74.0)
        slow, times = slowness(), []
        for _ in range(60):
            began = time.process_time()
            made = plan(wanted, stock, places, ())
            times.append(time.process_time() - began)
        assert made.unserved == ()
        assert sorted(times)[len(times) // 2] < 0.010 * max(slow, slowness()), times
        assert Assignment(0, made.assignments[0].location, made.assignments[0].quantity) == made.assignments[0]

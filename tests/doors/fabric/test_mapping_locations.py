"""Location bodies as the organization's locations, and back."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from crossdock.core.catalog.locations import Closure, Location, OpeningHours, decode_location, encode_location
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.model import Address
from crossdock.doors import encode_json
from crossdock.doors.fabric import examples_stock, mapping_locations
from crossdock.doors.fabric.mapping_locations import body_of, merged_location, to_location

Tree = Any
BODY: dict[str, Tree] = parse(encode_json(examples_stock.LOCATION))
ADDRESS = Address(
    lines=("123 Pine Street",), city="Seattle", region="WA", postal_code="98101", country="US", phone="2065550100",
    email="jane@example.com",
)  # fmt: skip
replace = msgspec.structs.replace


def stored(location: Location) -> Location:
    """Return a location as it is read after it was written."""
    return decode_location(encode_location(location))


class TestToLocation:
    def test_a_body_becomes_the_location_that_all_doors_know(self) -> None:
        location = to_location("13", BODY)
        assert replace(location, door_fields={}) == Location(
            "13", name="Seattle", type="warehouse", address=ADDRESS, latitude=47.6101, longitude=-122.3351,
            hours=(OpeningHours("monday", "10:00", "16:00"),), services={"isCurbsidePickUp": False},
        )  # fmt: skip

    def test_what_this_door_does_not_know_stays(self) -> None:
        before = Location(
            "13", priority=7, capacity=5, closures=(Closure("2030-01-01T00:00:00Z"),), door_fields={"s2": 1}
        )
        after = to_location("13", {"name": "x"}, before)
        assert (after.priority, after.capacity, after.closures) == (7, 5, before.closures)
        assert after.door_fields == {"s2": 1, "fabric": {"name": "x"}}

    @pytest.mark.parametrize(
        "listed", [[-122, Decimal("47.5")], ["-122", "47.5"], [["-122", "47.50"]], [[Decimal(-122), Decimal("47.5")]]]
    )
    def test_coordinates_are_read_as_numbers_and_text_also_one_level_deeper(self, listed: list[Tree]) -> None:
        body = {"coordinates": {"coordinates": listed}}
        assert list(mapping_locations.coordinate_faults(body)) == []
        location = to_location("1", body)
        assert (location.longitude, location.latitude) == (-122.0, 47.5)

    @pytest.mark.parametrize(
        "listed",
        [[1], [1, 2, 3], [181, 1], [1, -91], ["x", 1], [True, 1], ["NaN", 1], [[[1, 2]]], [None, 1], [[1, 2], 3]],
    )
    def test_other_coordinates_are_a_fault(self, listed: list[Tree]) -> None:
        assert len(list(mapping_locations.coordinate_faults({"coordinates": {"coordinates": listed}}))) == 1


class TestBody:
    def test_a_location_is_shown_as_it_was_sent(self) -> None:
        body = body_of(stored(to_location("13", BODY)))
        assert {name: value for name, value in body.items() if value is not None} == BODY

    def test_what_another_door_changed_is_shown_as_it_is_now(self) -> None:
        location = replace(
            stored(to_location("13", BODY)), name="Renamed", active=False, address=replace(ADDRESS, city="Tacoma"),
            hours=(OpeningHours("sunday", "8", "9", "pickup"), OpeningHours("sunday", "9", "10")),
        )  # fmt: skip
        body = body_of(location)
        assert (body["name"], body["isActive"], body["type"]) == ("Renamed", False, "Warehouse")
        assert body["address"] == {
            "addressLine1": "123 Pine Street", "city": "Tacoma", "state": "WA", "country": "USA", "postalCode": "98101",
            "contact": [{"email": "jane@example.com", "phone": [{"number": "2065550100"}]}],
        }  # fmt: skip
        assert body["operatingHours"] == [
            {"day": "Sunday", "hours": [
                {"open": "8", "close": "9", "type": "PICK_UP"}, {"open": "9", "close": "10", "type": "OPEN"},
            ]},
        ]  # fmt: skip

    def test_a_location_of_another_door_is_shown_from_its_own_fields(self) -> None:
        body = body_of(Location("7", name="Hub", address=Address(lines=("a", "b", "c", "d", "e"))))
        assert body["address"] == {
            "addressLine1": "a",
            "addressLine2": "b",
            "addressLine3": "c",
            "addressLine4": "d, e",
        }
        assert (body["attributes"], body["coordinates"], body["services"]) == (None, None, None)


class TestMerge:
    def test_untouched_fields_of_another_door_lose_nothing(self) -> None:
        """This door has no company in its address, and only the first phone of a contact."""
        before = Location("7", address=Address(company="ACME", lines=("1 Pine",), city="Seattle"), type="Cross-Dock")
        after = merged_location("7", {"name": "x"}, before)
        assert (after.address, after.type, after.name) == (before.address, "Cross-Dock", "x")

    def test_objects_are_merged_and_arrays_replaced(self) -> None:
        changes = {"address": {"city": "Tacoma", "contact": []}, "operatingHours": [], "attributes": {"b": 1}}
        after = merged_location("13", changes, stored(to_location("13", BODY)))
        assert after.address == Address(
            lines=("123 Pine Street",), city="Tacoma", region="WA", postal_code="98101", country="US"
        )
        assert after.hours == ()
        assert body_of(after)["attributes"] == {"isReturns": True, "b": 1}


class TestAttributes:
    DEFINITIONS = (
        {"code": "flag", "type": "BOOLEAN", "required": True},
        {"code": "count", "type": "INTEGER", "required": False},
        {"code": "rate", "type": "NUMBER", "required": False},
        {"code": "text", "type": "STRING", "required": False},
    )

    @pytest.mark.parametrize(
        ("attributes", "is_new", "faulty"),
        [
            ({"flag": True, "count": 1, "rate": Decimal("1.5"), "text": "", "other": []}, True, []),
            (None, True, ["flag"]),
            (None, False, []),
            ({"flag": None}, True, ["flag"]),
            ({"flag": 1, "count": True, "rate": "1", "text": 5}, False, ["flag", "count", "rate", "text"]),
            ({"flag": False, "count": Decimal("1.5")}, True, ["count"]),
        ],
    )
    def test_values_have_their_defined_types_and_new_locations_the_required_ones(
        self, attributes: Tree, is_new: bool, faulty: list[str]
    ) -> None:
        found = mapping_locations.attribute_faults(attributes, self.DEFINITIONS, is_new=is_new)
        assert [fault.path for fault in found] == [("attributes", code) for code in faulty]

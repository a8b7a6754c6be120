"""Rows of locations: read, merged into what is there, written again."""

from crossdock.core.catalog.location_rows import COLUMNS, cells_of, column_faults, merge_row, read_row
from crossdock.core.catalog.locations import Location
from crossdock.core.orders.model import Address


def row(**cells: str) -> Location:
    found, faults = read_row(cells)
    assert faults == []
    assert found is not None
    return merge_row(None, found)


def test_a_row_makes_a_location_and_is_written_again() -> None:
    cells = {
        "code": "W1", "name": "One", "type": "store", "latitude": "49.5", "longitude": "-97.25", "active": "false",
        "priority": "7", "cost": "3", "capacity": "9", "company": "Co", "line1": "a", "line2": "b", "line3": "c", "city": "C",
        "region": "R", "postal_code": "P", "country": "CA", "phone": "1", "email": "e",
    }  # fmt: skip
    location = row(**cells)
    assert location.address is not None
    assert (location.latitude, location.active, location.address.lines) == (49.5, False, ("a", "b", "c"))
    written = [str(value).lower() if isinstance(value, bool) else str(value) for value in cells_of(location)]
    assert dict(zip(COLUMNS, written, strict=True)) == cells


def test_an_empty_cell_leaves_what_is_there() -> None:
    before = Location(
        "W1", name="One", cost=5, address=Address(lines=("a", "b", "c", "d"), city="C", residential=True),
        door_fields={"x": 1},
    )  # fmt: skip
    found, _ = read_row({"code": "W1", "name": "", "line2": "B", "priority": "1"})
    assert found is not None
    after = merge_row(before, found)
    assert (after.name, after.cost, after.priority, after.door_fields) == ("One", 5, 1, {"x": 1})
    assert after.address == Address(lines=("a", "B", "c", "d"), city="C", residential=True)


def test_a_row_without_an_address_adds_none() -> None:
    assert row(code="W1", name="One").address is None


def test_every_wrong_cell_is_named() -> None:
    found, faults = read_row({"code": "import", "latitude": "91", "active": "yes", "priority": "101", "country": "ZZ"})
    assert found is None
    assert [fault.path for fault in faults] == [("code",), ("latitude",), ("active",), ("priority",), ("country",)]
    assert [fault.path for fault in column_faults(["code", "size"])] == [("size",)]

"""Rows of a CSV file read as locations; pure."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core import csv_rows
from crossdock.core.catalog.codes import MAX_CODE, MAX_NAME, read_code
from crossdock.core.catalog.locations import Location
from crossdock.core.csv_rows import Convert, country, degrees, flag, text, whole
from crossdock.core.errors import Fault
from crossdock.core.orders.model import Address

MAX_NUMBER = 2_147_483_647  # of cost and capacity
LINES = ("line1", "line2", "line3")


class LocationRow(Struct, frozen=True):
    """A row: the code, and the members of the location and of its address that are not empty."""

    code: str
    values: dict[str, Any]
    address: dict[str, Any]


_OWN: dict[str, Convert] = {
    "code": read_code, "name": text(MAX_NAME), "type": text(MAX_CODE), "latitude": degrees(90), "longitude": degrees(180),
    "active": flag, "priority": whole(0, 100), "cost": whole(0, MAX_NUMBER), "capacity": whole(0, MAX_NUMBER),
}  # fmt: skip
_ADDRESS: dict[str, Convert] = {
    "company": text(), **dict.fromkeys(LINES, text()), "city": text(), "region": text(), "postal_code": text(100),
    "country": country, "phone": text(100), "email": text(),
}  # fmt: skip
COLUMNS = (*_OWN, *_ADDRESS)


def column_faults(columns: list[str]) -> list[Fault]:
    """Find faults of the first row."""
    return csv_rows.column_faults(columns, COLUMNS, of="locations", required=("code",))


def read_row(cells: Mapping[str, str]) -> tuple[LocationRow | None, list[Fault]]:
    """Read a row, cells by column: the location, or a fault for each wrong cell. Empty cells say nothing."""
    own, faults = csv_rows.read_cells(cells, _OWN, required=("code",))
    address, wrong = csv_rows.read_cells(cells, _ADDRESS)
    faults += wrong
    if faults:
        return None, faults
    return LocationRow(own.pop("code"), own, address), []


def merge_row(before: Location | None, row: LocationRow) -> Location:
    """Return a location with what a row says; what the row leaves empty stays, a new location begins with the defaults."""
    location = before or Location(row.code)
    values = dict(row.values)
    if row.address:
        address = location.address or Address()
        given = {name: value for name, value in row.address.items() if name not in LINES}
        if any(name in row.address for name in LINES):
            stored = (*address.lines, *[""] * len(LINES))
            lines = [row.address.get(name) or stored[place] for place, name in enumerate(LINES)]
            given["lines"] = tuple(line for line in (*lines, *address.lines[len(LINES) :]) if line)
        values["address"] = msgspec.structs.replace(address, **given)
    return msgspec.structs.replace(location, **values)


def cells_of(location: Location) -> list[Any]:
    """Return the values of a location in the order of the columns, to be written as a row."""
    address = location.address or Address()
    lines = (*address.lines, *[None] * len(LINES))
    values = {name: getattr(location, name) for name in _OWN}
    values |= {name: lines[LINES.index(name)] if name in LINES else getattr(address, name) for name in _ADDRESS}
    return [values[name] for name in COLUMNS]

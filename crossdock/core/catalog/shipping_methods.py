"""Shipping methods: ways to ship that a shop offers, one canonical document for all doors, and their CSV rows; pure.

A shipping method has a code, which orders and shops name, unique in its organization. Fields that only one door knows are in
`door_fields`, and come back through that door.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core import csv_rows
from crossdock.core.catalog.codes import MAX_CODE, MAX_NAME, read_code
from crossdock.core.csv_rows import Convert, country, currency, flag, measure, text, whole
from crossdock.core.errors import Fault

KIND = "shipping_method"
MAX_DAYS = 1_000
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class ShippingMethod(Struct, frozen=True, omit_defaults=True):
    """A shipping method. It takes from `min_days` to `max_days` days; an order after `cutoff_time` (such as 13:30, local time
    where it ships from) leaves a day later. `countries` are those it ships to (ISO 3166-1 alpha-2), all where it is empty."""

    code: str
    name: str | None = None
    carrier: str | None = None
    service: str | None = None
    active: bool = True
    min_days: int | None = None
    max_days: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    countries: tuple[str, ...] = ()
    cutoff_time: str | None = None
    door_fields: dict[str, Any] = {}


_DECODER = msgspec.json.Decoder(ShippingMethod, float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode_method(document: bytes) -> ShippingMethod:
    """Decode a shipping method's stored document."""
    return _DECODER.decode(document)


def encode_method(method: ShippingMethod) -> bytes:
    """Encode a shipping method's document, as it is stored."""
    return _ENCODER.encode(method)


def search_text(method: ShippingMethod) -> str:
    """Return the text in which lists search a term: code, name, carrier and service."""
    return "\n".join(part for part in (method.code, method.name, method.carrier, method.service) if part)


def is_time_of_day(cell: str) -> bool:
    """Tell whether a text is a time of day from 00:00 to 23:59."""
    return _TIME.fullmatch(cell) is not None


def consistency_faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield faults of members that do not fit together; values of a wrong type are passed over."""
    least, most = values.get("min_days"), values.get("max_days")
    if isinstance(least, int) and isinstance(most, int) and most < least:
        yield Fault(("max_days",), f"must be at least min_days, {least}")
    if values.get("cost") is not None and values.get("currency") is None:
        yield Fault(("currency",), "is required where a cost is given")


# -------------------------------------------------------------------------------------------------------------- CSV rows
class ShippingMethodRow(Struct, frozen=True):
    """A row: the code, and the members of the shipping method that are not empty."""

    code: str
    values: dict[str, Any]


def _time_of_day(cell: str) -> str:
    if not is_time_of_day(cell):
        raise ValueError(f"must be a time of day, such as 13:30, not {cell[:40]!r}")
    return cell


def _countries(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(country(code) for code in cell.split()))


_COLUMNS: dict[str, Convert] = {
    "code": read_code, "name": text(MAX_NAME), "carrier": text(MAX_CODE), "service": text(MAX_CODE), "active": flag,
    "min_days": whole(0, MAX_DAYS), "max_days": whole(0, MAX_DAYS), "cost": measure, "currency": currency,
    "countries": _countries, "cutoff_time": _time_of_day,
}  # fmt: skip
COLUMNS = tuple(_COLUMNS)


def column_faults(columns: list[str]) -> list[Fault]:
    """Find faults of the first row."""
    return csv_rows.column_faults(columns, COLUMNS, of="shipping methods", required=("code",))


def read_row(cells: Mapping[str, str]) -> tuple[ShippingMethodRow | None, list[Fault]]:
    """Read a row, cells by column: the shipping method, or a fault for each wrong cell. Empty cells say nothing."""
    values, faults = csv_rows.read_cells(cells, _COLUMNS, required=("code",))
    return (None, faults) if faults else (ShippingMethodRow(values.pop("code"), values), [])


def merge_row(before: ShippingMethod | None, row: ShippingMethodRow) -> tuple[ShippingMethod, list[Fault]]:
    """Return a shipping method with what a row says, and the faults that it has then and had not before.

    What the row leaves empty stays; a new shipping method begins with the defaults.
    """
    method = before or ShippingMethod(row.code)
    after = msgspec.structs.replace(method, **row.values)
    known = list(consistency_faults(msgspec.structs.asdict(method)))
    return after, [fault for fault in consistency_faults(msgspec.structs.asdict(after)) if fault not in known]


def cells_of(method: ShippingMethod) -> list[Any]:
    """Return the values of a shipping method in the order of the columns, to be written as a row."""
    values = msgspec.structs.asdict(method)
    cost = None if method.cost is None else format(method.cost, "f")
    values |= {"countries": " ".join(method.countries), "cost": cost}
    return [values[name] for name in COLUMNS]

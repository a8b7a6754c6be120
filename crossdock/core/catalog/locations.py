"""Locations: warehouses and stores that stock lies at and orders ship from; pure.

A location has a code, which orders and stock name, unique in its organization. Fields that only one door knows are in
`door_fields`, and come back through that door.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.allocation.plan import Location as Candidate
from crossdock.core.json.value_types import parse_date_time
from crossdock.core.orders.model import Address

KIND = "location"


class OpeningHours(Struct, frozen=True, omit_defaults=True):
    """Hours of a day of the week, such as monday from 10:00 to 18:00; `purpose` is what for, such as pickup."""

    day: str
    open: str
    close: str
    purpose: str | None = None


class Closure(Struct, frozen=True, omit_defaults=True):
    """A time in which a location serves no order: from `since` until `until` (ISO 8601), None meaning until further notice."""

    since: str
    until: str | None = None
    reason: str | None = None


class Location(Struct, frozen=True, omit_defaults=True):
    """A location. `capacity` is how many orders can be allocated to it at a time, None without a limit; `priority` is from 0 to
    100, `cost` what an order costs there, in any unit, both for allocation rules."""

    code: str
    name: str | None = None
    type: str = "warehouse"
    address: Address | None = None
    latitude: float | None = None
    longitude: float | None = None
    active: bool = True
    priority: int = 50
    cost: int = 0
    capacity: int | None = None
    hours: tuple[OpeningHours, ...] = ()
    closures: tuple[Closure, ...] = ()
    services: dict[str, Any] = {}
    door_fields: dict[str, Any] = {}


_DECODER = msgspec.json.Decoder(Location, float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode_location(document: bytes) -> Location:
    """Decode a location's stored document."""
    return _DECODER.decode(document)


def encode_location(location: Location) -> bytes:
    """Encode a location's document, as it is stored."""
    return _ENCODER.encode(location)


def search_text(location: Location) -> str:
    """Return the text in which lists search a term: code, name and city."""
    city = location.address.city if location.address else None
    return "\n".join(text for text in (location.code, location.name, city) if text)


def closed_reason(location: Location, now: int) -> str | None:
    """Say why a location serves no order at `now` (microseconds since 1970 UTC), or None."""
    if not location.active:
        return "it is not active"
    moment = datetime.fromtimestamp(now / 1_000_000, UTC)
    for closure in location.closures:
        if parse_date_time(closure.since) <= moment and (
            closure.until is None or moment < parse_date_time(closure.until)
        ):
            return f"it is closed: {closure.reason}" if closure.reason else "it is closed"
    return None


def candidate(location: Location, *, now: int, open_orders: int) -> Candidate:
    """Return a location as allocation sees it; `open_orders` is how many orders are allocated to it."""
    address = location.address or Address()
    return Candidate(
        location.code,
        country=address.country,
        type=location.type,
        latitude=location.latitude,
        longitude=location.longitude,
        priority=location.priority,
        cost=location.cost,
        room=None if location.capacity is None else max(0, location.capacity - open_orders),
        closed=closed_reason(location, now),
        postal_code=address.postal_code,
        city=address.city,
        region=address.region,
    )

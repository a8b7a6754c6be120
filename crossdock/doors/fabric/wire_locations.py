"""Wire types of the location calls; no logic.

Source of every rule: the vendor's published API description and its pages on locations; docs/doors/fabric.md lists the
decisions where they are silent. The vendor marks no member as required. Optional fields may be null.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import NonEmpty, Number
from crossdock.doors.fabric.wire import Attributes, Country, Name
from crossdock.doors.fabric.wire_calls import Direction

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
MAX_LOCATION_NUM = 10**18 - 1
LocationNum = Annotated[
    int, Meta(ge=0, le=MAX_LOCATION_NUM, description="The merchant's number of the location; its code in the hub.")
]
Services = Annotated[dict[str, Any], Meta(description="Services of the location by name, such as isCurbsidePickUp.")]


class Pagination(Struct):
    """The place of a page in the list."""

    total: int
    limit: int
    offset: int


# ------------------------------------------------------------------------------------------------------------- locations
class LocationPhone(Struct):
    """A telephone number of a contact."""

    number: str | None = None
    type: str | None = None


class LocationContact(Struct):
    """A contact at the location."""

    type: str | None = None
    email: str | None = None
    phone: list[LocationPhone] | None = None
    name: Name | None = None


class LocationAddress(Struct):
    """The address of a location."""

    addressLine1: str | None = None
    addressLine2: str | None = None
    addressLine3: str | None = None
    addressLine4: str | None = None
    city: str | None = None
    state: str | None = None
    country: Country | None = None
    postalCode: str | None = None
    type: str | None = None
    contact: list[LocationContact] | None = None


class Hours(Struct):
    """Opening hours of a day; PICK_UP are those for customers who fetch their orders."""

    open: NonEmpty
    close: NonEmpty
    type: Literal["OPEN", "PICK_UP"] | None = None


class OperatingHours(Struct):
    """The hours of a day of the week."""

    day: NonEmpty
    hours: list[Hours] | None = None


class Coordinates(Struct):
    """A GeoJSON point: longitude, then latitude; numbers or text of numbers, also as an array in the array."""

    coordinates: Annotated[list[Any], Meta(extra_json_schema={"items": {}})]
    type: str | None = None


class LocationBody(Struct, kw_only=True):
    """The fields of a location; a type such as Warehouse, Store or DC is any text."""

    attributes: Attributes | None = None
    locationNum: LocationNum | None = None
    name: str | None = None
    isActive: Annotated[bool, Meta(description="true where it is missing or null.")] | None = None
    address: LocationAddress | None = None
    type: str | None = None
    operatingHours: list[OperatingHours] | None = None
    coordinates: Coordinates | None = None
    services: Services | None = None


class LocationCreate(LocationBody, kw_only=True):
    """A new location."""

    locationNum: LocationNum


class Point(Struct):
    """A GeoJSON point: longitude, then latitude."""

    type: str
    coordinates: list[Number]


class LocationResponse(Struct, kw_only=True):
    """A location; null where it has no value."""

    attributes: Attributes | None
    id: Annotated[str, Meta(description="24 hexadecimal digits.")]
    locationNum: int
    name: str | None
    isActive: bool
    address: LocationAddress | None
    type: str | None
    createdAt: Time
    updatedAt: Time
    operatingHours: list[OperatingHours] | None
    coordinates: Point | None
    services: Services | None


class LocationPage(Struct):
    """A page of locations, by number."""

    locations: list[LocationResponse]
    pagination: Pagination


# ---------------------------------------------------------------------------------------------------------------- search
Unit = Literal["METER", "KILOMETER", "MILE"]


class NearFilter(Struct, kw_only=True):
    """Where to search: around the postal code or city of a known location."""

    postalCode: str | None = None
    radius: Annotated[Number, Meta(description="100 where it is missing.")] | None = None
    city: str | None = None
    state: str | None = None
    country: Country | None = None
    radiusUnit: Annotated[Unit, Meta(description="MILE where it is missing.")] | None = None
    services: (
        Annotated[dict[str, Any], Meta(description="Services that a location must have with these values.")] | None
    ) = None


class NearSearch(Struct, kw_only=True):
    """A search for locations near a place."""

    filter: NearFilter
    limit: Annotated[int, Meta(ge=1)] | None = None
    offset: Annotated[int, Meta(ge=0)] | None = None
    sortBy: (
        Annotated[
            str, Meta(description="distance where it is missing; or name, locationNum, type, createdAt, updatedAt.")
        ]
        | None
    ) = None
    sortDirection: Direction | None = None


class NearLocation(Struct):
    """A location that was found, and its distance in the unit that was asked for."""

    distance: Number
    name: str | None
    address: LocationAddress | None
    services: Services | None


class NearPage(Struct):
    """A page of locations near a place, the nearest first."""

    count: int
    limit: int
    offset: int
    locations: list[NearLocation]

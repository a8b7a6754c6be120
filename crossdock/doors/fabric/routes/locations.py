"""Locations: list, create, read, replace, merge, delete, and search by distance. A location is the organization's."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from crossdock.core.catalog.locations import Location
from crossdock.core.errors import Code, Conflict, Fault, NotFound
from crossdock.core.geography import KM_PER_MILE, distance_km
from crossdock.core.iso import ALPHA2_OF
from crossdock.core.json.value_types import MAX_QUANTITY
from crossdock.doors import Reply, Request, Route, json_reply
from crossdock.doors.fabric import examples_stock as examples
from crossdock.doors.fabric import wire_calls
from crossdock.doors.fabric import wire_locations as wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.mapping_locations import (
    attribute_faults,
    coordinate_faults,
    location_response,
    merged_location,
    to_location,
)
from crossdock.doors.fabric.mapping_stock import location_num
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_document
from crossdock.doors.fabric.routes.location_attributes import ATTRIBUTES
from crossdock.doors.fabric.routes.parameters import LIMIT, OFFSET, Query, comma_list, pagination
from crossdock.doors.fabric.search import sorted_by
from crossdock.flows import access
from crossdock.flows import locations as flow
from crossdock.flows.locations import StoredLocation

Tree = Any
_KM_PER_UNIT = {"METER": 0.001, "KILOMETER": 1.0, "MILE": KM_PER_MILE}
_DEFAULT_RADIUS, _DEFAULT_UNIT = 100, "MILE"
_SORTABLE = ("distance", "name", "locationNum", "type", "createdAt", "updatedAt")


# ------------------------------------------------------------------------------------------------------- read and change
async def numbered(request: Request) -> list[StoredLocation]:
    """Return the locations whose codes are numbers, by number; this door cannot show others."""
    found = [
        each
        for each in await flow.all_of(request.context, request.caller)
        if location_num(each.location.code) is not None
    ]
    return sorted(found, key=lambda each: int(each.location.code))


async def list_locations(request: Request) -> Reply:
    """List locations by number: 200 and a page, also where it is empty."""
    query = Query(request)
    numbers, types = query.numbers("locationNums"), query.listed("locationTypes")
    limit, offset = query.page()
    query.check()
    lower_types = {each.lower() for each in types or ()}
    found = [
        each
        for each in await numbered(request)
        if (numbers is None or each.location.code in numbers)
        and (types is None or each.location.type.lower() in lower_types)
    ]
    page = [location_response(each) for each in found[offset : offset + limit]]
    return json_reply(200, {"locations": page, "pagination": pagination(len(found), limit, offset)})


async def create_location(request: Request) -> Reply:
    """Create a location: 200 and the location; 409 where its number or its coordinates are those of another."""
    body, tree = read_document(request, wire.LocationCreate, coordinate_faults)
    await _check_attributes(request, body.attributes, is_new=True)
    location = to_location(str(body.locationNum), tree)
    place = (location.latitude, location.longitude)
    if None not in place:
        others = await flow.all_of(request.context, request.caller)
        if any((each.location.latitude, each.location.longitude) == place for each in others):
            raise _exists("coordinates", "are those of another location")
    try:
        return _reply(await flow.add(request.context, request.caller, location))
    except Conflict as conflict:
        if conflict.code is not Code.EXISTS:
            raise
        raise _exists("locationNum", "is the number of another location") from None


def _exists(member: str, reason: str) -> Conflict:
    return Conflict(Code.EXISTS, "it exists", faults=(Fault((member,), reason),), what="location")


def _reply(stored: StoredLocation) -> Reply:
    return json_reply(200, location_response(stored))


async def get_location(request: Request) -> Reply:
    """Read a location."""
    found = await flow.find(request.context, request.caller, [_code(request)])
    if not found:
        raise not_found("location")
    return _reply(found[0])


def _code(request: Request) -> str:
    text = request.params["locationNum"]
    if location_num(text) is None:
        raise faulty(Fault(("locationNum",), f"must be a whole number from 0 to {wire.MAX_LOCATION_NUM}"))
    return text


async def replace_location(request: Request) -> Reply:
    """Replace a location, or create it: 200 and the location."""
    code = _code(request)
    body, tree = read_document(
        request, wire.LocationBody, coordinate_faults, lambda sent: _number_faults(sent, code)
    )  # fmt: skip
    known = await flow.find(request.context, request.caller, [code])
    await _check_attributes(request, body.attributes, is_new=not known)
    return _reply(
        await flow.change(
            request.context, request.caller, code, lambda before: to_location(code, tree, before), create=True
        )
    )


async def change_location(request: Request) -> Reply:
    """Merge a body into a location: 200 and the location."""
    code = _code(request)
    body, tree = read_document(
        request, wire.LocationBody, coordinate_faults, lambda sent: _number_faults(sent, code)
    )  # fmt: skip
    await _check_attributes(request, body.attributes, is_new=False)

    def merged(before: Location | None) -> Location:
        assert before is not None, "a missing location is refused"
        return merged_location(code, tree, before)

    try:
        return _reply(await flow.change(request.context, request.caller, code, merged))
    except NotFound:
        raise not_found("location") from None


def _number_faults(tree: Tree, code: str) -> list[Fault]:
    number = tree.get("locationNum") if isinstance(tree, dict) else None
    is_other = isinstance(number, int) and not isinstance(number, bool) and str(number) != code
    return [Fault(("locationNum",), "must be that of the path")] if is_other else []


async def _check_attributes(request: Request, attributes: dict[str, Tree] | None, *, is_new: bool) -> None:
    faults = list(attribute_faults(attributes, await ATTRIBUTES.all(request), is_new=is_new))
    if faults:
        raise faulty(*faults)


async def delete_location(request: Request) -> Reply:
    """Delete a location: 200 and the deleted location. One that has stock, or orders, is refused."""
    try:
        return _reply(await flow.remove(request.context, request.caller, _code(request)))
    except NotFound:
        raise not_found("location") from None


# ---------------------------------------------------------------------------------------------------------------- search
async def search_locations(request: Request) -> Reply:
    """Search active locations near a place: 200 and a page, the nearest first."""
    body, _ = read_document(request, wire.NearSearch, _search_faults)
    near = body.filter
    places = await numbered(request)
    origin = _origin(places, near)
    km = _KM_PER_UNIT[near.radiusUnit or _DEFAULT_UNIT]
    rows = [
        (distance / km, each)
        for each in places
        if each.location.active
        and _has(each.location.services, near.services or {})
        and (distance := distance_from(origin, each.location)) is not None
        and distance / km <= (_DEFAULT_RADIUS if near.radius is None else near.radius)
    ]
    limit, offset = min(body.limit or 10, wire_calls.MAX_PAGE), min(body.offset or 0, MAX_QUANTITY)
    direction = (body.sortDirection or "").lower() or ("desc" if body.sortBy else "asc")
    shown = _sorted(rows, body.sortBy or "distance", ascending=direction == "asc")
    page = {"count": len(shown), "limit": limit, "offset": offset, "locations": shown[offset : offset + limit]}
    return json_reply(200, page)


def _search_faults(tree: Tree) -> list[Fault]:
    if not isinstance(tree, dict):
        return []
    faults = []
    near, sort_by = tree.get("filter"), tree.get("sortBy")
    if isinstance(near, dict):
        if not near.get("postalCode") and not near.get("city"):
            faults.append(Fault(("filter", "postalCode"), "is required where there is no city"))
        radius = near.get("radius")
        if isinstance(radius, int | Decimal) and radius < 0:
            faults.append(Fault(("filter", "radius"), "must be at least 0"))
    if isinstance(sort_by, str) and sort_by and sort_by not in _SORTABLE:
        faults.append(Fault(("sortBy",), f"must be one of {', '.join(_SORTABLE)}"))
    return faults


def _origin(places: Sequence[StoredLocation], near: wire.NearFilter) -> tuple[float, float]:
    """Return the coordinates of the first known location at the postal code, or else in the city. Raises Invalid without any.

    There is no geocoder, so only places where the organization has a location are known.
    """
    country = ALPHA2_OF.get(near.country or "", near.country) or None
    named = {"postal_code": near.postalCode, "city": near.city, "region": near.state}
    for names in (("postal_code",), ("city", "region")):
        if not named[names[0]]:
            continue
        for each in places:
            location, address = each.location, each.location.address
            if address is None or location.latitude is None or location.longitude is None:
                continue
            if country and address.country and address.country != country:
                continue
            if all(not named[name] or _same(getattr(address, name), named[name]) for name in names):
                return location.latitude, location.longitude
    raise faulty(
        Fault(("filter",), "names no place that is known: no location with coordinates has its postal code or city")
    )


def _same(one: str | None, other: str | None) -> bool:
    return (one or "").casefold() == (other or "").casefold()


def _has(services: dict[str, Tree], required: dict[str, Tree]) -> bool:
    return all(name in services and services[name] == value for name, value in required.items())


def distance_from(origin: tuple[float, float], location: Location) -> float | None:
    """Return the kilometers from a place (latitude, longitude) to a location; None where its coordinates are unknown."""
    if location.latitude is None or location.longitude is None:
        return None
    return distance_km(*origin, location.latitude, location.longitude)


def _sorted(rows: Sequence[tuple[float, StoredLocation]], sort_by: str, *, ascending: bool) -> list[dict[str, Tree]]:
    described = [location_response(each) | {"distance": Decimal(str(round(distance, 3)))} for distance, each in rows]
    ranked = sorted_by(described, lambda row: row[sort_by], ascending=ascending)
    return [{name: row[name] for name in ("distance", "name", "address", "services")} for row in ranked]


# ---------------------------------------------------------------------------------------------------------------- routes
_LIST, _ITEM = paths("/location"), paths("/location/{locationNum}")
_CONFLICT = {409: wire_calls.ErrorResponse}
_ANSWERS: dict[int, Any] = {200: wire.LocationResponse, **ERRORS}
ROUTES = (
    Route(
        "GET", _LIST, list_locations, access.READ, "listLocations", "List locations",
        answers={200: wire.LocationPage, **ERRORS},
        parameters=(
            CONTEXT, comma_list("locationNums", "Numbers of locations"),
            comma_list("locationTypes", "Types, in any letter case"), LIMIT, OFFSET,
        ),
        description="Lists locations by number; no match is an empty page. Locations whose codes are not numbers are left out.",
        examples={200: examples.LOCATION_PAGE},
    ),
    Route(
        "POST", _LIST, create_location, access.WRITE, "createLocation", "Create a location",
        request=wire.LocationCreate, answers={**_ANSWERS, **_CONFLICT, **LARGE}, parameters=(CONTEXT,),
        description="Creates a location that stock can lie at and orders can be allocated to.",
        examples={"request": examples.LOCATION, 200: examples.STORED_LOCATION, 409: examples.LOCATION_EXISTS},
    ),
    Route(
        "POST", paths("/location/geography/search"), search_locations, access.READ, "searchLocationsByGeography",
        "Search locations near a place",
        request=wire.NearSearch, answers={200: wire.NearPage, **ERRORS, **LARGE}, parameters=(CONTEXT,),
        description=(
            "Finds active locations within a radius of the postal code, or else the city, of a known location that has "
            "coordinates. The nearest comes first unless `sortBy` is given."
        ),
        examples={"request": examples.NEAR_SEARCH, 200: examples.NEAR_PAGE},
    ),
    Route(
        "GET", _ITEM, get_location, access.READ, "getLocation", "Read a location",
        answers={**_ANSWERS, **ABSENT}, parameters=(CONTEXT,), description="Returns the location with this number.",
        examples={200: examples.STORED_LOCATION, 404: examples.NO_LOCATION},
    ),
    Route(
        "PUT", _ITEM, replace_location, access.WRITE, "replaceLocation", "Replace a location",
        request=wire.LocationBody, answers={**_ANSWERS, **LARGE}, parameters=(CONTEXT,),
        description="Replaces a location, or creates it; members that the body leaves out become null.",
        examples={"request": examples.LOCATION, 200: examples.STORED_LOCATION},
    ),
    Route(
        "PATCH", _ITEM, change_location, access.WRITE, "updateLocation", "Change a location",
        request=wire.LocationBody, answers={**_ANSWERS, **ABSENT, **LARGE}, parameters=(CONTEXT,),
        description="Merges the body into a location: objects by member, everything else is replaced.",
        examples={"request": examples.LOCATION_CHANGE, 200: examples.CHANGED_LOCATION, 404: examples.NO_LOCATION},
    ),
    Route(
        "DELETE", _ITEM, delete_location, access.WRITE, "deleteLocation", "Delete a location",
        answers={**_ANSWERS, **ABSENT}, parameters=(CONTEXT,),
        description="Returns the deleted location. One with stock, allocated orders or an open inbound document is a 400.",
        examples={200: examples.STORED_LOCATION, 404: examples.NO_LOCATION},
    ),
)  # fmt: skip

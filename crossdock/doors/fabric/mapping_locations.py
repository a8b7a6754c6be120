"""Locations: the vendor's body as the organization's location and back; pure.

The body is stored in the location's `door_fields`, and shown as it was sent where the canonical location still says the same.
Fields that another door has changed since are shown as the location has them.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from crossdock.core.catalog.locations import Location, OpeningHours
from crossdock.core.errors import Fault
from crossdock.core.iso import ALPHA2_OF, ALPHA3_OF
from crossdock.core.orders.model import Address
from crossdock.core.time import format_time
from crossdock.doors.fabric.mapping_stock import location_num
from crossdock.doors.fabric.responses import DOOR
from crossdock.flows.locations import StoredLocation

Tree = Any
_LINES = ("addressLine1", "addressLine2", "addressLine3", "addressLine4")
_PICK_UP = "pickup"
# Members of the body that canonical fields stand for: where all of a member's are unchanged, it is shown as it was sent.
_FIELDS = {
    "name": ("name",),
    "isActive": ("active",),
    "address": ("address",),
    "type": ("type",),
    "operatingHours": ("hours",),
    "coordinates": ("latitude", "longitude"),
    "services": ("services",),
}
_DEFAULT_TYPE = "warehouse"
_SPHERE = ((-180, 180), (-90, 90))  # degrees of longitude and latitude
_TYPES = {
    "BOOLEAN": (bool, "true or false"),
    "INTEGER": (int, "a whole number"),
    "NUMBER": (int | Decimal, "a number"),
    "STRING": (str, "text"),
}


# -------------------------------------------------------------------------------------------------------------- checking
def coordinate_faults(tree: Tree) -> Iterator[Fault]:
    """Yield a fault where coordinates are not a longitude and a latitude."""
    body = tree.get("coordinates") if isinstance(tree, dict) else None
    listed = body.get("coordinates") if isinstance(body, dict) else None
    if isinstance(listed, list) and listed and _point(listed) is None:
        yield Fault(
            ("coordinates", "coordinates"), "must be a longitude from -180 to 180 and a latitude from -90 to 90"
        )


def _point(listed: Sequence[Tree]) -> tuple[float, float] | None:
    """Return longitude and latitude; numbers or text, also as an array in the array (the vendor's sample)."""
    if len(listed) == 1 and isinstance(listed[0], list):
        listed = listed[0]
    if len(listed) != len(_SPHERE):
        return None
    point = []
    for value, (least, most) in zip(listed, _SPHERE, strict=True):
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            return None
        if not (number.is_finite() and least <= number <= most):
            return None
        point.append(float(number))
    return point[0], point[1]


def attribute_faults(
    attributes: dict[str, Tree] | None, definitions: Sequence[dict[str, Tree]], *, is_new: bool
) -> Iterator[Fault]:
    """Yield a fault for each attribute that is not of its defined type, and for each required one that a new location lacks."""
    given = attributes or {}
    for definition in definitions:
        code = definition["code"]
        value = given.get(code)
        kind, described = _TYPES[definition["type"]]
        if value is None:
            if is_new and definition["required"]:
                yield Fault(("attributes", code), "is required")
        elif not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            yield Fault(("attributes", code), f"must be {described}")


# ------------------------------------------------------------------------------------------------------------ to canonical
def to_location(code: str, body: dict[str, Tree], before: Location | None = None) -> Location:
    """Build the location that a body describes; fields that this door does not know are those of `before`."""
    latitude, longitude = _coordinates(body)
    base = before or Location(code)
    return msgspec.structs.replace(
        base,
        name=body.get("name") or None,
        type=(body.get("type") or _DEFAULT_TYPE).lower(),
        address=_to_address(body.get("address")),
        latitude=latitude,
        longitude=longitude,
        active=body.get("isActive") is not False,
        hours=tuple(_to_hours(body.get("operatingHours") or ())),
        services=body.get("services") or {},
        door_fields=base.door_fields | {DOOR: body},
    )


def merged_location(code: str, changes: dict[str, Tree], before: Location) -> Location:
    """Merge a body into a location: objects by member, everything else replaced; untouched fields stay as they are."""
    shown = body_of(before)
    merged = _merge(shown, changes)
    was, now = to_location(code, shown, before), to_location(code, merged, before)
    unchanged = {
        field: getattr(before, field)
        for fields in _FIELDS.values()
        for field in fields
        if getattr(was, field) == getattr(now, field)
    }
    return msgspec.structs.replace(now, **unchanged)


def _merge(one: Tree, other: Tree) -> Tree:
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return other
    return one | {name: _merge(one.get(name), value) for name, value in other.items()}


def _coordinates(body: dict[str, Tree]) -> tuple[float | None, float | None]:
    listed = (body.get("coordinates") or {}).get("coordinates") or ()
    point = _point(listed)
    return (point[1], point[0]) if point else (None, None)


def _to_address(body: dict[str, Tree] | None) -> Address | None:
    if body is None:
        return None
    contact = next(iter(body.get("contact") or ()), None) or {}
    phone = next(iter(contact.get("phone") or ()), None) or {}
    country = body.get("country") or None
    return Address(
        lines=tuple(body[name] for name in _LINES if body.get(name)),
        city=body.get("city") or None,
        region=body.get("state") or None,
        postal_code=body.get("postalCode") or None,
        country=ALPHA2_OF.get(country, country) if country else None,
        phone=phone.get("number") or None,
        email=contact.get("email") or None,
    )


def _to_hours(days: Sequence[dict[str, Tree]]) -> Iterator[OpeningHours]:
    for day in days:
        for hours in day.get("hours") or ():
            purpose = _PICK_UP if hours.get("type") == "PICK_UP" else None
            yield OpeningHours(day["day"].lower(), hours["open"], hours["close"], purpose)


# ---------------------------------------------------------------------------------------------------------- from canonical
def body_of(location: Location) -> dict[str, Tree]:
    """Render the body of a location: as it was sent, but for the changes of other doors."""
    sent = location.door_fields.get(DOOR)
    derived = to_location(location.code, sent) if sent is not None else None
    body: dict[str, Tree] = {"attributes": (sent or {}).get("attributes")}
    body["locationNum"] = location_num(location.code)
    for name, fields in _FIELDS.items():
        is_unchanged = derived is not None and all(getattr(derived, each) == getattr(location, each) for each in fields)
        body[name] = sent.get(name) if sent is not None and is_unchanged else _RENDER[name](location)
    return body | {name: value for name, value in (sent or {}).items() if name not in body}


def location_response(stored: StoredLocation) -> dict[str, Tree]:
    """Render a location as the vendor answers it, null where it has no value."""
    location = stored.location
    body = body_of(location)
    return {
        "attributes": body["attributes"],
        "id": stored.location_id.replace("-", "")[:24],  # a UUID; the vendor's ids have 24 hexadecimal digits
        "locationNum": body["locationNum"],
        "name": body["name"],
        "isActive": location.active,
        "address": body["address"],
        "type": body["type"],
        "createdAt": format_time(stored.created_at),
        "updatedAt": format_time(stored.updated_at),
        "operatingHours": body["operatingHours"],
        "coordinates": _point_of(location),
        "services": body["services"],
    }


def _point_of(location: Location) -> dict[str, Tree] | None:
    if location.longitude is None or location.latitude is None:
        return None
    return {"type": "Point", "coordinates": [location.longitude, location.latitude]}


def _from_address(location: Location) -> dict[str, Tree] | None:
    address = location.address
    if address is None:
        return None
    lines = (*address.lines[:3], ", ".join(address.lines[3:]))
    rendered: dict[str, Tree] = {name: line for name, line in zip(_LINES, lines, strict=False) if line}
    rendered |= {
        "city": address.city,
        "state": address.region,
        "country": ALPHA3_OF.get(address.country, address.country) if address.country else None,
        "postalCode": address.postal_code,
    }
    if address.email or address.phone:
        phone = [{"number": address.phone}] if address.phone else None
        rendered["contact"] = [{"email": address.email, "phone": phone}]
    return {name: value for name, value in rendered.items() if value is not None}


def _from_hours(location: Location) -> list[Tree] | None:
    days: dict[str, list[Tree]] = {}
    for each in location.hours:
        kind = "PICK_UP" if each.purpose == _PICK_UP else "OPEN"
        days.setdefault(each.day.capitalize(), []).append({"open": each.open, "close": each.close, "type": kind})
    return [{"day": day, "hours": hours} for day, hours in days.items()] or None


_RENDER: dict[str, Callable[[Location], Tree]] = {
    "name": lambda location: location.name,
    "isActive": lambda location: location.active,
    "address": _from_address,
    "type": lambda location: location.type,
    "operatingHours": _from_hours,
    "coordinates": _point_of,
    "services": lambda location: location.services or None,
}

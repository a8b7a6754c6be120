"""Shapes of the hub's locations and products, and how they become canonical documents and back; no logic."""

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from crossdock.core.catalog.codes import MAX_CODE, MAX_NAME, code_fault
from crossdock.core.catalog.location_rows import MAX_NUMBER
from crossdock.core.catalog.locations import Closure, Location, OpeningHours
from crossdock.core.catalog.products import Identifier, KitComponent, Product, ProductCustoms, is_gtin
from crossdock.core.errors import Fault
from crossdock.core.json.request_body import objects_in
from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import (
    MAX_QUANTITY,
    Country,
    Currency,
    DateTime,
    NonEmpty,
    Number,
    is_date_time,
    parse_date_time,
)
from crossdock.core.orders import model
from crossdock.doors.hub import wire
from crossdock.doors.hub.mapping import time_answer
from crossdock.doors.hub.wire import Address, Time, about
from crossdock.flows.locations import StoredLocation
from crossdock.flows.product_entries import StoredProduct

Tree = Any
MAX_TEXT = 4_000
Code = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_CODE),
    rule("location_code", lambda code: code_fault(code) is None, "a code without a slash or blanks around it, not import",
         pattern=r"^[^/]+$"),
]  # fmt: skip
Short = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
Texts = Annotated[str, Meta(max_length=MAX_TEXT)]
Cost = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]


# -------------------------------------------------------------------------------------------------------------- locations
class Hours(Struct):
    """Opening hours of a day of the week."""

    day: Annotated[Short, about("the day of the week, such as monday")]
    open: Annotated[Short, about("when it opens, such as 10:00, in local time")]
    close: Annotated[Short, about("when it closes")]
    purpose: Annotated[Short | None, about("what for, such as pickup; null for everything")] = None


class ClosureBody(Struct):
    """A time in which nothing is allocated to the location."""

    since: Annotated[DateTime, about("when it begins")]
    until: Annotated[DateTime | None, about("when it ends; null until further notice")] = None
    reason: Annotated[Texts | None, about("why; decisions about allocations say so")] = None


class LocationBody(Struct, kw_only=True):
    """A warehouse or shop that stock lies at and orders ship from."""

    code: Annotated[Code, about("names it in orders and stock; it never changes")]
    name: Annotated[Short | None, about("for people")] = None
    type: Annotated[Short, about("such as warehouse or store; rules can ask for it")] = "warehouse"
    address: Annotated[Address | None, about("where it is; rules can ask for the country")] = None
    latitude: Annotated[Number | None, about("degrees, from -90 to 90; for rules about distance")] = None
    longitude: Annotated[Number | None, about("degrees, from -180 to 180")] = None
    active: Annotated[bool, about("false: nothing is allocated to it")] = True
    priority: Annotated[Annotated[int, Meta(ge=0, le=100)], about("from 0 to 100; higher is preferred")] = 50
    cost: Annotated[Cost, about("what an order costs there, in any unit; lower is preferred")] = 0
    capacity: Annotated[Cost | None, about("orders that can be allocated to it at a time; null without a limit")] = None
    hours: Annotated[Annotated[list[Hours], Meta(max_length=100)], about("opening hours; they rule nothing out")] = []
    closures: Annotated[
        Annotated[list[ClosureBody], Meta(max_length=200)], about("times in which nothing is allocated to it")
    ] = []
    services: Annotated[dict[str, Any], about("what it offers, in any words of your own")] = {}


class LocationAnswer(LocationBody, kw_only=True):
    """A location as it is stored."""

    id: Annotated[str, about("a UUID, by which APIs with ids of warehouses name it; it never changes")]
    version: Annotated[int, about("counts the changes from 1; also the ETag")]
    created_at: Annotated[Time, about("when it was added")]
    updated_at: Annotated[Time, about("when it was last changed")]


def location_rules(tree: Tree) -> list[Fault]:
    """Coordinates are on the globe and both there, and a closure ends after it begins."""
    if not isinstance(tree, dict):
        return []
    faults = []
    for name, most in (("latitude", 90), ("longitude", 180)):
        value = tree.get(name)
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and not -most <= value <= most:
            faults.append(Fault((name,), f"must be from -{most} to {most}"))
    if (tree.get("latitude") is None) != (tree.get("longitude") is None):
        missing = "latitude" if tree.get("latitude") is None else "longitude"
        faults.append(Fault((missing,), "is required where the other coordinate is given"))
    for place, closure in objects_in(tree, "closures"):
        since, until = closure.get("since"), closure.get("until")
        if isinstance(since, str) and isinstance(until, str) and is_date_time(since) and is_date_time(until):  # noqa: SIM102
            if parse_date_time(until) <= parse_date_time(since):
                faults.append(Fault(("closures", place, "until"), "must be after since"))
    return faults


def to_location(body: LocationBody, before: Location | None) -> Location:
    """Make a location of a body; fields that only other doors know stay."""
    return Location(
        code=body.code,
        name=body.name,
        type=body.type,
        address=None if body.address is None else msgspec.convert(body.address, model.Address, from_attributes=True),
        latitude=None if body.latitude is None else float(body.latitude),
        longitude=None if body.longitude is None else float(body.longitude),
        active=body.active,
        priority=body.priority,
        cost=body.cost,
        capacity=body.capacity,
        hours=tuple(OpeningHours(each.day, each.open, each.close, each.purpose) for each in body.hours),
        closures=tuple(Closure(each.since, each.until, each.reason) for each in body.closures),
        services=body.services,
        door_fields={} if before is None else before.door_fields,
    )


def location_document(location: Location) -> dict[str, Tree]:
    """Return a location in the shape of the body."""
    document: dict[str, Tree] = {name: getattr(location, name) for name in LocationBody.__struct_fields__}
    if location.address is not None:
        document["address"] = msgspec.to_builtins(
            msgspec.convert(location.address, Address, from_attributes=True), builtin_types=(Decimal,)
        )
    for name in ("latitude", "longitude"):
        if document[name] is not None:
            document[name] = Decimal(
                str(document[name])
            )  # as bodies have it, so that a patched document is read like one
    document["hours"] = [msgspec.structs.asdict(each) for each in location.hours]
    document["closures"] = [msgspec.structs.asdict(each) for each in location.closures]
    return document


def location_answer(stored: StoredLocation) -> dict[str, Tree]:
    """Format a location."""
    return {
        **location_document(stored.location),
        "id": stored.location_id,
        "version": stored.version,
        "created_at": time_answer(stored.created_at),
        "updated_at": time_answer(stored.updated_at),
    }


# --------------------------------------------------------------------------------------------------------------- products
def _is_measure(text: str) -> bool:
    return wire.is_amount(text) and not text.startswith("-")


Measure = Annotated[str, rule("product_measure", _is_measure, 'digits such as "12.5", not negative', pattern=r"^[0-9]")]
Sku = Annotated[str, Meta(min_length=1, max_length=200)]
Gtin = Annotated[
    str,
    rule(
        "gtin", is_gtin, "a GTIN of 8, 12, 13 or 14 digits with a right check digit", pattern=r"^[0-9]{8}([0-9]{4,6})?$"
    ),
]


class CustomsBody(Struct, kw_only=True):
    """What customs asks about a product."""

    tariff_code: Annotated[Short | None, about("the Harmonized System code or a longer national one")] = None
    tariff_country: Annotated[Country | None, about("the country whose tariff the code is from")] = None
    origin_country: Annotated[Country | None, about("where it is made")] = None
    origin_region: Annotated[Short | None, about("the region where it is made")] = None
    value: Annotated[Measure | None, about("the value of one unit")] = None
    currency: Annotated[Currency | None, about("ISO 4217; of the value")] = None


class IdentifierBody(Struct):
    """Another number of the product."""

    kind: Annotated[Short, about("what it is, such as upc or asin")]
    value: Annotated[Short, about("the number")]


class ComponentBody(Struct):
    """Units of another product in one unit of a kit."""

    sku: Annotated[Sku, about("the SKU of the component, a product that exists")]
    quantity: Annotated[Annotated[int, Meta(ge=1, le=MAX_QUANTITY)], about("units of it in one kit")]


class ProductBody(Struct, kw_only=True):
    """A product, the same for every API."""

    sku: Annotated[Sku, about("unique in the organization; orders and stock name it; it never changes")]
    name: Annotated[Texts | None, about("for people")] = None
    description: Annotated[Texts | None, about("for people")] = None
    brand: Annotated[Texts | None, about("the brand")] = None
    gtin: Annotated[Gtin | None, about("the GTIN: an EAN, UPC or ITF-14")] = None
    image: Annotated[Texts | None, about("the address of a picture")] = None
    length: Annotated[Measure | None, about("millimeters")] = None
    width: Annotated[Measure | None, about("millimeters")] = None
    height: Annotated[Measure | None, about("millimeters")] = None
    weight: Annotated[Measure | None, about("kilograms")] = None
    customs: Annotated[CustomsBody | None, about("what customs asks about it")] = None
    identifiers: Annotated[
        Annotated[list[IdentifierBody], Meta(max_length=100)], about("other numbers of the product")
    ] = []
    components: Annotated[
        Annotated[list[ComponentBody], Meta(max_length=200)], about("of a kit: what is in one unit")
    ] = []
    active: Annotated[bool, about("false: it is not sold any more")] = True


class ProductAnswer(ProductBody, kw_only=True):
    """A product as it is stored; one that another API added may have no SKU."""

    sku: Annotated[NonEmpty | None, about("unique in the organization; null where it has none")]  # type: ignore[assignment]
    id: Annotated[str, about("by which APIs with ids of products name it; it never changes")]
    version: Annotated[int, about("counts the changes from 1; also the ETag")]
    created_at: Annotated[Time, about("when it was added")]
    updated_at: Annotated[Time, about("when it was last changed")]


def product_rules(tree: Tree) -> list[Fault]:
    """A component is named once and is another product; a customs value has a currency."""
    if not isinstance(tree, dict):
        return []
    faults, seen = [], set[str]()
    for place, component in objects_in(tree, "components"):
        sku = component.get("sku")
        if isinstance(sku, str):
            if sku == tree.get("sku"):
                faults.append(Fault(("components", place, "sku"), "must be another product than the kit"))
            elif sku in seen:
                faults.append(Fault(("components", place, "sku"), f"must be unique, {sku!r} is there already"))
            seen.add(sku)
    numbers = set[tuple[Tree, Tree]]()
    for place, identifier in objects_in(tree, "identifiers"):
        number = (identifier.get("kind"), identifier.get("value"))
        if all(isinstance(each, str) for each in number):
            if number in numbers:
                faults.append(Fault(("identifiers", place), "must be unique, the same number is there already"))
            numbers.add(number)
    customs = tree.get("customs")
    if isinstance(customs, dict) and customs.get("value") is not None and customs.get("currency") is None:
        faults.append(Fault(("customs", "currency"), "is required where a value is given"))
    return faults


_MEASURES = ("length", "width", "height", "weight")
_TEXTS = ("sku", "name", "description", "brand", "gtin", "image", "active")


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _digits(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def to_product(body: ProductBody, before: Product | None) -> Product:
    """Make a product of a body; fields that only other doors know stay."""
    customs = None
    if body.customs is not None:
        given = msgspec.structs.asdict(body.customs)
        customs = ProductCustoms(**given | {"value": _decimal(body.customs.value)})
    values: dict[str, Tree] = {name: getattr(body, name) for name in _TEXTS}
    values |= {name: _decimal(getattr(body, name)) for name in _MEASURES}
    return Product(
        **values,
        customs=customs,
        identifiers=tuple(Identifier(each.kind, each.value) for each in body.identifiers),
        components=tuple(KitComponent(each.sku, each.quantity) for each in body.components),
        door_fields={} if before is None else before.door_fields,
    )


def product_document(product: Product) -> dict[str, Tree]:
    """Return a product in the shape of the body."""
    customs = product.customs
    return {
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "brand": product.brand,
        "gtin": product.gtin,
        "image": product.image,
        **{name: _digits(getattr(product, name)) for name in _MEASURES},
        "customs": None if customs is None else msgspec.structs.asdict(customs) | {"value": _digits(customs.value)},
        "identifiers": [{"kind": each.kind, "value": each.value} for each in product.identifiers],
        "components": [{"sku": each.sku, "quantity": each.quantity} for each in product.components],
        "active": product.active,
    }


def product_answer(stored: StoredProduct) -> dict[str, Tree]:
    """Format a product."""
    return {
        **product_document(stored.product),
        "id": stored.product_id,
        "version": stored.version,
        "created_at": time_answer(stored.created_at),
        "updated_at": time_answer(stored.updated_at),
    }


# ---------------------------------------------------------------------------------------------------------------- imports
class RowFault(Struct):
    """A fault of a row, which was left out."""

    row: Annotated[int, about("the number of the row, as a spreadsheet shows it: the first row of values is 2")]
    column: Annotated[str, about("the column")]
    detail: Annotated[str, about("what is wrong, and what would be right")]


class ImportAnswer(Struct):
    """What became of the rows of a file. Rows with faults are left out; the same file can be imported again."""

    added: Annotated[int, about("entries that are new")]
    changed: Annotated[int, about("entries that were there and are different now")]
    unchanged: Annotated[int, about("entries that were there and already like this")]
    faults: Annotated[list[RowFault], about("every fault, by row")]


def row_faults(faults: list[tuple[int, Fault]]) -> list[RowFault]:
    """Format the faults of rows, by row."""
    ordered = sorted(faults, key=lambda each: each[0])
    return [RowFault(row, ".".join(map(str, fault.path)), fault.reason) for row, fault in ordered]

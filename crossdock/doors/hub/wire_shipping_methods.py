"""Shapes of the hub's shipping methods, and how they become canonical documents and back; no logic."""

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from crossdock.core.catalog.shipping_methods import MAX_DAYS, ShippingMethod, consistency_faults, is_time_of_day
from crossdock.core.errors import Fault
from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import Country, Currency
from crossdock.doors.hub.mapping import time_answer
from crossdock.doors.hub.wire import Time, about
from crossdock.doors.hub.wire_catalog import Code, Measure, Short
from crossdock.flows.shipping_methods import StoredShippingMethod

Tree = Any
MAX_COUNTRIES = 300
Days = Annotated[int, Meta(ge=0, le=MAX_DAYS)]
TimeOfDay = Annotated[
    str, rule("time_of_day", is_time_of_day, 'a time of day, such as "13:30"', pattern=r"^[0-2][0-9]:[0-5][0-9]$")
]


class ShippingMethodBody(Struct, kw_only=True):
    """A way to ship that a shop offers to its customers."""

    code: Annotated[Code, about("names it in orders and shops; it never changes")]
    name: Annotated[Short | None, about("for customers")] = None
    carrier: Annotated[Short | None, about("who carries, such as UPS")] = None
    service: Annotated[Short | None, about("the carrier's service, such as Ground")] = None
    active: Annotated[bool, about("false: it is not offered any more")] = True
    min_days: Annotated[Days | None, about("days until delivery, at least")] = None
    max_days: Annotated[Days | None, about("days until delivery, at most")] = None
    cost: Annotated[Measure | None, about("what it costs the customer")] = None
    currency: Annotated[Currency | None, about("ISO 4217; of the cost")] = None
    countries: Annotated[
        Annotated[list[Country], Meta(max_length=MAX_COUNTRIES)], about("the countries it ships to; empty for all")
    ] = []
    cutoff_time: Annotated[
        TimeOfDay | None, about("an order after this time leaves a day later; local time where it ships from")
    ] = None


class ShippingMethodAnswer(ShippingMethodBody, kw_only=True):
    """A shipping method as it is stored. One that another API added may have a slash in its code, a cost without a currency,
    and values beyond the limits of the body."""

    code: Annotated[str, about("names it in orders and shops")]
    name: Annotated[str | None, about("for customers")]
    min_days: Annotated[int | None, about("days until delivery, at least")]
    max_days: Annotated[int | None, about("days until delivery, at most")]
    cost: Annotated[str | None, about("what it costs the customer, such as 9.50")]
    version: Annotated[int, about("counts the changes from 1; also the ETag")]
    created_at: Annotated[Time, about("when it was added")]
    updated_at: Annotated[Time, about("when it was last changed")]


def method_rules(tree: Tree) -> list[Fault]:
    """The most days are not fewer than the least, a cost has a currency, and a country is named once."""
    if not isinstance(tree, dict):
        return []
    faults = list(consistency_faults(tree))
    countries = tree.get("countries")
    if isinstance(countries, list):
        faults += [
            Fault(("countries", place), f"must be unique, {code!r} is there already")
            for place, code in enumerate(countries)
            if code in countries[:place]
        ]
    return faults


def to_method(body: ShippingMethodBody, before: ShippingMethod | None) -> ShippingMethod:
    """Make a shipping method of a body; fields that only other doors know stay."""
    values = msgspec.structs.asdict(body) | {
        "cost": None if body.cost is None else Decimal(body.cost),
        "countries": tuple(body.countries),
    }
    return ShippingMethod(**values, door_fields={} if before is None else before.door_fields)


def method_document(method: ShippingMethod) -> dict[str, Tree]:
    """Return a shipping method in the shape of the body."""
    document: dict[str, Tree] = {name: getattr(method, name) for name in ShippingMethodBody.__struct_fields__}
    document["cost"] = None if method.cost is None else format(method.cost, "f")
    document["countries"] = list(method.countries)
    return document


def method_answer(stored: StoredShippingMethod) -> dict[str, Tree]:
    """Format a shipping method."""
    return {
        **method_document(stored.method),
        "version": stored.version,
        "created_at": time_answer(stored.created_at),
        "updated_at": time_answer(stored.updated_at),
    }

"""Generators of valid create bodies, made from the doors' own types: every member, absent, null or filled, and unknown ones."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from crossdock.core.iso import ALPHA2_OF, COUNTRIES, CURRENCIES
from crossdock.core.json.value_types import is_date_time
from crossdock.doors.fabric import wire as fabric
from crossdock.doors.hub import wire as hub
from crossdock.doors.pb_fulfillment import wire as pb_fulfillment
from crossdock.doors.pb_oms import wire as pb_oms
from crossdock.doors.s2 import wire as s2

Body = dict[str, Any]
ACCOUNT = "1ac48942-405a-4841-a7d8-708f50dbe888"
PRODUCTS = ("3775cc37-30e7-4579-a58e-c9adda6fa888", "bab7c35b-2ecb-4b40-be82-8dc1e0a86888")

# Any text JSON and both databases can hold: no NUL, no half surrogate pairs. Empty and odd ones are likely.
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12) | st.sampled_from(
    ["", " ", "Zoë", "听雨", "🎁", 'a"b\\c', "':\":", "null", "0"]
)
# Numbers as they may be written, with their digits kept: 25, 25.0, 12.50, 1E+2, -0.000001.
decimals = st.decimals(-(10**9), 10**9, places=3) | st.sampled_from(
    [Decimal("25.0"), Decimal("12.50"), Decimal("1E+2"), Decimal("0.00"), Decimal("-0.000001"), Decimal("1E-7")]
)
whole = st.integers(-(10**12), 10**12)
numbers = whole | decimals
times = (
    st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + "Z").filter(is_date_time)
)
json_values = st.recursive(
    st.none() | st.booleans() | whole | decimals | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)

RULES: dict[str, st.SearchStrategy[str]] = {
    "country": st.sampled_from(sorted(COUNTRIES)),
    "fabric_order_type": st.sampled_from(["", "WEB", "CSC", "MOBILE_APP", "POS"]),
    "fabric_digits": st.integers(0, 10**18 - 1).map(str),
    "optional_currency": st.sampled_from(["", *sorted(CURRENCIES)]),
    "optional_date_time": st.just("") | times | times.map(lambda time: time[:-1] + ".198-05:00"),
    "fabric_country": st.sampled_from(["", *sorted(COUNTRIES), *sorted(ALPHA2_OF)]),
    "s2_country": st.sampled_from(["", *sorted(COUNTRIES)]),
    "currency": st.sampled_from(sorted(CURRENCIES)),
    "optional_country": st.sampled_from(["", *sorted(COUNTRIES)]),
    "optional_date": times.map(lambda time: time[:10]) | st.just(""),
    "date": times.map(lambda time: time[:10]),
    "date_time": times | times.map(lambda time: time[:-1] + ".198-05:00"),
    "utc_date_time": times | times.map(lambda time: time[:-1] + ".889Z"),
    "any_date": times | times.map(lambda time: time[:10]),
    "amount": st.decimals(-(10**9), 10**9, places=2).map(str),
    "s2_optional_time": times | st.just(""),
    "s2_uuid": st.uuids().map(str),
}


def of(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Return valid values of a described type."""
    if isinstance(kind, inspect.Metadata):
        rule = (kind.extra or {}).get("rule")
        return RULES[rule] if rule else of(kind.type)
    if isinstance(kind, inspect.UnionType):
        return st.one_of([of(arm) for arm in kind.types])
    if isinstance(kind, inspect.StructType):
        return shape(kind.cls)
    if isinstance(kind, inspect.ListType):
        return st.lists(of(kind.item_type), min_size=kind.min_length or 0, max_size=min(kind.max_length or 3, 3))
    if isinstance(kind, inspect.DictType):
        return st.dictionaries(text, of(kind.value_type), max_size=2)
    if isinstance(kind, inspect.StrType):
        low, high = kind.min_length or 0, kind.max_length or 60
        return text.map(lambda value: value.ljust(low, "x")[:high])
    if isinstance(kind, inspect.IntType):
        return st.integers(max(kind.ge or 0, -9) if kind.ge is not None else -9, min(kind.le or 99, 99))
    if isinstance(kind, inspect.LiteralType):
        return st.sampled_from(list(kind.values))
    simple = {
        inspect.DecimalType: decimals,
        inspect.BoolType: st.booleans(),
        inspect.NoneType: st.none(),
        inspect.AnyType: json_values,
    }
    return simple[type(kind)]


def shape(cls: type[msgspec.Struct], *, unknown: bool = True) -> st.SearchStrategy[Body]:
    """Return valid objects of a Struct: optional members at random, and members it does not know."""
    fields = inspect.type_info(cls).fields  # type: ignore[attr-defined]
    known = {field.encode_name for field in fields}
    required = {field.encode_name: st.deferred(lambda f=field: of(f.type)) for field in fields if field.required}  # type: ignore[misc]
    optional = {field.encode_name: st.deferred(lambda f=field: of(f.type)) for field in fields if not field.required}  # type: ignore[misc]
    described = st.fixed_dictionaries(required, optional=optional)
    if not unknown:
        return described
    # "x-" keeps clear of the names a door itself answers with.
    extra = st.dictionaries(text.map(lambda name: f"x-{name}"), json_values, max_size=2).map(
        lambda members: {name: value for name, value in members.items() if name not in known}
    )
    return st.builds(lambda body, more: body | more, described, extra)


def _pb_oms(body: Body) -> Body:
    for item in body["items"]:
        item["itemId"] = item.get("itemId") or "SKU"
        item["quantity"] = item.get("quantity") or 1
    return body


def _pb_fulfillment(body: Body) -> Body:
    how = body["inputShippingDetails"]
    if not how.get("carrier") and not how.get("serviceId"):
        how["carrier"] = "UPS"
    lines = body["toAddress"]["addressLines"]
    lines[0] = lines[0] or "1 Main St"
    for place, line in enumerate(body["orderLines"]):
        line["lineId"] = place + 1
    return body | {"clientId": "1234"}


def _fabric(body: Body) -> Body:
    for place, ship in enumerate(body["shipInfo"]):
        ship["shipToId"] = f"ship-{place}"
    for place, item in enumerate(body["items"]):
        item["lineItemId"] = f"line-{place}"
        item["shipToId"] = f"ship-{place % len(body['shipInfo'])}"
    return body


def _s2(body: Body) -> Body:
    for place, item in enumerate(body["items"]):
        item["channelOrderItemId"] = str(place) if item["channelOrderItemId"] else ""
        item["productId"] = PRODUCTS[place % 2]
    return body | {"accountId": ACCOUNT}


def _hub(body: Body) -> Body:
    for line in body["lines"]:
        line["sku"] = line.get("sku") or "SKU"
        if line.get("destination", 0) >= len(body.get("destinations", [])):
            line.pop("destination", None)
    return body


def _numbered(member: str, mend: Callable[[Body], Body]) -> Callable[[Body], Body]:
    def corrected(body: Body) -> Body:
        body = mend(body)
        body[member] = re.sub(r"\s", "_", body[member]).strip() or "N"
        return body

    return corrected


BODIES: dict[str, st.SearchStrategy[Body]] = {
    "pb_oms": shape(pb_oms.OrderCreate).map(_numbered("orderNumber", _pb_oms)),
    "pb_fulfillment": shape(pb_fulfillment.OrderCreate).map(_numbered("clientOrderId", _pb_fulfillment)),
    "fabric": shape(fabric.OrderCreate).map(_numbered("orderNumber", _fabric)),
    "s2": shape(s2.OrderCreate).map(_numbered("channelOrderId", _s2)),
    "hub": shape(hub.OrderCreate).map(_numbered("number", _hub)),
}

"""One order said in five formats is one canonical order, once what a format cannot say, and what it must add, is set aside."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.core.iso import ALPHA3_OF, COUNTRIES, CURRENCIES
from crossdock.core.orders.model import Address, Content, Destination, Line
from crossdock.doors import encode_json
from crossdock.flows.formats import ReferenceData
from tests.doors.bodies import ACCOUNT, PRODUCTS
from tests.doors.test_fidelity import FORMATS, found  # noqa: F401 - a fixture
from tests.vendors import VENDORS
from tests.world import World

Body = dict[str, Any]
TIME = "2026-01-30T10:53:24Z"
PRODUCT_OF = {"test": PRODUCTS[0], "SKU-GREY": PRODUCTS[1]}

# Frozen, may only shrink: a place in the content, and why this format cannot say it. `*` is any position.
UNSAYABLE: dict[str, dict[str, str]] = {
    "fabric": {"destinations/*/address/company": "its address has no company"},
}
# Frozen, may only shrink: a place in the content, and why every order in this format has something there.
DEMANDED: dict[str, dict[str, str]] = {
    "pb_oms": {"ship_from": "fromAddress is required"},
    "pb_fulfillment": {
        "account_ref": "clientId is required",
        "placed_at": "createDate is required",
        "shipping": "a carrier or service is required",
        "lines/*/line_ref": "lineId is required",
    },
    "fabric": {
        "channel": "channelId is required",
        "lines/*/line_ref": "lineItemId is required",
        "lines/*/product_ref": "itemId is required",
        "destinations/*/destination_ref": "shipToId is required",
    },
    "s2": {
        "account_ref": "accountId is required",
        "placed_at": "channelOrderDate is required",
        "lines/*/line_ref": "channelOrderItemId is required",
        "lines/*/product_ref": "productId is required",
        "lines/*/description": "comes from the product",
    },
}


# ------------------------------------------------------------------------------------------------------------- the order
word = st.text(st.characters(categories=["L", "N"], max_codepoint=0x2FFF), min_size=1, max_size=8) | st.sampled_from(
    ["Zoë", "听雨", "O'Hara", 'a"b\\c', "<b>", "null"]
)
phrase = st.lists(word, min_size=1, max_size=3).map(" ".join)
prices = st.decimals(0, 10**7, places=2) | st.sampled_from(
    [Decimal("0"), Decimal("25"), Decimal("25.0"), Decimal("0.00001"), Decimal("12345678901234567890.123")]
)
addresses = st.builds(
    Address,
    name=phrase, company=phrase, lines=st.lists(phrase, min_size=1, max_size=2).map(tuple), city=phrase,
    region=st.none() | word, postal_code=st.none() | word, country=st.sampled_from(sorted(COUNTRIES)),
    phone=st.none() | word, email=st.none() | word.map(lambda name: f"{name}@example.com"),
)  # fmt: skip
lines = st.builds(
    Line,
    quantity=st.integers(1, 2**31 - 1), sku=st.sampled_from(sorted(PRODUCT_OF)), unit_price=prices,
)  # fmt: skip
orders = st.builds(
    Content,
    number=word, currency=st.sampled_from(sorted(CURRENCIES)),
    destinations=addresses.map(lambda address: (Destination(address=address),)),
    lines=st.lists(lines, min_size=1, max_size=3).map(tuple),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------- said by hand
# Written from the vendors' pages and not with the doors' own `spell`, which would agree with itself.
def given_only(**members: Any) -> Body:
    return {name: value for name, value in members.items() if value is not None}


def pb_oms(order: Content, to: Address) -> Body:
    second = to.lines[1] if len(to.lines) > 1 else None
    return {
        "orderNumber": order.number,
        "charges": {"currency": order.currency},
        "fromAddress": {"addressLine1": "1 Dock Rd", "cityTown": "Winnipeg", "countryCode": "CA"},
        "toAddress": given_only(
            name=to.name, company=to.company, addressLine1=to.lines[0], addressLine2=second, cityTown=to.city,
            stateProvince=to.region, postalCode=to.postal_code, countryCode=to.country, phone=to.phone, email=to.email,
        ),
        "items": [{"itemId": line.sku, "quantity": line.quantity, "unitPrice": line.unit_price} for line in order.lines],
    }  # fmt: skip


def pb_fulfillment(order: Content, to: Address) -> Body:
    return {
        "clientId": "1234",
        "clientOrderId": order.number,
        "inputShippingDetails": {"carrier": "UPS"},
        "createDate": TIME,
        "orderLines": [
            {"lineId": place, "sku": line.sku, "orderedQuantity": line.quantity, "unitPrice": line.unit_price}
            for place, line in enumerate(order.lines)
        ],
        "orderCharges": {"orderCurrency": order.currency},
        "toAddress": given_only(
            name=to.name, company=to.company, addressLines=list(to.lines), cityTown=to.city, stateProvince=to.region,
            postalCode=to.postal_code, countryCode=to.country, phone=to.phone, email=to.email,
        ),
    }  # fmt: skip


def fabric(order: Content, to: Address) -> Body:
    first, _, rest = (to.name or "").partition(" ")
    country = to.country or ""
    return {
        "orderNumber": order.number,
        "channelId": "12",
        "statusCode": "ORDER_CREATED",
        "currency": order.currency,
        "items": [
            {
                "lineItemId": str(place), "lineItemNumber": place, "itemId": f"I-{place}", "sku": line.sku, "shipToId": "s",
                "orderedQuantity": line.quantity, "itemUnitPrice": line.unit_price,
            }
            for place, line in enumerate(order.lines)
        ],
        "shipInfo": [
            {
                "shipToId": "s",
                "shipToAddress": given_only(
                    name=given_only(first=first, last=rest or None), address1=to.lines[0],
                    address2=to.lines[1] if len(to.lines) > 1 else None, city=to.city, state=to.region,
                    postalCode=to.postal_code, country=ALPHA3_OF[country], email=to.email,
                    phone={"number": to.phone} if to.phone else None,
                ),
            }
        ],
    }  # fmt: skip


def s2(order: Content, to: Address) -> Body:
    second = to.lines[1] if len(to.lines) > 1 else ""
    return {
        "accountId": ACCOUNT,
        "channelOrderId": order.number,
        "channelShippingMethod": "",
        "shippingAddress": {
            "name": to.name, "company": to.company, "address1": to.lines[0], "address2": second, "city": to.city,
            "state": to.region or "", "postalCode": to.postal_code or "", "countryId": to.country,
            "phone": to.phone or "", "email": to.email or "",
        },
        "meta": {},
        "channelOrderDate": TIME,
        "currencyId": order.currency,
        "items": [
            {
                "channelOrderItemId": str(place), "productId": PRODUCT_OF[line.sku or ""], "quantity": line.quantity,
                "unitPrice": line.unit_price, "meta": {},
            }
            for place, line in enumerate(order.lines)
        ],
        "attachments": [],
    }  # fmt: skip


def hub(order: Content, to: Address) -> Body:
    return {
        "number": order.number,
        "currency": order.currency,
        "destinations": [
            {
                "address": given_only(
                    name=to.name, company=to.company, lines=list(to.lines), city=to.city, region=to.region,
                    postal_code=to.postal_code, country=to.country, phone=to.phone, email=to.email,
                )
            }
        ],
        "lines": [
            {"sku": line.sku, "quantity": line.quantity, "unit_price": str(line.unit_price)} for line in order.lines
        ],
    }  # fmt: skip


BODIES: dict[str, Callable[[Content, Address], Body]] = {
    "pb_oms": pb_oms, "pb_fulfillment": pb_fulfillment, "fabric": fabric, "s2": s2, "hub": hub,
}  # fmt: skip


def body_of(door: str, order: Content) -> Body:
    address = order.destinations[0].address
    assert address is not None
    return BODIES[door](order, address)


# ------------------------------------------------------------------------------------------------------------ comparing
def plain(content: Content) -> Any:
    """Return content as JSON would hold it, numbers as their digits."""
    return msgspec.json.decode(encode_json(msgspec.to_builtins(content)))


def without(tree: Any, places: dict[str, str]) -> Any:
    """Take places (`lines/*/sku`) out of a tree."""
    for place in places:
        tree = _cut(tree, place.split("/"))
    return tree


def _cut(tree: Any, path: list[str]) -> Any:
    if isinstance(tree, list) and path[0] == "*":
        return [_cut(each, path[1:]) for each in tree]
    if not isinstance(tree, dict) or path[0] not in tree:
        return tree
    rest = {name: value for name, value in tree.items() if name != path[0]}
    return rest if len(path) == 1 else rest | {path[0]: _cut(tree[path[0]], path[1:])}


def canonical(door: str, order: Content, found: ReferenceData) -> Any:  # noqa: F811 - the fixture's value
    """Tell an order in a door's words and give the canonical content the door makes of it."""
    format = FORMATS[door]
    reading = format.parse(encode_json(body_of(door, order)))
    assert reading.faults == ()
    return plain(format.to_content(reading, found))


WHOLE = Content(
    number="W-1", currency="USD",
    destinations=(Destination(address=Address(
        name="Jane Q Smith", company="ABC", lines=("1 A St", "Suite 4"), city="Vancouver", region="BC",
        postal_code="V5L 1P8", country="CA", phone="123", email="jane@example.com",
    )),),
    lines=(
        Line(quantity=2, sku="test", unit_price=Decimal("25.00")),
        Line(quantity=1, sku="SKU-GREY", unit_price=Decimal("0.1")),
    ),
)  # fmt: skip


class TestOneOrder:
    @pytest.mark.parametrize("door", BODIES)
    def test_one_order_is_the_same_in_every_format(self, door: str, found: ReferenceData) -> None:  # noqa: F811
        @settings(max_examples=25)
        @given(orders)
        def is_the_same(order: Content) -> None:
            made = without(canonical(door, order, found), DEMANDED.get(door, {}))
            assert made == without(plain(order), UNSAYABLE.get(door, {}))

        is_the_same()

    def test_one_order_is_said_in_every_format_there_is(self) -> None:
        assert set(BODIES) == set(FORMATS) == set(VENDORS)

    @pytest.mark.parametrize("door", BODIES)
    def test_one_order_wants_every_exception_listed(self, door: str, found: ReferenceData) -> None:  # noqa: F811
        """An exception that changes nothing any more must go from the lists."""
        made, whole = canonical(door, WHOLE, found), plain(WHOLE)
        stale = [place for place in DEMANDED.get(door, {}) if without(made, {place: ""}) == made]
        stale += [
            place
            for place in UNSAYABLE.get(door, {})
            if without(whole, {place: ""}) == whole or without(made, {place: ""}) != made
        ]
        assert stale == []


class TestOverHttp:
    async def test_over_http_reads_the_same_from_every_door(self, world: World) -> None:
        headers = await world.bearer()
        expected = plain(WHOLE)
        for door, vendor in VENDORS.items():
            sent = await world.http.post(
                vendor.create, content=encode_json(body_of(door, WHOLE)), headers=headers | vendor.headers(f"t-{door}")
            )
            assert sent.status_code == vendor.ok, sent.text
        listed = (await world.http.get("/hub/v1/orders?number=W-1", headers=headers)).json()["items"]
        assert {order["source"]["door"] for order in listed} == set(VENDORS)
        for order in listed:
            answer = await world.http.get(f"/hub/v1/orders/{order['id']}?as=hub", headers=headers)
            document = answer.json()["order"]
            shared = {name: document[name] for name in expected}
            shared["lines"] = [
                {name: value for name, value in line.items() if name != "counters"} for line in document["lines"]
            ]
            door = order["source"]["door"]
            assert without(shared, DEMANDED.get(door, {})) == without(expected, UNSAYABLE.get(door, {})), door
            assert document["reconciliation"]["components"][0]["computed"] == "50.10", door

"""Live responses of the Pitney Bowes OMS door fit its published schemas, for orders of every door, full and sparse."""

import re
from typing import Any

import httpx
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from crossdock import demo
from crossdock.doors import encode_json
from crossdock.doors.pb_oms import DOOR
from tests.doors.bodies import ACCOUNT, BODIES, PRODUCTS, Body
from tests.doors.pb_oms.client import ORDERS, PRODUCT, Headers, sample
from tests.doors.pb_oms.shipping import CARRIER_CODE, DEFAULTS, PRINTER, prepare
from tests.examples import at_most
from tests.vendors import VENDORS
from tests.world import World

TIME = "2026-01-30T10:53:24Z"
ADDRESS = {"addressLine1": "1 New Road", "cityTown": "Toronto", "countryCode": "CA"}
# What each door requires, and nothing else.
MINIMAL: dict[str, Body] = {
    "pb_oms": {
        "orderNumber": "MIN", "fromAddress": ADDRESS, "toAddress": ADDRESS, "items": [{"itemId": "A", "quantity": 1}],
    },
    "pb_fulfillment": {
        "clientId": "1234", "clientOrderId": "MIN", "createDate": TIME, "inputShippingDetails": {"carrier": "UPS"},
        "orderLines": [{"lineId": 1, "sku": "A", "orderedQuantity": 1}],
        "toAddress": {"addressLines": ["1 New Road"], "cityTown": "Toronto", "countryCode": "CA"},
    },
    "fabric": {
        "orderNumber": "MIN", "channelId": "12", "statusCode": "ORDER_CREATED",
        "items": [{"lineItemId": "1", "lineItemNumber": 1, "itemId": "I", "sku": "A", "shipToId": "s"}],
        "shipInfo": [{"shipToId": "s"}],
    },
    "s2": {
        "accountId": ACCOUNT, "channelOrderId": "MIN", "channelShippingMethod": "", "channelOrderDate": TIME, "meta": {},
        "shippingAddress": {
            "name": "Ann", "address1": "1 New Road", "address2": "", "city": "Toronto", "state": "", "postalCode": "",
            "countryId": "CA", "phone": "", "email": "", "company": "",
        },
        "items": [
            {"channelOrderItemId": "1", "productId": PRODUCTS[0], "quantity": 1, "unitPrice": 1, "meta": {}},
        ],
        "attachments": [], "currencyId": "USD",
    },
    "hub": {"number": "MIN", "lines": [{"sku": "A", "quantity": 1}]},
}  # fmt: skip


@pytest.fixture
def engine() -> str:
    """One engine: no document depends on it."""
    return "sqlite"


class Schemas:
    """The schemas of the door's published document."""

    def __init__(self, document: Any) -> None:
        self._document = document

    @classmethod
    async def published(cls, world: World) -> "Schemas":
        """Read the document as a client does."""
        return cls((await world.http.get("/openapi/pb_oms.json")).json())

    def faults(self, path: str, response: httpx.Response) -> list[str]:
        """Return where a response to a call of `path` does not fit its schema."""
        operation = self._document["paths"][path][response.request.method.lower()]
        answers = operation["responses"]
        assert str(response.status_code) in answers, (path, response.status_code, response.text)
        content = answers[str(response.status_code)].get("content")
        if content is None:  # an answer without a body
            return [] if response.content == b"" else [f"has a body: {response.text[:200]}"]
        schema = content["application/json"]["schema"]
        validator = Draft202012Validator(schema | {"components": self._document["components"]})
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(response.json())]


def dates(order: Any) -> list[str]:
    """Return the dates of an order that are no dates."""
    preferences = order["orderShippingInfo"].get("shippingPreferences") or {}
    date = preferences.get("dateOfShipment")
    return [] if date is None or re.fullmatch(r"\d{4}-\d\d-\d\d", date) else [date]


async def place(world: World, headers: Headers, door: str, body: Body, stamp: str) -> None:
    vendor = VENDORS[door]
    response = await world.http.post(vendor.create, json=body, headers=headers | vendor.headers(stamp))
    assert response.status_code == vendor.ok, response.text


async def check_all(world: World, headers: Headers) -> int:
    """Assert that the search and the read of every order fit; return their number."""
    schemas = await Schemas.published(world)
    found = await world.http.post(f"{ORDERS}/search", json={"size": 100}, headers=headers)
    assert schemas.faults(f"{ORDERS}/search", found) == []
    for order in found.json()["orders"]:
        read = await world.http.get(f"{ORDERS}/{order['orderInfo']['orderId']}", headers=headers)
        assert schemas.faults(f"{ORDERS}/{{orderId}}", read) == []
        assert dates(read.json()) == []
    return len(found.json()["orders"])


class TestOrders:
    async def test_full_and_sparse_orders_of_every_door_fit(self, world: World, headers: Headers) -> None:
        for door, vendor in VENDORS.items():
            await place(world, headers, door, vendor.body("FULL"), f"full-{door}")
            await place(world, headers, door, MINIMAL[door], f"min-{door}")
        assert await check_all(world, headers) == 2 * len(VENDORS)

    async def test_a_hub_order_of_many_kinds_fits(self, world: World, headers: Headers) -> None:
        address = {"lines": ["1", "2", "3", "4"], "country": "XK"}
        body = {
            "number": "H", "lines": [{"sku": "A", "quantity": 1, "unit_price": "1E-7"}, {"description": "P", "quantity": 2}],
            "ship_by": "2026-01-30T23:30:00-05:00", "destinations": [{"address": address}, {}], "bill_to": {},
            "customer": {"name": "Ann"}, "shipping": {}, "totals": {"total": "1E+3"},
        }  # fmt: skip
        await place(world, headers, "hub", body, "h")
        assert await check_all(world, headers) == 1

    @pytest.mark.parametrize("door", VENDORS)
    async def test_any_order_of_a_door_fits(self, world: World, headers: Headers, door: str) -> None:
        bodies: list[Body] = []

        @at_most(10, prove=20)  # a page holds them all
        @given(BODIES[door])
        def collect(body: Body) -> None:
            bodies.append(body)

        collect()
        for count, body in enumerate(bodies):
            body[VENDORS[door].number] = f"{count}-{body[VENDORS[door].number]}"[:50]
            vendor, more = VENDORS[door], VENDORS[door].headers(f"t-{count}")
            made = await world.http.post(vendor.create, content=encode_json(body), headers=headers | more)
            assert made.status_code == vendor.ok, made.text
        schemas = await Schemas.published(world)
        found = await world.http.post(f"{ORDERS}/search", json={"size": 100}, headers=headers)
        assert len(found.json()["orders"]) == len(bodies)
        assert schemas.faults(f"{ORDERS}/search", found) == []


class TestOtherCalls:
    async def test_every_call_is_answered_as_published(self, world: World, headers: Headers) -> None:
        schemas = await Schemas.published(world)
        names = await prepare(world, headers, "N-1")
        order_id = names["orderId"]
        bodies: dict[str, Any] = {
            "createOrder": sample(orderNumber="another"),
            "partialUpdateOrderById": {"charges": {"gmv": 1}},
            "updateOrderById": {"orders": [{"orderId": order_id}], "status": "UNFULFILLED"},
            "searchOrders": {},
            "updateTags": {"tagIds": ["x"]},
            "bulkUpdateTags": {"tags": [{"orderId": order_id, "tagIds": []}]},
            "addCustomsProduct": PRODUCT,
            "updateCustomsProduct": PRODUCT,
            "createCustomCode": CARRIER_CODE,
            **dict.fromkeys(("updateCustomCode", "updateShipViaCode"), CARRIER_CODE),
            **dict.fromkeys(("createDefaults", "putDefaultsById"), DEFAULTS),
            "printerMapping": PRINTER,
        }
        last = sorted(DOOR.routes, key=lambda route: route.method == "DELETE" and not route.operation.endswith("Item"))
        for route in last:
            for key, body in (
                (200, bodies.get(route.operation)),
                (400, {"items": 7, "orders": 7, "tags": 7, "size": [], "name": 7}),
            ):
                auth = (demo.CLIENT_ID, demo.CLIENT_SECRET) if route.scope is None and key == 200 else None
                response = await world.http.request(
                    route.method, route.paths[0].format(**names) + f"?itemId=B&alias=P1&page={'1' if key == 200 else 'x'}",
                    json=body, auth=auth,
                    headers=headers if route.scope else {},
                )  # fmt: skip
                assert schemas.faults(route.paths[0], response) == [], (route.operation, response.text)
                assert key != 200 or response.status_code < 300, (route.operation, response.text)

    async def test_a_refusal_of_a_stranger_fits(self, world: World) -> None:
        schemas = await Schemas.published(world)
        for route in DOOR.routes:
            response = await world.http.request(route.method, re.sub(r"{\w+}", "PB1", route.paths[0]), json={})
            assert response.status_code == 401
            assert schemas.faults(route.paths[0], response) == []
            assert response.headers["www-authenticate"]

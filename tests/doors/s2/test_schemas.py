"""Responses of every call fit the OpenAPI document, and a client with strict types parses them; for orders of every door."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator, FormatChecker
from msgspec import Struct

from crossdock.core.orders.model import Order, Source, initial_counters
from crossdock.doors import DOORS, encode_json
from crossdock.doors.s2 import DOOR
from crossdock.doors.s2.format import FORMAT
from crossdock.flows.formats import ReferenceData
from crossdock.web import openapi
from tests.doors.bodies import ACCOUNT, BODIES, PRODUCTS, Body
from tests.doors.s2.client import UUID as LOWER_CASE_UUID
from tests.doors.s2.client import Headers, sample, sign_in
from tests.doors.test_fidelity import FORMATS, found  # noqa: F401 - a fixture
from tests.examples import at_most
from tests.vendors import VENDORS
from tests.world import World

DOCUMENT: dict[str, Any] = openapi.document(DOOR)
_PLACE = {"addressLine1": "1 Main St", "cityTown": "Winnipeg", "countryCode": "CA"}
# Only what each door requires.
SMALLEST: dict[str, Body] = {
    "pb_oms": {"orderNumber": "S", "fromAddress": _PLACE, "toAddress": _PLACE, "items": [{"itemId": "A", "quantity": 1}]},
    "pb_fulfillment": {
        "clientId": "1234", "clientOrderId": "S", "inputShippingDetails": {"carrier": "UPS"}, "createDate": "2026-01-30T10:53Z",
        "orderLines": [{"lineId": 1, "sku": "A", "orderedQuantity": 1}],
        "toAddress": {"addressLines": ["1 Main St"], "cityTown": "Winnipeg", "countryCode": "CA"},
    },
    "fabric": {
        "orderNumber": "S", "channelId": "12", "statusCode": "ORDER_CREATED", "shipInfo": [{"shipToId": "1"}],
        "items": [{"lineItemId": "1", "lineItemNumber": 1, "itemId": "1", "sku": "A", "shipToId": "1"}],
    },
    "s2": {
        "accountId": ACCOUNT, "channelOrderId": "S", "channelShippingMethod": "", "meta": [], "attachments": [],
        "shippingAddress": dict.fromkeys(sample()["shippingAddress"], ""), "channelOrderDate": "2026-01-30T10:53:00Z",
        "currencyId": "CAD",
        "items": [
            {"channelOrderItemId": "", "productId": PRODUCTS[0], "quantity": 1, "unitPrice": 0, "meta": []},
            {"channelOrderItemId": "", "productId": PRODUCTS[0], "quantity": 1, "unitPrice": 0, "meta": {}},
        ],
    },
    "hub": {"number": "S", "lines": [{"quantity": 2, "description": "Mug"}, {"quantity": 3, "sku": "A"}]},
}  # fmt: skip
ORDERS = [(door, kind) for door in DOORS for kind in ("smallest", "sample")]


# ---------------------------------------------------------------------------- what a client with strict types parses into
class StrictOrganization(Struct):
    id: UUID
    createdAt: datetime
    updatedAt: datetime


class StrictAccount(Struct):
    id: UUID
    organization: StrictOrganization
    type: str
    createdAt: datetime
    updatedAt: datetime


class StrictBrand(Struct):
    id: UUID
    createdAt: datetime


class StrictProduct(Struct):
    id: UUID
    organization: StrictOrganization
    brand: StrictBrand
    createdAt: datetime
    updatedAt: datetime


class StrictItem(Struct):
    product: StrictProduct
    quantity: int
    unitPrice: float


class StrictAttachment(Struct):
    id: UUID
    createdAt: datetime
    updatedAt: datetime


class StrictOrder(Struct):
    id: UUID
    organization: StrictOrganization
    account: StrictAccount
    channelOrderId: str
    channelOrderDate: datetime
    items: list[StrictItem]
    attachments: list[StrictAttachment]
    createdAt: datetime
    updatedAt: datetime
    shipByDate: datetime | None
    deliverByDate: datetime | None


def check(schema: dict[str, Any], value: Any) -> None:
    """Assert that a value fits a schema of the document, formats included."""
    validator = Draft202012Validator(schema | {"components": DOCUMENT["components"]}, format_checker=FormatChecker())
    assert [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)] == []


def check_order(text: bytes) -> None:
    """Assert that an order fits its schema, that strict types hold it, and that its times are in UTC."""
    check({"$ref": "#/components/schemas/Order"}, json.loads(text))
    order = msgspec.json.decode(text, type=StrictOrder)
    for time in (order.channelOrderDate, order.shipByDate, order.deliverByDate, order.createdAt, order.updatedAt):
        assert time is None or time.utcoffset() == timedelta(0)


def check_response(operation: str, response: httpx.Response) -> Any:
    """Assert that a response fits the schema of its operation and status."""
    (described,) = [
        each for methods in DOCUMENT["paths"].values() for each in methods.values() if each["operationId"] == operation
    ]
    content = described["responses"][str(response.status_code)]["content"]
    check(content[response.headers["content-type"]]["schema"], response.json())
    return response.json()


async def place(world: World, headers: Headers, door: str, kind: str) -> str:
    """Create an order in a door, and return its id in this door."""
    vendor = VENDORS[door]
    body = SMALLEST[door] if kind == "smallest" else vendor.body("S")
    created = await world.http.post(vendor.create, json=body, headers=headers | vendor.headers("schemas"))
    assert created.status_code == vendor.ok, created.text
    hub_id = (await world.http.get("/hub/v1/orders", headers=headers)).json()["items"][0]["id"]
    rendered = await world.http.get(f"/hub/v1/orders/{hub_id}?as=s2", headers=headers)
    return str(rendered.json()["order"]["id"])


class TestOrders:
    @pytest.mark.parametrize(("door", "kind"), ORDERS)
    async def test_every_response_about_an_order_of_any_door_fits_its_schema(
        self, world: World, headers: Headers, door: str, kind: str
    ) -> None:
        order_id = await place(world, headers, door, kind)
        read = await world.http.get(f"/order/{order_id}", headers=headers)
        document = check_response("getOrder", read)
        items = [item | {"productId": item["product"]["id"]} for item in document["items"]]
        body = document | {"items": items, "customerNote": "Ring twice"}
        updated = await world.http.put(f"/order/{order_id}", json=body, headers=headers)
        assert updated.json() == document | {"customerNote": "Ring twice", "updatedAt": updated.json()["updatedAt"]}
        check_order(updated.content)
        responses = [read, await world.http.get("/order", headers=headers)]
        check_response("listOrders", responses.pop())
        for verb in ("cancel", "archive", "unarchive"):
            responses.append(await world.http.post(f"/order/{order_id}/{verb}", headers=headers))
            check_response(f"{verb}Order", responses[-1])
        assert {response.status_code for response in responses} == {200}
        for response in responses:
            check_order(response.content)
        check_response("cancelOrder", await world.http.post(f"/order/{order_id}/cancel", headers=headers))

    @pytest.mark.parametrize(("door", "kind"), ORDERS)
    async def test_every_id_made_now_has_version_4(self, world: World, headers: Headers, door: str, kind: str) -> None:
        order_id = await place(world, headers, door, kind)
        document = (await world.http.get(f"/order/{order_id}", headers=headers)).json()
        ids = [document["id"], *(each["id"] for each in document["attachments"])]
        ids += [item["product"]["id"] for item in document["items"]]
        assert {UUID(each).version for each in ids} == {4}
        assert all(LOWER_CASE_UUID.fullmatch(each) for each in ids)

    @pytest.mark.parametrize("door", DOORS)
    def test_any_order_of_any_door_fits_the_schema(self, door: str, found: ReferenceData) -> None:  # noqa: F811
        @at_most(25)
        @given(BODIES[door])
        def fits(body: Body) -> None:
            format = FORMATS[door]
            parsed = format.parse(encode_json(body))
            content = format.to_content(parsed, found)
            order = Order(
                organization_id=1, order_id=1, version=1, created_at=0, updated_at=0, source=Source(door, 1, "demo"),
                content=content, counters=initial_counters(content),
            )  # fmt: skip
            if door == FORMAT.name:
                check(
                    {"$ref": "#/components/schemas/Order"},
                    json.loads(encode_json(FORMAT.to_response(parsed.tree, order, found))),
                )
                check({"$ref": "#/components/schemas/OrderCreate"}, json.loads(encode_json(body)))
            else:
                check_order(FORMAT.render_foreign(order, found))

        fits()


class TestCatalog:
    async def test_every_response_about_the_catalog_fits_its_schema(self, world: World, headers: Headers) -> None:
        check_response("listAccounts", await world.http.get("/account", headers=headers))
        check_response("listProducts", await world.http.get("/product", headers=headers))
        check_response("listProducts", await world.http.get("/product?limit=x", headers=headers))
        check_response("createProduct", await world.http.post("/product", json={}, headers=headers))

    async def test_the_response_to_a_sign_in_fits_its_schema_and_its_user_has_an_id_of_version_4(
        self, world: World
    ) -> None:
        await sign_in(world)
        body = {"email": "demo@example.com", "password": "demo-password"}
        user = check_response("login", await world.http.post("/login", json=body))["user"]
        assert UUID(user["id"]).version == 4


class TestDocument:
    def test_every_operation_and_every_list_is_described(self) -> None:
        operations = [each for methods in DOCUMENT["paths"].values() for each in methods.values()]
        assert len(operations) == len(DOOR.routes)
        for route in DOOR.routes:
            assert route.description
            bodies = {status for status, kind in route.answers.items() if kind is not None}
            expected = bodies | ({"request"} if route.request else set())
            assert set(route.examples) == expected, route.operation

        def lists(node: Any) -> list[Any]:
            if isinstance(node, dict):
                own = [node] if node.get("type") == "array" else []
                return own + [each for value in node.values() for each in lists(value)]
            return [each for value in node for each in lists(value)] if isinstance(node, list) else []

        assert all("items" in each for each in lists(DOCUMENT))

    @pytest.mark.parametrize(
        ("change", "accepted"),
        [
            ({"channelOrderDate": "2024-04-24T06:00:33.889Z"}, True),
            ({"channelOrderDate": "2024-04-24T06:00Z"}, True),
            ({"channelOrderDate": "2024-04-24t06:00:00z"}, True),
            ({"channelOrderDate": "2024-04-24T06:00:00+00:00"}, True),
            ({"channelOrderDate": "2024-04-24T06:00:00+08:00"}, False),
            ({"channelOrderDate": "2024-04-24"}, False),
            ({"channelOrderDate": "2024-13-24T06:00:00Z"}, False),
            ({"channelOrderDate": ""}, False),
            ({"shipByDate": ""}, True),
            ({"deliverByDate": "soon"}, False),
            ({"currencyId": "aed"}, False),
            ({"currencyId": ""}, False),
            ({"shippingAddress": sample()["shippingAddress"] | {"countryId": ""}}, True),
            ({"shippingAddress": sample()["shippingAddress"] | {"countryId": "CHN"}}, False),
            ({"accountId": "1"}, False),
            ({"meta": []}, True),
            ({"meta": None}, False),
            ({"items": []}, False),
        ],
    )
    async def test_the_schema_of_the_create_body_says_what_is_accepted(
        self, world: World, headers: Headers, change: Body, accepted: bool
    ) -> None:
        body = sample(**change)
        response = await world.http.post("/order", json=body, headers=headers)
        assert (response.status_code == 200) == accepted, response.text
        schema = {"$ref": "#/components/schemas/OrderCreate", "components": DOCUMENT["components"]}
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        assert validator.is_valid(body) == accepted

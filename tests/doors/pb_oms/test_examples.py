"""Every example of the Pitney Bowes OMS documentation: accepted, answered so, and as its type has it."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from crossdock.core.json import validation
from crossdock.doors import Route
from crossdock.doors.pb_oms import DOOR, examples, examples_shipping
from tests.doors.pb_oms.client import ORDERS, Headers
from tests.doors.pb_oms.shipping import BASE, ship_order
from tests.world import World

ROUTES = {route.operation: route for route in DOOR.routes}
EXAMPLE_ID = "PBcffM5ruasQ"


def shape(body: Any) -> Any:
    """Return the members of a body at every depth, without values."""
    if isinstance(body, dict):
        return {name: shape(value) for name, value in body.items()}
    return [shape(each) for each in body] if isinstance(body, list) else type(body)


async def stored_examples(world: World, headers: Headers) -> dict[str, str]:
    """Store the example of everything below /shipping, and ship the example of an order; returns path parameters."""
    answers = {}
    for name, calls in (
        ("customsproduct", examples_shipping.CUSTOMS_PRODUCT), ("custom-carrier-codes", examples_shipping.CARRIER_CODE),
        ("defaults", examples_shipping.DEFAULTS_CREATE), ("printer/mapping", examples_shipping.PRINTER_PUT),
    ):  # fmt: skip
        answer = await world.http.post(f"{BASE}/{name}", json=calls["request"], headers=headers)
        assert answer.status_code < 300, answer.text
        answers |= answer.json()
    await world.http.post(ORDERS, json=examples.CREATE["request"], headers=headers)
    number = examples.CREATE["request"]["orderNumber"]
    size = {"length": "12", "width": "9", "height": "4", "unit": "IN"}
    shipped = await ship_order(
        world, headers, number,
        packages=[
            {"lines": [{"line": 0, "quantity": 2}], "weight": {"value": "32", "unit": "OZ"}, "size": size},
        ],
    )  # fmt: skip
    return {
        "customsProductId": answers["customsProductId"], "code": answers["code"], "defaultID": answers["defaultId"],
        "shipmentId": shipped,
    }  # fmt: skip


def with_id(example: Any, order_id: str) -> Any:
    return json.loads(json.dumps(example).replace(EXAMPLE_ID, order_id))


@pytest.mark.parametrize("operation", ROUTES)
class TestExamples:
    def test_every_route_has_an_example_of_its_request_and_of_its_success(self, operation: str) -> None:
        route = ROUTES[operation]
        assert ("request" in route.examples) == (route.request is not None)
        status = min(route.answers)
        assert (status in route.examples) == (route.answers[status] is not None)

    def test_an_example_fits_its_type(self, operation: str) -> None:
        route = ROUTES[operation]
        for key, example in route.examples.items():
            kind = route.request if key == "request" else route.answers[int(key)]
            tree = msgspec.json.Decoder(float_hook=Decimal).decode(json.dumps(example))
            is_array = isinstance(kind, dict)  # the schema of an array of a type
            for each in tree if is_array else [tree]:
                assert validation.faults(each, kind["items"] if is_array else kind) == [], (operation, key)

    async def test_an_example_is_answered_as_shown(self, world: World, headers: Headers, operation: str) -> None:
        body = examples.CREATE["request"] | {"orderNumber": "another"}
        body["items"] = [*body["items"], {"itemId": "B", "quantity": 1}]
        created = (await world.http.post(ORDERS, json=body, headers=headers)).json()
        route: Route = ROUTES[operation]
        names = await stored_examples(world, headers) if "/shipping/" in route.paths[0] else {}
        if operation in ("getOrderById", "searchOrders"):
            created = (await world.http.post(ORDERS, json=examples.CREATE["request"], headers=headers)).json()
        path = route.paths[0].format(orderId=created["orderId"], **names) + "?itemId=B&alias=packing table 2&size=1"
        sent = with_id(route.examples.get("request"), created["orderId"])
        auth = ("demo", "demo-secret") if route.scope is None else None
        answer = await world.http.request(
            route.method, path, json=sent, headers=headers if route.scope else {}, auth=auth
        )
        status = min(route.answers)
        assert answer.status_code == status, answer.text
        if route.answers[status] is None:
            assert answer.content == b""
            return
        assert shape(answer.json()) == shape(route.examples[status])
        if isinstance(answer.json(), dict):
            assert list(answer.json()) == list(route.examples[status])


class TestErrors:
    async def test_the_faulty_order_is_answered_as_shown(self, world: World, headers: Headers) -> None:
        body: dict[str, Any] = dict(examples.CREATE["request"], items=[{"itemId": "A", "quantity": 0}])
        del body["orderNumber"]
        answer = await world.http.post(ORDERS, json=body, headers=headers)
        assert (answer.status_code, answer.json()) == (400, examples.CREATE[400])

    async def test_the_unknown_order_is_answered_as_shown(self, world: World, headers: Headers) -> None:
        answer = await world.http.get(f"{ORDERS}/{EXAMPLE_ID}", headers=headers)
        assert (answer.status_code, answer.json()) == (404, examples.READ[404])

    async def test_wrong_credentials_are_answered_as_shown(self, world: World) -> None:
        answer = await world.http.post("/auth/api/v1/token", auth=("nobody", "x"))
        assert (answer.status_code, answer.json()) == (401, examples.TOKEN[401])

    async def test_the_faulty_product_is_answered_as_shown(self, world: World, headers: Headers) -> None:
        body = dict(examples_shipping.CUSTOMS_PRODUCT["request"])
        del body["unitPrice"]
        answer = await world.http.post("/shipping/api/v1/customsproduct", json=body, headers=headers)
        assert (answer.status_code, answer.json()) == (400, examples_shipping.CUSTOMS_PRODUCT[400])

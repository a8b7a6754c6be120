"""Every example of the Pitney Bowes OMS documentation: accepted, answered so, and as its type has it."""

import json
from typing import Any

import msgspec
import pytest

from crossdock.core.json import validation
from crossdock.doors import Route
from crossdock.doors.pb_oms import DOOR, examples
from tests.doors.pb_oms.client import ORDERS, Headers
from tests.world import World

ROUTES = {route.operation: route for route in DOOR.routes}
EXAMPLE_ID = "PBcffM5ruasQ"


def shape(body: Any) -> Any:
    """Return the members of a body at every depth, without values."""
    if isinstance(body, dict):
        return {name: shape(value) for name, value in body.items()}
    return [shape(each) for each in body] if isinstance(body, list) else type(body)


def with_id(example: Any, order_id: str) -> Any:
    return json.loads(json.dumps(example).replace(EXAMPLE_ID, order_id))


@pytest.mark.parametrize("operation", ROUTES)
class TestExamples:
    def test_every_route_has_an_example_of_its_request_and_of_its_success(self, operation: str) -> None:
        route = ROUTES[operation]
        assert ("request" in route.examples) == (route.request is not None)
        assert min(route.answers) in route.examples

    def test_an_example_fits_its_type(self, operation: str) -> None:
        route = ROUTES[operation]
        for key, example in route.examples.items():
            kind = route.request if key == "request" else route.answers[int(key)]
            tree = msgspec.json.decode(json.dumps(example))
            assert validation.faults(tree, kind) == [], (operation, key)

    async def test_an_example_is_answered_as_shown(self, world: World, headers: Headers, operation: str) -> None:
        body = examples.CREATE["request"] | {"orderNumber": "another"}
        body["items"] = [*body["items"], {"itemId": "B", "quantity": 1}]
        created = (await world.http.post(ORDERS, json=body, headers=headers)).json()
        route: Route = ROUTES[operation]
        if operation in ("getOrderById", "searchOrders"):
            created = (await world.http.post(ORDERS, json=examples.CREATE["request"], headers=headers)).json()
        path = route.paths[0].format(orderId=created["orderId"]) + "?itemId=B"
        sent = with_id(route.examples.get("request"), created["orderId"])
        auth = ("demo", "demo-secret") if route.scope is None else None
        answer = await world.http.request(
            route.method, path, json=sent, headers=headers if route.scope else {}, auth=auth
        )
        status = min(route.answers)
        assert answer.status_code == status, answer.text
        assert shape(answer.json()) == shape(route.examples[status])
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
        body = dict(examples.CUSTOMS_PRODUCT["request"])
        del body["unitPrice"]
        answer = await world.http.post("/shipping/api/v1/customsproduct", json=body, headers=headers)
        assert (answer.status_code, answer.json()) == (400, examples.CUSTOMS_PRODUCT[400])

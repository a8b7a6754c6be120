"""The examples of the OpenAPI document: the requests are accepted, and the responses are those that a server gives."""

import json
from typing import Any

import pytest

from crossdock.core.errors import Busy, Code, Conflict, Fault, Invalid
from crossdock.doors import Route
from crossdock.doors.s2 import DOOR, examples
from tests.doors.s2.client import OTHER_ORGANIZATION as OTHER
from tests.doors.s2.client import TIME, UNKNOWN_ID, UUID, Headers, add_second_organization, sign_in
from tests.doors.s2.test_errors import request
from tests.world import World

ROUTES: dict[str, Route] = {route.operation: route for route in DOOR.routes}


def masked(value: Any) -> Any:
    """Replace what differs from server to server: times that the server makes, ids that it computes from them, tokens."""
    if isinstance(value, dict):
        is_made = {"createdAt": TIME, "updatedAt": TIME}
        return {
            name: "<time>"
            if name in is_made and is_made[name].fullmatch(each)
            else "<token>"
            if name == "accessToken"
            else masked(each)
            for name, each in value.items()
        }
    return [masked(each) for each in value] if isinstance(value, list) else value


def shown(operation: str, key: int | str) -> Any:
    return ROUTES[operation].examples[key]


def check(operation: str, status: int, response: Any) -> None:
    """Assert that a response is the example, but for times, order ids, ids of attachments and users, and tokens."""
    assert response.status_code == status, response.text
    expected, actual = masked(shown(operation, status)), masked(response.json())
    pairs = [(expected, actual)]
    if "items" in expected and "total" in expected:
        pairs += zip(expected["items"], actual["items"], strict=True)
    for one, other in pairs:
        for owner in (one, one.get("user", {})), (other, other.get("user", {})):
            for each in (*owner, *owner[0].get("attachments", ())):
                if "channelOrderId" in each or "email" in each or "fileName" in each:
                    assert UUID.fullmatch(each["id"])
                    each["id"] = "<id>"
    assert json.dumps(actual, indent=1) == json.dumps(expected, indent=1)


class TestSuccess:
    async def test_the_examples_of_sign_in_and_catalog_are_accepted_and_answered(
        self, world: World, headers: Headers
    ) -> None:
        check("login", 200, await world.http.post("/login", json=shown("login", "request")))
        check("listAccounts", 200, await world.http.get("/account", headers=headers))
        product = shown("createProduct", "request")
        check("createProduct", 200, await world.http.post("/product", json=product, headers=headers))
        check("listProducts", 200, await world.http.get("/product?term=MUG-BLUE", headers=headers))
        other = await world.http.post("/product", json=product | {"name": "Other"}, headers=headers)
        check("createProduct", 409, other)

    async def test_the_examples_of_orders_are_accepted_and_answered(self, world: World, headers: Headers) -> None:
        body = shown("createOrder", "request")
        created = await world.http.post("/order", json=body, headers=headers)
        path = f"/order/{created.json()['id']}"
        check("createOrder", 200, created)
        check("createOrder", 409, await world.http.post("/order", json=body | {"meta": []}, headers=headers))
        check("listOrders", 200, await world.http.get("/order", headers=headers))
        check("getOrder", 200, await world.http.get(path, headers=headers))
        check("archiveOrder", 200, await world.http.post(f"{path}/archive", headers=headers))
        check("unarchiveOrder", 200, await world.http.post(f"{path}/unarchive", headers=headers))
        update = shown("updateOrder", "request")
        check("updateOrder", 200, await world.http.put(path, json=update, headers=headers))

    async def test_the_examples_of_cancel_are_answered(self, world: World, headers: Headers) -> None:
        created = await world.http.post("/order", json=shown("createOrder", "request"), headers=headers)
        path = f"/order/{created.json()['id']}"
        check("cancelOrder", 200, await world.http.post(f"{path}/cancel", headers=headers))
        check("cancelOrder", 409, await world.http.post(f"{path}/cancel", headers=headers))
        update = shown("updateOrder", "request") | {"customerNote": "x"}
        check("updateOrder", 409, await world.http.put(path, json=update, headers=headers))


class TestErrors:
    async def test_the_examples_of_faults_are_what_such_requests_get(self, world: World, headers: Headers) -> None:
        item = shown("createOrder", "request")["items"][0] | {"quantity": 0}
        body = shown("createOrder", "request") | {"channelShippingMethod": None, "items": [item]}
        check("createOrder", 400, await world.http.post("/order", json=body, headers=headers))
        product = shown("createProduct", "request") | {"sku": "", "brand": None}
        check("createProduct", 400, await world.http.post("/product", json=product, headers=headers))
        created = await world.http.post("/order", json=shown("createOrder", "request"), headers=headers)
        path = f"/order/{created.json()['id']}"
        update = shown("updateOrder", "request") | {"customerNote": 3}
        del update["meta"]
        check("updateOrder", 400, await world.http.put(path, json=update, headers=headers))
        check("login", 400, await world.http.post("/login", json={"email": None}))
        for operation, listed in (("listOrders", "order"), ("listProducts", "product"), ("listAccounts", "account")):
            check(operation, 400, await world.http.get(f"/{listed}?limit=x", headers=headers))
        check("getOrder", 400, await world.http.get("/order/%00", headers=headers))
        for verb in ("cancel", "archive", "unarchive"):
            check(f"{verb}Order", 400, await world.http.post(f"/order/%00/{verb}", headers=headers))

    async def test_the_examples_of_denials_are_what_such_requests_get(self, world: World) -> None:
        await add_second_organization(world, email="other@example.com")
        signed_in = await sign_in(world)
        wrong = shown("login", "request") | {"password": "wrong"}
        check("login", 401, await world.http.post("/login", json=wrong))
        for operation, route in ROUTES.items():
            if route.scope is None:
                continue
            path = route.paths[0].replace("{orderId}", UNKNOWN_ID)
            check(operation, 401, await world.http.request(route.method, path, json={}))
            foreign = signed_in | {"X-S2-Organization": OTHER}
            check(operation, 403, await world.http.request(route.method, path, json={}, headers=foreign))

    async def test_the_examples_of_what_is_not_there_are_what_such_requests_get(
        self, world: World, headers: Headers
    ) -> None:
        body = shown("createOrder", "request") | {"accountId": UNKNOWN_ID}
        check("createOrder", 404, await world.http.post("/order", json=body, headers=headers))
        check("getOrder", 404, await world.http.get(f"/order/{UNKNOWN_ID}", headers=headers))
        update = shown("updateOrder", "request")
        check("updateOrder", 404, await world.http.put(f"/order/{UNKNOWN_ID}", json=update, headers=headers))
        for verb in ("cancel", "archive", "unarchive"):
            check(f"{verb}Order", 404, await world.http.post(f"/order/{UNKNOWN_ID}/{verb}", headers=headers))

    @pytest.mark.parametrize(
        ("status", "refusal"),
        [
            (400, Invalid(Code.INVALID, "the body has faults", faults=(
                Fault(("channelShippingMethod",), "must be a string, not null"),
                Fault(("items", 0, "quantity"), "must be at least 1, not 0"),
            ))),
            (409, Conflict(Code.STALE_VERSION, "the order was changed by somebody else")),
            (413, Invalid(Code.TOO_LARGE, "the body has more than 1048576 bytes")),
            (429, Busy(Code.TOO_MANY_ATTEMPTS, "too many attempts to sign in have failed; try again later")),
            (500, None),
            (503, Busy(Code.OVERLOADED, "too many orders are waiting")),
        ],
    )  # fmt: skip
    def test_the_usual_errors_are_what_refusals_are_rendered_as(self, status: int, refusal: Any) -> None:
        reply = DOOR.refuse(refusal, request())
        assert (reply.status, json.loads(reply.body)) == (status, examples.ERRORS[status])

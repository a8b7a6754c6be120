"""The examples of the documentation: each request is accepted, and answered as the example of the answer shows."""

import json
import re
from typing import Any

import pytest

from crossdock.doors import Route, encode_json
from crossdock.doors.fabric import DOOR, examples
from crossdock.doors.fabric.demo import DEMO_ACCOUNT
from tests.doors.fabric.conftest import CONTEXT, ORDERS
from tests.vendors import FABRIC_ACCOUNT
from tests.world import World

Tree = Any
ROUTES = {route.operation: route for route in DOOR.routes}
HOLDS = {"statusCode": "ORDER_HOLD_CROSSBORDER"}
# What an operation needs before its example, besides the order of the examples: changes of that order, and calls.
BEFORE: dict[str, tuple[dict[str, Tree], tuple[tuple[str, str, Tree], ...]]] = {
    "createOrder": ({"orderNumber": "another"}, ()),
    "createOrderShort": ({"orderNumber": "another"}, ()),
    "releaseCrossBorderOrder": (HOLDS, ()),
    "releaseFraudOrder": ({"statusCode": "ORDER_HOLD_FRAUD"}, ()),
    "queryWebhookEvents": (
        {},
        (
            ("POST", "/webhook", examples.WEBHOOK),
            ("POST", "/webhook/retry", examples.RETRY | {"payload": {"orderId": "<order>"}}),
        ),
    ),
    "updateWebhook": ({}, (("POST", "/webhook", examples.WEBHOOK),)),
    "retryWebhook": ({}, (("POST", "/webhook", examples.WEBHOOK),)),
}
for _name in ("getWebhook", "deleteWebhook", "listWebhooks"):
    BEFORE[_name] = BEFORE["updateWebhook"]
for _name in ("getOrderAttribute", "updateOrderAttribute", "deleteOrderAttribute", "listOrderAttributes"):
    BEFORE[_name] = ({}, (("POST", "/order/attribute", examples.ATTRIBUTE),))
QUERY = {"getOrder": "?orderId=<order>", "getOrderShort": "?orderId=<order>"}
QUERY |= {"getCancelEligibility": "?orderId=<order>", "getExchangeEligibility": "?orderId=<order>"}
# How each refusal that is an example comes about: another query or path, or another body.
MISSING = {"orderId": "0" * 24, "orderNumber": "nope", "code": "nope", "webhookId": "0" * 24, "shipToId": "1"}
VOLATILE = {
    "orderId", "auditId", "auditTimestamp", "createdAt", "updatedAt", "cancellationDate", "transactionTimestamp", "id",
    "webhookId", "createdDate", "updatedDate", "eventRequestId", "firstEventTriggeredAt", "lastEventTriggeredAt",
    "access_token",
}  # fmt: skip


def masked(node: Tree, name: str = "") -> Tree:
    """Replace ids and times, which differ each time, where they are not null."""
    if isinstance(node, dict):
        return {key: masked(value, key) for key, value in node.items()}
    if isinstance(node, list):
        return [masked(value) for value in node]
    return "<differs>" if name in VOLATILE and node is not None else node


class Case:
    """One operation after what it needs was done."""

    def __init__(self, world: World, route: Route) -> None:
        self.world, self.route = world, route
        self.ids: dict[str, str] = {}

    async def prepare(self) -> None:
        """Create the order of the examples, and do what else is needed."""
        self.headers = await self.world.bearer() | CONTEXT | {"tenant-key": FABRIC_ACCOUNT}
        changes, calls = BEFORE.get(self.route.operation, ({}, ()))
        order = await self.world.http.post(ORDERS, json=examples.ORDER_REQUEST | changes, headers=self.headers)
        assert order.status_code == 200, order.text
        self.ids = {"orderId": order.json()["orderId"], "orderNumber": order.json()["orderNumber"]}
        self.ids |= {"shipToId": "1", "code": "giftWrap", "authServerId": "default"}
        for method, path, body in calls:
            answer = await self.world.http.request(
                method, f"/api/v2{path}", content=self.filled(body), headers=self.headers
            )
            assert answer.status_code == 200, answer.text
            self.ids |= {
                name: value
                for name, value in dict(answer.json() if path == "/webhook" else {}).items()
                if name == "webhookId"
            }

    def filled(self, body: Tree) -> bytes:
        """Write a body with the ids of this test."""
        return (
            encode_json(body)
            .replace(b"<order>", self.ids["orderId"].encode())
            .replace(examples.ORDER_ID.encode(), self.ids["orderId"].encode())
        )

    async def call(self, *, ids: dict[str, str], body: Tree, headers: dict[str, str]) -> Any:
        path = re.sub(r"\{(\w+)\}", lambda name: ids[name[1]], self.route.paths[0])
        path += QUERY.get(self.route.operation, "").replace("<order>", ids["orderId"])
        if self.route.operation == "getToken":
            return await self.world.http.post(path, data=body)
        content = None if body is None else self.filled(body)
        return await self.world.http.request(self.route.method, path, content=content, headers=headers)


@pytest.fixture
async def case(world: World, request: pytest.FixtureRequest) -> Case:
    made = Case(world, ROUTES[request.param])
    await made.prepare()
    return made


class TestExamples:
    @pytest.mark.parametrize("case", ROUTES, indirect=True)
    async def test_every_request_is_accepted_and_answered_as_shown(self, case: Case) -> None:
        shown = case.route.examples
        answer = await case.call(ids=case.ids, body=shown.get("request"), headers=case.headers)
        assert answer.status_code == 200, answer.text
        if 200 not in shown:
            assert answer.content == b""
            return
        expected = json.loads(case.filled(shown[200]))
        assert json.dumps(masked(answer.json()), indent=1) == json.dumps(masked(expected), indent=1)

    @pytest.mark.parametrize(
        ("case", "status"),
        [
            (route.operation, status)
            for route in DOOR.routes
            for status in route.examples
            if status not in ("request", 200)
        ],
        indirect=["case"],
    )
    async def test_every_refusal_is_answered_as_shown(self, case: Case, status: int) -> None:
        operation, shown = case.route.operation, case.route.examples
        body, ids, headers = shown.get("request"), case.ids, case.headers
        if status == 404:
            ids = case.ids | MISSING
            body = {name: MISSING.get(name, value) for name, value in (body or {}).items()} or None
            if operation == "queryOrders":
                body = {"filters": {"orderNumber": "nope"}}
        elif status == 409:
            await case.call(ids=ids, body=body, headers=headers)
        elif status == 401:
            body = body | {"client_secret": "wrong"} if operation == "getToken" else body
            headers = CONTEXT
        elif operation in ("createOrder", "createOrderShort"):
            body = examples.FAULTY_ORDER
        else:  # an update of the version before, a release twice
            await case.call(ids=ids, body=body, headers=headers)
        answer = await case.call(ids=ids, body=body, headers=headers)
        assert (answer.status_code, answer.json()) == (status, shown[status])

    def test_every_operation_has_a_description_and_examples(self) -> None:
        for route in DOOR.routes:
            assert route.description.endswith("."), route.operation
            assert route.examples, route.operation
            assert ("request" in route.examples) is (route.request is not None), route.operation
            assert set(route.examples) - {"request"} <= set(route.answers), route.operation

    def test_the_account_of_the_examples_is_that_of_the_demo(self) -> None:
        assert examples.ACCOUNT == DEMO_ACCOUNT

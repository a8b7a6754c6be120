"""The examples of the documentation: each request is accepted, and answered as the example of the answer shows."""

import json
import re
from typing import Any

import pytest

from crossdock.doors import Route, encode_json
from crossdock.doors.fabric import (
    DOOR,
    examples,
    examples_allocation,
    examples_config,
    examples_lists,
    examples_shipments,
)
from crossdock.doors.fabric.demo import DEMO_ACCOUNT
from tests.doors.fabric import config_examples, shipping_examples, stock_examples
from tests.doors.fabric.conftest import CONTEXT, ORDERS
from tests.flows.allocating import add_locations, count
from tests.notifications.world import caller_of
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
_METHOD = ("POST", "/shipping", examples_lists.METHOD)
_LINKED = ("POST", "/shipping/<id>/item", {"itemIds": ["20000000"]})
for _name in ("getShippingMethod", "updateShippingMethod", "deleteShippingMethod", "queryShippingMethods"):
    BEFORE[_name] = ({}, (_METHOD,))
BEFORE["addShippingMethodItems"] = ({}, (_METHOD,))
for _name in ("getShippingMethodItems", "getShippingMethodsOfItem"):
    BEFORE[_name] = ({}, (_METHOD, _LINKED))
_LISTED = (("POST", "/list", examples_lists.LIST), ("POST", "/list/<listId>/items", [examples_lists.ITEM]))
for _name in ("getList", "updateList", "deleteList", "getListsOfUser", "getListItems"):
    BEFORE[_name] = ({}, _LISTED)
BEFORE["addListItems"] = ({}, _LISTED[:1])
_RESERVED = (("POST", "/backpre-order/backorderpreorder-reserve", examples_allocation.RESERVE),)
for _name in ("getReservation", "listReservations", "deleteReservation", "updateReservation", "consentToDelay"):
    BEFORE[_name] = ({}, _RESERVED)
# Calls for which the product of the order is in stock before the order comes.
ALLOCATED = (
    "getAllocation", "updateAllocation", "queryAllocations", "reallocate", "cancelAllocations",
    *shipping_examples.OPERATIONS,
)  # fmt: skip
BEFORE |= stock_examples.BEFORE | config_examples.BEFORE
QUERY = {"getOrder": "?orderId=<order>", "getOrderShort": "?orderId=<order>"}
QUERY |= {"getReservation": "?BackOrderPreOrderReservationId=<reservation>"}
QUERY |= {"getCancelEligibility": "?orderId=<order>", "getExchangeEligibility": "?orderId=<order>"}
QUERY |= stock_examples.QUERY | config_examples.QUERY
BEFORE |= shipping_examples.BEFORE
QUERY |= {"getReturnEligibility": "?orderId=<order>"}
# How each refusal that is an example comes about: another query or path, or another body.
MISSING = {"orderId": "0" * 24, "orderNumber": "nope", "code": "nope", "webhookId": "0" * 24, "shipToId": "1"}
MISSING |= {"reservation": "nope", "backOrderId": "nope"}
MISSING |= {"id": "nope", "itemId": "nope", "listId": "nope", "userId": "nope"}
# Filters of searches that find nothing.
NOTHING_FOUND: dict[str, Tree] = {
    "queryOrders": {"orderNumber": "nope"}, "queryShippingMethods": {"channel": "nope"},
    "queryShipments": {"locationNum": "nope"}, "queryInvoices": {"currency": "nope"},
}  # fmt: skip
NOTHING_FOUND |= config_examples.NOTHING_FOUND
# Ids in answers by the name of the path parameter that takes them.
NAMES = {"webhookId": "webhookId", "shippingMethodId": "id", "listId": "listId", "id": "id"}
NAMES |= {name: name for name in (*stock_examples.CAPTURED, *shipping_examples.CAPTURED)}
MISSING |= stock_examples.MISSING | shipping_examples.MISSING
VOLATILE = {
    "orderId", "auditId", "auditTimestamp", "createdAt", "updatedAt", "cancellationDate", "transactionTimestamp", "id",
    "webhookId", "createdDate", "updatedDate", "eventRequestId", "firstEventTriggeredAt", "lastEventTriggeredAt",
    "access_token", "shippingMethodId", "listId", "allocationId", "allocationRequestId", "sentToPPSDate", "allocationDate",
    "consentDate", "networkId", "keyId", "url", *shipping_examples.VOLATILE,
}  # fmt: skip


def masked(node: Tree, name: str = "") -> Tree:
    """Replace ids and times, which differ each time, where they are not null."""
    if isinstance(node, dict):
        return {key: masked(value, key) for key, value in node.items()}
    if isinstance(node, list):
        return [masked(value) for value in node]
    if name == "message" and isinstance(node, str):
        return re.sub("[0-9a-f]{24}", "<differs>", node)
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
        if self.route.operation in ALLOCATED:
            await self._stock()
        order = await self.world.http.post(ORDERS, json=examples.ORDER_REQUEST | changes, headers=self.headers)
        assert order.status_code == 200, order.text
        self.ids = {"orderId": order.json()["orderId"], "orderNumber": order.json()["orderNumber"]}
        self.ids |= {"shipToId": "1", "code": "giftWrap", "authServerId": "default", "locationNum": "13"}
        self.ids |= {"lineItemId": "1", "reservation": f"{order.json()['orderId']}-1"}
        if self.route.operation in ALLOCATED:
            (allocation,) = (
                await self.world.http.post("/api/v2/allocation/query", json={}, headers=self.headers)
            ).json()
            self.ids |= {"allocationId": allocation["allocationId"], "ids": allocation["allocationId"]}
        self.ids |= {"itemId": "20000000", "userId": str(examples_lists.LIST["userId"])}
        self.ids |= config_examples.IDS
        self.ids |= stock_examples.IDS.get(self.route.operation, {})
        for method, template, body in calls:
            path = re.sub(r"<(\w+)>", lambda name: self.ids[name[1]], template)
            answer = await self.world.http.request(
                method, f"/api/v2{path}", content=self.filled(body), headers=self.headers
            )
            assert answer.status_code in (200, 201), answer.text
            self.capture(answer.json() if answer.content else None)
            await self.world.context.jobs.idle()

    def capture(self, answer: Tree) -> None:
        """Remember the ids in an answer, and the key at the end of a URL."""
        if isinstance(answer, dict):
            self.ids |= {NAMES[name]: answer[name] for name in NAMES if name in answer}
            self.ids |= {"key": answer["url"].rpartition("/")[2]} if "url" in answer else {}

    async def _stock(self) -> None:
        """Put the product of the order into a location, and into another."""
        caller = await caller_of(self.world)
        await add_locations(self.world, caller, "410", "420")
        await count(self.world, caller, "SKU-RED-M", "410", 5)
        await count(self.world, caller, "SKU-RED-M", "420", 2)

    def filled(self, body: Tree) -> bytes:
        """Write a body with the ids of this test; text is a file."""
        if isinstance(body, str):
            return body.encode()
        return (
            encode_json(body)
            .replace(examples_allocation.ALLOCATION_ID.encode(), self.ids.get("allocationId", "").encode())
            .replace(examples_config.EXPORT_ID.encode(), self.ids.get("keyId", "").encode())
            .replace(examples_shipments.SHIPMENT_ID.encode(), self.ids.get("shipmentId", "").encode())
            .replace(examples_shipments.INVOICE_ID.encode(), self.ids.get("invoiceId", "").encode())
            .replace(b"<order>", self.ids["orderId"].encode())
            .replace(examples.ORDER_ID.encode(), self.ids["orderId"].encode())
        )

    async def call(self, *, ids: dict[str, str], body: Tree, headers: dict[str, str]) -> Any:
        path = re.sub(r"\{(\w+)\}", lambda name: ids[name[1]], self.route.paths[0])
        query = QUERY.get(self.route.operation, "").replace("<order>", ids["orderId"])
        path += re.sub(r"<(\w+)>", lambda name: ids[name[1]], query)
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
        success = 201 if 201 in case.route.answers else 200
        assert answer.status_code == success, answer.text
        if success not in shown:
            assert answer.content == b""
            return
        if isinstance(shown[success], str):
            assert answer.text == shown[success]
            return
        expected = json.loads(case.filled(shown[success]))
        assert json.dumps(masked(answer.json()), indent=1) == json.dumps(masked(expected), indent=1)

    @pytest.mark.parametrize(
        ("case", "status"),
        [
            (route.operation, status)
            for route in DOOR.routes
            for status in route.examples
            if status not in ("request", 200, 201)
        ],
        indirect=["case"],
    )
    async def test_every_refusal_is_answered_as_shown(self, case: Case, status: int) -> None:
        operation, shown = case.route.operation, case.route.examples
        body, ids, headers = shown.get("request"), case.ids, case.headers
        if status == 404:
            ids = case.ids | MISSING | stock_examples.MISSING_IDS | config_examples.MISSING_IDS
            if isinstance(body, list):
                body = [each | {"configName": "nope"} for each in body]
            elif isinstance(body, dict) and "itemIds" not in body:
                body = {name: MISSING.get(name, value) for name, value in body.items()}
            if operation in NOTHING_FOUND:
                body = {"filters": NOTHING_FOUND[operation]}
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

"""Live responses of the fabric door fit its published schemas, for orders of every door, full and sparse."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator, FormatChecker

from crossdock.doors import encode_json
from crossdock.doors.fabric import DOOR
from crossdock.web import openapi
from tests.doors import golden, golden_format
from tests.doors.bodies import ACCOUNT, BODIES, PRODUCTS, Body
from tests.doors.fabric.conftest import CONTEXT, smallest
from tests.examples import at_most
from tests.vendors import FABRIC_ACCOUNT, VENDORS
from tests.web.test_openapi import fits
from tests.world import World

BASE = "/api/v2"
TIME = "2026-01-30T10:53:24Z"
ADDRESS = {"addressLine1": "1 New Road", "cityTown": "Toronto", "countryCode": "CA"}
# What each door requires, and nothing else.
MINIMAL: dict[str, Body] = {
    "pb_oms": {"fromAddress": ADDRESS, "toAddress": ADDRESS, "items": [{"itemId": "A", "quantity": 1}]},
    "pb_fulfillment": {
        "clientId": "1234", "createDate": TIME, "inputShippingDetails": {"carrier": "UPS"},
        "orderLines": [{"lineId": 1, "sku": "A", "orderedQuantity": 1}],
        "toAddress": {"addressLines": ["1 New Road"], "cityTown": "Toronto", "countryCode": "CA"},
    },
    "fabric": smallest(),
    "s2": {
        "accountId": ACCOUNT, "channelShippingMethod": "", "channelOrderDate": TIME, "meta": {},
        "shippingAddress": {
            "name": "Ann", "address1": "1 New Road", "address2": "", "city": "Toronto", "state": "", "postalCode": "",
            "countryId": "CA", "phone": "", "email": "", "company": "",
        },
        "items": [{"channelOrderItemId": "1", "productId": PRODUCTS[0], "quantity": 1, "unitPrice": 1, "meta": {}}],
        "attachments": [], "currencyId": "USD",
    },
    "hub": {"lines": [{"sku": "A", "quantity": 1}]},
}  # fmt: skip
STOCK_CASES = [
    path
    for path in golden.files(__file__)
    if golden_format.read(path)["request"].get("path", "").startswith(("/location", "/inventory"))
]
STRICT = FormatChecker(formats=())


@STRICT.checks("date-time")
def is_strict_date_time(value: object) -> bool:
    """Say whether a typed client can read a time: as RFC 3339, with seconds and an offset."""
    return not isinstance(value, str) or bool(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", value)
    )


@pytest.fixture
def engine() -> str:
    """One engine: no document depends on it."""
    return "sqlite"


@cache
def document_of_the_door() -> Any:
    """Return the document that the door publishes, see tests/web/test_openapi.py."""
    return msgspec.json.decode(msgspec.json.encode(openapi.document(DOOR, server="/")))


class Client:
    """Calls the door, and checks every response against the door's published document."""

    def __init__(self, world: World, headers: dict[str, str], document: Any) -> None:
        self.world, self.headers, self.called = world, headers, set[str]()
        self._document = document
        self.operations = {
            each["operationId"]: each for methods in document["paths"].values() for each in methods.values()
        }

    @classmethod
    async def of(cls, world: World) -> "Client":
        """Read the document as a client does."""
        headers = await world.bearer() | CONTEXT | {"tenant-key": FABRIC_ACCOUNT}
        return cls(world, headers, document_of_the_door())

    async def __call__(self, operation: str, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        content = None if body is None else encode_json(body)
        answer = await self.world.http.request(method, BASE + path, content=content, headers=self.headers)
        assert answer.status_code == status, (operation, answer.text)
        assert self.faults(operation, answer) == [], operation
        self.called.add(operation)
        return answer.json() if answer.content and "json" in answer.headers["content-type"] else None

    def faults(self, operation: str, answer: httpx.Response) -> list[str]:
        """Return where a response does not fit the schema of its operation."""
        answers = self.operations[operation]["responses"]
        assert str(answer.status_code) in answers, (operation, answer.status_code, answer.text)
        content = answers[str(answer.status_code)].get("content")
        if content is None:
            assert answer.content == b"" or answer.headers["content-type"].startswith("text/plain")
            return []
        schema = content["application/json"]["schema"] | {"components": self._document["components"]}
        validator = Draft202012Validator(schema, format_checker=STRICT)
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(answer.json())]


async def place(client: Client, door: str, body: Body, number: str) -> None:
    vendor = VENDORS[door]
    token = {"Authorization": client.headers["Authorization"]}
    answer = await client.world.http.post(
        vendor.create, content=encode_json(body | {vendor.number: number}), headers=token | vendor.headers(number)
    )
    assert answer.status_code == vendor.ok, answer.text


@pytest.mark.parametrize("is_full", [True, False], ids=["full", "sparse"])
@pytest.mark.parametrize("door", VENDORS)
class TestOrders:
    async def test_every_call_on_an_order_answers_as_its_schema_says(
        self, world: World, door: str, is_full: bool
    ) -> None:
        client = await Client.of(world)
        await place(client, door, VENDORS[door].body("N-1") if is_full else MINIMAL[door], "N-1")
        query = {"filters": {"orderNumber": "N-1"}}
        (found,) = (await client("queryOrders", "POST", "/order/query", query))["orders"]
        order_id, line_id = found["orderId"], found["items"][0]["lineItemId"]
        (listed,) = await client("getOrder", "GET", "/order/")
        read = await client("getOrder", "GET", "/order/?orderNumber=N-1")
        assert found == listed == read
        await client("getCancelEligibility", "GET", f"/order/cancel?orderId={order_id}")
        await client("getExchangeEligibility", "GET", f"/order/exchange?orderId={order_id}")
        unchanged = await client("updateOrder", "PUT", "/order/N-1", read | {"version": read["version"]})
        assert unchanged["version"] == read["version"]
        await client("updateOrder", "PUT", "/order/N-1", read | {"version": 7}, status=400)
        customer = {"name": {"last": "Smith"}, "email": "a@example.com"}
        await client("updateCustomer", "PATCH", f"/order/{order_id}/customer", customer)
        ship_to = f"/order/{order_id}/shipto/{found['shipInfo'][0]['shipToId']}/pickup"
        status = 200 if door == "fabric" else 400
        await client("updatePickup", "PATCH", ship_to, {"email": "a@example.com"}, status=status)
        tracking = {"entity": "ORDER", "eventType": "ORDER_CREATE_IN_PTS", "orderNumber": "N-1"}
        await client("acknowledgeTracking", "POST", "/order/package-tracking/acknowledge", tracking)
        await client(
            "validateCrossBorderOrders", "POST", "/order/cross-border/validate-order", {"orderNumbers": ["N-1"]}
        )
        hold = read | {"statusCode": "ORDER_HOLD_CROSSBORDER", "version": None}
        held = await client("updateOrder", "PUT", "/order/N-1", hold)
        assert held["statusCode"] == "ORDER_HOLD_CROSSBORDER"
        release = {"orderNumber": "N-1", "releaseType": "RELEASE"}
        await client("releaseCrossBorderOrder", "POST", "/order/cross-border/release-order", release)
        await client("releaseCrossBorderOrder", "POST", "/order/cross-border/release-order", release, status=400)
        await client("releaseFraudOrder", "POST", "/fraud/release", {"orderNumber": "N-1"})
        cancel = {"orderId": order_id, "reasonCode": "LATE", "items": [{"lineItemId": line_id}]}
        canceled = await client("cancelOrder", "POST", "/order/cancel", cancel)
        assert canceled["cancellationDate"] is not None
        await client("cancelOrder", "POST", "/order/cancel", cancel, status=400)
        await client("cancelFraudOrder", "POST", "/fraud/cancel", {"orderNumber": "N-1"})
        send = {"id": order_id, "documentType": "ORDER", "notificationType": "ORDER_CREATED"}
        await client("sendNotification", "POST", "/notification/send", send)
        await client("sendNotification", "POST", "/notification/send", send, status=403)
        await client(
            "acknowledgeNotification", "POST", "/notification/acknowledgment", send | {"notificationDate": TIME}
        )
        await client("getOrder", "GET", f"/order/?orderId={order_id}")

    async def test_required_members_are_filled_and_times_can_be_read(
        self, world: World, door: str, is_full: bool
    ) -> None:
        client = await Client.of(world)
        await place(client, door, VENDORS[door].body("N-1") if is_full else MINIMAL[door], "N-1")
        order = await client("getOrder", "GET", "/order/?orderNumber=N-1")
        assert is_strict_date_time(order["orderDate"])
        assert order["statusCode"] == "ORDER_CREATED"
        assert all(item["orderedQuantity"] >= 1 and item["lineOrderStatus"] for item in order["items"])
        ship_tos = {info["shipToId"] for info in order["shipInfo"]}
        assert all(item["shipToId"] in ship_tos for item in order["items"])


class TestOtherCalls:
    async def test_every_other_call_answers_as_its_schema_says(self, world: World) -> None:
        client = await Client.of(world)
        order = await client(
            "createOrder", "POST", "/order/", smallest(payments=[{"paymentIdentifier": {"paymentId": "p"}}])
        )
        await client("createOrder", "POST", "/order/", {}, status=400)
        report = {"paymentIdentifier": "p", "status": "CAPTURED", "balances": {"captured": 5, "refunded": 1.5}}
        reported = await client("reportPaymentStatus", "POST", f"/order/payment-status/{order['orderNumber']}", report)
        (payment,) = reported["payments"]
        assert (payment["paymentStatus"], payment["chargedAmount"], payment["refundAmount"]) == ("CAPTURED", 5, 1.5)
        attribute = {"code": "gift", "name": "Gift", "type": "STRING"}
        await client("createOrderAttribute", "POST", "/order/attribute", attribute)
        await client("listOrderAttributes", "GET", "/order/attribute")
        await client("getOrderAttribute", "GET", "/order/attribute/gift")
        await client("updateOrderAttribute", "PUT", "/order/attribute/gift", attribute | {"required": True})
        await client("deleteOrderAttribute", "DELETE", "/order/attribute/gift")
        await client("getOrderAttribute", "GET", "/order/attribute/gift", status=404)
        await client("queryOrders", "POST", "/order/query", {"filters": {"orderNumber": "nope"}}, status=404)
        definition = {
            "events": ["ORDER_CREATE", "NOT_LISTED"], "protocol": "HTTP", "requestType": "POST", "source": "ORDER_SERVICE",
            "target": "https://example.com/hook",
        }  # fmt: skip
        webhook = await client("createWebhook", "POST", "/webhook/", definition)
        await client("createWebhook", "POST", "/webhook/", definition, status=409)
        path = f"/webhook/{webhook['webhookId']}"
        await client("getWebhook", "GET", path)
        await client("listWebhooks", "GET", "/webhook/?offset=0&limit=1000")
        await client("updateWebhook", "PATCH", path, {"apiVersion": "1.0.0"})
        again = {
            "channel": 12,
            "tenant": FABRIC_ACCOUNT,
            "event": "NOT_LISTED",
            "payload": {"orderId": order["orderId"]},
        }
        await client("retryWebhook", "POST", "/webhook/retry", again)
        events = await client("queryWebhookEvents", "POST", "/webhook/event/query", {"limit": 1000})
        assert (len(events["events"]), events["limit"]) == (1, 250)
        await client("deleteWebhook", "DELETE", path)

    async def test_a_refusal_of_a_stranger_fits_and_has_a_challenge(self, world: World) -> None:
        client = await Client.of(world)
        for route in DOOR.routes:
            answer = await world.http.request(
                route.method, re.sub(r"\{\w+\}", "x", route.paths[0]), headers=CONTEXT, json={}
            )
            without_token = 404 if "{key}" in route.paths[0] else 400  # the key of a signed link, or a form
            assert answer.status_code == (401 if route.scope else without_token)
            assert route.operation not in client.operations or client.faults(route.operation, answer) == []
            assert answer.headers.get("www-authenticate", "").startswith("Bearer" if route.scope else "")


class TestRecorded:
    """The recorded answers of the location and inventory calls, full and sparse ones and all errors."""

    @pytest.mark.parametrize("path", STOCK_CASES, ids=lambda path: path.stem)
    def test_a_recorded_answer_fits_the_schema_of_its_call(self, path: Path) -> None:
        document = document_of_the_door()
        case = golden_format.read(path)
        url = BASE + case["request"]["path"].partition("?")[0]
        template = min((each for each in document["paths"] if fits(each, url)), key=lambda each: each.count("{"))
        response = case["response"]
        answers = document["paths"][template][case["request"]["method"].lower()]["responses"]
        content = answers[str(response["status"])].get("content", {})
        if "application/json" not in content:
            assert response["body"] == "" or "text/csv" in content
            return
        schema = content["application/json"]["schema"] | {"components": document["components"]}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(response["body"])] == []


class TestGenerated:
    @pytest.mark.parametrize("door", VENDORS)
    async def test_any_order_of_a_door_fits(self, world: World, door: str) -> None:
        bodies: list[Body] = []

        @at_most(10, prove=20)  # a page holds them all
        @given(BODIES[door])
        def collect(body: Body) -> None:
            bodies.append(body)

        collect()
        client = await Client.of(world)
        for count, body in enumerate(bodies):
            await place(client, door, body, f"N-{count}")
        found = await client("queryOrders", "POST", "/order/query", {"limit": 250})
        assert len(found["orders"]) == len(bodies)
        for order in found["orders"][:5]:
            cancel = {"orderId": order["orderId"], "items": [{"lineItemId": order["items"][0]["lineItemId"]}]}
            await client("cancelOrder", "POST", "/order/cancel", cancel)
        await client("getOrder", "GET", "/order/")

"""Returns, exchanges and appeasements through the door."""

import asyncio
from typing import Any

import pytest

from crossdock.flows import catalog, fulfillment
from crossdock.flows.catalog import Draft
from tests.doors.fabric.conftest import shirts
from tests.doors.fabric.shipping_client import Client
from tests.flows.allocating import count, levels
from tests.notifications.world import caller_of
from tests.world import World

Tree = Any


@pytest.fixture
async def client(world: World, headers: dict[str, str]) -> Client:
    made = Client(world, headers)
    await made.stock("W1")
    order = await made.order()
    made.order_id = order["orderId"]  # type: ignore[attr-defined]
    return made


def returned(kind: str, units: int = 1, **changes: Tree) -> Tree:
    item = {"returnType": kind, "orderLineItemId": "a", "quantity": units, "scanTimeStamp": "2026-02-01T10:00:00Z"}
    return item | changes


async def send(client: Client, *items: Tree, status: int = 201, **changes: Tree) -> Tree:
    body = {"orderId": client.order_id, "employeeId": "7", "source": "CSR", "items": list(items)} | changes  # type: ignore[attr-defined]
    return await client.post("/order/returns", body, status)


async def line(client: Client) -> Tree:
    return (await client.read())["items"][0]


class TestEligibility:
    async def test_shipped_units_that_are_in_no_return_can_be_returned(self, client: Client) -> None:
        query = f"/order/returns?orderId={client.order_id}"  # type: ignore[attr-defined]
        before = (await client.call("GET", query)).json()
        assert before["items"] == [{"lineItemId": "a", "eligibleQuantity": 0, "eligible": False}]
        await client.shipped()
        await send(client, returned("PENDING"))
        after = (await client.call("GET", query + "&lineItemId=a")).json()
        assert after["items"] == [{"lineItemId": "a", "eligibleQuantity": 2, "eligible": True}]
        assert (await client.call("GET", query + "&lineItemId=x")).status_code == 400
        assert (await client.call("GET", "/order/returns")).status_code == 400
        assert (await client.call("GET", f"/order/returns?orderId={'0' * 24}")).status_code == 404


class TestReturns:
    async def test_a_return_goes_from_pending_to_its_refund(self, client: Client) -> None:
        await client.shipped()
        pending = await send(client, returned("PENDING", 2))
        assert (pending["refundStatus"], pending["items"][0]["returnStatus"]) == ("REFUND_PENDING", "PENDING")
        item = await line(client)
        assert (item["lineOrderStatus"], item["pendingReturnQuantity"]) == ("PENDING_RETURN", 2)
        await send(client, returned("PROCESSING", 2))
        item = await line(client)
        assert (item["lineOrderStatus"], item["processingReturnQuantity"]) == ("RETURN_PROCESSING", 2)
        assert (item["pendingReturnQuantity"], item["returnedQuantity"]) == (0, 0)
        done = await send(client, returned("RECEIVED", 2))
        assert (done["refundStatus"], done["totalRefund"]) == ("REFUND_INITIATED", 40)
        assert done["items"][0] == {
            "returnStatus": "VALID", "policyCode": "DEFAULT", "lineItemId": "a", "returnQuantity": 2, "refundAmount": 40,
        }  # fmt: skip
        order = await client.read()
        item = order["items"][0]
        assert (item["returnedQuantity"], item["refundAmount"], order["returnTotal"]) == (2, 40, 40)
        assert (order["statusCode"], item["lineOrderStatus"]) == ("ORDER_PARTIALLY_RETURNED", "PARTIAL_RETURN")
        assert (item["returns"][0]["shipmentQuantity"], item["returns"][0]["refundAmount"]) == (2, 40)
        credit = await client.post("/invoice/query", {"filters": {"invoiceType": "RETURN"}})
        assert [each["invoiceTotal"] for each in credit["invoices"]] == [-40]

    async def test_units_that_arrive_without_notice_are_refunded_less_fees(self, client: Client) -> None:
        await client.shipped()
        fee = [{"type": "RESTOCKING", "value": 5}]
        assert (await send(client, returned("RECEIVED", 3, fees=fee)))["totalRefund"] == 55
        assert (await client.read())["statusCode"] == "ORDER_RETURNED"

    async def test_rejected_units_are_not_refunded(self, client: Client) -> None:
        await client.shipped()
        await send(client, returned("PENDING", 2))
        answer = await send(client, returned("REJECTED", 2))
        assert (answer["refundStatus"], answer["items"][0]["returnStatus"]) == ("REFUND_FAILURE", "REJECTED")
        item = await line(client)
        assert (item["rejectedReturnQuantity"], item["returnedQuantity"]) == (2, 0)
        assert item["lineOrderStatus"] == "RETURN_REJECTED"

    async def test_each_item_is_answered_for_itself(self, world: World, client: Client) -> None:
        policy = Draft(b'{"name": "strict", "days": 30, "reasons": ["1DMG"]}')
        kind, key = fulfillment.POLICY_KIND, fulfillment.POLICY_KEY
        await catalog.add(world.context, await caller_of(world), kind=kind, key=key, draft=policy)
        await client.shipped()
        answer = await send(
            client, returned("PENDING", 9), returned("PENDING"), returned("PENDING", reasonCode="1DMG"),
            returned("PENDING", policyOveride=True),
        )  # fmt: skip
        found = [each["returnStatus"] for each in answer["items"]]
        assert found == ["REJECTED", "POLICY_VIOLATION", "PENDING", "PENDING"]
        assert (await line(client))["pendingReturnQuantity"] == 2

    async def test_stock_comes_back_where_the_location_takes_returns(self, world: World, client: Client) -> None:
        body = {"locationNum": 9, "name": "Nine", "attributes": {"isReturns": True}}
        await client.post("/location", body)
        caller = await caller_of(world)
        await count(world, caller, "GREEN", "9", 5)
        items = [shirts()["items"][0] | {"sku": "GREEN", "itemId": "5"}]
        order = await client.order("G-1", items=items)
        client.order_id = order["orderId"]  # type: ignore[attr-defined]
        await client.shipped("G-1")
        await send(client, returned("RECEIVED"))
        assert (await levels(world, caller, "GREEN"))["9"].on_hand == 3

    async def test_all_faults_are_named(self, client: Client) -> None:
        await client.shipped()
        body = {"orderId": client.order_id, "attributes": "{", "items": [{"returnType": "X", "quantity": 0}]}  # type: ignore[attr-defined]
        answer = await client.call("POST", "/order/returns", body)
        assert answer.status_code == 400
        assert answer.json()["message"].count(": ") == 4, answer.text
        unknown = await client.call(
            "POST", "/order/returns", {"orderId": "0" * 24, "employeeId": "7", "items": [returned("PENDING")]}
        )
        assert (unknown.status_code, unknown.json()) == (404, {"message": "Order Not Found!"})
        wrong = returned("PENDING", shipmentId="0" * 24)
        body = {"orderId": client.order_id, "items": [wrong, returned("PENDING", orderLineItemId="x")]}  # type: ignore[attr-defined]
        assert (await client.call("POST", "/order/returns", body)).json()["message"].split("; ") == [
            "items[0].shipmentId: is not a shipment of the line",
            "items[1].orderLineItemId: is not a line of the order",
        ]

    async def test_of_two_returns_of_the_same_units_at_a_time_one_is_accepted(self, client: Client) -> None:
        await client.shipped()
        answers = await asyncio.gather(*(send(client, returned("RECEIVED", 2)) for _ in range(2)))
        assert sorted(each["items"][0]["returnStatus"] for each in answers) == ["REJECTED", "VALID"]
        assert (await client.read())["returnTotal"] == 40


NEW = {"itemId": "300", "sku": "BLUE-S", "quantity": 1}


class TestExchange:
    async def test_a_replacement_becomes_a_line_when_the_returned_units_come(self, client: Client) -> None:
        await client.shipped()
        await send(client, returned("PENDING", exchange={"items": [NEW]}), exchange=True)
        item = await line(client)
        assert (item["lineOrderStatus"], item["pendingExchangeQuantity"]) == ("PENDING_EXCHANGE", 1)
        answer = await send(client, returned("RECEIVED"), exchange=True)
        assert answer["totalRefund"] == 0
        order = await client.read()
        old, new = order["items"]
        assert (old["exchangeQuantity"], old["lineOrderStatus"]) == (1, "EXCHANGED")
        assert (new["sku"], new["exchangeItem"], new["parentLineItemNumber"]) == ("BLUE-S", True, 1)
        assert (new["lineItemNumber"], new["pendingShippedQuantity"]) == (2, 1)

    async def test_a_replacement_can_be_shipped_at_once(self, client: Client) -> None:
        await client.shipped()
        item = NEW | {"initiateReshipment": True}
        await send(client, returned("PENDING", exchange={"items": [item]}), exchange=True)
        assert [each["sku"] for each in (await client.read())["items"]] == ["RED-M", "BLUE-S"]
        await send(client, returned("RECEIVED"), exchange=True)
        assert len((await client.read())["items"]) == 2

    async def test_a_price_difference_is_refunded(self, client: Client) -> None:
        await client.shipped()
        more = {"items": [NEW], "refund": {"amount": 4, "currency": "USD"}}
        assert (await send(client, returned("RECEIVED", exchange=more), exchange=True))["totalRefund"] == 4


class TestAppeasement:
    async def test_money_is_given_back_once_for_each_counter(self, client: Client) -> None:
        await client.shipped()
        body: Tree = {
            "orderNumber": "SH-1", "source": "SFSC", "userID": "12",
            "appeasements": [{"appeasementCounter": 1, "reasonCode": "Late Delivery", "value": 12.5}],
        }  # fmt: skip
        first = await client.post("/order/appeasement", body)
        assert (first["responseCode"], first["responseData"]["totalAmountRefunded"]) == ("SUCCESS", 12.5)
        assert (await client.post("/order/appeasement", body))["responseData"]["totalAmountRefunded"] == 0
        body["items"] = [{"lineItemId": "a", "appeasements": [{"appeasementCounter": 2, "value": 5}]}]
        second = await client.post("/order/appeasement", body)
        assert (second["responseCode"], second["responseData"]["totalAmountRefunded"]) == ("PARTIAL_SUCCESS", 5)
        order = await client.read()
        assert (order["appeasementTotal"], [each["value"] for each in order["appeasements"]]) == (17.5, [12.5])
        (item,) = order["items"]
        assert (item["appeasementTotal"], [each["value"] for each in item["appeasements"]]) == (5, [5])

    async def test_the_response_code_says_what_is_wrong(self, client: Client) -> None:
        body: Tree = {"orderNumber": "SH-1", "source": "x", "userID": "1", "appeasements": [{"value": 1000}]}
        assert (await client.post("/order/appeasement", body))["responseCode"] == "AMOUNT_EXCEEDS"
        assert (await client.post("/order/appeasement", {}, 400))["responseCode"] == "INVALID_REQUEST"
        missing = await client.post("/order/appeasement", body | {"orderNumber": "nope"}, 404)
        assert missing["responseCode"] == "NOT_FOUND"
        body["appeasements"] = [{"value": -1}]
        body["items"] = [{"lineItemId": "x", "appeasements": [{"value": 1}]}]
        answer = await client.post("/order/appeasement", body, 400)
        assert answer["responseMessage"].split("; ") == [
            "items[0].lineItemId: is not a line of the order", "appeasements[0].value: must be more than 0",
        ]  # fmt: skip


class TestPaymentStatus:
    async def test_reported_balances_limit_what_is_given_back(self, client: Client) -> None:
        await client.shipped()
        report = {"paymentIdentifier": "pay-1", "status": "CAPTURED", "balances": {"captured": 10, "refunded": 0}}
        await client.post("/order/payment-status/SH-1", report)
        assert (await send(client, returned("RECEIVED")))["totalRefund"] == 10
        wrong = report | {"balances": {"captured": 10, "refunded": 11}}
        assert (await client.call("POST", "/order/payment-status/SH-1", wrong)).status_code == 400

"""Creating, updating and canceling many orders in one call of the Pitney Bowes Fulfillment door."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from crossdock.core.ids import from_digits
from crossdock.core.json.request_body import ParsedBody
from crossdock.core.orders.commands import HoldRequest, PlaceHolds
from crossdock.core.orders.model import Content
from crossdock.doors.pb_fulfillment.format import PbFulfillmentFormat
from crossdock.flows import queries
from crossdock.flows.access import SCOPES, Caller
from crossdock.flows.execute import execute
from crossdock.flows.formats import ReferenceData
from tests.doors.pb_fulfillment.client import CLIENT_ID, ORDERS, SAMPLE, TRANSACTION, VendorClient, parameters, sample
from tests.world import World


class TestCreateOrders:
    async def test_a_bulk_call_returns_created_and_refused_orders_in_order(self, client: VendorClient) -> None:
        bad = sample(clientOrderId="bad", orderLines=[])
        foreign = sample(clientOrderId="foreign", clientId="9999")
        response = await client.bulk([sample(clientOrderId="one"), bad, 5, foreign, sample(clientOrderId="two")])
        assert response.status_code == 200
        one, refused, no_object, other, two = response.json()["orders"]
        assert (one["clientOrderId"], one["status"]) == ("one", "RECEIVED")
        assert (two["clientOrderId"], two["status"]) == ("two", "RECEIVED")
        assert list(refused) == ["clientId", "clientOrderId", "errors"]
        assert (refused["clientId"], refused["clientOrderId"]) == (CLIENT_ID, "bad")
        assert refused["errors"][0]["parameters"] == ["orderLines"]
        assert list(no_object) == ["errors"]
        assert other["errors"][0]["errorCode"] == "1000004"

    async def test_a_bulk_call_returns_an_order_as_create_does(self, client: VendorClient) -> None:
        created = await client.create(SAMPLE)
        response = await client.create(b'{ "orders" : [ ' + SAMPLE + b" ] }", path="/v1/orders/bulk")
        assert response.content == b'{"orders":[' + created.content + b"]}"

    async def test_a_bulk_call_returns_unified_errors_on_request(self, client: VendorClient) -> None:
        response = await client.bulk([{}], **{"X-PB-UnifiedErrorStructure": "true"})
        error = response.json()["orders"][0]["errors"][0]
        assert list(error) == ["errorCode", "errorDescription", "additionalInfo", "parameters"]

    async def test_a_bulk_call_creates_repeats_and_updates_an_order(self, client: VendorClient) -> None:
        (first,) = (await client.bulk([sample()])).json()["orders"]
        (again,) = (await client.bulk([sample()])).json()["orders"]
        (changed,) = (await client.bulk([sample(orderHandling="N", fromNode=None)])).json()["orders"]
        assert again == first
        assert changed["orderId"] == first["orderId"]
        assert (changed["orderHandling"], changed["pbCreateDate"]) == ("N", first["pbCreateDate"])
        assert "fromNode" not in changed and "pbUpdateDate" in changed
        assert (await client.view(first["orderId"])).json() == changed
        (back,) = (await client.bulk([sample()])).json()["orders"]
        assert (back["orderHandling"], back["fromNode"]) == ("E", "160")

    async def test_the_last_of_several_orders_with_one_number_wins(self, client: VendorClient) -> None:
        response = await client.bulk([sample(brand="1"), sample(brand="2"), sample(brand="2")])
        one, two, again = response.json()["orders"]
        assert one["orderId"] == two["orderId"]
        assert (one["brand"], two["brand"], again) == ("1", "2", two)
        assert (await client.view(one["orderId"])).json()["brand"] == "2"

    async def test_a_bulk_call_accepts_200_orders_and_refuses_201(self, client: VendorClient) -> None:
        bodies = [sample(clientOrderId=f"N{number}") for number in range(201)]
        refused = await client.bulk(bodies, transaction="T1")
        assert refused.status_code == 400
        assert parameters(refused) == {"orders"}
        # nothing was stored: the last number and the transaction id are free
        accepted = await client.bulk(bodies[1:], transaction="T1")
        orders = accepted.json()["orders"]
        assert [each["clientOrderId"] for each in orders] == [each["clientOrderId"] for each in bodies[1:]]
        assert {each["status"] for each in orders} == {"RECEIVED"}
        assert all("pbUpdateDate" not in each for each in orders)

    @pytest.mark.parametrize(
        ("body", "code", "parameter"),
        [
            (b"", "1000050", None),
            (b"[]", "1000045", None),
            (b"-1.5", "1000045", None),
            (b"{}", "1000045", "orders"),
            (b'{"orders":{}}', "1000045", "orders"),
            (b'{"orders":[]}', "1000045", "orders"),
            (b'{"orders":[{}],"orders":[{}]}', "1000045", "orders"),
            (b'{"orders":[{"fee":NaN}]}', "1000045", "orders[0].fee"),
            (b'{"orders":[{}],"note":1e999}', "1000045", "note"),
            (b'{"orders":[' + b"[" * 70 + b"]" * 70 + b"]}", "1000050", None),
        ],
    )
    async def test_a_bulk_body_that_cannot_be_split_is_refused(
        self, client: VendorClient, body: bytes, code: str, parameter: str | None
    ) -> None:
        response = await client.create(body, path=f"{ORDERS}/bulk")
        assert response.status_code == 400
        assert [each["errorCode"] for each in response.json()] == [code]
        assert parameters(response) == ({parameter} if parameter else set())

    async def test_a_fault_inside_an_order_refuses_only_that_order(self, client: VendorClient) -> None:
        twice = SAMPLE.replace(b'"fromNode": "160"', b'"fromNode": "160", "fromNode": "161", "a": "\\u0000"')
        body = b'{"orders":[' + twice + b"," + json.dumps(sample(clientOrderId="ok")).encode() + b"]}"
        response = await client.create(body, path=f"{ORDERS}/bulk")
        bad, good = response.json()["orders"]
        assert {each["parameters"][0] for each in bad["errors"]} == {"fromNode", "a"}
        assert good["status"] == "RECEIVED"


class TestRepeatedCall:
    async def test_a_repeated_bulk_call_returns_the_first_response(self, client: VendorClient) -> None:
        first = await client.bulk([sample(), {}], transaction="T1")
        await client.bulk([sample(brand="later")], transaction="T2")
        again = await client.create({"orders": [sample(), {}]}, path="/v1/orders/bulk", transaction="T1")
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        (order,) = [each for each in first.json()["orders"] if "orderId" in each]
        assert (await client.view(order["orderId"])).json()["brand"] == "later"

    async def test_another_request_under_the_transaction_id_of_a_bulk_call_is_refused(
        self, client: VendorClient
    ) -> None:
        await client.bulk([sample()], transaction="T1")
        for response in (
            await client.bulk([sample(brand="B")], transaction="T1"),
            await client.create(SAMPLE, transaction="T1"),
            await client.create(b'{"orders":[{"a":1,"a":1}]}', path=f"{ORDERS}/bulk", transaction="T1"),
        ):
            assert response.status_code == 400
            assert parameters(response) == {TRANSACTION}

    async def test_a_bulk_call_under_the_transaction_id_of_a_create_is_refused(self, client: VendorClient) -> None:
        await client.create(SAMPLE, transaction="T1")
        response = await client.bulk([sample(clientOrderId="new")], transaction="T1")
        assert (response.status_code, parameters(response)) == (400, {TRANSACTION})

    async def test_a_bulk_call_that_met_a_bug_runs_again_when_repeated(
        self, client: VendorClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        to_content = PbFulfillmentFormat.to_content

        def fail(self: PbFulfillmentFormat, parsed: ParsedBody, reference_data: ReferenceData) -> Content:
            if parsed.shape.clientOrderId == "bad":
                raise RuntimeError("failed")
            return to_content(self, parsed, reference_data)

        bodies = [sample(), sample(clientOrderId="bad")]
        with monkeypatch.context() as broken:
            broken.setattr(PbFulfillmentFormat, "to_content", fail)
            good, bad = (await client.bulk(bodies, transaction="T1")).json()["orders"]
        assert good["status"] == "RECEIVED"
        assert (bad["clientOrderId"], bad["errors"][0]["errorCode"]) == ("bad", "1000005")
        again = await client.bulk(bodies, transaction="T1")
        assert again.json()["orders"][0] == good
        assert again.json()["orders"][1]["status"] == "RECEIVED"

    async def test_concurrent_bulk_calls_create_each_order_once(self, client: VendorClient) -> None:
        bodies = [sample(clientOrderId=f"N{number}") for number in range(20)]
        responses = await asyncio.gather(*(client.bulk(bodies, transaction="T1") for _ in range(4)))
        assert len({response.content for response in responses}) == 1
        singles = await asyncio.gather(*(client.create(sample(), transaction="T2") for _ in range(8)))
        assert len({response.content for response in singles}) == 1
        assert {response.status_code for response in singles} == {201}
        assert sum("idempotent-replayed" in response.headers for response in singles) == 7


class TestUpdateInBulk:
    async def test_a_bulk_update_does_not_release_holds(self, world: World, client: VendorClient) -> None:
        lines = sample()["orderLines"]
        created = (await client.create(sample(orderLines=[*lines, lines[0] | {"lineId": 2, "sku": "B"}]))).json()
        caller = Caller(await world.demo_organization(), "demo", frozenset(SCOPES))
        holds = (HoldRequest("FRAUD"), HoldRequest("PART", lines=(1,)))
        command = PlaceHolds(order_id=from_digits(created["orderId"][3:22]), holds=holds)
        await execute(world.context, caller, [command], door="hub")
        reordered = [lines[0] | {"lineId": 2, "sku": "B"}, lines[0]]
        (order,) = (await client.bulk([sample(orderLines=reordered)])).json()["orders"]
        assert order["holdReason"] == ["FRAUD", "PART"]
        after = await queries.order(world.context, caller, order_id=from_digits(created["orderId"][3:22]))
        assert [hold.lines for hold in after.holds] == [(), (0,)]

    async def test_a_bug_in_one_bulk_update_does_not_affect_the_others(
        self, client: VendorClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await client.bulk([sample(), sample(clientOrderId="bad")])
        to_content = PbFulfillmentFormat.to_content

        def fail(self: PbFulfillmentFormat, parsed: Any, reference_data: Any) -> Any:
            if parsed.tree["clientOrderId"] == "bad":
                raise RuntimeError("failed")
            return to_content(self, parsed, reference_data)

        changed = [sample(brand="B"), sample(clientOrderId="bad", brand="B")]
        with monkeypatch.context() as broken:
            broken.setattr(PbFulfillmentFormat, "to_content", fail)
            good, bad = (await client.bulk(changed, transaction="T1")).json()["orders"]
        assert good["brand"] == "B"
        assert (bad["clientOrderId"], bad["errors"][0]["errorCode"]) == ("bad", "1000005")
        again = (await client.bulk(changed, transaction="T1")).json()["orders"]
        assert again[0] == good
        assert again[1]["brand"] == "B"


class TestCancelOrders:
    async def test_a_bulk_cancel_that_was_interrupted_runs_again_when_repeated(
        self, client: VendorClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await client.bulk([sample(), sample(clientOrderId="two")])
        body = {"CancelOrdersRequest": [{"clientId": CLIENT_ID, "clientOrderId": sample()["clientOrderId"]},
                                        {"clientId": CLIENT_ID, "clientOrderId": "two"}]}  # fmt: skip

        async def call() -> httpx.Response:
            return await client.http.put(f"{ORDERS}/bulk/cancel", json=body, headers=client.headers("T1"))

        async def fail(*_: Any, **__: Any) -> None:
            raise RuntimeError("power cut")

        with monkeypatch.context() as broken:
            broken.setattr("crossdock.flows.idempotency.finish_bulk_call", fail)
            assert (await call()).status_code == 500
        response = await call()
        assert [each["status"] for each in response.json()["orders"]] == ["CANCELED", "CANCELED"]
        again = await call()
        assert (again.content, again.headers["idempotent-replayed"]) == (response.content, "true")

    async def test_a_bulk_cancel_finds_an_order_by_the_id_that_is_not_empty(self, client: VendorClient) -> None:
        order_id = (await client.create(SAMPLE)).json()["orderId"]
        await client.create(sample(clientOrderId="7"))
        entries = [
            {"clientId": CLIENT_ID, "clientOrderId": "", "orderId": order_id},
            {"clientId": int(CLIENT_ID), "clientOrderId": 7, "orderId": ""},
            {"clientId": CLIENT_ID, "clientOrderId": "", "orderId": ""},
        ]
        response = await client.http.put(
            f"{ORDERS}/bulk/cancel", json={"CancelOrdersRequest": entries}, headers=client.headers()
        )
        one, other, refused = response.json()["orders"]
        assert (one["orderId"], one["status"]) == (order_id, "CANCELED")
        assert (other["clientOrderId"], other["status"]) == ("7", "CANCELED")
        assert refused["errors"][0]["parameters"] == ["orderId"]

    async def test_a_bulk_cancel_of_201_orders_is_refused(self, client: VendorClient) -> None:
        entries = [{"clientId": CLIENT_ID, "clientOrderId": f"N{number}"} for number in range(201)]
        body = {"CancelOrdersRequest": entries}
        response = await client.http.put(f"{ORDERS}/bulk/cancel", json=body, headers=client.headers())
        assert (response.status_code, parameters(response)) == (400, {"CancelOrdersRequest"})

"""Shipments through the door: what is shipped, found, given back, tracked and shipped again."""

import asyncio
import json
from typing import Any

import pytest

from tests.doors.fabric.shipping_client import Client, carton, scratched, shipment
from tests.flows.allocating import levels
from tests.notifications.world import caller_of
from tests.world import STRANGERS_FABRIC_ACCOUNT, World

Tree = Any


@pytest.fixture
async def client(world: World, headers: dict[str, str]) -> Client:
    made = Client(world, headers)
    await made.stock("W1")
    return made


class TestCreate:
    async def test_a_shipment_ships_its_units_from_the_allocation_and_is_invoiced(self, client: Client) -> None:
        await client.order()
        sent = await client.shipped(shipmentNum="S-1", shipDate="2026-02-01T10:00:00Z", attributes={"wave": 7})
        assert (sent["statusCode"], sent["type"], sent["shipmentNum"]) == ("SHIPMENT_CREATED", "STANDARD", "S-1")
        assert (sent["locationNum"], sent["totalCartons"], sent["attributes"]) == ("W1", 1, {"wave": 7})
        assert (sent["shipDate"], sent["orderNumber"]) == ("2026-02-01T10:00:00.000Z", ["SH-1"])
        assert sent["shipToAddress"]["addressLine1"] == "1 Pine Street"
        (box,) = sent["cartons"]
        assert (box["trackingNumber"], box["items"][0]["shippedQuantity"]) == ("TX1", 3)
        assert (await client.call("GET", f"/shipment/{sent['shipmentId']}")).json() == sent
        order = await client.read()
        assert (order["statusCode"], order["invoiceTotal"]) == ("ORDER_SHIPPED", 60)
        assert (order["items"][0]["shippedQuantity"], order["items"][0]["invoiceQuantity"]) == (3, 3)
        invoice = (await client.call("GET", f"/invoice/{sent['invoiceId']}")).json()
        assert (invoice["shipmentId"], invoice["invoiceTotal"]) == (sent["shipmentId"], 60)

    async def test_scratched_units_are_allocated_elsewhere(self, world: World, client: Client) -> None:
        await client.order()
        allocation = await client.allocation()
        await client.stock("W2")
        sent = await client.post("/shipment/", shipment(allocation, carton(2), scratchedItems=[scratched(1)]))
        assert [each["quantity"] for each in sent["scratchedItems"]] == [1]
        order = await client.read()
        assert (order["items"][0]["shippedQuantity"], order["items"][0]["pendingShippedQuantity"]) == (2, 1)
        (new, _) = await client.post("/allocation/query", {"sortBy": "allocationDate"})
        assert (new["locationNum"], new["items"][0]["quantity"]) == ("W2", 1)
        found = await levels(world, await caller_of(world), "RED-M")
        assert found["W1"].allocated == 0

    async def test_a_shipment_of_which_nothing_was_found_is_canceled(self, client: Client) -> None:
        await client.order()
        body = {"allocationId": await client.allocation(), "scratchedItems": [scratched(3)], "type": "SCRATCH"}
        sent = await client.post("/shipment/", body)
        assert (sent["type"], sent["statusCode"], sent["cartons"]) == ("SCRATCH", "SHIPMENT_CANCELLED", [])

    async def test_all_faults_are_named(self, client: Client) -> None:
        await client.order()
        allocation = await client.allocation()
        body = shipment(allocation, carton(2), carton(2), carton(1, "x"), locationNum="W9")
        answer = await client.call("POST", "/shipment/", body)
        assert answer.status_code == 400
        assert answer.json()["message"].split("; ") == [
            "cartons[1].items[0].shippedQuantity: must be at most 3 in all, which are left of the allocation",
            "cartons[2].items[0].lineItemId: is not a line of the allocation",
            "locationNum: must be W1, where the units are allocated",
        ]
        answer = await client.call("POST", "/shipment/", {"type": "RETURN", "statusCode": "SHIPMENT_DELIVERED"})
        assert answer.json()["message"].split("; ") == [
            "allocationId: is required",
            "cartons: must have a carton, or scratchedItems an item",
            "type: must not be RETURN: returns are requested at order/returns",
            "statusCode: must be SHIPMENT_CREATED, PICKUP_CREATED or PICKUP_COMPLETED",
        ]
        unknown = await client.call("POST", "/shipment/", shipment("0" * 24, carton(1)))
        assert (unknown.status_code, unknown.json()) == (404, {"message": "Shipment Not Found"})

    async def test_a_number_is_that_of_one_shipment(self, client: Client) -> None:
        await client.order()
        await client.shipped(units=1, shipmentNum="S-1")
        body = shipment(await client.allocation(), carton(1), shipmentNum="S-1")
        answer = await client.call("POST", "/shipment/", body)
        assert (answer.status_code, answer.json()["message"]) == (400, "shipmentNum: is that of another shipment")
        assert (await client.read())["items"][0]["shippedQuantity"] == 1

    async def test_of_two_shipments_of_one_allocation_at_a_time_one_succeeds(self, client: Client) -> None:
        await client.order()
        body = shipment(await client.allocation(), carton(3))
        answers = await asyncio.gather(*(client.call("POST", "/shipment/", body) for _ in range(2)))
        assert sorted(each.status_code for each in answers) == [200, 400]
        refused = next(each for each in answers if each.status_code == 400)
        assert "must be at most 0 in all" in refused.json()["message"]
        assert (await client.read())["items"][0]["shippedQuantity"] == 3


class TestPickup:
    async def test_a_pickup_waits_for_the_customer(self, client: Client) -> None:
        await client.order()
        sent = await client.shipped(type="PICKUP")
        assert (sent["statusCode"], sent["shipDate"], sent["cartons"][0]["cartonNum"]) == ("PICKUP_CREATED", None, "1")
        assert (await client.read())["items"][0]["shippedQuantity"] == 0
        answer = await client.call("PUT", f"/shipment/{sent['shipmentId']}", sent | {"statusCode": "PICKUP_COMPLETED"})
        assert (answer.status_code, answer.json()["statusCode"]) == (200, "PICKUP_COMPLETED"), answer.text
        assert (await client.read())["statusCode"] == "ORDER_DELIVERED"

    async def test_a_pickup_can_be_canceled_before_it_is_handed_over(self, client: Client) -> None:
        await client.order()
        sent = await client.shipped(type="PICKUP")
        answer = await client.call("PUT", f"/shipment/{sent['shipmentId']}", {"statusCode": "SHIPMENT_CANCELLED"})
        assert answer.json()["statusCode"] == "SHIPMENT_CANCELLED"
        again = await client.call("PUT", f"/shipment/{sent['shipmentId']}", {"statusCode": "PICKUP_COMPLETED"})
        assert again.status_code == 400


class TestUpdate:
    async def test_details_are_stored_and_an_answer_that_is_sent_back_changes_nothing(self, client: Client) -> None:
        await client.order()
        sent = await client.shipped()
        path = f"/shipment/{sent['shipmentId']}"
        assert (await client.call("PUT", path, sent)).json() == sent
        box = sent["cartons"][0] | {"weight": "500 gram", "trackingNumber": "TX2"}
        answer = await client.call("PUT", path, sent | {"cartons": [box], "poNumber": "1125"})
        changed = answer.json()
        assert (changed["poNumber"], changed["cartons"][0]["weight"]) == ("1125", "500 gram")
        (tracked,) = await client.post("/shipment/tracking", {"event": "Delivered", "eventId": "TX2"})
        assert tracked["statusCode"] == "SHIPMENT_DELIVERED"

    async def test_quantities_and_places_stay_as_they_were_shipped(self, client: Client) -> None:
        await client.order()
        sent = await client.shipped()
        box = sent["cartons"][0]
        wrong = box | {"items": [box["items"][0] | {"shippedQuantity": 2}]}
        body = sent | {"cartons": [wrong], "locationNum": "W2", "statusCode": "PICKUP_COMPLETED"}
        answer = await client.call("PUT", f"/shipment/{sent['shipmentId']}", body)
        assert answer.status_code == 400
        assert answer.json()["message"].split("; ") == [
            "locationNum: must be W1, as it was shipped",
            "cartons[0].items[0].shippedQuantity: must be as it was shipped",
        ]
        missing = await client.call("PUT", f"/shipment/{'0' * 24}", sent)
        assert (missing.status_code, missing.json()) == (404, {"message": "Object Not Found!"})


class TestQuery:
    async def test_shipments_are_found_by_any_field_and_none_is_a_404(self, client: Client) -> None:
        await client.order()
        first, second = await client.shipped(units=1), await client.shipped(units=1)
        page = await client.post("/shipment/query", {"sortBy": "createdAt", "sortDirection": "asc"})
        assert (page["count"], [each["shipmentId"] for each in page["shipments"]]) == (
            2, [first["shipmentId"], second["shipmentId"]],
        )  # fmt: skip
        one = await client.post("/shipment/query", {"filters": {"shipmentId": second["shipmentId"]}})
        assert one["shipments"] == [second]
        none = await client.call("POST", "/shipment/query", {"filters": {"locationNum": "W9"}})
        assert (none.status_code, none.json()) == (404, {"message": "Shipments not found"})


class TestTracking:
    async def test_reports_deliver_a_carton_and_are_listed_on_it(self, client: Client) -> None:
        await client.order()
        body = shipment(await client.allocation(), carton(1), carton(2, trackingNumber="TX2"))
        await client.post("/shipment/", body)
        report = {"event": "Picked up", "eventId": "E-1", "notes": {"trackingNumber": "TX1"}, "location": "Reno, NV"}
        (one,) = await client.post("/shipment/tracking", report)
        assert one["statusCode"] == "SHIPMENT_CREATED"
        (two,) = await client.post("/shipment/tracking", {"event": "delivered", "eventId": "TX1"})
        assert two["statusCode"] == "SHIPMENT_PARTIALLY_DELIVERED"
        assert [each["event"] for each in two["cartons"][0]["trackingDetails"]] == ["Picked up", "delivered"]
        assert two["cartons"][1]["trackingDetails"] == []
        assert (await client.read())["items"][0]["deliveredQuantity"] == 1
        (again,) = await client.post("/shipment/tracking", {"event": "delivered", "eventId": "TX1"})
        assert len(again["cartons"][0]["trackingDetails"]) == 2
        (last,) = await client.post("/shipment/tracking", {"event": "DELIVERED", "eventId": "TX2"})
        assert last["statusCode"] == "SHIPMENT_DELIVERED"

    async def test_a_report_of_an_unknown_number_is_a_404(self, client: Client) -> None:
        answer = await client.call("POST", "/shipment/tracking", {"event": "delivered", "eventId": "nope"})
        assert (answer.status_code, answer.json()) == (404, {"message": "Object Not Found!"})
        assert (await client.call("POST", "/shipment/tracking", {"event": "delivered"})).status_code == 400


class TestReship:
    async def test_a_lost_carton_is_shipped_once_more(self, world: World, client: Client) -> None:
        await client.order()
        await client.shipped()
        body = shipment(await client.allocation(), carton(2, trackingNumber="TX9"), shipmentNum="R-1")
        again = await client.post("/shipment/reship", body | {"reshipmentReasonCode": "Order went missing"})
        assert (again["type"], again["shipmentNum"], again["cartons"][0]["trackingNumber"]) == ("RESHIP", "R-1", "TX9")
        assert again["reshipmentReasonCode"] == "Order went missing"
        item = (await client.read())["items"][0]
        assert (item["shippedQuantity"], item["reshippedQuantity"]) == (3, 2)
        found = await levels(world, await caller_of(world), "RED-M")
        assert found["W1"].on_hand == 4

    async def test_what_was_not_shipped_cannot_be_shipped_again(self, client: Client) -> None:
        await client.order()
        body = shipment(await client.allocation(), carton(2))
        answer = await client.call("POST", "/shipment/reship", body)
        assert answer.status_code == 400
        assert "are not in one carton that was shipped" in answer.json()["message"]


class TestGiftCards:
    async def test_a_gift_card_is_activated_in_two_steps(self, client: Client) -> None:
        await client.order()
        sent = await client.shipped()
        body = {"shipmentId": sent["shipmentId"], "items": [{"lineItemId": "a", "giftCard": [{"giftCardNum": "G1"}]}]}
        asked = await client.post("/shipment/gift-card/activation", body)
        (card,) = asked["cartons"][0]["items"][0]["giftCard"]
        assert (card["giftCardStatus"], card["giftCardActiveRequestDate"] is None) == ("PENDING_ACTIVATION", False)
        done = await client.post("/shipment/gift-card/activation-acknowledge", body)
        (card,) = done["cartons"][0]["items"][0]["giftCard"]
        assert (card["giftCardStatus"], card["giftCardActiveDate"] is None) == ("ACTIVE", False)
        body["items"][0]["lineItemId"] = "x"  # type: ignore[index]
        assert (await client.call("POST", "/shipment/gift-card/activation", body)).status_code == 400

    async def test_an_acknowledgment_needs_no_site_context_and_adds_attributes(self, client: Client) -> None:
        await client.order()
        sent = await client.shipped()
        del client.headers["x-site-context"]
        body = {"shipmentId": sent["shipmentId"], "attributes": {"tracker": "T-1"}}
        answer = await client.post("/shipment/acknowledge", body)
        assert answer["attributes"] == {"tracker": "T-1"}


async def test_a_shipment_of_another_organization_is_not_there(world: World, client: Client) -> None:
    await client.order()
    sent = await client.shipped()
    client.headers = await world.stranger() | {"x-site-context": json.dumps({"account": STRANGERS_FABRIC_ACCOUNT})}
    assert (await client.call("GET", f"/shipment/{sent['shipmentId']}")).status_code == 404
    assert (await client.call("POST", "/shipment/query", {})).status_code == 404
    assert (await client.call("GET", f"/invoice/{sent['invoiceId']}")).status_code == 404
    assert (await client.call("POST", "/shipment/tracking", {"event": "x", "eventId": "TX1"})).status_code == 404
    assert (await client.call("POST", "/shipment/", shipment(sent["allocationId"], carton(1)))).status_code == 404


async def test_a_call_stores_all_it_changes_in_one_transaction(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies within a call leaves all of it or nothing."""
    begun: list[str] = []
    writing = world.context.store.writing
    monkeypatch.setattr(world.context.store, "writing", lambda: (begun.append("x"), writing())[1])

    async def changed(method: str, path: str, body: Tree, status: int = 200) -> Tree:
        begun.clear()
        answer = await client.call(method, path, body)
        assert (answer.status_code, len(begun)) == (status, 1), (path, answer.text)
        return answer.json()

    await client.order()
    sent = await changed("POST", "/shipment/", shipment(await client.allocation(), carton(3), shipmentNum="S-1"))
    ids = {"shipmentId": sent["shipmentId"]}
    cards = ids | {"items": [{"lineItemId": "a", "giftCard": [{"giftCardNum": "G1"}]}]}
    await changed("POST", "/shipment/gift-card/activation", cards)
    await changed("POST", "/shipment/gift-card/activation-acknowledge", cards)
    await changed("POST", "/shipment/acknowledge", ids | {"attributes": {"tracker": "T-1"}})
    await changed(
        "POST", "/shipment/tracking", {"event": "Departed", "eventId": "E1", "notes": {"trackingNumber": "TX1"}}
    )
    update = sent | {"statusCode": "SHIPMENT_DELIVERED", "attributes": {"seal": "7"}}
    assert (await changed("PUT", f"/shipment/{sent['shipmentId']}", update))["attributes"]["seal"] == "7"
    again = shipment(await client.allocation(), carton(1, trackingNumber="TX9"), shipmentNum="R-1")
    await changed("POST", "/shipment/reship", again)
    await changed("POST", "/invoice/post", {"invoiceIds": [sent["invoiceId"]]}, 201)
    acknowledged = {
        "invoiceId": sent["invoiceId"],
        "acknowledgedAt": "2026-02-01T10:00:00Z",
        "attributes": {"ledger": "L"},
    }
    await changed("POST", "/invoice/post/acknowledge", acknowledged, 201)

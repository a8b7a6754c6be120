"""A line of an order is the same line through every door, whatever ids its own door gave it."""

from typing import Any

from tests.vendors import VENDORS
from tests.world import World

ITEMS = "/shippingservices/fulfillment/v1/orders/{}/orderItems"


async def s2_order(world: World, number: str, *item_ids: str) -> dict[str, Any]:
    """Create an S2 order with five units of each of the sample's products, and return it."""
    body = VENDORS["s2"].body(number)
    samples = body["items"]
    body["items"] = [
        samples[place % len(samples)] | {"channelOrderItemId": each, "quantity": 5}
        for place, each in enumerate(item_ids)
    ]
    created = await world.http.post("/order", json=body, headers=await world.bearer())
    assert created.status_code == 200, created.text
    return created.json()  # type: ignore[no-any-return]


async def fabric_order(world: World, number: str) -> dict[str, Any]:
    headers = await world.bearer() | VENDORS["fabric"].headers("")
    found = await world.http.get(f"/api/v2/order/?orderNumber={number}", headers=headers)
    assert found.status_code == 200, found.text
    order = found.json()
    return order[0] if isinstance(order, list) else order  # type: ignore[no-any-return]


class TestFabric:
    async def test_a_cancel_hits_the_line_that_was_named(self, world: World) -> None:
        """A line without an id must not get the id that another line has."""
        await s2_order(world, "LINES-1", "", "1")
        order = await fabric_order(world, "LINES-1")
        ids = {item["sku"]: item["lineItemId"] for item in order["items"]}
        assert ids == {"test": "2", "SKU-GREY": "1"}
        headers = await world.bearer() | VENDORS["fabric"].headers("")
        body = {"orderId": order["orderId"], "items": [{"lineItemId": "1", "quantity": 5}]}
        canceled = await world.http.post("/api/v2/order/cancel", json=body, headers=headers)
        assert canceled.status_code == 200, canceled.text
        counts = {item["sku"]: item["cancelledQuantity"] for item in (await fabric_order(world, "LINES-1"))["items"]}
        assert counts == {"test": 0, "SKU-GREY": 5}

    async def test_an_answer_sent_back_without_a_line_removes_that_line(self, world: World) -> None:
        created = await s2_order(world, "LINES-2", "", "1")
        order = await fabric_order(world, "LINES-2")
        headers = await world.bearer() | VENDORS["fabric"].headers("")
        changed = order | {"items": order["items"][1:]}
        answer = await world.http.put("/api/v2/order/LINES-2", json=changed, headers=headers)
        assert answer.status_code == 200, answer.text
        read = (await world.http.get(f"/order/{created['id']}", headers=await world.bearer())).json()
        assert [(item["channelOrderItemId"], item["product"]["sku"]) for item in read["items"]] == [("1", "SKU-GREY")]


class TestFulfillment:
    async def test_an_update_of_items_changes_the_line_that_was_named(self, world: World) -> None:
        fabric, headers = VENDORS["fabric"], await world.bearer()
        body = fabric.body("LINES-3")
        (item,) = body["items"][:1]
        body["items"] = [item | {"lineItemId": "x", "sku": "X"}, item | {"lineItemId": "1", "sku": "ONE"}]
        created = await world.http.post(fabric.create, json=body, headers=headers | fabric.headers(""))
        assert created.status_code == fabric.ok, created.text
        search = {"clientId": "1234", "searchFields": [{"name": "clientOrderIds", "values": ["LINES-3"]}]}
        found = await world.http.post(
            "/shippingservices/fulfillment/v1/orders/search",
            json=search,
            headers=headers | {"X-PB-TransactionId": "l1"},
        )
        assert found.status_code == 200, found.text
        orders = found.json()
        (order,) = orders if isinstance(orders, list) else orders["orders"]
        numbers = {line["sku"]: line["lineId"] for line in order["orderLines"]}
        assert numbers == {"X": 2, "ONE": 1}
        change = {"clientId": "1234", "clientOrderId": "LINES-3",
                  "orderLines": [{"lineId": 1, "sku": "ONE", "orderedQuantity": 7}]}  # fmt: skip
        answer = await world.http.put(
            ITEMS.format(order["orderId"]), json=change, headers=headers | {"X-PB-TransactionId": "l2"}
        )
        assert answer.status_code == 200, answer.text
        (line,) = (await fabric_order(world, "LINES-3"))["items"]
        assert (line["lineItemId"], line["sku"], line["orderedQuantity"]) == ("1", "ONE", 7)

    async def test_of_lines_with_one_number_the_one_with_the_sku_is_changed(self, world: World) -> None:
        vendor, headers = VENDORS["pb_fulfillment"], await world.bearer()
        body = vendor.body("LINES-4")
        line = body["orderLines"][0]
        body["orderLines"] = [line | {"lineId": 1, "sku": "A"}, line | {"lineId": 1, "sku": "Z", "unitPrice": 12.5}]
        created = (await world.http.post(vendor.create, json=body, headers=headers | vendor.headers("l3"))).json()
        change = {"clientId": "1234", "clientOrderId": "LINES-4",
                  "orderLines": [{"lineId": 1, "sku": "Z", "orderedQuantity": 2}]}  # fmt: skip
        answer = await world.http.put(
            ITEMS.format(created["orderId"]), json=change, headers=headers | {"X-PB-TransactionId": "l4"}
        )
        assert answer.status_code == 200, answer.text
        read = await world.http.get(
            f"/shippingservices/fulfillment/v1/orders/{created['orderId']}?clientId=1234",
            headers=headers | {"X-PB-TransactionId": "l5"},
        )
        (left,) = read.json()["orderLines"]
        assert (left["sku"], left["unitPrice"], left["orderedQuantity"]) == ("Z", 12.5, 2)

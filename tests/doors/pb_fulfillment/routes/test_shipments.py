"""What has shipped of orders of Pitney Bowes Fulfillment: the search of shipments, the order's members, its status."""

from typing import Any

from crossdock.core.time import format_time
from tests.doors.pb_fulfillment.client import CLIENT_ID, ORDERS, VendorClient, demo_client, parameters, sample
from tests.doors.pb_fulfillment.shipping import assign, deliver, order_of, pick, ship
from tests.world import World

SEARCH = "/shippingservices/fulfillment/v1/shipments/search"
DAY = 86_400_000_000


async def create(client: VendorClient, number: str = "N-1", **changes: Any) -> str:
    created = await client.create(sample(clientOrderId=number, **changes))
    assert created.status_code == 201, created.text
    return str(created.json()["orderId"])


async def search(client: VendorClient, query: str = "", **body: Any) -> Any:
    response = await client.create({"clientId": CLIENT_ID} | body, path=f"{SEARCH}{query}")
    assert response.status_code == 200, response.text
    return response.json()


def field(name: str, *values: str) -> dict[str, Any]:
    return {"searchFields": [{"name": name, "values": list(values)}]}


class TestOrder:
    async def test_the_first_package_shows_how_it_left(self, world: World, client: VendorClient) -> None:
        order_id = await create(client)
        assert "actualShippingDetails" not in (await client.view(order_id)).json()
        await ship(world, order_id, "T1", (0, 1))
        await ship(world, order_id, "T2")
        assert (await client.view(order_id)).json()["actualShippingDetails"] == {
            "carrier": "PITNEY BOWES", "serviceId": "PARCEL", "trackingNumber": "T1",
        }  # fmt: skip

    async def test_the_status_follows_the_facility(self, world: World, client: VendorClient) -> None:
        order_id = await create(client)

        async def status() -> str:
            return str((await client.view(order_id, end="/status")).json()["status"])

        assert await status() == "RECEIVED"
        await assign(world, order_id)
        assert await status() == "RELEASED"
        await pick(world, order_id, {0: 1})
        assert await status() == "INPROGRESS"
        await ship(world, order_id, "T1", (0, 1))
        assert await status() == "PARTIALLYSHIPPED"
        await ship(world, order_id, "T2")
        assert await status() == "SHIPPED"
        await deliver(world, order_id, "T1")
        await deliver(world, order_id, "T2")
        assert await status() == "DELIVERED"

    async def test_orders_in_progress_are_found_by_their_status(self, world: World, client: VendorClient) -> None:
        picked, waiting = await create(client), await create(client, "N-2")
        for order_id in (picked, waiting):
            await assign(world, order_id)
        await pick(world, picked, {0: 1})
        for status, expected in (("INPROGRESS", picked), ("RELEASED", waiting)):
            body = {"clientId": CLIENT_ID} | field("status", status)
            found = (await client.create(body, path=f"{ORDERS}/search")).json()
            assert [each["orderId"] for each in found["orders"]] == [expected]


class TestSearch:
    async def test_a_row_has_the_package_and_its_order(self, world: World, client: VendorClient) -> None:
        order_id = await create(client, brand="Coldwater")
        await ship(world, order_id, "T1", (0, 2))
        page = await search(client)
        (row,) = page["shipments"]
        order = (await client.view(order_id)).json()
        line = order["orderLines"][0]
        assert row == {
            "clientId": CLIENT_ID, "shipmentId": row["shipmentId"], "orderId": order_id, "clientOrderId": "N-1",
            "customerOrderId": order["customerOrderId"], "brand": "Coldwater", "fromNode": "160",
            "shippedDate": row["shippedDate"], "status": "SHIPPED",
            "shippingDetails": {"carrier": "PITNEY BOWES", "serviceId": "PARCEL", "trackingNumber": "T1"},
            "packages": [
                {"packageId": row["packages"][0]["packageId"], "trackingNumber": "T1",
                 "items": [{"lineId": line["lineId"], "sku": line["sku"], "quantity": 2}]},
            ],
            "toAddress": order["toAddress"],
        }  # fmt: skip
        assert list(page) == [
            "totalPages", "totalElements", "first", "last", "size", "number", "numberOfElements", "shipments",
        ]  # fmt: skip

    async def test_pages_are_sorted_by_date_and_count_shipments(self, world: World, client: VendorClient) -> None:
        now = world.context.clock()
        for number in range(3):
            order_id = await create(client, f"N-{number}")
            await ship(world, order_id, f"T{number}", at=now - number * DAY)
        page = await search(client, "?size=2")
        assert [each["shippingDetails"]["trackingNumber"] for each in page["shipments"]] == ["T2", "T1"]
        assert (page["totalElements"], page["totalPages"], page["last"]) == (3, 2, False)
        page = await search(client, "?size=2&page=2")
        assert [each["shippingDetails"]["trackingNumber"] for each in page["shipments"]] == ["T0"]
        for spelling in ("shipppedDate-desc", "shippedDate-desc"):
            page = await search(client, sort=[spelling])
            assert [each["shippingDetails"]["trackingNumber"] for each in page["shipments"]] == ["T0", "T1", "T2"]

    async def test_each_field_narrows_the_search(self, world: World, client: VendorClient) -> None:
        now = world.context.clock()
        old, new = await create(client, "N-1", brand="A"), await create(client, "N-2", brand="B")
        await ship(world, old, "T1", at=now - 300 * DAY)
        await ship(world, new, "T2")
        (recent,) = (await search(client))["shipments"]
        assert recent["orderId"] == new  # the last six months
        (first,) = (await search(client, **field("orderIds", old)))["shipments"]
        assert first["orderId"] == old
        by_id = await search(client, **field("shipmentIds", first["shipmentId"], "SHP1", recent["shipmentId"]))
        assert by_id["totalElements"] == 2
        day = format_time(now - 301 * DAY, digits=0), format_time(now - 299 * DAY, digits=0)
        assert [each["orderId"] for each in (await search(client, **field("shippedDate", *day)))["shipments"]] == [old]
        assert [each["orderId"] for each in (await search(client, **field("brands", "B", "C")))["shipments"]] == [new]
        assert (await search(client, **field("brands", "C")))["shipments"] == []

    async def test_every_fault_is_named(self, client: VendorClient) -> None:
        body = {
            "clientId": "9999", "sort": ["orderId-asc"],
            "searchFields": [{"name": "colors", "values": ["x"]}, {"name": "orderIds", "values": []},
                             {"name": "shippedDate", "values": ["yesterday"]}],
        }  # fmt: skip
        response = await client.create(body, path=f"{SEARCH}?size=0")
        assert response.status_code == 400
        assert parameters(response) == {
            "size", "clientId", "sort[0]", "searchFields[0].name", "searchFields[1].values", "searchFields[2].values[0]",
        }  # fmt: skip

    async def test_another_organization_sees_nothing(self, world: World, client: VendorClient) -> None:
        order_id = await create(client)
        await ship(world, order_id, "T1")
        (row,) = (await search(client))["shipments"]
        stranger = VendorClient(world, await world.stranger())
        for body in ({}, field("orderIds", order_id), field("shipmentIds", row["shipmentId"])):
            assert (await search(stranger, **body))["shipments"] == []
        assert (await demo_client(world)) is not None
        assert (await order_of(world, order_id)).fulfillments

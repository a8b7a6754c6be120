"""A client of the calls about shipments, invoices and returns, with an order that is allocated."""

from typing import Any

import httpx

from tests.doors.fabric.conftest import ORDERS, shirts
from tests.flows.allocating import add_locations, count
from tests.notifications.world import caller_of
from tests.vendors import FABRIC_ACCOUNT
from tests.world import World

Tree = Any


class Client:
    """Calls the door with the headers of the demo organization."""

    def __init__(self, world: World, headers: dict[str, str]) -> None:
        self.world, self.headers = world, headers | {"tenant-key": FABRIC_ACCOUNT}

    async def call(self, method: str, path: str, body: Tree = None) -> httpx.Response:
        return await self.world.http.request(method, f"/api/v2{path}", json=body, headers=self.headers)

    async def post(self, path: str, body: Tree, status: int = 200) -> Tree:
        answer = await self.call("POST", path, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def stock(self, *places: str, units: int = 9) -> None:
        caller = await caller_of(self.world)
        await add_locations(self.world, caller, *places)
        for place in places:
            for sku in ("RED-M", "BLUE-S"):
                await count(self.world, caller, sku, place, units)

    async def order(self, number: str = "SH-1", **changes: Tree) -> Tree:
        """Create an order of 3 RED-M for 20 each, and return its answer."""
        whole = {"items": [shirts()["items"][0]], "shipInfo": [shirts()["shipInfo"][0]]}
        whole |= {"orderNumber": number, "orderSubTotal": 60, "orderTotal": 60} | changes
        return await self.post("/order/", shirts(**whole))

    async def read(self, number: str = "SH-1") -> Tree:
        answer = await self.world.http.get(ORDERS, params={"orderNumber": number}, headers=self.headers)
        return answer.json()

    async def allocation(self, number: str = "SH-1") -> str:
        order = await self.read(number)
        found = await self.post("/allocation/query", {"filters": {"items": {"orderId": order["orderId"]}}})
        return str(found[0]["allocationId"])

    async def shipped(self, number: str = "SH-1", units: int = 3, **changes: Tree) -> Tree:
        """Ship units of an order in one carton, and return the shipment."""
        return await self.post("/shipment/", shipment(await self.allocation(number), carton(units)) | changes)


def carton(units: int, line_id: str = "a", **changes: Tree) -> Tree:
    return {
        "cartonNum": "1", "shipmentCarrier": "FEDEX", "shipmentMethod": "ground", "trackingNumber": "TX1",
        "items": [{"lineItemId": line_id, "shippedQuantity": units}],
    } | changes  # fmt: skip


def shipment(allocation_id: str, *cartons: Tree, **changes: Tree) -> Tree:
    return {"allocationId": allocation_id, "cartons": list(cartons)} | changes


def scratched(units: int, line_id: str = "a") -> Tree:
    return {"lineItemId": line_id, "quantity": units, "reasonCode": "1DMG"}

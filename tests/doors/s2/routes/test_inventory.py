"""Stock and warehouses of S2, and orders that are assigned to the warehouse of their account."""

from typing import Any

import pytest

from tests.doors.s2.client import Headers, add_account, sample
from tests.doors.s2.routes.test_orders import item as order_item
from tests.doors.s2.test_examples import check, shown
from tests.world import World

ACCOUNT = "2ac48942-405a-4841-a7d8-708f50dbe888"
LOCATION = {
    "code": "VAN", "name": "Vancouver",
    "address": {"lines": ["638 Manitoba Ave"], "city": "Vancouver", "region": "BC", "country": "CA"},
}  # fmt: skip


async def hub(world: World, method: str, path: str, body: Any = None) -> Any:
    answer = await world.http.request(method, f"/hub/v1{path}", json=body, headers=await world.bearer())
    assert answer.is_success, answer.text
    return answer.json()


async def count(world: World, *items: dict[str, Any]) -> None:
    await hub(world, "POST", "/stock/count", {"items": list(items)})


async def read(world: World, path: str, headers: Headers) -> Any:
    answer = await world.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def sku(world: World, headers: Headers) -> str:
    """Return the SKU of the first product of the sample order."""
    created = await world.http.post("/order", json=sample(channelOrderId="SKU"), headers=headers)
    found: str = created.json()["items"][0]["product"]["sku"]
    return found


class TestOverview:
    async def test_an_organization_without_stock_has_empty_lists(self, world: World, headers: Headers) -> None:
        assert await read(world, "/inventory/overview", headers) == {"warehouses": [], "products": [], "items": []}

    async def test_the_examples_are_what_the_calls_answer(self, world: World, headers: Headers, sku: str) -> None:
        await hub(world, "PUT", "/locations/VAN", LOCATION)
        example = shown("getInventoryOverview", 200)
        example_sku = example["products"][0]["sku"]
        await count(world, {"sku": example_sku, "location": "VAN", "quantity": 12})
        limits = {"items": [{"sku": example_sku, "location": "VAN", "safety": 3}]}
        await hub(world, "POST", "/stock/limits", limits)
        check("getInventoryOverview", 200, await world.http.get("/inventory/overview", headers=headers))
        check("listWarehouses", 200, await world.http.get("/warehouse?term=vanc", headers=headers))
        check("listWarehouses", 400, await world.http.get("/warehouse?limit=x", headers=headers))

    async def test_rows_are_sorted_and_name_only_what_is_there(self, world: World, headers: Headers, sku: str) -> None:
        for code, name in (("W1", "Zurich"), ("W2", "Aarau"), ("W3", "Basel")):
            await hub(world, "PUT", f"/locations/{code}", {"code": code, "name": name})
        await count(
            world, {"sku": "NEW", "location": "W1", "quantity": 4}, {"sku": sku, "location": "W1", "quantity": 1},
            {"sku": sku, "location": "W1", "pool": "web", "quantity": 2}, {"sku": sku, "location": "W2", "quantity": 5},
            {"sku": sku, "location": "W3", "quantity": 0},
        )  # fmt: skip
        overview = await read(world, "/inventory/overview", headers)
        assert [each["name"] for each in overview["warehouses"]] == ["Aarau", "Zurich"]
        products = {each["id"]: (each["sku"], each["unknown"]) for each in overview["products"]}
        assert sorted(products.values()) == sorted([("NEW", True), (sku, False)])
        names = {each["id"]: each["name"] for each in overview["warehouses"]}
        rows = [
            (names[each["warehouseId"]], products[each["productId"]][0], each["quantity"]) for each in overview["items"]
        ]
        assert rows == [("Aarau", sku, 5), *sorted([("Zurich", "NEW", 4), ("Zurich", sku, 3)])]

    async def test_units_on_hold_are_those_promised_or_kept_back(
        self, world: World, headers: Headers, sku: str
    ) -> None:
        await hub(world, "PUT", "/locations/W1", {"code": "W1"})
        await count(world, {"sku": sku, "location": "W1", "quantity": 10})
        await hub(world, "POST", "/stock/limits", {"items": [{"sku": sku, "location": "W1", "safety": 1}]})
        await hub(world, "POST", "/orders", {"number": "1", "lines": [{"sku": sku, "quantity": 3}]})
        (row,) = (await read(world, "/inventory/overview", headers))["items"]
        assert {name: row[name] for name in row if name.startswith("quantity")} == {
            "quantity": 10, "quantityAvailable": 6, "quantityPending": 0, "quantityHold": 4,
        }  # fmt: skip

    async def test_units_of_open_documents_are_pending(self, world: World, headers: Headers, sku: str) -> None:
        for code in ("W1", "W2"):
            await hub(world, "PUT", f"/locations/{code}", {"code": code})
        await count(world, {"sku": sku, "location": "W1", "quantity": 10})
        for number, location in (("1", "W1"), ("2", "W1"), ("3", "W2")):
            lines = [{"sku": sku, "expected": 4}]
            await hub(world, "POST", "/receiving-notices", {"number": number, "location": location, "lines": lines})
        overview = await read(world, "/inventory/overview", headers)
        assert [(row["quantity"], row["quantityPending"]) for row in overview["items"]] == [(10, 8), (0, 4)]
        assert (len(overview["warehouses"]), len(overview["products"])) == (2, 1)


class TestWarehouses:
    async def test_a_location_is_a_warehouse_with_its_kinds(self, world: World, headers: Headers) -> None:
        await hub(world, "PUT", "/locations/D", {"code": "D", "type": "dropshipper"})
        await hub(world, "PUT", "/locations/R", {"code": "R", "services": {"returns": True}})
        await hub(world, "PUT", "/locations/I", {"code": "I", "active": False})
        page = await read(world, "/warehouse", headers)
        kinds = {
            each["name"]: (each["dropshipper"], each["fulfillmentCenter"], each["rmaCenter"]) for each in page["items"]
        }
        assert kinds == {"D": (True, False, False), "R": (False, True, True), "I": (False, False, False)}
        assert page["total"] == 3
        assert set(page["items"][0]["address"].values()) == {""}
        assert (await read(world, "/warehouse?limit=1&offset=2", headers))["items"][0]["name"] == "D"


class TestAutoAssign:
    @pytest.mark.parametrize("by", ["id", "ID", "code"])
    async def test_a_new_order_of_the_account_is_allocated_to_its_warehouse(
        self, world: World, headers: Headers, sku: str, by: str
    ) -> None:
        for code in ("W1", "W2"):
            await hub(world, "PUT", f"/locations/{code}", {"code": code, "priority": 90 if code == "W1" else 10})
        location = await hub(world, "PATCH", "/locations/W2", {"name": "Two"})
        warehouse = {"id": location["id"], "ID": location["id"].upper(), "code": "W2"}[by]
        await add_account(world, key=ACCOUNT, name="Auto", warehouse=warehouse)
        await count(world, *({"sku": sku, "location": code, "quantity": 9} for code in ("W1", "W2")))
        body = sample(accountId=ACCOUNT, items=[order_item(quantity=2)])
        created = (await world.http.post("/order", json=body, headers=headers)).json()
        assert (created["assignStatus"], created["account"]["autoAssignOrdersToWarehouse"]) == ("ASSIGNED", warehouse)
        (order,) = (await hub(world, "GET", f"/orders?number={body['channelOrderId']}"))["items"]
        assert [(each["location"], each["units"][0]["quantity"]) for each in order["allocations"]] == [("W2", 2)]
        (made,) = created["fulfillments"]
        assert (made["status"], made["warehouseId"], made["items"][0]["quantity"]) == ("CREATED", location["id"], 2)
        again = await world.http.post("/order", json=body, headers=headers)
        assert (again.headers["Idempotent-Replayed"], again.json()) == ("true", created)
        assert (await read(world, f"/fulfillment/{made['id']}", headers))["orderId"] == created["id"]
        rows = (await read(world, "/inventory/overview", headers))["items"]
        assert {(row["warehouseId"] == location["id"], row["quantityHold"]) for row in rows} == {(True, 2), (False, 0)}

    async def test_what_the_warehouse_lacks_waits_for_it(self, world: World, headers: Headers, sku: str) -> None:
        location = await hub(world, "PUT", "/locations/W1", {"code": "W1"})
        await add_account(world, key=ACCOUNT, name="Auto", warehouse=location["id"])
        await count(world, {"sku": sku, "location": "W1", "quantity": 1})
        body = sample(accountId=ACCOUNT, items=[order_item(quantity=3)])
        created = (await world.http.post("/order", json=body, headers=headers)).json()
        assert created["assignStatus"] == "PARTIALLY_ASSIGNED"
        (order,) = (await hub(world, "GET", f"/orders?number={body['channelOrderId']}"))["items"]
        assert order["lines"][0]["counters"]["backordered"] == 2
        assert [each["lines"][0]["quantity"] for each in order["fulfillments"]] == [1]

    async def test_a_warehouse_that_has_nothing_gets_no_fulfillment(
        self, world: World, headers: Headers, sku: str
    ) -> None:
        location = await hub(world, "PUT", "/locations/W1", {"code": "W1"})
        await hub(world, "PUT", "/locations/W2", {"code": "W2"})
        await add_account(world, key=ACCOUNT, name="Auto", warehouse=location["id"])
        await count(world, {"sku": sku, "location": "W2", "quantity": 9})
        body = sample(accountId=ACCOUNT, items=[order_item(quantity=3)])
        created = (await world.http.post("/order", json=body, headers=headers)).json()
        assert (created["assignStatus"], created["fulfillments"]) == ("ASSIGNED", [])  # by the rules, elsewhere

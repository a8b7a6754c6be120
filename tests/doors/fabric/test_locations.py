"""Locations through fabric's calls over a real database: other doors, allocation, and many changes at once."""

import asyncio

import pytest

from crossdock.core.catalog.locations import Location
from crossdock.core.stock.commands import CountStock
from crossdock.core.stock.model import LevelKey
from crossdock.flows import locations, stock
from tests.doors.fabric.conftest import ORDERS, smallest
from tests.doors.fabric.test_inventory import Client
from tests.notifications.world import caller_of
from tests.world import World

PATH = "/api/v2/location"


@pytest.fixture
def client(world: World, headers: dict[str, str]) -> Client:
    return Client(world, headers)


class TestOtherDoors:
    async def test_locations_of_other_doors_are_listed_if_their_codes_are_numbers(
        self, world: World, client: Client
    ) -> None:
        caller = await caller_of(world)
        for code in ("W1", "007", "7", "-1", "1.0"):
            await locations.add(world.context, caller, Location(code, name=f"Hub {code}"))
        listed = await client("GET", PATH)
        assert [(each["locationNum"], each["name"]) for each in listed["locations"]] == [(7, "Hub 7")]
        assert listed["pagination"]["total"] == 1

    async def test_a_change_here_keeps_what_only_other_doors_know(self, world: World, client: Client) -> None:
        caller = await caller_of(world)
        before = Location("7", priority=9, capacity=3, cost=2, door_fields={"s2": {"x": 1}})
        await locations.add(world.context, caller, before)
        await client("PATCH", f"{PATH}/7", {"name": "A"})
        await client("PUT", f"{PATH}/7", {"name": "B"})
        after = (await locations.get(world.context, caller, "7")).location
        assert (after.name, after.priority, after.capacity, after.cost) == ("B", 9, 3, 2)
        assert after.door_fields == {"s2": {"x": 1}, "fabric": {"name": "B"}}

    async def test_a_change_at_another_door_is_shown_here(self, world: World, client: Client) -> None:
        made = await client("POST", PATH, {"locationNum": 7, "name": "A", "type": "Store", "isActive": None})
        caller = await caller_of(world)
        await locations.change(
            world.context, caller, "7", lambda _: Location("7", name="B", type="store", active=False)
        )
        read = await client("GET", f"{PATH}/7")
        assert {name for name in made if made[name] != read[name]} - {"updatedAt"} == {"name", "isActive", "type"}
        assert (read["name"], read["isActive"], read["type"]) == ("B", False, "store")


class TestAllocation:
    async def test_orders_are_allocated_to_active_locations_only(
        self, world: World, headers: dict[str, str], client: Client
    ) -> None:
        for number in (1, 2):
            await client("POST", PATH, {"locationNum": number, "isActive": number == 2})
            stock = {"sku": "SKU1", "locationNum": number, "channelId": "12", "counters": {"onHand": 5}}
            await client("POST", "/api/v2/inventory", stock)
        await world.http.post(ORDERS, json=smallest(), headers=headers)
        listed = (await client("GET", "/api/v2/inventory"))["inventory"]
        assert [each["counters"] for each in listed] == [{"onHand": 5}, {"onHand": 5, "allocated": 1}]

    async def test_a_location_can_be_deleted_when_its_stock_is_gone_and_created_again(self, client: Client) -> None:
        made = await client("POST", PATH, {"locationNum": 1})
        stock = {"sku": "SKU1", "itemId": 1, "locationNum": 1, "channelId": "12", "counters": {"onHand": 5}}
        await client("PUT", "/api/v2/inventory", stock)
        await client("DELETE", f"{PATH}/1", status=400)
        await client("PUT", "/api/v2/inventory", stock | {"counters": {}})
        assert (await client("DELETE", f"{PATH}/1"))["id"] == made["id"]
        assert (await client("GET", "/api/v2/inventory"))["inventory"] == []
        await client("GET", "/api/v2/inventory/1", status=404)
        again = await client("POST", PATH, {"locationNum": 1})
        assert again["id"] == made["id"]
        assert (await client("GET", "/api/v2/inventory/1"))["sku"] == "SKU1"

    async def test_stock_is_found_behind_any_number_of_empty_records(self, world: World, client: Client) -> None:
        await client("POST", PATH, {"locationNum": 1})
        keys = [LevelKey(f"S{number:04}", "1") for number in range(600)]
        commands = [CountStock(key=key, quantity=int(key == keys[-1])) for key in keys]
        await stock.execute_stock(world.context, await caller_of(world), commands, door="hub")
        await client("DELETE", f"{PATH}/1", status=400)


class TestConcurrency:
    async def test_of_creates_with_one_number_one_succeeds(self, client: Client) -> None:
        answers = await asyncio.gather(
            *(client.http.post(PATH, json={"locationNum": 1, "name": str(n)}, headers=client.headers) for n in range(4))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]

    async def test_merges_at_the_same_time_lose_nothing(self, client: Client) -> None:
        await client("POST", PATH, {"locationNum": 1})
        await asyncio.gather(*(client("PATCH", f"{PATH}/1", {"services": {f"s{n}": n}}) for n in range(4)))
        assert (await client("GET", f"{PATH}/1"))["services"] == {f"s{n}": n for n in range(4)}

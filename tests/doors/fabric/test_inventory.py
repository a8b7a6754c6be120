"""Stock through fabric's calls over a real database: orders, other doors, other accounts, and many changes at once."""

import asyncio
from typing import Any

import pytest

from crossdock.core.ids import from_hex24
from crossdock.core.orders.commands import ShipOrder
from crossdock.core.stock.commands import CountStock
from crossdock.core.stock.model import LevelKey
from crossdock.flows import backorders, locations, queries, stock, verification
from crossdock.flows.execute import execute
from tests.doors.fabric.conftest import ORDERS, smallest
from tests.notifications.receiver import Receiver
from tests.notifications.world import ALLOWED, bodies, caller_of, eventually, working
from tests.web.test_tenancy import OWN
from tests.world import World

Tree = Any
INVENTORY, ADJUSTMENT = "/api/v2/inventory", "/api/v2/inventory/adjustment"
RECORD = {"sku": "SKU1", "itemId": 1, "locationNum": 13, "channelId": "12"}


class Client:
    """A client of the door; asserts the status of each answer."""

    def __init__(self, world: World, headers: dict[str, str]) -> None:
        self.http, self.headers = world.http, headers

    async def __call__(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = await self.http.request(method, path, json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def record(self, **counters: Any) -> Any:
        """Create the record of these tests."""
        return await self("POST", INVENTORY, RECORD | {"counters": counters})

    async def read(self) -> Any:
        """Read the record of these tests."""
        return await self("GET", f"{INVENTORY}/1")


@pytest.fixture
async def client(world: World, headers: dict[str, str]) -> Client:
    made = Client(world, headers)
    await made("POST", "/api/v2/location", {"locationNum": 13, "coordinates": {"coordinates": [-122, 47]}})
    return made


class TestOrders:
    async def test_what_orders_allocate_and_ship_is_shown_in_the_counters(
        self, world: World, headers: dict[str, str], client: Client
    ) -> None:
        await client.record(onHand=10, shipped=1)
        order = smallest()
        order["items"][0]["orderedQuantity"] = 4
        created = await world.http.post(ORDERS, json=order, headers=headers)
        order_id = from_hex24(created.json()["orderId"])
        assert order_id is not None
        caller = await caller_of(world)
        allocated = await queries.order(world.context, caller, order_id=order_id)
        assert [each.location for each in allocated.allocations] == ["13"]
        read = await client.read()
        assert read["counters"] == {"onHand": 10, "shipped": 1, "allocated": 4}
        assert read["virtualCounters"] == {"availableToPurchase": 5}

        await execute(world.context, caller, [ShipOrder(order_id=order_id, lines={0: 3})], door="hub")
        read = await client.read()
        assert read["counters"] == {"onHand": 10, "shipped": 4, "allocated": 1}
        assert read["virtualCounters"] == {"availableToPurchase": 5}

    async def test_units_that_are_allocated_cannot_be_counted_or_adjusted_away(
        self, world: World, headers: dict[str, str], client: Client
    ) -> None:
        await client.record(onHand=5)
        order = smallest()
        order["items"][0]["orderedQuantity"] = 4
        await world.http.post(ORDERS, json=order, headers=headers)
        before = await client.read()
        reason = "must be at least 4, which are allocated to orders"
        for method in ("PUT", "PATCH"):
            refused = await client(method, INVENTORY, RECORD | {"counters": {"on-hand": 3}}, status=400)
            assert refused == {"message": f"counters.on-hand: {reason}"}
        assert await client("PUT", INVENTORY, RECORD, status=400) == {"message": f"counters.onHand: {reason}"}
        adjusted = await client("PUT", ADJUSTMENT, RECORD | {"counters": {"onHand": -2}}, status=400)
        assert adjusted == {"message": "counters.onHand: must be at least -1: 5 are there, 4 allocated to orders"}
        assert await client.read() == before

    async def test_an_order_that_waits_gets_units_that_an_adjustment_brings(
        self, world: World, headers: dict[str, str], client: Client
    ) -> None:
        await client.record(onHand=0)
        created = await world.http.post(ORDERS, json=smallest(), headers=headers)
        order_id = from_hex24(created.json()["orderId"])
        assert order_id is not None
        caller = await caller_of(world)
        assert (await queries.order(world.context, caller, order_id=order_id)).is_waiting
        await client("PATCH", ADJUSTMENT, RECORD | {"counters": {"onHand": 1}})
        assert await backorders.serve_all(world.context) == 1
        assert (await client.read())["counters"] == {"onHand": 1, "allocated": 1}


class TestOtherDoors:
    async def test_a_level_of_another_door_is_a_record_without_what_only_fabric_knows(
        self, world: World, client: Client
    ) -> None:
        caller = await caller_of(world)
        for key in (LevelKey("HUB", "13", "12"), LevelKey("HUB", "W1"), LevelKey("HUB", "99")):
            await stock.execute_stock(world.context, caller, [CountStock(key=key, quantity=3)], door="hub")
        listed = await client("GET", f"{INVENTORY}?skus=HUB")
        assert listed["pagination"]["total"] == 1  # W1 is no number, and there is no location 99
        assert {name: listed["inventory"][0][name] for name in ("sku", "itemId", "locationNum", "channelId")} == {
            "sku": "HUB", "itemId": None, "locationNum": 13, "channelId": "12",
        }  # fmt: skip
        refused = await client("POST", INVENTORY, RECORD | {"sku": "HUB"}, status=400)
        assert refused == {"message": "There is a record of this product, location and channel already"}
        changed = await client("PATCH", INVENTORY, RECORD | {"sku": "HUB", "counters": {"damaged": 1}})
        assert (changed["itemId"], changed["counters"]) == (1, {"damaged": 1, "onHand": 3})

    async def test_a_location_of_this_door_is_that_of_all_doors(self, world: World, client: Client) -> None:
        await client("PATCH", "/api/v2/location/13", {"name": "Seattle", "type": "Store"})
        (stored,) = await locations.find(world.context, await caller_of(world), ["13"])
        assert (stored.location.name, stored.location.type, stored.location.latitude) == ("Seattle", "store", 47.0)


class TestItems:
    async def test_an_item_means_the_record_here_or_else_the_sku_it_has_elsewhere(self, client: Client) -> None:
        await client("POST", "/api/v2/location", {"locationNum": 14})
        await client.record(onHand=1)
        by_item = {"itemId": 1, "channelId": "12", "counters": {"onHand": 2}}
        here = await client("PATCH", ADJUSTMENT, by_item | {"locationNum": 13})
        assert (here["sku"], here["counters"]) == ("SKU1", {"onHand": 3})
        elsewhere = await client("PUT", ADJUSTMENT, by_item | {"locationNum": 14})
        assert (elsewhere["sku"], elsewhere["counters"]) == ("SKU1", {"onHand": 2})
        unknown = await client("PUT", ADJUSTMENT, by_item | {"locationNum": 14, "itemId": "X-9"})
        assert (unknown["sku"], unknown["itemId"]) == ("X-9", "X-9")

    async def test_all_faults_are_named_with_those_of_what_is_referred_to(self, client: Client) -> None:
        await client.record(onHand=1)
        refused = await client("PUT", INVENTORY, RECORD | {"sku": "OTHER", "locationNum": 99}, status=400)
        assert refused == {"message": "locationNum: is not the number of a location"}


class TestConcurrency:
    async def test_adjustments_at_the_same_time_add_up(self, client: Client) -> None:
        """The first of them create the record."""
        body = RECORD | {"counters": {"onHand": "+2", "damaged": 1}}
        await asyncio.gather(*(client("PUT", ADJUSTMENT, body) for _ in range(20)))
        read = await client.read()
        assert read["counters"] == {"onHand": 40, "damaged": 20}

    async def test_no_more_is_taken_away_than_is_there(self, client: Client) -> None:
        await client.record(onHand=5)
        body = RECORD | {"counters": {"onHand": -1}}
        answers = await asyncio.gather(
            *(client.http.patch(ADJUSTMENT, json=body, headers=client.headers) for _ in range(9))
        )
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [400] * 4
        assert (await client.read())["counters"] == {"onHand": 0}

    async def test_of_two_creates_one_succeeds(self, client: Client) -> None:
        body = RECORD | {"counters": {"onHand": 5}}
        answers = await asyncio.gather(
            *(client.http.post(INVENTORY, json=body, headers=client.headers) for _ in range(2))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 400]

    async def test_merges_of_different_members_at_the_same_time_lose_nothing(self, client: Client) -> None:
        await client.record(onHand=5)
        bodies_ = [RECORD | {"attributes": {f"a{number}": number}} for number in range(8)]
        await asyncio.gather(*(client("PATCH", INVENTORY, body) for body in bodies_))
        assert (await client.read())["attributes"] == {f"a{number}": number for number in range(8)}


async def test_levels_fit_their_ledger_whatever_the_calls_did(
    world: World, headers: dict[str, str], client: Client
) -> None:
    await client.record(onHand=10, allocated=2)
    await world.http.post(ORDERS, json=smallest(), headers=headers)
    await client("PATCH", ADJUSTMENT, RECORD | {"counters": {"onHand": "-3", "lost": 1}})
    await client("PUT", INVENTORY, RECORD | {"counters": {"onHand": 4}})
    await client("PUT", ADJUSTMENT, RECORD | {"sku": "NEW", "itemId": 2, "counters": {"damaged": 1}})
    await client("PUT", ADJUSTMENT, RECORD | {"sku": "EMPTY", "itemId": 3})
    assert (await verification.verify(world.context)).broken == ()


class TestTenancy:
    async def test_another_account_sees_and_changes_nothing(self, world: World, client: Client) -> None:
        """Both have a location 13, which is all that they share."""
        await client.record(onHand=5)
        await client("POST", "/api/v2/inventory/network", {"code": "n"})
        await client("POST", "/api/v2/inventory/counter", {"code": "c", "name": "C"})
        await client(
            "POST", "/api/v2/location/attribute", {"code": "a", "name": "A", "type": "STRING", "required": True}
        )
        upload = await client("POST", "/api/v2/inventory/aws/upload-url", {"fileName": "f.csv"})
        network = (await client("GET", "/api/v2/inventory/network"))["network"][0]["networkId"]
        other = Client(world, await world.stranger() | OWN)
        assert (await other("GET", "/api/v2/location"))["locations"] == []
        await other("POST", "/api/v2/location", {"locationNum": 13, "coordinates": {"coordinates": [-122, 47]}})
        assert (await other("GET", INVENTORY))["inventory"] == []
        near = "skus=SKU1&city=x&state=x&country=x&postalCode=x&lat=47&lng=-122&radius=100&limit=5"
        assert (await other("GET", f"{INVENTORY}/geography?{near}")) == {"inventory": [], "locations": []}
        for path in (
            f"{INVENTORY}/1", f"{INVENTORY}/network/{network}", f"{INVENTORY}/counter/c", "/api/v2/location/attribute/a",
            f"{INVENTORY}/upload/log?keyId={upload['keyId']}", f"{INVENTORY}/aggregatedNetwork/query?networkId={network}",
        ):  # fmt: skip
            await other("GET", path, status=404)
        await other("POST", f"{INVENTORY}/aws/download-url", {"fileName": upload["keyId"]}, status=404)
        await other("PATCH", ADJUSTMENT, RECORD | {"counters": {"onHand": 1}}, status=404)
        await other("PUT", INVENTORY, RECORD | {"counters": {"onHand": 77}})
        await other("DELETE", f"{INVENTORY}/network/{network}", status=404)
        assert (await client.read())["counters"] == {"onHand": 5}
        assert (await other.read())["counters"] == {"onHand": 77}


@pytest.mark.parametrize("context", [ALLOWED], indirect=True)
async def test_webhooks_receive_events_about_stock(world: World, client: Client) -> None:
    async with Receiver() as receiver, working(world.context):
        webhook = {
            "events": ["INVENTORY_*", "LOW_ALERT_NOTIFICATION_EMAIL"], "protocol": "HTTP", "requestType": "POST",
            "source": "INVENTORY_SERVICE", "target": receiver.url,
        }  # fmt: skip
        await client("POST", "/api/v2/webhook", webhook)
        record = await client("POST", INVENTORY, RECORD | {"counters": {"onHand": 5}, "lowStock": 4})
        await client("PATCH", ADJUSTMENT, RECORD | {"counters": {"onHand": -2}})

        async def have_arrived() -> bool:
            return len(receiver.got) >= 4

        await eventually(have_arrived)
        received = bodies(receiver.got)
    names = ["INVENTORY_CREATE", "INVENTORY_UPDATE", "INVENTORY_UPDATE", "LOW_ALERT_NOTIFICATION_EMAIL"]
    assert [each["event"] for each in received] == names
    assert {each["payload"]["id"] for each in received} == {record["id"]}
    assert [each["payload"]["counters"]["onHand"] for each in received] == [5, 5, 3, 3]
    events = (await client("POST", "/api/v2/webhook/event/query", {"sortBy": "createdAt"}))["events"]
    assert {each["payload"]["id"] for each in events} == {record["id"]}

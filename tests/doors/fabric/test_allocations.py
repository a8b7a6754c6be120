"""Allocations through the door: what the order shows, moves, races, searches by time; each call is recorded in golden/."""

import asyncio
import json
from typing import Any

import pytest

from crossdock.core.ids import from_hex24
from crossdock.core.json.value_types import parse_date_time
from crossdock.core.orders.events import decode_event
from crossdock.core.time import format_time
from crossdock.doors.fabric import allocations
from crossdock.flows import queries
from crossdock.flows.access import Caller
from tests.doors.fabric.conftest import CONTEXT, ORDERS, shirts
from tests.flows.allocating import add_locations, configure, count, levels
from tests.notifications.world import caller_of
from tests.world import STRANGERS_FABRIC_ACCOUNT, World

Tree = Any
BASE = "/api/v2/allocation"


class Client:
    """Calls the door with the headers of the demo organization."""

    def __init__(self, world: World, headers: dict[str, str]) -> None:
        self.world, self.headers = world, headers

    async def create(self, number: str = "SH-1", **changes: Tree) -> Tree:
        body = shirts(orderNumber=number, **changes)
        answer = await self.world.http.post(ORDERS, json=body, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def read(self, number: str = "SH-1") -> Tree:
        return (await self.world.http.get(ORDERS, params={"orderNumber": number}, headers=self.headers)).json()

    async def query(self, **body: Tree) -> list[Tree]:
        answer = await self.world.http.post(f"{BASE}/query", json=body, headers=self.headers)
        return answer.json() if answer.status_code == 200 else []

    async def put(self, path: str, body: Tree = None) -> tuple[int, Tree]:
        answer = await self.world.http.put(f"{BASE}/{path}", json=body, headers=self.headers)
        is_json = answer.headers["content-type"] == "application/json"
        return answer.status_code, answer.json() if is_json else answer.text


@pytest.fixture
async def caller(world: World) -> Caller:
    found = await caller_of(world)
    await add_locations(world, found, "W1", "W2")
    await count(world, found, "RED-M", "W1", 9)
    return found


@pytest.fixture
async def client(world: World, headers: dict[str, str], caller: Caller) -> Client:
    return Client(world, headers)


def moved_to(document: Tree, location: str) -> Tree:
    """Return an answer as the body that moves the allocation."""
    return document | {"locationNum": location}


class TestOrder:
    async def test_the_answer_to_create_has_the_status_as_sent_and_a_read_shows_the_allocation(
        self, client: Client
    ) -> None:
        created, read = await client.create(statusCode="ORDER_CREATED"), await client.read()
        assert (created["version"], created["statusCode"]) == (0, "ORDER_CREATED")
        assert (read["version"], read["statusCode"]) == (0, "ORDER_PARTIALLY_ALLOCATED")
        assert read["allocationDate"] is not None
        first, second = read["items"]
        assert (first["lineOrderStatus"], first["pendingShippedQuantity"]) == ("ALLOCATED", 3)
        assert (second["lineOrderStatus"], second["pendingShippedQuantity"]) == ("ORDER_LINE_VALID", 0)

    async def test_an_order_that_is_allocated_whole_and_one_that_waits_in_part(
        self, world: World, client: Client, caller: Caller
    ) -> None:
        await count(world, caller, "BLUE-S", "W1", 1)
        whole = {"items": [shirts()["items"][0]], "shipInfo": [shirts()["shipInfo"][0]]}
        await client.create("A", **whole)
        assert (await client.read("A"))["statusCode"] == "ORDER_ALLOCATED"
        whole["items"] = [whole["items"][0] | {"orderedQuantity": 8}]
        await client.create("B", **whole)
        read = await client.read("B")
        assert (read["statusCode"], read["items"][0]["backOrderedQuantity"]) == ("ORDER_PARTIALLY_ALLOCATED", 2)
        found = await world.http.post(
            f"{ORDERS}query", json={"filters": {"statusCode": "ORDER_PARTIALLY_ALLOCATED"}}, headers=client.headers
        )
        assert [each["orderNumber"] for each in found.json()["orders"]] == ["B"]

    async def test_an_answer_that_is_sent_back_changes_nothing(self, client: Client) -> None:
        await client.create()
        (document,) = await client.query()
        assert await client.put(document["allocationId"], document) == (200, document)

    async def test_the_audit_log_of_the_order_says_what_became_of_its_units(self, client: Client) -> None:
        await client.create()
        (document,) = await client.query()
        await client.put(f"cancel/{document['allocationId']}")
        last = (await client.read())["auditLogs"][-1]
        assert (last["note"], last["lineItemId"], last["quantity"]) == ("is allocated no more", "a", 3)


class TestMoves:
    async def test_a_moved_allocation_leads_to_the_new_one_and_back(
        self, world: World, client: Client, caller: Caller
    ) -> None:
        await count(world, caller, "RED-M", "W2", 3)
        await client.create()
        (before,) = await client.query()
        status, after = await client.put(before["allocationId"], moved_to(before, "W2"))
        assert (status, after["parentAllocationId"]) == (200, before["allocationId"])
        (old,) = await client.query(filters={"allocationId": before["allocationId"]})
        assert (old["statusCode"], old["items"][0]["itemStatus"]) == ("REALLOCATED", "CANCELLED")
        assert await client.query(filters={"parentAllocationId": before["allocationId"]}) == [after]
        found = await levels(world, caller, "RED-M")
        assert {code: level.allocated for code, level in found.items()} == {"W1": 0, "W2": 3}
        status, text = await client.put(before["allocationId"], moved_to(old, "W2"))
        assert status == 400
        assert text.endswith("locationNum: nothing of the allocation is open any more, so it cannot be moved")

    async def test_of_two_moves_at_a_time_one_succeeds(self, world: World, client: Client, caller: Caller) -> None:
        await add_locations(world, caller, "W3")
        for place in ("W2", "W3"):
            await count(world, caller, "RED-M", place, 3)
        await client.create()
        (before,) = await client.query()
        calls = [client.put(before["allocationId"], moved_to(before, place)) for place in ("W2", "W3")]
        statuses = sorted(status for status, _ in await asyncio.gather(*calls))
        assert statuses == [200, 400]
        found = await levels(world, caller, "RED-M")
        assert sum(level.allocated for level in found.values()) == 3

    async def test_allocations_of_several_orders_are_canceled_together_or_not_at_all(self, client: Client) -> None:
        for number in ("A", "B"):
            await client.create(number)
        second, first = (each["allocationId"] for each in await client.query(sortBy="allocationDate"))
        assert (await client.put(f"cancel/{first},{'0' * 24}"))[0] == 404
        status, canceled = await client.put(f"cancel/{second},{first}")
        assert (status, [each["allocationId"] for each in canceled]) == (200, [second, first])
        assert {each["statusCode"] for each in canceled} == {"CANCELLED"}

    async def test_an_order_is_reallocated_by_its_id_and_the_rest_waits(
        self, world: World, client: Client, caller: Caller
    ) -> None:
        await count(world, caller, "RED-M", "W2", 1)
        created = await client.create()
        body = {"channel": 12, "tenant": json.loads(CONTEXT["x-site-context"])["account"], "id": created["orderId"]}
        status, answer = await client.put("reallocate", body | {"documentType": "ALLOCATION ORDER"})
        (made,) = await client.query(filters={"statusCode": "PENDING_PICK"})
        assert status == 200
        assert answer["message"].endswith(f"[{made['allocationId']}]")
        assert (await client.read())["items"][0]["backOrderedQuantity"] == 2


class TestQuery:
    async def test_time_and_location_narrow_a_search(self, client: Client) -> None:
        for number in ("A", "B"):
            await client.create(number)
        newest, oldest = await client.query(sortBy="allocationDate")
        assert await client.query(filters={"allocationDate": {"gt": newest["allocationDate"]}}) == []
        assert len(await client.query(filters={"allocationDate": newest["allocationDate"][:10]})) == 2
        later = format_time(_us(newest["allocationDate"]) + 3_600_000_000)
        assert len(await client.query(filters={"allocationDate": {"lt": later}})) == 2
        open_ones = {"locationNum": "W1", "statusCode": ["PENDING_PICK", "PARTIALLY_SHIPPED"]}
        found = await client.query(filters=open_ones, sortBy="allocationDate", sortDirection="asc", limit=1)
        assert found == [oldest]
        assert await client.query(filters=open_ones | {"locationNum": "W2"}) == []

    async def test_an_order_of_another_door_is_found_too(self, world: World, client: Client) -> None:
        lines = [{"sku": "RED-M", "quantity": 1}]
        await world.http.post("/hub/v1/orders", json={"number": "H-1", "lines": lines}, headers=client.headers)
        (found,) = await client.query(filters={"items": {"sku": "RED-M"}})
        assert (found["items"][0]["orderLineId"], found["items"][0]["itemId"], found["items"][0]["quantity"]) == (
            "1",
            "",
            1,
        )

    async def test_a_stranger_sees_nothing(self, world: World, client: Client) -> None:
        await client.create()
        context = {"x-site-context": json.dumps({"account": STRANGERS_FABRIC_ACCOUNT})}
        stranger = Client(world, await world.stranger() | context)
        assert await stranger.query() == []


def _us(text: str) -> int:
    return int(parse_date_time(text).timestamp() * 1_000_000)


class TestTraces:
    async def test_every_allocation_of_an_order_has_a_trace_and_moves_are_paired_by_lines(
        self, world: World, client: Client, caller: Caller
    ) -> None:
        await count(world, caller, "BLUE-S", "W1", 1)
        shop = shirts()["shipInfo"][1] | {"locationNum": "W1"}
        created = await client.create(shipInfo=[shirts()["shipInfo"][0], shop])
        await count(world, caller, "RED-M", "W2", 5)
        red = next(each for each in await client.query() if each["items"][0]["sku"] == "RED-M")
        await client.put(red["allocationId"], moved_to(red, "W2"))
        order_id = from_hex24(created["orderId"])
        order = await queries.order(world.context, caller, order_id=order_id)
        history = await queries.history(world.context, caller, order_id=order_id)
        traces = allocations.traces(order, history)
        assert set(traces) == {each.allocation_id for each in order.allocations}
        origins = {
            each.location: trace.moved_from and trace.moved_from.location
            for each in order.allocations
            if (trace := traces[each.allocation_id]).moved_from is not None
        }
        assert origins == {"W2": "W1"}
        assert sum(trace.is_moved for trace in traces.values()) == 1
        assert decode_event(next(iter(traces.values())).made).name == "order.allocated"


class TestByHand:
    async def test_an_organization_that_allocates_by_hand_shows_the_status_as_sent(
        self, world: World, client: Client, caller: Caller
    ) -> None:
        await configure(world, caller, mode="manual")
        await client.create(statusCode="MY_OWN")
        assert (await client.read())["statusCode"] == "MY_OWN"
        assert await client.query() == []

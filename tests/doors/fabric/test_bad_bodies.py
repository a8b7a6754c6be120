"""Whatever is wrong with a request about allocations, reservations, shipping methods or lists, it is refused, never a 5xx."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from crossdock.doors.fabric import examples_allocation, examples_lists
from crossdock.doors.fabric.demo import DEMO_ACCOUNT
from tests.doors.fabric.conftest import ORDERS, shirts
from tests.doors.test_bad_input import every_place, replaced
from tests.flows.allocating import add_locations, count
from tests.notifications.world import caller_of
from tests.world import World

Tree = Any
KINDS: tuple[Tree, ...] = ("text", "", 7, 10**30, -1, 2.5, 1e300, {}, [], [None], True, None, "\u0000", "x" * 10_000)
IDS = ("nope", "0" * 24, "f" * 24, "x" * 5_000, "a/b", "a,b,,c", "\u0000", "é", "%", "..", " ")
RESERVE = "/backpre-order/backorderpreorder-reserve"
CALLS: tuple[tuple[str, str, Tree], ...] = (
    ("PUT", "/allocation/<allocation>", examples_allocation.UPDATE),
    ("POST", "/allocation/query", {"filters": {"statusCode": "x", "allocationDate": {"lt": 5}, "items": {"orderId": "x"}},
                                   "limit": 1, "offset": 0, "sortBy": "items", "sortDirection": "asc"}),
    ("PUT", "/allocation/reallocate", examples_allocation.REALLOCATE | {
        "id": ["<allocation>"], "tenant": DEMO_ACCOUNT, "orderNumber": "SH-1",
        "items": [{"lineItemId": "a", "allocationLineNumber": 1, "quantity": 9}]}),
    ("POST", RESERVE, examples_allocation.RESERVE | {
        "orderNumber": "SH-1", "lineItemId": "a", "sku": "RED-M", "itemId": "100"}),
    ("PUT", f"{RESERVE}/b/SH-1", examples_allocation.RESERVATION_CHANGE),
    ("POST", "/backpre-order/backorderpreorder-update", {"orderId": "x", "orderNumber": "x"}),
    ("POST", "/backpre-order/order/backorder/consent-to-delay", {"action": "x", "backOrderId": "x"}),
    ("POST", "/shipping/", examples_lists.METHOD | {"dimension": {"min": {"height": 1}, "max": {"height": 2}}}),
    ("PATCH", "/shipping/m", examples_lists.METHOD | {"dimension": {"min": {"height": 1}, "max": {"height": 2}}}),
    ("POST", "/shipping/query", examples_lists.METHOD_QUERY | {"sortBy": "weight", "offset": 1}),
    ("POST", "/shipping/m/item", {"itemIds": ["1"]}),
    ("POST", "/list/", examples_lists.LIST | {"listId": "other", "attributes": {"a": 1}}),
    ("PATCH", "/list/l", examples_lists.LIST | {"attributes": {"a": 1}}),
    ("POST", "/list/l/items", [examples_lists.ITEM | {"listId": "l"}]),
)  # fmt: skip
READS = (
    ("GET", "/allocation/{}"), ("PUT", "/allocation/cancel/{}"), ("GET", f"{RESERVE}?BackOrderPreOrderReservationId={{}}"),
    ("GET", f"{RESERVE}/{{}}"), ("DELETE", f"{RESERVE}/{{}}"), ("GET", "/shipping/{}"), ("DELETE", "/shipping/{}"),
    ("GET", "/shipping/{}/items"), ("GET", "/shipping/m/items?limit={}"), ("GET", "/shipping/shippingMethods/{}"),
    ("GET", "/list/{}"), ("DELETE", "/list/{}"), ("GET", "/list/{}/items"), ("GET", "/list/user/{}"),
)  # fmt: skip


def mutations(body: Tree) -> Iterator[Tree]:
    """Yield a body with each of its places replaced by each kind of value, and values in its own place."""
    yield from KINDS
    for path in every_place(body):
        for value in KINDS:
            yield replaced(body, path, value)


@pytest.fixture
async def allocation(world: World, headers: dict[str, str]) -> str:
    """Create what the calls are about; returns the id of the order's allocation."""
    caller = await caller_of(world)
    await add_locations(world, caller, "410")
    await count(world, caller, "RED-M", "410", 2)
    await world.http.post(ORDERS, json=shirts(), headers=headers)
    for path, body in (
        ("/shipping", examples_lists.METHOD | {"shippingMethodId": "m"}),
        ("/list", examples_lists.LIST | {"listId": "l"}),
    ):
        answer = await world.http.post(f"/api/v2{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
    (found,) = (await world.http.post("/api/v2/allocation/query", json={}, headers=headers)).json()
    return str(found["allocationId"])


class TestBodies:
    @pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=lambda each: each if isinstance(each, str) else "")
    async def test_no_faulty_body_ends_in_a_server_error(
        self, world: World, headers: dict[str, str], allocation: str, method: str, path: str, body: Tree
    ) -> None:
        failed = []
        for each in mutations(body):
            content = json.dumps(each).replace("<allocation>", allocation)
            target = f"/api/v2{path}".replace("<allocation>", allocation)
            answer = await world.http.request(method, target, content=content, headers=headers)
            if answer.status_code >= 500 or not answer.content:
                failed.append((content[:200], answer.status_code))
        assert failed == []

    @pytest.mark.parametrize(("method", "path"), READS)
    async def test_no_strange_id_ends_in_a_server_error(
        self, world: World, headers: dict[str, str], allocation: str, method: str, path: str
    ) -> None:
        answers = [
            await world.http.request(method, f"/api/v2{path.format(quote(each, safe=''))}", headers=headers)
            for each in IDS
        ]
        assert [
            (each, answer.status_code) for each, answer in zip(IDS, answers, strict=True) if answer.status_code >= 500
        ] == []

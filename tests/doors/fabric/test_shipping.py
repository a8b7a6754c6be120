"""Shipping methods of fabric and of the hub are the same; each API keeps the fields that only it knows."""

from typing import Any

import httpx
import pytest

from crossdock.doors.fabric import examples_lists
from tests.world import World

Tree = Any
FABRIC, HUB = "/api/v2/shipping", "/hub/v1/shipping-methods"
SENT = examples_lists.METHOD | {"shippingMethodId": "EXPRESS", "mine": {"x": 1}}


class Client:
    """A client of both APIs."""

    def __init__(self, world: World, headers: dict[str, str]) -> None:
        self._world, self._headers = world, headers

    async def call(self, method: str, path: str, body: Tree = None, **headers: str) -> httpx.Response:
        return await self._world.http.request(method, path, json=body, headers=self._headers | headers)

    async def do(self, method: str, path: str, body: Tree = None) -> Tree:
        answer = await self.call(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def query(self, **filters: Tree) -> list[Tree]:
        answer = await self.call("POST", f"{FABRIC}/query", {"filters": filters})
        return answer.json()["shippingMethods"] if answer.is_success else []


@pytest.fixture
def client(world: World, headers: dict[str, str]) -> Client:
    return Client(world, headers)


async def test_a_method_made_here_is_changed_by_the_hub_and_keeps_the_vendors_fields(client: Client) -> None:
    made = await client.do("POST", FABRIC, SENT)
    seen = await client.do("GET", f"{HUB}/EXPRESS")
    assert {name: seen[name] for name in ("name", "min_days", "max_days", "cost", "cutoff_time", "active", "version")} == {
        "name": "Express", "min_days": 2, "max_days": 5, "cost": "9.5", "cutoff_time": "13:30", "active": True, "version": 1,
    }  # fmt: skip
    # Its cost has no currency, which the hub would refuse, but the patch did not do that.
    changed = await client.do("PATCH", f"{HUB}/EXPRESS", {"carrier": "UPS", "cutoff_time": "09:05", "name": "Fast"})
    assert (changed["carrier"], changed["currency"]) == ("UPS", None)
    now = await client.do("GET", f"{FABRIC}/EXPRESS")
    assert now | {"updatedAt": made["updatedAt"]} == made | {"name": "Fast", "cutOffTime": 905}
    await client.do("PATCH", f"{FABRIC}/EXPRESS", {"cost": 11, "region": None})
    assert (await client.do("GET", f"{FABRIC}/EXPRESS"))["region"] is None
    after = await client.do("GET", f"{HUB}/EXPRESS")
    assert (after["cost"], after["carrier"], after["version"]) == ("11", "UPS", 3)


async def test_a_method_of_the_hub_is_read_found_and_changed_here(client: Client) -> None:
    body = {"code": "GROUND", "carrier": "UPS", "cost": "4.00", "currency": "EUR", "countries": ["CA"]}
    await client.do("PUT", f"{HUB}/GROUND", body)
    shown = await client.do("GET", f"{FABRIC}/GROUND")
    assert (shown["name"], shown["cost"], shown["deleted"], shown["taxCode"]) == ("GROUND", 4.0, False, None)
    assert [each["shippingMethodId"] for each in await client.query(cost={"lte": 4})] == ["GROUND"]
    await client.do("POST", f"{FABRIC}/GROUND/item", {"itemIds": ["1"]})
    assert await client.do("GET", f"{FABRIC}/shippingMethods/1") == {"shippingMethods": [shown]}
    # What the vendor requires and the hub does not have is not a fault of this change; a wrong change is.
    await client.do("PATCH", f"{FABRIC}/GROUND", {"minimumDays": 3, "taxCode": "T"})
    wrong = await client.call("PATCH", f"{FABRIC}/GROUND", {"maximumDays": 2, "taxCode": None})
    assert wrong.status_code == 400
    assert all(name in wrong.text for name in ("maximumDays", "taxCode"))
    assert "addressType" not in wrong.text
    seen = await client.do("GET", f"{HUB}/GROUND")
    assert {name: seen[name] for name in body} == body
    assert seen["min_days"] == 3


async def test_a_deleted_method_is_one_that_is_not_active(client: Client) -> None:
    await client.do("POST", FABRIC, SENT)
    await client.do("DELETE", f"{FABRIC}/EXPRESS")
    assert (await client.do("GET", f"{HUB}/EXPRESS"))["active"] is False
    assert await client.query() == []
    await client.do("PATCH", f"{HUB}/EXPRESS", {"active": True})
    assert [each["deleted"] for each in await client.query()] == [False]
    await client.do("DELETE", f"{HUB}/EXPRESS")
    for method in ("GET", "DELETE", "PATCH"):
        answer = await client.call(method, f"{FABRIC}/EXPRESS", {} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()) == (404, examples_lists.NO_METHOD)


async def test_ids_that_no_code_of_the_hub_may_be_are_listed_there_and_exported(client: Client) -> None:
    long = "m" * 300
    for method_id in ("a/b", long):
        await client.do("POST", FABRIC, SENT | {"shippingMethodId": method_id})
    listed = (await client.do("GET", f"{HUB}?q=express"))["items"]
    assert [each["code"] for each in listed] == [long, "a/b"]
    assert (await client.do("GET", f"{FABRIC}/{long}"))["shippingMethodId"] == long
    file = await client.call("GET", HUB, Accept="text/csv")
    assert file.text.splitlines()[2] == "a/b,Express,,,true,2,5,9.5,,,13:30"

"""Calls for several orders through the Pitney Bowes OMS door."""

import asyncio

import pytest

from tests.doors.pb_oms.client import ORDERS, Headers, create
from tests.world import World


class TestConcurrency:
    async def test_concurrent_status_changes_of_the_same_orders_do_not_deadlock(
        self, world: World, headers: Headers
    ) -> None:
        ids = [(await create(world, headers, orderNumber=f"N{each}")).rsplit("/", 1)[1] for each in range(6)]
        calls = []
        for turn in range(6):
            named = [{"orderId": each} for each in (ids if turn % 2 else reversed(ids))]
            body = {"orders": named, "status": "ONHOLD" if turn < 3 else "CANCELED"}
            calls.append(world.http.patch(f"{ORDERS}/bulk/status", json=body, headers=headers))
        responses = await asyncio.wait_for(asyncio.gather(*calls), 30)
        assert {response.status_code for response in responses} <= {200, 400}
        statuses = {
            (await world.http.get(f"{ORDERS}/{each}", headers=headers)).json()["orderInfo"]["status"] for each in ids
        }
        assert statuses == {"CANCELED"}


class TestLimits:
    @pytest.mark.parametrize(("call", "member"), [("bulk/status", "orders"), ("bulkTags", "tags")])
    async def test_a_bulk_call_with_too_many_orders_is_refused(
        self, world: World, headers: Headers, call: str, member: str
    ) -> None:
        rows = [{"orderId": f"PB{each:010d}", "tagIds": []} for each in range(201)]
        response = await world.http.request(
            "PATCH" if member == "orders" else "PUT", f"{ORDERS}/{call}", headers=headers,
            json={member: rows, "status": "ONHOLD"},
        )  # fmt: skip
        assert response.status_code == 400
        assert f"{member}: must have at most 200 elements" in response.json()["additionalInfo"]

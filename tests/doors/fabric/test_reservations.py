"""Reservations through the door: their life from a wait to its end, and headers; each call is recorded in golden/."""

import asyncio
from typing import Any

import pytest

from crossdock.core.orders.commands import CancelOrder
from crossdock.doors.fabric import reservations
from crossdock.flows import backorders, queries
from crossdock.flows.execute import execute
from tests.doors.fabric.conftest import ORDERS, shirts
from tests.flows.allocating import add_locations, count
from tests.notifications.world import caller_of
from tests.world import World

Tree = Any
BASE = "/api/v2/backpre-order/backorderpreorder-reserve"
BODY: dict[str, Tree] = {
    "orderNumber": "SH-1", "sku": "RED-M", "lineItemId": "a", "type": "PREORDER", "orderDate": "2026-01-30T10:53:00Z",
    "backOrderedQuantity": 2, "locationNum": 410, "channelId": "12", "orderStatusCode": "Created", "cartId": "c-1",
    "own": {"kept": True},
}  # fmt: skip


@pytest.fixture
async def order_id(world: World, headers: dict[str, str]) -> str:
    answer = await world.http.post(ORDERS, json=shirts(), headers=headers)
    return str(answer.json()["orderId"])


async def listed(world: World, headers: dict[str, str]) -> Tree:
    answer = await world.http.get(f"{BASE}/SH-1", headers=headers)
    return answer.json() if answer.status_code == 200 else []


class TestLife:
    async def test_a_reservation_ends_when_stock_serves_it(
        self, world: World, headers: dict[str, str], order_id: str
    ) -> None:
        made = await world.http.post(BASE, json=BODY | {"backOrderedQuantity": 3}, headers=headers)
        assert (made.json()["type"], made.json()["cartId"], made.json()["own"]) == ("PREORDER", "c-1", {"kept": True})
        caller = await caller_of(world)
        await add_locations(world, caller, "W1")
        await count(world, caller, "RED-M", "W1", 3)
        assert await backorders.serve_all(world.context) == 1
        assert await listed(world, headers) == []
        order = (await world.http.get(ORDERS, params={"orderId": order_id}, headers=headers)).json()
        assert (order["items"][0]["backOrderedQuantity"], order["items"][0]["pendingShippedQuantity"]) == (0, 3)

    async def test_a_line_that_waits_again_begins_with_nothing_of_the_wait_before(
        self, world: World, headers: dict[str, str], order_id: str
    ) -> None:
        await world.http.post(BASE, json=BODY | {"consentToDelay": "true"}, headers=headers)
        ended = await world.http.delete(f"{BASE}/{order_id}-a", headers=headers)
        assert ended.json()["consentToDelay"] == "true"
        again = await world.http.post(BASE, json={**BODY, "cartId": None, "own": None}, headers=headers)
        assert (again.status_code, again.json()["consentToDelay"], again.json()["cartId"]) == (200, None, None)

    async def test_a_declined_reservation_is_gone_and_its_units_are_canceled(
        self, world: World, headers: dict[str, str], order_id: str
    ) -> None:
        await world.http.post(BASE, json=BODY, headers=headers)
        consent = {"action": "DECLINE", "backOrderId": f"{order_id}-a"}
        path = "/api/v2/order/backorder/consent-to-delay"
        assert (await world.http.post(path, json=consent, headers=headers)).status_code == 200
        assert (await world.http.post(path, json=consent, headers=headers)).status_code == 404
        order = (await world.http.get(ORDERS, params={"orderId": order_id}, headers=headers)).json()
        assert (order["items"][0]["cancelledQuantity"], order["statusCode"]) == (2, "ORDER_PARTIALLY_CANCELLED")

    async def test_nothing_of_a_canceled_order_waits_so_nothing_can_be_declined(
        self, world: World, headers: dict[str, str], order_id: str
    ) -> None:
        await world.http.post(BASE, json=BODY, headers=headers)
        caller = await caller_of(world)
        (order,) = (await queries.page(world.context, caller, limit=1)).orders
        await execute(world.context, caller, [CancelOrder(order_id=order.order_id)], door="hub")
        consent = {"action": "DECLINE", "backOrderId": f"{order_id}-a"}
        answer = await world.http.post(
            "/api/v2/backpre-order/order/backorder/consent-to-delay", json=consent, headers=headers
        )
        assert (answer.status_code, answer.json()) == (404, {"message": "Object Not Found!"})

    async def test_an_accepted_reservation_shows_the_consent_over_what_was_sent_before(
        self, world: World, headers: dict[str, str], order_id: str
    ) -> None:
        await world.http.post(BASE, json=BODY | {"consentToDelay": "false"}, headers=headers)
        consent = {"action": "ACCEPT", "backOrderId": f"{order_id}-a"}
        for _ in range(2):
            answer = await world.http.post(
                "/api/v2/backpre-order/order/backorder/consent-to-delay", json=consent, headers=headers
            )
        assert (answer.json()["consentToDelay"], answer.json()["cartId"]) == ("true", "c-1")

    async def test_of_two_reservations_of_a_line_at_a_time_one_is_made(
        self, world: World, headers: dict[str, str], order_id: str
    ) -> None:
        calls = [world.http.post(BASE, json=BODY | {"backOrderedQuantity": 3}, headers=headers) for _ in range(4)]
        answers = await asyncio.gather(*calls)
        assert sorted(each.status_code for each in answers) == [200, 400, 400, 400]
        refused = {each.json()["message"] for each in answers if each.status_code == 400}
        assert refused == {"lineItemId: has a reservation already"}
        assert [each["backOrderedQuantity"] for each in await listed(world, headers)] == [3]


class TestHeaders:
    async def test_the_calls_need_no_site_context_but_check_one_that_is_sent(
        self, world: World, headers: dict[str, str], order_id: str
    ) -> None:
        token = {"Authorization": headers["Authorization"]}
        assert (await world.http.post(BASE, json=BODY, headers=token)).status_code == 200
        foreign = token | {"x-site-context": '{"account":"other"}'}
        assert (await world.http.get(f"{BASE}/SH-1", headers=foreign)).status_code == 403


class TestIds:
    def test_an_id_is_read_as_it_was_written(self) -> None:
        text = reservations.reservation_id(914600427784247297, "line-7")
        assert reservations.parse_reservation_id(text) == reservations.LineKey(914600427784247297, "line-7")

    @pytest.mark.parametrize("text", ["", "7", "0" * 24, "0" * 25, f"{'z' * 24}-a"])
    def test_what_is_no_id_is_none_of_an_order(self, text: str) -> None:
        assert reservations.parse_reservation_id(text).order_id is None

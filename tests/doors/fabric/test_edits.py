"""Changes of orders through the fabric door, beyond the recorded cases."""

import asyncio
import json
import time
from typing import Any

import pytest

from crossdock.core.orders import events
from crossdock.core.orders.allocating import AllocateOrder
from crossdock.core.orders.model import Order
from crossdock.doors.fabric import history
from crossdock.flows import access, queries, rendering
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from tests.doors.fabric.conftest import ORDERS, SAMPLE, shirts, smallest
from tests.doors.fabric.golden import by_hub
from tests.slowness import slowness
from tests.vendors import VENDORS
from tests.world import STRANGERS_FABRIC_ACCOUNT, World

BASE = "/api/v2/order"


async def caller_of(world: World) -> Caller:
    return Caller(await world.demo_organization(), "ops", frozenset(access.SCOPES))


async def create_order(world: World, headers: dict[str, str], body: Any = None) -> dict[str, Any]:
    answer = await world.http.post(ORDERS, json=body or shirts(), headers=headers)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def read_order(world: World, number: str = "SH-1") -> Order:
    return await queries.order_by_number(world.context, await caller_of(world), door="fabric", number=number)


async def allocate(world: World, order: Order, *units: int) -> None:
    """Allocate units of the lines, in their order."""
    command = AllocateOrder(order_id=order.order_id, location_ref="7", lines=dict(enumerate(units)))
    await execute(world.context, await caller_of(world), [command], door="hub")


class TestUpdate:
    async def test_of_concurrent_updates_of_one_version_only_one_succeeds(
        self, world: World, headers: dict[str, str]
    ) -> None:
        answer = await create_order(world, headers)
        answers = await asyncio.gather(
            *(
                world.http.put(f"{BASE}/SH-1", json=answer | {"cartId": str(number)}, headers=headers)
                for number in range(6)
            )
        )
        statuses = sorted(each.status_code for each in answers)
        assert statuses == [200, 400, 400, 400, 400, 400]
        winner = next(each.json() for each in answers if each.status_code == 200)
        read = (await world.http.get(f"{ORDERS}?orderNumber=SH-1", headers=headers)).json()
        assert (read["cartId"], read["version"]) == (winner["cartId"], 1)
        assert read == winner

    async def test_an_update_without_a_version_replaces_any_version(
        self, world: World, headers: dict[str, str]
    ) -> None:
        answer = await create_order(world, headers)
        del answer["version"]
        for number in ("1", "2"):
            again = await world.http.put(f"{BASE}/SH-1/", json=answer | {"cartId": number}, headers=headers)
            assert (again.status_code, again.json()["version"]) == (200, int(number))

    @pytest.mark.parametrize("number", range(3))
    async def test_an_update_with_an_unchanged_response_changes_nothing(
        self, world: World, headers: dict[str, str], number: int
    ) -> None:
        """Also of the vendor's whole sample, of the smallest body, and after changes of every kind."""
        bodies: list[Any] = [
            json.loads(SAMPLE),
            smallest(),
            shirts(items=[shirts()["items"][0] | {"shippedQuantity": 9}]),
        ]
        answer = await create_order(world, headers, bodies[number])
        path = f"{BASE}/{answer['orderNumber']}"
        first = await world.http.put(path, json=answer, headers=headers)
        assert (first.status_code, first.json()) == (200, answer)
        order = await read_order(world, answer["orderNumber"])
        for verb in ("hold", "tag", "note"):
            await by_hub(world, await caller_of(world), verb, order)
        now = await world.http.get(ORDERS, params={"orderId": answer["orderId"]}, headers=headers)
        again = await world.http.put(path, content=now.content, headers=headers)
        assert (again.status_code, again.content) == (200, now.content)
        edited = (await world.http.put(path, json=now.json() | {"cartId": "other"}, headers=headers)).json()
        assert (edited["cartId"], edited["version"]) == ("other", 4)
        last = await world.http.put(path, json=edited, headers=headers)
        assert last.json() == edited

    async def test_an_update_with_true_for_the_default_quantity_is_refused(
        self, world: World, headers: dict[str, str]
    ) -> None:
        body = await create_order(world, headers)
        assert body["items"][1]["orderedQuantity"] == 1  # a default: the body had none
        body["items"][1]["orderedQuantity"] = True
        answer = await world.http.put(f"{BASE}/SH-1", json=body, headers=headers)
        assert answer.status_code == 400
        assert "orderedQuantity" in answer.json()["message"]

    async def test_an_update_retains_the_authorization_expiry(self, world: World, headers: dict[str, str]) -> None:
        answer = await create_order(world, headers)
        await world.http.put(f"{BASE}/SH-1", json=answer | {"cartId": "x"}, headers=headers)
        order = await read_order(world)
        assert "2030-02-27T16:15:58-05:00" in repr(order.content.unmapped)

    async def test_original_totals_are_unchanged_by_edits(self, world: World, headers: dict[str, str]) -> None:
        answer = await create_order(world, headers)
        items = [answer["items"][1] | {"itemTotal": 11}, answer["items"][0] | {"itemTotal": 50.5}]
        once = (
            await world.http.put(f"{BASE}/SH-1", json=answer | {"items": items, "orderTotal": 61.5}, headers=headers)
        ).json()
        twice = (
            await world.http.put(f"{BASE}/SH-1", json=once | {"orderTotal": 1, "taxTotal": 3}, headers=headers)
        ).json()
        assert (twice["orderTotal"], twice["originalOrderTotal"], twice["originalSubTotal"]) == (1, 70, 70)
        assert "originalTaxTotal" not in twice
        assert [
            (item["lineItemId"], item["itemTotal"], item["originalItemTotal"], item["outstandingItemTotal"])
            for item in twice["items"]
        ] == [("b", 11, 10, 11), ("a", 50.5, 60, 50.5)]

    async def test_addresses_and_items_cannot_change_once_allocated(
        self, world: World, headers: dict[str, str]
    ) -> None:
        await create_order(world, headers)
        await allocate(world, await read_order(world), 1, 0)
        partly = (await world.http.get(f"{ORDERS}?orderNumber=SH-1", headers=headers)).json()
        assert (partly["statusCode"], partly["items"][0]["lineOrderStatus"]) == (
            "ORDER_PARTIALLY_ALLOCATED",
            "PARTIALLY_ALLOCATED",
        )
        assert partly["allocationDate"] is not None
        moved = [partly["shipInfo"][0] | {"shipToAddress": {"address1": "elsewhere"}}, partly["shipInfo"][1]]
        allowed = await world.http.put(f"{BASE}/SH-1", json=partly | {"shipInfo": moved}, headers=headers)
        assert allowed.status_code == 200
        await allocate(world, await read_order(world), 2, 1)
        whole = (await world.http.get(f"{ORDERS}?orderNumber=SH-1", headers=headers)).json()
        refused = await world.http.put(f"{BASE}/SH-1", json=whole | {"shipInfo": partly["shipInfo"]}, headers=headers)
        assert (refused.status_code, refused.json()) == (
            400, {"message": "The order is allocated; its addresses and items cannot change"},
        )  # fmt: skip
        assert (await world.http.put(f"{BASE}/SH-1", json=whole | {"cartId": "x"}, headers=headers)).status_code == 200


class TestLargeOrders:
    @pytest.mark.parametrize("engine", ["sqlite"])  # the time of this process
    async def test_calls_on_an_order_of_many_lines_take_time_proportional_to_them(
        self, world: World, headers: dict[str, str]
    ) -> None:
        async def seconds(count: int) -> dict[str, float]:
            (line,) = smallest()["items"]
            items = [line | {"lineItemId": f"l{index}", "sku": f"S{index}"} for index in range(count)]
            canceled = [{"lineItemId": each["lineItemId"]} for each in items[1:]]
            payments = [{"paymentCounter": index} for index in range(count)]
            number, body = f"N-{count}", smallest(orderNumber=f"N-{count}", items=items, payments=payments)
            order = await create_order(world, headers, body)
            took = {}
            for name, method, path, sent in (
                ("eligibility", "GET", f"cancel?orderId={order['orderId']}&lineItemIds=l1&lineItemIds=l2", None),
                ("update", "PUT", number, body | {"items": items[::-1], "cartId": "x"}),
                ("cancel", "POST", "cancel", {"orderId": order["orderId"], "items": canceled}),
            ):  # fmt: skip
                slow, began = slowness(), time.process_time()
                answer = await world.http.request(method, f"{BASE}/{path}", json=sent, headers=headers)
                took[name] = (time.process_time() - began) / max(
                    slow, slowness()
                )  # the machine may slow down meanwhile
                assert answer.status_code == 200, answer.text
            return took

        few, many = await seconds(500), await seconds(4_000)
        assert {name: many[name] / max(few[name], 0.01) > 24 for name in few} == dict.fromkeys(few, False)


class TestStrangers:
    async def test_another_organization_cannot_reach_an_order(self, world: World, headers: dict[str, str]) -> None:
        answer = await create_order(world, headers, shirts(statusCode="ORDER_HOLD_FRAUD"))
        await world.http.post(
            f"{BASE}/attribute", json={"code": "gift", "name": "G", "type": "STRING"}, headers=headers
        )
        theirs = await world.stranger() | {"x-site-context": json.dumps({"account": STRANGERS_FABRIC_ACCOUNT})}
        before = await queries.history(
            world.context, await caller_of(world), order_id=(await read_order(world)).order_id
        )
        for method, path, body in (
            ("PUT", f"{BASE}/SH-1", answer),
            ("PATCH", f"{BASE}/{answer['orderId']}/customer", {"email": "x@example.com"}),
            ("PATCH", f"{BASE}/{answer['orderId']}/shipto/shop/pickup", {"email": "x@example.com"}),
            ("GET", f"{BASE}/cancel?orderId={answer['orderId']}", None),
            ("POST", f"{BASE}/cancel", {"orderId": answer["orderId"]}),
            ("GET", f"{BASE}/exchange?orderId={answer['orderId']}", None),
            ("POST", f"{BASE}/payment-status/SH-1", {"paymentIdentifier": "pay-1", "status": "x"}),
            (
                "POST", f"{BASE}/package-tracking/acknowledge",
                {"entity": "ORDER", "eventType": "ORDER_CREATE_IN_PTS", "orderNumber": "SH-1"},
            ),
            ("POST", f"{BASE}/cross-border/validate-order", {"orderNumbers": ["SH-1"]}),
            ("POST", f"{BASE}/cross-border/release-order", {"orderNumber": "SH-1", "releaseType": "CANCEL"}),
            ("GET", f"{BASE}/attribute/gift", None),
            ("PUT", f"{BASE}/attribute/gift", {"code": "gift", "name": "H", "type": "STRING"}),
            ("DELETE", f"{BASE}/attribute/gift", None),
        ):  # fmt: skip
            got = await world.http.request(method, path, json=body, headers=theirs | {"tenant-key": "t"})
            assert got.status_code == 404, (path, got.text)
        for path in ("/api/v2/fraud/release", "/api/v2/fraud/cancel"):
            got = await world.http.post(path, json={"orderNumber": "SH-1"}, headers=theirs)
            assert got.json() == {"status": "FAILURE", "message": "Order not found", "errors": ["Order not found"]}
        assert (await world.http.get(f"{BASE}/attribute", headers=theirs)).json() == []
        after = await queries.history(
            world.context, await caller_of(world), order_id=(await read_order(world)).order_id
        )
        assert before == after


class TestEveryChange:
    async def test_every_change_adds_one_version_and_events_that_rebuild_the_order(
        self, world: World, headers: dict[str, str]
    ) -> None:
        answer = await create_order(world, headers)
        calls: list[tuple[str, str, Any]] = [
            ("PUT", f"{BASE}/SH-1", answer | {"statusCode": "ORDER_HOLD_CROSSBORDER", "cartId": "x"}),
            ("PATCH", f"{BASE}/{answer['orderId']}/customer", {"email": "x@example.com"}),
            ("PATCH", f"{BASE}/{answer['orderId']}/shipto/shop/pickup", {"email": "x@example.com"}),
            ("POST", f"{BASE}/cross-border/release-order", {"orderNumber": "SH-1", "releaseType": "RELEASE"}),
            ("POST", f"{BASE}/payment-status/SH-1", {"paymentIdentifier": "3456", "status": "CAPTURED"}),
            ("POST", f"{BASE}/payment-status/SH-1", {"paymentIdentifier": "3456", "status": "REFUNDED"}),
            ("POST", f"{BASE}/payment-status/SH-1", {"paymentIdentifier": "3456", "status": "CAPTURED"}),
            ("POST", f"{BASE}/cancel", {"orderId": answer["orderId"], "items": [{"lineItemId": "b"}]}),
            ("POST", f"{BASE}/cancel", {"orderId": answer["orderId"], "reasonCode": "R"}),
        ]
        for number, (method, path, body) in enumerate(calls, 1):
            got = await world.http.request(method, path, json=body, headers=headers)
            assert got.status_code == 200, (path, got.text)
            order = await read_order(world)
            assert order.version == number + 1, path
            recorded = await queries.history(world.context, await caller_of(world), order_id=order.order_id)
            assert events.rebuild(recorded) == order
            for door in VENDORS:
                await rendering.render(world.context, await caller_of(world), order, door=door)
        read = (await world.http.get(f"{ORDERS}?orderNumber=SH-1", headers=headers)).json()
        assert read["statusCode"] == "ORDER_CANCELLED"
        assert [each["status"] for each in read["payments"][0]["paymentLog"]] == ["CAPTURED", "REFUNDED", "CAPTURED"]
        assert [entry["auditType"] for entry in read["auditLogs"]] == [
            "CREATE", "UPDATE", "UPDATE", "UPDATE", "UPDATE", "UPDATE", "UPDATE", "UPDATE", "UPDATE", "CANCEL", "CANCEL",
        ]  # fmt: skip
        assert len({entry["auditId"] for entry in read["auditLogs"]}) == len(read["auditLogs"])
        assert read["cancelTotal"] == 70
        assert read["orderReleaseTimestamp"] is not None

    def test_a_payment_is_not_found_by_an_id_that_it_lacks(self) -> None:
        assert not history.has_payment_id({}, "")
        assert history.has_payment_id({"paymentToken": {"token": "t"}}, "t")

"""Fulfillments of S2: of an order and without one, the choice of a warehouse, reading, attachments, shipping."""

from typing import Any

import httpx
import pytest

from crossdock.core.orders.delivering import RecordTracking
from crossdock.core.orders.fulfilling import PickUnits, ShipFulfillment
from crossdock.core.orders.fulfillments import DeliveryStatus, Package
from crossdock.core.orders.model import Order
from crossdock.doors.hub.mapping import parse_id as parse_hub_id
from crossdock.doors.s2.catalog import format_id, parse_id
from crossdock.flows import fulfillment, queries
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from tests.doors.s2.client import OTHER_ORGANIZATION, UNKNOWN_ID, Headers, add_second_organization, sample, sign_in
from tests.doors.s2.routes.test_inventory import LOCATION, count, hub, read
from tests.doors.s2.test_examples import check, shown
from tests.flows.allocating import configure
from tests.world import World

ADDRESS = sample()["shippingAddress"]
CREATE = shown("createOrder", "request")
PRODUCT = CREATE["items"][0]["productId"]
SKU = "test"


async def post(world: World, headers: Headers, body: dict[str, Any], rest: str = "") -> httpx.Response:
    return await world.http.post(f"/fulfillment{rest}", json=body, headers=headers)


async def warehouse(world: World, headers: Headers, code: str = "VAN", units: int | None = None) -> str:
    """Add a warehouse with units of the product, and return its id."""
    await hub(world, "PUT", f"/locations/{code}", LOCATION | {"code": code, "name": code})
    if units is not None:
        await count(world, {"sku": SKU, "location": code, "quantity": units})
    listed = await read(world, f"/warehouse?term={code}", headers)
    return next(str(each["id"]) for each in listed["items"] if each["name"] == code)


async def order(world: World, headers: Headers, quantity: int = 2, number: str = "WEB-1") -> str:
    body = CREATE | {"channelOrderId": number, "items": [CREATE["items"][0] | {"quantity": quantity}]}
    created = await world.http.post("/order", json=body, headers=headers)
    assert created.status_code == 200, created.text
    return str(created.json()["id"])


def body(order_id: str | None, quantity: int = 2, **more: Any) -> dict[str, Any]:
    named = {"orderId": order_id} if order_id else {}
    return named | {"address": ADDRESS, "items": [{"productId": PRODUCT, "quantity": quantity}]} | more


async def made(world: World, headers: Headers, sent: dict[str, Any]) -> dict[str, Any]:
    response = await post(world, headers, sent)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def caller(world: World) -> Caller:
    return Caller(await world.demo_organization(), "demo", frozenset({"admin"}))


async def stored(world: World, order_id: str) -> Order:
    return await queries.order(world.context, await caller(world), order_id=parse_id(order_id))


async def ship(world: World, order_id: str, fulfillment_id: str, number: str, units: int) -> None:
    found, one = await caller(world), await stored(world, order_id)
    command = ShipFulfillment(
        order_id=one.order_id, fulfillment_id=parse_id(fulfillment_id), new_id=fulfillment.new_ids(world.context),
        packages=(Package(((0, units),), carrier="UPS", service="Ground", number=number),),
    )  # fmt: skip
    await execute(world.context, found, [command], door="hub")


class TestOfAnOrder:
    async def test_the_examples_are_what_the_calls_answer(self, world: World, headers: Headers) -> None:
        warehouse_id = await warehouse(world, headers, units=9)
        await hub(world, "PUT", "/locations/VAN", LOCATION)
        order_id = await order(world, headers, number="WEB-10042")
        sent = shown("createFulfillment", "request") | {"orderId": order_id, "warehouseId": warehouse_id}
        created = await post(world, headers, sent)
        assert created.status_code == 200, created.text
        answer = created.json()
        for example in (shown("createFulfillment", 200), shown("listFulfillments", 200)["items"][0]):
            assert list(answer) == list(example)
            same = {"status", "address", "channelFulfillmentId", "notes", "orderType", "shipByDate", "meta"}
            assert {name: answer[name] for name in same} == {name: example[name] for name in same}
            assert list(answer["items"][0]) == list(example["items"][0])
        assert await read(world, f"/fulfillment/{answer['id']}", headers) == answer
        assert await read(world, "/fulfillment", headers) == {"items": [answer], "total": 1}
        check("createFulfillment", 409, await post(world, headers, sent))
        check("createFulfillment", 404, await post(world, headers, sent | {"warehouseId": UNKNOWN_ID}))
        check("getFulfillment", 404, await world.http.get(f"/fulfillment/{UNKNOWN_ID}", headers=headers))
        files = shown("bulkCreateFulfillmentAttachments", "request")
        added = await post(world, headers, files, f"/{answer['id']}/attachment/bulk-create")
        assert (added.status_code, added.content) == (201, b"")
        names = [
            each["fileName"] for each in (await read(world, f"/fulfillment/{answer['id']}", headers))["attachments"]
        ]
        assert names == ["label.pdf", "label.pdf"]

    async def test_a_part_and_the_rest_ship_in_two_parcels(self, world: World, headers: Headers) -> None:
        await warehouse(world, headers, units=9)
        order_id = await order(world, headers, quantity=3)
        path = f"/order/{order_id}"
        one = await made(world, headers, body(order_id, 2))
        assert (await read(world, path, headers))["assignStatus"] in ("PARTIALLY_ASSIGNED", "ASSIGNED")
        two = await made(world, headers, body(order_id, 1))
        assert (await read(world, path, headers))["assignStatus"] == "ASSIGNED"
        await ship(world, order_id, one["id"], "1Z1", 2)
        seen = await read(world, path, headers)
        assert seen["status"] == "PARTIALLY_FULFILLED"
        assert [(each["id"], each["status"], each["trackingNumber"]) for each in seen["fulfillments"]] == [
            (one["id"], "SHIPPED", "1Z1"), (two["id"], "CREATED", None),
        ]  # fmt: skip
        await ship(world, order_id, two["id"], "1Z2", 1)
        seen = await read(world, path, headers)
        assert (seen["status"], seen["assignStatus"]) == ("FULFILLED", "ASSIGNED")
        shipped = await read(world, f"/fulfillment/{two['id']}", headers)
        assert (shipped["status"], shipped["warehousePickStatus"]) == ("SHIPPED", "PICKED")
        (shipment,) = shipped["shipments"]
        assert (shipment["status"], shipment["carrier"], shipment["trackingNumbers"]) == ("SHIPPED", "UPS", ["1Z2"])
        assert [(each["product"]["id"], each["quantity"]) for each in shipment["items"]] == [(PRODUCT, 1)]

    async def test_picking_and_delivery_are_shown(self, world: World, headers: Headers) -> None:
        await warehouse(world, headers, units=9)
        order_id = await order(world, headers)
        one, found = await made(world, headers, body(order_id)), await caller(world)
        known = {"order_id": parse_id(order_id), "fulfillment_id": parse_id(one["id"])}
        await execute(world.context, found, [PickUnits(**known, lines={0: 1})], door="hub")  # type: ignore[arg-type]
        seen = await read(world, f"/fulfillment/{one['id']}", headers)
        assert (seen["status"], seen["warehousePickStatus"]) == ("PENDING", "PICKING")
        assert seen["warehousePickId"] is not None
        await ship(world, order_id, one["id"], "1Z1", 2)
        tracked = RecordTracking(
            order_id=parse_id(order_id), number="1Z1", status=DeliveryStatus.DELIVERED,
            reported_at=world.context.clock(),
        )  # fmt: skip
        await execute(world.context, found, [tracked], door="hub")
        assert (await read(world, f"/order/{order_id}", headers))["status"] == "FULFILLED"

    async def test_units_allocated_elsewhere_are_moved_to_the_warehouse_named(
        self, world: World, headers: Headers
    ) -> None:
        await warehouse(world, headers, "A", 2)
        second = await warehouse(world, headers, "B", 2)
        order_id = await order(world, headers)
        assert [each.location for each in (await stored(world, order_id)).allocations] == ["A"]
        one = await made(world, headers, body(order_id, warehouseId=second))
        assert one["warehouse"]["name"] == "B"
        found = await stored(world, order_id)
        assert [(each.location, each.is_open) for each in found.allocations if each.is_open] == [("B", True)]

    async def test_another_doors_order_and_fulfillment_are_read(self, world: World, headers: Headers) -> None:
        await warehouse(world, headers)
        created = await hub(
            world, "POST", "/orders", {"number": "H-1", "lines": [{"sku": "X", "quantity": 2, "description": "Mug"}]}
        )
        order_id = format_id(parse_hub_id(created["id"]) or 0)
        product = (await read(world, f"/order/{order_id}", headers))["items"][0]["product"]["id"]
        one = await made(world, headers, body(order_id, items=[{"productId": product, "quantity": 1}]))
        assert (one["items"][0]["product"]["sku"], one["orderAccountId"]) == ("X", None)


class TestChoice:
    async def test_only_warehouses_with_enough_are_chosen(self, world: World, headers: Headers) -> None:
        await configure(world, await caller(world), mode="manual")
        await warehouse(world, headers, "A", 1)
        enough = {await warehouse(world, headers, "B", 50), await warehouse(world, headers, "C", 50)}
        chosen = set()
        for number in range(12):
            one = await made(world, headers, body(await order(world, headers, number=f"N-{number}")))
            chosen.add(one["warehouse"]["id"])
        assert chosen == enough

    async def test_without_enough_stock_or_any_warehouse_it_is_refused(self, world: World, headers: Headers) -> None:
        order_id = await order(world, headers)
        refused = await post(world, headers, body(order_id))
        assert (refused.status_code, refused.json()) == (
            409, {"code": "FAILED_PRECONDITION", "message": "There is no warehouse"},
        )  # fmt: skip
        named = await warehouse(world, headers, "A", 1)
        refused = await post(world, headers, body(order_id))
        assert refused.json()["message"] == "No warehouse has enough stock of every item"
        refused = await post(world, headers, body(order_id, warehouseId=named))
        assert (refused.status_code, refused.json()["code"]) == (409, "FAILED_PRECONDITION")
        assert (await read(world, f"/order/{order_id}", headers))["fulfillments"] == []


class TestFaults:
    async def test_faults_of_the_body_are_all_named(self, world: World, headers: Headers) -> None:
        sent = {
            "orderId": "x", "address": ADDRESS | {"name": None}, "orderType": 3, "items": [{"quantity": 0}],
            "attachments": [{"fileName": ""}],
        }  # fmt: skip
        refused = await post(world, headers, sent)
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_ARGUMENT")
        for path in (
            "orderId", "address.name", "orderType", "items[0].productId", "items[0].quantity",
            "attachments[0].fileName", "attachments[0].path", "attachments[0].type",
        ):  # fmt: skip
            assert f"{path}: " in refused.json()["message"]

    async def test_everything_that_is_not_there_is_named_at_once(self, world: World, headers: Headers) -> None:
        sent = body(UNKNOWN_ID, warehouseId=UNKNOWN_ID, rmaId="R-1")
        refused = await post(world, headers, sent)
        assert refused.status_code == 404
        for path in ("orderId", "warehouseId", "rmaId"):
            assert f"{path}: there is no " in refused.json()["message"]
        sent = body(None, items=[{"productId": UNKNOWN_ID, "quantity": 1}], orderAccountId=UNKNOWN_ID)
        refused = await post(world, headers, sent)
        assert refused.status_code == 404
        assert "items[0].productId: " in refused.json()["message"]
        assert "orderAccountId: " in refused.json()["message"]

    async def test_more_units_than_are_left_are_refused(self, world: World, headers: Headers) -> None:
        await warehouse(world, headers, units=9)
        order_id = await order(world, headers)
        await made(world, headers, body(order_id, 1))
        refused = await post(world, headers, body(order_id, 2))
        assert (refused.status_code, refused.json()["message"]) == (
            400, "items[0].quantity: must be at most 1, which no fulfillment has yet, not 2",
        )  # fmt: skip

    async def test_a_canceled_order_is_refused_and_canceling_cancels_fulfillments(
        self, world: World, headers: Headers
    ) -> None:
        await warehouse(world, headers, units=9)
        order_id = await order(world, headers)
        one = await made(world, headers, body(order_id))
        await world.http.post(f"/order/{order_id}/cancel", headers=headers)
        assert (await read(world, f"/fulfillment/{one['id']}", headers))["status"] == "CANCELLED"
        refused = await post(world, headers, body(order_id))
        assert (refused.status_code, refused.json()["code"]) == (409, "FAILED_PRECONDITION")

    async def test_a_code_that_is_not_the_accounts_is_refused(self, world: World, headers: Headers) -> None:
        await warehouse(world, headers, units=9)
        order_id = await order(world, headers)
        refused = await post(world, headers, body(order_id, accountCode="Other"))
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_ARGUMENT")
        await made(world, headers, body(order_id, accountCode="Demo"))


class TestStandalone:
    async def test_an_order_is_made_for_the_items(self, world: World, headers: Headers) -> None:
        await warehouse(world, headers, units=9)
        sent = body(None, channelFulfillmentId="F-1", orderType=2, accountCode="Demo", shippingMethod="Standard")
        one = await made(world, headers, sent)
        assert (one["orderType"], one["orderChannelOrderId"], one["shippingMethod"]) == ("FBA", "F-1", "Standard")
        seen = await read(world, f"/order/{one['orderId']}", headers)
        assert (seen["orderKind"], seen["assignStatus"], seen["account"]["name"]) == ("direct", "ASSIGNED", "Demo")
        assert seen["fulfillments"][0]["id"] == one["id"]
        assert (await stored(world, one["orderId"])).content.references[0].value == "direct"

    async def test_the_same_number_can_be_fulfilled_twice(self, world: World, headers: Headers) -> None:
        await warehouse(world, headers, units=9)
        first = await made(world, headers, body(None, orderChannelOrderId="N"))
        second = await made(world, headers, body(None, orderChannelOrderId="N"))
        assert first["orderId"] != second["orderId"]

    async def test_a_refused_one_leaves_no_open_order(self, world: World, headers: Headers) -> None:
        await warehouse(world, headers, units=1)
        refused = await post(world, headers, body(None, 2, channelFulfillmentId="F-1"))
        assert refused.status_code == 409
        (left,) = (await read(world, "/order", headers))["items"]
        assert (left["status"], left["orderKind"]) == ("CANCELLED", "direct")
        assert (await made(world, headers, body(None, 1, channelFulfillmentId="F-1")))["status"] == "CREATED"

    async def test_an_edit_keeps_the_mark(self, world: World, headers: Headers) -> None:
        await warehouse(world, headers, units=9)
        one = await made(world, headers, body(None))
        document = await read(world, f"/order/{one['orderId']}", headers)
        items = [each | {"productId": each["product"]["id"]} for each in document["items"]]
        changed = document | {"items": items, "currencyId": "USD", "customerNote": "Ring"}
        updated = await world.http.put(f"/order/{one['orderId']}", json=changed, headers=headers)
        assert (updated.status_code, updated.json()["orderKind"]) == (200, "direct"), updated.text
        assert (await stored(world, one["orderId"])).content.references[0].value == "direct"


class TestList:
    async def test_pages_and_terms(self, world: World, headers: Headers) -> None:
        await warehouse(world, headers, units=50)
        ids = []
        for n in range(3):
            one = await order(world, headers, number=f"N-{n}")
            ids.append((await made(world, headers, body(one, channelFulfillmentId=f"PARCEL-{n}")))["id"])
        page = await read(world, "/fulfillment?limit=2", headers)
        assert ([each["id"] for each in page["items"]], page["total"]) == (ids[:0:-1], 3)
        page = await read(world, "/fulfillment?limit=2&offset=2", headers)
        assert [each["id"] for each in page["items"]] == ids[:1]
        page = await read(world, "/fulfillment?term=parcel-1", headers)
        assert ([each["id"] for each in page["items"]], page["total"]) == ([ids[1]], 1)
        assert (await world.http.get("/fulfillment?limit=x", headers=headers)).status_code == 400


@pytest.mark.parametrize("rest", ["", "/attachment/bulk-create"])
async def test_another_organization_sees_nothing(world: World, headers: Headers, rest: str) -> None:
    await warehouse(world, headers, units=9)
    order_id = await order(world, headers)
    one = await made(world, headers, body(order_id, channelFulfillmentId="F-1"))
    await add_second_organization(world, email="second@example.com")
    other = await sign_in(world, email="second@example.com") | {"X-S2-Organization": OTHER_ORGANIZATION}
    method = "POST" if rest else "GET"
    response = await world.http.request(method, f"/fulfillment/{one['id']}{rest}", json={}, headers=other)
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
    assert await read(world, "/fulfillment", other) == {"items": [], "total": 0}
    assert (await post(world, other, body(order_id))).status_code == 404

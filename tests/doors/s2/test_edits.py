"""Update, cancel and archive orders of this door and of other doors."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from crossdock.core.ids import from_uuid, to_base32
from crossdock.core.orders.commands import Command, ShipOrder
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from tests.doors.s2.client import PRODUCT_ID, RESPONSE, UNKNOWN_ID, Headers, add_account, sample
from tests.vendors import VENDORS
from tests.world import World

ASSIGNING_ACCOUNT = "2ac48942-405a-4841-a7d8-708f50dbe888"
LISTED = ("shippingAddress", "billingAddress", "meta", "channelShippingMethod", "channelOrderDate", "currencyId", "items",
          "attachments")  # fmt: skip


def update(**changes: Any) -> dict[str, Any]:
    """Return the body of an update that changes some members only."""
    return {name: value for name, value in sample().items() if name in LISTED} | changes


async def create(world: World, headers: Headers, **changes: Any) -> dict[str, Any]:
    response = await world.http.post("/order", json=sample(**changes), headers=headers)
    assert response.status_code == 200, response.text
    return response.json()  # type: ignore[no-any-return]


async def put(world: World, headers: Headers, order: dict[str, Any], body: Any) -> httpx.Response:
    return await world.http.put(f"/order/{order['id']}", content=json.dumps(body), headers=headers)


async def execute_command(world: World, order: dict[str, Any], make: Any) -> None:
    """Execute a command that S2 has no call for."""
    caller = Caller(await world.demo_organization(), "test", frozenset({"admin"}))
    command: Command = make(caller, from_uuid(order["id"]))
    await execute(world.context, caller, [command], door="hub")


async def ship(world: World, order: dict[str, Any]) -> None:
    await execute_command(world, order, lambda _, order_id: ShipOrder(order_id=order_id))


async def create_assigned(world: World, headers: Headers) -> dict[str, Any]:
    """Create an order whose account has a warehouse that all its new orders are assigned to."""
    await add_account(world, key=ASSIGNING_ACCOUNT, name="Assigning", warehouse="w")
    return await create(world, headers, accountId=ASSIGNING_ACCOUNT)


async def read_in_hub(world: World, headers: Headers, order: dict[str, Any]) -> dict[str, Any]:
    order_id = from_uuid(order["id"])
    assert order_id is not None
    response = await world.http.get(f"/hub/v1/orders/{to_base32(order_id)}", headers=headers)
    return response.json()  # type: ignore[no-any-return]


class TestUpdate:
    async def test_a_read_returns_the_response_to_update(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        response = await put(world, headers, order, update(customerNote="Ring", channelOrderId="new"))
        assert response.status_code == 200
        assert list(response.json()) == list(RESPONSE)
        read = await world.http.get(f"/order/{order['id']}", headers=headers)
        assert read.content == response.content
        assert (response.json()["createdAt"], response.json()["id"]) == (order["createdAt"], order["id"])
        assert response.json()["updatedAt"] > order["updatedAt"]

    @pytest.mark.parametrize("odd", [[], {}, None, 5])
    async def test_an_item_id_that_is_not_a_string_is_named(self, world: World, headers: Headers, odd: Any) -> None:
        order = await create(world, headers)
        item = sample()["items"][0] | {"channelOrderItemId": odd, "productId": ""}
        response = await put(world, headers, order, update(items=[item]))
        assert response.status_code == 400
        assert "items[0].channelOrderItemId: must be a string" in response.json()["message"]

    async def test_an_update_accepts_the_dates_under_their_names_in_updates(
        self, world: World, headers: Headers
    ) -> None:
        order = await create(world, headers)
        sent = {"shipByDate": "2024-05-01T00:00:00Z", "deliveryByDate": "2024-05-02T00:00:00.5Z"}
        document = (await put(world, headers, order, update(**sent))).json()
        assert (document["shipByDate"], document["deliverByDate"]) == tuple(sent.values())
        assert "deliveryByDate" not in document

    async def test_an_update_accepts_the_responses_name_of_the_delivery_date(
        self, world: World, headers: Headers
    ) -> None:
        order = await create(world, headers)
        day, other = "2024-05-02T00:00:00Z", "2024-06-02T00:00:00Z"
        document = (await put(world, headers, order, update(deliverByDate=day))).json()
        assert document["deliverByDate"] == day
        document = (await put(world, headers, order, update(deliverByDate=day, deliveryByDate=other))).json()
        assert document["deliverByDate"] == other

    async def test_an_update_empties_the_members_that_are_missing(self, world: World, headers: Headers) -> None:
        given = {"shipByDate": "2024-05-01T00:00:00Z", "deliverByDate": "2024-05-02T00:00:00Z", "customerNote": "Ring"}
        order = await create(world, headers, **given)
        document = (await put(world, headers, order, {name: update()[name] for name in LISTED[2:]})).json()
        assert [document[name] for name in given] == [None, None, ""]
        assert (document["billingAddress"], document["shippingAddress"]) == (None, order["shippingAddress"])
        kept = ("channelOrderId", "channelOrderIdAlt", "channelOrderIdAlt2", "account")
        assert [document[name] for name in kept] == [order[name] for name in kept]
        assert (await read_in_hub(world, headers, order))["version"] == 2

    async def test_an_update_keeps_the_shipping_address_if_it_is_null(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        document = (await put(world, headers, order, update(shippingAddress=None, customerNote="x"))).json()
        assert document["shippingAddress"] == order["shippingAddress"]

    async def test_the_same_update_again_changes_nothing(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        first = await put(world, headers, order, update(customerNote="x"))
        again = await put(world, headers, order, update(customerNote="x"))
        assert (again.status_code, again.content) == (200, first.content)
        assert (await read_in_hub(world, headers, order))["version"] == 2

    async def test_an_update_ignores_server_owned_members(self, world: World, headers: Headers) -> None:
        """A client sends back the response it has read, with the ids of the products added."""
        order = await create(world, headers, customerNote="x")
        items = [item | {"productId": item["product"]["id"]} for item in order["items"]]
        response = await put(world, headers, order, order | {"items": items, "status": "FULFILLED", "archived": True})
        assert (response.status_code, response.json()) == (200, order)
        assert (await read_in_hub(world, headers, order))["version"] == 1

    async def test_items_without_ids_are_updated_by_their_products(self, world: World, headers: Headers) -> None:
        first, second = ({**each, "channelOrderItemId": ""} for each in sample()["items"])
        order = await create(world, headers, items=[first, second])
        response = await put(world, headers, order, update(items=[second, first | {"quantity": 5}]))
        assert response.status_code == 200, response.text
        shown = [
            (each["channelOrderItemId"], each["product"]["sku"], each["quantity"]) for each in response.json()["items"]
        ]
        assert shown == [("", "SKU-GREY", 1), ("", "test", 5)]
        twice = await put(world, headers, order, update(items=[first, first]))
        assert [each["product"]["sku"] for each in twice.json()["items"]] == ["test", "test"]

    async def test_an_update_keeps_unknown_members(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, mine={"x": 1}, other=1)
        document = (await put(world, headers, order, update(other=2, third=[3]))).json()
        assert (document["mine"], document["other"], document["third"]) == ({"x": 1}, 2, [3])

    async def test_an_update_returns_numbers_as_they_were_written(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        body = json.dumps(update()).replace("9.99", "10.00")
        response = await world.http.put(f"/order/{order['id']}", content=body, headers=headers)
        assert '"unitPrice":10.00,' in response.text

    async def test_an_update_to_a_new_number_keeps_the_old_one_reserved(self, world: World, headers: Headers) -> None:
        order = await create(world, headers, channelOrderId="old")
        assert (await put(world, headers, order, update(channelOrderId="new"))).json()["channelOrderId"] == "new"
        for number in ("old", "new"):
            other = await world.http.post(
                "/order", json=sample(channelOrderId=number, customerNote="other"), headers=headers
            )
            assert (other.status_code, other.json()["code"]) == (409, "ALREADY_EXISTS"), number
        found = (await world.http.get("/order?term=new", headers=headers)).json()
        assert [each["id"] for each in found["items"]] == [order["id"]]

    async def test_every_fault_of_an_update_is_named(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        body = update(
            accountId=None,
            channelOrderId="",
            shippingAddress={"name": 1},
            deliveryByDate="x",
            customerNote=3,
            meta=None,
        )
        del body["currencyId"]
        response = await put(world, headers, order, body)
        assert (response.status_code, response.json()["code"]) == (400, "INVALID_ARGUMENT")
        paths = {part.partition(":")[0] for part in response.json()["message"].split("; ")}
        members = {f"shippingAddress.{name}" for name in sample()["shippingAddress"]}
        assert paths == {
            "accountId",
            "channelOrderId",
            "deliveryByDate",
            "customerNote",
            "meta",
            "currencyId",
            *members,
        }
        assert (await read_in_hub(world, headers, order))["version"] == 1

    @pytest.mark.parametrize(
        ("body", "path"),
        [("[]", ""), ("3", ""), ('{"a":1,"a":2}', "a"), ("", ""), ("{", ""), ('{"items":{}}', "items")],
    )
    async def test_a_body_that_is_not_an_update_is_refused(
        self, world: World, headers: Headers, body: str, path: str
    ) -> None:
        order = await create(world, headers)
        response = await world.http.put(f"/order/{order['id']}", content=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, "INVALID_ARGUMENT")
        assert f"{path}: " in response.json()["message"] or not path

    async def test_an_update_with_an_unknown_account_and_product_is_refused(
        self, world: World, headers: Headers
    ) -> None:
        order = await create(world, headers)
        item = sample()["items"][0] | {"productId": UNKNOWN_ID}
        response = await put(world, headers, order, update(accountId=UNKNOWN_ID, items=[item]))
        assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
        assert "accountId: " in response.json()["message"]
        assert "items[0].productId: " in response.json()["message"]

    async def test_an_update_of_a_fulfilled_order_is_refused(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        await ship(world, order)
        response = await put(world, headers, order, update(customerNote="x"))
        assert (response.status_code, response.json()) == (
            409,
            {"code": "FAILED_PRECONDITION", "message": "The order is shipped and cannot be edited"},
        )

    async def test_an_update_that_contradicts_assigned_units_is_refused(self, world: World, headers: Headers) -> None:
        order = await create_assigned(world, headers)
        first, second = sample()["items"]
        response = await put(world, headers, order, update(items=[first | {"quantity": 1}]))
        assert (response.status_code, response.json()["code"]) == (409, "FAILED_PRECONDITION")
        assert response.json()["message"] == (
            "items[0].quantity: must be at least 2, which are allocated, shipped or canceled already; "
            "items: must still have line '1', which is allocated or shipped"
        )
        other = second | {"productId": first["productId"]}
        response = await put(world, headers, order, update(items=[first, other]))
        assert response.status_code == 409
        assert "items[1].productId: cannot change any more" in response.json()["message"]
        response = await put(world, headers, order, update(items=[first | {"quantity": 3}, second]))
        assert (response.status_code, response.json()["assignStatus"]) == (200, "PARTIALLY_ASSIGNED")

    async def test_of_concurrent_updates_one_wins_completely(self, world: World, headers: Headers) -> None:
        """The vendor has no version number, so the later update wins completely."""
        order = await create(world, headers)
        bodies = [update(customerNote=str(position), channelShippingMethod=str(position)) for position in range(6)]
        responses = await asyncio.gather(*(put(world, headers, order, body) for body in bodies))
        assert {response.status_code for response in responses} <= {200, 409}
        read = (await world.http.get(f"/order/{order['id']}", headers=headers)).json()
        assert read["customerNote"] == read["channelShippingMethod"]


class TestCancel:
    @pytest.mark.parametrize("body", [b"", b"{}", b"nonsense"])
    async def test_cancel_ignores_the_body(self, world: World, headers: Headers, body: bytes) -> None:
        order = await create(world, headers)
        response = await world.http.post(f"/order/{order['id']}/cancel", content=body, headers=headers)
        assert (response.status_code, response.json()["status"]) == (200, "CANCELLED")
        assert response.json() == order | {"status": "CANCELLED", "updatedAt": response.json()["updatedAt"]}

    async def test_a_canceled_order_that_was_assigned_is_pending(self, world: World, headers: Headers) -> None:
        order = await create_assigned(world, headers)
        assert order["assignStatus"] == "ASSIGNED"
        response = await world.http.post(f"/order/{order['id']}/cancel", headers=headers)
        assert response.json()["assignStatus"] == "PENDING"

    async def test_cancel_is_refused_after_a_shipment(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        await ship(world, order)
        response = await world.http.post(f"/order/{order['id']}/cancel", headers=headers)
        assert (response.status_code, response.json()) == (
            409,
            {"code": "FAILED_PRECONDITION", "message": "The order is shipped and cannot be canceled"},
        )

    async def test_of_concurrent_cancels_one_succeeds(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        posts = (world.http.post(f"/order/{order['id']}/cancel", headers=headers) for _ in range(5))
        assert sorted([response.status_code for response in await asyncio.gather(*posts)]) == [200, 409, 409, 409, 409]


class TestArchive:
    async def test_an_archived_order_is_marked_in_every_response(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        archived = (await world.http.post(f"/order/{order['id']}/archive", headers=headers)).json()
        assert archived == order | {"archived": True, "updatedAt": archived["updatedAt"]}
        assert (await world.http.get(f"/order/{order['id']}", headers=headers)).json() == archived
        assert (await world.http.get("/order", headers=headers)).json() == {"items": [archived], "total": 1}

    async def test_archive_and_unarchive_may_be_repeated(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        for verb, archived in (("archive", True), ("archive", True), ("unarchive", False), ("unarchive", False)):
            response = await world.http.post(f"/order/{order['id']}/{verb}", headers=headers)
            assert (response.status_code, response.json()["archived"]) == (200, archived)
        assert (await read_in_hub(world, headers, order))["version"] == 3

    async def test_a_canceled_order_can_be_archived(self, world: World, headers: Headers) -> None:
        order = await create(world, headers)
        await world.http.post(f"/order/{order['id']}/cancel", headers=headers)
        response = await world.http.post(f"/order/{order['id']}/archive", headers=headers)
        assert (response.status_code, response.json()["status"]) == (200, "CANCELLED")


TRANSITIONS = [("PUT", ""), ("POST", "/cancel"), ("POST", "/archive"), ("POST", "/unarchive")]


class TestUnknownOrder:
    @pytest.mark.parametrize(("method", "verb"), TRANSITIONS)
    @pytest.mark.parametrize("order_id", [UNKNOWN_ID, "x", PRODUCT_ID, "ffffffff-ffff-8fff-bfff-ffffffffffff"])
    async def test_a_change_of_an_order_that_does_not_exist_is_not_found(
        self, world: World, headers: Headers, method: str, verb: str, order_id: str
    ) -> None:
        response = await world.http.request(method, f"/order/{order_id}{verb}", json=update(), headers=headers)
        assert (response.status_code, response.json()) == (
            404,
            {"code": "NOT_FOUND", "message": "There is no such order"},
        )

    @pytest.mark.parametrize(("method", "verb"), TRANSITIONS)
    async def test_a_change_of_another_organizations_order_is_not_found(
        self, world: World, headers: Headers, method: str, verb: str
    ) -> None:
        order = await create(world, headers)
        stranger = await world.stranger()
        response = await world.http.request(method, f"/order/{order['id']}{verb}", json=update(), headers=stranger)
        assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
        assert (await read_in_hub(world, headers, order))["version"] == 1


class TestOrdersOfOtherDoors:
    @pytest.mark.parametrize("door", ["pb_oms", "pb_fulfillment", "fabric", "hub"])
    async def test_an_order_of_another_door_can_be_updated(self, world: World, headers: Headers, door: str) -> None:
        vendor = VENDORS[door]
        await world.http.post(vendor.create, json=vendor.body("F-1"), headers=headers | vendor.headers("foreign"))
        hub_id = (await world.http.get("/hub/v1/orders", headers=headers)).json()["items"][0]["id"]
        before = (await world.http.get(f"/hub/v1/orders/{hub_id}", headers=headers)).json()
        document = (await world.http.get(f"/hub/v1/orders/{hub_id}?as=s2", headers=headers)).json()["order"]
        items = [item | {"productId": item["product"]["id"]} for item in document["items"]]
        body = document | {"items": items, "customerNote": "Ring twice", "shippingAddress": None}
        response = await put(world, headers, document, body)
        assert response.status_code == 200, response.text
        assert response.json()["customerNote"] == "Ring twice"
        after = (await world.http.get(f"/hub/v1/orders/{hub_id}", headers=headers)).json()
        changed = ("version", "updated_at", "notes")
        assert {n: v for n, v in after.items() if n not in changed} == {
            n: v for n, v in before.items() if n not in changed
        }
        assert (after["notes"], after["version"]) == ("Ring twice", before["version"] + 1)

    async def test_an_order_of_another_door_that_is_sent_back_as_it_was_read_does_not_change(
        self, world: World, headers: Headers
    ) -> None:
        """What S2 fills (the date, the ids of account and products) does not become part of the order."""
        lines = [{"quantity": 1, "sku": "A"}, {"quantity": 2, "description": "Mug"}, {"quantity": 3, "sku": "A"}]
        created = await world.http.post("/hub/v1/orders", json={"number": "H-1", "lines": lines}, headers=headers)
        before = (await world.http.get(f"/hub/v1/orders/{created.json()['id']}", headers=headers)).json()
        read = await world.http.get(f"/hub/v1/orders/{before['id']}?as=s2", headers=headers)
        document = read.json()["order"]
        items = [item | {"productId": item["product"]["id"].upper()} for item in document["items"]]
        body = document | {"accountId": document["account"]["id"], "items": items, "customerNote": None}
        response = await put(world, headers, document, body)
        assert response.status_code == 200, response.text
        after = (await world.http.get(f"/hub/v1/orders/{before['id']}", headers=headers)).json()
        assert after == before

    async def test_an_item_of_an_order_of_another_door_can_be_moved_and_removed(
        self, world: World, headers: Headers
    ) -> None:
        lines = [{"quantity": 1, "sku": "A"}, {"quantity": 2, "description": "Mug"}, {"quantity": 3, "sku": "B"}]
        created = await world.http.post("/hub/v1/orders", json={"number": "H-1", "lines": lines}, headers=headers)
        path = f"/hub/v1/orders/{created.json()['id']}"
        document = (await world.http.get(f"{path}?as=s2", headers=headers)).json()["order"]
        items = [item | {"productId": item["product"]["id"]} for item in document["items"]]
        response = await put(world, headers, document, document | {"items": [items[2], items[1]]})
        assert response.status_code == 200, response.text
        after = (await world.http.get(path, headers=headers)).json()
        assert [(line.get("sku"), line.get("description"), line["quantity"]) for line in after["lines"]] == [
            ("B", None, 3),
            (None, "Mug", 2),
        ]

    @pytest.mark.parametrize("door", ["pb_oms", "pb_fulfillment", "fabric", "hub"])
    async def test_an_order_of_another_door_can_be_canceled_and_archived(
        self, world: World, headers: Headers, door: str
    ) -> None:
        vendor = VENDORS[door]
        await world.http.post(vendor.create, json=vendor.body("F-1"), headers=headers | vendor.headers("foreign"))
        hub_id = (await world.http.get("/hub/v1/orders", headers=headers)).json()["items"][0]["id"]
        document = (await world.http.get(f"/hub/v1/orders/{hub_id}?as=s2", headers=headers)).json()["order"]
        canceled = await world.http.post(f"/order/{document['id']}/cancel", headers=headers)
        assert (canceled.status_code, canceled.json()["status"]) == (200, "CANCELLED")
        archived = await world.http.post(f"/order/{document['id']}/archive", headers=headers)
        assert (archived.status_code, archived.json()["archived"]) == (200, True)

"""Orders of this door move: update, cancel, archive; what is refused, and how others' changes look here."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from crossdock.core.ids import from_uuid, to_base32
from crossdock.core.orders.commands import Command, ShipOrder
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from tests.doors.s2.signing import ANSWER, NOBODY, PRODUCT_ID, add_account, sample
from tests.vendors import VENDORS
from tests.world import World

Headers = dict[str, str]
ASSIGNING = "2ac48942-405a-4841-a7d8-708f50dbe888"
LISTED = ("shippingAddress", "billingAddress", "meta", "channelShippingMethod", "channelOrderDate", "currencyId", "items",
          "attachments")  # fmt: skip


def update(**changes: Any) -> dict[str, Any]:
    """Return an update's body that changes nothing but what is given."""
    return {name: value for name, value in sample().items() if name in LISTED} | changes


async def made(world: World, headers: Headers, **changes: Any) -> dict[str, Any]:
    answer = await world.http.post("/order", json=sample(**changes), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def put(world: World, headers: Headers, order: dict[str, Any], body: Any) -> httpx.Response:
    return await world.http.put(f"/order/{order['id']}", content=json.dumps(body), headers=headers)


async def moved(world: World, order: dict[str, Any], make: Any) -> None:
    """Do something to an order that no call of this door can do yet."""
    caller = Caller(await world.demo_organization(), "test", frozenset())
    command: Command = make(caller, from_uuid(order["id"]))
    await execute(world.context, caller, [command], door="hub")


async def shipped(world: World, order: dict[str, Any]) -> None:
    await moved(world, order, lambda _, order_id: ShipOrder(order_id=order_id))


async def assigned(world: World, headers: Headers) -> dict[str, Any]:
    """Create an order whose account has a warehouse that all its orders are assigned to."""
    await add_account(world, key=ASSIGNING, name="Assigning", warehouse="w")
    return await made(world, headers, accountId=ASSIGNING)


async def hub(world: World, headers: Headers, order: dict[str, Any]) -> dict[str, Any]:
    order_id = from_uuid(order["id"])
    assert order_id is not None
    answer = await world.http.get(f"/hub/v1/orders/{to_base32(order_id)}", headers=headers)
    return answer.json()  # type: ignore[no-any-return]


class TestUpdate:
    async def test_reads_back_what_it_answered(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        answer = await put(world, headers, order, update(customerNote="Ring", channelOrderId="new"))
        assert answer.status_code == 200
        assert list(answer.json()) == list(ANSWER)
        read = await world.http.get(f"/order/{order['id']}", headers=headers)
        assert read.content == answer.content
        assert (answer.json()["createdAt"], answer.json()["id"]) == (order["createdAt"], order["id"])
        assert answer.json()["updatedAt"] > order["updatedAt"]

    @pytest.mark.parametrize("odd", [[], {}, None, 5])
    async def test_names_an_item_id_that_is_no_text(self, world: World, headers: Headers, odd: Any) -> None:
        order = await made(world, headers)
        item = sample()["items"][0] | {"channelOrderItemId": odd, "productId": ""}
        answer = await put(world, headers, order, update(items=[item]))
        assert answer.status_code == 400
        assert "items[0].channelOrderItemId: must be a string" in answer.json()["message"]

    async def test_takes_the_dates_under_the_updates_names(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        sent = {"shipByDate": "2024-05-01T00:00:00Z", "deliveryByDate": "2024-05-02T00:00:00.5Z"}
        document = (await put(world, headers, order, update(**sent))).json()
        assert (document["shipByDate"], document["deliverByDate"]) == tuple(sent.values())
        assert "deliveryByDate" not in document

    async def test_takes_the_answers_name_for_the_delivery_date_too(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        day, other = "2024-05-02T00:00:00Z", "2024-06-02T00:00:00Z"
        document = (await put(world, headers, order, update(deliverByDate=day))).json()
        assert document["deliverByDate"] == day
        document = (await put(world, headers, order, update(deliverByDate=day, deliveryByDate=other))).json()
        assert document["deliverByDate"] == other

    async def test_empties_what_is_left_out(self, world: World, headers: Headers) -> None:
        given = {"shipByDate": "2024-05-01T00:00:00Z", "deliverByDate": "2024-05-02T00:00:00Z", "customerNote": "Ring"}
        order = await made(world, headers, **given)
        document = (await put(world, headers, order, {name: update()[name] for name in LISTED[2:]})).json()
        assert [document[name] for name in given] == [None, None, ""]
        assert (document["billingAddress"], document["shippingAddress"]) == (None, order["shippingAddress"])
        kept = ("channelOrderId", "channelOrderIdAlt", "channelOrderIdAlt2", "account")
        assert [document[name] for name in kept] == [order[name] for name in kept]
        assert (await hub(world, headers, order))["version"] == 2

    async def test_keeps_the_shipping_address_where_it_is_null(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        document = (await put(world, headers, order, update(shippingAddress=None, customerNote="x"))).json()
        assert document["shippingAddress"] == order["shippingAddress"]

    async def test_of_the_same_again_changes_nothing(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        first = await put(world, headers, order, update(customerNote="x"))
        again = await put(world, headers, order, update(customerNote="x"))
        assert (again.status_code, again.content) == (200, first.content)
        assert (await hub(world, headers, order))["version"] == 2

    async def test_passes_over_what_is_the_servers_to_say(self, world: World, headers: Headers) -> None:
        """A client sends the answer it read, with the products' ids beside them."""
        order = await made(world, headers, customerNote="x")
        items = [item | {"productId": item["product"]["id"]} for item in order["items"]]
        answer = await put(world, headers, order, order | {"items": items, "status": "FULFILLED", "archived": True})
        assert (answer.status_code, answer.json()) == (200, order)
        assert (await hub(world, headers, order))["version"] == 1

    async def test_keeps_members_it_does_not_know(self, world: World, headers: Headers) -> None:
        order = await made(world, headers, mine={"x": 1}, other=1)
        document = (await put(world, headers, order, update(other=2, third=[3]))).json()
        assert (document["mine"], document["other"], document["third"]) == ({"x": 1}, 2, [3])

    async def test_keeps_numbers_as_they_are_spelled(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        body = json.dumps(update()).replace("9.99", "10.00")
        answer = await world.http.put(f"/order/{order['id']}", content=body, headers=headers)
        assert '"unitPrice":10.00,' in answer.text

    async def test_takes_a_new_number_and_keeps_the_old_one_taken(self, world: World, headers: Headers) -> None:
        order = await made(world, headers, channelOrderId="old")
        assert (await put(world, headers, order, update(channelOrderId="new"))).json()["channelOrderId"] == "new"
        for number in ("old", "new"):
            other = await world.http.post(
                "/order", json=sample(channelOrderId=number, customerNote="other"), headers=headers
            )
            assert (other.status_code, other.json()["code"]) == (409, "ALREADY_EXISTS"), number
        found = (await world.http.get("/order?term=new", headers=headers)).json()
        assert [each["id"] for each in found["items"]] == [order["id"]]

    async def test_names_all_faults_at_once(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        body = update(
            accountId=None,
            channelOrderId="",
            shippingAddress={"name": 1},
            deliveryByDate="x",
            customerNote=3,
            meta=None,
        )
        del body["currencyId"]
        answer = await put(world, headers, order, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_ARGUMENT")
        paths = {part.partition(":")[0] for part in answer.json()["message"].split("; ")}
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
        assert (await hub(world, headers, order))["version"] == 1

    @pytest.mark.parametrize(
        ("body", "path"),
        [("[]", ""), ("3", ""), ('{"a":1,"a":2}', "a"), ("", ""), ("{", ""), ('{"items":{}}', "items")],
    )
    async def test_refuses_what_is_no_update(self, world: World, headers: Headers, body: str, path: str) -> None:
        order = await made(world, headers)
        answer = await world.http.put(f"/order/{order['id']}", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_ARGUMENT")
        assert f"{path}: " in answer.json()["message"] or not path

    async def test_refuses_an_account_or_product_that_is_not_there(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        item = sample()["items"][0] | {"productId": NOBODY}
        answer = await put(world, headers, order, update(accountId=NOBODY, items=[item]))
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        assert "accountId: " in answer.json()["message"]
        assert "items[0].productId: " in answer.json()["message"]

    async def test_of_a_fulfilled_order_is_refused(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        await shipped(world, order)
        answer = await put(world, headers, order, update(customerNote="x"))
        assert (answer.status_code, answer.json()) == (
            409,
            {"code": "FAILED_PRECONDITION", "message": "The order is shipped and cannot be edited"},
        )

    async def test_refuses_what_contradicts_what_is_assigned(self, world: World, headers: Headers) -> None:
        order = await assigned(world, headers)
        first, second = sample()["items"]
        answer = await put(world, headers, order, update(items=[first | {"quantity": 1}]))
        assert (answer.status_code, answer.json()["code"]) == (409, "FAILED_PRECONDITION")
        assert answer.json()["message"] == (
            "items[0].quantity: must be at least 2, which are allocated, shipped or canceled already; "
            "items: must still hold line '1', which is allocated or shipped"
        )
        other = second | {"productId": first["productId"]}
        answer = await put(world, headers, order, update(items=[first, other]))
        assert answer.status_code == 409
        assert "items[1].productId: cannot change any more" in answer.json()["message"]
        answer = await put(world, headers, order, update(items=[first | {"quantity": 3}, second]))
        assert (answer.status_code, answer.json()["assignStatus"]) == (200, "PARTIALLY_ASSIGNED")

    async def test_of_two_at_once_lets_both_win_in_turn(self, world: World, headers: Headers) -> None:
        """The vendor has no version to name, so the later one stands, whole."""
        order = await made(world, headers)
        bodies = [update(customerNote=str(place), channelShippingMethod=str(place)) for place in range(6)]
        answers = await asyncio.gather(*(put(world, headers, order, body) for body in bodies))
        assert {answer.status_code for answer in answers} <= {200, 409}
        read = (await world.http.get(f"/order/{order['id']}", headers=headers)).json()
        assert read["customerNote"] == read["channelShippingMethod"]


class TestCancel:
    @pytest.mark.parametrize("body", [b"", b"{}", b"nonsense"])
    async def test_looks_at_no_body(self, world: World, headers: Headers, body: bytes) -> None:
        order = await made(world, headers)
        answer = await world.http.post(f"/order/{order['id']}/cancel", content=body, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")
        assert answer.json() == order | {"status": "CANCELLED", "updatedAt": answer.json()["updatedAt"]}

    async def test_of_an_assigned_order_leaves_it_pending(self, world: World, headers: Headers) -> None:
        order = await assigned(world, headers)
        assert order["assignStatus"] == "ASSIGNED"
        answer = await world.http.post(f"/order/{order['id']}/cancel", headers=headers)
        assert answer.json()["assignStatus"] == "PENDING"

    async def test_is_refused_once_something_has_shipped(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        await shipped(world, order)
        answer = await world.http.post(f"/order/{order['id']}/cancel", headers=headers)
        assert (answer.status_code, answer.json()) == (
            409,
            {"code": "FAILED_PRECONDITION", "message": "The order is shipped and cannot be canceled"},
        )

    async def test_of_several_at_once_happens_once(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        posts = (world.http.post(f"/order/{order['id']}/cancel", headers=headers) for _ in range(5))
        assert sorted([answer.status_code for answer in await asyncio.gather(*posts)]) == [200, 409, 409, 409, 409]


class TestArchive:
    async def test_is_shown_in_every_answer(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        archived = (await world.http.post(f"/order/{order['id']}/archive", headers=headers)).json()
        assert archived == order | {"archived": True, "updatedAt": archived["updatedAt"]}
        assert (await world.http.get(f"/order/{order['id']}", headers=headers)).json() == archived
        assert (await world.http.get("/order", headers=headers)).json() == {"items": [archived], "total": 1}

    async def test_is_taken_back_and_done_twice(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        for verb, archived in (("archive", True), ("archive", True), ("unarchive", False), ("unarchive", False)):
            answer = await world.http.post(f"/order/{order['id']}/{verb}", headers=headers)
            assert (answer.status_code, answer.json()["archived"]) == (200, archived)
        assert (await hub(world, headers, order))["version"] == 3

    async def test_is_open_to_canceled_orders(self, world: World, headers: Headers) -> None:
        order = await made(world, headers)
        await world.http.post(f"/order/{order['id']}/cancel", headers=headers)
        answer = await world.http.post(f"/order/{order['id']}/archive", headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")


TRANSITIONS = [("PUT", ""), ("POST", "/cancel"), ("POST", "/archive"), ("POST", "/unarchive")]


class TestNobodysOrder:
    @pytest.mark.parametrize(("method", "verb"), TRANSITIONS)
    @pytest.mark.parametrize("order_id", [NOBODY, "x", PRODUCT_ID, "ffffffff-ffff-8fff-bfff-ffffffffffff"])
    async def test_is_not_found(self, world: World, headers: Headers, method: str, verb: str, order_id: str) -> None:
        answer = await world.http.request(method, f"/order/{order_id}{verb}", json=update(), headers=headers)
        assert (answer.status_code, answer.json()) == (
            404,
            {"code": "NOT_FOUND", "message": "There is no such order"},
        )

    @pytest.mark.parametrize(("method", "verb"), TRANSITIONS)
    async def test_is_not_found_where_it_is_anothers(
        self, world: World, headers: Headers, method: str, verb: str
    ) -> None:
        order = await made(world, headers)
        stranger = await world.stranger()
        answer = await world.http.request(method, f"/order/{order['id']}{verb}", json=update(), headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        assert (await hub(world, headers, order))["version"] == 1


class TestForeignOrders:
    @pytest.mark.parametrize("door", ["pb_oms", "pb_fulfillment", "fabric", "hub"])
    async def test_can_be_updated_with_what_they_lack(self, world: World, headers: Headers, door: str) -> None:
        vendor = VENDORS[door]
        await world.http.post(vendor.create, json=vendor.body("F-1"), headers=headers | vendor.headers("foreign"))
        hub_id = (await world.http.get("/hub/v1/orders", headers=headers)).json()["items"][0]["id"]
        before = (await world.http.get(f"/hub/v1/orders/{hub_id}", headers=headers)).json()
        document = (await world.http.get(f"/hub/v1/orders/{hub_id}?as=s2", headers=headers)).json()["order"]
        items = [item | {"productId": item["product"]["id"]} for item in document["items"]]
        body = document | {"items": items, "customerNote": "Ring twice", "shippingAddress": None}
        answer = await put(world, headers, document, body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["customerNote"] == "Ring twice"
        after = (await world.http.get(f"/hub/v1/orders/{hub_id}", headers=headers)).json()
        changed = ("version", "updated_at", "notes")
        assert {n: v for n, v in after.items() if n not in changed} == {
            n: v for n, v in before.items() if n not in changed
        }
        assert (after["notes"], after["version"]) == ("Ring twice", before["version"] + 1)

    @pytest.mark.parametrize("door", ["pb_oms", "pb_fulfillment", "fabric", "hub"])
    async def test_can_be_canceled_and_archived(self, world: World, headers: Headers, door: str) -> None:
        vendor = VENDORS[door]
        await world.http.post(vendor.create, json=vendor.body("F-1"), headers=headers | vendor.headers("foreign"))
        hub_id = (await world.http.get("/hub/v1/orders", headers=headers)).json()["items"][0]["id"]
        document = (await world.http.get(f"/hub/v1/orders/{hub_id}?as=s2", headers=headers)).json()["order"]
        canceled = await world.http.post(f"/order/{document['id']}/cancel", headers=headers)
        assert (canceled.status_code, canceled.json()["status"]) == (200, "CANCELLED")
        archived = await world.http.post(f"/order/{document['id']}/archive", headers=headers)
        assert (archived.status_code, archived.json()["archived"]) == (200, True)

"""Returns of Pitney Bowes Fulfillment: of orders of the book and without one, one by one and in bulk, read and searched."""

from typing import Any

import httpx
import pytest

from crossdock.core.orders.model import Order
from crossdock.core.returns.commands import JudgeReturn, ReceiveReturn
from crossdock.doors.pb_fulfillment import examples, examples_shipping
from tests.doors.pb_fulfillment.client import CLIENT_ID, ORDERS, VendorClient, parameters
from tests.doors.pb_fulfillment.shipping import do, order_of, ship
from tests.doors.pb_fulfillment.test_examples import is_alike
from tests.world import World

RETURNS = "/shippingservices/fulfillment/v1/returns"
ALONE = {
    "clientId": CLIENT_ID, "rmaNumber": "R-1",
    "returnOrderLines": [{"itemDetail": {"sku": "X"}, "quantity": 3, "returnReason": ["BROKEN"]}],
}  # fmt: skip


async def shipped(world: World, client: VendorClient, number: str = "OR1") -> str:
    created = await client.create(examples.CREATE | {"clientOrderId": number})
    order_id = str(created.json()["orderId"])
    await ship(world, order_id, f"T-{number}")
    return order_id


async def create(client: VendorClient, body: Any, **rest: Any) -> httpx.Response:
    return await client.create(body, path=RETURNS, **rest)


async def made(client: VendorClient, body: Any) -> dict[str, Any]:
    response = await create(client, body)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def read(client: VendorClient, return_order_id: str) -> httpx.Response:
    return await client.http.get(f"{RETURNS}/{return_order_id}", headers=client.headers())


async def search(client: VendorClient, query: str = "", **body: Any) -> Any:
    response = await client.create({"clientId": CLIENT_ID} | body, path=f"{RETURNS}/search{query}")
    assert response.status_code == 200, response.text
    return response.json()


def of(order_id: str, quantity: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "clientId": CLIENT_ID,
        "orderId": order_id,
        "returnOrderLines": [{"orderLineId": 1, "quantity": quantity}],
    } | more


def one_return(order: Order) -> Any:
    (found,) = order.returns
    return found


class TestOfAnOrder:
    async def test_the_examples_are_what_the_calls_answer(self, world: World, client: VendorClient) -> None:
        order_id = await shipped(world, client, examples.CREATE["clientOrderId"])
        sent = examples_shipping.CREATE_RETURN | {"orderId": order_id}
        too_many = sent | {"returnOrderLines": [sent["returnOrderLines"][0] | {"quantity": 6}]}
        assert is_alike(await create(client, too_many), examples_shipping.RETURN_FAULTS)
        created = await create(client, sent)
        assert created.status_code == 201
        masked = httpx.Response(201, text=created.text.replace(created.json()["returnOrderId"], "RET"))
        assert is_alike(masked, examples_shipping.RETURN | {"returnOrderId": "RET"})
        assert (await read(client, created.json()["returnOrderId"])).json() == created.json()
        found = await search(client, searchFields=examples_shipping.RETURN_SEARCH["searchFields"])
        assert found["returns"] == [created.json()]
        assert list(found) == list(examples_shipping.RETURN_PAGE)
        assert is_alike(await client.create({}, path=f"{RETURNS}/bulk"), examples_shipping.NO_RETURNS)
        page = (
            await client.create(examples_shipping.SHIPMENT_SEARCH, path=RETURNS.replace("returns", "shipments/search"))
        ).json()
        assert list(page) == list(examples_shipping.SHIPMENT_PAGE)
        assert list(page["shipments"][0]) == list(examples_shipping.SHIPMENT)

    async def test_it_is_a_return_of_the_order_and_shows_its_progress(self, world: World, client: VendorClient) -> None:
        order_id = await shipped(world, client)
        one = await made(client, of(order_id, rmaNumber="R-9"))
        order = await order_of(world, order_id)
        found = one_return(order)
        assert ([(each.line, each.quantity) for each in found.lines], found.reference) == ([(0, 2)], "R-9")
        assert one["status"] == "CREATED"
        known = {"order_id": order.order_id, "return_id": found.return_id}
        for command, status in (
            (ReceiveReturn(**known, lines={0: 1}, location="160"), "INPROGRESS"),
            (ReceiveReturn(**known), "COMPLETE"), (JudgeReturn(**known, restock={0: 2}), "CLOSED"),
        ):  # fmt: skip
            await do(world, command)
            assert (await read(client, one["returnOrderId"])).json()["status"] == status
        assert (await client.view(order_id)).json()["status"] == "SHIPPED"

    async def test_the_order_is_named_by_the_clients_number_and_the_line_by_its_sku(
        self, world: World, client: VendorClient
    ) -> None:
        order_id = await shipped(world, client)
        lines = [{"itemDetail": {"sku": "0001-0001"}, "quantity": 4, "returnReason": ["A", "B"]}]
        await made(client, {"clientId": CLIENT_ID, "originalClientOrderId": "OR1", "returnLines": lines})
        (line,) = one_return(await order_of(world, order_id)).lines
        assert (line.quantity, line.reason) == (4, "A; B")

    async def test_units_that_cannot_come_back_are_refused_with_every_fault(
        self, world: World, client: VendorClient
    ) -> None:
        order_id = await shipped(world, client)
        lines = [{"orderLineId": 1, "quantity": 6}, {"orderLineId": 7}, {"itemDetail": {"sku": "Y"}}, {}]
        refused = await create(client, of(order_id, returnOrderLines=lines))
        assert refused.status_code == 400
        assert parameters(refused) == {
            "returnOrderLines[0].quantity", "returnOrderLines[1].orderLineId", "returnOrderLines[2].itemDetail.sku",
            "returnOrderLines[3].itemDetail.sku",
        }  # fmt: skip
        await made(client, of(order_id, 4))
        refused = await create(client, of(order_id, 2))
        assert refused.json()[0]["additionalInfo"].endswith("must be at most 1, which can be returned")
        unshipped = (await client.create(examples.CREATE | {"clientOrderId": "OR2"})).json()["orderId"]
        refused = await create(client, of(unshipped, 1))
        assert refused.json()[0]["additionalInfo"] == "nothing of the line has been shipped"

    async def test_a_repeat_is_answered_with_the_first_answer(self, world: World, client: VendorClient) -> None:
        order_id = await shipped(world, client)
        for body in (of(order_id, 4, returnClientOrderId="C-1"), ALONE | {"returnClientOrderId": "C-2"}):
            stamp = f"once-{body['returnClientOrderId']}"
            first = await create(client, body, transaction=stamp)
            again = await create(client, body, transaction=stamp)
            assert (again.status_code, again.content) == (201, first.content)
            assert again.headers["idempotent-replayed"] == "true"
            other = await create(client, body | {"brand": "B"}, transaction=stamp)
            assert (other.status_code, parameters(other)) == (400, {"X-PB-TransactionId"})
        assert len((await order_of(world, order_id)).returns) == 1

    async def test_a_refused_return_does_not_use_up_its_transaction_id(
        self, world: World, client: VendorClient
    ) -> None:
        order_id = await shipped(world, client)
        assert (await create(client, of(order_id, 9), transaction="T")).status_code == 400
        assert (await create(client, of(order_id, 1), transaction="T")).status_code == 201


class TestAlone:
    async def test_a_return_of_no_known_order_is_stored_as_it_is(self, world: World, client: VendorClient) -> None:
        body = ALONE | {"orderId": "ORA0914521228495032321US", "extra": {"a": 1.50}}
        one = await made(client, body)
        assert (one["status"], one["returnType"], one["orderId"]) == ("CREATED", "RETURN", body["orderId"])
        assert (await read(client, one["returnOrderId"])).json() == one
        assert one["extra"] == {"a": 1.50}

    async def test_every_fault_is_named(self, client: VendorClient) -> None:
        body = {
            "clientId": "9999", "brand": "B" * 31, "shippingDetails": {"carrier": ""},
            "fromAddress": {"addressLines": ["1", "2", "3", "4"]}, "createDate": "today",
        }  # fmt: skip
        refused = await create(client, body)
        assert refused.status_code == 400
        assert parameters(refused) == {
            "clientId", "brand", "shippingDetails.carrier", "shippingDetails.serviceId", "fromAddress.addressLines",
            "createDate", "orderId", "returnOrderLines",
        }  # fmt: skip

    async def test_the_clients_id_of_a_return_is_unique(self, client: VendorClient) -> None:
        await made(client, ALONE | {"returnClientOrderId": "C-1"})
        refused = await create(client, ALONE | {"returnClientOrderId": "C-1"})
        assert (refused.status_code, parameters(refused)) == (400, {"returnClientOrderId"})

    async def test_an_unknown_return_is_not_found(self, client: VendorClient) -> None:
        for return_order_id in ("RET0914521228495032324US", "X"):
            response = await read(client, return_order_id)
            assert (response.status_code, parameters(response)) == (404, {"ID"})


class TestBulk:
    async def bulk(self, client: VendorClient, *entries: Any, **rest: Any) -> Any:
        response = await client.create({"returns": list(entries)}, path=f"{RETURNS}/bulk", **rest)
        assert response.status_code == 200, response.text
        return response.json()["returns"]

    async def test_each_return_is_created_updated_or_refused(self, world: World, client: VendorClient) -> None:
        order_id = await shipped(world, client)
        first, refused, alone = await self.bulk(
            client, of(order_id, returnClientOrderId="C-1"), {"clientId": CLIENT_ID, "returnClientOrderId": "C-2"},
            ALONE | {"returnClientOrderId": "C-3"},
        )  # fmt: skip
        assert (first["status"], alone["status"]) == ("CREATED", "CREATED")
        assert (refused["returnClientOrderId"], len(refused["errors"])) == ("C-2", 2)
        changed, again, missing = await self.bulk(
            client, of(order_id, 3, returnClientOrderId="C-1", brand="B"),
            ALONE | {"returnClientOrderId": "C-3", "operation": "CREATE"},
            ALONE | {"returnClientOrderId": "C-4", "operation": "UPDATE"},
        )  # fmt: skip
        assert (changed["returnOrderId"], changed["brand"]) == (first["returnOrderId"], "B")
        assert changed["pbUpdateDate"]
        for entry in (again, missing):
            assert entry["errors"][0]["parameters"] == ["returnClientOrderId"]
        order = await order_of(world, order_id)
        assert [sum(line.quantity - line.canceled for line in each.lines) for each in order.returns] == [0, 3]
        assert (await read(client, first["returnOrderId"])).json() == changed

    async def test_units_and_document_of_a_return_change_in_one_transaction(
        self, world: World, client: VendorClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order_id = await shipped(world, client)
        await self.bulk(client, of(order_id, returnClientOrderId="C-1"))
        begun: list[int] = [0]
        writing = world.context.store.writing

        def counted() -> Any:
            begun[-1] += 1
            return writing()

        monkeypatch.setattr(world.context.store, "writing", counted)
        await self.bulk(client, of(order_id, returnClientOrderId="C-1", brand="B"))  # only the document changes
        begun.append(0)
        await self.bulk(client, of(order_id, 3, returnClientOrderId="C-1", brand="B"))
        assert begun[0] == begun[1] > 0

    async def test_a_return_of_which_units_have_come_keeps_its_lines(self, world: World, client: VendorClient) -> None:
        order_id = await shipped(world, client)
        await self.bulk(client, of(order_id, returnClientOrderId="C-1"))
        order = await order_of(world, order_id)
        await do(world, ReceiveReturn(order_id=order.order_id, return_id=order.returns[0].return_id, location="160"))
        (same,) = await self.bulk(client, of(order_id, returnClientOrderId="C-1", brand="B"))
        assert (same["brand"], same["status"]) == ("B", "COMPLETE")
        (refused,) = await self.bulk(client, of(order_id, 3, returnClientOrderId="C-1"))
        assert refused["errors"][0]["parameters"] == ["returnOrderLines"]

    async def test_a_repeat_is_answered_with_the_first_answer(self, world: World, client: VendorClient) -> None:
        order_id = await shipped(world, client)
        entry = of(order_id, returnClientOrderId="C-1")
        assert await self.bulk(client, entry, transaction="T") == await self.bulk(client, entry, transaction="T")
        assert len((await order_of(world, order_id)).returns) == 1

    async def test_more_than_200_are_refused(self, client: VendorClient) -> None:
        response = await client.create({"returns": [ALONE] * 201}, path=f"{RETURNS}/bulk")
        assert (response.status_code, parameters(response)) == (400, {"returns"})


class TestSearch:
    async def test_fields_narrow_and_pages_are_cut(self, world: World, client: VendorClient) -> None:
        order_id = await shipped(world, client)
        one = await made(client, of(order_id, returnClientOrderId="C-1", createDate="2026-02-01T00:00:00Z"))
        two = await made(
            client,
            ALONE | {"returnType": "RECALL", "createDate": "2026-03-01T00:00:00Z",
                     "fromAddress": {"cityTown": "Auburn", "countryCode": "US", "postalCode": 36830}},
        )  # fmt: skip
        both = [one["returnOrderId"], two["returnOrderId"]]

        async def found(*fields: tuple[str, list[str]], query: str = "", **more: Any) -> list[str]:
            named = [{"name": name, "values": values} for name, values in fields]
            page = await search(client, query, **({"searchFields": named} if named else {}), **more)
            return [each["returnOrderId"] for each in page["returns"]]

        assert await found() == both
        assert await found(sort=["createDate-desc"]) == both[::-1]
        assert await found(query="?size=1&page=2") == both[1:]
        assert await found(("returnOrders", ["C-1", both[1]])) == both
        assert await found(("orders", [order_id])) == both[:1]
        assert await found(("sku", ["X"])) == both[1:]
        assert await found(("returnType", ["RETURN"])) == both[:1]
        assert await found(("createDate", ["2026-02-15T00:00:00Z"])) == both[1:]
        assert await found(("cityTown", ["Auburn"]), ("postalCode", ["36830"])) == both[1:]
        assert await found(("cityTown", ["Auburn"]), ("countryCode", ["CA"])) == []
        assert await found(("pbCreateDate", ["2036-01-01T00:00:00Z"])) == []

    async def test_every_fault_is_named(self, client: VendorClient) -> None:
        body = {"sort": ["sku-asc"], "searchFields": [{"name": "color", "values": []}]}
        response = await client.create(body, path=f"{RETURNS}/search?page=0")
        assert parameters(response) == {
            "page", "clientId", "sort[0]", "searchFields[0].name", "searchFields[0].values",
        }  # fmt: skip


async def test_another_organization_sees_nothing_and_returns_nothing(world: World, client: VendorClient) -> None:
    order_id = await shipped(world, client)
    one = await made(client, of(order_id))
    stranger = VendorClient(world, await world.stranger())
    assert (await read(stranger, one["returnOrderId"])).status_code == 404
    assert (await search(stranger))["returns"] == []
    alone = await made(stranger, of(order_id))  # to them it is an order that nobody knows
    assert alone["status"] == "CREATED"
    assert len((await order_of(world, order_id)).returns) == 1
    assert (await client.create(examples.CREATE, path=f"{ORDERS}")).status_code == 201

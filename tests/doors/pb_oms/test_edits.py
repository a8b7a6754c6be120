"""Updates of orders through the Pitney Bowes OMS door: members, items and customs products."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.doors.pb_oms.client import ORDERS, SAMPLE, Headers, add_product, create, read_items, sample, update
from tests.world import World


def as_written(response: httpx.Response) -> Any:
    """Decode a response with its numbers as they are written."""
    return json.loads(response.text, parse_float=str, parse_int=str)


class TestUpdate:
    async def test_an_update_leaves_all_other_members_exactly_as_they_were(
        self, world: World, headers: Headers
    ) -> None:
        body = SAMPLE.replace(b'"gmv": 100', b'"gmv": 100.00').replace(b'"unitPrice": 25', b'"unitPrice": 25.10')
        created = await world.http.post(ORDERS, content=body, headers=headers)
        path = f"{ORDERS}/{created.json()['orderId']}"
        before = await world.http.get(path, headers=headers)
        assert '"gmv":100.00,' in before.text
        await update(world, headers, path, orderMessage={"message": "Thanks"})
        after = await world.http.get(path, headers=headers)
        expected = as_written(before)
        expected["orderInfo"]["orderMessage"]["message"] = "Thanks"
        assert json.dumps(as_written(after)) == json.dumps(expected)  # as text: the order of members counts

    async def test_an_update_stores_numbers_as_they_are_written(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        content = b'{"charges":{"gmv":25.00,"subTotal":0.10},"items":[{"itemId":"SKU12345","unitPrice":12.50}]}'
        assert (await world.http.patch(path, content=content, headers=headers)).status_code == 200
        read = await world.http.get(path, headers=headers)
        assert '"gmv":25.00,"subTotal":0.10,' in read.text
        assert re.findall(r'"unitPrice":([^,}]+)', read.text) == ["12.50"]

    async def test_an_update_returns_the_time_of_the_change(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        began = datetime.now(UTC).replace(microsecond=0)
        response = (await world.http.patch(path, json={"charges": None}, headers=headers)).json()
        assert list(response) == ["orderId", "orderNumber", "status", "transactionCreateDate"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", response["transactionCreateDate"])
        assert began <= datetime.fromisoformat(response["transactionCreateDate"]) <= datetime.now(UTC)

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"a":1,"a":2}', b'{"items":[7]}', b'{"items":{}}'])
    async def test_an_update_with_a_malformed_body_is_refused(
        self, world: World, headers: Headers, body: bytes
    ) -> None:
        path = await create(world, headers)
        response = await world.http.patch(path, content=body, headers=headers)
        assert (response.status_code, response.json()["errorCode"]) == (400, "validation_error")
        assert response.json()["additionalInfo"]

    @pytest.mark.parametrize("member", ["metadata", "additionalAddresses"])
    async def test_a_read_only_member_that_is_null_is_ignored(
        self, world: World, headers: Headers, member: str
    ) -> None:
        path = await create(world, headers)
        before = (await world.http.get(path, headers=headers)).json()
        await update(world, headers, path, **{member: None})
        assert (await world.http.get(path, headers=headers)).json() == before

    async def test_the_create_call_is_still_replayed_after_an_update(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        await update(world, headers, path, charges={"gmv": 7})
        again = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
        read = (await world.http.get(path, headers=headers)).json()
        assert read["orderInfo"]["charges"] == sample()["charges"] | {"gmv": 7}


class TestProductItem:
    """An item that is only a customs product has the id it is shown with."""

    async def test_an_updated_product_item_keeps_the_properties_of_its_product(
        self, world: World, headers: Headers
    ) -> None:
        product = await add_product(world, headers, itemId="MOUSE")
        path = await create(world, headers, items=[{"customProductId": product}, {"itemId": "B", "quantity": 1}])
        displayed = (await read_items(world, headers, path))[0]
        assert (displayed["itemId"], displayed["quantity"]) == ("MOUSE", 3)
        await update(world, headers, path, items=[{"itemId": "MOUSE", "quantity": 8}])
        assert await read_items(world, headers, path) == [displayed | {"quantity": 8}, {"itemId": "B", "quantity": 1}]
        await update(world, headers, path, items=[{"customProductId": product, "quantity": 9}])
        assert await read_items(world, headers, path) == [displayed | {"quantity": 9}, {"itemId": "B", "quantity": 1}]

    async def test_a_product_item_is_added_once(self, world: World, headers: Headers) -> None:
        product = await add_product(world, headers)
        path = await create(world, headers, items=[{"itemId": "B", "quantity": 1}])
        for _ in range(2):
            await update(world, headers, path, items=[{"customProductId": product}])
        assert [item["itemId"] for item in await read_items(world, headers, path)] == ["B", product]

    async def test_a_product_item_stays_the_same_while_another_item_changes(
        self, world: World, headers: Headers
    ) -> None:
        product = await add_product(world, headers)
        path = await create(world, headers, items=[{"customProductId": product}, {"itemId": "B", "quantity": 1}])
        before = await read_items(world, headers, path)
        await update(world, headers, path, items=[{"itemId": "B", "quantity": 4}])
        assert await read_items(world, headers, path) == [before[0], {"itemId": "B", "quantity": 4}]

    async def test_a_product_item_is_removed_by_the_id_it_shows(self, world: World, headers: Headers) -> None:
        product = await add_product(world, headers, itemId="MOUSE")
        path = await create(world, headers, items=[{"customProductId": product}, {"itemId": "B", "quantity": 1}])
        response = await world.http.delete(f"{path}/items?itemId=MOUSE", headers=headers)
        assert response.status_code == 200
        assert await read_items(world, headers, path) == [{"itemId": "B", "quantity": 1}]

    async def test_an_unknown_product_in_an_update_is_named(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        body = {"items": [{"itemId": "SKU12345", "quantity": 1}, {"customProductId": "cp00000000000"}]}
        response = await world.http.patch(path, json=body, headers=headers)
        assert response.status_code == 400
        assert response.json()["additionalInfo"].startswith("items[1].customProductId:")

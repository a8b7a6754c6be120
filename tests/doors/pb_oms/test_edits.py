"""Updates of orders through the Pitney Bowes OMS door: members, items and customs products."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.doors.pb_oms.client import ORDERS, SAMPLE, Headers, add_product, create, read_items, sample, update
from tests.slowness import processor_time_below
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

    async def test_an_update_merges_objects_at_every_depth(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        body = {
            "charges": {"billingStatus": "Refunded"},
            "toAddress": {"phone": "5550001111"},
            "customerInfo": {"email": "new@example.com"},
            "shippingPreferences": {
                "parcel": {"weight": 3},
                "customs": {"customsInfo": {"comments": "c", "x": {"y": 1}}},
            },
        }
        await update(world, headers, path, **body)
        read = (await world.http.get(path, headers=headers)).json()
        order, expected = read["orderInfo"] | read["orderShippingInfo"], sample()
        expected["charges"]["billingStatus"] = "Refunded"
        expected["toAddress"]["phone"] = "5550001111"
        expected["customerInfo"]["email"] = "new@example.com"
        expected["shippingPreferences"]["parcel"]["weight"] = 3
        expected["shippingPreferences"]["customs"]["customsInfo"] |= {"comments": "c", "x": {"y": 1}}
        assert {name: order[name] for name in expected} == expected

    async def test_null_removes_an_optional_member_at_every_depth(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        body = {
            "orderMessage": None,
            "charges": {"gmv": None, "currency": None},
            "toAddress": {"name": None},
            "shippingPreferences": {"customs": {"customsInfo": None}},
            "items": [{"itemId": "SKU12345", "description": None, "unitWeight": {"weight": None}}],
        }
        await update(world, headers, path, **body)
        read = (await world.http.get(path, headers=headers)).json()
        info, shipping_info = read["orderInfo"], read["orderShippingInfo"]
        assert "orderMessage" not in info
        assert {"gmv", "currency"}.isdisjoint(info["charges"])
        assert "name" not in shipping_info["toAddress"]
        assert shipping_info["shippingPreferences"]["customs"] == {}
        assert "description" not in info["items"][0]
        assert info["items"][0]["unitWeight"] == {"unitOfMeasurement": "OZ"}

    async def test_an_update_replaces_arrays(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        await update(world, headers, path, shippingPreferences={"specialServices": []})
        read = (await world.http.get(path, headers=headers)).json()
        assert read["orderShippingInfo"]["shippingPreferences"]["specialServices"] == []

    @pytest.mark.parametrize(
        ("body", "path"),
        [
            ({"orderNumber": None}, "orderNumber: is required"),
            ({"toAddress": None}, "toAddress: is required"),
            ({"toAddress": {"cityTown": None}}, "toAddress.cityTown: is required"),
            ({"fromAddress": {"countryCode": ""}}, "fromAddress.countryCode: must be an ISO 3166-1"),
            ({"items": [{"itemId": "SKU12345", "quantity": None}]}, "items[0].quantity: is required"),
        ],
    )
    async def test_a_required_member_cannot_be_removed(
        self, world: World, headers: Headers, body: dict[str, Any], path: str
    ) -> None:
        order = await create(world, headers)
        response = await world.http.patch(order, json=body, headers=headers)
        assert response.status_code == 400
        assert path in response.json()["additionalInfo"]

    @pytest.mark.parametrize("item_id", ["SKU12345", "new"])
    async def test_an_item_that_an_update_names_twice_is_refused(
        self, world: World, headers: Headers, item_id: str
    ) -> None:
        path = await create(world, headers)
        items = [{"itemId": item_id, "quantity": 4}, {"itemId": item_id, "quantity": 5}]
        response = await world.http.patch(path, json={"items": items}, headers=headers)
        assert response.status_code == 400
        assert response.json()["additionalInfo"] == "items[1].itemId: names an item that an earlier one names"

    async def test_a_large_update_takes_time_in_proportion_to_its_items(self, world: World, headers: Headers) -> None:
        items = [{"itemId": f"I{each}", "quantity": 1} for each in range(9_000)]
        path = await create(world, headers, items=items)
        changed = [{"itemId": item["itemId"], "quantity": 2} for item in reversed(items)]
        with processor_time_below(6):  # it took 12 s when each item was compared with each
            await update(world, headers, path, items=changed)

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

"""Items, numbers, ids and statuses of the Pitney Bowes OMS door."""

import json
import re
from typing import Any

import pytest

from crossdock.core.ids import to_base62
from crossdock.core.orders.status import Status
from crossdock.doors.pb_oms.mapping import STATUSES, format_id, parse_id
from tests.doors.pb_oms.client import ORDERS, PRODUCT, PRODUCTS, SAMPLE, Headers, add_product, sample
from tests.world import World


async def create_and_read_items(world: World, headers: Headers, items: list[dict[str, Any]]) -> Any:
    """Create an order with these items and read them."""
    created = await world.http.post(ORDERS, json=sample(items=items), headers=headers)
    assert created.status_code == 200, created.text
    read = await world.http.get(f"{ORDERS}/{created.json()['orderId']}", headers=headers)
    assert read.status_code == 200
    return read.json()["orderInfo"]["items"]


class TestItem:
    async def test_an_item_that_is_only_a_product_has_the_properties_of_the_product(
        self, world: World, headers: Headers
    ) -> None:
        product = await add_product(world, headers)
        (item,) = await create_and_read_items(world, headers, [{"customProductId": product}])
        assert item == {
            "customProductId": product, "itemId": product, "description": "Wireless mouse", "hSTariffCode": "847160",
            "originCountryCode": "CN", "quantity": 3, "unitPrice": 12.5,
            "unitWeight": {"unitOfMeasurement": "GM", "weight": 90},
        }  # fmt: skip

    async def test_properties_of_an_item_take_precedence_over_its_product(self, world: World, headers: Headers) -> None:
        product = await add_product(world, headers, itemId="MOUSE")
        (item,) = await create_and_read_items(
            world, headers, [{"customProductId": product, "quantity": 7, "unitPrice": 9}]
        )
        assert (item["itemId"], item["quantity"], item["unitPrice"]) == ("MOUSE", 7, 9)

    async def test_an_item_of_an_unknown_product_is_refused(self, world: World, headers: Headers) -> None:
        body = sample(items=[{"itemId": "A", "quantity": 1}, {"customProductId": "cp00000000000"}])
        response = await world.http.post(ORDERS, json=body, headers=headers)
        assert response.status_code == 400
        assert response.json()["errorCode"] == "validation_error"
        assert "items[1].customProductId:" in response.json()["additionalInfo"]

    async def test_an_item_of_another_organizations_product_is_refused(self, world: World, headers: Headers) -> None:
        product = await add_product(world, await world.stranger())
        response = await world.http.post(ORDERS, json=sample(items=[{"customProductId": product}]), headers=headers)
        assert response.status_code == 400

    async def test_an_unknown_product_is_named_with_the_other_faults(self, world: World, headers: Headers) -> None:
        body = sample(orderNumber="", items=[{"customProductId": "cp0"}])
        response = await world.http.post(ORDERS, json=body, headers=headers)
        for path in ("orderNumber:", "items[0].customProductId:"):
            assert path in response.json()["additionalInfo"]

    async def test_an_item_with_its_own_properties_may_name_any_product(self, world: World, headers: Headers) -> None:
        item = {"customProductId": "cp0", "description": "Mouse", "quantity": 1}
        assert await create_and_read_items(world, headers, [item]) == [item]

    @pytest.mark.parametrize(
        ("item", "path"),
        [
            ({}, "items[0]:"), ({"quantity": 1}, "items[0]:"), ({"itemId": "", "quantity": 1}, "items[0]:"),
            ({"itemId": "A"}, "items[0].quantity:"), ({"itemId": "A", "quantity": None}, "items[0].quantity:"),
            ({"itemId": "A", "quantity": 1.5}, "items[0].quantity:"),
        ],
    )  # fmt: skip
    async def test_an_incomplete_item_is_refused(
        self, world: World, headers: Headers, item: dict[str, Any], path: str
    ) -> None:
        response = await world.http.post(ORDERS, json=sample(items=[item]), headers=headers)
        assert response.status_code == 400
        assert path in response.json()["additionalInfo"]

    async def test_an_order_without_items_is_refused(self, world: World, headers: Headers) -> None:
        response = await world.http.post(ORDERS, json=sample(items=[]), headers=headers)
        assert (response.status_code, "items:" in response.json()["additionalInfo"]) == (400, True)

    async def test_an_empty_province_is_returned_as_it_was_sent(self, world: World, headers: Headers) -> None:
        item = {"itemId": "A", "quantity": 1, "originStateProvince": "", "hSTariffCodeCountry": None}
        assert await create_and_read_items(world, headers, [item]) == [item]


class TestNumbers:
    @pytest.mark.parametrize("sent", ["25", "25.0", "12.50", "0.1", "12345678901234567890.123", "-3"])
    async def test_numbers_are_returned_as_they_were_written(self, world: World, headers: Headers, sent: str) -> None:
        body = SAMPLE
        for name in ("unitPrice", "gmv", "customsDeclaredValue"):
            body, count = re.subn(rf'"{name}": ?[0-9.]+'.encode(), f'"{name}": {sent}'.encode(), body)
            assert count == 1
        created = await world.http.post(ORDERS, content=body, headers=headers)
        read = await world.http.get(f"{ORDERS}/{created.json()['orderId']}", headers=headers)
        for name in ("unitPrice", "gmv", "customsDeclaredValue"):
            assert re.findall(rf'"{name}":([^,}}]+)', read.text) == [sent]

    async def test_numbers_of_a_product_are_returned_as_they_were_written(self, world: World, headers: Headers) -> None:
        for sent in ("12.50", "25", "25.0"):
            body = json.dumps(PRODUCT).replace("12.5", sent)
            product = (await world.http.post(PRODUCTS, content=body, headers=headers)).json()["productId"]
            order = sample(orderNumber=f"N{sent}", items=[{"customProductId": product}])
            created = await world.http.post(ORDERS, json=order, headers=headers)
            read = await world.http.get(f"{ORDERS}/{created.json()['orderId']}", headers=headers)
            assert re.findall(r'"unitPrice":([^,}]+)', read.text) == [sent]


class TestStatuses:
    def test_every_status_has_a_vendor_status(self) -> None:
        assert set(STATUSES) == set(Status)
        assert set(STATUSES.values()) == {"UNFULFILLED", "FULFILLED", "ONHOLD", "CANCELED"}


class TestIds:
    @pytest.mark.parametrize("order_id", [1, 2**40, 2**60, 2**63 - 1])
    def test_a_formatted_id_is_parsed_to_the_same_id(self, order_id: int) -> None:
        assert re.fullmatch(r"PB[0-9A-Za-z]{10,11}", format_id(order_id))
        assert parse_id(format_id(order_id)) == order_id

    async def test_a_new_id_has_12_characters(self, world: World, headers: Headers) -> None:
        created = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert re.fullmatch(r"PB[0-9A-Za-z]{10}", created.json()["orderId"])

    async def test_an_order_is_also_found_under_the_13_characters_of_earlier_versions(
        self, world: World, headers: Headers
    ) -> None:
        order_id = (await world.http.post(ORDERS, content=SAMPLE, headers=headers)).json()["orderId"]
        earlier = "PB" + to_base62(parse_id(order_id) or 0)
        assert len(earlier) == 13
        read = await world.http.get(f"{ORDERS}/{earlier}", headers=headers)
        assert (read.status_code, read.json()["orderInfo"]["orderId"]) == (200, order_id)

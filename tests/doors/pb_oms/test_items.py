"""Items of the Pitney Bowes OMS door: their own properties, or a customs product's; numbers and empty texts as sent."""

import json
import re
from typing import Any

import pytest

from tests.doors.pb_oms.test_create import ORDERS, SAMPLE, sample
from tests.world import World

PRODUCTS = "/shipping/api/v1/customsproduct"
PRODUCT: dict[str, Any] = {
    "description": "Wireless mouse", "originCountryCode": "CN", "quantity": 3, "unitPrice": 12.5,
    "productDimensions": {"length": 1}, "hsTariffCode": "847160", "weightUnit": "GM", "weight": 90,
}  # fmt: skip


@pytest.fixture
async def headers(world: World) -> dict[str, str]:
    return await world.bearer()


async def add_product(world: World, headers: dict[str, str], **changes: Any) -> str:
    answer = await world.http.post(PRODUCTS, json=PRODUCT | changes, headers=headers)
    assert answer.status_code == 201
    return str(answer.json()["customsProductId"])


async def items_of(world: World, headers: dict[str, str], items: list[dict[str, Any]]) -> Any:
    """Create an order of these items and give them as a read answers them."""
    made = await world.http.post(ORDERS, json=sample(items=items), headers=headers)
    assert made.status_code == 200, made.text
    read = await world.http.get(f"{ORDERS}/{made.json()['orderId']}", headers=headers)
    assert read.status_code == 200
    return read.json()["orderInfo"]["items"]


class TestCustomsProduct:
    async def test_is_answered_under_both_names(self, world: World, headers: dict[str, str]) -> None:
        answer = await world.http.post(PRODUCTS, json=PRODUCT, headers=headers)
        assert answer.status_code == 201
        told = answer.json()
        assert set(told) == {"customsProductId", "productId"}
        assert told["customsProductId"] == told["productId"]
        assert re.fullmatch(r"cp\d{11}", told["productId"])

    async def test_may_give_its_size_under_either_name(self, world: World, headers: dict[str, str]) -> None:
        older = {name: value for name, value in PRODUCT.items() if name != "productDimensions"}
        answer = await world.http.post(PRODUCTS, json=older | {"productDetails": {"length": 1}}, headers=headers)
        assert answer.status_code == 201
        refused = await world.http.post(PRODUCTS, json=older, headers=headers)
        assert refused.status_code == 400
        assert "productDimensions: is required" in refused.json()["additionalInfo"]

    async def test_names_every_fault(self, world: World, headers: dict[str, str]) -> None:
        body = {"originCountryCode": "XX", "quantity": 1.5, "unitPrice": "1", "productDetails": {}}
        answer = await world.http.post(PRODUCTS, json=body, headers=headers)
        assert answer.status_code == 400
        for path in ("description:", "originCountryCode:", "quantity:", "unitPrice:"):
            assert path in answer.json()["additionalInfo"]


class TestItem:
    async def test_that_is_only_a_product_has_its_properties(self, world: World, headers: dict[str, str]) -> None:
        product = await add_product(world, headers)
        (item,) = await items_of(world, headers, [{"customProductId": product}])
        assert item == {
            "customProductId": product, "itemId": product, "description": "Wireless mouse", "hSTariffCode": "847160",
            "originCountryCode": "CN", "quantity": 3, "unitPrice": 12.5,
            "unitWeight": {"unitOfMeasurement": "GM", "weight": 90},
        }  # fmt: skip

    async def test_says_more_than_its_product(self, world: World, headers: dict[str, str]) -> None:
        product = await add_product(world, headers, itemId="MOUSE")
        (item,) = await items_of(world, headers, [{"customProductId": product, "quantity": 7, "unitPrice": 9}])
        assert (item["itemId"], item["quantity"], item["unitPrice"]) == ("MOUSE", 7, 9)

    async def test_of_unknown_product_is_refused(self, world: World, headers: dict[str, str]) -> None:
        body = sample(items=[{"itemId": "A", "quantity": 1}, {"customProductId": "cp00000000000"}])
        answer = await world.http.post(ORDERS, json=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["errorCode"] == "validation_error"
        assert "items[1].customProductId:" in answer.json()["additionalInfo"]

    async def test_of_another_organizations_product_is_refused(self, world: World, headers: dict[str, str]) -> None:
        product = await add_product(world, await world.stranger())
        answer = await world.http.post(ORDERS, json=sample(items=[{"customProductId": product}]), headers=headers)
        assert answer.status_code == 400

    async def test_of_unknown_product_is_named_with_other_faults(self, world: World, headers: dict[str, str]) -> None:
        body = sample(orderNumber="", items=[{"customProductId": "cp0"}])
        answer = await world.http.post(ORDERS, json=body, headers=headers)
        for path in ("orderNumber:", "items[0].customProductId:"):
            assert path in answer.json()["additionalInfo"]

    async def test_with_its_own_properties_only_keeps_a_product(self, world: World, headers: dict[str, str]) -> None:
        item = {"customProductId": "cp0", "description": "Mouse", "quantity": 1}
        assert await items_of(world, headers, [item]) == [item]

    @pytest.mark.parametrize(
        ("item", "place"),
        [
            ({}, "items[0]:"), ({"quantity": 1}, "items[0]:"), ({"itemId": "", "quantity": 1}, "items[0]:"),
            ({"itemId": "A"}, "items[0].quantity:"), ({"itemId": "A", "quantity": None}, "items[0].quantity:"),
            ({"itemId": "A", "quantity": 1.5}, "items[0].quantity:"),
        ],
    )  # fmt: skip
    async def test_without_what_it_needs_is_refused(
        self, world: World, headers: dict[str, str], item: dict[str, Any], place: str
    ) -> None:
        answer = await world.http.post(ORDERS, json=sample(items=[item]), headers=headers)
        assert answer.status_code == 400
        assert place in answer.json()["additionalInfo"]

    async def test_list_must_not_be_empty(self, world: World, headers: dict[str, str]) -> None:
        answer = await world.http.post(ORDERS, json=sample(items=[]), headers=headers)
        assert (answer.status_code, "items:" in answer.json()["additionalInfo"]) == (400, True)

    async def test_keeps_an_empty_province(self, world: World, headers: dict[str, str]) -> None:
        item = {"itemId": "A", "quantity": 1, "originStateProvince": "", "hSTariffCodeCountry": None}
        assert await items_of(world, headers, [item]) == [item]


class TestNumbers:
    @pytest.mark.parametrize("sent", ["25", "25.0", "12.50", "0.1", "12345678901234567890.123", "-3"])
    async def test_come_back_as_they_were_written(self, world: World, headers: dict[str, str], sent: str) -> None:
        body = SAMPLE
        for name in ("unitPrice", "gmv", "customsDeclaredValue"):
            body, count = re.subn(rf'"{name}": ?[0-9.]+'.encode(), f'"{name}": {sent}'.encode(), body)
            assert count == 1
        made = await world.http.post(ORDERS, content=body, headers=headers)
        read = await world.http.get(f"{ORDERS}/{made.json()['orderId']}", headers=headers)
        for name in ("unitPrice", "gmv", "customsDeclaredValue"):
            assert re.findall(rf'"{name}":([^,}}]+)', read.text) == [sent]

    async def test_of_a_product_come_back_as_they_were_written(self, world: World, headers: dict[str, str]) -> None:
        for sent in ("12.50", "25", "25.0"):
            body = json.dumps(PRODUCT).replace("12.5", sent)
            product = (await world.http.post(PRODUCTS, content=body, headers=headers)).json()["productId"]
            order = sample(orderNumber=f"N{sent}", items=[{"customProductId": product}])
            made = await world.http.post(ORDERS, json=order, headers=headers)
            read = await world.http.get(f"{ORDERS}/{made.json()['orderId']}", headers=headers)
            assert re.findall(r'"unitPrice":([^,}]+)', read.text) == [sent]

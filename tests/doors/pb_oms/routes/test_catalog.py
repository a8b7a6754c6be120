"""Customs products and carrier codes through the Pitney Bowes OMS door: add, list, read, update."""

import json
import re
from typing import Any

from crossdock.core.catalog.products import Product
from crossdock.doors.pb_oms.catalog import CUSTOMS_PRODUCT
from crossdock.flows import products, reference_data
from crossdock.flows.access import SCOPES, Caller
from tests.doors.pb_oms.client import PRODUCT, PRODUCTS, Headers, is_shipping_error
from tests.doors.pb_oms.shipping import BASE, CARRIER_CODE
from tests.vendors import VENDORS
from tests.world import World


async def item_of(world: World, headers: Headers, number: str, product_id: str) -> dict[str, Any]:
    """Create an order that names a product, and return its item."""
    vendor = VENDORS["pb_oms"]
    body = vendor.body(number) | {"items": [{"customProductId": product_id}]}
    created = await world.http.post(vendor.create, json=body, headers=headers)
    assert created.status_code == vendor.ok, created.text
    read = await world.http.get(f"{vendor.create}/{created.json()['orderId']}", headers=headers)
    (item,) = read.json()["orderInfo"]["items"]
    return item  # type: ignore[no-any-return]


class TestCustomsProduct:
    async def test_a_customs_product_id_is_returned_under_both_names(self, world: World, headers: Headers) -> None:
        response = await world.http.post(PRODUCTS, json=PRODUCT, headers=headers)
        assert response.status_code == 201
        body = response.json()
        assert set(body) == {"customsProductId", "productId"}
        assert body["customsProductId"] == body["productId"]
        assert re.fullmatch(r"cp\d{11}", body["productId"])

    async def test_physical_details_are_accepted_as_each_version_of_the_page_names_them(
        self, world: World, headers: Headers
    ) -> None:
        bare = {name: value for name, value in PRODUCT.items() if name not in ("productDimensions", "weight")}
        for details in ({"productDimensions": {"length": 1}}, {"productDetails": {"length": 1}}, {"weight": 10}):
            response = await world.http.post(PRODUCTS, json=bare | details, headers=headers)
            assert response.status_code == 201
        refused = await world.http.post(PRODUCTS, json=bare, headers=headers)
        assert is_shipping_error(refused, 400, "validation_error")
        assert refused.json()["errors"][0]["additionalInfo"] == "productDimensions: is required"

    async def test_a_faulty_customs_product_has_every_fault_named(self, world: World, headers: Headers) -> None:
        body = {"originCountryCode": "XX", "quantity": 1.5, "unitPrice": "1", "productDetails": {}}
        response = await world.http.post(PRODUCTS, json=body, headers=headers)
        assert is_shipping_error(response, 400, "validation_error")
        (error,) = response.json()["errors"]
        assert error["additionalParameters"] == ["description", "originCountryCode", "quantity", "unitPrice"]
        for path in error["additionalParameters"]:
            assert f"{path}: " in error["additionalInfo"]

    async def test_a_customs_product_is_a_product_of_the_organization(self, world: World, headers: Headers) -> None:
        body = PRODUCT | {"itemId": "CP-1", "weight": 8, "weightUnit": "OZ", "unitPrice": 4.50, "quantity": 3}
        ids = [(await world.http.post(PRODUCTS, json=body, headers=headers)).json()["productId"] for _ in range(2)]
        listed = (await world.http.get("/hub/v1/products?limit=2", headers=headers)).json()["items"]
        assert [(each["id"], each["sku"], each["weight"]) for each in reversed(listed)] == [
            (ids[0], "CP-1", "0.226796185000"), (ids[1], None, "0.226796185000"),
        ]  # fmt: skip
        assert {each["description"] for each in listed} == {PRODUCT["description"]}

    async def test_an_item_has_what_the_customs_product_says_now(self, world: World, headers: Headers) -> None:
        body = PRODUCT | {"itemId": "CP-1", "weight": 8, "weightUnit": "OZ", "unitPrice": 4.50, "quantity": 3}
        product_id = (await world.http.post(PRODUCTS, json=body, headers=headers)).json()["productId"]
        first = await item_of(world, headers, "CP-ORDER-1", product_id)
        assert first["unitWeight"] == {"unitOfMeasurement": "OZ", "weight": 8}
        assert (first["itemId"], first["quantity"], first["unitPrice"]) == ("CP-1", 3, 4.5)
        changed = {"weight": "0.3", "description": "Renamed"}
        await world.http.patch("/hub/v1/products/CP-1", json=changed, headers=headers)
        second = await item_of(world, headers, "CP-ORDER-2", product_id)
        assert (second["unitWeight"], second["description"]) == ({"unitOfMeasurement": "KG", "weight": 0.3}, "Renamed")
        assert (await item_of(world, headers, "CP-ORDER-3", "CP-1"))["description"] == "Renamed"

    async def test_a_customs_product_can_be_added_at_the_server_for_canada(
        self, world: World, headers: Headers
    ) -> None:
        response = await world.http.post(f"/ca{PRODUCTS}", json=PRODUCT, headers=headers)
        assert response.status_code == 201

    async def test_grams_in_the_unit_of_the_vendor_become_the_weight_of_the_product(
        self, world: World, headers: Headers
    ) -> None:
        await world.http.post(PRODUCTS, json=PRODUCT | {"itemId": "CP-1"}, headers=headers)
        product = (await world.http.get("/hub/v1/products/CP-1", headers=headers)).json()
        assert product["weight"] == "0.090"

    async def test_a_product_of_an_earlier_release_keeps_its_weight_in_grams(
        self, world: World, headers: Headers
    ) -> None:
        caller = Caller(await world.demo_organization(), "demo", frozenset(SCOPES))
        old = Product(description="Mouse", door_fields={"pb_oms": {"weight": 90, "weightUnit": "GM", "quantity": 1}})
        await products.add(world.context, caller, old, product_id="cp00000000001")
        item = await item_of(world, headers, "CP-ORDER-1", "cp00000000001")
        assert item["unitWeight"] == {"unitOfMeasurement": "GM", "weight": 90}


class TestStoredProducts:
    async def test_an_update_replaces_the_properties_and_keeps_sku_and_what_other_apis_know(
        self, world: World, headers: Headers
    ) -> None:
        body = PRODUCT | {"itemId": "CP-1", "url": "https://example.com", "mine": "1"}
        path = f"{PRODUCTS}/{(await world.http.post(PRODUCTS, json=body, headers=headers)).json()['productId']}"
        await world.http.patch("/hub/v1/products/CP-1", json={"name": "Mouse", "length": "120"}, headers=headers)
        new = {"description": "Towel", "originCountryCode": "US", "quantity": 1, "unitPrice": 10, "productDetails": {}}
        updated = await world.http.put(path, json=new, headers=headers)
        assert (updated.status_code, updated.content) == (200, b"")
        read = (await world.http.get(path, headers=headers)).json()
        assert read == {"customsProductId": path.rsplit("/", 1)[1], **new, "itemId": "CP-1"}
        product = (await world.http.get("/hub/v1/products/CP-1", headers=headers)).json()
        assert (product["name"], product["length"], product["weight"]) == ("Mouse", "120", None)

    async def test_what_another_api_changed_is_read_and_the_rest_as_it_was_sent(
        self, world: World, headers: Headers
    ) -> None:
        body = PRODUCT | {"itemId": "CP-1", "weight": 8, "weightUnit": "OZ", "hsTariffCode": ""}
        await world.http.post(PRODUCTS, json=body, headers=headers)
        before = (await world.http.get(f"{PRODUCTS}/CP-1", headers=headers)).json()
        assert {name: before[name] for name in body} == body
        await world.http.patch("/hub/v1/products/CP-1", json={"weight": "0.3"}, headers=headers)
        after = (await world.http.get(f"{PRODUCTS}/CP-1", headers=headers)).json()
        assert after == before | {"weight": 0.3, "weightUnit": "KG"}

    async def test_a_product_of_another_api_is_a_customs_product_with_what_it_has(
        self, world: World, headers: Headers
    ) -> None:
        (
            await world.http.put("/hub/v1/products/H-1", json={"sku": "H-1", "name": "Cup"}, headers=headers)
        ).raise_for_status()
        found = (await world.http.get(f"{PRODUCTS}?size=1", headers=headers)).json()["data"]
        read = await world.http.get(f"{PRODUCTS}/H-1", headers=headers)
        assert found == [read.json()]
        assert {**read.json(), "customsProductId": ""} == {
            "customsProductId": "", "description": "Cup", "quantity": 1, "itemId": "H-1",
        }  # fmt: skip

    async def test_customs_products_of_an_earlier_release_are_listed_after_the_others_and_can_be_updated(
        self, world: World, headers: Headers
    ) -> None:
        caller = Caller(await world.demo_organization(), "demo", frozenset(SCOPES))
        await reference_data.add(
            world.context, caller, kind=CUSTOMS_PRODUCT, key="cp1", name="cp1", document=json.dumps(PRODUCT).encode()
        )
        total = (await world.http.get(PRODUCTS, headers=headers)).json()["pageInfo"]["total"]
        last = (await world.http.get(f"{PRODUCTS}?size=1&page={total}", headers=headers)).json()["data"]
        assert [each["customsProductId"] for each in last] == ["cp1"]
        every = [
            each["customsProductId"]
            for page in range(1, total + 1)
            for each in (await world.http.get(f"{PRODUCTS}?size=2&page={page}", headers=headers)).json()["data"]
        ]
        assert len(every) == len(set(every)) == total
        new = PRODUCT | {"description": "Towel"}
        assert (await world.http.put(f"{PRODUCTS}/cp1", json=new, headers=headers)).status_code == 200
        assert (await world.http.get(f"{PRODUCTS}/cp1", headers=headers)).json() == {"customsProductId": "cp1"} | new

    async def test_an_item_id_is_free_for_a_product_whose_sku_was_taken(self, world: World, headers: Headers) -> None:
        body = PRODUCT | {"itemId": "CP-1"}
        ids = [(await world.http.post(PRODUCTS, json=body, headers=headers)).json()["productId"] for _ in range(2)]
        answers = [
            (await world.http.put(f"{PRODUCTS}/{each}", json=PRODUCT | {"itemId": "CP-2"}, headers=headers)).status_code
            for each in ids
        ]
        assert answers == [400, 200]
        assert (await world.http.get(f"{PRODUCTS}/{ids[1]}", headers=headers)).json()["itemId"] == "CP-2"


class TestCarrierCodes:
    async def test_an_update_replaces_everything_but_the_code_under_both_names(
        self, world: World, headers: Headers
    ) -> None:
        sent = CARRIER_CODE | {"serviceId": "GRD", "note": 1}
        (await world.http.post(f"{BASE}/custom-carrier-codes", json=sent, headers=headers)).raise_for_status()
        before = (await world.http.get(f"{BASE}/custom-carrier-codes/C1", headers=headers)).json()
        body = {"carrier": "USPS", "carrierAccountId": "2", "residential": True, "code": "C2"}
        assert (await world.http.put(f"{BASE}/shipviacode/C1", json=body, headers=headers)).json() == {"code": "C1"}
        after = [
            (await world.http.get(f"{BASE}/{name}/C1", headers=headers)).json()
            for name in ("custom-carrier-codes", "shipviacode")
        ]
        assert after[0] == after[1]
        assert "serviceId" not in after[0]
        assert (after[0]["carrier"], after[0]["residential"], after[0]["code"]) == ("USPS", True, "C1")
        assert after[0]["id"] == before["id"]
        again = await world.http.post(f"{BASE}/custom-carrier-codes", json=sent, headers=headers)
        assert is_shipping_error(again, 400, "validation_error")

"""Create and list products; list accounts."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec

from crossdock.doors import encode_json
from crossdock.doors.s2 import catalog, wire
from crossdock.flows import reference_data
from crossdock.flows.access import Caller
from tests.doors.s2.client import RESPONSE, Headers, add_account, sample, with_placeholders
from tests.world import World

OLD_PRODUCT_ID = "8b32ae0b-1c1c-5ee3-8cf4-82b9b957fffb"
OLD_BRAND_ID = "e45e5aad-fff5-5b3c-bf2a-e42802517c93"
PRODUCT: dict[str, Any] = {
    "sku": "MUG-1", "brand": "Sony", "gtin": "", "name": "Blaue Tasse Ä", "remarks": "", "imageMain": "",
    "packageLengthMm": 100, "packageWidthMm": 80.5, "packageHeightMm": 0, "shippingWeightKg": 1.20, "caseUnit": "EACH",
    "casePack": 1, "caseLengthMm": 0.0, "caseWidthMm": 0, "caseHeightMm": 0, "caseWeightKg": 0, "condition": "NEW",
    "serialNumberRequired": False, "expiryDateRequired": True,
}  # fmt: skip


class TestProducts:
    async def test_a_created_product_is_returned_with_all_its_members(self, world: World, headers: Headers) -> None:
        response = await world.http.post("/product", json=PRODUCT, headers=headers)
        expected = RESPONSE["items"][0]["product"]
        assert response.status_code == 200
        document = response.json()
        assert list(document) == list(expected)
        assert list(document["brand"]) == ["id", "name", "nameNormalized", "createdAt"]
        assert document["organization"] == with_placeholders(document["organization"], expected["organization"]) | {
            name: document["organization"][name] for name in ("createdAt", "updatedAt")
        }
        assert {name: document[name] for name in PRODUCT if name != "brand"} == {
            name: value for name, value in PRODUCT.items() if name != "brand"
        }
        assert (document["unknown"], document["otherIds"], document["createdAt"]) == (False, [], document["updatedAt"])
        assert '"packageLengthMm":100.0,' in response.text
        assert '"caseWidthMm":0.0,' in response.text

    async def test_a_created_product_can_be_ordered(self, world: World, headers: Headers) -> None:
        product = (await world.http.post("/product", json=PRODUCT, headers=headers)).json()
        item = {"channelOrderItemId": "0", "productId": product["id"], "quantity": 1, "unitPrice": 0, "meta": {}}
        order = await world.http.post("/order", json=sample(items=[item]), headers=headers)
        assert order.json()["items"][0]["product"] == product

    async def test_products_with_the_same_brand_name_share_the_brand(self, world: World, headers: Headers) -> None:
        brands = [
            (await world.http.post("/product", json=PRODUCT | {"sku": sku, "brand": brand}, headers=headers)).json()[
                "brand"
            ]
            for sku, brand in (("a", "Sony"), ("b", ""), ("c", "Ältere & Söhne"), ("d", "Ältere & Söhne"))
        ]
        assert brands[0] == RESPONSE["items"][0]["product"]["brand"]
        assert brands[1] == RESPONSE["items"][1]["product"]["brand"]
        assert brands[2] == brands[3]
        assert brands[2]["nameNormalized"] == "ältere & söhne"

    async def test_a_product_with_a_known_sku_is_replayed_or_refused(self, world: World, headers: Headers) -> None:
        first = await world.http.post("/product", json=PRODUCT, headers=headers)
        again = await world.http.post("/product", json=PRODUCT | {"packageLengthMm": 100.0}, headers=headers)
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        for change in ({"name": "Other"}, {"brand": "Other"}):
            other = await world.http.post("/product", json=PRODUCT | change, headers=headers)
            assert other.status_code == 409
            assert other.json() == {
                "code": "ALREADY_EXISTS",
                "message": "Product with sku 'MUG-1' already exists for this organization",
            }

    async def test_a_product_of_an_earlier_release_keeps_its_id(self, world: World, headers: Headers) -> None:
        """Earlier releases gave products and brands ids of version 5."""
        caller = Caller(await world.demo_organization(), "test", frozenset({"admin"}))
        brand = {"name": "Old", "nameNormalized": "old", "createdAt": "2026-01-30T10:53:24Z"}
        body = msgspec.convert(PRODUCT | {"brand": "Old"}, wire.ProductCreate)
        document = catalog.to_product(catalog.product_document(body, {"id": OLD_BRAND_ID, **brand}))
        for kind, key, name, stored in (
            (catalog.BRAND, OLD_BRAND_ID, "Old", brand),
            (catalog.PRODUCT, OLD_PRODUCT_ID, "MUG-1", document),
        ):
            await reference_data.add(world.context, caller, kind=kind, key=key, name=name, document=encode_json(stored))
        again = await world.http.post("/product", json=PRODUCT | {"brand": "Old"}, headers=headers)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
        assert (again.json()["id"], again.json()["brand"]["id"]) == (OLD_PRODUCT_ID, OLD_BRAND_ID)
        other = (await world.http.post("/product", json=PRODUCT | {"brand": "Old", "sku": "b"}, headers=headers)).json()
        assert other["brand"]["id"] == OLD_BRAND_ID
        assert UUID(other["id"]).version == 4

    async def test_a_product_gets_the_id_that_orders_of_other_doors_have_shown(
        self, world: World, headers: Headers
    ) -> None:
        lines = [{"quantity": 1, "sku": "MUG-1"}]
        order = await world.http.post("/hub/v1/orders", json={"number": "H-1", "lines": lines}, headers=headers)
        path = f"/hub/v1/orders/{order.json()['id']}?as=s2"
        before = (await world.http.get(path, headers=headers)).json()["order"]["items"][0]["product"]
        product = (await world.http.post("/product", json=PRODUCT, headers=headers)).json()
        after = (await world.http.get(path, headers=headers)).json()["order"]["items"][0]["product"]
        assert (before["id"], before["unknown"]) == (product["id"], True)
        assert after == product

    async def test_concurrent_creates_of_a_product_add_one_product_and_one_brand(
        self, world: World, headers: Headers
    ) -> None:
        bodies = [PRODUCT | {"sku": f"race-{position % 3}", "brand": "New"} for position in range(12)]
        responses = await asyncio.gather(*(world.http.post("/product", json=each, headers=headers) for each in bodies))
        assert {response.status_code for response in responses} == {200}
        assert len({response.json()["id"] for response in responses}) == 3
        assert len({response.json()["brand"]["id"] for response in responses}) == 1
        assert sum("idempotent-replayed" not in response.headers for response in responses) == 3

    async def test_every_fault_of_a_product_is_named(self, world: World, headers: Headers) -> None:
        body = PRODUCT | {"sku": "", "brand": None, "casePack": 1.5, "packageLengthMm": "1", "unitless": 1}
        response = await world.http.post("/product", json=body, headers=headers)
        assert response.status_code == 400
        assert {part.partition(":")[0] for part in response.json()["message"].split("; ")} == {
            "sku", "brand", "casePack", "packageLengthMm",
        }  # fmt: skip

    async def test_products_are_listed_newest_first_and_searched_by_sku_or_name(
        self, world: World, headers: Headers
    ) -> None:
        await world.http.post("/product", json=PRODUCT, headers=headers)

        async def skus(**query: Any) -> tuple[list[str], int]:
            response = (await world.http.get("/product", params=query, headers=headers)).json()
            assert list(response) == ["items", "total"]
            return [each["sku"] for each in response["items"]], response["total"]

        assert await skus() == (["MUG-1", "test", "SKU-GREY"], 3)
        assert await skus(limit=1, offset=1) == (["test"], 3)
        assert await skus(term="grey") == (["SKU-GREY"], 1)
        assert await skus(term="tasse ä") == (["MUG-1"], 1)
        assert await skus(term="e", limit=1, offset=1) == (["test"], 3)
        assert await skus(term="%") == ([], 0)
        assert await skus(offset=10**30) == ([], 3)


class TestAccounts:
    async def test_accounts_are_listed_and_searched_by_name(self, world: World, headers: Headers) -> None:
        await add_account(world, key="2ac48942-405a-4841-a7d8-708f50dbe888", name="Ölmühle", warehouse="w")
        response = (await world.http.get("/account", headers=headers)).json()
        assert [each["name"] for each in response["items"]] == ["Ölmühle", "Demo"]
        assert response["total"] == 2
        demo = response["items"][1]
        assert list(demo) == list(RESPONSE["account"])
        assert with_placeholders(demo, RESPONSE["account"]) == RESPONSE["account"]
        found = (await world.http.get("/account", params={"term": "ölmü"}, headers=headers)).json()
        assert [each["name"] for each in found["items"]] == ["Ölmühle"]

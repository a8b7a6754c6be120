"""Accounts, products and orders: adding, listing, searching, reading."""

import asyncio
from typing import Any

import pytest

from crossdock.doors.s2 import DOOR
from tests.doors.s2.signing import ACCOUNT_ID, ANSWER, NOBODY, PRODUCT_ID, add_account, masked, sample
from tests.world import World

PRODUCT: dict[str, Any] = {
    "sku": "MUG-1", "brand": "Sony", "gtin": "", "name": "Blaue Tasse Ä", "remarks": "", "imageMain": "",
    "packageLengthMm": 100, "packageWidthMm": 80.5, "packageHeightMm": 0, "shippingWeightKg": 1.20, "caseUnit": "EACH",
    "casePack": 1, "caseLengthMm": 0.0, "caseWidthMm": 0, "caseHeightMm": 0, "caseWeightKg": 0, "condition": "NEW",
    "serialNumberRequired": False, "expiryDateRequired": True,
}  # fmt: skip


class TestProducts:
    async def test_are_answered_whole(self, world: World, headers: dict[str, str]) -> None:
        answer = await world.http.post("/product", json=PRODUCT, headers=headers)
        expected = ANSWER["items"][0]["product"]
        assert answer.status_code == 200
        document = answer.json()
        assert list(document) == list(expected)
        assert list(document["brand"]) == ["id", "name", "nameNormalized", "createdAt"]
        assert document["organization"] == masked(document["organization"], expected["organization"]) | {
            name: document["organization"][name] for name in ("createdAt", "updatedAt")
        }
        assert {name: document[name] for name in PRODUCT if name != "brand"} == {
            name: value for name, value in PRODUCT.items() if name != "brand"
        }
        assert (document["unknown"], document["otherIds"], document["createdAt"]) == (False, [], document["updatedAt"])
        assert '"packageLengthMm":100.0,' in answer.text
        assert '"caseWidthMm":0.0,' in answer.text

    async def test_can_be_ordered(self, world: World, headers: dict[str, str]) -> None:
        product = (await world.http.post("/product", json=PRODUCT, headers=headers)).json()
        item = {"channelOrderItemId": "0", "productId": product["id"], "quantity": 1, "unitPrice": 0, "meta": {}}
        order = await world.http.post("/order", json=sample(items=[item]), headers=headers)
        assert order.json()["items"][0]["product"] == product

    async def test_share_brands_by_name(self, world: World, headers: dict[str, str]) -> None:
        brands = [
            (await world.http.post("/product", json=PRODUCT | {"sku": sku, "brand": brand}, headers=headers)).json()[
                "brand"
            ]
            for sku, brand in (("a", "Sony"), ("b", ""), ("c", "Ältere & Söhne"), ("d", "Ältere & Söhne"))
        ]
        assert brands[0] == ANSWER["items"][0]["product"]["brand"]
        assert brands[1] == ANSWER["items"][1]["product"]["brand"]
        assert brands[2] == brands[3]
        assert brands[2]["nameNormalized"] == "ältere & söhne"

    async def test_are_replayed_or_refused_under_a_known_sku(self, world: World, headers: dict[str, str]) -> None:
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

    async def test_added_at_once_become_one_with_one_brand(self, world: World, headers: dict[str, str]) -> None:
        bodies = [PRODUCT | {"sku": f"race-{place % 3}", "brand": "New"} for place in range(12)]
        answers = await asyncio.gather(*(world.http.post("/product", json=each, headers=headers) for each in bodies))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["id"] for answer in answers}) == 3
        assert len({answer.json()["brand"]["id"] for answer in answers}) == 1
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 3

    async def test_have_all_their_faults_named(self, world: World, headers: dict[str, str]) -> None:
        body = PRODUCT | {"sku": "", "brand": None, "casePack": 1.5, "packageLengthMm": "1", "unitless": 1}
        answer = await world.http.post("/product", json=body, headers=headers)
        assert answer.status_code == 400
        assert {part.partition(":")[0] for part in answer.json()["message"].split("; ")} == {
            "sku", "brand", "casePack", "packageLengthMm",
        }  # fmt: skip

    async def test_are_listed_newest_first_and_found_by_sku_or_name(
        self, world: World, headers: dict[str, str]
    ) -> None:
        await world.http.post("/product", json=PRODUCT, headers=headers)

        async def skus(**query: Any) -> tuple[list[str], int]:
            answer = (await world.http.get("/product", params=query, headers=headers)).json()
            assert list(answer) == ["items", "total"]
            return [each["sku"] for each in answer["items"]], answer["total"]

        assert await skus() == (["MUG-1", "test", "SKU-GREY"], 3)
        assert await skus(limit=1, offset=1) == (["test"], 3)
        assert await skus(term="grey") == (["SKU-GREY"], 1)
        assert await skus(term="tasse ä") == (["MUG-1"], 1)
        assert await skus(term="e", limit=1, offset=1) == (["test"], 3)
        assert await skus(term="%") == ([], 0)
        assert await skus(offset=10**30) == ([], 3)


class TestAccounts:
    async def test_are_listed_and_found_by_name(self, world: World, headers: dict[str, str]) -> None:
        await add_account(world, key="2ac48942-405a-4841-a7d8-708f50dbe888", name="Ölmühle", warehouse="w")
        answer = (await world.http.get("/account", headers=headers)).json()
        assert [each["name"] for each in answer["items"]] == ["Ölmühle", "Demo"]
        assert answer["total"] == 2
        demo = answer["items"][1]
        assert list(demo) == list(ANSWER["account"])
        assert masked(demo, ANSWER["account"]) == ANSWER["account"]
        found = (await world.http.get("/account", params={"term": "ölmü"}, headers=headers)).json()
        assert [each["name"] for each in found["items"]] == ["Ölmühle"]

    async def test_are_one_for_a_new_organization(self) -> None:
        (one,), (other,) = DOOR.seeds("Acme"), DOOR.seeds("Acme")
        assert (one.kind, one.name, one.document["name"]) == ("s2/account", "Acme", "Acme")
        assert one.key != other.key


class TestOrders:
    async def test_are_listed_newest_first(self, world: World, headers: dict[str, str]) -> None:
        created = [
            (await world.http.post("/order", json=sample(channelOrderId=f"n{place}"), headers=headers)).json()
            for place in range(3)
        ]
        answer = await world.http.get("/order", headers=headers)
        assert answer.json() == {"items": created[::-1], "total": 3}
        page = (await world.http.get("/order", params={"limit": 1, "offset": 1}, headers=headers)).json()
        assert page == {"items": [created[1]], "total": 3}

    async def test_are_found_by_id_or_number(self, world: World, headers: dict[str, str]) -> None:
        first, _ = [
            (await world.http.post("/order", json=sample(channelOrderId=number), headers=headers)).json()
            for number in ("one", "two")
        ]

        async def found(term: str) -> Any:
            return (await world.http.get("/order", params={"term": term}, headers=headers)).json()

        assert await found(first["id"]) == {"items": [first], "total": 1}
        assert await found(first["id"].upper()) == {"items": [first], "total": 1}
        assert await found("one") == {"items": [first], "total": 1}
        for term in ("three", NOBODY, "ffffffff-ffff-8fff-bfff-ffffffffffff"):
            assert await found(term) == {"items": [], "total": 0}
        assert (await found(""))["total"] == 2

    async def test_holds_an_order_once_that_goes_by_its_own_id(self, world: World, headers: dict[str, str]) -> None:
        order = (await world.http.post("/order", json=sample(), headers=headers)).json()
        body = sample(channelOrderId=order["id"])
        await world.http.put(f"/order/{order['id']}", json=body, headers=headers)
        found = (await world.http.get("/order", params={"term": order["id"]}, headers=headers)).json()
        assert ([each["id"] for each in found["items"]], found["total"]) == ([order["id"]], 1)

    async def test_are_answered_100_at_most(self, world: World, headers: dict[str, str]) -> None:
        posts = (world.http.post("/order", json=sample(channelOrderId=f"n{n}"), headers=headers) for n in range(101))
        assert {answer.status_code for answer in await asyncio.gather(*posts)} == {200}
        for query in ({}, {"limit": "101"}, {"limit": "100000000000000000000"}):
            answer = await world.http.get("/order", params=query, headers=headers)
            assert (len(answer.json()["items"]), answer.json()["total"]) == (100, 101)

    @pytest.mark.parametrize("path", ["/order", "/product", "/account"])
    @pytest.mark.parametrize(
        ("limit", "offset"), [("0", "0"), ("-1", "0"), ("x", "0"), ("", "0"), ("1", "-1"), ("1", "1.5"), ("1", "٣")]
    )
    async def test_refuse_odd_windows(
        self, world: World, headers: dict[str, str], path: str, limit: str, offset: str
    ) -> None:
        answer = await world.http.get(path, params={"limit": limit, "offset": offset}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_ARGUMENT")

    async def test_belong_to_their_organization(self, world: World, headers: dict[str, str]) -> None:
        order = (await world.http.post("/order", json=sample(), headers=headers)).json()
        stranger = await world.stranger()
        assert (await world.http.get("/order", headers=stranger)).json() == {"items": [], "total": 0}
        answer = await world.http.get(f"/order/{order['id']}", headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")

    @pytest.mark.parametrize("order_id", [NOBODY, "x", ACCOUNT_ID, PRODUCT_ID.replace("-", "")])
    async def test_that_are_not_there(self, world: World, headers: dict[str, str], order_id: str) -> None:
        answer = await world.http.get(f"/order/{order_id}", headers=headers)
        assert answer.status_code == 404
        assert answer.json() == {"code": "NOT_FOUND", "message": "There is no such order"}

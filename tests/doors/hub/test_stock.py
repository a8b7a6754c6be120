"""Locations, products and stock through the hub: changed, guarded, refused with all faults, imported, done once, raced."""

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from crossdock.doors.hub.routes.parameters import filters_mark
from crossdock.flows import verification
from tests.doors.hub.conftest import parameters, pointers
from tests.vendors import FABRIC_ACCOUNT
from tests.world import World

Headers = dict[str, str]
Tree = Any
CSV = {"Accept": "text/csv"}


class Shop:
    """Makes calls below /hub/v1."""

    def __init__(self, world: World, headers: Headers) -> None:
        self._http, self.headers = world.http, headers

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = self.headers | {name.replace("_", "-"): value for name, value in more.pop("named", {}).items()}
        sent = {"json": body} if body is not None else {}
        return await self._http.request(method, f"/hub/v1{path}", headers=headers, **sent, **more)

    async def call_vendor(self, method: str, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self._http.request(method, path, headers=self.headers | headers, json=body)

    async def do(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = await self.call(method, path, body, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def upload(self, path: str, text: str | bytes) -> httpx.Response:
        content = text if isinstance(text, bytes) else text.encode()
        return await self.call("POST", path, content=content, named={"Content-Type": "text/csv"})

    async def stock(self, verb: str, *items: Tree, **more: Any) -> httpx.Response:
        return await self.call("POST", f"/stock/{verb}", {"items": list(items)}, **more)

    async def level(self, sku: str, location: str, pool: str = "") -> Tree:
        page = await self.do("GET", "/stock", params={"sku": sku, "location": location, "pool": pool})
        return page["items"][0] if page["items"] else None


@pytest.fixture
async def shop(world: World, headers: Headers) -> Shop:
    shop = Shop(world, headers)
    for code in ("W1", "W2"):
        await shop.do("PUT", f"/locations/{code}", {"code": code})
    return shop


def item(sku: str = "MUG", location: str = "W1", **more: Any) -> Tree:
    return {"sku": sku, "location": location, **more}


# -------------------------------------------------------------------------------------------------------------- locations
class TestLocations:
    async def test_a_location_comes_back_as_it_was_sent(self, shop: Shop) -> None:
        body = {
            "code": "VAN", "name": "Vancouver", "type": "store", "address": {"lines": ["1 Main"], "country": "CA"},
            "latitude": 49.25, "longitude": -123.1, "active": False, "priority": 7, "cost": 3, "capacity": 9,
            "hours": [{"day": "monday", "open": "10:00", "close": "18:00", "purpose": "pickup"}],
            "closures": [{"since": "2026-01-01T00:00:00Z", "until": None, "reason": "Stocktaking"}],
            "services": {"gift_wrap": True, "rate": 1.25},
        }  # fmt: skip
        answer = await shop.call("POST", "/locations", body)
        assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
        assert answer.headers["location"] == "/hub/v1/locations/VAN"
        found = await shop.do("GET", "/locations/VAN")
        assert {name: found[name] for name in body} == body | {
            "address": {**dict.fromkeys(found["address"]), "lines": ["1 Main"], "country": "CA"}
        }
        assert found == answer.json()

    async def test_a_change_is_guarded_by_the_version_and_keeps_what_it_does_not_name(self, shop: Shop) -> None:
        body = {"code": "W1", "latitude": 49.5, "longitude": -97, "services": {"a": 1}}
        await shop.do("PUT", "/locations/W1", body)
        changed = await shop.call("PATCH", "/locations/W1", {"name": "One"}, named={"If_Match": '"2"'})
        assert (changed.status_code, changed.headers["etag"]) == (200, '"3"')
        assert {name: changed.json()[name] for name in body} == body
        for method, path, sent in (("PATCH", "/locations/W1", {"name": "x"}), ("PUT", "/locations/W1", {"code": "W1"})):
            stale = await shop.call(method, path, sent, named={"If_Match": '"2"'})
            assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
        assert (await shop.do("GET", "/locations/W1"))["name"] == "One"

    async def test_all_faults_are_named_at_once(self, shop: Shop) -> None:
        body = {
            "code": "a/b", "latitude": 91, "priority": 101, "color": "red", "address": {"country": "ZZ"},
            "closures": [{"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, {"since": "now"}],
        }  # fmt: skip
        answer = await shop.call("POST", "/locations", body)
        assert answer.status_code == 422
        assert set(pointers(answer)) == {
            "/code", "/latitude", "/longitude", "/priority", "/color", "/address/country", "/closures/0/until",
            "/closures/1/since",
        }  # fmt: skip
        patched = await shop.call("PATCH", "/locations/W1", {"code": "W2", "capacity": -1})
        assert pointers(patched) == ["/capacity", "/code"]
        assert pointers(await shop.call("PUT", "/locations/W1", {"code": "W2"})) == ["/code"]

    @pytest.mark.parametrize("code", ["import", ".", " W", "x" * 101, ""])
    async def test_a_code_that_no_path_can_name_is_refused(self, shop: Shop, code: str) -> None:
        assert pointers(await shop.call("POST", "/locations", {"code": code})) == ["/code"]

    async def test_a_location_in_use_cannot_be_removed(self, shop: Shop) -> None:
        await shop.stock("receive", item(quantity=1))
        answer = await shop.call("DELETE", "/locations/W1")
        assert (answer.status_code, answer.json()["code"]) == (409, "state_forbids")
        assert (await shop.call("DELETE", "/locations/W2")).status_code == 204
        assert (await shop.call("GET", "/locations/W2")).json()["code"] == "not_found"

    async def test_what_a_location_is_needed_for_is_named(self, shop: Shop) -> None:
        await shop.stock("receive", item(quantity=1))
        await shop.do("POST", "/orders", {"number": "1", "lines": [{"sku": "MUG", "quantity": 1}]})
        lines = [{"sku": "MUG", "quantity": 1}]
        transfer = {"number": "T-1", "source": "W1", "target": "W2", "lines": lines}
        made = await shop.do("POST", "/transfers", transfer)
        answer = (await shop.call("DELETE", "/locations/W1")).json()
        assert answer["detail"] == (
            "W1 cannot be removed: stock lies there; orders are allocated to it; the transfer T-1 is open. "
            "Set it to inactive instead"
        )
        await shop.do("PUT", "/locations/w2", {"code": "w2"})
        assert (await shop.call("DELETE", "/locations/w2")).status_code == 204
        assert "the transfer T-1 is open" in (await shop.call("DELETE", "/locations/W2")).json()["detail"]
        await shop.do("POST", f"/transfers/{made['id']}/cancel", {})
        assert (await shop.call("DELETE", "/locations/W2")).status_code == 204

    async def test_pages_go_through_all_locations_once(self, shop: Shop) -> None:
        for place in range(5):
            await shop.do("PUT", f"/locations/L{place}", {"code": f"L{place}"})
        codes, query = [], {"limit": "3"}
        while True:
            page = await shop.do("GET", "/locations", params=query)
            codes += [each["code"] for each in page["items"]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert codes == ["L4", "L3", "L2", "L1", "L0", "W2", "W1"]
        wrong = await shop.call("GET", "/locations", params=query | {"q": "L"})
        assert parameters(wrong) == ["cursor"]

    async def test_a_csv_file_is_imported_with_every_fault_named_and_can_be_imported_again(self, shop: Shop) -> None:
        text = "code;name;latitude;longitude;country\nW1;One;49,5;;CA\nL1;'=Sum;49.5;-97;CA\nL/2;;x;;ZZ\n\nW2;Two;;;\n"
        answer = await shop.upload("/locations/import", text)
        assert (answer.status_code, answer.json()["added"], answer.json()["changed"]) == (200, 1, 1)
        assert [(each["row"], each["column"]) for each in answer.json()["faults"]] == [
            (2, "latitude"), (4, "code"), (4, "latitude"), (4, "country"),
        ]  # fmt: skip
        exported = await shop.call("GET", "/locations", named=CSV)
        assert exported.headers["content-type"].startswith("text/csv")
        assert "'=Sum" in exported.text
        again = await shop.upload("/locations/import", exported.content)
        assert again.json() == {"added": 0, "changed": 0, "unchanged": 3, "faults": []}
        assert (await shop.do("GET", "/locations/L1"))["name"] == "=Sum"

    @pytest.mark.parametrize(
        ("text", "pointer"),
        [("name\nx\n", "/1/code"), ("code,size\nx,1\n", "/1/size"), ("code,code\nx,y\n", "/1/code"), (b"code\n\xff", ""),
         (b"code\n\x00", ""), (b"", "/1/code")],
    )  # fmt: skip
    async def test_what_is_no_table_of_locations_is_refused(self, shop: Shop, text: str | bytes, pointer: str) -> None:
        answer = await shop.upload("/locations/import", text)
        assert (answer.status_code, pointers(answer)[0]) == (422, pointer)


# --------------------------------------------------------------------------------------------------------------- products
class TestProducts:
    async def test_a_product_comes_back_as_it_was_sent(self, shop: Shop) -> None:
        body = {
            "sku": "KIT/1", "name": "Set", "description": "d", "brand": "b", "gtin": "4006381333931", "image": "i",
            "length": "1500", "width": "10.50", "height": "0.1", "weight": "0.350", "active": False,
            "customs": {"tariff_code": "6912.00", "tariff_country": "CA", "origin_country": "PT", "origin_region": "11",
                        "value": "4.20", "currency": "EUR"},
            "identifiers": [{"kind": "asin", "value": "B000"}], "components": [{"sku": "MUG", "quantity": 2}],
        }  # fmt: skip
        await shop.do("POST", "/products", {"sku": "MUG"})
        made = await shop.do("POST", "/products", body)
        assert {name: made[name] for name in body} == body
        (found,) = (await shop.do("GET", "/products", params={"q": "kit"}))["items"]
        assert found == made

    async def test_all_faults_are_named_at_once(self, shop: Shop) -> None:
        body = {
            "sku": "A", "gtin": "4006381333932", "weight": "-1", "length": 3, "customs": {"value": "1"},
            "components": [{"sku": "A", "quantity": 0}, {"sku": "B", "quantity": 1}, {"sku": "B", "quantity": 1}],
            "identifiers": [{"kind": "x", "value": "1"}, {"kind": "x", "value": "1"}],
        }  # fmt: skip
        assert set(pointers(await shop.call("POST", "/products", body))) == {
            "/gtin", "/weight", "/length", "/customs/currency", "/components/0/sku", "/components/0/quantity",
            "/components/2/sku", "/identifiers/1",
        }  # fmt: skip

    async def test_a_component_that_is_no_product_is_refused_by_its_place(self, shop: Shop) -> None:
        body = {"sku": "A", "components": [{"sku": "NONE", "quantity": 1}]}
        await shop.do("POST", "/products", {"sku": "A"})
        for method, path in (("PUT", "/products/A"), ("PATCH", "/products/A")):
            answer = await shop.call(method, path, body)
            assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")
            assert pointers(answer) == ["/components/0/sku"]

    async def test_a_product_of_another_api_keeps_the_fields_of_that_api(self, shop: Shop) -> None:
        before = (await shop.do("GET", "/products", params={"q": "test"}))["items"][0]
        changed = await shop.do("PATCH", "/products/test", {"name": "Renamed"})
        assert changed["id"] == before["id"]
        answer = await shop._http.get("/product?term=Renamed", headers=shop.headers)
        (product,) = answer.json()["items"]
        assert (product["name"], product["casePack"]) == ("Renamed", 2)

    async def test_a_fault_that_another_api_has_stored_is_not_the_patchs(self, shop: Shop) -> None:
        body = {
            "sku": "S2", "brand": "", "gtin": "no digits", "name": "Mug", "remarks": "", "imageMain": "", "caseUnit": "EACH",
            "casePack": 1, "condition": "NEW", "serialNumberRequired": False, "expiryDateRequired": False,
            **dict.fromkeys(("packageLengthMm", "packageWidthMm", "packageHeightMm", "shippingWeightKg"), 1.5),
            **dict.fromkeys(("caseLengthMm", "caseWidthMm", "caseHeightMm", "caseWeightKg"), 0),
        }  # fmt: skip
        assert (await shop.call_vendor("POST", "/product", body)).status_code == 200
        changed = await shop.do("PATCH", "/products/S2", {"name": "Cup"})
        assert (changed["name"], changed["gtin"], changed["length"]) == ("Cup", "no digits", "1.5")
        assert pointers(await shop.call("PATCH", "/products/S2", {"gtin": "123"})) == ["/gtin"]

    async def test_a_removed_product_can_be_added_again(self, shop: Shop) -> None:
        first = await shop.do("POST", "/products", {"sku": "MUG"})
        taken = await shop.call("POST", "/products", {"sku": "MUG"})
        assert (taken.status_code, taken.json()["code"]) == (409, "exists")
        assert (await shop.call("DELETE", "/products/MUG")).status_code == 204
        assert (await shop.call("DELETE", "/products/MUG")).status_code == 404
        assert (await shop.do("POST", "/products", {"sku": "MUG"}))["id"] == first["id"]
        await shop.stock("receive", item(quantity=1))
        assert (await shop.call("DELETE", "/products/MUG")).json()["code"] == "state_forbids"

    async def test_two_who_add_one_product_at_once_add_it_once(self, shop: Shop) -> None:
        answers = await asyncio.gather(*(shop.call("POST", "/products", {"sku": "MUG"}) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]

    async def test_an_exported_file_can_be_imported_again(self, shop: Shop) -> None:
        await shop.upload("/products/import", "sku,name,weight\nMUG,Mug,0.2\nB,,heavy\n")
        exported = await shop.call("GET", "/products", named=CSV)
        again = (await shop.upload("/products/import", exported.content)).json()
        assert (again["added"], again["changed"], again["faults"]) == (0, 0, [])
        assert again["unchanged"] >= 1


# ------------------------------------------------------------------------------------------------------------------ stock
class TestCommands:
    async def test_each_command_moves_the_level_and_the_ledger(self, shop: Shop) -> None:
        await shop.stock("receive", item(quantity=8, reason="PO 7"))
        await shop.stock("count", item(quantity=6))
        await shop.stock("adjust", item(delta=-1, reason="Broken"))
        limits = item(safety=1, threshold=5, counters=[{"name": "damaged", "quantity": 1}])
        answer = (await shop.stock("limits", limits)).json()
        (level,) = answer["items"]
        assert level == await shop.level("MUG", "W1")
        numbers = [level[name] for name in ("on_hand", "allocated", "reserved", "available", "counted", "low")]
        assert numbers == [5, 0, 2, 3, 6, True]
        assert [event["name"] for event in answer["events"]] == ["stock.limits_changed", "stock.low"]
        ledger = await shop.do("GET", "/stock/movements", params={"sku": "MUG", "location": "W1", "limit": 2})
        assert [(each["kind"], each["on_hand"], each["reason"]) for each in ledger["items"]] == [
            ("adjust", -1, "Broken"), ("count", -2, None),
        ]  # fmt: skip
        rest = await shop.do(
            "GET", "/stock/movements", params={"sku": "MUG", "location": "W1", "limit": 2, "cursor": ledger["next"]}
        )
        assert [(each["kind"], each["on_hand"]) for each in rest["items"]] == [("receive", 8)]
        assert rest["next"] is None

    async def test_items_are_done_together_or_not_at_all_and_every_fault_is_named(self, shop: Shop) -> None:
        await shop.stock("receive", item(quantity=1))
        answer = await shop.stock(
            "adjust", item(delta=5), item(delta=-9), item(location="W9", delta=1), item(sku="X", delta=-1)
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert pointers(answer) == ["/items/1/delta", "/items/2/location", "/items/3/delta"]
        assert (await shop.level("MUG", "W1"))["on_hand"] == 1
        assert await shop.level("X", "W1") is None
        feed = await shop.do("GET", "/events", params={"type": "stock.*"})
        assert [each["type"] for each in feed["items"]] == ["stock.received"]

    async def test_an_unknown_location_is_named_by_its_path(self, shop: Shop) -> None:
        answer = await shop.stock("receive", item(quantity=1), item(location="W9", quantity=1))
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")
        assert pointers(answer) == ["/items/1/location"]

    async def test_units_that_are_allocated_cannot_be_counted_away(self, shop: Shop) -> None:
        await shop.stock("receive", item(quantity=3))
        await shop.do("POST", "/orders", {"number": "1", "lines": [{"sku": "MUG", "quantity": 2}]})
        answer = await shop.stock("count", item(quantity=1))
        assert (answer.status_code, answer.json()["code"], pointers(answer)) == (
            409,
            "state_forbids",
            ["/items/0/quantity"],
        )
        assert "allowed" not in answer.json()

    @pytest.mark.parametrize(
        ("verb", "wrong", "pointer"),
        [
            ("count", item(quantity=-1), "/items/0/quantity"),
            ("count", item(quantity=2**31), "/items/0/quantity"),
            ("receive", item(quantity=0), "/items/0/quantity"),
            ("receive", item(quantity=1.5), "/items/0/quantity"),
            ("adjust", item(delta=0), "/items/0/delta"),
            ("adjust", item(), "/items/0/delta"),
            ("limits", item(), "/items/0"),
            ("limits", item(counters=[{"name": "a", "quantity": 1}] * 2), "/items/0/counters/1/name"),
            ("limits", item(safety=None), "/items/0/safety"),
            ("count", item("x" * 201, quantity=1), "/items/0/sku"),
            ("count", item(quantity=1, size=1), "/items/0/size"),
            ("count", item(quantity=1, pool="x" * 101), "/items/0/pool"),
        ],
    )  # fmt: skip
    async def test_a_wrong_item_is_refused_by_its_path(self, shop: Shop, verb: str, wrong: Tree, pointer: str) -> None:
        answer = await shop.stock(verb, wrong)
        assert (answer.status_code, pointers(answer)) == (422, [pointer]), answer.text

    async def test_bodies_that_are_none_are_refused(self, shop: Shop) -> None:
        for body in (b"", b"[]", b"{", b'{"items":[]}', b'{"items":[3]}', b"null"):
            for verb in ("count", "adjust", "receive", "limits"):
                answer = await shop.call("POST", f"/stock/{verb}", content=body)
                assert answer.status_code in (400, 422), answer.text

    async def test_a_dry_run_answers_alike_and_writes_nothing(self, shop: Shop) -> None:
        tried = await shop.stock("receive", item(quantity=3), params={"dry_run": "true"})
        assert (tried.status_code, tried.headers["dry-run"]) == (200, "true")
        assert tried.json()["items"][0]["on_hand"] == 3
        assert await shop.level("MUG", "W1") is None
        done = await shop.stock("receive", item(quantity=3))
        assert done.json()["items"][0]["on_hand"] == 3

    async def test_a_request_happens_once_under_its_key(self, shop: Shop) -> None:
        calls = [shop.stock("receive", item(quantity=3), named={"Idempotency_Key": "k"}) for _ in range(5)]
        answers = await asyncio.gather(*calls)
        assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
        assert (await shop.level("MUG", "W1"))["on_hand"] == 3
        for verb, other in (("receive", item(quantity=4)), ("count", item(quantity=3))):
            answer = await shop.stock(verb, other, named={"Idempotency_Key": "k"})
            assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")

    async def test_adjustments_at_once_all_count(self, world: World, shop: Shop) -> None:
        await shop.stock("count", item(quantity=10))
        answers = await asyncio.gather(*(shop.stock("adjust", item(delta=-3)) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409]
        assert (await shop.level("MUG", "W1"))["on_hand"] == 1
        both = [shop.stock("receive", item("NEW", quantity=1), item("NEW", "W2", quantity=1)) for _ in range(4)]
        assert {answer.status_code for answer in await asyncio.gather(*both)} == {200}
        assert (await shop.level("NEW", "W2"))["on_hand"] == 4
        assert (await verification.verify(world.context)).broken == ()

    async def test_an_organization_sees_and_changes_its_own_stock_alone(self, world: World, shop: Shop) -> None:
        await shop.stock("receive", item(quantity=3))
        await shop.do("PUT", "/products/MUG", {"sku": "MUG", "name": "Mine"})
        other = Shop(world, await world.stranger())
        for path in ("/locations", "/stock", "/stock?sku=MUG", "/allocations?location=W1"):
            assert (await other.do("GET", path))["items"] == []
        assert (await other.call("GET", "/locations/W1")).status_code == 404
        assert (await other.call("GET", "/products/MUG")).status_code == 404
        assert (await other.call("GET", "/stock/movements?sku=MUG&location=W1")).status_code == 404
        assert (await other.do("GET", "/stock/availability?sku=MUG"))["items"][0]["available"] == 0
        assert pointers(await other.stock("receive", item(quantity=1))) == ["/items/0/location"]
        await other.do("PUT", "/locations/W1", {"code": "W1"})
        await other.stock("receive", item(quantity=1))
        assert (await shop.level("MUG", "W1"))["on_hand"] == 3
        assert "Mine" not in (await other.call("GET", "/products", named=CSV)).text


class TestReading:
    async def test_pages_go_through_all_levels_once(self, shop: Shop) -> None:
        for sku in ("A", "B", "C,\u00e9"):
            await shop.stock("count", item(sku, "W1", quantity=1), item(sku, "W2", quantity=2, pool="web"))
        found, query = [], {"limit": "2"}
        while True:
            page = await shop.do("GET", "/stock", params=query)
            found += [(each["sku"], each["location"], each["pool"]) for each in page["items"]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert found == [(sku, *place) for sku in ("A", "B", "C,\u00e9") for place in (("W1", ""), ("W2", "web"))]
        nul = base64.urlsafe_b64encode(b'["a\\u0000","W1",""]').decode() + filters_mark({})
        for wrong in ("x", "00000000", nul, page["next"] or "AAAA00000000", "w" * 40):
            assert parameters(await shop.call("GET", "/stock", params={"cursor": wrong})) == ["cursor"]

    async def test_low_levels_are_those_below_their_threshold(self, shop: Shop) -> None:
        await shop.stock(
            "count", item("A", quantity=5), item("B", quantity=4), item("C", quantity=0), item("D", quantity=1)
        )
        await shop.stock(
            "limits",
            item("A", threshold=5),
            item("B", threshold=5),
            item("C", threshold=0),
            item("D", safety=9, threshold=1),
        )
        for low, expected in (("true", ["B", "D"]), ("false", ["A", "C"])):
            page = await shop.do("GET", "/stock", params={"low": low})
            assert [each["sku"] for each in page["items"]] == expected
            assert {each["low"] for each in page["items"]} == {low == "true"}

    async def test_what_can_be_promised_is_summed_over_active_locations(self, shop: Shop) -> None:
        await shop.stock("count", item(quantity=3), item(quantity=2, pool="web"), item(location="W2", quantity=4))
        await shop.do("PUT", "/locations/W3", {"code": "W3"})
        await shop.stock("count", item(location="W3", quantity=100))
        await shop.do("PATCH", "/locations/W3", {"active": False})
        (mug, none) = (await shop.do("GET", "/stock/availability?sku=MUG&sku=NONE"))["items"]
        assert (mug["available"], none["available"], none["locations"]) == (9, 0, [])
        assert [(each["location"], each["available"]) for each in mug["locations"]] == [("W1", 5), ("W2", 4)]
        assert [(each["pool"], each["available"]) for each in mug["pools"]] == [("", 7), ("web", 2)]

    async def test_what_is_expected_is_added_up_beside_what_can_be_promised(self, shop: Shop) -> None:
        await shop.stock("count", item(quantity=3))
        await shop.do("PUT", "/locations/OFF", {"code": "OFF", "active": False})
        for number, location, pool in (("1", "W1", "web"), ("2", "W2", ""), ("3", "OFF", "")):
            lines = [{"sku": sku, "expected": 4, "pool": pool} for sku in ("MUG", "mug")]
            body = {"number": number, "location": location, "lines": [*lines, {"sku": "NEW", "expected": 1}]}
            await shop.do("POST", "/receiving-notices", body)
        (mug, new, none) = (await shop.do("GET", "/stock/availability?sku=MUG&sku=NEW&sku=NONE"))["items"]
        assert [(each["available"], each["expected"]) for each in (mug, new, none)] == [(3, 8), (0, 2), (0, 0)]
        assert [tuple(each.values()) for each in mug["locations"]] == [("W1", 3, False, 4), ("W2", 0, False, 4)]

    async def test_an_order_of_a_pool_can_be_promised_its_units_and_the_common_ones(self, shop: Shop) -> None:
        await shop.stock("count", item(quantity=3), item(quantity=2, pool="web"), item(quantity=7, pool="12"))
        await shop.stock("count", item(location="W2", quantity=4, pool="web"))
        lines = [{"sku": "MUG", "expected": 4, "pool": pool} for pool in ("web", "12", "")]
        await shop.do("POST", "/receiving-notices", {"number": "1", "location": "W2", "lines": lines})
        for query, available, expected, pools in (
            ("", 16, 12, {"": 3, "12": 7, "web": 6}), ("&pool=web", 9, 8, {"": 3, "web": 6}), ("&pool=", 3, 4, {"": 3}),
            ("&pool=none", 3, 4, {"": 3}), ("&location=W1", 12, 0, {"": 3, "12": 7, "web": 2}),
            ("&location=W1&location=W2&pool=web", 9, 8, {"": 3, "web": 6}), ("&location=W3", 0, 0, {}),
        ):  # fmt: skip
            (mug,) = (await shop.do("GET", f"/stock/availability?sku=MUG{query}"))["items"]
            found = {each["pool"]: each["available"] for each in mug["pools"]}
            assert (mug["available"], mug["expected"], found) == (available, expected, pools), query

    async def test_a_network_promises_what_meets_its_rules_less_its_safety_stock(self, shop: Shop) -> None:
        headers = {"x-site-context": json.dumps({"account": FABRIC_ACCOUNT})}
        for code, kind in (("1", "store"), ("2", "warehouse"), ("3", "store")):
            await shop.do("PUT", f"/locations/{code}", {"code": code, "type": kind, "active": code != "3"})
        await shop.stock("count", *(item(location=at, quantity=9) for at in ("1", "2", "3", "W1")))
        await shop.stock("count", item(location="2", pool="12", quantity=5), item("CUP", location="1", quantity=2))
        stores, all_of, none = {"locationData.type": "store"}, {}, {"locationData.type": "dock"}  # type: ignore[var-annotated]
        for name, safety, rules in (("stores", 3, stores), ("all", 0, all_of), ("none", 1, none)):
            body = {"code": name, "name": name, "safetyStock": safety, "rules": rules}
            made = await shop.call_vendor("POST", "/api/v2/inventory/network", body, **headers)
            assert made.status_code == 200, made.text
        mug, cup = (await shop.do("GET", "/stock/availability?sku=MUG&sku=CUP"))["items"]
        assert (mug["available"], cup["available"]) == (32, 2)
        # Like in fabric's own sums, locations whose codes are no numbers (W1) are in no network.
        assert [tuple(each.values()) for each in mug["networks"]] == [("all", 23, False), ("stores", 6, False)]
        assert [tuple(each.values()) for each in cup["networks"]] == [("all", 2, False), ("stores", 0, False)]
        for query, available, places in (
            ("network=stores", 6, ["1"]), ("network=all", 23, ["1", "2"]), ("network=all&pool=", 18, ["1", "2"]),
            ("network=all&location=2", 14, ["2"]), ("network=none", 0, []),
        ):  # fmt: skip
            (mug,) = (await shop.do("GET", f"/stock/availability?sku=MUG&{query}"))["items"]
            assert (mug["available"], [each["location"] for each in mug["locations"]]) == (available, places), query
        missing = await shop.call("GET", "/stock/availability?sku=MUG&network=x")
        assert (missing.status_code, missing.json()["detail"]) == (404, "there is no network 'x'")

    async def test_wrong_questions_name_their_parameters(self, shop: Shop) -> None:
        for path, named in (
            ("/stock?color=x&low=1", ["color", "low"]), ("/stock/movements", ["sku", "location"]),
            ("/stock/availability", ["sku"]), ("/stock/availability?sku=", ["sku"]),
            ("/stock/availability?sku=A&x=1&pool=a&pool=b", ["x", "pool"]),
            ("/stock/availability?sku=A&location=", ["location"]), ("/allocations", ["location"]),
            ("/stock/availability?" + "&".join(["sku=A"] * 101), ["sku"]),
        ):  # fmt: skip
            assert parameters(await shop.call("GET", path)) == named, path

    async def test_stock_is_exported_and_counted_from_csv(self, shop: Shop) -> None:
        await shop.stock("count", item("=A", quantity=5), item("B", quantity=1))
        await shop.do("POST", "/orders", {"number": "1", "lines": [{"sku": "B", "quantity": 1}]})
        exported = await shop.call("GET", "/stock", named=CSV)
        assert exported.text.splitlines()[0].startswith("sku,location,pool,on_hand,allocated,")
        assert (await shop.upload("/stock/import", exported.content)).json() == {"counted": 2, "faults": []}
        text = "sku,location,on_hand,pool\n=A,W1,7,\nB,W1,0,\nB,W9,1,\n,W1,x,\nNEW,W2,4,web\n"
        answer = (await shop.upload("/stock/import", text)).json()
        assert answer["counted"] == 2
        assert [(each["row"], each["column"]) for each in answer["faults"]] == [
            (3, "on_hand"), (4, "location"), (5, "sku"), (5, "on_hand"),
        ]  # fmt: skip
        assert [(await shop.level(*key))["on_hand"] for key in (("=A", "W1"), ("B", "W1"), ("NEW", "W2", "web"))] == [
            7,
            1,
            4,
        ]


class TestEvents:
    async def test_the_feed_and_webhooks_can_ask_for_events_of_stock(self, shop: Shop) -> None:
        await shop.stock("receive", item(quantity=3))
        await shop.do("POST", "/orders", {"number": "1", "lines": [{"sku": "MUG", "quantity": 1}]})
        for types in ("stock.received", "stock.*"):
            page = await shop.do("GET", "/events", params={"type": types})
            assert [each["type"] for each in page["items"]] == ["stock.received"]
        (message,) = page["items"]
        assert message["data"] == {
            "sku": "MUG", "location": "W1", "pool": "", "on_hand": 3, "available": 3, "delta": 3, "reason": None,
        }  # fmt: skip
        assert (await shop.do("GET", "/events", params={"status": "allocated"}))["items"] != []
        for kind in ("event", "cloudevents"):
            endpoint = {"url": "https://example.com/hook", "types": ["stock.low", "order.*"], "format": kind}
            assert (await shop.do("POST", "/endpoints", endpoint))["types"] == ["stock.low", "order.*"]
        refused = await shop.call("POST", "/endpoints", {"url": "https://example.com", "types": ["stock.lost"]})
        assert pointers(refused) == ["/types/0"]

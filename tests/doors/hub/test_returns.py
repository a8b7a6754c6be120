"""Returns, refunds, payments and invoices through the hub: the policy, what is left, faults, done once, tried, tenancy."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.doors.hub.conftest import parameters, pointers
from tests.doors.hub.test_fulfillments import names, order, units
from tests.doors.hub.test_stock import Shop, item
from tests.world import World

Headers = dict[str, str]
Tree = Any
NOBODY = "0" * 13


@pytest.fixture
async def shop(world: World, headers: Headers) -> Shop:
    shop = Shop(world, headers)
    await shop.do("PUT", "/locations/W1", {"code": "W1"})
    await shop.stock("count", item(quantity=10))
    return shop


async def shipped(shop: Shop, number: str = "R-1", quantity: int = 3) -> str:
    order_id = await order(shop, number, quantity)
    await shop.do("POST", f"/orders/{order_id}/ship")
    return f"/orders/{order_id}"


async def returned(shop: Shop, one: str, quantity: int = 2, **more: Any) -> str:
    body = {"lines": units(quantity), "location": "W1"} | more
    return f"/returns/{(await shop.do('POST', f'{one}/returns', body))['return']['id']}"


class TestReturns:
    async def test_units_come_back_are_judged_and_refunded(self, shop: Shop) -> None:
        one = await shipped(shop)
        body = {
            "lines": [{"line": 0, "quantity": 2, "reason": "Too small"}], "reason": "Other", "reference": "RMA-1",
            "label_url": "https://example.com/label", "exchange": True, "location": "W1", "note": "Fragile",
        }  # fmt: skip
        answer = await shop.call("POST", f"{one}/returns", body)
        made = answer.json()["return"]
        back = f"/returns/{made['id']}"
        assert (answer.status_code, answer.headers["location"]) == (201, f"/hub/v1{back}")
        assert (made["status"], made["exchange"], made["lines"][0]["reason"]) == ("requested", True, "Too small")
        some = await shop.do("POST", f"{back}/receive", {"lines": units(1)})
        assert some["return"]["status"] == "partially_received"
        await shop.do("POST", f"{back}/receive")
        await shop.do("POST", f"{back}/judge", {"restock": units(1), "reject": units(1)})
        assert (await shop.level("MUG", "W1"))["on_hand"] == 8
        refunded = await shop.do("POST", f"{back}/refund", {"fee": "1.50"})
        assert (refunded["refund"]["amount"], refunded["refund"]["components"]) == (
            "3.50",
            {"items": "5.00", "fees": "-1.50"},
        )
        assert names(refunded) == ["order.refunded", "order.invoiced"]
        assert (await shop.do("GET", back))["status"] == "judged"
        again = await shop.call("POST", f"{back}/refund")
        assert pointers(again) == ["/amount"]

    async def test_the_policy_decides_and_can_be_overruled(self, shop: Shop) -> None:
        one = await shipped(shop)
        policy = {"name": "strict", "days": 30, "reasons": ["Damaged"], "appeasement_percent": 10}
        assert (await shop.do("GET", "/return-policy"))["days"] is None
        put = await shop.call("PUT", "/return-policy", policy)
        assert (put.json(), put.headers["etag"]) == (policy, '"1"')
        assert await shop.do("GET", "/return-policy") == policy
        stale = await shop.call("PUT", "/return-policy", policy, named={"If-Match": '"9"'})
        assert stale.status_code == 412
        for body, named in (
            ({"reason": "Too small"}, ["/reason"]),
            ({"lines": units(1)}, ["/reason"]),
            ({"lines": [{"line": 0, "quantity": 1, "reason": "x"}]}, ["/lines/0/reason"]),
        ):
            refused = await shop.call("POST", f"{one}/returns", body)
            assert (refused.status_code, pointers(refused)) == (422, named)
        found = await shop.do("GET", f"{one}/returns/eligibility")
        assert found == {"policy": policy, "lines": [{"line": 0, "units": 3, "rule": None, "reason": None}]}
        await shop.do("POST", f"{one}/returns", {"overrule": True})
        (line,) = (await shop.do("GET", f"{one}/returns/eligibility"))["lines"]
        assert (line["units"], line["rule"]) == (0, "returned")

    async def test_the_list_is_filtered_and_read_page_by_page(self, shop: Shop) -> None:
        one = await shipped(shop)
        paths = [await returned(shop, one, 1) for _ in range(3)]
        await shop.do("POST", f"{paths[0]}/cancel", {"reason": "The customer keeps it"})
        ids = [path.rpartition("/")[2] for path in paths]
        first = await shop.do("GET", "/returns?limit=2")
        rest = await shop.do("GET", f"/returns?limit=2&cursor={first['next']}")
        assert [each["id"] for each in (*first["items"], *rest["items"])] == ids[::-1]
        assert [each["id"] for each in (await shop.do("GET", "/returns?status=canceled"))["items"]] == ids[:1]
        assert parameters(await shop.call("GET", "/returns?status=lost&x=1")) == ["x", "status"]

    async def test_a_change_is_tried_guarded_and_done_once(self, shop: Shop) -> None:
        back = await returned(shop, await shipped(shop))
        before = await shop.do("GET", back)
        for verb in ("receive", "cancel"):
            tried = await shop.call("POST", f"{back}/{verb}?dry_run=true", {})
            assert (tried.status_code, tried.headers["dry-run"]) == (200, "true")
            stale = await shop.call("POST", f"{back}/{verb}", {}, named={"If-Match": '"99"'})
            assert stale.status_code == 412
        assert await shop.do("GET", back) == before
        key = {"Idempotency-Key": "k"}
        answers = [await shop.call("POST", f"{back}/receive", {"lines": units(1)}, named=key) for _ in range(2)]
        assert answers[0].content == answers[1].content
        assert (await shop.do("GET", back))["lines"][0]["received"] == 1

    async def test_all_faults_are_named_by_their_paths(self, shop: Shop) -> None:
        one = await shipped(shop)
        back = await returned(shop, one)
        await shop.do("POST", f"{back}/receive", {"lines": units(1)})
        twice = [*units(1), *units(1)]
        for where, body, named in (
            (f"{one}/returns", {"lines": twice, "label_url": "x", "overrule": "no", "y": 1},
             ["/label_url", "/lines/1/line", "/overrule", "/y"]),
            (f"{one}/returns", {"lines": [*units(9), *units(1, 7)]}, ["/lines/0/quantity", "/lines/1/line"]),
            (f"{one}/returns", {"location": "W9"}, ["/location"]),
            (f"{back}/receive", {"lines": [*units(1, 7), *units(9)]}, ["/lines/0/line", "/lines/1/quantity"]),
            (f"{back}/judge", {}, [""]),
            (f"{back}/judge", {"scrap": twice}, ["/scrap/1/line"]),
            (f"{back}/judge", {"restock": units(1), "reject": [*units(1, 7), *units(1)]},
             ["/reject/0/line", "/restock/0/quantity"]),
            (f"{back}/refund", {"amount": "1.00", "fee": "1.00", "without": ["items"]}, ["/fee", "/without/0"]),
            (f"{back}/refund", {"amount": "99"}, ["/amount"]),
            (f"{back}/refund", {"fee": "1.001"}, ["/fee"]),
            (f"{one}/refund", {}, [""]),
            (f"{one}/refund", {"amount": "1", "lines": twice, "kind": "x"}, ["/kind", "/lines", "/lines/1/line"]),
            (f"{one}/refund", {"lines": [*units(9), *units(1, 7)]}, ["/lines/0/quantity", "/lines/1/line"]),
            (f"{one}/refund", {"amount": "1.005"}, ["/amount"]),
            (f"{one}/refund", {"amount": "-1"}, ["/amount"]),
            (f"{one}/payments", {"captured": "-1", "currency": "XYZ"}, ["/captured", "/currency", "/reference"]),
            (f"{one}/payments", {"reference": "p", "refunded": "1"}, ["/refunded"]),
        ):  # fmt: skip
            answer = await shop.call("POST", where, body)
            assert answer.status_code == 422, (where, answer.text)
            assert sorted(pointers(answer)) == named, (where, body)
        policy = {"days": 0, "reasons": ["a", "a"], "appeasement_percent": 101}
        wrong = await shop.call("PUT", "/return-policy", policy)
        assert sorted(pointers(wrong)) == ["/appeasement_percent", "/days", "/reasons/1"]

    async def test_what_is_not_there_or_anothers_is_404(self, world: World, shop: Shop) -> None:
        back = await returned(shop, await shipped(shop))
        strange = Shop(world, await world.stranger())
        for caller, where in ((strange, back), (shop, f"/returns/{NOBODY}"), (shop, "/returns/x")):
            for verb in ("receive", "cancel", "refund"):
                answer = await caller.call("POST", f"{where}/{verb}", {})
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert (await caller.call("GET", where)).status_code == 404
        for where in ("/returns", "/invoices"):
            assert (await strange.do("GET", where))["items"] == []

    async def test_restocked_units_get_a_level_where_the_location_had_none(self, shop: Shop) -> None:
        await shop.do("PUT", "/locations/W2", {"code": "W2"})
        back = await returned(shop, await shipped(shop), location="W2")
        await shop.do("POST", f"{back}/receive")
        await shop.do("POST", f"{back}/judge?dry_run=true", {"restock": units(2)})
        assert len((await shop.do("GET", "/stock?sku=MUG"))["items"]) == 1
        await shop.do("POST", f"{back}/judge", {"restock": units(2)})
        assert (await shop.level("MUG", "W2"))["on_hand"] == 2


class TestMoney:
    async def test_refunds_end_at_what_was_paid(self, shop: Shop) -> None:
        one = await shipped(shop)
        paid = {
            "reference": "pay_1",
            "method": "card",
            "authorized": "15.00",
            "captured": "10.00",
            "status": "captured",
        }
        first = await shop.do("POST", f"{one}/payments", paid)
        assert names(first) == ["order.payment_recorded"]
        assert names(await shop.do("POST", f"{one}/payments", paid)) == []
        body = {"lines": units(1), "reference": "REFUND-1", "reason": "Broken"}
        done = await shop.do("POST", f"{one}/refund", body)
        repeated = await shop.do("POST", f"{one}/refund", body)
        assert (repeated["events"], repeated["refund"]) == ([], done["refund"])
        balance = await shop.do("GET", f"{one}/balance")
        assert balance == {
            "currency": "USD", "total": "15.00", "authorized": "15.00", "captured": "10.00", "refunded": "5.00",
            "refundable": "5.00", "owed": "5.00",
        }  # fmt: skip
        refused = await shop.call("POST", f"{one}/refund", {"amount": "5.01"})
        assert "at most 5.00" in refused.json()["errors"][0]["detail"]
        await shop.do("POST", f"{one}/refund", {"amount": "5"})
        assert (await shop.do("GET", f"{one}/balance"))["refundable"] == "0.00"

    async def test_goodwill_is_limited_by_the_policy(self, shop: Shop) -> None:
        one = await shipped(shop)
        await shop.do("PUT", "/return-policy", {"appeasement_percent": 10})
        refund = {"kind": "appeasement", "amount": "1.51"}
        assert pointers(await shop.call("POST", f"{one}/refund", refund)) == ["/amount"]
        done = await shop.do("POST", f"{one}/refund", refund | {"amount": "1.50"})
        assert done["refund"]["kind"] == "appeasement"
        assert [each["kind"] for each in (await shop.do("GET", f"{one}/invoices"))["items"]] == [
            "shipment",
            "appeasement",
        ]

    async def test_goodwill_for_a_line_is_left_out_of_a_later_refund_of_its_units(self, shop: Shop) -> None:
        one = await shipped(shop)
        goodwill = {"kind": "appeasement", "amount": "2.00", "line": 0}
        given = (await shop.do("POST", f"{one}/refund", goodwill))["refund"]
        assert (given["lines"], given["line_amounts"]) == ([], [{"line": 0, "amount": "2.00"}])
        rest = (await shop.do("POST", f"{one}/refund", {"lines": units(3)}))["refund"]
        assert (rest["amount"], rest["components"]) == ("13.00", {"items": "15.00", "discount": "2.00"})
        for body, named in (
            (goodwill | {"line": 7}, ["/line"]), ({"amount": "1", "line": 0}, ["/line"]),
            ({"kind": "appeasement", "lines": units(1), "line": 0}, ["/line"]),
        ):  # fmt: skip
            assert pointers(await shop.call("POST", f"{one}/refund", body)) == named

    async def test_a_dry_run_of_a_refund_stores_nothing(self, shop: Shop) -> None:
        one = await shipped(shop)
        tried = await shop.do("POST", f"{one}/refund?dry_run=true", {"amount": "1.00"})
        assert names(tried) == ["order.refunded", "order.invoiced"]
        assert (await shop.do("GET", f"{one}/balance"))["refunded"] == "0.00"
        assert len((await shop.do("GET", "/invoices"))["items"]) == 1

    async def test_a_balance_has_the_decimal_places_of_the_currency(self, shop: Shop) -> None:
        lines = [{"sku": "X", "quantity": 1, "unit_price": "5"}]
        for number, currency, total in (("C-1", "JPY", "5"), ("C-2", "KWD", "5.000"), ("C-3", None, "5.00")):
            made = await shop.do("POST", "/orders", {"number": number, "currency": currency, "lines": lines})
            assert (await shop.do("GET", f"/orders/{made['id']}/balance"))["total"] == total


class TestInvoices:
    async def test_shipments_add_up_and_are_posted_and_acknowledged(self, shop: Shop) -> None:
        order_id = await order(shop)
        for quantity in (1, 2):
            await shop.do("POST", f"/orders/{order_id}/ship", {"lines": units(quantity)})
        found = (await shop.do("GET", f"/orders/{order_id}/invoices"))["items"]
        assert sum(Decimal(each["total"]) for each in found) == Decimal(15)
        assert [each["lines"][0]["quantity"] for each in found] == [1, 2]
        ids = {"ids": [each["id"] for each in found]}
        tried = await shop.do("POST", "/invoices/post?dry_run=true", ids)
        assert {each["status"] for each in tried["items"]} == {"posted"}
        early = await shop.call("POST", "/invoices/acknowledge", ids)
        assert (early.status_code, pointers(early)) == (409, ["/ids/0", "/ids/1"])
        posted = await shop.do("POST", "/invoices/post", ids)
        assert await shop.do("POST", "/invoices/post", ids) == posted
        assert posted["items"][0]["posted_at"]
        done = await shop.do("POST", "/invoices/acknowledge", ids)
        assert await shop.do("POST", "/invoices/acknowledge", ids) == done
        assert await shop.do("GET", f"/invoices/{found[0]['id']}") == done["items"][0]

    async def test_calls_at_once_all_succeed(self, shop: Shop) -> None:
        one = await shipped(shop)
        ids = {"ids": [each["id"] for each in (await shop.do("GET", f"{one}/invoices"))["items"]]}
        for verb, status in (("post", "posted"), ("acknowledge", "acknowledged")):
            answers = await asyncio.gather(*(shop.call("POST", f"/invoices/{verb}", ids) for _ in range(4)))
            assert {(each.status_code, each.json()["items"][0]["status"]) for each in answers} == {(200, status)}

    async def test_the_list_is_read_page_by_page(self, shop: Shop) -> None:
        for place in range(3):
            await shipped(shop, f"R-{place}", 1)
        first = await shop.do("GET", "/invoices?limit=2")
        rest = await shop.do("GET", f"/invoices?limit=2&cursor={first['next']}")
        assert [each["order_number"] for each in (*first["items"], *rest["items"])] == ["R-2", "R-1", "R-0"]
        assert rest["next"] is None

    async def test_unknown_ones_are_named_and_nothing_is_changed(self, world: World, shop: Shop) -> None:
        one = await shipped(shop)
        (found,) = (await shop.do("GET", f"{one}/invoices"))["items"]
        refused = await shop.call("POST", "/invoices/post", {"ids": [found["id"], NOBODY]})
        assert (refused.status_code, pointers(refused)) == (404, ["/ids/1"])
        assert await shop.do("GET", f"/invoices/{found['id']}") == found
        twice = await shop.call("POST", "/invoices/post", {"ids": [found["id"], found["id"], "x"]})
        assert sorted(pointers(twice)) == ["/ids/1", "/ids/2"]
        strange = Shop(world, await world.stranger())
        assert (await strange.call("POST", "/invoices/post", {"ids": [found["id"]]})).status_code == 404

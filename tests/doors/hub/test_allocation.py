"""Allocation through the hub: the verbs, why units are where they are, settings, tried rules, orders that wait."""

import asyncio
from typing import Any

import pytest

from crossdock.flows import backorders
from tests.doors.hub.conftest import parameters, pointers
from tests.doors.hub.test_stock import Shop, item
from tests.world import World

Headers = dict[str, str]
Tree = Any
NOBODY = "0" * 13


@pytest.fixture
async def shop(world: World, headers: Headers) -> Shop:
    shop = Shop(world, headers)
    for code, priority in (("W1", 50), ("W2", 40), ("W3", 30)):
        await shop.do("PUT", f"/locations/{code}", {"code": code, "priority": priority})
    await shop.stock("count", item(quantity=5), item(location="W2", quantity=5))
    return shop


async def order(shop: Shop, number: str = "A-1", quantity: int = 2, **more: Any) -> Tree:
    return await shop.do("POST", "/orders", {"number": number, "lines": [{"sku": "MUG", "quantity": quantity}]} | more)


def places(document: Tree) -> list[tuple[str, int]]:
    """Return the open units of an order or an answer by location."""
    return [
        (each["location"], sum(unit["open"] for unit in each["units"]))
        for each in document.get("allocations", document.get("items"))
        if each["open"]
    ]


class TestOrders:
    async def test_an_order_without_allocations_has_no_such_member(self, shop: Shop) -> None:
        made = await shop.do("POST", "/orders", {"number": "N-1", "lines": [{"sku": "OTHER", "quantity": 1}]})
        assert "allocations" not in made
        assert "allocations" not in await shop.do("GET", f"/orders/{made['id']}")

    async def test_an_order_shows_its_allocations_in_every_read(self, shop: Shop) -> None:
        made = await order(shop)
        assert places(made) == [("W1", 2)]
        assert await shop.do("GET", f"/orders/{made['id']}") == made
        assert (await shop.do("GET", "/orders"))["items"] == [made]
        assert (await shop.do("GET", f"/orders/{made['id']}/allocations"))["items"] == made["allocations"]
        (message,) = (await shop.do("GET", "/events?type=order.allocated&include=order"))["items"]
        assert message["order"]["allocations"] == made["allocations"]

    async def test_orders_of_another_api_show_them_too(self, world: World, shop: Shop) -> None:
        from tests.vendors import VENDORS

        vendor = VENDORS["pb_oms"]
        await shop.stock("count", item("SKU12345", quantity=50))
        sent = await world.http.post(vendor.create, json=vendor.body("O-1"), headers=shop.headers | vendor.headers("t"))
        assert sent.status_code == vendor.ok
        (listed,) = (await shop.do("GET", "/orders?door=pb_oms"))["items"]
        assert [each["location"] for each in listed["allocations"]] == ["W1"]


class TestVerbs:
    async def test_units_are_given_back_and_allocated_where_a_call_says(self, shop: Shop) -> None:
        made = await order(shop, quantity=3)
        one = f"/orders/{made['id']}"
        back = await shop.do("POST", f"{one}/deallocate")
        assert [event["name"] for event in back["events"]] == ["order.deallocated"]
        assert (await shop.level("MUG", "W1"))["allocated"] == 0
        some = await shop.do("POST", f"{one}/allocate", {"location": "W2", "lines": [{"line": 0, "quantity": 1}]})
        assert places(some["order"]) == [("W2", 1)]
        rest = await shop.do("POST", f"{one}/allocate", {"excluded": ["W1"], "expires_at": "2099-01-01T00:00:00Z"})
        assert places(rest["order"]) == [("W2", 1), ("W2", 2)]
        assert rest["order"]["allocations"][-1]["expires_at"].startswith("2099-01-01")
        moved = await shop.do("POST", f"{one}/reallocate", {"allocations": [some["order"]["allocations"][-1]["id"]]})
        assert places(moved["order"]) == [("W2", 2), ("W1", 1)]

    async def test_what_no_other_location_can_serve_waits_and_a_receipt_serves_it(
        self, world: World, shop: Shop
    ) -> None:
        made = await order(shop, quantity=5)
        await shop.stock("count", item(location="W2", quantity=0))
        moved = await shop.do("POST", f"/orders/{made['id']}/reallocate", {})
        assert [event["name"] for event in moved["events"]] == ["order.deallocated", "order.backordered"]
        decision = (await shop.do("GET", f"/orders/{made['id']}/allocations"))["decisions"][0]
        assert decision["unserved"][0]["quantity"] == 5
        assert "5 of MUG (line 0) from nowhere" in decision["summary"]
        await shop.stock("receive", item(location="W3", quantity=5))
        await backorders.serve_all(world.context)
        assert places(await shop.do("GET", f"/orders/{made['id']}")) != []

    async def test_all_faults_are_named_by_their_paths(self, shop: Shop) -> None:
        made = await order(shop, quantity=12)
        one = f"/orders/{made['id']}"
        for verb, body, named in (
            ("allocate", {"lines": [{"line": 0}, {"line": 0, "quantity": 0}], "expires_at": "now", "x": 1},
             ["/expires_at", "/lines/0/quantity", "/lines/1/line", "/lines/1/quantity", "/x"]),
            ("allocate", {"location": "W1", "only": ["W2"]}, ["/only"]),
            ("allocate", {"location": "W9"}, ["/location"]),
            ("allocate", {"only": ["W1", "W9"], "excluded": ["W8"]}, ["/excluded/0", "/only/1"]),
            ("allocate", {"lines": [{"line": 7, "quantity": 1}]}, ["/lines/0/line"]),
            ("allocate", {"lines": [{"line": 0, "quantity": 3}]}, ["/lines/0/quantity"]),
            ("allocate", {"expires_at": "2020-01-01T00:00:00Z"}, ["/expires_at"]),
            ("allocate", {"expires_at": "9999-12-31T23:59:59-12:00"}, ["/expires_at"]),
            ("deallocate", {"allocations": [NOBODY]}, ["/allocations/0"]),
            ("deallocate", {"allocations": ["nonsense"]}, ["/allocations/0"]),
            ("reallocate", {"only": ["W9"]}, ["/only/0"]),
            ("reallocate", {"allocations": []}, ["/allocations"]),
        ):  # fmt: skip
            answer = await shop.call("POST", f"{one}/{verb}", body)
            assert (answer.status_code, sorted(pointers(answer))) == (422, named), (verb, body, answer.text)
        assert await shop.do("GET", one) == made

    @pytest.mark.parametrize("verb", ["allocate", "deallocate", "reallocate"])
    async def test_a_verb_can_be_tried_guarded_and_named(self, shop: Shop, verb: str) -> None:
        made = await order(shop)
        one = f"/orders/{made['id']}"
        if verb == "allocate":
            await shop.do("POST", f"{one}/deallocate")
        before = await shop.do("GET", one)
        tried = await shop.call("POST", f"{one}/{verb}", {}, params={"dry_run": "true"}, named={"Idempotency_Key": "k"})
        assert (tried.status_code, tried.headers["dry-run"]) == (200, "true")
        assert await shop.do("GET", one) == before
        stale = await shop.call("POST", f"{one}/{verb}", {}, named={"If_Match": '"99"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
        calls = [shop.call("POST", f"{one}/{verb}", {}, named={"Idempotency_Key": "k"}) for _ in range(4)]
        answers = await asyncio.gather(*calls)
        assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
        assert (await shop.do("GET", one))["version"] == before["version"] + 1

    async def test_a_held_order_gives_units_back_but_gets_none(self, shop: Shop) -> None:
        made = await order(shop)
        one = f"/orders/{made['id']}"
        await shop.do("POST", f"{one}/hold", {"holds": [{"reason": "fraud"}]})
        assert places((await shop.do("POST", f"{one}/deallocate"))["order"]) == []
        refused = await shop.call("POST", f"{one}/allocate", {})
        assert (refused.status_code, refused.json()["code"]) == (409, "state_forbids")
        assert "allocate" not in refused.json()["allowed"]
        released = await shop.do("POST", f"{one}/release", {})
        assert places(released["order"]) == [("W1", 2)]

    async def test_an_organization_without_locations_may_name_any_location(
        self, world: World, headers: Headers
    ) -> None:
        shop = Shop(world, headers)
        made = await order(shop)
        done = await shop.do("POST", f"/orders/{made['id']}/allocate", {"location": "Our garage"})
        assert [event["data"]["location_ref"] for event in done["events"]] == ["Our garage"]
        assert done["order"]["status"] == "allocated"
        assert "allocations" not in done["order"]

    async def test_of_anothers_order_nothing_is_known(self, world: World, shop: Shop) -> None:
        made = await order(shop)
        other = Shop(world, await world.stranger())
        for method, path in (
            ("POST", "allocate"),
            ("POST", "deallocate"),
            ("POST", "reallocate"),
            ("GET", "allocations"),
        ):
            body = {} if method == "POST" else None
            answer = await other.call(method, f"/orders/{made['id']}/{path}", body)
            assert (answer.status_code, answer.json()["code"]) == (404, "no_order")
        bulk = await other.do("POST", "/orders/allocate", {"ids": [made["id"]]})
        assert bulk["items"][0]["code"] == "no_order"
        assert (await other.do("POST", "/allocation-settings/try", {})) == {"decisions": 0, "differences": []}


class TestBulk:
    async def test_each_order_is_allocated_for_itself(self, shop: Shop) -> None:
        await shop.do("PUT", "/allocation-settings", {"mode": "manual"})
        ids = [(await order(shop, f"A-{number}"))["id"] for number in range(3)]
        await shop.do("POST", f"/orders/{ids[1]}/cancel", {})
        answer = await shop.do("POST", "/orders/allocate", {"ids": [*ids, NOBODY]})
        found = [(each["id"], each["status"], each["code"]) for each in answer["items"]]
        assert found == [
            (ids[0], "allocated", None), (ids[1], None, "state_forbids"), (ids[2], "allocated", None),
            (NOBODY, None, "no_order"),
        ]  # fmt: skip
        again = await shop.do("POST", "/orders/allocate", {"ids": [ids[0]]})
        assert again["items"][0]["events"] == []

    async def test_wrong_ids_are_refused(self, shop: Shop) -> None:
        for ids in ([], ["x"], [NOBODY, NOBODY], [NOBODY] * 201, [1]):
            answer = await shop.call("POST", "/orders/allocate", {"ids": ids})
            assert answer.status_code == 422, ids


class TestWhy:
    async def test_a_decision_names_every_candidate_with_its_score_or_why_it_was_ruled_out(self, shop: Shop) -> None:
        closure = {"since": "2020-01-01T00:00:00Z", "reason": "Stocktaking"}
        await shop.do("PATCH", "/locations/W2", {"closures": [closure]})
        made = await order(shop, quantity=9)
        (decision,) = (await shop.do("GET", f"/orders/{made['id']}/allocations"))["decisions"]
        found = {each["location"]: each for each in decision["candidates"]}
        assert found["W1"]["score"] == sum(part["points"] for part in found["W1"]["parts"]) > 0
        assert found["W2"]["ruled_out"] == "it is closed: Stocktaking"
        assert found["W3"]["ruled_out"] == "it has nothing of the order in stock"
        assert decision["assignments"] == [{"line": 0, "location": "W1", "quantity": 5}]
        assert decision["unserved"] == [{"line": 0, "quantity": 4, "reason": "only 5 of 9 units of MUG are available"}]
        assert decision["summary"].startswith("5 of MUG (line 0) from W1; 4 of MUG (line 0) from nowhere: only 5")

    async def test_the_open_allocations_of_a_location_are_listed_page_by_page(self, shop: Shop) -> None:
        ids = [(await order(shop, f"A-{number}", 1))["id"] for number in range(5)]
        await shop.do("POST", f"/orders/{ids[0]}/cancel", {})
        found, query = [], {"location": "W1", "limit": "3"}
        while True:
            page = await shop.do("GET", "/allocations", params=query)
            found += [(each["order_id"], each["order_number"]) for each in page["items"]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert found == [(ids[number], f"A-{number}") for number in (4, 3, 2, 1)]

    async def test_a_wrong_limit_is_refused(self, shop: Shop) -> None:
        made = await order(shop)
        assert parameters(await shop.call("GET", f"/orders/{made['id']}/allocations?limit=0&x=1")) == ["x", "limit"]


class TestSettings:
    async def test_settings_come_back_as_they_were_sent(self, shop: Shop) -> None:
        fresh = await shop.call("GET", "/allocation-settings")
        assert "etag" not in fresh.headers
        settings = {
            "mode": "schedule", "every_minutes": 5, "backorder": False, "max_attempts": 3, "consent_days": [3, 9],
            "max_wait_days": 20,
            "rule_sets": [
                {"name": "express", "doors": ["hub"], "tags": ["vip"], "countries": ["CA"],
                 "filters": [{"kind": "distance", "values": [], "most": 100},
                             {"kind": "country", "values": ["CA"], "most": None}],
                 "scores": [{"kind": "cost", "weight": 3}], "split": False, "split_from": "100.50"},
            ],
        }  # fmt: skip
        answer = await shop.call("PUT", "/allocation-settings", settings)
        assert (answer.json(), answer.headers["etag"]) == (settings, '"1"')
        assert await shop.do("GET", "/allocation-settings") == settings
        stale = await shop.call("PUT", "/allocation-settings", {}, named={"If_Match": '"7"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
        assert await shop.do("PUT", "/allocation-settings", {}, named={"If_Match": '"1"'}) == fresh.json()

    async def test_all_faults_are_named_at_once(self, shop: Shop) -> None:
        settings = {
            "mode": "later", "every_minutes": 0, "consent_days": [9, 3], "max_wait_days": 9, "color": 1,
            "rule_sets": [
                {"name": "a", "doors": ["nowhere"], "countries": ["ZZ"], "scores": [], "split_from": "-1",
                 "filters": [{"kind": "distance"}, {"kind": "location_type"}, {"kind": "country", "values": ["ZZ"]}]},
                {"name": "a", "scores": [{"kind": "luck"}, {"kind": "cost", "weight": 0}]},
            ],
        }  # fmt: skip
        assert set(pointers(await shop.call("PUT", "/allocation-settings", settings))) == {
            "/mode", "/every_minutes", "/consent_days/1", "/max_wait_days", "/color", "/rule_sets/0/doors/0",
            "/rule_sets/0/countries/0", "/rule_sets/0/scores", "/rule_sets/0/split_from", "/rule_sets/0/filters/0/most",
            "/rule_sets/0/filters/1/values", "/rule_sets/0/filters/2/values/0", "/rule_sets/1/name",
            "/rule_sets/1/scores/0/kind", "/rule_sets/1/scores/1/weight",
        }  # fmt: skip

    async def test_a_location_cannot_be_allowed_and_excluded(self, shop: Shop) -> None:
        made = await shop.do("POST", "/orders", {"number": "1", "lines": [{"sku": "MUG", "quantity": 1}]})
        choice = {"only": ["W1", "W2"], "excluded": ["W3", "W2"]}
        for path, more in (
            (f"/orders/{made['id']}/allocate", {}), (f"/orders/{made['id']}/reallocate", {}),
            ("/orders/allocate", {"ids": [made["id"]]}),
        ):  # fmt: skip
            assert pointers(await shop.call("POST", path, choice | more)) == ["/excluded/1"], path

    async def test_members_of_a_filter_belong_to_its_kind(self, shop: Shop) -> None:
        filters = [
            {"kind": "country", "values": ["CA"], "most": 3}, {"kind": "in_stock", "values": ["CA"]},
            {"kind": "distance", "values": ["CA"]}, {"kind": "capacity", "most": 3},
            {"kind": "capacity", "values": [], "most": None},
        ]  # fmt: skip
        answer = await shop.call("PUT", "/allocation-settings", {"rule_sets": [{"name": "a", "filters": filters}]})
        path = "/rule_sets/0/filters"
        named = ["0/most", "1/values", "2/values", "2/most", "3/most"]
        assert pointers(answer) == [f"{path}/{each}" for each in named]

    async def test_only_an_administrator_changes_them(self, world: World) -> None:
        shop = Shop(world, await world.bearer(scope="orders:read orders:write"))
        assert (await shop.call("PUT", "/allocation-settings", {})).json()["code"] == "no_scope"
        assert (await shop.call("GET", "/allocation-settings")).status_code == 200

    async def test_rules_are_tried_on_the_last_decisions_and_change_nothing(self, shop: Shop) -> None:
        made = await order(shop)
        await order(shop, "A-2", 7)
        rules = [{"name": "cheap", "scores": [{"kind": "cost"}], "filters": [{"kind": "in_stock"}], "split": False}]
        assert await shop.do("POST", "/allocation-settings/try") == {"decisions": 2, "differences": []}
        await shop.do("PATCH", "/locations/W1", {"cost": 9})
        tried = await shop.do("POST", "/allocation-settings/try", {"rule_sets": rules, "limit": 1})
        assert tried["decisions"] == 1
        (difference,) = tried["differences"]
        assert (difference["order_number"], difference["rules_before"], difference["rules_after"]) == (
            "A-2",
            "default",
            "cheap",
        )
        assert difference["difference"] == "MUG (line 0): none instead of 2 from W1 and 5 from W2"
        assert await shop.do("GET", f"/orders/{made['id']}") == made
        assert (await shop.do("GET", "/allocation-settings"))["rule_sets"] == []

"""Fulfillments through the hub: created, picked, packed, shipped, tracked; guarded, tried, done once, refused."""

from typing import Any

import pytest

from crossdock.core.orders.shipping import DEFAULT_LOCATION
from tests.doors.hub.conftest import parameters, pointers
from tests.doors.hub.test_stock import Shop, item
from tests.world import World

Headers = dict[str, str]
Tree = Any
NOBODY = "0" * 13


@pytest.fixture
async def shop(world: World, headers: Headers) -> Shop:
    shop = Shop(world, headers)
    for code, priority in (("W1", 50), ("W2", 40)):
        await shop.do("PUT", f"/locations/{code}", {"code": code, "priority": priority})
    await shop.stock("count", item(quantity=5), item(location="W2", quantity=5))
    return shop


def units(quantity: int, line: int = 0) -> Tree:
    return [{"line": line, "quantity": quantity}]


async def order(shop: Shop, number: str = "F-1", quantity: int = 3, sku: str = "MUG") -> str:
    lines = [{"sku": sku, "quantity": quantity, "unit_price": "5.00"}]
    return (await shop.do("POST", "/orders", {"number": number, "currency": "USD", "lines": lines}))["id"]  # type: ignore[no-any-return]


async def fulfillment(shop: Shop, number: str = "F-1", quantity: int = 3, **more: Any) -> str:
    body = {"order_id": await order(shop, number, quantity), "location": "W1"} | more
    return f"/fulfillments/{(await shop.do('POST', '/fulfillments', body))['fulfillment']['id']}"


def names(answer: Tree) -> list[str]:
    return [event["name"] for event in answer["events"]]


class TestRead:
    async def test_an_order_has_the_members_only_where_there_are_any(self, shop: Shop) -> None:
        order_id = await order(shop)
        made = await shop.do("GET", f"/orders/{order_id}")
        assert {"fulfillments", "returns", "payments", "refunds"} & set(made) == set()
        shipped = (await shop.do("POST", f"/orders/{order_id}/ship", {}))["order"]
        await shop.do("POST", f"/orders/{order_id}/returns", {"lines": units(1)})
        await shop.do("POST", f"/orders/{order_id}/payments", {"reference": "p", "captured": "15.00"})
        await shop.do("POST", f"/orders/{order_id}/refund", {"amount": "1.00"})
        found = await shop.do("GET", f"/orders/{order_id}")
        assert found["fulfillments"] == shipped["fulfillments"]
        assert [len(found[name]) for name in ("returns", "payments", "refunds")] == [1, 1, 1]
        assert (await shop.do("GET", "/orders"))["items"] == [found]

    async def test_a_fulfillment_is_read_with_its_order(self, shop: Shop) -> None:
        path = await fulfillment(shop, reference="PICK-1")
        answer = await shop.call("GET", path)
        found = answer.json()
        assert (found["order_number"], found["reference"], found["status"]) == ("F-1", "PICK-1", "open")
        assert answer.headers["etag"] == f'"{found["version"]}"'
        picked = await shop.call("POST", f"{path}/pick", named={"If-Match": answer.headers["etag"]})
        assert picked.json()["fulfillment"] == {
            name: value | {} if isinstance(value, dict) else value
            for name, value in (await shop.do("GET", path)).items()
            if name not in ("order_id", "order_number", "version")
        }

    async def test_the_list_is_filtered_and_read_page_by_page(self, shop: Shop) -> None:
        paths = [await fulfillment(shop, f"F-{place}", 1) for place in range(3)]
        await shop.do("POST", f"{paths[0]}/ship")
        ids = [path.rpartition("/")[2] for path in paths]
        first = await shop.do("GET", "/fulfillments?limit=2")
        rest = await shop.do("GET", f"/fulfillments?limit=2&cursor={first['next']}")
        assert [each["id"] for each in (*first["items"], *rest["items"])] == ids[::-1]
        assert rest["next"] is None
        shipped = await shop.do("GET", "/fulfillments?status=shipped&location=W1")
        assert [each["id"] for each in shipped["items"]] == ids[:1]
        assert (await shop.do("GET", "/fulfillments?location=W2"))["items"] == []
        wrong = await shop.call("GET", f"/fulfillments?status=lost&limit=0&cursor={first['next']}&x=1")
        assert parameters(wrong) == ["x", "status", "limit", "cursor"]


class TestVerbs:
    async def test_what_is_short_leaves_the_fulfillment_and_comes_from_elsewhere(self, shop: Shop) -> None:
        path = await fulfillment(shop, quantity=3)
        picked = await shop.do("POST", f"{path}/pick", {"short": units(1)})
        assert names(picked) == ["order.picked", "order.deallocated", "order.allocated"]
        assert picked["fulfillment"]["lines"] == [
            {"line": 0, "quantity": 3, "open": 2, "picked": 2, "shipped": 0, "canceled": 1}
        ]
        assert (await shop.level("MUG", "W1"))["on_hand"] == 4
        assert (await shop.level("MUG", "W2"))["allocated"] == 1

    async def test_what_is_short_leaves_it_also_where_more_is_allocated_there(self, shop: Shop) -> None:
        order_id = await order(shop, quantity=4)
        body = {"order_id": order_id, "location": "W1", "lines": units(3)}
        path = f"/fulfillments/{(await shop.do('POST', '/fulfillments', body))['fulfillment']['id']}"
        picked = await shop.do("POST", f"{path}/pick", {"lines": units(2), "short": units(1)})
        assert (picked["fulfillment"]["status"], picked["fulfillment"]["lines"][0]["open"]) == ("picked", 2)

    async def test_units_are_packed_and_shipped_in_parcels(self, shop: Shop) -> None:
        path = await fulfillment(shop)
        size = {"length": "10", "width": "10", "height": "5.5", "unit": "CM"}
        boxes = [
            {"lines": units(1), "weight": {"value": "0.4", "unit": "KG"}, "size": size, "carrier": "DHL"},
            {"lines": units(2)},
        ]
        packed = (await shop.do("POST", f"{path}/pack", {"packages": boxes}))["fulfillment"]
        assert (packed["status"], packed["packages"][0]["size"]) == ("packed", size)
        sent = await shop.do(
            "POST", f"{path}/ship", {"carrier": "UPS", "tracking_number": "1Z", "shipped_at": "2026-02-01T08:00:00Z"}
        )
        assert names(sent) == ["order.shipped", "order.invoiced"]
        found = sent["fulfillment"]
        assert (found["status"], found["shipped_at"]) == ("shipped", "2026-02-01T08:00:00.000000Z")
        assert [each["carrier"] for each in found["packages"]] == ["DHL", "UPS"]
        assert {each["shipped_at"] for each in found["packages"]} == {"2026-02-01T08:00:00.000000Z"}
        assert {each["shipped_at"] for each in packed["packages"]} == {None}
        assert (await shop.level("MUG", "W1"))["on_hand"] == 2

    async def test_a_part_is_shipped_and_the_rest_moved_split_merged_and_canceled(self, shop: Shop) -> None:
        path = await fulfillment(shop)
        part = await shop.do("POST", f"{path}/ship", {"lines": units(1)})
        assert part["fulfillment"]["status"] == "partially_shipped"
        moved = (await shop.do("POST", f"{path}/move", {"location": "W2"}))["fulfillment"]
        assert (moved["location"], moved["lines"][0]["open"]) == ("W2", 2)
        there = f"/fulfillments/{moved['id']}"
        split = await shop.do("POST", f"{there}/split", {"lines": units(1)})
        other = split["order"]["fulfillments"][-1]["id"]
        assert split["fulfillment"]["lines"][0]["quantity"] == 1
        merged = await shop.do("POST", f"{there}/merge", {"other_id": other})
        assert merged["fulfillment"]["lines"][0]["open"] == 2
        assert (await shop.do("GET", f"/fulfillments/{other}"))["status"] == "canceled"
        await shop.do("POST", f"{there}/cancel", {"keep": True})
        assert (await shop.level("MUG", "W2"))["allocated"] == 2

    async def test_a_pickup_is_made_ready_and_handed_over(self, shop: Shop) -> None:
        path = await fulfillment(shop, kind="pickup")
        ready = await shop.do("POST", f"{path}/ready", {"pickup_by": "2099-01-01T00:00:00Z"})
        assert ready["fulfillment"]["status"] == "ready_for_pickup"
        handed = await shop.do("POST", f"{path}/ship")
        assert (handed["fulfillment"]["status"], handed["order"]["status"]) == ("delivered", "delivered")

    async def test_a_package_is_shipped_once_more(self, shop: Shop) -> None:
        path = await fulfillment(shop)
        package = (await shop.do("POST", f"{path}/ship"))["fulfillment"]["packages"][0]
        again = await shop.do("POST", f"/packages/{package['id']}/reship", {"lines": units(1), "tracking_number": "2Z"})
        assert (again["fulfillment"]["kind"], again["fulfillment"]["reships"]) == ("reship", package["id"])
        assert (await shop.level("MUG", "W1"))["on_hand"] == 1

    async def test_a_change_is_tried_guarded_and_done_once(self, shop: Shop) -> None:
        path = await fulfillment(shop)
        before = await shop.do("GET", path)
        for verb, body in (
            ("pick", {}), ("pack", {"packages": [{"lines": units(1)}]}), ("ship", {}), ("cancel", {}),
            ("move", {"location": "W2"}), ("split", {"lines": units(1)}),
        ):  # fmt: skip
            tried = await shop.call("POST", f"{path}/{verb}?dry_run=true", body)
            assert (tried.status_code, tried.headers["dry-run"], "etag" in tried.headers) == (200, "true", False), verb
            stale = await shop.call("POST", f"{path}/{verb}", body, named={"If-Match": '"99", "98"'})
            assert (stale.status_code, stale.json()["code"]) == (412, "stale_version"), verb
        assert await shop.do("GET", path) == before
        named = {"Idempotency-Key": "k-1"}
        first = await shop.call("POST", f"{path}/ship", {}, named=named)
        again = await shop.call("POST", f"{path}/ship", {}, named=named)
        assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
        assert len(again.json()["order"]["fulfillments"][0]["packages"]) == 1

    async def test_a_fulfillment_is_created_once_under_a_key(self, shop: Shop) -> None:
        body = {"order_id": await order(shop), "location": "W1"}
        tried = await shop.call("POST", "/fulfillments?dry_run=true", body)
        assert (tried.status_code, "location" in tried.headers) == (201, False)
        answers = [await shop.call("POST", "/fulfillments", body, named={"Idempotency-Key": "k"}) for _ in range(2)]
        assert [each.status_code for each in answers] == [201, 201]
        assert answers[0].content == answers[1].content
        assert {each.headers["location"] for each in answers} == {
            f"/hub/v1/fulfillments/{answers[0].json()['fulfillment']['id']}"
        }


class TestShipOrder:
    async def test_an_order_without_stock_is_shipped_by_hand(self, shop: Shop) -> None:
        order_id = await order(shop, sku="HAND-MADE")
        sent = await shop.do("POST", f"/orders/{order_id}/ship", {"carrier": "Bicycle", "reference": "R-1"})
        assert names(sent) == ["order.allocated", "order.fulfillment_created", "order.shipped", "order.invoiced"]
        (made,) = sent["order"]["fulfillments"]
        assert (made["location"], made["reference"], made["packages"][0]["carrier"]) == (
            DEFAULT_LOCATION, "R-1", "Bicycle",
        )  # fmt: skip
        assert sent["order"]["status"] == "shipped"

    async def test_it_ships_the_fulfillment_that_there_is(self, shop: Shop) -> None:
        path = await fulfillment(shop)
        order_id = (await shop.do("GET", path))["order_id"]
        sent = await shop.do("POST", f"/orders/{order_id}/ship", {"packages": [{"lines": units(2)}]})
        assert names(sent) == ["order.shipped", "order.invoiced"]
        rest = await shop.do("POST", f"/orders/{order_id}/ship")
        assert (len(rest["order"]["fulfillments"]), rest["order"]["status"]) == (1, "shipped")

    async def test_an_order_of_several_locations_needs_one_to_be_named(self, shop: Shop) -> None:
        order_id = await order(shop, quantity=8)
        refused = await shop.call("POST", f"/orders/{order_id}/ship", {})
        assert pointers(refused) == ["/location"]
        assert "one of W1, W2" in refused.json()["errors"][0]["detail"]
        for code in ("W1", "W2"):
            sent = await shop.do("POST", f"/orders/{order_id}/ship", {"location": code})
        assert sent["order"]["status"] == "shipped"

    async def test_a_dry_run_shows_the_invoice_and_stores_none(self, shop: Shop) -> None:
        order_id = await order(shop)
        tried = await shop.do("POST", f"/orders/{order_id}/ship?dry_run=true")
        assert tried["events"][-1]["data"]["invoice_number"].endswith("-000001")
        assert (await shop.do("GET", "/invoices"))["items"] == []
        done = await shop.do("POST", f"/orders/{order_id}/ship")
        assert done["events"][-1]["data"]["invoice_number"].endswith("-000001")

    async def test_a_held_order_is_not_shipped(self, shop: Shop) -> None:
        order_id = await order(shop)
        await shop.do("POST", f"/orders/{order_id}/hold", {"holds": [{"reason": "fraud"}]})
        refused = await shop.call("POST", f"/orders/{order_id}/ship")
        assert (refused.status_code, refused.json()["code"]) == (409, "state_forbids")


class TestFaults:
    async def test_all_faults_are_named_by_their_paths(self, shop: Shop) -> None:
        path = await fulfillment(shop)
        order_id = (await shop.do("GET", path))["order_id"]
        twice = [*units(1), *units(1)]
        for where, body, named in (
            ("/fulfillments", {"location": "", "lines": twice, "kind": "reship", "x": 1},
             ["/kind", "/lines/1/line", "/location", "/order_id", "/x"]),
            ("/fulfillments", {"order_id": order_id, "location": "W9"}, ["/location"]),
            ("/fulfillments", {"order_id": order_id, "location": "W1", "lines": units(1, 7)}, ["/lines/0/line"]),
            (f"{path}/pick", {"lines": units(1, 7), "short": twice}, ["/short/1/line"]),
            (f"{path}/pick", {"lines": units(1, 7)}, ["/lines/0/line"]),
            (f"{path}/pick", {"short": units(9)}, ["/short/0/quantity"]),
            (f"{path}/pick", {"lines": units(3), "short": units(1)}, ["/lines/0/quantity"]),
            (f"{path}/pack", {"packages": [{"lines": twice, "weight": {"value": "-1"}}]},
             ["/packages/0/lines/1/line", "/packages/0/weight/unit", "/packages/0/weight/value"]),
            (f"{path}/pack", {"packages": [{"lines": units(2)}, {"lines": [*units(2), *units(1, 5)]}]},
             ["/packages/1/lines/0/quantity", "/packages/1/lines/1/line"]),
            (f"{path}/ship", {"lines": [*units(1, 5), *units(9)]}, ["/lines/0/line", "/lines/1/quantity"]),
            (f"{path}/ship", {"lines": twice, "packages": [], "tracking_url": "javascript:alert(1)"},
             ["/lines", "/lines/1/line", "/packages", "/tracking_url"]),
            (f"{path}/split", {"lines": units(3)}, ["/lines"]),
            (f"{path}/merge", {}, ["/other_id"]),
            (f"{path}/move", {"location": "W9"}, ["/location"]),
            (f"{path}/ready", {"pickup_by": "soon"}, ["/pickup_by"]),
            (f"{path}/cancel", {"keep": 1}, ["/keep"]),
            (f"/orders/{order_id}/ship", {"lines": units(9)}, ["/lines/0/quantity"]),
            (f"/orders/{order_id}/ship", {"packages": [{"lines": units(2)}, {"lines": units(2)}]},
             ["/packages/1/lines/0/quantity"]),
            ("/fulfillments/ship", {"items": [{"id": "x", "lines": twice}]},
             ["/items/0/id", "/items/0/lines/1/line"]),
            ("/tracking", {"status": "lost", "at": "now"}, ["", "/at"]),
            ("/tracking", {"items": [{"status": "lost"}, {"package_id": NOBODY, "tracking_number": "1", "status": "x"}]},
             ["/items/0", "/items/1/status", "/items/1/tracking_number"]),
        ):  # fmt: skip
            answer = await shop.call("POST", where, body)
            assert answer.status_code == 422, (where, answer.text)
            assert sorted(pointers(answer)) == named, (where, body)

    async def test_a_refusal_about_a_fulfillment_does_not_say_what_its_order_allows(self, shop: Shop) -> None:
        path = await fulfillment(shop)
        refused = await shop.call("POST", f"{path}/ready")
        assert (refused.status_code, "allowed" in refused.json()) == (409, False)

    async def test_a_location_that_has_not_enough_is_a_conflict(self, shop: Shop) -> None:
        body = {"order_id": await order(shop), "location": "W2", "lines": units(3)}
        refused = await shop.call("POST", "/fulfillments", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "state_forbids")
        assert "3 of line 0" in refused.json()["detail"]

    async def test_what_is_not_there_or_anothers_is_404(self, world: World, shop: Shop) -> None:
        path = await fulfillment(shop)
        strange = Shop(world, await world.stranger())
        for caller, where in ((strange, path), (shop, f"/fulfillments/{NOBODY}"), (shop, "/fulfillments/x")):
            for verb in ("pick", "ship", "cancel", "ready"):
                answer = await caller.call("POST", f"{where}/{verb}", {})
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert (await caller.call("GET", where)).status_code == 404
        assert (await strange.do("GET", "/fulfillments"))["items"] == []


class TestBulk:
    async def test_fulfillments_are_shipped_each_for_itself(self, shop: Shop) -> None:
        one, other = [(await fulfillment(shop, f"F-{place}", 2)).rpartition("/")[2] for place in range(2)]
        body = {"items": [{"id": one}, {"id": NOBODY}, {"id": other, "lines": units(9)}, {"id": one}]}
        tried = await shop.do("POST", "/fulfillments/ship?dry_run=true", body)
        assert [each["code"] for each in tried["items"]] == [None, "not_found", "invalid", None]
        done = await shop.do("POST", "/fulfillments/ship", body)
        assert [each["code"] for each in done["items"]] == [None, "not_found", "invalid", "state_forbids"]
        assert [each["status"] for each in done["items"]] == ["shipped", None, None, None]
        assert "at most 2" in done["items"][2]["detail"]

    async def test_reports_are_recorded_each_for_itself_in_any_order(self, shop: Shop) -> None:
        path = await fulfillment(shop)
        sent = await shop.do("POST", f"{path}/ship", {"tracking_number": "1Z"})
        package = sent["fulfillment"]["packages"][0]["id"]
        reports = [
            {"tracking_number": "1Z", "status": "delivered", "at": "2026-02-02T08:00:00Z"},
            {"package_id": package, "status": "in_transit", "at": "2026-02-01T08:00:00Z", "place": "Portland"},
            {"tracking_number": "UNKNOWN", "status": "lost"},
            {"tracking_number": "1Z", "status": "delivered", "at": "2026-02-02T08:00:00Z"},
        ]
        tried = await shop.do("POST", "/tracking?dry_run=true", {"items": reports[:1]})
        assert names(tried["items"][0]) == ["order.tracked", "order.delivered"]
        done = (await shop.do("POST", "/tracking", {"items": reports}))["items"]
        assert [names(each) for each in done] == [["order.tracked", "order.delivered"], [], [], []]
        assert [each["code"] for each in done] == [None, None, "not_found", None]
        (box,) = (await shop.do("GET", path))["packages"]
        assert (box["status"], box["reported_at"]) == ("delivered", "2026-02-02T08:00:00.000000Z")

    async def test_a_package_without_a_number_is_found_by_its_id(self, shop: Shop) -> None:
        sent = await shop.do("POST", f"{await fulfillment(shop)}/ship")
        package = sent["fulfillment"]["packages"][0]["id"]
        (done,) = (await shop.do("POST", "/tracking", {"package_id": package, "status": "delivered"}))["items"]
        assert (done["id"], done["status"]) == (package, "delivered")

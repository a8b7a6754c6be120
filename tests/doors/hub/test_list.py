"""Lists: every filter, pages that follow one another, and the parameters that are refused."""

import json
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from crossdock.store.order_query import planner, word_search
from tests.doors.hub.conftest import LINE, ORDERS, create, one_of_each, parameters, smallest
from tests.vendors import VENDORS
from tests.world import World

Headers = dict[str, str]


async def numbers(world: World, headers: Headers, **query: Any) -> list[str]:
    """Return the numbers a list answers with."""
    answer = await world.http.get(ORDERS, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [order["number"] for order in answer.json()["items"]]


async def three(world: World, headers: Headers) -> list[dict[str, Any]]:
    """Create three orders that differ in all that can be filtered."""
    return [
        await create(
            world, headers,
            smallest(
                name, lines=[LINE | {"sku": f"SKU-{name}"}, LINE | {"sku": "SHARED"}],
                customer={"email": f"Jane.{name}@Example.com"}, destinations=[{"location_ref": f"WH-{name}"}],
            ),
        )
        for name in "ABC"
    ]  # fmt: skip


class TestPageBytes:
    @pytest.mark.parametrize("query", [{}, {"q": "SHARED"}])
    async def test_a_page_of_the_list_ends_at_the_limit_of_bytes(
        self, world: World, headers: Headers, monkeypatch: pytest.MonkeyPatch, query: dict[str, Any]
    ) -> None:
        made = await three(world, headers)
        await create(world, headers, smallest("LARGE", notes="x" * 5_000, lines=[LINE | {"sku": "SHARED"}]))
        monkeypatch.setattr(
            world.context, "settings", msgspec.structs.replace(world.context.settings, page_bytes=4_000)
        )
        for _ in range(2):  # the second time documents come from the cache, where there are any
            seen, cursor = [], None
            while True:
                more = {} if cursor is None else {"cursor": cursor}
                answer = await world.http.get(ORDERS, params=query | more, headers=headers)
                assert len(answer.content) < 10_000
                seen.append([order["number"] for order in answer.json()["items"]])
                cursor = answer.json()["next"]
                if cursor is None:
                    break
            assert [number for some in seen for number in some] == ["LARGE", "C", "B", "A"]
            assert seen[0] == ["LARGE"]
            assert all(seen)
        assert len(made) == 3

    async def test_a_page_of_large_orders_is_built_within_bounds(self, world: World, headers: Headers) -> None:
        """Twenty orders of 0.9 MB do not fit on a page of 8 MiB."""
        for number in range(20):
            await create(world, headers, smallest(f"N-{number}", notes="x" * 900_000))
        answer = await world.http.get(ORDERS, headers=headers)
        assert len(answer.content) < 10_000_000
        assert answer.json()["next"] is not None


class TestBalanced:
    async def test_the_list_is_filtered_by_whether_totals_add_up(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        wrong = await create(world, headers, smallest("WRONG", totals={"items": "50.01"}))
        await create(world, headers, smallest("RIGHT", totals={"items": "50.00"}))
        assert await numbers(world, headers, balanced="false") == ["WRONG"]
        assert await numbers(world, headers, balanced="true") == ["RIGHT", "C", "B", "A"]
        assert await numbers(world, headers, balanced="false", q="SKU-1") == ["WRONG"]
        assert await numbers(world, headers, balanced="true", status="open", q="SKU-1") == ["RIGHT"]
        edit = await world.http.post(f"{ORDERS}/{wrong['id']}/edit", json={"totals": {"items": "50"}}, headers=headers)
        assert edit.status_code == 200
        assert await numbers(world, headers, balanced="false") == []
        assert parameters(await world.http.get(f"{ORDERS}?balanced=no", headers=headers)) == ["balanced"]


class TestList:
    async def test_the_list_has_whole_orders_newest_first(self, world: World, headers: Headers) -> None:
        made = await three(world, headers)
        answer = (await world.http.get(ORDERS, headers=headers)).json()
        assert answer == {"items": made[::-1], "next": None}

    async def test_the_list_is_filtered_by_door(self, world: World, headers: Headers) -> None:
        await one_of_each(world, headers)
        for door in VENDORS:
            assert await numbers(world, headers, door=door) == [f"ONE-{door}"]

    async def test_the_list_is_filtered_by_number_across_doors(self, world: World, headers: Headers) -> None:
        await one_of_each(world, headers)
        assert await numbers(world, headers, number="ONE-s2") == ["ONE-s2"]
        assert await numbers(world, headers, number="one-s2") == []

    async def test_the_list_is_filtered_by_status(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        held = VENDORS["fabric"].body("HELD") | {"statusCode": "ORDER_HOLD_FRAUD"}
        answer = await world.http.post(
            VENDORS["fabric"].create, json=held, headers=headers | VENDORS["fabric"].headers("")
        )
        assert answer.status_code == 200
        assert await numbers(world, headers, status="on_hold") == ["HELD"]
        assert await numbers(world, headers, status="open") == ["C", "B", "A"]
        assert await numbers(world, headers, status="shipped") == []

    async def test_a_range_of_times_includes_its_beginning_and_excludes_its_end(
        self, world: World, headers: Headers
    ) -> None:
        a, b, c = (order["created_at"] for order in await three(world, headers))
        assert len({a, b, c}) == 3
        assert await numbers(world, headers, created_from=b) == ["C", "B"]
        assert await numbers(world, headers, created_to=b) == ["A"]
        assert await numbers(world, headers, created_from=a, created_to=c) == ["B", "A"]
        assert await numbers(world, headers, created_from=b, created_to=b) == []

    @pytest.mark.parametrize("offset", ["+05:30", "-0800", "+00:00"])
    async def test_times_are_understood_in_any_zone(self, world: World, headers: Headers, offset: str) -> None:
        b = (await three(world, headers))[1]["created_at"]
        hours, minutes = int(offset[1:3]), int(offset[-2:])
        shift = timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1)
        local = (datetime.fromisoformat(b) + shift).strftime("%Y-%m-%dT%H:%M:%S.%f") + offset
        assert await numbers(world, headers, created_from=local) == ["C", "B"]
        assert await numbers(world, headers, created_to=local) == ["A"]

    @pytest.mark.parametrize(
        "time",
        ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59+14:00", "9999-12-31T23:59:59Z"],
    )
    async def test_times_at_the_ends_of_the_calendar_are_accepted(
        self, world: World, headers: Headers, time: str
    ) -> None:
        await create(world, headers, smallest("A"))
        is_past = time < "2000"
        assert await numbers(world, headers, created_from=time) == ["A"] * is_past
        assert await numbers(world, headers, created_to=time) == ["A"] * (not is_past)

    @pytest.mark.parametrize(
        "time",
        ["2026-01-30", "2026-01-30T10:53:24", "2026-02-30T10:53:24Z", "now", "", "2026-01-30T10:53:24+25:00",
         "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
    )  # fmt: skip
    async def test_a_faulty_time_is_refused(self, world: World, headers: Headers, time: str) -> None:
        answer = await world.http.get(ORDERS, params={"created_from": time, "created_to": time}, headers=headers)
        assert parameters(answer) == ["created_from", "created_to"]

    @pytest.mark.parametrize("email", ["jane.b@example.com", "JANE.B@EXAMPLE.COM", "Jane.B@Example.com"])
    async def test_the_list_is_filtered_by_email_in_any_case(self, world: World, headers: Headers, email: str) -> None:
        await three(world, headers)
        assert await numbers(world, headers, email=email) == ["B"]

    async def test_the_list_is_filtered_by_sku_or_location_of_any_line(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        assert await numbers(world, headers, sku="SKU-B") == ["B"]
        assert await numbers(world, headers, sku="SHARED") == ["C", "B", "A"]
        assert await numbers(world, headers, sku="SKU-") == []
        assert await numbers(world, headers, location="WH-A") == ["A"]
        assert await numbers(world, headers, location="") == []

    async def test_several_filters_must_all_match(self, world: World, headers: Headers) -> None:
        _, b, _ = await three(world, headers)
        both = {"sku": "SHARED", "door": "hub", "status": "open", "created_from": b["created_at"]}
        assert await numbers(world, headers, **both) == ["C", "B"]
        assert await numbers(world, headers, **both, location="WH-B", email="jane.b@example.com", number="B") == ["B"]
        assert await numbers(world, headers, **both, location="WH-A") == []


class TestPages:
    @pytest.mark.parametrize("limit", ["1", "200"])
    async def test_every_allowed_limit_is_accepted(self, world: World, headers: Headers, limit: str) -> None:
        await three(world, headers)
        assert await numbers(world, headers, limit=limit) == ["C", "B", "A"][: int(limit)]

    @pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "", "ten", "٣", "99999999999999999999"])
    async def test_every_other_limit_is_refused(self, world: World, headers: Headers, limit: str) -> None:
        assert parameters(await world.http.get(ORDERS, params={"limit": limit}, headers=headers)) == ["limit"]

    async def test_following_the_pages_reads_every_order_once_while_new_ones_arrive(
        self, world: World, headers: Headers
    ) -> None:
        for place in range(11):
            await create(world, headers, smallest(f"W-{place}"))
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await world.http.get(ORDERS, params={"limit": "3"} | cursor, headers=headers)).json()
            seen += [order["number"] for order in page["items"]]
            await create(world, headers, smallest(f"LATE-{len(seen)}"))
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert seen == [f"W-{place}" for place in range(10, -1, -1)]

    async def test_a_full_last_page_has_no_next_page(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        answer = await world.http.get(ORDERS, params={"limit": "3"}, headers=headers)
        assert (answer.json()["next"], "link" in answer.headers) == (None, False)

    async def test_a_page_links_to_the_next_with_its_filters(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        answer = await world.http.get(ORDERS, params={"limit": "2", "sku": "SHARED", "door": "hub"}, headers=headers)
        link = re.fullmatch('<(.+)>; rel="next"', answer.headers["link"])
        assert link is not None
        following = await world.http.get(link[1], headers=headers)
        assert [order["number"] for order in following.json()["items"]] == ["A"]
        assert "link" not in following.headers

    async def test_a_cursor_of_other_filters_is_refused(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        first = await world.http.get(ORDERS, params={"limit": "1", "sku": "SHARED"}, headers=headers)
        cursor = first.json()["next"]
        assert await numbers(world, headers, sku="SHARED", cursor=cursor, limit=2) == ["B", "A"]
        for query in ({}, {"sku": "SKU-A"}, {"sku": "SHARED", "door": "hub"}):
            answer = await world.http.get(ORDERS, params=query | {"cursor": cursor}, headers=headers)
            assert parameters(answer) == ["cursor"]

    @pytest.mark.parametrize("cursor", ["", "x", "0" * 40, "nonsense12345678", "🎁"])
    async def test_an_invented_cursor_is_refused(self, world: World, headers: Headers, cursor: str) -> None:
        assert parameters(await world.http.get(ORDERS, params={"cursor": cursor}, headers=headers)) == ["cursor"]


class TestParameters:
    async def test_unknown_parameters_are_refused(self, world: World, headers: Headers) -> None:
        answer = await world.http.get(ORDERS, params={"skus": "A", "page": "2", "sku": "A"}, headers=headers)
        assert parameters(answer) == ["skus", "page"]

    async def test_all_faulty_parameters_are_named(self, world: World, headers: Headers) -> None:
        query = {"limit": "0", "status": "OPEN", "door": "x", "created_from": "y", "cursor": "z"}
        answer = await world.http.get(ORDERS, params=query, headers=headers)
        assert sorted(parameters(answer)) == sorted(query)


async def marked(world: World, headers: Headers) -> list[dict[str, Any]]:
    """Create the three orders, tag A and B, archive B and C, hold C."""
    made = await three(world, headers)
    for place, verb, body in (
        (0, "tag", {"add": ["vip"]}), (1, "tag", {"add": ["vip", "late"]}), (1, "archive", {}), (2, "archive", {}),
        (2, "hold", {"holds": [{"reason": "x"}]}),
    ):  # fmt: skip
        answer = await world.http.post(f"{ORDERS}/{made[place]['id']}/{verb}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        made[place] = answer.json()["order"]
    return made


class TestMarks:
    async def test_tags_and_archiving_combine_with_every_other_filter(self, world: World, headers: Headers) -> None:
        a, b, c = await marked(world, headers)
        assert await numbers(world, headers, tag="vip") == ["B", "A"]
        assert await numbers(world, headers, tag="VIP") == []
        assert await numbers(world, headers, archived="true") == ["C", "B"]
        assert await numbers(world, headers, archived="false") == ["A"]
        assert await numbers(world, headers, tag="vip", archived="true", sku="SHARED", status="open") == ["B"]
        assert await numbers(world, headers, archived="true", status="on_hold", location="WH-C") == ["C"]
        assert await numbers(world, headers, updated_from=c["updated_at"]) == ["C"]
        assert await numbers(world, headers, updated_to=b["updated_at"]) == ["A"]
        assert await numbers(world, headers, updated_from=a["updated_at"], tag="vip", door="hub") == ["B", "A"]

    @pytest.mark.parametrize("value", ["", "1", "True", "yes"])
    async def test_a_flag_that_is_neither_true_nor_false_is_refused(
        self, world: World, headers: Headers, value: str
    ) -> None:
        assert parameters(await world.http.get(ORDERS, params={"archived": value}, headers=headers)) == ["archived"]


class TestSearch:
    @pytest.mark.parametrize(
        "text",
        ["R-7", "r-7", "PO-9", "Müller", "jane MÜLLER", "Jane.M@Example.com", "SKU-X", "TRACK-1", "C-77", "  R-7  müller ",
         "Doe"],
    )  # fmt: skip
    async def test_a_search_finds_an_order_by_any_of_its_words(self, world: World, headers: Headers, text: str) -> None:
        await three(world, headers)
        await create(
            world, headers,
            smallest(
                "R-7", lines=[LINE | {"sku": "SKU-X"}], shipping={"tracking_number": "TRACK-1"},
                references=[{"name": "po", "value": "PO-9"}],
                customer={"customer_ref": "C-77", "name": "Jane Müller", "email": "jane.m@example.com"},
                destinations=[{"address": {"name": "Bob Doe"}}],
            ),
        )  # fmt: skip
        assert await numbers(world, headers, q=text) == ["R-7"]
        assert await numbers(world, headers, q=text, door="s2") == []

    async def test_a_search_needs_all_words_and_all_filters(self, world: World, headers: Headers) -> None:
        _, b, _ = await marked(world, headers)
        assert await numbers(world, headers, q="SHARED") == ["C", "B", "A"]
        assert await numbers(world, headers, q="SHARED SKU-B") == ["B"]
        assert await numbers(world, headers, q="SKU-A SKU-B") == []
        assert await numbers(world, headers, q="shared", archived="true", tag="vip") == ["B"]
        assert await numbers(world, headers, q="shared", created_from=b["created_at"], status="open") == ["B"]

    async def test_a_search_is_answered_in_pages(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        seen: list[str] = []
        query = {"q": "shared", "limit": "1"}
        while True:
            page = (await world.http.get(ORDERS, params=query, headers=headers)).json()
            seen += [order["number"] for order in page["items"]]
            await create(world, headers, smallest(f"LATE-{len(seen)}", lines=[LINE | {"sku": "SHARED"}]))
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert seen == ["C", "B", "A"]

    @pytest.mark.parametrize("text", ["", " ", "a b c d e f g h i", "x" * 201])
    async def test_a_search_without_words_or_with_too_many_is_refused(
        self, world: World, headers: Headers, text: str
    ) -> None:
        assert parameters(await world.http.get(ORDERS, params={"q": text}, headers=headers)) == ["q"]


class TestPagesThatEndEarly:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the book look through few rows at a time."""
        for module, name, value in (
            (planner, "MAX_ENTRIES_SCANNED", 3),
            (word_search, "IDS_A_ROUND", 2),
            (word_search, "MAX_ROUNDS", 1),
        ):
            monkeypatch.setattr(module, name, value)

    @pytest.mark.parametrize(
        "query",
        [
            {"q": "COMMON RARE"},
            {"q": "COMMON", "tag": "x"},
        ],
    )
    async def test_following_pages_that_end_early_finds_every_order(
        self, world: World, headers: Headers, query: dict[str, str]
    ) -> None:
        rare = {1, 2, 8, 13}
        for place in range(15):
            skus = ["COMMON", *(["RARE"] if place in rare else [])]
            made = await create(world, headers, smallest(f"N-{place}", lines=[LINE | {"sku": sku} for sku in skus]))
            if place in rare:
                await world.http.post(f"{ORDERS}/{made['id']}/tag", json={"add": ["x"]}, headers=headers)
                await world.http.post(f"{ORDERS}/{made['id']}/archive", headers=headers)
        seen: list[str] = []
        requested = 0
        cursor: dict[str, str] = {}
        while True:
            page = (await world.http.get(ORDERS, params=query | {"limit": "2"} | cursor, headers=headers)).json()
            seen += [order["number"] for order in page["items"]]
            requested += 1
            assert len(page["items"]) <= 2
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert seen == [f"N-{place}" for place in sorted(rare, reverse=True)]
        assert requested > 3
        exported = await world.http.get(f"{ORDERS}/export", params=query | {"format": "ndjson"}, headers=headers)
        assert [json.loads(line)["number"] for line in exported.text.splitlines()] == seen


class TestCounts:
    async def test_counts_are_given_by_status_and_by_door(self, world: World, headers: Headers) -> None:
        ids = await one_of_each(world, headers)
        await world.http.post(f"{ORDERS}/{ids['s2']}/cancel", json={}, headers=headers)
        await world.http.post(f"{ORDERS}/{ids['hub']}/hold", json={"holds": [{"reason": "x"}]}, headers=headers)
        await create(world, headers, smallest("MORE"))
        document = (await world.http.get(f"{ORDERS}/counts", headers=headers)).json()
        listed = (await world.http.get(ORDERS, headers=headers)).json()["items"]
        assert document["total"] == len(listed) == 6
        for status, number in document["status"].items():
            assert number == sum(order["status"] == status for order in listed), status
        assert document["door"] == {door: 2 if door == "hub" else 1 for door in VENDORS}
        assert {(each["door"], each["status"]): each["orders"] for each in document["items"]} == Counter(
            (order["source"]["door"], order["status"]) for order in listed
        )

    async def test_counts_are_of_the_callers_organization(self, world: World, headers: Headers) -> None:
        await create(world, headers, smallest())
        document = (await world.http.get(f"{ORDERS}/counts", headers=await world.stranger())).json()
        assert (document["total"], document["items"]) == (0, [])
        assert parameters(await world.http.get(f"{ORDERS}/counts?door=s2", headers=headers)) == ["door"]


class TestDoubles:
    async def test_a_parameter_given_twice_is_refused(self, world: World, headers: Headers) -> None:
        answer = await world.http.get(f"{ORDERS}?sku=A&sku=B&limit=1&limit=1", headers=headers)
        assert parameters(answer) == ["sku", "limit"]

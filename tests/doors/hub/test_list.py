"""Lists: every filter, pages that follow one another, and the parameters that are refused."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.doors.hub.conftest import LINE, ORDERS, create, one_of_each, parameters, smallest
from tests.vendors import VENDORS
from tests.world import World

Headers = dict[str, str]


async def numbers(world: World, headers: Headers, **query: Any) -> list[str]:
    """Give the numbers a list answers with."""
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


class TestList:
    async def test_is_newest_first_and_whole(self, world: World, headers: Headers) -> None:
        made = await three(world, headers)
        answer = (await world.http.get(ORDERS, headers=headers)).json()
        assert answer == {"items": made[::-1], "next": None}

    async def test_by_door(self, world: World, headers: Headers) -> None:
        await one_of_each(world, headers)
        for door in VENDORS:
            assert await numbers(world, headers, door=door) == [f"ONE-{door}"]

    async def test_by_number_of_whatever_door(self, world: World, headers: Headers) -> None:
        await one_of_each(world, headers)
        assert await numbers(world, headers, number="ONE-s2") == ["ONE-s2"]
        assert await numbers(world, headers, number="one-s2") == []

    async def test_by_status(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        held = VENDORS["fabric"].body("HELD") | {"statusCode": "ORDER_HOLD_FRAUD"}
        answer = await world.http.post(
            VENDORS["fabric"].create, json=held, headers=headers | VENDORS["fabric"].headers("")
        )
        assert answer.status_code == 200
        assert await numbers(world, headers, status="on_hold") == ["HELD"]
        assert await numbers(world, headers, status="open") == ["C", "B", "A"]
        assert await numbers(world, headers, status="shipped") == []

    async def test_by_time_takes_its_beginning_and_not_its_end(self, world: World, headers: Headers) -> None:
        a, b, c = (order["created_at"] for order in await three(world, headers))
        assert len({a, b, c}) == 3
        assert await numbers(world, headers, created_from=b) == ["C", "B"]
        assert await numbers(world, headers, created_to=b) == ["A"]
        assert await numbers(world, headers, created_from=a, created_to=c) == ["B", "A"]
        assert await numbers(world, headers, created_from=b, created_to=b) == []

    @pytest.mark.parametrize("offset", ["+05:30", "-0800", "+00:00"])
    async def test_by_time_in_any_zone(self, world: World, headers: Headers, offset: str) -> None:
        b = (await three(world, headers))[1]["created_at"]
        hours, minutes = int(offset[1:3]), int(offset[-2:])
        shift = timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1)
        local = (datetime.fromisoformat(b) + shift).strftime("%Y-%m-%dT%H:%M:%S.%f") + offset
        assert await numbers(world, headers, created_from=local) == ["C", "B"]
        assert await numbers(world, headers, created_to=local) == ["A"]

    @pytest.mark.parametrize(
        "time",
        ["0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z"],
    )
    async def test_by_time_at_the_ends_of_the_calendar(self, world: World, headers: Headers, time: str) -> None:
        await create(world, headers, smallest("A"))
        is_past = time < "2000"
        assert await numbers(world, headers, created_from=time) == ["A"] * is_past
        assert await numbers(world, headers, created_to=time) == ["A"] * (not is_past)

    @pytest.mark.parametrize(
        "time", ["2026-01-30", "2026-01-30T10:53:24", "2026-02-30T10:53:24Z", "now", "", "2026-01-30T10:53:24+25:00"]
    )
    async def test_refuses_a_time_that_is_not_one(self, world: World, headers: Headers, time: str) -> None:
        answer = await world.http.get(ORDERS, params={"created_from": time, "created_to": time}, headers=headers)
        assert parameters(answer) == ["created_from", "created_to"]

    @pytest.mark.parametrize("email", ["jane.b@example.com", "JANE.B@EXAMPLE.COM", "Jane.B@Example.com"])
    async def test_by_email_in_any_case(self, world: World, headers: Headers, email: str) -> None:
        await three(world, headers)
        assert await numbers(world, headers, email=email) == ["B"]

    async def test_by_sku_or_location_of_any_line(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        assert await numbers(world, headers, sku="SKU-B") == ["B"]
        assert await numbers(world, headers, sku="SHARED") == ["C", "B", "A"]
        assert await numbers(world, headers, sku="SKU-") == []
        assert await numbers(world, headers, location="WH-A") == ["A"]
        assert await numbers(world, headers, location="") == []

    async def test_by_several_filters_wants_all_of_them(self, world: World, headers: Headers) -> None:
        _, b, _ = await three(world, headers)
        both = {"sku": "SHARED", "door": "hub", "status": "open", "created_from": b["created_at"]}
        assert await numbers(world, headers, **both) == ["C", "B"]
        assert await numbers(world, headers, **both, location="WH-B", email="jane.b@example.com", number="B") == ["B"]
        assert await numbers(world, headers, **both, location="WH-A") == []


class TestPages:
    @pytest.mark.parametrize("limit", ["1", "200"])
    async def test_take_every_limit_allowed(self, world: World, headers: Headers, limit: str) -> None:
        await three(world, headers)
        assert await numbers(world, headers, limit=limit) == ["C", "B", "A"][: int(limit)]

    @pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "", "ten", "٣", "99999999999999999999"])
    async def test_refuse_every_other_limit(self, world: World, headers: Headers, limit: str) -> None:
        assert parameters(await world.http.get(ORDERS, params={"limit": limit}, headers=headers)) == ["limit"]

    async def test_walk_every_order_once_while_new_ones_arrive(self, world: World, headers: Headers) -> None:
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

    async def test_end_exactly_with_the_last_order(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        answer = await world.http.get(ORDERS, params={"limit": "3"}, headers=headers)
        assert (answer.json()["next"], "link" in answer.headers) == (None, False)

    async def test_link_to_the_next_with_its_filters(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        answer = await world.http.get(ORDERS, params={"limit": "2", "sku": "SHARED", "door": "hub"}, headers=headers)
        link = re.fullmatch('<(.+)>; rel="next"', answer.headers["link"])
        assert link is not None
        following = await world.http.get(link[1], headers=headers)
        assert [order["number"] for order in following.json()["items"]] == ["A"]
        assert "link" not in following.headers

    async def test_refuse_a_cursor_of_other_filters(self, world: World, headers: Headers) -> None:
        await three(world, headers)
        first = await world.http.get(ORDERS, params={"limit": "1", "sku": "SHARED"}, headers=headers)
        cursor = first.json()["next"]
        assert await numbers(world, headers, sku="SHARED", cursor=cursor, limit=2) == ["B", "A"]
        for query in ({}, {"sku": "SKU-A"}, {"sku": "SHARED", "door": "hub"}):
            answer = await world.http.get(ORDERS, params=query | {"cursor": cursor}, headers=headers)
            assert parameters(answer) == ["cursor"]

    @pytest.mark.parametrize("cursor", ["", "x", "0" * 40, "nonsense12345678", "🎁"])
    async def test_refuse_a_cursor_they_did_not_give(self, world: World, headers: Headers, cursor: str) -> None:
        assert parameters(await world.http.get(ORDERS, params={"cursor": cursor}, headers=headers)) == ["cursor"]


class TestParameters:
    async def test_that_are_not_known_are_refused(self, world: World, headers: Headers) -> None:
        answer = await world.http.get(ORDERS, params={"skus": "A", "page": "2", "sku": "A"}, headers=headers)
        assert parameters(answer) == ["skus", "page"]

    async def test_with_faults_are_all_named(self, world: World, headers: Headers) -> None:
        query = {"limit": "0", "status": "OPEN", "door": "x", "created_from": "y", "cursor": "z"}
        answer = await world.http.get(ORDERS, params=query, headers=headers)
        assert sorted(parameters(answer)) == sorted(query)

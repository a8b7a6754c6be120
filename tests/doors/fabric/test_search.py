"""Searching orders: the filter language, how it is looked up, pages, sorting, and what is refused."""

import json
from typing import Any

import httpx
import pytest

from crossdock.core.orders.status import Status
from crossdock.core.time import format_time
from crossdock.doors.fabric.search import find_alternatives, find_order_ids
from crossdock.doors.fabric.search_filters import fits, moment
from crossdock.flows import access, order_search, queries
from crossdock.flows.access import Caller
from crossdock.store.order_query.query import Filters
from tests.doors.fabric.conftest import ORDERS, shirts, smallest
from tests.doors.fabric.golden import by_hub
from tests.vendors import VENDORS
from tests.world import World

QUERY = "/api/v2/order/query"


class TestLookUp:
    def test_filters_with_an_index_become_alternatives(self) -> None:
        assert find_alternatives({"orderNumber": ["1", "2", "1"]}) == ((Filters(number="1"), Filters(number="2")), True)
        assert find_alternatives({"items": {"sku": "A"}, "statusCode": "x"})[0] == (Filters(sku="A"),)
        assert find_alternatives({"customer": {"email": "A@b.c"}, "shipInfo": {"locationNum": "7"}})[0] == (
            Filters(email="A@b.c", location="7"),
        )
        assert find_order_ids({"orderId": "62272e917b12209e68751d94"}) == ()

    @pytest.mark.parametrize(
        ("filters", "is_exact"),
        [
            ({}, True),
            ({"orderNumber": "1"}, True),
            ({"orderNumber": "1*"}, False),
            ({"orderNumber": "1" * 201}, False),
            ({"items": {"sku": "A"}}, True),
            ({"items": {"sku": ["A", "B"]}}, False),
            ({"items": {"sku": "A", "title": "x"}}, False),
            ({"customer": {"email": "a"}}, False),
            ({"orderTotal": 1}, False),
            ({"createdAt": {"gte": "2026-01-30"}}, True),
            ({"createdAt": "2026-01-30"}, True),
            ({"createdAt": {"gte": 5}}, False),
            ({"statusCode": "ORDER_CREATED"}, False),
        ],
    )
    def test_alternatives_are_exact_where_the_indexes_say_all_that_is_asked(self, filters: Any, is_exact: bool) -> None:
        assert find_alternatives(filters)[1] is is_exact

    def test_ranges_of_times_are_truncated_as_times_are_rendered(self) -> None:
        at = "2026-01-30T10:00:00.001Z"
        us = moment(at)
        assert us is not None
        expected = {"gte": ("from", us), "gt": ("from", us + 1000), "lt": ("to", us), "lte": ("to", us + 1000)}
        for name, (side, edge) in expected.items():
            (found,), _ = find_alternatives({"updatedAt": {name: at}})
            assert getattr(found, f"updated_{side}") == edge
            for micro in (us - 1000, us - 1, us, us + 999, us + 1000):
                displayed = fits({"updatedAt": format_time(micro)}, {"updatedAt": {name: at}})
                assert displayed is (micro >= edge if side == "from" else micro < edge)

    def test_a_date_is_the_whole_day_in_utc(self) -> None:
        start, end = moment("2026-01-30"), moment("2026-01-31")
        (found,), is_exact = find_alternatives({"createdAt": "2026-01-30"})
        assert (found.created_from, found.created_to, is_exact) == (start, end, True)
        (found,), _ = find_alternatives({"createdAt": {"gte": "2026-01-30", "lte": "2026-01-30"}})
        assert (found.created_from, found.created_to) == (start, end)
        (found,), _ = find_alternatives({"createdAt": {"gt": "2026-01-30"}})
        assert (found.created_from, found.created_to) == (end, None)
        (found,), _ = find_alternatives({"createdAt": {"lt": "2026-01-30"}})
        assert (found.created_from, found.created_to) == (None, start)

    def test_status_codes_become_every_status_that_is_rendered_with_them(self) -> None:
        def states(code: Any) -> set[tuple[str | None, str | None]]:
            return {(each.status, each.door) for each in find_alternatives({"statusCode": code})[0]}

        assert states("ORDER_CREATED") == {(Status.OPEN, None)}
        assert states("ORDER_SHIPPED") == {(Status.SHIPPED, None), (Status.OPEN, "fabric")}
        assert states("ORDER_HOLD*") == {(Status.ON_HOLD, None)}
        assert states(["ORDER_HOLD_CSR", "my own"]) == {(Status.ON_HOLD, None), (Status.OPEN, "fabric")}
        assert states("ORDER_*") == {(None, None)}


async def post_search(world: World, headers: dict[str, str], **body: Any) -> httpx.Response:
    return await world.http.post(QUERY, json=body, headers=headers)


async def numbers(world: World, headers: dict[str, str], **body: Any) -> list[str]:
    answer = await post_search(world, headers, **body)
    if answer.status_code == 404:
        assert answer.json() == {"message": "Orders not found"}
        return []
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert list(document) == ["count", "limit", "offset", "orders"]
    if document["limit"] >= document["count"]:
        assert document["count"] == len(document["orders"]) + document["offset"]
    return [order["orderNumber"] for order in document["orders"]]


@pytest.fixture
async def stocked(world: World, headers: dict[str, str]) -> dict[str, str]:
    """Put five orders in the book: two of shirts, one of them held in the hub; two small ones; one of S2."""
    for body in (
        shirts(orderNumber="SH-1"),
        shirts(
            orderNumber="SH-2", orderTotal=80.5, customer={"email": "JOE@example.com"}, statusCode="ORDER_HOLD_FRAUD"
        ),
        smallest(
            orderNumber="SM-1", statusCode="my own word", attributes={"gift": "yes"}, orderDate="2026-01-30T00:00:00Z"
        ),
        smallest(orderNumber="SM-2", statusCode="ORDER_CREATED", orderDate="2026-01-29T23:30:00-01:00"),
    ):
        assert (await world.http.post(ORDERS, json=body, headers=headers)).status_code == 200
    vendor, token = VENDORS["s2"], {"Authorization": headers["Authorization"]}
    answer = await world.http.post(vendor.create, json=vendor.body("S2-1"), headers=token | vendor.headers("query"))
    assert answer.status_code == 200
    caller = Caller(await world.demo_organization(), "ops", frozenset(access.SCOPES))
    held = await queries.order_by_number(world.context, caller, door="fabric", number="SH-1")
    await by_hub(world, caller, "hold", held)
    return headers


class TestQuery:
    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({}, ["SH-1", "S2-1", "SM-2", "SM-1", "SH-2"]),
            ({"orderNumber": "SH-2"}, ["SH-2"]),
            ({"orderNumber": ["SH-2", "S2-1", "nope"]}, ["S2-1", "SH-2"]),
            ({"orderNumber": "S*-1"}, ["SH-1", "S2-1", "SM-1"]),
            ({"statusCode": "ORDER_HOLD_CSR"}, ["SH-1"]),
            ({"statusCode": "ORDER_HOLD*"}, ["SH-1", "SH-2"]),
            ({"statusCode": ["ORDER_HOLD_FRAUD", "my own word"]}, ["SM-1", "SH-2"]),
            ({"statusCode": "ORDER_CREATED"}, ["S2-1", "SM-2"]),
            ({"statusCode": "ORDER_CONFIRMED"}, []),
            ({"customer": {"email": "JOE@example.com"}}, ["SH-2"]),
            ({"customer": {"email": "joe@example.com"}}, []),
            ({"items": {"sku": "RED-M"}}, ["SH-1", "SH-2"]),
            ({"items": {"sku": ["RED-M", "BLUE-S", "SKU1"]}}, ["SH-1", "SM-2", "SM-1", "SH-2"]),
            ({"items": {"sku": "RED-M", "shipToId": "shop"}}, []),
            ({"shipInfo": {"locationNum": "7"}, "orderTotal": {"gt": 70}}, ["SH-2"]),
            ({"orderTotal": {"gte": 70, "lt": 80.5}}, ["SH-1"]),
            ({"attributes": {"gift": "y*"}}, ["SM-1"]),
            ({"orderDate": {"gt": "2026-01-30T00:00:00Z", "lte": "2026-01-30T00:30:00Z"}}, ["SM-2"]),
            ({"createdAt": {"gte": "2099-01-01"}}, []),
            ({"orderDate": "2026-01-30"}, ["SM-2", "SM-1"]),
            ({"orderDate": {"gte": "2026-01-30", "lte": "2026-01-30"}}, ["SM-2", "SM-1"]),
            ({"orderDate": {"gt": "2026-01-30"}, "orderNumber": "SM*"}, []),
            ({"createdAt": {"gte": "2020-01-01", "lt": "2099-01-01"}, "version": 1}, ["SH-1"]),
            ({"updatedAt": {"gte": "2020-01-01"}, "orderNumber": "SM*"}, ["SM-2", "SM-1"]),
            ({"auditLogs": {"reasonCode": "ORDER_HOLD_CSR"}}, ["SH-1"]),
        ],
    )
    async def test_a_search_finds_orders_by_their_last_change_newest_first(
        self, world: World, stocked: dict[str, str], filters: Any, found: list[str]
    ) -> None:
        assert await numbers(world, stocked, filters=filters) == found
        assert await numbers(world, stocked, filters=filters, sortDirection="asc") == found[::-1]

    async def test_a_page_is_filled_where_too_many_orders_would_be_examined_for_all(
        self, world: World, stocked: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(order_search, "MAX_SCANNED", 3)
        monkeypatch.setattr(order_search, "_PORTION", 1)
        filters = {"statusCode": ["ORDER_HOLD_CSR", "ORDER_CREATED"]}
        first = (await post_search(world, stocked, filters=filters, limit=2)).json()
        assert [order["orderNumber"] for order in first["orders"]] == ["SH-1", "S2-1"]
        assert first["count"] == 5  # not looked through to the end: all that have the statuses
        rest = await post_search(world, stocked, filters=filters, limit=2, offset=2)
        assert (rest.status_code, rest.json()) == (
            400, {"message": "The search looks through more than 3 orders; narrow it"},
        )  # fmt: skip
        unsorted = await post_search(world, stocked, filters=filters, sortBy="orderTotal")
        assert unsorted.status_code == 400

    async def test_the_count_is_exact_only_where_all_orders_were_examined(
        self, world: World, stocked: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(order_search, "MAX_SCANNED", 4)
        filters = {"customer": {"company": None}, "orderNumber": "S*-1"}
        found = (await post_search(world, stocked, filters=filters, limit=2)).json()
        assert (found["count"], len(found["orders"])) == (5, 2)
        monkeypatch.setattr(order_search, "MAX_SCANNED", 5)
        found = (await post_search(world, stocked, filters=filters, limit=2)).json()
        assert (found["count"], len(found["orders"])) == (3, 2)

    @pytest.mark.parametrize(
        ("sort_by", "expected"),
        [
            ("orderNumber", ["S2-1", "SH-1", "SH-2", "SM-1", "SM-2"]),
            ("createdAt", ["SH-1", "SH-2", "SM-1", "SM-2", "S2-1"]),
            ("orderTotal", ["SH-1", "SH-2"]),
            ("customer.email", ["SH-2", "SH-1"]),
            ("attributes.gift", ["SM-1"]),
        ],
    )
    async def test_orders_are_sorted_by_any_single_value_with_those_without_one_last(
        self, world: World, stocked: dict[str, str], sort_by: str, expected: list[str]
    ) -> None:
        for direction, wanted in (("asc", expected), ("DESC", expected[::-1])):
            found = await numbers(world, stocked, sortBy=sort_by, sortDirection=direction)
            assert found[: len(wanted)] == wanted
            assert len(found) == 5

    async def test_the_offset_counts_orders(self, world: World, stocked: dict[str, str]) -> None:
        for body in ({}, {"filters": {"orderNumber": "S*"}}):
            pages = [await numbers(world, stocked, limit=2, offset=offset, **body) for offset in (0, 2, 4, 6)]
            assert pages == [["SH-1", "S2-1"], ["SM-2", "SM-1"], ["SH-2"], []]

    async def test_a_found_order_is_rendered_as_reading_it_renders_it(
        self, world: World, stocked: dict[str, str]
    ) -> None:
        document = (await post_search(world, stocked)).json()
        assert (document["limit"], document["offset"], document["count"]) == (10, 0, 5)
        for order in document["orders"]:
            read = await world.http.get(ORDERS, params={"orderId": order["orderId"]}, headers=stocked)
            assert json.dumps(read.json()) == json.dumps(order)

    async def test_orders_are_found_by_their_ids(self, world: World, stocked: dict[str, str]) -> None:
        document = (await post_search(world, stocked)).json()["orders"]
        ids = [order["orderId"] for order in document[:2]]
        assert await numbers(world, stocked, filters={"orderId": [*ids, "nope"]}) == ["SH-1", "S2-1"]
        assert await numbers(world, stocked, filters={"orderId": ids, "statusCode": "ORDER_CREATED"}) == ["S2-1"]

    async def test_members_that_follow_from_the_history_can_be_searched_and_sorted_by(
        self, world: World, stocked: dict[str, str]
    ) -> None:
        found = (await post_search(world, stocked, filters={"orderNumber": "SH-1"})).json()["orders"][0]
        body = {"orderId": found["orderId"], "items": [{"lineItemId": "a", "quantity": 1}]}
        await world.http.post("/api/v2/order/cancel", json=body, headers=stocked)
        assert await numbers(world, stocked, filters={"cancellationDate": {"gte": "2020-01-01"}}) == ["SH-1"]
        assert await numbers(world, stocked, filters={"processName": "CANCEL"}) == ["SH-1"]
        assert (await numbers(world, stocked, sortBy="cancellationDate"))[0] == "SH-1"

    async def test_a_search_does_not_find_another_organizations_orders(
        self, world: World, stocked: dict[str, str]
    ) -> None:
        from tests.world import STRANGERS_FABRIC_ACCOUNT

        theirs = await world.stranger() | {"x-site-context": json.dumps({"account": STRANGERS_FABRIC_ACCOUNT})}
        found = (await post_search(world, stocked)).json()["orders"][0]
        for filters in ({}, {"orderNumber": "SH-1"}, {"orderId": found["orderId"]}, {"items": {"sku": "RED-M"}}):
            assert await numbers(world, theirs, filters=filters) == []

    @pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'{"filters":[]}', b'{"filters":"x"}'])
    async def test_a_body_that_is_no_search_is_refused(
        self, world: World, headers: dict[str, str], body: bytes
    ) -> None:
        answer = await world.http.post(QUERY, content=body, headers=headers)
        assert answer.status_code == 400
        assert list(answer.json()) == ["message"]

    async def test_limits_of_a_search_are_named_in_its_refusal(self, world: World, headers: dict[str, str]) -> None:
        answer = await post_search(world, headers, limit=0, offset=-1)
        assert answer.json() == {"message": "limit: must be at least 1, not 0; offset: must be at least 0, not -1"}
        answer = await post_search(world, headers, limit=250, filters={"orderNumber": ["x"] * 201})
        assert answer.json() == {"message": "filters.orderNumber: must have 1 to 200 elements"}

    @pytest.mark.parametrize("limit", [251, 1_000, 10**18, 10**30])
    async def test_a_page_size_above_the_maximum_is_answered_with_the_maximum(
        self, world: World, stocked: dict[str, str], limit: int
    ) -> None:
        answer = await post_search(world, stocked, limit=limit)
        assert (answer.status_code, answer.json()["limit"], answer.json()["count"]) == (200, 250, 5)
        beyond = await post_search(world, stocked, offset=limit)
        assert (beyond.status_code, beyond.json()) == (404, {"message": "Orders not found"})

    async def test_empty_text_in_a_search_counts_as_missing(self, world: World, stocked: dict[str, str]) -> None:
        assert await numbers(world, stocked, sortBy="", sortDirection="") == await numbers(world, stocked)

"""Searching orders through the Pitney Bowes OMS door: filters, pages, and what deletion leaves out."""

from itertools import product
from typing import Any

import pytest

from crossdock.flows import order_search
from tests.doors.pb_oms.client import ORDERS, Headers, sample
from tests.vendors import VENDORS
from tests.world import World

SEARCH = f"{ORDERS}/search"


async def create(world: World, headers: Headers, number: str, *skus: str, **changes: Any) -> str:
    items = [{"itemId": sku, "quantity": 1} for sku in skus or ("SKU",)]
    answer = await world.http.post(ORDERS, json=sample(orderNumber=number, items=items, **changes), headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["orderId"])


async def ask(world: World, headers: Headers, filters: dict[str, Any], **rest: Any) -> dict[str, Any]:
    body = {"filters": [{"name": name, "value": value} for name, value in filters.items()]} | rest
    answer = await world.http.post(SEARCH, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def numbers(answer: dict[str, Any]) -> list[str]:
    return [each["orderInfo"]["orderNumber"] for each in answer["orders"]]


async def found(world: World, headers: Headers, filters: dict[str, Any], **rest: Any) -> list[str]:
    """Return the numbers a search finds, having seen that its counts agree."""
    answer = await ask(world, headers, filters, **rest)
    assert answer["pageInfo"] == {"total": len(answer["orders"]), "pages": min(1, len(answer["orders"])), "page": 1}
    return numbers(answer)


async def move(world: World, headers: Headers, status: str, *ids: str) -> None:
    body = {"orders": [{"orderId": each} for each in ids], "status": status}
    assert (await world.http.patch(f"{ORDERS}/bulk/status", json=body, headers=headers)).status_code == 200


@pytest.fixture
async def three(world: World, headers: Headers) -> dict[str, str]:
    """Return three orders: A is held, B canceled and tagged, C has another customer and two items."""
    ids = {"A": await create(world, headers, "A", "X"), "B": await create(world, headers, "B", "Y")}
    other = {"customerId": "OTHER 7", "email": "Ann@Example.com", "firstName": "Ann"}
    ids["C"] = await create(world, headers, "C", "X", "Y", customerInfo=other)
    await move(world, headers, "ONHOLD", ids["A"])
    await move(world, headers, "CANCELED", ids["B"])
    for number, tags in (("B", ["vip", "Red"]), ("C", ["vip"])):
        await world.http.put(f"{ORDERS}/{ids[number]}/tags", json={"tagIds": tags}, headers=headers)
    return ids


class TestFilters:
    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({}, "CBA"),
            ({"orderNumber": ["A"]}, "A"),
            ({"orderNumber": ["A", "C", "A", "no"]}, "CA"),
            ({"orderNumber": ["a"]}, ""),
            ({"status": ["UNFULFILLED"]}, "C"),
            ({"status": ["ONHOLD", "CANCELED"]}, "BA"),
            ({"status": ["FULFILLED"]}, ""),
            ({"status": ["UNFULFILLED", "FULFILLED", "ONHOLD", "CANCELED"]}, "CBA"),
            ({"customerId": ["CUST12345"]}, "BA"),
            ({"customerId": ["CUST12345", "OTHER 7"]}, "CBA"),
            ({"customerId": ["cust12345"]}, ""),
            ({"customerId": ["Jane"]}, ""),
            ({"customerId": ["CUST12345"], "status": ["ONHOLD"]}, "A"),
            ({"email": ["ann@example.COM"]}, "C"),
            ({"email": ["ann@example.COM", "Ann@example.com", "john.doe@example.com"]}, "CBA"),
            ({"itemId": ["X"]}, "CA"),
            ({"itemId": ["X", "Y"]}, "CBA"),
            ({"itemId": ["x"]}, ""),
            ({"itemId": ["X"], "status": ["UNFULFILLED", "CANCELED"]}, "C"),
            ({"tag": ["vip"]}, "CB"),
            ({"tag": ["Red", "vip"]}, "CB"),
            ({"tag": ["red"]}, ""),
            ({"tag": ["vip"], "itemId": ["X"], "email": ["ann@example.com"], "orderNumber": ["C", "B"]}, "C"),
            ({"tag": ["vip", "Red"], "itemId": ["Y", "X"], "status": ["CANCELED"]}, "B"),
            ({"orderNumber": [f"N{each}" for each in range(99)] + ["B"]}, "B"),
            ({"orderNumber": [f"N{each}" for each in range(99)] + ["B"], "status": ["ONHOLD"]}, ""),
            ({"orderCreateDateFrom": ["2026-01-01"], "orderCreateDateTo": ["2199-12-31T23:59:59Z"]}, "CBA"),
            ({"orderCreateDateFrom": ["0001-01-01T00:00:00Z"], "orderCreateDateTo": ["9999-12-31"]}, "CBA"),
            ({"orderCreateDateTo": ["2026-01-01T00:00:00.000+14:00"]}, ""),
        ],
        ids=str,
    )
    async def test_filters_find_the_orders_that_match_all_of_them(
        self, world: World, headers: Headers, three: dict[str, str], filters: dict[str, Any], expected: str
    ) -> None:
        assert "".join(await found(world, headers, filters)) == expected

    async def test_orders_are_found_by_id_together_with_any_other_filter(
        self, world: World, headers: Headers, three: dict[str, str]
    ) -> None:
        ids = [three["A"], three["C"], "PB0000000001", "nonsense", ""]
        assert await found(world, headers, {"orderId": ids}) == ["C", "A"]
        assert await found(world, headers, {"orderId": ids, "status": ["ONHOLD"], "itemId": ["X", "Y"]}) == ["A"]
        assert await found(world, headers, {"orderId": ["nonsense"]}) == []

    async def test_an_order_is_found_by_the_creation_time_it_shows(
        self, world: World, headers: Headers, three: dict[str, str]
    ) -> None:
        for number, order_id in three.items():
            read = await world.http.get(f"{ORDERS}/{order_id}", headers=headers)
            moment = read.json()["orderInfo"]["orderCreateDate"]
            filters = {"orderCreateDateFrom": [moment], "orderCreateDateTo": [moment], "orderNumber": [number]}
            assert await found(world, headers, filters) == [number]
            assert await found(world, headers, filters | {"orderCreateDateTo": [moment[:10]]}) == [number]
            assert await found(world, headers, filters | {"orderCreateDateTo": [moment[:19] + "Z"]}) == [number]

    async def test_orders_of_every_door_are_found(self, world: World, headers: Headers) -> None:
        for vendor in VENDORS.values():
            made = await world.http.post(
                vendor.create, json=vendor.body("SAME"), headers=headers | vendor.headers(f"same-{vendor.door}")
            )
            assert made.status_code == vendor.ok
        assert await found(world, headers, {"orderNumber": ["SAME"]}) == ["SAME"] * len(VENDORS)

    async def test_a_search_finds_nothing_of_another_organization(
        self, world: World, headers: Headers, three: dict[str, str]
    ) -> None:
        stranger = await world.stranger()
        for filters in ({}, {"orderId": list(three.values())}, {"orderNumber": ["A"]}, {"customerId": ["CUST12345"]}):
            assert await found(world, stranger, filters) == []

    @pytest.mark.parametrize(
        ("filters", "place"),
        [
            ([{"name": "orderid", "value": ["x"]}], "filters[0].name"),
            ([{"name": "status", "value": ["OPEN"]}], "filters[0].value[0]"),
            ([{"name": "tag", "value": ["x"]}, {"name": "tag", "value": ["y"]}], "filters[1].name"),
            ([{"name": "tag", "value": "x"}], "filters[0].value"),
            ([{"name": "tag", "values": ["x"]}], "filters[0].value"),
            ([{"name": "tag", "value": []}], "filters[0].value"),
            ([{"name": "tag", "value": [1]}], "filters[0].value[0]"),
            ([{"name": "tag", "value": ["x"] * 101}], "filters[0].value"),
            ([{"name": "orderCreateDateFrom", "value": ["yesterday"]}], "filters[0].value[0]"),
            ([{"name": "orderCreateDateFrom", "value": ["2026-01-01", "2026-01-02"]}], "filters[0].value"),
            ({"name": "tag"}, "filters"),
        ],
    )
    async def test_faulty_filters_are_named(self, world: World, headers: Headers, filters: Any, place: str) -> None:
        answer = await world.http.post(SEARCH, json={"filters": filters}, headers=headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "validation_error")
        assert f"{place}:" in answer.json()["additionalInfo"]

    async def test_a_search_that_examines_too_many_orders_is_refused(
        self, world: World, headers: Headers, three: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(order_search, "MAX_SCANNED", 1)
        body = {"filters": [{"name": "customerId", "value": ["CUST12345"]}]}
        answer = await world.http.post(SEARCH, json=body, headers=headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "validation_error")
        assert "narrow" in answer.json()["message"]


class TestPages:
    @pytest.mark.parametrize("statuses", [None, ["UNFULFILLED", "ONHOLD"]])
    async def test_pages_hold_each_order_once(self, world: World, headers: Headers, statuses: list[str] | None) -> None:
        for number in "ABCDE":
            order_id = await create(world, headers, number)
            if number in "BD":
                await move(world, headers, "ONHOLD", order_id)
        filters = {"status": statuses} if statuses else {}
        pages = [await ask(world, headers, filters, page=page, size=2) for page in (1, 2, 3, 4)]
        assert ["".join(numbers(page)) for page in pages] == ["ED", "CB", "A", ""]
        assert [page["pageInfo"] for page in pages] == [{"total": 5, "pages": 3, "page": page} for page in (1, 2, 3, 4)]

    @pytest.mark.parametrize(
        "body",
        [{}, {"page": 0, "size": 0}, {"page": 1}, {"filters": []}, {"filters": None, "page": None, "size": None}],
    )
    async def test_a_page_holds_twenty_orders_by_default(
        self, world: World, headers: Headers, body: dict[str, Any]
    ) -> None:
        for number in range(21):
            await create(world, headers, f"N{number}")
        document = (await world.http.post("/api/v1/orders/search", json=body, headers=headers)).json()
        assert (len(document["orders"]), document["pageInfo"]) == (20, {"total": 21, "pages": 2, "page": 1})

    async def test_a_page_far_beyond_the_last_is_empty(
        self, world: World, headers: Headers, three: dict[str, str]
    ) -> None:
        for filters in ({}, {"status": ["UNFULFILLED", "ONHOLD"]}, {"customerId": ["CUST12345"]}):
            document = await ask(world, headers, filters, page=2_147_483_647, size=100)
            assert document["orders"] == []

    async def test_a_size_over_the_maximum_counts_as_the_maximum(
        self, world: World, headers: Headers, three: dict[str, str]
    ) -> None:
        document = await ask(world, headers, {}, page=1, size=101)
        assert len(document["orders"]) == 3
        assert document["pageInfo"] == {"total": 3, "pages": 1, "page": 1}
        beyond = await ask(world, headers, {}, page=2, size=1_000_000)
        assert (beyond["orders"], beyond["pageInfo"]["page"]) == ([], 2)

    @pytest.mark.parametrize("body", [{"size": -1}, {"page": -1}, {"page": 2**31}, {"page": "1"}])
    async def test_page_and_size_out_of_bounds_are_refused(
        self, world: World, headers: Headers, body: dict[str, Any]
    ) -> None:
        answer = await world.http.post(SEARCH, json=body, headers=headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "validation_error")


class TestDeleted:
    """Deleted orders are passed over, and the pages of the others have no holes."""

    @pytest.mark.parametrize("gone", ["", "J", "A", "JIHG", "BEFI", "CDEFGHIJ", "ABCDEFGHIJ"])
    async def test_deleted_orders_leave_no_holes_in_pages(self, world: World, headers: Headers, gone: str) -> None:
        ids = {number: await create(world, headers, number) for number in "ABCDEFGHIJ"}
        await move(world, headers, "CANCELED", *ids.values())
        tags = [{"orderId": order_id, "tagIds": ["t"]} for order_id in ids.values()]
        assert (await world.http.put(f"{ORDERS}/bulkTags", json={"tags": tags}, headers=headers)).status_code == 200
        for number in gone:
            assert (await world.http.delete(f"{ORDERS}/{ids[number]}", headers=headers)).status_code == 200
        left = [number for number in "JIHGFEDCBA" if number not in gone]
        every: tuple[dict[str, Any], ...] = ({}, {"status": ["CANCELED"]}, {"itemId": ["SKU"]}, {"tag": ["t"]})
        for filters, page in product(every, (1, 2, 3, 4)):
            document = await ask(world, headers, filters, page=page, size=3)
            assert numbers(document) == left[page * 3 - 3 : page * 3], filters
            assert document["pageInfo"] == {"total": len(left), "pages": -(-len(left) // 3), "page": page}, filters

    async def test_deleted_orders_are_not_found_by_id_customer_or_tag(self, world: World, headers: Headers) -> None:
        order_id = await create(world, headers, "A")
        await world.http.delete(f"{ORDERS}/{order_id}", headers=headers)
        for filters in ({"orderId": [order_id]}, {"customerId": ["CUST12345"]}, {"tag": ["deleted:pb_oms"]}):
            assert await found(world, headers, filters) == []

    async def test_more_deleted_orders_than_are_skipped_exactly_shorten_pages(
        self, world: World, headers: Headers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(order_search, "MAX_EXCLUDED", 1)
        ids = {number: await create(world, headers, number) for number in "ABCDEF"}
        for number in "BE":
            await world.http.delete(f"{ORDERS}/{ids[number]}", headers=headers)
        pages = [await ask(world, headers, {}, page=page, size=2) for page in (1, 2, 3)]
        assert "".join("".join(numbers(page)) for page in pages) == "FDCA"
        assert pages[0]["pageInfo"] == {"total": 4, "pages": 3, "page": 1}

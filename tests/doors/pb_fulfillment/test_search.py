"""Searching through the Pitney Bowes Fulfillment door: pages, large books, clients, and what is walked and what looked at."""

from typing import Any

import httpx
import pytest

from crossdock.doors.pb_fulfillment import search as order_search
from crossdock.doors.pb_fulfillment.routes import search as search_routes
from crossdock.flows import queries, tenants
from crossdock.store.index_scan import Filters
from tests.doors.pb_fulfillment.client import CLIENT_ID, ORDERS, VendorClient, sample
from tests.world import World

SECOND = "second"


async def search(client: VendorClient, *fields: tuple[str, list[str]], query: str = "", **rest: Any) -> httpx.Response:
    body = {"clientId": CLIENT_ID, "searchFields": [{"name": name, "values": values} for name, values in fields]} | rest
    return await client.http.post(f"{ORDERS}/status/search{query}", json=body, headers=client.headers())


def numbers(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["clientOrderId"] for row in answer.json()["orders"]]


@pytest.fixture
async def two(world: World, client: VendorClient) -> VendorClient:
    """Put nine orders into the book, every third of them of a second client."""
    organization = (await world.demo_organization()).organization_id
    await tenants.add_vendor_reference(world.context, organization, kind="pb_fulfillment_client", value=SECOND)
    for start in range(0, 9, 3):
        made = await client.bulk(
            [sample(clientOrderId=f"N{start + n}", clientId=SECOND if n == 2 else CLIENT_ID) for n in range(3)]
        )
        assert made.status_code == 200
    return client


class TestPages:
    async def test_hold_each_order_once_in_either_direction(self, two: VendorClient) -> None:
        for sort, expected in (
            ("asc", ["N0", "N1", "N3", "N4", "N6", "N7"]),
            ("desc", ["N7", "N6", "N4", "N3", "N1", "N0"]),
        ):
            found, page = [], 1
            while True:
                answer = await search(two, query=f"?page={page}&size=4", sort=[f"pbCreateDate-{sort}"])
                told = answer.json()
                assert (told["totalElements"], told["totalPages"], told["number"], told["size"]) == (6, 2, page, 4)
                assert told["numberOfElements"] == len(told["orders"])
                assert told["first"] is (page == 1)
                found += numbers(answer)
                if told["last"]:
                    break
                page += 1
            assert found == expected

    async def test_beyond_the_last_are_empty(self, two: VendorClient) -> None:
        told = (await search(two, query="?page=9&size=4")).json()
        assert (told["orders"], told["first"], told["last"], told["totalElements"]) == ([], False, True, 6)

    @pytest.mark.parametrize(
        "query", ["page=0", "page=-1", "page=1.5", "page=", "page=x", "size=0", "size=201", "size=²"]
    )
    async def test_are_asked_for_in_whole_numbers(self, client: VendorClient, query: str) -> None:
        answer = await search(client, query=f"?{query}")
        assert answer.status_code == 400
        assert [each["parameters"] for each in answer.json()] == [[query.partition("=")[0]]]


class TestLargeBook:
    """With as many orders as nobody looks at one by one; here that is more than two."""

    @pytest.fixture(autouse=True)
    def large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(search_routes, "MAX_EXACT", 2)

    async def test_is_walked_without_showing_another_clients_orders(self, two: VendorClient) -> None:
        for client, expected in ((CLIENT_ID, ["N0", "N1", "N3", "N4", "N6", "N7"]), (SECOND, ["N2", "N5", "N8"])):
            found = []
            for page in range(1, 4):
                answer = await search(two, query=f"?page={page}&size=4", clientId=client)
                assert answer.json()["totalElements"] == 9  # counted, though not shown
                found += numbers(answer)
            assert found == expected

    async def test_is_walked_by_status_sku_and_time(self, two: VendorClient) -> None:
        all_of_them = ["N0", "N1", "N3", "N4", "N6", "N7"]
        span = ["2020-01-01T00:00:00Z", "2089-01-01T00:00:00Z"]
        for fields in (
            [("status", ["RECEIVED", "SHIPPED"])],
            [("skus", ["0001-0001"])],
            [("skus", ["0001-0001"]), ("pbCreateDate", span)],
            [("status", ["RECEIVED"]), ("pbCreateDate", span)],
        ):
            assert numbers(await search(two, *fields)) == all_of_them
        changed = await search(two, ("pbUpdateDate", span), sort=["pbUpdateDate-desc"])
        assert sorted(numbers(changed)) == all_of_them

    async def test_is_walked_to_its_end_where_counts_stop(
        self, two: VendorClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def three(*_: Any) -> int:
            return 3

        monkeypatch.setattr(queries, "count", three)
        found, lasts = [], []
        for page in (1, 2, 3):
            answer = await search(two, query=f"?page={page}&size=4")
            found += numbers(answer)
            lasts.append(answer.json()["last"])
        assert found == ["N0", "N1", "N3", "N4", "N6", "N7"]
        assert lasts == [False, False, True]

    async def test_is_not_merged_without_end(self, two: VendorClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(search_routes, "MAX_MERGED", 4)
        only = await search(two, ("status", ["RECEIVED"]), query="?page=3&size=2")  # none of the others has an order
        assert numbers(only) == ["N4"]
        first = (await search(two, ("clientOrderIds", ["N0"]))).json()["orders"][0]["orderId"]
        url = f"{ORDERS}/{first}/cancel?clientId={CLIENT_ID}"
        assert (await two.http.put(url, headers=two.headers())).status_code == 200
        words = ["RECEIVED", "CANCELED"]
        assert numbers(await search(two, ("status", words), query="?page=2&size=2")) == ["N3"]
        refused = await search(two, ("status", words), query="?page=3&size=2")
        assert (refused.status_code, refused.json()[0]["parameters"]) == (400, ["page"])

    async def test_is_looked_at_for_what_no_index_knows(
        self, two: VendorClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = await search(
            two, ("clientOrderIds", ["N7", "N1", "N2"]), sort=["createDate-desc", "pbCreateDate-desc"]
        )
        assert numbers(answer) == ["N7", "N1"]
        monkeypatch.setattr(queries, "MAX_SCANNED", 8)
        refused = await search(two, ("brands", ["B"]))
        assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "1000045")
        assert "narrow" in refused.json()[0]["additionalInfo"]


class TestScope:
    async def test_to_read_is_enough(self, world: World, client: VendorClient) -> None:
        reader, writer = [VendorClient(world, await world.bearer(scope=f"orders:{verb}")) for verb in ("read", "write")]
        assert (await search(reader)).status_code == 200
        assert (await search(writer)).status_code == 403

    async def test_of_another_organization_finds_nothing(self, world: World, two: VendorClient) -> None:
        stranger = VendorClient(world, await world.stranger())
        first = (await search(two)).json()["orders"][0]["orderId"]
        for fields in ([], [("orderIds", [first])], [("clientOrderIds", ["N0"])], [("skus", ["0001-0001"])]):
            assert (await search(stranger, *fields)).json()["totalElements"] == 0


def planned(
    *fields: tuple[str, tuple[str, ...]], sort: tuple[tuple[str, bool], ...] = (("pbCreateDate", True),)
) -> Any:
    return order_search.plan(order_search.Search(CLIENT_ID, dict(fields), sort))


SPAN = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")


class TestPlan:
    @pytest.mark.parametrize(
        ("fields", "sort", "walk"),
        [
            ([], "pbCreateDate", True), ([], "pbUpdateDate", True), ([], "createDate", False),
            ([("status", ("RECEIVED",))], "pbCreateDate", True), ([("status", ("RECEIVED",))], "pbUpdateDate", False),
            ([("skus", ("A",))], "pbCreateDate", True), ([("skus", ("A", "B"))], "pbCreateDate", False),
            ([("skus", ("A",)), ("status", ("SHIPPED",))], "pbCreateDate", False),
            ([("pbCreateDate", SPAN)], "pbCreateDate", True), ([("pbCreateDate", SPAN)], "pbUpdateDate", False),
            ([("pbUpdateDate", SPAN)], "pbUpdateDate", True), ([("pbUpdateDate", SPAN)], "pbCreateDate", False),
            ([("brands", ("A",))], "pbCreateDate", False), ([("clientOrderIds", ("A",))], "pbCreateDate", False),
        ],
    )  # fmt: skip
    def test_walks_only_what_one_index_holds_in_that_order(self, fields: list[Any], sort: str, walk: bool) -> None:
        assert planned(*fields, sort=((sort, True),)).is_walk is walk

    def test_takes_the_second_of_a_date_without_a_fraction_whole(self) -> None:
        (choice,) = planned(("pbCreateDate", ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"))).choices
        assert choice.created_to - choice.created_from == 1_000_000
        (choice,) = planned(("pbCreateDate", ("2026-01-01T01:00:00.5+01:00", "2026-01-01T00:00:00.500000Z"))).choices
        assert choice.created_to - choice.created_from == 1

    def test_narrows_by_numbers_before_anything_else(self) -> None:
        made = planned(
            ("skus", ("S",)), ("status", ("SHIPPED",)), ("clientOrderIds", ("A", "B")), ("pbUpdateDate", SPAN)
        )
        assert [choice.number for choice in made.choices] == ["A", "B"]
        assert made.sort == "created"
        assert all(choice.updated_from is not None and choice.sku is None for choice in made.choices)

    def test_walks_changes_where_only_they_are_named(self) -> None:
        made = planned(("status", ("SHIPPED", "DELIVERED")), ("pbUpdateDate", SPAN))
        assert made.sort == "updated"
        assert [choice.status for choice in made.choices] == ["shipped", "delivered", "returned"]

    def test_has_no_choice_for_a_word_no_order_has(self) -> None:
        assert planned(("status", ("INPROGRESS",))).choices == ()

    def test_looks_at_held_orders_for_every_word_they_may_have(self) -> None:
        for word in ("RECEIVED", "RELEASED"):
            assert Filters(status="on_hold") in planned(("status", (word,))).choices
        assert Filters(status="on_hold") not in planned(("status", ("SHIPPED",))).choices

"""Searching through the Pitney Bowes Fulfillment door: pages, many orders, clients, and the query a search becomes."""

from typing import Any

import httpx
import pytest

from crossdock.doors.pb_fulfillment import search as pb_search
from crossdock.flows import order_search, tenants
from crossdock.flows.order_search import Filters, Overflow
from crossdock.store.order_query import planner
from tests.doors.pb_fulfillment.client import CLIENT_ID, ORDERS, VendorClient, sample
from tests.world import World

SECOND = "second"


async def search(client: VendorClient, *fields: tuple[str, list[str]], query: str = "", **rest: Any) -> httpx.Response:
    body = {"clientId": CLIENT_ID, "searchFields": [{"name": name, "values": values} for name, values in fields]} | rest
    return await client.http.post(f"{ORDERS}/status/search{query}", json=body, headers=client.headers())


def numbers(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [row["clientOrderId"] for row in response.json()["orders"]]


@pytest.fixture
async def two_clients(world: World, client: VendorClient) -> VendorClient:
    """Create nine orders, every third of a second client."""
    organization = (await world.demo_organization()).organization_id
    await tenants.add_vendor_reference(world.context, organization, kind="pb_fulfillment_client", value=SECOND)
    for start in range(0, 9, 3):
        response = await client.bulk(
            [sample(clientOrderId=f"N{start + n}", clientId=SECOND if n == 2 else CLIENT_ID) for n in range(3)]
        )
        assert response.status_code == 200
    return client


class TestPages:
    async def test_pages_hold_each_order_once_in_either_direction(self, two_clients: VendorClient) -> None:
        for sort, expected in (
            ("asc", ["N0", "N1", "N3", "N4", "N6", "N7"]),
            ("desc", ["N7", "N6", "N4", "N3", "N1", "N0"]),
        ):
            found, page = [], 1
            while True:
                response = await search(two_clients, query=f"?page={page}&size=4", sort=[f"pbCreateDate-{sort}"])
                body = response.json()
                assert (
                    body["totalElements"],
                    body["totalPages"],
                    body["number"],
                    body["size"],
                ) == (6, 2, page, 4)
                assert body["numberOfElements"] == len(body["orders"])
                assert body["first"] is (page == 1)
                found += numbers(response)
                if body["last"]:
                    break
                page += 1
            assert found == expected

    async def test_a_page_beyond_the_last_is_empty(self, two_clients: VendorClient) -> None:
        body = (await search(two_clients, query="?page=9&size=4")).json()
        assert (body["orders"], body["first"], body["last"], body["totalElements"]) == (
            [],
            False,
            True,
            6,
        )

    @pytest.mark.parametrize(
        "query", ["page=0", "page=-1", "page=1.5", "page=", "page=x", "size=0", "size=000", "size=²"]
    )
    async def test_page_and_size_that_are_not_positive_whole_numbers_are_refused(
        self, client: VendorClient, query: str
    ) -> None:
        response = await search(client, query=f"?{query}")
        assert response.status_code == 400
        assert [each["parameters"] for each in response.json()] == [[query.partition("=")[0]]]

    @pytest.mark.parametrize("size", ["201", "00000000000000000000250", "1000000", "9" * 5000])
    async def test_a_page_has_at_most_200_orders_whatever_size_is_asked_for(
        self, two_clients: VendorClient, size: str
    ) -> None:
        body = (await search(two_clients, query=f"?page=1&size={size}")).json()
        assert (body["size"], body["numberOfElements"], body["last"]) == (200, 6, True)

    async def test_a_page_of_any_number_can_be_asked_for(self, two_clients: VendorClient) -> None:
        body = (await search(two_clients, query=f"?page={'9' * 30}&size=200")).json()
        assert (body["orders"], body["last"], body["totalElements"]) == ([], True, 6)


class TestManyOrders:
    """With more orders than are examined one by one; here that is more than two."""

    @pytest.fixture(autouse=True)
    def large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(order_search, "MAX_EXACT", 2)

    async def test_pages_of_many_orders_never_show_another_clients_orders(self, two_clients: VendorClient) -> None:
        for client, expected in ((CLIENT_ID, ["N0", "N1", "N3", "N4", "N6", "N7"]), (SECOND, ["N2", "N5", "N8"])):
            found = []
            for page in range(1, 4):
                response = await search(two_clients, query=f"?page={page}&size=4", clientId=client)
                assert response.json()["totalElements"] == 9  # counted, though not shown
                found += numbers(response)
            assert found == expected

    async def test_many_orders_are_paged_by_status_sku_and_time(self, two_clients: VendorClient) -> None:
        expected = ["N0", "N1", "N3", "N4", "N6", "N7"]
        span = ["2020-01-01T00:00:00Z", "2089-01-01T00:00:00Z"]
        for fields in (
            [("status", ["RECEIVED", "SHIPPED"])],
            [("skus", ["0001-0001"])],
            [("skus", ["0001-0001"]), ("pbCreateDate", span)],
            [("status", ["RECEIVED"]), ("pbCreateDate", span)],
        ):
            assert numbers(await search(two_clients, *fields)) == expected
        changed = await search(two_clients, ("pbUpdateDate", span), sort=["pbUpdateDate-desc"])
        assert sorted(numbers(changed)) == expected

    async def test_many_orders_are_paged_to_the_end_where_counting_stops(
        self, two_clients: VendorClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(planner, "MAX_COUNT", 3)
        found, lasts = [], []
        for page in (1, 2, 3):
            response = await search(two_clients, ("skus", ["0001-0001"]), query=f"?page={page}&size=4")
            found += numbers(response)
            lasts.append(response.json()["last"])
        assert found == ["N0", "N1", "N3", "N4", "N6", "N7"]
        assert lasts == [False, False, True]

    async def test_a_page_deep_in_several_statuses_is_refused(
        self, two_clients: VendorClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(order_search, "MAX_MERGED", 4)
        one_status = await search(
            two_clients, ("status", ["RECEIVED"]), query="?page=3&size=2"
        )  # no order has the others it stands for
        assert numbers(one_status) == ["N4"]
        first = (await search(two_clients, ("clientOrderIds", ["N0"]))).json()["orders"][0]["orderId"]
        url = f"{ORDERS}/{first}/cancel?clientId={CLIENT_ID}"
        assert (await two_clients.http.put(url, headers=two_clients.headers())).status_code == 200
        statuses = ["RECEIVED", "CANCELED"]
        assert numbers(await search(two_clients, ("status", statuses), query="?page=2&size=2")) == ["N3"]
        refused = await search(two_clients, ("status", statuses), query="?page=3&size=2")
        assert (refused.status_code, refused.json()[0]["parameters"]) == (400, ["page"])

    async def test_orders_are_examined_for_what_no_index_holds_up_to_a_limit(
        self, two_clients: VendorClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        response = await search(
            two_clients, ("clientOrderIds", ["N7", "N1", "N2"]), sort=["createDate-desc", "pbCreateDate-desc"]
        )
        assert numbers(response) == ["N7", "N1"]
        monkeypatch.setattr(order_search, "MAX_SCANNED", 8)
        refused = await search(two_clients, ("brands", ["B"]))
        assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "1000045")
        assert "narrow" in refused.json()[0]["additionalInfo"]


class TestFields:
    async def test_a_date_may_have_only_a_beginning(self, client: VendorClient) -> None:
        await client.bulk([sample(clientOrderId=day, createDate=f"2026-01-{day}T00:00:00Z") for day in ("10", "20")])
        for first, expected in (("2026-01-10T00:00:00Z", ["10", "20"]), ("2026-01-10T00:00:01Z", ["20"])):
            assert numbers(await search(client, ("createDate", [first]))) == expected
        assert numbers(await search(client, ("pbCreateDate", ["2020-01-01T00:00:00Z"]))) == ["10", "20"]
        assert numbers(await search(client, ("pbCreateDate", ["2089-01-01T00:00:00Z"]))) == []

    async def test_values_may_be_numbers(self, client: VendorClient) -> None:
        await client.bulk([sample(clientOrderId=number, brand=7) for number in (10, 11)])
        fields: Any = (("clientOrderIds", [10, "11"]), ("brands", [7]))
        assert numbers(await search(client, *fields, clientId=1234)) == ["10", "11"]


class TestScope:
    async def test_the_scope_to_read_is_enough_to_search(self, world: World, client: VendorClient) -> None:
        reader, writer = [VendorClient(world, await world.bearer(scope=f"orders:{verb}")) for verb in ("read", "write")]
        assert (await search(reader)).status_code == 200
        assert (await search(writer)).status_code == 403

    async def test_a_search_of_another_organization_finds_nothing(
        self, world: World, two_clients: VendorClient
    ) -> None:
        stranger = VendorClient(world, await world.stranger())
        first = (await search(two_clients)).json()["orders"][0]["orderId"]
        for fields in ([], [("orderIds", [first])], [("clientOrderIds", ["N0"])], [("skus", ["0001-0001"])]):
            assert (await search(stranger, *fields)).json()["totalElements"] == 0


def translated(
    *fields: tuple[str, tuple[str, ...]], sort: tuple[tuple[str, bool], ...] = (("pbCreateDate", True),)
) -> tuple[Any, Any]:
    return pb_search.order_query(pb_search.Search(CLIENT_ID, dict(fields), sort), limit=20, offset=0)


def alternatives(*fields: tuple[str, tuple[str, ...]]) -> tuple[Filters, ...]:
    return translated(*fields)[0].any_of


SPAN = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")


class TestOrderQuery:
    @pytest.mark.parametrize(
        ("fields", "sort", "is_approximate"),
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
    def test_only_what_one_index_answers_in_the_order_asked_for_is_approximate(
        self, fields: list[Any], sort: str, is_approximate: bool
    ) -> None:
        query, residual = translated(*fields, sort=((sort, True),))
        allowed = residual.overflow is Overflow.APPROXIMATE
        assert (allowed and planner.is_single_index(query)) is is_approximate

    def test_a_date_without_a_fraction_includes_its_whole_second(self) -> None:
        (choice,) = alternatives(("pbCreateDate", ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")))
        assert choice.created_to - choice.created_from == 1_000_000
        (choice,) = alternatives(("pbCreateDate", ("2026-01-01T01:00:00.5+01:00", "2026-01-01T00:00:00.500000Z")))
        assert choice.created_to - choice.created_from == 1

    def test_a_single_date_has_no_end(self) -> None:
        (choice,) = alternatives(("pbCreateDate", ("2026-01-01T00:00:00Z",)))
        assert (choice.created_from, choice.created_to) == (1_767_225_600_000_000, None)

    def test_numbers_are_looked_up_before_anything_else(self) -> None:
        filters = alternatives(
            ("skus", ("S",)), ("status", ("SHIPPED",)), ("clientOrderIds", ("A", "B")), ("pbUpdateDate", SPAN)
        )
        assert [choice.number for choice in filters] == ["A", "B"]
        assert all(planner.sorts_to_try(choice) == ("created",) for choice in filters)
        assert all(choice.updated_from is not None and choice.sku is None for choice in filters)

    def test_a_range_of_changes_without_a_selective_filter_is_scanned_by_change(self) -> None:
        filters = alternatives(("status", ("SHIPPED", "DELIVERED")), ("pbUpdateDate", SPAN))
        assert all(planner.sorts_to_try(choice)[0] == "updated" for choice in filters)
        assert [choice.status for choice in filters] == ["shipped", "delivered", "returned"]

    def test_orders_in_progress_are_among_those_that_nothing_has_left_of(self) -> None:
        filters = alternatives(("status", ("INPROGRESS",)))
        assert [choice.status for choice in filters] == ["open", "partially_allocated", "allocated", "on_hold"]

    def test_orders_on_hold_are_examined_for_every_status_they_may_show(self) -> None:
        for status in ("RECEIVED", "RELEASED"):
            assert Filters(status="on_hold") in alternatives(("status", (status,)))
        assert Filters(status="on_hold") not in alternatives(("status", ("SHIPPED",)))

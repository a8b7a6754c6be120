"""Searches: how they run, what they count, and when they are refused."""

import asyncio
from typing import Any

import pytest

from crossdock.core.errors import Invalid
from crossdock.core.orders.model import Line, Order
from crossdock.flows import access, order_search
from crossdock.flows.access import Caller
from crossdock.flows.order_search import (
    Exclusion,
    Filters,
    OrderQuery,
    Overflow,
    Residual,
    SearchPage,
    TooDeep,
    alternatives,
)
from crossdock.store.order_query import planner
from tests.store.samples import order, put
from tests.world import World

EVEN = Residual(lambda each, _: each.order_id % 2 == 0)


def changed(residual: Residual, **changes: Any) -> Residual:
    fields = {name: getattr(residual, name) for name in Residual.__struct_fields__}
    return Residual(**fields | changes)


@pytest.fixture
async def caller(world: World) -> Caller:
    """Return a caller whose organization has nine orders with ids 1 to 9; each has SKU A, and every third SKU B besides."""
    organization = await world.demo_organization()
    placed = [
        order(number, organization.organization_id, lines=(Line(1, sku="A"), Line(1, sku="B" if number % 3 == 0 else "A")))
        for number in range(1, 10)
    ]  # fmt: skip
    await put(world.context.store, *placed)
    return Caller(organization, "me", frozenset(access.SCOPES))


async def find(world: World, caller: Caller, residual: Residual | None = None, **fields: Any) -> SearchPage:
    return await order_search.find(world.context, caller, OrderQuery(**fields), residual=residual)


def ids(found: list[Order]) -> list[int]:
    return [each.order_id for each in found]


class TestExactSearch:
    async def test_a_page_is_read_from_the_indexes_and_counted(self, world: World, caller: Caller) -> None:
        found = await find(world, caller, any_of=(Filters(sku="B"),), is_exact=True, limit=2)
        assert (ids(found.orders), found.total, found.positions) == ([9, 6], 3, 3)

    async def test_the_total_never_ends_before_the_page_where_counting_stops(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(planner, "MAX_COUNT", 2)
        query: dict[str, Any] = {"any_of": (Filters(sku="A"),), "is_exact": True, "limit": 3}
        assert [(await find(world, caller, **query, offset=offset)).total for offset in (0, 3, 6)] == [4, 7, 9]

    async def test_the_total_is_an_upper_bound_where_that_is_asked_for(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(planner, "MAX_COUNT", 2)
        found = await find(world, caller, any_of=(Filters(sku="B"),), is_exact=True, is_total_upper_bound=True)
        assert (ids(found.orders), found.total) == ([9, 6, 3], 9)

    async def test_alternatives_without_any_filter_value_give_an_empty_page(self, world: World, caller: Caller) -> None:
        any_of, is_exact = alternatives({"status": []}, is_exact=True)
        assert await find(world, caller, any_of=any_of, is_exact=is_exact) == SearchPage([], 0, 0)


class TestExaminedSearch:
    async def test_orders_that_match_are_counted_and_cut(self, world: World, caller: Caller) -> None:
        found = await find(world, caller, EVEN, any_of=(Filters(sku="A"),), offset=1, limit=2)
        assert (ids(found.orders), found.total) == ([6, 4], 4)

    async def test_an_order_that_matches_two_alternatives_is_found_once(self, world: World, caller: Caller) -> None:
        found = await find(world, caller, EVEN, any_of=(Filters(sku="A"), Filters(sku="B")), ascending=True)
        assert (ids(found.orders), found.total) == ([2, 4, 6, 8], 4)

    async def test_matches_are_ranked_before_the_page_is_cut(self, world: World, caller: Caller) -> None:
        ranked = changed(EVEN, rank=lambda found: sorted(found, key=lambda each: (each[0].order_id * 7) % 9))
        assert ids((await find(world, caller, ranked, limit=2)).orders) == [4, 8]

    async def test_named_orders_are_examined_in_any_number(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(order_search, "MAX_SCANNED", 1)
        found = await find(world, caller, EVEN, order_ids=(2, 3, 4, 77))
        assert (ids(found.orders), found.total) == ([4, 2], 2)

    async def test_a_search_that_would_examine_too_many_orders_is_refused(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(order_search, "MAX_SCANNED", 8)
        for fields in ({}, {"any_of": (Filters(sku="A"),)}):
            with pytest.raises(Invalid, match="more than 8 orders; narrow it"):
                await find(world, caller, EVEN, **fields)
        monkeypatch.setattr(order_search, "MAX_SCANNED", 9)
        assert (await find(world, caller, EVEN)).total == 4

    async def test_a_search_whose_scan_ends_early_is_refused(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(planner, "MAX_ENTRIES_SCANNED_COMPLETE", 3)
        monkeypatch.setattr(planner, "PROBE_LIMIT", 3)
        with pytest.raises(Invalid, match="narrow it"):
            await find(world, caller, EVEN, any_of=(Filters(sku="A", door="s2"),))

    async def test_other_requests_get_their_turn_between_portions(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(order_search, "_PORTION", 1)
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await find(world, caller, EVEN)
        task.cancel()
        assert turns >= 9


class TestSearchUntilThePageIsFull:
    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let no search examine all orders."""
        monkeypatch.setattr(order_search, "MAX_SCANNED", 6)
        monkeypatch.setattr(order_search, "_PORTION", 1)

    UNTIL_FULL = changed(EVEN, overflow=Overflow.UNTIL_FULL)

    async def test_the_first_matches_are_found_and_the_total_is_an_upper_bound(
        self, world: World, caller: Caller
    ) -> None:
        found = await find(world, caller, self.UNTIL_FULL, any_of=(Filters(sku="A"), Filters(sku="B")), limit=3)
        assert (ids(found.orders), found.total) == ([8, 6, 4], 9)

    async def test_a_page_behind_too_many_orders_is_refused(self, world: World, caller: Caller) -> None:
        with pytest.raises(Invalid, match="more than 6 orders"):
            await find(world, caller, self.UNTIL_FULL, offset=3, limit=1)


class TestApproximateSearch:
    APPROXIMATE = changed(EVEN, overflow=Overflow.APPROXIMATE)

    async def test_few_orders_are_examined_and_counted_exactly(self, world: World, caller: Caller) -> None:
        assert (await find(world, caller, self.APPROXIMATE, any_of=(Filters(sku="A"),))).total == 4

    async def test_many_orders_are_counted_although_some_are_left_out(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(order_search, "MAX_EXACT", 8)
        found = await find(world, caller, self.APPROXIMATE, any_of=(Filters(sku="A"),), limit=4)
        assert (ids(found.orders), found.total) == ([8, 6], 9)

    async def test_a_page_deep_in_several_merged_alternatives_is_refused(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(order_search, "MAX_EXACT", 1)
        monkeypatch.setattr(order_search, "MAX_MERGED", 5)
        both = (Filters(sku="A"), Filters(sku="B"))
        assert (await find(world, caller, self.APPROXIMATE, any_of=both, offset=1, limit=4)).orders
        with pytest.raises(TooDeep):
            await find(world, caller, self.APPROXIMATE, any_of=both, offset=2, limit=4)
        alone = (Filters(sku="A"), Filters(sku="nothing"))
        assert (await find(world, caller, self.APPROXIMATE, any_of=alone, offset=2, limit=4)).orders


class TestExclusion:
    async def test_excluded_orders_are_skipped_and_not_counted(self, world: World, caller: Caller) -> None:
        organization_id = caller.organization_id
        await put(world.context.store, *(order(number, organization_id, tags=("gone",)) for number in (11, 12, 13)))
        hidden = Exclusion("gone", status="open")
        found = await find(world, caller, excluded=hidden, is_exact=True, limit=2)
        assert (ids(found.orders), found.total, found.positions) == ([9, 8], 9, 9)
        displayed = await find(world, caller, excluded=Exclusion("gone", status="canceled"), is_exact=True, limit=2,
                           any_of=(Filters(status="open"),))  # fmt: skip
        assert (displayed.orders, displayed.total) == ([], 12)  # these were not looked for, yet none is shown

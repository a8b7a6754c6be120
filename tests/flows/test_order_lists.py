"""Lists of orders for people: pages, what only orders themselves say, counts by status, late orders, and changes."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crossdock.core.errors import Denied
from crossdock.core.orders.commands import AddNote, HoldRequest, PlaceHolds
from crossdock.core.orders.model import Hold, Line
from crossdock.core.orders.status import Counters
from crossdock.flows import access, feed, order_lists, overview, saved_views
from crossdock.flows.access import Caller
from crossdock.flows.execute import Change, execute_each, try_each
from crossdock.flows.order_lists import Figure, OrderListQuery, is_overdue
from crossdock.flows.order_search import Filters
from crossdock.store import allocations
from crossdock.store.allocations import Backorder
from crossdock.store.order_query import prefix_search
from tests.store.samples import NOW_US, order, put
from tests.world import World

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 2, 1, 0, 30, tzinfo=PARIS)


@pytest.fixture
async def caller(world: World) -> Caller:
    """Return a caller whose organization has no orders yet."""
    return Caller(await world.demo_organization(), "me", frozenset(access.SCOPES), person_id=1)


async def place(world: World, caller: Caller, *numbers: int, **changes: Any) -> None:
    await put(world.context.store, *(order(number, caller.organization_id, **changes) for number in numbers))


async def ids(world: World, caller: Caller, *, cursor: int | None = None, limit: int = 9, **fields: Any) -> list[int]:
    found = await order_lists.page(world.context, caller, OrderListQuery(**fields), cursor=cursor, limit=limit)
    return [each.order_id for each in found.orders] + ([-found.next] if found.next is not None else [])


class TestDates:
    @pytest.mark.parametrize(
        ("ship_by", "expected"),
        [
            ("2026-01-31", True), ("2026-02-01", False), ("2026-01-31T23:00:00Z", True), ("2026-01-31T23:45:00Z", False),
            ("2026-02-01T00:29", True), ("2026-02-01T00:31:00.000", False), ("2026-01-31T18:00:00-05:00", True),
            ("soon", False), ("2026-13-01", False), ("", False),
        ],
    )  # fmt: skip
    def test_a_day_is_over_when_it_has_ended_where_the_reader_is_and_a_time_when_it_has_passed(
        self, ship_by: str, expected: bool
    ) -> None:
        assert is_overdue(ship_by, NOW) is expected


class TestPages:
    async def test_pages_follow_one_another_in_both_orders_without_archived_orders(
        self, world: World, caller: Caller
    ) -> None:
        await place(world, caller, 1, 2, 3, 5)
        await place(world, caller, 4, archived=True)
        filters = Filters(archived=False)
        assert await ids(world, caller, filters=filters, limit=2) == [5, 3, -3]
        assert await ids(world, caller, filters=filters, limit=2, cursor=3) == [2, 1]
        assert await ids(world, caller, filters=filters, limit=2, oldest_first=True) == [1, 2, -2]
        assert await ids(world, caller, filters=filters, limit=2, oldest_first=True, cursor=2) == [3, 5]

    async def test_orders_on_hold_are_listed_by_reason(self, world: World, caller: Caller) -> None:
        await place(world, caller, 1, 2, 4, holds=(Hold("fraud", NOW_US),))
        await place(world, caller, 3, holds=(Hold("stock", NOW_US), Hold("other", NOW_US)))
        assert await ids(world, caller, hold="fraud", limit=2) == [4, 2, -2]
        assert await ids(world, caller, hold="fraud", limit=2, cursor=2) == [1]
        assert await ids(world, caller, hold="other") == [3]
        assert await ids(world, caller, hold="other", filters=Filters(number="N4")) == []

    async def test_waiting_orders_are_listed_for_any_or_one_sku(self, world: World, caller: Caller) -> None:
        lines, waiting = (Line(2, sku="A"), Line(1, sku="B")), (Counters(2, backordered=1), Counters(1))
        await place(world, caller, 1, 2, lines=lines, counters=waiting)
        async with world.context.store.writing() as tx:
            for number in (1, 2):
                await allocations.put_backorder(tx, Backorder(caller.organization_id, number, 1, "", 0, 0, None))
        assert await ids(world, caller, waiting=True) == [2, 1]
        assert await ids(world, caller, waiting=True, filters=Filters(sku="A"), limit=1) == [2, -2]
        assert await ids(world, caller, waiting=True, filters=Filters(sku="B")) == []

    async def test_late_orders_are_listed_oldest_first(self, world: World, caller: Caller) -> None:
        await place(world, caller, 1, 3, 5, ship_by="2026-01-31")
        await place(world, caller, 2, ship_by="2026-02-01")
        await place(world, caller, 4, ship_by="2026-01-01", counters=(Counters(1, shipped=1),))
        assert await ids(world, caller, late_at=NOW, limit=2) == [1, 3, -3]
        assert await ids(world, caller, late_at=NOW, limit=2, cursor=3) == [5]
        assert await ids(world, caller, late_at=NOW, text="n5") == [5]

    async def test_the_last_word_of_a_search_may_be_a_beginning(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await place(world, caller, 10, 11, 12, lines=(Line(1, sku="MUG"),))
        assert await ids(world, caller, text="N1") == [12, 11, 10]
        assert await ids(world, caller, text="mug n1", limit=2) == [12, 11]
        assert await ids(world, caller, text="n1 mug") == []
        assert await ids(world, caller, text="N1", filters=Filters(door="none")) == []
        monkeypatch.setattr(prefix_search, "ENTRIES", 2)
        cut = await order_lists.page(world.context, caller, OrderListQuery(text="N1"), cursor=None, limit=9)
        assert cut.is_cut

    async def test_a_caller_without_the_scope_to_read_is_refused(self, world: World, caller: Caller) -> None:
        nobody = Caller(caller.organization, "nobody", frozenset())
        for refused in (
            order_lists.page(world.context, nobody, OrderListQuery(), cursor=None, limit=1),
            order_lists.counts_by_status(world.context, nobody),
            order_lists.changes(world.context, nobody, OrderListQuery(), after=feed.Cursor()),
            overview.overview(world.context, nobody, at=NOW, since=0),
            saved_views.views_of(world.context, nobody),
        ):
            with pytest.raises(Denied):
                await refused


class TestCounts:
    async def test_orders_are_counted_by_status_without_archived_ones_as_far_as_that_is_cheap(
        self, world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await place(world, caller, 1, 2, 3)
        await place(world, caller, 4, holds=(Hold("fraud", NOW_US),))
        await place(world, caller, 5, 6, archived=True)
        count = order_lists.counts_by_status
        assert await count(world.context, caller) == {"open": Figure(3), "on_hold": Figure(1)}
        assert await count(world.context, caller, archived=True) == {"open": Figure(2)}
        assert await count(world.context, caller, archived=None) == {"open": Figure(5), "on_hold": Figure(1)}
        assert await count(world.context, caller, door="none") == {}
        monkeypatch.setattr(order_lists, "MOST", 1)  # more are archived than are subtracted one by one
        assert await count(world.context, caller) == {"open": Figure(0, True), "on_hold": Figure(1)}
        assert await count(world.context, caller, archived=True) == {"open": Figure(2, True)}
        assert await count(world.context, caller, door="s2") is None


class TestFigures:
    async def test_the_figures_of_an_organization(self, world: World, caller: Caller) -> None:
        await place(world, caller, 1, holds=(Hold("fraud", NOW_US), Hold("stock", NOW_US)))
        await place(world, caller, 2, holds=(Hold("fraud", NOW_US),), ship_by="2020-01-01")
        found = await overview.overview(world.context, caller, at=NOW, since=0)
        assert (found.orders, found.oldest, found.late) == (2, 1, Figure(1))
        assert found.on_hold.top == [("fraud", 2), ("stock", 1)]
        assert [each.number for each in found.arrivals] == [2]
        assert found.low == found.dead == found.stuck == found.rejected == found.unbalanced == Figure(0)


class TestSeveralOrders:
    async def test_each_is_tried_for_itself_and_nothing_is_saved(self, world: World, caller: Caller) -> None:
        await place(world, caller, 1)
        hold = (HoldRequest("fraud"),)
        commands = [PlaceHolds(order_id=number, holds=hold) for number in (1, 9)]
        tried, missing = await try_each(world.context, caller, commands, door="hub")
        assert isinstance(tried, Change)
        assert tried.order.status == "on_hold"
        assert isinstance(missing, Exception)
        assert await ids(world, caller, hold="fraud") == []

    async def test_what_changed_since_a_cursor_is_reported(self, world: World, caller: Caller) -> None:
        body = {"number": "A", "lines": [{"sku": "A", "quantity": 1}]}
        bearer = await world.bearer()
        made = [
            (await world.http.post("/hub/v1/orders", json=body | {"number": number}, headers=bearer)).json()["id"]
            for number in ("A", "B")
        ]
        before = feed.Cursor()
        found = await order_lists.changes(world.context, caller, OrderListQuery(), after=before)
        assert (found.new, found.changed) == (2, [])
        only = OrderListQuery(filters=Filters(number="B"))
        assert (await order_lists.changes(world.context, caller, only, after=before)).new == 1
        (second,) = await ids(world, caller, filters=Filters(number="B"))
        await execute_each(world.context, caller, [AddNote(order_id=second, text="Hello")], door="hub")
        later = await order_lists.changes(world.context, caller, OrderListQuery(), after=found.cursor)
        assert (later.new, later.changed) == (0, [second])
        assert len(made) == 2

"""Orders and their lines: written and read on every engine."""

import sqlite3
from typing import Any

import asyncpg
import msgspec
import pytest

from crossdock.core.orders.model import Content, Line, Source
from crossdock.core.orders.status import Counters
from crossdock.store import orders, submissions
from crossdock.store.order_query import pages
from crossdock.store.order_query.query import Filters
from crossdock.store.protocols import Statement, Store
from crossdock.store.tables import order_line
from tests.store.order_query.test_pages import store_random_orders
from tests.store.samples import NOW_US, ONE, OTHER, full_order, order, put, read_page, submission


class TestOrders:
    async def test_an_order_is_read_with_every_field(self, store: Store) -> None:
        await put(store, full_order())
        async with store.reading() as tx:
            found = await orders.get(tx, ONE, order_id=1)
        assert found == full_order()
        encoder = msgspec.json.Encoder(decimal_format="number")
        assert encoder.encode(found.content) == encoder.encode(full_order().content)

    def test_the_order_of_that_test_has_every_field_filled(self) -> None:
        def unfilled(value: Any) -> list[str]:
            if isinstance(value, msgspec.Struct):
                names = [
                    each
                    for each in value.__struct_fields__
                    if getattr(value, each) in (None, ()) or getattr(value, each) is False
                ]
                return names + [name for each in value.__struct_fields__ for name in unfilled(getattr(value, each))]
            return [name for each in value for name in unfilled(each)] if isinstance(value, tuple) else []

        full = full_order()
        first = msgspec.structs.replace(
            full.content,
            lines=full.content.lines[:1],
            destinations=full.content.destinations[:1],
            charges=full.content.charges[:1],
        )
        whole = msgspec.structs.replace(full, content=first, counters=full.counters[:1], holds=full.holds[:1])
        assert unfilled(whole) == []

    async def test_a_minimal_order_is_read_as_it_was_written(self, store: Store) -> None:
        await put(store, order(1))
        async with store.reading() as tx:
            assert await orders.get(tx, ONE, order_id=1) == order(1)
            assert await orders.get(tx, ONE, order_id=2) is None

    async def test_the_newest_order_of_a_number_and_door_is_found(self, store: Store) -> None:
        long = "n" * 500
        await put(store, *(order(number, number="A") for number in (1, 3, 2)), order(4, number=long))
        async with store.reading() as tx:
            found = await orders.by_number(tx, ONE, door="s2", number="A")
            assert found is not None
            assert found.order_id == 3
            assert await orders.by_number(tx, ONE, door="fabric", number="A") is None
            assert await orders.by_number(tx, ONE, door="s2", number="a") is None
            assert (await orders.by_number(tx, ONE, door="s2", number=long)) == order(4, number=long)
            assert await orders.by_number(tx, ONE, door="s2", number=long + "n") is None

    @pytest.mark.parametrize("size", [0, 1, 3, 300])
    async def test_orders_are_read_with_the_bodies_sent_through_one_door(self, store: Store, size: int) -> None:
        doors = ("s2", "hub", "fabric")
        context = [
            order(place, source=Source(doors[place % 3], 1000 + place, "me"), event_hash=bytes([place % 256]) * 32)
            for place in range(1, size + 1)
        ]
        await put(store, *context, order(1, OTHER))
        async with store.writing() as tx:
            sent = [submission(each.source.submission_id, body=b'{"a":%d}' % each.order_id) for each in context]
            await submissions.add_submissions(tx, [*sent, submission(1001, OTHER, body=b"theirs")])
        ids = [each.order_id for each in context][::-1]
        async with store.reading() as tx:
            found, bodies = await orders.with_bodies(tx, ONE, [*ids, 9999], door="hub")
            assert found == await orders.by_ids(tx, ONE, ids) == context[::-1]
        assert bodies == {1000 + place: b'{"a":%d}' % place for place in range(1, size + 1, 3)}

    async def test_a_second_order_with_the_same_id_is_refused(self, store: Store) -> None:
        await put(store, order(1))
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            await put(store, order(1))

    async def test_an_order_is_replaced_only_in_its_newest_version(self, store: Store) -> None:
        await put(store, full_order())
        newer = msgspec.structs.replace(
            full_order(), version=4, content=Content(number="B", lines=(Line(1), Line(2), Line(3))), holds=(),
            counters=(Counters(1), Counters(2, canceled=2), Counters(3)),
        )  # fmt: skip
        stale = msgspec.structs.replace(full_order(), version=2)
        async with store.writing() as tx:
            assert not await orders.replace(tx, orders.rows_of(newer), before=stale)
            assert await orders.get(tx, ONE, order_id=1) == full_order()
            assert await orders.replace(tx, orders.rows_of(newer), before=full_order())
            assert not await orders.replace(tx, orders.rows_of(newer), before=full_order())
        async with store.reading() as tx:
            assert await orders.get(tx, ONE, order_id=1) == newer
            assert (await read_page(tx, ONE, Filters(number="B"), before=None, limit=9)).orders == [newer]
            assert (await read_page(tx, ONE, Filters(sku="sku-é"), before=None, limit=9)).orders == []

    async def test_orders_are_counted_by_door(self, store: Store) -> None:
        await put(store, order(1), order(2), order(3, source=Source("hub", 1, "me")))
        async with store.reading() as tx:
            assert [await pages.count(tx, ONE, Filters(door=door)) for door in ("s2", "hub", "fabric")] == [
                2,
                1,
                0,
            ]


OVERSOLD = [
    {"ordered": 0},
    {"shipped": 3},
    {"canceled": 1, "shipped": 2},
    {"canceled": -1},
    {"allocated": -1},
    {"backordered": -1},
    {"delivered": 1},
    {"delivered": -1},
    {"returned": 1},
    {"returned": -1},
    {"return_requested": 1},
]


class TestLines:
    async def test_lines_with_impossible_counters_are_refused_by_the_table(self, store: Store) -> None:
        for change in OVERSOLD:
            counters = Counters(**{"ordered": 2} | change)
            with pytest.raises((sqlite3.IntegrityError, asyncpg.CheckViolationError)):
                await put(store, order(1, counters=(counters,)))
            async with store.reading() as tx:
                assert await orders.get(tx, ONE, order_id=1) is None, change

    async def test_a_line_cannot_ship_more_than_was_ordered(self, store: Store) -> None:
        await put(store, order(1, counters=(Counters(2),)))
        ship = Statement(order_line.update().values(shipped=order_line.c.shipped + 1))
        async with store.writing() as tx:
            assert await tx.run(ship) == 1
            assert await tx.run(ship) == 1
        with pytest.raises((sqlite3.IntegrityError, asyncpg.CheckViolationError)):
            async with store.writing() as tx:
                await tx.run(ship)
        async with store.reading() as tx:
            found = await orders.get(tx, ONE, order_id=1)
        assert found is not None
        assert found.counters == (Counters(2, shipped=2),)

    async def test_lines_stay_in_their_order(self, store: Store) -> None:
        lines = tuple(Line(quantity) for quantity in range(1, 31))
        await put(store, order(1, lines=lines))
        async with store.reading() as tx:
            found = await orders.get(tx, ONE, order_id=1)
        assert found is not None
        assert [counters.ordered for counters in found.counters] == list(range(1, 31))


class TestDue:
    async def test_orders_with_expired_holds_are_found_the_longest_overdue_first(self, store: Store) -> None:
        _, placed = await store_random_orders(store, 7, 70)
        timed = sorted((order.due_at, order.order_id) for order in placed if order.due_at is not None)
        assert len(timed) > 5
        async with store.reading() as tx:
            for now in {at for at, _ in timed} | {NOW_US - 1}:
                found = await orders.due(tx, ONE, now=now, limit=100)
                assert sorted(found) == sorted(each for at, each in timed if at <= now)
                first = await orders.due(tx, ONE, now=now, limit=2)
                by_id = {each: at for at, each in timed}
                assert [by_id[each] for each in first] == [at for at, _ in timed if at <= now][:2]

"""One suite for every engine: what a store and a transaction promise, and how orders are kept and found."""

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from sqlalchemy import text

from crossdock.core.errors import Busy, Code
from crossdock.core.identity import Mint, minted_us
from crossdock.core.lifecycle import Counters
from crossdock.core.order import (
    Address,
    Content,
    Customer,
    Destination,
    Hold,
    Line,
    Order,
    Source,
)
from crossdock.store import log, orders, pages, sqlite
from crossdock.store.log import Claim
from crossdock.store.port import Statement, Store
from crossdock.store.schema import open_store
from crossdock.store.tables import installation, order_line, request_key
from crossdock.store.walks import Filters
from tests.store.samples import (
    NOW_US,
    ONE,
    OTHER,
    facts,
    facts_in,
    full_order,
    key,
    order,
    put,
)


# ----------------------------------------------------------------------------------------------------------- the blocks
class TestWriting:
    async def test_makes_everything_durable_for_others_when_its_block_ends(self, store: Store, database: str) -> None:
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a"), ("test2", "b")])
        another = await open_store(database)
        assert await facts_in(another) == ["a", "b"]
        await another.close()

    async def test_shows_nothing_to_others_before_its_block_ends(self, store: Store, database: str) -> None:
        another = await open_store(database)
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a")])
            assert await facts(tx) == ["a"]
            assert await facts_in(another) == []
        assert await facts_in(another) == ["a"]
        await another.close()

    @pytest.mark.parametrize("error", [RuntimeError, KeyError, asyncio.CancelledError])
    async def test_takes_everything_back_on_an_exception(self, store: Store, error: type[BaseException]) -> None:
        with pytest.raises(error):
            async with store.writing() as tx:
                await tx.insert(installation, [("test1", "a")])
                raise error
        assert await facts_in(store) == []
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "b")])
        assert await facts_in(store) == ["b"]

    async def test_takes_everything_back_when_a_statement_fails(self, store: Store) -> None:
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            async with store.writing() as tx:
                await tx.insert(installation, [("test1", "a")])
                await tx.insert(installation, [("test2", "b"), ("test1", "c")])
        assert await facts_in(store) == []

    async def test_counts_the_rows_it_touched(self, store: Store) -> None:
        statement = Statement(text("UPDATE installation SET value = 'z' WHERE name LIKE 'test%'"))
        async with store.writing() as tx:
            assert await tx.run(statement) == 0
            await tx.insert(installation, [("test1", "a"), ("test2", "b")])
            assert await tx.run(statement) == 2

    async def test_inserts_no_rows_without_complaint(self, store: Store) -> None:
        async with store.writing() as tx:
            await tx.insert(installation, [])
            assert await tx.claim(installation, []) == set()

    async def test_lets_a_fault_in_a_statement_show_as_the_bug_it_is(self, store: Store) -> None:
        with pytest.raises(Exception, match="nowhere") as caught:
            async with store.writing() as tx:
                await tx.run(Statement(text("DELETE FROM nowhere")))
        assert not isinstance(caught.value, Busy)

    async def test_lets_a_value_no_column_can_take_show_as_the_bug_it_is(self, store: Store) -> None:
        with pytest.raises(Exception) as caught:
            async with store.writing() as tx:
                await orders.get(tx, ONE, order_id=2**63)
        assert not isinstance(caught.value, Busy)

    async def test_runs_blocks_of_many_tasks(self, store: Store) -> None:
        async def one(number: int) -> None:
            async with store.writing() as tx:
                await tx.insert(installation, [(f"test{number}", f"{number:02}")])
                await asyncio.sleep(0)

        await asyncio.gather(*(one(number) for number in range(20)))
        assert await facts_in(store) == [f"{number:02}" for number in range(20)]


class TestReading:
    async def test_sees_one_state_while_a_writer_commits(self, store: Store) -> None:
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a")])
        async with store.reading() as reader:
            assert await facts(reader) == ["a"]
            async with store.writing() as tx:
                await tx.insert(installation, [("test2", "b")])
                await tx.run(Statement(text("UPDATE installation SET value = 'c' WHERE name = 'test1'")))
            assert await facts(reader) == ["a"]
        assert await facts_in(store) == ["b", "c"]

    async def test_can_go_on_in_two_blocks_at_once(self, store: Store) -> None:
        async with store.reading() as one, store.reading() as other:
            assert await facts(one) == await facts(other) == []

    async def test_sees_the_state_of_the_block_around_it(self, store: Store) -> None:
        async with store.reading() as outer:
            assert await facts(outer) == []
            async with store.writing() as tx:
                await tx.insert(installation, [("test1", "a")])
            assert await facts_in(store) == []
            assert await facts(outer) == []
        assert await facts_in(store) == ["a"]

    async def test_sees_what_was_committed_before_it_began_while_another_task_still_reads(self, store: Store) -> None:
        async def late() -> tuple[list[str], list[str]]:
            async with store.reading() as tx:
                before = await facts(tx)
                async with store.writing() as other:
                    await other.insert(installation, [("test2", "b")])
                return before, await facts_in(store)

        async with store.reading() as early:
            assert await facts(early) == []
            async with store.writing() as tx:
                await tx.insert(installation, [("test1", "a")])
            assert await asyncio.create_task(late()) == (["a"], ["a"])
            assert await facts(early) == []
        assert await facts_in(store) == ["a", "b"]

    async def test_of_a_task_begun_in_a_block_disturbs_nothing(self, store: Store) -> None:
        async with store.reading() as outer:
            others = [asyncio.create_task(facts_in(store)) for _ in range(3)]
            for _ in range(9):
                assert await facts(outer) == []
                await asyncio.sleep(0)
        assert await asyncio.gather(*others) == [[]] * 3

    @pytest.mark.parametrize("engine", ["postgresql"])
    async def test_plans_anew_what_depends_on_the_values_and_nothing_after_its_block(self, store: Store) -> None:
        mode = text("SELECT current_setting('plan_cache_mode')")
        async with store.reading() as tx:
            assert [tuple(row) for row in await tx.rows(Statement(mode))] == [("auto",)]
            assert [tuple(row) for row in await tx.rows(Statement(mode, is_varied=True))] == [("force_custom_plan",)]
        async with store.reading() as tx:
            assert [tuple(row) for row in await tx.rows(Statement(mode))] == [("auto",)]

    async def test_ends_with_an_exception_and_begins_anew(self, store: Store) -> None:
        with pytest.raises(RuntimeError):
            async with store.reading():
                raise RuntimeError
        assert await facts_in(store) == []


# ------------------------------------------------------------------------------------------------------------- claiming
class TestClaim:
    async def test_takes_what_is_free_and_leaves_what_is_taken(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await log.claim(tx, [Claim(ONE, key(2), 1, 1)]) == {key(2)}
        async with store.writing() as tx:
            wanted = [Claim(ONE, key(number), 9, 9) for number in (3, 2, 1)]
            assert await log.claim(tx, wanted) == {key(1), key(3)}
            held = await log.holders(tx, ONE, [key(number) for number in range(5)])
        assert {taken: claim.submission_id for taken, claim in held.items()} == {key(1): 9, key(2): 1, key(3): 9}

    async def test_gives_positions(self, store: Store) -> None:
        rows = [(ONE, key(number), 1, 1) for number in (1, 2, 3)]
        async with store.writing() as tx:
            assert await tx.claim(request_key, rows[1:2]) == {0}
            assert await tx.claim(request_key, rows) == {0, 2}
            assert await tx.claim(request_key, rows) == set()

    async def test_gives_one_position_of_a_key_wanted_twice(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await tx.claim(request_key, [(ONE, key(1), 1, 1), (ONE, key(1), 2, 2)]) == {0}
            assert (await log.holders(tx, ONE, [key(1)]))[key(1)].submission_id == 1

    async def test_keeps_organizations_apart(self, store: Store) -> None:
        async with store.writing() as tx:
            assert await log.claim(tx, [Claim(ONE, key(1), 1, 1)]) == {key(1)}
            assert await log.claim(tx, [Claim(OTHER, key(1), 2, 2)]) == {key(1)}

    async def test_is_undone_with_its_transaction(self, store: Store) -> None:
        with pytest.raises(RuntimeError):
            async with store.writing() as tx:
                await log.claim(tx, [Claim(ONE, key(1), 1, 1)])
                raise RuntimeError
        async with store.writing() as tx:
            assert await log.claim(tx, [Claim(ONE, key(1), 2, 2)]) == {key(1)}

    async def test_can_be_released_and_repointed(self, store: Store) -> None:
        async with store.writing() as tx:
            await log.claim(tx, [Claim(ONE, key(1), 1, 1), Claim(ONE, key(2), 1, 1)])
            await log.release(tx, ONE, key=key(1))
            await log.repoint(tx, Claim(ONE, key(2), 7, 8))
            assert await log.holders(tx, ONE, [key(1), key(2)]) == {key(2): Claim(ONE, key(2), 7, 8)}

    @pytest.mark.parametrize("size", [0, 1, 65, 255, 256, 257, 600])
    async def test_names_holders_of_any_number_of_keys(self, store: Store, size: int) -> None:
        keys = [number.to_bytes(32, "big") for number in range(size)]
        async with store.writing() as tx:
            assert await log.claim(tx, [Claim(ONE, each, 1, 1) for each in keys]) == set(keys)
            assert set(await log.holders(tx, ONE, [*keys, b"other"])) == set(keys)


async def claimed_elsewhere(url: str, started: threading.Event, submission_id: int) -> set[bytes]:
    """Claim a key through a store of one's own."""
    store = await open_store(url)
    try:
        started.set()
        async with store.writing() as tx:
            return await log.claim(tx, [Claim(ONE, key(1), submission_id, submission_id)])
    finally:
        await store.close()


class TestRacingClaims:
    async def test_that_only_look_first_would_both_win(self, store: Store, database: str) -> None:
        """The fault without the guard: two that look before they write both find the key free."""
        another = await open_store(database)
        async with store.reading() as one, another.reading() as other:
            assert await log.holders(one, ONE, [key(1)]) == await log.holders(other, ONE, [key(1)]) == {}
        await another.close()

    async def test_wait_for_the_first_to_commit_and_then_see_it_taken(self, store: Store, database: str) -> None:
        started = threading.Event()
        async with store.writing() as tx:
            assert await log.claim(tx, [Claim(ONE, key(1), 1, 1)]) == {key(1)}
            second = asyncio.create_task(asyncio.to_thread(asyncio.run, claimed_elsewhere(database, started, 2)))
            await asyncio.to_thread(started.wait)
            await asyncio.wait([second], timeout=0.2)  # time to take the key, if nothing made it wait
            assert not second.done()
        assert await second == set()
        async with store.reading() as reader:
            assert (await log.holders(reader, ONE, [key(1)]))[key(1)].submission_id == 1

    async def test_win_when_the_first_takes_its_claim_back(self, store: Store, database: str) -> None:
        started = threading.Event()
        with pytest.raises(RuntimeError):
            async with store.writing() as tx:
                await log.claim(tx, [Claim(ONE, key(1), 1, 1)])
                second = asyncio.create_task(asyncio.to_thread(asyncio.run, claimed_elsewhere(database, started, 2)))
                await asyncio.to_thread(started.wait)
                await asyncio.wait([second], timeout=0.2)
                raise RuntimeError
        assert await second == {key(1)}
        async with store.reading() as reader:
            assert (await log.holders(reader, ONE, [key(1)]))[key(1)].submission_id == 2

    async def test_of_many_stores_give_each_key_to_exactly_one(self, database: str) -> None:
        keys = [key(number) for number in range(20)]
        barrier = threading.Barrier(4)

        async def racer(number: int) -> list[bytes]:
            store = await open_store(database)
            barrier.wait()
            won: list[bytes] = []
            for start in range(0, 20, 5):
                wanted = [Claim(ONE, each, number, number) for each in keys[start : start + 5]]
                async with store.writing() as tx:
                    won += await log.claim(tx, wanted if number % 2 else wanted[::-1])
            await store.close()
            return won

        won = await asyncio.gather(*(asyncio.to_thread(asyncio.run, racer(number)) for number in range(4)))
        assert sorted(each for some in won for each in some) == keys


# --------------------------------------------------------------------------------------------------------------- orders
class TestOrders:
    async def test_come_back_with_every_field(self, store: Store) -> None:
        await put(store, full_order())
        async with store.reading() as tx:
            found = await orders.get(tx, ONE, order_id=1)
        assert found == full_order()
        encoder = msgspec.json.Encoder(decimal_format="number")
        assert encoder.encode(found.content) == encoder.encode(full_order().content)

    def test_fill_every_field_in_that_proof(self) -> None:
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

    async def test_come_back_with_almost_nothing(self, store: Store) -> None:
        await put(store, order(1))
        async with store.reading() as tx:
            assert await orders.get(tx, ONE, order_id=1) == order(1)
            assert await orders.get(tx, ONE, order_id=2) is None

    async def test_are_found_by_number_the_newest_first_and_by_door(self, store: Store) -> None:
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

    async def test_are_refused_a_second_time_under_one_id(self, store: Store) -> None:
        await put(store, order(1))
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            await put(store, order(1))

    async def test_are_replaced_only_by_who_saw_the_newest_version(self, store: Store) -> None:
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
            assert (await pages.page(tx, ONE, Filters(number="B"), before=None, limit=9)).orders == [newer]
            assert (await pages.page(tx, ONE, Filters(sku="sku-é"), before=None, limit=9)).orders == []

    async def test_are_counted_by_door(self, store: Store) -> None:
        await put(store, order(1), order(2), order(3, source=Source("hub", 1, "me")))
        async with store.reading() as tx:
            assert [await pages.count(tx, ONE, Filters(door=door)) for door in ("s2", "hub", "fabric")] == [2, 1, 0]


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
    async def test_cannot_be_inserted_with_counters_that_cannot_be(self, store: Store) -> None:
        for change in OVERSOLD:
            counters = Counters(**{"ordered": 2} | change)
            with pytest.raises((sqlite3.IntegrityError, asyncpg.CheckViolationError)):
                await put(store, order(1, counters=(counters,)))
            async with store.reading() as tx:
                assert await orders.get(tx, ONE, order_id=1) is None, change

    async def test_cannot_be_shipped_further_than_ordered(self, store: Store) -> None:
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

    async def test_stay_in_their_order(self, store: Store) -> None:
        lines = tuple(Line(quantity) for quantity in range(1, 31))
        await put(store, order(1, lines=lines))
        async with store.reading() as tx:
            found = await orders.get(tx, ONE, order_id=1)
        assert found is not None
        assert [counters.ordered for counters in found.counters] == list(range(1, 31))


async def ids(store: Store, filters: Filters, *, before: int | None = None, limit: int = 100, **rest: int) -> list[int]:
    async with store.reading() as tx:
        return [
            each.order_id for each in (await pages.page(tx, ONE, filters, before=before, limit=limit, **rest)).orders
        ]


# Filters over the six orders of the first test, and which of them they leave.
FILTERED: list[tuple[Filters, list[int]]] = [
    (Filters(), [6, 5, 4, 3, 2, 1]),
    (Filters(door="hub"), [2]),
    (Filters(number="X"), [3]),
    (Filters(number="x"), []),
    (Filters(status="on_hold"), [4]),
    (Filters(status="open"), [6, 5, 3, 2, 1]),
    (Filters(email="ann@example.com"), [6, 5]),
    (Filters(email="ANN@EXAMPLE.COM"), [6, 5]),
    (Filters(email="bob@example.com"), []),
    (Filters(sku="s-1"), [6, 1]),
    (Filters(sku="s"), []),
    (Filters(location="W2"), [6]),
    (Filters(location="W1"), [5]),
    (Filters(sku="s-1", location="W2", door="s2", status="open"), [6]),
    (Filters(sku="s-1", location="W1"), []),
]


class TestPage:
    async def test_is_narrowed_by_each_filter(self, store: Store) -> None:
        ann = Address(email="Ann@Example.com")
        await put(
            store,
            order(1, lines=(Line(1, sku="s-1"), Line(1, sku="s-1"))),
            order(2, source=Source("hub", 1, "me")),
            order(3, number="X"),
            order(4, holds=(Hold("stock", NOW_US),)),
            order(5, destinations=(Destination(address=ann, location_ref="W1"),)),
            order(
                6,
                customer=Customer(email="ann@example.COM"),
                destinations=(Destination(), Destination(location_ref="W2")),
                lines=(Line(1), Line(1, sku="s-1", destination=1)),
            ),
        )
        for filters, found in FILTERED:
            assert await ids(store, filters) == found, filters

    @pytest.mark.parametrize("name", ["number", "email", "sku", "location"])
    async def test_finds_values_of_any_length(self, store: Store, name: str) -> None:
        def long(number: int) -> Order:
            value = "ä" * 3000 + str(number)
            customer, line = Customer(email=value), Line(1, sku=value)
            places = (Destination(location_ref=value),)
            return order(number, number=value, customer=customer, lines=(line,), destinations=places)

        await put(store, long(1), long(2))
        assert await ids(store, Filters(**{name: "ä" * 3000 + "2"})) == [2]
        assert await ids(store, Filters(**{name: "ä" * 3000})) == []

    async def test_is_narrowed_to_a_time_from_included_to_excluded(self, store: Store) -> None:
        mint = Mint(1)
        times = [NOW_US + step for step in (0, 1, 999, 1000, 1001, 5000)]
        made = [order(mint.new(at), created_at=at) for at in times]
        await put(store, *made)
        for start in times:
            for end in [*times, NOW_US + 9000]:
                wanted = [each.order_id for each in made if start <= each.created_at < end]
                assert await ids(store, Filters(created_from=start, created_to=end)) == wanted[::-1]
        assert await ids(store, Filters(created_from=0)) == [each.order_id for each in made][::-1]
        assert await ids(store, Filters(created_to=2**62)) == [each.order_id for each in made][::-1]

    async def test_ends_at_a_time_for_ids_minted_after_the_clock_was_set_back(self, store: Store) -> None:
        mint = Mint(1)
        mint.new(NOW_US + 60_000_000)
        identity = mint.new(NOW_US)
        received = minted_us(identity)  # intake gives such an order the time of its id
        await put(store, order(identity, created_at=received))
        assert await ids(store, Filters(created_from=received, created_to=received + 1)) == [identity]
        assert await ids(store, Filters(created_from=NOW_US, created_to=received)) == []

    async def test_goes_on_where_the_one_before_ended_while_orders_arrive(self, store: Store) -> None:
        await put(store, *(order(number) for number in range(1, 11)))
        walked = await ids(store, Filters(), limit=4)
        await put(store, order(11))
        while rest := await ids(store, Filters(), before=walked[-1], limit=4):
            walked += rest
        assert walked == list(range(10, 0, -1))

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 8, 9])
    async def test_has_whole_orders_in_any_size(self, store: Store, limit: int) -> None:
        placed = [order(number, lines=(Line(number), Line(1))) for number in range(1, 9)]
        await put(store, *placed)
        async with store.reading() as tx:
            assert (await pages.page(tx, ONE, Filters(), before=None, limit=limit)).orders == placed[::-1][:limit]

    async def test_passes_over_an_offset(self, store: Store) -> None:
        await put(store, *(order(number) for number in range(1, 6)))
        assert await ids(store, Filters(), limit=2, offset=1) == [4, 3]
        assert await ids(store, Filters(), limit=2, offset=9) == []

    async def test_passes_over_nothing_for_a_limit_of_nothing(self, store: Store) -> None:
        await put(store, order(1))
        assert await ids(store, Filters(), limit=0) == []


# ----------------------------------------------------------------------------------------------------------------- busy
class TestBusy:
    async def test_is_the_answer_of_a_locked_sqlite_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)
        path = tmp_path / "crossdock.db"
        store = await open_store(f"sqlite:///{path}")
        locking = sqlite3.connect(path, isolation_level=None)
        locking.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy) as caught:
            async with store.writing():
                pass
        assert caught.value.code is Code.UNAVAILABLE
        assert await facts_in(store) == []  # readers are not held up
        locking.execute("ROLLBACK")
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a")])
        assert await facts_in(store) == ["a"]
        locking.close()
        await store.close()

    async def test_is_the_answer_when_postgresql_ends_the_connection(self, request: pytest.FixtureRequest) -> None:
        store = await open_store(request.getfixturevalue("postgres_url"))
        with pytest.raises(Busy) as caught:
            async with store.writing() as tx:
                (row,) = await tx.rows(Statement(text("SELECT pg_backend_pid()")))
                another = await asyncpg.connect(request.getfixturevalue("postgres_url"))
                await another.execute("SELECT pg_terminate_backend($1)", row[0])
                await another.close()
                await facts(tx)
        assert caught.value.code is Code.UNAVAILABLE
        assert await facts_in(store) == []  # the next one gets a new connection
        await store.close()


class TestUpdate:
    async def test_writes_columns_of_the_rows_with_these_keys(self, store: Store) -> None:
        rows = [(ONE, key(place), place, place) for place in range(1, 5)]
        async with store.writing() as tx:
            await tx.claim(request_key, rows)
            changed = [(ONE, key(2), 20), (ONE, key(4), 40), (ONE, key(9), 90), (OTHER, key(1), 10)]
            await tx.update(request_key, ("submission_id",), changed)
            await tx.update(request_key, ("order_id", "submission_id"), [(ONE, key(1), 7, 8)])
            await tx.update(request_key, ("order_id",), [])
            held = await log.holders(tx, ONE, [key(place) for place in range(1, 10)])
            assert {(each.submission_id, each.order_id) for each in held.values()} == {(8, 7), (20, 2), (3, 3), (40, 4)}
            assert await log.holders(tx, OTHER, [key(1)]) == {}

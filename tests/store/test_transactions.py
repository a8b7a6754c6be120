"""Blocks that write and blocks that read, on every engine: what they promise, and what they answer when they cannot."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from crossdock.core.errors import Busy, Code
from crossdock.store import idempotency_keys, orders, postgres, sqlite
from crossdock.store.protocols import Statement, Store, Transaction
from crossdock.store.reads_within import ReadsWithin
from crossdock.store.schema import open_store
from crossdock.store.tables import installation, request_key
from tests.store.samples import ONE, OTHER, facts_in, key, order_events


class TestWriting:
    async def test_a_commit_makes_everything_visible_to_others(self, store: Store, database: str) -> None:
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a"), ("test2", "b")])
        another = await open_store(database)
        assert await facts_in(another) == ["a", "b"]
        await another.close()

    async def test_others_see_nothing_before_the_commit(self, store: Store, database: str) -> None:
        another = await open_store(database)
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a")])
            assert await order_events(tx) == ["a"]
            assert await facts_in(another) == []
        assert await facts_in(another) == ["a"]
        await another.close()

    @pytest.mark.parametrize("error", [RuntimeError, KeyError, asyncio.CancelledError])
    async def test_an_exception_rolls_everything_back(self, store: Store, error: type[BaseException]) -> None:
        with pytest.raises(error):
            async with store.writing() as tx:
                await tx.insert(installation, [("test1", "a")])
                raise error
        assert await facts_in(store) == []
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "b")])
        assert await facts_in(store) == ["b"]

    async def test_a_failed_statement_rolls_everything_back(self, store: Store) -> None:
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            async with store.writing() as tx:
                await tx.insert(installation, [("test1", "a")])
                await tx.insert(installation, [("test2", "b"), ("test1", "c")])
        assert await facts_in(store) == []

    async def test_a_statement_gives_the_number_of_rows_it_changed(self, store: Store) -> None:
        statement = Statement(text("UPDATE installation SET value = 'z' WHERE name LIKE 'test%'"))
        async with store.writing() as tx:
            assert await tx.run(statement) == 0
            await tx.insert(installation, [("test1", "a"), ("test2", "b")])
            assert await tx.run(statement) == 2

    async def test_inserting_no_rows_is_allowed(self, store: Store) -> None:
        async with store.writing() as tx:
            await tx.insert(installation, [])
            assert await tx.claim(installation, []) == set()

    async def test_a_faulty_statement_raises_as_a_bug(self, store: Store) -> None:
        with pytest.raises(Exception, match="nowhere") as caught:
            async with store.writing() as tx:
                await tx.run(Statement(text("DELETE FROM nowhere")))
        assert not isinstance(caught.value, Busy)

    async def test_a_value_that_no_column_can_take_raises_as_a_bug(self, store: Store) -> None:
        with pytest.raises(Exception) as caught:
            async with store.writing() as tx:
                await orders.get(tx, ONE, order_id=2**63)
        assert not isinstance(caught.value, Busy)

    async def test_many_tasks_write_one_after_another(self, store: Store) -> None:
        async def one(number: int) -> None:
            async with store.writing() as tx:
                await tx.insert(installation, [(f"test{number}", f"{number:02}")])
                await asyncio.sleep(0)

        await asyncio.gather(*(one(number) for number in range(20)))
        assert await facts_in(store) == [f"{number:02}" for number in range(20)]


Way = Callable[[Transaction], Awaitable[Any]]
_CHANGE = text("UPDATE installation SET value = :value WHERE name LIKE 'test%'")
WAYS_TO_WRITE: list[Way] = [
    lambda tx: tx.rows(Statement(text("INSERT INTO installation VALUES ('test2', 'b') RETURNING name"))),
    lambda tx: tx.run(Statement(_CHANGE), value="b"),
    lambda tx: tx.run_all(Statement(_CHANGE), [{"value": "b"}, {"value": "c"}]),
    lambda tx: tx.insert(installation, [("test2", "b")]),
    lambda tx: tx.update(installation, ("value",), [("test1", "b")]),
    lambda tx: tx.claim(installation, [("test2", "b")]),
]


class TestReading:
    async def test_a_reader_sees_one_state_while_a_writer_commits(self, store: Store) -> None:
        async with store.writing() as tx:
            await tx.insert(installation, [("test1", "a")])
        async with store.reading() as reader:
            assert await order_events(reader) == ["a"]
            async with store.writing() as tx:
                await tx.insert(installation, [("test2", "b")])
                await tx.run(Statement(text("UPDATE installation SET value = 'c' WHERE name = 'test1'")))
            assert await order_events(reader) == ["a"]
        assert await facts_in(store) == ["b", "c"]

    async def test_two_readers_can_be_open_at_once(self, store: Store) -> None:
        async with store.reading() as one, store.reading() as other:
            assert await order_events(one) == await order_events(other) == []

    async def test_reads_within_a_transaction_see_its_state_and_others_what_was_committed_since(
        self, store: Store
    ) -> None:
        async with store.reading() as outer:
            assert await order_events(outer) == []
            within = ReadsWithin(store, outer)
            async with within.writing() as tx:
                await tx.insert(installation, [("test1", "a")])
            assert await facts_in(within) == []
            assert await facts_in(store) == ["a"]
            assert await order_events(outer) == []
        assert await facts_in(store) == ["a"]

    async def test_a_reader_sees_what_was_committed_before_it_began_while_another_task_still_reads(
        self, store: Store
    ) -> None:
        async def late() -> tuple[list[str], list[str]]:
            async with store.reading() as tx:
                before = await order_events(tx)
                async with store.writing() as other:
                    await other.insert(installation, [("test2", "b")])
                return before, await facts_in(ReadsWithin(store, tx))

        async with store.reading() as early:
            assert await order_events(early) == []
            async with store.writing() as tx:
                await tx.insert(installation, [("test1", "a")])
            assert await asyncio.create_task(late()) == (["a"], ["a"])
            assert await order_events(early) == []
        assert await facts_in(store) == ["a", "b"]

    async def test_a_task_started_within_a_reading_block_has_a_transaction_of_its_own(self, store: Store) -> None:
        async with store.reading() as outer:
            others = [asyncio.create_task(facts_in(store)) for _ in range(3)]
            for _ in range(9):
                assert await order_events(outer) == []
                await asyncio.sleep(0)
        assert await asyncio.gather(*others) == [[]] * 3

    @pytest.mark.parametrize("engine", ["postgresql"])
    async def test_a_custom_plan_is_used_until_the_end_of_the_block_alone(self, store: Store) -> None:
        mode = text("SELECT current_setting('plan_cache_mode')")
        async with store.reading() as tx:
            assert [tuple(row) for row in await tx.rows(Statement(mode))] == [("auto",)]
            assert [tuple(row) for row in await tx.rows(Statement(mode, needs_custom_plan=True))] == [
                ("force_custom_plan",)
            ]
        async with store.reading() as tx:
            assert [tuple(row) for row in await tx.rows(Statement(mode))] == [("auto",)]

    @pytest.mark.parametrize("way", WAYS_TO_WRITE)
    async def test_a_reader_cannot_write_even_in_its_first_statement(self, store: Store, way: Way) -> None:
        rows = [("test1", "a")]
        async with store.writing() as tx:
            await tx.insert(installation, rows)
        with pytest.raises((sqlite3.OperationalError, Busy), match=r"(?i)read.?only|cannot take this"):
            async with store.reading() as reader:
                await way(reader)
        assert await facts_in(store) == ["a"]

    async def test_a_reader_can_begin_again_after_an_exception(self, store: Store) -> None:
        with pytest.raises(RuntimeError):
            async with store.reading():
                raise RuntimeError
        assert await facts_in(store) == []


class TestUpdate:
    async def test_an_update_writes_columns_of_the_rows_with_the_given_keys(self, store: Store) -> None:
        rows = [(ONE, key(place), place, place) for place in range(1, 5)]
        async with store.writing() as tx:
            await tx.claim(request_key, rows)
            changed = [(ONE, key(2), 20), (ONE, key(4), 40), (ONE, key(9), 90), (OTHER, key(1), 10)]
            await tx.update(request_key, ("submission_id",), changed)
            await tx.update(request_key, ("order_id", "submission_id"), [(ONE, key(1), 7, 8)])
            await tx.update(request_key, ("order_id",), [])
            held = await idempotency_keys.find_claims(tx, ONE, [key(place) for place in range(1, 10)])
            assert {(each.submission_id, each.order_id) for each in held.values()} == {(8, 7), (20, 2), (3, 3), (40, 4)}
            assert await idempotency_keys.find_claims(tx, OTHER, [key(1)]) == {}


async def end_connection(tx: Transaction, url: str) -> None:
    """End the connection of a transaction on the side of PostgreSQL."""
    (row,) = await tx.rows(Statement(text("SELECT pg_backend_pid()")))
    another = await asyncpg.connect(url)
    await another.execute("SELECT pg_terminate_backend($1)", row[0])
    await another.close()


class TestBusy:
    async def test_a_locked_sqlite_file_is_busy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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

    async def test_a_connection_ended_by_postgresql_is_busy(self, request: pytest.FixtureRequest) -> None:
        store = await open_store(request.getfixturevalue("postgres_url"))
        with pytest.raises(Busy) as caught:
            async with store.writing() as tx:
                await end_connection(tx, request.getfixturevalue("postgres_url"))
                await order_events(tx)
        assert caught.value.code is Code.UNAVAILABLE
        assert await facts_in(store) == []  # the next one gets a new connection
        await store.close()

    async def test_after_a_failed_commit_the_check_of_postgresql_writes_until_that_works(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = await open_store(url := request.getfixturevalue("postgres_url"))
        await store.check_writing()
        with pytest.raises(Busy):
            async with store.writing() as tx:
                await end_connection(tx, url)
        with monkeypatch.context() as patched, pytest.raises(asyncpg.DivisionByZeroError):
            patched.setattr(postgres, "_TOUCH", "SELECT 1 / 0")
            await store.check_writing()
        await store.check_writing()
        assert not store._has_commit_failed
        await store.close()

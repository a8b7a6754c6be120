"""A copy is equal to its source whatever rows the source has, wherever the copy was interrupted, whatever changed since."""

import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Integer, LargeBinary, Table, Text, select

from crossdock.core.errors import Busy
from crossdock.flows import copying
from crossdock.flows.copying import Report, Round
from crossdock.store import copying as tables
from crossdock.store import schema
from crossdock.store.protocols import Statement, Store
from crossdock.store.sqlite import SqliteStore
from crossdock.store.tables import installation, metadata, stock_level
from crossdock.store.tables import order_line as lines
from tests.conftest import MEMORY
from tests.databases import empty

MARKS = ("database_id", "copy_of")
TABLES = tuple(metadata.tables.values())
# Texts that databases sort differently by locale, and that differ only for a careful comparison.
TEXTS = ["", "a", "A", "_", "a b", "ab", "á", "Z", "ß", "ss", "🙂", "é", "e\u0301", "\u00a0", "1", "10", "9"]
# Columns that have a CHECK; others have any value.
CHECKED = {lines: {"ordered": 9}, stock_level: {"on_hand": 9}}
UNCHECKED = {"organization_id", "order_id", "line", "sku_key", "location_key", "level_id", "sku", "location", "pool"}


class Interrupted(Exception):
    """The process ended here."""


class Interrupting(Report):
    """Ends a copy after some steps."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def step(self, what: str, done: int, total: int, unit: str = "rows") -> None:
        self._left -= 1
        if self._left < 0:
            raise Interrupted


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read few rows and bytes at a time, so that tables have several pages."""
    monkeypatch.setattr(tables, "MAX_ROWS", 7)
    monkeypatch.setattr(tables, "MAX_BYTES", 100)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    """Open a database, and remove all its rows."""
    await empty(url)
    store = await schema.open_store(url, is_copying=True)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def source(database: str) -> AsyncIterator[Store]:
    """Return an empty database of each engine."""
    async with opened(database) as store:
        yield store


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder in memory."""
    with tempfile.TemporaryDirectory(dir=MEMORY, ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def target_url(engine: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """Return the URL of a database of the other engine."""
    if engine == "postgresql":
        return f"sqlite:///{folder}/target.db"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture
async def target(target_url: str) -> AsyncIterator[Store]:
    """Return an empty database of the other engine."""
    async with opened(target_url) as store:
        yield store


def value(table: Table, column: Column[Any], random: Random) -> Any:
    """Return any value that a column takes."""
    if isinstance(column.type, Boolean):
        return random.random() < 0.5
    if table in CHECKED and column.name not in UNCHECKED:
        return b"" if isinstance(column.type, LargeBinary) else CHECKED[table].get(column.name, 0)
    if column.nullable and random.random() < 0.3:
        return None
    if isinstance(column.type, LargeBinary):
        return random.randbytes(random.choice([0, 3, 40, 300]))
    if isinstance(column.type, Text):
        return random.choice(TEXTS) + random.choice(TEXTS)
    return random.choice([1, random.getrandbits(31 if isinstance(column.type, Integer) else 62), random.randrange(9)])


def made(table: Table, random: Random) -> tuple[Any, ...]:
    """Return a row."""
    row = {column.name: value(table, column, random) for column in table.columns}
    if "version" in row:
        row["version"] = abs(row["version"]) + 1 if row["version"] < 2**30 else 5
    return tuple(row.values())


async def change(store: Store, random: Random) -> None:
    """Add, replace and remove rows of all tables."""
    async with store.writing() as tx:
        for table in TABLES:
            found = {tables.key_of(table, tuple(row)) for row in await tx.rows(Statement(select(table)))}
            if table is installation:
                found -= {(name,) for name in MARKS}
            gone = random.sample(sorted(found, key=repr), len(found) // 3)
            await tx.delete(table, gone)
            rows = {}
            for _ in range(12):
                row = made(table, random)
                rows[tables.key_of(table, row)] = row
            await tx.delete(table, list(rows))
            await tx.insert(table, list(rows.values()))


async def content(store: Store) -> dict[str, set[tuple[Any, ...]]]:
    """Return all rows of all tables but the mark of the copy."""
    async with store.reading() as tx:
        found = {table.name: {tuple(row) for row in await tx.rows(Statement(select(table)))} for table in TABLES}
    found["installation"] = {row for row in found["installation"] if row[0] != MARKS[1]}
    return found


class TestCopy:
    async def test_a_copy_has_all_rows_of_its_source_however_often_it_is_interrupted(
        self, source: Store, target: Store
    ) -> None:
        random = Random(17)
        for steps in (20, 50):
            await change(source, random)
            with pytest.raises(Interrupted):
                await copying.copy(source, target, is_final=False, report=Interrupting(steps))
            found = await copying.copy(source, target, is_final=False, report=Report())
            assert found.rounds[-1].differences == 0
            assert await content(source) == await content(target)

    async def test_rows_of_any_size_are_read_in_pages_of_limited_size(self, source: Store) -> None:
        await change(source, Random(3))
        submission = metadata.tables["submission"]
        async with source.reading() as tx:
            everything = {tuple(row) for row in await tx.rows(Statement(select(submission)))}
            pages, after = [], None
            while page := await tables.page(tx, submission, after=after):
                pages.append(page)
                after = tables.key_of(submission, page[-1])
        assert {row for page in pages for row in page} == everything
        for page in pages:
            size = sum(len(part) for row in page for part in row if isinstance(part, bytes))
            assert len(page) == 1 or size <= 100


class Files:
    """Databases of one test, as SQLite files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> str:
        return f"{self._folder}/{name}.db"

    def url(self, name: str) -> str:
        return f"sqlite:///{self.path(name)}"

    def write(self, name: str, *mail_ids: int) -> None:
        """Write rows, as another process does."""
        with closing(sqlite3.connect(self.path(name))) as connection, connection:
            sql = "INSERT INTO mail VALUES (1, ?, 1, '', '', '', 1, x'')"
            connection.executemany(sql, [(mail_id,) for mail_id in mail_ids])

    async def copy(
        self, source: str, target: str, *, is_final: bool = True, report: Report | None = None
    ) -> copying.Copy:
        """Copy one to another."""
        stores = [await schema.open_store(self.url(source)), await schema.open_store(self.url(target), is_copying=True)]
        try:
            return await copying.copy(stores[0], stores[1], is_final=is_final, report=report or Report())
        finally:
            for each in stores:
                await each.close()

    async def is_served(self, name: str) -> bool:
        """Whether servers open a database."""
        try:
            await (await schema.open_store(self.url(name))).close()
        except ValueError as error:
            assert "unfinished copy" in str(error)
            return False
        return True


@pytest.fixture
def files(folder: Path) -> Files:
    return Files(folder)


class TestFinish:
    async def test_a_final_copy_waits_until_the_source_stays_as_it_is(
        self, files: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(copying, "_PAUSE_S", 0)
        seen = []

        class Served(Report):
            """Changes the source after each of the first three rounds."""

            def round_ended(self, ended: Round, *, is_waiting: bool) -> None:
                seen.append((ended.differences, is_waiting))
                if len(seen) < 4:
                    files.write("a", len(seen))

        found = await files.copy("a", "b", report=Served())
        assert seen == [(1, False), (1, True), (1, True), (1, True), (0, False)]
        assert {table.name: table.rows for table in found.tables if table.rows} == {"installation": 1, "mail": 3}
        assert await files.is_served("b")

    async def test_a_copy_that_is_not_final_ends_while_the_source_goes_on_changing(self, files: Files) -> None:
        class Served(Report):
            def round_ended(self, ended: Round, *, is_waiting: bool) -> None:
                assert not is_waiting
                files.write("a", ended.number)

        found = await files.copy("a", "b", is_final=False, report=Served())
        assert [each.differences for each in found.rounds] == [1, 1]
        assert found.verification is None

    async def test_an_unfinished_copy_is_not_served_and_is_no_source(self, files: Files) -> None:
        await files.copy("a", "b", is_final=False)
        assert not await files.is_served("b")
        with pytest.raises(ValueError, match="unfinished copy"):
            await files.copy("b", "c")
        await schema.migrate(files.url("b"))  # so that a newer version can finish the copy
        await files.copy("a", "b")
        assert await files.is_served("b")

    async def test_what_something_else_writes_to_the_target_is_found(self, files: Files) -> None:
        class Written(Report):
            def round_ended(self, ended: Round, *, is_waiting: bool) -> None:
                if not ended.differences:
                    files.write("b", 1)

        with pytest.raises(ValueError, match=r"the table mail has 1 rows, digest .* in the target, and 0 rows"):
            await files.copy("a", "b", report=Written())
        assert not await files.is_served("b")
        await files.copy("a", "b")
        assert await files.is_served("b")


class TestTarget:
    async def test_a_target_with_other_data_is_refused_and_stays_as_it_is(self, files: Files) -> None:
        await schema.migrate(files.url("b"))
        files.write("b", 1)
        with pytest.raises(ValueError, match="data of its own"):
            await files.copy("a", "b")
        assert await files.is_served("b")

    async def test_a_finished_copy_and_the_source_itself_are_refused(self, files: Files) -> None:
        await files.copy("a", "b")
        for target in "ab":
            with pytest.raises(ValueError, match="the source itself, or a finished copy"):
                await files.copy("a", target)

    async def test_an_unfinished_copy_of_another_database_is_refused(self, files: Files) -> None:
        await files.copy("a", "b", is_final=False)
        with pytest.raises(ValueError, match="of another database"):
            await files.copy("c", "b")

    async def test_a_full_disk_of_the_target_is_named_and_the_copy_goes_on_later(self, files: Files) -> None:
        await files.copy("a", "b", is_final=False)
        files.write("a", *range(2_000))
        source, target = SqliteStore(files.path("a")), SqliteStore(files.path("b"))
        (pages,) = target._writer.execute("PRAGMA page_count").fetchone()
        target._writer.execute(f"PRAGMA max_page_count = {pages}")  # SQLite reports the same as for a full disk
        with pytest.raises(Busy, match=r"the target: .*full.* run the same command again"):
            await copying.copy(source, target, is_final=True, report=Report())
        await target.close()
        await source.close()
        found = await files.copy("a", "b")
        assert {table.name: table.rows for table in found.tables}["mail"] == 2_000

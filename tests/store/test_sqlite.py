"""How an SQLite file's write-ahead log is written back beside the commits."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crossdock.store import sqlite
from crossdock.store.schema import open_store
from crossdock.store.sqlite import SqliteStore
from crossdock.store.tables import installation
from tests.store.samples import facts_in


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = await open_store(f"sqlite:///{path}")
    assert isinstance(opened, SqliteStore)
    yield opened
    await opened.close()


async def write(store: SqliteStore, *names: str, value: str = "x") -> None:
    async with store.writing() as tx:
        await tx.insert(installation, [(name, value) for name in names])


async def written_back(store: SqliteStore) -> None:
    if store._checkpoint is not None:
        await asyncio.wait((store._checkpoint,))


def names_in_file(path: Path) -> set[str]:
    """Read the names in the database file itself, without its write-ahead log."""
    return {name.decode() for name in re.findall(rb"marked-\d", path.read_bytes())}


class TestFileMode:
    async def test_a_new_file_and_those_beside_it_are_their_owners_alone(self, store: SqliteStore, path: Path) -> None:
        await write(store, "marked-1")
        modes = {
            each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir() if not each.name.endswith("worker")
        }
        assert modes.keys() >= {path.name, f"{path.name}-wal"}
        assert set(modes.values()) == {0o600}

    async def test_the_mode_of_an_existing_file_is_left_to_its_owner(self, tmp_path: Path) -> None:
        path = tmp_path / "crossdock.db"
        path.touch(mode=0o640)
        path.chmod(0o640)
        sqlite.connect(str(path)).close()
        assert path.stat().st_mode & 0o777 == 0o640


class TestWriteAheadLog:
    async def test_a_checkpoint_runs_after_a_number_of_rows(
        self, store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "CHECKPOINT_ROWS", store._writer.total_changes + 3)
        await write(store, "marked-1", "marked-2")
        await written_back(store)
        assert names_in_file(path) == set()
        await write(store, "marked-3")
        await written_back(store)
        assert names_in_file(path) == {"marked-1", "marked-2", "marked-3"}
        await write(store, "marked-4")
        await written_back(store)
        assert names_in_file(path) == {"marked-1", "marked-2", "marked-3"}

    async def test_a_checkpoint_runs_while_others_commit_and_read(
        self, store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "CHECKPOINT_ROWS", 5)
        for number in range(200):
            await write(store, f"many-{number:03}")
            async with store.reading():
                await asyncio.sleep(0)
        await store.close()
        other = sqlite3.connect(path)
        found = other.execute("SELECT name FROM installation WHERE name LIKE 'many-%' ORDER BY name").fetchall()
        assert [name for (name,) in found] == [f"many-{number:03}" for number in range(200)]
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        other.close()

    @pytest.mark.parametrize("where", ["opening", "writing"])
    async def test_a_failed_checkpoint_loses_nothing(
        self, store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch, where: str
    ) -> None:
        class Failing:
            def execute(self, _: str) -> None:
                raise sqlite3.OperationalError("disk I/O error")

            def close(self) -> None:
                pass

        def connect(_: str) -> Failing:
            if where == "opening":
                raise sqlite3.OperationalError("unable to open database file")
            return Failing()

        monkeypatch.setattr(sqlite, "CHECKPOINT_ROWS", 1)
        monkeypatch.setattr(sqlite, "connect", connect)
        await write(store, "test1", value="1")
        await written_back(store)
        await write(store, "test2", value="2")
        await written_back(store)
        assert await facts_in(store) == ["1", "2"]

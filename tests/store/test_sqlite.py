"""SQLite files: the write-ahead log, locks of other processes, files that are deleted or replaced, their modes."""

import asyncio
import os
import re
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from crossdock.core.errors import Busy, Code
from crossdock.store import sqlite
from crossdock.store.schema import open_store
from crossdock.store.sqlite import SqliteStore
from crossdock.store.tables import installation
from tests.server import Server
from tests.store.samples import facts_in
from tests.vendors import bearer


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
    @pytest.mark.skipif(
        os.geteuid() != 0, reason="only root can open the file of another user and leave files beside it"
    )
    async def test_files_that_root_makes_beside_it_belong_to_its_owner(self, path: Path) -> None:
        await (await open_store(f"sqlite:///{path}")).close()
        for each in path.parent.iterdir():
            if each != path:
                each.unlink()
        os.chown(path, 65_534, 65_534)
        store = await open_store(f"sqlite:///{path}")
        await write(store, "marked-1")
        with store.working():
            owners = {each.name: each.stat().st_uid for each in path.parent.iterdir()}
        assert owners == dict.fromkeys(
            ["book.db", "book.db-wal", "book.db-shm", "book.db-waiting", "book.db-worker"], 65_534
        )
        await store.close()

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

        def connect(_: str, **__: int) -> Failing:
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


@contextmanager
def locked(path: Path) -> Iterator[Callable[[], object]]:
    """Hold the file's write lock, as another process would; yields what ends it early."""
    locking = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    locking.execute("BEGIN IMMEDIATE")
    try:
        yield locking.rollback
    finally:
        locking.close()


class TestLock:
    async def test_a_wait_for_another_process_leaves_the_event_loop_to_others(
        self, store: SqliteStore, path: Path
    ) -> None:
        with locked(path):
            writing = asyncio.create_task(write(store, "test1", value="1"))
            began = time.monotonic()
            for _ in range(30):
                before = time.monotonic()
                await asyncio.sleep(0.01)
                assert await facts_in(store) == []
                assert time.monotonic() - before < 1
            assert time.monotonic() - began < 4  # the lock lasts 5 s
        await writing
        assert await facts_in(store) == ["1"]

    async def test_all_who_wait_are_refused_when_the_first_one_is(
        self, store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 200)
        with locked(path):
            began = time.monotonic()
            ends = await asyncio.gather(*(write(store, f"test{each}") for each in range(20)), return_exceptions=True)
            assert time.monotonic() - began < 3  # one after the other would wait 4 s
        assert {(type(each), getattr(each, "code", None)) for each in ends} == {(Busy, Code.UNAVAILABLE)}

    async def test_readiness_is_refused_within_its_own_limit(
        self, store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "CHECK_TIMEOUT_MS", 100)
        with locked(path):
            writing = asyncio.create_task(write(store, "test1"))
            for _ in range(2):
                await asyncio.sleep(0.01)
                with pytest.raises(Busy):
                    await store.check_writing()
        await writing
        await store.check_writing()

    def test_a_server_answers_reads_and_health_checks_while_another_process_locks_its_file(self, path: Path) -> None:
        with Server(f"sqlite:///{path}") as server, httpx.Client(base_url=server.base) as http:
            http.headers.update(bearer(server.base))
            with (
                locked(path) as unlock,
                httpx.Client(base_url=server.base, headers=http.headers) as writer,
                ThreadPoolExecutor(1) as threads,
            ):
                waiting = threads.submit(create, writer, "LOCK-1")
                for _ in range(5):
                    for call in ("/health/live", "/hub/v1/orders"):
                        began = time.monotonic()
                        assert http.get(call).status_code == 200
                        assert time.monotonic() - began < 3  # the lock lasts 5 s
                    time.sleep(0.1)
                assert not waiting.done()
                unlock()
                assert waiting.result() == 201
            assert http.get("/health/ready").status_code == 200


def create(http: httpx.Client, number: str) -> int:
    body = {"number": number, "lines": [{"sku": "A", "quantity": 1}]}
    return http.post("/hub/v1/orders", json=body).status_code


class TestFiles:
    """What is written into a file that is gone, or is not the one others see, is lost."""

    @pytest.mark.parametrize("suffix", ["", "-wal"])
    @pytest.mark.parametrize("change", ["delete", "replace"])
    async def test_writes_are_refused_where_a_file_was_deleted_or_replaced(
        self, store: SqliteStore, path: Path, suffix: str, change: str
    ) -> None:
        await write(store, "test1", value="1")
        file, moved = Path(f"{path}{suffix}"), path.with_name("moved")
        shutil.move(file, moved)
        if change == "replace":
            shutil.copy(moved, file)
        with pytest.raises(Busy, match="deleted or replaced"):
            await write(store, "test2", value="2")
        with pytest.raises(Busy, match="deleted or replaced"):
            await store.check_writing()
        async with store.reading():
            with pytest.raises(Busy):  # it needs a connection of its own, which would make an empty file
                async with store.reading():
                    pass
        assert (file.name in os.listdir(file.parent)) == (change == "replace")  # noqa: PTH208
        shutil.move(moved, file)
        await write(store, "test2", value="2")
        assert await facts_in(store) == ["1", "2"]

    def test_a_server_whose_file_was_replaced_is_not_ready_and_creates_nothing(self, path: Path) -> None:
        with Server(f"sqlite:///{path}") as server, httpx.Client(base_url=server.base) as http:
            http.headers.update(bearer(server.base))
            assert create(http, "A-1") == 201
            path.rename(path.with_name("moved"))
            assert create(http, "A-2") == 503
            assert http.get("/health/ready").status_code == 503
            assert http.get("/health/live").status_code == 200
            assert [each["number"] for each in http.get("/hub/v1/orders").json()["items"]] == ["A-1"]

    async def test_the_files_are_for_this_user_alone(self, store: SqliteStore, path: Path) -> None:
        await write(store, "test1")
        with store.working():
            for suffix in ("", "-wal", "-shm", "-worker"):
                assert os.stat(f"{path}{suffix}").st_mode & 0o777 == 0o600, suffix  # noqa: PTH116


class TestTurns:
    async def test_a_process_that_writes_all_the_time_leaves_turns_to_others(
        self, store: SqliteStore, path: Path
    ) -> None:
        """Two stores with locks of their own are like two processes. Without turns, the second waits for dozens of commits."""
        other = SqliteStore(str(path))
        commits, waits, is_over = 0, [], False

        async def write_all_the_time() -> None:
            nonlocal commits
            while not is_over:
                async with store.writing():
                    await asyncio.sleep(0.002)
                commits += 1

        try:
            writing = asyncio.create_task(write_all_the_time())
            for number in range(20):
                await asyncio.sleep(0.005)
                before = commits
                await write(other, f"test{number}")
                waits.append(commits - before)
            is_over = True
            await writing
        finally:
            await other.close()
        assert max(waits) <= 5, waits

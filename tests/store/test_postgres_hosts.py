"""A database URL with several hosts: which one serves, and what is said where none does."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import pytest

from crossdock.core.errors import Busy
from crossdock.store import schema
from crossdock.store.postgres_hosts import Hosts, Unreachable
from tests.databases import administer, renamed
from tests.server import free_port

SHARE_S = 0.3


class Silent:
    """A port where connections are made and nothing is answered, as with a host that hangs."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]

    def made(self) -> int:
        """Return how many connections were made since it was asked last."""
        made = 0
        with suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()
                made += 1
        return made


@pytest.fixture
def silent() -> Iterator[Silent]:
    """Return a host that hangs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        listener.setblocking(False)
        yield Silent(listener)


def several(url: str, *ports: int) -> str:
    """Return a URL whose hosts are local ports, and after them the PostgreSQL of the tests."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query)["host"][0]
    hosts = ",".join((*(f"127.0.0.1:{port}" for port in ports), quote(folder, safe="")))
    return f"postgresql://postgres@{hosts}{parts.path}"


class TestNames:
    @pytest.mark.parametrize(
        ("url", "name"),
        [
            ("postgresql://me:p,w@db1:5433,db2/shop", "db1:5433"),
            ("postgresql://db1,db2:5433/shop", "db1:5432"),
            ("postgresql://[::1]:5433,[::2]/shop", "[::1]:5433"),
            ("postgresql:///shop?host=db1,db2&port=5433,5434", "db1:5433"),
            ("postgresql:///shop?host=db1,db2&port=5434", "db1:5434"),
            ("postgresql:///shop?host=/run/postgresql", "/run/postgresql"),
            ("postgresql://%2Frun%2Fpostgresql,db2/shop", "/run/postgresql"),
            ("postgresql:///shop", "the default host"),
            ("postgresql://me:hunter2/x@host/shop", "me"),  # a slash that should be encoded
        ],
    )
    def test_the_first_host_is_named(self, url: str, name: str) -> None:
        assert Hosts(url, limit_s=1).current == name


class TestConnect:
    async def test_a_silent_host_is_passed_over_and_the_one_that_served_is_first_the_next_time(
        self, postgres_url: str, silent: Silent
    ) -> None:
        url = several(postgres_url, silent.port)
        hosts = Hosts(url, limit_s=10, wait_s=2 * SHARE_S)
        began = time.monotonic()
        await (await hosts.connect(url)).close()
        assert time.monotonic() - began >= SHARE_S
        assert hosts.current.startswith("/")
        assert silent.made() == 1
        await (await hosts.connect(url)).close()
        assert silent.made() == 0

    async def test_callers_that_give_up_at_a_silent_host_let_the_next_one_begin_elsewhere(
        self, postgres_url: str, silent: Silent
    ) -> None:
        url = several(postgres_url, silent.port)
        hosts = Hosts(url, limit_s=10)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await hosts.connect(url)
        await (await hosts.connect(url)).close()

    async def test_where_none_can_be_used_each_is_named_with_its_reason(self, silent: Silent) -> None:
        closed = free_port()
        url = f"postgresql://me:hunter2@127.0.0.1:{closed},127.0.0.1:{silent.port}/db"
        with pytest.raises(Unreachable) as failure:
            await Hosts(url, limit_s=SHARE_S).connect(url)
        refused, unanswered = str(failure.value).split("; ")
        assert refused.startswith(f"127.0.0.1:{closed}: ConnectionRefusedError: ")
        assert unanswered.startswith(f"127.0.0.1:{silent.port}: TimeoutError: ")
        assert unanswered.endswith(f"did not answer within {SHARE_S:g} s")

    async def test_a_single_silent_host_is_named(self, silent: Silent) -> None:
        url = f"postgresql://me:hunter2@127.0.0.1:{silent.port}/db"
        with pytest.raises(TimeoutError, match=f"^127.0.0.1:{silent.port} did not answer within {SHARE_S:g} s$"):
            await Hosts(url, limit_s=SHARE_S).connect(url)

    async def test_a_wrong_password_or_parameter_is_not_tried_elsewhere(self, postgres_url: str) -> None:
        url = several(postgres_url, free_port())
        for wrong, error in (
            (renamed(url, "nowhere"), asyncpg.InvalidCatalogNameError),
            (f"{url}?target_session_attrs=bogus", ValueError),
        ):
            with pytest.raises(error):
                await Hosts(wrong, limit_s=1).connect(wrong)


class TestStandby:
    @pytest.fixture
    async def read_only(self, postgres_url: str) -> Any:
        """Return the URL of a database that takes no writes, as a standby does not."""
        name = f"standby_{free_port()}"
        await administer(postgres_url, f"CREATE DATABASE {name}")
        await administer(postgres_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        yield renamed(postgres_url, name)
        await administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")

    async def test_it_is_passed_over_where_there_are_several_hosts(self, read_only: str) -> None:
        closed = free_port()
        url = several(read_only, closed)
        with pytest.raises(Unreachable, match=r": it is a standby, or read-only$") as failure:
            await Hosts(url, limit_s=5).connect(url)
        assert str(failure.value).startswith(f"127.0.0.1:{closed}: ConnectionRefusedError")

    async def test_it_is_used_where_the_url_asks_for_it(self, read_only: str) -> None:
        url = f"{several(read_only, free_port())}?target_session_attrs=any"
        connection = await Hosts(url, limit_s=5).connect(url)
        assert await connection.fetchval("SHOW default_transaction_read_only") == "on"
        await connection.close()

    async def test_a_start_waits_for_it_to_become_the_primary(self, read_only: str) -> None:
        reasons: list[str] = []
        url = several(read_only, free_port())
        with pytest.raises(Busy):
            await schema.wait_until_reachable(url, limit_s=0, report=reasons.append)
        waiting = asyncio.create_task(schema.wait_until_reachable(url, limit_s=30, report=reasons.append))
        while not reasons:  # noqa: ASYNC110 - reported by the other task
            await asyncio.sleep(0.01)
        name = urlsplit(read_only).path.removeprefix("/")
        await administer(
            f"{read_only}&options=-cdefault_transaction_read_only%3Doff",
            f"ALTER DATABASE {name} RESET default_transaction_read_only",
        )
        await waiting

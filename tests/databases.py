"""PostgreSQL databases for tests: made of a migrated one, emptied after use, with connections that stay open.

To make a database takes a hundred times as long as to empty one, and a new connection has to learn of every table and to plan
every statement, which takes longer than most tests do.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import asyncpg
from sqlalchemy import delete

from crossdock.store import schema
from crossdock.store.postgres import PostgresStore
from crossdock.store.postgres_hosts import Hosts
from crossdock.store.protocols import Statement
from crossdock.store.tables import metadata
from tests.citus import create_database, drop_database

# Databases kept for the next tests, each with its connections; a server takes a hundred connections.
KEPT = 8
# How long what a test has closed may take to be gone.
PATIENCE_S = 2.0
_LOOK_S = 0.005
# What a database consists of, so that one whose schema a test has touched is not used again. Citus has shards besides, with
# the number of each in its name.
_SHAPE = """
    SELECT string_agg(concat_ws(' ', relname, relkind, relnatts, relhastriggers, relhasrules), ',' ORDER BY relname)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname !~ '_[0-9]+$'
"""
_CONNECTIONS = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def renamed(url: str, database: str) -> str:
    """Return the URL of another database on the same server."""
    before, _, after = url.partition("?")
    return f"{before.rsplit('/', 1)[0]}/{database}" + (f"?{after}" if after else "")


async def administer(url: str, statement: str) -> None:
    """Run one statement on a PostgreSQL server."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def empty(url: str) -> None:
    """Delete all rows of a database, those of the installation too."""
    store = await schema.open_store(url, is_copying=True)
    async with store.writing() as tx:
        for table in metadata.tables.values():
            await tx.run(Statement(delete(table)))
    await store.close()


class Databases:
    """Databases like the template, each for one test at a time."""

    is_spread = False

    def __init__(self, url: str, template: str) -> None:
        self._url = url
        self._template = template
        self._spare: list[str] = []
        self._numbers = count(1)
        self._pools: dict[str, Any] = {}
        self._shape: str | None = None
        self._rows: dict[str, str | None] = {}
        self._script = ""

    def take(self) -> str:
        """Return the URL of a database nobody uses. Where a loop is running, this is called in a thread."""
        if self._spare:
            return self._spare.pop()
        return asyncio.run(self._create(f"test_{os.getpid()}_{next(self._numbers)}"))

    async def _create(self, name: str) -> str:
        await administer(self._url, f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return renamed(self._url, name)

    async def _drop(self, name: str) -> None:
        await administer(self._url, f"DROP DATABASE {name} WITH (FORCE)")

    async def store(self, url: str) -> PostgresStore:
        """Return a store over the connections that are kept to a database. It is the test's own, its connections are not."""
        return PostgresStore(await self._pool(url), Hosts(url, limit_s=PATIENCE_S), is_spread=self.is_spread)

    async def give_back(self, url: str) -> None:
        """Make a database like the template again; one where that cannot be done, or that is one too many, is dropped."""
        if len(self._spare) < KEPT and await self._restored(await self._pool(url)):
            self._spare.append(url)
            return
        if url in self._pools:
            self._pools.pop(url).terminate()
        name = url.partition("?")[0].rsplit("/", 1)[1]
        await self._drop(name)

    async def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.close()

    async def _pool(self, url: str) -> Any:
        if url not in self._pools:
            self._pools[url] = (await PostgresStore.open(url))._pool
        return self._pools[url]

    async def _restored(self, pool: Any) -> bool:
        async def is_idle() -> bool:
            return bool(pool.get_size() == pool.get_idle_size())

        async def is_alone() -> bool:
            # Citus has connections of its own.
            return self.is_spread or bool(await connection.fetchval(_CONNECTIONS) == pool.get_size())

        if pool.is_closing() or not await _soon(is_idle):
            return False
        first = self._shape is None
        if first:
            await self._learn()
        async with pool.acquire() as connection:
            if await connection.fetchval(_SHAPE) != self._shape or not await _soon(is_alone):
                return False
            await connection.execute(self._script)
            if first:
                assert await _rows(connection) == self._rows
            return True

    async def _learn(self) -> None:
        connection = await asyncpg.connect(renamed(self._url, self._template))
        try:
            self._shape = await connection.fetchval(_SHAPE)
            self._rows = await _rows(connection)
            self._script = _script(self._rows)
        finally:
            await connection.close()


class CitusDatabases(Databases):
    """Databases on a Citus cluster, which cannot be copied from a template: each is migrated and filled by itself."""

    is_spread = True

    async def _create(self, name: str) -> str:
        url = await create_database(name)
        await schema.migrate(url)
        if self._shape is None:
            await self._learn()
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(self._script)
        finally:
            await connection.close()
        return url

    async def _drop(self, name: str) -> None:
        await drop_database(name)

    async def close(self) -> None:
        """Close all connections and drop the databases."""
        await super().close()
        for url in self._pools:
            await drop_database(url.partition("?")[0].rsplit("/", 1)[1])
        await drop_database(self._template)


async def _rows(connection: Any) -> dict[str, str | None]:
    """Return all rows of all tables, as JSON."""
    names = [row[0] for row in await connection.fetch(_TABLES)]
    return {
        name: await connection.fetchval(f"SELECT json_agg(each ORDER BY each::text)::text FROM {name} each")
        for name in names
    }


def _script(rows: dict[str, str | None]) -> str:
    """Return the statements, to be sent in one go and so in one transaction, that leave these rows in a database."""
    parts = [f"DELETE FROM {name}" for name in rows]
    for name, found in rows.items():
        if found is not None:
            assert "$rows$" not in found
            parts.append(f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, $rows${found}$rows$)")
    return ";".join(parts)


async def _soon(holds: Callable[[], Awaitable[bool]]) -> bool:
    """Wait a little for something to hold, and say whether it does."""
    give_up = time.monotonic() + PATIENCE_S
    while not await holds():
        if time.monotonic() > give_up:
            return False
        await asyncio.sleep(_LOOK_S)
    return True

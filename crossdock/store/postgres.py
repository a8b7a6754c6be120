"""PostgreSQL through asyncpg: a pool, transactions, and claims that wait for a racing transaction's verdict."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from functools import cache
from typing import Any

import asyncpg
import structlog
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect

from crossdock.core.errors import Busy, Code
from crossdock.store.protocols import Row, Statement

_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]
_log = structlog.get_logger("crossdock.postgres")
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# After five runs PostgreSQL may keep a plan for all values, where it is not kept from it.
_PLAN_ANEW = "SET LOCAL plan_cache_mode = force_custom_plan"
# Connections of one process. Intake uses at most `writers`; the rest serve reads.
POOL_SIZE = 8
# What passes by itself: connections lost or refused, shutdown, full disk, too many connections, deadlocks, time-outs.
PASSING = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.CannotConnectNowError,
    asyncpg.ReadOnlySQLTransactionError,
)


@cache
def _insert_text(table: Table) -> str:
    """Insert all rows as one statement, one array a column: a third of what a statement a row costs."""
    types = [column.type.compile(_DIALECT) for column in table.columns]
    arrays = ", ".join(f"${position}::{kind}[]" for position, kind in enumerate(types, 1))
    names = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"


@cache
def _claim_text(table: Table) -> str:
    keys = ", ".join(column.name for column in table.primary_key)
    return f"{_insert_text(table)} ON CONFLICT ({keys}) DO NOTHING RETURNING {keys}"


@cache
def _update_text(table: Table, columns: tuple[str, ...]) -> str:
    """Update all rows as one statement, one array a column."""
    keys = [column.name for column in table.primary_key]
    given = [table.columns[name] for name in (*keys, *columns)]
    types = [column.type.compile(_DIALECT) for column in given]
    arrays = ", ".join(f"${position}::{kind}[]" for position, kind in enumerate(types, 1))
    changed = ", ".join(f"{name} = given.{name}" for name in columns)
    places = " AND ".join(f"{table.name}.{name} = given.{name}" for name in keys)
    names = ", ".join(column.name for column in given)
    return f"UPDATE {table.name} SET {changed} FROM unnest({arrays}) AS given({names}) WHERE {places}"


class PostgresTransaction:
    """A transaction on one connection; `begin` is what begins it, unless that has been sent."""

    def __init__(self, connection: Any, begin: str | None = None) -> None:
        self._given = connection
        self._due = [begin] if begin else []
        self._plans_anew = False

    async def _connection(self, *, plans_anew: bool = False) -> Any:
        """Give the connection for one statement, after all that has to come before that: one turn, not one each."""
        if plans_anew and not self._plans_anew:
            self._plans_anew = True
            self._due.append(_PLAN_ANEW)
        if self._due:
            await self._given.execute("; ".join(self._due))
            self._due.clear()  # now that it has begun: no statement may run without
        return self._given

    async def rows(self, statement: Statement, /, **values: Any) -> Sequence[Row]:
        """See port.Transaction."""
        text, bound = statement.bound(_DIALECT, values)
        connection = await self._connection(plans_anew=statement.is_varied)
        rows: list[Row] = await connection.fetch(text, *bound)
        return rows

    async def run(self, statement: Statement, /, **values: Any) -> int:
        """See port.Transaction."""
        text, bound = statement.bound(_DIALECT, values)
        verdict: str = await (await self._connection()).execute(text, *bound)
        return int(verdict.rsplit(" ", 1)[-1])

    async def run_all(self, statement: Statement, rows: Sequence[dict[str, Any]], /) -> None:
        """See port.Transaction; sent in one go."""
        if rows:
            bound = [statement.bound(_DIALECT, row)[1] for row in rows]
            await (await self._connection()).executemany(statement.text(_DIALECT), bound)

    async def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """See port.Transaction."""
        if rows:
            await (await self._connection()).execute(_insert_text(table), *map(list, zip(*rows, strict=True)))

    async def update(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See port.Transaction."""
        if rows:
            text = _update_text(table, tuple(columns))
            await (await self._connection()).execute(text, *map(list, zip(*rows, strict=True)))

    async def claim(self, table: Table, rows: Sequence[Row]) -> set[int]:
        """See port.Transaction."""
        if not rows:
            return set()
        places = [list(table.columns).index(column) for column in table.primary_key]
        first: dict[tuple[Any, ...], int] = {}
        for position, row in enumerate(rows):
            first.setdefault(tuple(row[place] for place in places), position)
        columns = zip(*(rows[position] for position in first.values()), strict=True)
        taken = await (await self._connection()).fetch(_claim_text(table), *map(list, columns))
        return {first[tuple(row)] for row in taken}


class PostgresStore:
    """A PostgreSQL database, reached through a pool."""

    name = "postgresql"
    writers = 3
    only_worker = False

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._views: dict[
            asyncio.Task[Any] | None, PostgresTransaction
        ] = {}  # the block that each task has open for reading
        self._endings: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, url: str) -> "PostgresStore":
        """Open a pool on a libpq URL."""
        pool = asyncpg.create_pool(url, min_size=1, max_size=POOL_SIZE, statement_cache_size=1024, reset=_reset)
        return cls(await pool)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[PostgresTransaction]:
        """See port.Store; a block within a block asks nothing of the server to begin and to end."""
        task = asyncio.current_task()
        if (view := self._views.get(task)) is not None:
            yield view
            return
        try:
            connection = await self._pool.acquire(timeout=10)
            try:
                view = self._views[task] = PostgresTransaction(connection, _READ)
                yield view
            finally:
                self._views.pop(task, None)
                ending = asyncio.create_task(self._end(connection))
                self._endings.add(ending)
                ending.add_done_callback(self._endings.discard)
        except PASSING as error:
            raise _busy(error) from error

    async def _end(self, connection: Any) -> None:
        """End a block that read. Nobody waits for it, a third of a millisecond, because there is nothing to be lost."""
        try:
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
        except PASSING as error:  # the pool takes another connection for one that is broken
            _log.info("a connection was lost", cause=str(error))
        finally:
            await self._pool.release(connection)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[PostgresTransaction]:
        """See port.Store."""
        try:
            async with self._pool.acquire(timeout=10) as connection, connection.transaction():
                yield PostgresTransaction(connection)
        except PASSING as error:
            raise _busy(error) from error

    def working(self) -> AbstractContextManager[bool]:
        """See port.Store; any number of workers share the work by locked rows."""
        return nullcontext(True)

    async def close(self) -> None:
        """See port.Store."""
        if self._endings:
            await asyncio.wait(self._endings)
        await self._pool.close()


async def _reset(connection: Any) -> None:
    """Make a connection fit for the next who takes it; nothing here leaves anything behind but a transaction cut short.

    What asyncpg does otherwise is a round trip after every block.
    """
    if connection.is_in_transaction():
        await connection.reset()


def _busy(error: BaseException) -> Busy:
    return Busy(Code.UNAVAILABLE, "the database cannot take this now", cause=f"{type(error).__name__}: {error}")

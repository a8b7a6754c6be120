"""PostgreSQL through asyncpg: a pool, transactions, and claims that wait for the end of a racing transaction."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from functools import cache
from typing import Any

import asyncpg
import structlog
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect

from crossdock.core.errors import Busy, Code
from crossdock.store.protocols import Row, Statement
from crossdock.store.records import positions_of
from crossdock.store.sharing import SharedByTask

_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]
_log = structlog.get_logger("crossdock.postgres")
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# After five runs of a statement PostgreSQL may keep one plan for all values, unless it is told not to.
_CUSTOM_PLANS = "SET LOCAL plan_cache_mode = force_custom_plan"
# Connections of one process. Intake uses at most `writers`; the rest serve reads.
POOL_SIZE = 8
# Errors that end by themselves: connections lost or refused, shutdown, full disk, too many connections, deadlocks, time-outs.
TRANSIENT = (
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
    """Insert all rows with one statement, one array a column: three times as fast as a statement a row."""
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
    """Update all rows with one statement, one array a column."""
    keys = [column.name for column in table.primary_key]
    given = [table.columns[name] for name in (*keys, *columns)]
    types = [column.type.compile(_DIALECT) for column in given]
    arrays = ", ".join(f"${position}::{kind}[]" for position, kind in enumerate(types, 1))
    assignments = ", ".join(f"{name} = given.{name}" for name in columns)
    conditions = " AND ".join(f"{table.name}.{name} = given.{name}" for name in keys)
    names = ", ".join(column.name for column in given)
    return f"UPDATE {table.name} SET {assignments} FROM unnest({arrays}) AS given({names}) WHERE {conditions}"


class PostgresTransaction:
    """A transaction on one connection; `begin` is the statement that begins it, where it was not sent yet."""

    def __init__(self, connection: Any, begin: str | None = None) -> None:
        self._raw = connection
        self._pending = [begin] if begin else []
        self._has_custom_plans = False

    async def _connection(self, *, custom_plans: bool = False) -> Any:
        """Give the connection for one statement, after sending what must come before it in one round trip."""
        if custom_plans and not self._has_custom_plans:
            self._has_custom_plans = True
            self._pending.append(_CUSTOM_PLANS)
        if self._pending:
            await self._raw.execute("; ".join(self._pending))
            self._pending.clear()  # only now that it was sent: no statement may run outside the transaction
        return self._raw

    async def rows(self, statement: Statement, /, **values: Any) -> Sequence[Row]:
        """See protocols.Transaction."""
        text, bound = statement.bind(_DIALECT, values)
        connection = await self._connection(custom_plans=statement.needs_custom_plan)
        rows: list[Row] = await connection.fetch(text, *bound)
        return rows

    async def run(self, statement: Statement, /, **values: Any) -> int:
        """See protocols.Transaction."""
        text, bound = statement.bind(_DIALECT, values)
        tag: str = await (await self._connection()).execute(text, *bound)  # such as UPDATE 1
        return int(tag.rsplit(" ", 1)[-1])

    async def run_all(self, statement: Statement, rows: Sequence[dict[str, Any]], /) -> None:
        """See protocols.Transaction; sent as one batch."""
        if rows:
            bound = [statement.bind(_DIALECT, row)[1] for row in rows]
            await (await self._connection()).executemany(statement.text(_DIALECT), bound)

    async def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """See protocols.Transaction."""
        if rows:
            await (await self._connection()).execute(_insert_text(table), *map(list, zip(*rows, strict=True)))

    async def update(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See protocols.Transaction."""
        if rows:
            text = _update_text(table, tuple(columns))
            await (await self._connection()).execute(text, *map(list, zip(*rows, strict=True)))

    async def claim(self, table: Table, rows: Sequence[Row]) -> set[int]:
        """See protocols.Transaction."""
        if not rows:
            return set()
        key_positions = positions_of(table, [column.name for column in table.primary_key])
        first: dict[tuple[Any, ...], int] = {}
        for position, row in enumerate(rows):
            first.setdefault(tuple(row[each] for each in key_positions), position)
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
        self._readings = SharedByTask(self._begin_reading)
        self._endings: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, url: str) -> "PostgresStore":
        """Open a pool on a libpq URL."""
        pool = asyncpg.create_pool(url, min_size=1, max_size=POOL_SIZE, statement_cache_size=1024, reset=_reset)
        return cls(await pool)

    def reading(self) -> AbstractAsyncContextManager[PostgresTransaction]:
        """See protocols.Store."""
        return self._readings.open()

    @asynccontextmanager
    async def _begin_reading(self) -> AsyncIterator[PostgresTransaction]:
        """Open a block with a reading transaction, which begins with its first statement."""
        try:
            connection = await self._pool.acquire(timeout=10)
            try:
                yield PostgresTransaction(connection, _READ)
            finally:
                ending = asyncio.create_task(self._end(connection))
                self._endings.add(ending)
                ending.add_done_callback(self._endings.discard)
        except TRANSIENT as error:
            raise _busy(error) from error

    async def _end(self, connection: Any) -> None:
        """Roll back a reading transaction in the background: it has nothing to lose, and the round trip takes 0.3 ms."""
        try:
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
        except TRANSIENT as error:  # the pool replaces a broken connection
            _log.info("a connection was lost", cause=str(error))
        finally:
            await self._pool.release(connection)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[PostgresTransaction]:
        """See protocols.Store."""
        try:
            async with self._pool.acquire(timeout=10) as connection, connection.transaction():
                yield PostgresTransaction(connection)
        except TRANSIENT as error:
            raise _busy(error) from error

    def working(self) -> AbstractContextManager[bool]:
        """See protocols.Store; any number of workers share the work by locked rows."""
        return nullcontext(True)

    async def close(self) -> None:
        """See protocols.Store."""
        if self._endings:
            await asyncio.wait(self._endings)
        await self._pool.close()


async def _reset(connection: Any) -> None:
    """Reset a connection that is returned to the pool: only a transaction that was cut short leaves anything to reset.

    By default asyncpg makes a round trip after every block.
    """
    if connection.is_in_transaction():
        await connection.reset()


def _busy(error: BaseException) -> Busy:
    return Busy(Code.UNAVAILABLE, "the database cannot take this now", cause=f"{type(error).__name__}: {error}")

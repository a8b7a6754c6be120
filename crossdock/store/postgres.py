"""PostgreSQL through asyncpg: a pool, transactions, and claims that wait for the end of a racing transaction."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from functools import cache
from itertools import chain, count
from typing import Any

import asyncpg
import structlog
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect

from crossdock.core.errors import Busy, Code
from crossdock.store import citus, postgres_url
from crossdock.store.postgres_hosts import Hosts
from crossdock.store.protocols import TIMEOUT_S, Row, Statement
from crossdock.store.records import positions_of
from crossdock.store.waits import READ_WAITS, WRITE_WAITS

_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]
_log = structlog.get_logger("crossdock.postgres")
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# After five runs of a statement PostgreSQL may keep one plan for all values, unless it is told not to.
_CUSTOM_PLANS = "SET LOCAL plan_cache_mode = force_custom_plan"
# Rows of one INSERT … VALUES.
_MAX_VALUES = 64
# Connections of one process. Intake uses at most `writers`; the rest serve reads.
POOL_SIZE = 8
# The server ends a statement that exceeds the time limit. A connection without an answer for this much longer is dead.
_GRACE_S = 1.0
# How finely the time of silence is measured.
_TICKS = 8
# Seconds to wait for a new connection and for a free one of the pool.
_CONNECT_S = 10.0
# Seconds for a connection to close gracefully.
_CLOSE_S = 1.0
# Seconds for each step of the check whether writes get through: more than a busy server needs, less than callers wait.
_CHECK_S = 3.0
# Writes to the log of the database and to no table, so that its commit waits for the disk and for synchronous standbys.
_TOUCH = "SELECT pg_logical_emit_message(true, 'crossdock', '')"
# Seconds until TCP gives up on a peer that acknowledges nothing. Firewalls and NAT forget idle connections after minutes.
_TCP_TIMEOUT_S = 30
_TCP_IDLE_S = 30
_TCP_INTERVAL_S = 10
_TCP_PROBES = 3
# The same for the server's side, so that it frees the connections of a client host that vanished.
_TCP_SETTINGS = {
    "tcp_keepalives_idle": str(_TCP_IDLE_S),
    "tcp_keepalives_interval": str(_TCP_INTERVAL_S),
    "tcp_keepalives_count": str(_TCP_PROBES),
    "tcp_user_timeout": str(_TCP_TIMEOUT_S * 1000),
}
# Errors that end by themselves: connections lost or refused, shutdown, full disk, too many connections, deadlocks, time-outs.
# asyncpg reports a connection that is lost in the middle of a message as InternalClientError.
TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
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
def _values_text(table: Table, rows: int) -> str:
    """Insert a number of rows with one statement, one parameter a value.

    For Citus, which sends it to the rows' node as it is. The rows of an INSERT … SELECT it takes to the coordinator first,
    then commits in two phases, and reports what is wrong with one of them as an internal error.
    """
    types = [column.type.compile(_DIALECT) for column in table.columns]
    numbers = count(1)
    values = ", ".join(f"({', '.join(f'${next(numbers)}::{kind}' for kind in types)})" for _ in range(rows))
    return f"INSERT INTO {table.name} ({', '.join(column.name for column in table.columns)}) VALUES {values}"


@cache
def _claim_tail(table: Table) -> str:
    keys = ", ".join(column.name for column in table.primary_key)
    return f" ON CONFLICT ({keys}) DO NOTHING RETURNING {keys}"


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Cut rows into portions whose lengths are powers of two, so that there are few statements."""
    start = 0
    while start < len(rows):
        length = min(_MAX_VALUES, 1 << (len(rows) - start).bit_length() - 1)
        yield rows[start : start + length]
        start += length


@cache
def _update_text(table: Table, columns: tuple[str, ...]) -> str:
    """Update all rows with one statement, one array a column, and the first column's value, which all of them have.

    The first column is the organization. Citus must read it apart from the arrays to know on which node the rows are.
    """
    keys = [column.name for column in table.primary_key]
    given = [table.columns[name] for name in (*keys, *columns)]
    types = [column.type.compile(_DIALECT) for column in given]
    arrays = ", ".join(f"${position}::{kind}[]" for position, kind in enumerate(types, 1))
    assignments = ", ".join(f"{name} = given.{name}" for name in columns)
    conditions = " AND ".join(f"{table.name}.{name} = given.{name}" for name in keys)
    conditions += f" AND {table.name}.{keys[0]} = ${len(given) + 1}"
    names = ", ".join(column.name for column in given)
    return f"UPDATE {table.name} SET {assignments} FROM unnest({arrays}) AS given({names}) WHERE {conditions}"


@cache
def _key_condition(table: Table) -> str:
    """The condition that a row's key is among those given as one array a column."""
    names = ", ".join(column.name for column in table.primary_key)
    types = (column.type.compile(_DIALECT) for column in table.primary_key)
    arrays = ", ".join(f"${position}::{kind}[]" for position, kind in enumerate(types, 1))
    return f"({names}) IN (SELECT * FROM unnest({arrays}))"


class _Watch:
    """Drops connections that owe an answer for longer than a limit, so that whoever waits for one gets an error.

    One timer serves all of a store's connections: asyncpg's `command_timeout` costs 7 µs a statement. It counts ticks
    instead of seconds, because after a stall of the event loop answers may be there that nobody has taken yet.
    """

    def __init__(self, pool: Any, hosts: Hosts, limit_s: float) -> None:
        self._pool = pool
        self._hosts = hosts
        self._interval_s = limit_s / _TICKS
        self._tick = 0
        self._last_tick: dict[Any, int] = {}  # connections of open blocks, with the tick of their last statement
        self._task: asyncio.Task[None] | None = None

    def on_statement(self, connection: Any) -> None:
        """Note that a statement is about to be sent. A pause after its answer counts too, as it does on the server."""
        self._last_tick[connection] = self._tick
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def ended(self, connection: Any) -> None:
        """Note that there are no more statements on a connection."""
        self._last_tick.pop(connection, None)

    def close(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            while self._last_tick:
                await asyncio.sleep(self._interval_s)
                self._tick += 1
                if silent := [each for each, tick in self._last_tick.items() if self._tick - tick > _TICKS]:
                    await self.drop(silent)
        finally:
            self._task = None

    async def drop(self, silent: Sequence[Any]) -> None:
        """Drop silent connections without waiting for their peers, and see that idle ones are replaced before use.

        The server ends long statements itself, so silence means that the path to it is gone, and what cut one connection
        off has likely cut off the others: each would cost its next user the whole limit.
        """
        _log.warning("connections were silent", count=len(silent), host=self._hosts.current)
        for connection in silent:
            self.ended(connection)
            with suppress(asyncpg.InterfaceError):  # asyncpg has dropped it already
                connection.terminate()
        await self._pool.expire_connections()


class PostgresTransaction:
    """A transaction on one connection; `begin` is the statement that begins it, where it was not sent yet.

    `on_statement` is called with the connection before each statement. `is_spread`: the tables are spread by Citus.
    """

    def __init__(
        self, connection: Any, begin: str | None = None, *, on_statement: Callable[[Any], None], is_spread: bool = False
    ) -> None:
        self._raw = connection
        self._is_spread = is_spread
        self._on_statement = on_statement
        self._pending = [begin] if begin else []
        self._has_custom_plans = False

    async def _connection(self, *, custom_plans: bool = False) -> Any:
        """Return the connection for one statement, after sending what must come before it in one round trip."""
        if custom_plans and not self._has_custom_plans:
            self._has_custom_plans = True
            self._pending.append(_CUSTOM_PLANS)
        self._on_statement(self._raw)
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
        if rows and self._is_spread:
            for portion in _portions(rows):
                await (await self._connection()).execute(_values_text(table, len(portion)), *chain(*portion))
        elif rows:
            await (await self._connection()).execute(_insert_text(table), *map(list, zip(*rows, strict=True)))

    async def update(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See protocols.Transaction."""
        text = _update_text(table, tuple(columns))
        by_organization: dict[Any, list[Row]] = {}  # nearly always one
        for row in rows:
            by_organization.setdefault(row[0], []).append(row)
        for organization_id, own in by_organization.items():
            arrays = map(list, zip(*own, strict=True))
            await (await self._connection()).execute(text, *arrays, organization_id)

    async def claim(self, table: Table, rows: Sequence[Row]) -> set[int]:
        """See protocols.Transaction."""
        if not rows:
            return set()
        key_positions = positions_of(table, [column.name for column in table.primary_key])
        first: dict[tuple[Any, ...], int] = {}
        for position, row in enumerate(rows):
            first.setdefault(tuple(row[each] for each in key_positions), position)
        unique = [rows[position] for position in first.values()]
        if not self._is_spread:
            columns = map(list, zip(*unique, strict=True))
            taken = await (await self._connection()).fetch(_insert_text(table) + _claim_tail(table), *columns)
            return {first[tuple(row)] for row in taken}
        claimed = set()
        for portion in _portions(unique):
            text = _values_text(table, len(portion)) + _claim_tail(table)
            taken = await (await self._connection()).fetch(text, *chain(*portion))
            claimed |= {first[tuple(row)] for row in taken}
        return claimed

    async def find(self, table: Table, keys: Sequence[Row]) -> Sequence[Row]:
        """See protocols.Transaction; a plan made while the table was small must not stay."""
        if not keys:
            return []
        text = f"SELECT {', '.join(table.columns.keys())} FROM {table.name} WHERE {_key_condition(table)}"
        connection = await self._connection(custom_plans=True)
        rows: list[Row] = await connection.fetch(text, *map(list, zip(*keys, strict=True)))
        return rows

    async def delete(self, table: Table, keys: Sequence[Row]) -> None:
        """See protocols.Transaction."""
        if keys:
            text = f"DELETE FROM {table.name} WHERE {_key_condition(table)}"
            connection = await self._connection(custom_plans=True)
            await connection.execute(text, *map(list, zip(*keys, strict=True)))


# The arrays that statements take and give: their ids and those of their elements, which are the same in every PostgreSQL.
_ARRAYS = {
    1000: ("bool", 16), 1001: ("bytea", 17), 1005: ("int2", 21), 1007: ("int4", 23), 1009: ("text", 25), 1016: ("int8", 20),
}  # fmt: skip


class _NamedStatement:
    """In place of the statement with which asyncpg looks types up: one that has left the others alone."""

    name = "declared"


class Connection(asyncpg.Connection):
    """A connection that knows the types of arrays, and closes within a limit, whether or not the server answers."""

    async def _introspect_types(self, typeoids: Collection[int], timeout: float | None) -> Any:  # noqa: ASYNC109 - asyncpg's
        """Look types up that are not declared here. With Citus the query takes two seconds, on every new connection."""
        if not _ARRAYS.keys() >= set(typeoids):
            return await super()._introspect_types(typeoids, timeout)  # type: ignore[misc]  # the stubs lack it
        return [_array_type(oid) for oid in typeoids], _NamedStatement

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's signature
        """Close gracefully within `timeout` seconds, at most _CLOSE_S; after that the socket is dropped."""
        try:
            await super().close(timeout=min(_CLOSE_S if timeout is None else timeout, _CLOSE_S))
        except TRANSIENT as error:  # asyncpg has dropped the socket; the pool closes in tasks that nobody awaits
            _log.info("a connection did not close gracefully", cause=_cause(error))


def _array_type(oid: int) -> dict[str, Any]:
    """Describe the type of an array as asyncpg's query does."""
    element, element_oid = _ARRAYS[oid]
    return dict.fromkeys(_TYPE_MEMBERS) | {
        "oid": oid, "ns": "pg_catalog", "name": f"_{element}", "kind": b"b", "elemtype": element_oid, "elemdelim": b",",
        "depth": 0, "elemtype_name": element,
    }  # fmt: skip


_TYPE_MEMBERS = ("basetype", "range_subtype", "attrtypoids", "attrnames", "basetype_name", "range_subtype_name")


async def connect_without_limit(url: str) -> Any:
    """Connect for statements that may take hours, such as migrations. A silent peer is detected by TCP keepalives."""
    dsn, arguments, is_pooled = postgres_url.parse(url)
    # The operator may have set defaults for the role or the database.
    unlimited = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0", **_TCP_SETTINGS}
    limit_s = arguments.pop("timeout", _CONNECT_S)
    connection = await Hosts(dsn, limit_s=limit_s).connect(
        dsn,
        connection_class=Connection,
        **arguments,
        statement_cache_size=0 if is_pooled else 100,
        server_settings={} if is_pooled else unlimited,
    )
    await _keep_alive(connection)
    return connection


async def _keep_alive(connection: Any) -> None:
    """Turn on TCP keepalives and limit the time that data may stay unacknowledged, where the system can."""
    raw = connection._transport.get_extra_info("socket")  # asyncpg gives no public access to it
    if raw is None or raw.family not in (socket.AF_INET, socket.AF_INET6):
        return
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _TCP_IDLE_S),
        ("TCP_KEEPINTVL", _TCP_INTERVAL_S),
        ("TCP_KEEPCNT", _TCP_PROBES),
        ("TCP_USER_TIMEOUT", _TCP_TIMEOUT_S * 1000),  # Linux alone has this one
    ):
        if hasattr(socket, name):
            raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class PostgresStore:
    """A PostgreSQL database, reached through a pool. `timeout_s` limits a statement and a pause in a transaction.

    `limits` are statements that set these limits at the beginning of each transaction, where its connection cannot keep them.
    """

    name = "postgresql"
    writers = 3
    only_worker = False

    def __init__(
        self, pool: Any, hosts: Hosts, *, timeout_s: float = TIMEOUT_S, is_spread: bool = False, limits: str = ""
    ) -> None:
        self._pool = pool
        self._hosts = hosts
        self._limits = limits
        self._is_spread = is_spread
        self._timeout_s = timeout_s
        self._watch = _Watch(pool, hosts, timeout_s + _GRACE_S)
        # The loop's time at the start of each open writing block, oldest first.
        self._writing: dict[object, float] = {}
        self._has_commit_failed = False  # since a write was last seen to get through
        self._endings: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, url: str, *, timeout_s: float = TIMEOUT_S) -> "PostgresStore":
        """Open a pool on a libpq URL; see the class for `timeout_s`.

        The limits are part of the connection's startup message, so that no transaction spends a round trip on them.
        """
        limit_ms = str(max(1, round(timeout_s * 1000)))
        limits = {
            "statement_timeout": limit_ms,
            # The transaction of a client that has gone silent holds locks that others wait for.
            "idle_in_transaction_session_timeout": limit_ms,
        }
        dsn, arguments, is_pooled = postgres_url.parse(url)
        hosts = Hosts(dsn, limit_s=arguments.pop("timeout", _CONNECT_S), wait_s=min(_CONNECT_S, timeout_s))
        connect: Any = hosts.connect  # the stubs want asyncpg.connect itself
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=POOL_SIZE,
            statement_cache_size=0 if is_pooled else 1024,
            reset=_reset,
            init=_keep_alive,
            connection_class=Connection,
            connect=connect,
            **arguments,
            server_settings={} if is_pooled else limits | _TCP_SETTINGS,
        )
        async with pool.acquire() as connection:
            is_spread = await citus.is_spread(connection)
        own = "".join(f"; SET LOCAL {name} = {value}" for name, value in limits.items()) if is_pooled else ""
        return cls(pool, hosts, timeout_s=timeout_s, is_spread=is_spread, limits=own)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[PostgresTransaction]:
        """See protocols.Store; the transaction begins with its first statement."""
        failure: Exception | None = None
        try:
            began = time.perf_counter()
            connection = await self._acquire(_CONNECT_S)
            READ_WAITS.observe(time.perf_counter() - began)
            try:
                yield PostgresTransaction(connection, _READ + self._limits, on_statement=self._watch.on_statement)
            except Exception as error:
                failure = error
                raise
            finally:
                self._end_later(connection, failure)
        except TRANSIENT as error:
            raise await self._busy(error) from error

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[PostgresTransaction]:
        """See protocols.Store."""
        block = object()
        began = time.perf_counter()
        self._writing[block] = asyncio.get_running_loop().time()
        try:
            async with self._connection(_CONNECT_S) as connection:
                WRITE_WAITS.observe(time.perf_counter() - began)
                self._watch.on_statement(connection)
                await connection.execute("BEGIN" + self._limits)
                yield PostgresTransaction(connection, on_statement=self._watch.on_statement, is_spread=self._is_spread)
                self._watch.on_statement(connection)
                try:
                    await connection.execute("COMMIT")
                except BaseException:
                    self._has_commit_failed = True
                    raise
        finally:
            del self._writing[block]

    async def check_writing(self) -> None:
        """See protocols.Store. New connections may work while those in use are silent, so the oldest open block counts too."""
        limit_s = min(_CHECK_S, self._timeout_s)
        now = asyncio.get_running_loop().time()
        if now - next(iter(self._writing.values()), now) > limit_s:
            raise Busy(Code.UNAVAILABLE, "a write has been waiting for the database for too long")
        async with self._connection(limit_s) as connection:
            # On a standby, and where the operator has made the database read-only, every transaction is.
            read_only = await connection.fetchval("SHOW transaction_read_only", timeout=limit_s)
            if read_only == "off" and self._has_commit_failed:  # perhaps commits wait for a standby that is away
                await connection.execute(_TOUCH, timeout=limit_s)
                self._has_commit_failed = False
        if read_only != "off":
            await self._pool.expire_connections()  # perhaps another host is the primary now
            raise Busy(Code.UNAVAILABLE, "the database is read-only", host=self._hosts.current)

    @asynccontextmanager
    async def _connection(self, wait_s: float) -> AsyncIterator[Any]:
        """Take a connection for a block. What a failed block leaves behind is rolled back, or dropped with the connection."""
        try:
            connection = await self._acquire(wait_s)
            try:
                yield connection
            except Exception as error:
                await self._end(connection, error)
                raise
            except BaseException:  # canceled, perhaps while the server is silent: the caller must not wait for it
                self._end_later(connection, None)
                raise
            await self._release(connection)
        except TRANSIENT as error:
            raise await self._busy(error) from error

    async def _busy(self, error: BaseException) -> Busy:
        """Return the refusal for an error that passes. A server that has become a standby is left for the new primary."""
        if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
            await self._pool.expire_connections()
        cause, host = _cause(error), self._hosts.current
        return Busy(Code.UNAVAILABLE, "the database cannot take this now", cause=cause, host=host)

    async def _acquire(self, wait_s: float) -> Any:
        return await self._pool.acquire(timeout=min(wait_s, self._timeout_s))

    def _end_later(self, connection: Any, failure: Exception | None) -> None:
        """End a block without waiting for the server, a third of a millisecond, where there is nothing to be lost."""
        ending = asyncio.create_task(self._end(connection, failure))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def _end(self, connection: Any, failure: Exception | None) -> None:
        """End a block that committed nothing, and release its connection, or drop it where it is broken or silent."""
        try:
            if isinstance(failure, TimeoutError):
                await self._watch.drop([connection])
            elif connection.is_in_transaction():
                self._watch.on_statement(connection)
                await connection.execute("ROLLBACK")
        except TRANSIENT as error:  # the pool replaces a broken connection
            _log.info("a connection was lost", cause=_cause(error), host=self._hosts.current)
            with suppress(asyncpg.InterfaceError):  # asyncpg has dropped it already
                connection.terminate()
        finally:
            await self._release(connection)

    async def _release(self, connection: Any) -> None:
        self._watch.ended(connection)
        try:
            await self._pool.release(connection, timeout=_CLOSE_S)
        except TRANSIENT as error:  # the pool has dropped it; what was committed stays committed
            _log.info("a connection was lost", cause=_cause(error), host=self._hosts.current)

    def working(self) -> AbstractContextManager[bool]:
        """See protocols.Store; any number of workers share the work by locked rows."""
        return nullcontext(True)

    async def close(self) -> None:
        """See protocols.Store."""
        if self._endings:
            await asyncio.wait(self._endings)
        try:
            await asyncio.wait_for(self._pool.close(), self._timeout_s)
        except TimeoutError:  # the pool has dropped its connections
            _log.warning("connections were still in use")
        self._watch.close()


async def _reset(connection: Any) -> None:
    """Make a connection fit for the next who takes it; nothing here leaves anything behind but a transaction cut short.

    What asyncpg does otherwise is a round trip after every block.
    """
    if connection.is_in_transaction():
        await connection.reset()


def _cause(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error) or 'no answer in time'}"

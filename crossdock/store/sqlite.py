"""SQLite, embedded: opened for durability (WAL, synchronous FULL), run inline in the event loop.

A writer thread loses more than half the throughput to the interpreter lock, so calls run where they are made and never
suspend; one lock keeps the writing transactions of this process in line, and `BEGIN IMMEDIATE` those of others. Only what has
been committed is written back to the file in a thread, beside the commits to come.
"""

import asyncio
import fcntl
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Table, insert
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from crossdock.core.errors import Busy, Code
from crossdock.store.protocols import Row, Statement

_DIALECT = sqlite_dialect(paramstyle="qmark")
_log = structlog.get_logger("crossdock.sqlite")
# How long a writer waits for another process's commit before the caller is told to come back.
BUSY_TIMEOUT_MS = 5_000
# Rows changed between two times that the WAL is written back beside the commits: about 1,000 orders, or 4,000 pages.
CHECKPOINT_ROWS = 8_000
# Pages of WAL (64 MB) at which a commit writes back by itself what is left to be; it takes the longer, the more that is.
CHECKPOINT_PAGES = 16_000

# Rows of one INSERT: a third less than a statement a row; SQLite takes 32,766 values, the widest table has 19 columns.
_AT_ONCE = 64


@cache
def _insert_text(table: Table) -> str:
    return Statement(insert(table)).text(_DIALECT)


@cache
def _insert_many_text(table: Table) -> str:
    text = _insert_text(table)
    values = text[text.rindex("(") :]
    return text + f", {values}" * (_AT_ONCE - 1)


@cache
def _claim_text(table: Table) -> str:
    return _insert_text(table) + " ON CONFLICT DO NOTHING"


@cache
def _update_text(table: Table, columns: tuple[str, ...]) -> str:
    """The key is given first, so parameters are numbered."""
    keys = [column.name for column in table.primary_key]
    changed = ", ".join(f"{name} = ?{place}" for place, name in enumerate(columns, len(keys) + 1))
    places = " AND ".join(f"{name} = ?{place}" for place, name in enumerate(keys, 1))
    return f"UPDATE {table.name} SET {changed} WHERE {places}"


class SqliteTransaction:
    """A transaction, or a reader, on one connection; its calls return without suspending."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: Statement, /, **values: Any) -> Sequence[Row]:
        """See port.Transaction."""
        rows: list[Row] = []
        for text, bound in statement.portions(_DIALECT, values):
            rows += self._connection.execute(text, bound).fetchall()
        return rows

    async def run(self, statement: Statement, /, **values: Any) -> int:
        """See port.Transaction."""
        text, bound = statement.bound(_DIALECT, values)
        return self._connection.execute(text, bound).rowcount

    async def run_all(self, statement: Statement, rows: Sequence[dict[str, Any]], /) -> None:
        """See port.Transaction."""
        if rows:
            text = statement.text(_DIALECT)
            self._connection.executemany(text, [statement.bound(_DIALECT, row)[1] for row in rows])

    async def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """See port.Transaction."""
        whole = len(rows) - len(rows) % _AT_ONCE
        for start in range(0, whole, _AT_ONCE):
            self._connection.execute(_insert_many_text(table), [*chain.from_iterable(rows[start : start + _AT_ONCE])])
        self._connection.executemany(_insert_text(table), rows[whole:])

    async def update(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See port.Transaction."""
        self._connection.executemany(_update_text(table, tuple(columns)), rows)

    async def claim(self, table: Table, rows: Sequence[Row]) -> set[int]:
        """See port.Transaction."""
        text = _claim_text(table)
        execute = self._connection.execute
        return {position for position, row in enumerate(rows) if execute(text, row).rowcount}


class SqliteStore:
    """An SQLite file: one connection that writes, one that reads."""

    name = "sqlite"
    writers = 1
    only_worker = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._writer = connect(path)
        self._reader: sqlite3.Connection | None = self._new_reader()  # None while a block has it
        self._views: dict[
            asyncio.Task[Any] | None, SqliteTransaction
        ] = {}  # the block that each task has open for reading
        self._turn = asyncio.Lock()
        self._checkpointer: sqlite3.Connection | None = None
        self._checkpoint: asyncio.Task[None] | None = None
        self._checkpointed = 0  # rows changed when the last one began

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqliteTransaction]:
        """See port.Store.

        Hardly a block suspends, so one connection does for nearly all; while one does, another task gets a connection of its
        own, because what was committed since must be there for it.
        """
        task = asyncio.current_task()
        if (view := self._views.get(task)) is not None:
            yield view
            return
        try:
            connection, self._reader = self._reader or self._new_reader(), None
            try:
                connection.execute("BEGIN")
                view = self._views[task] = SqliteTransaction(connection)
                try:
                    yield view
                finally:
                    del self._views[task]
                    connection.execute("COMMIT")
            finally:
                if self._reader is None:
                    self._reader = connection
                else:
                    connection.close()
        except sqlite3.DatabaseError as error:
            raise _busy(error) from error

    def _new_reader(self) -> sqlite3.Connection:
        connection = connect(self._path)
        connection.execute("PRAGMA query_only = ON")  # what is opened for reading, a dry run too, can never write
        return connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqliteTransaction]:
        """See port.Store."""
        async with self._turn:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield SqliteTransaction(self._writer)
                    self._writer.execute("COMMIT")
                    self._checkpoint_in_time()
                finally:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
            except sqlite3.DatabaseError as error:
                raise _busy(error) from error

    async def check_writing(self) -> None:
        """See port.Store; to begin is what fails where the file is locked or read-only."""
        async with self.writing():
            pass

    def _checkpoint_in_time(self) -> None:
        """Begin to write the WAL back to the file where enough was committed; commits go on meanwhile."""
        changed = self._writer.total_changes
        if changed - self._checkpointed >= CHECKPOINT_ROWS and (self._checkpoint is None or self._checkpoint.done()):
            self._checkpointed = changed
            self._checkpoint = asyncio.create_task(self._write_back())

    async def _write_back(self) -> None:
        try:
            if self._checkpointer is None:
                self._checkpointer = connect(self._path)
            await asyncio.to_thread(self._checkpointer.execute, "PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.DatabaseError as error:  # nothing is lost: it is left to the next, and to a commit
            _log.warning("not written back", cause=str(error))

    @contextmanager
    def working(self) -> Iterator[bool]:
        """See port.Store; a lock on a file beside the database, which the system takes back from a process that dies."""
        with Path(f"{self._path}-worker").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    async def close(self) -> None:
        """See port.Store."""
        if self._checkpoint is not None:
            await asyncio.wait((self._checkpoint,))
        for connection in (self._checkpointer, self._reader, self._writer):
            if connection is not None:
                connection.close()


def connect(path: str) -> sqlite3.Connection:
    """Open a connection with the durability and limits Crossdock relies on; creates the file and its folder."""
    if path != ":memory:":
        Path(path).resolve().parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute("PRAGMA cache_size = -32000")  # 32 MB
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite does not wait by itself when another process is just switching a new file."""
    give_up = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def _busy(error: sqlite3.DatabaseError) -> Exception:
    """Tell what is the file's or the disk's fault (locked, full, damaged) from a fault in a statement, which is a bug."""
    primary = (error.sqlite_errorcode or 0) & 0xFF
    passing = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
               sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)  # fmt: skip
    return (
        Busy(Code.UNAVAILABLE, "the database cannot take this now", cause=str(error)) if primary in passing else error
    )

"""SQLite, embedded: opened for durability (WAL, synchronous FULL), run inline in the event loop.

A writer thread loses more than half the throughput to the interpreter lock, so calls run where they are made and never
suspend. One lock makes the writing transactions of this process take turns, `BEGIN IMMEDIATE` those of other processes; who
waits for another process retries and leaves the event loop to others meanwhile. Only checkpoints (committed pages written back
to the file) run in a thread, beside the commits that follow.
"""

import asyncio
import fcntl
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Table, insert
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from crossdock.core.errors import Busy, Code
from crossdock.store.protocols import Row, Statement
from crossdock.store.waits import WRITE_WAITS

_DIALECT = sqlite_dialect(paramstyle="qmark")
_log = structlog.get_logger("crossdock.sqlite")
# How long a writer waits for another process's commit before the call is refused with Busy.
BUSY_TIMEOUT_MS = 5_000
# The same for the check whether writes get through: callers of a health check wait less.
CHECK_TIMEOUT_MS = 2_000
# How long a commit proves that the disk takes writes, seconds, so that not every check of readiness costs an fsync.
_PROOF_S = 1.0
# Writes the first page, and changes nothing in it: this program keeps no such number.
_TOUCH = "PRAGMA user_version = 0"
# Pauses between two tries, seconds: a commit takes some milliseconds.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.001, 0.02
# Where another process waits: its pauses, and how many of them one that has just written leaves it the turn.
_WAITING_PAUSE_S, _MAX_PAUSES = 0.0005, 20
# How long SQLite itself may wait in the event loop, for the rare moments in which a reader has to.
_INLINE_TIMEOUT_MS = 20
# Rows changed between two checkpoints beside the commits: about 1,000 orders, or 4,000 pages.
CHECKPOINT_ROWS = 8_000
# Pages of WAL (64 MB) at which SQLite makes a checkpoint within a commit; it takes the longer, the more pages are left.
CHECKPOINT_PAGES = 16_000
# Mode of the files: they hold secrets.
FILE_MODE = 0o600

# Rows of one INSERT: a third faster than a statement a row; SQLite takes 32,766 values, the widest table has 19 columns.
_ROWS_AN_INSERT = 64

# sqlite3 looks for an adapter of every None, bytes and bool; finding none, it raises and catches AttributeErrors, which takes
# longer than binding the value. These adapters change no value.
sqlite3.register_adapter(type(None), dict[None, None]().get)  # a function in C that returns None
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(bool, int)


@cache
def _insert_text(table: Table) -> str:
    return Statement(insert(table)).text(_DIALECT)


@cache
def _insert_many_text(table: Table) -> str:
    text = _insert_text(table)
    values = text[text.rindex("(") :]
    return text + f", {values}" * (_ROWS_AN_INSERT - 1)


@cache
def _claim_text(table: Table) -> str:
    return _insert_text(table) + " ON CONFLICT DO NOTHING"


@cache
def _update_text(table: Table, columns: tuple[str, ...]) -> str:
    """Rows begin with the key, which the text has last, so parameters are numbered."""
    keys = [column.name for column in table.primary_key]
    assignments = ", ".join(f"{name} = ?{number}" for number, name in enumerate(columns, len(keys) + 1))
    conditions = " AND ".join(f"{name} = ?{number}" for number, name in enumerate(keys, 1))
    return f"UPDATE {table.name} SET {assignments} WHERE {conditions}"


@cache
def _key_condition(table: Table) -> str:
    return " AND ".join(f"{column.name} = ?" for column in table.primary_key)


class SqliteTransaction:
    """A transaction on one connection; its calls return without suspending."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: Statement, /, **values: Any) -> Sequence[Row]:
        """See protocols.Transaction."""
        rows: list[Row] = []
        for text, bound in statement.bind_in_portions(_DIALECT, values):
            rows += self._connection.execute(text, bound).fetchall()
        return rows

    async def run(self, statement: Statement, /, **values: Any) -> int:
        """See protocols.Transaction."""
        text, bound = statement.bind(_DIALECT, values)
        return self._connection.execute(text, bound).rowcount

    async def run_all(self, statement: Statement, rows: Sequence[dict[str, Any]], /) -> None:
        """See protocols.Transaction."""
        if rows:
            text = statement.text(_DIALECT)
            self._connection.executemany(text, [statement.bind(_DIALECT, row)[1] for row in rows])

    async def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """See protocols.Transaction."""
        whole = len(rows) - len(rows) % _ROWS_AN_INSERT
        for start in range(0, whole, _ROWS_AN_INSERT):
            self._connection.execute(
                _insert_many_text(table), [*chain.from_iterable(rows[start : start + _ROWS_AN_INSERT])]
            )
        self._connection.executemany(_insert_text(table), rows[whole:])

    async def update(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See protocols.Transaction."""
        self._connection.executemany(_update_text(table, tuple(columns)), rows)

    async def claim(self, table: Table, rows: Sequence[Row]) -> set[int]:
        """See protocols.Transaction."""
        text = _claim_text(table)
        execute = self._connection.execute
        return {position for position, row in enumerate(rows) if execute(text, row).rowcount}

    async def find(self, table: Table, keys: Sequence[Row]) -> Sequence[Row]:
        """See protocols.Transaction."""
        text = f"SELECT {', '.join(table.columns.keys())} FROM {table.name} WHERE {_key_condition(table)}"
        execute = self._connection.execute
        return [row for key in keys if (row := execute(text, key).fetchone()) is not None]

    async def delete(self, table: Table, keys: Sequence[Row]) -> None:
        """See protocols.Transaction."""
        self._connection.executemany(f"DELETE FROM {table.name} WHERE {_key_condition(table)}", keys)


class _Turns:
    """Lets the processes that write to one file take turns.

    SQLite has no queue of writers: a process that commits and begins again at once would keep out one that looks every few
    milliseconds. So a process that waits locks a file beside the database, and who has just written leaves it the turn.
    """

    def __init__(self, path: str) -> None:
        self._file = -1 if path == ":memory:" else _open_beside(path, "-waiting", os.O_RDWR)
        self._is_asking = False
        self.has_written = False  # since the last turn that was left to others

    async def leave(self) -> None:
        """Wait for a process that waits, where this one has written last."""
        if not self.has_written or self._file < 0:
            return
        self.has_written = False
        for _ in range(_MAX_PAUSES):
            if self._lock(fcntl.LOCK_SH):
                return
            await asyncio.sleep(_WAITING_PAUSE_S)

    def ask(self) -> bool:
        """Ask for the next turn; False where another process did before."""
        if not self._is_asking and self._file >= 0:
            self._is_asking = self._lock(fcntl.LOCK_EX, keep=True)
        return self._is_asking

    def taken(self) -> None:
        """Ask for nothing any more."""
        if self._is_asking:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._is_asking = False

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _lock(self, kind: int, *, keep: bool = False) -> bool:
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if not keep:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        return True


class SqliteStore:
    """An SQLite file: one connection that writes, one that reads."""

    name = "sqlite"
    writers = 1
    only_worker = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._writer = connect(path)
        self._writer.execute("SELECT count(*) FROM sqlite_master").fetchone()  # creates the write-ahead log
        self._files = {name: _identity(name) for name in (path, f"{path}-wal")}
        self._writer.execute("PRAGMA busy_timeout = 0")  # `_begin` waits
        self._reader: sqlite3.Connection | None = self._new_reader()  # None while a block uses it
        self._write_lock = asyncio.Lock()
        self._turns = _Turns(path)
        self._checkpointer: sqlite3.Connection | None = None
        self._checkpoint: asyncio.Task[None] | None = None
        self._checkpointed = 0  # rows changed when the last one began
        self._committed_at = 0.0  # monotonic

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqliteTransaction]:
        """See protocols.Store.

        Few blocks suspend, so one connection serves nearly all; while one does, another task gets a connection of its own,
        because it must see what was committed since.
        """
        try:
            connection, self._reader = self._reader or self._new_reader(), None
            try:
                connection.execute("BEGIN")
                try:
                    yield SqliteTransaction(connection)
                finally:
                    connection.execute("COMMIT")
            finally:
                if self._reader is None:
                    self._reader = connection
                else:
                    connection.close()
        except sqlite3.DatabaseError as error:
            raise _busy(error) from error

    def _new_reader(self) -> sqlite3.Connection:
        self._check_files()  # where the file is gone, SQLite would make an empty one
        connection = connect(self._path, wait_ms=_INLINE_TIMEOUT_MS)
        connection.execute("PRAGMA query_only = ON")  # a block for reading, a dry run too, can never write
        return connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqliteTransaction]:
        """See protocols.Store."""
        began = time.monotonic()
        async with self._write_lock:
            try:
                await self._begin(began + BUSY_TIMEOUT_MS / 1000)
                WRITE_WAITS.observe(time.monotonic() - began)
                try:
                    yield SqliteTransaction(self._writer)
                    self._writer.execute("COMMIT")
                    self._committed_at = time.monotonic()
                    self._turns.has_written = True
                    self._checkpoint_where_due()
                finally:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
            except sqlite3.DatabaseError as error:
                raise _busy(error) from error

    async def _begin(self, give_up: float) -> None:
        """Begin a writing transaction; raises OperationalError where another process has the write lock until `give_up`."""
        self._check_files()
        pause_s = _FIRST_PAUSE_S
        await self._turns.leave()
        try:
            while True:
                try:
                    self._writer.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                        raise
                    await asyncio.sleep(_WAITING_PAUSE_S if self._turns.ask() else pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                else:
                    return
        finally:
            self._turns.taken()

    def _check_files(self) -> None:
        """Raise Busy where the database file, or its log, was deleted or replaced: what is written would be lost."""
        for name, identity in self._files.items():
            if identity is not None and _identity(name) != identity:
                raise Busy(
                    Code.UNAVAILABLE,
                    "the database file was deleted or replaced while the server was running",
                    file=name,
                )

    async def check_writing(self) -> None:
        """See protocols.Store.

        Beginning fails where the file is locked, deleted or replaced, a commit where the disk is full or takes no writes.
        """
        now = time.monotonic()
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_MS / 1000), self._write_lock:
                await self._begin(now + CHECK_TIMEOUT_MS / 1000)
                try:
                    if now - self._committed_at > _PROOF_S:
                        self._writer.execute(_TOUCH)
                        self._writer.execute("COMMIT")
                        self._committed_at = now
                finally:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            raise _busy(error) from error
        except TimeoutError:
            raise Busy(Code.UNAVAILABLE, "a write has been waiting for the database for too long") from None

    def _checkpoint_where_due(self) -> None:
        """Start a checkpoint in a thread where enough was committed; commits continue meanwhile."""
        changed = self._writer.total_changes
        if changed - self._checkpointed >= CHECKPOINT_ROWS and (self._checkpoint is None or self._checkpoint.done()):
            self._checkpointed = changed
            self._checkpoint = asyncio.create_task(self._run_checkpoint())

    async def _run_checkpoint(self) -> None:
        try:
            if self._checkpointer is None:
                self._check_files()
                self._checkpointer = connect(self._path, wait_ms=_INLINE_TIMEOUT_MS)
            await asyncio.to_thread(self._checkpointer.execute, "PRAGMA wal_checkpoint(PASSIVE)")
        except (sqlite3.DatabaseError, Busy) as error:  # the next one, or a commit, writes the same pages
            _log.warning("checkpoint failed", cause=str(error))

    @contextmanager
    def working(self) -> Iterator[bool]:
        """See protocols.Store; a lock on a file beside the database, which the system releases when the process ends."""
        with os.fdopen(_open_beside(self._path, "-worker", os.O_WRONLY), "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    async def close(self) -> None:
        """See protocols.Store."""
        if self._checkpoint is not None:
            await asyncio.wait((self._checkpoint,))
        for connection in (self._checkpointer, self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._turns.close()


def connect(path: str, *, wait_ms: int | None = None) -> sqlite3.Connection:
    """Open a connection with the durability and limits Crossdock relies on; creates the file and its folder.

    `wait_ms` is how long calls wait for locks of other processes, BUSY_TIMEOUT_MS where it is None.
    """
    if path != ":memory:":
        _create_file(Path(path))
    wait_ms = BUSY_TIMEOUT_MS if wait_ms is None else wait_ms
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
    _use_wal(connection, wait_ms)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute("PRAGMA cache_size = -32000")  # 32 MB
    return connection


def _create_file(path: Path) -> None:
    """Create the file for this user alone, since it holds secrets; SQLite gives its log the same mode."""
    path.resolve().parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with suppress(FileExistsError):  # another process was first; SQLite refuses what is no file
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))


def _open_beside(path: str, suffix: str, flags: int) -> int:
    """Open a file beside the database's, and create it where there is none.

    Where root does, the file belongs to the database's owner, as SQLite's log does: else a command that root runs would keep
    the server out.
    """
    file = os.open(f"{path}{suffix}", flags | os.O_CREAT, FILE_MODE)
    if os.geteuid() == 0:
        with suppress(OSError):  # no such database, or root of a container that may not do it
            owner = Path(path).stat()
            os.fchown(file, owner.st_uid, owner.st_gid)
    return file


def _identity(path: str) -> tuple[int, int] | None:
    """Return what tells a file from any other; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of Path.stat's time, at each transaction
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _use_wal(connection: sqlite3.Connection, wait_ms: int) -> None:
    """Switch to write-ahead logging; SQLite does not wait where another process is switching the same new file."""
    give_up = time.monotonic() + wait_ms / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def _busy(error: sqlite3.DatabaseError) -> Exception:
    """Turn an error of the file or the disk (locked, full, damaged) into Busy; any other is a bug in a statement."""
    transient = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
               sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)  # fmt: skip
    return (
        Busy(Code.UNAVAILABLE, "the database cannot take this now", cause=str(error))
        if _primary_code(error) in transient
        else error
    )


def _primary_code(error: sqlite3.DatabaseError) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF

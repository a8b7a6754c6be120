"""Migrate a database to the newest schema, and open it.

Alembic runs the migrations; this module gives it a connection and keeps two processes from migrating at once. A database at
the newest revision is recognized without loading Alembic, because servers start more often than schemas change. An empty
database gets the schema of store/tables.py directly, the same one that the migrations lead to.
"""

import asyncio
import os
import sqlite3
import ssl
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from crossdock.core.errors import Busy, Code
from crossdock.store import citus, copying, sqlite
from crossdock.store.protocols import TIMEOUT_S, Store
from crossdock.store.tables import metadata

HEAD = "0013"
_MIGRATIONS = Path(__file__).parent / "migrations"
# Alembic's own table, as Alembic creates it.
_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
_SELECT_REVISION = f"SELECT version_num FROM {_VERSION.name}"
# Between two attempts to reach a server that is starting.
_RETRY_S = 0.5
# Any fixed number: the PostgreSQL advisory lock that migrating processes wait for.
_LOCK = 0x0C0_55D0_C4


async def open_store(url: str, *, timeout_s: float = TIMEOUT_S, is_copying: bool = False) -> Store:
    """Open the database at `sqlite:///path` or `postgresql://…`, migrating it first where needed.

    `timeout_s` limits each statement on PostgreSQL, but not the migrations. Refuses with ValueError where the URL names
    neither engine, a database of another program or of a newer Crossdock, and unless `is_copying` an unfinished copy.
    """
    store = await _open_store(url, timeout_s)
    if not is_copying:
        try:
            await copying.require_finished(store)
        except BaseException:
            await store.close()
            raise
    return store


async def _open_store(url: str, timeout_s: float) -> Store:
    kind, path = _parsed(url)
    if kind == "sqlite":
        try:
            await asyncio.to_thread(_migrate_sqlite, path)
            return sqlite.SqliteStore(path)
        except (OSError, sqlite3.DatabaseError, DBAPIError) as error:
            raise Busy(Code.UNAVAILABLE, f"the database file cannot be used: {error}") from error
    from crossdock.store import postgres

    with _reaching_postgres():
        await _migrate_postgres(url)
        return await postgres.PostgresStore.open(url, timeout_s=timeout_s)


async def migrate(url: str) -> str:
    """Migrate the database to the newest schema and give its revision."""
    await (await open_store(url, is_copying=True)).close()
    return HEAD


async def revision(url: str) -> str | None:
    """Read the schema revision of the database at the URL; None where there is no database, or an empty one.

    Creates nothing. Refuses as open_store does, and with ValueError a database of another program or a newer Crossdock.
    """
    kind, path = _parsed(url)
    if kind == "sqlite":
        return await asyncio.to_thread(_revision_of_file, path)
    from crossdock.store import postgres

    with _reaching_postgres():
        connection = await postgres.connect_without_limit(url)
        try:
            return await _revision_of_connection(connection)
        finally:
            await connection.close()


async def wait_until_reachable(url: str, *, limit_s: float, report: Callable[[str], None]) -> None:
    """Wait for a PostgreSQL that is away or starts, calling `report` once with the reason.

    Refuses with Busy after the limit, and at once where waiting cannot help.
    """
    if _parsed(url)[0] == "sqlite":
        return
    give_up = time.monotonic() + limit_s
    is_reported = False
    while True:
        try:
            await revision(url)
        except Busy as error:
            if not _can_pass(error.__cause__) or time.monotonic() > give_up:
                raise
            if not is_reported:
                report(str(error.facts["cause"]))
                is_reported = True
            await asyncio.sleep(_RETRY_S)
        else:
            return


def _can_pass(cause: BaseException | None) -> bool:
    """Tell whether an error ends when a server starts: nobody listens, its name is not known yet, it is not ready.

    A standby may be about to become the primary.
    """
    import asyncpg

    from crossdock.store.postgres_hosts import Unreachable

    if isinstance(cause, Unreachable):
        return any(map(_can_pass, cause.causes))
    if isinstance(cause, ssl.SSLError) or "rejected SSL" in str(cause):
        return False
    return isinstance(cause, OSError | asyncpg.CannotConnectNowError | asyncpg.TargetServerAttributeNotMatched)


@contextmanager
def _reaching_postgres() -> Iterator[None]:
    """Turn what asyncpg raises into Busy with its cause, or ValueError where the URL is wrong."""
    from crossdock.store import postgres

    try:
        yield
    except postgres.TRANSIENT as error:
        if isinstance(error, ValueError):  # asyncpg's ClientConfigurationError
            raise ValueError(f"the database URL cannot be used: {error}") from error
        cause = str(error) or "no answer in time"  # a TimeoutError has no text
        raise Busy(Code.UNAVAILABLE, "the database cannot be reached", cause=cause) from error


def _revision_of_file(path: str) -> str | None:
    """Read a file's revision, without changing the file: it may be another program's."""
    if path == ":memory:" or not Path(path).exists():
        return None
    if Path(path).is_dir():
        raise Busy(Code.UNAVAILABLE, f"the database file cannot be used: {path} is a folder")
    try:
        connection = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)
        try:
            connection.execute(f"PRAGMA busy_timeout = {sqlite.BUSY_TIMEOUT_MS}")
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            found = connection.execute(_SELECT_REVISION).fetchone() if _VERSION.name in tables else None
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise Busy(Code.UNAVAILABLE, f"the database file cannot be used: {error}") from error
    return _checked(tables, found[0] if found else None)


async def _revision_of_connection(connection: Any) -> str | None:
    listed = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()", timeout=TIMEOUT_S
    )
    tables = {row["tablename"] for row in listed}
    found = await connection.fetchval(_SELECT_REVISION, timeout=TIMEOUT_S) if _VERSION.name in tables else None
    return _checked(tables, found)


def _checked(tables: Collection[str], found: str | None) -> str | None:
    """Return the revision of a database with these tables. Raises ValueError where it is none that can be migrated."""
    ours = metadata.tables.keys() & tables
    if not tables or (found is None and not ours and set(tables) == {_VERSION.name}):
        return None
    if found is None or not ours:
        raise ValueError(
            f"this is not a Crossdock database: it has {len(tables)} tables of another program; give Crossdock one of its own"
        )
    known = {path.name[: len(HEAD)] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")}
    if found not in {HEAD, *known}:
        raise ValueError(
            f"the database was made by a newer Crossdock: its schema is {found}, this version knows {HEAD}; "
            "install the newer version"
        )
    return found


def _parsed(url: str) -> tuple[str, str]:
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgresql", "postgres"):
        return "postgresql", url
    if separator and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return "sqlite", rest[1:]
    named = f"{scheme}://" if separator else "this"  # never what follows, it may hold a password
    raise ValueError(f"the database must be sqlite:///path or postgresql://…, not {named}")


def _migrate_sqlite(path: str) -> None:
    if _revision_of_file(path) == HEAD:
        return
    connection = sqlite.connect(path)
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import StaticPool

        connection.row_factory = None  # SQLAlchemy makes rows of its own
        engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
        with engine.connect() as shared:
            # DDL is transactional in SQLite; IMMEDIATE makes other processes wait until it is done.
            shared.exec_driver_sql("BEGIN IMMEDIATE")
            _migrate(shared)
            shared.commit()
    finally:
        connection.close()


async def _migrate_postgres(url: str) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    from crossdock.store import postgres, postgres_url

    is_pooled = postgres_url.parse(url).is_pooled
    probe = await postgres.connect_without_limit(url)
    try:
        if await _revision_of_connection(probe) == HEAD and not await citus.is_pending(probe):
            return
        if is_pooled:
            raise ValueError(
                "the schema cannot be migrated through PgBouncer; run `crossdock migrate` with the URL of PostgreSQL itself"
            )
        await probe.execute("SELECT pg_advisory_lock($1)", _LOCK)
        engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: postgres.connect_without_limit(url))
        async with engine.begin() as connection:
            await connection.run_sync(_migrate_and_spread)
        await engine.dispose()
    finally:
        await probe.close()  # frees the lock


def _migrate_and_spread(connection: Connection) -> None:
    citus.prepare(connection)
    _migrate(connection)
    citus.spread(connection)


def _migrate(connection: Connection) -> None:
    if inspect(connection).get_table_names():
        _upgrade(connection)
    else:
        _create(connection)


def _create(connection: Connection) -> None:
    """Create the newest schema in an empty database; the migrations, with loading Alembic, take ten times as long."""
    metadata.create_all(connection, checkfirst=False)
    connection.execute(CreateTable(_VERSION))
    connection.execute(_VERSION.insert().values(version_num=HEAD))


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", os.fspath(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

"""Migrate a database to the newest schema, and open it.

Alembic runs the migrations; this module gives it a connection and keeps two processes from migrating at once. A database at
the newest revision is recognized without loading Alembic, because servers start more often than schemas change. An empty
database gets the schema of store/tables.py directly, the same one that the migrations lead to.
"""

import asyncio
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from crossdock.core.errors import Busy, Code
from crossdock.store import sqlite
from crossdock.store.protocols import TIMEOUT_S, Store
from crossdock.store.tables import metadata

HEAD = "0006"
_MIGRATIONS = Path(__file__).parent / "migrations"
# Alembic's own table, as Alembic creates it.
_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
# Any fixed number: the PostgreSQL advisory lock that migrating processes wait for.
_LOCK = 0x0C0_55D0_C4


async def open_store(url: str, *, timeout_s: float = TIMEOUT_S) -> Store:
    """Open the database at `sqlite:///path` or `postgresql://…`, migrating it first where needed.

    `timeout_s` limits each statement on PostgreSQL, but not the migrations. Refuses with ValueError where the URL names
    neither engine.
    """
    kind, path = _parsed(url)
    if kind == "sqlite":
        try:
            await asyncio.to_thread(_migrate_sqlite, path)
            return sqlite.SqliteStore(path)
        except (OSError, sqlite3.DatabaseError, DBAPIError) as error:
            raise Busy(Code.UNAVAILABLE, f"the database file cannot be used: {error}") from error
    from crossdock.store import postgres

    try:
        await _migrate_postgres(url)
        return await postgres.PostgresStore.open(url, timeout_s=timeout_s)
    except postgres.TRANSIENT as error:
        raise Busy(Code.UNAVAILABLE, "the database cannot be reached", cause=str(error)) from error


async def migrate(url: str) -> str:
    """Migrate the database to the newest schema and give its revision."""
    await (await open_store(url)).close()
    return HEAD


async def is_created(url: str) -> bool:
    """Check whether there is a Crossdock database at the URL; creates nothing. Refuses as open_store does."""
    kind, path = _parsed(url)
    if kind == "sqlite":
        return await asyncio.to_thread(_is_created_sqlite, path)
    from crossdock.store import postgres

    try:
        connection = await postgres.connect_without_limit(url)
        try:
            query = "SELECT to_regclass('alembic_version') IS NOT NULL"
            return bool(await connection.fetchval(query, timeout=TIMEOUT_S))
        finally:
            await connection.close()
    except postgres.TRANSIENT as error:
        raise Busy(Code.UNAVAILABLE, "the database cannot be reached", cause=str(error)) from error


def _is_created_sqlite(path: str) -> bool:
    if not Path(path).is_file():
        return Path(path).exists()  # a folder is refused, with its reason, where it is opened
    try:
        connection = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)
        try:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchall()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise Busy(Code.UNAVAILABLE, f"the database file cannot be used: {error}") from error
    return bool(tables)


def _parsed(url: str) -> tuple[str, str]:
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgresql", "postgres"):
        return "postgresql", url
    if separator and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return "sqlite", rest[1:]
    named = f"{scheme}://" if separator else "this"  # never what follows, it may hold a password
    raise ValueError(f"the database must be sqlite:///path or postgresql://…, not {named}")


def _migrate_sqlite(path: str) -> None:
    connection = sqlite.connect(path)
    try:
        known = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        if known and connection.execute("SELECT version_num FROM alembic_version").fetchone()["version_num"] == HEAD:
            return
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

    from crossdock.store import postgres

    probe = await postgres.connect_without_limit(url)
    try:
        known = await probe.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL", timeout=TIMEOUT_S)
        if known and await probe.fetchval("SELECT version_num FROM alembic_version", timeout=TIMEOUT_S) == HEAD:
            return
        await probe.execute("SELECT pg_advisory_lock($1)", _LOCK)
        engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: postgres.connect_without_limit(url))
        async with engine.begin() as connection:
            await connection.run_sync(_migrate)
        await engine.dispose()
    finally:
        await probe.close()  # frees the lock


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

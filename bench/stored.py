"""What a database holds: rows and bytes of each table with its indexes, so that the size of its files is explained."""

import sqlite3
from contextlib import closing

import asyncpg
from msgspec import Struct

from bench.figures import Cell, Table
from crossdock.store.tables import metadata

# The tables of the system, with their indexes.
_CATALOG = """SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
    WHERE relkind IN ('r', 't') AND relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"""
_SMALL = 1 << 20  # what a table without rows may take and be left out


class Held(Struct):
    """A table: rows, bytes of the table itself, bytes of its indexes."""

    name: str
    rows: int
    bytes: int
    index_bytes: int


class Stored(Struct):
    """Tables, largest first; the bytes of the database, and those of its pages that are free."""

    tables: list[Held]
    size: int
    free: int

    @property
    def orders(self) -> int:
        """The number of orders."""
        return next(each.rows for each in self.tables if each.name == "orders")

    @property
    def explained(self) -> float:
        """The share of the database that is tables, indexes and free pages."""
        return (sum(each.bytes + each.index_bytes for each in self.tables) + self.free) / self.size

    def table(self) -> Table:
        """Return the tables that take space, and what an order takes in each."""
        orders = max(1, self.orders)
        rows: list[list[Cell]] = [
            [each.name, each.rows, each.bytes / 1e6, each.index_bytes / 1e6, (each.bytes + each.index_bytes) / orders]
            for each in self.tables
            if each.rows or each.bytes > _SMALL
        ]
        return Table(["table", "rows", "MB", "indexes MB", "bytes an order"], rows)


async def stored(url: str) -> Stored:
    """Read what a database holds that nobody writes to."""
    if url.startswith("sqlite:///"):
        return _of_sqlite(url.removeprefix("sqlite:///"))
    return await _of_postgresql(url)


def _of_sqlite(path: str) -> Stored:
    with closing(sqlite3.connect(path)) as connection:
        (page,), (pages,), (free,) = (
            connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_size", "page_count", "freelist_count")
        )
        owners = dict(connection.execute("SELECT name, tbl_name FROM sqlite_schema").fetchall())
        sizes: dict[str, int] = dict(
            connection.execute("SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE").fetchall()
        )
        names = sorted({*metadata.tables} & {*owners})
        found = [
            Held(
                name,
                connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0],
                sizes.get(name, 0),
                sum(size for part, size in sizes.items() if part != name and owners.get(part) == name),
            )
            for name in names
        ]
    return Stored(sorted(found, key=_bytes, reverse=True), page * pages, page * free)


async def _of_postgresql(url: str) -> Stored:
    connection = await asyncpg.connect(url)
    try:
        found = []
        for name in metadata.tables:
            rows = await connection.fetchval(f'SELECT count(*) FROM "{name}"')
            sizes = await connection.fetchrow("SELECT pg_table_size($1::regclass), pg_indexes_size($1::regclass)", name)
            assert sizes is not None
            found.append(Held(name, rows, sizes[0], sizes[1]))
        catalog = await connection.fetchval(_CATALOG)
        found.append(Held("PostgreSQL's own tables", 0, catalog, 0))
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
    finally:
        await connection.close()
    return Stored(sorted(found, key=_bytes, reverse=True), size, 0)


def _bytes(held: Held) -> int:
    return held.bytes + held.index_bytes

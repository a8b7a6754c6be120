"""Baseline two: a bare loop writing the same rows, in transactions of 64, through the plain driver.

The rows are those one accepted order left in the database; each copy gets ids of its own. `fill` makes such copies for a
bench that needs many orders.
"""

import asyncio
import hashlib
import sqlite3
import time
from typing import Any

import asyncpg

from crossdock.store import sqlite

TABLES = ("request_key", "submission", "orders", "order_line", "order_term", "event")
BATCH = 64


def _copy(row: dict[str, Any], number: int) -> tuple[Any, ...]:
    """Return a row under other ids: every id rises by `number`, every hash and key becomes another one."""
    changed = dict(row)
    for name in ("order_id", "aggregate_id", "submission_id", "event_id"):
        if changed.get(name):
            changed[name] += number << 24
    for name in ("key", "hash", "event_hash"):
        if name in changed:
            changed[name] = hashlib.sha256(changed[name] + b"%d" % number).digest()
    if "position" in changed:
        changed["position"] += number
    if "number_key" in changed:
        changed["number_key"] = f"bare-{number}"
    return tuple(changed.values())


def _some(rows: list[dict[str, Any]], first: int, end: int) -> list[tuple[Any, ...]]:
    """Return copies for the orders numbered from `first` until before `end`."""
    return [_copy(row, number) for number in range(first, end) for row in rows]


def _batches(rows: dict[str, list[dict[str, Any]]], first: int) -> list[dict[str, list[tuple[Any, ...]]]]:
    """Make eight transactions' rows, for orders numbered from `first`."""
    return [
        {table: _some(rows[table], start, start + BATCH) for table in TABLES}
        for start in range(first, first + 8 * BATCH, BATCH)
    ]


def speed(url: str, seconds: float) -> float:
    """Return orders per second into a database that holds exactly one order."""
    if url.startswith("sqlite:///"):
        return _on_sqlite(url.removeprefix("sqlite:///"), seconds)
    return asyncio.run(_on_postgres(url, seconds))


def _on_sqlite(path: str, seconds: float) -> float:
    connection = sqlite.connect(path)
    connection.row_factory = sqlite3.Row
    rows = {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in TABLES}
    texts = {table: f"INSERT INTO {table} VALUES ({','.join('?' * len(found[0]))})" for table, found in rows.items()}
    done, spent = 0, 0.0
    while spent < seconds:
        batches = _batches(rows, done + 1)
        began = time.perf_counter()
        for batch in batches:
            connection.execute("BEGIN IMMEDIATE")
            for table in TABLES:
                connection.executemany(texts[table], batch[table])
            connection.execute("COMMIT")
        spent += time.perf_counter() - began
        done += len(batches) * BATCH
    connection.close()
    return done / spent


async def _on_postgres(url: str, seconds: float) -> float:
    connection = await asyncpg.connect(url)
    rows = {table: [dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")] for table in TABLES}
    texts = {
        table: f"INSERT INTO {table} VALUES ({','.join(f'${place + 1}' for place in range(len(found[0])))})"
        for table, found in rows.items()
    }
    done, spent = 0, 0.0
    while spent < seconds:
        batches = _batches(rows, done + 1)
        began = time.perf_counter()
        for batch in batches:
            async with connection.transaction():
                for table in TABLES:
                    await connection.executemany(texts[table], batch[table])
        spent += time.perf_counter() - began
        done += len(batches) * BATCH
    await connection.close()
    return done / spent


def fill(url: str, count: int) -> None:
    """Copy the one order of a database so often, and let its organization's feed end after them."""
    if url.startswith("sqlite:///"):
        _fill_sqlite(url.removeprefix("sqlite:///"), count)
    else:
        asyncio.run(_fill_postgres(url, count))


_FED = "UPDATE feed SET position = (SELECT max(position) FROM event)"


def _fill_sqlite(path: str, count: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)  # nothing is measured here, so nothing waits for the disk
    connection.execute("PRAGMA synchronous = OFF")
    connection.row_factory = sqlite3.Row
    rows = {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in TABLES}
    connection.execute("BEGIN")
    for start in range(1, count + 1, 1_000):
        for table in TABLES:
            copies = _some(rows[table], start, min(start + 1_000, count + 1))
            connection.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(copies[0]))})", copies)
    connection.execute(_FED)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()


async def _fill_postgres(url: str, count: int) -> None:
    connection = await asyncpg.connect(url)
    rows = {table: [dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")] for table in TABLES}
    for start in range(1, count + 1, 1_000):
        for table in TABLES:
            copies = _some(rows[table], start, min(start + 1_000, count + 1))
            await connection.copy_records_to_table(table, records=copies)
    await connection.execute(_FED)
    await connection.execute("ANALYZE")
    await connection.close()

"""Copies of a database: every table read in the order of its key, digests of tables, and the mark of an unfinished copy.

Engines and locales sort texts differently. So a table is read in the order of its own database, and the rows of another one
are looked up by their keys and never by a range of keys.
"""

import secrets
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from itertools import accumulate, takewhile
from typing import Any

import msgspec
from sqlalchemy import Boolean, LargeBinary, Select, Table, bindparam, delete, func, select, text, tuple_

from crossdock.store import tenants
from crossdock.store.protocols import Row, Statement, Store, Transaction
from crossdock.store.records import positions_of
from crossdock.store.tables import installation, metadata

TABLES = tuple(metadata.tables.values())
# Rows and bytes of documents that are read at a time: enough to keep round trips rare, little enough for any server.
MAX_ROWS = 2_000
MAX_BYTES = 16_000_000
# Names of installation values: what a database and all copies of it are recognized by; in an unfinished copy, its source's.
_IDENTITY, _UNFINISHED = "database_id", "copy_of"
_DIGEST_BYTES = 16


# ----------------------------------------------------------------------------------------------------------------- rows
async def page(tx: Transaction, table: Table, *, after: Sequence[object] | None) -> list[tuple[object, ...]]:
    """Read the next rows of a table in the order of its key, after a key, or from the beginning.

    At most MAX_ROWS, and MAX_BYTES of documents unless one row has more.
    """
    values = {} if after is None else {f"after_{place}": value for place, value in enumerate(after)}
    limit = MAX_ROWS
    if (sizes := _sizes(table, after is None)) is not None:
        read = [int(row["bytes"]) for row in await tx.rows(sizes, limit=limit, **values)]
        limit = max(1, sum(1 for _ in takewhile(lambda total: total <= MAX_BYTES, accumulate(read))))
    return _plain(table, await tx.rows(_page(table, after is None), limit=limit, **values))


async def find(
    tx: Transaction, table: Table, keys: Sequence[tuple[object, ...]]
) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Read the rows with one of these keys, by key."""
    return {key_of(table, row): row for row in _plain(table, await tx.find(table, keys))}


def key_of(table: Table, row: Sequence[object]) -> tuple[object, ...]:
    """Return the primary key of a row."""
    return tuple([row[position] for position in _key_positions(table)])


async def write(
    tx: Transaction, table: Table, *, new: Sequence[tuple[object, ...]], changed: Sequence[tuple[object, ...]]
) -> None:
    """Insert rows, and replace others that have the same keys."""
    await tx.insert(table, new)
    if not changed:  # as always where all columns are the key's
        return
    keys = set(_key_positions(table))
    rest = [position for position in range(len(table.columns)) if position not in keys]
    names = [table.columns.keys()[position] for position in rest]
    await tx.update(table, names, [(*key_of(table, row), *(row[place] for place in rest)) for row in changed])


async def count(tx: Transaction, table: Table) -> int:
    """Count the rows of a table."""
    (row,) = await tx.rows(_count(table))
    return int(row["rows"])


@cache
def _key_positions(table: Table) -> tuple[int, ...]:
    return tuple(positions_of(table, [column.name for column in table.primary_key]))


@cache
def _boolean_positions(table: Table) -> tuple[int, ...]:
    return tuple(place for place, column in enumerate(table.columns) if isinstance(column.type, Boolean))


def _plain(table: Table, rows: Sequence[Row]) -> list[tuple[object, ...]]:
    """Return rows with the same values whatever engine they are from; SQLite has numbers where others have booleans."""
    booleans = _boolean_positions(table)
    if not booleans:
        return [tuple(row) for row in rows]
    plain = []
    for row in rows:
        values = list(row)
        for place in booleans:
            values[place] = bool(values[place])
        plain.append(tuple(values))
    return plain


def _from_key(table: Table, query: Select[Any], is_first: bool) -> Statement:
    """Limit a query to the rows after a key, in the order of keys. The plan must not stay when the table has grown."""
    keys = tuple(table.primary_key)
    if not is_first:
        after = [bindparam(f"after_{place}", type_=column.type) for place, column in enumerate(keys)]
        query = query.where(tuple_(*keys) > tuple_(*after))
    return Statement(
        _without_mark(table, query).order_by(*keys).limit(bindparam("limit")),
        needs_custom_plan=True,
    )


def _without_mark(table: Table, query: Select[Any]) -> Select[Any]:
    """Leave out the mark of an unfinished copy, which is the target's alone."""
    return query.where(installation.c.name != _UNFINISHED) if table is installation else query


@cache
def _page(table: Table, is_first: bool) -> Statement:
    return _from_key(table, select(*table.columns), is_first)


@cache
def _sizes(table: Table, is_first: bool) -> Statement | None:
    """Read the bytes of the documents of each row, None where a table has none. Engines know them without reading them."""
    documents = [
        func.coalesce(func.length(column), 0) for column in table.columns if isinstance(column.type, LargeBinary)
    ]
    return _from_key(table, select(sum(documents[1:], documents[0]).label("bytes")), is_first) if documents else None


@cache
def _count(table: Table) -> Statement:
    return Statement(_without_mark(table, select(func.count().label("rows")).select_from(table)))


_ANALYZE = Statement(text(f"ANALYZE {', '.join(metadata.tables)}"))


async def collect_statistics(store: Store) -> None:
    """Collect the statistics by which PostgreSQL plans: it has none of a new database for a minute or more."""
    if store.name == "postgresql":
        async with store.writing() as tx:
            await tx.rows(_ANALYZE)


# --------------------------------------------------------------------------------------------------------------- digest
class Digest:
    """The digest of a table: the sum of the hashes of its rows, so that their order does not matter."""

    def __init__(self) -> None:
        self.rows = self._sum = 0

    def add(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Add rows."""
        self.rows += len(rows)
        encode = msgspec.msgpack.encode
        self._sum += sum(
            int.from_bytes(blake2b(encode(row), digest_size=_DIGEST_BYTES).digest(), "big") for row in rows
        )

    def hex(self) -> str:
        """Return the digest in hexadecimal."""
        return f"{self._sum % (1 << 8 * _DIGEST_BYTES):0{2 * _DIGEST_BYTES}x}"


# ----------------------------------------------------------------------------------------------------------------- mark
_FINISH = Statement(delete(installation).where(installation.c.name == bindparam("name")))


async def source_of(tx: Transaction) -> str | None:
    """Read the identity of the database that this one is an unfinished copy of; None where it is no unfinished copy."""
    return (await tenants.find_installation_values(tx, [_UNFINISHED])).get(_UNFINISHED)


async def begin(tx: Transaction, identity: str) -> None:
    """Mark a database as an unfinished copy, which no server opens."""
    await tenants.put_installation_value(tx, _UNFINISHED, identity)


async def finish(tx: Transaction) -> None:
    """Remove the mark of an unfinished copy."""
    await tx.run(_FINISH, name=_UNFINISHED)


async def identity(tx: Transaction) -> str | None:
    """Read by what a database and its copies are recognized; None where no copy was ever made."""
    return (await tenants.find_installation_values(tx, [_IDENTITY])).get(_IDENTITY)


async def claim_identity(tx: Transaction) -> str:
    """Read the identity of a database, giving it one where it has none."""
    return await tenants.installation_value(tx, _IDENTITY, default=secrets.token_hex(16))


async def has_data(tx: Transaction) -> bool:
    """Whether a database has more than what every new one has."""
    for table in TABLES:
        if table is not installation and await tx.rows(_page(table, True), limit=1):
            return True
    return False


async def require_finished(store: Store) -> None:
    """Refuse with ValueError an unfinished copy: to serve it would lose what the source takes meanwhile."""
    async with store.reading() as tx:
        if await source_of(tx) is not None:
            raise ValueError(
                "this database is an unfinished copy of another one; finish it with crossdock copy --final, "
                "with the same --from and --to"
            )

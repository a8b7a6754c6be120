"""The protocols of a store and a transaction, and SQL statements that are written once and compiled for each engine.

Statements are SQLAlchemy Core expressions with named parameters, compiled once per engine; running one then costs what the
driver costs. The engines (sqlite.py, postgres.py) know nothing about orders.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol

from msgspec import Struct
from sqlalchemy import ARRAY, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler

# A row as the drivers give it: a sequence whose values can also be read by column name (sqlite3.Row, asyncpg.Record).
Row = Any

# Values of a list that one SQLite statement takes; for a longer list the statement runs several times.
MAX_LIST_VALUES = 256
# Seconds a statement may take, where the setting `database_timeout_s` says nothing else.
TIMEOUT_S = 10.0


class _Compiled(Struct, frozen=True):
    """A statement for one engine: its text, its parameters in order, and the values that the expression itself gives them.

    `list_name` is the parameter whose values are listed one by one (SQLite), if any; `expanded` are the texts by list length.
    """

    text: str
    names: tuple[str, ...]
    constants: dict[str, Any]
    list_name: str | None
    expanded: dict[int, str]

    def text_for(self, length: int) -> str:
        """Return the text that takes a list of some length."""
        if length not in self.expanded:
            parts, position = self.text.split("?"), self.names.index(self.list_name or "") + 1
            marks = ", ".join("?" * length)
            self.expanded[length] = marks.join(("?".join(parts[:position]), "?".join(parts[position:])))
        return self.expanded[length]


class Statement:
    """One SQL statement with named parameters, compiled for each engine when it first runs there.

    `needs_custom_plan`: the best plan depends on the values, so PostgreSQL must not keep a generic one.
    """

    def __init__(self, expression: Executable, *, needs_custom_plan: bool = False) -> None:
        self.expression = expression
        self.needs_custom_plan = needs_custom_plan
        self._compiled: dict[str, _Compiled] = {}

    def _compile(self, dialect: Dialect) -> _Compiled:
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled = self.expression.compile(dialect=dialect)  # type: ignore[attr-defined]
            assert isinstance(compiled, SQLCompiler)
            names = tuple(compiled.positiontup or ())
            lists = [name for name in names if isinstance(compiled.binds[name].type, ARRAY)]
            assert len(lists) < 2, "a statement has at most one list"
            list_name = lists[0] if lists and dialect.name == "sqlite" else None
            known = _Compiled(str(compiled), names, dict(compiled.params), list_name, {})
            self._compiled[dialect.name] = known
        return known

    def names(self, dialect: Dialect) -> tuple[str, ...]:
        """Return the names of the parameters in their order."""
        return self._compile(dialect).names

    def text(self, dialect: Dialect) -> str:
        """Return the SQL text; where the engine has no arrays, a list takes one value in it."""
        return self._compile(dialect).text

    def bind(self, dialect: Dialect, values: dict[str, Any]) -> tuple[str, list[Any]]:
        """Return the SQL text and the values in its parameters' order."""
        compiled = self._compile(dialect)
        bound = [values[name] if name in values else _constant(compiled.constants, name) for name in compiled.names]
        if compiled.list_name is None:
            return compiled.text, bound
        some = values[compiled.list_name]
        length = 1 << (len(some) - 1).bit_length() if some else 0  # few lengths, so few statements …
        position = compiled.names.index(compiled.list_name)
        bound[position : position + 1] = [*some, *some[-1:] * (length - len(some))]  # … the last value fills the rest
        return compiled.text_for(length), bound

    def bind_in_portions(self, dialect: Dialect, values: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
        """Bind like `bind`, several times where a list is longer than the engine takes at once."""
        name = self._compile(dialect).list_name
        if name is None or len(some := values[name]) <= MAX_LIST_VALUES:
            yield self.bind(dialect, values)
            return
        for start in range(0, len(some), MAX_LIST_VALUES):
            yield self.bind(dialect, values | {name: some[start : start + MAX_LIST_VALUES]})


def _constant(constants: dict[str, Any], name: str) -> Any:
    value = constants[name]
    if value is None:  # a forgotten parameter must not become NULL
        raise KeyError(name)
    return value


class Transaction(Protocol):
    """Work that becomes durable as a whole when its block ends, or not at all."""

    async def rows(self, statement: Statement, /, **values: Any) -> Sequence[Row]:
        """Run a query and give all its rows, with columns by name.

        Where it has a list (dialect.AnyOf), it must sort by the list's column first: a long list runs in portions.
        """

    async def run(self, statement: Statement, /, **values: Any) -> int:
        """Run a statement and give the number of rows it changed."""

    async def run_all(self, statement: Statement, rows: Sequence[dict[str, Any]], /) -> None:
        """Run a statement once for each set of values; all have the same names."""

    async def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows given in the table's column order."""

    async def update(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Update columns of existing rows; each row given is a primary key, then the columns' values."""

    async def claim(self, table: Table, rows: Sequence[Row]) -> set[int]:
        """Insert those rows whose primary key is free, and return their positions.

        Waits for the end of a transaction that is inserting the same key. Callers sort rows by key, so that two claims cannot
        wait for each other.
        """

    async def find(self, table: Table, keys: Sequence[Row]) -> Sequence[Row]:
        """Return the rows with one of these primary keys, whole and in no order."""

    async def delete(self, table: Table, keys: Sequence[Row]) -> None:
        """Delete the rows with one of these primary keys."""


class Store(Protocol):
    """An open database. Its blocks raise errors.Busy where the database cannot be reached, is locked or full."""

    name: str
    # How many writing transactions are worth running at once.
    writers: int
    # Whether only one process at a time can be a worker.
    only_worker: bool

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a block that reads one consistent state."""

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a block that commits at its end, durably, and rolls back on an exception."""

    async def check_writing(self) -> None:
        """Raise errors.Busy within seconds where a writing block cannot get through; change no row."""

    def working(self) -> AbstractContextManager[bool]:
        """Register as a worker while the block lasts; False where the engine can have only one and another process is it."""

    async def close(self) -> None:
        """Close all connections."""

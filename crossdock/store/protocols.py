"""What a store and a transaction can do: two small protocols, and statements written once and spelled per engine.

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

Row = Sequence[Any]


# Values of a list that one SQLite statement takes; of a longer one, rows are read in portions.
AT_ONCE = 256
# Seconds a statement may take, where the setting `database_timeout_s` says nothing else.
TIMEOUT_S = 10.0


class _Spelling(Struct, frozen=True):
    """A statement for one engine: its text, its parameters in order, and the values written into the expression.

    `listed` is the parameter whose values are written out one by one, if any; `widened` are the texts for its lengths.
    """

    text: str
    names: tuple[str, ...]
    written: dict[str, Any]
    listed: str | None
    widened: dict[int, str]

    def wide(self, length: int) -> str:
        """Give the text that takes a list of some length."""
        if length not in self.widened:
            before, rest = self.text.split("?"), self.names.index(self.listed or "") + 1
            marks = ", ".join("?" * length)
            self.widened[length] = marks.join(("?".join(before[:rest]), "?".join(before[rest:])))
        return self.widened[length]


class Statement:
    """One SQL statement with named parameters, spelled for each engine when it first runs there.

    `is_varied`: which way is best to run it depends on the values, so that no plan should be kept for all of them.
    """

    def __init__(self, expression: Executable, *, is_varied: bool = False) -> None:
        self.expression = expression
        self.is_varied = is_varied
        self._spelled: dict[str, _Spelling] = {}

    def _spelling(self, dialect: Dialect) -> _Spelling:
        known = self._spelled.get(dialect.name)
        if known is None:
            compiled = self.expression.compile(dialect=dialect)  # type: ignore[attr-defined]
            assert isinstance(compiled, SQLCompiler)
            names = tuple(compiled.positiontup or ())
            lists = [name for name in names if isinstance(compiled.binds[name].type, ARRAY)]
            listed = lists[0] if lists and dialect.name == "sqlite" else None
            assert len(lists) < 2, "one list a statement"
            known = _Spelling(str(compiled), names, dict(compiled.params), listed, {})
            self._spelled[dialect.name] = known
        return known

    def text(self, dialect: Dialect) -> str:
        """Give the SQL text; of a list, it takes one value where the engine has no arrays."""
        return self._spelling(dialect).text

    def bound(self, dialect: Dialect, values: dict[str, Any]) -> tuple[str, list[Any]]:
        """Give the SQL text and the values in its parameters' order."""
        spelling = self._spelling(dialect)
        found = [values[name] if name in values else _written(spelling.written, name) for name in spelling.names]
        if spelling.listed is None:
            return spelling.text, found
        some = values[spelling.listed]
        length = 1 << (len(some) - 1).bit_length() if some else 0  # few lengths, so few statements …
        place = spelling.names.index(spelling.listed)
        found[place : place + 1] = [*some, *some[-1:] * (length - len(some))]  # … where the last value fills the rest
        return spelling.wide(length), found

    def portions(self, dialect: Dialect, values: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
        """As `bound`, several times where a list is longer than the engine takes at once."""
        listed = self._spelling(dialect).listed
        if listed is None or len(some := values[listed]) <= AT_ONCE:
            yield self.bound(dialect, values)
            return
        for start in range(0, len(some), AT_ONCE):
            yield self.bound(dialect, values | {listed: some[start : start + AT_ONCE]})


def _written(written: dict[str, Any], name: str) -> Any:
    value = written[name]
    if value is None:  # a forgotten parameter must not become NULL
        raise KeyError(name)
    return value


class Transaction(Protocol):
    """Work that becomes durable as a whole when its block ends, or not at all."""

    async def rows(self, statement: Statement, /, **values: Any) -> Sequence[Row]:
        """Run a query and give all its rows. Where it has a list (spelling.Among), what it sorts by begins with the
        list's column: a long list may be asked in portions."""

    async def run(self, statement: Statement, /, **values: Any) -> int:
        """Run a statement and give the number of rows it touched."""

    async def run_all(self, statement: Statement, rows: Sequence[dict[str, Any]], /) -> None:
        """Run a statement once for each row of values; all rows have the same names."""

    async def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows given in the table's column order."""

    async def update(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Write columns of rows that are there; each row given is a primary key, then the columns' values."""

    async def claim(self, table: Table, rows: Sequence[Row]) -> set[int]:
        """Insert those rows whose primary key is free, and give their positions.

        Where another transaction is just inserting the same key, wait for its end. Callers sort rows by key, so that two
        claims cannot wait for each other.
        """


class Store(Protocol):
    """An open database. Its blocks raise errors.Busy where the database is away, locked or full."""

    name: str
    # How many writing transactions are worth running at once.
    writers: int
    # Whether only one process at a time can be a worker.
    only_worker: bool

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a block that reads one consistent state; blocks within it, of the same task, read the same one."""

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a block that commits at its end, durably, and rolls back on an exception."""

    async def check_writing(self) -> None:
        """Raise errors.Busy within seconds where a writing block cannot get through; write nothing."""

    def working(self) -> AbstractContextManager[bool]:
        """Be a worker while the block lasts; False where the engine can have only one and there is one already."""

    async def close(self) -> None:
        """Close all connections."""

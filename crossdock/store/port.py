"""What a store and a transaction can do: two small protocols, and statements written once and spelled per engine.

Statements are SQLAlchemy Core expressions with named parameters, compiled once per engine; running one then costs what the
driver costs. The engines (sqlite.py, postgres.py) know nothing about orders.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Table
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler

Row = Sequence[Any]


class Statement:
    """One SQL statement with named parameters, spelled for each engine when it first runs there.

    `is_varied`: which way is best to run it depends on the values, so that no plan should be kept for all of them.
    """

    def __init__(self, expression: Executable, *, is_varied: bool = False) -> None:
        self.expression = expression
        self.is_varied = is_varied
        self._spelled: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {}

    def spelled(self, dialect: Dialect) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """Give the SQL text, the names of its parameters in order, and the values written into the expression."""
        known = self._spelled.get(dialect.name)
        if known is None:
            compiled = self.expression.compile(dialect=dialect)  # type: ignore[attr-defined]
            assert isinstance(compiled, SQLCompiler)
            known = (str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params))
            self._spelled[dialect.name] = known
        return known

    def bound(self, dialect: Dialect, values: dict[str, Any]) -> tuple[str, list[Any]]:
        """Give the SQL text and the values in its parameters' order."""
        text, names, written = self.spelled(dialect)
        return text, [values[name] if name in values else _written(written, name) for name in names]


def _written(written: dict[str, Any], name: str) -> Any:
    value = written[name]
    if value is None:  # a forgotten parameter must not become NULL
        raise KeyError(name)
    return value


class Transaction(Protocol):
    """Work that becomes durable as a whole when its block ends, or not at all."""

    async def rows(self, statement: Statement, /, **values: Any) -> Sequence[Row]:
        """Run a query and give all its rows."""

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

    def working(self) -> AbstractContextManager[bool]:
        """Be a worker while the block lasts; False where the engine can have only one and there is one already."""

    async def close(self) -> None:
        """Close all connections."""

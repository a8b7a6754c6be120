"""SQL that differs between the engines, as elements of SQLAlchemy expressions."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ARRAY, Column, ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles

_ROWS = msgspec.json.Decoder(list[list[int]])


class _Element(ColumnElement[Any]):
    inherit_cache = False  # a Statement is compiled once


# ----------------------------------------------------------------------------------------------------------------- lists
class AnyOf(_Element):
    """The condition that a column holds one of the values of a list, which is the parameter `name`."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values: ColumnElement[Any] = bindparam(name, type_=ARRAY(column.type))


@compiles(AnyOf)
def _compile_any_of(element: AnyOf, compiler: Any, **rest: Any) -> str:
    """An array is one parameter, so all lengths share one statement and one plan."""
    return f"{compiler.process(element.column, **rest)} = ANY ({compiler.process(element.values, **rest)})"


@compiles(AnyOf, "sqlite")
def _compile_any_of_for_sqlite(element: AnyOf, compiler: Any, **rest: Any) -> str:
    """SQLite has no arrays: one parameter stands for all values, and Statement repeats it when their number is known."""
    return f"{compiler.process(element.column, **rest)} IN ({compiler.process(element.values, **rest)})"


# ----------------------------------------------------------------------------------------------------------------- equal
class IndexedEqual(_Element):
    """The condition that two ids are equal, for a look-up in an index with more columns than the id."""

    def __init__(self, one: Any, other: Any) -> None:
        self.one, self.other = one, other


@compiles(IndexedEqual)
def _compile_equal(element: IndexedEqual, compiler: Any, **rest: Any) -> str:
    return f"{compiler.process(element.one, **rest)} = {compiler.process(element.other, **rest)}"


@compiles(IndexedEqual, "sqlite")
def _compile_equal_for_sqlite(element: IndexedEqual, compiler: Any, **rest: Any) -> str:
    """For equal ids SQLite would use the primary key, and read the whole row for the other column."""
    one, other = compiler.process(element.one, **rest), compiler.process(element.other, **rest)
    return f"{one} BETWEEN {other} AND {other}"


# ----------------------------------------------------------------------------------------------------------- rows in rows
class ChildRows(_Element):
    """Integer columns of the rows of another table that meet the conditions, as one value of a row; in no order."""

    def __init__(self, columns: Sequence[Column[int]], *conditions: ColumnElement[bool]) -> None:
        self.columns, self.conditions = columns, conditions

    def rendered(self, compiler: Any, **rest: Any) -> tuple[str, str]:
        """Compile the columns, and the table with the conditions."""
        columns, conditions = (
            [compiler.process(each, **rest) for each in some] for some in (self.columns, self.conditions)
        )
        return ", ".join(columns), f"{self.columns[0].table.name} WHERE {' AND '.join(conditions)}"


@compiles(ChildRows)
def _compile_child_rows(element: ChildRows, compiler: Any, **rest: Any) -> str:
    columns, source = element.rendered(compiler, **rest)
    return f"ARRAY(SELECT ARRAY[{columns}] FROM {source})"


@compiles(ChildRows, "sqlite")
def _compile_child_rows_for_sqlite(element: ChildRows, compiler: Any, **rest: Any) -> str:
    columns, source = element.rendered(compiler, **rest)
    return f"(SELECT json_group_array(json_array({columns})) FROM {source})"


def child_rows(value: str | list[list[int]]) -> list[list[int]]:
    """Decode the value of ChildRows from either engine."""
    return _ROWS.decode(value) if isinstance(value, str) else value

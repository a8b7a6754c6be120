"""What each engine spells in its own way, as elements of SQLAlchemy expressions."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ARRAY, Column, ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles

_ROWS = msgspec.json.Decoder(list[list[int]])


class _Element(ColumnElement[Any]):
    inherit_cache = False  # a Statement is spelled once


# ----------------------------------------------------------------------------------------------------------------- lists
class AnyOf(_Element):
    """The condition that a column holds one of the values of a list, which is the parameter `name`."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values: ColumnElement[Any] = bindparam(name, type_=ARRAY(column.type))


@compiles(AnyOf)
def _spell_among(element: AnyOf, compiler: Any, **rest: Any) -> str:
    """One array is one parameter, and one plan, whatever its length."""
    return f"{compiler.process(element.column, **rest)} = ANY ({compiler.process(element.values, **rest)})"


@compiles(AnyOf, "sqlite")
def _spell_among_for_sqlite(element: AnyOf, compiler: Any, **rest: Any) -> str:
    """Without arrays, one parameter stands for all values; a Statement writes them out when their number is known."""
    return f"{compiler.process(element.column, **rest)} IN ({compiler.process(element.values, **rest)})"


# ----------------------------------------------------------------------------------------------------------------- equal
class IndexedEqual(_Element):
    """The condition that two ids are equal, for a look-up in an index that has more than the id."""

    def __init__(self, one: Any, other: Any) -> None:
        self.one, self.other = one, other


@compiles(IndexedEqual)
def _spell_same(element: IndexedEqual, compiler: Any, **rest: Any) -> str:
    return f"{compiler.process(element.one, **rest)} = {compiler.process(element.other, **rest)}"


@compiles(IndexedEqual, "sqlite")
def _spell_same_for_sqlite(element: IndexedEqual, compiler: Any, **rest: Any) -> str:
    """Equal ids make SQLite take the primary key, and read the whole order for the column asked about."""
    one, other = compiler.process(element.one, **rest), compiler.process(element.other, **rest)
    return f"{one} BETWEEN {other} AND {other}"


# ----------------------------------------------------------------------------------------------------------- rows in rows
class ChildRows(_Element):
    """Columns of whole numbers of other rows, as one value of a row: those rows that meet the conditions, in no order."""

    def __init__(self, columns: Sequence[Column[int]], *conditions: ColumnElement[bool]) -> None:
        self.columns, self.conditions = columns, conditions

    def rendered(self, compiler: Any, **rest: Any) -> tuple[str, str]:
        """Give the columns, and the table with the conditions."""
        columns, conditions = (
            [compiler.process(each, **rest) for each in some] for some in (self.columns, self.conditions)
        )
        return ", ".join(columns), f"{self.columns[0].table.name} WHERE {' AND '.join(conditions)}"


@compiles(ChildRows)
def _spell_nested(element: ChildRows, compiler: Any, **rest: Any) -> str:
    columns, source = element.rendered(compiler, **rest)
    return f"ARRAY(SELECT ARRAY[{columns}] FROM {source})"


@compiles(ChildRows, "sqlite")
def _spell_nested_for_sqlite(element: ChildRows, compiler: Any, **rest: Any) -> str:
    columns, source = element.rendered(compiler, **rest)
    return f"(SELECT json_group_array(json_array({columns})) FROM {source})"


def child_rows(value: str | list[list[int]]) -> list[list[int]]:
    """Read the value of a Nested as any engine gives it."""
    return _ROWS.decode(value) if isinstance(value, str) else value

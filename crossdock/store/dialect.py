"""SQL that differs between the engines, as elements of SQLAlchemy expressions."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ARRAY, Column, ColumnElement, LargeBinary, Text, bindparam
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


class StillAnyOf(AnyOf):
    """AnyOf for the same list once more, where it follows from a comparison of columns.

    Citus must read it for each table to know which nodes it concerns. SQLite needs no more than the first.
    """


@compiles(StillAnyOf, "sqlite")
def _compile_still_any_of_for_sqlite(element: StillAnyOf, compiler: Any, **rest: Any) -> str:
    return "1"


class InJson(_Element):
    """The condition that a column holds one of the texts of a JSON array, which is the parameter `name`.

    For statements with several lists, which AnyOf cannot have.
    """

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values: ColumnElement[Any] = bindparam(name, type_=Text)


@compiles(InJson)
def _compile_in_json(element: InJson, compiler: Any, **rest: Any) -> str:
    values = f"CAST(CAST({compiler.process(element.values, **rest)} AS text) AS jsonb)"
    return f"{compiler.process(element.column, **rest)} = ANY (ARRAY(SELECT jsonb_array_elements_text({values})))"


@compiles(InJson, "sqlite")
def _compile_in_json_for_sqlite(element: InJson, compiler: Any, **rest: Any) -> str:
    values = compiler.process(element.values, **rest)
    return f"{compiler.process(element.column, **rest)} IN (SELECT value FROM json_each({values}))"


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


# --------------------------------------------------------------------------------------------------------------- database
class DatabaseBytes(_Element):
    """The size of the database in bytes."""


@compiles(DatabaseBytes)
def _compile_database_bytes(element: DatabaseBytes, compiler: Any, **rest: Any) -> str:
    return "pg_database_size(current_database())"


@compiles(DatabaseBytes, "sqlite")
def _compile_database_bytes_for_sqlite(element: DatabaseBytes, compiler: Any, **rest: Any) -> str:
    return "(SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size())"


class EngineVersion(_Element):
    """The version of the database engine, such as 15.18."""


@compiles(EngineVersion)
def _compile_engine_version(element: EngineVersion, compiler: Any, **rest: Any) -> str:
    return "current_setting('server_version')"


@compiles(EngineVersion, "sqlite")
def _compile_engine_version_for_sqlite(element: EngineVersion, compiler: Any, **rest: Any) -> str:
    return "sqlite_version()"


# ----------------------------------------------------------------------------------------------------------------- bytes
class HasBytes(_Element):
    """The condition that a column of bytes has the parameter `name` somewhere in it."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.part: ColumnElement[Any] = bindparam(name, type_=LargeBinary)


@compiles(HasBytes)
def _compile_has_bytes(element: HasBytes, compiler: Any, **rest: Any) -> str:
    column, part = compiler.process(element.column, **rest), compiler.process(element.part, **rest)
    return f"position(CAST({part} AS bytea) IN {column}) > 0"


@compiles(HasBytes, "sqlite")
def _compile_has_bytes_for_sqlite(element: HasBytes, compiler: Any, **rest: Any) -> str:
    return f"instr({compiler.process(element.column, **rest)}, {compiler.process(element.part, **rest)}) > 0"

"""Records and rows: the fields of a record are columns of the same names, so no code counts positions."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Table


def columns_of(table: Table, record: type[Struct]) -> list[Column[Any]]:
    """Give the columns of a record's fields, in the fields' order: a row of them makes a record."""
    return [table.c[name] for name in record.__struct_fields__]


def positions_of(table: Table, names: Sequence[str]) -> list[int]:
    """Give the positions of columns in the table's rows."""
    return [table.columns.keys().index(name) for name in names]


def check_columns(table: Table, record: type[Struct]) -> None:
    """Require that a record has the table's columns in their order, so that its values (astuple) are a row to insert."""
    assert tuple(table.columns.keys()) == record.__struct_fields__, f"{record.__name__} is not a row of {table.name}"

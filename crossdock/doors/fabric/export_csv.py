"""Exported files: documents as CSV, one column for each member, with the dotted path of the member as its header; pure.

The members of nested objects have columns of their own. Of one array, such as the items of an order, each element is a row of
the file, beside what the document says of itself. Other arrays, and free objects such as `attributes`, are JSON text in a cell.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, inspect

from crossdock.core.csv_cells import cell
from crossdock.doors import encode_json

Tree = Any


class Column(Struct, frozen=True):
    """A column: its header, and the path of its member, in the document or in the element of a row."""

    header: str
    path: tuple[str, ...]
    of_element: bool = False


def columns_of(shape: type[Struct], rows: str | None = None) -> tuple[Column, ...]:
    """List the columns of documents of a type; `rows` is the member whose elements are rows."""
    return tuple(_columns(shape, (), rows))


def _columns(shape: type[Struct], path: tuple[str, ...], rows: str | None) -> Iterator[Column]:
    for field in inspect.type_info(shape).fields:  # type: ignore[attr-defined]
        place = (*path, field.name)
        inner, is_array = _nested(field.type)
        if is_array and rows == field.name and inner is not None:
            for column in _columns(inner, (), None):
                yield Column(f"{rows}.{column.header}", column.path, of_element=True)
        elif inner is not None and not is_array:
            yield from _columns(inner, place, None)
        else:
            yield Column(".".join(place), place)


def _nested(kind: inspect.Type) -> tuple[type[Struct] | None, bool]:
    """Return the type of the objects that a member holds, if it has one, and whether the member is an array."""
    for outer in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        member = outer.type if isinstance(outer, inspect.Metadata) else outer
        item = member.item_type if isinstance(member, inspect.ListType) else member
        item = item.type if isinstance(item, inspect.Metadata) else item
        if isinstance(item, inspect.StructType):
            return item.cls, isinstance(member, inspect.ListType)
    return None, False


def selected(columns: tuple[Column, ...], config: Mapping[str, bool]) -> tuple[Column, ...]:
    """Select the columns that a map of headers sets to true; all but those that it sets to false where it has no true."""
    if any(config.values()):
        return tuple(each for each in columns if config.get(each.header))
    return tuple(each for each in columns if config.get(each.header, True))


class Table:
    """A file that is being written: documents go in, and `bytes` come out; `rows` and `records` count what is in."""

    def __init__(self, columns: tuple[Column, ...], rows: str | None) -> None:
        self._columns, self._rows = columns, rows
        self._out = io.StringIO(newline="")
        self._writer = csv.writer(self._out)
        self.rows = self.records = 0
        self._writer.writerow([each.header for each in columns])

    @property
    def size(self) -> int:
        """The characters of the file so far."""
        return self._out.tell()

    def add(self, documents: Iterable[dict[str, Tree]]) -> None:
        """Add documents, each as one row, or as one for each of its elements."""
        for document in documents:
            self.records += 1
            elements = (document.get(self._rows) if self._rows else None) or [{}]
            for element in elements:
                self.rows += 1
                self._writer.writerow([_cell(element if each.of_element else document, each) for each in self._columns])

    def bytes(self) -> bytes:
        """Return the file, in UTF-8."""
        return self._out.getvalue().encode()


def _cell(document: Tree, column: Column) -> str:
    for name in column.path:
        document = document.get(name) if isinstance(document, dict) else None
    return cell(encode_json(document).decode() if isinstance(document, dict | list) else document)

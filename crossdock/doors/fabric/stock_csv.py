"""Bulk upload files: a CSV of stock as rows of the inventory body, and the file of the rows that have faults; pure.

Columns are known by their names in any letter case, without blanks, hyphens and underscores. Those that name a product, a place
or a member of the record have their meaning; all others are counters. An empty cell changes nothing.
"""

import csv
import io
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from crossdock.core.csv_cells import cell
from crossdock.core.csv_rows import without_guard
from crossdock.core.errors import Fault
from crossdock.doors.fabric.errors import faulty
from crossdock.doors.fabric.mapping_stock import ALLOCATED, MAX_COUNTER_NAME, ON_HAND, counter_code
from crossdock.doors.fabric.wire_stock import MAX_COUNTERS

Tree = Any
MAX_ROWS = 10_000  # each is a change of a record; with a body of 1 MiB, as many rows of 100 bytes
_ALIASES = {"locationnumber": "locationNum", "location": "locationNum", "channel": "channelId", "item": "itemId"}
_COUNTERS = {"totalquantity": ON_HAND, "reservedquantity": ALLOCATED}
_MEMBERS = (
    "sku", "itemId", "locationNum", "channelId", "vendorId", "leadTime", "inventoryType", "infiniteInventory",
    "backOrderDate", "preOrderDate", "backOrderLimit", "preOrderLimit", "safetyStock", "lowStock", "segment", "region",
)  # fmt: skip
_BY_NAME = {name.lower(): name for name in _MEMBERS} | _ALIASES
_NUMBERS = frozenset({"itemId", "locationNum", "backOrderLimit", "preOrderLimit", "safetyStock", "lowStock"})
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


class StockRow(Struct, frozen=True):
    """A row of a file: its cells, and the inventory body that they say."""

    cells: tuple[str, ...]
    body: dict[str, Tree]


class StockFile(Struct, frozen=True):
    """The heads and rows of a file."""

    heads: tuple[str, ...]
    rows: tuple[StockRow, ...]


def read_file(content: bytes) -> StockFile:
    """Read a file. Raises Invalid with all faults of its encoding, its heads and its size; rows are not checked."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise faulty(Fault((), "The file must be UTF-8")) from None
    if "\x00" in text:
        raise faulty(Fault((), "The file must not hold NUL"))
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if any(map(str.strip, line))]
    except csv.Error as error:
        raise faulty(Fault((), f"The file is no CSV: {error}")) from None
    if not lines:
        raise faulty(Fault((), "The file has no row of heads"))
    heads = tuple(without_guard(head).strip() for head in lines[0])
    members = [_member(head) for head in heads]
    faults = [*_head_faults(heads, members)]
    if len(lines) - 1 > MAX_ROWS:
        faults.append(Fault((), f"The file has more than {MAX_ROWS} rows"))
    if faults:
        raise faulty(*faults)
    return StockFile(heads, tuple(StockRow(tuple(line), _body(members, line)) for line in lines[1:]))


def _member(head: str) -> tuple[str, bool]:
    """Return the member of the body that a column has, or its counter with True."""
    plain = head.replace(" ", "").replace("-", "").replace("_", "").lower()
    if plain in _BY_NAME:
        return _BY_NAME[plain], False
    return _COUNTERS.get(plain, head), True


def _head_faults(heads: Sequence[str], members: Sequence[tuple[str, bool]]) -> list[Fault]:
    faults = []
    seen: dict[tuple[str, bool], str] = {}
    for head, (name, is_counter) in zip(heads, members, strict=True):
        if not 1 <= len(head) <= MAX_COUNTER_NAME:
            faults.append(Fault((), f"A head must have 1 to {MAX_COUNTER_NAME} characters, not {head[:20]!r}"))
        earlier = seen.setdefault((counter_code(name) if is_counter else name, is_counter), head)
        if earlier != head or heads.count(head) > 1:
            faults.append(Fault((head,), "is the same column as another"))
    given = {name for name, is_counter in members if not is_counter}
    faults += [Fault((name,), "is missing as a column") for name in ("locationNum", "channelId") if name not in given]
    if not given & {"sku", "itemId"}:
        faults.append(Fault(("sku",), "is missing as a column, and there is no itemId"))
    if len(members) - len(given) > MAX_COUNTERS:
        faults.append(Fault((), f"The file has more than {MAX_COUNTERS} counters"))
    return list(dict.fromkeys(faults))


def _body(members: Sequence[tuple[str, bool]], line: Sequence[str]) -> dict[str, Tree]:
    body: dict[str, Tree] = {}
    counters: dict[str, Tree] = {}
    for (name, is_counter), text in zip(members, line, strict=False):
        value = without_guard(text).strip()
        if value:
            (counters if is_counter else body)[name] = value if is_counter else _value(name, value)
    return body | {"counters": counters} if counters else body


def _value(name: str, text: str) -> Tree:
    """Return a cell as the type of its member; text that does not fit is left for the check of the body to name."""
    if name in _NUMBERS and text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    if name == "infiniteInventory":
        return _FLAGS.get(text.lower(), text)
    return text


def width_fault(stock_file: StockFile, row: StockRow) -> str | None:
    """Say where a row has more cells than the file has heads, or return None."""
    extra = len(row.cells) > len(stock_file.heads)
    return f"has {len(row.cells)} cells, the heads are {len(stock_file.heads)}" if extra else None


def error_file(stock_file: StockFile, errors: Sequence[tuple[StockRow, str]]) -> bytes:
    """Write the rows that have faults, each with its error in a last column; `read_file` reads the cells back."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([*map(cell, stock_file.heads), "error"])
    width = len(stock_file.heads)
    for row, error in errors:
        cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
        writer.writerow([*(map(cell, map(without_guard, cells))), cell(error)])
    return out.getvalue().encode()

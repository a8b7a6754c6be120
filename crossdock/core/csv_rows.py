"""Tables in CSV that are imported: cells by column, values by type, every fault by row and column; pure.

The first row names the columns. Rows have the numbers that a spreadsheet shows, so the first row with values is row 2.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, DecimalException
from typing import Any, TypeVar

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.iso import COUNTRIES, CURRENCIES

Row = TypeVar("Row")
Numbered = tuple[int, Row]
Convert = Callable[[str], Any]
MAX_TEXT = 1_000  # characters of a cell
# A row is limited by its cells; this keeps one with a quote that is never closed from taking the whole file.
csv.field_size_limit(100_000)
_FORMULA_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"


def read_table(
    raw: bytes,
    column_faults: Callable[[list[str]], list[Fault]],
    read_row: Callable[[Mapping[str, str]], tuple[Row | None, list[Fault]]],
) -> tuple[list[Numbered[Row]], list[Numbered[Fault]]]:
    """Read a table: its good rows by number, and the faults of the others, each with its column as path.

    Refuses with Invalid what is no such table at all: not UTF-8, no CSV, a first row with faults (paths of row and column).
    """
    table = _cells(raw)
    columns = [name.strip() for name in next(table, (1, []))[1]]
    if wrong := column_faults(columns):
        hint = "; separate columns by commas, semicolons or tabs" if len(columns) == 1 else ""
        faults = tuple(Fault((1, *fault.path), fault.reason + hint) for fault in wrong)
        raise Invalid(Code.INVALID, "the first row has faults", faults=faults)
    rows: list[Numbered[Row]] = []
    found: list[Numbered[Fault]] = []
    for number, cells in table:
        if len(cells) > len(columns):
            found.append((number, Fault((str(len(columns) + 1),), "has no name in the first row")))
            continue
        row, wrong = read_row(dict(zip(columns, map(without_guard, cells), strict=False)))
        found += [(number, fault) for fault in wrong]
        if row is not None:
            rows.append((number, row))
    return rows, found


def _cells(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_table(f"is not UTF-8 (byte {error.start}); export it as UTF-8") from None
    if "\x00" in text:
        raise _no_table("has the character NUL")
    head = next((line for line in text.splitlines() if line.strip()), "")
    # No column has a separator in its name. Spreadsheets write semicolons where the comma is the decimal point.
    separator = max(",;\t", key=head.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise _no_table(f"is not CSV: {error}") from None


def _no_table(reason: str) -> Invalid:
    return Invalid(Code.INVALID, "the body is no CSV table", faults=(Fault((), reason),))


def without_guard(cell: str) -> str:
    """Take off the apostrophe that an export puts before what a spreadsheet would run as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:].lstrip()[:1] in tuple(_FORMULA_SIGNS) else cell


def column_faults(columns: Sequence[str], known: Sequence[str], *, of: str, required: Sequence[str]) -> list[Fault]:
    """Find faults of the first row: unknown columns, columns given twice, required ones that are missing."""
    named = Counter(columns)
    return [
        *(
            Fault((column,), f"is no column of {of}; known are {', '.join(known)}")
            for column in named
            if column not in known
        ),
        *(Fault((column,), "is there twice") for column, times in named.items() if times > 1),
        *(Fault((column,), "is required") for column in required if column not in named),
    ]


def read_cells(
    cells: Mapping[str, str], columns: Mapping[str, Convert], *, required: Sequence[str] = ()
) -> tuple[dict[str, Any], list[Fault]]:
    """Convert the cells of a row that are not empty; return the values by column, and a fault for each wrong cell."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for column, convert in columns.items():
        cell = cells.get(column, "").strip()
        if not cell:
            if column in required:
                faults.append(Fault((column,), "is required"))
            continue
        try:
            values[column] = convert(cell)
        except ValueError as error:
            faults.append(Fault((column,), str(error)))
    return values, faults


# ---------------------------------------------------------------------------------------------------------------- values
def text(most: int = MAX_TEXT) -> Convert:
    """Return the conversion of a text of at most so many characters."""

    def convert(cell: str) -> str:
        if len(cell) > most:
            raise ValueError(f"must have at most {most} characters, not {len(cell)}")
        return cell

    return convert


def whole(least: int, most: int) -> Convert:
    """Return the conversion of a whole number in a range."""

    def convert(cell: str) -> int:
        number = int(cell) if cell.removeprefix("-").isdigit() and cell.isascii() and len(cell) < 16 else None
        if number is None or not least <= number <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {cell[:40]!r}")
        return number

    return convert


def degrees(most: int) -> Convert:
    """Return the conversion of degrees of latitude (90) or longitude (180)."""

    def convert(cell: str) -> float:
        try:
            number = Decimal(cell)
        except DecimalException:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number) > most:
            hint = "; write a decimal point instead of a comma" if "," in cell else ""
            raise ValueError(f"must be a number from -{most} to {most}, not {cell[:40]!r}{hint}")
        return float(number)

    return convert


def flag(cell: str) -> bool:
    """Read true or false."""
    if cell.lower() not in ("true", "false"):
        raise ValueError(f"must be true or false, not {cell[:40]!r}")
    return cell.lower() == "true"


def country(cell: str) -> str:
    """Read an ISO 3166-1 alpha-2 country code."""
    if cell not in COUNTRIES:
        raise ValueError(f"must be an ISO 3166-1 alpha-2 country code, not {cell[:40]!r}")
    return cell


def currency(cell: str) -> str:
    """Read an ISO 4217 currency code."""
    if cell not in CURRENCIES:
        raise ValueError(f"must be an ISO 4217 currency code, not {cell[:40]!r}")
    return cell


def measure(cell: str) -> Decimal:
    """Read a number that is not negative, such as a length or an amount of money."""
    try:
        number = Decimal(cell)
    except DecimalException:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or number >= 10**12 or len(number.as_tuple().digits) > 40:
        hint = "; write a decimal point instead of a comma" if "," in cell else ""
        raise ValueError(f"must be a number from 0 to 999999999999, not {cell[:40]!r}{hint}")
    return number

"""Tables in CSV: separators, numbers of rows, faults of the first row and of cells."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core import csv_rows
from crossdock.core.csv_rows import column_faults, degrees, flag, read_cells, read_table, text, whole
from crossdock.core.errors import Fault, Invalid
from tests.slowness import processor_time_below

COLUMNS = {"name": text(5), "size": whole(-5, 20), "open": flag}


def faults_of_columns(columns: list[str]) -> list[Fault]:
    return column_faults(columns, list(COLUMNS), of="shops", required=("name",))


def read_row(cells: Mapping[str, str]) -> tuple[dict[str, Any] | None, list[Fault]]:
    values, faults = read_cells(cells, COLUMNS, required=("name",))
    return (None if faults else values), faults


def read(raw: bytes) -> Any:
    return read_table(raw, faults_of_columns, read_row)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_are_separated_by_commas_semicolons_or_tabs(separator: str) -> None:
    raw = '\ufeff\r\nsize,name\r\n 3 ,a\r\n\r\n,"b\nc"\r\n'.replace(",", separator).encode()
    assert read(raw) == ([(3, {"size": 3, "name": "a"}), (5, {"name": "b\nc"})], [])


def test_every_fault_is_named_by_row_and_column() -> None:
    rows, faults = read(b"name,size,open\n,x,maybe\nlonger,21,\na,-5,TRUE\nb,1,true,more\n")
    assert rows == [(4, {"name": "a", "size": -5, "open": True})]
    assert [(number, fault.path[0]) for number, fault in faults] == [
        (2, "name"), (2, "size"), (2, "open"), (3, "name"), (3, "size"), (5, "4"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "path", "reason"),
    [
        (b"name,color,name\n", (1, "color"), "is no column of shops"),
        (b"name,name\n", (1, "name"), "is there twice"),
        (b"size\n", (1, "name"), "is required; separate columns by"),
        (b"", (1, "name"), "is required"),
        (b"name\n\xff", (), "is not UTF-8 (byte 5)"),
        (b"name\n\x00", (), "has the character NUL"),
        (b'name\n"' + b"x" * 200_000, (), "is not CSV"),
    ],
)
def test_what_is_no_table_is_refused(raw: bytes, path: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(raw)
    assert refused.value.faults[0].path == path
    assert refused.value.faults[0].reason.startswith(reason)


def test_the_apostrophe_before_a_formula_is_taken_off_and_no_other() -> None:
    rows, _ = read(b"name\n'=1\n' @b\n'abc\n=1\n'\n")
    assert [row["name"] for _, row in rows] == ["=1", "@b", "'abc", "=1", "'"]


@pytest.mark.parametrize("cell", ["91", "-90.001", "x", "NaN", "Infinity", "1e3", "49,5", ""])
def test_degrees_are_on_the_globe(cell: str) -> None:
    with pytest.raises(ValueError, match="must be a number from -90 to 90"):
        degrees(90)(cell)


@pytest.mark.parametrize("cell", ["\u00b2", "1.0", "--1", "+1", "1" * 30, "-", "\u0661"])
def test_a_whole_number_has_digits_only(cell: str) -> None:
    with pytest.raises(ValueError, match="must be a whole number"):
        whole(-10, 10)(cell)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_refused(raw: bytes) -> None:
    try:
        read(raw)
    except Invalid as invalid:
        assert invalid.faults


def test_a_country_is_one_of_iso_3166() -> None:
    assert csv_rows.country("CA") == "CA"
    with pytest.raises(ValueError, match="ISO 3166-1"):
        csv_rows.country("Canada")


def test_many_columns_are_checked_in_linear_time() -> None:
    columns = [f"k{number}" for number in range(70_000)] + ["k1"]
    with processor_time_below(1.5):
        found = faults_of_columns(columns)
    assert len(found) == 70_002
    assert found[-2:] == [Fault(("k1",), "is there twice"), Fault(("name",), "is required")]

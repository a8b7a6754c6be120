"""Rows of a CSV file read as counts of stock; pure."""

from collections.abc import Mapping

from crossdock.core import csv_rows
from crossdock.core.csv_rows import Convert, text, whole
from crossdock.core.errors import Fault
from crossdock.core.stock.commands import CountStock
from crossdock.core.stock.model import MAX_UNITS, LevelKey

MAX_SKU = 200  # characters: longer ones are not indexed whole (core/ids.py)
MAX_WORD = 100  # of a location's code, a pool, a counter's name
MAX_REASON = 500
# Columns of the export that an import ignores, so that an exported file can be imported after a change of its quantities.
SHOWN = ("allocated", "reserved", "available", "safety", "threshold", "unlimited", "updated_at")
_COLUMNS: dict[str, Convert] = {
    "sku": text(MAX_SKU), "location": text(MAX_WORD), "pool": text(MAX_WORD), "on_hand": whole(0, MAX_UNITS),
    "reason": text(MAX_REASON),
}  # fmt: skip
COLUMNS = (*_COLUMNS, *SHOWN)


def column_faults(columns: list[str]) -> list[Fault]:
    """Find faults of the first row."""
    return csv_rows.column_faults(columns, COLUMNS, of="stock", required=("sku", "location", "on_hand"))


def read_row(cells: Mapping[str, str]) -> tuple[CountStock | None, list[Fault]]:
    """Read a row, cells by column: the count, or a fault for each wrong cell."""
    values, faults = csv_rows.read_cells(cells, _COLUMNS, required=("sku", "location", "on_hand"))
    if faults:
        return None, faults
    key = LevelKey(values["sku"], values["location"], values.get("pool", ""))
    return CountStock(key=key, quantity=values["on_hand"], reason=values.get("reason")), []

"""`crossdock product`: the products that orders name."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database
from crossdock.cli.output import json_option, print_fields, print_list

if TYPE_CHECKING:
    from crossdock.core.catalog.products import ProductRow
    from crossdock.core.errors import Fault
    from crossdock.flows.context import Context

_MOST = 10_000  # of one list
# A cell is limited by core.catalog.products; this keeps one with a quote that is never closed from taking the whole file.
csv.field_size_limit(100_000)


@click.group()
def product() -> None:
    """Products, which orders name by id or SKU."""


@product.command("import")
@organization_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV file in UTF-8.")
@json_option
@database_option
def import_products(organization: str, file: Path, as_json: bool, database: str | None) -> None:
    """Import products from a CSV file, whose first row names the columns; see docs/products.md.

    Products are found by SKU: new ones are added, others are changed where a cell is not empty. Rows with faults are listed and
    left out; the import can be run again. Exit code 1 if there were any.
    """
    rows, faults = _read(file)

    async def run(context: "Context") -> None:
        from crossdock.flows import products

        result = await products.import_rows(context, await get_organization(context, organization), rows)
        wrong = sorted([*faults, *result.faults], key=lambda each: each[0])
        counts = {"added": result.added, "changed": result.changed, "unchanged": result.unchanged, "faults": len(wrong)}
        listed = [{"row": row, "column": str(fault.path[0]), "reason": fault.reason} for row, fault in wrong]
        print_fields(
            counts | ({"rows": listed} if as_json else {}),
            as_json=as_json,
            notes=[f"row {each['row']}, column {each['column']}: {each['reason']}" for each in listed],
        )
        if wrong:
            raise ValueError(f"{len({row for row, _ in wrong})} rows of {file} were not imported")

    run_on_database(database, run)


def _read(file: Path) -> tuple[list[tuple[int, "ProductRow"]], list[tuple[int, "Fault"]]]:
    """Read a file: the good rows by number, and the faults of the others. Raises ValueError where it is no such file at all."""
    from crossdock.core.catalog.products import column_faults, read_row
    from crossdock.core.errors import Fault

    rows: list[tuple[int, ProductRow]] = []
    faults: list[tuple[int, Fault]] = []
    table = _cells(file)
    columns = [name.strip() for name in next(table, (1, []))[1]]
    if wrong := column_faults(columns):
        raise ValueError("; ".join(f"{file}: column {fault.path[0]!r} {fault.reason}" for fault in wrong))
    for number, cells in table:
        if len(cells) > len(columns):
            faults.append((number, Fault((len(columns) + 1,), "has no name in the first row")))
            continue
        row, wrong = read_row(dict(zip(columns, cells, strict=False)))
        faults += [(number, fault) for fault in wrong]
        if row is not None:
            rows.append((number, row))
    return rows, faults


def _cells(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, with the number that a spreadsheet shows."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            for number, cells in enumerate(csv.reader(opened), 1):
                if any(cell.strip() for cell in cells):
                    yield number, cells
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not UTF-8 (byte {error.start}); export it as UTF-8") from error
    except csv.Error as error:
        raise ValueError(f"{file} is not CSV: {error}") from error


@product.command("list")
@organization_argument
@click.option("--term", help="A part of the SKU or name, or an id.")
@json_option
@database_option
def list_products(organization: str, term: str | None, as_json: bool, database: str | None) -> None:
    """List an organization's products, newest first."""

    async def run(context: "Context") -> None:
        from crossdock.core.catalog.products import KIND, decode_product
        from crossdock.flows import reference_data
        from crossdock.flows.access import Caller

        caller = Caller(await get_organization(context, organization), "crossdock", frozenset())
        entries, _ = await reference_data.page(context, caller, kind=KIND, term=term, limit=_MOST, offset=0)
        rows = []
        for entry in entries:
            found = decode_product(entry.document)
            rows.append({"id": entry.key, "sku": found.sku, "name": found.name, "gtin": found.gtin})
        print_list(rows, as_json=as_json, empty="There are none yet: crossdock product import ORGANIZATION FILE.csv")

    run_on_database(database, run)

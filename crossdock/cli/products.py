"""`crossdock product`: the products that orders name."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database
from crossdock.cli.csv_files import file_argument, import_entries
from crossdock.cli.output import json_option, print_list

if TYPE_CHECKING:
    from crossdock.flows.context import Context

_MOST = 10_000  # of one list


@click.group()
def product() -> None:
    """Products, which orders name by id or SKU."""


@product.command("import")
@organization_argument
@file_argument
@json_option
@database_option
def import_products(organization: str, file: Path, as_json: bool, database: str | None) -> None:
    """Import products from a CSV file, whose first row names the columns; see docs/products.md.

    Products are found by SKU: new ones are added, others are changed where a cell is not empty. Rows with faults are listed and
    left out; the import can be run again. Exit code 1 if there were any.
    """
    from crossdock.core.catalog.products import column_faults, read_row
    from crossdock.flows import products

    import_entries(
        organization,
        file,
        column_faults,
        read_row,
        lambda context, caller, rows: products.import_rows(context, caller.organization, rows),
        as_json=as_json,
        database=database,
    )


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
        from crossdock.flows.access import system_caller

        caller = system_caller(await get_organization(context, organization), "crossdock")
        entries, _ = await reference_data.page(context, caller, kind=KIND, term=term, limit=_MOST, offset=0)
        rows = []
        for entry in entries:
            found = decode_product(entry.document)
            rows.append({"id": entry.key, "sku": found.sku, "name": found.name, "gtin": found.gtin})
        print_list(rows, as_json=as_json, empty="There are none yet: crossdock product import ORGANIZATION FILE.csv")

    run_on_database(database, run)

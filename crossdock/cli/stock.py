"""`crossdock stock`: what lies at the locations of an organization."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database
from crossdock.cli.csv_files import file_argument, print_import, read_file
from crossdock.cli.output import json_option, print_list

if TYPE_CHECKING:
    from crossdock.flows.context import Context

_COLUMNS = ("sku", "location", "pool", "on_hand", "allocated", "available", "threshold")


@click.group()
def stock() -> None:
    """Stock levels: units of a product at a location."""


@stock.command("import")
@organization_argument
@file_argument
@json_option
@database_option
def import_counts(organization: str, file: Path, as_json: bool, database: str | None) -> None:
    """Set stock levels to the counts of a CSV file, whose first row names the columns; see docs/stock.md.

    Rows with faults are listed and left out; the import can be run again. Exit code 1 if there were any.
    """
    from crossdock.core.stock.count_rows import column_faults, read_row

    rows, faults = read_file(file, column_faults, read_row)

    async def run(context: "Context") -> None:
        from crossdock.flows import stock_requests
        from crossdock.flows.access import system_caller
        from crossdock.flows.context import SYSTEM_DOOR

        caller = system_caller(await get_organization(context, organization), "crossdock")
        done, refused = await stock_requests.import_counts(context, caller, rows, door=SYSTEM_DOOR)
        print_import(file, {"counted": done}, [*faults, *refused], as_json=as_json)

    run_on_database(database, run)


@stock.command("list")
@organization_argument
@click.option("--sku", help="Only this SKU.")
@click.option("--location", help="Only the location with this code.")
@click.option("--low", is_flag=True, help="Only levels below their threshold.")
@json_option
@database_option
def list_levels(
    organization: str, sku: str | None, location: str | None, low: bool, as_json: bool, database: str | None
) -> None:
    """List an organization's stock levels by SKU, location and pool."""

    async def run(context: "Context") -> None:
        from crossdock.flows import stock_lists
        from crossdock.flows.access import system_caller

        caller = system_caller(await get_organization(context, organization), "crossdock")
        rows: list[dict[str, Any]] = []
        async for levels in stock_lists.portions(
            context, caller, low=True if low else None, sku=sku, location=location
        ):
            rows += [{name: getattr(level, name) for name in _COLUMNS} for level in levels]
        print_list(rows, as_json=as_json, empty="There are none: crossdock stock import ORGANIZATION FILE.csv")

    run_on_database(database, run)

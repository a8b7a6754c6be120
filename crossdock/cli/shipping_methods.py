"""`crossdock shipping-method`: the ways to ship that an organization offers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database
from crossdock.cli.csv_files import file_argument, import_entries
from crossdock.cli.output import json_option, print_list

if TYPE_CHECKING:
    from crossdock.flows.context import Context


@click.group("shipping-method")
def shipping_method() -> None:
    """Shipping methods, which a shop offers to its customers."""


@shipping_method.command("import")
@organization_argument
@file_argument
@json_option
@database_option
def import_methods(organization: str, file: Path, as_json: bool, database: str | None) -> None:
    """Import shipping methods from a CSV file, whose first row names the columns; see docs/stock.md.

    Shipping methods are found by code: new ones are added, others are changed where a cell is not empty. Rows with faults are
    listed and left out; the import can be run again. Exit code 1 if there were any.
    """
    from crossdock.core.catalog.shipping_methods import column_faults, read_row
    from crossdock.flows import shipping_methods

    import_entries(
        organization, file, column_faults, read_row, shipping_methods.import_rows, as_json=as_json, database=database
    )


@shipping_method.command("list")
@organization_argument
@click.option("--term", help="A part of the code, name, carrier or service.")
@json_option
@database_option
def list_methods(organization: str, term: str | None, as_json: bool, database: str | None) -> None:
    """List an organization's shipping methods, newest first."""

    async def run(context: "Context") -> None:
        from crossdock.flows import shipping_methods
        from crossdock.flows.access import system_caller

        caller = system_caller(await get_organization(context, organization), "crossdock")
        rows = [
            {
                "code": each.method.code,
                "name": each.method.name,
                "carrier": each.method.carrier,
                "service": each.method.service,
                "cost": None if each.method.cost is None else format(each.method.cost, "f"),
                "currency": each.method.currency,
                "active": each.method.active,
            }
            for each in await shipping_methods.all_of(context, caller, term=term)
        ]
        print_list(
            rows, as_json=as_json, empty="There are none yet: crossdock shipping-method import ORGANIZATION FILE.csv"
        )

    run_on_database(database, run)

"""`crossdock location`: the warehouses and shops of an organization."""

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
def location() -> None:
    """Locations, which stock lies at and orders ship from."""


@location.command("import")
@organization_argument
@file_argument
@json_option
@database_option
def import_locations(organization: str, file: Path, as_json: bool, database: str | None) -> None:
    """Import locations from a CSV file, whose first row names the columns; see docs/stock.md.

    Locations are found by code: new ones are added, others are changed where a cell is not empty. Rows with faults are listed
    and left out; the import can be run again. Exit code 1 if there were any.
    """
    from crossdock.core.catalog.location_rows import column_faults, read_row
    from crossdock.flows import locations

    import_entries(
        organization, file, column_faults, read_row, locations.import_rows, as_json=as_json, database=database
    )


@location.command("list")
@organization_argument
@click.option("--term", help="A part of the code, name or city.")
@json_option
@database_option
def list_locations(organization: str, term: str | None, as_json: bool, database: str | None) -> None:
    """List an organization's locations, newest first."""

    async def run(context: "Context") -> None:
        from crossdock.flows import locations
        from crossdock.flows.access import system_caller

        caller = system_caller(await get_organization(context, organization), "crossdock")
        found, _ = await locations.page(context, caller, limit=_MOST, term=term)
        rows = [
            {
                "code": each.location.code,
                "id": each.location_id,
                "name": each.location.name,
                "type": each.location.type,
                "active": each.location.active,
            }
            for each in found
        ]
        print_list(rows, as_json=as_json, empty="There are none yet: crossdock location import ORGANIZATION FILE.csv")

    run_on_database(database, run)

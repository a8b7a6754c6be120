"""`crossdock reference-list`: lists of a vendor's platform (carriers, services, …) that an organization can replace."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database
from crossdock.cli.output import json_option, print_fields, print_list

if TYPE_CHECKING:
    from crossdock.doors import ReferenceList
    from crossdock.flows.context import Context

_name_argument = click.argument("name", help="Name of the list, as `crossdock reference-list list` shows it.")


@click.group("reference-list")
def reference_list() -> None:
    """Lists of a vendor's platform, such as its carriers, that an organization can replace."""


def _all_lists() -> dict[str, "ReferenceList"]:
    from crossdock.doors import all_doors

    return {each.kind: each for door in all_doors() for each in door.reference_lists}


def _list_named(name: str) -> "ReferenceList":
    lists = _all_lists()
    if name not in lists:
        raise ValueError(f"there is no reference list {name!r}; there are {', '.join(lists)}")
    return lists[name]


@reference_list.command("set")
@organization_argument
@_name_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON array of the rows.")
@json_option
@database_option
def set_list(organization: str, name: str, file: Path, as_json: bool, database: str | None) -> None:
    """Replace a list by the rows of a file. Every fault of the file is named, and then nothing changes."""
    from crossdock.core.errors import Invalid

    found = _list_named(name)
    try:
        document = found.parse(file.read_bytes())
    except Invalid as invalid:
        places = [".".join(map(str, fault.path)) or "file" for fault in invalid.faults]
        faults = [f"{place}: {fault.reason}" for place, fault in zip(places, invalid.faults, strict=True)]
        raise ValueError(f"{file}: " + ("; ".join(faults) or invalid.reason)) from None

    async def run(context: "Context") -> None:
        from crossdock.flows import catalog
        from crossdock.flows.access import system_caller
        from crossdock.flows.catalog import Draft

        caller = system_caller(await get_organization(context, organization), "crossdock")
        await catalog.change(
            context, caller, kind=found.kind, key=found.key, make=lambda _: Draft(document), create=True
        )
        print_fields({"list": name, "state": "replaced"}, as_json=as_json)

    run_on_database(database, run)


@reference_list.command("reset")
@organization_argument
@_name_argument
@json_option
@database_option
def reset(organization: str, name: str, as_json: bool, database: str | None) -> None:
    """Go back to the rows that Crossdock brings."""
    found = _list_named(name)

    async def run(context: "Context") -> None:
        from crossdock.flows import reference_data

        organization_id = (await get_organization(context, organization)).organization_id
        await reference_data.remove(context, organization_id, kind=found.kind, key=found.key)
        print_fields({"list": name, "state": "default"}, as_json=as_json)

    run_on_database(database, run)


@reference_list.command("show")
@organization_argument
@_name_argument
@database_option
def show(organization: str, name: str, database: str | None) -> None:
    """Print the rows of a list as JSON, as `set` takes them."""
    found = _list_named(name)

    async def run(context: "Context") -> None:
        from crossdock.flows import catalog
        from crossdock.flows.access import system_caller

        caller = system_caller(await get_organization(context, organization), "crossdock")
        entries = await catalog.find(context, caller, kind=found.kind, keys=[found.key])
        click.echo((entries[0].document if entries else found.default).decode())

    run_on_database(database, run)


@reference_list.command("list")
@organization_argument
@json_option
@database_option
def list_lists(organization: str, as_json: bool, database: str | None) -> None:
    """List the lists, and which of them the organization has replaced."""

    async def run(context: "Context") -> None:
        from crossdock.flows import catalog
        from crossdock.flows.access import system_caller

        caller = system_caller(await get_organization(context, organization), "crossdock")
        rows = []
        for name, each in _all_lists().items():
            is_replaced = bool(await catalog.find(context, caller, kind=each.kind, keys=[each.key]))
            rows.append({"list": name, "state": "replaced" if is_replaced else "default"})
        print_list(rows, as_json=as_json, empty="There are none.")

    run_on_database(database, run)

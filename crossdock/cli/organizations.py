"""`crossdock organization`: add, list and show organizations."""

import uuid
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database
from crossdock.core.time import format_time

if TYPE_CHECKING:
    from crossdock.flows.context import Context


@click.group()
def organization() -> None:
    """Organizations (tenants)."""


@organization.command()
@click.argument("name", help="Name of the organization.")
@database_option
def add(name: str, database: str | None) -> None:
    """Add an organization, with the ids and catalog entries that every API needs."""

    async def run(context: "Context") -> None:
        from crossdock.demo import add_seed
        from crossdock.doors import all_doors
        from crossdock.flows import tenants

        added = await tenants.add_organization(context, name=name, uuid=str(uuid.uuid4()))
        for door in all_doors():
            for seed in door.seeds(name):
                await add_seed(context, added, seed)
        await _show(context, added.organization_id)

    run_on_database(database, run)


@organization.command("list")
@database_option
def list_organizations(database: str | None) -> None:
    """List all organizations: id, time added, name."""

    async def run(context: "Context") -> None:
        from crossdock.store import tenants

        async with context.store.reading() as tx:
            for each in await tenants.organizations(tx):
                click.echo(f"{each.organization_id}  {format_time(each.created_at, digits=0)}  {each.name}")

    run_on_database(database, run)


@organization.command()
@organization_argument
@database_option
def show(organization: int, database: str | None) -> None:
    """Show an organization: its ids at the vendors' APIs, its sales accounts, its clients."""
    run_on_database(database, lambda context: _show(context, organization))


async def _show(context: "Context", organization_id: int) -> None:
    from crossdock.doors import all_doors
    from crossdock.flows.access import Caller
    from crossdock.store import tenants

    found = await get_organization(context, organization_id)
    async with context.store.reading() as tx:
        references = sorted(await tenants.vendor_references(tx, organization_id))
        clients = await tenants.clients(tx, organization_id)
    lines = [("organization", str(found.organization_id)), ("name", found.name), *references]
    caller = Caller(found, "crossdock", frozenset())
    for door in all_doors():
        if door.describe_organization is not None:
            lines += await door.describe_organization(context, caller)
    for client in clients:
        lines.append(("client", f"{client.client_id}  {client.name}{'  (revoked)' if client.revoked_at else ''}"))
    width = max(len(label) for label, _ in lines)
    click.echo("\n".join(f"{label:{width}}  {value}" for label, value in lines))

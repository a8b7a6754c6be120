"""`crossdock client`: add, list and revoke API clients."""

from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database
from crossdock.core.time import format_time

if TYPE_CHECKING:
    from crossdock.flows.context import Context


@click.group()
def client() -> None:
    """API clients: programs that sign in with an id and a secret."""


@client.command()
@organization_argument
@click.argument("name", help="Name of the program, for people.")
@click.option(
    "--scopes",
    default="orders:read orders:write",
    show_default=True,
    help="What the client may do: orders:read, orders:write, admin; several are separated by spaces.",
)
@database_option
def add(organization: int, name: str, scopes: str, database: str | None) -> None:
    """Add a client and show its secret, this once."""
    from crossdock.flows import access, tenants

    unknown = set(scopes.split()) - set(access.SCOPES)
    if unknown or not scopes.split():
        raise ValueError(f"scopes are {', '.join(access.SCOPES)}, not {scopes!r}")

    async def run(context: "Context") -> None:
        await get_organization(context, organization)
        added, secret = await tenants.add_client(context, organization, name=name, scopes=" ".join(scopes.split()))
        click.echo(f"client id  {added.client_id}\nsecret     {secret}")
        click.echo("Store the secret now: only its hash is kept, and it is not shown again.")

    run_on_database(database, run)


@client.command("list")
@organization_argument
@database_option
def list_clients(organization: int, database: str | None) -> None:
    """List an organization's clients: id, state, scopes, name."""

    async def run(context: "Context") -> None:
        from crossdock.store import tenants

        await get_organization(context, organization)
        async with context.store.reading() as tx:
            for each in await tenants.clients(tx, organization):
                state = f"revoked {format_time(each.revoked_at, digits=0)}" if each.revoked_at else "active"
                click.echo(f"{each.client_id}  {state}  {each.scopes}  {each.name}")

    run_on_database(database, run)


@client.command()
@organization_argument
@click.argument("client_id", help="Id of the client, as `crossdock client list` shows it.")
@database_option
def revoke(organization: int, client_id: str, database: str | None) -> None:
    """Revoke a client for good, and every token it has."""
    from crossdock.flows import tenants

    if not run_on_database(database, lambda context: tenants.revoke_client(context, organization, client_id=client_id)):
        raise ValueError(f"there is no client {client_id} to revoke")
    click.echo(f"revoked {client_id}")

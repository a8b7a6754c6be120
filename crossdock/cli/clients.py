"""`crossdock client`: add, rotate, list and revoke API clients."""

from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database, secret_of
from crossdock.cli.output import json_option, print_fields, print_list
from crossdock.core.time import format_time

if TYPE_CHECKING:
    from crossdock.flows.context import Context

_SHORTEST_SECRET, _LONGEST_SECRET = 8, 500
_LONGEST_ID = 200
# Shorter ones can be found from their hash by whoever reads the database.
_WEAK_SECRET = 16
_SHOWN_ONCE = "Store the secret now: only its hash is kept, and it is not shown again."

client_argument = click.argument("client_id", help="Id of the client, as `crossdock client list` shows it.")
secret_option = click.option(
    "--secret", help="Secret that the client has already; generated and shown once where not given."
)
secret_file_option = click.option(
    "--secret-file",
    metavar="FILE",
    help="File with that secret, - for standard input; it does not show in ps.",
)


@click.group()
def client() -> None:
    """API clients: programs that sign in with an id and a secret."""


@client.command()
@organization_argument
@click.argument("name", help="Name of the program, for people.")
@click.option(
    "--id", "client_id", metavar="ID", help="Id, or API key, that the client has already.  [default: a new one]"
)
@secret_option
@secret_file_option
@click.option(
    "--scopes",
    default="orders:read orders:write",
    show_default=True,
    help="What the client may do: orders:read, orders:write, admin; several are separated by spaces.",
)
@json_option
@database_option
def add(
    organization: str, name: str, client_id: str | None, secret: str | None, secret_file: str | None, scopes: str,
    as_json: bool, database: str | None,
) -> None:  # fmt: skip
    """Add a client. A secret that is generated is shown this once."""
    from crossdock.flows import access, tenants

    unknown = set(scopes.split()) - set(access.SCOPES)
    if unknown or not scopes.split():
        raise ValueError(f"scopes are {', '.join(access.SCOPES)}, not {scopes!r}")
    if client_id is not None:
        _check_id(client_id)
    given = _secret(secret, secret_file)

    async def run(context: "Context") -> None:
        found = await get_organization(context, organization)
        added, made = await tenants.add_client(
            context,
            found.organization_id,
            name=name,
            scopes=" ".join(scopes.split()),
            client_id=client_id,
            secret=given,
        )
        _print_secret(added.client_id, made, is_given=given is not None, as_json=as_json)

    run_on_database(database, run)


@client.command()
@organization_argument
@client_argument
@secret_option
@secret_file_option
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, 8_760),
    default=24,
    show_default=True,
    help="How long the old secret, and tokens issued for it, stay valid; 0 ends them at once.",
)
@json_option
@database_option
def rotate(
    organization: str, client_id: str, secret: str | None, secret_file: str | None, overlap_hours: int, as_json: bool,
    database: str | None,
) -> None:  # fmt: skip
    """Give a client a new secret. The old one stays valid for a day, or as long as you say.

    Where a secret is known to others, use --overlap-hours 0.
    """
    from crossdock.flows import tenants

    given = _secret(secret, secret_file)

    async def run(context: "Context") -> None:
        found = await get_organization(context, organization)
        made = await tenants.rotate_client(
            context, found.organization_id, client_id=client_id, secret=given, overlap_s=overlap_hours * 3600
        )
        if made is None:
            raise ValueError(f"there is no active client {client_id} in organization {organization}")
        _print_secret(client_id, made, is_given=given is not None, as_json=as_json)

    run_on_database(database, run)


@client.command("list")
@organization_argument
@json_option
@database_option
def list_clients(organization: str, as_json: bool, database: str | None) -> None:
    """List an organization's clients, oldest first."""

    async def run(context: "Context") -> None:
        from crossdock.flows import tenants

        found = await get_organization(context, organization)
        rows = [
            {
                "client_id": each.client_id,
                "state": f"revoked {format_time(each.revoked_at, digits=0)}" if each.revoked_at else "active",
                "scopes": each.scopes,
                "name": each.name,
            }
            for each in await tenants.clients(context, found.organization_id)
        ]
        print_list(rows, as_json=as_json, empty="There are none yet: crossdock client add ORGANIZATION NAME")

    run_on_database(database, run)


@client.command()
@organization_argument
@client_argument
@database_option
def revoke(organization: str, client_id: str, database: str | None) -> None:
    """Revoke a client for good, and every token it has."""

    async def run(context: "Context") -> bool:
        from crossdock.flows import tenants

        found = await get_organization(context, organization)
        return await tenants.revoke_client(context, found.organization_id, client_id=client_id)

    if not run_on_database(database, run):
        raise ValueError(f"there is no active client {client_id} in organization {organization}")
    click.echo(f"revoked {client_id}")


def _secret(secret: str | None, file: str | None) -> str | None:
    """Return the secret given, checked; None where none is."""
    given = secret_of(secret, file, "secret")
    if given is None:
        return None
    if not _SHORTEST_SECRET <= len(given) <= _LONGEST_SECRET or not given.isprintable() or given != given.strip():
        raise ValueError(
            f"a secret has {_SHORTEST_SECRET} to {_LONGEST_SECRET} printable characters, without spaces around them"
        )
    if len(given) < _WEAK_SECRET:
        click.echo(
            f"warning: a secret of less than {_WEAK_SECRET} characters can be guessed from a stolen database", err=True
        )
    return given


def _check_id(client_id: str) -> None:
    """Raise ValueError for an id that a Basic header cannot carry, or that the demo has."""
    from crossdock import demo

    if not 1 <= len(client_id) <= _LONGEST_ID or not client_id.isprintable() or " " in client_id or ":" in client_id:
        raise ValueError(f"a client id has 1 to {_LONGEST_ID} printable characters, no spaces and no colons")
    if client_id in demo.SUBJECTS:
        raise ValueError(f"the client id {client_id} is the demo's, which works under --demo only")


def _print_secret(client_id: str, secret: str, *, is_given: bool, as_json: bool) -> None:
    fields = {"client_id": client_id} | ({} if is_given else {"secret": secret})
    print_fields(fields, as_json=as_json, notes=[] if is_given else [_SHOWN_ONCE])

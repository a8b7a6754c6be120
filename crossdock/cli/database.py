"""`crossdock migrate` and `crossdock verify`."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_errors, database_option, run_on_database
from crossdock.cli.output import counted, json_option, print_fields, progress
from crossdock.settings import load, without_password

if TYPE_CHECKING:
    from crossdock.flows.context import Context
    from crossdock.flows.verification import Verification

# Of one statement of `verify`, which counts whole tables; no caller waits for it.
_VERIFY_TIMEOUT_S = 3_600.0


@click.command()
@database_option
def migrate(database: str | None) -> None:
    """Create the database, or migrate it to the newest schema."""
    from crossdock.store import schema

    url = load(database=database).database
    with database_errors(url), progress("migrating"):
        before = asyncio.run(schema.revision(url))
        after = asyncio.run(schema.migrate(url))
    click.echo(f"database: {without_password(url)}", err=True)
    if before == after:
        click.echo(f"schema {after}, the newest already")
    else:
        click.echo(f"schema {after}, {f'migrated from {before}' if before else 'created'}")


@click.command()
@json_option
@database_option
def verify(as_json: bool, database: str | None) -> None:
    """Check every order against its events.

    Also checks the hash chain of the events, and what is derived from orders: lines, search terms, counts, the feed. Exit
    code 1 where there are faults.
    """
    found, organizations = run_on_database(database, _verify, database_timeout_s=_VERIFY_TIMEOUT_S)
    faults = faults_of(found)
    if as_json:
        print_fields(
            {"organizations": organizations, "orders": found.orders, "events": found.events, "faults": faults},
            as_json=True,
        )
    else:
        parts = [counted(organizations, "organization"), counted(found.orders, "order"), counted(found.events, "event")]
        click.echo(", ".join([*parts, counted(len(faults), "fault")]))
        print_faults(faults)
    if faults:
        sys.exit(1)


def faults_of(found: "Verification") -> list[dict[str, str | None]]:
    """Return the faults that a verification found, as they are printed in JSON."""
    return [
        {"organization": str(each.organization_id), "order": _order(each.order_id), "reason": each.reason}
        for each in found.broken
    ]


def print_faults(faults: Sequence[Mapping[str, str | None]]) -> None:
    """Print faults for people, one a line, on standard error."""
    for fault in faults:
        subject = f"order {fault['order']} of " if fault["order"] is not None else ""
        click.echo(f"{subject}organization {fault['organization']}: {fault['reason']}", err=True)


async def _verify(context: "Context") -> "tuple[Verification, int]":
    """Verify, with a bar; returns also the number of organizations."""
    from crossdock.flows import installation, tenants, verification

    with progress("verifying") as shown:
        found = await verification.verify(context, report=shown.update)
    await installation.record(context, installation.VERIFIED, faults=len(found.broken))
    return found, len(await tenants.organizations(context))


def _order(order_id: int | None) -> str | None:
    """Format an order id as the hub's API does."""
    from crossdock.core.ids import to_base32

    return None if order_id is None else to_base32(order_id)

"""`crossdock migrate` and `crossdock verify`."""

import asyncio
import sys

import click

from crossdock.cli.common import database_errors, database_option, run_on_database
from crossdock.settings import load, without_password

# Of one statement of `verify`, which counts whole tables; no caller waits for it.
_VERIFY_TIMEOUT_S = 3_600.0


@click.command()
@database_option
def migrate(database: str | None) -> None:
    """Create the database, or migrate it to the newest schema."""
    from crossdock.store import schema

    url = load(database=database).database
    with database_errors(url):
        revision = asyncio.run(schema.migrate(url))
    click.echo(f"database: {without_password(url)}", err=True)
    click.echo(f"schema {revision}")


@click.command()
@database_option
def verify(database: str | None) -> None:
    """Check every order against its events.

    Also checks the hash chain of the events, and what is derived from orders: lines, search terms, counts, the feed. Exit
    code 1 where there are faults.
    """
    from crossdock.core.ids import to_base32
    from crossdock.flows import verification

    found = run_on_database(database, verification.verify, database_timeout_s=_VERIFY_TIMEOUT_S)
    click.echo(f"{found.orders} orders, {found.events} events, {len(found.broken)} faults")
    for broken in found.broken:
        subject = f"order {to_base32(broken.order_id)} of " if broken.order_id is not None else ""
        click.echo(f"{subject}organization {broken.organization_id}: {broken.reason}", err=True)
    if found.broken:
        sys.exit(1)

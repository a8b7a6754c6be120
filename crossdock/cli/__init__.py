"""The program `crossdock`: thin commands, one flow call each.

The modules of the commands import little; a command imports what it runs, so that `--help` and `--version` are fast.
"""

import io
import sys

import click

from crossdock import __version__
from crossdock.cli import (
    accounts,
    backups,
    clients,
    completion,
    copying,
    database,
    encryption,
    erasing,
    locations,
    mail,
    organizations,
    products,
    reference_lists,
    serve,
    shipping_methods,
    stock,
    users,
    work,
)
from crossdock.cli.output import printable
from crossdock.core.errors import Refusal

_EPILOG = (
    "Exit codes: 0 success, 1 the command was refused or found faults, or the port or the database cannot be used, "
    "2 wrong usage, 3 the server began to start and failed. "
    "Settings: environment variables CROSSDOCK_*, see docs/settings.md."
)


@click.group(epilog=_EPILOG, invoke_without_command=True)
@click.version_option(__version__, prog_name="crossdock", message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context) -> None:
    """Crossdock, a self-hosted order hub."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (
    serve.serve,
    work.work,
    database.migrate,
    database.verify,
    backups.backup,
    backups.restore,
    copying.copy,
    encryption.encrypt,
    erasing.erase,
    organizations.organization,
    clients.client,
    users.user,
    accounts.account,
    products.product,
    reference_lists.reference_list,
    locations.location,
    shipping_methods.shipping_method,
    stock.stock,
    mail.mail,
    completion.completion,
):
    program.add_command(_command)


def main() -> None:
    """Run the program. A refusal or a bad setting is one line on standard error and exit code 1."""
    for stream in (sys.stdout, sys.stderr):  # names and subjects have any letter, whatever the locale can write
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        program(prog_name="crossdock")
    except (Refusal, ValueError) as error:
        click.echo(f"crossdock: {printable(str(error))}", err=True)
        sys.exit(1)

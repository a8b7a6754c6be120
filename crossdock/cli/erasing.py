"""`crossdock erase`: takes a person's data out of orders, on request."""

from typing import TYPE_CHECKING

import click
import msgspec

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database
from crossdock.cli.output import json_option, print_fields

if TYPE_CHECKING:
    from crossdock.flows.context import Context
    from crossdock.flows.erasure import Erasure

# Of one statement, which looks through a table; no caller waits for it.
_TIMEOUT_S = 3_600.0
_NOTES = (
    "Receivers of webhooks and of the feed have the data already, and get order.erased. Backups and files that were made",
    "before have them too: see docs/erasure.md.",
)


@click.command()
@organization_argument
@click.option("--email", metavar="EMAIL", help="All orders with this e-mail address, and what else has it.")
@click.option("--order", metavar="NUMBER", help="One order, by its number or its id.")
@click.option("--reason", help="Why, such as the number of the request; it is stored with the orders.")
@click.option("--dry-run", is_flag=True, help="Count what would be erased, and change nothing.")
@json_option
@database_option
def erase(
    organization: str,
    email: str | None,
    order: str | None,
    reason: str | None,
    dry_run: bool,
    as_json: bool,
    database: str | None,
) -> None:
    """Erase a person's data: names, addresses, notes, messages, and what clients sent.

    Numbers, amounts, SKUs, dates and the history stay, so books, stock and proofs are still right. This cannot be undone. It
    can be run again at any time, and finishes what was interrupted.
    """
    if (email is None) == (order is None):
        raise click.UsageError("Give either --email or --order.")

    async def run(context: "Context") -> "Erasure":
        from crossdock.flows import erasure
        from crossdock.flows.access import system_caller

        caller = system_caller(await get_organization(context, organization), "crossdock")
        if email is not None:
            return await erasure.erase_by_email(context, caller, email=email, reason=reason, dry_run=dry_run)
        return await erasure.erase_by_number(context, caller, number=order or "", reason=reason, dry_run=dry_run)

    done = run_on_database(database, run, database_timeout_s=_TIMEOUT_S)
    fields = {"dry_run": dry_run} | msgspec.structs.asdict(done)
    print_fields(fields, as_json=as_json, notes=() if dry_run else _NOTES)

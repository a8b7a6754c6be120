"""`crossdock encrypt`: encrypts what is stored of secrets, under the newest of the operator's keys."""

from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, run_on_database
from crossdock.cli.output import json_option, print_fields

if TYPE_CHECKING:
    from crossdock.flows.context import Context


@click.command()
@json_option
@database_option
def encrypt(as_json: bool, database: str | None) -> None:
    """Encrypt the stored secrets under the first key of CROSSDOCK_ENCRYPTION_KEY.

    Secrets are those of webhooks, the headers that receivers ask for, and the key that signs tokens. To replace a key, put the
    new one before it in the setting, restart the servers, run this, and take the old one out."""

    async def run(context: "Context") -> tuple[int, bool]:
        from crossdock.flows import installation

        return await installation.encrypt(context), context.vault.encrypts

    count, encrypts = run_on_database(database, run)
    print_fields({"secrets": count, "encrypted": encrypts}, as_json=as_json)

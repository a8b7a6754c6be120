"""`crossdock account`: the sales accounts that some vendors' orders name."""

from functools import partial
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database

if TYPE_CHECKING:
    from crossdock.flows.context import Context
    from crossdock.store.catalog import CatalogEntry


@click.group()
def account() -> None:
    """Sales accounts, for the vendors whose orders name one."""


@account.command("set")
@organization_argument
@click.argument("account", help="Id of the account, as `crossdock organization show` shows it.")
@click.option("--auto-assign", metavar="WAREHOUSE", help="Assign new orders to this warehouse at once.")
@click.option("--no-auto-assign", is_flag=True, help="Assign new orders to no warehouse.")
@database_option
def set_account(
    organization: int, account: str, auto_assign: str | None, no_auto_assign: bool, database: str | None
) -> None:
    """Set the warehouse of a sales account's new orders; running servers use it from the next order on."""
    if (auto_assign is not None) == no_auto_assign:
        raise ValueError("give either --auto-assign with a warehouse, or --no-auto-assign")
    if auto_assign is not None and not auto_assign.strip():
        raise ValueError("a warehouse must be named; --no-auto-assign assigns to none")

    async def run(context: "Context") -> None:
        await get_organization(context, organization)
        changed = await _assign(context, organization, account.lower(), auto_assign)
        if changed is None:
            raise ValueError(f"there is no account {account} in organization {organization}")
        click.echo(f"{changed.key}  new orders are assigned to {auto_assign or 'no warehouse'}")

    run_on_database(database, run)


async def _assign(context: "Context", organization_id: int, key: str, warehouse: str | None) -> "CatalogEntry | None":
    """Change the account of whichever door has one with this key; None where none has."""
    from crossdock.doors import all_doors
    from crossdock.flows import reference_data

    for accounts in (door.sales_accounts for door in all_doors()):
        if accounts is None:
            continue
        assign = partial(accounts.assign, warehouse=warehouse)
        changed = await reference_data.change(context, organization_id, kind=accounts.kind, key=key, changed=assign)
        if changed is not None:
            return changed
    return None

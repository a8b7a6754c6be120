"""`crossdock account`: the sales accounts that some vendors' orders name."""

import shlex
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database
from crossdock.cli.output import json_option, print_fields, print_list

if TYPE_CHECKING:
    from crossdock.doors import SalesAccounts
    from crossdock.flows.context import Context
    from crossdock.flows.tenants import Organization
    from crossdock.store.catalog import CatalogEntry

_MOST = 10_000  # of one list; the largest sellers have some hundred


@click.group()
def account() -> None:
    """Sales accounts, for the vendors whose orders name one."""


@account.command()
@organization_argument
@click.argument("name", help="Name of the account, such as that of a shop.")
@click.option("--id", "key", metavar="ID", help="Id that clients send already.  [default: a new one]")
@click.option("--auto-assign", metavar="WAREHOUSE", help="Assign new orders to this warehouse at once.")
@json_option
@database_option
def add(
    organization: str, name: str, key: str | None, auto_assign: str | None, as_json: bool, database: str | None
) -> None:
    """Add a sales account."""
    if not name.strip() or not name.isprintable():
        raise ValueError("the name of an account must have printable characters")
    if auto_assign is not None:
        _check_warehouse(auto_assign)

    async def run(context: "Context") -> None:
        from crossdock.flows import reference_data
        from crossdock.flows.access import system_caller

        accounts = _sales_accounts()[0]
        document = accounts.create(name)
        added = await reference_data.add(
            context,
            system_caller(await get_organization(context, organization), "crossdock"),
            kind=accounts.kind,
            key=accounts.parse_id(key) if key is not None else str(uuid4()),
            name=name,
            document=accounts.assign(document, warehouse=auto_assign) if auto_assign else document,
        )
        print_fields(_row(accounts, added), as_json=as_json)

    run_on_database(database, run)


@account.command("list")
@organization_argument
@json_option
@database_option
def list_accounts(organization: str, as_json: bool, database: str | None) -> None:
    """List an organization's sales accounts, newest first."""

    async def run(context: "Context") -> None:
        rows = await described_accounts(context, await get_organization(context, organization))
        print_list(rows, as_json=as_json, empty="There are none yet: crossdock account add ORGANIZATION NAME")

    run_on_database(database, run)


@account.command("set")
@organization_argument
@click.argument("account", help="Id of the account, as `crossdock account list` shows it.")
@click.option("--auto-assign", metavar="WAREHOUSE", help="Assign new orders to this warehouse at once.")
@click.option("--no-auto-assign", is_flag=True, help="Assign new orders to no warehouse.")
@database_option
def set_account(
    organization: str, account: str, auto_assign: str | None, no_auto_assign: bool, database: str | None
) -> None:
    """Set the warehouse of a sales account's new orders; running servers use it from the next order on."""
    if (auto_assign is not None) == no_auto_assign:
        raise ValueError("give either --auto-assign with a warehouse, or --no-auto-assign")
    if auto_assign is not None:
        _check_warehouse(auto_assign)

    async def run(context: "Context") -> None:
        found = await get_organization(context, organization)
        changed = await _assign(context, found.organization_id, account.lower(), auto_assign)
        if changed is None:
            raise ValueError(
                f"there is no account {account} in organization {organization}; "
                f"crossdock account list {shlex.quote(organization)} shows them"
            )
        click.echo(f"{changed.key}  new orders are assigned to {auto_assign or 'no warehouse'}")

    run_on_database(database, run)


async def described_accounts(context: "Context", organization: "Organization") -> list[dict[str, Any]]:
    """Return what is shown of each sales account of an organization, newest first."""
    from crossdock.flows import reference_data
    from crossdock.flows.access import system_caller

    caller = system_caller(organization, "crossdock")
    rows = []
    for accounts in _sales_accounts():
        entries, _ = await reference_data.page(context, caller, kind=accounts.kind, term=None, limit=_MOST, offset=0)
        rows += [_row(accounts, entry) for entry in entries]
    return rows


def _row(accounts: "SalesAccounts", entry: "CatalogEntry") -> dict[str, Any]:
    name, warehouse = accounts.describe(entry.document)
    return {"id": entry.key, "name": name, "assigns_to": warehouse}


def _sales_accounts() -> "list[SalesAccounts]":
    from crossdock.doors import all_doors

    return [door.sales_accounts for door in all_doors() if door.sales_accounts is not None]


def _check_warehouse(name: str) -> None:
    if not name.strip():
        raise ValueError("a warehouse must be named; --no-auto-assign assigns to none")


async def _assign(context: "Context", organization_id: int, key: str, warehouse: str | None) -> "CatalogEntry | None":
    """Change the account of whichever door has one with this key; None where none has."""
    from crossdock.flows import reference_data

    for accounts in _sales_accounts():
        assign = partial(accounts.assign, warehouse=warehouse)
        changed = await reference_data.change(context, organization_id, kind=accounts.kind, key=key, changed=assign)
        if changed is not None:
            return changed
    return None

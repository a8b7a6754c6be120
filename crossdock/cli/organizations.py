"""`crossdock organization`: add, change, list, show and remove organizations.

The options for ids that vendors gave an organization come from the doors, which are loaded only for these commands.
"""

import shlex
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database
from crossdock.cli.output import json_option, print_fields, print_list
from crossdock.core.time import format_time

if TYPE_CHECKING:
    from crossdock.doors import OrganizationId, Seed
    from crossdock.flows.context import Context
    from crossdock.flows.tenants import Organization

Ids = Mapping[str, tuple[str, ...]]


class _CommandWithIds(click.Command):
    """A command with an option for each id that a vendor gives an organization; `with_seeds`: also for those of its seeds."""

    with_seeds = True

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options, those of the doors before `--json` and `--database`."""
        *own, json, database, help_ = super().get_params(ctx)
        return [*own, *map(_option, _organization_ids(with_seeds=self.with_seeds)), json, database, help_]


class _CommandWithStoredIds(_CommandWithIds):
    with_seeds = False


def _option(each: "OrganizationId") -> click.Option:
    several = each.kind is not None and each.kind not in _seed_kinds()
    help_ = f"{each.help} May be given several times." if several else each.help
    return click.Option([f"--{each.option}"], metavar="ID", multiple=several, help=help_)


def _organization_ids(*, with_seeds: bool = True) -> "list[OrganizationId]":
    from crossdock.doors import all_doors

    ids = [each for door in all_doors() for each in door.organization_ids]
    return ids if with_seeds else [each for each in ids if each.kind not in _seed_kinds()]


def _seeds(name: str) -> "list[Seed]":
    from crossdock.doors import all_doors

    return [seed for door in all_doors() for seed in door.seeds(name)]


def _seed_kinds() -> set[str]:
    """Return the kinds of catalog entries that a new organization gets."""
    return {seed.kind for seed in _seeds("") if seed.document is not None}


def _given_ids(options: Mapping[str, Any]) -> dict[str | None, tuple[str, ...]]:
    """Parse the ids given as options, by kind. Raises ValueError that names the option."""
    given: dict[str | None, tuple[str, ...]] = {}
    for each in _organization_ids():
        value = options.get(each.option.replace("-", "_"))
        texts = value if isinstance(value, tuple) else () if value is None else (value,)
        try:
            parsed = tuple(dict.fromkeys(map(each.parse, texts)))
        except ValueError as error:
            raise ValueError(f"--{each.option}: {error}") from None
        if parsed:
            given[each.kind] = parsed
    return given


# ------------------------------------------------------------------------------------------------------------- commands
@click.group()
def organization() -> None:
    """Organizations (tenants)."""


@organization.command(cls=_CommandWithIds)
@click.argument("name", help="Name of the organization.")
@json_option
@database_option
def add(name: str, as_json: bool, database: str | None, **options: Any) -> None:
    """Add an organization, with the ids and catalog entries that every API needs.

    Ids that its clients have already are given as options; the others are generated.
    """
    from crossdock.flows import tenants

    tenants.check_name(name)
    given = _given_ids(options)

    async def run(context: "Context") -> None:
        from crossdock.demo import add_seed

        seeds = list(_chosen(_seeds(name), given))
        added = await tenants.add_organization(
            context,
            name=name,
            uuid=given.get(None, (str(uuid.uuid4()),))[0],
            references=[(seed.kind, seed.key) for seed in seeds if seed.document is None],
        )
        for seed in seeds:
            if seed.document is not None:
                await add_seed(context, added, seed)
        step = f"crossdock client add {shlex.quote(name)} 'My ERP'"
        print_fields(
            await _described(context, added), as_json=as_json, notes=["", "Next, a client that can sign in:", step]
        )

    run_on_database(database, run)


def _chosen(seeds: "Iterable[Seed]", given: Mapping[str | None, tuple[str, ...]]) -> "Iterable[Seed]":
    """Return the seeds, those of a kind whose ids are given with these ids instead of generated ones."""
    for seed in seeds:
        for key in given.get(seed.kind, (seed.key,)):
            yield msgspec.structs.replace(seed, key=key)


@organization.command("set", cls=_CommandWithStoredIds)
@organization_argument
@click.option("--name", help="New name.")
@json_option
@database_option
def change(organization: str, name: str | None, as_json: bool, database: str | None, **options: Any) -> None:
    """Change an organization's name, or ids that vendors gave it.

    The ids given replace all it had of that vendor; to add one, give the others, too.
    """
    from crossdock.flows import tenants

    given = _given_ids(options)
    if name is None and not given:
        raise ValueError("say what to change: --name, or an id; see crossdock organization set --help")
    uuid_ = given.pop(None, (None,))[0]

    async def run(context: "Context") -> None:
        changed = await tenants.change_organization(
            context,
            await get_organization(context, organization),
            name=name,
            uuid=uuid_,
            references={kind: values for kind, values in given.items() if kind is not None},
            seed_kinds=_seed_kinds(),
        )
        print_fields(await _described(context, changed), as_json=as_json)

    run_on_database(database, run)


@organization.command("list")
@json_option
@database_option
def list_organizations(as_json: bool, database: str | None) -> None:
    """List all organizations, oldest first."""

    async def run(context: "Context") -> None:
        from crossdock.flows import tenants

        rows = [
            {"id": str(each.organization_id), "added": format_time(each.created_at, digits=0), "name": each.name}
            for each in await tenants.organizations(context)
        ]
        print_list(rows, as_json=as_json, empty="There are none yet: crossdock organization add NAME")

    run_on_database(database, run)


@organization.command()
@organization_argument
@json_option
@database_option
def show(organization: str, as_json: bool, database: str | None) -> None:
    """Show an organization: its ids at the vendors' APIs, its sales accounts, its clients."""

    async def run(context: "Context") -> None:
        print_fields(await _described(context, await get_organization(context, organization)), as_json=as_json)

    run_on_database(database, run)


@organization.command()
@organization_argument
@database_option
def remove(organization: str, database: str | None) -> None:
    """Remove an organization that has no orders, and in which nobody can sign in any more."""

    async def run(context: "Context") -> str:
        from crossdock.flows import tenants

        found = await get_organization(context, organization)
        await tenants.remove_organization(context, found)
        return found.name

    click.echo(f"removed the organization {run_on_database(database, run)}")


# ---------------------------------------------------------------------------------------------------------- description
async def _described(context: "Context", organization: "Organization") -> dict[str, Any]:
    """Return what is shown of an organization: a value, or a list of them, for each label."""
    from crossdock.cli.accounts import described_accounts
    from crossdock.flows import tenants

    references = await tenants.vendor_references(context, organization.organization_id)
    fields: dict[str, Any] = {"organization": str(organization.organization_id), "name": organization.name}
    for each in _organization_ids(with_seeds=False):
        fields[each.option.replace("-", "_")] = (
            organization.uuid if each.kind is None else _values(references, each.kind)
        )
    fields["sales_account"] = await described_accounts(context, organization)
    fields["client"] = [
        {"id": each.client_id, "name": each.name, "state": "revoked" if each.revoked_at else "active"}
        for each in await tenants.clients(context, organization.organization_id)
    ]
    return fields


def _values(references: Iterable[tuple[str, str]], kind: str) -> Sequence[str]:
    return sorted(value for each, value in references if each == kind)

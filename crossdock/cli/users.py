"""`crossdock user`: people who sign in with e-mail and password."""

import secrets
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database, secret_of
from crossdock.cli.output import json_option, print_fields, print_list

if TYPE_CHECKING:
    from crossdock.flows.context import Context

_SHORTEST_PASSWORD = 8  # NIST SP 800-63B
_LONGEST_EMAIL = 254  # RFC 5321
_SHOWN_ONCE = "Only its hash is kept, and it is not shown again."

email_argument = click.argument("email", help="E-mail address the person signs in with.")
password_option = click.option(
    "--password", help=f"At least {_SHORTEST_PASSWORD} characters; generated and shown once where not given."
)
password_file_option = click.option(
    "--password-file", metavar="FILE", help="File with the password, - for standard input; it does not show in ps."
)


@click.group()
def user() -> None:
    """People who sign in with e-mail and password."""


@user.command()
@organization_argument
@email_argument
@click.option("--name", default="", help="Name of the person.  [default: the e-mail address]")
@click.option(
    "--role", type=click.Choice(["viewer", "operator", "admin"]), default="operator", show_default=True,
    help="viewer reads, operator also changes orders and stock, admin also changes settings and users.",
)  # fmt: skip
@password_option
@password_file_option
@json_option
@database_option
def add(
    organization: str, email: str, name: str, role: str, password: str | None, password_file: str | None, as_json: bool,
    database: str | None,
) -> None:  # fmt: skip
    """Add a person to an organization.

    A person who belongs to another organization already keeps the password they have.
    """
    from crossdock.flows import access, tenants

    _check_email(email)
    chosen, is_given = _password(password, password_file)

    async def run(context: "Context") -> bool:
        found = await get_organization(context, organization)
        scopes = " ".join(access.ROLES[role])
        return await tenants.add_person(
            context, found.organization_id, email=email, name=name or email, password=chosen, scopes=scopes
        )

    is_new = run_on_database(database, run)
    fields: dict[str, object] = {"user": email}
    if is_new and not is_given:
        print_fields(fields | {"password": chosen}, as_json=as_json, notes=[_SHOWN_ONCE])
    elif is_new:
        print_fields(fields, as_json=as_json)
    else:
        note = "They belong to another organization already and keep the password they have."
        print_fields(fields, as_json=as_json, notes=[note])


@user.command("list")
@organization_argument
@json_option
@database_option
def list_users(organization: str, as_json: bool, database: str | None) -> None:
    """List the people of an organization, by e-mail."""

    async def run(context: "Context") -> None:
        from crossdock.flows import access, tenants

        found = await get_organization(context, organization)
        rows = [
            {
                "email": person.email,
                "state": "disabled" if person.is_disabled else "active",
                "role": access.role_of(membership.scopes.split()),
                "scopes": membership.scopes,
                "name": person.name,
            }
            for person, membership in await tenants.members(context, found.organization_id)
        ]
        print_list(rows, as_json=as_json, empty="There are none yet: crossdock user add ORGANIZATION EMAIL")

    run_on_database(database, run)


@user.command()
@email_argument
@password_option
@password_file_option
@json_option
@database_option
def password(email: str, password: str | None, password_file: str | None, as_json: bool, database: str | None) -> None:
    """Set a new password. Ends every token of the person, and lets a disabled person sign in again."""
    from crossdock.flows import tenants

    chosen, is_given = _password(password, password_file)
    _require(
        run_on_database(database, lambda context: tenants.set_password(context, email=email, password=chosen)), email
    )
    fields = {"user": email} | ({} if is_given else {"password": chosen})
    notes = ["The password is set, and every earlier token has ended."]
    print_fields(fields, as_json=as_json, notes=notes if is_given else [*notes, _SHOWN_ONCE])


@user.command()
@email_argument
@database_option
def disable(email: str, database: str | None) -> None:
    """End every token of a person, and refuse their sign-in, in all organizations."""
    _disable(email, database)


@user.command()
@email_argument
@database_option
def revoke(email: str, database: str | None) -> None:
    """Same as disable."""
    _disable(email, database)


def _disable(email: str, database: str | None) -> None:
    from crossdock.flows import tenants

    _require(run_on_database(database, lambda context: tenants.disable_person(context, email=email)), email)
    click.echo(
        f"revoked the tokens of {email}; they cannot sign in "
        f"until crossdock user enable {email} or crossdock user password {email}"
    )


@user.command()
@email_argument
@database_option
def enable(email: str, database: str | None) -> None:
    """Let a disabled person sign in again, with the password they had."""
    from crossdock.flows import tenants

    _require(run_on_database(database, lambda context: tenants.enable_person(context, email=email)), email)
    click.echo(f"{email} may sign in")


@user.command()
@organization_argument
@email_argument
@database_option
def remove(organization: str, email: str, database: str | None) -> None:
    """Remove a person from an organization; from the database, too, where it was their last one."""

    async def run(context: "Context") -> bool:
        from crossdock.flows import tenants

        found = await get_organization(context, organization)
        return await tenants.remove_person(context, found.organization_id, email=email)

    if not run_on_database(database, run):
        raise ValueError(f"{email} does not belong to organization {organization}")
    click.echo(f"removed {email} from organization {organization}")


def _require(is_found: bool, email: str) -> None:
    if not is_found:
        raise ValueError(f"there is no user {email}")


def _check_email(email: str) -> None:
    """Raise ValueError for what is no address, and for the demo's."""
    from crossdock import demo

    name, at, host = email.partition("@")
    is_address = name and at and host and "@" not in host and not any(sign.isspace() for sign in email)
    if not is_address or not email.isprintable() or len(email) > _LONGEST_EMAIL:
        raise ValueError(f"{email!r} is not an e-mail address")
    if email.lower() in demo.SUBJECTS:
        raise ValueError(f"{email} is the demo's, which works under --demo only")


def _password(given: str | None, file: str | None) -> tuple[str, bool]:
    """Return the password given, checked, or a new random one, and whether it was given."""
    chosen = secret_of(given, file, "password")
    if chosen is None:
        return secrets.token_urlsafe(18), False
    if len(chosen) < _SHORTEST_PASSWORD:
        raise ValueError(f"a password has at least {_SHORTEST_PASSWORD} characters")
    return chosen, True

"""`crossdock user`: people who sign in with e-mail and password."""

import secrets
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, get_organization, organization_argument, run_on_database

if TYPE_CHECKING:
    from crossdock.flows.context import Context

_SHORTEST_PASSWORD = 8  # NIST SP 800-63B
_SHOWN_ONCE = "Only its hash is kept, and it is not shown again."

email_argument = click.argument("email", help="E-mail address the person signs in with.")
password_option = click.option(
    "--password", help=f"At least {_SHORTEST_PASSWORD} characters; generated and shown once where not given."
)


@click.group()
def user() -> None:
    """People who sign in with e-mail and password."""


@user.command()
@organization_argument
@email_argument
@click.option("--name", default="", help="Name of the person.  [default: the e-mail address]")
@password_option
@database_option
def add(organization: int, email: str, name: str, password: str | None, database: str | None) -> None:
    """Add a person to an organization.

    A person who belongs to another organization already keeps the password they have.
    """
    from crossdock.flows import access, tenants

    _check_email(email)
    chosen = _password(password)

    async def run(context: "Context") -> bool:
        await get_organization(context, organization)
        scopes = " ".join(access.SCOPES[:2])
        return await tenants.add_person(
            context, organization, email=email, name=name or email, password=chosen, scopes=scopes
        )

    is_new = run_on_database(database, run)
    click.echo(f"user      {email}")
    if not is_new:
        click.echo("They belong to another organization already and keep the password they have.")
    elif password is None:
        click.echo(f"password  {chosen}\n{_SHOWN_ONCE}")


@user.command("list")
@organization_argument
@database_option
def list_users(organization: int, database: str | None) -> None:
    """List the people of an organization: e-mail, state, scopes, name."""

    async def run(context: "Context") -> None:
        from crossdock.flows import tenants

        await get_organization(context, organization)
        for person, membership in await tenants.members(context, organization):
            state = "disabled" if person.is_disabled else "active"
            click.echo(f"{person.email}  {state}  {membership.scopes}  {person.name}")

    run_on_database(database, run)


@user.command()
@email_argument
@password_option
@database_option
def password(email: str, password: str | None, database: str | None) -> None:
    """Set a new password. Ends every token of the person, and lets a disabled person sign in again."""
    from crossdock.flows import tenants

    chosen = _password(password)
    _require(
        run_on_database(database, lambda context: tenants.set_password(context, email=email, password=chosen)), email
    )
    click.echo(f"set the password of {email}; every earlier token has ended")
    if password is None:
        click.echo(f"password  {chosen}\n{_SHOWN_ONCE}")


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
def remove(organization: int, email: str, database: str | None) -> None:
    """Remove a person from an organization; from the database, too, where it was their last one."""
    from crossdock.flows import tenants

    if not run_on_database(database, lambda context: tenants.remove_person(context, organization, email=email)):
        raise ValueError(f"{email} does not belong to organization {organization}")
    click.echo(f"removed {email} from organization {organization}")


def _require(is_found: bool, email: str) -> None:
    if not is_found:
        raise ValueError(f"there is no user {email}")


def _check_email(email: str) -> None:
    name, at, host = email.partition("@")
    if not (name and at and host) or "@" in host or any(sign.isspace() for sign in email):
        raise ValueError(f"{email!r} is not an e-mail address")


def _password(given: str | None) -> str:
    """Return the password given, or a new random one."""
    if given is not None and len(given) < _SHORTEST_PASSWORD:
        raise ValueError(f"a password has at least {_SHORTEST_PASSWORD} characters")
    return given if given is not None else secrets.token_urlsafe(18)

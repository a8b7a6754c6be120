"""Shared by the commands: options that are settings, and opening the database with errors of one line."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from crossdock.core.errors import Busy
from crossdock.settings import Settings, load, variable_of, without_password

if TYPE_CHECKING:
    from crossdock.flows.context import Context
    from crossdock.store.tenants import Organization

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., Any])
_DEFAULTS = Settings()


# -------------------------------------------------------------------------------------------------------------- options
class SettingOption(click.Option):
    """An option that is a setting. Click shows its variable in the help; settings.load reads it, as for every command."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Ignore the variable."""
        return None


def _if_given(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Return the value given on the command line, else None: the default must not override the variable."""
    is_given = ctx.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    return value if is_given else None


def setting(name: str, *, help: str, **attributes: Any) -> Callable[[Command], Command]:
    """Declare the option of a setting; the command gets None unless it is given on the command line."""
    return click.option(
        f"--{name.replace('_', '-')}",
        cls=SettingOption,
        envvar=variable_of(name),
        show_envvar=True,
        default=getattr(_DEFAULTS, name),
        show_default=True,
        callback=_if_given,
        help=help,
        **attributes,
    )


database_option = setting("database", metavar="URL", help="sqlite:///path or postgresql://user:password@host/name.")
organization_argument = click.argument("organization", type=int, help="Id, as `crossdock organization list` shows it.")


# ------------------------------------------------------------------------------------------------------------- database
def run_on_database(
    database: str | None, operation: "Callable[[Context], Awaitable[Result]]", **overrides: Any
) -> Result:
    """Run an operation on a database that is there already, and name the database on standard error.

    `overrides` are settings that come before the environment. Raises ValueError where there is no database: to create an
    empty one here would make a wrong URL or working directory look like an empty installation.
    """
    from crossdock.app import open_context

    settings = load(database=database, **overrides)

    async def run() -> Result:
        await require_database(settings.database)
        click.echo(f"database: {without_password(settings.database)}", err=True)
        async with open_context(settings) as context:
            return await operation(context)

    with database_errors(settings.database):
        return asyncio.run(run())


async def require_database(url: str) -> None:
    """Raise ValueError unless there is a Crossdock database at the URL."""
    from crossdock.store import schema

    if not await schema.is_created(url):
        raise ValueError(f"no database at {without_password(url)}; run crossdock migrate to create one")


@contextmanager
def database_errors(url: str) -> Iterator[None]:
    """Turn errors of a connection into a ValueError of one line: what happened, where and why, without the password."""
    try:
        _check_port(url)
        yield
    except Busy as error:
        cause = f": {error.facts['cause']}" if error.facts.get("cause") else ""
        raise ValueError(f"{error}{cause} (database {without_password(url)})") from error
    except Exception as error:
        # What the server says of a wrong password, user or database name. asyncpg is loaded only for PostgreSQL.
        if type(error).__module__.partition(".")[0] != "asyncpg":
            raise
        raise ValueError(f"PostgreSQL refused: {error} (database {without_password(url)})") from error


def _check_port(url: str) -> None:
    """Raise ValueError for a port that is no number; the driver's message would show part of an unencoded password."""
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise ValueError(
            "the port in the database URL is not a number from 0 to 65535; "
            "in a password, the characters / : @ ? # must be percent-encoded"
        ) from None


async def get_organization(context: "Context", organization_id: int) -> "Organization":
    """Read an organization; raises ValueError where there is none."""
    from crossdock.store import tenants

    async with context.store.reading() as tx:
        organization = await tenants.get_organization(tx, organization_id)
    if organization is None:
        raise ValueError(f"there is no organization {organization_id}")
    return organization

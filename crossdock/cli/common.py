"""Shared by the commands: options that are settings, and opening the database with errors of one line."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from crossdock.core.database_url import check_ports
from crossdock.core.errors import Busy
from crossdock.settings import Settings, load, variable_of, without_password

if TYPE_CHECKING:
    from crossdock.flows.context import Context
    from crossdock.flows.tenants import Organization

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
organization_argument = click.argument(
    "organization", help="Name or id of the organization, as `crossdock organization list` shows them."
)


def secret_of(given: str | None, file: str | None, option: str) -> str | None:
    """Return a secret given as an option, or in a file (`-` is standard input); None where there is neither."""
    if file is None:
        return given
    if given is not None:
        raise ValueError(f"give either --{option} or --{option}-file")
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"--{option}-file: {file} cannot be read: {getattr(error, 'strerror', 'it is not text')}"
        ) from None
    if not text.strip():
        raise ValueError(f"--{option}-file: {file} is empty")
    return text.strip("\r\n")


# ------------------------------------------------------------------------------------------------------------- database
def run_on_database(
    database: str | None, operation: "Callable[[Context], Awaitable[Result]]", **overrides: Any
) -> Result:
    """Run an operation on a database that is there already, and name the database on standard error.

    `overrides` are settings that come before the environment. Raises ValueError where there is no database: to create an
    empty one here would make a wrong URL or working directory look like an empty installation.
    """
    settings = load(database=database, **overrides)

    async def run() -> Result:
        await require_database(settings.database)
        click.echo(f"database: {without_password(settings.database)}", err=True)
        from crossdock.app import open_context  # late, because most of what goes wrong is found without it

        async with open_context(settings) as context:
            return await operation(context)

    with database_errors(settings.database):
        return asyncio.run(run())


async def require_database(url: str) -> None:
    """Raise ValueError unless there is a Crossdock database of the newest schema at the URL.

    An older one is not migrated here: servers of the older version may be running.
    """
    from crossdock.store import schema

    revision = await schema.revision(url)
    if revision is None:
        raise ValueError(f"no database at {without_password(url)}; run crossdock migrate to create one")
    if revision != schema.HEAD:
        raise ValueError(
            f"the database at {without_password(url)} has schema {revision}, and this version needs {schema.HEAD}; "
            "run crossdock migrate"
        )


@contextmanager
def database_errors(url: str) -> Iterator[None]:
    """Turn errors of a connection into a ValueError of one line: what happened, where, why and what to do, no password."""
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
        raise ValueError(f"PostgreSQL refused: {error} (database {without_password(url)}){_remedy(error)}") from error


# What to do about an error of the server, by its SQLSTATE (PostgreSQL manual, appendix A).
_REMEDIES = {
    "28P01": "check user and password in the database URL",
    "28000": "check user and password in the database URL",
    "3D000": "create it first: createdb NAME",
    "42501": "the role needs the right to create tables: GRANT ALL ON SCHEMA public TO ROLE",
    "42704": "remove the parameter from the database URL",
}


def _remedy(error: Exception) -> str:
    remedy = _REMEDIES.get(getattr(error, "sqlstate", None) or "")
    return f"; {remedy}" if remedy else ""


def _check_port(url: str) -> None:
    """Raise ValueError for a port that is no number; the driver's message would show part of an unencoded password."""
    try:
        check_ports(url)
    except ValueError:
        raise ValueError(
            "the port in the database URL is not a number from 0 to 65535; "
            "in a password, the characters / : @ ? # must be percent-encoded"
        ) from None


async def get_organization(context: "Context", name_or_id: str) -> "Organization":
    """Read an organization by its name, in any case, or its id; raises ValueError where there is none, or several."""
    from crossdock.flows import tenants

    found = await tenants.find_organizations(context, name_or_id)
    if not found:
        raise ValueError(f"there is no organization {name_or_id}")
    if len(found) > 1:
        ids = ", ".join(str(each.organization_id) for each in found)
        raise ValueError(f"{len(found)} organizations are called {name_or_id}; use the id of the one you mean: {ids}")
    return found[0]

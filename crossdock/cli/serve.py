"""`crossdock serve`: bind the port, prepare the database, say what is served, start the server processes."""

import asyncio
import errno
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple, get_args

import click
import msgspec

from crossdock import __version__
from crossdock.cli.common import database_errors, database_option, setting
from crossdock.cli.output import progress
from crossdock.settings import (
    SECRETS,
    LogFormat,
    LogLevel,
    Settings,
    file_variable_of,
    load,
    variable_of,
    without_password,
)

_START_FAILED = 3  # uvicorn's exit code, too
_BACKLOG = 2048  # connections that wait to be accepted; uvicorn's default
_OTHERS_MAY_READ = 0o044


@click.command()
@setting("host", metavar="ADDRESS", help="Address to listen on; 0.0.0.0 is every interface.")
@setting("port", type=click.IntRange(1, 65_535), help="Port to listen on.")
@database_option
@setting("workers", type=click.IntRange(1), help="Server processes; each uses one core.")
@setting("demo", is_flag=True, help='Create the organization "Demo" with published credentials; loopback only.')
@setting("log_level", type=click.Choice(get_args(LogLevel)), help="Lines of this level and above are logged.")
@setting(
    "log_format",
    type=click.Choice(get_args(LogFormat)),
    help="auto: text where standard error is a terminal, else JSON.",
)
def serve(**options: Any) -> None:
    """Serve all APIs; migrates the database first where needed."""
    from crossdock.web.client_address import ClientAddresses

    settings = load(**options)
    if settings.demo:
        from crossdock.demo import check_loopback

        check_loopback(settings)
        # So that a receiver on the same machine can be tried.
        settings = msgspec.structs.replace(settings, webhook_loopback_allowed=True)
    ClientAddresses(settings.trusted_proxies)  # refuses what is no address, before anything starts
    if settings.traces_url:
        from crossdock.flows import tracing

        tracing.check()
    sockets = _bind(settings.host, settings.port)
    with database_errors(settings.database):
        found = asyncio.run(_prepare(settings))
    # From here on callers connect, and wait until a server process accepts: what is printed can be pasted at once.
    for each in sockets:
        each.listen(_BACKLOG)
    click.echo(_start_line(settings, found))
    for warning in _warnings(settings, found):
        click.echo(f"warning: {warning}", err=True)
    if settings.demo:
        _print_examples(settings)
    sys.stdout.flush()
    _export(settings)
    _run(settings, sockets)


class Found(NamedTuple):
    """What the database was before the start: whether it was made by it, and whether it has the demo organization."""

    is_new: bool
    has_demo: bool


async def _prepare(settings: Settings) -> Found:
    """Wait for the database, migrate it, and add the demo organization where it is asked for."""
    from crossdock.store import schema

    def waiting(cause: str) -> None:
        where = without_password(settings.database)
        click.echo(f"waiting up to {settings.database_wait_s:g} s for the database {where}: {cause}", err=True)

    await schema.wait_until_reachable(settings.database, limit_s=settings.database_wait_s, report=waiting)
    is_new = await schema.revision(settings.database) is None
    with progress("migrating"):
        await schema.migrate(settings.database)
    if settings.demo:
        await _add_demo(settings)
    return Found(is_new, has_demo=settings.demo or (not is_new and await _has_demo(settings)))


async def _add_demo(settings: Settings) -> None:
    from crossdock import app, demo
    from crossdock.doors import all_doors

    async with app.open_context(settings) as context:
        await demo.ensure(context, all_doors())


async def _has_demo(settings: Settings) -> bool:
    from crossdock import demo
    from crossdock.store import schema

    store = await schema.open_store(settings.database)
    try:
        return await demo.find(store) is not None
    finally:
        await store.close()


def _print_examples(settings: Settings) -> None:
    from crossdock.demo import examples
    from crossdock.doors import all_doors

    click.echo(examples(settings, all_doors()))


def _bind(host: str, port: int) -> list[socket.socket]:
    """Bind a socket to each address of the host. Raises ValueError where the port is taken or the address is not ours.

    Bound here and not by uvicorn, so that nothing is printed or created for a server that cannot listen.
    """
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            bound = socket.socket(family, kind, protocol)
            sockets.append(bound)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for old connections
            if family == socket.AF_INET6:  # or :: would take the IPv4 port, too
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind(address)
            bound.set_inheritable(True)
    except OSError as error:
        for each in sockets:
            each.close()
        raise ValueError(_listen_error(error, host, port)) from error
    return sockets


def _listen_error(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65_535 else port - 1
        return f"port {port} is taken. Try {variable_of('port')}={other} make serve, or crossdock serve --port {other}"
    if error.errno == errno.EACCES:
        return f"this user may not listen on port {port}; take one above 1023"
    return f"cannot listen on {host}, port {port}: {error.strerror or error}"


def _start_line(settings: Settings, found: Found) -> str:
    """Describe the server in one line, without secrets."""
    database = without_password(settings.database) + (" (new)" if found.is_new else "")
    return (
        f"Crossdock {__version__} at {settings.base_url} (console: /console), database {database}, "
        f"server processes: {settings.workers}, delivery worker: {'on' if settings.worker else 'off'}, "
        f"mails: {f'sent through {settings.smtp_host}' if settings.smtp_host else 'stored, not sent'}"
    )


def _warnings(settings: Settings, found: Found) -> Iterator[str]:
    """Name what is allowed and probably not meant."""
    if found.has_demo and not settings.demo:
        yield (
            "the database has the organization Demo; its published credentials do not work without --demo. "
            "Keep your own orders in a database without it"
        )
    if settings.smtp_host and not settings.mail_sender:
        yield (
            f"{variable_of('smtp_host')} is set without {variable_of('mail_sender')}: an organization sends no mails "
            "until it has a sender of its own (PUT /hub/v1/mail-settings)"
        )
    path = Path(settings.database.removeprefix("sqlite:///"))
    if settings.database.startswith("sqlite:") and path.is_file() and path.stat().st_mode & _OTHERS_MAY_READ:
        yield f"other users of this machine can read the orders and keys in {path}; chmod 600 {path} ends that"


def _export(settings: Settings) -> None:
    """Put the settings into the environment, where the server processes read them."""
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        os.environ[variable_of(name)] = str(value).lower() if isinstance(value, bool) else str(value)
    for name in SECRETS:
        os.environ.pop(file_variable_of(name), None)


def _run(settings: Settings, sockets: list[socket.socket]) -> None:
    """Serve until SIGTERM or SIGINT."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from crossdock.web import logs

    logs.configure(settings.log_level, settings.log_format)
    with ExitStack() as ending:
        if settings.workers > 1:  # counters of several processes are summed in files
            folder = tempfile.TemporaryDirectory(prefix="crossdock")
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = ending.enter_context(folder)
        config = uvicorn.Config(
            "crossdock.app:create",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            loop="uvloop" if sys.platform != "win32" else "auto",
            http="crossdock.web.http_protocol:LimitedProtocol",
            ws="none",
            log_config=None,  # what uvicorn logs goes into our log
            access_log=False,
            proxy_headers=False,  # web/asgi.py reads them, where the setting trusted_proxies says so
            log_level="warning",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=10,  # requests that wait are told to end; some clients read slowly
        )
        if settings.workers > 1:
            supervisor = Multiprocess(config, sockets=sockets)
            supervisor.run()
            if any(process.exitcode == _START_FAILED for process in supervisor.processes):
                sys.exit(_START_FAILED)
            return
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):  # uvicorn raises the signal again after its shutdown
            server.run(sockets)
        if not server.started:
            sys.exit(_START_FAILED)

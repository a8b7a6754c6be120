"""`crossdock serve`: bind the port, migrate the database, start the server processes."""

import asyncio
import errno
import os
import socket
import sys
import tempfile
from contextlib import suppress
from typing import Any, get_args

import click

from crossdock import __version__
from crossdock.cli.common import database_errors, database_option, setting
from crossdock.settings import LogLevel, Settings, load, variable_of, without_password

_START_FAILED = 3


@click.command()
@setting("host", metavar="ADDRESS", help="Address to listen on; 0.0.0.0 is every interface.")
@setting("port", type=click.IntRange(1, 65_535), help="Port to listen on.")
@database_option
@setting("workers", type=click.IntRange(1), help="Server processes; each uses one core.")
@setting("demo", is_flag=True, help='Create the organization "Demo" with published credentials; loopback only.')
@setting("log_level", type=click.Choice(get_args(LogLevel)), help="Lines of this level and above are logged.")
def serve(**options: Any) -> None:
    """Serve all APIs; migrates the database first where needed."""
    from crossdock.store import schema
    from crossdock.web.client_address import ClientAddresses

    settings = load(**options)
    if settings.demo:
        from crossdock.demo import check_loopback

        check_loopback(settings)
    ClientAddresses(settings.trusted_proxies)  # refuses what is no address, before anything starts
    sockets = _bind(settings.host, settings.port)
    with database_errors(settings.database):
        asyncio.run(schema.migrate(settings.database))
    click.echo(_start_line(settings))
    _export(settings)
    _run(settings, sockets)


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


def _start_line(settings: Settings) -> str:
    """Describe the server in one line, without secrets."""
    return (
        f"Crossdock {__version__} at {settings.base_url}, database {without_password(settings.database)}, "
        f"server processes: {settings.workers}, delivery worker: {'on' if settings.worker else 'off'}"
    )


def _export(settings: Settings) -> None:
    """Put the settings into the environment, where the server processes read them."""
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        os.environ[variable_of(name)] = str(value).lower() if isinstance(value, bool) else str(value)


def _run(settings: Settings, sockets: list[socket.socket]) -> None:
    """Serve until SIGTERM or SIGINT."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from crossdock.web import logs

    logs.configure(settings.log_level)
    with tempfile.TemporaryDirectory() as shared:
        if settings.workers > 1:  # counters of several processes are summed in files
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
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
            Multiprocess(config, sockets=sockets).run()
            return
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):  # uvicorn raises the signal again after its shutdown
            server.run(sockets)
        if not server.started:
            sys.exit(_START_FAILED)

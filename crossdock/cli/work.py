"""`crossdock work`: deliver webhooks and mails in a process of its own."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, get_args

import click

from crossdock.cli.common import database_errors, database_option, require_database, setting
from crossdock.settings import LogFormat, LogLevel, load


@click.command()
@database_option
@setting("log_level", type=click.Choice(get_args(LogLevel)), help="Lines of this level and above are logged.")
@setting(
    "log_format",
    type=click.Choice(get_args(LogFormat)),
    help="auto: text where standard error is a terminal, else JSON.",
)
def work(**options: Any) -> None:
    """Deliver webhooks and mails without serving.

    On PostgreSQL any number of these may run; on SQLite one worker at a time.
    """
    from crossdock import app
    from crossdock.web import logs

    settings = load(**options)
    logs.configure(settings.log_level, settings.log_format)
    app.tune_garbage_collector()
    with database_errors(settings.database), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(require_database(settings.database))
        runner.run(app.work(settings))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the factory of the event loop that the server uses, too; None: the interpreter's own."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop

"""`crossdock backup` and `crossdock restore`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossdock.cli.common import database_option, run_on_database
from crossdock.cli.output import json_option, print_fields, progress
from crossdock.settings import load

if TYPE_CHECKING:
    from crossdock.flows.context import Context

_POSTGRES = "is PostgreSQL: use its own tools, such as pg_dump and pg_restore, or continuous archiving"


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path), help="New file for the copy.")
@json_option
@database_option
def backup(file: Path | None, as_json: bool, database: str | None) -> None:
    """Copy the SQLite database to a new file while the server runs, and check the copy.

    The file is called crossdock-<time>.db where none is given.
    """
    source = _path(load(database=database).database)
    target = file or Path(f"crossdock-{datetime.now(UTC):%Y%m%d-%H%M%S}.db")

    async def run(context: "Context") -> int:
        import asyncio

        from crossdock.flows import installation
        from crossdock.store import backups

        size = await asyncio.to_thread(backups.back_up, source, target)
        await installation.record(context, installation.BACKED_UP)
        return size

    with progress("copying"):
        size = run_on_database(database, run)
    print_fields({"file": str(target), "bytes": size}, as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File that `backup` made.")
@json_option
@click.option("--database", help="URL of the SQLite database to make.  [default: the setting]")
def restore(file: Path, as_json: bool, database: str | None) -> None:
    """Make an SQLite database of a backup, after a check of the file.

    Nothing is overwritten: a database of that name must be moved away first.
    """
    from crossdock.store import backups

    url = load(database=database).database
    target = Path(_path(url))
    with progress("checking and copying"):
        backups.restore(file, target)
    click.echo(f"database: {url}", err=True)
    print_fields({"restored": str(target), "bytes": target.stat().st_size}, as_json=as_json)


def _path(url: str) -> str:
    """Return the file of an SQLite URL. Raises ValueError for another engine."""
    scheme, _, path = url.partition(":///")
    if not scheme.startswith("sqlite"):
        raise ValueError(f"the database {_POSTGRES}")
    return path

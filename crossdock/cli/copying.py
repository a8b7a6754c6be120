"""`crossdock copy`: a database to another one, of any engine."""

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from crossdock.cli.common import database_errors, require_database
from crossdock.cli.database import faults_of, print_faults
from crossdock.cli.output import Progress, json_option, print_fields, progress
from crossdock.core.errors import Busy
from crossdock.settings import load, without_password

if TYPE_CHECKING:
    from crossdock.flows.copying import Copy, Round
    from crossdock.store.protocols import Store

# Of one statement, which may count a whole table; no caller waits for it.
_TIMEOUT_S = 3_600.0


@click.command()
@click.option("--from", "source", metavar="URL", help="Database to copy.  [default: the setting]")
@click.option("--to", "target", metavar="URL", required=True, help="Empty database, or an unfinished copy.")
@click.option("--final", "is_final", is_flag=True, help="Finish: wait until the source stays as it is, check the copy.")
@json_option
def copy(source: str | None, target: str, is_final: bool, as_json: bool) -> None:
    """Copy a database to another one, from any engine to any, while the source is served.

    Interrupted, it goes on when it is run again. Servers do not open the copy before it is finished: stop the servers of
    the source, then run the command with --final.
    """
    source = load(database=source).database
    began = time.monotonic()
    with progress("copying") as shown:
        found = asyncio.run(_copy(source, target, is_final, shown))
    _print(found, source, target, seconds=round(time.monotonic() - began, 1), as_json=as_json)


async def _copy(source: str, target: str, is_final: bool, shown: Progress) -> "Copy":
    """Open both databases and copy. Raises ValueError of one line for the errors of either."""
    from crossdock.flows import copying

    class Shown(copying.Report):
        """Shows how the copy gets on: a bar with rows and their rate on a terminal, a line after each round."""

        began, of = time.monotonic(), ""

        def step(self, what: str, done: int, total: int, unit: str = "rows") -> None:
            if what != self.of:
                self.began, self.of = time.monotonic(), what
            rate = done / max(time.monotonic() - self.began, 0.001)
            shown.label = f"{what}: {done:,} {unit}, {rate:,.0f}/s"  # with the bar 80 columns
            shown.update(done, total)

        def round_ended(self, ended: "Round", *, is_waiting: bool) -> None:
            start = "\r\x1b[K" if sys.stderr.isatty() else ""
            click.echo(f"{start}{_line(ended)}", err=True)
            if is_waiting:
                click.echo("the source still changes: stop the servers and workers that use it", err=True)

    async with _opened(source, is_target=False) as opened, _opened(target, is_target=True) as into:
        with database_errors(target):
            try:
                return await copying.copy(opened, into, is_final=is_final, report=Shown())
            except Busy as busy:
                raise ValueError(str(busy)) from busy  # it says which of the two
            except sqlite3.IntegrityError as error:
                raise ValueError(f"the target refused a row: {error}; does something else write to it?") from error


@asynccontextmanager
async def _opened(url: str, *, is_target: bool) -> "AsyncIterator[Store]":
    """Open one of the databases; a target is created where there is none. None is migrated: servers may be running."""
    from crossdock.store import schema

    with database_errors(url):
        if not is_target or await schema.revision(url) is not None:
            await require_database(url)
        click.echo(f"{'to' if is_target else 'from'}: {without_password(url)}", err=True)
        store = await schema.open_store(url, timeout_s=_TIMEOUT_S, is_copying=is_target)
    try:
        yield store
    finally:
        await store.close()


def _line(ended: "Round") -> str:
    return (
        f"round {ended.number}: {ended.rows:,} rows compared, {ended.added:,} added, {ended.changed:,} changed, "
        f"{ended.removed:,} removed"
    )


def _print(found: "Copy", source: str, target: str, *, seconds: float, as_json: bool) -> None:
    """Print what was done and what to do next; exit code 1 where the copy has faults, which the source has, too."""
    checked = found.verification
    faults = faults_of(checked) if checked else []
    fields: dict[str, Any] = {
        "from": without_password(source),
        "to": without_password(target),
        "finished": checked is not None,
        "rows": found.rounds[-1].rows,
        "seconds": seconds,
    }
    if checked:
        fields |= {"orders": checked.orders, "events": checked.events}
    if as_json:
        fields |= {"rounds": found.rounds, "tables": found.tables, "faults": faults}
        print_fields(fields, as_json=True)
    else:
        fields["finished"] = "yes" if checked else "no"
        if checked:
            fields["faults"] = len(faults)
        print_fields(fields, as_json=False, notes=[_note(found)])
        print_faults(faults)
    if faults:
        sys.exit(1)


def _note(found: "Copy") -> str:
    if found.verification is None:
        return (
            "The copy is not finished: servers do not open it. Stop the servers and workers that use the source, "
            "then run this command with --final."
        )
    same = f"All {len(found.tables)} tables have the same rows and digests in both databases."
    if found.verification.broken:
        return f"{same} The faults below were copied: the source has them, too."
    return f"{same} Start the servers on the copy, and none on the source."

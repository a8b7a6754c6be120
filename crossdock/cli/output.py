"""What commands print: tables with heads, labeled fields, JSON; and progress on long work."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import msgspec

Command = TypeVar("Command", bound=Callable[..., Any])
# Work that is done sooner needs no sign of life.
_SILENT_S = 2.0
_REDRAW_S = 0.2
_BAR_WIDTH = 30

json_option: Callable[[Command], Command] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON instead of text."
)


def print_list(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print rows of the same keys as a table with a head, or as a JSON array; `empty` says what to do where there are none."""
    if as_json:
        _print_json(rows)
        return
    if not rows:
        click.echo(empty, err=True)
        return
    heads = [name.replace("_", " ").upper() for name in rows[0]]
    cells = [heads, *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_fields(fields: Mapping[str, Any], *, as_json: bool, notes: Sequence[str] = ()) -> None:
    """Print labeled values, one line for each value of a list, or a JSON object. `notes` are for people only."""
    if as_json:
        _print_json(fields)
        return
    lines = [
        (name.replace("_", " "), _cell(each))
        for name, value in fields.items()
        for each in (value if isinstance(value, list | tuple) else [value])
        if each is not None
    ]
    width = max(len(label) for label, _ in lines)
    click.echo("\n".join([*(f"{label:{width}}  {text}" for label, text in lines), *notes]))


def _print_json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _cell(value: Any) -> str:
    """Return a value as text of one line: an older version stored names with line breaks."""
    if isinstance(value, Mapping):
        return "  ".join(_cell(each) for each in value.values() if each is not None)
    return printable("" if value is None else str(value))


def printable(text: str) -> str:
    """Return a text without line breaks and control characters, which could forge lines of output."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, which forms its plural with s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Progress:
    """How much of some work is done; `total` 0 means that nobody knows how much there is."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.done = self.total = 0

    def update(self, done: int, total: int) -> None:
        """Note how much is done."""
        self.done, self.total = done, total

    def text(self, elapsed_s: float) -> str:
        """Render the line that is shown."""
        if not self.total:
            return f"{self.label} … {elapsed_s:.0f} s"
        share = min(self.done / self.total, 1.0)
        bar = ("#" * round(share * _BAR_WIDTH)).ljust(_BAR_WIDTH, ".")
        return f"{self.label} [{bar}] {share:.0%}, {elapsed_s:.0f} s"


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Show on a terminal's standard error, from the third second on, how the work of this block gets on."""
    shown = Progress(label)
    if not sys.stderr.isatty():
        yield shown
        return
    ended = threading.Event()
    # A thread, because the work may keep the event loop busy.
    thread = threading.Thread(target=_draw, args=(shown, ended), daemon=True)
    thread.start()
    try:
        yield shown
    finally:
        ended.set()
        thread.join()


def _draw(shown: Progress, ended: threading.Event) -> None:
    began = time.monotonic()
    if ended.wait(_SILENT_S):
        return
    while not ended.wait(_REDRAW_S):
        click.echo(f"\r\x1b[K{shown.text(time.monotonic() - began)}", nl=False, err=True)
    click.echo("\r\x1b[K", nl=False, err=True)

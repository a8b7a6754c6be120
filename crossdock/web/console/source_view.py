"""Sent texts as pages show them: numbered lines, with each fault at the line it is about; pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Fault, Path
from crossdock.core.json.source_text import Lines, broken_line, find_lines, indented, line_ranges

# Lines of a text that a page shows whole; of a longer one it shows those around faults.
MAX_LINES = 2_000
_AROUND = 5


class PlacedFault(Struct, frozen=True):
    """A fault with the line it is about, None where the text has none for it, and its path as people read it."""

    line: int | None
    path: str
    reason: str


class SourceLine(Struct, frozen=True):
    """A line of a text with the faults in it. `skipped`: so many lines before it are not shown."""

    number: int
    text: str
    faults: tuple[PlacedFault, ...] = ()
    skipped: int = 0


def text_of(body: bytes) -> str:
    """Return a body as text for people: JSON is indented, and what is no character is replaced."""
    text = body.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
    return indented(text)


def format_path(path: Path) -> str:
    """Format a path as `lines[0].sku`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def place_faults(text: str, faults: Iterable[Fault]) -> list[PlacedFault]:
    """Find the line of each fault; those of lines come in their order, after those of the whole text."""
    ranges = line_ranges(text)
    broken = broken_line(text)
    placed = [PlacedFault(_line(ranges, broken, each.path), format_path(each.path), each.reason) for each in faults]
    return sorted(placed, key=lambda each: each.line or 0)


def _line(ranges: Mapping[Path, Lines], broken: int | None, path: Path) -> int | None:
    if not path and broken is not None:
        return broken
    lines = find_lines(ranges, path)
    return None if lines is None else lines.first


def source_lines(text: str, placed: Sequence[PlacedFault]) -> list[SourceLine]:
    """Return the lines of a text with their faults; of a long text only the beginning and those around faults."""
    by_line: dict[int, list[PlacedFault]] = {}
    for each in placed:
        if each.line is not None:
            by_line.setdefault(each.line, []).append(each)
    shown: list[SourceLine] = []
    lines = text.split("\n")
    near = (
        {line + step for line in by_line for step in range(-_AROUND, _AROUND + 1)} if len(lines) > MAX_LINES else set()
    )
    last = 0
    for number, line in enumerate(lines, 1):
        if number <= MAX_LINES or number in near:
            shown.append(SourceLine(number, line[:5_000], tuple(by_line.get(number, ())), number - last - 1))
            last = number
    return shown


def member_of(body: bytes, path: Path) -> str | None:
    """Return the text or number at a path of a JSON body; None where there is none, or the body is no JSON."""
    try:
        node: Any = json.loads(body, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    for step in path:
        if not (isinstance(node, dict) and step in node):
            return None
        node = node[step]
    return node[:200] if isinstance(node, str) and node.strip() else None

"""JSON texts as people read them: indented with every token kept, and the lines on which each value stands; pure."""

import json
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from crossdock.core.errors import Path

# A string may break off at the end of its line, as in a text that somebody is still typing.
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[{}\[\],:]|[^\s{}\[\],:"]+')
_INDENT = "  "
# Deeper texts are refused at the doors; recursion and columns stay small.
_MAX_DEPTH = 100


class Lines(Struct, frozen=True):
    """The first and the last line of a value, from 1."""

    first: int
    last: int


# -------------------------------------------------------------------------------------------------------------- indent
def indented(text: str) -> str:
    """Indent a JSON text by two spaces a level, without a change of any number, name or order; other texts stay as they are."""
    try:
        json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return text
    return "".join(_indented(_TOKEN.findall(text)))


def _indented(tokens: list[str]) -> Iterator[str]:
    depth = 0
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else ""
        if token in "}]":
            depth -= 1
            if before not in ("{", "["):
                yield f"\n{_INDENT * depth}"
        elif before in ("{", "[", ",") and before:
            yield f"\n{_INDENT * depth}"
        yield f"{token} " if token == ":" else token
        if token in "{[":
            depth += 1


# --------------------------------------------------------------------------------------------------------------- lines
class _Open:
    """An object or array that has not ended: where it begins, and the member or position that is read."""

    def __init__(self, path: Path, first: int, *, is_array: bool) -> None:
        self.path, self.first = path, first
        self.step: str | int | None = 0 if is_array else None
        self.step_line = first
        self.awaits_value = is_array


def line_ranges(text: str) -> dict[Path, Lines]:
    """Return the lines of each value of a JSON text by its path; a member's begin at its name.

    Where the text breaks off or is no JSON, the values before that are there, and those that have not ended reach to its end.
    Of members of one name the last one counts.
    """
    found: dict[Path, Lines] = {}
    stack: list[_Open] = []
    line, end = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", end, match.start())
        end = match.start()
        if not _read(match[0], line, stack, found):
            break
    last = text.count("\n") + 1
    for each in stack:
        found[each.path] = Lines(found[each.path].first, last)
    return found


def _read(token: str, line: int, stack: list[_Open], found: dict[Path, Lines]) -> bool:
    """Read one token; False where it cannot stand there."""
    top = stack[-1] if stack else None
    if token in ("}", "]"):
        if top is None or (token == "]") != isinstance(top.step, int):
            return False
        stack.pop()
        found[top.path] = Lines(found[top.path].first, line)
    elif token == ",":
        if top is None:
            return False
        top.awaits_value = isinstance(top.step, int)
        top.step = top.step + 1 if isinstance(top.step, int) else None
    elif token == ":":
        if top is None or top.step is None:
            return False
        top.awaits_value = True
    elif top is not None and not top.awaits_value and not isinstance(top.step, int):
        top.step, top.step_line = _name(token), line
    else:
        return _read_value(token, line, stack, found)
    return True


def _read_value(token: str, line: int, stack: list[_Open], found: dict[Path, Lines]) -> bool:
    top = stack[-1] if stack else None
    if (top is None and found) or (top is not None and not top.awaits_value) or len(stack) > _MAX_DEPTH:
        return False
    path: Path = ()
    first = line
    if top is not None:
        assert top.step is not None
        path = (*top.path, top.step)
        first = line if isinstance(top.step, int) else top.step_line
        top.awaits_value = False
    found[path] = Lines(first, line)
    if token in "{[":
        stack.append(_Open(path, line, is_array=token == "["))
    return True


def _name(token: str) -> str:
    try:
        name = json.loads(token, strict=False)
    except ValueError:
        return token.strip('"')
    return name if isinstance(name, str) else token


def find_lines(ranges: Mapping[Path, Lines], path: Path) -> Lines | None:
    """Return the lines of a value, or the first line of the nearest one around it where it is missing; None for no JSON."""
    if (exact := ranges.get(path)) is not None:
        return exact
    while path:
        path = path[:-1]
        if (around := ranges.get(path)) is not None:
            return Lines(around.first, around.first)
    return None


def broken_line(text: str) -> int | None:
    """Return the line at which a text stops to be JSON; None where it is JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        return 1
    return None

"""Structured logs: one JSON object a line on standard error, with UTC time. No bodies, headers, names or secrets go in.

Lines of one turn of the event loop are written together, because the orders of one commit are all answered in one turn.
"""

import asyncio
import logging
import sys
import time
from typing import Any, BinaryIO

import msgspec
import structlog
from msgspec import Struct

from crossdock.core.time import format_time

_encode = msgspec.json.Encoder(enc_hook=str).encode


# Lines that wait at most: more than one commit answers, and few enough to lose nothing of note with a loop that ended.
_MOST = 256
_open: list["_Lines"] = []  # the one that takes lines now, for `flush`

_is_telling = [True]  # whether the level lets the lines of requests through


def configure(level: str) -> None:
    """Send structlog's lines of `level` and above to standard error."""
    lines = _Lines(sys.stderr.buffer)
    flush()
    _open[:] = [lines]
    _is_telling[:] = [logging.getLevelNamesMapping()[level.upper()] <= logging.INFO]
    structlog.configure(
        processors=[_render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )


class RequestLine(Struct, omit_defaults=False):
    """The line of one request; written without structlog's steps, because every request has one."""

    at: str
    level: str
    event: str
    request_id: str
    organization: int | None
    door: str
    operation: str
    order_id: int | None
    status: int
    outcome: str
    ms: float


def request(**told: Any) -> None:
    """Write the line of a request; `told` are the members of RequestLine after `event`."""
    if _open and _is_telling[0]:
        _open[0].info(_encode(RequestLine(format_time(time.time_ns() // 1000, digits=6), "info", "request", **told)))


def flush() -> None:
    """Write what waits for the turn's end; for a process that ends, and for tests."""
    for lines in _open:
        lines.write()


class _Lines:
    """Writes lines to a file: those of one turn of the loop at once, and outside a loop each by itself."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._waiting: list[bytes] = []

    def info(self, line: bytes) -> None:
        """Take one line."""
        self._waiting.append(line)
        if len(self._waiting) == 1:  # the first of this turn
            try:
                asyncio.get_running_loop().call_soon(self.write)
            except RuntimeError:
                self.write()
        elif len(self._waiting) >= _MOST:
            self.write()

    debug = info

    def error(self, line: bytes) -> None:
        """Take one line that must not be lost, whatever comes next."""
        self._waiting.append(line)
        self.write()

    warning = critical = error

    def write(self) -> None:
        """Write what waits."""
        lines, self._waiting = self._waiting, []
        if not lines:
            return
        self._file.write(b"\n".join([*lines, b""]))
        self._file.flush()


def _render(_: Any, level: str, event: Any) -> bytes:
    """Write one line; a single step, because every request writes one and each step costs it microseconds."""
    now = time.time_ns()
    line = {"at": format_time(now // 1000, digits=6), "level": level, **event}
    if line.pop("exc_info", None):
        line["exception"] = structlog.processors.format_exc_info(None, "", {"exc_info": event["exc_info"]})["exception"]
    return _encode(line)

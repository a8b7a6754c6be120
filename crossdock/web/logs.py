"""Structured logs: one JSON object per line on standard error, with UTC time. No bodies, headers, names or secrets.

Who asked is a client id or the number of a person, and an IP address.

Logging never raises: what cannot be rendered is a line that says so, and lines that cannot be written (a full disk, a reader
that has gone) are dropped and counted.

The lines of one turn of the event loop are written together, because all orders of a commit are replied to in one turn.
Ids are written as the hub's API formats them, so that a line can be looked up.
"""

import asyncio
import logging
import sys
import time
from typing import Any, BinaryIO

import msgspec
import structlog
from msgspec import Struct

from crossdock.core.ids import to_base32
from crossdock.core.time import format_time

# Fields that hold an id. An organization's number is none: the program's commands take it as it is.
_IDS = frozenset({"aggregate_id", "delivery_id", "endpoint_id", "mail_id", "order_id", "submission_id"})
_encode = msgspec.json.Encoder(enc_hook=str).encode


# The most lines that wait: more than the requests of one commit, and few enough to lose little with a loop that ended.
_MAX_WAITING = 256
_current: list["_Lines"] = []  # the one in use, for `flush`

_is_info_logged = [True]  # whether the level includes the lines of requests
_is_text = [False]  # whether lines are text for people instead of JSON


def configure(level: str, format: str = "json") -> None:
    """Write structlog's lines of `level` and above to standard error: as json, text, or (auto) text on a terminal."""
    number = logging.getLevelNamesMapping()[level.upper()]
    lines = _Lines(sys.stderr.buffer)
    _is_text[:] = [format == "text" or (format == "auto" and sys.stderr.isatty())]
    flush()
    _current[:] = [lines]
    _is_info_logged[:] = [number <= logging.INFO]
    libraries = logging.getLogger()
    libraries.handlers = [each for each in libraries.handlers if not isinstance(each, _Records)] + [_Records()]
    libraries.setLevel(max(number, logging.WARNING))
    structlog.configure(
        processors=[_render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )


class RequestLine(Struct, omit_defaults=False):
    """The line of one request. It skips structlog's steps, because every request has one."""

    at: str
    level: str
    event: str
    request_id: str
    organization: int | None
    client: str | None
    person: int | None
    address: str | None
    door: str
    operation: str
    order_id: str | None
    status: int
    outcome: str
    ms: float


def request(
    *,
    request_id: str,
    organization: int | None,
    client: str | None,
    person: int | None,
    address: str | None,
    door: str,
    operation: str,
    order_id: int | None,
    status: int,
    outcome: str,
    ms: float,
) -> None:
    """Write the line of a request."""
    if _current and _is_info_logged[0]:
        at = format_time(time.time_ns() // 1000, digits=6)
        try:
            formatted = None if order_id is None else to_base32(order_id)
            line = RequestLine(
                at, "info", "request", request_id, organization, client, person, address, door, operation, formatted,
                status, outcome, ms,
            )  # fmt: skip
            rendered = _encode(line) if not _is_text[0] else _text(msgspec.structs.asdict(line))
        except Exception as error:  # noqa: BLE001 - a line must not fail the request it is about
            rendered = _unrenderable(at, "info", "request", error)
        _current[0].info(rendered)


def flush() -> None:
    """Write the waiting lines; for a process that ends, and for tests."""
    for lines in _current:
        lines.write()


class _Lines:
    """Writes lines to a file: those of one turn of the event loop together, those outside a loop at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._waiting: list[bytes] = []
        self._dropped = 0

    def info(self, line: bytes) -> None:
        """Add a line."""
        self._waiting.append(line)
        if len(self._waiting) == 1:  # the first of this turn
            try:
                asyncio.get_running_loop().call_soon(self.write)
            except RuntimeError:
                self.write()
        elif len(self._waiting) >= _MAX_WAITING:
            self.write()

    debug = info

    def error(self, line: bytes) -> None:
        """Add a line and write it at once, so that a crash cannot lose it."""
        self._waiting.append(line)
        self.write()

    warning = critical = error

    def write(self) -> None:
        """Write the waiting lines, or drop them where that is impossible; the next line that is written says how many."""
        lines, self._waiting = self._waiting, []
        if not lines:
            return
        if self._dropped:
            at = format_time(time.time_ns() // 1000, digits=6)
            lines.insert(0, _encode({"at": at, "level": "warning", "event": "lines dropped", "count": self._dropped}))
        try:
            self._file.write(b"\n".join([*lines, b""]))
            self._file.flush()
            self._dropped = 0
        except (OSError, ValueError):  # ValueError: the file was closed
            self._dropped += len(lines) - bool(self._dropped)


class _Records(logging.Handler):
    """Writes what libraries log (uvicorn, asyncio) as lines of this log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; never raises."""
        name = record.levelname.lower()
        level = name if name in ("debug", "info", "warning", "error", "critical") else "info"
        try:
            event = {"event": record.getMessage(), "logger": record.name, "exc_info": record.exc_info}
        except Exception:  # noqa: BLE001 - arguments that do not fit the message
            event = {"event": str(record.msg), "logger": record.name}
        for lines in _current:
            getattr(lines, level)(_render(None, level, event))


def _render(_: Any, level: str, event: Any) -> bytes:
    """Render one line; a single step, because each of structlog's steps costs microseconds. Never raises."""
    at = format_time(time.time_ns() // 1000, digits=6)
    try:
        return _rendered(at, level, event)
    except Exception as error:  # noqa: BLE001 - a line must not fail what it is about
        return _unrenderable(at, level, event.get("event"), error)


def _unrenderable(at: str, level: str, event: Any, error: Exception) -> bytes:
    return _encode({"at": at, "level": level, "event": str(event), "unrenderable": type(error).__name__})


def _rendered(at: str, level: str, event: Any) -> bytes:
    line = {"at": at, "level": level, **event}
    for name in _IDS.intersection(line):
        if isinstance(line[name], int):
            line[name] = to_base32(line[name])
    if line.pop("exc_info", None):
        line["exception"] = structlog.processors.format_exc_info(None, "", {"exc_info": event["exc_info"]})["exception"]
    return _text(line) if _is_text[0] else _encode(line)


def _text(line: dict[str, Any]) -> bytes:
    """Render a line for people: time of day, level, event, the other fields, and below them an exception."""
    exception = line.pop("exception", None)
    clock = line.pop("at")[11:23]
    parts = [clock, f"{line.pop('level'):7}", str(line.pop("event"))]
    parts += [f"{name}={_encode(value).decode()}".replace('"', "") for name, value in line.items() if value is not None]
    return "\n".join([" ".join(parts), *([exception] if exception else [])]).encode()

"""Structured logs: one JSON object a line on standard error, with UTC time. No bodies, headers, names or secrets go in."""

import logging
import sys
import time
from typing import Any

import msgspec
import structlog

from crossdock.core.formats import iso_time

_encode = msgspec.json.Encoder(enc_hook=str).encode


def configure(level: str) -> None:
    """Send structlog's lines of `level` and above to standard error."""
    structlog.configure(
        processors=[_render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def _render(_: Any, level: str, event: Any) -> bytes:
    """Write one line; a single step, because every request writes one and each step costs it microseconds."""
    now = time.time_ns()
    line = {"at": iso_time(now // 1000, digits=6), "level": level, **event}
    if line.pop("exc_info", None):
        line["exception"] = structlog.processors.format_exc_info(None, "", {"exc_info": event["exc_info"]})["exception"]
    return _encode(line)

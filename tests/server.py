"""A real server in a process of its own, to be asked over real sockets and killed for real."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from tests import preloaded

ROOT = preloaded.ROOT
START_LIMIT_S = 30  # far more than a start takes; only says when to give up


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One `crossdock serve` process; with `factory`, one that serves another ASGI application instead of the program's.

    `errors` is where its standard error goes, if not where its output does. `module` runs as the program, and `start` starts
    the process: fast, or in an interpreter of its own.
    """

    def __init__(
        self, database: str, *options: str, demo: bool = True, log: Path | None = None, factory: str | None = None,
        errors: Path | None = None, module: str = "crossdock", start: Callable[..., Any] = preloaded.Process, **settings: Any,
    ) -> None:  # fmt: skip
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        environment = os.environ.copy()
        if factory is None:
            command = [module, "serve", "--port", str(self.port), "--database", database]
            command += ["--demo"] if demo else []
        else:  # it finds its settings where the program's own server processes find theirs
            command = ["uvicorn", factory, "--factory", "--port", str(self.port)]
            environment |= {"CROSSDOCK_DATABASE": database, "CROSSDOCK_DEMO": str(demo).lower()}
        environment |= {f"CROSSDOCK_{name.upper()}": str(value) for name, value in settings.items()}
        self._out = (log or Path(os.devnull)).open("wb")
        self._errors = errors.open("wb") if errors else self._out
        self.process = start(
            *command, *options, output=self._out.fileno(), errors=self._errors.fileno(), env=environment
        )

    def __enter__(self) -> "Server":
        began = time.monotonic()
        with httpx.Client(timeout=2) as http:  # one for all tries; making one costs a core what the start could use
            while True:
                try:
                    if http.get(f"{self.base}/health/ready").status_code == 200:
                        return self
                except httpx.TransportError:
                    pass
                if self.process.poll() is not None or time.monotonic() - began > START_LIMIT_S:
                    self.kill()
                    raise RuntimeError(f"the server did not start (exit code {self.process.poll()})")
                time.sleep(0.02)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        for file in (self._out, self._errors):
            file.close()

    def kill(self) -> None:
        """End the process, and the workers it started, at once and without warning."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(15)


@contextmanager
def servers(database: str, count: int, factory: str | None = None) -> Iterator[list[Server]]:
    """Run several servers on one migrated database, started together."""
    started = [Server(database, factory=factory) for _ in range(count)]
    try:
        yield [server.__enter__() for server in started]
    finally:
        for server in started:
            server.__exit__(None, None, None)

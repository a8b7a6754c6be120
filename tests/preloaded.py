"""Processes that start fast: each is forked from one that has imported the program already.

Importing costs a second of a core for each command, and tests run hundreds. `Process` is a `subprocess.Popen` for
`python -m MODULE ARGUMENTS` in this repository: a process and a session of its own, with its own arguments, environment and
files, that can be asked over sockets and killed. Tests of the start itself (`tests.cli.program.plain`) use an interpreter.
"""

import array
import contextlib
import gc
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_LONGEST_REQUEST = 1 << 20
_asking = threading.Lock()  # one request at a time
_NUMBER_BYTES = 10  # of a process id and of an exit status, which may arrive together
# What commands and servers import late.
_MODULES = (
    "alembic.command", "asyncpg", "crossdock.app", "crossdock.cli", "crossdock.demo", "crossdock.notifications.email.channel",
    "crossdock.notifications.webhook.channel", "crossdock.web.guides", "crossdock.web.openapi", "sqlalchemy.ext.asyncio",
    "uvicorn.main", "uvicorn.protocols.http.httptools_impl", "uvicorn.supervisors",
)  # fmt: skip


class Process:
    """A forked process. `output` and `errors` are file descriptors; its standard input is empty."""

    def __init__(
        self, module: str, *arguments: str, output: int, errors: int, env: dict[str, str], folder: str = str(ROOT)
    ) -> None:
        self.returncode: int | None = None
        ours, theirs = socket.socketpair()
        request = {"module": module, "arguments": arguments, "environment": env, "folder": folder}
        with theirs, _asking:
            _send(_parent(), request, [output, errors, theirs.fileno()])
        self._exit = ours
        self.pid = int(self._exit.recv(_NUMBER_BYTES))

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended, and return its exit code, negative for a signal. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._exit.settimeout(timeout)
            try:
                status = self._exit.recv(_NUMBER_BYTES)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            self._exit.close()
            self.returncode = os.waitstatus_to_exitcode(int(status))
        return self.returncode

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


@cache
def command_of_shells() -> str:
    """Return the command that stands for `crossdock` in scripts of this process's tests; serves it from then on."""
    folder = tempfile.TemporaryDirectory(prefix="crossdock")  # short, because paths of sockets are
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder.name}/socket")
    listener.listen()

    def serve() -> None:
        with folder:
            while True:
                threading.Thread(target=_run_for_shell, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    client = [sys.executable, "-I", "-S", f"{ROOT}/tests/command_of_shells.py", f"{folder.name}/socket"]
    return shlex.join(client)


def _run_for_shell(connection: socket.socket) -> None:
    """Run a command for its client until the command ends or the client is gone."""
    with connection:
        request, (output, errors) = _receive(connection)
        process = Process(
            "crossdock", *request["arguments"], output=output, errors=errors, env=request["environment"],
            folder=request["folder"],
        )  # fmt: skip
        for each in (output, errors):
            os.close(each)
        select.select([connection, process._exit], [], [])
        if process.poll() is None:
            process.terminate()
        code = process.wait()
        with contextlib.suppress(BrokenPipeError):
            connection.sendall(b"%d" % (code if code >= 0 else 128 - code))


@cache
def _parent() -> socket.socket:
    """Start the process that forks, and return the connection to it; it ends when the connection does."""
    ours, theirs = socket.socketpair()
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.preloaded", str(theirs.fileno())],
            cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return ours


def _send(connection: socket.socket, request: dict[str, Any], files: list[int]) -> None:
    body = json.dumps(request).encode()
    assert len(body) < _LONGEST_REQUEST
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))
    connection.sendmsg([len(body).to_bytes(8, "big")], [rights])
    connection.sendall(body)


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return the next request and its files. Raises EOFError where the connection has ended."""
    length, files, *_ = socket.recv_fds(connection, 8, 3)
    if not length:
        raise EOFError
    body = b""
    while len(body) < int.from_bytes(length, "big"):
        body += connection.recv(_LONGEST_REQUEST)
    return json.loads(body), files


def _next_command(connection: socket.socket) -> dict[str, Any]:
    """Fork a process for each request. Returns in these processes only."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those that watch are not waited for
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and with them the connection
    while True:
        request, (output, errors, exit_) = _receive(connection)
        if os.fork() == 0:
            connection.close()
            if _is_command(exit_):
                os.dup2(output, 1)
                os.dup2(errors, 2)
                for each in (output, errors, exit_):
                    os.close(each)
                return request
            os._exit(0)
        for each in (output, errors, exit_):
            os.close(each)


def _is_command(exit_: int) -> bool:
    """Fork the process of the command; the one that calls reports its id and how it ended, and returns False."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    command = os.fork()
    if command == 0:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        return True
    signal.signal(
        signal.SIGTERM, lambda *_: os.kill(command, signal.SIGKILL)
    )  # when all processes of the tests are ended
    for each in (0, 1, 2):  # so that a file of the command ends with the command
        os.close(each)
    os.write(exit_, b"%*d" % (_NUMBER_BYTES, command))
    _, status = os.waitpid(command, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(exit_, b"%*d" % (_NUMBER_BYTES, status))
    return False


def _main() -> None:
    from importlib import import_module

    for name in _MODULES:
        import_module(name)
    sys.modules["crossdock.doors"].all_doors()  # imports them
    import_module("tests.passwords").hash_with_little_work()
    gc.collect()
    gc.freeze()  # or the first collection of each process would copy all of it
    try:
        request = _next_command(socket.socket(fileno=int(sys.argv[1])))
    except EOFError:
        return
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    if hasattr(time, "tzset"):
        time.tzset()
    sys.argv[1:] = request["arguments"]
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()

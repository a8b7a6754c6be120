"""The program as a process: run a command, and check how it ended and what it printed."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from crossdock.settings import without_password
from tests import preloaded
from tests.server import ROOT

LIMIT_S = 30  # far more than any command takes


def run(database: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `crossdock` with these arguments on a database, in a process that starts fast."""
    return run_plainly(*arguments, "--database", database, **environment)


def run_plainly(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `crossdock` with exactly these arguments, in a process that starts fast."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        files = {"output": output.fileno(), "errors": errors.fileno()}
        process = preloaded.Process("crossdock", *command, **files, env=os.environ | environment)
        try:
            code = process.wait(LIMIT_S)
        finally:
            process.kill()
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess([*command], code, output.read(), errors.read())


def plain(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `crossdock` with exactly these arguments, in a new interpreter."""
    return subprocess.run(
        [sys.executable, "-m", "crossdock", *arguments],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip


def done(database: str, *arguments: str) -> str:
    """Run a command that must succeed and name its database on standard error; return what it printed."""
    answer = run(database, *arguments)
    assert (answer.returncode, answer.stderr) == (0, f"database: {without_password(database)}\n")
    return answer.stdout


def refused(answer: subprocess.CompletedProcess[str]) -> str:
    """Return the one line with which a command was refused; before it stands at most the name of the database."""
    assert (answer.returncode, answer.stdout) == (1, "")
    *before, line = answer.stderr.splitlines()
    assert [each for each in before if not each.startswith("database: ")] == []
    assert len(before) < 2
    assert line.startswith("crossdock: ")
    return line


def field(text: str, name: str) -> str:
    """Return the word after a label at the beginning of a line."""
    found = re.search(rf"^{re.escape(name)}\s+(\S+)", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fail when it never does."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < LIMIT_S, "it never came to hold"
        time.sleep(0.02)

"""Servers with a bad disk and a wrong clock: a preloaded library (faults.c) makes writes fail, fsyncs slow and clocks jump."""

import shutil
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.server import ROOT, Server

COMPILER = shutil.which("cc") if sys.platform == "linux" else None
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler (cc) on this machine, or no Linux")
HOUR_S, YEAR_S = 3_600, 365 * 86_400


@cache
def library() -> Path:
    """Compile the library, once for this process."""
    made = Path(mkdtemp(prefix="crossdock")) / "faults.so"
    source = Path(__file__).with_name("faults.c")
    subprocess.run([str(COMPILER), "-O1", "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"], check=True)
    return made


class Faults:
    """What is wrong with the machine of a server, which can be changed while it runs."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "faults"
        self.set()

    def set(self, *, error: int = 0, fsync_ms: int = 0, clock_s: int = 0) -> None:
        """Set the error of writes (errno), the delay of each fsync and the offset of the clock; nothing is wrong by default."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:  # in place, because it is mapped
            file.write(struct.pack("3q", error, fsync_ms, clock_s))

    def server(self, database: str, **more: Any) -> Server:
        """Return a server that has these faults."""
        return Server(database, start=self._start, **more)

    def _start(self, *command: str, output: int, errors: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            env=env | {"LD_PRELOAD": str(library()), "FAULTS": str(self._file)}, start_new_session=True,
        )  # fmt: skip

"""`make serve` on machines where it cannot work: one line that says what is missing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.server import ROOT

# A Python of an older version, and one without venv: what they answer to the checks of the Makefile.
OLD = '#!/bin/sh\ncase "$*" in *version_info*) exit 1;; esac\n'
WITHOUT_VENV = '#!/bin/sh\ncase "$*" in *ensurepip*) echo Traceback >&2; exit 1;; esac\n'


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("python", "line"),
    [(OLD, "Crossdock needs Python 3.11 or newer. Name one: make serve PYTHON=python3.12"),
     (WITHOUT_VENV, "This Python has no venv. On Debian and Ubuntu: apt install python3-venv")],
)  # fmt: skip
def test_a_python_that_cannot_run_crossdock_is_one_line(python: str, line: str, tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "python").write_text(python)
    (tmp_path / "python").chmod(0o755)
    # Below `make test`, make would say which folder it enters.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    made = subprocess.run(
        ["make", "serve", "PYTHON=./python"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 2
    assert made.stderr.splitlines()[0] == line
    assert made.stdout == ""

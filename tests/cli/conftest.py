"""Databases for commands: missing, empty, and with the demo organization."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.program import done


@pytest.fixture
def missing(tmp_path: Path) -> str:
    """Return the URL of a database that does not exist, in a folder that does not either."""
    return f"sqlite:///{tmp_path}/new/crossdock.db"


@pytest.fixture
def empty(missing: str) -> str:
    """Return the URL of a migrated database without organizations."""
    done(missing, "migrate")
    return missing


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    """Return the path of a migrated SQLite file with the demo organization in it."""
    return Path(shutil.copy(sqlite_template, tmp_path / "crossdock.db"))


@pytest.fixture
def filled(file: Path) -> str:
    """Return the URL of that file."""
    return f"sqlite:///{file}"


@pytest.fixture
def organization(filled: str) -> str:
    """Return the id of the demo organization."""
    (each,) = json.loads(done(filled, "organization", "list", "--json"))
    return str(each["id"])

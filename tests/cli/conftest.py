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


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file as `crossdock migrate` makes it."""
    path = tmp_path_factory.mktemp("empty") / "crossdock.db"
    done(f"sqlite:///{path}", "migrate")
    return path


@pytest.fixture
def empty(empty_file: Path, tmp_path: Path) -> str:
    """Return the URL of a migrated database without organizations."""
    return f"sqlite:///{shutil.copy(empty_file, tmp_path / 'empty.db')}"


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    """Return the path of a migrated SQLite file with the demo organization in it."""
    return Path(shutil.copy(sqlite_template, tmp_path / "crossdock.db"))


@pytest.fixture
def filled(file: Path) -> str:
    """Return the URL of that file."""
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def organization(sqlite_template: Path) -> str:
    """Return the id of the demo organization, which is the same in every copy of the template."""
    (each,) = json.loads(done(f"sqlite:///{sqlite_template}", "organization", "list", "--json"))
    return str(each["id"])

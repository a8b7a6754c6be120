"""As many fresh databases as a test wants."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.conftest import renamed
from tests.store.conftest import administer

_numbers = count(1)


@pytest.fixture
def fresh(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Give a function that makes a database with the demo organization in it and gives its URL."""
    made: list[str] = []

    def on_sqlite() -> str:
        path = tmp_path / f"fresh_{next(_numbers)}.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"

    def on_postgres() -> str:
        url, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("postgres_template")
        made.append(f"fresh_{os.getpid()}_{next(_numbers)}")
        asyncio.run(administer(url, f"CREATE DATABASE {made[-1]} TEMPLATE {template}"))
        return renamed(url, made[-1])

    yield on_sqlite if engine == "sqlite" else on_postgres
    for name in made:
        asyncio.run(administer(request.getfixturevalue("postgres_url"), f"DROP DATABASE {name} WITH (FORCE)"))

"""As many fresh databases as a test wants."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.conftest import MEMORY
from tests.databases import Databases


@pytest.fixture
async def fresh_on_postgres(postgres_databases: Databases) -> AsyncIterator[Callable[[], str]]:
    made: list[str] = []

    def take() -> str:
        made.append(postgres_databases.take())
        return made[-1]

    yield take
    for url in made:
        await postgres_databases.give_back(url)


@pytest.fixture
def fresh(engine: str, request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Return a function that makes a database with the demo organization in it and gives its URL."""
    if engine != "sqlite":
        yield request.getfixturevalue("fresh_on_postgres")
        return
    template: Path = request.getfixturevalue("sqlite_template")
    numbers = count(1)
    with tempfile.TemporaryDirectory(dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield lambda: f"sqlite:///{shutil.copy(template, Path(folder) / f'fresh_{next(numbers)}.db')}"

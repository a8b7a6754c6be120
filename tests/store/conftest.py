"""Databases for the store: an empty one, and an opened one."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from crossdock.store.protocols import Store
from crossdock.store.schema import open_store
from tests.databases import administer, renamed

_numbers = count(1)


@pytest.fixture
def empty_database(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database with nothing in it, not even a schema."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    url, name = request.getfixturevalue("postgres_url"), f"empty_{os.getpid()}_{next(_numbers)}"
    asyncio.run(administer(url, f"CREATE DATABASE {name}"))
    yield renamed(url, name)
    asyncio.run(administer(url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    """Return an open store over a migrated database."""
    opened = await open_store(database)
    yield opened
    await opened.close()

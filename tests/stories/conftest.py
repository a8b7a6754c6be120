"""The server that the pages are run against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Run a demo server that looks for stock often."""
    with Server(f"sqlite:///{tmp_path}/crossdock.db", allocation_interval_s=0.2) as started:
        yield started

"""Every call of this door as recorded: its answer, and the orders before and after."""

from pathlib import Path

import pytest

from tests.doors.pb_oms import golden
from tests.world import World

FILES = sorted((Path(__file__).parent / "golden").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_is_as_recorded(world: World, path: Path) -> None:
    await golden.check(world, path)

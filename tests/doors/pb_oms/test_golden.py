"""Every call of this door as recorded: its answer, and the orders before and after."""

from pathlib import Path

from tests.doors.golden import cases
from tests.doors.pb_oms.golden import Player
from tests.world import World


@cases(__file__)
async def test_is_as_recorded(world: World, path: Path) -> None:
    await Player.check(world, path)

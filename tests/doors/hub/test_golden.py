"""Every call on orders as recorded: answer, and the order before and after."""

from pathlib import Path

from tests.doors.golden import cases
from tests.doors.hub.golden import Player
from tests.world import World


@cases(__file__)
async def test_is_as_recorded(world: World, path: Path) -> None:
    await Player.check(world, path)

"""Every call on an order as recorded: answer, and the order before and after."""

from pathlib import Path

from tests.doors.fabric.golden_stock import Player
from tests.doors.golden import cases
from tests.world import World


@cases(__file__)
async def test_a_call_is_answered_as_recorded(world: World, path: Path) -> None:
    await Player.check(world, path)

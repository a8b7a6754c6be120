"""The recorded cases of this door: the response, and the orders before and after the call."""

from pathlib import Path

from tests.doors.golden import cases
from tests.doors.hub.golden import Player
from tests.world import World


@cases(__file__)
async def test_a_call_behaves_as_recorded(world: World, path: Path) -> None:
    await Player.check(world, path)

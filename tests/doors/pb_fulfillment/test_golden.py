"""Every call of this door compared with recorded cases: its response, and the orders before and after."""

import re
from pathlib import Path

from crossdock.doors.pb_fulfillment import DOOR
from tests.doors import golden_format
from tests.doors.golden import cases, files
from tests.doors.pb_fulfillment.golden import Player
from tests.world import World


@cases(__file__)
async def test_a_call_behaves_as_recorded(world: World, path: Path) -> None:
    await Player.check(world, path)


def test_every_route_has_a_recorded_case_that_succeeds() -> None:
    recorded = [golden_format.read(path) for path in files(__file__)]
    succeeded = {
        (case["request"]["method"], case["request"]["path"].partition("?")[0])
        for case in recorded
        if case["response"]["status"] < 300
    }
    missing = [
        route.operation
        for route in DOOR.routes
        if route.scope is not None
        and not any(
            method == route.method and re.fullmatch(re.sub(r"\\{\w+\\}", "<[A-Z]>", re.escape(route.paths[0])), path)
            for method, path in succeeded
        )
    ]
    assert missing == []

import pytest

from tests.doors.pb_fulfillment.desk import Desk, demo_desk
from tests.world import World


@pytest.fixture
async def desk(world: World) -> Desk:
    return await demo_desk(world)

import pytest

from tests.doors.pb_oms.client import Headers
from tests.world import World


@pytest.fixture
async def headers(world: World) -> Headers:
    return await world.bearer()

import pytest

from tests.doors.pb_fulfillment.client import VendorClient, demo_client
from tests.world import World


@pytest.fixture
async def client(world: World) -> VendorClient:
    return await demo_client(world)

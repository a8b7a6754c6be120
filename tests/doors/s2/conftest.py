"""The caller most tests of this door ask as."""

import pytest

from tests.world import World


@pytest.fixture
async def headers(world: World) -> dict[str, str]:
    """Return the authorization header of a client of the demo organization; signing in has tests of its own."""
    return await world.bearer()

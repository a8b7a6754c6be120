"""The authorization header of most tests."""

import pytest

from tests.world import World


@pytest.fixture
async def headers(world: World) -> dict[str, str]:
    """Return the authorization header of a client of the demo organization; routes/test_tokens.py tests the sign-in."""
    return await world.bearer()

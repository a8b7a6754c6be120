"""Signed links: keys for URLs that need no token."""

import jwt
import pytest

from crossdock.core.errors import NotFound
from crossdock.flows import access, signed_links
from tests.notifications.world import caller_of
from tests.world import World


async def key_of(world: World, *, lifetime_s: int = 60) -> str:
    caller = await caller_of(world)
    return signed_links.link_key(world.context, caller, purpose="upload", subject="42", lifetime_s=lifetime_s)


async def test_a_link_is_read_as_its_subject_in_the_name_of_its_maker(world: World) -> None:
    caller, subject = await signed_links.read_link(world.context, await key_of(world), purpose="upload")
    assert (caller.organization, caller.actor, subject) == (await world.demo_organization(), "demo", "42")


@pytest.mark.parametrize("purpose", ["download", ""])
async def test_a_link_is_for_one_purpose(world: World, purpose: str) -> None:
    with pytest.raises(NotFound, match="no such link"):
        await signed_links.read_link(world.context, await key_of(world), purpose=purpose)


async def test_a_link_ends(world: World) -> None:
    key, now = await key_of(world), world.context.clock()
    world.context.clock = lambda: now + 61_000_000
    with pytest.raises(NotFound, match="expired"):
        await signed_links.read_link(world.context, key, purpose="upload")


async def test_a_key_of_another_signer_is_refused(world: World) -> None:
    claims = {"aud": "upload", "sub": "42", "org": 1, "act": "demo", "exp": 2**40}
    for forged in ("", "nonsense", jwt.encode(claims, "x" * 32), jwt.encode(claims, None, algorithm="none")):
        with pytest.raises(NotFound, match="no such link"):
            await signed_links.read_link(world.context, forged, purpose="upload")


async def test_a_link_is_no_token_and_a_token_no_link(world: World) -> None:
    token = (await world.bearer())["Authorization"].removeprefix("Bearer ")
    with pytest.raises(NotFound):
        await signed_links.read_link(world.context, token, purpose="upload")
    with pytest.raises(Exception, match="token is not valid"):
        await access.recognize(world.context, token=await key_of(world))

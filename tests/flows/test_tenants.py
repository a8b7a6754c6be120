"""People of organizations: added, listed, disabled, given a new password, removed; on both engines."""

import asyncio

import pytest

from crossdock.core.errors import Code, Conflict, Denied
from crossdock.flows import access, tenants
from tests.world import World

EMAIL, OLD, NEW = "ada@example.com", "correct horse", "battery staple"


async def add(world: World, organization_id: int, *, password: str = OLD) -> bool:
    return await tenants.add_person(
        world.context, organization_id, email="Ada@Example.com", name="Ada", password=password, scopes="orders:read"
    )


async def can_sign_in(world: World, password: str) -> bool:
    try:
        await access.sign_in(world.context, email=EMAIL, password=password, lifetime_s=60, claims=lambda _: {})
    except Denied as refusal:
        assert refusal.code is Code.BAD_CREDENTIALS
        return False
    return True


async def token(world: World, password: str = OLD) -> str:
    grant, _, _ = await access.sign_in(
        world.context, email=EMAIL, password=password, lifetime_s=60, claims=lambda _: {}
    )
    return grant.token


async def is_valid(world: World, signed: str) -> bool:
    try:
        await access.recognize(world.context, token=signed)
    except Denied:
        return False
    return True


@pytest.fixture
async def organization_id(world: World) -> int:
    return (await world.demo_organization()).organization_id


@pytest.fixture
async def other_id(world: World) -> int:
    made = await tenants.add_organization(world.context, name="Other", uuid="7b7e9a52-65a1-4a0e-8a5c-0b54c0a7d001")
    return made.organization_id


class TestAddPerson:
    async def test_a_person_known_already_keeps_their_password(
        self, world: World, organization_id: int, other_id: int
    ) -> None:
        assert await add(world, organization_id)
        assert not await add(world, other_id, password=NEW)
        assert await can_sign_in(world, OLD)
        assert not await can_sign_in(world, NEW)

    async def test_a_person_is_not_added_twice_to_an_organization(self, world: World, organization_id: int) -> None:
        assert await add(world, organization_id)
        with pytest.raises(Conflict) as refusal:
            await add(world, organization_id)
        assert refusal.value.code is Code.EXISTS


class TestDisablePerson:
    async def test_a_disabled_person_has_no_valid_token_and_cannot_sign_in(
        self, world: World, organization_id: int
    ) -> None:
        await add(world, organization_id)
        signed = await token(world)
        for _ in range(2):  # a second time changes nothing
            assert await tenants.disable_person(world.context, email=EMAIL.upper())
            assert not await is_valid(world, signed)
            assert not await can_sign_in(world, OLD)
        assert await tenants.enable_person(world.context, email=EMAIL)
        assert not await is_valid(world, signed)
        assert await is_valid(world, await token(world))

    async def test_enabling_a_person_who_is_not_disabled_ends_no_token(
        self, world: World, organization_id: int
    ) -> None:
        await add(world, organization_id)
        signed = await token(world)
        assert await tenants.enable_person(world.context, email=EMAIL)
        assert await is_valid(world, signed)

    async def test_a_person_who_does_not_exist_is_reported(self, world: World) -> None:
        assert not await tenants.disable_person(world.context, email="nobody@example.com")
        assert not await tenants.enable_person(world.context, email="nobody@example.com")
        assert not await tenants.set_password(world.context, email="nobody@example.com", password=NEW)


class TestSetPassword:
    async def test_a_new_password_ends_every_token_and_the_old_password(
        self, world: World, organization_id: int
    ) -> None:
        await add(world, organization_id)
        signed = await token(world)
        assert await tenants.set_password(world.context, email=EMAIL, password=NEW)
        assert not await is_valid(world, signed)
        assert not await can_sign_in(world, OLD)
        assert await is_valid(world, await token(world, NEW))

    async def test_a_new_password_lets_a_disabled_person_sign_in(self, world: World, organization_id: int) -> None:
        await add(world, organization_id)
        await tenants.disable_person(world.context, email=EMAIL)
        await tenants.set_password(world.context, email=EMAIL, password=NEW)
        assert await can_sign_in(world, NEW)

    async def test_two_disablings_at_the_same_time_are_undone_by_one_enabling(
        self, world: World, organization_id: int
    ) -> None:
        """A hash that is marked twice would never verify again."""
        await add(world, organization_id)
        for _ in range(5):
            await asyncio.gather(
                tenants.disable_person(world.context, email=EMAIL), tenants.disable_person(world.context, email=EMAIL)
            )
            await tenants.enable_person(world.context, email=EMAIL)
            assert await can_sign_in(world, OLD)


class TestMembers:
    async def test_the_people_of_an_organization_are_listed_with_their_state(
        self, world: World, organization_id: int, other_id: int
    ) -> None:
        await add(world, other_id)
        ((person, membership),) = await tenants.members(world.context, other_id)
        assert (person.email, person.name, person.is_disabled, membership.scopes) == (
            EMAIL, "Ada", False, "orders:read",
        )  # fmt: skip
        await tenants.disable_person(world.context, email=EMAIL)
        ((person, _),) = await tenants.members(world.context, other_id)
        assert person.is_disabled
        assert EMAIL not in [person.email for person, _ in await tenants.members(world.context, organization_id)]


class TestRemovePerson:
    async def test_a_person_is_removed_from_one_organization_at_a_time(
        self, world: World, organization_id: int, other_id: int
    ) -> None:
        await add(world, organization_id)
        await add(world, other_id)
        assert await tenants.remove_person(world.context, organization_id, email=EMAIL)
        assert not await tenants.remove_person(world.context, organization_id, email=EMAIL)
        assert await can_sign_in(world, OLD)
        signed = await token(world)
        assert await tenants.remove_person(world.context, other_id, email=EMAIL)
        assert not await is_valid(world, signed)
        assert not await can_sign_in(world, OLD)
        assert await add(world, other_id, password=NEW)  # as a new person
        assert await can_sign_in(world, NEW)
        assert not await is_valid(world, signed)

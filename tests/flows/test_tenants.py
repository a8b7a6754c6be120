"""Organizations with their vendors' ids, clients with their secrets, people with their passwords; on both engines."""

import asyncio
import subprocess
import sys

import pytest

from crossdock import demo
from crossdock.core.errors import Code, Conflict, Denied
from crossdock.flows import access, tenants
from tests import passwords
from tests.server import ROOT
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


SECRET = "a secret of the client's own"


async def grant_of(world: World, client_id: str, secret: str) -> str | None:
    """Return a token, or None where the secret is refused."""
    try:
        grant, _ = await access.grant(world.context, client_id=client_id, secret=secret, lifetime_s=10 * 86_400)
    except Denied as refusal:
        assert refusal.code is Code.BAD_CREDENTIALS
        return None
    return grant.token


@pytest.fixture
async def client_id(world: World, organization_id: int) -> str:
    client, _ = await tenants.add_client(
        world.context, organization_id, name="ERP", scopes="orders:read", client_id="mine", secret=SECRET
    )
    return client.client_id


class TestRotateClient:
    async def test_the_old_secret_and_its_tokens_end_after_the_overlap(
        self, world: World, organization_id: int, client_id: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = await grant_of(world, client_id, SECRET)
        assert before is not None
        secret = await tenants.rotate_client(world.context, organization_id, client_id=client_id, overlap_s=30)
        assert secret is not None
        now = world.context.clock()
        assert await grant_of(world, client_id, SECRET) is not None
        assert await is_valid(world, before)
        monkeypatch.setattr(world.context, "clock", lambda: now + 30_000_000)
        world.context.access.forget()
        assert await grant_of(world, client_id, SECRET) is None
        assert not await is_valid(world, before)
        after = await grant_of(world, client_id, secret)
        assert after is not None
        assert await is_valid(world, after)

    async def test_without_overlap_the_old_secret_and_its_tokens_end_at_once(
        self, world: World, organization_id: int, client_id: str
    ) -> None:
        before = await grant_of(world, client_id, SECRET)
        assert before is not None
        own = "another of its own"
        made = await tenants.rotate_client(world.context, organization_id, client_id=client_id, secret=own, overlap_s=0)
        assert made == own
        assert await grant_of(world, client_id, SECRET) is None
        assert not await is_valid(world, before)
        assert await grant_of(world, client_id, own) is not None

    async def test_two_rotations_at_the_same_time_both_happen(
        self, world: World, organization_id: int, client_id: str
    ) -> None:
        made = await asyncio.gather(
            *(tenants.rotate_client(world.context, organization_id, client_id=client_id) for _ in range(2))
        )
        assert [secret for secret in made if secret and await grant_of(world, client_id, secret) is None] == []
        assert await grant_of(world, client_id, SECRET) is None  # one old secret at a time

    async def test_a_client_of_another_organization_is_not_rotated(
        self, world: World, other_id: int, client_id: str
    ) -> None:
        assert await tenants.rotate_client(world.context, other_id, client_id=client_id) is None
        assert await grant_of(world, client_id, SECRET) is not None


class TestOrganizations:
    async def test_ids_of_a_vendor_are_replaced_by_kind(self, world: World) -> None:
        uuid = "7b7e9a52-65a1-4a0e-8a5c-0b54c0a7d001"
        added = await tenants.add_organization(
            world.context, name="Other", uuid=uuid.upper(), references=[("fabric_account", "a"), ("other", "b")]
        )
        changed = await tenants.change_organization(
            world.context, added, name="New", references={"fabric_account": ["c", "d"]}
        )
        assert await tenants.vendor_references(world.context, added.organization_id) == {
            ("fabric_account", "c"), ("fabric_account", "d"), ("other", "b"),
        }  # fmt: skip
        assert await tenants.find_organizations(world.context, "new") == [changed]
        assert await tenants.find_organizations(world.context, str(added.organization_id)) == [changed]
        assert (changed.uuid, changed.created_at) == (uuid, added.created_at)

    async def test_of_two_who_change_what_they_saw_the_second_is_refused(self, world: World, other_id: int) -> None:
        seen = await tenants.organization_now(world.context, other_id)
        await tenants.change_organization(world.context, seen, name="First", seen=seen.updated_at)
        with pytest.raises(Conflict) as refusal:
            await tenants.change_organization(world.context, seen, name="Second", seen=seen.updated_at)
        assert refusal.value.code is Code.STALE_VERSION
        assert (await tenants.organization_now(world.context, other_id)).name == "First"

    async def test_a_refused_change_changes_nothing(self, world: World, organization_id: int, other_id: int) -> None:
        await tenants.add_vendor_reference(world.context, organization_id, kind="fabric_account", value="taken")
        (other,) = await tenants.find_organizations(world.context, str(other_id))
        for change in (
            {"name": "New", "uuid": demo.ORGANIZATION_UUID},
            {"name": "New", "references": {"fabric_account": ["free", "taken"]}},
            {"name": "DEMO", "references": {"fabric_account": ["free"]}},
        ):
            with pytest.raises(Conflict) as refusal:
                await tenants.change_organization(world.context, other, **change)  # type: ignore[arg-type]
            assert refusal.value.code is Code.EXISTS
            assert await tenants.find_organizations(world.context, str(other_id)) == [other]
            assert await tenants.vendor_references(world.context, other_id) == set()

    async def test_another_uuid_is_free_to_be_used_and_the_old_one_too(self, world: World, other_id: int) -> None:
        (other,) = await tenants.find_organizations(world.context, str(other_id))
        uuid = "7b7e9a52-65a1-4a0e-8a5c-0b54c0a7d0ff"
        await tenants.change_organization(world.context, other, uuid=uuid)
        await tenants.add_organization(world.context, name="Third", uuid=other.uuid)
        with pytest.raises(Conflict, match="belongs to the organization Other"):
            await tenants.add_organization(world.context, name="Fourth", uuid=uuid)

    async def test_an_organization_is_removed_with_all_that_is_its(self, world: World, other_id: int) -> None:
        (other,) = await tenants.find_organizations(world.context, str(other_id))
        await tenants.remove_organization(world.context, other)
        assert await tenants.find_organizations(world.context, str(other_id)) == []
        await tenants.add_organization(world.context, name=other.name, uuid=other.uuid)


class TestPasswordWork:
    def test_the_passwords_of_the_program_take_64_mib_and_three_passes(self) -> None:
        """In a process of its own: tests hash theirs with little work."""
        code = "import asyncio; from crossdock.flows import tenants; print(asyncio.run(tenants._hash('x')))"
        ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        for each in (ran.stdout, passwords.OF_DEMO, passwords.OF_NOBODY):
            assert each.startswith("$argon2id$v=19$m=65536,t=3,p=4$")

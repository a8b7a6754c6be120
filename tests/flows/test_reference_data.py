"""Catalog entries change as a whole, for their organization only, and no change is lost."""

import asyncio
import json

from crossdock.flows import reference_data, tenants
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store.catalog import CatalogEntry
from crossdock.store.tenants import Organization
from tests.world import STRANGERS_UUID, World

KIND = "s2/account"


async def added(context: Context, organization: Organization, document: bytes = b"[]") -> CatalogEntry:
    """Add an entry under a key that every organization here has."""
    caller = Caller(organization, "test", frozenset({"admin"}))
    return await reference_data.add(context, caller, kind=KIND, key="k", name="Name", document=document)


async def kept(context: Context, organization: Organization) -> CatalogEntry:
    caller = Caller(organization, "test", frozenset({"admin"}))
    return (await reference_data.look_up(context, caller, [(KIND, "k")])).entries[KIND, "k"]


class TestChange:
    async def test_change_keeps_all_but_the_document_and_its_time(self, world: World) -> None:
        organization = await world.demo_organization()
        before = await added(world.context, organization)
        changed = await reference_data.change(
            world.context, organization.organization_id, kind=KIND, key="k", changed=lambda old: old + b" "
        )
        assert changed == await kept(world.context, organization)
        assert changed is not None
        assert (changed.document, changed.created_at) == (b"[] ", before.created_at)
        assert changed.updated_at > before.updated_at
        assert (changed.name, changed.search, changed.position) == (before.name, before.search, before.position)

    async def test_change_of_nothing_leaves_the_time_alone(self, world: World) -> None:
        organization = await world.demo_organization()
        before = await added(world.context, organization)
        same = await reference_data.change(
            world.context, organization.organization_id, kind=KIND, key="k", changed=lambda old: old
        )
        assert same == before == await kept(world.context, organization)

    async def test_change_is_not_for_another_organization(self, world: World) -> None:
        organization = await world.demo_organization()
        other = await tenants.add_organization(world.context, name="Other", uuid=STRANGERS_UUID)
        before = await added(world.context, organization)

        async def theirs() -> CatalogEntry | None:
            return await reference_data.change(
                world.context, other.organization_id, kind=KIND, key="k", changed=lambda _: b"theirs"
            )

        assert await theirs() is None
        assert await kept(world.context, organization) == before
        await added(world.context, other)
        assert await theirs() == await kept(world.context, other)
        assert await kept(world.context, organization) == before

    async def test_change_of_what_is_not_there_gives_nothing(self, world: World) -> None:
        organization = await world.demo_organization()
        await added(world.context, organization)
        for kind, key in ((KIND, "K"), ("s2/brand", "k")):
            found = await reference_data.change(
                world.context, organization.organization_id, kind=kind, key=key, changed=lambda _: b"new"
            )
            assert found is None

    async def test_change_is_not_lost_when_others_change_at_once(self, world: World) -> None:
        organization = await world.demo_organization()
        await added(world.context, organization)

        async def note(number: int) -> None:
            await reference_data.change(
                world.context, organization.organization_id, kind=KIND, key="k",
                changed=lambda old: json.dumps([*json.loads(old), number]).encode(),
            )  # fmt: skip

        await asyncio.gather(*map(note, range(16)))
        assert sorted(json.loads((await kept(world.context, organization)).document)) == list(range(16))


class TestRemove:
    async def test_remove_is_for_good_and_for_one_organization(self, world: World) -> None:
        organization = await world.demo_organization()
        other = await tenants.add_organization(world.context, name="Other", uuid=STRANGERS_UUID)
        theirs = await added(world.context, other)
        await added(world.context, organization)
        assert await reference_data.remove(world.context, organization.organization_id, kind=KIND, key="k")
        assert not await reference_data.remove(world.context, organization.organization_id, kind=KIND, key="k")
        assert await kept(world.context, other) == theirs
        again = await added(world.context, organization, b"[1]")
        assert await kept(world.context, organization) == again

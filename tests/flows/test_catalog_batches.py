"""Several documents are added or changed in one transaction, also by several requests at a time."""

import asyncio
from collections.abc import Callable

import pytest

from crossdock.core.errors import NotFound
from crossdock.flows import catalog, catalog_batches
from crossdock.flows.catalog import CatalogEntry, Draft
from tests.notifications.world import caller_of
from tests.world import World

KIND = "fabric/shipping_item"


class TestAddMissing:
    async def test_entries_that_exist_stay_as_they_are(self, world: World) -> None:
        caller = await caller_of(world)
        await catalog.add(world.context, caller, kind=KIND, key="a", draft=Draft(b"first"))
        drafts = {key: Draft(b"second") for key in ("a", "b")}
        await catalog_batches.add_missing(world.context, caller, kind=KIND, drafts=drafts)
        found = await catalog.find(world.context, caller, kind=KIND, keys=["a", "b"])
        assert {entry.key: entry.document for entry in found} == {"a": b"first", "b": b"second"}

    async def test_requests_that_race_for_the_same_entries_all_succeed(self, world: World) -> None:
        caller = await caller_of(world)
        drafts = [{f"k{(number + place) % 7}": Draft(b"x") for number in range(5)} for place in range(8)]
        calls = [catalog_batches.add_missing(world.context, caller, kind=KIND, drafts=each) for each in drafts]
        await asyncio.gather(*calls)
        _, total = await catalog.page(world.context, caller, kind=KIND, limit=1)
        assert total == 7


def appended(text: bytes) -> Callable[[CatalogEntry], Draft]:
    """Return the change that appends a text to a document."""
    return lambda entry: Draft(entry.document + text)


class TestChangeAll:
    async def test_all_entries_are_changed_or_none(self, world: World) -> None:
        caller = await caller_of(world)
        for key in "ab":
            await catalog.add(world.context, caller, kind=KIND, key=key, draft=Draft(key.encode()))
        makes = {key: appended(b"1") for key in "ba"}
        changed = await catalog_batches.change_all(world.context, caller, kind=KIND, makes=makes)
        assert [(entry.key, entry.document, entry.version) for entry in changed] == [("b", b"b1", 2), ("a", b"a1", 2)]
        with pytest.raises(NotFound):
            await catalog_batches.change_all(
                world.context, caller, kind=KIND, makes={"a": appended(b"2"), "c": appended(b"2")}
            )
        (entry,) = await catalog.find(world.context, caller, kind=KIND, keys=["a"])
        assert entry.document == b"a1"

    async def test_changes_that_race_for_the_same_entries_all_count(self, world: World) -> None:
        caller = await caller_of(world)
        for key in "ab":
            await catalog.add(world.context, caller, kind=KIND, key=key, draft=Draft(b""))
        orders = ("ab", "ba", "ab", "ba")
        calls = [
            catalog_batches.change_all(world.context, caller, kind=KIND, makes={key: appended(b"1") for key in order})
            for order in orders
        ]
        await asyncio.gather(*calls)
        found = await catalog.find(world.context, caller, kind=KIND, keys=["a", "b"])
        assert [entry.document for entry in found] == [b"1111", b"1111"]

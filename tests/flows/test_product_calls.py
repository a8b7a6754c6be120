"""Products are added and changed once under a key, also where several requests come at the same time."""

import asyncio

import msgspec
import pytest

from crossdock.core.catalog.products import Product
from crossdock.core.errors import Code, Conflict, NotFound
from crossdock.flows import product_calls
from crossdock.flows.catalog import CatalogEntry
from crossdock.flows.single_calls import Answer, SingleCall
from tests.notifications.world import caller_of
from tests.world import World


def render(entry: CatalogEntry) -> bytes:
    return msgspec.json.encode(entry.version)


async def put(world: World, name: str, call: SingleCall | None = None, **allowed: bool) -> Answer:
    """Put the product MUG; the name grows by what is given."""

    def make(before: Product | None) -> Product:
        return Product(sku="MUG", name=(before.name or "" if before else "") + name)

    return await product_calls.put(
        world.context, await caller_of(world), "MUG", make, render=render, door="hub", call=call, **allowed
    )


async def test_a_product_is_added_or_changed_as_allowed(world: World) -> None:
    with pytest.raises(NotFound):
        await put(world, "a", add=False)
    assert (await put(world, "a")).body == b"1"
    with pytest.raises(Conflict) as refusal:
        await put(world, "a", change=False)
    assert refusal.value.code is Code.EXISTS
    assert (await put(world, "b")).body == b"2"
    assert (await put(world, "")).body == b"2"


async def test_changes_at_once_all_count_and_a_repeat_does_not(world: World) -> None:
    call = SingleCall(b"k" * 32, "put", b"{}")
    answers = await asyncio.gather(*(put(world, "a") for _ in range(4)), *(put(world, "b", call) for _ in range(2)))
    assert sorted(int(each.body) for each in answers[:4]) != [1, 1, 1, 1]
    assert sorted(each.replayed for each in answers[4:]) == [False, True]
    assert (await put(world, "")).body == b"5"

"""Searches of catalog entries: groups of terms, times, sorting, counting."""

from typing import Any

from crossdock.core.catalog.locations import Location, encode_location
from crossdock.flows import catalog, catalog_search
from crossdock.flows.catalog import Draft
from crossdock.flows.catalog_search import Filter
from tests.notifications.world import caller_of
from tests.world import World


async def test_an_entry_matches_one_term_of_each_group_and_all_times(world: World) -> None:
    caller = await caller_of(world)
    begin = world.context.clock()
    for number, text in enumerate(("=a= =x=", "=b= =x=", "=c% =y=")):
        world.context.clock = lambda number=number: begin + number  # type: ignore[misc]
        document = encode_location(Location(str(number)))
        await catalog.add(world.context, caller, kind="test", key=str(number), draft=Draft(document, text))

    async def found(*terms: tuple[str, ...], sort: Any = "position", ascending: bool = True, **more: Any) -> str:
        filter = Filter("test", terms, **more)
        entries = await catalog_search.page(world.context, caller, filter, limit=9, sort=sort, ascending=ascending)
        assert await catalog_search.count(world.context, caller, filter) == len(entries)
        return "".join(entry.key for entry in entries)

    assert await found() == "012"
    assert await found(sort="created_at", ascending=False) == "210"
    assert await found(("=A=", "=b="), ("=x=",)) == "01"
    assert await found(("=a=",), ("=y=",)) == ""
    assert await found(("c%",)) == "2"
    assert await found(("%x%",)) == ""
    assert await found(created_from=begin + 1) == "12"
    assert await found(updated_to=begin + 1, created_to=begin + 2) == "0"
    entries = await catalog_search.page(world.context, caller, Filter("test"), limit=1, offset=1)
    assert [entry.key for entry in entries] == ["1"]
    assert await found(before=entries[0].position) == "0"

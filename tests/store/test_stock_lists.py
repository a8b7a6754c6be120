"""Pages and counts of stock levels."""

from pathlib import Path

import pytest

from crossdock.core.stock.commands import CountStock
from crossdock.core.stock.model import LevelKey
from crossdock.flows import stock
from crossdock.store import sqlite, stock_lists
from crossdock.store.stock_lists import LevelFilter
from tests.notifications.world import caller_of
from tests.world import World

KEYS = [LevelKey(sku, location, pool) for sku in ("A", 'B"\\,', "Ü") for location in ("1", "2") for pool in ("", "12")]


async def found(world: World, filters: LevelFilter, **page: int | LevelKey) -> list[LevelKey]:
    caller = await caller_of(world)
    commands = [CountStock(key=key, quantity=1) for key in KEYS]
    await stock.execute_stock(world.context, caller, commands, door="hub")
    async with world.context.store.reading() as tx:
        levels = await stock_lists.page(tx, caller.organization_id, filters, **({"limit": 100} | page))  # type: ignore[arg-type]
        assert await stock_lists.count(tx, caller.organization_id + 1, filters) == 0
        if not page:
            assert await stock_lists.count(tx, caller.organization_id, filters) == len(levels)
    return [level.key for level in levels]


@pytest.mark.parametrize(
    "filters",
    [
        LevelFilter(("1", "2")),
        LevelFilter(("1",)),
        LevelFilter(("1", "9"), skus=('B"\\,', "Ü", "nope")),
        LevelFilter(("2", "1"), pools=("12",)),
        LevelFilter(("2",), skus=("A",), pools=("", "x")),
        LevelFilter(()),
        LevelFilter(("1",), skus=()),
        LevelFilter(("1",), pools=()),
    ],
)
async def test_all_lists_of_a_filter_apply(world: World, filters: LevelFilter) -> None:
    expected = [
        key
        for key in KEYS
        if key.location in filters.locations
        and (filters.skus is None or key.sku in filters.skus)
        and (filters.pools is None or key.pool in filters.pools)
    ]
    assert await found(world, filters) == expected


async def test_a_page_begins_after_a_key_and_an_offset(world: World) -> None:
    filters = LevelFilter(("1", "2"), pools=("",))
    own = [key for key in KEYS if not key.pool]
    assert await found(world, filters, limit=2, offset=1) == own[1:3]
    assert await found(world, filters, limit=2, after=own[2]) == own[3:5]


@pytest.mark.parametrize("lists", [("locations",), ("locations", "skus"), ("locations", "pools", "skus")])
def test_a_page_reads_the_index_in_its_order(sqlite_template: Path, lists: tuple[str, ...]) -> None:
    statement = stock_lists._statement(lists, False)
    names = statement.names(sqlite._DIALECT)
    text, values = statement.bind(sqlite._DIALECT, {name: '["1"]' if name in lists else "1" for name in names})
    connection = sqlite.connect(str(sqlite_template))
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    connection.close()
    assert any("SEARCH stock_level USING" in line for line in plan), plan
    assert not any("SCAN stock_level" in line for line in plan), plan

"""Stock levels: commands, their events and their ledger."""

import asyncio

import pytest

from crossdock.core.events import CHAIN_START, chain_hash
from crossdock.core.stock.commands import AdjustStock, CountStock, ReceiveStock, SetLimits
from crossdock.core.stock.model import Level, LevelKey
from crossdock.flows import stock
from crossdock.flows.access import Caller
from crossdock.store import event_log
from crossdock.store import stock as stock_store
from tests.notifications.world import caller_of
from tests.world import World

KEY = LevelKey("MUG", "W1")


async def level_of(world: World, caller: Caller, key: LevelKey = KEY) -> Level:
    async with world.context.store.reading() as tx:
        level = await stock_store.get(tx, caller.organization_id, key)
    assert level is not None
    return level


async def sums_of(world: World, caller: Caller, level: Level) -> tuple[int, int]:
    async with world.context.store.reading() as tx:
        return (await stock_store.movement_sums(tx, caller.organization_id))[level.level_id]


class TestExecuteStock:
    async def test_commands_change_the_level_its_ledger_and_its_chain_of_events(self, world: World) -> None:
        caller = await caller_of(world)
        commands = [
            CountStock(key=KEY, quantity=10), AdjustStock(key=KEY, delta=-2, reason="broken"),
            ReceiveStock(key=KEY, quantity=5), SetLimits(key=KEY, safety=1, threshold=20),
        ]  # fmt: skip
        for command in commands:
            await stock.execute_stock(world.context, caller, [command], door="hub")
        level = await level_of(world, caller)
        assert (level.on_hand, level.safety, level.threshold, level.available) == (13, 1, 20, 12)
        assert await sums_of(world, caller, level) == (13, 0)
        async with world.context.store.reading() as tx:
            events = await event_log.events(tx, caller.organization_id, aggregate_id=level.level_id)
        names = ["stock.counted", "stock.adjusted", "stock.received", "stock.limits_changed", "stock.low"]
        assert [event.name for event in events] == names
        before = CHAIN_START
        for event in events:
            assert event.hash == chain_hash(before, event)
            before = event.hash
        assert (level.event_number, level.event_hash) == (5, before)

    async def test_commands_of_one_call_are_done_all_or_none(self, world: World) -> None:
        caller = await caller_of(world)
        other = LevelKey("MUG", "W2")
        with pytest.raises(Exception, match="fewer units on hand"):
            await stock.execute_stock(
                world.context, caller, [ReceiveStock(key=KEY, quantity=5), AdjustStock(key=other, delta=-1)], door="hub"
            )
        assert await stock.levels_of(world.context, caller, ["MUG"]) == []

    async def test_a_dry_run_says_what_would_be_and_writes_nothing(self, world: World) -> None:
        caller = await caller_of(world)
        (change,) = await stock.execute_stock(
            world.context, caller, [ReceiveStock(key=KEY, quantity=5)], door="hub", dry_run=True
        )
        assert (change.level.on_hand, [event.name for event in change.events]) == (5, ["stock.received"])
        assert await stock.levels_of(world.context, caller, ["MUG"]) == []

    async def test_receipts_at_once_are_all_counted(self, world: World) -> None:
        caller = await caller_of(world)
        calls = (
            stock.execute_stock(world.context, caller, [ReceiveStock(key=KEY, quantity=2)], door="hub")
            for _ in range(20)
        )
        await asyncio.gather(*calls)
        level = await level_of(world, caller)
        assert (level.on_hand, level.event_number) == (40, 20)
        assert await sums_of(world, caller, level) == (40, 0)

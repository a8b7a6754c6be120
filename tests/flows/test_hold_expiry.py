"""Holds that end by themselves: when their time has come, once, whatever process looks."""

import asyncio
import json

from crossdock.core.orders.commands import HoldRequest, PlaceHolds
from crossdock.core.orders.status import Status
from crossdock.flows import hold_expiry, queries
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from crossdock.flows.intake import Intake, Submission
from tests.vendors import VENDORS
from tests.world import World

VENDOR = VENDORS["hub"]
MINUTE = 60_000_000


async def held_until(world: World, *moments: int | None) -> tuple[Caller, int]:
    """Place an order and hold it once for each moment (microseconds from now, None for one that stays)."""
    caller = Caller(await world.demo_organization(), "test", frozenset({"admin"}))
    body = json.dumps(VENDOR.body("T-1")).encode()
    outcome = await Intake(world.context).submit(Submission(caller, world.context.formats["hub"], body))
    now = world.context.clock()
    holds = tuple(
        HoldRequest(f"reason {place}", release_at=None if moment is None else now + moment)
        for place, moment in enumerate(moments)
    )
    await execute(world.context, caller, [PlaceHolds(order_id=outcome.order_id, holds=holds)], door="hub")
    assert outcome.order_id is not None
    return caller, outcome.order_id


class TestReleaseDue:
    async def test_release_due_ends_the_holds_whose_time_has_come_and_no_others(self, world: World) -> None:
        caller, order_id = await held_until(world, MINUTE, 2 * MINUTE, None)
        assert await hold_expiry.release_due(world.context) == 0
        started = world.context.clock()
        world.context.clock = lambda: started + MINUTE + 1_000_000
        assert await hold_expiry.release_due(world.context) == 1
        order = await queries.order(world.context, caller, order_id=order_id)
        assert [hold.reason for hold in order.holds] == ["reason 1", "reason 2"]
        assert order.status is Status.ON_HOLD
        last = (await queries.history(world.context, caller, order_id=order_id))[-1]
        assert (last.name, last.actor) == ("order.released", hold_expiry.ACTOR)
        assert await hold_expiry.release_due(world.context) == 0

    async def test_release_due_ends_each_once_however_many_look(self, world: World) -> None:
        caller, order_id = await held_until(world, MINUTE)
        started = world.context.clock()
        world.context.clock = lambda: started + 2 * MINUTE
        released = await asyncio.gather(*(hold_expiry.release_due(world.context) for _ in range(6)))
        assert sum(released) == 1
        assert (await queries.order(world.context, caller, order_id=order_id)).status is Status.OPEN
        assert len(await queries.history(world.context, caller, order_id=order_id)) == 3


class TestRun:
    async def test_run_goes_on_after_a_look_that_failed(self, world: World) -> None:
        caller, order_id = await held_until(world, MINUTE)
        started, looks = world.context.clock(), 0

        def clock() -> int:
            nonlocal looks
            looks += 1
            if looks == 1:
                raise RuntimeError("a clock that is broken once")
            return started + 2 * MINUTE

        world.context.clock = clock
        world.context.settings = type(world.context.settings)(timer_interval_s=0.01)
        running = asyncio.create_task(hold_expiry.run(world.context))
        try:
            async with asyncio.timeout(20):
                while (await queries.order(world.context, caller, order_id=order_id)).holds:  # noqa: ASYNC110 - nobody signals it
                    await asyncio.sleep(0.01)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert looks > 1
        last = (await queries.history(world.context, caller, order_id=order_id))[-1]
        assert (last.name, last.actor) == ("order.released", hold_expiry.ACTOR)

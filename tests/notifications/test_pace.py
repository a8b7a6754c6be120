"""Deliveries step back only while orders come in and the event loop falls behind."""

import asyncio
import time

import pytest

from crossdock.flows.context import Context
from crossdock.notifications.pace import LATE_S, SHARE_WHEN_LATE, Pace

COST_S = 0.015


class LatePace(Pace):
    """A pace whose event loop is late by as much as a test says."""

    late_s = 10 * LATE_S

    async def lateness(self) -> float:
        await asyncio.sleep(0.001)
        return self.late_s


@pytest.fixture
def pace(context: Context) -> LatePace:
    return LatePace(context, asyncio.Event())


def receive_orders(context: Context) -> None:
    """Let an order come now; it counts as recent for a second, and for as long as the test takes."""
    context.submitted_at = context.clock()
    context.clock = lambda at=context.submitted_at: at


async def spend(pace: Pace, times: int) -> float:
    """Do `times` batches of COST_S and return how long that took, seconds; the cost itself is not waited for."""
    began = time.monotonic()
    for _ in range(times):
        await pace.turn()
        pace.spend(COST_S)
    return time.monotonic() - began


async def test_what_is_delivered_while_no_orders_come_holds_nothing_back_later(
    context: Context, pace: LatePace
) -> None:
    assert await spend(pace, 1_000) < COST_S / SHARE_WHEN_LATE * 10
    receive_orders(context)
    assert await spend(pace, 1) < COST_S / SHARE_WHEN_LATE * 10  # not 1,000 times as long


async def test_deliveries_take_their_share_of_a_late_loop(context: Context, pace: LatePace) -> None:
    receive_orders(context)
    assert await spend(pace, 6) >= 5 * COST_S / SHARE_WHEN_LATE


async def test_deliveries_take_the_time_that_the_loop_has_left(context: Context, pace: LatePace) -> None:
    receive_orders(context)
    await spend(pace, 2)
    pace.late_s = 0.0
    for _ in range(100):  # until the average has fallen
        await pace.turn()
    assert await spend(pace, 50) < 50 * COST_S / SHARE_WHEN_LATE / 2


async def test_a_stop_ends_a_wait_for_the_share(context: Context) -> None:
    stopping = asyncio.Event()
    pace = LatePace(context, stopping)
    receive_orders(context)
    pace.spend(1_000.0)
    waiting = asyncio.create_task(pace.turn())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    stopping.set()
    await asyncio.wait_for(waiting, 10)


async def test_a_loop_that_is_blocked_is_late(context: Context) -> None:
    pace = Pace(context, asyncio.Event())
    looking = asyncio.create_task(pace.lateness())
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251 - blocks the loop on purpose
    assert await looking > 0.1

"""Deliveries step back only while orders come in and the event loop has no time left."""

import asyncio
import time

import pytest

from crossdock.flows.context import Context
from crossdock.notifications import pace as pace_module
from crossdock.notifications.pace import FULL, GATHER_S, GATHER_WHEN_BUSY_S, SHARE_WHEN_FULL, Pace, worked_s

COST_S = 0.015


class Loop:
    """An event loop that works for a part of the time, as a test says."""

    def __init__(self) -> None:
        self.begin(1.0)

    def begin(self, load: float) -> None:
        """Work for another part of the time from now on."""
        self._worked_s = self.worked_s() if hasattr(self, "_load") else 0.0
        self._load, self._since = load, time.monotonic()

    def worked_s(self) -> float:
        return self._worked_s + (time.monotonic() - self._since) * self._load


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    loop = Loop()
    monkeypatch.setattr(pace_module, "worked_s", loop.worked_s)
    return loop


def receive_orders(context: Context) -> None:
    """Let an order come now; it counts as recent for as long as the test takes."""
    context.submitted_at = context.clock()
    context.clock = lambda at=context.submitted_at: at


async def spend(pace: Pace, times: int) -> float:
    """Do `times` batches of COST_S and return how long they waited, seconds; the cost itself is not waited for."""
    began = time.monotonic()
    for _ in range(times):
        await pace.turn()
        pace.spend(COST_S)
    return time.monotonic() - began


async def test_what_is_delivered_while_no_orders_come_holds_nothing_back_later(context: Context, loop: Loop) -> None:
    pace = Pace(context, asyncio.Event())
    assert await spend(pace, 1_000) < COST_S / SHARE_WHEN_FULL * 10
    receive_orders(context)
    assert await spend(pace, 1) < COST_S / SHARE_WHEN_FULL * 10  # not 1,000 times as long


async def test_deliveries_take_their_share_of_a_loop_that_has_no_time_left(context: Context, loop: Loop) -> None:
    pace = Pace(context, asyncio.Event())
    receive_orders(context)
    assert await spend(pace, 6) >= 5 * COST_S / SHARE_WHEN_FULL


async def test_deliveries_take_the_time_that_the_loop_has_left(context: Context, loop: Loop) -> None:
    pace = Pace(context, asyncio.Event())
    receive_orders(context)
    await spend(pace, 2)
    loop.begin(FULL / 2)
    await asyncio.sleep(0.6)  # the average is about a shorter time
    await pace.turn()
    assert await spend(pace, 200) < 200 * COST_S / SHARE_WHEN_FULL / 10


async def test_more_deliveries_share_a_transaction_while_orders_come_and_the_loop_works(
    context: Context, loop: Loop
) -> None:
    pace = Pace(context, asyncio.Event())
    assert (pace.gather_s, pace.is_full) == (GATHER_S, False)
    receive_orders(context)
    assert (pace.gather_s, pace.is_full) == (GATHER_WHEN_BUSY_S, True)
    for load, expected in ((FULL - 0.1, GATHER_WHEN_BUSY_S), (0.1, GATHER_S)):
        loop.begin(load)
        await asyncio.sleep(0.6)  # the average is about a shorter time
        await pace.turn()
        assert (pace.gather_s, pace.is_full) == (expected, False)


async def test_a_stop_ends_a_wait_for_the_share(context: Context, loop: Loop) -> None:
    stopping = asyncio.Event()
    pace = Pace(context, stopping)
    receive_orders(context)
    pace.spend(1_000.0)
    waiting = asyncio.create_task(pace.turn())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    stopping.set()
    await asyncio.wait_for(waiting, 10)


def test_a_thread_that_works_has_worked_as_long() -> None:
    before, began, until = worked_s(), time.monotonic(), time.thread_time() + 0.1
    while time.thread_time() < until:
        pass
    worked = worked_s() - before
    assert 0.09 < worked < (time.monotonic() - began) * 1.1


def test_a_thread_that_waits_for_others_has_not_worked() -> None:
    before = worked_s()
    time.sleep(0.3)
    assert worked_s() - before < 0.15

"""No unit is sold twice and none is lost: processes fight for few units, and are killed while they do."""

import asyncio
import os
import random
import signal
import tempfile
import time

import pytest
from sqlalchemy import func, select

from crossdock.flows import verification
from crossdock.flows.verification import Verification
from crossdock.store.protocols import Statement
from crossdock.store.tables import order_line, stock_movement
from tests import preloaded
from tests.flows.allocating import add_locations, count
from tests.flows.stock_worker import LOCATIONS, SKUS
from tests.notifications.world import caller_of
from tests.world import World

PROCESSES, KILLS = 3, 2
HAPPENS = {"allocate", "deallocate", "ship", "short", "return", "receive", "adjust", "count"}
_MOVEMENTS = Statement(select(stock_movement.c.kind).distinct())
_SHIPPED = Statement(select(func.sum(order_line.c.shipped).label("units")))


class Fighting:
    """A process that fights."""

    def __init__(self, url: str, seed: str, seconds: float, *, unguarded: bool) -> None:
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the object
        self.process = preloaded.Process(
            "tests.flows.stock_worker", url, seed, str(seconds), *(["unguarded"] if unguarded else []),
            output=self._printed.fileno(), errors=self._printed.fileno(), env=dict(os.environ),
        )  # fmt: skip

    def printed(self) -> str:
        """Return what it has printed so far."""
        return os.pread(self._printed.fileno(), 1 << 20, 0).decode()

    async def begun(self) -> "Fighting":
        """Wait until it fights."""
        async with asyncio.timeout(60):
            while not self.printed().startswith("ready\n"):
                assert self.process.poll() is None, self.printed()
                await asyncio.sleep(0.02)
        return self

    async def end(self, number: signal.Signals) -> int:
        """Send it a signal, and return its exit code."""
        self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, 60)


async def fight(
    world: World, url: str, *, most_s: float, least_s: float = 0, kills: float = 0, unguarded: bool = False
) -> Verification:
    """Let processes fight until everything has happened, and kill some, one every `kills` seconds; return the last sample."""
    caller, luck = await caller_of(world), random.Random(7)
    await add_locations(world, caller, *LOCATIONS)
    for sku in SKUS:
        await count(world, caller, sku, "W1", 5)
    fighting = [Fighting(url, f"s{n}", most_s + 60, unguarded=unguarded) for n in range(PROCESSES)]
    for each in fighting:
        await each.begun()
    began, killed = time.monotonic(), 0
    while (passed := time.monotonic() - began) < most_s:
        sample = await verification.verify(world.context)
        is_enough = not unguarded and passed > least_s and killed >= KILLS and await missing(world) == set()
        if sample.broken or is_enough:
            break
        # Not without end: most things happen to orders only some time after the process that made them began.
        if kills and passed > kills * (killed + 1) and (killed < KILLS or passed < least_s):
            killed += 1
            await fighting.pop(luck.randrange(len(fighting))).end(signal.SIGKILL)
            fighting.append(await Fighting(url, f"k{killed}", most_s + 60, unguarded=unguarded).begun())
        await asyncio.sleep(0.2)
    for each in fighting:
        assert await each.end(signal.SIGTERM) == 0 or unguarded, each.printed()
    return await verification.verify(world.context)


async def missing(world: World) -> set[str]:
    """Return what is done to stock and has not happened yet."""
    async with world.context.store.reading() as tx:
        return HAPPENS - {row["kind"] for row in await tx.rows(_MOVEMENTS)}


@pytest.mark.parametrize(
    ("least_s", "kills"), [(15, 3), pytest.param(150, 3, marks=pytest.mark.prove)], ids=["short", "long"]
)
async def test_no_unit_is_given_twice_and_none_is_lost(
    world: World, database: str, least_s: float, kills: float
) -> None:
    found = await fight(world, database, most_s=least_s + 30, least_s=least_s, kills=kills)
    assert found.broken == ()
    assert found.orders > 20
    assert await missing(world) == set()
    async with world.context.store.reading() as tx:
        (shipped,) = await tx.rows(_SHIPPED)
    assert shipped["units"] > 0


async def test_without_the_guard_the_same_fight_gives_units_twice(world: World, database: str) -> None:
    """Shows that the test above can fail."""
    found = await fight(world, database, most_s=20, unguarded=True)
    assert found.broken

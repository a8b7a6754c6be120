"""The pace of deliveries: they step back while this process receives orders and its event loop has no time left.

As long as the loop has time left, deliveries take it, so that they keep up with a steady load. Where it has none, they get a
small share of a core, so that orders are answered and deliveries still go on.
"""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

from crossdock.flows.context import Context

# Orders count as coming in until so long after the last one, microseconds.
_INTAKE_RECENT_US = 1_000_000
# The loop has no time left when its thread works, or waits for a core, for more than this part of the time. What is above it
# is for orders that come at the same moment.
FULL = 0.85
# What deliveries get of a core then.
SHARE_WHEN_FULL = 0.15
# Attempts that end, and events that arrive, within so many seconds share a transaction. The time is longer where the loop
# works for more than BUSY of the time, because a transaction costs as much as some deliveries.
GATHER_S, GATHER_WHEN_BUSY_S, BUSY = 0.01, 0.025, 0.5
# Seconds between two looks at the loop, and those that the average is about.
_LOOK_S, _AVERAGED_S = 0.05, 0.5


class Pace:
    """Decides when deliveries of this process may go on."""

    def __init__(self, context: Context, stopping: asyncio.Event) -> None:
        self._context = context
        self._stopping = stopping
        self._load = 1.0  # of the loop; until it is measured, it counts as full
        self._looked_at, self._worked_s = time.monotonic(), worked_s()
        self._free_at = 0.0  # the time from which on the share allows more

    @property
    def is_intake_busy(self) -> bool:
        """Whether this process has received an order a moment ago."""
        return 0 <= self._context.clock() - self._context.submitted_at < _INTAKE_RECENT_US

    @property
    def is_full(self) -> bool:
        """Whether orders come in and the event loop has no time left."""
        return self.is_intake_busy and self._load >= FULL

    @property
    def gather_s(self) -> float:
        """Seconds to wait for more to record or to claim in one transaction."""
        return GATHER_WHEN_BUSY_S if self.is_intake_busy and self._load >= BUSY else GATHER_S

    async def turn(self) -> None:
        """Wait until deliveries may go on; not at all while no orders come."""
        while self.is_intake_busy and not self._stopping.is_set():
            self._look()
            wait_s = self._free_at - time.monotonic()
            if self._load < FULL or wait_s <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), min(wait_s, _LOOK_S))

    def spend(self, cost_s: float) -> None:
        """Count processor time that is about to be used, where it has to be shared."""
        if self.is_full:
            self._free_at = max(self._free_at, time.monotonic()) + cost_s / SHARE_WHEN_FULL

    def _look(self) -> None:
        """Measure how much of the time the loop works."""
        passed_s = time.monotonic() - self._looked_at
        if passed_s < _LOOK_S:
            return
        worked = worked_s()
        load = (worked - self._worked_s) / passed_s
        self._load += (load - self._load) * min(1.0, passed_s / _AVERAGED_S)
        self._looked_at, self._worked_s = self._looked_at + passed_s, worked


def worked_s() -> float:
    """Return how long this thread has worked, and waited for a core, seconds; where the system does not say how long it waited,
    only how long it has worked.
    """
    try:
        running, waiting, _ = Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return time.thread_time()
    return (int(running) + int(waiting)) / 1e9

"""The pace of deliveries: they step back while this process receives orders and its event loop falls behind.

As long as the loop has time left, deliveries take it, so that they keep up with a steady load. Once it falls behind, they get a
small share of a core, so that orders are answered and deliveries still go on.
"""

import asyncio
import time
from contextlib import suppress

from crossdock.flows.context import Context

# Orders count as coming in until so long after the last one, microseconds.
_INTAKE_RECENT_US = 1_000_000
# What deliveries get of a core while the loop falls behind.
SHARE_WHEN_LATE = 0.15
# The loop falls behind when what is due runs so much later on average, seconds; a request waits about as long for its turn.
LATE_S = 0.004
# How long a look at the loop waits, seconds, and how much one look weighs in the average.
_LOOK_S, _WEIGHT = 0.005, 0.1


class Pace:
    """Decides when deliveries of this process may go on."""

    def __init__(self, context: Context, stopping: asyncio.Event) -> None:
        self._context = context
        self._stopping = stopping
        self._late_s = LATE_S  # on average; as long as nothing is known, the loop counts as late
        self._free_at = 0.0  # the time from which on the share allows more

    @property
    def is_intake_busy(self) -> bool:
        """Whether this process has received an order a moment ago."""
        return 0 <= self._context.clock() - self._context.submitted_at < _INTAKE_RECENT_US

    async def turn(self) -> None:
        """Wait until deliveries may go on; not at all while no orders come."""
        while self.is_intake_busy and not self._stopping.is_set():
            self._late_s += (await self.lateness() - self._late_s) * _WEIGHT
            wait_s = self._free_at - time.monotonic()
            if self._late_s < LATE_S or wait_s <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), min(wait_s, 10 * _LOOK_S))

    def spend(self, cost_s: float) -> None:
        """Count processor time that is about to be used, while orders come."""
        if self.is_intake_busy:
            self._free_at = max(self._free_at, time.monotonic()) + cost_s / SHARE_WHEN_LATE

    async def lateness(self) -> float:
        """Return how much later than it was due the loop ran this, seconds."""
        due = time.monotonic() + _LOOK_S
        await asyncio.sleep(_LOOK_S)
        return max(0.0, time.monotonic() - due)

"""Whether the system's time can be trusted: it is compared with a clock that nobody can set."""

import time
from collections.abc import Callable

# Seconds by which the two may drift apart between two looks; a clock that is set right moves further.
_LEAP_S = 60.0


class ClockWatch:
    """Watches the system's time, which `clock` gives in microseconds since 1970 UTC; begins with the first look."""

    def __init__(self, clock: Callable[[], int], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._apart: float | None = None
        self._since = 0.0

    def steady_s(self) -> float:
        """Look, and return for how many seconds the time has not leapt."""
        now = self._monotonic()
        apart = self._clock() / 1_000_000 - now
        if self._apart is None or abs(apart - self._apart) > _LEAP_S:
            self._since = now
        self._apart = apart
        return now - self._since

"""Rate limits: how many requests a client may make in a second, so that one cannot take the server from all others.

A bucket for each client, refilled at the rate, kept per process. The clock is monotonic, so that a change of the system's time
neither blocks nor frees anybody.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

from crossdock.core.errors import Busy, Code

# Clients remembered; one that comes back after it was forgotten finds its bucket full.
MAX_ENTRIES = 20_000

Key = tuple[str | int, ...]


class Quota(Struct, frozen=True):
    """What a client has left: requests at once, and seconds until it has all of `burst` again."""

    burst: int
    window_s: int
    remaining: int
    reset_s: int


class _Bucket:
    __slots__ = ("at", "left")

    def __init__(self, left: float, at: float) -> None:
        self.left = left
        self.at = at


class RateLimits:
    """Counts requests by client: `rate` a second on average, `burst` of them at once. A rate of 0 is no limit."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._burst = max(1, burst)
        self._clock = clock
        self._buckets: OrderedDict[Key, _Bucket] = OrderedDict()

    def take(self, key: Key) -> Quota:
        """Count a request of a client. Refuses with Busy `rate_limited` that one for which nothing is left."""
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._burst, now)
            if len(self._buckets) > MAX_ENTRIES:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self.rate)
            bucket.at = now
        if bucket.left < 1:
            raise Busy(
                Code.RATE_LIMITED, f"too many requests; {self.rate:g} a second are allowed",
                retry_after_s=math.ceil((1 - bucket.left) / self.rate), quota=self._quota(bucket),
            )  # fmt: skip
        bucket.left -= 1
        return self._quota(bucket)

    def _quota(self, bucket: _Bucket) -> Quota:
        window_s = max(1, math.ceil(self._burst / self.rate))
        return Quota(
            self._burst, window_s, int(bucket.left), max(0, math.ceil((self._burst - bucket.left) / self.rate))
        )

"""How much slower than a quiet core this machine is now, for tests that limit the time of work.

Where cores are shared, the same work takes longer, and so does a loop that takes QUIET_S on a quiet core.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

QUIET_S = 0.0065


def slowness() -> float:
    """Return how many times longer than on a quiet core work takes now."""
    began, total = time.thread_time(), 0
    for number in range(100_000):
        total += number * number % 7
    return max(1.0, (time.thread_time() - began) / QUIET_S)


@contextmanager
def processor_time_below(limit_s: float) -> Iterator[None]:
    """Fail where the block takes more processor time of this process than `limit_s` on a quiet core."""
    before, began = slowness(), time.process_time()
    yield
    spent_s = time.process_time() - began
    assert spent_s < limit_s * max(before, slowness()), f"took {spent_s:.2f} s of processor time"

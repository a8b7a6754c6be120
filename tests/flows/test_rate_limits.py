"""Rate limits: what a client may do, what it is told, and that others do not notice."""

import pytest

from crossdock.core.errors import Busy, Code
from crossdock.flows.rate_limits import MAX_ENTRIES, Quota, RateLimits


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class TestTake:
    def test_a_burst_is_allowed_and_then_the_rate(self, clock: Clock) -> None:
        limits = RateLimits(2, 3, clock)
        assert [limits.take(("a",)) for _ in range(3)] == [Quota(3, 2, 2, 1), Quota(3, 2, 1, 1), Quota(3, 2, 0, 2)]
        with pytest.raises(Busy) as refused:
            limits.take(("a",))
        assert (refused.value.code, refused.value.facts["retry_after_s"]) == (Code.RATE_LIMITED, 1)
        clock.now = 0.5
        assert limits.take(("a",)).remaining == 0
        with pytest.raises(Busy):
            limits.take(("a",))

    def test_a_slow_rate_says_how_long_to_wait(self, clock: Clock) -> None:
        limits = RateLimits(0.1, 1, clock)
        limits.take(("a",))
        clock.now = 3
        with pytest.raises(Busy) as refused:
            limits.take(("a",))
        assert refused.value.facts["retry_after_s"] == 7

    def test_each_client_has_its_own(self, clock: Clock) -> None:
        limits = RateLimits(1, 1, clock)
        assert {limits.take(("client", each)).remaining for each in range(50)} == {0}

    def test_what_is_left_never_exceeds_the_burst(self, clock: Clock) -> None:
        limits = RateLimits(10, 2, clock)
        limits.take(("a",))
        clock.now = 1_000
        assert limits.take(("a",)).remaining == 1

    def test_memory_is_bounded(self, clock: Clock) -> None:
        limits = RateLimits(1, 1, clock)
        for each in range(MAX_ENTRIES + 10):
            limits.take((each,))
        assert len(limits._buckets) == MAX_ENTRIES

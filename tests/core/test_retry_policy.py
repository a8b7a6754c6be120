"""How a delivery moves, when it is due again, and when an endpoint rests."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.retry_policy import (
    BREAKER_FAILURES,
    BREAKER_FIRST_S,
    BREAKER_LAST_S,
    JITTER,
    LONGEST_WAIT_S,
    MAX_RETRY_AFTER_S,
    OPEN,
    RETRY_DELAYS_S,
    SECOND_US,
    TRANSITIONS,
    Attempt,
    Health,
    State,
    Verdict,
    settle,
)

AT = 1_792_000_000_000_000
BAD = (Verdict.FAILED, Verdict.GONE)

attempts_made = st.builds(
    Attempt,
    at=st.integers(0, 2**53),
    took_ms=st.integers(0, 60_000),
    verdict=st.sampled_from(Verdict),
    status=st.none() | st.sampled_from([200, 410, 429, 500, 503]),
    retry_after_s=st.none() | st.floats(0, 1e9),
)


def attempt(verdict: Verdict = Verdict.FAILED, at: int = AT, **more: object) -> Attempt:
    return Attempt(at, 250, verdict, **more)  # type: ignore[arg-type]


class TestAttempt:
    def test_attempt_ends_after_it_took_its_time(self) -> None:
        assert attempt().ended_at == AT + 250_000


class TestSettle:
    @pytest.mark.parametrize("number", range(1, 15))
    def test_settle_ends_a_delivery_that_arrived(self, number: int) -> None:
        assert settle(attempt(Verdict.DELIVERED), attempts=number, luck=1) == (State.DELIVERED, None)

    @pytest.mark.parametrize("number", range(1, 15))
    def test_settle_gives_up_what_will_never_work(self, number: int) -> None:
        assert settle(attempt(Verdict.REJECTED), attempts=number, luck=1) == (State.DEAD, None)

    @pytest.mark.parametrize("verdict", BAD)
    def test_settle_climbs_the_ladder_and_gives_up_at_its_end(self, verdict: Verdict) -> None:
        waits = []
        for number in range(1, len(RETRY_DELAYS_S)):
            state, due = settle(attempt(verdict), attempts=number, luck=0)
            assert state is State.PENDING
            assert due is not None
            waits.append((due - attempt().ended_at) / SECOND_US)
        assert waits == list(RETRY_DELAYS_S[1:])
        assert settle(attempt(verdict), attempts=len(RETRY_DELAYS_S), luck=0) == (State.DEAD, None)

    def test_settle_lasts_three_days(self) -> None:
        assert 3 * 86_400 <= sum(RETRY_DELAYS_S) <= 4 * 86_400
        assert all(before < after for before, after in pairwise(RETRY_DELAYS_S))

    @given(st.integers(1, len(RETRY_DELAYS_S) - 1), st.floats(0, 1))
    def test_settle_lengthens_a_wait_by_at_most_its_share(self, number: int, luck: float) -> None:
        _, due = settle(attempt(), attempts=number, luck=luck)
        assert due is not None
        wait_s = (due - attempt().ended_at) / SECOND_US
        assert RETRY_DELAYS_S[number] <= wait_s <= RETRY_DELAYS_S[number] * (1 + JITTER)

    @pytest.mark.parametrize(("asked_s", "wait_s"), [(0.0, 5), (3.0, 5), (60.0, 60), (1e12, MAX_RETRY_AFTER_S)])
    def test_settle_waits_as_long_as_asked_where_that_is_longer(self, asked_s: float, wait_s: float) -> None:
        _, due = settle(attempt(status=503, retry_after_s=asked_s), attempts=1, luck=0)
        assert due == attempt().ended_at + wait_s * SECOND_US

    @given(attempts_made, st.integers(1, 30), st.floats(0, 1))
    def test_settle_makes_only_moves_of_the_table(self, made: Attempt, number: int, luck: float) -> None:
        state, due = settle(made, attempts=number, luck=luck)
        assert state in TRANSITIONS[State.PENDING]
        assert (due is None) == (state not in OPEN)
        assert due is None or due > made.ended_at


class TestHealth:
    def after(self, count: int, verdict: Verdict = Verdict.FAILED) -> Health:
        health = Health()
        for number in range(count):
            health = health.after(attempt(verdict, AT + number * SECOND_US))
        return health

    @pytest.mark.parametrize("verdict", BAD)
    def test_health_counts_failures_in_a_row_and_since_when(self, verdict: Verdict) -> None:
        assert self.after(BREAKER_FAILURES - 1, verdict) == Health(failures=BREAKER_FAILURES - 1, failing_since=AT)

    @pytest.mark.parametrize("verdict", [Verdict.DELIVERED, Verdict.REJECTED])
    @pytest.mark.parametrize("failures", [0, 1, BREAKER_FAILURES, BREAKER_FAILURES + 5])
    def test_health_is_good_again_once_the_receiver_answers(self, verdict: Verdict, failures: int) -> None:
        assert self.after(failures).after(attempt(verdict)) == Health()

    def test_health_the_stored_json_of_a_health_keeps_its_member_names(self) -> None:
        health = Health(failures=21, failing_since=5, backoffs=1, backoff_until=99)
        stored = b'{"failures":21,"failing_since":5,"rests":1,"rests_until":99}'
        assert (msgspec.json.encode(health), msgspec.json.decode(stored, type=Health)) == (stored, health)

    def test_health_rests_after_so_many_failures(self) -> None:
        health = self.after(BREAKER_FAILURES)
        last = attempt(at=AT + (BREAKER_FAILURES - 1) * SECOND_US)
        assert health.is_failing
        assert not self.after(BREAKER_FAILURES - 1).is_failing
        assert (health.backoffs, health.backoff_until) == (1, last.ended_at + BREAKER_FIRST_S * SECOND_US)

    def test_health_is_not_changed_in_its_rest_by_attempts_that_began_before_it(self) -> None:
        health = self.after(BREAKER_FAILURES)
        late = health.after(attempt(at=AT))
        assert (late.backoffs, late.backoff_until) == (health.backoffs, health.backoff_until)

    def test_health_rests_longer_each_time_a_probe_fails(self) -> None:
        health, backoffs_s = self.after(BREAKER_FAILURES), []
        for _ in range(40):
            assert health.backoff_until is not None
            probe = attempt(at=health.backoff_until)
            health = health.after(probe)
            assert health.backoff_until is not None
            backoffs_s.append((health.backoff_until - probe.ended_at) // SECOND_US)
        assert backoffs_s[:5] == [60, 120, 240, 480, BREAKER_LAST_S]
        assert set(backoffs_s[4:]) == {BREAKER_LAST_S}

    @pytest.mark.parametrize(("asked_s", "backoff_s"), [(7.0, 7), (1e12, MAX_RETRY_AFTER_S)])
    def test_health_rests_as_long_as_a_receiver_with_too_many_requests_asks(
        self, asked_s: float, backoff_s: float
    ) -> None:
        health = Health().after(attempt(status=429, retry_after_s=asked_s))
        assert (health.failures, health.backoffs) == (1, 0)
        assert health.backoff_until == attempt().ended_at + backoff_s * SECOND_US

    def test_health_does_not_rest_shorter_than_it_would_for_being_asked(self) -> None:
        health = self.after(BREAKER_FAILURES - 1).after(attempt(status=429, retry_after_s=1.0))
        assert health.backoff_until == attempt().ended_at + BREAKER_FIRST_S * SECOND_US

    @pytest.mark.parametrize(("status", "asked_s"), [(503, 60.0), (429, None), (429, 0.0)])
    def test_health_does_not_rest_for_other_answers(self, status: int, asked_s: float | None) -> None:
        assert Health().after(attempt(status=status, retry_after_s=asked_s)).backoff_until is None

    @given(st.lists(attempts_made, max_size=60))
    def test_health_rests_only_while_it_is_failing_or_asked_to(self, made: list[Attempt]) -> None:
        health = Health()
        for each in made:
            health = health.after(each)
            assert (health.failures == 0) == (health.failing_since is None) == (health == Health())
            assert health.backoffs == 0 or health.is_failing

    def test_health_backs_off_until_its_time_unless_a_clock_was_ahead(self) -> None:
        longest = int(LONGEST_WAIT_S * SECOND_US)
        health = Health(backoff_until=longest + 5)
        assert [health.is_backing_off(now) for now in (4, 5, longest + 4, longest + 5)] == [False, True, True, False]
        assert not Health().is_backing_off(0)

"""Retry policy of deliveries: states, outcomes of attempts, retry delays, and the circuit breaker of an endpoint.

Pure arithmetic. What is delivered to whom, and how, is decided above.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

SECOND_US = 1_000_000
# Seconds to wait before each attempt: the first is made at once, the last three days later. One attempt for each delay.
RETRY_DELAYS_S = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
# A delay is lengthened by up to this share of it, so that deliveries that failed together are not all retried together.
JITTER = 0.2
# The longest Retry-After that is honored, seconds; a longer one would delay a delivery beyond the whole schedule.
MAX_RETRY_AFTER_S = 86_400.0
# No delivery is due later than so many seconds from now: what is was scheduled by a clock that was ahead.
LONGEST_WAIT_S = 2 * MAX_RETRY_AFTER_S
# Bytes of a receiver's response that are stored: enough for an error message, too little for a page.
ANSWER_BYTES = 512

# Circuit breaker: consecutive failures that open it, and seconds it stays open: the first backoff, doubled up to the last.
BREAKER_FAILURES = 20
BREAKER_FIRST_S = 30
BREAKER_LAST_S = 600


class Verdict(StrEnum):
    """Outcome of an attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"  # may succeed later
    REJECTED = "rejected"  # can never succeed: the delivery is not retried
    GONE = "gone"  # the receiver unsubscribed: the endpoint is disabled


class Attempt(Struct, frozen=True, omit_defaults=True):
    """One attempt to deliver. `at` is its start, microseconds since 1970 UTC; `status` is the receiver's HTTP or SMTP code.

    `answer` is the beginning of the receiver's response, `error` the reason why there is none, `retry_after_s` the delay the
    receiver asked for.
    """

    at: int
    took_ms: int
    verdict: Verdict
    status: int | None = None
    answer: str = ""
    error: str | None = None
    retry_after_s: float | None = None

    @property
    def ended_at(self) -> int:
        """End of the attempt, microseconds since 1970 UTC."""
        return self.at + self.took_ms * 1000


class State(StrEnum):
    """State of a delivery."""

    WAITING = "waiting"  # blocked by an earlier event of the same order that has not ended
    PENDING = "pending"  # due at its time, or being attempted until then
    DELIVERED = "delivered"
    DEAD = "dead"  # given up; can be inspected and redelivered


# Allowed transitions; a redelivery reopens delivered and dead ones.
TRANSITIONS: Mapping[State, tuple[State, ...]] = {
    State.WAITING: (State.PENDING,),
    State.PENDING: (State.PENDING, State.DELIVERED, State.DEAD),
    State.DELIVERED: (State.WAITING, State.PENDING),
    State.DEAD: (State.WAITING, State.PENDING),
}
OPEN = (State.WAITING, State.PENDING)

assert set(TRANSITIONS) == set(State), "every state has a row"
assert {target for targets in TRANSITIONS.values() for target in targets} == set(State), "every state can be reached"


def settle(attempt: Attempt, *, attempts: int, luck: float) -> tuple[State, int | None]:
    """Return a delivery's state after its `attempts`th attempt (from 1), and when it is due again (microseconds).

    `luck` (0 to 1) is the random part of the jitter. A longer Retry-After of the receiver replaces the delay.
    """
    if attempt.verdict is Verdict.DELIVERED:
        return State.DELIVERED, None
    if attempt.verdict is Verdict.REJECTED or attempts >= len(RETRY_DELAYS_S):
        return State.DEAD, None
    delay_s = RETRY_DELAYS_S[attempts] * (1 + JITTER * luck)
    asked_s = min(attempt.retry_after_s or 0.0, MAX_RETRY_AFTER_S)
    return State.PENDING, attempt.ended_at + int(max(delay_s, asked_s) * SECOND_US)


class Health(Struct, frozen=True, omit_defaults=True):
    """Recent failures of an endpoint: how many in a row, since when, how many backoffs they caused, and until when.

    Times are microseconds since 1970 UTC.
    """

    failures: int = 0
    failing_since: int | None = None
    backoffs: int = field(default=0, name="rests")  # stored under this name
    backoff_until: int | None = field(default=None, name="rests_until")  # stored under this name

    def after(self, attempt: Attempt) -> "Health":
        """Return the health after an attempt.

        A receiver that rejects one delivery is healthy. A 429 with Retry-After backs off for that long. Repeated failures
        back off for longer each time; after a backoff a single delivery probes the endpoint. Attempts that had begun before
        the backoff do not extend it.
        """
        if attempt.verdict in (Verdict.DELIVERED, Verdict.REJECTED):
            return Health()
        failures, backoffs, until = self.failures + 1, self.backoffs, self.backoff_until or 0
        if failures >= BREAKER_FAILURES and not self.is_backing_off(attempt.at):
            backoffs += 1
            until = attempt.ended_at + min(BREAKER_FIRST_S << min(backoffs - 1, 16), BREAKER_LAST_S) * SECOND_US
        if attempt.status == 429 and attempt.retry_after_s:
            asked_s = min(attempt.retry_after_s, MAX_RETRY_AFTER_S)
            until = max(until, attempt.ended_at + int(asked_s * SECOND_US))
        return Health(failures, self.failing_since or attempt.at, backoffs, until or None)

    def is_backing_off(self, now: int) -> bool:
        """Whether a backoff lasts; one that no backoff lasts for was scheduled by a clock that was ahead."""
        return now < (self.backoff_until or 0) <= now + int(LONGEST_WAIT_S * SECOND_US)

    @property
    def is_failing(self) -> bool:
        """Whether the circuit breaker is open: the endpoint gets one delivery at a time."""
        return self.failures >= BREAKER_FAILURES

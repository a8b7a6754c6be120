"""Telling others of an event: what one attempt came to, when the next one is due, and when an endpoint is given a rest.

Owns the states of a delivery and the arithmetic of waiting; who is told, and how, is above.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

SECOND_US = 1_000_000
# Waits before each attempt, seconds: the first at once, the last three days after the first. One attempt a wait.
RETRY_DELAYS_S = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
# A wait is lengthened by up to this share of it, so that receivers that failed together are not called together.
JITTER = 0.2
# The longest wait a receiver may ask for; more would keep a delivery past anybody's memory.
MAX_RETRY_AFTER_S = 86_400.0
# Of an answer this much is kept: enough for an error message, too little for a page.
ANSWER_BYTES = 512

# Failures in a row after which an endpoint rests, and how long: the first rest, doubled up to the last.
BREAKER_FAILURES = 20
BREAKER_FIRST_S = 30
BREAKER_LAST_S = 600


class Verdict(StrEnum):
    """What an attempt came to."""

    DELIVERED = "delivered"
    FAILED = "failed"  # may work later
    REJECTED = "rejected"  # will never work: another attempt of the same delivery makes no sense
    GONE = "gone"  # the receiver wants nothing any more: the endpoint is disabled


class Attempt(Struct, frozen=True, omit_defaults=True):
    """One attempt: it began `at` microseconds since 1970 UTC; `status` is the receiver's own number (HTTP or SMTP).

    `answer` is the beginning of what it said, `error` why there is no answer, `retry_after_s` how long it asked us to wait.
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
        """When it ended, microseconds since 1970 UTC."""
        return self.at + self.took_ms * 1000


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"  # an earlier event of the same order is not settled yet
    PENDING = "pending"  # due at its time, or being attempted until then
    DELIVERED = "delivered"
    DEAD = "dead"  # given up; kept to be looked at and redelivered


# Where a delivery goes from each state; delivered and dead ones come back by a redelivery.
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
    """Say where a delivery stands after its `attempts`th attempt (from 1), and when it is due again (microseconds).

    `luck` from 0 to 1 lengthens the wait by up to JITTER of it. A receiver that asks for a longer wait gets it.
    """
    if attempt.verdict is Verdict.DELIVERED:
        return State.DELIVERED, None
    if attempt.verdict is Verdict.REJECTED or attempts >= len(RETRY_DELAYS_S):
        return State.DEAD, None
    wait_s = RETRY_DELAYS_S[attempts] * (1 + JITTER * luck)
    asked_s = min(attempt.retry_after_s or 0.0, MAX_RETRY_AFTER_S)
    return State.PENDING, attempt.ended_at + int(max(wait_s, asked_s) * SECOND_US)


class Health(Struct, frozen=True, omit_defaults=True):
    """How an endpoint has been answering: failures in a row, since when, how often it rested for them, until when.

    Times are microseconds since 1970 UTC.
    """

    failures: int = 0
    failing_since: int | None = None
    rests: int = 0
    rests_until: int | None = None

    def after(self, attempt: Attempt) -> "Health":
        """Give the health after an attempt.

        A receiver that refuses one delivery for good is well. One that asks to wait (429) rests that long; one that fails
        again and again rests longer each time, and is then tried with a single delivery. Attempts that had begun before the
        rest did say nothing new.
        """
        if attempt.verdict in (Verdict.DELIVERED, Verdict.REJECTED):
            return Health()
        failures, rests, until = self.failures + 1, self.rests, self.rests_until or 0
        if failures >= BREAKER_FAILURES and attempt.at >= until:
            rests += 1
            until = attempt.ended_at + min(BREAKER_FIRST_S << min(rests - 1, 16), BREAKER_LAST_S) * SECOND_US
        if attempt.status == 429 and attempt.retry_after_s:
            asked_s = min(attempt.retry_after_s, MAX_RETRY_AFTER_S)
            until = max(until, attempt.ended_at + int(asked_s * SECOND_US))
        return Health(failures, self.failing_since or attempt.at, rests, until or None)

    @property
    def is_failing(self) -> bool:
        """Say whether so many attempts failed in a row that the endpoint is tried with one delivery at a time."""
        return self.failures >= BREAKER_FAILURES

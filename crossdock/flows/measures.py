"""Counters and histograms of /metrics that are counted where it happens; docs/operation.md lists all metrics.

What is read from the database when /metrics is asked is in flows/measured_state.py.
"""

from collections.abc import Iterable
from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from crossdock.core.retry_policy import Attempt, Verdict

# Endpoints are of these kinds.
KINDS = ("webhook", "email")
ATTEMPTS = Counter("crossdock_delivery_attempts_total", "Attempts to deliver, by their outcome", ["kind", "outcome"])
DATABASE_ERRORS = Counter("crossdock_database_errors_total", "Requests and deliveries that the database held up")
INTAKE_WAITING = Gauge(
    "crossdock_intake_waiting", "Submissions that wait for a transaction", multiprocess_mode="livesum"
)
ACCESS_ENTRIES_LOST = Counter("crossdock_access_entries_lost_total", "Entries of the access log that were not stored")
TASK_RESTARTS = Counter("crossdock_task_restarts_total", "Background tasks that ended and were started again", ["task"])
WORKER_RUNNING = Gauge("crossdock_worker_running", "Workers that deliver", multiprocess_mode="livesum")
WORKER_POLLED = Gauge(
    "crossdock_worker_last_poll_timestamp_seconds", "When a worker last asked for work", multiprocess_mode="livemax"
)
_SUBMISSIONS = Counter("crossdock_submissions_total", "Orders submitted, by door and outcome", ["door", "outcome"])
_BATCH_SECONDS = Histogram(
    "crossdock_intake_batch_seconds", "Duration of transactions of submissions, with their commits",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip
# Up to the limit of an attempt: 60 s.
_ATTEMPT_SECONDS = Histogram(
    "crossdock_delivery_attempt_seconds", "Duration of attempts to deliver", ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)  # fmt: skip
# From a receiver that answers at once to one that was away for the three days of all retries.
_DELAY = Histogram(
    "crossdock_delivery_delay_seconds", "Time from an event to the end of its delivery, with all retries", ["kind"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400, 259_200),
)  # fmt: skip
_DEAD_LETTERS = Counter("crossdock_dead_letters_total", "Deliveries that were given up", ["kind"])
_MAILS = Counter("crossdock_mails_total", "E-mails by kind of mail and outcome", ["mail", "outcome"])
_ALLOCATIONS = Counter("crossdock_allocations_total", "Decisions about the allocation of an order", ["outcome"])
_ALLOCATION_SECONDS = Histogram(
    "crossdock_allocation_seconds", "Duration of the decision about an allocation",
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5),
)  # fmt: skip

# Series that exist before anything has happened: an alert compares with the value before, which a new series lacks.
for _kind in KINDS:
    _DEAD_LETTERS.labels(_kind)
    for _verdict in Verdict:
        ATTEMPTS.labels(_kind, str(_verdict))
for _outcome in ("full", "partial", "none"):
    _ALLOCATIONS.labels(_outcome)


@cache
def _submissions(door: str, outcome: str) -> Counter:
    return _SUBMISSIONS.labels(door, outcome)


def count_batch(settled: Iterable[tuple[str, str]], seconds: float) -> None:
    """Count the submissions of one transaction, (door, outcome) of each, and how long it took."""
    numbers: dict[tuple[str, str], int] = {}
    for each in settled:
        numbers[each] = numbers.get(each, 0) + 1
    for (door, outcome), number in numbers.items():
        _submissions(door, outcome).inc(number)
    _BATCH_SECONDS.observe(seconds)


def count_attempt(kind: str, attempt: Attempt, *, delay_s: float) -> None:
    """Count an attempt that has ended, `delay_s` after its event."""
    ATTEMPTS.labels(kind, str(attempt.verdict)).inc()
    _ATTEMPT_SECONDS.labels(kind).observe(attempt.took_ms / 1000)
    if attempt.verdict is Verdict.DELIVERED:
        _DELAY.labels(kind).observe(max(0.0, delay_s))


def count_dead_letters(kind: str, number: int) -> None:
    """Count deliveries that were given up."""
    if number:
        _DEAD_LETTERS.labels(kind).inc(number)


def count_mail(mail: str, outcome: str) -> None:
    """Count a mail: sent, stored, failed, rejected, or not_needed."""
    _MAILS.labels(mail, outcome).inc()


def count_allocation(outcome: str, seconds: float) -> None:
    """Count a decision: full, partial, or none."""
    _ALLOCATIONS.labels(outcome).inc()
    _ALLOCATION_SECONDS.observe(seconds)

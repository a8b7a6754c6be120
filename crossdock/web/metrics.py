"""Metrics in the Prometheus format: of requests, summed over the server processes, and of what the database holds."""

import os
from collections.abc import Iterator, Sequence
from functools import cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

from crossdock import __version__
from crossdock.flows.measures import Backlog

# From a cached read to a slow disk's fsync; the last is where clients usually give up.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_REQUESTS = Counter("crossdock_requests_total", "Requests responded to", ["door", "operation", "status", "outcome"])
_SECONDS = Histogram(
    "crossdock_request_seconds", "Time from request to response", ["door", "operation"], buckets=_BUCKETS
)


@cache
def _requests(door: str, operation: str, status: int, outcome: str) -> Counter:
    return _REQUESTS.labels(door, operation, str(status), outcome)


@cache
def _seconds(door: str, operation: str) -> Histogram:
    return _SECONDS.labels(door, operation)


def count(door: str, operation: str, status: int, outcome: str, seconds: float) -> None:
    """Count one request."""
    _requests(door, operation, status, outcome).inc()
    _seconds(door, operation).observe(seconds)


def exposition(backlogs: Sequence[Backlog], *, now: int) -> tuple[bytes, str]:
    """Return all metrics and their content type. `now` is microseconds since 1970 UTC.

    Values read from the database are the same in every process, so they are not among the metrics that are summed.
    """
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry) + "".join(_lines(backlogs, now)).encode(), CONTENT_TYPE_LATEST


def _lines(backlogs: Sequence[Backlog], now: int) -> Iterator[str]:
    yield from _gauge("crossdock_build_info", "The running version", [(f'version="{__version__}"', 1)])
    states = ("waiting", "pending", "dead")
    yield from _gauge(
        "crossdock_deliveries", "Deliveries that are open, and dead letters",
        [(f'kind="{each.kind}",state="{state}"', getattr(each, state)) for each in backlogs for state in states],
    )  # fmt: skip
    ages = [(each.kind, 0 if each.oldest_at is None else max(0, now - each.oldest_at) / 1e6) for each in backlogs]
    yield from _gauge(
        "crossdock_oldest_open_delivery_seconds", "Age of the oldest delivery that has not ended",
        [(f'kind="{kind}"', age) for kind, age in ages],
    )  # fmt: skip
    yield from _gauge(
        "crossdock_feed_lag_events", "Events that the last of the enabled endpoints has not read yet",
        [(f'kind="{each.kind}"', each.feed_lag) for each in backlogs],
    )  # fmt: skip


def _gauge(name: str, text: str, values: Sequence[tuple[str, float]]) -> Iterator[str]:
    yield f"# HELP {name} {text}\n# TYPE {name} gauge\n"
    yield from (f"{name}{{{labels}}} {value}\n" for labels, value in values)

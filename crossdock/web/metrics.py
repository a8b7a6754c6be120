"""Counts and durations of requests, in the Prometheus format; summed over the server processes."""

import os
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


def exposition() -> tuple[bytes, str]:
    """Return all metrics and their content type."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST

"""Metrics in the Prometheus format: what is counted, summed over the server processes, and the state of the database."""

import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

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
from crossdock.flows.installation import Record
from crossdock.flows.measured_state import MeasuredState

# From a cached read to a slow disk's fsync; the last is where clients usually give up.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_REQUESTS = Counter("crossdock_requests_total", "Requests responded to", ["door", "operation", "status", "outcome"])
_SECONDS = Histogram(
    "crossdock_request_seconds", "Time from request to response", ["door", "operation"], buckets=_BUCKETS
)
# The folder in which the processes of one server count; set by `crossdock serve` where there are several.
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_Values = Iterable[tuple[Mapping[str, str], float]]


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


def exposition(state: MeasuredState | None, *, now: int) -> tuple[bytes, str]:
    """Return all metrics and their content type. `now` is microseconds since 1970 UTC; `state` None: no database.

    Values read from the database are the same in every process, so they are not among the metrics that are summed.
    """
    registry = REGISTRY
    if (folder := os.environ.get(_FOLDER)) is not None:
        _forget_ended_processes(Path(folder))
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry) + "".join(_lines(state, now)).encode(), CONTENT_TYPE_LATEST


def _forget_ended_processes(folder: Path) -> None:
    """Remove the live gauges of processes that have ended; a killed one cannot do so itself, and would count forever."""
    for path in folder.glob("gauge_live*_*.db"):
        try:
            os.kill(int(path.stem.rpartition("_")[2]), 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except PermissionError:  # the number belongs to a process of another user by now
            continue


def _lines(state: MeasuredState | None, now: int) -> Iterator[str]:
    build = {"version": __version__, "python": platform.python_version()}
    engine = {} if state is None else {"engine": state.engine, "engine_version": state.engine_version}
    yield from _gauge("crossdock_build_info", "The running version, and the database engine", [(build | engine, 1)])
    yield from _gauge("crossdock_database_up", "Whether the database could be read", [({}, int(state is not None))])
    if state is not None:
        yield from _backlog_lines(state, now)
        yield from _database_lines(state)


def _backlog_lines(state: MeasuredState, now: int) -> Iterator[str]:
    backlogs = state.backlogs
    yield from _gauge(
        "crossdock_deliveries", "Deliveries that are open, and dead letters",
        [
            ({"kind": each.kind, "state": name}, getattr(each, name))
            for each in backlogs for name in ("waiting", "pending", "dead")
        ],
    )  # fmt: skip
    yield from _gauge(
        "crossdock_oldest_open_delivery_seconds", "Age of the oldest delivery that has not ended",
        [
            ({"kind": each.kind}, 0 if each.oldest_at is None else max(0, now - each.oldest_at) / 1e6)
            for each in backlogs
        ],
    )  # fmt: skip
    yield from _gauge(
        "crossdock_feed_lag_events", "Events that the last of the enabled endpoints has not read yet",
        [({"kind": each.kind}, each.feed_lag) for each in backlogs],
    )  # fmt: skip
    yield from _gauge(
        "crossdock_endpoints", "Endpoints by kind and state",
        [({"kind": kind, "state": name}, number) for (kind, name), number in sorted(state.endpoints.items())],
    )  # fmt: skip


def _database_lines(state: MeasuredState) -> Iterator[str]:
    yield from _gauge(
        "crossdock_orders", "Stored orders by door and status",
        [({"door": door, "status": status}, number) for (door, status), number in sorted(state.orders.items())],
    )  # fmt: skip
    yield from _gauge("crossdock_backorders", "Orders that wait for stock", [({}, state.backorders)])
    yield from _gauge("crossdock_database_size_bytes", "Size of the database", [({}, state.database_bytes)])
    if state.connection_limit:
        yield from _gauge(
            "crossdock_database_connections", "Connections to the PostgreSQL database, by state",
            [({"state": name}, number) for name, number in sorted(state.connections.items())],
        )  # fmt: skip
        yield from _gauge(
            "crossdock_database_connections_max", "Connections that the PostgreSQL server allows",
            [({}, state.connection_limit)],
        )  # fmt: skip
    yield from _gauge(
        "crossdock_last_backup_timestamp_seconds", "End of the last `crossdock backup`; 0: never",
        [({}, _seconds_of(state.backed_up))],
    )  # fmt: skip
    yield from _gauge(
        "crossdock_last_verification_timestamp_seconds", "End of the last `crossdock verify`; 0: never",
        [({}, _seconds_of(state.verified))],
    )  # fmt: skip
    yield from _gauge(
        "crossdock_last_verification_faults", "Faults that the last `crossdock verify` found",
        [({}, state.verified.faults if state.verified else 0)],
    )  # fmt: skip


def _seconds_of(record: Record | None) -> float:
    return record.at / 1e6 if record else 0


def _gauge(name: str, text: str, values: _Values) -> Iterator[str]:
    yield f"# HELP {name} {text}\n# TYPE {name} gauge\n"
    for labels, value in values:
        pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{pairs}}} {value}\n" if pairs else f"{name} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")

"""How long transactions wait before they begin: for SQLite's write lock, or for a free connection to PostgreSQL."""

from prometheus_client import Histogram

# From a lock that is free to the limits after which callers get 503 (5 s on SQLite, 10 s on PostgreSQL).
_BUCKETS = (0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_WAITS = Histogram(
    "crossdock_database_wait_seconds",
    "Time that transactions waited to begin: for the write lock (SQLite), or for a connection (PostgreSQL)",
    ["access"],
    buckets=_BUCKETS,
)
# Looked up once: a look-up at each transaction takes as long as the count itself.
READ_WAITS, WRITE_WAITS = _WAITS.labels("read"), _WAITS.labels("write")

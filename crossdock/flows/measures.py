"""What is counted where it happens, for /metrics, and what is read from the database when /metrics is asked."""

from prometheus_client import Counter, Gauge

from crossdock.flows.context import Context
from crossdock.store import deliveries
from crossdock.store.deliveries import Backlog as Backlog

ATTEMPTS = Counter("crossdock_delivery_attempts_total", "Attempts to deliver, by their outcome", ["kind", "outcome"])
DATABASE_ERRORS = Counter("crossdock_database_errors_total", "Requests and deliveries that the database held up")
INTAKE_WAITING = Gauge(
    "crossdock_intake_waiting", "Submissions that wait for a transaction", multiprocess_mode="livesum"
)


async def backlogs(context: Context) -> list[Backlog]:
    """Read what is left to deliver, by kind of endpoint: three queries of indexes of open and dead deliveries."""
    async with context.store.reading() as tx:
        return await deliveries.backlogs(tx)

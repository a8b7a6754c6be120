"""Numbers about the whole installation, across organizations, for its operator: orders, endpoints, connections."""

from sqlalchemy import func, select, text

from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import backorder, endpoint, order_count

_ORDERS = Statement(
    select(order_count.c.door, order_count.c.status, func.sum(order_count.c.orders).label("orders")).group_by(
        order_count.c.door, order_count.c.status
    )
)
_ENDPOINTS = Statement(
    select(endpoint.c.kind, endpoint.c.state, func.count().label("endpoints"))
    .where(endpoint.c.state != "removed")
    .group_by(endpoint.c.kind, endpoint.c.state)
)
_BACKORDERS = Statement(select(func.count().label("orders")).select_from(backorder))
# A role sees the state of its own sessions only, which are those of every Crossdock process.
_CONNECTIONS = Statement(
    text(
        "SELECT coalesce(state, 'other') AS state, count(*) AS connections FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1"
    )
)
_CONNECTION_LIMIT = Statement(text("SELECT current_setting('max_connections') AS connections"))


async def orders(tx: Transaction) -> dict[tuple[str, str], int]:
    """Return the number of orders by (door, status); pairs without orders are left out."""
    return {(row["door"], row["status"]): int(row["orders"]) for row in await tx.rows(_ORDERS) if row["orders"]}


async def endpoints(tx: Transaction) -> dict[tuple[str, str], int]:
    """Return the number of endpoints by (kind, state), without removed ones."""
    return {(row["kind"], row["state"]): row["endpoints"] for row in await tx.rows(_ENDPOINTS)}


async def backorders(tx: Transaction) -> int:
    """Return the number of orders that wait for stock."""
    (row,) = await tx.rows(_BACKORDERS)
    return int(row["orders"])


async def connections(tx: Transaction) -> tuple[dict[str, int], int]:
    """Return the connections to a PostgreSQL database by state (active, idle, …), and how many the server allows in all."""
    by_state = {row["state"]: row["connections"] for row in await tx.rows(_CONNECTIONS)}
    (row,) = await tx.rows(_CONNECTION_LIMIT)
    return by_state, int(row["connections"])

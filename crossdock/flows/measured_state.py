"""The state of the installation as /metrics shows it: read from the database, so the same in every process."""

import msgspec
from msgspec import Struct

from crossdock.flows.context import Context
from crossdock.flows.installation import BACKED_UP, VERIFIED, Record
from crossdock.store import deliveries, measures, tenants
from crossdock.store.deliveries import Backlog as Backlog


class MeasuredState(Struct, frozen=True):
    """What the database holds. `orders` are by (door, status), `endpoints` by (kind, state), `connections` by state.

    `connections` is empty and `connection_limit` 0 on an engine without connections.
    """

    engine: str
    engine_version: str
    database_bytes: int
    backlogs: tuple[Backlog, ...]
    orders: dict[tuple[str, str], int]
    endpoints: dict[tuple[str, str], int]
    backorders: int
    connections: dict[str, int]
    connection_limit: int
    verified: Record | None
    backed_up: Record | None


async def read(context: Context) -> MeasuredState:
    """Read the state: some ten queries of indexes and of small tables. Refuses with Busy."""
    async with context.store.reading() as tx:
        size, version = await tenants.database_size(tx)
        values = await tenants.find_installation_values(tx, [VERIFIED, BACKED_UP])
        records = {name: msgspec.json.decode(value, type=Record) for name, value in values.items()}
        connections, limit = ({}, 0) if context.store.name == "sqlite" else await measures.connections(tx)
        return MeasuredState(
            context.store.name,
            version,
            size,
            tuple(await deliveries.backlogs(tx)),
            await measures.orders(tx),
            await measures.endpoints(tx),
            await measures.backorders(tx),
            connections,
            limit,
            records.get(VERIFIED),
            records.get(BACKED_UP),
        )

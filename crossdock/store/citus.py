"""Citus: spread the tables over the nodes of a cluster, each organization's rows together on one node.

Tables of organizations are distributed by `organization_id` and colocated, so that every transaction of an organization stays
on one node. The tables of tables.GLOBAL become reference tables, of which each node has a copy.
"""

from typing import Any

from sqlalchemy import Connection, text

from crossdock.store.tables import GLOBAL, metadata

_HAS_EXTENSION = "SELECT count(*) FROM pg_extension WHERE extname = 'citus'"
_SPREAD = "SELECT logicalrelid::text AS name FROM pg_dist_partition"
# The table that all others of organizations are colocated with.
_FIRST = "orders"


async def is_pending(connection: Any) -> bool:
    """Tell whether a connection of asyncpg leads to a database with Citus in which tables are not spread yet."""
    if not await connection.fetchval(_HAS_EXTENSION):
        return False
    return bool(metadata.tables.keys() - {row["name"] for row in await connection.fetch(_SPREAD)})


async def is_spread(connection: Any) -> bool:
    """Tell whether a connection of asyncpg leads to a database whose tables are spread."""
    if not await connection.fetchval(_HAS_EXTENSION):
        return False
    return _FIRST in {row["name"] for row in await connection.fetch(_SPREAD)}


def prepare(connection: Connection) -> None:
    """Let migrations change tables that are spread already: one node after the other, as Citus demands within a transaction."""
    if connection.scalar(text(_HAS_EXTENSION)):
        connection.execute(text("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"))


def spread(connection: Connection) -> None:
    """Distribute the tables of organizations and make reference tables of the global ones, where they are not yet."""
    if not connection.scalar(text(_HAS_EXTENSION)):
        return
    done = set(connection.scalars(text(_SPREAD)))
    for name in sorted(GLOBAL.keys() - done):
        connection.execute(text("SELECT create_reference_table(:name)"), {"name": name})
    for name in sorted(metadata.tables.keys() - GLOBAL.keys() - done, key=lambda each: (each != _FIRST, each)):
        connection.execute(
            text("SELECT create_distributed_table(:name, 'organization_id', colocate_with => :beside)"),
            {"name": name, "beside": "none" if name == _FIRST else _FIRST},
        )

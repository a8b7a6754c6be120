"""A Citus cluster for tests: CROSSDOCK_TEST_CITUS names its coordinator, such as postgresql://postgres@127.0.0.1:5432/postgres.

Each database that a test takes is made on every node, with the extension, and with the workers that the coordinator's own
database has. The role must be allowed to make databases and extensions on every node.
"""

import os
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

VARIABLE = "CROSSDOCK_TEST_CITUS"
COORDINATOR = os.environ.get(VARIABLE, "")


def database_of(url: str, name: str, *, host: str | None = None, port: int | None = None) -> str:
    """Return the URL of a database on the coordinator, or on the node at `host` and `port`."""
    parts = urlsplit(url)
    user, at, server = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}{f'{host}:{port}' if host else server}", path=f"/{name}"))


async def create_database(name: str) -> str:
    """Make a database on every node of the cluster and return its URL on the coordinator."""
    coordinator = await asyncpg.connect(COORDINATOR)
    try:
        workers = await coordinator.fetch("SELECT node_name, node_port FROM citus_get_active_worker_nodes()")
        await coordinator.execute(f"DROP DATABASE IF EXISTS {name}")
        await coordinator.execute(f"CREATE DATABASE {name}")
        # Few shards, because a test leaves an empty database, and to empty one takes a statement for each shard.
        await coordinator.execute(f"ALTER DATABASE {name} SET citus.shard_count = 4")
    finally:
        await coordinator.close()
    for node in workers:
        maintenance = database_of(COORDINATOR, "postgres", host=node["node_name"], port=node["node_port"])
        await _run(maintenance, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
        await _run(
            database_of(COORDINATOR, name, host=node["node_name"], port=node["node_port"]), "CREATE EXTENSION citus"
        )
    url = database_of(COORDINATOR, name)
    parts = urlsplit(COORDINATOR)
    await _run(url, "CREATE EXTENSION citus", f"SELECT citus_set_coordinator_host('{parts.hostname}', {parts.port})")
    for node in workers:
        await _run(url, f"SELECT citus_add_node('{node['node_name']}', {node['node_port']})")
    return url


async def drop_database(name: str) -> None:
    """Drop a database on every node of the cluster."""
    coordinator: Any = await asyncpg.connect(COORDINATOR)
    try:
        workers = await coordinator.fetch("SELECT node_name, node_port FROM citus_get_active_worker_nodes()")
        await coordinator.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await coordinator.close()
    for node in workers:
        maintenance = database_of(COORDINATOR, "postgres", host=node["node_name"], port=node["node_port"])
        await _run(maintenance, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()

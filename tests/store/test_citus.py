"""The schema on a Citus cluster: how the tables are spread, and that the statements of an organization stay on one node."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from crossdock.store import citus, schema
from crossdock.store.deliveries import _READY
from crossdock.store.postgres import _DIALECT, PostgresStore, _update_text, _values_text
from crossdock.store.tables import GLOBAL, metadata, order_line
from tests.citus import COORDINATOR, VARIABLE, create_database, drop_database

pytestmark = pytest.mark.skipif(not COORDINATOR, reason=f"{VARIABLE} names no Citus cluster")
NAME = "test_spread"


@pytest.fixture
async def connection() -> AsyncIterator[Any]:
    """Return a connection to an empty database on the cluster."""
    url = await create_database(NAME)
    opened = await asyncpg.connect(url)
    yield opened
    await opened.close()
    await drop_database(NAME)


@pytest.fixture
def url(connection: Any) -> str:
    return COORDINATOR.rsplit("/", 1)[0] + f"/{NAME}"


async def kinds(connection: Any) -> dict[str, tuple[str, str]]:
    """Return how each table is spread: its kind and its distribution column."""
    rows = await connection.fetch("SELECT table_name::text, citus_table_type, distribution_column FROM citus_tables")
    return {row[0]: (row[1], row[2]) for row in rows}


SPREAD = {
    name: ("reference", "<none>") if name in GLOBAL else ("distributed", "organization_id") for name in metadata.tables
}


async def tasks(connection: Any, text: str, *values: Any) -> int:
    """Return how many shards a statement touches."""
    plan = await connection.fetch(f"EXPLAIN {text}", *values)
    (line,) = [row[0] for row in plan if "Task Count" in row[0]]
    return int(line.rpartition(" ")[2])


async def test_a_new_database_is_spread(connection: Any, url: str) -> None:
    await schema.migrate(url)
    assert await kinds(connection) == SPREAD
    colocated = await connection.fetch(
        "SELECT DISTINCT colocation_id FROM citus_tables WHERE citus_table_type = 'distributed'"
    )
    assert len(colocated) == 1


async def test_a_database_that_got_the_extension_later_is_spread_with_its_rows(connection: Any, url: str) -> None:
    await connection.execute("DROP EXTENSION citus")
    await schema.migrate(url)
    await connection.execute("INSERT INTO feed (organization_id, position) SELECT n, n FROM generate_series(1, 50) n")
    await connection.execute("CREATE EXTENSION citus")
    assert await citus.is_pending(connection)
    await schema.migrate(url)
    assert await kinds(connection) == SPREAD
    assert await connection.fetchval("SELECT sum(position) FROM feed") == 1_275
    assert not await citus.is_pending(connection)


async def test_statements_of_an_organization_touch_one_shard(connection: Any, url: str) -> None:
    await schema.migrate(url)
    update = _update_text(order_line, ("shipped",))
    assert await tasks(connection, update, [5, 5], [1, 2], [0, 1], [3, 4], 5) == 1
    insert = _values_text(order_line, 2)
    rows = [5, 1, 0, None, None, *[1] * 8]
    assert await tasks(connection, insert, *rows, *rows[:2], 1, *rows[3:]) == 1
    ready, bound = _READY.bind(_DIALECT, {"organizations": [5], "now": 1})
    assert await tasks(connection, ready, *bound) == 1


async def test_a_store_knows_that_its_tables_are_spread(url: str) -> None:
    store = await schema.open_store(url)
    try:
        assert isinstance(store, PostgresStore)
        assert store._is_spread
    finally:
        await store.close()

"""How the reads of every door run on a small but skewed book: through an index, and one order without its neighbors.

`make size` does the same where there are a million orders, and measures.
"""

from collections.abc import AsyncIterator

import pytest

from bench.size.asking import OPS, Asked, asker
from bench.size.loading import Loaded, load
from bench.size.plans import faults_of, plans

# So many that one order among those of its door, or of its organization, costs more steps than a look-up may take.
ORDERS = 3_000


@pytest.fixture
async def loaded(database: str) -> AsyncIterator[Loaded]:
    """Fill a database with orders of several organizations and all doors."""
    yield await load(database, ORDERS, told=False)


class TestPlans:
    async def test_walk_an_index_and_never_a_table(self, database: str, loaded: Loaded) -> None:
        found = await plans(database, loaded, OPS, times=2, small=True)
        assert set(found) == {op.name for op in OPS}
        assert faults_of(found) == []

    async def test_are_of_orders_that_every_door_can_read(self, database: str, loaded: Loaded) -> None:
        """What was loaded is what the doors would have taken, or the plans would prove nothing."""
        async with asker(database, loaded) as (one, deep):
            for order in loaded.known[::500]:
                op = next(op for op in OPS if op.door == order.door and op.own and op.is_get)
                assert (await one.ask(op, Asked(order, *deep[order.organization], 0)))[0] == "http"

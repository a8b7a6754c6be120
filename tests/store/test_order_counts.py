"""Stored numbers of orders by door and status."""

from collections import Counter
from random import Random

from crossdock.store import order_counts
from crossdock.store.protocols import Store
from tests.store.samples import ONE, OTHER


class TestCounts:
    async def test_stored_counts_are_the_sum_of_their_changes(self, store: Store) -> None:
        random, kept = Random(6), Counter[tuple[str, str]]()
        async with store.writing() as tx:
            for _ in range(40):
                keys = random.sample([(door, status) for door in ("a", "b") for status in ("x", "y")], 2)
                changes = {key: random.choice((1, 2, -1)) for key in keys}
                kept.update(changes)
                await order_counts.add_counts(tx, ONE, changes)
            assert await order_counts.counts(tx, ONE) == {key: number for key, number in kept.items() if number}
            assert await order_counts.counts(tx, OTHER) == {}

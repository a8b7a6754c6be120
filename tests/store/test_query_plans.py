"""Query plans of every door's reads among few but skewed orders: each uses an index, and one order is read without others.

`make size` does the same where there are a million orders, and measures.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.size.asking import OPS, Asked, asker
from bench.size.loading import Loaded, load
from bench.size.plans import faults_of, plans
from crossdock.store import deliveries, event_log, orders, sqlite, submissions
from crossdock.store.protocols import Statement
from tests.citus import COORDINATOR

# So many that one order among those of its door, or of its organization, costs more steps than a look-up may take.
ORDERS = 3_000
LISTS = ("ids", "organizations")  # parameters that take a list


@pytest.fixture
async def loaded(database: str) -> AsyncIterator[Loaded]:
    """Fill a database with orders of several organizations and all doors."""
    yield await load(database, ORDERS, progress=False)


# The plans of Citus are those of its nodes, which the same PostgreSQL makes.
not_on_citus = pytest.mark.skipif(bool(COORDINATOR), reason="plans are compared on a PostgreSQL without Citus")


class TestPlans:
    @not_on_citus
    async def test_every_read_of_a_door_scans_an_index_and_never_a_table(self, database: str, loaded: Loaded) -> None:
        found = await plans(database, loaded, OPS, times=2, small=True)
        assert set(found) == {op.name for op in OPS}
        assert faults_of(found) == []
        await self.check_readable(database, loaded)

    @staticmethod
    async def check_readable(database: str, loaded: Loaded) -> None:
        """Check that every door reads what was loaded; the plans would prove nothing otherwise."""
        async with asker(database, loaded) as (one, deep):
            for order in loaded.known[::500]:
                op = next(op for op in OPS if op.door == order.door and op.own and op.is_get)
                assert await one.ask(op, Asked(order, deep[order.organization], 0)) != []


class TestDeliveryPlans:
    """What a worker asks again and again, on SQLite, whose planner needs no rows to choose an index."""

    @pytest.mark.parametrize(
        ("statement", "index"),
        [
            (deliveries._DUE, "ix_delivery_due"),
            (deliveries._DUE_AFTER, "ix_delivery_due"),
            (deliveries._CLAIMED, "ix_delivery_due"),
            (deliveries._OF_ORDERS, "ix_delivery_open"),
            (deliveries._page_statement("dead", False, False), "ix_delivery_dead"),
            (deliveries._OF_ORDER, "ix_delivery_order"),
            (orders._LATEST_CHANGE, "sqlite_autoindex_event_1"),
            (deliveries._page_statement(None, False, True), "sqlite_autoindex_delivery_1"),
            (deliveries._ACTIVITY, "ix_delivery_open"),
            (submissions._submission_page(True, False, True), "ix_submission_refused"),
            (event_log._feed_statement(1, 0, 0, newest_first=True), "ix_event_organization_id_position"),
            (deliveries._BY_IDS, "sqlite_autoindex_delivery_1"),
            (deliveries._OLD, "sqlite_autoindex_delivery_1"),
            (deliveries._READY, "ix_delivery_due"),
            (event_log._feed_statement(2, 1, 1), "ix_event_organization_id_position"),
            (event_log._HISTORIES, "sqlite_autoindex_event_1"),
        ],
    )
    def test_a_worker_statement_uses_the_index_made_for_it(
        self, sqlite_template: Path, statement: Statement, index: str
    ) -> None:
        plan = self.plan_with(index, sqlite_template, statement)
        assert not any(
            "SCAN delivery" in line or "SCAN event" in line or "B-TREE FOR ORDER" in line for line in plan
        ), plan

    @pytest.mark.parametrize(
        ("statement", "index"),
        [
            (deliveries._page_statement(None, True, False), "ix_delivery_order"),
            (deliveries._OF_SOME_ORDERS, "ix_delivery_order"),
            (submissions._filtered_page(True, False, True)[0], "ix_submission_refused"),
        ],
    )
    def test_a_statement_of_a_list_sorts_the_few_rows_of_its_index(
        self, sqlite_template: Path, statement: Statement, index: str
    ) -> None:
        self.plan_with(index, sqlite_template, statement)

    @staticmethod
    def plan_with(index: str, template: Path, statement: Statement) -> list[str]:
        """Return the plan of a statement, which must use the index."""
        names = statement.names(sqlite._DIALECT)
        text, values = statement.bind(sqlite._DIALECT, {name: [1, 2, 3] if name in LISTS else 1 for name in names})
        connection = sqlite.connect(str(template))
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
        connection.close()
        assert any(f"USING INDEX {index}" in line or f"COVERING INDEX {index}" in line for line in plan), plan
        return plan

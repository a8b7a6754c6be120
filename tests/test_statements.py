"""The check of statements finds those that name no organization."""

import pytest

from tests.statements import organizations_of


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT order_id FROM orders WHERE orders.status = $1", "orders"),
        ("SELECT event.position FROM event JOIN orders ON event.organization_id = orders.organization_id", "event, orders"),
        ("SELECT order_id FROM orders WHERE orders.organization_id = $1::BIGINT", None),
        ("SELECT order_id FROM orders WHERE orders.organization_id = ANY ($1::BIGINT[])", None),
        ("SELECT order_id FROM orders WHERE orders.organization_id IN (?)", None),
        ("UPDATE client SET name = ? WHERE client.client_id = ?", "client"),
        ("INSERT INTO feed (organization_id, position) VALUES ($1, $2)", None),
        ("SELECT email FROM person", None),
    ],
)  # fmt: skip
def test_a_statement_names_the_organization_of_every_table_it_reads(sql: str, tables: str | None) -> None:
    assert organizations_of(sql) == tables

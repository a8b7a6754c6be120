"""Orders whose totals do not add up

Whether the totals of an order agree with its lines (core/money.py) is stored, so that a list can be filtered by it. It is
worked out here for the orders that are there already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_STEP = 500  # orders held in memory at a time


def upgrade() -> None:
    op.add_column("orders", sa.Column("balanced", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_index(
        "ix_orders_unbalanced",
        "orders",
        ["organization_id", "order_id"],
        unique=False,
        sqlite_where=sa.text("balanced = 0"),
        postgresql_where=sa.text("balanced = false"),
    )
    _find_unbalanced()


def _find_unbalanced() -> None:
    from crossdock.core.money import is_balanced
    from crossdock.store.orders import decode_content

    connection = op.get_bind()
    page = sa.text(
        "SELECT organization_id, order_id, content FROM orders WHERE organization_id > :organization_id"
        " OR organization_id = :organization_id AND order_id > :order_id ORDER BY organization_id, order_id LIMIT :step"
    )
    change = sa.text(
        "UPDATE orders SET balanced = :balanced WHERE organization_id = :organization_id AND order_id = :order_id"
    ).bindparams(sa.bindparam("balanced", type_=sa.Boolean()))
    last = {"organization_id": -1, "order_id": -1}
    while rows := connection.execute(page, last | {"step": _STEP}).all():
        unbalanced = [
            {"organization_id": row[0], "order_id": row[1], "balanced": False}
            for row in rows
            if not is_balanced(decode_content(bytes(row[2])))
        ]
        if unbalanced:
            connection.execute(change, unbalanced)
        last = {"organization_id": rows[-1][0], "order_id": rows[-1][1]}

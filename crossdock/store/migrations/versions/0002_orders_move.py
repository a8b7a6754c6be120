"""What orders that move need: tags, archive, timed holds, the words they are found by, kept counts

The words and counts of orders that are there already are made here.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_STEP = 500  # orders held in memory at a time


def upgrade() -> None:
    op.add_column("orders", sa.Column("tags", sa.LargeBinary(), nullable=True))
    op.add_column("orders", sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("orders", sa.Column("due_at", sa.BigInteger(), nullable=True))
    for column in ("door", "updated_at"):
        name = f"ix_orders_organization_id_{column}_order_id"
        op.create_index(op.f(name), "orders", ["organization_id", column, "order_id"], unique=False)
    op.create_index(
        "ix_orders_due",
        "orders",
        ["organization_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_archived",
        "orders",
        ["organization_id", "order_id"],
        unique=False,
        sqlite_where=sa.text("archived = 1"),
        postgresql_where=sa.text("archived = true"),
    )
    op.create_table(
        "order_term",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "term", "order_id", name=op.f("pk_order_term")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_count",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "door", "status", "slot", name=op.f("pk_order_count")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO order_count (organization_id, door, status, slot, orders)"
        " SELECT organization_id, door, status, 0, count(*) FROM orders GROUP BY organization_id, door, status"
    )
    _add_terms()
    _number_holds()


def _number_holds() -> None:
    """Give holds the number of the event that placed them; before, each had an event of its own, and none had ended."""
    connection = op.get_bind()
    held = sa.text("SELECT organization_id, order_id, holds FROM orders WHERE holds IS NOT NULL")
    placed = sa.text(
        "SELECT number FROM event WHERE organization_id = :organization_id AND order_id = :order_id"
        " AND name = 'order.held' ORDER BY number"
    )
    change = sa.text(
        "UPDATE orders SET holds = :holds WHERE organization_id = :organization_id AND order_id = :order_id"
    )
    for organization_id, order_id, holds in connection.execute(held).all():
        key = {"organization_id": organization_id, "order_id": order_id}
        numbers = connection.execute(placed, key).scalars().all()
        numbered = [hold | {"number": number} for hold, number in zip(json.loads(bytes(holds)), numbers, strict=True)]
        connection.execute(change, key | {"holds": json.dumps(numbered, separators=(",", ":")).encode()})


def _add_terms() -> None:
    from crossdock.core.search_terms import content_terms
    from crossdock.store.orders import MAX_TERMS, decode_content

    connection = op.get_bind()
    page = sa.text(
        "SELECT organization_id, order_id, content FROM orders WHERE organization_id > :organization_id"
        " OR organization_id = :organization_id AND order_id > :order_id ORDER BY organization_id, order_id LIMIT :step"
    )
    insert = sa.text("INSERT INTO order_term (organization_id, term, order_id) VALUES (:organization_id, :term, :order_id)")
    last = {"organization_id": -1, "order_id": -1}
    while rows := connection.execute(page, last | {"step": _STEP}).all():
        terms = [
            {"organization_id": row[0], "order_id": row[1], "term": term}
            for row in rows
            for term in content_terms(decode_content(bytes(row[2])), limit=MAX_TERMS)
        ]
        if terms:
            connection.execute(insert, terms)
        last = {"organization_id": rows[-1][0], "order_id": rows[-1][1]}

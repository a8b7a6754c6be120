"""Allocations of orders, decisions about them, orders that wait for stock; versions of catalog entries"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("catalog_entry", sa.Column("version", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column("stock_level", sa.Column("unlimited", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("orders", sa.Column("allocations", sa.LargeBinary()))
    op.create_table(
        "allocation",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("allocation_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "allocation_id", name=op.f("pk_allocation")),
    )
    op.create_index("ix_allocation_order", "allocation", ["organization_id", "order_id"])
    op.create_index(
        "ix_allocation_location", "allocation", ["organization_id", "location", "allocation_id"],
        sqlite_where=sa.text("is_open = 1"), postgresql_where=sa.text("is_open = true"),
    )  # fmt: skip
    op.create_table(
        "allocation_decision",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("inputs", sa.LargeBinary(), nullable=False),
        sa.Column("plan", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "decision_id", name=op.f("pk_allocation_decision")),
    )
    op.create_index("ix_allocation_decision_order", "allocation_decision", ["organization_id", "order_id", "decision_id"])
    op.create_table(
        "backorder",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("promised", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("organization_id", "order_id", name=op.f("pk_backorder")),
    )
    op.create_index(
        "ix_backorder_next_at", "backorder", ["organization_id", "next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"), postgresql_where=sa.text("next_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_order_line_backordered", "order_line", ["organization_id", "sku_key", "order_id"],
        sqlite_where=sa.text("backordered > 0"), postgresql_where=sa.text("backordered > 0"),
    )  # fmt: skip

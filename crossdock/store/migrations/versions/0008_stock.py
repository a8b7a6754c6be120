"""Stock levels, and the ledger of their movements"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "stock_level",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("level_id", sa.BigInteger(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("safety", sa.BigInteger(), nullable=False),
        sa.Column("threshold", sa.BigInteger()),
        sa.Column("counters", sa.LargeBinary()),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger()),
        sa.Column("counted_at", sa.BigInteger()),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("event_number", sa.BigInteger(), nullable=False),
        sa.Column("event_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "sku", "location", "pool", name=op.f("pk_stock_level")),
        sa.CheckConstraint(
            "allocated >= 0 AND allocated <= on_hand AND safety >= 0 AND reserved >= safety AND shipped >= 0",
            name=op.f("ck_stock_level_units"),
        ),
    )
    op.create_index("ix_stock_level_location", "stock_level", ["organization_id", "location", "sku"])
    op.create_table(
        "stock_movement",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("level_id", sa.BigInteger(), nullable=False),
        sa.Column("movement_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger()),
        sa.Column("event_id", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("organization_id", "level_id", "movement_id", name=op.f("pk_stock_movement")),
        sqlite_with_rowid=False,
    )

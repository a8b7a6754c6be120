"""The access log: who read and changed what"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "access_entry",
        sa.Column("organization_id", sa.BigInteger, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("door", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("order_id", sa.BigInteger),
        sa.Column("object", sa.Text),
        sa.Column("status", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "entry_id", name="pk_access_entry"),
    )
    is_about_order = sa.text("order_id IS NOT NULL")
    op.create_index(
        "ix_access_entry_order", "access_entry", ["organization_id", "order_id", "entry_id"],
        sqlite_where=is_about_order, postgresql_where=is_about_order,
    )  # fmt: skip

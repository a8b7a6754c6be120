"""Rename the column that says which worker process has claimed a delivery."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.alter_column("delivery", "holder", new_column_name="claimed_by")

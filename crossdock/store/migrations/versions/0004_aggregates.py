"""Events of any aggregate

The log held events of orders only. Now each event says of which type of aggregate it is; an id is unique in its organization
whatever the type, so the key needs no type. Hash chains stay valid: the type of an order is not part of what is hashed.
The column that says which worker process has claimed a delivery gets the trade's name.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("event", sa.Column("aggregate_type", sa.Text(), nullable=False, server_default="order"))
    op.alter_column("event", "order_id", new_column_name="aggregate_id")
    op.alter_column("delivery", "holder", new_column_name="claimed_by")

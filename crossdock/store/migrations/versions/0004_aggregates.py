"""Events of any aggregate

The log held events of orders only. Now each event says of which type of aggregate it is; an id is unique in its organization
whatever the type, so the key needs no type. Hash chains stay valid: the type of an order is not part of what is hashed.
The column that says which worker process has claimed a delivery gets the trade's name.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_RENAME_NOT_NULL = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'event'::regclass AND conname = 'event_order_id_not_null') THEN
        ALTER TABLE event RENAME CONSTRAINT event_order_id_not_null TO event_aggregate_id_not_null;
    END IF;
END $$
"""


def upgrade() -> None:
    op.add_column("event", sa.Column("aggregate_type", sa.Text(), nullable=False, server_default="order"))
    op.alter_column("event", "order_id", new_column_name="aggregate_id")
    if op.get_bind().dialect.name == "postgresql":  # since version 18 NOT NULL is a constraint with a name
        op.execute(_RENAME_NOT_NULL)
    op.alter_column("delivery", "holder", new_column_name="claimed_by")

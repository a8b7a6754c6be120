"""Index of the deliveries of an order"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_index("ix_delivery_order", "delivery", ["organization_id", "order_id", "delivery_id"])

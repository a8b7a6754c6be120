"""Fulfillments, packages, returns and invoices of orders"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("orders", sa.Column("progress", sa.LargeBinary()))
    op.create_table(
        "fulfillment",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("fulfillment_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reference_key", sa.Text()),
        sa.PrimaryKeyConstraint("organization_id", "fulfillment_id", name=op.f("pk_fulfillment")),
    )
    op.create_index("ix_fulfillment_order", "fulfillment", ["organization_id", "order_id"])
    op.create_index("ix_fulfillment_status", "fulfillment", ["organization_id", "status", "fulfillment_id"])
    op.create_index("ix_fulfillment_location", "fulfillment", ["organization_id", "location", "fulfillment_id"])
    op.create_index(
        "ix_fulfillment_reference", "fulfillment", ["organization_id", "reference_key"],
        sqlite_where=sa.text("reference_key IS NOT NULL"), postgresql_where=sa.text("reference_key IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "package",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("package_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "number_key", "package_id", name=op.f("pk_package")),
    )
    op.create_index("ix_package_order", "package", ["organization_id", "order_id"])
    op.create_index("ix_package_id", "package", ["organization_id", "package_id"])
    op.create_table(
        "order_return",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("return_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reference_key", sa.Text()),
        sa.PrimaryKeyConstraint("organization_id", "return_id", name=op.f("pk_order_return")),
    )
    op.create_index("ix_order_return_order", "order_return", ["organization_id", "order_id"])
    op.create_index("ix_order_return_status", "order_return", ["organization_id", "status", "return_id"])
    op.create_table(
        "invoice",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "invoice_id", name=op.f("pk_invoice")),
    )
    op.create_index("ix_invoice_number", "invoice", ["organization_id", "number"])
    op.create_index("ix_invoice_order", "invoice", ["organization_id", "order_id"])
    op.create_index("ix_invoice_subject", "invoice", ["organization_id", "subject_id"])
    op.create_table(
        "invoice_sequence",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "year", name=op.f("pk_invoice_sequence")),
    )

"""What others hear by: a feed of events without gaps, endpoints, deliveries, kept mails

Events that are there already take their positions in the order they were minted in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_STEP = 500  # orders held in memory at a time


def upgrade() -> None:
    op.add_column("event", sa.Column("position", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("event", sa.Column("status", sa.Text(), nullable=False, server_default=""))
    op.add_column("event", sa.Column("source", sa.Text(), nullable=False, server_default=""))
    _make_tables()
    _place_events()
    # Customers of organizations that are there already are told of what comes from now on.
    mails = sa.text(
        "INSERT INTO endpoint (organization_id, endpoint_id, version, kind, state, position, created_at, updated_at, document)"
        " SELECT organization.organization_id, 1, 1, 'email', 'enabled', coalesce(feed.position, 0),"
        " organization.created_at, organization.created_at, :document"
        " FROM organization LEFT JOIN feed ON feed.organization_id = organization.organization_id"
    ).bindparams(sa.bindparam("document", b"{}", type_=sa.LargeBinary()))
    op.get_bind().execute(mails)
    # Entries could not be removed before: a deleted definition stayed as an empty document.
    deleted = sa.text("DELETE FROM catalog_entry WHERE kind = 'fabric/order_attribute' AND document = :empty")
    op.get_bind().execute(deleted.bindparams(sa.bindparam("empty", b"{}", type_=sa.LargeBinary())))
    op.create_index(op.f("ix_event_organization_id_position"), "event", ["organization_id", "position"], unique=False)
    _add_statuses()


def _make_tables() -> None:
    op.create_table(
        "feed",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_feed")),
    )
    op.create_table(
        "endpoint",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("health", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "endpoint_id", name=op.f("pk_endpoint")),
    )
    op.create_table(
        "delivery",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("holder", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("attempted", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "endpoint_id", "delivery_id", name=op.f("pk_delivery")),
    )
    for name, columns, condition in (
        ("ix_delivery_due", ["next_at"], "next_at IS NOT NULL"),
        ("ix_delivery_open", ["order_id", "number"], "ended_at IS NULL"),
        ("ix_delivery_dead", ["delivery_id"], "state = 'dead'"),
    ):
        where = sa.text(condition)
        of = ["organization_id", "endpoint_id", *columns]
        op.create_index(name, "delivery", of, unique=False, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "mail",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("mail_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "mail_id", name=op.f("pk_mail")),
    )


def _place_events() -> None:
    op.execute(
        "UPDATE event SET position = placed.position, source = placed.source, status = placed.status FROM ("
        " SELECT event.organization_id, event.order_id, event.number, orders.door AS source,"
        # An order with one event stands as it was received; the others follow.
        " CASE orders.event_number WHEN 1 THEN orders.status ELSE '' END AS status,"
        " row_number() OVER (PARTITION BY event.organization_id ORDER BY event.event_id, event.order_id, event.number)"
        " AS position FROM event JOIN orders ON orders.organization_id = event.organization_id"
        " AND orders.order_id = event.order_id) AS placed"
        " WHERE event.organization_id = placed.organization_id AND event.order_id = placed.order_id"
        " AND event.number = placed.number"
    )
    op.execute(
        "INSERT INTO feed (organization_id, position)"
        " SELECT organization_id, max(position) FROM event GROUP BY organization_id"
    )


def _add_statuses() -> None:
    """Say of each event of orders that moved what status the order had after it."""
    from crossdock.core.events import ORDER, Event
    from crossdock.core.orders.events import replay

    connection = op.get_bind()
    page = sa.text(
        "SELECT organization_id, order_id FROM orders WHERE event_number > 1 AND (organization_id > :organization_id"
        " OR organization_id = :organization_id AND order_id > :order_id) ORDER BY organization_id, order_id LIMIT :step"
    )
    fields = ("order_id" if name == "aggregate_id" else name for name in Event.__struct_fields__)
    names = ", ".join(name for name in fields if name != "aggregate_type")
    story = sa.text(
        f"SELECT {names} FROM event WHERE organization_id = :organization_id AND order_id = :order_id ORDER BY number"
    )
    change = sa.text(
        "UPDATE event SET status = :status WHERE organization_id = :organization_id AND order_id = :order_id"
        " AND number = :number"
    )
    last = {"organization_id": -1, "order_id": -1}
    while rows := connection.execute(page, last | {"step": _STEP}).all():
        told = []
        for organization_id, order_id in rows:
            last = {"organization_id": organization_id, "order_id": order_id}
            recorded = [Event(row[0], ORDER, *row[1:]) for row in connection.execute(story, last)]
            told += [
                last | {"number": event.number, "status": str(order.status)} for event, order in replay(recorded)
            ]
        connection.execute(change, told)

"""The schema for every engine.

`organization_id` leads every primary and unique key: tenancy, the Citus distribution column and the security boundary at
once. The few tables in GLOBAL are read before an organization is known. Times are microseconds since 1970 UTC, documents are
JSON bytes, and values of unbounded length are indexed by `index_key` only. tests/store/test_tables.py checks this.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    false,
    true,
)

# Names for every constraint, so that a later migration can name them on both engines.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(constraint_name)s",
    }
)

# Tables that are read before an organization is known, each with its reason; add none.
GLOBAL = {
    "installation": "facts of the installation itself: token key, process counter",
    "directory": "finds the organization of a client id or vendor organization id when nothing but that is known",
    "organization": "timers and workers go through all of them",
    "person": "a person may belong to several organizations",
    "membership": "finds the organizations of a person who signs in",
}

installation = Table(
    "installation",
    metadata,
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("name"),
)

directory = Table(
    "directory",
    metadata,
    Column("kind", Text, nullable=False),  # client, s2_organization
    Column("name", Text, nullable=False),
    Column("organization_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "name"),
)

organization = Table(
    "organization",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("uuid", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id"),
)

person = Table(
    "person",
    metadata,
    Column("email", Text, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("token_version", Integer, nullable=False),  # raised to revoke every token of the person
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("email"),
)

membership = Table(
    "membership",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    PrimaryKeyConstraint("organization_id", "email"),
    Index(None, "email"),
)

client = Table(
    "client",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    PrimaryKeyConstraint("organization_id", "client_id"),
)

revoked_token = Table(
    "revoked_token",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("token_id", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id", "token_id"),
)

vendor_reference = Table(
    "vendor_reference",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),  # fabric_account, pb_fulfillment_client
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("organization_id", "kind", "value"),
)

# Documents that a door's orders refer to (products, sales accounts, customs products …), in the door's own form.
catalog_entry = Table(
    "catalog_entry",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),  # the id its door gives it
    Column("name", Text, nullable=False),  # a second key: SKU, account name
    Column("search", Text, nullable=False),  # text that lists are searched in, folded by Python so that engines agree
    Column("position", BigInteger, nullable=False),  # rises with time, so that lists have an order
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    PrimaryKeyConstraint("organization_id", "kind", "key"),
    Index(None, "organization_id", "kind", "name"),
    Index(None, "organization_id", "kind", "position"),
)

submission = Table(
    "submission",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("submission_id", BigInteger, nullable=False),
    Column("door", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("status", Text, nullable=False),  # accepted, replayed, refused, redriven
    Column("order_id", BigInteger),
    Column("code", Text),
    Column("faults", LargeBinary),
    Column("redrive_of", BigInteger),
    Column("size", BigInteger, nullable=False),  # of the body as sent; that of an oversized one is stored cut
    Column("body", LargeBinary, nullable=False),
    Column("reply", LargeBinary),  # to an accepted one; repeats of the request get it again
    PrimaryKeyConstraint("organization_id", "submission_id"),
)
Index(
    "ix_submission_refused",
    submission.c.organization_id,
    submission.c.status,
    submission.c.submission_id,
    sqlite_where=submission.c.status != "accepted",
    postgresql_where=submission.c.status != "accepted",
)

request_key = Table(
    "request_key",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("key", LargeBinary, nullable=False),  # core.ids.hashed_key(scope, …)
    Column("submission_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),  # 0 where the request was not about one order
    PrimaryKeyConstraint("organization_id", "key"),
    sqlite_with_rowid=False,
)

orders = Table(
    "orders",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("status", Text, nullable=False),  # derived, stored for filters
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("door", Text, nullable=False),
    Column("submission_id", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("country", Text),
    Column("number_key", Text, nullable=False),
    Column("email_key", Text),
    Column("holds", LargeBinary),
    Column("event_number", BigInteger, nullable=False),
    Column("event_hash", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("tags", LargeBinary),
    Column("archived", Boolean, nullable=False, server_default=false()),
    Column("due_at", BigInteger),  # when the first of its holds expires
    Column(
        "balanced", Boolean, nullable=False, server_default=true()
    ),  # its totals agree with its lines (core/money.py)
    Column("allocations", LargeBinary),  # which locations serve which units; None where none ever did
    Column("progress", LargeBinary),  # fulfillments, returns, payments and refunds; None where there are none
    PrimaryKeyConstraint("organization_id", "order_id"),
    CheckConstraint("version >= 1", name="orders_version"),
    Index(None, "organization_id", "number_key", "order_id"),
    Index(None, "organization_id", "status", "order_id"),
    Index(None, "organization_id", "door", "order_id"),
    Index(None, "organization_id", "updated_at", "order_id"),
)
Index(
    "ix_orders_due",
    orders.c.organization_id,
    orders.c.due_at,
    sqlite_where=orders.c.due_at.is_not(None),
    postgresql_where=orders.c.due_at.is_not(None),
)
Index(
    "ix_orders_unbalanced",
    orders.c.organization_id,
    orders.c.order_id,
    sqlite_where=orders.c.balanced == false(),
    postgresql_where=orders.c.balanced == false(),
)
Index(
    "ix_orders_email",
    orders.c.organization_id,
    orders.c.email_key,
    orders.c.order_id,
    sqlite_where=orders.c.email_key.is_not(None),
    postgresql_where=orders.c.email_key.is_not(None),
)

order_line = Table(
    "order_line",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("line", Integer, nullable=False),
    Column("sku_key", Text),  # None where a line has only a description
    Column("location_key", Text),
    Column("ordered", BigInteger, nullable=False),
    Column("canceled", BigInteger, nullable=False),
    Column("allocated", BigInteger, nullable=False),
    Column("backordered", BigInteger, nullable=False),
    Column("shipped", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False),
    Column("return_requested", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id", "order_id", "line"),
    CheckConstraint(
        "ordered >= 1 AND canceled >= 0 AND allocated >= 0 AND backordered >= 0 AND delivered >= 0 AND returned >= 0"
        " AND canceled + allocated + backordered + shipped <= ordered"
        " AND delivered <= shipped AND returned <= return_requested AND return_requested <= shipped",
        name="order_line_counters",
    ),
    Index(None, "organization_id", "sku_key", "order_id"),
    sqlite_with_rowid=False,
)
Index(
    "ix_order_line_location",
    order_line.c.organization_id,
    order_line.c.location_key,
    order_line.c.order_id,
    sqlite_where=order_line.c.location_key.is_not(None),
    postgresql_where=order_line.c.location_key.is_not(None),
)

Index(
    "ix_order_line_backordered",
    order_line.c.organization_id,
    order_line.c.sku_key,
    order_line.c.order_id,
    sqlite_where=order_line.c.backordered > 0,
    postgresql_where=order_line.c.backordered > 0,
)

# The search terms of an order that have no column of their own; see orders.terms_of.
order_term = Table(
    "order_term",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("term", Text, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id", "term", "order_id"),
    sqlite_with_rowid=False,
)

# Numbers of orders, so that no count scans the table. Each key has several rows (slots) that are added up, because
# transactions that change the same row wait for each other.
order_count = Table(
    "order_count",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("door", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("slot", Integer, nullable=False),
    Column("orders", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id", "door", "status", "slot"),
    sqlite_with_rowid=False,
)

Index(
    "ix_orders_archived",
    orders.c.organization_id,
    orders.c.order_id,
    sqlite_where=orders.c.archived == true(),
    postgresql_where=orders.c.archived == true(),
)

event = Table(
    "event",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("aggregate_id", BigInteger, nullable=False),  # unique in the organization whatever its type
    Column("number", BigInteger, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("door", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("position", BigInteger, nullable=False, server_default="0"),  # in the organization's feed
    Column("status", Text, nullable=False, server_default=""),  # the order's, after the event
    Column("source", Text, nullable=False, server_default=""),  # the door the order came through
    Column("aggregate_type", Text, nullable=False, server_default="order"),
    PrimaryKeyConstraint("organization_id", "aggregate_id", "number"),
    Index(None, "organization_id", "position"),
)

# The last position of each organization's feed. A transaction that appends events raises it as its last write and locks the row
# until the commit: so positions have no gaps, and none becomes visible before a smaller one.
feed = Table(
    "feed",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id"),
)

# Endpoints that events are delivered to: webhook receivers, and the organization's customers by e-mail.
endpoint = Table(
    "endpoint",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("endpoint_id", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),  # webhook, email
    Column("state", Text, nullable=False),  # enabled, disabled, removed
    Column("reason", Text),  # why it is disabled
    Column("position", BigInteger, nullable=False),  # in the feed, up to which deliveries exist
    Column("health", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),  # settings: core.subscription.Subscription, or those of e-mail
    PrimaryKeyConstraint("organization_id", "endpoint_id"),
)

# The delivery of one event to one endpoint; see core.retry_policy.
delivery = Table(
    "delivery",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("endpoint_id", BigInteger, nullable=False),
    Column("delivery_id", BigInteger, nullable=False),
    Column("order_id", BigInteger),
    Column("number", BigInteger),  # of the event within its order
    Column("event_id", BigInteger, nullable=False),  # by which receivers recognize a repeat
    Column("topic", Text, nullable=False),  # the event's name in the endpoint's format
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),  # since it was created or last redelivered
    Column("next_at", BigInteger),  # when it is due; while it is claimed, when it is due again
    Column("claimed_by", BigInteger),  # the worker process that is attempting it
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("status", Integer),  # of the last answer
    Column("attempted", LargeBinary),  # all attempts
    Column("payload", LargeBinary),  # where it does not follow from the log
    PrimaryKeyConstraint("organization_id", "endpoint_id", "delivery_id"),
)
Index(
    "ix_delivery_due",
    delivery.c.organization_id,
    delivery.c.endpoint_id,
    delivery.c.next_at,
    sqlite_where=delivery.c.next_at.is_not(None),
    postgresql_where=delivery.c.next_at.is_not(None),
)
Index(
    "ix_delivery_open",
    delivery.c.organization_id,
    delivery.c.endpoint_id,
    delivery.c.order_id,
    delivery.c.number,
    sqlite_where=delivery.c.ended_at.is_(None),
    postgresql_where=delivery.c.ended_at.is_(None),
)
Index(
    "ix_delivery_dead",
    delivery.c.organization_id,
    delivery.c.endpoint_id,
    delivery.c.delivery_id,
    sqlite_where=delivery.c.state == "dead",
    postgresql_where=delivery.c.state == "dead",
)
# The deliveries of an order, to any endpoint, for people who look at the order.
Index(
    "ix_delivery_order",
    delivery.c.organization_id,
    delivery.c.order_id,
    delivery.c.delivery_id,
)

# E-mails stored instead of sent, where no mail server is configured.
mail = Table(
    "mail",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("mail_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("message", LargeBinary, nullable=False),  # as it would have been sent
    PrimaryKeyConstraint("organization_id", "mail_id"),
)

# Stock levels: one for each SKU, location and pool. The CHECK is what no race can break: nothing is promised that is not there.
stock_level = Table(
    "stock_level",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("pool", Text, nullable=False),
    Column("level_id", BigInteger, nullable=False),  # of its events and movements
    Column("on_hand", BigInteger, nullable=False),
    Column("allocated", BigInteger, nullable=False),
    Column("safety", BigInteger, nullable=False),
    Column("threshold", BigInteger),
    Column("counters", LargeBinary),
    Column("reserved", BigInteger, nullable=False),  # safety and counters together, which conditional updates compare
    Column("counted", BigInteger),
    Column("counted_at", BigInteger),
    Column("shipped", BigInteger, nullable=False),  # since the count
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("event_number", BigInteger, nullable=False),
    Column("event_hash", LargeBinary, nullable=False),
    Column("unlimited", Boolean, nullable=False, server_default=false()),  # orders never run out of it
    PrimaryKeyConstraint("organization_id", "sku", "location", "pool"),
    CheckConstraint(
        "allocated >= 0 AND allocated <= on_hand AND safety >= 0 AND reserved >= safety AND shipped >= 0",
        name="stock_level_units",
    ),
)
Index("ix_stock_level_location", stock_level.c.organization_id, stock_level.c.location, stock_level.c.sku)

# The ledger of stock: a level's on_hand and allocated are the sums of its movements.
stock_movement = Table(
    "stock_movement",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("level_id", BigInteger, nullable=False),
    Column("movement_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("on_hand", BigInteger, nullable=False),
    Column("allocated", BigInteger, nullable=False),
    Column("order_id", BigInteger),
    Column("event_id", BigInteger),  # of the level, where it is one's
    Column("reason", Text),
    PrimaryKeyConstraint("organization_id", "level_id", "movement_id"),
    sqlite_with_rowid=False,
)

# Allocations of orders, to find them by id and by location; all else about them is in their order.
allocation = Table(
    "allocation",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("allocation_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("location", Text, nullable=False),
    Column("is_open", Boolean, nullable=False),  # whether units of it are neither shipped nor given back
    PrimaryKeyConstraint("organization_id", "allocation_id"),
)
Index("ix_allocation_order", allocation.c.organization_id, allocation.c.order_id)
Index(
    "ix_allocation_location",
    allocation.c.organization_id,
    allocation.c.location,
    allocation.c.allocation_id,
    sqlite_where=allocation.c.is_open == true(),
    postgresql_where=allocation.c.is_open == true(),
)

# Decisions about allocations with all they were made of, so that they can be explained and made again.
allocation_decision = Table(
    "allocation_decision",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("decision_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("inputs", LargeBinary, nullable=False),  # compressed
    Column("plan", LargeBinary, nullable=False),  # compressed
    PrimaryKeyConstraint("organization_id", "decision_id"),
)
Index(
    "ix_allocation_decision_order",
    allocation_decision.c.organization_id,
    allocation_decision.c.order_id,
    allocation_decision.c.decision_id,
)

# Orders that wait for stock: since when, how often they were tried in vain, and when something is to be done about them.
backorder = Table(
    "backorder",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("promised", Text, nullable=False),  # the day that the customer was promised, ISO 8601; empty: none
    Column("attempts", BigInteger, nullable=False),
    Column("stage", BigInteger, nullable=False),  # how many of the notices for waiting orders were sent
    Column("next_at", BigInteger),  # when the next notice is due, or the end of waiting; None: never
    PrimaryKeyConstraint("organization_id", "order_id"),
)
Index(
    "ix_backorder_next_at",
    backorder.c.organization_id,
    backorder.c.next_at,
    sqlite_where=backorder.c.next_at.is_not(None),
    postgresql_where=backorder.c.next_at.is_not(None),
)

# Fulfillments, packages and returns of orders, to find them; all else about them is in their order. The key of a package
# without a tracking number is empty.
fulfillment = Table(
    "fulfillment",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("fulfillment_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("location", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reference_key", Text),  # the sender's own id for it
    PrimaryKeyConstraint("organization_id", "fulfillment_id"),
)
Index("ix_fulfillment_order", fulfillment.c.organization_id, fulfillment.c.order_id)
Index("ix_fulfillment_status", fulfillment.c.organization_id, fulfillment.c.status, fulfillment.c.fulfillment_id)
Index("ix_fulfillment_location", fulfillment.c.organization_id, fulfillment.c.location, fulfillment.c.fulfillment_id)
Index(
    "ix_fulfillment_reference",
    fulfillment.c.organization_id,
    fulfillment.c.reference_key,
    sqlite_where=fulfillment.c.reference_key.is_not(None),
    postgresql_where=fulfillment.c.reference_key.is_not(None),
)

package = Table(
    "package",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("number_key", Text, nullable=False),
    Column("package_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id", "number_key", "package_id"),
)
Index("ix_package_order", package.c.organization_id, package.c.order_id)
Index("ix_package_id", package.c.organization_id, package.c.package_id)

order_return = Table(
    "order_return",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("return_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("reference_key", Text),
    PrimaryKeyConstraint("organization_id", "return_id"),
)
Index("ix_order_return_order", order_return.c.organization_id, order_return.c.order_id)
Index("ix_order_return_status", order_return.c.organization_id, order_return.c.status, order_return.c.return_id)

# Invoices. `subject_id` is the event of the order that each is for; numbers have no gaps within a year.
invoice = Table(
    "invoice",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("invoice_id", BigInteger, nullable=False),
    Column("number", Text, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    PrimaryKeyConstraint("organization_id", "invoice_id"),
)
Index("ix_invoice_number", invoice.c.organization_id, invoice.c.number)
Index("ix_invoice_order", invoice.c.organization_id, invoice.c.order_id)
Index("ix_invoice_subject", invoice.c.organization_id, invoice.c.subject_id)

invoice_sequence = Table(
    "invoice_sequence",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("year", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id", "year"),
)

# The access log: requests of callers who were recognized, where the operator has turned it on. Old ones are deleted.
access_entry = Table(
    "access_entry",
    metadata,
    Column("organization_id", BigInteger, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_kind", Text, nullable=False),  # client, person
    Column("address", Text),
    Column("door", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("kind", Text, nullable=False),  # read, change
    Column("order_id", BigInteger),
    Column("object", Text),  # the parameters in the path, where it is no order
    Column("status", Integer, nullable=False),
    PrimaryKeyConstraint("organization_id", "entry_id"),
)
Index(
    "ix_access_entry_order",
    access_entry.c.organization_id,
    access_entry.c.order_id,
    access_entry.c.entry_id,
    sqlite_where=access_entry.c.order_id.is_not(None),
    postgresql_where=access_entry.c.order_id.is_not(None),
)

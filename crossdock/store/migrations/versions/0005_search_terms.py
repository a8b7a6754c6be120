"""Search terms without punctuation, and e-mail addresses as mails use them

Names were cut at blanks only, so that "Garcia, Ana" was not found by `garcia`; other forms of Unicode and blanks around an
address hid an order too, and the bill-to address was not indexed. Tags stay as they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_STEP = 1_000  # orders in memory at a time


def upgrade() -> None:
    from crossdock.core.ids import index_key
    from crossdock.core.search_terms import contact_email, content_terms, fold_email
    from crossdock.store.orders import MAX_TERMS, decode_content

    connection = op.get_bind()
    connection.execute(sa.text("DELETE FROM order_term WHERE term NOT LIKE ' %'"))  # tags begin with a space
    page = sa.text(
        "SELECT organization_id, order_id, content, email_key FROM orders WHERE organization_id > :organization_id"
        " OR organization_id = :organization_id AND order_id > :order_id ORDER BY organization_id, order_id LIMIT :step"
    )
    insert = sa.text("INSERT INTO order_term (organization_id, term, order_id) VALUES (:organization_id, :term, :order_id)")
    change = sa.text(
        "UPDATE orders SET email_key = :email_key WHERE organization_id = :organization_id AND order_id = :order_id"
    )
    last = {"organization_id": -1, "order_id": -1}
    while rows := connection.execute(page, last | {"step": _STEP}).all():
        terms, emails = [], []
        for row in rows:
            last = {"organization_id": row.organization_id, "order_id": row.order_id}
            content = decode_content(bytes(row.content))
            terms += [last | {"term": term} for term in content_terms(content, limit=MAX_TERMS)]
            email = contact_email(content)
            email_key = index_key(fold_email(email)) if email else None
            if email_key != row.email_key:
                emails.append(last | {"email_key": email_key})
        if terms:
            connection.execute(insert, terms)
        if emails:
            connection.execute(change, emails)

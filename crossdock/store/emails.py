"""Emails stored instead of sent, where no mail server is configured."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, select

from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.records import check_columns, columns_of
from crossdock.store.tables import mail


class StoredMail(Struct, frozen=True):
    """An email as it would have been sent: `message` is all of it (RFC 5322)."""

    organization_id: int
    mail_id: int
    order_id: int
    kind: str
    recipient: str
    subject: str
    created_at: int
    message: bytes


check_columns(mail, StoredMail)
_COLUMNS = columns_of(mail, StoredMail)
_GET = Statement(
    select(*_COLUMNS).where(
        mail.c.organization_id == bindparam("organization_id"), mail.c.mail_id == bindparam("mail_id")
    )
)
_PAGE = Statement(
    select(*_COLUMNS)
    .where(mail.c.organization_id == bindparam("organization_id"), mail.c.mail_id < bindparam("before"))
    .order_by(mail.c.mail_id.desc())
    .limit(bindparam("limit"))
)
_NEWEST_TO_DELETE = Statement(
    select(mail.c.mail_id)
    .where(mail.c.organization_id == bindparam("organization_id"))
    .order_by(mail.c.mail_id.desc())
    .offset(bindparam("kept"))
    .limit(1)
)
_DROP = Statement(
    delete(mail).where(mail.c.organization_id == bindparam("organization_id"), mail.c.mail_id <= bindparam("last"))
)


async def add(tx: Transaction, added: Sequence[StoredMail]) -> None:
    """Store emails; one whose id is there already stays as it is."""
    await tx.claim(mail, sorted(msgspec.structs.astuple(each) for each in added))


async def get(tx: Transaction, organization_id: int, *, mail_id: int) -> StoredMail | None:
    """Read a stored email, or None."""
    rows = await tx.rows(_GET, organization_id=organization_id, mail_id=mail_id)
    return StoredMail(*rows[0]) if rows else None


class MailHead(Struct, frozen=True):
    """What lists show of a stored email."""

    mail_id: int
    recipient: str
    subject: str


_HEADS = Statement(
    select(*columns_of(mail, MailHead)).where(
        mail.c.organization_id == bindparam("organization_id"), AnyOf(mail.c.mail_id, "ids")
    )
)


async def heads(tx: Transaction, organization_id: int, *, mail_ids: Sequence[int]) -> dict[int, MailHead]:
    """Read recipient and subject of those stored emails that are there, by id."""
    if not mail_ids:
        return {}
    rows = await tx.rows(_HEADS, organization_id=organization_id, ids=mail_ids)
    return {row["mail_id"]: MailHead(*row) for row in rows}


async def page(tx: Transaction, organization_id: int, *, before: int, limit: int) -> list[StoredMail]:
    """Read at most `limit` stored emails with ids below `before`, newest first."""
    rows = await tx.rows(_PAGE, organization_id=organization_id, before=before, limit=limit)
    return [StoredMail(*row) for row in rows]


_OF_ORDER = Statement(
    select(mail.c.mail_id).where(
        mail.c.organization_id == bindparam("organization_id"), mail.c.order_id == bindparam("order_id")
    )
)
_DROP_OF_ORDER = Statement(
    delete(mail).where(mail.c.organization_id == bindparam("organization_id"), mail.c.order_id == bindparam("order_id"))
)


async def of_order(tx: Transaction, organization_id: int, *, order_id: int) -> list[int]:
    """Read the ids of an order's stored emails."""
    rows = await tx.rows(_OF_ORDER, organization_id=organization_id, order_id=order_id)
    return [int(row["mail_id"]) for row in rows]


async def delete_of_order(tx: Transaction, organization_id: int, *, order_id: int) -> None:
    """Delete an order's stored emails."""
    await tx.run(_DROP_OF_ORDER, organization_id=organization_id, order_id=order_id)


async def delete_oldest(tx: Transaction, organization_id: int, *, kept: int) -> None:
    """Delete all stored emails but the newest `kept`."""
    rows = await tx.rows(_NEWEST_TO_DELETE, organization_id=organization_id, kept=kept)
    if rows:
        await tx.run(_DROP, organization_id=organization_id, last=rows[0]["mail_id"])

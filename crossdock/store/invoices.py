"""Invoices, and the sequences of their numbers."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, func, select, update

from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.records import check_columns
from crossdock.store.tables import invoice, invoice_sequence


class StoredInvoice(Struct, frozen=True):
    """An invoice as it is stored; `document` is core.invoicing.invoices.Invoice as JSON."""

    organization_id: int
    invoice_id: int
    number: str
    order_id: int
    subject_id: int
    status: str
    document: bytes


check_columns(invoice, StoredInvoice)
_OF = invoice.c.organization_id == bindparam("organization_id")
_BY_IDS = Statement(select(invoice).where(_OF, AnyOf(invoice.c.invoice_id, "ids")))
_BY_NUMBER = Statement(select(invoice).where(_OF, invoice.c.number == bindparam("number")))
_OF_ORDER = Statement(
    select(invoice).where(_OF, invoice.c.order_id == bindparam("order_id")).order_by(invoice.c.invoice_id)
)
_PAGE = Statement(
    select(invoice)
    .where(_OF, invoice.c.invoice_id < bindparam("before"))
    .order_by(invoice.c.invoice_id.desc())
    .limit(bindparam("limit"))
)
_CHANGE = Statement(
    update(invoice)
    .where(
        invoice.c.organization_id == bindparam("p_organization_id"),
        invoice.c.invoice_id == bindparam("p_invoice_id"),
        invoice.c.status == bindparam("seen"),
    )
    .values(status=bindparam("status"), document=bindparam("document"))
)
_LAST = Statement(
    select(invoice_sequence.c.last)
    .where(
        invoice_sequence.c.organization_id == bindparam("organization_id"), invoice_sequence.c.year == bindparam("year")
    )
    .with_for_update()
)
_NEXT = Statement(
    update(invoice_sequence)
    .where(
        invoice_sequence.c.organization_id == bindparam("p_organization_id"),
        invoice_sequence.c.year == bindparam("p_year"),
    )
    .values(last=invoice_sequence.c.last + 1)
)
_SEQUENCES = Statement(
    select(invoice_sequence).where(invoice_sequence.c.organization_id == bindparam("organization_id"))
)
_NUMBER = Statement(select(func.count().label("invoices")).select_from(invoice).where(_OF))


async def next_number(tx: Transaction, organization_id: int, *, year: int) -> int:
    """Take the next number of a year; others wait for it until the transaction ends, so that there are no gaps."""
    await tx.claim(invoice_sequence, [(organization_id, year, 0)])
    await tx.run(_NEXT, p_organization_id=organization_id, p_year=year)
    rows = await tx.rows(_LAST, organization_id=organization_id, year=year)
    return int(rows[0]["last"])


async def sequences(tx: Transaction, organization_id: int) -> dict[int, int]:
    """Return the last number of each year."""
    rows = await tx.rows(_SEQUENCES, organization_id=organization_id)
    return {int(row["year"]): int(row["last"]) for row in rows}


async def number_of_invoices(tx: Transaction, organization_id: int) -> int:
    """Count an organization's invoices."""
    rows = await tx.rows(_NUMBER, organization_id=organization_id)
    return int(rows[0]["invoices"])


async def add(tx: Transaction, added: Sequence[StoredInvoice]) -> None:
    """Insert invoices."""
    await tx.insert(invoice, [msgspec.structs.astuple(each) for each in added])


async def change(tx: Transaction, changed: StoredInvoice, *, seen: str) -> bool:
    """Update an invoice's status and document if its status is still `seen`."""
    values: dict[str, Any] = {"p_organization_id": changed.organization_id, "p_invoice_id": changed.invoice_id}
    return await tx.run(_CHANGE, seen=seen, status=changed.status, document=changed.document, **values) == 1


async def by_ids(tx: Transaction, organization_id: int, invoice_ids: Sequence[int]) -> list[StoredInvoice]:
    """Read invoices by their ids; those that are not there are left out."""
    if not invoice_ids:
        return []
    return [StoredInvoice(*row) for row in await tx.rows(_BY_IDS, organization_id=organization_id, ids=invoice_ids)]


async def by_number(tx: Transaction, organization_id: int, *, number: str) -> StoredInvoice | None:
    """Read an invoice by its number, or None."""
    rows = await tx.rows(_BY_NUMBER, organization_id=organization_id, number=number)
    return StoredInvoice(*rows[0]) if rows else None


async def of_order(tx: Transaction, organization_id: int, *, order_id: int) -> list[StoredInvoice]:
    """Read the invoices of an order, oldest first."""
    return [StoredInvoice(*row) for row in await tx.rows(_OF_ORDER, organization_id=organization_id, order_id=order_id)]


async def page(tx: Transaction, organization_id: int, *, before: int, limit: int) -> list[StoredInvoice]:
    """Read invoices with ids below `before`, newest first."""
    rows = await tx.rows(_PAGE, organization_id=organization_id, before=before, limit=limit)
    return [StoredInvoice(*row) for row in rows]

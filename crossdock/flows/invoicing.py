"""Invoices: made of shipments and refunds as they happen, read, posted and acknowledged."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from crossdock.core.errors import Code, Conflict, NotFound
from crossdock.core.events import Event
from crossdock.core.invoicing import invoices
from crossdock.core.invoicing.invoices import Invoice, decode_invoice, encode_invoice
from crossdock.core.orders.events import Invoiced, Refunded, Shipped, decode_event
from crossdock.core.orders.model import Order
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.unit_of_work import UnitOfWork
from crossdock.store import invoices as invoice_store
from crossdock.store.invoices import StoredInvoice
from crossdock.store.protocols import Transaction

_ATTEMPTS = 5  # to change invoices that others change at the same time
_NAMES = frozenset((Shipped.name, Refunded.name))


async def follow_up(work: UnitOfWork, order: Order, events: Sequence[Event], *, actor: str, door: str) -> Order:
    """Make an invoice of each shipment and refund among the events; return the order with the events about it."""
    for event in events:
        if event.name not in _NAMES:
            continue
        said = decode_event(event)
        if isinstance(said, Refunded) and said.refund is None:
            continue
        assert isinstance(said, Shipped | Refunded)
        invoice = await _make(work, order, said, event)
        if work.dry_run:
            work.tried_invoices.append(invoice)
        else:
            await invoice_store.add(work.tx, [_stored(order.organization_id, invoice)])
        told = Invoiced(
            invoice_id=invoice.invoice_id, number=invoice.number, kind=invoice.kind, amount=invoice.total,
            currency=invoice.currency, joined=True,
        )  # fmt: skip
        order = work.apply(order, [told], actor=actor, door=door)
    return order


async def _make(work: UnitOfWork, order: Order, said: Shipped | Refunded, event: Event) -> Invoice:
    year = datetime.fromtimestamp(work.now / 1_000_000, UTC).year
    if work.dry_run:  # a number that is taken is locked until the transaction ends
        last = (await invoice_store.sequences(work.tx, work.organization_id)).get(year, 0)
        count = last + 1 + len(work.tried_invoices)
    else:
        count = await invoice_store.next_number(work.tx, work.organization_id, year=year)
    new = {
        "invoice_id": work.context.id_generator.new(work.now), "number": invoices.invoice_number(year, count),
        "subject_id": event.event_id, "at": work.now,
    }  # fmt: skip
    if isinstance(said, Refunded):
        return invoices.invoice_of_refund(order, said, **new)  # type: ignore[arg-type]
    earlier = await invoice_store.of_order(work.tx, work.organization_id, order_id=order.order_id)
    tried = [each for each in work.tried_invoices if each.order_id == order.order_id]
    made = [*(decode_invoice(each.document) for each in earlier), *tried]
    return invoices.invoice_of_shipment(order, said, made, **new)  # type: ignore[arg-type]


def _stored(organization_id: int, invoice: Invoice) -> StoredInvoice:
    return StoredInvoice(
        organization_id, invoice.invoice_id, invoice.number, invoice.order_id, invoice.subject_id, invoice.status,
        encode_invoice(invoice),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------ reading
async def get(context: Context, caller: Caller, *, invoice_id: int | None) -> Invoice:
    """Read an invoice. Refuses with NotFound `not_found`."""
    async with context.store.reading() as tx:
        found = await invoice_store.by_ids(tx, caller.organization_id, [invoice_id or 0])
    if not found:
        raise NotFound(Code.NOT_FOUND, "there is no such invoice")
    return decode_invoice(found[0].document)


async def by_number(context: Context, caller: Caller, *, number: str) -> Invoice | None:
    """Read an invoice by its number, or None."""
    async with context.store.reading() as tx:
        found = await invoice_store.by_number(tx, caller.organization_id, number=number)
    return None if found is None else decode_invoice(found.document)


async def of_order(context: Context, caller: Caller, *, order_id: int) -> list[Invoice]:
    """Read the invoices of an order, oldest first."""
    async with context.store.reading() as tx:
        found = await invoice_store.of_order(tx, caller.organization_id, order_id=order_id)
    return [decode_invoice(each.document) for each in found]


async def page(context: Context, caller: Caller, *, before: int, limit: int) -> list[Invoice]:
    """Read invoices with ids below `before`, newest first."""
    async with context.store.reading() as tx:
        found = await invoice_store.page(tx, caller.organization_id, before=before, limit=limit)
    return [decode_invoice(each.document) for each in found]


# ----------------------------------------------------------------------------------------------------------------- changing
async def post(context: Context, caller: Caller, *, invoice_ids: Sequence[int], repeats: bool = False) -> list[Invoice]:
    """Post invoices, all or none; with `repeats` those that are posted already stay as they are.

    Refuses with NotFound `not_found`, Conflict `state_forbids`.
    """
    done = ("posted", "acknowledged") if repeats else ()
    now = context.clock()

    def make(invoice: Invoice) -> Invoice:
        return invoice if invoice.status in done else invoices.posted(invoice, at=now)

    return await _change(context, caller, invoice_ids, make)


async def acknowledge(
    context: Context, caller: Caller, *, invoice_ids: Sequence[int], at: int | None = None, repeats: bool = False
) -> list[Invoice]:
    """Acknowledge posted invoices, all or none; with `repeats` those that are acknowledged already stay as they are.

    Refuses with NotFound `not_found`, Conflict `state_forbids`.
    """
    moment = context.clock() if at is None else at

    def make(invoice: Invoice) -> Invoice:
        is_done = repeats and invoice.status == "acknowledged"
        return invoice if is_done else invoices.acknowledged(invoice, at=moment)

    return await _change(context, caller, invoice_ids, make)


async def _change(
    context: Context, caller: Caller, invoice_ids: Sequence[int], make: Callable[[Invoice], Invoice]
) -> list[Invoice]:
    for attempt in range(_ATTEMPTS):
        try:
            async with context.store.writing() as tx:
                return await change_in(tx, caller, invoice_ids, make)
        except Conflict as conflict:
            if conflict.code is not Code.STALE_VERSION or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


async def change_in(
    tx: Transaction, caller: Caller, invoice_ids: Sequence[int], make: Callable[[Invoice], Invoice]
) -> list[Invoice]:
    """Change invoices in a transaction. Refuses with NotFound `not_found`, with Conflict `stale_version` where another request
    has changed one since it was read."""
    stored = await invoice_store.by_ids(tx, caller.organization_id, sorted(set(invoice_ids)))
    found = {each.invoice_id: decode_invoice(each.document) for each in stored}
    if any(each not in found for each in invoice_ids):
        raise NotFound(Code.NOT_FOUND, "there is no such invoice")
    changed = {each: make(invoice) for each, invoice in sorted(found.items())}
    for each, invoice in changed.items():
        if invoice is found[each]:
            continue
        after = _stored(caller.organization_id, invoice)
        if not await invoice_store.change(tx, after, seen=found[each].status):
            raise Conflict(Code.STALE_VERSION, f"the invoice {invoice.number} was changed by another request")
    return [changed[each] for each in invoice_ids]

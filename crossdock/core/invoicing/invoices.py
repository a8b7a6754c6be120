"""Invoices of what has shipped, and credit notes of what was refunded; pure.

An invoice is made of one event of its order: a shipment, or a refund. The amounts of all shipments of an order add up to the
order's own components, because units are billed in the way they are refunded (core/returns/refunds.py), and a shipment after an
edit bills what the edit has changed of earlier ones.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict
from crossdock.core.orders.events import Refunded, Shipped
from crossdock.core.orders.model import Address, Content, Order
from crossdock.core.returns.refunds import components_of_lines, sum_of, total_of

_replace = msgspec.structs.replace
InvoiceKind = Literal["shipment", "return", "appeasement", "refund"]
InvoiceStatus = Literal["created", "posted", "acknowledged"]
_KINDS: dict[str, InvoiceKind] = {
    "return": "return",
    "appeasement": "appeasement",
    "cancel": "refund",
    "manual": "refund",
}


class InvoiceLine(Struct, frozen=True, omit_defaults=True):
    """Units of a line of the order, with the components of their amount."""

    line: int
    quantity: int
    components: dict[str, Decimal]
    total: Decimal
    sku: str | None = None
    description: str | None = None
    unit_price: Decimal | None = None


class Invoice(Struct, frozen=True, omit_defaults=True):
    """An invoice, or a credit note (`total` is negative then). Times are microseconds since 1970 UTC.

    `subject_id` is the event of the order that it is for; `number` has no gaps within an organization and a year.
    """

    invoice_id: int
    number: str
    kind: InvoiceKind
    order_id: int
    order_number: str
    subject_id: int
    at: int
    total: Decimal
    components: dict[str, Decimal]
    lines: tuple[InvoiceLine, ...] = ()
    currency: str | None = None
    tax_included: bool = False
    bill_to: Address | None = None
    fulfillment_id: int | None = None
    refund_id: int | None = None
    status: InvoiceStatus = "created"
    posted_at: int | None = None
    acknowledged_at: int | None = None


_DECODER = msgspec.json.Decoder(Invoice, float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode_invoice(document: bytes) -> Invoice:
    """Decode an invoice's stored document."""
    return _DECODER.decode(document)


def encode_invoice(invoice: Invoice) -> bytes:
    """Encode an invoice's document, as it is stored."""
    return _ENCODER.encode(invoice)


def invoice_number(year: int, count: int) -> str:
    """Return the number of the `count`-th invoice of a year."""
    return f"{year}-{count:06d}"


def invoice_of_shipment(
    order: Order,
    shipped: Shipped,
    earlier: Sequence[Invoice],
    *,
    invoice_id: int,
    number: str,
    subject_id: int,
    at: int,
) -> Invoice:
    """Make the invoice of a shipment; `earlier` are the order's invoices so far.

    Where an edit has changed what earlier shipments cost, the first line takes the difference.
    """
    content = order.content
    units = dict(shipped.lines)
    before = {place: line.shipped - units.get(place, 0) for place, line in enumerate(shipped.counters)}
    parts = components_of_lines(content, units, before=before)
    for name, amount in _differences(content, before, earlier).items():
        first = parts[shipped.lines[0][0]]
        first[name] = first.get(name, Decimal(0)) + amount
    lines = [_line(content, line, quantity, parts[line]) for line, quantity in shipped.lines]
    return Invoice(
        invoice_id, number, "shipment", order.order_id, content.number, subject_id, at,
        sum((line.total for line in lines), Decimal(0)), sum_of(line.components for line in lines), tuple(lines),
        content.currency, content.tax_included, content.bill_to, shipped.fulfillment_id,
    )  # fmt: skip


def _differences(content: Content, before: Mapping[int, int], earlier: Sequence[Invoice]) -> dict[str, Decimal]:
    """Return what the units shipped before cost by now, less what was billed for them; nothing where not all were billed."""
    made = [each for each in earlier if each.kind == "shipment"]
    if not made or sum(line.quantity for each in made for line in each.lines) != sum(before.values()):
        return {}
    cost = sum_of(components_of_lines(content, before, before={}).values())
    billed = sum_of(each.components for each in made)
    names = dict.fromkeys((*cost, *billed))
    amounts = {name: cost.get(name, Decimal(0)) - billed.get(name, Decimal(0)) for name in names}
    return {name: amount for name, amount in amounts.items() if amount}


def invoice_of_refund(
    order: Order, refunded: Refunded, *, invoice_id: int, number: str, subject_id: int, at: int
) -> Invoice:
    """Make the credit note of a refund."""
    content, refund = order.content, refunded.refund
    assert refund is not None
    components = {name: -amount for name, amount in refund.components}
    return Invoice(
        invoice_id, number, _KINDS[refund.kind], order.order_id, content.number, subject_id, at, -refund.amount, components,
        (), content.currency, content.tax_included, content.bill_to, refund_id=refund.refund_id,
    )  # fmt: skip


def _line(content: Content, place: int, quantity: int, parts: Mapping[str, Decimal]) -> InvoiceLine:
    line = content.lines[place]
    total = total_of(parts, tax_included=content.tax_included)
    kept = {name: amount for name, amount in parts.items() if amount}
    return InvoiceLine(place, quantity, kept, total, line.sku, line.description, line.unit_price)


def posted(invoice: Invoice, *, at: int) -> Invoice:
    """Post an invoice. Refuses with Conflict `state_forbids` one that is posted already."""
    if invoice.status != "created":
        raise Conflict(
            Code.STATE_FORBIDS, f"the invoice {invoice.number} is {invoice.status} already", status=invoice.status
        )
    return _replace(invoice, status="posted", posted_at=at)


def acknowledged(invoice: Invoice, *, at: int) -> Invoice:
    """Acknowledge a posted invoice. Refuses with Conflict `state_forbids` one that is not posted, or acknowledged already."""
    if invoice.status != "posted":
        reason = f"the invoice {invoice.number} is {invoice.status}; only a posted one can be acknowledged"
        raise Conflict(Code.STATE_FORBIDS, reason, status=invoice.status)
    return _replace(invoice, status="acknowledged", acknowledged_at=at)

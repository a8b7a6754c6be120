"""Invoices of shipments, and credit notes of refunds."""

from decimal import Decimal

from crossdock.core.invoicing.invoices import Invoice, InvoiceLine
from crossdock.core.money import COMPONENTS
from crossdock.core.returns.refunds import SIGNS
from crossdock.notifications.email.formatting import format_day_at, format_money
from crossdock.notifications.email.plain_text import shown
from crossdock.papers.contents import lines_of, sender_lines
from crossdock.papers.languages import translate
from crossdock.papers.layout import Column, PaperSettings, Sheet


def render(invoice: Invoice, settings: PaperSettings) -> bytes:
    """Return an invoice, or a credit note, as PDF. A credit note states what is credited as positive amounts."""
    language = settings.language
    is_credit = invoice.kind != "shipment"
    sheet = Sheet(
        settings, translate(language, "credit_note" if is_credit else "invoice"), invoice.number, made_at=invoice.at
    )
    sheet.facts(
        (
            (sheet.words("number"), invoice.number),
            (sheet.words("date"), format_day_at(invoice.at, settings.time_zone, language)),
            (sheet.words("order"), shown(invoice.order_number)),
        )
    )
    sheet.addresses(
        (
            (sheet.words("bill_to"), lines_of(invoice.bill_to, language)),
            (sheet.words("seller"), sender_lines(None, settings)),
        )
    )
    if invoice.lines:
        sheet.table(_columns(sheet), [_row(each, invoice, sheet) for each in invoice.lines])
    sheet.sums(_sums(invoice, sheet, credit=is_credit))
    return sheet.render()


def _columns(sheet: Sheet) -> list[Column]:
    return [
        Column(sheet.words("sku"), 22, max_lines=4),
        Column(sheet.words("item"), 48),
        Column(sheet.words("quantity"), 14, "right", max_lines=1),
        Column(sheet.words("unit_price"), 22, "right", max_lines=4),
        Column(sheet.words("amount"), 22, "right", max_lines=4),
    ]


def _row(line: InvoiceLine, invoice: Invoice, sheet: Sheet) -> tuple[str, ...]:
    language = sheet.settings.language
    price = "" if line.unit_price is None else format_money(line.unit_price, invoice.currency, language)
    amount = format_money(line.components.get("items", Decimal(0)), invoice.currency, language)
    return line.sku or "", shown(line.description or line.sku or ""), str(line.quantity), price, amount


def _sums(invoice: Invoice, sheet: Sheet, *, credit: bool) -> list[tuple[str, str]]:
    """Return the components that are not zero, with their signs, and the total; those of other names come before the total."""
    language = sheet.settings.language
    sign = -1 if credit else 1
    names = sorted(invoice.components, key=lambda name: (COMPONENTS.index(name) if name in COMPONENTS else 99, name))
    rows = [
        (_label(name, invoice, sheet), invoice.components[name] * SIGNS.get(name, 1) * sign)
        for name in names
        if invoice.components[name]
    ]
    total = sheet.words("total.credit" if credit else "total.total")
    rows.append((total, invoice.total * sign))
    return [(label, format_money(amount, invoice.currency, language)) for label, amount in rows]


def _label(name: str, invoice: Invoice, sheet: Sheet) -> str:
    if name not in SIGNS:
        return shown(name)
    return sheet.words("total.tax_included" if name == "tax" and invoice.tax_included else f"total.{name}")

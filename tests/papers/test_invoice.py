"""Invoices and credit notes: their amounts add up on paper, in the form of the language."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.invoicing.invoices import Invoice, InvoiceLine
from crossdock.core.orders.model import Address
from crossdock.notifications.email.samples import AT
from crossdock.papers import invoice
from crossdock.papers.layout import PaperSettings
from docs.draw_papers import sample_invoices
from tests.papers.pdfs import ENGLISH, text_of
from tests.papers.test_packing_slip import ODD_TEXTS


def test_an_invoice_has_its_number_lines_components_and_total() -> None:
    text = text_of(invoice.render(sample_invoices("en")[0], ENGLISH))
    for expected in (
        "Invoice", "Number 2026-000042", "Date January 30, 2026", "Order 1001-2026", "Bill to Ada Moreau",
        "MUG-BLUE Ceramic mug, ocean blue, 350 ml 2 CA$24.00 CA$48.00", "Items CA$76.50", "Discount -CA$5.00",
        "Shipping CA$8.90", "Tax CA$10.30", "Total CA$90.70",
    ):  # fmt: skip
        assert expected in text


def test_a_credit_note_states_positive_amounts() -> None:
    text = text_of(invoice.render(sample_invoices("en")[1], ENGLISH))
    assert "Credit note" in text
    assert "Items CA$24.00 Tax CA$3.10 Total credited CA$27.10" in text
    assert "-" not in text.replace("2026-000043", "").replace("1001-2026", "")


@pytest.mark.parametrize(
    ("language", "amount"), [("fr", "Total 90,70 €"), ("zh", "总额 ¥90.70"), ("en", "Total CA$90.70")]
)
def test_amounts_have_the_form_of_currency_and_language(language: Any, amount: str) -> None:
    text = text_of(invoice.render(sample_invoices(language)[0], PaperSettings(language=language)))
    assert amount in text.replace("\u202f", " ")


def test_tax_within_the_prices_is_called_so() -> None:
    bill = Invoice(
        1, "1", "shipment", 1, "A", 1, AT, Decimal(10), {"items": Decimal(10), "tax": Decimal(2)}, tax_included=True
    )
    assert "Tax (included) 2.00 Total 10.00" in text_of(invoice.render(bill, ENGLISH))


def test_the_seller_is_the_shop_with_its_address_and_small_print() -> None:
    settings = PaperSettings(brand="Shop", seller=Address(city="Halifax", country="CA"), footer="HST 123")
    text = text_of(invoice.render(sample_invoices("en")[0], settings))
    assert "From Shop Halifax Canada" in text
    assert "HST 123" in text


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_odd_texts_and_amounts_never_fail(text: str) -> None:
    huge = Decimal("123456789012345678901234E+9")
    line = InvoiceLine(0, 10**9, {"items": huge, text: huge}, huge, text, text, huge)
    bill = Invoice(
        1,
        text,
        "return",
        1,
        text,
        1,
        AT,
        huge,
        {"items": huge, text: huge},
        (line,) * 12,
        text,
        bill_to=Address(name=text),
    )
    assert invoice.render(bill, PaperSettings(brand=text)).startswith(b"%PDF")

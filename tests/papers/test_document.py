"""PDF files: what a text can do to one."""

import io
from decimal import Decimal
from typing import Any

import pypdf
import pytest

from crossdock.core.invoicing.invoices import Invoice, InvoiceLine
from crossdock.core.orders.model import Address
from crossdock.notifications.email.samples import AT
from crossdock.papers import invoice, label, packing_slip, pick_list
from crossdock.papers.layout import PaperSettings
from tests.papers.pdfs import fulfillment_of, package
from tests.papers.test_packing_slip import filled_with

# Each would end a string, an object or a stream and begin an action, if it were written into the file as it is.
HOSTILE = (
    ")>>/OpenAction<</S/JavaScript/JS(app.alert(1))>>",
    ") Tj ET\nendstream\nendobj\n9 0 obj<</Type/Action/S/URI/URI(http://example.com)>>endobj",
    "\\) /AA<</O<</S/Launch/F(calc)>>>>",
    "<</Type/EmbeddedFile>>\x00\r\n%%EOF",
)
ACTIVE = {"/OpenAction", "/AA", "/A", "/JS", "/JavaScript", "/URI", "/Launch", "/EmbeddedFile", "/Annots", "/AcroForm"}


def names(value: Any, seen: set[int]) -> set[str]:
    """Return the names of all members of a file, and the names that are their values."""
    if isinstance(value, pypdf.generic.IndirectObject):
        if value.idnum in seen:
            return set()
        seen.add(value.idnum)
        return names(value.get_object(), seen)
    if isinstance(value, pypdf.generic.NameObject):
        return {str(value)}
    if isinstance(value, dict):
        return {str(name) for name in value} | {name for each in value.values() for name in names(each, seen)}
    return {name for each in value for name in names(each, seen)} if isinstance(value, list) else set()


def bill_of(text: str) -> Invoice:
    """Return an invoice with a text wherever one may stand."""
    one = Decimal(1)
    line = InvoiceLine(0, 1, {"items": one, text: one}, one, text, text, one)
    return Invoice(
        1, text, "return", 1, text, 1, AT, one, {"items": one, text: one}, (line,), text, bill_to=Address(name=text)
    )  # fmt: skip


def papers(text: str) -> dict[str, bytes]:
    """Render each paper with a text wherever one may stand."""
    order, settings = filled_with(text), PaperSettings(brand=text, footer=text, seller=Address(name=text, city=text))
    sent = package((0, 2), carrier=text, service=text, number=text, weight=(Decimal(1), text))
    fulfillment = fulfillment_of(order, location=text, packages=(sent,))
    return {
        "packing slip": packing_slip.render(order, fulfillment, settings, prices=True),
        "label": label.render(order, fulfillment, settings),
        "pick list": pick_list.render([(order, fulfillment)], settings, location=text, made_at=AT),
        "invoice": invoice.render(bill_of(text), settings),
    }


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_becomes_an_action_or_another_object(text: str) -> None:
    for name, pdf in papers(text).items():
        reader = pypdf.PdfReader(io.BytesIO(pdf), strict=True)
        assert names(reader.trailer, set()) & ACTIVE == set(), name
        assert reader.metadata is not None
        assert set(reader.metadata) == {"/Title", "/Producer", "/CreationDate"}, name

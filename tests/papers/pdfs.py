"""Helpers of the tests of papers: sample orders, and what a reader, a scanner and an eye find in a PDF."""

import io
from decimal import Decimal
from typing import Any

import msgspec
import pypdf
import pypdfium2
import zxingcpp

from crossdock.core.orders.fulfillments import Fulfillment, FulfillmentLine, Package
from crossdock.core.orders.model import Order
from crossdock.notifications.email.samples import AT, sample_order
from crossdock.papers.layout import PaperSettings

ORDER_ID = 987_654_321_012_345_678
FULFILLMENT_ID = 987_654_321_012_345_700
PACKAGE_ID = 987_654_321_012_345_800
LOCATION = "HALIFAX-1"
# 1 for each gray that an eye sees on white, 0 for the others.
_DARK = bytes(gray < 200 for gray in range(256))
ENGLISH = PaperSettings(brand="Ocean & Linen")


def order_with(**given: Any) -> Order:
    """Return the English sample order with changed content."""
    order = sample_order("en")
    content = msgspec.structs.replace(order.content, **given)
    return msgspec.structs.replace(order, order_id=ORDER_ID, content=content)


def fulfillment_of(order: Order, **given: Any) -> Fulfillment:
    """Return a fulfillment of the whole order, not packed, with changes."""
    lines = tuple(FulfillmentLine(place, line.quantity) for place, line in enumerate(order.content.lines))
    whole = Fulfillment(FULFILLMENT_ID, LOCATION, AT, lines)
    return msgspec.structs.replace(whole, **given)


def package(*lines: tuple[int, int], count: int = 0, **given: Any) -> Package:
    """Return a package; `count` makes its id."""
    known = {"carrier": "Canada Post", "weight": (Decimal("1.20"), "KG"), "package_id": PACKAGE_ID + count}
    return Package(lines, **{**known, **given})


def page_texts(pdf: bytes) -> list[str]:
    """Return the text that a reader extracts from each page, without invisible characters."""
    return [
        page.extract_text().replace("\u200b", "").replace("\u00a0", " ")
        for page in pypdf.PdfReader(io.BytesIO(pdf)).pages
    ]


def text_of(pdf: bytes) -> str:
    """Return the text of all pages, with single spaces."""
    return " ".join(" ".join(page_texts(pdf)).split())


def page_size(pdf: bytes) -> tuple[float, float]:
    """Return width and height of the first page in points."""
    box = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].mediabox
    return float(box.width), float(box.height)


def codes(pdf: bytes) -> list[str]:
    """Return the values of the Code 128s of each page that a scanner finds at 203 dpi, sorted."""
    found: list[str] = []
    for page in pypdfium2.PdfDocument(pdf):
        bitmap = page.render(scale=203 / 72, grayscale=True)
        rows = memoryview(bytes(bitmap.buffer)).cast("B", (bitmap.height, bitmap.stride))
        found += sorted(each.text for each in zxingcpp.read_barcodes(rows, formats=zxingcpp.BarcodeFormat.Code128))
    return found


def ink(pdf: bytes, page: int = 0) -> tuple[float, float, float, float]:
    """Return the box of what is drawn on a page: left, top, right, bottom in points."""
    bitmap = pypdfium2.PdfDocument(pdf)[page].render(scale=1, grayscale=True)
    pixels = bytes(bitmap.buffer).translate(_DARK)
    rows = [pixels[at * bitmap.stride : at * bitmap.stride + bitmap.width] for at in range(bitmap.height)]
    lines = [place for place, row in enumerate(rows) if 1 in row]
    inked = [rows[place] for place in lines]
    return min(row.index(1) for row in inked), lines[0], max(row.rindex(1) for row in inked), lines[-1]

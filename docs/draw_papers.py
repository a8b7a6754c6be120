"""Draw sample papers: PDF files and small pictures of them in docs/papers/: `python -m docs.draw_papers`.

The pictures are those of docs/papers.md. PDF files are written into the folder given as an argument, if there is one: each
sample on A4 and on Letter, labels once.
"""

import struct
import sys
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pypdfium2

from crossdock.core.ids import IdGenerator
from crossdock.core.invoicing.invoices import Invoice, invoice_of_refund, invoice_of_shipment
from crossdock.core.orders.events import Refunded, Shipped
from crossdock.core.orders.fulfillments import Fulfillment, FulfillmentLine, Package
from crossdock.core.orders.model import Address, Content, Destination, Gift, Line, Order
from crossdock.core.orders.payments import Refund
from crossdock.notifications.email.email_settings import Language
from crossdock.notifications.email.samples import AT, sample_order
from crossdock.papers import invoice, label, packing_slip, pick_list
from crossdock.papers.languages import PaperLanguage
from crossdock.papers.layout import SIZES, Paper, PaperSettings

FOLDER = Path(__file__).parent / "papers"
_SHOP = Address(
    lines=("200 Lower Water Street",), city="Halifax", region="NS", postal_code="B3J 3S8", country="CA"
)  # fmt: skip
_ARABIC = Address(
    name="ليلى الحسن", company="مكتبة النور (فرع 2)", lines=("شارع الملك فيصل 45", "الطابق 3"), city="عمّان",
    postal_code="11183", country="JO",
)  # fmt: skip
_HEBREW = Address(
    name="נועה לוי", lines=("רחוב דיזנגוף 100", "דירה 7"), city="תל אביב", postal_code="6433222", country="IL"
)  # fmt: skip
_GREETING = "كل عام وأنتِ بخير يا ليلى!\nمع أطيب التمنيات من أسرتك في Halifax."
_SMALL_PRINT = "Ocean & Linen Ltd. HST 12345 6789 RT0001"
LOCATION = "HALIFAX-1"
_FINER = 3
_ids = IdGenerator(7)


def settings(language: PaperLanguage, paper: Paper = "A4") -> PaperSettings:
    """Return the settings of the sample shop."""
    return PaperSettings(language=language, paper=paper, brand="Ocean & Linen", seller=_SHOP, footer=_SMALL_PRINT)


def order(language: Language) -> Order:
    """Return the sample order of a language, with an id of its own."""
    return msgspec.structs.replace(sample_order(language), order_id=_ids.new(AT))


def gift_to_arabic_customer() -> Order:
    """Return a gift whose texts are in Arabic."""
    found = order("en")
    lines = (
        Line(quantity=2, sku="MUG-BLUE", description="كوب خزفي أزرق، 350 مل", unit_price=Decimal("24.00")),
        Line(quantity=3, sku="TOWEL-LINEN", description="منشفة مطبخ من الكتان (Linen)", unit_price=Decimal("9.50")),
    )
    content = msgspec.structs.replace(
        found.content, destinations=(Destination(address=_ARABIC),), lines=lines, gift=Gift(True, _GREETING)
    )
    return msgspec.structs.replace(found, content=content)


def gift(language: Language, message: str) -> Order:
    """Return the sample order of a language as a gift."""
    found = order(language)
    content = msgspec.structs.replace(found.content, bill_to=found.ship_to, gift=Gift(True, message))
    return msgspec.structs.replace(found, content=content)


def order_to_hebrew_customer() -> Order:
    """Return an order whose texts are in Hebrew."""
    found = order("en")
    lines = (
        Line(quantity=2, sku="MUG-BLUE", description="ספל קרמיקה כחול, 350 מ״ל", unit_price=Decimal("24.00")),
        Line(quantity=3, sku="TOWEL-LINEN", description="מגבת מטבח מפשתן (Linen)", unit_price=Decimal("9.50")),
    )
    content = msgspec.structs.replace(
        found.content, currency="ILS", destinations=(Destination(address=_HEBREW),), lines=lines
    )
    return msgspec.structs.replace(found, content=content)


def fulfillment(of: Order, *, packages: int = 1, location: str = LOCATION) -> Fulfillment:
    """Return a fulfillment of a whole order, in so many packages."""
    lines = tuple(FulfillmentLine(place, line.quantity) for place, line in enumerate(of.content.lines))
    parts = [tuple((line.line, line.quantity) for line in lines[place::packages]) for place in range(packages)]
    packed = tuple(
        Package(
            part, carrier="Canada Post", service="Expedited Parcel", number=f"730122345678{place:04d}",
            package_id=_ids.new(AT), weight=(Decimal("1.20"), "KG"),
        )
        for place, part in enumerate(parts)
    )  # fmt: skip
    return Fulfillment(_ids.new(AT), location, AT, lines, packages=packed)


def picking_work() -> list[tuple[Order, Fulfillment]]:
    """Return the open fulfillments of a few orders."""
    work = []
    for number in range(1, 9):
        base = order(("en", "fr", "zh")[number % 3])  # type: ignore[arg-type]
        content = msgspec.structs.replace(
            base.content,
            number=f"{1000 + number}-2026",
            lines=tuple(
                Line(quantity=1 + (number * place) % 4, sku=f"SKU-{(number * place) % 12 + 1}", description=title)
                for place, title in enumerate(("Linen tea towel", "Ceramic mug, ocean blue, 350 ml", "Wool blanket"), 1)
            ),
        )
        each = msgspec.structs.replace(base, content=content)
        work.append((each, fulfillment(each)))
    return work


def sample_invoices(language: Language) -> tuple[Invoice, Invoice]:
    """Return an invoice and a credit note of the sample order."""
    found = order(language)
    content: Content = msgspec.structs.replace(found.content, bill_to=found.ship_to)
    found = msgspec.structs.replace(found, content=content)
    units = tuple((place, line.quantity) for place, line in enumerate(content.lines))
    shipped = Shipped(lines=units, counters=found.counters)
    bill = invoice_of_shipment(found, shipped, (), invoice_id=1, number="2026-000042", subject_id=1, at=AT)
    parts = (("items", Decimal("24.00")), ("tax", Decimal("3.10")))
    refunded = Refunded(amount=Decimal("27.10"), refund=Refund(1, AT, Decimal("27.10"), "return", parts, ((0, 1),)))
    return bill, invoice_of_refund(found, refunded, invoice_id=2, number="2026-000043", subject_id=2, at=AT)


def samples(paper: Paper | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the PDF of each sample, on the size of its picture or on another one."""

    def on(language: PaperLanguage, usual: Paper = "A4") -> PaperSettings:
        return settings(language, paper or usual)

    english, french, chinese = order("en"), order("fr"), order("zh")
    arabic, hebrew = gift_to_arabic_customer(), order_to_hebrew_customer()
    present = gift("en", "Happy birthday, Ada!\nWith love from all of us in Halifax.")
    boxes = fulfillment(english, packages=2)
    yield "packing-slip-en", packing_slip.render(english, boxes, on("en", "Letter"), prices=True)
    yield "packing-slip-gift-en", packing_slip.render(present, fulfillment(present), on("en"), prices=True)
    yield "packing-slip-fr", packing_slip.render(french, fulfillment(french), on("fr"))
    yield "packing-slip-zh", packing_slip.render(chinese, fulfillment(chinese), on("zh"))
    yield "packing-slip-ar", packing_slip.render(arabic, fulfillment(arabic), on("ar"))
    yield "packing-slip-he", packing_slip.render(hebrew, fulfillment(hebrew, packages=2), on("he"), prices=True)
    yield "pick-list-en", pick_list.render(picking_work(), on("en"), location=LOCATION, made_at=AT)
    yield "invoice-en", invoice.render(sample_invoices("en")[0], on("en", "Letter"))
    yield "credit-note-fr", invoice.render(sample_invoices("fr")[1], on("fr"))
    yield "invoice-zh", invoice.render(sample_invoices("zh")[0], on("zh"))
    yield "label-en", label.render(english, boxes, settings("en"))
    yield "label-zh", label.render(chinese, fulfillment(chinese), settings("zh"))
    yield "label-ar", label.render(arabic, fulfillment(arabic), settings("ar"))


def picture(pdf: bytes, *, width: int, page: int = 0) -> bytes:
    """Return a page of a PDF as PNG in 16 shades of gray, drawn larger and reduced; `width` is an even number of pixels."""
    sheet = pypdfium2.PdfDocument(pdf)[page]
    bitmap = sheet.render(scale=_FINER * width / sheet.get_width(), grayscale=True)
    pixels, height = memoryview(bytes(bitmap.buffer)), bitmap.height // _FINER
    packed = bytearray()
    for row in range(height):
        lines = [pixels[at * bitmap.stride :][: width * _FINER] for at in range(row * _FINER, (row + 1) * _FINER)]
        sums = [
            sum(parts)
            for parts in zip(*(line[start::_FINER] for line in lines for start in range(_FINER)), strict=True)
        ]
        shades = [round(each / (17 * _FINER**2)) for each in sums]
        packed += b"\0" + bytes(shades[at] << 4 | shades[at + 1] for at in range(0, width, 2))
    head = struct.pack(">IIBBBBB", width, height, 4, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(packed), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def main(folder: Path | None = None) -> None:
    """Write the pictures, and the PDF files if a folder is given."""
    FOLDER.mkdir(exist_ok=True)
    for name, pdf in samples():
        (FOLDER / f"{name}.png").write_bytes(picture(pdf, width=400 if name.startswith("label") else 600))
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for paper in SIZES:
        for name, pdf in samples(paper):
            file = name if name.startswith("label") else f"{name}-{paper}"
            (folder / f"{file}.pdf").write_bytes(pdf)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)

"""Packing slips: what stands on them, what must not, their codes, pages, and any content."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.ids import to_base32
from crossdock.core.orders.fulfillments import Fulfillment, FulfillmentLine
from crossdock.core.orders.model import Address, Content, Customer, Destination, Gift, Line, Order
from crossdock.notifications.email.languages import LANGUAGES
from crossdock.papers import packing_slip
from crossdock.papers.languages import translate
from crossdock.papers.layout import MARGIN, SIZES, PaperSettings
from crossdock.papers.shaping import direction_of
from tests.examples import at_most
from tests.papers.pdfs import (
    ENGLISH,
    ORDER_ID,
    PACKAGE_ID,
    codes,
    fulfillment_of,
    ink,
    order_with,
    package,
    page_size,
    page_texts,
    text_of,
)

# Texts that break programs: controls, lone surrogates, overlong words, directions, marks, markup, file syntax.
ODD_TEXTS = [
    "", " ", "\x00\x07\x1b[31m", "\ud800 lone \udfff", "W" * 5000, "word " * 3000, "\n" * 300, "\u202eabc\u202d\u2066",
    "\u0300\u0301 marks first", "Z" + "\u0335\u0489" * 200, "<script>alert(1)</script>", ") Tj ET endstream endobj %%EOF",
    "🎁👨\u200d👩\u200d👧🏽🇨🇦\ufe0f", "שלום (abc) 12-34 مرحبا", "漢字" * 900, "ที่อยู่" * 400,
    "\u2028\u2029\u0085\x0b\x0c", "\uffff\ufffe\ufdd0",
    "\U000e0041\U0010ffff\U00030000", "ﷺ" * 50, "\u1100\u1161\u11a8\u1100", "{name} {0} %s %(a)s", "क्" * 300,
]  # fmt: skip


def slip(order: Order | None = None, settings: PaperSettings = ENGLISH, *, prices: bool = False, **given: Any) -> bytes:
    """Return the packing slip of an order's whole fulfillment, with changes to that."""
    order = order or order_with()
    return packing_slip.render(order, fulfillment_of(order, **given), settings, prices=prices)


class TestContents:
    def test_it_names_the_order_the_address_and_every_item_with_its_units(self) -> None:
        text = text_of(slip())
        for expected in (
            "Ocean & Linen", "Packing slip", "Order 1001-2026", "January 30, 2026", "HALIFAX-1", "Ada Moreau",
            "12 Harbour Street", "Halifax NS B3J 1S9", "Canada", "MUG-BLUE Ceramic mug, ocean blue, 350 ml 2 2",
            "TOWEL-LINEN Linen tea towel 3 3", "Page 1 of 1",
        ):  # fmt: skip
            assert expected in text

    def test_it_has_no_prices_unless_they_are_asked_for(self) -> None:
        assert "$" not in text_of(slip())
        assert "CA$24.00 CA$48.00" in text_of(slip(prices=True))

    def test_a_gift_has_its_message_and_never_prices_or_who_pays(self) -> None:
        payer = Address(name="Grace Payer", city="Toronto", country="CA")
        order = order_with(
            gift=Gift(True, "Happy birthday!\nYours, Bob"), bill_to=payer, customer=Customer(name="Grace Payer")
        )
        text = text_of(slip(order, prices=True))
        assert "Gift message Happy birthday! Yours, Bob" in text
        assert "$" not in text
        assert "Grace" not in text

    def test_it_has_only_the_units_of_this_fulfillment_and_says_that_there_are_more(self) -> None:
        text = text_of(slip(lines=(FulfillmentLine(1, 3, canceled=1), FulfillmentLine(0, 1, canceled=1))))
        assert "TOWEL-LINEN Linen tea towel 3 2" in text
        assert "MUG-BLUE" not in text
        assert "several shipments" in text
        assert "several shipments" not in text_of(slip())

    def test_an_item_that_an_edit_has_removed_is_still_listed(self) -> None:
        assert "Item that is no longer in the order 2" in text_of(slip(lines=(FulfillmentLine(-1, 2),)))

    def test_a_replacement_says_so(self) -> None:
        assert "Replacement" in text_of(slip(kind="reship"))

    def test_a_pickup_names_who_picks_it_up(self) -> None:
        assert "Pickup by Ada Moreau" in text_of(slip(kind="pickup"))

    def test_it_goes_to_the_destination_of_the_fulfillment(self) -> None:
        order = order_with(destinations=(Destination(), Destination(address=Address(name="Second Place"))))
        assert "Second Place" in text_of(slip(order, destination=1))

    @pytest.mark.parametrize(
        ("language", "title", "units"), [("fr", "Bon de livraison", "Livré"), ("zh", "装箱单", "本次发货")]
    )
    def test_its_words_are_those_of_the_language(self, language: Any, title: str, units: str) -> None:
        text = text_of(slip(settings=PaperSettings(language=language)))
        assert title in text
        assert units in text


class TestRightToLeft:
    @pytest.mark.parametrize("language", ["ar", "he"])
    def test_the_page_is_mirrored_and_its_codes_are_read(self, language: Any) -> None:
        order = order_with()
        slip = packing_slip.render(
            order,
            fulfillment_of(order, packages=(package((0, 2), (1, 3)),)),
            PaperSettings(language=language, brand="Brand"),
        )
        page = pypdfium2.PdfDocument(slip)[0]
        text = page.get_textpage()
        middle = page.get_width() / 2
        ends = {
            word: text.get_charbox(text.search(word).get_next()[0])[0] for word in ("Brand", "MUG-BLUE", "Canada Post")
        }
        assert {word for word, left in ends.items() if left > middle} == {"Brand", "MUG-BLUE", "Canada Post"}
        assert codes(slip) == sorted([to_base32(ORDER_ID), to_base32(PACKAGE_ID)])
        left, _, right, _ = ink(slip)
        assert left >= MARGIN - 10
        assert right <= SIZES["A4"][0] - MARGIN + 1

    @pytest.mark.parametrize("language", ["ar", "he"])
    def test_a_count_stands_right_of_its_sign(self, language: Any) -> None:
        """It is read from right to left."""
        assert direction_of(translate(language, "units_each", count=2)) is True


class TestCodes:
    def test_a_scanner_reads_the_ids_of_the_order_and_of_each_package(self) -> None:
        pdf = slip(packages=(package((0, 2)), package((1, 3), count=1)))
        assert codes(pdf) == sorted(map(to_base32, (ORDER_ID, PACKAGE_ID, PACKAGE_ID + 1)))

    def test_a_package_without_an_id_has_the_order_and_its_position(self) -> None:
        assert codes(slip(packages=(package((0, 2), package_id=None),)))[-1] == f"{to_base32(ORDER_ID)}-1"

    def test_each_of_several_packages_lists_its_items(self) -> None:
        text = text_of(slip(packages=(package((0, 2)), package((1, 3), count=1))))
        assert "Package 1 of 2" in text
        assert "1.2 KG 2 × Ceramic mug" in text
        assert "1.2 KG 3 × Linen tea towel" in text

    def test_a_weight_has_its_digits_and_never_thousands_of_zeros(self) -> None:
        for weight, expected in (("1.50", "1.5 KG"), ("2E+1", "20 KG"), ("1E+9999", "1E+9999 KG"), ("0", "0 KG")):
            assert f"Weight {expected}" in text_of(slip(packages=(package((0, 2), weight=(Decimal(weight), "KG")),)))


class TestPages:
    @pytest.mark.parametrize("paper", ["A4", "Letter"])
    def test_it_has_the_size_of_its_paper(self, paper: Any) -> None:
        assert page_size(slip(settings=PaperSettings(paper=paper))) == SIZES[paper]

    def test_a_long_order_continues_below_repeated_heads(self) -> None:
        lines = tuple(Line(quantity=place, sku=f"SKU-{place}", description="Mug") for place in range(1, 201))
        pages = page_texts(slip(order_with(lines=lines)))
        assert len(pages) > 4
        for number, page in enumerate(pages, 1):
            assert "SKU Item Ordered Included" in " ".join(page.split())
            assert f"Page {number} of {len(pages)}" in page
        assert all("Packing slip 1001-2026" in " ".join(page.split()) for page in pages[1:])
        words = " ".join(pages).split()
        assert [word for word in words if word.startswith("SKU-")] == [f"SKU-{place}" for place in range(1, 201)]

    def test_a_long_gift_message_is_printed_whole(self) -> None:
        message = "\n".join(f"Line {number}." for number in range(200))
        pages = page_texts(slip(order_with(gift=Gift(True, message))))
        assert len(pages) > 3
        assert all(f"Line {number}." in "\n".join(pages) for number in range(200))

    def test_the_same_document_has_the_same_bytes(self) -> None:
        assert slip(prices=True) == slip(prices=True)

    def test_its_date_is_that_of_the_fulfillment(self) -> None:
        assert b"D:20260130105324Z" in slip()


# ------------------------------------------------------------------------------------------------------------ any content
def pages_within_margins(pdf: bytes, settings: PaperSettings) -> Iterator[bool]:
    """Yield whether everything on a page is within its margins, half a margin for overhanging letters and marks."""
    width, height = SIZES[settings.paper]
    for page in range(min(2, len(pypdfium2.PdfDocument(pdf)))):
        left, top, right, bottom = ink(pdf, page)
        yield left > MARGIN / 2 and top > MARGIN / 2 and right < width - MARGIN / 2 and bottom < height - MARGIN / 2


def filled_with(text: str) -> Order:
    """Return an order with a text wherever a sender may write one."""
    address = Address(
        name=text, company=text, lines=(text, text), city=text, region=text, postal_code=text, country=text
    )
    lines = (Line(quantity=2, sku=text, description=text), Line(quantity=1, sku=text))
    return order_with(
        number=text, lines=lines, destinations=(Destination(address=address),), ship_from=address, currency=text,
        gift=Gift(message=text), placed_at=text,
    )  # fmt: skip


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_odd_texts_are_printed_within_the_margins(text: str) -> None:
    order = filled_with(text)
    shipped = package((0, 2), carrier=text, service=text, number=text, weight=(Decimal(10) ** 30, text))
    settings = PaperSettings(brand=text, footer=text)
    pdf = packing_slip.render(
        order, fulfillment_of(order, location=text, packages=(shipped, shipped)), settings, prices=True
    )
    assert all(pages_within_margins(pdf, settings))


TEXTS = st.none() | st.text(max_size=60) | st.sampled_from(ODD_TEXTS[:12])
ADDRESSES = st.builds(
    Address, name=TEXTS, company=TEXTS, lines=st.lists(st.text(max_size=60), max_size=12).map(tuple), city=TEXTS,
    region=TEXTS, postal_code=TEXTS, country=TEXTS,
)  # fmt: skip
LINES = st.builds(
    Line, quantity=st.integers(1, 10**9), sku=TEXTS, description=TEXTS, product_ref=TEXTS,
    unit_price=st.none() | st.decimals(-(10**24), 10**24, places=4),
)  # fmt: skip
CONTENTS = st.builds(
    Content, number=st.text(min_size=1, max_size=80), lines=st.lists(LINES, min_size=1, max_size=8).map(tuple),
    destinations=st.lists(st.builds(Destination, address=st.none() | ADDRESSES), max_size=2).map(tuple),
    placed_at=TEXTS, currency=TEXTS, ship_from=st.none() | ADDRESSES, bill_to=st.none() | ADDRESSES,
    gift=st.none() | st.builds(Gift, is_gift=st.booleans(), message=TEXTS),
)  # fmt: skip
FULFILLMENT_LINES = st.builds(
    FulfillmentLine, line=st.integers(-1, 8), quantity=st.integers(1, 10**9), canceled=st.integers(0, 1)
)
PACKAGES = st.lists(st.tuples(st.integers(-1, 8), st.integers(1, 9)), max_size=3).map(lambda lines: package(*lines))


@at_most(40, prove=200)
@given(
    CONTENTS, st.lists(FULFILLMENT_LINES, max_size=6), st.lists(PACKAGES, max_size=3), st.sampled_from(LANGUAGES),
    st.sampled_from(["A4", "Letter"]), st.booleans(),
)  # fmt: skip
def test_any_order_has_a_packing_slip(
    content: Content, lines: list[FulfillmentLine], packages: list[Any], language: Any, paper: Any, prices: bool
) -> None:
    order = msgspec.structs.replace(order_with(), content=content)
    fulfillment = Fulfillment(1, "X", order.created_at, tuple(lines), packages=tuple(packages))
    settings = PaperSettings(language=language, paper=paper, brand=content.number)
    pdf = packing_slip.render(order, fulfillment, settings, prices=prices)
    assert all(pages_within_margins(pdf, settings))

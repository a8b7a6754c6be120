"""Labels of packages: one page of 4 x 6 in for each, with address and codes."""

from typing import Any

import pytest

from crossdock.core.ids import to_base32
from crossdock.core.orders.model import Address, Destination
from crossdock.papers import label
from crossdock.papers.layout import LABEL_SIZE, PaperSettings
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
)
from tests.papers.test_packing_slip import ODD_TEXTS, filled_with

TWO = (package((0, 2), count=0), package((1, 3), count=1))


def labels(settings: PaperSettings = ENGLISH, *, package_id: int | None = None, **given: Any) -> bytes:
    order = order_with()
    return label.render(order, fulfillment_of(order, **given), settings, package_id=package_id)


def test_each_package_has_a_page_with_address_and_position() -> None:
    pdf = labels(packages=TWO)
    pages = [" ".join(page.split()) for page in page_texts(pdf)]
    assert page_size(pdf) == LABEL_SIZE
    assert len(pages) == 2
    assert "Package 2 of 2" in pages[1]
    for page in pages:
        assert "Ship to Ada Moreau 12 Harbour Street Unit 4 Halifax NS B3J 1S9 Canada" in page
        assert "1001-2026" in page


def test_a_scanner_reads_the_package_and_the_order() -> None:
    order, one, two = (to_base32(each) for each in (ORDER_ID, PACKAGE_ID, PACKAGE_ID + 1))
    assert codes(labels(packages=TWO)) == [*sorted((order, one)), *sorted((order, two))]


def test_one_package_can_be_asked_for() -> None:
    pages = page_texts(labels(packages=TWO, package_id=PACKAGE_ID + 1))
    assert len(pages) == 1
    assert "Package 2 of 2" in pages[0]
    with pytest.raises(ValueError, match="no package 5"):
        labels(packages=TWO, package_id=5)


def test_a_fulfillment_that_is_not_packed_counts_as_one_package() -> None:
    pdf = labels()
    assert "Package 1 of 1" in page_texts(pdf)[0]
    assert codes(pdf)[-1] == f"{to_base32(ORDER_ID)}-1"


def test_an_arabic_and_a_chinese_address_are_printed() -> None:
    for name in ("ليلى الحسن", "李雅达"):
        order = order_with(destinations=(Destination(address=Address(name=name)),))
        text = page_texts(label.render(order, fulfillment_of(order), ENGLISH))[0]
        assert "\ufffd" not in text
        assert sum(each in text for each in name) == len(name)


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_odd_texts_stay_on_the_label(text: str) -> None:
    order = filled_with(text)
    shipped = package((0, 2), carrier=text, service=text, number=text)
    pdf = label.render(
        order, fulfillment_of(order, packages=(shipped,), location=text), PaperSettings(brand=text, language="fr")
    )
    left, top, right, bottom = ink(pdf)
    assert left > 5
    assert top > 3
    assert right < LABEL_SIZE[0] - 5
    assert bottom < LABEL_SIZE[1] - 5
    assert len(codes(pdf)) == 2

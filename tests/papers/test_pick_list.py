"""Pick lists: which units they sum, and in which order."""

from typing import Any

from crossdock.core.orders.fulfillments import Fulfillment, FulfillmentLine
from crossdock.core.orders.model import Line, Order
from crossdock.notifications.email.samples import AT
from crossdock.papers import pick_list
from crossdock.papers.layout import PaperSettings
from tests.papers.pdfs import ENGLISH, LOCATION, fulfillment_of, order_with, page_texts, text_of
from tests.papers.test_packing_slip import ODD_TEXTS

Work = tuple[Order, Fulfillment]


def work(number: str, *lines: tuple[str | None, int], **given: Any) -> Work:
    """Return an order with these SKUs and units, and its fulfillment."""
    order = order_with(
        number=number, lines=tuple(Line(quantity=units, sku=sku, description="Mug") for sku, units in lines)
    )
    return order, fulfillment_of(order, **given)


def picked(*found: Work, settings: PaperSettings = ENGLISH, **rest: Any) -> bytes:
    return pick_list.render(found, settings, location=LOCATION, made_at=AT, **rest)


def test_units_of_a_sku_are_summed_over_orders_and_listed_by_order() -> None:
    text = text_of(picked(work("A", ("S-1", 2), ("S-2", 1)), work("B", ("S-1", 3))))
    assert "S-1 Mug 2 × A 3 × B 5 □" in text
    assert "2 orders, 2 SKUs, 6 units" in text


def test_skus_stand_in_natural_order_and_what_has_none_comes_last() -> None:
    text = text_of(picked(work("A", (None, 1), ("a-10", 1), ("A-9", 1), ("B", 1))))
    assert [text.index(each) for each in ("A-9 Mug", "a-10 Mug", "B Mug", "no SKU Mug")] == sorted(
        text.index(each) for each in ("A-9 Mug", "a-10 Mug", "B Mug", "no SKU Mug")
    )


def test_a_location_may_have_an_order_of_its_own() -> None:
    bins = {"A": 2, "B": 1}
    text = text_of(picked(work("1", ("A", 1), ("B", 1)), sku_order=bins.__getitem__))
    assert text.index("B Mug") < text.index("A Mug")


def test_what_is_picked_shipped_or_canceled_is_not_picked_again() -> None:
    lines = (FulfillmentLine(0, 9, picked=4, shipped=2, canceled=1), FulfillmentLine(1, 2, picked=2))
    text = text_of(picked(work("A", ("S-1", 9), ("S-2", 2), lines=lines)))
    assert "4 × A" in text
    assert "S-2" not in text


def test_fulfillments_of_other_locations_are_passed_over() -> None:
    assert "Nothing to pick" in text_of(picked(work("A", ("S-1", 1), location="ELSEWHERE")))


def test_a_sku_of_many_orders_continues_on_the_next_page() -> None:
    pages = page_texts(picked(*(work(f"N{number}", ("S-1", 1)) for number in range(150))))
    assert len(pages) > 2
    assert all("SKU Item Orders Units Picked" in " ".join(page.split()) for page in pages)
    assert all(f"1 × N{number}\n" in "\n".join(pages) + "\n" for number in range(150))


def test_odd_texts_never_fail() -> None:
    found = [work(text, (text, 1)) for text in ODD_TEXTS]
    for language in ("en", "fr", "zh"):
        assert page_texts(picked(*found, settings=PaperSettings(language=language)))

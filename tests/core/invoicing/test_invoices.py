"""Invoices of shipments: together they bill the order, also where it was edited between two shipments."""

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.invoicing.invoices import Invoice, invoice_of_shipment
from crossdock.core.orders.editing import revise
from crossdock.core.orders.events import Edited, Shipped
from crossdock.core.orders.model import Charge, Totals
from crossdock.core.orders.shipping import ShipUnits
from crossdock.core.returns.refunds import order_components, total_of
from tests.core.orders.book import Book

D = Decimal
_replace = msgspec.structs.replace


class Shop:
    """An order that is shipped and edited, with its invoices."""

    def __init__(self, lines: list[tuple[str, int]], prices: list[str], **content: Any) -> None:
        self.book = Book(lines, currency="USD", **content)
        self.invoices: list[Invoice] = []
        self.edit(prices=dict(enumerate(map(D, prices))))

    def edit(self, order: list[int] | None = None, prices: dict[int, Decimal] = {}, **changes: Any) -> None:  # noqa: B006
        """Edit the order: give its lines another sequence, other prices, and its content other values."""
        before = self.book.order.content
        lines = [_replace(line, unit_price=prices.get(at, line.unit_price)) for at, line in enumerate(before.lines)]
        after = _replace(before, lines=tuple(lines[at] for at in order or range(len(lines))), **changes)
        made = revise(self.book.order, after)
        edited = Edited(content=made.content, counters=made.counters, from_lines=made.from_lines)
        self.book.order = edited.apply(self.book.order, 0)

    def ship(self, units: dict[int, int]) -> Invoice:
        self.book.do(ShipUnits, location_ref="default", lines=units, new_id=self.book.new_id)
        shipped = next(each for each in reversed(self.book.events) if isinstance(each, Shipped))
        made = invoice_of_shipment(
            self.book.order, shipped, self.invoices, invoice_id=1, number="1", subject_id=1, at=self.book.now
        )
        self.invoices.append(made)
        return made

    def total(self) -> Decimal:
        content = self.book.order.content
        return total_of(order_components(content), tax_included=content.tax_included)


class TestShipments:
    def test_units_are_billed_for_their_line_after_an_edit_has_moved_it(self) -> None:
        shop = Shop([("A", 2), ("B", 2)], ["10", "30"])
        shop.ship({0: 1})
        shop.edit([1, 0])
        invoice = shop.ship({0: 2, 1: 1})
        assert [(line.sku, line.quantity, line.total) for line in invoice.lines] == [("B", 2, 60), ("A", 1, 10)]

    def test_the_next_shipment_bills_what_an_edit_has_changed_of_the_last(self) -> None:
        shop = Shop([("A", 3)], ["10"])
        shop.ship({0: 1})
        shop.edit(prices={0: D(12)})
        assert [shop.ship({0: 1}).total, shop.ship({0: 1}).total] == [14, 12]

    @given(st.randoms(use_true_random=False), st.booleans())
    def test_any_shipments_and_edits_add_up_to_the_order(self, luck: Any, included: bool) -> None:
        charges = (Charge("tax", D("3.33")), Charge("shipping", D("4.99")))
        shop = Shop(
            [("A", 3), ("B", 2), ("C", 4)], ["1.99", "0.05", "7"], totals=Totals(discount=D("1.01")), charges=charges,
            tax_included=included,
        )  # fmt: skip
        while left := {at: line.open for at, line in enumerate(shop.book.order.counters) if line.open}:
            place = luck.choice(list(left))
            shop.ship({place: luck.randint(1, left[place])})
            if luck.random() < 0.5 and any(line.open for line in shop.book.order.counters):
                order = luck.sample(range(3), 3)
                shop.edit(order, {luck.randrange(3): D(luck.randint(0, 999)) / 100})
        assert sum(each.total for each in shop.invoices) == shop.total()
        for each in shop.invoices:
            assert (
                total_of(each.components, tax_included=included) == each.total == sum(line.total for line in each.lines)
            )

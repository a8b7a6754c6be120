"""The money of an order divided among its units: nothing is lost, whatever the sequence, in every currency."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.iso import exponent
from crossdock.core.orders.model import Charge, Content, Line, Totals
from crossdock.core.orders.payments import Payment, Refund
from crossdock.core.returns.refunds import (
    balance,
    components_of_units,
    divide,
    line_components,
    order_components,
    total_of,
)

CURRENCIES = ("USD", "JPY", "KWD", "EUR")
money = st.decimals(0, 10_000, places=3, allow_nan=False)
charges = st.lists(
    st.builds(Charge, st.sampled_from(["discount", "tax", "duty", "fee", "shipping"]), money), max_size=3
).map(tuple)
lines = st.lists(
    st.builds(Line, st.integers(1, 7), unit_price=st.none() | money, charges=charges), min_size=1, max_size=4
).map(tuple)
totals = st.none() | st.builds(
    Totals, discount=st.none() | money, shipping=st.none() | money, tax=st.none() | money, fees=st.none() | money
)
contents = st.builds(
    Content, st.just("A"), lines, currency=st.sampled_from(CURRENCIES), totals=totals, charges=charges,
    tax_included=st.booleans(),
)  # fmt: skip


class TestLineComponents:
    @given(contents)
    def test_the_shares_of_the_lines_add_up_to_the_order(self, content: Content) -> None:
        shares = line_components(content)
        for name, whole in order_components(content).items():
            assert sum(share[name] for share in shares) == whole
            assert all(-each.as_tuple().exponent <= exponent(content.currency) for each in (s[name] for s in shares))  # type: ignore[operator]


def _stated(**totals: str) -> Content:
    line = Line(3, unit_price=Decimal(25))
    return Content(
        "A", (line,), currency="USD", totals=Totals(**{name: Decimal(text) for name, text in totals.items()})
    )


class TestOrderComponents:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (_stated(items="75", total="81"), {"items": Decimal(75), "fees": Decimal(6)}),
            (_stated(total="70"), {"items": Decimal(75), "discount": Decimal(5)}),
            (_stated(total="75"), {"items": Decimal(75)}),
            (_stated(total="99", shipping="6"), {"items": Decimal(75), "shipping": Decimal(6)}),
        ],
    )
    def test_a_total_without_components_besides_items_has_the_difference_as_one(
        self, content: Content, expected: dict[str, Decimal]
    ) -> None:
        assert order_components(content) == expected

    def test_the_difference_is_unknown_where_a_price_is_missing(self) -> None:
        content = _stated(total="81")
        unpriced = msgspec.structs.replace(content, lines=(*content.lines, Line(1)))
        assert order_components(unpriced) == {"items": Decimal(75)}
        without_prices = msgspec.structs.replace(content, lines=(Line(1), Line(2)))
        assert order_components(without_prices) == {"items": Decimal(81)}
        assert [share["items"] for share in line_components(without_prices)] == [Decimal(27), Decimal(54)]


class TestUnits:
    @given(contents, st.randoms())
    def test_any_sequence_of_partial_refunds_ends_at_the_total(self, content: Content, random: object) -> None:
        left = {place: line.quantity for place, line in enumerate(content.lines)}
        before: dict[int, int] = {}
        amount = Decimal(0)
        while any(left.values()):
            place = random.choice([each for each, units in left.items() if units])  # type: ignore[attr-defined]
            units = random.randint(1, left[place])  # type: ignore[attr-defined]
            parts = components_of_units(content, {place: units}, before=before)
            amount += total_of(parts, tax_included=content.tax_included)
            before[place] = before.get(place, 0) + units
            left[place] -= units
        assert amount == total_of(order_components(content), tax_included=content.tax_included)

    def test_a_third_of_ten_yen_is_three_then_four_then_three(self) -> None:
        content = Content("A", (Line(3, totals=Totals(items=Decimal(10))),), currency="JPY")
        parts = [components_of_units(content, {0: 1}, before={0: done})["items"] for done in range(3)]
        assert parts == [3, 4, 3]


class TestDivide:
    @given(money, st.lists(st.decimals(0, 99, places=2), min_size=1, max_size=6), st.sampled_from(CURRENCIES))
    def test_the_parts_add_up(self, amount: Decimal, weights: list[Decimal], currency: str) -> None:
        parts = divide(amount, weights, currency)
        unit = Decimal(1).scaleb(-exponent(currency))
        assert abs(sum(parts) - amount) <= unit / 2
        assert all(part >= 0 for part in parts)


class TestBalance:
    content = Content("A", (Line(2, unit_price=Decimal(10)),), currency="USD", totals=Totals(total=Decimal(20)))

    def test_without_payments_the_order_counts_as_paid(self) -> None:
        found = balance(self.content, (), (Refund(1, 1, Decimal(5)),))
        assert (found.captured, found.refunded, found.refundable, found.owed) == (20, 5, 15, 0)

    @pytest.mark.parametrize(("captured", "refundable", "owed"), [("0", 0, 20), ("12.50", 7, 7), ("20", 15, 0)])
    def test_what_is_captured_can_be_refunded(self, captured: str, refundable: int, owed: int) -> None:
        payment = Payment(1, 1, currency="USD", authorized=Decimal(20), captured=Decimal(captured))
        found = balance(self.content, (payment,), (Refund(1, 1, Decimal(5)),))
        assert (int(found.refundable), int(found.owed)) == (refundable, owed)

"""Money: minor units, and totals compared with lines."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.money import COMPONENTS, Component, Excluded, Reconciliation, is_balanced, reconcile, to_minor_unit
from crossdock.core.orders.model import Charge, Content, Line, Totals


def D(text: str) -> Decimal:  # noqa: N802 - reads as a literal
    return Decimal(text)


def content(*lines: Line, currency: str | None = "USD", charges: tuple[Charge, ...] = (), **totals: str) -> Content:
    stated = Totals(**{name: Decimal(text) for name, text in totals.items()}) if totals else None
    return Content(number="A", lines=lines, currency=currency, charges=charges, totals=stated)


def shown(found: Reconciliation) -> dict[tuple[str, int | None], tuple[str | None, str | None, str | None]]:
    def text(amount: Decimal | None) -> str | None:
        return None if amount is None else str(amount)

    return {
        (each.component, each.line): (text(each.stated), text(each.computed), text(each.difference))
        for each in found.components
    }


class TestToMinorUnit:
    @pytest.mark.parametrize(
        ("amount", "currency", "rounded"),
        [
            ("1234.5", "JPY", "1235"),
            ("1234.4999", "JPY", "1234"),
            ("1.2345", "KWD", "1.235"),
            ("1.23445", "CLF", "1.2345"),
            ("1", "CLF", "1.0000"),
            ("1.005", "USD", "1.01"),
            ("-1.005", "USD", "-1.01"),
            ("1.004999999999999999999999999999999", "USD", "1.00"),
            ("1.005", "ZZZ", "1.01"),
            ("1.005", None, "1.01"),
            ("1.005", "", "1.01"),
            ("1E+39", "CLF", "1" + "0" * 39 + ".0000"),
            ("1E-40", "USD", "0.00"),
            ("9" * 40, "KWD", "9" * 40 + ".000"),
            ("1E+98", "USD", "1" + "0" * 98 + ".00"),
            ("9E+122", "CLF", "9" + "0" * 122 + ".0000"),
            ("-1E+98", "JPY", "-1" + "0" * 98),
            ("1E-115", "USD", "0.00"),
        ],
    )
    def test_to_minor_unit_rounds_half_up_to_the_currency(
        self, amount: str, currency: str | None, rounded: str
    ) -> None:
        assert str(to_minor_unit(Decimal(amount), currency)) == rounded


class TestReconcile:
    def test_reconcile_balances_what_adds_up(self) -> None:
        order = content(
            Line(2, unit_price=D("10.00"), totals=Totals(items=D("20.00"), tax=D("1.60"))),
            Line(1, unit_price=D("5.50"), totals=Totals(items=D("5.5"), tax=D("0.44"))),
            charges=(Charge("shipping", D("4.99")), Charge("discount", D("2"))),
            items="25.50", tax="2.04", shipping="4.99", discount="2.00", total="30.53",
        )  # fmt: skip
        found = reconcile(order)
        assert found.balanced
        assert (found.currency, found.exponent) == ("USD", 2)
        assert shown(found) == {
            ("items", 0): ("20.00", "20.00", "0.00"),
            ("items", 1): ("5.50", "5.50", "0.00"),
            ("items", None): ("25.50", "25.50", "0.00"),
            ("discount", None): ("2.00", "2.00", "0.00"),
            ("shipping", None): ("4.99", "4.99", "0.00"),
            ("tax", None): ("2.04", "2.04", "0.00"),
            ("total", None): ("30.53", "30.53", "0.00"),
        }

    def test_reconcile_tells_one_cent_and_its_sign(self) -> None:
        lines = (Line(1, unit_price=D("10.00")),)
        over = reconcile(content(*lines, items="10.01", total="10.01"))
        assert not over.balanced
        assert shown(over) == {
            ("items", None): ("10.01", "10.00", "0.01"),
            ("total", None): ("10.01", "10.01", "0.00"),
        }
        under = reconcile(content(*lines, total="9.99"))
        assert shown(under)["total", None] == ("9.99", "10.00", "-0.01")
        assert not under.balanced

    def test_reconcile_compares_each_line_with_its_price(self) -> None:
        found = reconcile(content(Line(2, unit_price=D("61.72"), totals=Totals(items=D("123.45")))))
        assert shown(found) == {
            ("items", 0): ("123.45", "123.44", "0.01"),
            ("items", None): (None, "123.45", None),
        }
        assert not found.balanced

    def test_reconcile_sums_what_lines_state_and_prices_where_they_do_not(self) -> None:
        lines = (Line(1, totals=Totals(items=D("7.00"))), Line(3, unit_price=D("1.10")), Line(5))
        assert shown(reconcile(content(*lines, items="10.30")))["items", None] == ("10.30", "10.30", "0.00")

    def test_a_component_is_the_sum_of_what_lines_and_order_say_of_it(self) -> None:
        charges = (Charge("tax", D("1.00")), Charge("tax", D("0.50")), Charge("fee", D("3")))
        bare = reconcile(content(Line(1), charges=charges, tax="1.50", fees="3.00"))
        assert shown(bare) == {("fees", None): ("3.00", "3.00", "0.00"), ("tax", None): ("1.50", "1.50", "0.00")}
        document = reconcile(content(Line(1, totals=Totals(tax=D("9"))), charges=charges, tax="1.50"))
        assert shown(document)["tax", None] == ("1.50", "10.50", "-9.00")

    def test_charges_of_the_order_may_repeat_those_of_the_lines(self) -> None:
        line = Line(1, charges=(Charge("tax", D("1.00")), Charge("tax", D("0.50"))))
        repeated = content(line, charges=(Charge("tax", D("1.50")),))
        assert shown(reconcile(repeated))["tax", None] == (None, "1.50", None)
        for tax in ("1.50", "3.00"):  # or be as much again: a stated sum decides
            stated = msgspec.structs.replace(repeated, totals=Totals(tax=D(tax)))
            assert shown(reconcile(stated))["tax", None] == (tax, tax, "0.00")

    def test_charges_of_a_line_count_where_it_states_no_total_of_their_kind(self) -> None:
        charges = (Charge("tax", D("7")), Charge("discount", D("10")), Charge("fee", D("5")))
        line = Line(1, unit_price=D("100"), totals=Totals(tax=D("6")), charges=charges)
        assert shown(reconcile(content(line, line, total="202.00"))) == {
            ("items", None): (None, "200.00", None),
            ("discount", None): (None, "20.00", None),
            ("fees", None): (None, "10.00", None),
            ("tax", None): (None, "12.00", None),
            ("total", None): ("202.00", "202.00", "0.00"),
        }

    def test_a_sum_of_rounded_lines_and_a_rounded_sum_are_both_right(self) -> None:
        lines = (Line(1, unit_price=D("0.125")), Line(1, unit_price=D("0.125")), Line(3, unit_price=D("0.333")))
        for items in ("1.25", "1.26"):
            found = reconcile(content(*lines, currency="EUR", items=items, total=items))
            assert found.balanced
            assert shown(found)["items", None] == (items, items, "0.00")
        assert shown(reconcile(content(*lines, currency="EUR")))["items", None] == (None, "1.26", None)
        assert not reconcile(content(*lines, currency="EUR", items="1.27")).balanced

    def test_a_total_may_include_the_tax(self) -> None:
        order = content(Line(1, unit_price=D("119.00")), currency="EUR", items="119.00", tax="19.00", total="119.00")
        assert shown(reconcile(order))["total", None] == ("119.00", "138.00", "-19.00")
        included = reconcile(msgspec.structs.replace(order, tax_included=True))
        assert included.balanced
        assert shown(included)["total", None] == ("119.00", "119.00", "0.00")

    @pytest.mark.parametrize(
        ("kind", "component"),
        [("discount", "discount"), ("fee", "fees"), ("shipping", "shipping"), ("tax", "tax"), ("duty", "duty")],
    )
    def test_reconcile_sums_each_kind_of_charge_into_its_component(self, kind: Any, component: str) -> None:
        found = reconcile(content(Line(1), charges=(Charge(kind, D("1.25")), Charge(kind, D("1.25")))))
        assert shown(found) == {(component, None): (None, "2.50", None)}

    def test_reconcile_adds_up_the_total_with_the_discount_taken_off(self) -> None:
        found = reconcile(
            content(Line(1), items="100", discount="10", fees="1", shipping="2", tax="3", duty="4", total="100")
        )
        assert shown(found)["total", None] == ("100.00", "100.00", "0.00")
        assert found.balanced

    def test_reconcile_adds_up_the_total_from_computed_parts_where_none_are_stated(self) -> None:
        found = reconcile(content(Line(3, unit_price=D("3.33")), charges=(Charge("duty", D("0.01")),), total="10.00"))
        assert shown(found)["total", None] == ("10.00", "10.00", "0.00")

    def test_reconcile_prefers_the_stated_part_in_the_total(self) -> None:
        found = reconcile(content(Line(1, unit_price=D("1")), items="2", total="2"))
        assert shown(found) == {("items", None): ("2.00", "1.00", "1.00"), ("total", None): ("2.00", "2.00", "0.00")}

    def test_reconcile_compares_after_rounding_to_the_currency(self) -> None:
        lines = (Line(3, unit_price=D("0.333")),)
        assert reconcile(content(*lines, items="1.00")).balanced
        assert not reconcile(content(*lines, items="1.00", currency="KWD")).balanced
        assert reconcile(content(*lines, items="1", currency="JPY")).balanced

    def test_reconcile_keeps_every_digit_of_huge_amounts(self) -> None:
        huge = "9" * 37
        found = reconcile(content(Line(2_147_483_647, unit_price=D(huge + ".01")), Line(1, unit_price=D("0.0001"))))
        exact = 2_147_483_647 * (int(huge) * 100 + 1)
        assert shown(found)["items", None][1] == f"{exact // 100}.{exact % 100:02d}"

    def test_reconcile_an_amount_of_24_digits_with_an_exponent_of_99_is_reconciled_exactly(self) -> None:
        """Earlier versions took such amounts, so databases may hold them."""
        largest, least = D("9" * 24 + ".9999999999999999E+99"), D("0.0000000000000001E-99")
        lines = (Line(2_147_483_647, unit_price=largest), Line(1, unit_price=least))
        found = reconcile(content(*lines, charges=(Charge("fee", largest),), items=str(largest), total=str(largest)))
        amount = (10**40 - 1) * 10**83
        computed = 2_147_483_647 * amount
        assert shown(found) == {
            ("items", None): (f"{amount}.00", f"{computed}.00", f"{amount - computed}.00"),
            ("fees", None): (None, f"{amount}.00", None),
            ("total", None): (f"{amount}.00", f"{2 * amount}.00", f"{-amount}.00"),
        }

    def test_reconcile_counts_two_places_where_no_currency_is_known(self) -> None:
        found = reconcile(content(Line(1, unit_price=D("1.005")), currency=None, items="1.01"))
        assert (found.currency, found.exponent, found.balanced) == (None, 2, True)

    def test_reconcile_says_nothing_where_nothing_was_said(self) -> None:
        found = reconcile(content(Line(1)))
        assert found.components == ()
        assert found.balanced

    def test_reconcile_does_not_ask_a_total_of_who_states_none(self) -> None:
        assert ("total", None) not in shown(reconcile(content(Line(1, unit_price=D("1")))))


class TestSeveralCurrencies:
    def test_charges_in_another_currency_are_in_no_sum(self) -> None:
        charges = (Charge("duty", D("13.5"), currency="CAD"), Charge("tax", D("6"), currency="USD"))
        found = reconcile(content(Line(1, unit_price=D("100")), charges=charges, total="119.50"))
        assert found.excluded == (Excluded("duty", "CAD", D("13.50")),)
        assert shown(found) == {
            ("items", None): (None, "100.00", None),
            ("tax", None): (None, "6.00", None),
            ("total", None): ("119.50", None, None),
        }

    def test_a_component_that_is_stated_needs_no_sum(self) -> None:
        charges = (Charge("shipping", D("500"), currency="JPY"), Charge("shipping", D("2")))
        found = reconcile(content(Line(1, unit_price=D("10")), charges=charges, shipping="6", total="16"))
        assert found.balanced
        assert found.excluded == (Excluded("shipping", "JPY", D("500")),)
        assert shown(found)["shipping", None] == ("6.00", None, None)
        assert shown(found)["total", None] == ("16.00", "16.00", "0.00")

    def test_an_order_without_a_currency_adds_no_charge_that_has_one(self) -> None:
        line = Line(1, unit_price=D("10"), charges=(Charge("tax", D("1"), currency="EUR"),))
        found = reconcile(content(line, currency=None, charges=(Charge("tax", D("2"), currency="USD"),)))
        assert {(each.currency, str(each.amount)) for each in found.excluded} == {("EUR", "1.00"), ("USD", "2.00")}
        assert shown(found) == {("items", None): (None, "10.00", None)}


amounts = st.decimals("-1e12", "1e12", allow_nan=False, places=4)
maybe = st.none() | amounts
totals = st.builds(Totals, maybe, maybe, maybe, maybe, maybe, maybe, maybe, maybe)
lines_drawn = st.builds(
    lambda quantity, price, stated: Line(quantity, unit_price=price, totals=stated),
    st.integers(1, 2_147_483_647),
    maybe,
    st.none() | totals,
)
charges_drawn = st.builds(Charge, st.sampled_from(["discount", "tax", "duty", "fee", "shipping"]), amounts)
orders = st.builds(
    lambda lines, charges, stated, currency: Content(
        number="A", lines=tuple(lines), charges=tuple(charges), totals=stated, currency=currency
    ),
    st.lists(lines_drawn, max_size=4),
    st.lists(charges_drawn, max_size=4),
    st.none() | totals,
    st.sampled_from(["USD", "JPY", "KWD", "CLF", "ZZZ", None]),
)


# Amounts of a few tenths of a cent, so that sums often differ by what rounding explains, or nearly.
_few = st.integers(0, 30).map(lambda tenths: Decimal(tenths).scaleb(-3))
_maybe_few = st.none() | _few
_few_charges = st.lists(
    st.builds(Charge, st.sampled_from(["discount", "tax"]), _few, currency=st.sampled_from([None, None, "USD", "EUR"])),
    max_size=2,
).map(tuple)
near_balanced = st.builds(
    Content, st.just("A"),
    st.lists(
        st.builds(
            Line, st.integers(1, 3), unit_price=_maybe_few, charges=_few_charges,
            totals=st.none() | st.builds(Totals, items=_maybe_few, discount=_maybe_few, tax=_maybe_few),
        ),
        min_size=1, max_size=3,
    ).map(tuple),
    charges=_few_charges, currency=st.sampled_from(["USD", None]), tax_included=st.booleans(),
    totals=st.none() | st.builds(Totals, items=_maybe_few, discount=_maybe_few, tax=_maybe_few, total=_maybe_few),
)  # fmt: skip


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for child in value.values():
            yield from leaves(child)
    elif isinstance(value, list | tuple):
        for child in value:
            yield from leaves(child)
    else:
        yield value


# Whatever a database may hold: 24 digits, 16 decimals and two digits of exponent.
stored = st.builds(
    lambda sign, whole, part, exponent: Decimal(f"{sign}{whole}.{part:016d}E{exponent}"),
    st.sampled_from(["", "-"]),
    st.integers(0, 10**24 - 1),
    st.integers(0, 10**16 - 1),
    st.integers(-99, 99),
)


class TestReconcileAnything:
    @given(st.lists(st.tuples(st.integers(1, 2_147_483_647), stored), min_size=1, max_size=6), stored)
    def test_reconcile_anything_any_amount_that_may_be_stored_is_reconciled_exactly(
        self, priced: list[tuple[int, Decimal]], total: Decimal
    ) -> None:
        lines = tuple(Line(quantity, unit_price=price) for quantity, price in priced)
        items, stated = reconcile(Content(number="A", lines=lines, totals=Totals(total=total))).components
        exact = sum(quantity * Fraction(price) for quantity, price in priced)
        assert items.computed is not None
        assert stated.difference is not None
        # half a cent for each line that was rounded
        assert abs(Fraction(items.computed) - exact) <= Fraction(len(lines), 200)
        assert abs(Fraction(stated.difference) - (Fraction(total) - exact)) <= Fraction(len(lines) + 1, 200)

    @given(orders)
    def test_is_balanced_agrees_with_the_reconciliation(self, order: Content) -> None:
        assert is_balanced(order) == reconcile(order).balanced

    @given(near_balanced)
    def test_is_balanced_agrees_with_the_reconciliation_where_rounding_decides(self, order: Content) -> None:
        assert is_balanced(order) == reconcile(order).balanced

    @given(orders)
    def test_reconcile_anything_never_makes_a_float(self, order: Content) -> None:
        document = list(leaves(msgspec.to_builtins(reconcile(order), builtin_types=(Decimal,))))
        assert not [leaf for leaf in document if isinstance(leaf, float)]

    @given(orders)
    def test_reconcile_anything_states_diff_that_are_exact_and_balance(self, order: Content) -> None:
        found = reconcile(order)
        for each in found.components:
            assert each.component in COMPONENTS
            document = (each.stated, each.computed)
            assert each.difference == (None if None in document else document[0] - document[1])  # type: ignore[operator]
            assert all(-amount.as_tuple().exponent == found.exponent for amount in document if amount is not None)  # type: ignore[operator]
        assert found.balanced == all(not each.difference for each in found.components)

    @given(st.lists(st.integers(-(10**20), 10**20), min_size=1, max_size=30))
    def test_reconcile_anything_sums_without_losing_a_cent(self, cents: list[int]) -> None:
        lines = tuple(Line(1, totals=Totals(tax=Decimal(each).scaleb(-2))) for each in cents)
        (tax,) = reconcile(content(*lines)).components
        assert tax == Component("tax", None, None, Decimal(sum(cents)).scaleb(-2), None)

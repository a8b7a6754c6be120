"""Counting units: numbers that forms and scanners send, however odd."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from crossdock.web.console.formatting import Formatter
from crossdock.web.console.units import Typed, counted_units, scanned


@pytest.mark.parametrize("code", ["\u00b2*MUG", "\u0663*MUG", "0*MUG", "9999999*MUG", "*MUG", "-1*MUG"])
def test_a_scanned_code_with_an_odd_count_is_no_line(code: str) -> None:
    assert scanned(code, {0: ("mug",)}) == ([], 1)


def test_a_scanned_count_is_read() -> None:
    assert scanned("3*MUG", {0: ("mug",)}) == ([0], 3)


@pytest.mark.parametrize(("text", "units"), [("12", 12), ("\u00b2", 0), ("9" * 5_000, 0), ("", 0), ("-1", 0)])
def test_counted_units_are_whole_numbers_of_a_field(text: str, units: int) -> None:
    assert counted_units(text) == units


@pytest.mark.parametrize(
    ("text", "amount"),
    [("12.50", Decimal("12.50")), ("0,125", Decimal("0.125")), ("12,5", Decimal("12.5")), ("1,234", None),
     ("1e999999", None), ("NaN", None), ("-1", None), ("\u0663", None)],
)  # fmt: skip
def test_an_amount_has_a_point_or_a_comma_and_no_exponent(text: str, amount: Decimal | None) -> None:
    request: Any = SimpleNamespace(t=lambda text: text, form={"amount": text})
    typed = Typed(request)
    assert typed.amount("amount") == amount
    assert bool(typed.faults) is (amount is None)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/New_York"])
@pytest.mark.parametrize("us", [2**63 - 1, -(2**63), 253_402_300_799_000_000])
def test_a_time_that_no_calendar_has_is_shown(zone: str, us: int) -> None:
    assert Formatter("en", zone, now=0).time(us)
    assert Formatter("en", zone, now=0).ago(us)

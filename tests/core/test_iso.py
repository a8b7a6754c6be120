"""The ISO lists in the source are those of the standards."""

import pycountry
import pytest

from crossdock.core.iso import ALPHA2_OF, ALPHA3_OF, COUNTRIES, CURRENCIES, EXPONENT_OF, exponent

# Codes in which ours and pycountry's lists differ, each with its reason; may only shrink.
COUNTRY_DIFFERENCES = {"XK": "Kosovo, left to its users by ISO"}
CURRENCY_DIFFERENCES = dict.fromkeys(
    ["ANG", "BGN", "CUC", "HRK", "SLL", "STD", "VEF", "ZWL"], "withdrawn, in orders of former years"
)


class TestCountries:
    def test_countries_are_those_of_pycountry(self) -> None:
        theirs = {(country.alpha_2, country.alpha_3) for country in pycountry.countries}
        assert {alpha2 for alpha2, _ in theirs ^ set(ALPHA3_OF.items())} == set(COUNTRY_DIFFERENCES)

    def test_countries_have_one_alpha_3_code_each(self) -> None:
        assert len(COUNTRIES) == len(ALPHA3_OF) == len(ALPHA2_OF)
        assert all(ALPHA2_OF[ALPHA3_OF[code]] == code for code in COUNTRIES)

    def test_countries_leave_out_what_is_no_country_code(self) -> None:
        assert not COUNTRIES & {"UK", "EU", "XX", "us", "USA", ""}


class TestCurrencies:
    def test_currencies_are_those_of_pycountry(self) -> None:
        theirs = {currency.alpha_3 for currency in pycountry.currencies}
        assert theirs ^ CURRENCIES == set(CURRENCY_DIFFERENCES)

    def test_currencies_leave_out_what_is_no_currency_code(self) -> None:
        assert not CURRENCIES & {"usd", "BTC", "US$", "", "XYZ"}


class TestExponent:
    @pytest.mark.parametrize(
        ("currency", "places"),
        [("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("ISK", 0), ("CLP", 0), ("KWD", 3), ("BHD", 3), ("TND", 3),
         ("CLF", 4), ("UYW", 4), ("MRU", 2), ("XAU", 2), ("ZZZ", 2), ("jpy", 2), ("", 2), (None, 2)],
    )  # fmt: skip
    def test_exponent_is_the_number_of_places_of_the_minor_unit(self, currency: str | None, places: int) -> None:
        assert exponent(currency) == places

    def test_exponent_is_known_for_every_currency_and_no_other(self) -> None:
        assert set(EXPONENT_OF) == CURRENCIES
        assert set(EXPONENT_OF.values()) == {0, 2, 3, 4}

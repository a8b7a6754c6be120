"""Money and dates in the format of each language, to the digit."""

from decimal import Decimal

import pytest
from babel.numbers import format_currency
from bidi import get_display
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.iso import CURRENCIES, EXPONENT_OF
from crossdock.notifications.email.email_settings import Language
from crossdock.notifications.email.formatting import (
    FormattedLanguage,
    country_name,
    format_day_at,
    format_money,
    format_sent_day,
)
from crossdock.notifications.email.languages import LANGUAGES

LOCALES = {"en": "en", "fr": "fr", "zh": "zh_Hans"}


class TestMoney:
    @pytest.mark.parametrize(
        ("amount", "currency", "english", "french", "chinese"),
        [
            ("1234.5", "USD", "$1,234.50", "1 234,50 $US", "US$1,234.50"),
            ("1234.5", "CAD", "CA$1,234.50", "1 234,50 $CA", "CA$1,234.50"),
            ("1234567", "JPY", "¥1,234,567", "1 234 567 JPY", "JP¥1,234,567"),
            ("12.3", "KWD", "KWD 12.300", "12,300 KWD", "KWD 12.300"),
            ("0.0005", "KWD", "KWD 0.001", "0,001 KWD", "KWD 0.001"),
            ("-5", "EUR", "-€5.00", "-5,00 €", "-€5.00"),
            ("9.5", "CNY", "CN¥9.50", "9,50 CNY", "¥9.50"),
            ("9.505", None, "9.51", "9,51", "9.51"),
            ("1E+3", "???", "1,000.00", "1 000,00", "1,000.00"),
            ("-0.001", "USD", "$0.00", "0,00 $US", "US$0.00"),
            (
                "123456789012345678901234567890.125", "USD", "$123,456,789,012,345,678,901,234,567,890.13",
                "123 456 789 012 345 678 901 234 567 890,13 $US", "US$123,456,789,012,345,678,901,234,567,890.13",
            ),
        ],
    )  # fmt: skip
    def test_money_has_the_decimal_places_and_symbols_of_currency_and_language(
        self, amount: str, currency: str | None, english: str, french: str, chinese: str
    ) -> None:
        rendered = [format_money(Decimal(amount), currency, language) for language in LANGUAGES]
        assert [each.replace("\u00a0", " ").replace("\u202f", " ") for each in rendered] == [english, french, chinese]

    @pytest.mark.parametrize("language", ["ar", "he"])
    def test_an_amount_of_a_right_to_left_language_shows_its_sign_and_symbol_from_left_to_right(
        self, language: FormattedLanguage
    ) -> None:
        shown = {amount: get_display(format_money(Decimal(amount), "CAD", language)) for amount in ("24", "-5")}
        marks = dict.fromkeys(map(ord, "\u200e\u200f"))
        plain = {amount: text.translate(marks).replace("\u00a0", " ") for amount, text in shown.items()}
        assert plain == {"24": "CA$ 24.00", "-5": "CA$ -5.00"}

    @given(
        units=st.integers(-(10**15), 10**15),
        currency=st.sampled_from(sorted(CURRENCIES)),
        language=st.sampled_from(LANGUAGES),
    )
    def test_money_is_formatted_as_babel_does_except_for_places_and_the_space_after_letters(
        self, units: int, currency: str, language: Language
    ) -> None:
        places = EXPONENT_OF[currency]
        amount = Decimal(units).scaleb(-places)
        pattern = {"en": "¤#,##0", "fr": "#,##0 ¤", "zh": "¤#,##0"}[language].replace(" ", "\u00a0")
        pattern = pattern.replace("##0", "##0." + "0" * places if places else "##0")
        expected = format_currency(amount, currency, pattern, LOCALES[language], currency_digits=False)
        spaceless = format_money(amount, currency, language).replace("\u00a0", "")
        assert spaceless == expected.replace("\u00a0", "")


class TestDays:
    def test_days_are_written_out_in_each_language(self) -> None:
        stated = [format_sent_day("2026-03-02", "UTC", language) for language in LANGUAGES]
        assert stated == ["March 2, 2026", "2 mars 2026", "2026年3月2日"]

    @pytest.mark.parametrize(
        ("sent", "zone", "written"),
        [
            ("2026-01-30T23:30:00Z", "UTC", "January 30, 2026"),
            ("2026-01-30T23:30:00Z", "Asia/Shanghai", "January 31, 2026"),
            ("2026-01-30T23:30:00-0500", "America/Toronto", "January 30, 2026"),
            ("2026-01-30T23:30:00.123456789Z", "America/Toronto", "January 30, 2026"),
            ("2026-01-30T23:30:00", "Asia/Shanghai", "January 30, 2026"),
            ("2026-01-30T23:30:00Z", "Nowhere/Land", "January 30, 2026"),
            ("soon", "UTC", "soon"),
            ("0001-01-01T00:00:00+14:00", "America/Toronto", "0001-01-01T00:00:00+14:00"),
            ("", "UTC", ""),
            (None, "UTC", ""),
        ],
    )
    def test_the_day_of_an_instant_is_that_of_the_time_zone(self, sent: str | None, zone: str, written: str) -> None:
        assert format_sent_day(sent, zone, "en") == written

    def test_the_day_of_an_event_is_that_of_the_time_zone(self) -> None:
        us = 1_769_815_800_000_000  # 2026-01-30T23:30:00Z
        assert format_day_at(us, "UTC", "en") == "January 30, 2026"
        assert format_day_at(us, "Asia/Shanghai", "zh") == "2026年1月31日"


def test_countries_have_names_and_unknown_codes_are_shown_as_they_are() -> None:
    assert [country_name("DE", language) for language in LANGUAGES] == ["Germany", "Allemagne", "德国"]
    assert [country_name(code, "en") for code in ("ca", "QX", None)] == ["Canada", "QX", ""]

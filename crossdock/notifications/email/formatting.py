"""Format dates and money for a language, with the CLDR's data by way of Babel."""

from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import NumberPattern, format_currency, format_decimal, get_currency_symbol, parse_pattern

from crossdock.core.iso import exponent
from crossdock.core.json.value_types import normalize_date_time
from crossdock.core.money import PRECISION, to_minor_unit

# The languages of mails and of papers.
FormattedLanguage = Literal["en", "fr", "zh", "ar", "he"]
_NBSP, _LRM, _RLM = "\u00a0", "\u200e", "\u200f"
_LOCALES: dict[FormattedLanguage, Locale] = {
    "en": Locale("en"), "fr": Locale("fr"), "zh": Locale("zh", script="Hans"), "ar": Locale("ar"), "he": Locale("he"),
}  # fmt: skip


@lru_cache(maxsize=4096)  # Babel takes 60 µs, and prices and zeros come again
def format_money(amount: Decimal, currency: str | None, language: FormattedLanguage) -> str:
    """Format an amount in its currency's minor unit, rounded half up: $1,234.50, 1 234,50 $US. No currency: 1,234.50."""
    rounded = to_minor_unit(amount, currency) or Decimal(0)  # without the sign of a negative zero
    code = currency if currency and len(currency) == 3 and currency.isalpha() else None
    pattern, locale = _pattern(code, language), _LOCALES[language]
    with localcontext(prec=PRECISION):  # the default rounds to 28 digits
        if code is None:
            return _marked(format_decimal(rounded, pattern, locale), "", language)
        text = format_currency(rounded, code, pattern, locale, currency_digits=False)
    return _marked(text, get_currency_symbol(code, locale), language)


def _marked(text: str, symbol: str, language: FormattedLanguage) -> str:
    """Mark what reads from left to right within an amount of a right-to-left language: the minus sign, and symbols with Latin
    letters such as CA$. The CLDR has these marks, Babel leaves them out."""
    if language not in ("ar", "he"):
        return text
    text = text.replace("-", f"{_LRM}-")
    return text.replace(symbol, f"{_RLM}{symbol}{_LRM}") if symbol[:1].isascii() and symbol[:1].isalpha() else text


@lru_cache(maxsize=512)  # a sender may use any three letters as a currency
def _pattern(currency: str | None, language: FormattedLanguage) -> NumberPattern:
    """Build the pattern of amounts in a currency: the locale's, with the decimal places of ISO 4217.

    The CLDR's own places of a currency are those of cash, and fewer for some.
    """
    locale = _LOCALES[language]
    if currency is None:
        pattern = locale.decimal_formats[None].pattern
    else:
        pattern = locale.currency_formats["standard"].pattern
        if get_currency_symbol(currency, locale)[-1].isalpha():
            # The CLDR separates a symbol that ends in a letter from the digits (KWD 1.000, but CA$1.00); Babel does not.
            pattern = pattern.replace("¤#", f"¤{_NBSP}#")
    parsed = parse_pattern(pattern)
    parsed.frac_prec = (exponent(currency), exponent(currency))
    return parsed


@lru_cache(maxsize=1024)
def format_day(day: date, language: FormattedLanguage) -> str:
    """Format a calendar day in full: January 30, 2026."""
    return format_date(day, "long", _LOCALES[language])


def format_day_at(us: int, zone: str, language: FormattedLanguage) -> str:
    """Format the calendar day of an instant (microseconds since 1970 UTC) in a time zone."""
    return format_day(datetime.fromtimestamp(us // 1_000_000, time_zone(zone)).date(), language)


def format_moment_at(us: int, zone: str, language: FormattedLanguage) -> str:
    """Format the day and the time of an instant (microseconds since 1970 UTC) in a time zone: January 30, 2026, 6:00 PM."""
    moment, locale = datetime.fromtimestamp(us // 1_000_000, time_zone(zone)), _LOCALES[language]
    time = format_time(moment, "short", time_zone(zone), locale)
    return str(locale.datetime_formats["medium"]).format(time, format_day(moment.date(), language))


def format_sent_day(text: str | None, zone: str, language: FormattedLanguage) -> str:
    """Format the day of a date or a date and time as a sender wrote it; any other text is returned as it is, None as "".

    An instant falls on its day in the time zone; a time without an offset on the day it names.
    """
    if not text:
        return ""
    day = parse_day(text, zone)
    return text if day is None else format_day(day, language)


def parse_day(text: str, zone: str) -> date | None:
    """Parse the calendar day of an ISO 8601 date or date and time; None for anything else."""
    try:
        if len(text) <= 10:
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(normalize_date_time(text))
        return (instant.astimezone(time_zone(zone)) if instant.tzinfo else instant).date()
    except (ValueError, OverflowError):
        return None


@cache
def time_zone(name: str) -> tzinfo:
    """Return a time zone by its name; UTC if this machine has no data for it."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return UTC


def country_name(code: str | None, language: FormattedLanguage) -> str:
    """Return the name of a country (ISO 3166-1 alpha-2); an unknown code is returned as it is, None as ""."""
    return str(_LOCALES[language].territories.get((code or "").upper(), code or ""))

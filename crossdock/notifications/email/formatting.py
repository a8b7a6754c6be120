"""Dates and money as people of a language write them.

Symbols, separators and patterns are the CLDR's, by way of Babel, and are looked up once per language and currency: composing
an amount from them costs a thirtieth of asking Babel each time. Digits come from the Decimal alone.
"""

from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol
from msgspec import Struct

from crossdock.core.iso import exponent
from crossdock.core.money import to_minor_unit
from crossdock.notifications.email.email_settings import Language

_NBSP = "\u00a0"
_LOCALES: dict[Language, Locale] = {"en": Locale("en"), "fr": Locale("fr"), "zh": Locale("zh", script="Hans")}


class _Style(Struct, frozen=True):
    """How a currency is written in a language: what stands before and after, and the separators."""

    before: str
    after: str
    group: str
    point: str
    spec: str


@lru_cache(maxsize=512)  # a sender may call anything a currency
def _style(currency: str | None, language: Language) -> _Style:
    locale = _LOCALES[language]
    before = after = ""
    if currency is not None:
        symbol = get_currency_symbol(currency, locale)
        before, after = locale.currency_formats["standard"].prefix[0], locale.currency_formats["standard"].suffix[0]
        # The CLDR parts a symbol that ends in a letter from the digits: KWD 1.000, but CA$1.00.
        before = before.replace("¤", symbol + _NBSP * symbol[-1].isalpha())
        after = after.replace("¤", symbol)
    places = exponent(currency)
    return _Style(before, after, get_group_symbol(locale), get_decimal_symbol(locale), f",.{places}f")


def money(amount: Decimal, currency: str | None, language: Language) -> str:
    """Write an amount in its currency's minor unit, rounded half up: $1,234.50, 1 234,50 $US. Without a currency: 1,234.50."""
    style = _style(currency if currency and len(currency) == 3 and currency.isalpha() else None, language)
    rounded = to_minor_unit(amount, currency)
    digits = format(rounded.copy_abs(), style.spec)  # abs() would round to 28 digits
    if style.group != "," or style.point != ".":
        digits = digits.translate({44: style.group, 46: style.point})
    sign = "-" if rounded < 0 else ""
    return f"{sign}{style.before}{digits}{style.after}"


@lru_cache(maxsize=1024)
def day(value: date, language: Language) -> str:
    """Write a calendar day in full: January 30, 2026."""
    return format_date(value, "long", _LOCALES[language])


def day_of(us: int, time_zone: str, language: Language) -> str:
    """Write the calendar day of an instant (microseconds since 1970 UTC) in a time zone."""
    return day(datetime.fromtimestamp(us // 1_000_000, zone(time_zone)).date(), language)


def day_said(text: str | None, time_zone: str, language: Language) -> str:
    """Write the day of a date or a date and time as a sender gave it; what is neither is given back, nothing as nothing.

    An instant falls on its day in the time zone; a time without an offset on the day it names.
    """
    if not text:
        return ""
    found = read_day(text, time_zone)
    return text if found is None else day(found, language)


def read_day(text: str, time_zone: str) -> date | None:
    """Read the calendar day of an ISO 8601 date or date and time; None for anything else."""
    try:
        if len(text) <= 10:
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
        return (instant.astimezone(zone(time_zone)) if instant.tzinfo else instant).date()
    except (ValueError, OverflowError):
        return None


@cache
def zone(name: str) -> tzinfo:
    """Give a time zone by its name; UTC where this machine does not know it."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return UTC


def country(code: str | None, language: Language) -> str:
    """Name a country (ISO 3166-1 alpha-2); a code nobody knows names itself, none is ""."""
    return str(_LOCALES[language].territories.get((code or "").upper(), code or ""))

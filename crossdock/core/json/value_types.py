"""Value types of wire bodies: countries, currencies, dates, counts, numbers.

They only say what is acceptable; the spelling sent is what is kept.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from crossdock.core.iso import COUNTRIES, CURRENCIES
from crossdock.core.json.validation import rule

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)\Z", re.ASCII
)
# RFC 3339, which allows lower-case letters; seconds are optional, because Java prints a full minute without them.
_LENIENT_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?([Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)\Z", re.ASCII
)
# The same for documentation, as JSON Schema writes patterns.
_DATE_PATTERN = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
DATE_TIME_PATTERN = (
    _DATE_PATTERN + r"[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])"
)
# The days on which an offset can move a time out of the years that a datetime has.
_FIRST_AND_LAST_DAY = ("0001-01-01", "9999-12-31")
# Four-byte integers are what vendors' clients and databases count in; it also keeps sums far from 63 bits.
MAX_QUANTITY = 2_147_483_647


def is_date(text: str) -> bool:
    """Tell whether `text` is a calendar date, YYYY-MM-DD, that exists."""
    if not _DATE.match(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_date_time(text: str) -> bool:
    """Tell whether `text` is an ISO 8601 date and time with an offset, and exists (a leap second does not).

    A time that is before the year 1 or after 9999 in UTC does not: nothing could compare, convert or format it.
    """
    if not _DATE_TIME.match(text):  # nearly all do
        text = normalize_date_time(text)
        if not _DATE_TIME.match(text):
            return False
    try:
        datetime.fromisoformat(text[:19])
        if text.startswith(_FIRST_AND_LAST_DAY):
            parse_date_time(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def normalize_date_time(text: str) -> str:
    """Format a date and time for strict readers (RFC 3339): upper-case letters, seconds, a colon in the offset; anything else
    is returned as it is.

    Formats use it for orders of other doors; through its own door an order has its times as they were sent.
    """
    if len(text) >= 20 and text[10] == "T" and text[16] == ":" and text[-1] != "z" and text[-5] not in "+-":
        return text  # nearly all
    parts = _LENIENT_DATE_TIME.match(text)
    if parts is None:
        return text
    offset = parts[4].upper()
    if len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{parts[1]}T{parts[2]}{parts[3] or ':00'}{offset}"


def parse_date_time(text: str) -> datetime:
    """Parse a text that `is_date_time`; fractions beyond microseconds are cut off."""
    return datetime.fromisoformat(normalize_date_time(text))


def is_utc_date_time(text: str) -> bool:
    """As `is_date_time`, in UTC: the offset is Z or zero."""
    return is_date_time(text) and (text[-1] in "Zz" or text[-5:].strip(":+-0") == "")


def is_date_or_date_time(text: str) -> bool:
    """Tell whether `text` is a date or a date and time."""
    return is_date(text) if len(text) == 10 else is_date_time(text)  # no date and time is that short


Country = Annotated[
    str, rule("country", COUNTRIES.__contains__, "an ISO 3166-1 alpha-2 country code", pattern="^[A-Z]{2}$")
]
Currency = Annotated[str, rule("currency", CURRENCIES.__contains__, "an ISO 4217 currency code", pattern="^[A-Z]{3}$")]
Date = Annotated[str, rule("date", is_date, "a date such as 2026-01-30", pattern=f"^{_DATE_PATTERN}$")]
DateTime = Annotated[
    str,
    rule(
        "date_time",
        is_date_time,
        "a date and time with offset such as 2026-01-30T10:53:24Z",
        pattern=f"^{DATE_TIME_PATTERN}$",
    ),
]
UtcDateTime = Annotated[
    str, rule("utc_date_time", is_utc_date_time, "a date and time in UTC such as 2026-01-30T10:53:24.554Z")
]
AnyDate = Annotated[
    str,
    rule(
        "any_date",
        is_date_or_date_time,
        "a date or a date and time with offset",
        pattern=f"^{_DATE_PATTERN}$|^{DATE_TIME_PATTERN}$",
    ),
]


def _or_empty(holds: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: not text or holds(text)


# Optional members of vendors whose clients send "" for a value they do not have; mappings read "" as absent.
OptionalCountry = Annotated[
    str, rule("optional_country", (COUNTRIES | {""}).__contains__, "an ISO 3166-1 alpha-2 country code, or empty")
]
OptionalCurrency = Annotated[
    str, rule("optional_currency", (CURRENCIES | {""}).__contains__, "an ISO 4217 currency code, or empty")
]
OptionalDate = Annotated[str, rule("optional_date", _or_empty(is_date), "a date such as 2026-01-30, or empty")]
OptionalDateTime = Annotated[
    str,
    rule(
        "optional_date_time",
        _or_empty(is_date_time),
        "a date and time with offset such as 2026-01-30T10:53:24Z, or empty",
    ),
]
OptionalAnyDate = Annotated[
    str, rule("optional_any_date", _or_empty(is_date_or_date_time), "a date or a date and time with offset, or empty")
]

NonEmpty = Annotated[str, Meta(min_length=1)]
Quantity = Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
Count = Annotated[int, Meta(ge=-MAX_QUANTITY, le=MAX_QUANTITY)]
# JSON numbers: whole ones arrive as int, others as Decimal, never float.
Number = int | Decimal


def decimal(number: Number | None) -> Decimal | None:
    """Make a JSON number a Decimal with the digits it was written with."""
    return Decimal(number) if type(number) is int else number  # type: ignore[return-value]

"""Value types of wire bodies: countries, currencies, dates, counts, numbers.

They only say what is acceptable; the spelling sent is what is kept.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from crossdock.core.iso import COUNTRIES, CURRENCIES
from crossdock.core.json.validation import rule

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)\Z", re.ASCII
)
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
    """Tell whether `text` is an ISO 8601 date and time with seconds and an offset, and exists (a leap second does not)."""
    if not _DATE_TIME.match(text):
        return False
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True


def is_utc_date_time(text: str) -> bool:
    """As `is_date_time`, in UTC: the offset is Z or zero."""
    return is_date_time(text) and (text[-1] == "Z" or text[-5:].strip(":+-0") == "")


def is_date_or_date_time(text: str) -> bool:
    """Tell whether `text` is a date or a date and time."""
    return is_date(text) or is_date_time(text)


Country = Annotated[str, rule("country", COUNTRIES.__contains__, "an ISO 3166-1 alpha-2 country code")]
Currency = Annotated[str, rule("currency", CURRENCIES.__contains__, "an ISO 4217 currency code")]
Date = Annotated[str, rule("date", is_date, "a date such as 2026-01-30")]
DateTime = Annotated[str, rule("date_time", is_date_time, "a date and time with offset such as 2026-01-30T10:53:24Z")]
UtcDateTime = Annotated[
    str, rule("utc_date_time", is_utc_date_time, "a date and time in UTC such as 2026-01-30T10:53:24.554Z")
]
AnyDate = Annotated[str, rule("any_date", is_date_or_date_time, "a date or a date and time with offset")]

NonEmpty = Annotated[str, Meta(min_length=1)]
Quantity = Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
Count = Annotated[int, Meta(ge=-MAX_QUANTITY, le=MAX_QUANTITY)]
# JSON numbers: whole ones arrive as int, others as Decimal, never float.
Number = int | Decimal


def decimal(number: Number | None) -> Decimal | None:
    """Make a JSON number a Decimal with the digits it was written with."""
    return Decimal(number) if type(number) is int else number  # type: ignore[return-value]

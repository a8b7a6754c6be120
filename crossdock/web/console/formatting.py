"""How the console shows money, numbers and times: in the reader's language and zone, and money in its currency's form."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_compact_decimal, format_currency, format_decimal

from crossdock.web.console.translations import Language

ZONE_COOKIE = "crossdock_zone"  # set by console.js to the browser's zone
_FIRST_US = int(datetime(1, 1, 3, tzinfo=UTC).timestamp()) * 1_000_000
_LAST_US = int(datetime(9999, 12, 30, tzinfo=UTC).timestamp()) * 1_000_000
_NONE = "\u2013"  # an en dash stands for no value
_LOCALES: dict[Language, str] = {"en": "en_US", "fr": "fr_FR", "zh": "zh_Hans_CN"}


@lru_cache(64)
def time_zone(name: str) -> ZoneInfo:
    """Return the time zone of a name such as Europe/Paris; UTC where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return ZoneInfo("UTC")
    except KeyError:
        return ZoneInfo("UTC")


class Formatter:
    """Formats values for one reader. Times are microseconds since 1970 UTC."""

    def __init__(self, language: Language, zone: str, *, now: int) -> None:
        self.language = language
        self.zone = time_zone(zone)
        self.locale = _LOCALES[language]
        self._now = now

    def money(self, amount: Decimal | None, currency: str | None) -> str:
        """Format an amount in its currency's form, with as many digits as it has if those are more."""
        if amount is None:
            return _NONE
        exponent = amount.as_tuple().exponent
        digits = -exponent if isinstance(exponent, int) else 0
        if currency is None:
            return format_decimal(amount, locale=self.locale, decimal_quantization=False)
        text: str = format_currency(amount, currency, locale=self.locale, decimal_quantization=digits <= 2)
        return text

    def number(self, value: Decimal | int | None) -> str:
        """Format a number with the language's separators."""
        return _NONE if value is None else format_decimal(value, locale=self.locale, decimal_quantization=False)

    def compact(self, value: int) -> str:
        """Format a count in few characters, such as 12K."""
        return format_compact_decimal(value, locale=self.locale, fraction_digits=1)

    def at(self, us: int | None) -> datetime | None:
        """Return a time in the reader's zone."""
        if us is None:
            return None
        # A program may state any time; a zone shifts it, and `datetime` has only the years 1 to 9999.
        return datetime.fromtimestamp(min(max(us, _FIRST_US), _LAST_US) / 1_000_000, UTC).astimezone(self.zone)

    def time(self, us: int | None) -> str:
        """Format a time with its date, to the minute."""
        moment = self.at(us)
        if moment is None:
            return _NONE
        same_year = moment.year == datetime.fromtimestamp(self._now / 1_000_000, UTC).astimezone(self.zone).year
        return str(format_datetime(moment, _pattern(self.language, same_year), locale=self.locale))

    def full_time(self, us: int | None) -> str:
        """Format a time to the second, with its zone."""
        moment = self.at(us)
        return _NONE if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S %Z")

    def ago(self, us: int | None) -> str:
        """Format how long ago a time was, such as "3 hours ago"; or how far away it is."""
        if us is None:
            return _NONE
        seconds = (us - self._now) / 1_000_000
        return str(format_timedelta(seconds, locale=self.locale, add_direction=True, threshold=1.2))  # type: ignore[arg-type]


def _pattern(language: Language, same_year: bool) -> str:
    if language == "zh":
        return "M月d日 HH:mm" if same_year else "y年M月d日 HH:mm"
    return "d MMM, HH:mm" if same_year else "d MMM y, HH:mm"

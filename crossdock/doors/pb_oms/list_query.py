"""Queries of the lists below /shipping: page, size, dates and words; pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.json.value_types import MAX_QUANTITY, is_date
from crossdock.core.time import format_time
from crossdock.doors.pb_oms.wire_calls import PageInfo

MAX_SIZE = 100
_DAY_US = 86_400_000_000
_FIRST_DAY = date(1970, 1, 1).toordinal()


class ListQuery(Struct, frozen=True):
    """A page of a list. `start` and `end` are microseconds since 1970 UTC, of which `end` is not included."""

    page: int
    size: int
    start: int | None = None
    end: int | None = None

    @property
    def offset(self) -> int:
        """The number of rows before the page."""
        return (self.page - 1) * self.size

    def info(self, total: int) -> PageInfo:
        """Describe the page among `total` rows."""
        return PageInfo(total, -(-total // self.size), self.page)


def read(
    query: Mapping[str, str],
    *,
    size: int = 10,
    now: int | None = None,
    words: Mapping[str, Sequence[str]] = {},
) -> ListQuery:
    """Read the query of a list; dates are read where `now` is given, and the period ends today where the query does not say.

    Page and size 0 are the first page and the default `size`; sizes above MAX_SIZE count as that. `words` are the values of
    other parameters. Refuses with Invalid all faults.
    """
    faults: list[Fault] = []
    page, asked = (_whole_number(query, name, faults) for name in ("page", "size"))
    start, end = None, None
    if now is not None:
        start = _day(query, "startDate", faults)
        last = _day({"endDate": format_time(now)[:10]} | _given(query), "endDate", faults)
        end = None if last is None else last + _DAY_US
        if start is not None and end is not None and start >= end:
            faults.append(Fault(("startDate",), "must not be after endDate, which is today where it is not given"))
    for name, values in words.items():
        if (value := query.get(name)) and value not in values:
            faults.append(Fault((name,), f"must be one of {', '.join(values)}, not {value[:40]!r}"))
    if faults:
        raise Invalid(Code.INVALID, "the query has faults", faults=tuple(faults))
    return ListQuery(max(1, page), min(asked or size, MAX_SIZE), start, end)


def _given(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if value}


def _whole_number(query: Mapping[str, str], name: str, faults: list[Fault]) -> int:
    text = query.get(name) or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_QUANTITY):
        faults.append(Fault((name,), f"must be a whole number up to {MAX_QUANTITY}, not {text[:40]!r}"))
        return 0
    return int(text)


def _day(query: Mapping[str, str], name: str, faults: list[Fault]) -> int | None:
    """Return the beginning of a day in UTC; None where there is none."""
    text = query.get(name)
    if not text:
        return None
    if not is_date(text):
        faults.append(Fault((name,), f"must be a date such as 2026-01-30, not {text[:40]!r}"))
        return None
    return (date.fromisoformat(text).toordinal() - _FIRST_DAY) * _DAY_US

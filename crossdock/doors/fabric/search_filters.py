"""The filter language of fabric's searches: check filters, and match documents; pure.

Filters have the structure of what is searched. A value asks for equality, where `*` in text stands for any characters; an array
asks for any of its values; an object of `gt`, `gte`, `lt`, `lte` for a range of numbers or times; any other object goes deeper.
Of an array in the document, one element must match. null asks for what is null or absent. Times compare as the moments that
they mean, and a date means the whole day in UTC.

A search examines many documents in the event loop, so its cost is bounded three times: filters have few terms, the values of
an array are one look-up in a set, and all comparisons of a search are counted.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Code, Fault, Invalid, Path
from crossdock.core.json.value_types import is_date, is_date_time, parse_date_time

Tree = Any
Test = Callable[[Tree], bool]
MAX_VALUES = 200  # of one array; ids of so many orders are one look-up
MAX_TERMS = 500  # values of all filters together
MAX_WILDCARDS = 10  # in one text
# Values compared in one search: at most a third of a second.
MAX_COMPARISONS = 400_000
# Characters that a wildcard looks through in the time of one comparison.
_TEXT_UNIT = 4_096
BOUNDS = ("gt", "gte", "lt", "lte")
DAY = 86_400_000_000  # microseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# ---------------------------------------------------------------------------------------------------------------- times
def moment(text: Tree) -> int | None:
    """Parse a time, or a date as its beginning in UTC, to microseconds since 1970; None for anything else."""
    if not isinstance(text, str) or len(text) < 10 or text[4] != "-":
        return None
    if is_date_time(text):
        return (parse_date_time(text) - _EPOCH) // timedelta(microseconds=1)
    return (date.fromisoformat(text) - _EPOCH.date()).days * DAY if is_date(text) else None


def span(text: Tree) -> tuple[int, int] | None:
    """Parse a time or a date to the microseconds at which it begins and ends: a time is one microsecond, a date a day."""
    start = moment(text)
    return None if start is None else (start, start + (DAY if len(text) == len("2026-01-30") else 1))


def is_number(value: Tree) -> bool:
    """Say whether a value is a JSON number."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


# --------------------------------------------------------------------------------------------------------------- checks
def faults_of(filters: Tree) -> Iterator[Fault]:
    """Find faults of filters: ranges of values that have no order, arrays that are empty or long, too many terms."""
    yield from _faults(filters, ("filters",))
    if (terms := _count_terms(filters)) > MAX_TERMS:
        yield Fault(("filters",), f"must have at most {MAX_TERMS} values in all, not {terms}")


def _faults(filters: Tree, path: Path) -> Iterator[Fault]:
    if isinstance(filters, str) and filters.count("*") > MAX_WILDCARDS:
        yield Fault(path, f"must have at most {MAX_WILDCARDS} asterisks")
    elif isinstance(filters, list):
        if not 1 <= len(filters) <= MAX_VALUES:
            yield Fault(path, f"must have 1 to {MAX_VALUES} elements")
        for place, value in enumerate(filters):
            yield from _faults(value, (*path, place))
    elif isinstance(filters, dict):
        is_range = not filters.keys().isdisjoint(BOUNDS)
        for name, value in filters.items():
            if not is_range:
                yield from _faults(value, (*path, name))
            elif name not in BOUNDS:
                yield Fault((*path, name), "must be one of gt, gte, lt, lte, as the others are")
            elif not is_number(value) and moment(value) is None:
                yield Fault((*path, name), "must be a number, a date, or a date and time with offset")


def _count_terms(filters: Tree) -> int:
    if isinstance(filters, dict):
        return sum(map(_count_terms, filters.values())) or 1
    return sum(map(_count_terms, filters)) if isinstance(filters, list) else 1


# ------------------------------------------------------------------------------------------------------------- matching
class Matcher:
    """Checked filters, made ready for many documents: calling it says whether a document matches.

    Raises Invalid `invalid` once all documents together took more than MAX_COMPARISONS.
    """

    def __init__(self, filters: Tree) -> None:
        self._left = MAX_COMPARISONS
        self._test = self._build(filters)

    def __call__(self, document: Tree) -> bool:
        return self._test(document)

    def _spend(self, comparisons: int) -> None:
        self._left -= comparisons
        if self._left < 0:
            reason = f"the search compares more than {MAX_COMPARISONS} values; narrow it"
            raise Invalid(Code.INVALID, reason, limit=MAX_COMPARISONS)

    def _build(self, condition: Tree) -> Test:
        if not isinstance(condition, list):
            return self._build_any([condition])
        return self._build_any([*_flat(condition)])

    def _build_any(self, conditions: list[Tree]) -> Test:
        """Build the test for any of several conditions; values without wildcards are looked up together."""
        tests: list[Test] = [
            self._build_range(each) if not each.keys().isdisjoint(BOUNDS) else self._build_members(each)
            for each in conditions
            if isinstance(each, dict)
        ]
        wildcards = [each for each in conditions if isinstance(each, str) and "*" in each]
        tests += [self._build_wildcard(each) for each in wildcards]
        if len(tests) < len(conditions):
            tests.append(_Values.of([each for each in conditions if not isinstance(each, dict)]).match)
        null = any(each is None for each in conditions)
        return lambda value: (null and value is None) or self._match(value, tests)

    def _match(self, value: Tree, tests: list[Test]) -> bool:
        """Match a value, or one element of an array."""
        if isinstance(value, list):
            return any(self._match(each, tests) for each in value)
        self._spend(len(tests))
        for test in tests:  # noqa: SIM110 - a third faster than any()
            if test(value):
                return True
        return False

    def _build_members(self, condition: dict[str, Tree]) -> Test:
        tests = [(name, self._build(each)) for name, each in condition.items()]

        def match(value: Tree) -> bool:
            inside = value if isinstance(value, dict) else {}
            return all(test(inside.get(name)) for name, test in tests)

        return match

    def _build_wildcard(self, pattern: str) -> Test:
        first, *middle, last = pattern.split("*")
        middle = [part for part in middle if part]
        shortest = len(first) + len(last) + sum(map(len, middle))

        def match(text: Tree) -> bool:
            if not isinstance(text, str) or len(text) < shortest:
                return False
            if not text.startswith(first) or not text.endswith(last):
                return False
            if len(text) > _TEXT_UNIT:
                self._spend(len(text) // _TEXT_UNIT)
            place, end = len(first), len(text) - len(last)
            for part in middle:
                place = text.find(part, place, end)
                if place < 0:
                    return False
                place += len(part)
            return True

        return match

    def _build_range(self, condition: dict[str, Tree]) -> Test:
        numbers = [(name, bound) for name, bound in condition.items() if is_number(bound)]
        spans = [(name, each) for name, bound in condition.items() if (each := span(bound)) is not None]

        def match(value: Tree) -> bool:
            if is_number(value):
                return not spans and all(_is_within(value, name, bound, bound) for name, bound in numbers)
            at = None if numbers else moment(value)
            return at is not None and all(_is_within(at, name, start, end - 1) for name, (start, end) in spans)

        return match


def _is_within(value: Tree, name: str, first: Tree, last: Tree) -> bool:
    """Compare a value with a bound that reaches from `first` to `last`."""
    if name == "gte":
        return bool(value >= first)
    if name == "gt":
        return bool(value > last)
    return bool(value < first) if name == "lt" else bool(value <= last)


def _flat(conditions: list[Tree]) -> Iterator[Tree]:
    for each in conditions:
        if isinstance(each, list):
            yield from _flat(each)
        else:
            yield each


class _Values(Struct, frozen=True):
    """Values without wildcards, any of which a document's value must equal."""

    texts: frozenset[str]
    numbers: frozenset[Any]
    booleans: frozenset[bool]
    moments: frozenset[int]
    days: frozenset[int]

    @classmethod
    def of(cls, values: list[Tree]) -> "_Values":
        """Sort values by their types; times by what they mean, because offsets may differ."""
        texts = [each for each in values if isinstance(each, str) and "*" not in each]
        return cls(
            texts=frozenset(texts),
            numbers=frozenset(each for each in values if is_number(each)),
            booleans=frozenset(each for each in values if isinstance(each, bool)),
            moments=frozenset(at for each in texts if is_date_time(each) and (at := moment(each)) is not None),
            days=frozenset(at // DAY for each in texts if is_date(each) and (at := moment(each)) is not None),
        )

    def match(self, value: Tree) -> bool:
        """Say whether a value, no array, equals one of the values."""
        if isinstance(value, str):
            if value in self.texts:
                return True
            if not self.moments and not self.days:
                return False
            at = moment(value)
            return at is not None and (
                (at in self.moments and len(value) > len("2026-01-30")) or at // DAY in self.days
            )
        if isinstance(value, bool):
            return value in self.booleans
        return is_number(value) and value in self.numbers


def fits(value: Tree, condition: Tree) -> bool:
    """Say whether a value of a document, None where it is absent, matches checked filters."""
    return Matcher(condition)(value)

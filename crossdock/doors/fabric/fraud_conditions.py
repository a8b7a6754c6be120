"""Fraud conditions: check them, and evaluate them over the document of an order that has arrived; pure.

`conditions` is a list of alternatives, each a list of conditions that must all hold. A condition compares what is at a path of
the order with a value of its type. It holds where one of the values at the path (`items.sku`) meets it. The operators that
begin with NOT also hold where there is no value, and for values that are not of the type.
"""

import calendar
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Fault, Path
from crossdock.core.json.strict_json import parse_trusted
from crossdock.doors.fabric.search_filters import is_number, moment, span
from crossdock.doors.fabric.wire_config import MAX_CONDITIONS

Tree = Any
Span = tuple[int, int]  # microseconds since 1970 at which a time or a day begins and ends
KIND = "fabric/fraud_config"
HOLD_REASON = "ORDER_HOLD_FRAUD"
MAX_VALUES = 200  # of IN and NOT_IN
MAX_DEPTH = 10  # members in a key
MAX_PLUS = 100_000  # units

# -------------------------------------------------------------------------------------------------------------- vocabulary
_OPERATORS: dict[str, tuple[str, ...]] = {  # with their other spellings
    "EQUALS": ("EQ", "EQUAL", "EQUAL_TO", "=", "=="),
    "NOT_EQUALS": ("NE", "NEQ", "NOT_EQUAL", "NOT_EQUAL_TO", "!=", "<>"),
    "GREATER_THAN": ("GT", ">"),
    "GREATER_THAN_OR_EQUALS": ("GTE", "GREATER_THAN_OR_EQUAL", "GREATER_THAN_OR_EQUAL_TO", "GREATER_THAN_EQUALS", ">="),
    "LESS_THAN": ("LT", "<"),
    "LESS_THAN_OR_EQUALS": ("LTE", "LESS_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL_TO", "LESS_THAN_EQUALS", "<="),
    "BETWEEN": (),
    "IN": (),
    "NOT_IN": ("NIN",),
    "CONTAINS": (),
    "NOT_CONTAINS": (),
    "STARTS_WITH": ("BEGINS_WITH",),
    "ENDS_WITH": (),
    "EXISTS": ("NOT_NULL", "IS_NOT_NULL"),
    "NOT_EXISTS": ("IS_NULL",),
}
_TYPES: dict[str, tuple[str, ...]] = {
    "STRING": ("TEXT",),
    "NUMBER": ("INTEGER", "INT", "LONG", "DOUBLE", "FLOAT", "DECIMAL"),
    "BOOLEAN": ("BOOL",),
    "DATE": ("DATE_TIME", "DATETIME", "TIMESTAMP"),
}
_PRESENCE = ("EXISTS", "NOT_EXISTS")
_ORDERED = ("GREATER_THAN", "GREATER_THAN_OR_EQUALS", "LESS_THAN", "LESS_THAN_OR_EQUALS", "BETWEEN")
_EQUALITY = ("EQUALS", "NOT_EQUALS")
OPERATORS_OF: dict[str, tuple[str, ...]] = {
    "STRING": (
        *_EQUALITY, "IN", "NOT_IN", "CONTAINS", "NOT_CONTAINS", "STARTS_WITH", "ENDS_WITH", *_PRESENCE,
    ),
    "NUMBER": (*_EQUALITY, *_ORDERED, "IN", "NOT_IN", *_PRESENCE),
    "BOOLEAN": (*_EQUALITY, *_PRESENCE),
    "DATE": (*_EQUALITY, *_ORDERED, *_PRESENCE),
}  # fmt: skip
_UNITS = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3_600, "DAYS": 86_400, "WEEKS": 604_800}  # in seconds
_MONTHS = {"MONTHS": 1, "YEARS": 12}
_COMPARISONS = {"ABSOLUTE": ("FIXED", "STATIC"), "RELATIVE": ("CURRENT", "CURRENT_DATE", "NOW", "TODAY")}


def _by_spelling(names: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {spelling: name for name, others in names.items() for spelling in (name, *others)}


_OPERATOR_NAMES, _TYPE_NAMES, _COMPARISON_NAMES = map(_by_spelling, (_OPERATORS, _TYPES, _COMPARISONS))
_UNIT_NAMES = {spelling: unit for unit in (*_UNITS, *_MONTHS) for spelling in (unit, unit[:-1])}


def _name(names: dict[str, str], text: Tree) -> str | None:
    """Return the name that a spelling means, in any letter case and with blanks or hyphens for underscores."""
    return names.get(text.strip().upper().replace(" ", "_").replace("-", "_")) if isinstance(text, str) else None


# ----------------------------------------------------------------------------------------------------------------- values
def _text(value: Tree) -> str | None:
    return str(value) if isinstance(value, str) or is_number(value) else None


def _number(value: Tree) -> Decimal | None:
    if is_number(value):
        return Decimal(value)
    try:
        number = Decimal(value.strip()) if isinstance(value, str) and len(value) <= 40 else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _boolean(value: Tree) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


_READERS: dict[str, tuple[Callable[[Tree], Tree], str]] = {
    "STRING": (_text, "a text or a number"),
    "NUMBER": (_number, "a number"),
    "BOOLEAN": (_boolean, "true or false"),
    "DATE": (span, "a date or a date-time"),
}


# ----------------------------------------------------------------------------------------------------------------- checks
def condition_faults(conditions: Tree, path: Path) -> Iterator[Fault]:
    """Find what the types of conditions do not say: unknown words, and values that do not fit the operator or the type."""
    if not isinstance(conditions, list):
        return
    alternatives = [each if isinstance(each, list) else [] for each in conditions]
    if sum(map(len, alternatives)) > MAX_CONDITIONS:
        yield Fault(path, f"must have at most {MAX_CONDITIONS} conditions in all")
        return
    for outer, alternative in enumerate(alternatives):
        for inner, condition in enumerate(alternative):
            if isinstance(condition, dict):
                yield from _faults(condition, (*path, outer, inner))


def _faults(condition: dict[str, Tree], path: Path) -> Iterator[Fault]:
    key, sent_operator, sent_type = (condition.get(name) for name in ("key", "operator", "type"))
    if isinstance(key, str) and key and not _is_path(key):
        yield Fault((*path, "key"), f"must be at most {MAX_DEPTH} names of members, separated by dots")
    operator, kind = _name(_OPERATOR_NAMES, sent_operator), _name(_TYPE_NAMES, sent_type)
    if isinstance(sent_type, str) and sent_type and kind is None:
        yield Fault((*path, "type"), f"must be one of {', '.join(_TYPES)}, not {sent_type!r}")
    if isinstance(sent_operator, str) and sent_operator and operator is None:
        yield Fault((*path, "operator"), f"must be one of {', '.join(_OPERATORS)}, not {sent_operator!r}")
    if operator is None or kind is None:
        return
    if operator not in OPERATORS_OF[kind]:
        yield Fault((*path, "operator"), f"must be one of {', '.join(OPERATORS_OF[kind])} for the type {kind}")
    elif operator not in _PRESENCE:
        yield from _value_faults(condition, operator, kind, path)


def _is_path(key: str) -> bool:
    parts = key.split(".")
    return len(parts) <= MAX_DEPTH and all(parts)


def _value_faults(condition: dict[str, Tree], operator: str, kind: str, path: Path) -> Iterator[Fault]:
    value, date_value = condition.get("value"), condition.get("dateValue")
    if isinstance(date_value, dict) and kind == "DATE" and operator != "BETWEEN":
        yield from _date_faults(date_value, (*path, "dateValue"))
        return
    if value is None:
        yield Fault((*path, "value"), "is required")
    elif operator in ("IN", "NOT_IN", "BETWEEN"):
        yield from _list_faults(value, operator, kind, path)
    elif _READERS[kind][0](value) is None:
        yield Fault((*path, "value"), f"must be {_READERS[kind][1]}")


def _list_faults(value: Tree, operator: str, kind: str, path: Path) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield Fault((*path, "value"), "must be an array")
    elif operator == "BETWEEN" and len(value) != 2:
        yield Fault((*path, "value"), "must be an array of the least and the greatest value")
    elif not 1 <= len(value) <= MAX_VALUES:
        yield Fault((*path, "value"), f"must have from 1 to {MAX_VALUES} elements")
    else:
        read, wanted = _READERS[kind]
        yield from (
            Fault((*path, "value", place), f"must be {wanted}")
            for place, each in enumerate(value)
            if read(each) is None
        )


def _date_faults(date_value: dict[str, Tree], path: Path) -> Iterator[Fault]:
    date, unit, plus = (date_value.get(name) for name in ("date", "unit", "plusValue"))
    sent = date_value.get("comparisonType")
    comparison = _name(_COMPARISON_NAMES, sent) if sent else "ABSOLUTE" if date else "RELATIVE"
    if comparison is None:
        yield Fault((*path, "comparisonType"), f"must be one of {', '.join(_COMPARISONS)}")
    elif comparison == "ABSOLUTE" and not date:
        yield Fault((*path, "date"), "is required")
    if isinstance(date, str) and date and span(date) is None:
        yield Fault((*path, "date"), "must be a date or a date-time")
    if isinstance(unit, str) and unit and _name(_UNIT_NAMES, unit) is None:
        yield Fault((*path, "unit"), f"must be one of {', '.join((*_UNITS, *_MONTHS))}")
    if isinstance(plus, int) and not isinstance(plus, bool):
        if abs(plus) > MAX_PLUS:
            yield Fault((*path, "plusValue"), f"must be from -{MAX_PLUS} to {MAX_PLUS}")
        if plus and not unit:
            yield Fault((*path, "unit"), "is required")


# ------------------------------------------------------------------------------------------------------------------ tests
Test = Callable[[Tree, int], bool]  # (a value at the key, when the order arrived) → whether it meets the operator


class _Condition(Struct, frozen=True):
    key: str
    test: Test
    is_negative: bool

    def holds(self, values: list[Tree], arrived_at: int) -> bool:
        """Say whether the values at the key meet the condition."""
        if self.is_negative:
            return not values or not all(self.test(each, arrived_at) for each in values)
        return any(self.test(each, arrived_at) for each in values)


@lru_cache(maxsize=512)  # to compile the conditions takes longer than to evaluate them
def _compiled(document: bytes) -> tuple[str, tuple[tuple[_Condition, ...], ...]]:
    config = parse_trusted(document)
    name = f"{config['processName']}/{config['serviceName']}"
    conditions = config["configuration"]["conditions"]
    return name, tuple(tuple(map(_compile, alternative)) for alternative in conditions)


def find_match(documents: list[bytes], order: dict[str, Tree], arrived_at: int) -> str | None:
    """Return `process/service` of the first stored configuration one of whose alternatives an order meets, or None."""
    found: dict[str, list[Tree]] = {}

    def holds(condition: _Condition) -> bool:
        values = found.get(condition.key)
        if values is None:
            values = found[condition.key] = list(_values_at(order, condition.key.split(".")))
        return condition.holds(values, arrived_at)

    for document in documents:
        name, alternatives = _compiled(document)
        if any(all(map(holds, alternative)) for alternative in alternatives):
            return name
    return None


def _values_at(node: Tree, parts: list[str]) -> Iterator[Tree]:
    """Yield the values at a path, those of all elements of arrays on the way; null is none."""
    if isinstance(node, list):
        for each in node:
            yield from _values_at(each, parts)
    elif not parts:
        if node is not None:
            yield node
    elif isinstance(node, dict):
        yield from _values_at(node.get(parts[0].removesuffix("[]")), parts[1:])


def _compile(condition: dict[str, Tree]) -> _Condition:
    operator, kind = _name(_OPERATOR_NAMES, condition["operator"]), _name(_TYPE_NAMES, condition["type"])
    assert operator is not None and kind is not None, "checked before it was stored"
    positive = {"NOT_EQUALS": "EQUALS", "NOT_IN": "IN", "NOT_CONTAINS": "CONTAINS", "NOT_EXISTS": "EXISTS"}.get(
        operator
    )
    test = _test(positive or operator, kind, condition)
    return _Condition(condition["key"], test, is_negative=positive is not None)


def _test(operator: str, kind: str, condition: dict[str, Tree]) -> Test:
    if operator == "EXISTS":
        return lambda value, _: True
    if kind == "DATE":
        return _date_test(operator, condition)
    read = _READERS[kind][0]
    sent = condition["value"]
    operand = [read(each) for each in sent] if operator in ("IN", "BETWEEN") else read(sent)
    operand = frozenset(operand) if operator == "IN" else operand
    compare = _COMPARE[operator]
    return lambda value, _: (typed := read(value)) is not None and compare(typed, operand)


_COMPARE: dict[str, Callable[[Tree, Tree], bool]] = {
    "EQUALS": lambda value, operand: value == operand,
    "IN": lambda value, operand: value in operand,
    "GREATER_THAN": lambda value, operand: value > operand,
    "GREATER_THAN_OR_EQUALS": lambda value, operand: value >= operand,
    "LESS_THAN": lambda value, operand: value < operand,
    "LESS_THAN_OR_EQUALS": lambda value, operand: value <= operand,
    "BETWEEN": lambda value, operand: operand[0] <= value <= operand[1],
    "CONTAINS": lambda value, operand: operand in value,
    "STARTS_WITH": lambda value, operand: value.startswith(operand),
    "ENDS_WITH": lambda value, operand: value.endswith(operand),
}


# ------------------------------------------------------------------------------------------------------------------ dates
_COMPARE_TIMES: dict[str, Callable[[int, Span], bool]] = {
    "EQUALS": lambda at, operand: operand[0] <= at < operand[1],
    "GREATER_THAN": lambda at, operand: at >= operand[1],
    "GREATER_THAN_OR_EQUALS": lambda at, operand: at >= operand[0],
    "LESS_THAN": lambda at, operand: at < operand[0],
    "LESS_THAN_OR_EQUALS": lambda at, operand: at < operand[1],
    "BETWEEN": lambda at, operand: operand[0] <= at < operand[1],
}


def _date_test(operator: str, condition: dict[str, Tree]) -> Test:
    operand_at = _date_operand(operator, condition)
    compare = _COMPARE_TIMES[operator]

    return lambda value, arrived_at: (at := moment(value)) is not None and compare(at, operand_at(arrived_at))


def _date_operand(operator: str, condition: dict[str, Tree]) -> Callable[[int], Span]:
    """Return what a time is compared with, by the time at which the order arrives."""
    date_value, value = condition.get("dateValue"), condition.get("value")
    if operator == "BETWEEN":
        first, last = (span(each) for each in value or ())
        assert first is not None and last is not None, "checked before it was stored"
        between = (first[0], last[1])
        return lambda _: between
    if date_value is None:
        fixed = span(value)
        assert fixed is not None, "checked before it was stored"
        return lambda _: fixed
    plus, unit = date_value.get("plusValue") or 0, _name(_UNIT_NAMES, date_value.get("unit")) or "SECONDS"
    sent, date = date_value.get("comparisonType"), span(date_value.get("date"))
    comparison = _name(_COMPARISON_NAMES, sent) if sent else "ABSOLUTE" if date else "RELATIVE"
    if comparison == "ABSOLUTE" and date is not None:
        start = shifted(date[0], plus, unit)
        shifted_date = (start, start + date[1] - date[0])
        return lambda _: shifted_date
    return lambda arrived_at: (at := shifted(arrived_at, plus, unit), at + 1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = (
    (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) for year in (1, 9999)
)  # fmt: skip


def shifted(at: int, plus: int, unit: str) -> int:
    """Move a time (microseconds since 1970 UTC) by units; a month ends at its last day, and years are those of a calendar."""
    if unit in _UNITS:
        return at + plus * _UNITS[unit] * 1_000_000
    time = _EPOCH + timedelta(
        microseconds=min(max(at, _FIRST), _LAST)
    )  # an offset may lead out of the calendar's years
    months = time.year * 12 + time.month - 1 + plus * _MONTHS[unit]
    year, month = min(max(months // 12, 1), 9999), months % 12 + 1
    day = min(time.day, calendar.monthrange(year, month)[1])
    return (time.replace(year=year, month=month, day=day) - _EPOCH) // timedelta(microseconds=1)

"""The filter language of this door's searches: what is wrong with filters, which orders fit, what the book can look up; pure.

Filters mirror the order. A value asks for equality, where `*` in text stands for anything; an array asks for any of its values;
an object of `gt`, `gte`, `lt`, `lte` for a range of numbers or times; any other object goes deeper. Of an array in the order,
one element must fit. null asks for what is null or absent. Times compare as the moments they mean.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct, inspect

from crossdock.core.errors import Fault, Path
from crossdock.core.ids import from_hex24
from crossdock.core.json.value_types import is_date, is_date_time
from crossdock.core.orders.status import Status
from crossdock.doors.fabric import wire
from crossdock.doors.fabric.history import TOLD_BY_LOG
from crossdock.doors.fabric.mapping import HOLD
from crossdock.doors.fabric.responses import DOOR
from crossdock.store.index_scan import Filters

Tree = Any
MAX_VALUES = 200  # of one any-of; ids of so many orders are one look-up
MAX_CHOICES = 20  # values of an any-of that are looked up each by its index; more are found by looking through
_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, bound: bool(value > bound),
    "gte": lambda value, bound: bool(value >= bound),
    "lt": lambda value, bound: bool(value < bound),
    "lte": lambda value, bound: bool(value <= bound),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# ------------------------------------------------------------------------------------------------------------- language
def moment(text: Tree) -> int | None:
    """Read a time, or a date as its beginning in UTC, as microseconds since 1970; None for anything else."""
    if not isinstance(text, str) or not (is_date_time(text) or is_date(text)):
        return None
    read = datetime.fromisoformat(text)
    return ((read if read.tzinfo else read.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)


def faults_of(filters: Tree, path: Path = ("filters",)) -> Iterator[Fault]:
    """Name what is wrong with filters: ranges of what has no order, arrays of nothing or of too much."""
    if isinstance(filters, list):
        if not 1 <= len(filters) <= MAX_VALUES:
            yield Fault(path, f"must have 1 to {MAX_VALUES} elements")
        for place, value in enumerate(filters):
            yield from faults_of(value, (*path, place))
    elif isinstance(filters, dict):
        is_range = bool(filters.keys() & _BOUNDS.keys())
        for name, value in filters.items():
            if not is_range:
                yield from faults_of(value, (*path, name))
            elif name not in _BOUNDS:
                yield Fault((*path, name), "must be one of gt, gte, lt, lte, as the others are")
            elif not _is_number(value) and moment(value) is None:
                yield Fault((*path, name), "must be a number, a date, or a date and time with offset")


def fits(value: Tree, wanted: Tree) -> bool:
    """Say whether a value of an order, None where it is absent, is what sound filters ask for."""
    if isinstance(wanted, list):
        return any(fits(value, each) for each in wanted)
    if isinstance(value, list) and wanted is not None:
        return any(fits(each, wanted) for each in value)
    if isinstance(wanted, dict):
        if wanted.keys() & _BOUNDS.keys():
            return _in_range(value, wanted)
        inside = value if isinstance(value, dict) else {}
        return all(fits(inside.get(name), each) for name, each in wanted.items())
    return _equals(value, wanted)


def _is_number(value: Tree) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _in_range(value: Tree, wanted: dict[str, Tree]) -> bool:
    if _is_number(value):
        return all(_is_number(bound) and _BOUNDS[name](value, bound) for name, bound in wanted.items())
    at = moment(value)
    if at is None:
        return False
    bounds = {name: moment(bound) for name, bound in wanted.items()}
    return all(bound is not None and _BOUNDS[name](at, bound) for name, bound in bounds.items())


def _equals(value: Tree, wanted: Tree) -> bool:
    if _is_number(wanted):
        return _is_number(value) and bool(value == wanted)
    if not isinstance(wanted, str):
        return value is wanted
    if not isinstance(value, str):
        return False
    if "*" in wanted:
        return _is_like(value, wanted.split("*"))
    return value == wanted or (is_date_time(wanted) and is_date_time(value) and moment(value) == moment(wanted))


def _is_like(text: str, parts: Sequence[str]) -> bool:
    """Say whether a text has the parts in turn, the first at its beginning and the last at its end; in linear time."""
    first, *middle, last = parts
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    place, end = len(first), len(text) - len(last)
    for part in middle:
        place = text.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


# ----------------------------------------------------------------------------------------------------------------- order
def _scalars() -> Iterator[str]:
    for field in inspect.type_info(wire.Order).fields:  # type: ignore[attr-defined]
        kinds = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        if not any(isinstance(kind, inspect.ListType | inspect.StructType | inspect.DictType) for kind in kinds):
            yield field.name


_SCALARS = frozenset(_scalars())
_NESTED = {"retail": wire.Retail, "customer": wire.Customer, "customer.name": wire.Name, "customer.phone": wire.Phone}


def can_sort_by(name: str) -> bool:
    """Say whether a member, or one inside by its path (`customer.email`), has a single value in every order."""
    outer, _, inner = name.rpartition(".")
    if outer == "attributes":
        return bool(inner)
    if not outer:
        return name in _SCALARS
    return outer in _NESTED and inner in _NESTED[outer].__struct_fields__ and name not in _NESTED


def value_at(document: Tree, name: str) -> Tree:
    """Give the value at a path of members, None where there is none."""
    for part in name.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    return document


def sorted_by(found: Iterable[Any], value: Callable[[Any], Tree], *, ascending: bool) -> list[Any]:
    """Sort by a value: numbers, then times, then text; what has none comes last either way. Equal ones stay as they are."""
    some: list[tuple[tuple[int, Any], Any]] = []
    none = []
    for each in found:
        key = _key(value(each))
        if key is None:
            none.append(each)
        else:
            some.append((key, each))
    some.sort(key=lambda pair: pair[0], reverse=not ascending)
    return [*(each for _, each in some), *none]


def _key(value: Tree) -> tuple[int, Any] | None:
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, int | Decimal):
        return (0, value)
    at = moment(value)
    return (1, at) if at is not None else (2, value)


# ------------------------------------------------------------------------------------------------------------- look-ups
class Lookup(Struct, frozen=True):
    """What the book can do for filters. `choices` hold every order that can fit, `order_ids` where ids are named.

    `is_exact` says that what the choices leave fits, and no order stands in two of them.
    """

    choices: tuple[Filters, ...]
    order_ids: tuple[int, ...] | None = None
    is_exact: bool = False


def look_up(filters: dict[str, Tree]) -> Lookup:
    """Plan how the book finds what sound filters ask for."""
    ids = _texts(filters.get("orderId"), MAX_VALUES)
    if ids is not None:
        found = [order_id for each in ids if (order_id := from_hex24(each)) is not None]
        return Lookup((), tuple(dict.fromkeys(found)))
    settled = {"createdAt", "updatedAt"}
    times = {**_times("created", filters.get("createdAt")), **_times("updated", filters.get("updatedAt"))}
    base = msgspec.structs.replace(Filters(), **times)
    exact = True
    choices: list[Filters] | None = None
    for name, path in _INDEXED.items():
        texts = _texts(value_at(filters, path), MAX_CHOICES)
        if texts is None:
            continue
        if choices is None:
            choices = [msgspec.structs.replace(base, **{name: text}) for text in texts]
            is_only = name == "number" or len(texts) == 1  # an order has one number, but may have several SKUs
            exact = name in ("number", "sku") and is_only and max(map(len, texts)) <= _KEPT_WHOLE
            settled.add(path.partition(".")[0])
        elif len(texts) == 1:
            choices = [msgspec.structs.replace(each, **{name: texts[0]}) for each in choices]
    if choices is None and (states := _states(filters.get("statusCode"))) is not None:
        choices = [msgspec.structs.replace(base, status=str(status), door=door) for status, door in states]
        exact = False
    exact = exact and filters.keys() <= settled and all(_is_settled(name, filters.get(name)) for name in settled)
    return Lookup(tuple([base] if choices is None else choices), is_exact=exact)


_KEPT_WHOLE = 200  # characters of a key that its index holds; longer ones stand there with a hash
# Filters of the book by the member each answers, the most selective first.
_INDEXED = {"number": "orderNumber", "email": "customer.email", "sku": "items.sku", "location": "shipInfo.locationNum"}


def _is_settled(name: str, wanted: Tree) -> bool:
    """Say whether the book's filter is all that was asked of a member."""
    if wanted is None:
        return True
    if name in ("createdAt", "updatedAt"):
        return (
            _times("created", wanted) != {}
            if isinstance(wanted, dict)
            else isinstance(wanted, str) and is_date_time(wanted)
        )
    return not isinstance(wanted, dict) or wanted.keys() == {"sku"}


def _texts(wanted: Tree, most: int) -> list[str] | None:
    """Give the texts that an equality or any-of asks for, each once; None where it asks for something else."""
    values = wanted if isinstance(wanted, list) else [wanted]
    if not 1 <= len(values) <= most or not all(isinstance(each, str) and each and "*" not in each for each in values):
        return None
    return list(dict.fromkeys(values))


def _times(kind: str, wanted: Tree) -> dict[str, int]:
    """Give a range of the book for one of times as they are answered: in whole milliseconds, cut off."""
    if isinstance(wanted, str):
        wanted = {"gte": wanted, "lte": wanted}
    if not isinstance(wanted, dict) or not wanted or not wanted.keys() <= _BOUNDS.keys():
        return {}
    found: dict[str, int] = {}
    for name, bound in wanted.items():
        at = moment(bound)
        if at is None:
            return {}
        # A cut time is above or at `at` from the millisecond that begins there, and above it from the one after.
        edge = -(-at // 1000) * 1000 if name in ("gte", "lt") else (at // 1000 + 1) * 1000
        side, pick = (f"{kind}_from", max) if name in ("gt", "gte") else (f"{kind}_to", min)
        found[side] = min(max(pick(found.get(side, edge), edge), 0), _LATEST)
    return found


_LATEST = 2**62  # microseconds; the book's ids end in 2089, its columns here
_BY_LIFECYCLE: dict[str, tuple[Status, ...]] = {
    "ORDER_CREATED": (Status.OPEN,),
    "ORDER_PARTIALLY_CANCELLED": (Status.OPEN,),
    "ORDER_CONFIRMED": (Status.PARTIALLY_ALLOCATED,),
    "ORDER_ALLOCATED": (Status.ALLOCATED,),
    "ORDER_PARTIALLY_SHIPPED": (Status.PARTIALLY_SHIPPED,),
    "ORDER_SHIPPED": (Status.SHIPPED,),
    "ORDER_PARTIALLY_DELIVERED": (Status.SHIPPED,),
    "ORDER_DELIVERED": (Status.DELIVERED,),
    "ORDER_PARTIALLY_RETURNED": (Status.SHIPPED, Status.DELIVERED),
    "ORDER_RETURNED": (Status.RETURNED,),
    "ORDER_CANCELLED": (Status.CANCELED,),
}


def _states(wanted: Tree) -> list[tuple[Status, str | None]] | None:
    """Give the statuses, some only of this door's orders, that orders with one of these codes can have.

    An order of this door that nothing has happened to is answered with the code it was sent with, whatever that is: it is open,
    or held where the code says so. None where the codes do not narrow.
    """
    codes = _texts(wanted, MAX_VALUES)
    if codes is None:
        if not isinstance(wanted, str) or not wanted.partition("*")[0].startswith(HOLD):
            return None
        codes = [HOLD]
    found: dict[Status, str | None] = {}
    for code in codes:
        if code.startswith(HOLD):
            found[Status.ON_HOLD] = None
            continue
        found.setdefault(Status.OPEN, DOOR)
        for status in _BY_LIFECYCLE.get(code, ()):
            found[status] = None
    return list(found.items())


def needs_log(node: Tree) -> bool:
    """Say whether filters ask for a member that only an order's log tells."""
    if isinstance(node, dict):
        return any(name in TOLD_BY_LOG or needs_log(value) for name, value in node.items())
    return isinstance(node, list) and any(map(needs_log, node))

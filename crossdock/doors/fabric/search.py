"""fabric's searches: translate filters into an order query and a residual, and sort; pure.

The language of the filters, and what an index does not answer, is in search_filters.py.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct, inspect

from crossdock.core.ids import from_hex24
from crossdock.core.orders.status import Status
from crossdock.doors.fabric import wire, wire_responses
from crossdock.doors.fabric.history import HISTORY_FIELDS
from crossdock.doors.fabric.mapping import HOLD
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.search_filters import BOUNDS, MAX_VALUES, Matcher, moment, span
from crossdock.flows.order_search import NO_FILTERS, Filters, Match, OrderQuery, Overflow, Residual, Sort, alternatives

Tree = Any


# ----------------------------------------------------------------------------------------------------------------- order
def _scalars() -> Iterator[str]:
    for field in inspect.type_info(wire_responses.Order).fields:  # type: ignore[attr-defined]
        kinds = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        bare = (kind.type if isinstance(kind, inspect.Metadata) else kind for kind in kinds)
        if not any(isinstance(kind, inspect.ListType | inspect.StructType | inspect.DictType) for kind in bare):
            yield field.name


_SCALARS = frozenset(_scalars())
_NESTED = {"retail": wire.Retail, "customer": wire.Customer, "customer.name": wire.Name, "customer.phone": wire.Phone}


def can_sort_by(name: str) -> bool:
    """Say whether a member, or one at a path (`customer.email`), has a single value in every order."""
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


# --------------------------------------------------------------------------------------------------------------- query
class Search(Struct, frozen=True):
    """A checked search with its defaults filled in."""

    filters: dict[str, Tree]
    limit: int
    offset: int
    sort_by: str
    ascending: bool


def order_query(search: Search) -> tuple[OrderQuery, Residual]:
    """Translate a search into an order query, and into the part of it that the filters of the store do not say."""
    sort: Sort | None = _SORTS.get(search.sort_by)
    needs_history = _needs_history(search.filters) or _needs_history({search.sort_by: None})
    any_of, is_exact = find_alternatives(search.filters)
    matches = Matcher(search.filters)
    residual = Residual(
        lambda _, document: matches(document),
        door=DOOR,
        needs_history=needs_history,
        rank=lambda found: _ranked(search, found),
        overflow=Overflow.REFUSE if sort is None or needs_history else Overflow.UNTIL_FULL,
    )
    query = OrderQuery(
        any_of=any_of, order_ids=find_order_ids(search.filters), sort=sort or "created", ascending=search.ascending,
        offset=search.offset, limit=search.limit, is_exact=is_exact and sort is not None, is_total_upper_bound=True,
    )  # fmt: skip
    return query, residual


_SORTS: dict[str, Sort] = {"createdAt": "created", "updatedAt": "updated"}


def _ranked(search: Search, found: list[Match]) -> list[Match]:
    found.sort(key=lambda each: (each[0].updated_at, each[0].order_id), reverse=not search.ascending)
    return sorted_by(found, _sort_value(search.sort_by), ascending=search.ascending)


def _sort_value(name: str) -> Callable[[Match], Tree]:
    if name == "createdAt":
        return lambda each: each[0].order_id
    if name == "updatedAt":
        return lambda each: each[0].updated_at
    return lambda each: value_at(each[1], name)


def find_order_ids(filters: dict[str, Tree]) -> tuple[int, ...] | None:
    """Read the ids of orders that filters name; None where they name none."""
    ids = _texts(filters.get("orderId"))
    if ids is None:
        return None
    return tuple(dict.fromkeys(order_id for each in ids if (order_id := from_hex24(each)) is not None))


def find_alternatives(filters: dict[str, Tree]) -> tuple[tuple[Filters, ...], bool]:
    """Give alternatives that hold every order that can meet checked filters, and whether these say all that is asked."""
    times = {**_times("created", filters.get("createdAt")), **_times("updated", filters.get("updatedAt"))}
    base = msgspec.structs.replace(NO_FILTERS, **times)
    values = {name: texts for name, path in _INDEXED.items() if (texts := _texts(value_at(filters, path))) is not None}
    if not values and (states := _states(filters.get("statusCode"))) is not None:
        return tuple(msgspec.structs.replace(base, status=str(status), door=door) for status, door in states), False
    return alternatives(values, base=base, is_exact=_is_exact(filters, values))


def _is_exact(filters: dict[str, Tree], values: dict[str, list[str]]) -> bool:
    """Say whether the indexes compare as the filters do, and these ask for nothing else: numbers, or one SKU, and times."""
    members = {"createdAt", "updatedAt"} | {_INDEXED[name].partition(".")[0] for name in values}
    if not filters.keys() <= members or not all(_is_decided(name, filters.get(name)) for name in members):
        return False
    if any(len(text) > _MAX_EXACT_KEY for texts in values.values() for text in texts):
        return False
    # An order has one number, but may have several SKUs; e-mails are indexed without case, locations of lines alone.
    return values.keys() <= {"number"} or (values.keys() == {"sku"} and len(values["sku"]) == 1)


_MAX_EXACT_KEY = 200  # characters of a key that its index holds; of longer ones it holds a hash
# Members of an order by the filter that answers each.
_INDEXED = {"number": "orderNumber", "email": "customer.email", "sku": "items.sku", "location": "shipInfo.locationNum"}


def _is_decided(name: str, condition: Tree) -> bool:
    """Say whether the store's filter is all that is asked of a member."""
    if condition is None:
        return True
    if name in ("createdAt", "updatedAt"):
        return (
            _times("created", condition) != {}
            if isinstance(condition, dict)
            else isinstance(condition, str) and moment(condition) is not None
        )
    return not isinstance(condition, dict) or condition.keys() == {"sku"}


def _texts(condition: Tree) -> list[str] | None:
    """Give the distinct texts that an equality or an array asks for; None where it asks for something else."""
    values = condition if isinstance(condition, list) else [condition]
    if not 1 <= len(values) <= MAX_VALUES or not all(
        isinstance(each, str) and each and "*" not in each for each in values
    ):
        return None
    return list(dict.fromkeys(values))


def _times(kind: str, condition: Tree) -> dict[str, int]:
    """Translate a range of times as they are rendered, truncated to milliseconds, into one of microseconds."""
    if isinstance(condition, str):
        condition = {"gte": condition, "lte": condition}
    if not isinstance(condition, dict) or not condition or not condition.keys() <= set(BOUNDS):
        return {}
    found: dict[str, int] = {}
    for name, bound in condition.items():
        period = span(bound)
        if period is None:
            return {}
        start, end = period
        # A cut time is at or above a moment from the millisecond that begins there, and above it from the one after.
        edge = -(-start // 1000) * 1000 if name in ("gte", "lt") else ((end - 1) // 1000 + 1) * 1000
        side, pick = (f"{kind}_from", max) if name in ("gt", "gte") else (f"{kind}_to", min)
        found[side] = min(max(pick(found.get(side, edge), edge), 0), _LATEST)
    return found


_LATEST = 2**62  # microseconds; ids end in 2089, a column takes as much
_BY_LIFECYCLE: dict[str, tuple[Status, ...]] = {
    "ORDER_CREATED": (Status.OPEN,),
    "ORDER_PARTIALLY_CANCELLED": (Status.OPEN,),
    "ORDER_PARTIALLY_ALLOCATED": (Status.PARTIALLY_ALLOCATED,),
    "ORDER_ALLOCATED": (Status.ALLOCATED,),
    "ORDER_PARTIALLY_SHIPPED": (Status.PARTIALLY_SHIPPED,),
    "ORDER_SHIPPED": (Status.SHIPPED,),
    "ORDER_PARTIALLY_DELIVERED": (Status.SHIPPED,),
    "ORDER_DELIVERED": (Status.DELIVERED,),
    "ORDER_PARTIALLY_RETURNED": (Status.SHIPPED, Status.DELIVERED),
    "ORDER_RETURNED": (Status.RETURNED,),
    "ORDER_CANCELLED": (Status.CANCELED,),
}


def _states(condition: Tree) -> list[tuple[Status, str | None]] | None:
    """Give the statuses, some only of this door's orders, that orders with one of these codes can have.

    An order of this door without changes is rendered with the code it was sent with, whatever that is: it is open, or on hold
    where the code says so. None where every status is possible.
    """
    codes = _texts(condition)
    if codes is None:
        if not isinstance(condition, str) or not condition.partition("*")[0].startswith(HOLD):
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


def _needs_history(node: Tree) -> bool:
    """Say whether filters name a member that follows from the order's events alone."""
    if isinstance(node, dict):
        return any(name in HISTORY_FIELDS or _needs_history(value) for name, value in node.items())
    return isinstance(node, list) and any(map(_needs_history, node))

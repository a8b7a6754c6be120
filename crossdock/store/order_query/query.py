"""Order queries: filters, the alternatives of a search, its sort order and its page; pure.

A door translates its search language into an OrderQuery. Which index then answers it is decided in planner.py alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, Literal

import msgspec
from msgspec import Struct

from crossdock.core.ids import first_id_at, index_key
from crossdock.core.orders.model import Order
from crossdock.core.search_terms import fold, fold_email
from crossdock.store.orders import tag_term

Sort = Literal["created", "updated"]
# Filters that have an index, most selective first.
INDEXED_FILTERS = ("number", "email", "term", "tag", "balanced", "archived", "sku", "location", "status", "door")
# Filters whose index has only the orders of one value: those that are out of the ordinary.
PARTIAL_INDEXES = {"archived": True, "balanced": False}
# The range of the last change; its index is in the order of `updated_at`.
UPDATED_RANGE = frozenset({"updated_from", "updated_to"})
# Alternatives that a search answers from indexes alone; each costs a count and a page.
MAX_EXACT_ALTERNATIVES = 40
# Alternatives whose orders are looked up to be examined one by one; each costs one or two statements.
MAX_ALTERNATIVES = 100


class Filters(Struct, frozen=True):
    """Conditions an order must all meet; None sets no condition. Times are microseconds, `…_from` included, `…_to` excluded.

    `term` is a word the order is indexed by (see orders.terms_of), `tag` a tag.
    """

    door: str | None = None
    number: str | None = None
    status: str | None = None
    email: str | None = None
    sku: str | None = None
    location: str | None = None
    created_from: int | None = None
    created_to: int | None = None
    updated_from: int | None = None
    updated_to: int | None = None
    archived: bool | None = None
    balanced: bool | None = None
    term: str | None = None
    tag: str | None = None


NO_FILTERS = Filters()


class Exclusion(Struct, frozen=True):
    """Orders to leave out: those with `tag`. All of them have `status`, so orders in other statuses are not checked."""

    tag: str
    status: str


class OrderQuery(Struct, frozen=True):
    """Orders that match one of several alternatives, and the page of them that is wanted.

    `words`: the order must also be found by all of these (word_search.py); one alternative, sorted by receipt, newest first.
    `order_ids`: the orders are these, instead of `any_of`. `is_exact`: the alternatives are all that is asked, and no order
    matches two of them.

    `sort` is by receipt or by last change, newest first unless `ascending`. `before` continues after an order id (one
    alternative, sorted by receipt, newest first, no offset). `is_complete`: the reader cannot continue where a page ends early,
    so more index entries are scanned before it does; always so for several alternatives.
    `is_total_upper_bound`: where counting stops, the total is the most there can be, not the least.
    """

    any_of: tuple[Filters, ...] = (NO_FILTERS,)
    words: tuple[str, ...] = ()
    order_ids: tuple[int, ...] | None = None
    excluded: Exclusion | None = None
    sort: Sort = "created"
    ascending: bool = False
    before: int | None = None
    offset: int = 0
    limit: int = 50
    is_complete: bool = False
    is_exact: bool = False
    is_total_upper_bound: bool = False


class OrderPage(Struct, frozen=True):
    """Orders in the query's order. `last` is set where the page ended early, because enough was scanned: continue after it."""

    orders: list[Order]
    last: int | None = None


def filter_names(filters: Filters) -> tuple[str, ...]:
    """Name the filters that are set."""
    return tuple(name for name in Filters.__struct_fields__ if getattr(filters, name) is not None)


def filter_values(filters: Filters, names: Iterable[str]) -> dict[str, Any]:
    """Return the values of the statements' parameters: filters as their columns hold them, and the ids that times stand for."""
    values: dict[str, Any] = {name: getattr(filters, name) for name in names}
    for name in ("number", "sku", "location"):
        if name in values:
            values[name] = index_key(values[name])
    if "email" in values:
        values["email"] = index_key(fold_email(values["email"]))
    if "term" in values:
        values["term"] = index_key(fold(values["term"]))
    if "tag" in values:
        values["tag"] = tag_term(values["tag"])
    if "created_from" in values:  # ids sort by time, so every index that ends in the id also serves the range
        values["floor_id"] = first_id_at(values["created_from"])
    ends = [values[name] for name in ("created_to", "updated_to") if name in values]
    if ends:  # no order changes before it is received
        values["ceiling_id"] = first_id_at(min(ends) + 1000)
    return values


def alternatives(
    values: Mapping[str, Sequence[str]], *, base: Filters = NO_FILTERS, is_exact: bool = False
) -> tuple[tuple[Filters, ...], bool]:
    """Turn filters that may each have any of several values into alternatives; also say whether these are exact.

    `is_exact`: the values say all that is asked, and no order has two values of one filter. Alternatives are then all
    combinations, unless there are too many. Otherwise there is one for each value of the most selective filter, narrowed by
    those that have a single value; the caller examines what they find.
    """
    if not all(values.values()):  # a filter without any value: no order fits
        return (), True
    if is_exact and prod(map(len, values.values())) <= MAX_EXACT_ALTERNATIVES:
        combined = product(*values.values())
        return tuple(msgspec.structs.replace(base, **dict(zip(values, each, strict=True))) for each in combined), True
    indexed = {name: values[name] for name in INDEXED_FILTERS if 1 <= len(values.get(name, ())) <= MAX_ALTERNATIVES}
    leading = next(iter(indexed), None)
    if leading is None:
        return (base,), False
    if leading != "number":  # of one number there are few orders
        single = {name: each[0] for name, each in indexed.items() if name != leading and len(each) == 1}
        base = msgspec.structs.replace(base, **single)
    return tuple(msgspec.structs.replace(base, **{leading: value}) for value in indexed[leading]), False

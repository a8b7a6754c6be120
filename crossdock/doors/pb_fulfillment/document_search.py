"""Searches of products, receiving notices and work orders: translated into a search of the catalog and a residual; pure.

The catalog answers the times of the server, and the values that a document's search text has. The other fields are compared
with the document as it is returned.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from crossdock.core.inbound.documents import search_term
from crossdock.doors.pb_fulfillment import inbound, wire_calls
from crossdock.doors.pb_fulfillment.search import Search, moment_of, span_of
from crossdock.flows.catalog_search import Filter, Sort

Tree = Any
Document = dict[str, Tree]
# Half a year: without a date, a search of products is of those that changed within it, as the vendor says.
PERIOD_US = 183 * 86_400 * 1_000_000
MAX_EXAMINED = 2_000  # documents that one search compares one by one; as many as a search of orders
_SORTS: dict[str, Sort] = {"pbCreateDate": "created_at", "pbUpdateDate": "updated_at"}
_TERMS = {
    "status": "status", "sku": "sku", "receivingNode": "location", "node": "location",
    "purchaseOrderNumbers": "reference",
}  # fmt: skip
_ASN_STATUS = {word: str(status) for status, word in inbound.STATUS.items()}


class Plan(Struct, frozen=True):
    """How a search is answered: what the catalog is asked, its sort where it can sort, and the fields that are left to compare.

    `keys` are the ids that the search names, if it does: then only these documents are examined.
    """

    filter: Filter
    sort: Sort | None
    ascending: bool
    residual: tuple[str, ...]
    keys: tuple[str, ...] | None = None


def plan_products(search: Search, *, kind: str, now: int) -> Plan:
    """Plan a search of products."""
    times = _times(search)
    if not set(search.fields) & set(wire_calls.DATES):
        times["updated_from"] = now - PERIOD_US
    residual = tuple(name for name in search.fields if name not in _SORTS)
    sort, ascending = _sort(search)
    return Plan(Filter(kind, **times), sort, ascending, residual, search.fields.get("sku"))


def plan_documents(search: Search, *, kind: str, prefix: str) -> Plan:
    """Plan a search of the receiving notices, or of the work orders, that a client sees."""
    terms: list[tuple[str, ...]] = [(search_term("client", ""), search_term("client", search.client))]
    residual = []
    for name, values in search.fields.items():
        if name in _TERMS:
            words = [_ASN_STATUS.get(value, value) if name == "status" else value for value in values]
            terms.append(tuple(search_term(_TERMS[name], word) for word in words))
        elif name not in _SORTS:
            residual.append(name)
    ids = search.fields.get(f"{'receivingASN' if prefix == 'ASN' else 'workOrder'}Ids")
    keys = None if ids is None else tuple(inbound.parse_id(prefix, text) for text in ids)
    sort, ascending = _sort(search)
    return Plan(Filter(kind, tuple(terms), **_times(search)), sort, ascending, tuple(residual), keys)


def _times(search: Search) -> dict[str, Any]:
    times: dict[str, Any] = {}
    for name, kind in (("pbCreateDate", "created"), ("pbUpdateDate", "updated")):
        if name in search.fields:
            first, after = span_of(search.fields[name])
            times[f"{kind}_from"] = first
            if after is not None:
                times[f"{kind}_to"] = after
    return times


def _sort(search: Search) -> tuple[Sort | None, bool]:
    name, ascending = search.sort[0]
    return (_SORTS.get(name) if len(search.sort) == 1 else None), ascending


class Row(Struct, frozen=True):
    """A document as it is returned, with the times of the server in microseconds since 1970."""

    document: Document
    created_at: int
    updated_at: int


def matches(
    plan: Plan, search: Search, values_of: Callable[[Mapping[str, Tree], str], tuple[str, ...]]
) -> Callable[[Row], bool]:
    """Make a predicate: does a row match what the catalog has not answered?

    Where the search names ids, the catalog has answered nothing else.
    """
    names = plan.residual if plan.keys is None else tuple(search.fields)
    sets = {name: frozenset(search.fields[name]) for name in names if name not in wire_calls.DATES}
    spans = {name: span_of(search.fields[name]) for name in names if name in wire_calls.DATES}
    since = plan.filter.updated_from or 0

    def match(row: Row) -> bool:
        return (
            row.updated_at >= since
            and all(not wanted.isdisjoint(values_of(row.document, name)) for name, wanted in sets.items())
            and all(
                (moment := _moment(name, row)) is not None and first <= moment and (after is None or moment < after)
                for name, (first, after) in spans.items()
            )
        )

    return match


def in_order(rows: list[Row], search: Search) -> list[Row]:
    """Sort rows as requested: those without the date last, equal ones by creation in the direction of the first date."""
    rows = sorted(rows, key=lambda row: row.created_at, reverse=not search.sort[0][1])
    for name, ascending in reversed(search.sort):
        dated = [(row, _moment(name, row)) for row in rows]
        present = [(row, moment) for row, moment in dated if moment is not None]
        present.sort(key=lambda each: each[1], reverse=not ascending)
        rows = [row for row, _ in present] + [row for row, moment in dated if moment is None]
    return rows


def _moment(name: str, row: Row) -> int | None:
    if name in _SORTS:  # what has never changed was last changed when it was created
        return row.created_at if name == "pbCreateDate" else row.updated_at
    text = row.document.get(name)
    try:
        return moment_of(text) if isinstance(text, str) and text else None
    except ValueError:
        return None

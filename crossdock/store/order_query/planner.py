"""The index that answers a query: which one is scanned, where its scan ends, and what a search may cost.

An index is scanned in its own order. Filters it does not hold are checked for a bounded number of its entries (see pages.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.store.order_query.query import (
    INDEXED_FILTERS,
    PARTIAL_INDEXES,
    UPDATED_RANGE,
    Filters,
    OrderQuery,
    Sort,
    filter_names,
)
from crossdock.store.order_query.statements import UPDATED_INDEX, probe_statement
from crossdock.store.protocols import Transaction

# Index entries a page scans where other filters are checked for each and the reader can continue from where it ended; 4,000
# take 5 to 10 ms.
MAX_ENTRIES_SCANNED = 4_000
# The same where the page must be complete or is refused.
MAX_ENTRIES_SCANNED_COMPLETE = 10_000
# Where a count stops that is not stored; so many index entries take about 10 ms.
MAX_COUNT = 10_000
# Entries counted of each index that could be scanned, to choose the smallest; so many take about 0.1 ms.
PROBE_LIMIT = 1_000
# Entries of a range of changes that are sorted by receipt where the range has an end and nothing else is filtered; so many take
# 6 ms. Without an end the newest orders are in the range, and a scan by receipt finds them at once; with one, it may examine
# thousands that changed after it.
MAX_CHANGES_SORTED = 10_000
# Indexes with so few orders a value that these can be sorted by change after the scan.
_SELECTIVE = INDEXED_FILTERS[:8]


# ------------------------------------------------------------------------------------------------------------- decisions
def is_single_index(query: OrderQuery) -> bool:
    """Tell whether each alternative is a range of one index in the order asked for, so that nothing else is checked."""
    return all(_is_range(filters, query.sort) for filters in query.any_of)


def _is_range(filters: Filters, sort: Sort) -> bool:
    names = set(filter_names(filters))
    if sort == "updated":
        return names <= UPDATED_RANGE
    return len(names - {"created_from", "created_to"}) <= 1 and not names & UPDATED_RANGE


def sorts_to_try(filters: Filters) -> tuple[Sort, ...]:
    """Return the orders in which to scan for all orders of an alternative, however the result is sorted; the cheapest first.

    A range of changes without a selective filter is best scanned by change, unless that range is large and, say, its status
    rare: so the other order follows.
    """
    names = set(filter_names(filters))
    return ("updated", "created") if names & UPDATED_RANGE and not names & set(_SELECTIVE) else ("created",)


async def choose_index(
    tx: Transaction, organization_id: int, names: Sequence[str], values: Mapping[str, Any], sort: Sort
) -> tuple[str | None, int | None]:
    """Choose the filter whose index a page scans: the one with the fewest entries, as far as they are counted.

    Sorted by change, only one with few orders a value is worth it; None is the index of all orders, or of all changes. Also
    gives the number of its entries, where they were counted to the end.

    Without counting, the first of INDEXED_FILTERS would be scanned, however common its value. Among 60,000 orders (SQLite,
    medians), a day of changes takes 3.0 ms with counting and 11.6 without, on-hold orders of a common location 2.0 and 5.0, a
    common tag at a rare location 1.0 and 2.2.
    """
    candidates = INDEXED_FILTERS if sort == "created" else _SELECTIVE
    usable = [name for name in candidates if name in names and PARTIAL_INDEXES.get(name) in (None, values[name])]
    changes = tuple(name for name in names if name in UPDATED_RANGE) if sort == "created" else ()
    if usable[:1] == ["number"]:  # of one number there are few orders
        return "number", None
    if len(usable) < 2 and not changes:
        return (usable[0] if usable else None), None
    bounds = {name: values[name] for name in (*usable, *changes)}
    statement = probe_statement(tuple(usable), changes)
    limit = MAX_CHANGES_SORTED if "updated_to" in changes and not usable else PROBE_LIMIT
    (row,) = await tx.rows(statement, organization_id=organization_id, probe_limit=limit, **bounds)
    entries = {name: row[f"entries_of_{name}"] for name in (*usable, *([UPDATED_INDEX] if changes else []))}
    if entries.get(UPDATED_INDEX) == limit:  # or more
        del entries[UPDATED_INDEX]
    chosen = min(entries, key=entries.__getitem__, default=None)
    return chosen, entries[chosen] if chosen is not None and entries[chosen] < limit else None

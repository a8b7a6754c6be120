"""Pages, counts and candidates of order queries.

No cost grows with the number of orders: a page scans one index from where it begins, other filters are checked for a bounded
number of its entries, and counts are stored, or stop at MAX_COUNT. First the end of the scan is found, the entry after so many;
then the entries up to it that match are read.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.store import order_counts
from crossdock.store.order_query import planner, statements, word_search
from crossdock.store.order_query.query import (
    NO_FILTERS,
    UPDATED_RANGE,
    Filters,
    OrderPage,
    OrderQuery,
    filter_names,
    filter_values,
)
from crossdock.store.order_query.statements import UPDATED_INDEX, IndexScan
from crossdock.store.orders import by_ids
from crossdock.store.protocols import Row, Statement, Transaction

# Filters whose counts are stored.
COUNTED_FIELDS = frozenset({"door", "status"})
# Offset from which a page is read from the nearer end of its index; skipping so many entries takes about as long as asking how
# many there are.
DEEP_OFFSET = 5_000
_ALL = (NO_FILTERS,)


class Matches(Struct, frozen=True):
    """Orders of a page by what they are sorted by: the time of the last change, where the query sorts by it, and the id.

    `last` is set where the page ended early.
    """

    keys: list[tuple[int, ...]]
    last: int | None = None

    @property
    def order_ids(self) -> list[int]:
        """The orders' ids in the query's order."""
        return [key[-1] for key in self.keys]


# ----------------------------------------------------------------------------------------------------------------- pages
async def page(tx: Transaction, organization_id: int, query: OrderQuery) -> OrderPage:
    """Read the page of a query; only its own orders are read."""
    if query.words:
        return await word_search.search(
            tx, organization_id, query.words, query.any_of[0], before=query.before, limit=query.limit
        )
    found = await matches(tx, organization_id, query)
    return OrderPage(await by_ids(tx, organization_id, found.order_ids), found.last)


async def matches(tx: Transaction, organization_id: int, query: OrderQuery) -> Matches:
    """Find the orders of a page without reading them."""
    if len(query.any_of) == 1:
        return await _matches_of_one(tx, organization_id, query)
    first = msgspec.structs.replace(query, offset=0, limit=query.offset + query.limit, is_complete=True)
    parts = [
        await _matches_of_one(tx, organization_id, msgspec.structs.replace(first, any_of=(filters,)))
        for filters in query.any_of
    ]
    return _merged(parts, query)


async def event_hashes(tx: Transaction, organization_id: int, query: OrderQuery) -> tuple[dict[int, bytes], int | None]:
    """Find the orders of a page by receipt, newest first: by id, the hash of each one's last event; and the page's `last`."""
    rows, last = await _rows(tx, organization_id, query, statements.event_hashes_statement)
    return {order_id: bytes(event_hash) for order_id, event_hash in rows}, last  # by name would take twice as long


async def _matches_of_one(tx: Transaction, organization_id: int, query: OrderQuery) -> Matches:
    rows, last = await _rows(tx, organization_id, query, statements.ids_statement)
    return Matches([tuple(row)[::-1] for row in rows], last)  # hot: up to 2,000 rows of a search, of one or two columns


def _merged(parts: Sequence[Matches], query: OrderQuery) -> Matches:
    """Merge alternatives, each read from its beginning, and cut the page.

    One that ended early is known only up to its last key, so nothing after that is given.
    """
    keys = sorted({key for part in parts for key in part.keys}, reverse=not query.ascending)
    ended = [part for part in parts if part.last is not None]
    if any(not part.keys for part in ended):
        keys = []
    elif ended:
        nearest = min if query.ascending else max
        keys = keys[: keys.index(nearest(part.keys[-1] for part in ended)) + 1]
    keys = keys[query.offset : query.offset + query.limit]
    return Matches(keys, ended[0].last if ended and len(keys) < query.limit else None)


async def _rows(
    tx: Transaction, organization_id: int, query: OrderQuery, statement: Callable[[IndexScan], Statement]
) -> tuple[Sequence[Row], int | None]:
    """Read the rows of a page of one alternative, and where the page ended early."""
    (filters,) = query.any_of
    names = filter_names(filters)
    values = filter_values(filters, names)
    leading_index, entries = await planner.choose_index(tx, organization_id, names, values, query.sort)
    values |= {"organization_id": organization_id, "limit": query.limit, "offset": query.offset, "cursor": query.before}
    scan = IndexScan(names, query.sort, query.ascending, query.before is not None, leading_index)
    most = planner.MAX_ENTRIES_SCANNED_COMPLETE if query.is_complete else planner.MAX_ENTRIES_SCANNED
    scan, values, last = await _bounded(tx, scan, values, entries, most=most)
    if scan.is_sorted_after and last is not None:  # entries after the end may belong before those that were scanned
        return [], last
    if query.offset >= DEEP_OFFSET and not scan.has_remaining_filters and COUNTED_FIELDS.issuperset(names):
        return await _rows_from_nearer_end(tx, organization_id, query, scan, values, statement), None
    rows = await tx.rows(statement(scan), **values)
    return rows, last if len(rows) < query.limit else None


async def _bounded(
    tx: Transaction, scan: IndexScan, values: dict[str, Any], entries: int | None, *, most: int
) -> tuple[IndexScan, dict[str, Any], int | None]:
    """End a scan after `most` entries where its matches may be rare; also gives the id it ends with, if any.

    `entries` is the number of the index's entries, where it is known.
    """
    is_short = scan.leading_index == UPDATED_INDEX or (entries is not None and entries < most)
    if is_short or not scan.has_remaining_filters:
        return scan, values, None
    rows = await tx.rows(statements.end_statement(scan), **values, skipped=most - 1)
    if not rows:
        return scan, values, None
    (row,) = rows
    end = row["updated_at"] if scan.is_by_change else row["order_id"]
    return msgspec.structs.replace(scan, has_end=True), values | {"end": end}, row["order_id"]


async def _rows_from_nearer_end(
    tx: Transaction,
    organization_id: int,
    query: OrderQuery,
    scan: IndexScan,
    values: dict[str, Any],
    statement: Callable[[IndexScan], Statement],
) -> Sequence[Row]:
    """Read the rows of a deep page whose total is stored, backwards where the end is nearer than the beginning.

    An offset skips all entries before it: of 400,000 orders the last page took 40 ms, and takes what the first one does
    (docs/decisions/0009).
    """
    left = await count(tx, organization_id, query.any_of[0]) - query.offset
    limit = max(0, min(query.limit, left))
    if left - limit >= query.offset:
        return await tx.rows(statement(scan), **values | {"limit": limit})
    backwards = msgspec.structs.replace(scan, ascending=not scan.ascending)
    rows = await tx.rows(statement(backwards), **values | {"limit": limit, "offset": max(0, left - limit)})
    return rows[::-1]


# ---------------------------------------------------------------------------------------------------------------- counts
async def count(tx: Transaction, organization_id: int, filters: Filters) -> int:
    """Count orders; exact where only door and status are filtered, else at most MAX_COUNT."""
    return (await counts_of(tx, organization_id, (filters,)))[0]


async def counts_of(tx: Transaction, organization_id: int, any_of: Sequence[Filters]) -> list[int]:
    """Count the orders of each alternative, as `count` does."""
    stored = await _stored_counts(tx, organization_id, any_of)
    return [stored[filters] if filters in stored else await _count(tx, organization_id, filters) for filters in any_of]


async def most_there_can_be(tx: Transaction, organization_id: int, any_of: Sequence[Filters]) -> int:
    """Return a number that the orders of some alternatives do not exceed, from stored counts."""
    stored = await _stored_counts(tx, organization_id, (*any_of, NO_FILTERS))
    everything = stored[NO_FILTERS]
    return min(everything, sum(stored.get(filters, everything) for filters in any_of))


async def _stored_counts(tx: Transaction, organization_id: int, any_of: Sequence[Filters]) -> dict[Filters, int]:
    """Return the counts of those alternatives that are stored."""
    counted = [filters for filters in any_of if COUNTED_FIELDS.issuperset(filter_names(filters))]
    if not counted:
        return {}
    stored = await order_counts.counts(tx, organization_id)
    return {
        filters: sum(
            number
            for (door, status), number in stored.items()
            if filters.door in (None, door) and filters.status in (None, status)
        )
        for filters in counted
    }


async def _count(tx: Transaction, organization_id: int, filters: Filters) -> int:
    names = filter_names(filters)
    values = filter_values(filters, names)
    values |= {"organization_id": organization_id, "limit": planner.MAX_COUNT}
    if UPDATED_RANGE.issuperset(names):
        scan, entries = IndexScan(names, sort="updated"), None
    else:
        leading_index, entries = await planner.choose_index(tx, organization_id, names, values, "created")
        scan = IndexScan(names, leading_index=leading_index)
    scan, values, _ = await _bounded(tx, scan, values, entries, most=planner.MAX_ENTRIES_SCANNED_COMPLETE)
    (row,) = await tx.rows(statements.count_statement(scan), **values)
    return int(row["orders"])


# ------------------------------------------------------------------------------------------------------------ candidates
async def candidates(
    tx: Transaction, organization_id: int, any_of: Sequence[Filters], *, limit: int
) -> set[int] | None:
    """Find the ids of all orders that match an alternative; None where there are more than `limit`, or a scan ends early."""
    stored = await _stored_counts(tx, organization_id, any_of)
    if any(number > limit for number in stored.values()):
        return None
    found: set[int] = set()
    for filters in any_of:
        some = await _all_of_one(tx, organization_id, filters, limit=limit + 1)
        if some is None:
            return None
        found.update(some)
        if len(found) > limit:
            return None
    return found


async def _all_of_one(tx: Transaction, organization_id: int, filters: Filters, *, limit: int) -> list[int] | None:
    for sort in planner.sorts_to_try(filters):
        query = OrderQuery(any_of=(filters,), sort=sort, limit=limit, is_complete=True)
        part = await matches(tx, organization_id, query)
        if part.last is None:
            return part.order_ids
    return None

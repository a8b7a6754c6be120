"""The SQL of an index scan: the ids of a page, their event hashes, where the scan ends, how many orders there are.

What bounds a scan also bounds the rows it is compared with, so that no comparison begins at the newest order for a page deep
in the list.
"""

from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Select, Table, bindparam, false, func, select, true

from crossdock.store.dialect import IndexedEqual
from crossdock.store.order_query.query import PARTIAL_INDEXES, UPDATED_RANGE, Sort
from crossdock.store.protocols import Statement
from crossdock.store.tables import order_line, order_term, orders

# The index of `updated_at`, scanned for a page sorted by receipt: only where few orders changed in the range, because all of
# them are sorted by receipt before the page is cut.
UPDATED_INDEX = "updated"


class IndexScan(Struct, frozen=True):
    """What the text of a page's statements depends on: the names of the filters, the order, the index and its bounds.

    A `continued` scan begins after the parameter `cursor`, an order's id (sorted by receipt only). One that `has_end` ends with
    the parameter `end`: an order's id, or the time of a change where the scan is by change.
    """

    names: tuple[str, ...]
    sort: Sort = "created"
    ascending: bool = False
    continued: bool = False
    leading_index: str | None = None
    has_end: bool = False

    @property
    def has_remaining_filters(self) -> bool:
        """Whether entries of the scanned index can fail a filter that the index does not hold, or are in another order."""
        if self.leading_index == UPDATED_INDEX:
            return True
        if self.sort == "updated":
            return self.leading_index is not None or not set(self.names) <= UPDATED_RANGE
        return not set(self.names) <= {self.leading_index, "created_from", "created_to"}

    @property
    def is_by_change(self) -> bool:
        """Whether the scanned index is in the order of the last changes."""
        return self.leading_index == UPDATED_INDEX or (self.sort == "updated" and self.leading_index is None)

    @property
    def is_sorted_after(self) -> bool:
        """Whether the entries must be sorted after the scan, so that the first ones scanned need not be first on the page."""
        return self.sort == "updated" and self.leading_index is not None


@cache
def probe_statement(names: tuple[str, ...], changes: tuple[str, ...]) -> Statement:
    """Count, up to `probe_limit`, the entries of several indexes for their filters; `changes` is a range of changes."""
    scans = [IndexScan((name,), leading_index=name) for name in names]
    scans += [IndexScan(changes, leading_index=UPDATED_INDEX)] if changes else []
    counts = []
    for scan in scans:
        entries = leading_rows(scan).limit(bindparam("probe_limit")).subquery(f"some_{scan.leading_index}")
        count = select(func.count()).select_from(entries).scalar_subquery()
        counts.append(count.label(f"entries_of_{scan.leading_index}"))
    # Statements that are planned for their values follow it: asked for with the first statement, that costs no round trip.
    return Statement(select(*counts), needs_custom_plan=True)


_INDEXED: dict[str, tuple[Table, Column[Any]]] = {
    "sku": (order_line, order_line.c.sku_key),
    "location": (order_line, order_line.c.location_key),
    "term": (order_term, order_term.c.term),
    "tag": (order_term, order_term.c.term),
    "number": (orders, orders.c.number_key),
    "email": (orders, orders.c.email_key),
    "status": (orders, orders.c.status),
    "door": (orders, orders.c.door),
    "archived": (orders, orders.c.archived),
    "balanced": (orders, orders.c.balanced),
}


def _leading_column(scan: IndexScan) -> tuple[Table, Column[Any] | None]:
    """Return the table of the scanned index and its leading column; None where the index is of all orders."""
    return _INDEXED.get(scan.leading_index or "", (orders, None))


# Parameters: those of `filter_values`, `organization_id`, and those of the scan.
@cache
def ids_statement(scan: IndexScan) -> Statement:
    """Select the ids of a page's orders, then `updated_at` where that is known; `limit` after `offset`."""
    query = _page_rows(scan).limit(bindparam("limit")).offset(bindparam("offset"))
    return Statement(query, needs_custom_plan=bool(_lookups(scan)))


@cache
def event_hashes_statement(scan: IndexScan) -> Statement:
    """Select, for a page by receipt, the ids of its orders, each with the hash of the order's last event."""
    some = _page_rows(scan).limit(bindparam("limit")).offset(bindparam("offset")).subquery("some_page")
    order_id, of_page = some.c.order_id, orders.alias("of_page")
    # Looked up for the rows of the page, and not for those skipped.
    event_hash = select(of_page.c.event_hash).where(
        of_page.c.organization_id == bindparam("organization_id"), of_page.c.order_id == order_id
    )
    query = select(order_id, event_hash.scalar_subquery().label("event_hash"))
    query = query.order_by(order_id.asc() if scan.ascending else order_id.desc())
    return Statement(query, needs_custom_plan=bool(_lookups(scan)))


@cache
def end_statement(scan: IndexScan) -> Statement:
    """Select one entry of the scanned index, after `skipped` others: the columns of `ids_statement`."""
    return Statement(leading_rows(scan).limit(1).offset(bindparam("skipped")))


@cache
def count_statement(scan: IndexScan) -> Statement:
    """Count the orders that match, up to `limit`, as `orders`."""
    some = _page_rows(scan).limit(bindparam("limit")).subquery("some")
    return Statement(select(func.count().label("orders")).select_from(some), needs_custom_plan=bool(_lookups(scan)))


def leading_rows(scan: IndexScan) -> Select[Any]:
    """Select the ids of the scanned index in its order, within the range of receipt and the bounds of the scan."""
    leading_index = scan.leading_index
    table, column = _leading_column(scan)
    keys = [table.c.order_id]
    query = select(table.c.order_id).where(table.c.organization_id == bindparam("organization_id"))
    if column is not None and leading_index is not None:
        # A partial index is used only where its condition is a literal.
        partial = {True: true(), False: false(), None: bindparam(leading_index)}[PARTIAL_INDEXES.get(leading_index)]
        query = query.where(column == partial)
    if table is order_line:  # several lines of one order may match
        query = query.distinct()
    if scan.is_by_change:
        # No range of receipt here: its rows would be searched for among entries that the end does not count.
        keys = [orders.c.updated_at, orders.c.order_id]
        query = query.add_columns(orders.c.updated_at).where(*_bounds_of_changes(scan))
    else:
        query = query.where(*_bounds(scan, table.c.order_id))
    return query.order_by(*(key.asc() if scan.ascending else key.desc() for key in keys))


def _bounds(scan: IndexScan, order_id: Any) -> list[Any]:
    """Return the conditions on an id that follow from the range of receipt and the bounds of a scan by receipt."""
    conditions: list[Any] = []
    if "created_from" in scan.names:
        conditions.append(order_id >= bindparam("floor_id"))
    if "created_to" in scan.names or "updated_to" in scan.names:
        conditions.append(order_id < bindparam("ceiling_id"))
    if scan.continued:
        conditions.append(order_id > bindparam("cursor") if scan.ascending else order_id < bindparam("cursor"))
    if scan.has_end:
        conditions.append(order_id <= bindparam("end") if scan.ascending else order_id >= bindparam("end"))
    return conditions


def _bounds_of_changes(scan: IndexScan) -> list[Any]:
    at, conditions = orders.c.updated_at, []
    if "updated_from" in scan.names:
        conditions.append(at >= bindparam("updated_from"))
    if "updated_to" in scan.names:
        conditions.append(at < bindparam("updated_to"))
    if scan.continued:  # only where few orders changed, so few entries are skipped
        conditions.append(orders.c.order_id < bindparam("cursor"))
    if scan.has_end:
        conditions.append(at <= bindparam("end") if scan.ascending else at >= bindparam("end"))
    return conditions


def _page_rows(scan: IndexScan) -> Select[Any]:
    """Select the ids of the scanned index that meet all filters, in the order asked for."""
    rows = leading_rows(scan)
    if _is_direct(scan):
        within = [_comparison(orders.c.created_at, name) for name in scan.names if _is_in_row(scan, name)]
        return rows.where(*within, *_remaining_filters(scan, rows.selected_columns.order_id))
    some = rows.subquery("some")
    conditions = _remaining_filters(scan, some.c.order_id)
    if scan.sort == "created":
        query, keys = select(some.c.order_id), [some.c.order_id]
    else:
        keys = [orders.c.updated_at, some.c.order_id]
        query = select(some.c.order_id, orders.c.updated_at).join(orders, orders.c.order_id == some.c.order_id)
        conditions.append(orders.c.organization_id == bindparam("organization_id"))
    return query.where(*conditions).order_by(*(key.asc() if scan.ascending else key.desc() for key in keys))


def _is_direct(scan: IndexScan) -> bool:
    """Tell whether the scan is in the order of the page, so that nothing is sorted before the page is cut."""
    return scan.leading_index != UPDATED_INDEX and not scan.is_sorted_after


def _is_in_row(scan: IndexScan, name: str) -> bool:
    """Tell whether the scanned row of `orders` holds the column and no index does: a condition cannot change the plan then."""
    return name.startswith("created") and _is_direct(scan) and _leading_column(scan)[0] is orders


def _lookups(scan: IndexScan) -> list[str]:
    """Name the filters that neither the scanned index nor its row decides."""
    of_index = {scan.leading_index, *(UPDATED_RANGE if scan.is_by_change else ())}
    return [name for name in scan.names if name not in of_index and not _is_in_row(scan, name)]


def _comparison(column: Any, name: str) -> Any:
    if not name.startswith(("created", "updated")):
        return column == bindparam(name)
    return column >= bindparam(name) if name.endswith("from") else column < bindparam(name)


def _remaining_filters(scan: IndexScan, order_id: Any) -> list[Any]:
    """Return the conditions that are looked up for each order of the scanned index.

    Each is an EXISTS that reads an index of its own: beside a condition on the same table, or in a join, SQLite, which keeps no
    frequencies of values, would now and then scan another index.
    """
    conditions: list[Any] = []
    for name in _lookups(scan):
        is_time = name.startswith(("created", "updated"))
        table, column = (orders, orders.c[f"{name[:7]}_at"]) if is_time else _INDEXED[name]
        other = table.alias(f"of_{name}")
        bounds = [] if scan.is_by_change else _bounds(scan, other.c.order_id)
        of_order = other.c.order_id == order_id if is_time else IndexedEqual(other.c.order_id, order_id)
        matches = _comparison(other.c[column.name], name)
        conditions_of_row = (other.c.organization_id == bindparam("organization_id"), of_order, matches, *bounds)
        conditions.append(select(other.c.order_id).where(*conditions_of_row).exists())  # the index alone answers this
    return conditions

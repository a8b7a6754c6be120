"""How a page of orders is found: which index is walked, and the statements that walk it.

A walk is of one index in its order. What else a page is narrowed to is looked at in a bounded number of its rows: first the
walk's end is found, the row after so many, then the rows up to there that fit. What bounds a walk also bounds the rows it is
compared with, so that no join begins at the newest order for a page deep in the book.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Select, Table, bindparam, func, select, true

from crossdock.core.ids import first_id_at, index_key
from crossdock.store.dialect import IndexedEqual
from crossdock.store.orders import fold, tag_term
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import order_line, order_term, orders

# Where counting stops which index a page should walk; so many entries take about 0.1 ms.
PROBE_LIMIT = 1_000
# Which index a page walks: the first of these it is narrowed by, most selective first.
LEADING_INDEXES = ("number", "email", "term", "tag", "archived", "sku", "location", "status", "door")
# Those that leave so few orders that they are sorted by change afterwards.
_SELECTIVE = LEADING_INDEXES[:7]
# The index of changes, as what a page by receipt walks: only where few changed in the time asked for, because all of them are
# sorted by receipt before the page is cut.
CHANGES = "changes"
OF_CHANGES = frozenset({"updated_from", "updated_to"})


class Filters(Struct, frozen=True):
    """What a page is narrowed to; None does not narrow. `created_from` is included, `created_to` is not (microseconds).

    `term` is a word an order must have (see orders.terms_of), `tag` a tag.
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
    term: str | None = None
    tag: str | None = None


def names_of(filters: Filters) -> tuple[str, ...]:
    """Give the names of what narrows a page."""
    return tuple(name for name in Filters.__struct_fields__ if getattr(filters, name) is not None)


def values_of(filters: Filters, names: Iterable[str]) -> dict[str, Any]:
    """Give what the statements compare with, by the names of their parameters."""
    values: dict[str, Any] = {name: getattr(filters, name) for name in names}
    for name in ("number", "sku", "location"):
        if name in values:
            values[name] = index_key(values[name])
    if "email" in values:
        values["email"] = index_key(values["email"].lower())
    if "term" in values:
        values["term"] = fold(values["term"])
    if "tag" in values:
        values["tag"] = tag_term(values["tag"])
    if "created_from" in values:  # ids sort by time, so every index that ends in the id narrows the range
        values["floor_id"] = first_id_at(values["created_from"])
    ends = [values[name] for name in ("created_to", "updated_to") if name in values]
    if ends:  # no order changes before it is received
        values["ceiling_id"] = first_id_at(min(ends) + 1000)
    return values


class IndexScan(Struct, frozen=True):
    """What a page's statements depend on: filters by name, order, the index walked, where it begins and ends.

    A walk that is `continued` begins after the parameter `mark`, an order's id; only walks by receipt do. One that is `ended`
    ends with the parameter `end`: an order's id, or the time of a change in a walk by change.
    """

    names: tuple[str, ...]
    sort: str = "created"
    ascending: bool = False
    continued: bool = False
    leading_index: str | None = None
    ended: bool = False

    @property
    def has_remaining_filters(self) -> bool:
        """Whether rows of the walked index can fail a filter that the index does not know, or are in another order."""
        if self.leading_index == CHANGES:
            return True
        if self.sort == "updated":
            return self.leading_index is not None or not set(self.names) <= OF_CHANGES
        return not set(self.names) <= {self.leading_index, "created_from", "created_to"}

    @property
    def is_by_change(self) -> bool:
        """Whether the rows walked are in the order of the orders' last changes."""
        return self.leading_index == CHANGES or (self.sort == "updated" and self.leading_index is None)

    @property
    def is_sorted_after(self) -> bool:
        """Whether the first rows walked need not be the first of the page."""
        return self.sort == "updated" and self.leading_index is not None


async def choose_index(
    tx: Transaction, organization_id: int, names: Sequence[str], values: Mapping[str, Any], sort: str
) -> tuple[str | None, int | None]:
    """Choose the filter whose index a page walks: that of the fewest rows, as far as they are counted.

    Sorted by change, only one that leaves few orders is worth it; None is the index of all orders, or of changes. Also gives
    the number of its rows, where they were counted to the end.
    """
    drivers = LEADING_INDEXES if sort == "created" else _SELECTIVE
    some = [name for name in drivers if name in names and (name != "archived" or values[name])]
    changes = tuple(name for name in names if name in OF_CHANGES) if sort == "created" else ()
    if some[:1] == ["number"]:  # of one number there are few
        return "number", None
    if len(some) < 2 and not changes:
        return (some[0] if some else None), None
    given = {name: values[name] for name in (*some, *changes)}
    statement = _probe_statement(tuple(some), changes)
    ((*found,),) = await tx.rows(statement, organization_id=organization_id, probed=PROBE_LIMIT, **given)
    counted = dict(zip((*some, CHANGES), found, strict=False))
    if counted.get(CHANGES) == PROBE_LIMIT:  # or more
        del counted[CHANGES]
    leading_index = min(counted, key=counted.__getitem__, default=None)
    return leading_index, counted[leading_index] if leading_index is not None and counted[
        leading_index
    ] < PROBE_LIMIT else None


@cache
def _probe_statement(names: tuple[str, ...], changes: tuple[str, ...]) -> Statement:
    index_scans = [IndexScan((name,), leading_index=name) for name in names] + [
        IndexScan(changes, leading_index=CHANGES)
    ] * bool(changes)
    counted = []
    for walk in index_scans:
        some = leading_rows(walk).limit(bindparam("probed")).subquery(f"some_{walk.leading_index}")
        counted.append(select(func.count()).select_from(some).scalar_subquery())
    # Statements that are planned anew follow it: said with the first of a block, that costs no turn.
    return Statement(select(*counted), is_varied=True)


# ----------------------------------------------------------------------------------------------------------- statements
_WALKED: dict[str, tuple[Table, Column[Any]]] = {
    "sku": (order_line, order_line.c.sku_key),
    "location": (order_line, order_line.c.location_key),
    "term": (order_term, order_term.c.term),
    "tag": (order_term, order_term.c.term),
    "number": (orders, orders.c.number_key),
    "email": (orders, orders.c.email_key),
    "status": (orders, orders.c.status),
    "door": (orders, orders.c.door),
    "archived": (orders, orders.c.archived),
}


def _walked_by(walk: IndexScan) -> tuple[Table, Column[Any] | None]:
    """Give the table of the walked index, and the column its values are in; None where the index is of all orders."""
    return _WALKED.get(walk.leading_index or "", (orders, None))


# Their parameters are those of `values_of`, `organization_id`, and those of the walk.
@cache
def ids_statement(walk: IndexScan) -> Statement:
    """Give the statement of a page: the ids of its orders, then what else they are sorted by; `limit` after `offset`."""
    query = _narrowed(walk).limit(bindparam("limit")).offset(bindparam("offset"))
    return Statement(query, is_varied=bool(_looked_up(walk)))


@cache
def states_statement(walk: IndexScan) -> Statement:
    """As `ids_statement`, of a page by receipt: the ids of its orders, and the hash of each one's last event."""
    some = _narrowed(walk).limit(bindparam("limit")).offset(bindparam("offset")).subquery("some_page")
    order_id, of_page = some.c.order_id, orders.alias("of_page")
    # Looked up for the rows of the page, and not for those passed over.
    state = select(of_page.c.event_hash).where(
        of_page.c.organization_id == bindparam("organization_id"), of_page.c.order_id == order_id
    )
    query = select(order_id, state.scalar_subquery()).order_by(order_id.asc() if walk.ascending else order_id.desc())
    return Statement(query, is_varied=bool(_looked_up(walk)))


@cache
def end_statement(walk: IndexScan) -> Statement:
    """Give the statement that finds one row of the walked index, after `passed` others: as in `ids_statement`."""
    return Statement(leading_rows(walk).limit(1).offset(bindparam("passed")))


@cache
def count_statement(walk: IndexScan) -> Statement:
    """Give the statement that counts a page's orders up to `limit`."""
    some = _narrowed(walk).limit(bindparam("limit")).subquery("some")
    return Statement(select(func.count()).select_from(some), is_varied=bool(_looked_up(walk)))


def leading_rows(walk: IndexScan) -> Select[Any]:
    """Select the ids of the walked index in order; times by receipt narrow it, so does where the walk begins and ends."""
    leading_index = walk.leading_index
    table, column = _walked_by(walk)
    keys = [table.c.order_id]
    query = select(table.c.order_id).where(table.c.organization_id == bindparam("organization_id"))
    if column is not None and leading_index is not None:
        # A partial index is only seen by a condition that is written out.
        query = query.where(column == (true() if leading_index == "archived" else bindparam(leading_index)))
    if table is order_line:  # several lines of one order may match
        query = query.distinct()
    if walk.is_by_change:
        # What was received when is not looked at here: the ids would be looked for in rows that the end does not count.
        keys = [orders.c.updated_at, orders.c.order_id]
        query = query.add_columns(orders.c.updated_at).where(*_bounds_of_changes(walk))
    else:
        query = query.where(*_bounds(walk, table.c.order_id))
    return query.order_by(*(key.asc() if walk.ascending else key.desc() for key in keys))


def _bounds(walk: IndexScan, order_id: Any) -> list[Any]:
    """Give the conditions that times by receipt, and where a walk by receipt begins and ends, set for an id."""
    found: list[Any] = []
    if "created_from" in walk.names:
        found.append(order_id >= bindparam("floor_id"))
    if "created_to" in walk.names or "updated_to" in walk.names:
        found.append(order_id < bindparam("ceiling_id"))
    if walk.continued:
        found.append(order_id > bindparam("mark") if walk.ascending else order_id < bindparam("mark"))
    if walk.ended:
        found.append(order_id <= bindparam("end") if walk.ascending else order_id >= bindparam("end"))
    return found


def _bounds_of_changes(walk: IndexScan) -> list[Any]:
    at, found = orders.c.updated_at, []
    if "updated_from" in walk.names:
        found.append(at >= bindparam("updated_from"))
    if "updated_to" in walk.names:
        found.append(at < bindparam("updated_to"))
    if walk.continued:  # there are few to be passed over
        found.append(orders.c.order_id < bindparam("mark"))
    if walk.ended:
        found.append(at <= bindparam("end") if walk.ascending else at >= bindparam("end"))
    return found


def _narrowed(walk: IndexScan) -> Select[Any]:
    """Select the ids of a page: those of the walked index that fit, in the order asked for."""
    rows = leading_rows(walk)
    if _is_direct(walk):
        within = [_compared(orders.c.created_at, name) for name in walk.names if _is_in_row(walk, name)]
        return rows.where(*within, *_remaining_filters(walk, rows.selected_columns.order_id))
    some = rows.subquery("some")
    conditions = _remaining_filters(walk, some.c.order_id)
    if walk.sort == "created":
        query, keys = select(some.c.order_id), [some.c.order_id]
    else:
        keys = [orders.c.updated_at, some.c.order_id]
        query = select(some.c.order_id, orders.c.updated_at).join(orders, orders.c.order_id == some.c.order_id)
        conditions.append(orders.c.organization_id == bindparam("organization_id"))
    return query.where(*conditions).order_by(*(key.asc() if walk.ascending else key.desc() for key in keys))


def _is_direct(walk: IndexScan) -> bool:
    """Say whether the rows walked are in the order of the page, and need not be sorted before it is cut."""
    return walk.leading_index != CHANGES and not walk.is_sorted_after


def _is_in_row(walk: IndexScan, name: str) -> bool:
    """Say whether the row of the order that is walked says it, and no index does, so that none is walked instead."""
    return name.startswith("created") and _is_direct(walk) and _walked_by(walk)[0] is orders


def _looked_up(walk: IndexScan) -> list[str]:
    """Name the filters that neither the walked index nor the row settles."""
    of_index = {walk.leading_index, *(OF_CHANGES if walk.is_by_change else ())}
    return [name for name in walk.names if name not in of_index and not _is_in_row(walk, name)]


def _compared(column: Any, name: str) -> Any:
    if not name.startswith(("created", "updated")):
        return column == bindparam(name)
    return column >= bindparam(name) if name.endswith("from") else column < bindparam(name)


def _remaining_filters(walk: IndexScan, order_id: Any) -> list[Any]:
    """Give the conditions that are looked up for an order of the walked index.

    Each looks the order up in an index of its own: beside a condition on the same table, or in a join, SQLite, which knows no
    frequencies, would now and then walk another index.
    """
    found: list[Any] = []
    for name in _looked_up(walk):
        moment = name.startswith(("created", "updated"))
        table, column = (orders, orders.c[f"{name[:7]}_at"]) if moment else _WALKED[name]
        other = table.alias(f"of_{name}")
        bounds = [] if walk.is_by_change else _bounds(walk, other.c.order_id)
        of_order = other.c.order_id == order_id if moment else IndexedEqual(other.c.order_id, order_id)
        fits = _compared(other.c[column.name], name)
        is_it = (other.c.organization_id == bindparam("organization_id"), of_order, fits, *bounds)
        found.append(select(other.c.order_id).where(*is_it).exists())  # all of it is in the index
    return found

"""Search catalog entries of a kind by parts of their search text and by time, in a sort order."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Select, bindparam, func, or_, select

from crossdock.store.catalog import CatalogEntry
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.records import columns_of
from crossdock.store.tables import catalog_entry

Sort = Literal["position", "created_at", "updated_at"]
_BOUNDS = ("created_from", "created_to", "updated_from", "updated_to", "before")


class Filter(Struct, frozen=True):
    """What entries of a kind must match: of each group of `terms` their search text holds one, and they were created and last
    changed at or after `…_from` and before `…_to` (microseconds since 1970). `before` is the position after which a page goes
    on."""

    kind: str
    terms: tuple[tuple[str, ...], ...] = ()
    created_from: int | None = None
    created_to: int | None = None
    updated_from: int | None = None
    updated_to: int | None = None
    before: int | None = None


@lru_cache(256)  # shapes of searches; a client program has few
def _statement(groups: tuple[int, ...], bounds: tuple[str, ...], sort: Sort | None, ascending: bool) -> Statement:
    """Make the statement for groups of so many terms and some bounds; without `sort` it counts."""
    table = catalog_entry.c
    query: Select[Any] = (
        select(func.count().label("entries")) if sort is None else select(*columns_of(catalog_entry, CatalogEntry))
    )
    query = query.select_from(catalog_entry).where(
        table.organization_id == bindparam("organization_id"), table.kind == bindparam("kind")
    )
    for group, terms in enumerate(groups):
        likes = [table.search.like(bindparam(f"term_{group}_{number}"), escape="\\") for number in range(terms)]
        query = query.where(or_(*likes))
    conditions = {
        "created_from": table.created_at >= bindparam("created_from"),
        "created_to": table.created_at < bindparam("created_to"),
        "updated_from": table.updated_at >= bindparam("updated_from"),
        "updated_to": table.updated_at < bindparam("updated_to"),
        "before": table.position < bindparam("before"),
    }
    query = query.where(*(conditions[name] for name in bounds))
    if sort is not None:
        columns = [table[sort], table.position] if sort != "position" else [table.position]
        query = query.order_by(*(column if ascending else column.desc() for column in columns))
        query = query.limit(bindparam("limit")).offset(bindparam("offset"))
    return Statement(query)


def _values(organization_id: int, filter: Filter) -> tuple[tuple[str, ...], dict[str, Any]]:
    bounds = tuple(name for name in _BOUNDS if getattr(filter, name) is not None)
    values: dict[str, Any] = {"organization_id": organization_id, "kind": filter.kind}
    values |= {name: getattr(filter, name) for name in bounds}
    for group, terms in enumerate(filter.terms):
        for number, term in enumerate(terms):
            escaped = term.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            values[f"term_{group}_{number}"] = f"%{escaped}%"
    return bounds, values


def _sizes(filter: Filter) -> tuple[int, ...]:
    return tuple(map(len, filter.terms))


async def entries(
    tx: Transaction, organization_id: int, filter: Filter, *, limit: int, offset: int = 0, sort: Sort = "position",
    ascending: bool = False,
) -> list[CatalogEntry]:  # fmt: skip
    """Read at most `limit` entries in their sort order, equal ones by position."""
    bounds, values = _values(organization_id, filter)
    statement = _statement(_sizes(filter), bounds, sort, ascending)
    rows: Sequence[Any] = await tx.rows(statement, limit=limit, offset=offset, **values)
    return [CatalogEntry(*row) for row in rows]


async def count(tx: Transaction, organization_id: int, filter: Filter) -> int:
    """Count the entries that match."""
    bounds, values = _values(organization_id, filter)
    (row,) = await tx.rows(_statement(_sizes(filter), bounds, None, True), **values)
    return int(row["entries"])

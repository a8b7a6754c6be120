"""The access log of an organization: who read and changed what."""

from collections.abc import Sequence
from functools import cache

import msgspec
from msgspec import Struct
from sqlalchemy import Integer, bindparam, delete, func, select

from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.records import check_columns, columns_of
from crossdock.store.tables import access_entry


class AccessEntry(Struct, frozen=True):
    """A request of a caller. `kind` is read or change, `actor_kind` client or person; `object` what it was about."""

    organization_id: int
    entry_id: int
    at: int
    actor: str
    actor_kind: str
    address: str | None
    door: str
    operation: str
    kind: str
    order_id: int | None
    object: str | None
    status: int


class AccessFilter(Struct, frozen=True):
    """Which entries to list; None sets no condition."""

    actor: str | None = None
    order_id: int | None = None
    operation: str | None = None
    kind: str | None = None


check_columns(access_entry, AccessEntry)
_COLUMNS = columns_of(access_entry, AccessEntry)
_OF = access_entry.c.organization_id == bindparam("organization_id")
# Entries that one filtered page looks at, at most. Those of an order have an index.
MAX_SCANNED = 5_000
_FILTERS = {
    "actor": access_entry.c.actor, "operation": access_entry.c.operation, "kind": access_entry.c.kind,
}  # fmt: skip


async def add(tx: Transaction, added: Sequence[AccessEntry]) -> None:
    """Store entries; one whose id is there already stays as it is."""
    await tx.claim(access_entry, sorted((msgspec.structs.astuple(each) for each in added), key=lambda row: row[:2]))


@cache
def _page(by_order: bool, filtered: tuple[str, ...]) -> tuple[Statement, Statement]:
    """Return the statement of a page, and that of the oldest entry it looked at."""
    seen = select(access_entry.c.entry_id).where(
        _OF, access_entry.c.entry_id < bindparam("before"), access_entry.c.entry_id >= bindparam("first")
    )
    if by_order:
        seen = seen.where(access_entry.c.order_id == bindparam("order_id"))
    window = seen.order_by(access_entry.c.entry_id.desc()).limit(bindparam("scanned", type_=Integer)).subquery()
    query = (
        select(*_COLUMNS)
        .select_from(window.join(access_entry, access_entry.c.entry_id == window.c.entry_id))
        .where(_OF, *(_FILTERS[name] == bindparam(name) for name in filtered))
        # By the id of the window, so that SQLite reads that first.
        .order_by(window.c.entry_id.desc())
        .limit(bindparam("limit", type_=Integer))
    )
    number = func.count().label("entries")
    return Statement(query), Statement(select(func.min(window.c.entry_id).label("oldest"), number))


async def page(
    tx: Transaction, organization_id: int, *, wanted: AccessFilter, before: int, first: int = 0, limit: int
) -> tuple[list[AccessEntry], int | None]:
    """Read at most `limit` entries with ids from `first` to below `before`, newest first.

    Looks at MAX_SCANNED at most. The second value is where to continue, None at the end.
    """
    given = {name: value for name in _FILTERS if (value := getattr(wanted, name)) is not None}
    statement, oldest = _page(wanted.order_id is not None, tuple(given))
    window = {"organization_id": organization_id, "before": before, "first": first}
    window["scanned"] = MAX_SCANNED if given else limit + 1
    if wanted.order_id is not None:
        window["order_id"] = wanted.order_id
    found = [AccessEntry(*row) for row in await tx.rows(statement, **window, **given, limit=limit + 1)]
    if len(found) > limit:
        return found[:limit], found[limit - 1].entry_id
    if not given:
        return found, None
    (scanned,) = await tx.rows(oldest, **window)
    return found, scanned["oldest"] if scanned["entries"] == MAX_SCANNED else None


# -------------------------------------------------------------------------------------------------- retention and erasure
_OLD = Statement(
    select(access_entry.c.entry_id)
    .where(_OF, access_entry.c.entry_id < bindparam("before"))
    .order_by(access_entry.c.entry_id)
    .limit(bindparam("limit"))
)
_REMOVE = Statement(delete(access_entry).where(_OF, AnyOf(access_entry.c.entry_id, "ids")))
_AFTER = Statement(
    select(access_entry.c.entry_id, access_entry.c.object)
    .where(_OF, access_entry.c.entry_id > bindparam("after"), access_entry.c.object.is_not(None))
    .order_by(access_entry.c.entry_id)
    .limit(bindparam("limit"))
)


async def prune(tx: Transaction, organization_id: int, *, before: int, limit: int) -> int:
    """Delete at most `limit` entries with ids below `before`, oldest first; return how many."""
    rows = await tx.rows(_OLD, organization_id=organization_id, before=before, limit=limit)
    if rows:
        await tx.run(_REMOVE, organization_id=organization_id, ids=[row["entry_id"] for row in rows])
    return len(rows)


async def objects_after(tx: Transaction, organization_id: int, *, after: int, limit: int) -> list[tuple[int, str]]:
    """Read id and object of at most `limit` entries with ids above `after` that have an object, oldest first."""
    rows = await tx.rows(_AFTER, organization_id=organization_id, after=after, limit=limit)
    return [(row["entry_id"], row["object"]) for row in rows]


async def forget_objects(tx: Transaction, organization_id: int, *, entry_ids: Sequence[int]) -> None:
    """Empty the objects of entries."""
    await tx.update(access_entry, ("object",), [(organization_id, each, None) for each in sorted(entry_ids)])

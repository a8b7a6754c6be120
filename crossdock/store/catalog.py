"""Catalog entries: what orders refer to, as documents by kind and key."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, func, or_, select, update

from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.tables import catalog_entry

EntryKey = tuple[str, str]  # kind and key of an entry
# What tells one state of an entry from every other, also of one added anew under its key: its position, its last change.
EntryVersion = tuple[int, int]


class RowVersion(Struct, frozen=True):
    """What an Entry is found by, and its state told from others."""

    key: str
    name: str
    position: int
    updated_at: int


class CatalogEntry(Struct, frozen=True):
    """Something a door's orders refer to: `key` is its id, `name` what else it is found by, `document` the door's JSON.

    `search` is the case-folded text that lists are searched in.
    """

    organization_id: int
    kind: str
    key: str
    name: str
    search: str
    position: int
    created_at: int
    updated_at: int
    document: bytes


def version_of(entry: CatalogEntry | RowVersion) -> EntryVersion:
    """Give an entry's stamp."""
    return entry.position, entry.updated_at


# -------------------------------------------------------------------------------------------------------------- catalog
def _entries_statement(by: str, *columns: Any) -> Statement:
    return Statement(
        select(*columns).where(
            catalog_entry.c.organization_id == bindparam("organization_id"),
            catalog_entry.c.kind == bindparam("kind"),
            AnyOf(catalog_entry.c[by], "keys"),
        )
    )


_ENTRIES = {by: _entries_statement(by, catalog_entry) for by in ("key", "name")}
_MARKS = {
    by: _entries_statement(by, *(catalog_entry.c[name] for name in RowVersion.__struct_fields__))
    for by in ("key", "name")
}


_CHANGE_ENTRY = Statement(
    update(catalog_entry)
    .where(
        catalog_entry.c.organization_id == bindparam("p_organization_id"),
        catalog_entry.c.kind == bindparam("p_kind"),
        catalog_entry.c.key == bindparam("p_key"),
        catalog_entry.c.document == bindparam("seen"),
    )
    .values(document=bindparam("document"), updated_at=bindparam("updated_at"))
)


_REMOVE_ENTRY = Statement(
    delete(catalog_entry).where(
        catalog_entry.c.organization_id == bindparam("organization_id"),
        catalog_entry.c.kind == bindparam("kind"),
        catalog_entry.c.key == bindparam("key"),
    )
)


async def entries(
    tx: Transaction, organization_id: int, *, kind: str, keys: Sequence[str], by: str = "key"
) -> list[CatalogEntry]:
    """Give the entries of a kind with these keys (or these names, with `by="name"`)."""
    if not keys:
        return []
    rows = await tx.rows(_ENTRIES[by], organization_id=organization_id, kind=kind, keys=keys)
    return [CatalogEntry(*row) for row in rows]


async def entry_versions(
    tx: Transaction, organization_id: int, *, kind: str, keys: Sequence[str], by: str = "key"
) -> list[RowVersion]:
    """As `entries`, without what they say."""
    if not keys:
        return []
    rows = await tx.rows(_MARKS[by], organization_id=organization_id, kind=kind, keys=keys)
    return [RowVersion(*row) for row in rows]


async def add_entry(tx: Transaction, added: CatalogEntry) -> bool:
    """Insert a catalog entry; False when its key is taken."""
    return bool(await tx.claim(catalog_entry, [msgspec.structs.astuple(added)]))


async def change_entry(tx: Transaction, organization_id: int, *, changed: CatalogEntry, seen: bytes) -> bool:
    """Write a changed entry's document and time if its document is still `seen`."""
    values = {"p_organization_id": organization_id, "p_kind": changed.kind, "p_key": changed.key, "seen": seen}
    return await tx.run(_CHANGE_ENTRY, **values, document=changed.document, updated_at=changed.updated_at) == 1


async def remove_entry(tx: Transaction, organization_id: int, *, kind: str, key: str) -> bool:
    """Delete a catalog entry; False when there is none. Its key is free afterwards."""
    return await tx.run(_REMOVE_ENTRY, organization_id=organization_id, kind=kind, key=key) == 1


@cache
def _list_statement(searched: bool, counting: bool) -> Statement:
    columns: Any = func.count() if counting else catalog_entry
    query = (
        select(columns)
        .select_from(catalog_entry)
        .where(
            catalog_entry.c.organization_id == bindparam("organization_id"), catalog_entry.c.kind == bindparam("kind")
        )
    )
    if searched:
        like = catalog_entry.c.search.like(bindparam("pattern"), escape="\\")
        query = query.where(or_(like, catalog_entry.c.key == bindparam("term")))
    if not counting:
        query = query.order_by(catalog_entry.c.position.desc()).limit(bindparam("limit")).offset(bindparam("offset"))
    return Statement(query)


async def list_entries(
    tx: Transaction, organization_id: int, *, kind: str, term: str | None, limit: int, offset: int
) -> tuple[list[CatalogEntry], int]:
    """Give a page of a kind, newest first, and how many there are; `term` narrows to text that holds it, or a key."""
    values: dict[str, Any] = {"organization_id": organization_id, "kind": kind}
    if term:
        escaped = term.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values |= {"pattern": f"%{escaped}%", "term": term}
    rows: Sequence[Row] = await tx.rows(_list_statement(bool(term), False), limit=limit, offset=offset, **values)
    total = await tx.rows(_list_statement(bool(term), True), **values)
    return [CatalogEntry(*row) for row in rows], int(total[0][0])

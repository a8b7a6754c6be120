"""Catalog entries: documents that orders refer to, by kind and key."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, func, or_, select, update

from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.records import check_columns, columns_of
from crossdock.store.tables import catalog_entry

EntryKey = tuple[str, str]  # kind and key of an entry
# Tells one state of an entry from every other, also after a removal under the same key: its position and last change.
EntryVersion = tuple[int, int]


class RowVersion(Struct, frozen=True):
    """The keys of an entry and its version, without its document."""

    key: str
    name: str
    position: int
    updated_at: int


class CatalogEntry(Struct, frozen=True, cache_hash=True):
    """A document that a door's orders refer to: `key` is its id, `name` a second key, `document` the door's JSON.

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
    version: int = 1


check_columns(catalog_entry, CatalogEntry)


def version_of(entry: CatalogEntry | RowVersion) -> EntryVersion:
    """Return the version of an entry."""
    return entry.position, entry.updated_at


# -------------------------------------------------------------------------------------------------------------- catalog
def _entries_statement(by: str, record: type[Struct]) -> Statement:
    return Statement(
        select(*columns_of(catalog_entry, record)).where(
            catalog_entry.c.organization_id == bindparam("organization_id"),
            catalog_entry.c.kind == bindparam("kind"),
            AnyOf(catalog_entry.c[by], "keys"),
        )
    )


_ENTRIES = {by: _entries_statement(by, CatalogEntry) for by in ("key", "name")}
_VERSIONS = {by: _entries_statement(by, RowVersion) for by in ("key", "name")}
_CHANGE_ENTRY = Statement(
    update(catalog_entry)
    .where(
        catalog_entry.c.organization_id == bindparam("p_organization_id"),
        catalog_entry.c.kind == bindparam("p_kind"),
        catalog_entry.c.key == bindparam("p_key"),
        catalog_entry.c.document == bindparam("seen"),
    )
    .values(
        document=bindparam("document"),
        name=bindparam("name"),
        search=bindparam("search"),
        updated_at=bindparam("updated_at"),
        version=catalog_entry.c.version + 1,
    )
)


_REMOVE_ENTRY = Statement(
    delete(catalog_entry).where(
        catalog_entry.c.organization_id == bindparam("organization_id"),
        catalog_entry.c.kind == bindparam("kind"),
        catalog_entry.c.key == bindparam("key"),
    )
)


_OF_ORGANIZATIONS = Statement(
    select(catalog_entry.c.organization_id, catalog_entry.c.document).where(
        AnyOf(catalog_entry.c.organization_id, "organizations"),
        catalog_entry.c.kind == bindparam("kind"),
        catalog_entry.c.key == bindparam("key"),
    )
)


async def documents_by_organization(
    tx: Transaction, organization_ids: Sequence[int], *, kind: str, key: str
) -> dict[int, bytes]:
    """Read the document that each of the organizations has under one key, where it has one."""
    if not organization_ids:
        return {}
    rows = await tx.rows(_OF_ORGANIZATIONS, organizations=organization_ids, kind=kind, key=key)
    return {row["organization_id"]: bytes(row["document"]) for row in rows}


async def entries(
    tx: Transaction, organization_id: int, *, kind: str, keys: Sequence[str], by: str = "key"
) -> list[CatalogEntry]:
    """Read the entries of a kind with these keys (or these names, with `by="name"`)."""
    if not keys:
        return []
    rows = await tx.rows(_ENTRIES[by], organization_id=organization_id, kind=kind, keys=keys)
    return [CatalogEntry(*row) for row in rows]


async def entry_versions(
    tx: Transaction, organization_id: int, *, kind: str, keys: Sequence[str], by: str = "key"
) -> list[RowVersion]:
    """Read the versions of entries, found as `entries` finds them."""
    if not keys:
        return []
    rows = await tx.rows(_VERSIONS[by], organization_id=organization_id, kind=kind, keys=keys)
    return [RowVersion(*row) for row in rows]


async def add_entry(tx: Transaction, added: CatalogEntry) -> bool:
    """Insert an entry; False where its key is taken."""
    return bool(await tx.claim(catalog_entry, [msgspec.structs.astuple(added)]))


async def change_entry(tx: Transaction, organization_id: int, *, changed: CatalogEntry, seen: bytes) -> bool:
    """Update an entry's document, name and text if its document is still `seen`; its version goes up by one."""
    values = {"p_organization_id": organization_id, "p_kind": changed.kind, "p_key": changed.key, "seen": seen}
    fields = {name: getattr(changed, name) for name in ("document", "name", "search", "updated_at")}
    return await tx.run(_CHANGE_ENTRY, **values, **fields) == 1


async def remove_entry(tx: Transaction, organization_id: int, *, kind: str, key: str) -> bool:
    """Delete an entry; False where there is none. Its key is free afterwards."""
    return await tx.run(_REMOVE_ENTRY, organization_id=organization_id, kind=kind, key=key) == 1


@cache
def _list_statement(searched: bool, counting: bool) -> Statement:
    columns: list[Any] = [func.count().label("entries")] if counting else columns_of(catalog_entry, CatalogEntry)
    query = (
        select(*columns)
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
    """Read a page of a kind, newest first, and count all; `term` filters by text that contains it, or by key."""
    values: dict[str, Any] = {"organization_id": organization_id, "kind": kind}
    if term:
        escaped = term.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values |= {"pattern": f"%{escaped}%", "term": term}
    rows: Sequence[Row] = await tx.rows(_list_statement(bool(term), False), limit=limit, offset=offset, **values)
    (count,) = await tx.rows(_list_statement(bool(term), True), **values)
    return [CatalogEntry(*row) for row in rows], int(count["entries"])

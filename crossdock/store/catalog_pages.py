"""Pages of catalog entries that begin after an entry, for lists of any length."""

from functools import cache
from typing import Any

from sqlalchemy import bindparam, or_, select

from crossdock.store.catalog import CatalogEntry
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.records import columns_of
from crossdock.store.tables import catalog_entry


@cache
def _statement(searched: bool) -> Statement:
    query = select(*columns_of(catalog_entry, CatalogEntry)).where(
        catalog_entry.c.organization_id == bindparam("organization_id"),
        catalog_entry.c.kind == bindparam("kind"),
        catalog_entry.c.position < bindparam("before"),
    )
    if searched:
        like = catalog_entry.c.search.like(bindparam("pattern"), escape="\\")
        query = query.where(or_(like, catalog_entry.c.key == bindparam("term")))
    return Statement(query.order_by(catalog_entry.c.position.desc()).limit(bindparam("limit")))


async def page_before(
    tx: Transaction, organization_id: int, *, kind: str, before: int, limit: int, term: str | None = None
) -> list[CatalogEntry]:
    """Read entries of a kind with positions below `before`, newest first; `term` filters by text or key."""
    values: dict[str, Any] = {"organization_id": organization_id, "kind": kind, "before": before, "limit": limit}
    if term:
        escaped = term.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values |= {"pattern": f"%{escaped}%", "term": term}
    return [CatalogEntry(*row) for row in await tx.rows(_statement(bool(term)), **values)]

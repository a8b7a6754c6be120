"""Lists of catalog entries: a page after an entry, or all of them, portion by portion."""

from collections.abc import AsyncIterator

from crossdock.core.ids import MAX_ID
from crossdock.flows.access import Caller
from crossdock.flows.catalog import CatalogEntry
from crossdock.flows.context import Context
from crossdock.store import catalog_pages as page_store

PORTION = 200  # entries read at a time of a whole list


async def page(
    context: Context, caller: Caller, *, kind: str, limit: int, before: int | None = None, term: str | None = None
) -> list[CatalogEntry]:
    """Read entries of a kind with positions below `before`, newest first; `term` is searched in their text."""
    async with context.store.reading() as tx:
        return await page_store.page_before(
            tx, caller.organization_id, kind=kind, before=before or MAX_ID, limit=limit, term=term
        )


async def portions(
    context: Context, caller: Caller, *, kind: str, term: str | None = None
) -> AsyncIterator[list[CatalogEntry]]:
    """Yield all entries of a kind, newest first."""
    before: int | None = None
    while entries := await page(context, caller, kind=kind, limit=PORTION, before=before, term=term):
        yield entries
        before = entries[-1].position

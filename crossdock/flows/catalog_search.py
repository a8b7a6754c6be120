"""Search catalog documents of a kind: by parts of their search text and by time, sorted and counted."""

from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import catalog_search
from crossdock.store.catalog import CatalogEntry as CatalogEntry
from crossdock.store.catalog_search import Filter as Filter
from crossdock.store.catalog_search import Sort as Sort


async def page(
    context: Context, caller: Caller, filter: Filter, *, limit: int, offset: int = 0, sort: Sort = "position",
    ascending: bool = False,
) -> list[CatalogEntry]:  # fmt: skip
    """Read at most `limit` entries, newest first where nothing else is asked for."""
    async with context.store.reading() as tx:
        return await catalog_search.entries(
            tx, caller.organization_id, filter, limit=limit, offset=offset, sort=sort, ascending=ascending
        )


async def count(context: Context, caller: Caller, filter: Filter) -> int:
    """Count the entries that match."""
    async with context.store.reading() as tx:
        return await catalog_search.count(tx, caller.organization_id, filter)

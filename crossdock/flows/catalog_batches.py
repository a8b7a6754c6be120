"""Several documents of the catalog in one transaction."""

from collections.abc import Callable, Mapping

from crossdock.core.errors import Code, Conflict, NotFound
from crossdock.flows import catalog
from crossdock.flows.access import Caller
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.context import Context
from crossdock.store import catalog as catalog_store

_ATTEMPTS = 5  # while others add the same entries


async def add_missing(context: Context, caller: Caller, *, kind: str, drafts: Mapping[str, Draft]) -> None:
    """Add entries by key, all or none; those that exist stay as they are.

    Refuses with Conflict `stale_version` where others add the same ones again and again.
    """
    for _ in range(_ATTEMPTS):
        try:
            async with context.store.writing() as tx:
                entries = await catalog_store.entries(tx, caller.organization_id, kind=kind, keys=list(drafts))
                known = {entry.key for entry in entries}
                for key in sorted(drafts.keys() - known):
                    await catalog.add_in(tx, context, caller, kind=kind, key=key, draft=drafts[key])
        except Conflict as conflict:
            if conflict.code is not Code.EXISTS:
                raise
            continue
        return
    raise Conflict(Code.STALE_VERSION, "the same entries are being added by other requests; try again")


class _Changed(Exception):
    """Another request has changed an entry since it was read."""


async def change_all(
    context: Context, caller: Caller, *, kind: str, makes: Mapping[str, Callable[[CatalogEntry], Draft]]
) -> list[CatalogEntry]:
    """Change entries by key to what is made of each, all or none, and return them in this order.

    Refuses with NotFound `not_found` where one is not there, and with Conflict `stale_version` where others change the same
    ones again and again.
    """
    for _ in range(_ATTEMPTS):
        try:
            async with context.store.writing() as tx:
                found = await catalog_store.entries(tx, caller.organization_id, kind=kind, keys=list(makes))
                before = {entry.key: entry for entry in found}
                for key in makes:
                    if key not in before:
                        raise NotFound(
                            Code.NOT_FOUND, f"there is no {kind.replace('_', ' ')} {key!r}", kind=kind, key=key
                        )
                changed = {}
                for key in sorted(makes):  # in one order, so that two requests never wait for each other
                    after = await catalog.change_in(tx, context, caller, before[key], makes[key](before[key]))
                    if after is None:
                        raise _Changed
                    changed[key] = after
        except _Changed:
            continue
        return [changed[key] for key in makes]
    raise Conflict(Code.STALE_VERSION, "the same entries are being changed by other requests; try again")

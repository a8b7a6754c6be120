"""Documents of the catalog: read, list, add, change and remove them, by kind and key.

What describes (locations, products, rules, settings, a vendor's lists) is a versioned document of its organization; what moves
is in the log.
"""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, NotFound
from crossdock.flows import allocation_setup
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import catalog as catalog_store
from crossdock.store.catalog import CatalogEntry as CatalogEntry
from crossdock.store.protocols import Transaction

_replace = msgspec.structs.replace
_ATTEMPTS = 5  # to change a document that others change at the same time


class Draft(Struct, frozen=True):
    """What an entry is to say: its document, the text that lists are searched in, and its second key (None: its key)."""

    document: bytes
    search: str = ""
    name: str | None = None


async def find(
    context: Context, caller: Caller, *, kind: str, keys: Sequence[str], by: str = "key"
) -> list[CatalogEntry]:
    """Read the entries of a kind with some keys (or names, with `by="name"`); those that are not there are left out."""
    async with context.store.reading() as tx:
        return await catalog_store.entries(tx, caller.organization_id, kind=kind, keys=keys, by=by)


async def get(context: Context, caller: Caller, *, kind: str, key: str, by: str = "key") -> CatalogEntry:
    """Read an entry. Refuses with NotFound `not_found`."""
    found = await find(context, caller, kind=kind, keys=[key], by=by)
    if not found:
        raise NotFound(Code.NOT_FOUND, f"there is no {kind.replace('_', ' ')} {key!r}", kind=kind, key=key)
    return found[0]


async def page(
    context: Context, caller: Caller, *, kind: str, limit: int, offset: int = 0, term: str | None = None
) -> tuple[list[CatalogEntry], int]:
    """Read a page of a kind, newest first, and count all; `term` is searched in their text."""
    async with context.store.reading() as tx:
        return await catalog_store.list_entries(
            tx, caller.organization_id, kind=kind, term=term, limit=limit, offset=offset
        )


async def all_of(context: Context, caller: Caller, *, kind: str) -> list[CatalogEntry]:
    """Read all entries of a kind, newest first."""
    entries, _ = await page(context, caller, kind=kind, limit=context.settings.catalog_most)
    return entries


async def add(context: Context, caller: Caller, *, kind: str, key: str, draft: Draft) -> CatalogEntry:
    """Add an entry. Refuses with Conflict `exists` where its key is taken."""
    async with context.store.writing() as tx:
        return await add_in(tx, context, caller, kind=kind, key=key, draft=draft)


async def add_in(
    tx: Transaction, context: Context, caller: Caller, *, kind: str, key: str, draft: Draft
) -> CatalogEntry:
    """As `add`, in a transaction."""
    now = context.clock()
    entry = CatalogEntry(
        caller.organization_id, kind, key, draft.name or key, draft.search.casefold(), context.id_generator.new(now),
        now, now, draft.document,
    )  # fmt: skip
    if not await catalog_store.add_entry(tx, entry):
        raise Conflict(Code.EXISTS, f"the {kind.replace('_', ' ')} {key!r} exists already", what=kind, key=key)
    allocation_setup.forget(context, caller.organization_id, kind)
    return entry


async def change(
    context: Context,
    caller: Caller,
    *,
    kind: str,
    key: str,
    make: Callable[[CatalogEntry | None], Draft],
    versions: frozenset[int] | None = None,
    create: bool = False,
) -> CatalogEntry:
    """Change an entry to what `make` returns for it; one that is not there is added where `create` says so (`make` gets None).

    Refuses with NotFound `not_found`, and with Conflict `stale_version` where its version is none of `versions`; 0 is
    that of an entry that is not there.
    """
    for _ in range(_ATTEMPTS):
        async with context.store.writing() as tx:
            found = await catalog_store.entries(tx, caller.organization_id, kind=kind, keys=[key])
            if not found and not create:
                raise NotFound(Code.NOT_FOUND, f"there is no {kind.replace('_', ' ')} {key!r}", kind=kind, key=key)
            before = found[0] if found else None
            now_at = 0 if before is None else before.version
            if versions is not None and now_at not in versions:
                raise Conflict(Code.STALE_VERSION, f"the {kind.replace('_', ' ')} is at version {now_at} by now")
            draft = make(before)
            if before is None:
                return await add_in(tx, context, caller, kind=kind, key=key, draft=draft)
            changed = await change_in(tx, context, caller, before, draft)
            if changed is not None:
                return changed
    raise Conflict(Code.STALE_VERSION, f"the {kind.replace('_', ' ')} is being changed by other requests; try again")


async def change_in(
    tx: Transaction, context: Context, caller: Caller, before: CatalogEntry, draft: Draft
) -> CatalogEntry | None:
    """Change an entry as it was read, in a transaction; None where another request has changed it since."""
    name, search = draft.name or before.name, draft.search.casefold()
    if (before.document, before.name, before.search) == (draft.document, name, search):
        return before
    changed = _replace(
        before, document=draft.document, name=name, search=search,
        updated_at=max(context.clock(), before.updated_at + 1),
    )  # fmt: skip
    if not await catalog_store.change_entry(tx, caller.organization_id, changed=changed, seen=before.document):
        return None
    allocation_setup.forget(context, caller.organization_id, before.kind)
    return _replace(changed, version=before.version + 1)


async def put_in(
    tx: Transaction,
    context: Context,
    caller: Caller,
    *,
    kind: str,
    key: str,
    make: Callable[[CatalogEntry | None], Draft],
) -> CatalogEntry:
    """Add an entry or change it to what `make` returns for it, in a transaction.

    Refuses with Conflict `stale_version` where another request does so at the same time: then nothing of the transaction may
    stay, and it has to be done again.
    """
    found = await catalog_store.entries(tx, caller.organization_id, kind=kind, keys=[key])
    changed = None
    if found:
        changed = await change_in(tx, context, caller, found[0], make(found[0]))
    else:
        try:
            return await add_in(tx, context, caller, kind=kind, key=key, draft=make(None))
        except Conflict as conflict:
            if conflict.code is not Code.EXISTS:
                raise
    if changed is None:
        reason = f"the {kind.replace('_', ' ')} is being changed by another request; try again"
        raise Conflict(Code.STALE_VERSION, reason)
    return changed


async def remove(context: Context, caller: Caller, *, kind: str, key: str) -> CatalogEntry:
    """Remove an entry and return it. Refuses with NotFound `not_found`."""
    async with context.store.writing() as tx:
        found = await catalog_store.entries(tx, caller.organization_id, kind=kind, keys=[key])
        if not found or not await catalog_store.remove_entry(tx, caller.organization_id, kind=kind, key=key):
            raise NotFound(Code.NOT_FOUND, f"there is no {kind.replace('_', ' ')} {key!r}", kind=kind, key=key)
    allocation_setup.forget(context, caller.organization_id, kind)
    return found[0]

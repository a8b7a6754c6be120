"""What orders refer to: products, sales accounts, customs products. Doors shape them; here they are looked up and changed."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from crossdock.core.errors import Code, Conflict, Fault
from crossdock.core.ids import index_key
from crossdock.core.json.request_body import EntityReference
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.formats import ReferenceData
from crossdock.store import catalog
from crossdock.store.catalog import CatalogEntry as CatalogEntry
from crossdock.store.catalog import EntryKey, EntryVersion, RowVersion, version_of
from crossdock.store.protocols import Transaction

_Read = TypeVar("_Read", CatalogEntry, RowVersion)


async def find(tx: Transaction, caller: Caller, keys: Iterable[EntryKey]) -> ReferenceData:
    """Look up (kind, key) pairs for a caller's organization; a kind ending in `@name` is looked up by name.

    A kind such as `a|b@name` has alternatives, of which the first that has the key is taken.

    Where several entries share a name, the oldest is found.
    """
    entries = await _by_kind(tx, caller, keys, catalog.entries)
    return ReferenceData(caller.organization, caller.actor, caller.references, entries)


def unknown_references(references: Sequence[EntityReference], found: ReferenceData) -> tuple[Fault, ...]:
    """Name each reference to something that is not there, at its path."""
    return tuple(
        Fault(each.path, f"there is no {_name_of(each.kind)} {each.key!r}")
        for each in references
        if (each.kind, each.key) not in found.entries and (each.kind, each.key) not in found.references
    )


def _name_of(kind: str) -> str:
    """Return the name of a kind, or of the first of its alternatives, for people."""
    return kind.partition("|")[0].split("/")[-1].partition("@")[0].replace("_", " ")


async def versions(tx: Transaction, caller: Caller, keys: Iterable[EntryKey]) -> dict[EntryKey, EntryVersion]:
    """Look up the versions of entries, as `find` does the entries."""
    return {key: version_of(row) for key, row in (await _by_kind(tx, caller, keys, catalog.entry_versions)).items()}


async def _by_kind(
    tx: Transaction, caller: Caller, keys: Iterable[EntryKey], read: Callable[..., Awaitable[list[_Read]]]
) -> dict[EntryKey, _Read]:
    by_kind: dict[str, list[str]] = {}
    for kind, key in keys:
        by_kind.setdefault(kind, []).append(key)
    entries: dict[EntryKey, _Read] = {}
    for kind, of_kind in by_kind.items():
        if "|" in kind:
            for alternative in reversed(kind.split("|")):  # the first overwrites those after it
                pairs = [(alternative, key) for key in of_kind]
                entries |= {(kind, key): entry for (_, key), entry in (await _by_kind(tx, caller, pairs, read)).items()}
            continue
        stored_kind, _, by = kind.partition("@")
        if not by:
            for entry in await read(tx, caller.organization_id, kind=stored_kind, keys=of_kind):
                entries[kind, entry.key] = entry
            continue
        named = {index_key(key): key for key in of_kind}
        rows = await read(tx, caller.organization_id, kind=stored_kind, keys=list(named), by="name")
        for entry in sorted(rows, key=lambda each: each.position, reverse=True):
            entries[kind, named[entry.name]] = entry
    return entries


async def look_up(context: Context, caller: Caller, keys: Iterable[EntryKey]) -> ReferenceData:
    """As `find`, in a transaction of its own; none is opened where nothing is wanted."""
    keys = set(keys)
    if not keys:
        return ReferenceData(caller.organization, caller.actor, caller.references)
    async with context.store.reading() as tx:
        return await find(tx, caller, keys)


async def add(
    context: Context, caller: Caller, *, kind: str, key: str, name: str, document: bytes, search: str | None = None
) -> CatalogEntry:
    """Add an entry; lists find it by its key and by what `search` (or else its name) holds, in any case.

    Refuses with Conflict `exists` when its key is taken.
    """
    now = context.clock()
    search_text = (name if search is None else search).casefold()
    entry = CatalogEntry(
        caller.organization_id,
        kind,
        key,
        index_key(name),
        search_text,
        context.id_generator.new(now),
        now,
        now,
        document,
    )
    async with context.store.writing() as tx:
        if not await catalog.add_entry(tx, entry):
            raise Conflict(Code.EXISTS, f"there is a {kind} {key!r} already")
    return entry


async def change(
    context: Context, organization_id: int, *, kind: str, key: str, changed: Callable[[bytes], bytes]
) -> CatalogEntry | None:
    """Change an entry's document by `changed`, and return the entry as it is now; None where there is none.

    Where somebody else changes it meanwhile, `changed` is called again, with what they made.
    """
    while True:
        async with context.store.reading() as tx:
            stored = await catalog.entries(tx, organization_id, kind=kind, keys=[key])
        if not stored:
            return None
        (entry,) = stored
        at = max(context.clock(), entry.updated_at + 1)  # whatever a clock does, so that no two states have one version
        made = msgspec.structs.replace(entry, document=changed(entry.document), updated_at=at)
        if made.document == entry.document:
            return entry
        async with context.store.writing() as tx:
            if await catalog.change_entry(tx, organization_id, changed=made, seen=entry.document):
                return msgspec.structs.replace(made, version=entry.version + 1)


async def remove(context: Context, organization_id: int, *, kind: str, key: str) -> bool:
    """Remove an entry for good; False where there is none. What orders took from it stays with them."""
    async with context.store.writing() as tx:
        return await catalog.remove_entry(tx, organization_id, kind=kind, key=key)


async def page(
    context: Context, caller: Caller, *, kind: str, term: str | None, limit: int, offset: int
) -> tuple[list[CatalogEntry], int]:
    """Return a page of a kind, newest first, and the full count; `term` narrows to what `add`'s search text holds, or a key."""
    async with context.store.reading() as tx:
        return await catalog.list_entries(tx, caller.organization_id, kind=kind, term=term, limit=limit, offset=offset)

"""Locations of an organization: read, list, add, change, remove and import them, for all doors."""

from collections.abc import Callable, Sequence
from uuid import UUID, uuid5

from msgspec import Struct

from crossdock.core.catalog.location_rows import LocationRow, merge_row
from crossdock.core.catalog.locations import KIND, Location, decode_location, encode_location, search_text
from crossdock.core.errors import Code, Conflict
from crossdock.core.stock.model import LevelKey
from crossdock.flows import catalog, catalog_imports, inbound
from crossdock.flows.access import Caller
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.catalog_imports import ImportCounts, Importer
from crossdock.flows.context import Context
from crossdock.flows.tenants import Organization
from crossdock.store import allocations as allocation_store
from crossdock.store import stock as stock_store
from crossdock.store.protocols import Transaction

_PAGE = 500  # levels read at once


class StoredLocation(Struct, frozen=True):
    """A location as it is stored, with its id (a UUID, for doors that want one), version and times (microseconds since
    1970)."""

    location: Location
    location_id: str
    version: int
    created_at: int
    updated_at: int


def location_id_for(organization: Organization, code: str) -> str:
    """Return the id of a location with a code: a UUID of version 4 that is always the same."""
    return str(UUID(bytes=uuid5(UUID(organization.uuid), f"{KIND}/{code}").bytes, version=4))


def draft_of(organization: Organization, location: Location) -> Draft:
    """Return the catalog entry of a location; its second key is its id."""
    return Draft(encode_location(location), search_text(location), location_id_for(organization, location.code))


def stored_location(entry: CatalogEntry) -> StoredLocation:
    """Read a catalog entry as a location."""
    location = decode_location(entry.document)
    return StoredLocation(location, entry.name, entry.version, entry.created_at, entry.updated_at)


async def get(context: Context, caller: Caller, code: str) -> StoredLocation:
    """Read a location by its code. Refuses with NotFound `not_found`."""
    return stored_location(await catalog.get(context, caller, kind=KIND, key=code))


async def find(context: Context, caller: Caller, codes: Sequence[str], *, by_id: bool = False) -> list[StoredLocation]:
    """Read locations by their codes, or by their ids; those that are not there are left out."""
    entries = await catalog.find(context, caller, kind=KIND, keys=codes, by="name" if by_id else "key")
    return [stored_location(entry) for entry in entries]


async def all_of(context: Context, caller: Caller) -> list[StoredLocation]:
    """Read all locations, newest first."""
    return [stored_location(entry) for entry in await catalog.all_of(context, caller, kind=KIND)]


async def page(
    context: Context, caller: Caller, *, limit: int, offset: int = 0, term: str | None = None
) -> tuple[list[StoredLocation], int]:
    """Read a page of locations, newest first, and count all; `term` is searched in code, name and city."""
    entries, total = await catalog.page(context, caller, kind=KIND, limit=limit, offset=offset, term=term)
    return [stored_location(entry) for entry in entries], total


async def add(context: Context, caller: Caller, location: Location) -> StoredLocation:
    """Add a location. Refuses with Conflict `exists` where its code is taken."""
    draft = draft_of(caller.organization, location)
    return stored_location(await catalog.add(context, caller, kind=KIND, key=location.code, draft=draft))


async def change(
    context: Context,
    caller: Caller,
    code: str,
    make: Callable[[Location | None], Location],
    *,
    versions: frozenset[int] | None = None,
    create: bool = False,
) -> StoredLocation:
    """Change a location to what `make` returns for it; one that is not there is added where `create` says so (it gets None).

    Refuses with NotFound `not_found`, Conflict `stale_version`.
    """

    def draft(before: CatalogEntry | None) -> Draft:
        return draft_of(caller.organization, make(decode_location(before.document) if before else None))

    changed = await catalog.change(context, caller, kind=KIND, key=code, make=draft, versions=versions, create=create)
    return stored_location(changed)


async def import_rows(context: Context, caller: Caller, rows: Sequence[tuple[int, LocationRow]]) -> ImportCounts:
    """Add the locations of rows (with their numbers) or change those that are there, found by code."""
    importer = Importer(
        KIND,
        decode_location,
        lambda before, row: (merge_row(before, row), ()),
        lambda location: draft_of(caller.organization, location),
    )
    return await catalog_imports.import_rows(context, caller, rows, importer)


async def remove(context: Context, caller: Caller, code: str) -> StoredLocation:
    """Remove a location and return it. Refuses with NotFound `not_found`, and with Conflict `state_forbids` one that stock lies
    at, orders are allocated to, or an open document of inbound names."""
    async with context.store.reading() as tx:
        uses = await _uses(tx, caller.organization_id, code)
    if uses:
        reason = f"{code} cannot be removed: {'; '.join(uses)}. Set it to inactive instead"
        raise Conflict(Code.STATE_FORBIDS, reason, status="used")
    return stored_location(await catalog.remove(context, caller, kind=KIND, key=code))


async def _uses(tx: Transaction, organization_id: int, code: str) -> list[str]:
    """Name what a location is needed for."""
    uses = ["stock lies there"] if await _has_stock(tx, organization_id, code) else []
    if await allocation_store.page(tx, organization_id, before=2**63 - 1, limit=1, location=code):
        uses.append("orders are allocated to it")
    if document := await inbound.open_at(tx, organization_id, code):
        uses.append(f"the {document.title} is open")
    return uses


async def _has_stock(tx: Transaction, organization_id: int, code: str) -> bool:
    """Tell whether any level at a location has units; a location can have more levels than one page."""
    after: LevelKey | None = None
    while levels := await stock_store.page(tx, organization_id, limit=_PAGE, after=after, location=code):
        if any(level.on_hand for level in levels):
            return True
        after = levels[-1].key
    return False

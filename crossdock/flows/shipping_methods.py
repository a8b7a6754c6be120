"""Shipping methods of an organization: read, list, add, change, remove and import them, for all doors."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from crossdock.core.catalog.shipping_methods import (
    KIND,
    ShippingMethod,
    ShippingMethodRow,
    decode_method,
    encode_method,
    merge_row,
    search_text,
)
from crossdock.core.ids import index_key
from crossdock.flows import catalog, catalog_imports
from crossdock.flows.access import Caller
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.catalog_imports import ImportCounts, Importer
from crossdock.flows.context import Context


class StoredShippingMethod(Struct, frozen=True):
    """A shipping method as it is stored, with its version and times (microseconds since 1970). Newer ones have higher
    positions."""

    method: ShippingMethod
    position: int
    version: int
    created_at: int
    updated_at: int


def draft_of(method: ShippingMethod) -> Draft:
    """Return the catalog entry of a shipping method."""
    return Draft(encode_method(method), search_text(method))


def stored_method(entry: CatalogEntry) -> StoredShippingMethod:
    """Read a catalog entry as a shipping method."""
    method = decode_method(entry.document)
    return StoredShippingMethod(method, entry.position, entry.version, entry.created_at, entry.updated_at)


async def get(context: Context, caller: Caller, code: str) -> StoredShippingMethod:
    """Read a shipping method by its code. Refuses with NotFound `not_found`."""
    return stored_method(await catalog.get(context, caller, kind=KIND, key=index_key(code)))


async def find(context: Context, caller: Caller, codes: Sequence[str]) -> list[StoredShippingMethod]:
    """Read shipping methods by their codes; those that are not there are left out."""
    found = await catalog.find(context, caller, kind=KIND, keys=[index_key(code) for code in codes])
    return [stored_method(entry) for entry in found]


async def all_of(context: Context, caller: Caller, *, term: str | None = None) -> list[StoredShippingMethod]:
    """Read all shipping methods, newest first; `term` is searched in code, name, carrier and service."""
    limit = context.settings.catalog_most
    entries, _ = await catalog.page(context, caller, kind=KIND, term=term, limit=limit)
    return [stored_method(entry) for entry in entries]


async def add(context: Context, caller: Caller, method: ShippingMethod) -> StoredShippingMethod:
    """Add a shipping method. Refuses with Conflict `exists` where its code is taken."""
    key = index_key(method.code)
    return stored_method(await catalog.add(context, caller, kind=KIND, key=key, draft=draft_of(method)))


async def change(
    context: Context,
    caller: Caller,
    code: str,
    make: Callable[[ShippingMethod | None], ShippingMethod],
    *,
    versions: frozenset[int] | None = None,
    create: bool = False,
) -> StoredShippingMethod:
    """Change a shipping method to what `make` returns for it; one that is not there is added where `create` says so (it gets
    None).

    Refuses with NotFound `not_found`, Conflict `stale_version`.
    """

    def draft(before: CatalogEntry | None) -> Draft:
        return draft_of(make(decode_method(before.document) if before else None))

    changed = await catalog.change(
        context, caller, kind=KIND, key=index_key(code), make=draft, versions=versions, create=create
    )
    return stored_method(changed)


async def remove(context: Context, caller: Caller, code: str) -> StoredShippingMethod:
    """Remove a shipping method and return it; orders keep what they say about it. Refuses with NotFound `not_found`."""
    return stored_method(await catalog.remove(context, caller, kind=KIND, key=index_key(code)))


async def import_rows(context: Context, caller: Caller, rows: Sequence[tuple[int, ShippingMethodRow]]) -> ImportCounts:
    """Add the shipping methods of rows (with their numbers) or change those that are there, found by code."""
    return await catalog_imports.import_rows(context, caller, rows, _IMPORTER)


_IMPORTER = Importer(KIND, decode_method, merge_row, draft_of)

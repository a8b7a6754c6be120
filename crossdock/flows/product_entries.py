"""Products of an organization by SKU: read, change and remove one at a time."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from crossdock.core.catalog.products import KIND, Product, decode_product, encode_product, search_text
from crossdock.core.errors import Code, Conflict, NotFound
from crossdock.core.ids import index_key
from crossdock.flows import products
from crossdock.flows.access import Caller
from crossdock.flows.catalog import CatalogEntry
from crossdock.flows.context import Context
from crossdock.store import catalog as catalog_store
from crossdock.store import stock as stock_store
from crossdock.store.protocols import Transaction

_ATTEMPTS = 5  # to change a product that others change at the same time


class StoredProduct(Struct, frozen=True):
    """A product as it is stored, with its id, version and times (microseconds since 1970)."""

    product: Product
    product_id: str
    version: int
    created_at: int
    updated_at: int


def stored_product(entry: CatalogEntry) -> StoredProduct:
    """Read a catalog entry as a product."""
    product = decode_product(entry.document)
    return StoredProduct(product, entry.key, entry.version, entry.created_at, entry.updated_at)


async def find(context: Context, caller: Caller, skus: Sequence[str]) -> dict[str, StoredProduct]:
    """Read products by SKU; those that are not there are left out."""
    async with context.store.reading() as tx:
        names = [index_key(sku) for sku in skus]
        entries = await catalog_store.entries(tx, caller.organization_id, kind=KIND, keys=names, by="name")
    found = {entry.name: stored_product(entry) for entry in sorted(entries, key=lambda entry: -entry.position)}
    return {sku: found[name] for sku in skus if (name := index_key(sku)) in found}


async def get(context: Context, caller: Caller, sku: str) -> StoredProduct:
    """Read a product by its SKU. Refuses with NotFound `not_found`."""
    found = await find(context, caller, [sku])
    if sku not in found:
        raise _no_product(sku)
    return found[sku]


async def add(context: Context, caller: Caller, product: Product) -> StoredProduct:
    """Add a product with a SKU. Refuses with Conflict `exists` where its SKU is taken."""
    product_id = products.product_id_for(caller.organization, product.sku or "")
    entry = await products.add(context, caller, product, product_id=product_id)
    if entry is None:
        raise _exists(product)
    return stored_product(entry)


async def change(
    context: Context,
    caller: Caller,
    sku: str,
    make: Callable[[Product | None], Product],
    *,
    versions: frozenset[int] | None = None,
    create: bool = False,
) -> StoredProduct:
    """Change a product to what `make` returns for it; one that is not there is added where `create` says so (it gets None).

    Refuses with NotFound `not_found`, Conflict `stale_version`.
    """
    for _ in range(_ATTEMPTS):
        async with context.store.writing() as tx:
            before = await _entry(tx, caller, sku)
            if before is None and not create:
                raise _no_product(sku)
            if versions is not None and (before is None or before.version not in versions):
                version = 0 if before is None else before.version
                raise Conflict(Code.STALE_VERSION, f"the product is at version {version} by now")
            made = await _write(tx, context, caller, before, make)
        if made is not None:
            return stored_product(made)
    raise Conflict(Code.STALE_VERSION, "the product is being changed by other requests; try again")


async def _write(
    tx: Transaction,
    context: Context,
    caller: Caller,
    before: CatalogEntry | None,
    make: Callable[[Product | None], Product],
) -> CatalogEntry | None:
    """Add or change a product's entry; None where another transaction was faster."""
    now, product = context.clock(), make(None if before is None else decode_product(before.document))
    if before is None:
        entry = products.entry_of(
            caller.organization_id, product, product_id=products.product_id_for(caller.organization, product.sku or ""),
            position=context.id_generator.new(now), now=now,
        )  # fmt: skip
        return entry if await products.claim(tx, entry, product) else None
    document = encode_product(product)
    if document == before.document:
        return before
    changed = msgspec.structs.replace(
        before, document=document, search=search_text(product).casefold(), updated_at=max(now, before.updated_at + 1)
    )
    if not await catalog_store.change_entry(tx, caller.organization_id, changed=changed, seen=before.document):
        return None
    return msgspec.structs.replace(changed, version=before.version + 1)


async def remove(context: Context, caller: Caller, sku: str) -> StoredProduct:
    """Remove a product and return it; orders keep what they took from it. Refuses with NotFound `not_found`, and with Conflict
    `state_forbids` one that lies in stock."""
    async with context.store.writing() as tx:
        entry = await _entry(tx, caller, sku)
        if entry is None:
            raise _no_product(sku)
        levels = await stock_store.by_skus(tx, caller.organization_id, [sku])
        if any(level.on_hand for level in levels):
            raise Conflict(Code.STATE_FORBIDS, f"{sku} lies in stock; make it inactive instead", status="used")
        await catalog_store.remove_entry(tx, caller.organization_id, kind=KIND, key=entry.key)
        await catalog_store.remove_entry(tx, caller.organization_id, kind=products.SKU_KIND, key=entry.name)
    return stored_product(entry)


async def _entry(tx: Transaction, caller: Caller, sku: str) -> CatalogEntry | None:
    found = await catalog_store.entries(tx, caller.organization_id, kind=KIND, keys=[index_key(sku)], by="name")
    return min(found, key=lambda entry: entry.position, default=None)


def _no_product(sku: str) -> NotFound:
    return NotFound(Code.NOT_FOUND, f"there is no product {sku!r}", kind=KIND, key=sku)


def _exists(product: Product) -> Conflict:
    return Conflict(Code.EXISTS, f"the product {product.sku!r} exists already", what=KIND, key=product.sku)

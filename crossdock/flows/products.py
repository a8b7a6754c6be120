"""Products of an organization: look them up, add them, and import them from rows."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4, uuid5

import msgspec
from msgspec import Struct

from crossdock.core.catalog.products import (
    KIND,
    Product,
    ProductRow,
    decode_product,
    encode_product,
    merge_row,
    search_text,
)
from crossdock.core.errors import Fault
from crossdock.core.ids import index_key
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.reference_data import CatalogEntry
from crossdock.flows.tenants import Organization
from crossdock.store import catalog
from crossdock.store.protocols import Transaction

BY_SKU = f"{KIND}@name"
SKU_KIND = f"{KIND}_sku"  # entries that claim a SKU; the name is the product's id
_BATCH = 500  # rows in one transaction


class ImportResult(Struct, frozen=True):
    """Numbers of products that an import added, changed and found as they should be, and the faults by row number."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: tuple[tuple[int, Fault], ...] = ()


def product_id_for(organization: Organization, sku: str) -> str:
    """Return the id of a new product with a SKU: a UUID of version 4 that is always the same, so that of two requests that
    add it at once only one can."""
    return str(UUID(bytes=uuid5(UUID(organization.uuid), f"{KIND}/{sku}").bytes, version=4))


def new_product_id() -> str:
    """Return the id of a new product without a SKU."""
    return str(uuid4())


def entry_of(organization_id: int, product: Product, *, product_id: str, position: int, now: int) -> CatalogEntry:
    """Make the catalog entry of a new product; `name` is its SKU, or its id where it has none."""
    return CatalogEntry(
        organization_id=organization_id,
        kind=KIND,
        key=product_id,
        name=index_key(product.sku or product_id),
        search=search_text(product).casefold(),
        position=position,
        created_at=now,
        updated_at=now,
        document=encode_product(product),
    )


async def add(context: Context, caller: Caller, product: Product, *, product_id: str) -> CatalogEntry | None:
    """Add a product; None where its id or its SKU is taken."""
    now = context.clock()
    entry = entry_of(
        caller.organization_id, product, product_id=product_id, position=context.id_generator.new(now), now=now
    )
    async with context.store.writing() as tx:
        return entry if await claim(tx, entry, product) else None


async def claim(tx: Transaction, entry: CatalogEntry, product: Product) -> bool:
    """Insert a product's entry unless its SKU or id is taken.

    The SKU is claimed by an entry of its own, because the id is the key of the product's: of two transactions that add
    products with one SKU and different ids, one waits for the other here.
    """
    if product.sku is not None:
        marker = msgspec.structs.replace(entry, kind=SKU_KIND, key=entry.name, name=entry.key, search="", document=b"")
        taken = await catalog.entries(tx, entry.organization_id, kind=KIND, keys=[entry.name], by="name")
        if taken or not await catalog.add_entry(tx, marker):
            return False
    return await catalog.add_entry(tx, entry)


async def import_rows(
    context: Context, organization: Organization, rows: Sequence[tuple[int, ProductRow]]
) -> ImportResult:
    """Add the products of rows (with their row numbers) or change those that are there, found by SKU.

    A row can be imported again: then nothing changes. Faults: an id that is another product's, a SKU with another id.
    """
    result = ImportResult()
    for start in range(0, len(rows), _BATCH):
        async with context.store.writing() as tx:
            result = await _import_batch(context, tx, organization, rows[start : start + _BATCH], result)
    return result


async def _import_batch(
    context: Context,
    tx: Transaction,
    organization: Organization,
    rows: Sequence[tuple[int, ProductRow]],
    result: ImportResult,
) -> ImportResult:
    known = await _Known.read(tx, organization.organization_id, [row for _, row in rows])
    added = changed = unchanged = 0
    faults: list[tuple[int, Fault]] = []
    for number, row in rows:
        fault = known.id_fault(row)
        before = known.by_sku(row)
        if fault is None and before is None:
            entry = _new_entry(context, organization, row)
            if await claim(tx, entry, row.product):
                known.remember(entry)
                added += 1
            else:
                fault = Fault(("sku",), "is being added by another request; import the file again")
        elif fault is None and before is not None:
            entry = _changed_entry(context, before, row)
            if entry is before:
                unchanged += 1
            elif await catalog.change_entry(tx, organization.organization_id, changed=entry, seen=before.document):
                known.remember(entry)
                changed += 1
            else:
                fault = Fault(("sku",), "is being changed by another request; import the file again")
        if fault is not None:
            faults.append((number, fault))
    return ImportResult(
        result.added + added, result.changed + changed, result.unchanged + unchanged, (*result.faults, *faults)
    )


class _Known:
    """The products that rows name, by SKU and by id."""

    def __init__(self, entries: Iterable[CatalogEntry]) -> None:
        self._by_name: dict[str, CatalogEntry] = {}
        self._by_id: dict[str, CatalogEntry] = {}
        for entry in entries:
            self.remember(entry)

    @classmethod
    async def read(cls, tx: Transaction, organization_id: int, rows: Sequence[ProductRow]) -> "_Known":
        names = [index_key(row.product.sku or "") for row in rows]
        ids = [row.product_id for row in rows if row.product_id]
        by_name = await catalog.entries(tx, organization_id, kind=KIND, keys=names, by="name")
        return cls([*by_name, *await catalog.entries(tx, organization_id, kind=KIND, keys=ids)])

    def remember(self, entry: CatalogEntry) -> None:
        self._by_name[entry.name] = self._by_id[entry.key] = entry

    def by_sku(self, row: ProductRow) -> CatalogEntry | None:
        return self._by_name.get(index_key(row.product.sku or ""))

    def id_fault(self, row: ProductRow) -> Fault | None:
        """Say why a row cannot have the id it asks for, or None."""
        if row.product_id is None:
            return None
        before, holder = self.by_sku(row), self._by_id.get(row.product_id)
        if holder is not None and (before is None or holder.key != before.key):
            return Fault(("id",), f"is the id of another product, with the SKU {decode_product(holder.document).sku!r}")
        if before is not None and before.key != row.product_id:
            return Fault(("id",), f"must be {before.key}, the id that the product with this SKU has")
        return None


def _new_entry(context: Context, organization: Organization, row: ProductRow) -> CatalogEntry:
    now = context.clock()
    product_id = row.product_id or product_id_for(organization, row.product.sku or "")
    position = context.id_generator.new(now)
    return entry_of(organization.organization_id, row.product, product_id=product_id, position=position, now=now)


def _changed_entry(context: Context, before: CatalogEntry, row: ProductRow) -> CatalogEntry:
    """Return a product's entry with what a row says; `before` itself where that is nothing new."""
    product = merge_row(decode_product(before.document), row.product)
    document = encode_product(product)
    if document == before.document:
        return before
    return msgspec.structs.replace(
        before,
        document=document,
        search=search_text(product).casefold(),
        updated_at=max(context.clock(), before.updated_at + 1),
    )

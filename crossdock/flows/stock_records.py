"""Stock records: a stock level with the document that a door has about it; both change in one transaction.

The level has the fields that all doors share (units, counters, limits); the document has those of one door, such as a vendor's
item id, which is the second key of its catalog entry. A level without a document is a record too.
"""

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Refusal
from crossdock.core.ids import index_key
from crossdock.core.stock.commands import StockCommand, decide
from crossdock.core.stock.model import Level, LevelKey
from crossdock.flows.access import Caller
from crossdock.flows.catalog import Draft
from crossdock.flows.context import Context
from crossdock.flows.stock import change_stock
from crossdock.flows.unit_of_work import UnitOfWork, unit_of_work
from crossdock.store import catalog as catalog_store
from crossdock.store import stock as stock_store
from crossdock.store import stock_lists
from crossdock.store.catalog import CatalogEntry
from crossdock.store.protocols import Transaction
from crossdock.store.stock_lists import LevelFilter as LevelFilter

_replace = msgspec.structs.replace
_BATCH = 500  # records read at once by `each`
_ATTEMPTS = 5  # to add a record that others add at the same time


class StockRecord(Struct, frozen=True):
    """A stock level and the door's document about it; None where the door has none."""

    level: Level
    document: bytes | None = None


class RecordChange(Struct, frozen=True):
    """A decided change of a record: commands on its level, and its new document."""

    commands: tuple[StockCommand, ...]
    draft: Draft


# Decides a change from the present record, None where there is none; raises a refusal where it is impossible.
Decide = Callable[[StockRecord | None], RecordChange]


def document_key(key: LevelKey) -> str:
    """Return the catalog key of the document about a level; `level_key` reads it."""
    return msgspec.json.encode((key.sku, key.location, key.pool)).decode()


def level_key(document: str) -> LevelKey:
    """Parse a key that `document_key` wrote."""
    return LevelKey(*msgspec.json.decode(document))


# --------------------------------------------------------------------------------------------------------------- changes
async def change(
    context: Context, caller: Caller, key: LevelKey, change_of: Decide, *, kind: str, door: str
) -> StockRecord:
    """Change a record, or add it, as `change_of` decides; the level is locked meanwhile.

    Raises the refusals of `change_of` and of the commands.
    """
    (changed,) = await change_each(context, caller, [(key, change_of)], kind=kind, door=door)
    if isinstance(changed, Refusal):
        raise changed
    return changed


async def change_each(
    context: Context, caller: Caller, changes: Sequence[tuple[LevelKey, Decide]], *, kind: str, door: str
) -> list[StockRecord | Refusal]:
    """Change records in one transaction, each for itself: one that is refused is left as it is, and its refusal returned."""
    attempts = 0
    while True:
        attempts += 1
        try:
            async with unit_of_work(context, caller.organization_id) as work:
                await work.stock.of({key.sku for key, _ in changes})  # locks all levels in their order
                return [await _try_change(work, caller, key, made, kind=kind, door=door) for key, made in changes]
        except Conflict as conflict:  # another transaction has added one of the records first
            if conflict.code is not Code.STALE_VERSION or attempts == _ATTEMPTS:
                raise


async def _try_change(
    work: UnitOfWork, caller: Caller, key: LevelKey, change_of: Decide, *, kind: str, door: str
) -> StockRecord | Refusal:
    level = (await work.stock.of({key.sku})).get(key)
    entries = await catalog_store.entries(work.tx, caller.organization_id, kind=kind, keys=[document_key(key)])
    entry = entries[0] if entries else None
    try:
        planned = change_of(None if level is None else StockRecord(level, entry.document if entry else None))
        simulated = level or Level(caller.organization_id, 0, key.sku, key.location, key.pool)
        for command in planned.commands:  # refuses before anything is changed
            simulated = decide(command, simulated, now=work.now).level
    except Refusal as refusal:
        return refusal
    if level is None:
        level = await work.stock.get(key)
        if level.event_number or level.on_hand:
            raise Conflict(Code.STALE_VERSION, "the stock level was added by another request; try again")
    for stock_change in await change_stock(work, caller, planned.commands, door=door):
        level = stock_change.level
    await _write_document(work, caller, key, kind, entry, planned.draft)
    return StockRecord(level, planned.draft.document)


async def _write_document(
    work: UnitOfWork, caller: Caller, key: LevelKey, kind: str, before: CatalogEntry | None, draft: Draft
) -> None:
    now, document = work.now, document_key(key)
    name, search = index_key(draft.name or document), draft.search.casefold()
    if before is None:
        position = work.context.id_generator.new(now)
        entry = CatalogEntry(
            caller.organization_id, kind, document, name, search, position, now, now, draft.document
        )  # fmt: skip
        written = await catalog_store.add_entry(work.tx, entry)
    elif (before.document, before.name) == (draft.document, name):
        return
    else:
        entry = _replace(
            before, document=draft.document, name=name, search=search, updated_at=max(now, before.updated_at + 1)
        )
        written = await catalog_store.change_entry(work.tx, caller.organization_id, changed=entry, seen=before.document)
    if not written:
        raise Conflict(Code.STALE_VERSION, "the stock record was changed by another request; try again")


# ----------------------------------------------------------------------------------------------------------------- reads
async def page(
    context: Context, caller: Caller, filters: LevelFilter, *, kind: str, limit: int, offset: int
) -> tuple[list[StockRecord], int]:
    """Read a page of records by SKU, location and pool, and count all."""
    async with context.store.reading() as tx:
        levels = await stock_lists.page(tx, caller.organization_id, filters, limit=limit, offset=offset)
        total = await stock_lists.count(tx, caller.organization_id, filters)
        return await with_documents(tx, caller.organization_id, levels, kind), total


async def each(context: Context, caller: Caller, filters: LevelFilter, *, kind: str) -> AsyncIterator[StockRecord]:
    """Read all records by SKU, location and pool, batch by batch."""
    after: LevelKey | None = None
    while True:
        async with context.store.reading() as tx:
            levels = await stock_lists.page(tx, caller.organization_id, filters, limit=_BATCH, after=after)
            records = await with_documents(tx, caller.organization_id, levels, kind)
        for record in records:
            yield record
        if len(levels) < _BATCH:
            return
        after = levels[-1].key


async def named(context: Context, caller: Caller, names: Sequence[str], *, kind: str) -> list[StockRecord]:
    """Read the records whose documents have some second keys, by SKU, location and pool."""
    async with context.store.reading() as tx:
        entries = await catalog_store.entries(
            tx, caller.organization_id, kind=kind, keys=sorted({index_key(name) for name in names}), by="name"
        )
        documents = {level_key(entry.key): entry.document for entry in entries}
        levels = await stock_store.by_skus(tx, caller.organization_id, {key.sku for key in documents})
    return [StockRecord(level, documents[level.key]) for level in levels if level.key in documents]


async def with_documents(
    tx: Transaction, organization_id: int, levels: Sequence[Level], kind: str
) -> list[StockRecord]:
    """Return levels as records, with the documents that a door has about them."""
    keys = [document_key(level.key) for level in levels]
    entries = await catalog_store.entries(tx, organization_id, kind=kind, keys=keys)
    documents = {entry.key: entry.document for entry in entries}
    return [StockRecord(level, documents.get(key)) for level, key in zip(levels, keys, strict=True)]

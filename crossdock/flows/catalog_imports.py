"""Import catalog entries that are named by a code, such as locations, from rows of a CSV file."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from crossdock.core.errors import Conflict, Fault
from crossdock.core.ids import index_key
from crossdock.flows import allocation_setup, catalog
from crossdock.flows.access import Caller
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.context import Context
from crossdock.store import catalog as catalog_store
from crossdock.store.protocols import Transaction

Document = TypeVar("Document")
_BATCH = 500  # rows in one transaction
_BUSY = Fault(("code",), "is being changed by another request; import the file again")


class CodedRow(Protocol):
    """A row with the code of its entry."""

    @property
    def code(self) -> str:
        """The code."""


class Importer(Struct, Generic[Document], frozen=True):
    """How rows become entries of a kind: `merge` returns the document with what a row says (the present one is None where it is
    new), and the faults of the row; `draft` makes the entry of a document."""

    kind: str
    decode: Callable[[bytes], Document]
    merge: Callable[[Document | None, Any], tuple[Document, Sequence[Fault]]]
    draft: Callable[[Document], Draft]


class ImportCounts(Struct):
    """Numbers of entries that an import added, changed and found as they should be, and the faults by row number."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[tuple[int, Fault]] = []


async def import_rows(
    context: Context, caller: Caller, rows: Sequence[tuple[int, CodedRow]], importer: Importer[Any]
) -> ImportCounts:
    """Add the entries of rows (with their numbers) or change those that are there, found by code.

    A row can be imported again: then nothing changes.
    """
    counts = ImportCounts()
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        async with context.store.writing() as tx:
            keys = [index_key(row.code) for _, row in batch]
            found = await catalog_store.entries(tx, caller.organization_id, kind=importer.kind, keys=keys)
            work = _Batch(context, tx, caller, importer, counts, {entry.key: entry for entry in found})
            for number, row in batch:
                await work.add(number, row)
    allocation_setup.forget(context, caller.organization_id, importer.kind)
    return counts


class _Batch(Struct):
    """Rows that are imported in one transaction; `known` are the entries by key, as they are by now."""

    context: Context
    tx: Transaction
    caller: Caller
    importer: Importer[Any]
    counts: ImportCounts
    known: dict[str, CatalogEntry]

    async def add(self, number: int, row: CodedRow) -> None:
        """Add or change the entry of a row, and count it."""
        key = index_key(row.code)
        before = self.known.get(key)
        stored = None if before is None else self.importer.decode(before.document)
        document, faults = self.importer.merge(stored, row)
        if faults:
            self.counts.faults += [(number, fault) for fault in faults]
        elif before is not None and document == stored:  # the bytes may differ, as a default that was given is written
            self.counts.unchanged += 1
        elif (entry := await self._write(key, before, self.importer.draft(document))) is None:
            self.counts.faults.append((number, _BUSY))
        else:
            self.known[key] = entry
            self.counts.added += before is None
            self.counts.changed += before is not None

    async def _write(self, key: str, before: CatalogEntry | None, draft: Draft) -> CatalogEntry | None:
        """Add or change an entry; None where another request was faster."""
        if before is not None:
            return await catalog.change_in(self.tx, self.context, self.caller, before, draft)
        try:
            return await catalog.add_in(
                self.tx, self.context, self.caller, kind=self.importer.kind, key=key, draft=draft
            )
        except Conflict:
            return None

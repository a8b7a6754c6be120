"""Inbound: create and change receiving notices, work orders and transfers together with the stock levels they move, read them,
and list what is expected.

A document and the levels are changed in one unit of work. Two changes of one document at once both count: the one that comes
second is decided again on what the first has made.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from crossdock.core.catalog import locations, products
from crossdock.core.catalog.products import decode_product
from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.ids import index_key, to_base32
from crossdock.core.inbound import notices, transfers, work_orders
from crossdock.core.inbound.documents import Expected, InboundCommand, InboundDocument, decide, search_term, search_text
from crossdock.core.inbound.work_orders import WorkOrder
from crossdock.core.stock.commands import StockCommand
from crossdock.flows import catalog, stock
from crossdock.flows.access import Caller
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.context import Context
from crossdock.flows.single_calls import MAX_ATTEMPTS, Answer, SingleCall, answer_once
from crossdock.flows.unit_of_work import UnitOfWork, unit_of_work
from crossdock.store import catalog as catalog_store
from crossdock.store import catalog_search
from crossdock.store.catalog_search import Filter
from crossdock.store.protocols import Transaction

Document = TypeVar("Document", bound=InboundDocument)
_replace = msgspec.structs.replace
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODERS: dict[str, Callable[[bytes], Any]] = {
    notices.KIND: notices.decode_notice,
    work_orders.KIND: work_orders.decode_work_order,
    transfers.KIND: transfers.decode_transfer,
}
KINDS = tuple(_DECODERS)
MAX_EXPECTED = 1_000  # open documents of a kind that one answer of what is expected is made of
MAX_EXPECTED_ROWS = 5_000  # of such an answer; about a megabyte of JSON


class Stored(Struct, Generic[Document], frozen=True):
    """A document as it is stored, with its id, version, place in lists and times (microseconds since 1970)."""

    document: Document
    document_id: str
    version: int
    position: int
    created_at: int
    updated_at: int


Render = Callable[[Stored[Any]], bytes]


class _Raced(Exception):
    """Another request has changed the document since it was read."""


def stored(entry: CatalogEntry) -> Stored[Any]:
    """Read a catalog entry as a document of its kind."""
    document = _DECODERS[entry.kind](entry.document)
    return Stored(document, entry.name, entry.version, entry.position, entry.created_at, entry.updated_at)


# -------------------------------------------------------------------------------------------------------------- reading
async def get(context: Context, caller: Caller, *, kind: str, document_id: str) -> Stored[Any]:
    """Read a document by its id. Refuses with NotFound `not_found`."""
    found = await catalog.find(context, caller, kind=kind, keys=[document_id], by="name")
    if not found:
        raise _not_found(kind)
    return stored(found[0])


async def by_number(context: Context, caller: Caller, *, kind: str, number: str) -> Stored[Any] | None:
    """Read a document by its number, or None."""
    found = await catalog.find(context, caller, kind=kind, keys=[index_key(number)])
    return stored(found[0]) if found else None


async def page(
    context: Context, caller: Caller, *, kind: str, limit: int, before: int | None = None, **terms: str | None
) -> list[Stored[Any]]:
    """Read a page of a kind, newest first, from before a position; `terms` are values of number, reference, status, location
    and sku, compared without regard to case."""
    filter = Filter(kind, terms=terms_of(terms), before=before)
    async with context.store.reading() as tx:
        entries = await catalog_search.entries(tx, caller.organization_id, filter, limit=limit)
    return [stored(entry) for entry in entries]


def terms_of(values: Mapping[str, str | None]) -> tuple[tuple[str, ...], ...]:
    """Return the parts of a search text that say that members have values; None asks for nothing."""
    return tuple((search_term(name, value),) for name, value in values.items() if value is not None)


async def expected_units(
    context: Context, caller: Caller, *, skus: Sequence[str] = (), location: str | None = None
) -> list[Expected]:
    """List the units that open documents still expect, by SKU, location and date, those without a date last.

    `skus` and `location` narrow it. Of more than MAX_EXPECTED open documents of a kind the newest count, and of more than
    MAX_EXPECTED_ROWS rows the first.
    """
    async with context.store.reading() as tx:
        expected = await _expected(tx, caller.organization_id, skus, location)
    expected.sort(key=lambda each: (each.sku, each.location, each.at is None, each.at or "", each.number))
    return expected[:MAX_EXPECTED_ROWS]


async def expected_sums(
    tx: Transaction, organization_id: int, *, skus: Sequence[str] = (), pools: Collection[str] | None = None
) -> dict[tuple[str, str], int]:
    """Add up the units that open documents still expect, by SKU and location; `skus` and `pools` narrow it.

    Of more than MAX_EXPECTED open documents of a kind the newest count.
    """
    sums: dict[tuple[str, str], int] = {}
    for each in await _expected(tx, organization_id, skus, None):
        if pools is not None and each.pool not in pools:
            continue
        sums[each.sku, each.location] = sums.get((each.sku, each.location), 0) + each.quantity
    return sums


async def open_at(tx: Transaction, organization_id: int, location: str) -> InboundDocument | None:
    """Return an open document that names a location, or None."""
    for document in await _open_documents(tx, organization_id, (), location):
        if location in {code for _, code in document.locations}:
            return document
    return None


async def _open_documents(
    tx: Transaction, organization_id: int, skus: Sequence[str], location: str | None
) -> list[InboundDocument]:
    """Read the newest open documents of each kind that name one of the SKUs (any, where there are none) and the location; a
    superset, because searches disregard case."""
    terms = terms_of({"open": "yes", "location": location})
    if skus:
        terms = (*terms, tuple(search_term("sku", sku) for sku in dict.fromkeys(skus)))
    return [
        stored(entry).document
        for kind in KINDS
        for entry in await catalog_search.entries(tx, organization_id, Filter(kind, terms=terms), limit=MAX_EXPECTED)
    ]


async def _expected(tx: Transaction, organization_id: int, skus: Sequence[str], location: str | None) -> list[Expected]:
    wanted = set(skus)
    return [
        each
        for document in await _open_documents(tx, organization_id, skus, location)
        for each in document.expected()
        if (not wanted or each.sku in wanted) and (location is None or each.location == location)
    ]


# ------------------------------------------------------------------------------------------------------------- changing
async def create(
    context: Context, caller: Caller, document: InboundDocument, *, render: Render, door: str, dry_run: bool = False,
    call: SingleCall | None = None, only_known_skus: bool = False,
) -> Answer:  # fmt: skip
    """Create a document; the answer is what `render` makes of it. A work order without components gets those of its kit.

    Refuses with Invalid `unknown_reference` locations that do not exist, and with `only_known_skus` SKUs that are no
    product's; Conflict `exists` where the number is taken, `key_reused`.
    """

    async def perform(work: UnitOfWork) -> bytes:
        made = await _completed(work, caller, document, only_known_skus=only_known_skus)
        draft = _draft(made, to_base32(context.id_generator.new(work.now)))
        key = index_key(made.number)
        if work.dry_run:
            if await catalog_store.entries(work.tx, caller.organization_id, kind=made.kind, keys=[key]):
                raise Conflict(Code.EXISTS, f"the {made.title} exists already", what=made.kind, key=key)
            return render(Stored(made, draft.name or "", 1, 0, work.now, work.now))
        return render(stored(await catalog.add_in(work.tx, context, caller, kind=made.kind, key=key, draft=draft)))

    return await _attempt(context, caller, perform, door=door, dry_run=dry_run, call=call)


async def change(
    context: Context, caller: Caller, command: InboundCommand, *, kind: str, document_id: str, render: Render, door: str,
    versions: frozenset[int] | None = None, dry_run: bool = False, call: SingleCall | None = None,
    only_known_skus: bool = False, visible: Callable[[Any], bool] = lambda _: True,
) -> Answer:  # fmt: skip
    """Execute a command on a document and on the stock levels that belong to it, all or nothing.

    Refuses with NotFound `not_found` a document that does not exist or is not `visible`; Conflict `stale_version` where its
    version is none of `versions`, `state_forbids`, `key_reused`; and with what the command refuses.
    """

    async def perform(work: UnitOfWork) -> bytes:
        entry = await _load(work, caller, kind, document_id, versions)
        before = stored(entry).document
        if not visible(before):
            raise _not_found(kind)
        decision = decide(command, before, now=work.now)
        after = decision.document
        if (after.skus, after.locations) != (before.skus, before.locations):
            after = await _completed(work, caller, after, only_known_skus=only_known_skus)
        # The document first: its row is locked from here on, so changes of one document wait for each other here.
        changed = await _write(work, caller, entry, after)
        await _move(work, caller, decision.stock, door=door)
        return render(stored(changed))

    return await _attempt(context, caller, perform, door=door, dry_run=dry_run, call=call)


async def _attempt(
    context: Context, caller: Caller, perform: Callable[[UnitOfWork], Awaitable[bytes]], *, door: str, dry_run: bool,
    call: SingleCall | None,
) -> Answer:  # fmt: skip
    """Perform a change in a unit of work, again where another request was faster."""
    for _ in range(MAX_ATTEMPTS):
        try:
            async with unit_of_work(context, caller.organization_id, dry_run=dry_run) as work:
                return await answer_once(work, caller, call, door=door, perform=lambda: perform(work))
        except _Raced:
            continue
        except Conflict as conflict:
            if conflict.code is not Code.STALE_VERSION or "seen" in conflict.facts:
                raise
    raise Conflict(Code.STALE_VERSION, "this is being changed by other requests; try again")


async def _load(
    work: UnitOfWork, caller: Caller, kind: str, document_id: str, versions: frozenset[int] | None
) -> CatalogEntry:
    found = await catalog_store.entries(work.tx, caller.organization_id, kind=kind, keys=[document_id], by="name")
    if not found:
        raise _not_found(kind)
    if versions is not None and found[0].version not in versions:
        reason = f"the {kind.replace('_', ' ')} is at version {found[0].version} by now"
        raise Conflict(Code.STALE_VERSION, reason, seen=sorted(versions))
    return found[0]


async def _write(work: UnitOfWork, caller: Caller, before: CatalogEntry, document: InboundDocument) -> CatalogEntry:
    draft = _draft(document, before.name)
    if draft.document == before.document:
        return before
    changed = _replace(
        before, document=draft.document, search=draft.search.casefold(),
        updated_at=max(work.now, before.updated_at + 1),
    )  # fmt: skip
    if not work.dry_run and not await catalog_store.change_entry(
        work.tx, caller.organization_id, changed=changed, seen=before.document
    ):
        raise _Raced
    return _replace(changed, version=before.version + 1)


async def _move(work: UnitOfWork, caller: Caller, commands: Sequence[StockCommand], *, door: str) -> None:
    """Execute the commands on stock levels; refuses with all that the levels refuse."""
    await work.stock.of({command.key.sku for command in commands})  # locks them all in their order
    faults: list[Fault] = []
    refused: Conflict | Invalid | None = None
    for command in commands:
        try:
            await stock.change_stock(work, caller, [command], door=door)
        except (Conflict, Invalid) as refusal:
            if not refusal.faults:  # such as a level that another transaction has changed
                raise
            refused = refused or refusal
            faults += refusal.faults
    if refused is not None:
        raise type(refused)(refused.code, refused.reason, faults=tuple(faults))


async def _completed(
    work: UnitOfWork, caller: Caller, document: InboundDocument, *, only_known_skus: bool
) -> InboundDocument:
    """Check that what a document names exists; return it, a work order with the components of its kit."""
    names = [name for _, name in document.locations]
    known = {
        entry.key
        for entry in await catalog_store.entries(work.tx, caller.organization_id, kind=locations.KIND, keys=names)
    }
    faults = [Fault(path, f"there is no location {name!r}") for path, name in document.locations if name not in known]
    by_name = await _products(work, caller, [sku for _, sku in document.skus])
    if only_known_skus:
        faults += [
            Fault(path, f"there is no product with the SKU {sku!r}")
            for path, sku in document.skus
            if index_key(sku) not in by_name
        ]
    if faults:
        raise Invalid(Code.UNKNOWN_REFERENCE, "the body names what does not exist", faults=tuple(faults))
    if isinstance(document, WorkOrder) and not document.components and index_key(document.sku) in by_name:
        return _replace(document, components=decode_product(by_name[index_key(document.sku)].document).components)
    return document


async def _products(work: UnitOfWork, caller: Caller, skus: Sequence[str]) -> dict[str, CatalogEntry]:
    names = sorted({index_key(sku) for sku in skus})
    entries = await catalog_store.entries(work.tx, caller.organization_id, kind=products.KIND, keys=names, by="name")
    return {entry.name: entry for entry in entries}


def _draft(document: InboundDocument, document_id: str) -> Draft:
    return Draft(_ENCODER.encode(document), search_text(document), document_id)


def _not_found(kind: str) -> NotFound:
    return NotFound(Code.NOT_FOUND, f"there is no such {kind.replace('_', ' ')}")

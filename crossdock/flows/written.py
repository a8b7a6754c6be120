"""Orders' documents as JSON, for answers that only put them in; what was written once is kept while it is asked for.

A document says nothing but what follows from an order's state, and from the catalog entries it was written with. So one that is
kept is told where both are still what they were, and nobody has to be told of changes.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.events import Event
from crossdock.core.order import Order
from crossdock.flows import catalog
from crossdock.flows.access import Caller
from crossdock.flows.book import Book, Format, encode_json
from crossdock.flows.documents import bodies_of, needs_of, word
from crossdock.flows.shelf import Written
from crossdock.store import log, pages
from crossdock.store import orders as order_store
from crossdock.store.port import Transaction
from crossdock.store.registry import stamp_of
from crossdock.store.walks import Filters

Tree = Any
# What a door adds to an order's document from the order's events up to now.
Story = Callable[[dict[str, Tree], Sequence[Event], Order], dict[str, Tree]]


class Told(Struct, frozen=True):
    """A page of documents. `last` is the id of the order to go on after; None at the end."""

    documents: list[msgspec.Raw]
    last: int | None


async def told_all(
    book: Book, caller: Caller, orders: Sequence[Order], *, door: str, story: Story | None = None
) -> list[msgspec.Raw]:
    """Give orders in a door's read format, in that order, with what `story` adds where something has happened to them."""
    async with book.store.reading() as tx:
        desk = _Desk(tx, book, caller, book.formats[door], story)
        told = await desk.kept({order.order_id: order.event_hash for order in orders})
        missing = [order for order in orders if order.order_id not in told]
        told |= await desk.written(missing, await bodies_of(tx, caller, missing, book.formats[door]))
    return [told[order.order_id] for order in orders]


async def told_page(
    book: Book,
    caller: Caller,
    filters: Filters,
    *,
    door: str,
    story: Story | None = None,
    before: int | None = None,
    limit: int,
    offset: int = 0,
) -> Told:
    """As `told_all`, of a page of orders, newest first (see store.pages.page); those kept are not read again."""
    async with book.store.reading() as tx:
        states, last = await pages.find(
            tx, caller.organization_id, filters, before=before, limit=limit + 1, offset=offset
        )
        if len(states) > limit:
            last = list(states)[limit - 1]
            states.popitem()
        desk = _Desk(tx, book, caller, book.formats[door], story)
        told = await desk.kept(states)
        missing = [each for each in states if each not in told]
        told |= await desk.written(*await order_store.with_bodies(tx, caller.organization_id, missing, door=door))
    return Told([told[order_id] for order_id in states], last)


class _Desk:
    """Where the documents of one answer are written, or found."""

    def __init__(self, tx: Transaction, book: Book, caller: Caller, format: Format, story: Story | None) -> None:
        self._tx, self._book, self._caller = tx, book, caller
        self._format, self._story = format, story

    def _key(self, order_id: int) -> Hashable:
        return self._format.name, self._story, self._caller.organization, order_id

    async def kept(self, states: Mapping[int, bytes]) -> dict[int, msgspec.Raw]:
        """Give those documents that are kept of the states the orders are in, by the orders' ids."""
        found = {each: written for each in states if (written := self._book.shelf.find(self._key(each))) is not None}
        needs = {need for written in found.values() for need in written.needs}
        stamps = await catalog.stamps(self._tx, self._caller, needs)
        return {
            each: msgspec.Raw(written.document)
            for each, written in found.items()
            if written.state == states[each] and written.stamps == tuple(map(stamps.get, written.needs))
        }

    async def written(self, orders: Sequence[Order], bodies: Mapping[int, bytes]) -> dict[int, msgspec.Raw]:
        """Write orders' documents, and keep them; `bodies` are what was sent, by submission."""
        told = {}
        for order, written in zip(orders, await self._write(orders, bodies), strict=True):
            self._book.shelf.keep(self._key(order.order_id), written)
            told[order.order_id] = msgspec.Raw(written.document)
        return told

    async def _write(self, orders: Sequence[Order], bodies: Mapping[int, bytes]) -> list[Written]:
        tx, caller, format, story = self._tx, self._caller, self._format, self._story
        needs = [needs_of(order, format) for order in orders]
        found = await catalog.find(tx, caller, {need for some in needs for need in some})
        stamps = {need: stamp_of(entry) for need, entry in found.entries.items()}
        moved = [order.order_id for order in orders if order.event_number > 1] if story is not None else []
        logs = await log.stories(tx, caller.organization_id, order_ids=moved)
        written = []
        for order, some in zip(orders, needs, strict=True):
            if story is None and order.source.door != format.name:
                document = format.told(order, found)
            else:
                tree = word(order, format, found, bodies.get(order.source.submission_id)).document
                # An order may have moved on since it was read.
                seen = [each.event for each in logs.get(order.order_id, ()) if each.event.number <= order.event_number]
                document = encode_json(story(tree, seen, order) if story is not None and seen else tree)
            written.append(Written(order.event_hash, document, some, tuple(map(stamps.get, some))))
        return written

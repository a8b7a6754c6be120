"""Orders' documents as JSON, for answers that only put them in; what was written once is kept while it is asked for.

A document says nothing but what follows from an order's state, and from the catalog entries it was written with. So one that is
kept is told where both are still what they were, and nobody has to be told of changes.
"""

from collections.abc import Callable, Mapping, Sequence
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
    given = {order.order_id: order for order in orders}
    async with book.store.reading() as tx:
        told = await _told(tx, book, caller, list(given), given, book.formats[door], story)
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
        ids, last = await pages.find(tx, caller.organization_id, filters, before=before, limit=limit + 1, offset=offset)
        if len(ids) > limit:
            ids, last = ids[:limit], ids[limit - 1]
        told = await _told(tx, book, caller, ids, {}, book.formats[door], story)
    return Told([told[order_id] for order_id in ids if order_id in told], last)


async def _told(
    tx: Transaction,
    book: Book,
    caller: Caller,
    ids: Sequence[int],
    given: Mapping[int, Order],
    format: Format,
    story: Story | None,
) -> dict[int, msgspec.Raw]:
    """Give the documents of orders that are there: those kept of the state the orders are in, the others written now.

    Orders that are not `given` are read, but only the states of those whose documents are kept.
    """
    keys = {each: (format.name, story, caller.organization, each) for each in ids}
    kept = {each: written for each, key in keys.items() if (written := book.shelf.find(key)) is not None}
    if given:
        states = {order.order_id: order.event_hash for order in given.values()}
    else:
        states = await order_store.states(tx, caller.organization_id, list(kept))
    stamps = await catalog.stamps(tx, caller, {need for written in kept.values() for need in written.needs})
    told = {
        each: msgspec.Raw(written.document)
        for each, written in kept.items()
        if written.state == states.get(each) and written.stamps == tuple(map(stamps.get, written.needs))
    }
    if missing := [each for each in ids if each not in told]:
        orders = (
            [given[each] for each in missing]
            if given
            else await order_store.by_ids(tx, caller.organization_id, missing)
        )
        for order, written in zip(orders, await _written(tx, caller, orders, format, story), strict=True):
            book.shelf.keep(keys[order.order_id], written)
            told[order.order_id] = msgspec.Raw(written.document)
    return told


async def _written(
    tx: Transaction, caller: Caller, orders: Sequence[Order], format: Format, story: Story | None
) -> list[Written]:
    """Write documents, with all that has to be looked up for them."""
    needs = [needs_of(order, format) for order in orders]
    found = await catalog.find(tx, caller, {need for some in needs for need in some})
    stamps = {need: stamp_of(entry) for need, entry in found.entries.items()}
    bodies = await bodies_of(tx, caller, orders, format)
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

"""Orders' documents as JSON, for answers that only put them in; what was written once is kept while it is asked for.

A document says nothing but what follows from an order's state, and from the catalog entries it was written with. So one that is
kept is told where both are still what they were, and nobody has to be told of changes.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.orders.events import Event
from crossdock.core.orders.model import Order
from crossdock.flows import reference_data
from crossdock.flows.access import Caller
from crossdock.flows.context import Context, Format, encode_json
from crossdock.flows.lru_cache import CachedDocument
from crossdock.flows.rendering import reference_keys, sent_bodies, word
from crossdock.store import event_log
from crossdock.store import orders as order_store
from crossdock.store.catalog import version_of
from crossdock.store.order_query import pages
from crossdock.store.order_query.query import Filters, OrderQuery
from crossdock.store.protocols import Transaction

Tree = Any
# What a door adds to an order's document from the order's events up to now.
AddHistory = Callable[[dict[str, Tree], Sequence[Event], Order], dict[str, Tree]]


class RenderedPage(Struct, frozen=True):
    """A page of documents. `last` is the id of the order to go on after; None at the end."""

    documents: list[msgspec.Raw]
    last: int | None


async def render_json_all(
    context: Context, caller: Caller, orders: Sequence[Order], *, door: str, story: AddHistory | None = None
) -> list[msgspec.Raw]:
    """Give orders in a door's read format, in that order, with what `story` adds where something has happened to them."""
    async with context.store.reading() as tx:
        desk = _Desk(tx, context, caller, context.formats[door], story)
        told = await desk.kept({order.order_id: order.event_hash for order in orders})
        missing = [order for order in orders if order.order_id not in told]
        told |= await desk.written(missing, await sent_bodies(tx, caller, missing, context.formats[door]))
    return [told[order.order_id] for order in orders]


async def render_json_page(
    context: Context,
    caller: Caller,
    filters: Filters,
    *,
    door: str,
    story: AddHistory | None = None,
    before: int | None = None,
    limit: int,
    offset: int = 0,
) -> RenderedPage:
    """As `told_all`, of a page of orders, newest first (see store.order_query.pages); those kept are not read again."""
    async with context.store.reading() as tx:
        query = OrderQuery(any_of=(filters,), before=before, limit=limit + 1, offset=offset)
        states, last = await pages.event_hashes(tx, caller.organization_id, query)
        if len(states) > limit:
            last = list(states)[limit - 1]
            states.popitem()
        desk = _Desk(tx, context, caller, context.formats[door], story)
        told = await desk.kept(states)
        missing = [each for each in states if each not in told]
        told |= await desk.written(*await order_store.with_bodies(tx, caller.organization_id, missing, door=door))
    return RenderedPage([told[order_id] for order_id in states], last)


class _Desk:
    """Where the documents of one answer are written, or found."""

    def __init__(
        self, tx: Transaction, context: Context, caller: Caller, format: Format, story: AddHistory | None
    ) -> None:
        self._tx, self._context, self._caller = tx, context, caller
        self._format, self._story = format, story

    def _key(self, order_id: int) -> Hashable:
        return self._format.name, self._story, self._caller.organization, order_id

    async def kept(self, states: Mapping[int, bytes]) -> dict[int, msgspec.Raw]:
        """Give those documents that are kept of the states the orders are in, by the orders' ids."""
        found = {
            each: written
            for each in states
            if (written := self._context.document_cache.find(self._key(each))) is not None
        }
        needs = {need for written in found.values() for need in written.needs}
        stamps = await reference_data.versions(self._tx, self._caller, needs)
        return {
            each: msgspec.Raw(written.document)
            for each, written in found.items()
            if written.state == states[each] and written.stamps == tuple(map(stamps.get, written.needs))
        }

    async def written(self, orders: Sequence[Order], bodies: Mapping[int, bytes]) -> dict[int, msgspec.Raw]:
        """Write orders' documents, and keep them; `bodies` are what was sent, by submission."""
        told = {}
        for order, written in zip(orders, await self._write(orders, bodies), strict=True):
            self._context.document_cache.keep(self._key(order.order_id), written)
            told[order.order_id] = msgspec.Raw(written.document)
        return told

    async def _write(self, orders: Sequence[Order], bodies: Mapping[int, bytes]) -> list[CachedDocument]:
        tx, caller, format, story = self._tx, self._caller, self._format, self._story
        needs = [reference_keys(order, format) for order in orders]
        found = await reference_data.find(tx, caller, {need for some in needs for need in some})
        stamps = {need: version_of(entry) for need, entry in found.entries.items()}
        moved = [order.order_id for order in orders if order.event_number > 1] if story is not None else []
        logs = await event_log.histories(tx, caller.organization_id, order_ids=moved)
        written = []
        for order, some in zip(orders, needs, strict=True):
            if story is None and order.source.door != format.name:
                document = format.render_foreign(order, found)
            else:
                tree = word(order, format, found, bodies.get(order.source.submission_id)).document
                # An order may have moved on since it was read.
                seen = [each.event for each in logs.get(order.order_id, ()) if each.event.number <= order.event_number]
                document = encode_json(story(tree, seen, order) if story is not None and seen else tree)
            written.append(CachedDocument(order.event_hash, document, some, tuple(map(stamps.get, some))))
        return written

"""The one way out: (order, history, door) -> document.

A door's own reads, the hub's `as=`, webhooks, exports and mails all render here, so they show the same document of the same
order. An order is rendered from the very document its door was sent, or from its canonical content with the unmapped fields
restored; `Format.to_response` turns that into the door's read response, with what the order's history adds.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from crossdock.core.errors import Path
from crossdock.core.events import Event
from crossdock.core.json import strict_json
from crossdock.core.orders import unmapped
from crossdock.core.orders.model import Content, Order
from crossdock.flows import reference_data
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.document_cache import CachedDocument
from crossdock.flows.formats import Format, MissingField, MissingFields, ReferenceData, encode_json
from crossdock.flows.large_orders import MANY_LINES, compute
from crossdock.store import event_log, submissions
from crossdock.store import orders as order_store
from crossdock.store.catalog import EntryKey, version_of
from crossdock.store.order_query import pages
from crossdock.store.order_query.query import Filters, OrderQuery
from crossdock.store.protocols import Transaction

Tree = Any
Histories = Mapping[int, Sequence[Event]]
# Makes what stands in place of an order that cannot be rendered, which is a bug: it must not take its page along.
Unreadable = Callable[[Order], bytes]
_log = structlog.get_logger("crossdock.rendering")


class RenderedDocument(Struct, frozen=True):
    """An order in a door's read format. `missing_fields` are what the format requires and the order lacks, `dropped` the paths
    of canonical values the format has no field for, where they were asked for."""

    document: dict[str, Tree]
    missing_fields: tuple[MissingField, ...] = ()
    dropped: tuple[Path, ...] = ()


class RenderedPage(Struct, frozen=True):
    """A page of documents as JSON. `last` is the id of the order after which to go on; None at the end."""

    documents: list[msgspec.Raw]
    last: int | None


# ------------------------------------------------------------------------------------------------------------- documents
async def render(
    context: Context, caller: Caller, order: Order, *, door: str, losses: bool = False
) -> RenderedDocument:
    """Render an order in a door's read format. `losses` also names what the format drops, which takes several times as long."""
    async with context.store.reading() as tx:
        return (await render_in(tx, context, caller, [order], door=door, losses=losses))[0]


async def render_all(context: Context, caller: Caller, orders: Sequence[Order], *, door: str) -> list[RenderedDocument]:
    """Render several orders with one look-up; see `render`."""
    async with context.store.reading() as tx:
        return await render_in(tx, context, caller, orders, door=door)


async def render_each(
    context: Context, caller: Caller, orders: Sequence[Order], *, door: str
) -> list[RenderedDocument | None]:
    """Render orders each by itself: None for one that cannot be rendered, which is logged as a bug."""
    format = context.formats[door]
    async with context.store.reading() as tx:
        references = await reference_data.find(
            tx, caller, {key for order in orders for key in _reference_keys(order, format)}
        )
        bodies = await _sent_bodies(tx, caller, orders, format)
        histories = await _histories(tx, caller, orders, format)
    documents: list[RenderedDocument | None] = []
    for order in orders:
        body, history = bodies.get(order.source.submission_id), _seen(histories, order)
        render_one = partial(render_order, order, format, references, body, history)
        try:
            documents.append(await compute(order, render_one))
        except Exception:  # noqa: BLE001 - one order's bug must not take the others along
            _log.exception("bug", order_id=order.order_id)
            documents.append(None)
    return documents


async def render_in(
    tx: Transaction,
    context: Context,
    caller: Caller,
    orders: Sequence[Order],
    *,
    door: str,
    losses: bool = False,
    histories: Histories | None = None,
) -> list[RenderedDocument]:
    """Render orders within a transaction; `histories` holds their events by order id, where the caller has read them."""
    format = context.formats[door]
    references = await reference_data.find(
        tx, caller, {key for order in orders for key in _reference_keys(order, format)}
    )
    bodies = await _sent_bodies(tx, caller, orders, format)
    if histories is None:
        histories = await _histories(tx, caller, orders, format)
    documents = []
    for order in orders:
        body, history = bodies.get(order.source.submission_id), _seen(histories, order)
        render_one = partial(render_order, order, format, references, body, history, losses=losses)
        documents.append(await compute(order, render_one))
    return documents


def render_order(
    order: Order,
    format: Format,
    references: ReferenceData,
    body: bytes | None,
    history: Sequence[Event] = (),
    *,
    losses: bool = False,
) -> RenderedDocument:
    """Render an order from what was looked up for it. Pure.

    `body` is what was sent, where nothing has changed it since; `history` the order's events, where the format reads them.
    """
    if _is_as_sent(order, format) and body:  # it may have been erased since the order was read
        return RenderedDocument(format.to_response(strict_json.parse_trusted(body), order, references, history))
    missing_fields = MissingFields()
    document = format.from_content(order.content, references, missing_fields)
    if order.source.door == format.name:
        document = unmapped.restore(order.content, rendered=document, lines=format.lines)
        return RenderedDocument(format.to_response(document, order, references, history))
    dropped = tuple(_dropped(order.content, format, document, references)) if losses else ()
    response = format.to_response(document, order, references, history)
    return RenderedDocument(response, tuple(_as_shown(field, response) for field in missing_fields.fields), dropped)


def _as_shown(field: MissingField, response: dict[str, Tree]) -> MissingField:
    """Give a missing field the value that the response shows, where a format fills it only there, such as with a time."""
    node: Tree = response
    try:
        for part in field.path:
            node = node[part]
    except (LookupError, TypeError):  # the response has it elsewhere, or as JSON
        return field
    return msgspec.structs.replace(field, value=node) if isinstance(node, str) else field


def _reference_keys(order: Order, format: Format) -> tuple[EntryKey, ...]:
    return tuple([(each.kind, each.key) for each in format.references(order.content)])


def _is_as_sent(order: Order, format: Format) -> bool:
    """Tell whether a door's own order is still what the door was sent; then that document is its most faithful form."""
    return order.source.door == format.name and order.content.unmapped is None


async def _sent_bodies(tx: Transaction, caller: Caller, orders: Sequence[Order], format: Format) -> dict[int, bytes]:
    ids = [order.source.submission_id for order in orders if _is_as_sent(order, format)]
    return await submissions.submission_bodies(tx, caller.organization_id, submission_ids=ids)


async def _histories(tx: Transaction, caller: Caller, orders: Sequence[Order], format: Format) -> Histories:
    """Read the events of orders that something has happened to, where the format reads them."""
    if not format.reads_history:
        return {}
    changed = [order.order_id for order in orders if order.event_number > 1]
    entries_by_order = await event_log.histories(tx, caller.organization_id, aggregate_ids=changed)
    return {order_id: [entry.event for entry in entries] for order_id, entries in entries_by_order.items()}


def _seen(histories: Histories, order: Order) -> Sequence[Event]:
    """Return the events up to the order's state: it may be an earlier one, or have gone on since it was read."""
    if order.event_number == 1 or order.order_id not in histories:
        return ()
    return [event for event in histories[order.order_id] if event.number <= order.event_number]


# ---------------------------------------------------------------------------------------------------------------- losses
def _dropped(content: Content, format: Format, document: dict[str, Tree], references: ReferenceData) -> list[Path]:
    """Read the document back as its door would, and list what of the content did not return."""
    body = format.parse_rendered(document)
    before, after = _plain(content), _plain(format.to_content(body, references))
    before.pop("leftovers", None)
    for line in before["lines"]:
        line.pop("leftovers", None)
    return list(_lost(before, after, ()))


def _plain(content: Content) -> Tree:
    return msgspec.to_builtins(content, builtin_types=())


def _lost(before: Tree, after: Tree, path: Path) -> list[Path]:
    if isinstance(before, dict):
        other = after if isinstance(after, dict) else {}
        return [lost for name, value in before.items() for lost in _lost(value, other.get(name), (*path, name))]
    if isinstance(before, list | tuple):
        rows = after if isinstance(after, list | tuple) else ()
        return [
            lost
            for place, value in enumerate(before)
            for lost in _lost(value, rows[place] if place < len(rows) else None, (*path, place))
        ]
    return [] if before == after else [path]


# ------------------------------------------------------------------------------------------------------- as JSON, cached
async def render_json_all(
    context: Context, caller: Caller, orders: Sequence[Order], *, door: str, unreadable: Unreadable | None = None
) -> list[msgspec.Raw]:
    """Render orders as JSON, in their order.

    With `unreadable`, an order that cannot be rendered is logged as a bug and does not fail the others.
    """
    async with context.store.reading() as tx:
        return await render_json_in(tx, context, caller, orders, door=door, unreadable=unreadable)


async def render_json_in(
    tx: Transaction,
    context: Context,
    caller: Caller,
    orders: Sequence[Order],
    *,
    door: str,
    unreadable: Unreadable | None = None,
) -> list[msgspec.Raw]:
    """Render orders as JSON within a transaction; see `render_json_all`."""
    renderer = _JsonRenderer(tx, context, caller, door, unreadable)
    documents = await renderer.cached({order.order_id: order.event_hash for order in orders})
    missing = [order for order in orders if order.order_id not in documents]
    documents |= await renderer.render(missing, await _sent_bodies(tx, caller, missing, context.formats[door]))
    return [documents[order.order_id] for order in orders]


async def render_json_page(
    context: Context,
    caller: Caller,
    filters: Filters,
    *,
    door: str,
    unreadable: Unreadable | None = None,
    before: int | None = None,
    limit: int,
    offset: int = 0,
    max_bytes: int | None = None,
) -> RenderedPage:
    """Render a page of orders as JSON, newest first (see store.order_query.pages); cached orders are not read again.

    With `max_bytes` the page ends before its orders take more than about so many bytes; it has one at least.
    """
    async with context.store.reading() as tx:
        query = OrderQuery(any_of=(filters,), before=before, limit=limit + 1, offset=offset)
        states, last = await pages.event_hashes(tx, caller.organization_id, query)
        if len(states) > limit:
            last = list(states)[limit - 1]
            states.popitem()
        renderer = _JsonRenderer(tx, context, caller, door, unreadable)
        documents = await renderer.cached(states)
        # Nearly always the page is cached and small; its documents are not looked at one by one then.
        is_small = len(documents) == len(states) and sum(map(len, documents.values())) <= (max_bytes or 0)
        if max_bytes is not None and not is_small:
            sizes = {each: len(document) for each, document in documents.items()}
            kept = await within_bytes(tx, caller, list(states), max_bytes=max_bytes, sizes=sizes)
            if len(kept) < len(states):
                states, last = {each: states[each] for each in kept}, kept[-1]
        missing = [each for each in states if each not in documents]
        documents |= await renderer.render(
            *await order_store.with_bodies(tx, caller.organization_id, missing, door=door)
        )
    return RenderedPage([documents[order_id] for order_id in states], last)


async def within_bytes(
    tx: Transaction,
    caller: Caller,
    order_ids: Sequence[int],
    *,
    max_bytes: int,
    sizes: Mapping[int, int] | None = None,
) -> Sequence[int]:
    """Return the first of some orders whose documents together take about `max_bytes`, one at least.

    `sizes` are of the documents that are known; a document takes about what the stored content takes. An order may be there
    several times.
    """
    known = dict(sizes or {})
    unknown = [each for each in dict.fromkeys(order_ids) if each not in known]
    if len(order_ids) > 1:
        known |= await order_store.content_sizes(tx, caller.organization_id, unknown)
    total = 0
    for position, order_id in enumerate(order_ids):
        total += known.get(order_id, 0)
        if position and total > max_bytes:
            return order_ids[:position]
    return order_ids


class _JsonRenderer:
    """Renders the documents of one answer, or takes them from the cache."""

    def __init__(
        self, tx: Transaction, context: Context, caller: Caller, door: str, unreadable: Unreadable | None
    ) -> None:
        self._tx, self._caller, self._unreadable = tx, caller, unreadable
        self._format = context.formats[door]
        self._cache = context.document_cache

    def _key(self, order_id: int) -> Hashable:
        return self._format.name, self._caller.organization, order_id

    async def cached(self, states: Mapping[int, bytes]) -> dict[int, msgspec.Raw]:
        """Return the documents, by order id, that are cached of the states the orders are in (hashes of their last events)."""
        name, organization, get = self._format.name, self._caller.organization, self._cache.get  # as `_key`, for each
        hits = {each: cached for each in states if (cached := get((name, organization, each))) is not None}
        keys = {key for cached in hits.values() for key in cached.references}
        versions = await reference_data.versions(self._tx, self._caller, keys)
        return {
            each: msgspec.Raw(cached.document)
            for each, cached in hits.items()
            if cached.state == states[each] and cached.versions == tuple(map(versions.get, cached.references))
        }

    async def render(self, orders: Sequence[Order], bodies: Mapping[int, bytes]) -> dict[int, msgspec.Raw]:
        """Render documents, by order id, and cache them; `bodies` are what was sent, by submission id."""
        keys = [_reference_keys(order, self._format) for order in orders]
        references = await reference_data.find(self._tx, self._caller, {key for some in keys for key in some})
        versions = {key: version_of(entry) for key, entry in references.entries.items()}
        histories = await _histories(self._tx, self._caller, orders, self._format)
        documents = {}
        for order, some in zip(orders, keys, strict=True):
            history = _seen(histories, order)
            try:
                if len(order.content.lines) < MANY_LINES:  # as `compute`, without the cost of a call for each
                    document = self._render_one(order, references, bodies, history)
                else:
                    document = await compute(order, partial(self._render_one, order, references, bodies, history))
            except Exception:
                if self._unreadable is None:
                    raise
                _log.exception("bug", order_id=order.order_id)
                documents[order.order_id] = msgspec.Raw(self._unreadable(order))
                continue
            cached = CachedDocument(order.event_hash, document, some, tuple(map(versions.get, some)))
            self._cache.put(self._key(order.order_id), cached)
            documents[order.order_id] = msgspec.Raw(document)
        return documents

    def _render_one(
        self, order: Order, references: ReferenceData, bodies: Mapping[int, bytes], history: Sequence[Event]
    ) -> bytes:
        if order.source.door != self._format.name and not history:
            return self._format.render_foreign(order, references)
        body = bodies.get(order.source.submission_id)
        return encode_json(render_order(order, self._format, references, body, history).document)

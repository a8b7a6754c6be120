"""An order in a door's read format: as it was sent, or spelled from what the book knows, with what that cannot say."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.errors import Path
from crossdock.core.json import strict_json
from crossdock.core.orders import unmapped
from crossdock.core.orders.model import Content, Order
from crossdock.flows import reference_data
from crossdock.flows.access import Caller
from crossdock.flows.context import Context, Format, MissingField, MissingFields, ReferenceData
from crossdock.store import submissions
from crossdock.store.catalog import EntryKey
from crossdock.store.protocols import Transaction

Tree = Any


class RenderedDocument(Struct, frozen=True):
    """An order in a door's read format. `gaps` are what the format demanded and the order lacks, `dropped` the paths of
    canonical values the format cannot say, where they were asked for."""

    document: dict[str, Tree]
    missing_fields: tuple[MissingField, ...] = ()
    dropped: tuple[Path, ...] = ()


async def render(
    context: Context, caller: Caller, order: Order, *, door: str, losses: bool = False
) -> RenderedDocument:
    """Write an order in a door's read format; in the door it came through, exactly as it was sent.

    With `losses`, also name the values the format cannot say: that takes several times as long.
    """
    async with context.store.reading() as tx:
        return (await render_in(tx, context, caller, [order], door=door, losses=losses))[0]


async def render_all(context: Context, caller: Caller, orders: Sequence[Order], *, door: str) -> list[RenderedDocument]:
    """As `worded`, for many orders with one look-up."""
    async with context.store.reading() as tx:
        return await render_in(tx, context, caller, orders, door=door)


async def render_in(
    tx: Transaction, context: Context, caller: Caller, orders: Sequence[Order], *, door: str, losses: bool = False
) -> list[RenderedDocument]:
    """As `worded_all`, in a transaction that is open already."""
    format = context.formats[door]
    found = await reference_data.find(tx, caller, {need for order in orders for need in reference_keys(order, format)})
    bodies = await sent_bodies(tx, caller, orders, format)
    return [word(order, format, found, bodies.get(order.source.submission_id), losses=losses) for order in orders]


def reference_keys(order: Order, format: Format) -> tuple[EntryKey, ...]:
    """Give (kind, key) of the catalog entries that an order is written with."""
    return tuple([(need.kind, need.key) for need in format.references(order.content)])


async def sent_bodies(tx: Transaction, caller: Caller, orders: Sequence[Order], format: Format) -> dict[int, bytes]:
    """Look up what was sent where nothing has changed it since."""
    sent = [order.source.submission_id for order in orders if _is_as_sent(order, format)]
    return await submissions.submission_bodies(tx, caller.organization_id, submission_ids=sent)


def _is_as_sent(order: Order, format: Format) -> bool:
    """Say whether a door's own order is still what the door was sent; then that document is its best spelling."""
    return order.source.door == format.name and order.content.unmapped is None


def word(
    order: Order, format: Format, found: ReferenceData, body: bytes | None, *, losses: bool = False
) -> RenderedDocument:
    """Write an order with what was looked up for it; `body` is what was sent, where nothing has changed it since."""
    if _is_as_sent(order, format) and body is not None:
        return RenderedDocument(format.to_response(strict_json.parse_trusted(body), order, found))
    missing_fields = MissingFields()
    rendered = format.from_content(order.content, found, missing_fields)
    if order.source.door == format.name:
        rendered = unmapped.restore(order.content, rendered=rendered, lines=format.lines)
        return RenderedDocument(format.to_response(rendered, order, found))
    dropped = tuple(_dropped(order.content, format, rendered, found)) if losses else ()
    return RenderedDocument(format.to_response(rendered, order, found), tuple(missing_fields.found), dropped)


def _dropped(content: Content, format: Format, rendered: dict[str, Tree], found: ReferenceData) -> list[Path]:
    """Read the spelling back as its door would, and name what of the content did not return."""
    reread = format.parse_rendered(rendered)
    said, returned = _plain(content), _plain(format.to_content(reread, found))
    said.pop("leftovers", None)
    for line in said["lines"]:
        line.pop("leftovers", None)
    return list(_missing(said, returned, ()))


def _plain(content: Content) -> Tree:
    return msgspec.to_builtins(content, builtin_types=())


def _missing(said: Tree, returned: Tree, path: Path) -> list[Path]:
    if isinstance(said, dict):
        other = returned if isinstance(returned, dict) else {}
        return [lost for name, value in said.items() for lost in _missing(value, other.get(name), (*path, name))]
    if isinstance(said, list | tuple):
        rows = returned if isinstance(returned, list | tuple) else ()
        return [
            lost
            for place, value in enumerate(said)
            for lost in _missing(value, rows[place] if place < len(rows) else None, (*path, place))
        ]
    return [] if said == returned else [path]

"""An order in a door's read format: as it was sent, or spelled from what the book knows, with what that cannot say."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core import leftovers, parsing
from crossdock.core.errors import Path
from crossdock.core.order import Content, Order
from crossdock.flows import catalog
from crossdock.flows.access import Caller
from crossdock.flows.book import Book, Format, Found, Gap, Gaps
from crossdock.store import log
from crossdock.store.port import Transaction
from crossdock.store.registry import EntryKey

Tree = Any


class Wording(Struct, frozen=True):
    """An order in a door's read format. `gaps` are what the format demanded and the order lacks, `dropped` the paths of
    canonical values the format cannot say, where they were asked for."""

    document: dict[str, Tree]
    gaps: tuple[Gap, ...] = ()
    dropped: tuple[Path, ...] = ()


async def worded(book: Book, caller: Caller, order: Order, *, door: str, losses: bool = False) -> Wording:
    """Write an order in a door's read format; in the door it came through, exactly as it was sent.

    With `losses`, also name the values the format cannot say: that takes several times as long.
    """
    async with book.store.reading() as tx:
        return (await worded_in(tx, book, caller, [order], door=door, losses=losses))[0]


async def worded_all(book: Book, caller: Caller, orders: Sequence[Order], *, door: str) -> list[Wording]:
    """As `worded`, for many orders with one look-up."""
    async with book.store.reading() as tx:
        return await worded_in(tx, book, caller, orders, door=door)


async def worded_in(
    tx: Transaction, book: Book, caller: Caller, orders: Sequence[Order], *, door: str, losses: bool = False
) -> list[Wording]:
    """As `worded_all`, in a transaction that is open already."""
    format = book.formats[door]
    found = await catalog.find(tx, caller, {need for order in orders for need in needs_of(order, format)})
    bodies = await bodies_of(tx, caller, orders, format)
    return [word(order, format, found, bodies.get(order.source.submission_id), losses=losses) for order in orders]


def needs_of(order: Order, format: Format) -> tuple[EntryKey, ...]:
    """Give (kind, key) of the catalog entries that an order is written with."""
    return tuple([(need.kind, need.key) for need in format.needs(order.content)])


async def bodies_of(tx: Transaction, caller: Caller, orders: Sequence[Order], format: Format) -> dict[int, bytes]:
    """Look up what was sent where nothing has changed it since."""
    sent = [order.source.submission_id for order in orders if _is_as_sent(order, format)]
    return await log.bodies(tx, caller.organization_id, submission_ids=sent)


def _is_as_sent(order: Order, format: Format) -> bool:
    """Say whether a door's own order is still what the door was sent; then that document is its best spelling."""
    return order.source.door == format.name and order.content.leftovers is None


def word(order: Order, format: Format, found: Found, body: bytes | None, *, losses: bool = False) -> Wording:
    """Write an order with what was looked up for it; `body` is what was sent, where nothing has changed it since."""
    if _is_as_sent(order, format) and body is not None:
        return Wording(format.answer(parsing.reparse(body), order, found))
    gaps = Gaps()
    spelled = format.spell(order.content, found, gaps)
    if order.source.door == format.name:
        spelled = leftovers.respell(order.content, spelled=spelled, lines=format.lines)
        return Wording(format.answer(spelled, order, found))
    dropped = tuple(_dropped(order.content, format, spelled, found)) if losses else ()
    return Wording(format.answer(spelled, order, found), tuple(gaps.found), dropped)


def _dropped(content: Content, format: Format, spelled: dict[str, Tree], found: Found) -> list[Path]:
    """Read the spelling back as its door would, and name what of the content did not return."""
    reread = format.reread(spelled)
    said, returned = _plain(content), _plain(format.content(reread, found))
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

"""Reading the book: one order, pages of orders, an order in another door's words, submissions, the log checked."""

from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core import events, leftovers, reading
from crossdock.core.errors import Code, Missing, Path
from crossdock.core.order import Content, Order
from crossdock.flows import catalog
from crossdock.flows.access import Caller
from crossdock.flows.book import Book, Format, Found, Gap, Gaps
from crossdock.store import log, registry
from crossdock.store import orders as order_store
from crossdock.store.log import SubmissionRecord
from crossdock.store.orders import Filters
from crossdock.store.port import Transaction

Tree = Any


# --------------------------------------------------------------------------------------------------------------- orders
async def order(book: Book, caller: Caller, *, order_id: int | None) -> Order:
    """Give one order. Refuses with Missing `no_order`, also for ids no spelling stands for (None)."""
    if order_id is not None:
        async with book.store.reading() as tx:
            found = await order_store.get(tx, caller.organization_id, order_id=order_id)
        if found is not None:
            return found
    raise Missing(Code.NO_ORDER, "there is no such order")


async def order_by_number(book: Book, caller: Caller, *, door: str, number: str) -> Order:
    """Give the order a door received under a sender's number. Refuses with Missing `no_order`."""
    async with book.store.reading() as tx:
        found = await order_store.by_number(tx, caller.organization_id, door=door, number=number)
    if found is None:
        raise Missing(Code.NO_ORDER, "there is no such order", number=number)
    return found


async def page(
    book: Book, caller: Caller, filters: Filters, *, before: int | None, limit: int, offset: int = 0
) -> list[Order]:
    """Give at most `limit` orders, newest first, older than the id `before`."""
    async with book.store.reading() as tx:
        return await order_store.page(tx, caller.organization_id, filters, before=before, limit=limit, offset=offset)


async def count(book: Book, caller: Caller, *, door: str) -> int:
    """Count the orders a door received."""
    async with book.store.reading() as tx:
        return await order_store.count(tx, caller.organization_id, door=door)


# -------------------------------------------------------------------------------------------------------------- wording
class Wording(Struct, frozen=True):
    """An order in a door's read format. `gaps` are what the format demanded and the order lacks, `dropped` the paths of
    canonical values the format cannot say."""

    document: dict[str, Tree]
    gaps: tuple[Gap, ...] = ()
    dropped: tuple[Path, ...] = ()


async def worded(book: Book, caller: Caller, order: Order, *, door: str) -> Wording:
    """Write an order in a door's read format; in the door it came through, exactly as it was sent."""
    return (await worded_all(book, caller, [order], door=door))[0]


async def worded_all(book: Book, caller: Caller, orders: list[Order], *, door: str) -> list[Wording]:
    """As `worded`, for many orders with one look-up."""
    format = book.formats[door]
    untouched = [order for order in orders if _is_as_sent(order, format)]
    wanted = {(need.kind, need.key) for order in orders for need in format.needs(order.content)}
    bodies: dict[int, bytes] = {}
    found = Found(caller.organization, caller.actor, caller.references)
    if wanted or untouched:
        async with book.store.reading() as tx:
            found = await catalog.find(tx, caller, wanted)
            sent = [order.source.submission_id for order in untouched]
            bodies = await log.bodies(tx, caller.organization_id, submission_ids=sent)
    return [_worded(order, format, found, bodies.get(order.source.submission_id)) for order in orders]


def _is_as_sent(order: Order, format: Format) -> bool:
    """Say whether a door's own order is still what the door was sent; then that document is its best spelling."""
    return order.source.door == format.name and order.content.leftovers is None


def _worded(order: Order, format: Format, found: Found, body: bytes | None) -> Wording:
    if _is_as_sent(order, format) and body is not None:
        return Wording(format.answer(reading.parse(body), order, found))
    gaps = Gaps()
    spelled = format.spell(order.content, found, gaps)
    if order.source.door == format.name:
        spelled = leftovers.respell(order.content, spelled=spelled, lines=format.lines)
        return Wording(format.answer(spelled, order, found))
    dropped = tuple(_dropped(order.content, format, spelled, found))
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


# ---------------------------------------------------------------------------------------------------------- submissions
async def submission(book: Book, caller: Caller, *, submission_id: int | None) -> SubmissionRecord:
    """Give one submission with its bytes. Refuses with Missing `no_submission`."""
    if submission_id is not None:
        async with book.store.reading() as tx:
            found = await log.get_submission(tx, caller.organization_id, submission_id=submission_id)
        if found is not None:
            return found
    raise Missing(Code.NO_SUBMISSION, "there is no such submission")


async def submissions(
    book: Book, caller: Caller, *, status: str | None, before: int | None, limit: int
) -> list[SubmissionRecord]:
    """Give at most `limit` submissions, newest first, older than the id `before`."""
    async with book.store.reading() as tx:
        return await log.submissions(tx, caller.organization_id, status=status, before=before, limit=limit)


# -------------------------------------------------------------------------------------------------------------- the log
class Broken(Struct, frozen=True):
    """Where an order's chain does not hold."""

    organization_id: int
    order_id: int
    reason: str


class Verification(Struct, frozen=True):
    """What was walked and what was found broken."""

    orders: int
    events: int
    broken: tuple[Broken, ...]


async def verify(book: Book) -> Verification:
    """Recompute every order's event chain: numbers without gaps, each hash, and the head the order remembers."""
    orders = walked = 0
    broken: list[Broken] = []
    async with book.store.reading() as tx:
        for organization in await registry.organizations(tx):
            organization_id = organization.organization_id
            known: set[int] = set()
            async for order_id, number, head in log.heads(tx, organization_id):
                orders += 1
                known.add(order_id)
                count, reason = await _chain_fault(tx, organization_id, order_id, number, head)
                walked += count
                if reason:
                    broken.append(Broken(organization_id, order_id, reason))
            async for order_id in log.orders_with_events(tx, organization_id):
                if order_id not in known:
                    broken.append(Broken(organization_id, order_id, "has events but no order"))
    return Verification(orders, walked, tuple(broken))


async def _chain_fault(
    tx: Transaction, organization_id: int, order_id: int, number: int, head: bytes
) -> tuple[int, str | None]:
    before = events.CHAIN_START
    recorded = await log.events(tx, organization_id, order_id=order_id)
    for expected, event in enumerate(recorded, 1):
        if event.number != expected:
            return len(recorded), f"event {expected} is missing"
        if events.chain(before, event) != event.hash:
            return len(recorded), f"event {expected} was changed"
        before = event.hash
    if len(recorded) != number or before != head:
        return len(
            recorded
        ), f"the order remembers {number} events, the log holds {len(recorded)}, or their heads differ"
    return len(recorded), None

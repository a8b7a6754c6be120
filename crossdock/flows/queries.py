"""Queries: one order, pages of orders, submissions, the timeline of an order.

Each refuses with Denied `no_scope` a caller who may not read orders.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from crossdock.core.errors import Code, Invalid, NotFound, Path
from crossdock.core.events import Event
from crossdock.core.orders import events
from crossdock.core.orders.model import Order
from crossdock.flows.access import READ, Caller
from crossdock.flows.context import Context
from crossdock.store import event_log, order_counts
from crossdock.store import orders as order_store
from crossdock.store import submissions as submission_store
from crossdock.store.order_query import pages
from crossdock.store.order_query.query import NO_FILTERS, Filters, OrderPage, OrderQuery
from crossdock.store.submissions import SubmissionRecord as SubmissionRecord

Tree = Any
_log = structlog.get_logger("crossdock.queries")


# --------------------------------------------------------------------------------------------------------------- orders
async def order(context: Context, caller: Caller, *, order_id: int | None) -> Order:
    """Return one order. Refuses with Missing `no_order`, also for ids no spelling stands for (None)."""
    caller.require(READ)
    if order_id is not None:
        async with context.store.reading() as tx:
            found = await order_store.get(tx, caller.organization_id, order_id=order_id)
        if found is not None:
            return found
    raise NotFound(Code.NO_ORDER, "there is no such order")


async def order_by_number(context: Context, caller: Caller, *, door: str, number: str) -> Order:
    """Return the order a door received under a sender's number. Refuses with Missing `no_order`."""
    caller.require(READ)
    async with context.store.reading() as tx:
        found = await order_store.by_number(tx, caller.organization_id, door=door, number=number)
    if found is None:
        raise NotFound(Code.NO_ORDER, "there is no such order", number=number)
    return found


async def page(
    context: Context,
    caller: Caller,
    filters: Filters = NO_FILTERS,
    *,
    before: int | None = None,
    limit: int,
    offset: int = 0,
    ascending: bool = False,
) -> OrderPage:
    """Read at most `limit` orders that match filters, sorted by receipt, newest first unless `ascending`."""
    query = OrderQuery(any_of=(filters,), before=before, limit=limit, offset=offset, ascending=ascending)
    return await page_of(context, caller, query)


async def page_of(context: Context, caller: Caller, query: OrderQuery) -> OrderPage:
    """Read the page of a query. It may end early, because enough was scanned; `last` then says where to continue."""
    caller.require(READ)
    async with context.store.reading() as tx:
        return await pages.page(tx, caller.organization_id, query)


# Words of one search; each costs a look-up of its own.
MAX_WORDS = 8


def words_of(text: str) -> tuple[str, ...]:
    """Split the text of a search into words. Refuses with Invalid `invalid` none, and more than MAX_WORDS."""
    words = tuple(text.split())
    if not 1 <= len(words) <= MAX_WORDS:
        raise Invalid(Code.INVALID, f"a search has 1 to {MAX_WORDS} words")
    return words


async def by_ids(context: Context, caller: Caller, order_ids: Sequence[int]) -> list[Order]:
    """Read orders by their ids, in that order; ids without an order are left out."""
    caller.require(READ)
    async with context.store.reading() as tx:
        return await order_store.by_ids(tx, caller.organization_id, order_ids)


async def count(context: Context, caller: Caller, filters: Filters) -> int:
    """Count orders; exact where only door and status are filtered, else at most planner.MAX_COUNT."""
    caller.require(READ)
    async with context.store.reading() as tx:
        return await pages.count(tx, caller.organization_id, filters)


async def counts(context: Context, caller: Caller) -> dict[tuple[str, str], int]:
    """Return the number of orders by (door, status)."""
    caller.require(READ)
    async with context.store.reading() as tx:
        return await order_counts.counts(tx, caller.organization_id)


# ---------------------------------------------------------------------------------------------------------- submissions
async def submission(context: Context, caller: Caller, *, submission_id: int | None) -> SubmissionRecord:
    """Return one submission with its bytes. Refuses with Missing `no_submission`."""
    caller.require(READ)
    if submission_id is not None:
        async with context.store.reading() as tx:
            found = await submission_store.get_submission(tx, caller.organization_id, submission_id=submission_id)
        if found is not None:
            return found
    raise NotFound(Code.NO_SUBMISSION, "there is no such submission")


async def submissions(
    context: Context, caller: Caller, *, status: str | None, before: int | None, limit: int
) -> list[SubmissionRecord]:
    """Return at most `limit` submissions, newest first, older than the id `before`."""
    caller.require(READ)
    async with context.store.reading() as tx:
        return await submission_store.submissions(tx, caller.organization_id, status=status, before=before, limit=limit)


# -------------------------------------------------------------------------------------------------------------- the log
async def history(context: Context, caller: Caller, *, order_id: int | None) -> list[Event]:
    """Return an order's events in their order. Refuses with Missing `no_order`."""
    caller.require(READ)
    if order_id is not None:
        async with context.store.reading() as tx:
            recorded = await event_log.events(tx, caller.organization_id, aggregate_id=order_id)
        if recorded:
            return recorded
    raise NotFound(Code.NO_ORDER, "there is no such order")


async def histories(context: Context, caller: Caller, order_ids: Sequence[int]) -> list[list[Event]]:
    """Return the events of several orders, each in their order, as of one moment; none for an order that is not there."""
    caller.require(READ)
    if not order_ids:
        return []
    async with context.store.reading() as tx:
        histories_of = await event_log.histories(tx, caller.organization_id, aggregate_ids=order_ids)
    return [[entry.event for entry in histories_of.get(order_id, ())] for order_id in order_ids]


async def as_of(context: Context, caller: Caller, *, order_id: int | None, at: int) -> Order:
    """Return an order as it was at a time (microseconds since 1970), rebuilt from the log.

    Refuses with Missing `no_order`, also where the order did not exist yet.
    """
    recorded = await history(context, caller, order_id=order_id)
    order = events.rebuild(event for event in recorded if event.at <= at)
    if order is None:
        raise NotFound(Code.NO_ORDER, "there was no such order at that time")
    return order


# What is different between two states of an order: (path in the order, value before, value after).
Changes = tuple[tuple[Path, Tree, Tree], ...]


class TimelineEntry(Struct, frozen=True):
    """One event of the timeline, with what it changed: (path in the order, value before, value after).

    `changes` is None where the event cannot be read, or an earlier one: another version of this program may have written it.
    `order` is the order after the event.
    """

    event: Event
    changes: Changes | None
    order: Order | None = None


def timeline(recorded: Sequence[Event], *, after: int = 0) -> Iterator[TimelineEntry]:
    """Yield the events of an order's history with numbers above `after`, each with what it changed in the order.

    Comparing two states of an order takes far longer than replaying its events, so only what is read is compared.
    """
    replayed = events.replay(recorded)
    before: Tree = None
    for position, event in enumerate(recorded):
        try:
            _, order = next(replayed)
        except Exception:  # noqa: BLE001 - the log of one order may be unreadable in any way
            _log.exception("bug", order_id=event.aggregate_id, number=event.number)
            yield from (TimelineEntry(each, None) for each in recorded[position:] if each.number > after)
            return
        if event.number < after:
            continue
        state = _state(order)
        if event.number > after:
            yield TimelineEntry(event, () if before is None else tuple(_changes(before, state, ())), order)
        before = state


def compare(before: Order, after: Order) -> Changes:
    """Return what is different between two states of an order; as an event of the timeline has it."""
    return tuple(_changes(_state(before), _state(after), ()))


def _state(order: Order) -> Tree:
    content = msgspec.to_builtins(order.content, builtin_types=())
    content.pop("leftovers", None)
    for line, counters in zip(content["lines"], order.counters, strict=True):
        line.pop("leftovers", None)
        line["counters"] = msgspec.structs.asdict(counters)
    state = {"status": str(order.status), "holds": msgspec.to_builtins(order.holds), "tags": list(order.tags)}
    return content | state | {"archived": order.archived}


def _changes(before: Tree, after: Tree, path: Path) -> list[tuple[Path, Tree, Tree]]:
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(name for name in after if name not in before)]
        return [one for name in names for one in _changes(before.get(name), after.get(name), (*path, name))]
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        rows = max(len(before), len(after))
        old, new = [*before, *[None] * (rows - len(before))], [*after, *[None] * (rows - len(after))]
        return [one for place in range(rows) for one in _changes(old[place], new[place], (*path, place))]
    return [] if before == after else [(path, before, after)]

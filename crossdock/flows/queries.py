"""Queries: one order, pages of orders, submissions, the timeline of an order."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Invalid, NotFound, Path
from crossdock.core.events import Event
from crossdock.core.orders import events
from crossdock.core.orders.model import Order
from crossdock.flows import rendering
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import event_log, order_list, text_search
from crossdock.store import orders as order_store
from crossdock.store import submissions as submission_store
from crossdock.store.index_scan import Filters
from crossdock.store.order_list import OrderPage
from crossdock.store.submissions import SubmissionRecord

Tree = Any


# --------------------------------------------------------------------------------------------------------------- orders
async def order(context: Context, caller: Caller, *, order_id: int | None) -> Order:
    """Give one order. Refuses with Missing `no_order`, also for ids no spelling stands for (None)."""
    if order_id is not None:
        async with context.store.reading() as tx:
            found = await order_store.get(tx, caller.organization_id, order_id=order_id)
        if found is not None:
            return found
    raise NotFound(Code.NO_ORDER, "there is no such order")


async def order_by_number(context: Context, caller: Caller, *, door: str, number: str) -> Order:
    """Give the order a door received under a sender's number. Refuses with Missing `no_order`."""
    async with context.store.reading() as tx:
        found = await order_store.by_number(tx, caller.organization_id, door=door, number=number)
    if found is None:
        raise NotFound(Code.NO_ORDER, "there is no such order", number=number)
    return found


async def page(
    context: Context,
    caller: Caller,
    filters: Filters,
    *,
    before: int | None = None,
    limit: int,
    offset: int = 0,
    sort: str = "created",
    ascending: bool = False,
    whole: bool = False,
) -> OrderPage:
    """Give at most `limit` orders, newest first; see store.pages.page."""
    async with context.store.reading() as tx:
        return await order_list.page(
            tx,
            caller.organization_id,
            filters,
            before=before,
            limit=limit,
            offset=offset,
            sort=sort,
            ascending=ascending,
            whole=whole,
        )


async def search(
    context: Context, caller: Caller, text: str, filters: Filters, *, before: int | None = None, limit: int
) -> OrderPage:
    """Give at most `limit` orders that have all words of `text`, newest first; see store.searching.search.

    Refuses with Invalid `invalid` where there are no words, or more than WORDS_MOST.
    """
    words = text.split()
    if not 1 <= len(words) <= MAX_WORDS:
        raise Invalid(Code.INVALID, f"a search has 1 to {MAX_WORDS} words")
    async with context.store.reading() as tx:
        return await text_search.search(tx, caller.organization_id, words, filters, before=before, limit=limit)


# Words of one search; each costs a look-up of its own.
MAX_WORDS = 8
# Orders looked through one by one for what no index knows; with their documents, this takes about half a second.
MAX_SCANNED = 2_000
_PORTION = 100  # orders between two turns of the event loop


async def matching(
    context: Context,
    caller: Caller,
    choices: Sequence[Filters],
    *,
    keep: Callable[[Order, Tree], bool],
    door: str | None = None,
    sort: str = "created",
    ascending: bool = False,
) -> list[tuple[Order, Tree]]:
    """Give all orders that fit one of `choices` (no order fits two) and that `keep` keeps, in order, with their documents.

    `keep` gets an order and its answer in `door`'s words, None without a door. Refuses with Invalid `invalid` where the choices
    leave more than LOOKED_THROUGH_MOST orders: an answer that left some out would be a wrong one.
    """
    found: list[tuple[Order, Tree]] = []
    looked = 0
    for filters in choices:
        offset = 0
        while True:
            async with context.store.reading() as tx:
                some = await order_list.page(
                    tx, caller.organization_id, filters, limit=_PORTION, offset=offset, sort=sort, ascending=ascending,
                    whole=True,
                )  # fmt: skip
            looked += len(some.orders)
            if looked > MAX_SCANNED or some.last is not None:
                raise _too_many()
            renderings = (
                await rendering.render_all(context, caller, some.orders, door=door)
                if door
                else [None] * len(some.orders)
            )
            for order, rendered in zip(some.orders, renderings, strict=True):
                document = rendered.document if rendered else None
                if keep(order, document):
                    found.append((order, document))
            if len(some.orders) < _PORTION:
                break
            offset += _PORTION
            await asyncio.sleep(0)
    if len(choices) > 1:
        found.sort(key=lambda each: _place(each[0], sort), reverse=not ascending)
    return found


def _place(order: Order, sort: str) -> tuple[int, int]:
    return (order.updated_at if sort == "updated" else 0, order.order_id)


async def one_of(
    context: Context,
    caller: Caller,
    choices: Sequence[Filters],
    *,
    limit: int,
    offset: int = 0,
    sort: str = "created",
    ascending: bool = False,
) -> tuple[list[Order], int]:
    """Give at most `limit` orders that fit one of `choices` (no order fits two) after `offset`, and how many there are.

    The number stops at store.pages.COUNT_MOST for each choice, where more than door and status narrow it. Refuses with Invalid
    `invalid` where a page is cut because too much was looked at for it.
    """
    async with context.store.reading() as tx:
        total = sum([await order_list.count(tx, caller.organization_id, filters) for filters in choices])
        found = await order_list.page_of_any(
            tx, caller.organization_id, choices, limit=limit, offset=offset, sort=sort, ascending=ascending
        )
    if found.last is not None:
        raise _too_many()
    return found.orders, total


def _too_many() -> Invalid:
    return Invalid(
        Code.INVALID, f"the search looks through more than {MAX_SCANNED} orders; narrow it",
        limit=MAX_SCANNED,
    )  # fmt: skip


async def by_ids(context: Context, caller: Caller, order_ids: Sequence[int]) -> list[Order]:
    """Give orders by their ids, in that order; those that are not there are left out."""
    async with context.store.reading() as tx:
        return await order_store.by_ids(tx, caller.organization_id, order_ids)


async def count(context: Context, caller: Caller, filters: Filters) -> int:
    """Count orders; exact where only door and status narrow, else it stops at store.pages.COUNT_MOST."""
    async with context.store.reading() as tx:
        return await order_list.count(tx, caller.organization_id, filters)


async def counts(context: Context, caller: Caller) -> dict[tuple[str, str], int]:
    """Give the number of orders by (door, status)."""
    async with context.store.reading() as tx:
        return await order_list.counts(tx, caller.organization_id)


# ---------------------------------------------------------------------------------------------------------- submissions
async def submission(context: Context, caller: Caller, *, submission_id: int | None) -> SubmissionRecord:
    """Give one submission with its bytes. Refuses with Missing `no_submission`."""
    if submission_id is not None:
        async with context.store.reading() as tx:
            found = await submission_store.get_submission(tx, caller.organization_id, submission_id=submission_id)
        if found is not None:
            return found
    raise NotFound(Code.NO_SUBMISSION, "there is no such submission")


async def submissions(
    context: Context, caller: Caller, *, status: str | None, before: int | None, limit: int
) -> list[SubmissionRecord]:
    """Give at most `limit` submissions, newest first, older than the id `before`."""
    async with context.store.reading() as tx:
        return await submission_store.submissions(tx, caller.organization_id, status=status, before=before, limit=limit)


# -------------------------------------------------------------------------------------------------------------- the log
async def history(context: Context, caller: Caller, *, order_id: int | None) -> list[Event]:
    """Give an order's events in their order. Refuses with Missing `no_order`."""
    if order_id is not None:
        async with context.store.reading() as tx:
            recorded = await event_log.events(tx, caller.organization_id, aggregate_id=order_id)
        if recorded:
            return recorded
    raise NotFound(Code.NO_ORDER, "there is no such order")


async def histories(context: Context, caller: Caller, order_ids: Sequence[int]) -> list[list[Event]]:
    """Give the events of several orders, each in their order, as of one moment; none for an order that is not there."""
    if not order_ids:
        return []
    async with context.store.reading() as tx:
        histories_of = await event_log.histories(tx, caller.organization_id, aggregate_ids=order_ids)
    return [[entry.event for entry in histories_of.get(order_id, ())] for order_id in order_ids]


async def as_of(context: Context, caller: Caller, *, order_id: int | None, at: int) -> Order:
    """Give an order as it was at a time (microseconds since 1970), rebuilt from the log.

    Refuses with Missing `no_order`, also where the order did not exist yet.
    """
    recorded = await history(context, caller, order_id=order_id)
    order = events.rebuild(event for event in recorded if event.at <= at)
    if order is None:
        raise NotFound(Code.NO_ORDER, "there was no such order at that time")
    return order


class TimelineEntry(Struct, frozen=True):
    """One event of the timeline, with what it changed: (path in the order, value before, value after)."""

    event: Event
    changes: tuple[tuple[Path, Tree, Tree], ...]


def timeline(recorded: Sequence[Event]) -> list[TimelineEntry]:
    """Tell of each event what it changed in the order."""
    entries: list[TimelineEntry] = []
    before: Tree = None
    for event, order in events.replay(recorded):
        after = _told(order)
        changes = () if before is None else tuple(_changes(before, after, ()))
        entries.append(TimelineEntry(event, changes))
        before = after
    return entries


def _told(order: Order) -> Tree:
    content = msgspec.to_builtins(order.content, builtin_types=())
    content.pop("leftovers", None)
    for line, counters in zip(content["lines"], order.counters, strict=True):
        line.pop("leftovers", None)
        line["counters"] = msgspec.structs.asdict(counters)
    told = {"status": str(order.status), "holds": msgspec.to_builtins(order.holds), "tags": list(order.tags)}
    return content | told | {"archived": order.archived}


def _changes(before: Tree, after: Tree, path: Path) -> list[tuple[Path, Tree, Tree]]:
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(name for name in after if name not in before)]
        return [one for name in names for one in _changes(before.get(name), after.get(name), (*path, name))]
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        rows = max(len(before), len(after))
        old, new = [*before, *[None] * (rows - len(before))], [*after, *[None] * (rows - len(after))]
        return [one for place in range(rows) for one in _changes(old[place], new[place], (*path, place))]
    return [] if before == after else [(path, before, after)]

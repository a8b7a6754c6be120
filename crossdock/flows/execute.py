"""The one way anything changes: load, check the version, decide, apply, append, save, reply.

Doors, timers, the consent page, the console and the CLI all pass commands (core/orders/commands.py) to `execute`. All commands
of a call share one transaction, all or none; `execute_each` does each for itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import takewhile
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from crossdock.core.errors import Busy, Code, Conflict, NotFound
from crossdock.core.events import Event
from crossdock.core.orders.commands import Command, State, decide, is_applicable
from crossdock.core.orders.events import ReturnJudged, decode_event
from crossdock.core.orders.model import Order
from crossdock.flows import allocation, document_edits, idempotency, invoicing, tracing
from crossdock.flows.access import WRITE, Caller
from crossdock.flows.context import Context
from crossdock.flows.idempotency import IdempotentRequest
from crossdock.flows.large_orders import compute
from crossdock.flows.unit_of_work import UnitOfWork, unit_of_work
from crossdock.store import event_log
from crossdock.store import orders as order_store
from crossdock.store.protocols import Transaction
from crossdock.store.submissions import SubmissionRecord

_replace = msgspec.structs.replace
_log = structlog.get_logger("crossdock.execute")


# Renders the reply to a change within its transaction.
Reply = Callable[[Transaction, "Change"], Awaitable[bytes]]


class Change(Struct, frozen=True):
    """An order after a command, and the events of it; none where there was nothing to change.

    `reply` is set where it was rendered; of an idempotent request it is the first answer, and `replayed` says whether this is a
    repeat.
    """

    order: Order
    events: tuple[Event, ...] = ()
    reply: bytes | None = None
    replayed: bool = False


async def execute(
    context: Context,
    caller: Caller,
    commands: Sequence[Command],
    *,
    door: str,
    dry_run: bool = False,
    request: IdempotentRequest | None = None,
    reply: Reply | None = None,
) -> list[Change]:
    """Execute commands in one transaction, all or none; return the changes in the commands' order.

    With `dry_run` nothing is written, and the answer is what would be. `request` makes a single command happen once. `reply`
    renders each change before the commit: a change that cannot be answered is not made.
    Refuses with NotFound `no_order`; Conflict `stale_version`, `state_forbids` (its facts name the status and the possible
    verbs), `key_reused`; and with what the commands refuse. Denied `no_scope`: the caller may not change orders.
    """
    caller.require(WRITE)
    with tracing.span("execute"):
        async with unit_of_work(context, caller.organization_id, dry_run=dry_run) as work:
            if request is not None and not dry_run:
                (command,) = commands
                return [await _execute_once(work, caller, command, request, door=door)]
            await _lock(work, commands)
            changes: list[Change] = []
            for command in commands:
                change = await _execute_one(work, caller, command, door=door)
                changes.append(change if reply is None else _replace(change, reply=await reply(work.tx, change)))
        return changes


async def execute_each(
    context: Context, caller: Caller, commands: Sequence[Command], *, door: str
) -> list[Change | Exception]:
    """Execute commands each for itself: one that is refused, or meets a bug, does not fail the others.

    All are tried in one transaction, which is quick; where that fails, one by one. Refuses with Busy.
    """
    if len(commands) > 1:
        try:
            return [*await execute(context, caller, commands, door=door)]
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001 - nothing was done; which one it is shows when each is done by itself
            _log.debug("executing one by one", refused=str(error))
    changes: list[Change | Exception] = []
    for command in commands:
        try:
            changes += await execute(context, caller, [command], door=door)
        except Busy:  # not this order's fault
            raise
        except Exception as error:  # noqa: BLE001 - one order must not fail its neighbors; the caller answers it
            changes.append(error)
    return changes


async def try_each(
    context: Context, caller: Caller, commands: Sequence[Command], *, door: str
) -> list[Change | Exception]:
    """Try commands each for itself, as `execute_each` would execute them, and save nothing. Refuses with Busy."""
    changes: list[Change | Exception] = []
    for command in commands:
        try:
            changes += await execute(context, caller, [command], door=door, dry_run=True)
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001 - as in execute_each
            changes.append(error)
        await asyncio.sleep(0)  # other requests get their turn
    return changes


async def _lock(work: UnitOfWork, commands: Sequence[Command]) -> None:
    """Lock the orders of several commands, sorted by id, so that two calls that share some never wait for each other."""
    if len(commands) < 2 or work.dry_run:
        return
    for order_id in sorted({command.order_id for command in commands if command.order_id is not None}):
        order = await order_store.get(work.tx, work.organization_id, order_id=order_id, for_update=True)
        if order is not None:
            work.loaded[order_id] = order


async def _execute_once(
    work: UnitOfWork, caller: Caller, command: Command, request: IdempotentRequest, *, door: str
) -> Change:
    """Execute a command under its request's key, or return what the request was answered the first time."""
    submission_id = work.context.id_generator.new(work.now)
    first = await idempotency.claim(work.tx, caller, request, submission_id=submission_id, order_id=command.order_id)
    if first is not None:
        order = await order_store.get(work.tx, work.organization_id, order_id=first.order_id or 0)
        assert order is not None, "an order is never removed"
        if first.reply is None:  # it was erased with the order's person (flows/erasure.py)
            done = Change(order, await _events_of(work, order, first))
            return Change(order, reply=await request.reply(work.tx, done), replayed=True)
        return Change(order, reply=first.reply, replayed=True)
    change = await _execute_one(work, caller, command, door=door)
    reply = await request.reply(work.tx, change)
    work.submit(
        idempotency.submission_record(
            caller, submission_id=submission_id, door=door, operation=request.operation, received_at=work.now,
            body=request.body, order_id=change.order.order_id, reply=reply,
        )
    )  # fmt: skip
    return _replace(change, reply=reply)


async def _events_of(work: UnitOfWork, order: Order, first: SubmissionRecord) -> tuple[Event, ...]:
    """Return the events of the change that a submission made: they are of its time, or of the last event's if that is later."""
    history = await event_log.events(work.tx, work.organization_id, aggregate_id=order.order_id)
    before_at = 0
    for position, event in enumerate(history):
        is_of_its_time = event.at == max(first.received_at, before_at) and event.event_id > first.submission_id
        if is_of_its_time and not decode_event(event).joined:
            return (event, *takewhile(lambda event: decode_event(event).joined, history[position + 1 :]))
        before_at = event.at
    return ()


async def _execute_one(work: UnitOfWork, caller: Caller, command: Command, *, door: str) -> Change:
    order = await _load(work, command, door)
    if command.version is not None and command.version != order.version:
        raise Conflict(
            Code.STALE_VERSION,
            f"the order is at version {order.version} by now",
            version=order.version,
            seen=command.version,
        )
    if not is_applicable(command, order):
        return Change(order)
    state = await _state(work, caller, command, order)
    first = len(work.events)
    decided = await compute(order, lambda: decide(command, state))
    for event in decided:
        if isinstance(event, ReturnJudged):
            await work.stock.add_levels(event.stock_movements(order))
    after = work.apply(order, decided, actor=caller.actor, door=door)
    if after is not order:
        done = [each.event for each in work.events[first:]]
        work.change(after, before=order)
        invoiced = await invoicing.follow_up(work, after, done, actor=caller.actor, door=door)
        if invoiced is not after:
            work.change(invoiced, before=after)
            after = invoiced
        allocated = await allocation.follow_up(work, after, done, actor=caller.actor)
        if allocated is not after:
            work.change(allocated, before=after)
            after = allocated
    return Change(after, tuple(each.event for each in work.events[first:] if each.event.aggregate_id == order.order_id))


async def _load(work: UnitOfWork, command: Command, door: str) -> Order:
    """Load a command's order, locked until the commit; an earlier command of this call may have changed it."""
    order = work.changed.get(command.order_id or 0) or work.loaded.get(command.order_id or 0)
    if order is None and command.order_id is not None:
        order = await order_store.get(
            work.tx, work.organization_id, order_id=command.order_id, for_update=not work.dry_run
        )
    if order is None or not work.context.formats[door].is_visible(order):
        raise NotFound(Code.NO_ORDER, "there is no such order")
    return order


async def _state(work: UnitOfWork, caller: Caller, command: Command, order: Order) -> State:
    """Gather what a command is decided on."""
    state = State(order, work.now, caller.actor)
    if command.reads_history:
        history: Any = await event_log.events(work.tx, work.organization_id, aggregate_id=order.order_id)
        state = _replace(state, history=tuple(history))
    edit = command.edit_of(state)
    if edit is not None:
        state = _replace(state, content=await document_edits.edited_content(work, caller, order, edit))
    return await allocation.with_supply(work, command, state) if command.reads_supply else state

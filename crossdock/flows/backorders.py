"""Orders that wait for stock: served when stock comes, asked about a delay, and given up in the end.

The timer looks again and again, at once where this process has made units available. Orders of one SKU are served by the day
they were promised, then by age. An order is locked and looked at again before anything is done, so that of several server
processes one does it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import structlog

from crossdock.core.allocation.settings import AllocationSettings
from crossdock.core.errors import Busy, Refusal
from crossdock.core.ids import index_key
from crossdock.core.orders.allocating import AllocateOrder, AskForDelay, ExpireBackorder
from crossdock.core.orders.commands import Command, HoldRequest, PlaceHolds
from crossdock.core.orders.status import Status, Verb, allowed_verbs
from crossdock.flows import allocation_setup
from crossdock.flows.access import Caller, system_caller
from crossdock.flows.context import SYSTEM_DOOR, Context
from crossdock.flows.execute import execute_each
from crossdock.store import allocations as allocation_store
from crossdock.store import stock as stock_store
from crossdock.store import tenants
from crossdock.store.allocations import Backorder
from crossdock.store.protocols import Transaction

_replace = msgspec.structs.replace
_log = structlog.get_logger("crossdock.backorders")
ACTOR = "allocation"
# Orders in one transaction; more would keep other writers waiting.
_BATCH = 50
_DAY_US = 86_400_000_000
# The hold that parks an order which cannot be served though stock has come.
PARKED = "no_allocation"


async def run(context: Context) -> None:
    """Serve waiting orders, again and again, until canceled; a database that is away is tried again."""
    while True:
        since = context.stock_freed.count
        try:
            await serve_all(context)
        except Busy as busy:
            _log.warning("busy", reason=busy.reason, **busy.facts)
        except Exception:  # noqa: BLE001 - a bug with one order must not end all later ones
            _log.exception("bug")
        await context.stock_freed.wait(context.settings.allocation_interval_s, since=since)


async def serve_all(context: Context) -> int:
    """Serve what waits in every organization that allocates, and do what is due; return how many orders were changed.

    Organizations without a waiting order or a schedule cost nothing each: three statements find the others.
    """
    changed = 0
    async with context.store.reading() as tx:
        organizations = {each.organization_id: each for each in await tenants.organizations(tx)}
        concerned = await allocation_store.organizations_waiting(tx, list(organizations))
        concerned |= await allocation_setup.scheduling(tx, list(organizations))
    for organization in (organizations[each] for each in sorted(concerned)):
        caller = system_caller(organization, ACTOR)
        async with context.store.reading() as tx:
            setup = await allocation_setup.read(tx, context, organization.organization_id)
            skus = await _servable_skus(tx, organization.organization_id) if setup.locations else []
        if not setup.locations:
            continue
        if setup.settings.mode == "schedule":
            changed += await allocate_new(context, caller, setup.settings)
        if setup.settings.mode != "manual":
            for sku in skus:
                changed += await serve(context, caller, sku, setup.settings)
        changed += await _do_due(context, caller, setup.settings)
    return changed


async def allocate_new(context: Context, caller: Caller, settings: AllocationSettings) -> int:
    """Allocate the orders that have come since the last time, where the organization's schedule says that it is time.

    A server that has started begins with the oldest open order.
    """
    now, allocated = context.clock(), 0
    ran_at, last = context.allocation_runs.get(caller.organization_id, (0, 0))
    if ran_at > now:  # the clock was ahead, and so are the ids of the orders that came meanwhile
        ran_at, last = 0, 0
    newest = last
    if now - ran_at < settings.every_minutes * 60_000_000:
        return 0
    for status in (Status.OPEN, Status.PARTIALLY_ALLOCATED):
        after = last
        while ids := await _orders_after(context, caller, status, after):
            commands = [
                AllocateOrder(order_id=each, skip_if=lambda order: Verb.ALLOCATE not in allowed_verbs(order.status))
                for each in ids
            ]
            changes = await execute_each(context, caller, commands, door=SYSTEM_DOOR)
            allocated += sum(not isinstance(change, Exception) and bool(change.events) for change in changes)
            after = ids[-1]
        newest = max(newest, after)
    context.allocation_runs[caller.organization_id] = (now, newest)
    return allocated


async def _orders_after(context: Context, caller: Caller, status: Status, after: int) -> list[int]:
    async with context.store.reading() as tx:
        return await allocation_store.orders_after(tx, caller.organization_id, status=status, after=after, limit=_BATCH)


async def _servable_skus(tx: Transaction, organization_id: int) -> list[str]:
    """Return the SKUs that orders wait for and a location has."""
    keys = await allocation_store.waiting_sku_keys(tx, organization_id)
    levels = await stock_store.by_skus(tx, organization_id, keys) if keys else []
    return sorted(
        {level.sku for level in levels if (level.available or level.unlimited) and index_key(level.sku) in keys}
    )


async def serve(context: Context, caller: Caller, sku: str, settings: AllocationSettings) -> int:
    """Serve the orders that wait for a SKU as far as its stock reaches; return how many got units."""
    served = 0
    tried: set[int] = set()
    while True:
        async with context.store.reading() as tx:
            waiting = await allocation_store.waiting_for(
                tx, caller.organization_id, sku=sku, attempts=settings.max_attempts, limit=_BATCH + len(tried)
            )
        batch = [each for each in waiting if each.order_id not in tried][:_BATCH]
        if not batch:
            return served
        tried.update(each.order_id for each in batch)
        commands = [
            AllocateOrder(
                order_id=each.order_id, retry=True, skip_if=lambda order: not order.is_waiting or bool(order.holds)
            )
            for each in batch
        ]
        changes = await execute_each(context, caller, commands, door=SYSTEM_DOOR)
        in_vain = [
            each
            for each, change in zip(batch, changes, strict=True)
            if isinstance(change, Exception) or not change.events
        ]
        for change in changes:
            if isinstance(change, Exception) and not isinstance(change, Refusal):
                _log.error("bug", exc_info=change)
        served += len(batch) - len(in_vain)
        await _count_attempts(context, caller, in_vain, settings)
        if len(in_vain) == len(batch):
            return served


async def _count_attempts(
    context: Context, caller: Caller, in_vain: Sequence[Backorder], settings: AllocationSettings
) -> None:
    """Count an attempt of each order, and park those with as many as the organization allows."""
    if not in_vain:
        return
    async with context.store.writing() as tx:
        for each in sorted(in_vain, key=lambda one: one.order_id):
            await allocation_store.change_backorder(tx, _replace(each, attempts=each.attempts + 1))
    parked: list[Command] = [
        PlaceHolds(
            order_id=each.order_id,
            holds=(HoldRequest(PARKED, f"not allocated in {settings.max_attempts} attempts, though stock has come"),),
            skip_if=lambda order: Verb.HOLD not in allowed_verbs(order.status),
        )
        for each in in_vain
        if each.attempts + 1 == settings.max_attempts
    ]
    if parked:
        await execute_each(context, caller, parked, door=SYSTEM_DOOR)


# --------------------------------------------------------------------------------------------------------------------- due
async def _do_due(context: Context, caller: Caller, settings: AllocationSettings) -> int:
    """Send the notices that are due to waiting orders, and cancel what has waited too long."""
    now, done = context.clock(), 0
    while True:
        async with context.store.reading() as tx:
            due = await allocation_store.due_backorders(tx, caller.organization_id, now=now, limit=_BATCH)
        if not due:
            return done
        commands = [command for each in due if (command := _due_command(each, settings, now)) is not None]
        done += len(commands)
        await execute_each(context, caller, commands, door=SYSTEM_DOOR)
        async with context.store.writing() as tx:
            for each in sorted(due, key=lambda one: one.order_id):
                stage = sum(each.since + days * _DAY_US <= now for days in settings.consent_days)
                await allocation_store.change_backorder(
                    tx, _replace(each, stage=stage, next_at=_next_at(each, settings, now))
                )


def _due_command(waiting: Backorder, settings: AllocationSettings, now: int) -> Command | None:
    if settings.max_wait_days is not None and waiting.since + settings.max_wait_days * _DAY_US <= now:
        reason = f"no stock within {settings.max_wait_days} days"
        return ExpireBackorder(order_id=waiting.order_id, reason=reason, skip_if=lambda order: not order.is_waiting)
    passed = [days for days in sorted(settings.consent_days) if waiting.since + days * _DAY_US <= now]
    if len(passed) <= waiting.stage:
        return None
    ends = [days for days in (*sorted(settings.consent_days), settings.max_wait_days or 0) if days > passed[-1]]
    last = waiting.since + (ends[0] if ends else passed[-1] + 7) * _DAY_US
    return AskForDelay(
        order_id=waiting.order_id,
        consent_by=datetime.fromtimestamp(last / 1_000_000, UTC).date().isoformat(),
        notice=len(passed),
        reason=f"waits for stock since {passed[-1]} days",
        skip_if=lambda order: not order.is_waiting or order.status in (Status.CANCELED,),
    )


def _next_at(waiting: Backorder, settings: AllocationSettings, now: int) -> int | None:
    days = (*settings.consent_days, *(() if settings.max_wait_days is None else (settings.max_wait_days,)))
    return min((at for each in days if (at := waiting.since + each * _DAY_US) > now), default=None)

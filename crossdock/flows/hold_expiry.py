"""The timer that releases holds, and gives allocated units back, when they expire.

Every server process looks; an order is locked and checked again before it is released, so it happens once.
"""

import asyncio

import structlog

from crossdock.core.errors import Busy
from crossdock.core.orders.allocating import ExpireAllocations
from crossdock.core.orders.commands import Command, ReleaseHolds
from crossdock.core.orders.delivering import ExpirePickups
from crossdock.core.orders.model import Hold, Order
from crossdock.flows.access import Caller, system_caller
from crossdock.flows.context import SYSTEM_DOOR, Context
from crossdock.flows.execute import execute
from crossdock.store import orders, tenants

_log = structlog.get_logger("crossdock.timers")
# Orders released in one transaction; more would keep other writers waiting.
_BATCH = 100
ACTOR = "timer"


async def run(context: Context) -> None:
    """Release what is due, again and again, until canceled; a database that is away is tried again."""
    while True:
        try:
            await release_due(context)
        except Busy as busy:
            _log.warning("busy", reason=busy.reason, **busy.facts)
        except Exception:  # noqa: BLE001 - a bug in one order's release must not end all later ones
            _log.exception("bug")
        await asyncio.sleep(context.settings.timer_interval_s)


async def release_due(context: Context) -> int:
    """Release all holds and allocations that have expired, in every organization; return how many orders that changed.

    Appends `order.released` and `order.deallocated`.
    """
    released = 0
    async with context.store.reading() as tx:
        organizations = {each.organization_id: each for each in await tenants.organizations(tx)}
        having_due = await orders.organizations_with_due(tx, list(organizations), now=context.clock())
    for organization_id in sorted(having_due):
        caller = system_caller(organizations[organization_id], ACTOR)
        while count := await _release(context, caller):
            released += count
    return released


async def _release(context: Context, caller: Caller) -> int:
    now = context.clock()
    async with context.store.reading() as tx:
        due = await orders.due(tx, caller.organization_id, now=now, limit=_BATCH)

    def has_expired(hold: Hold) -> bool:
        return hold.release_at is not None and hold.release_at <= now

    def is_due(order: Order) -> bool:
        return any(
            each.is_open and each.expires_at is not None and each.expires_at <= now for each in order.allocations
        )

    def is_late(order: Order) -> bool:
        return any(each.is_open and each.pickup_by is not None and each.pickup_by <= now for each in order.fulfillments)

    commands: list[Command] = [
        ExpireAllocations(order_id=order_id, reason="allocation expired", skip_if=lambda order: not is_due(order))
        for order_id in due
    ]
    commands += [
        ExpirePickups(order_id=order_id, reason="not picked up in time", skip_if=lambda order: not is_late(order))
        for order_id in due
    ]
    # Holds come last: an order that is released may be allocated.
    commands += [
        ReleaseHolds(
            order_id=order_id, matches=has_expired, reason="hold expired",
            skip_if=lambda order: not any(map(has_expired, order.holds)),  # another process was first
        )
        for order_id in due
    ]  # fmt: skip
    changes = await execute(context, caller, commands, door=SYSTEM_DOOR)
    return len({change.order.order_id for change in changes if change.events})

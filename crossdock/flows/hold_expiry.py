"""The timer that releases holds when they expire.

Every server process looks; an order is locked and checked again before it is released, so it happens once.
"""

import asyncio

import structlog

from crossdock.core.errors import Busy
from crossdock.core.orders.commands import ReleaseHolds
from crossdock.core.orders.model import Hold
from crossdock.flows.access import Caller
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
    """Release all holds that have expired, in every organization; return how many orders were released.

    Appends `order.released` to each.
    """
    released = 0
    async with context.store.reading() as tx:
        organizations = [
            each
            for each in await tenants.organizations(tx)
            if await orders.due(tx, each.organization_id, now=context.clock(), limit=1)
        ]
    for organization in organizations:
        caller = Caller(organization, ACTOR, frozenset())
        while count := await _release(context, caller):
            released += count
    return released


async def _release(context: Context, caller: Caller) -> int:
    now = context.clock()
    async with context.store.reading() as tx:
        due = await orders.due(tx, caller.organization_id, now=now, limit=_BATCH)

    def has_expired(hold: Hold) -> bool:
        return hold.release_at is not None and hold.release_at <= now

    commands = [
        ReleaseHolds(
            order_id=order_id, matches=has_expired, reason="hold expired",
            skip_if=lambda order: not any(map(has_expired, order.holds)),  # another process was first
        )
        for order_id in due
    ]  # fmt: skip
    changes = await execute(context, caller, commands, door=SYSTEM_DOOR)
    return sum(bool(change.events) for change in changes)

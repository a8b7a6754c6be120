"""What happens by itself: holds end when their time has come.

Every server process looks; the order is locked and looked at again before it is released, so it happens once.
"""

import asyncio

import structlog

from crossdock.core.errors import Busy
from crossdock.core.orders.events import Released
from crossdock.flows.context import Context
from crossdock.flows.unit_of_work import unit
from crossdock.store import orders as order_store
from crossdock.store import tenants

_log = structlog.get_logger("crossdock.timers")
# Orders released in one transaction; more would keep other writers waiting.
_AT_ONCE = 100
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
    """End all holds whose time has come, in every organization; give how many orders were released.

    Appends `order.released` to each.
    """
    released = 0
    async with context.store.reading() as tx:
        organizations = await tenants.organizations(tx)
        now = context.clock()
        due = [
            each.organization_id
            for each in organizations
            if await order_store.due(tx, each.organization_id, now=now, limit=1)
        ]
    for organization_id in due:
        while count := await _release(context, organization_id):
            released += count
    return released


async def _release(context: Context, organization_id: int) -> int:
    released = 0
    async with unit(context, organization_id) as work:
        for order_id in sorted(await order_store.due(work.tx, organization_id, now=work.now, limit=_AT_ONCE)):
            order = await order_store.get(work.tx, organization_id, order_id=order_id, for_update=True)
            assert order is not None, "an order is never removed"
            ended = tuple(
                (hold.number, hold.reason)
                for hold in order.holds
                if hold.release_at is not None and hold.release_at <= work.now
            )
            if ended:
                order_event = Released(holds=ended, reason="its time has come")
                work.change(work.record(order, order_event, actor=ACTOR, door="hub"), before=order)
                released += 1
    return released

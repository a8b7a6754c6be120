"""Allocations by location, and the words for decisions about allocations."""

from msgspec import Struct

from crossdock.core.allocation.plan import Plan
from crossdock.core.ids import MAX_ID
from crossdock.core.orders.allocations import Allocation
from crossdock.core.orders.model import Order
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import allocations as allocation_store
from crossdock.store import orders as order_store


class PlacedAllocation(Struct, frozen=True):
    """An allocation with its order."""

    allocation: Allocation
    order: Order


async def open_at(
    context: Context, caller: Caller, location: str, *, limit: int, before: int | None = None
) -> list[PlacedAllocation]:
    """Read the open allocations of a location with ids below `before`, newest first."""
    async with context.store.reading() as tx:
        ids = await allocation_store.page(
            tx, caller.organization_id, before=before or MAX_ID, limit=limit, location=location
        )
        orders = await order_store.by_ids(tx, caller.organization_id, list(dict.fromkeys(order for _, order in ids)))
    by_id = {each.allocation_id: PlacedAllocation(each, order) for order in orders for each in order.allocations}
    return [by_id[allocation_id] for allocation_id, _ in ids if allocation_id in by_id]


def plan_in_words(plan: Plan, names: dict[int, str]) -> str:
    """Say what a plan decides; `names` are the SKUs of lines by position."""
    parts = [f"{units_in_words(each.quantity, names, each.line)} from {each.location}" for each in plan.assignments]
    parts += [f"{units_in_words(units, names, line)} from nowhere: {reason}" for line, units, reason in plan.unserved]
    return "; ".join(parts) or "nothing was to be allocated"


def difference_in_words(before: Plan, after: Plan, names: dict[int, str]) -> str:
    """Say what is different between two plans for the same demand, line by line."""
    parts = []
    for line in sorted({each.line for each in (*before.assignments, *after.assignments)}):
        was, would = _places(before, line), _places(after, line)
        if was != would:
            parts.append(f"{names.get(line, 'a product')} (line {line}): {would} instead of {was}")
    return "; ".join(parts) or "nothing is different"


def _places(plan: Plan, line: int) -> str:
    places = [f"{each.quantity} from {each.location}" for each in plan.assignments if each.line == line]
    return " and ".join(places) or "none"


def units_in_words(quantity: int, names: dict[int, str], line: int) -> str:
    """Say how many units of a line."""
    return f"{quantity} of {names.get(line, 'a product')} (line {line})"

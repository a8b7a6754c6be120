"""Allocations by their ids and by time, each with its order."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Code, NotFound
from crossdock.core.events import Event
from crossdock.core.orders.allocations import Allocation
from crossdock.core.orders.model import Order
from crossdock.flows import rendering
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import allocations as allocation_store
from crossdock.store import event_log
from crossdock.store import orders as order_store
from crossdock.store.protocols import Transaction

NEWEST = 2**63 - 1  # above every id


class DescribedOrder(Struct, frozen=True):
    """An order, its events up to its state, and its document in a door's read format, without what the events add to it."""

    order: Order
    history: Sequence[Event]
    document: dict[str, Any]


class AllocationOfOrder(Struct, frozen=True):
    """An allocation and its order."""

    allocation: Allocation
    order: Order


async def order_of_allocation(context: Context, caller: Caller, allocation_id: int | None) -> Order:
    """Read the order that an allocation is of. Refuses with NotFound `not_found`, also for an id that cannot be one (None)."""
    if allocation_id is not None:
        async with context.store.reading() as tx:
            order_id = await order_store.owner(tx, caller.organization_id, part="allocation", value=allocation_id)
            order = None if order_id is None else await order_store.get(tx, caller.organization_id, order_id=order_id)
        if order is not None:
            return order
    raise NotFound(Code.NOT_FOUND, "there is no such allocation")


def allocation_of(order: Order, allocation_id: int) -> Allocation:
    """Return the allocation of an order with an id. Refuses with NotFound `not_found`."""
    for each in order.allocations:
        if each.allocation_id == allocation_id:
            return each
    raise NotFound(Code.NOT_FOUND, "there is no such allocation")


async def page(
    context: Context, caller: Caller, *, before: int = NEWEST, limit: int, location: str | None = None
) -> tuple[list[AllocationOfOrder], int | None]:
    """Read a page of allocations with ids below `before`, newest first: all, or those of a location with open units.

    Returns also the id after which to go on, None at the end.
    """
    async with context.store.reading() as tx:
        pairs = await allocation_store.page(tx, caller.organization_id, before=before, limit=limit, location=location)
        orders = await _orders_by_id(tx, caller, [order_id for _, order_id in pairs])
    found = [
        AllocationOfOrder(allocation, order)
        for allocation_id, order_id in pairs
        if (order := orders.get(order_id)) is not None
        for allocation in order.allocations
        if allocation.allocation_id == allocation_id
    ]
    return found, pairs[-1][0] if len(pairs) == limit else None


async def _orders_by_id(tx: Transaction, caller: Caller, order_ids: Sequence[int]) -> dict[int, Order]:
    """Read orders within a transaction, by their ids."""
    distinct = list(dict.fromkeys(order_ids))
    found = await order_store.by_ids(tx, caller.organization_id, distinct) if distinct else []
    return {order.order_id: order for order in found}


async def describe(
    context: Context, caller: Caller, orders: Sequence[Order], *, door: str
) -> dict[int, DescribedOrder]:
    """Read the events of orders and render their documents, by order id."""
    distinct = {order.order_id: order for order in orders}
    async with context.store.reading() as tx:
        histories = await event_log.histories(tx, caller.organization_id, aggregate_ids=list(distinct))
        documents = await rendering.render_in(tx, context, caller, list(distinct.values()), door=door, histories={})
    return {
        order.order_id: DescribedOrder(
            order,
            [entry.event for entry in histories.get(order.order_id, ()) if entry.event.number <= order.event_number],
            rendered.document,
        )
        for order, rendered in zip(distinct.values(), documents, strict=True)
    }

"""Find the orders of many packages or fulfillments at once, for calls with several of them."""

from collections.abc import Sequence

from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import orders as order_store

# What is looked for: a part of an order (see store.orders.owner), and its id or number.
Sought = tuple[str, int | str]


async def order_ids(context: Context, caller: Caller, sought: Sequence[Sought]) -> dict[Sought, int]:
    """Return the ids of the orders that parts belong to; parts that are not there are left out."""
    found: dict[Sought, int] = {}
    async with context.store.reading() as tx:
        for part, value in dict.fromkeys(sought):
            order_id = await order_store.owner(tx, caller.organization_id, part=part, value=value)
            if order_id is not None:
                found[part, value] = order_id
    return found

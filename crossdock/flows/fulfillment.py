"""Find the orders of fulfillments, packages and returns, list those, and read the organization's return policy."""

from collections.abc import Callable

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, NotFound
from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.orders.model import Order
from crossdock.core.orders.returns import DEFAULT_POLICY, Return, ReturnPolicy
from crossdock.flows import catalog, queries
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import orders as order_store

POLICY_KIND, POLICY_KEY = "return_policy", "policy"
_POLICY = msgspec.json.Decoder(ReturnPolicy)


class OfOrder(Struct, frozen=True):
    """A fulfillment or a return with its order."""

    order: Order
    part: Fulfillment | Return


def new_ids(context: Context) -> Callable[[], int]:
    """Return a function that makes new ids, for commands that make something."""
    return lambda: context.id_generator.new(context.clock())


async def order_of(context: Context, caller: Caller, *, part: str, value: int | str | None) -> Order:
    """Read the order of a fulfillment, a return or an allocation (by id), of a package (by tracking number) or of a fulfillment
    by the sender's reference. Refuses with NotFound `not_found`."""
    order_id = None
    if value is not None:
        async with context.store.reading() as tx:
            order_id = await order_store.owner(tx, caller.organization_id, part=part, value=value)
    if order_id is None:
        raise NotFound(Code.NOT_FOUND, f"there is no such {part.split('_', maxsplit=1)[0]}")
    return await queries.order(context, caller, order_id=order_id)


async def page(
    context: Context, caller: Caller, *, part: str, before: int, limit: int, **filters: str | None
) -> list[OfOrder]:
    """Read fulfillments or returns with ids below `before`, newest first; `filters` are of status and location."""
    async with context.store.reading() as tx:
        keys = await order_store.part_ids(tx, caller.organization_id, part=part, before=before, limit=limit, **filters)
        orders = {
            each.order_id: each
            for each in await order_store.by_ids(tx, caller.organization_id, sorted({order_id for _, order_id in keys}))
        }
    found: list[OfOrder] = []
    for part_id, order_id in keys:
        order = orders[order_id]
        parts: dict[int, Fulfillment | Return] = {each.fulfillment_id: each for each in order.fulfillments}
        if part == "return":
            parts = {each.return_id: each for each in order.returns}
        found.append(OfOrder(order, parts[part_id]))
    return found


async def return_policy(context: Context, caller: Caller) -> ReturnPolicy:
    """Read the organization's return policy; the default one where it has none."""
    found = await catalog.find(context, caller, kind=POLICY_KIND, keys=[POLICY_KEY])
    return _POLICY.decode(found[0].document) if found else DEFAULT_POLICY

"""The work of a warehouse: fulfillments and returns by status, orders to start, and what a scanned code belongs to.

Each refuses with Denied `no_scope` a caller who may not read orders.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from crossdock.core.ids import MAX_ID, from_base32
from crossdock.core.orders.fulfilling import free_units
from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.orders.model import Order
from crossdock.core.orders.returns import Return
from crossdock.flows import queries
from crossdock.flows.access import READ, Caller
from crossdock.flows.context import Context
from crossdock.store import orders as order_store
from crossdock.store import warehouse as warehouse_store
from crossdock.store.order_query.query import Filters
from crossdock.store.warehouse import WORK_STATUSES as WORK_STATUSES

Part = TypeVar("Part", Fulfillment, Return)
MAX_COUNT = 1_000  # counts stop here; more work than this is "1,000 and more"
MAX_CODE = 200  # characters of a scanned code


class Work(Struct, Generic[Part], frozen=True):
    """A fulfillment or a return with its order."""

    order: Order
    part: Part


class Unstarted(Struct, frozen=True):
    """An order with units at a location that no fulfillment has: units by line."""

    order: Order
    units: dict[int, int]
    allocation_id: int


class Scanned(Struct, frozen=True):
    """What a code belongs to: an order, and the fulfillment where it names one."""

    order: Order
    fulfillment: Fulfillment | None


# --------------------------------------------------------------------------------------------------------------- lists
async def fulfillments(
    context: Context, caller: Caller, *, statuses: Sequence[str], limit: int, location: str | None = None,
    past: int | None = None, newest: bool = False,
) -> list[Work[Fulfillment]]:  # fmt: skip
    """Read fulfillments in some statuses after the id `past`, oldest first; with `newest` those before it, newest first."""
    keys, orders = await _page(
        context, caller, "fulfillment", statuses, limit=limit, past=past, newest=newest, location=location
    )
    parts = {each.fulfillment_id: each for order in orders.values() for each in order.fulfillments}
    return [Work(orders[order_id], parts[part_id]) for part_id, order_id in keys]


async def returns(
    context: Context, caller: Caller, *, statuses: Sequence[str], limit: int, past: int | None = None,
    newest: bool = False,
) -> list[Work[Return]]:  # fmt: skip
    """Read returns in some statuses after the id `past`, oldest first; with `newest` those before it, newest first."""
    keys, orders = await _page(context, caller, "return", statuses, limit=limit, past=past, newest=newest)
    parts = {each.return_id: each for order in orders.values() for each in order.returns}
    return [Work(orders[order_id], parts[part_id]) for part_id, order_id in keys]


async def _page(
    context: Context, caller: Caller, part: str, statuses: Sequence[str], *, limit: int, past: int | None, newest: bool,
    location: str | None = None,
) -> tuple[list[tuple[int, int]], dict[int, Order]]:  # fmt: skip
    caller.require(READ)
    begin = past if past is not None else MAX_ID if newest else 0
    async with context.store.reading() as tx:
        keys = await warehouse_store.page(
            tx, caller.organization_id, part=part, statuses=statuses, past=begin, limit=limit, newest=newest,
            location=location,
        )  # fmt: skip
        distinct = list(dict.fromkeys(order_id for _, order_id in keys))
        orders = await order_store.by_ids(tx, caller.organization_id, distinct)
    return keys, {order.order_id: order for order in orders}


async def counts(context: Context, caller: Caller, *, location: str | None) -> dict[str, int]:
    """Count the work of a location, or of all: fulfillments by status, and the orders to start as `unstarted` where a location
    is named. Counts stop at MAX_COUNT + 1."""
    caller.require(READ)
    async with context.store.reading() as tx:
        found = await warehouse_store.counts(
            tx, caller.organization_id, part="fulfillment", statuses=WORK_STATUSES, limit=MAX_COUNT + 1,
            location=location,
        )  # fmt: skip
        if location is not None:
            found["unstarted"] = await warehouse_store.count_unstarted(
                tx, caller.organization_id, location=location, limit=MAX_COUNT + 1
            )
    return found


async def return_counts(context: Context, caller: Caller, statuses: Sequence[str]) -> dict[str, int]:
    """Count returns by status. Counts stop at MAX_COUNT + 1."""
    caller.require(READ)
    async with context.store.reading() as tx:
        return await warehouse_store.counts(
            tx, caller.organization_id, part="return", statuses=statuses, limit=MAX_COUNT + 1
        )


async def unstarted(
    context: Context, caller: Caller, *, location: str, past: int = 0, limit: int
) -> tuple[list[Unstarted], int | None]:
    """Read the orders with units at a location that no fulfillment has, oldest first, and the allocation's id to go on after,
    None at the end."""
    caller.require(READ)
    async with context.store.reading() as tx:
        keys = await warehouse_store.unstarted(
            tx, caller.organization_id, location=location, past=past, limit=limit + 1
        )
        shown = {order_id: allocation_id for allocation_id, order_id in keys[:limit]}
        orders = await order_store.by_ids(tx, caller.organization_id, list(shown))
    found = [Unstarted(order, free_units(order, location), shown[order.order_id]) for order in orders]
    return [each for each in found if each.units], keys[limit - 1][0] if len(keys) > limit else None


async def find(context: Context, caller: Caller, fulfillment_ids: Sequence[int]) -> list[tuple[Order, Fulfillment]]:
    """Read fulfillments by their ids, in that order; those that are not there are left out."""
    caller.require(READ)
    async with context.store.reading() as tx:
        owners = await warehouse_store.owners(tx, caller.organization_id, fulfillment_ids)
        orders = await order_store.by_ids(tx, caller.organization_id, sorted(set(owners.values())))
    parts = {each.fulfillment_id: (order, each) for order in orders for each in order.fulfillments}
    return [parts[each] for each in dict.fromkeys(fulfillment_ids) if each in parts]


# ---------------------------------------------------------------------------------------------------------------- codes
async def scan(context: Context, caller: Caller, code: str, *, location: str | None = None) -> Scanned | None:
    """Find what a code of a paper belongs to, or None: the id of a fulfillment, order or package as papers print it, the number
    of an order, a tracking number, or the sender's own id of a fulfillment.

    Of an order's fulfillments it is the first with open units, those at the location before others.
    """
    caller.require(READ)
    code = code.strip()[:MAX_CODE]
    if not code:
        return None
    # The code of a package without an id is the order's with a position: "0abc…-1".
    identity = from_base32(code.lower().partition("-")[0])
    sought = [("fulfillment", identity), ("package_id", identity), ("fulfillment_reference", code), ("package", code)]
    async with context.store.reading() as tx:
        for part, value in sought:
            owner = None if value is None else await order_store.owner(
                tx, caller.organization_id, part=part, value=value
            )  # fmt: skip
            if owner is not None:
                order = await order_store.get(tx, caller.organization_id, order_id=owner)
                assert order is not None, "an order is never removed"
                return Scanned(order, _meant(order, identity, code))
        order = None if identity is None else await order_store.get(tx, caller.organization_id, order_id=identity)
    if order is None:
        page = await queries.page(context, caller, Filters(number=code), limit=1)
        order = page.orders[0] if page.orders else None
    return None if order is None else Scanned(order, _first_open(order, location))


def _meant(order: Order, identity: int | None, code: str) -> Fulfillment:
    """Return the fulfillment of an order that a code names, by itself or by a package."""
    for each in order.fulfillments:
        if each.fulfillment_id == identity or each.reference == code:
            return each
        if any(package.package_id == identity or package.number == code for package in each.packages):
            return each
    return order.fulfillments[-1]  # two long numbers with one index key


def _first_open(order: Order, location: str | None) -> Fulfillment | None:
    ranked = sorted(order.fulfillments, key=lambda each: (not each.is_open, each.location != location))
    return ranked[0] if ranked else None

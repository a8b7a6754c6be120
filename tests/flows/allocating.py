"""Helpers of tests that allocate: locations, stock, orders of one or more SKUs."""

from typing import Any

from crossdock.core.allocation import settings as allocation_settings
from crossdock.core.allocation.settings import AllocationSettings
from crossdock.core.catalog.locations import KIND, Location
from crossdock.core.orders.model import Order
from crossdock.core.stock.commands import CountStock
from crossdock.core.stock.model import Level, LevelKey
from crossdock.flows import catalog, locations, queries, stock
from crossdock.flows.access import Caller
from crossdock.flows.catalog import Draft
from tests.notifications.world import create
from tests.world import World


async def add_locations(world: World, caller: Caller, *codes: str, **fields: Any) -> None:
    """Add locations that differ in their codes."""
    for code in codes:
        draft = locations.draft_of(caller.organization, Location(code, **fields))
        await catalog.add(world.context, caller, kind=KIND, key=code, draft=draft)


async def configure(world: World, caller: Caller, **settings: Any) -> None:
    """Set how the organization allocates."""
    document = allocation_settings.encode_settings(AllocationSettings(**settings))
    await catalog.change(
        world.context, caller, kind=allocation_settings.KIND, key=allocation_settings.KEY,
        make=lambda _: Draft(document), create=True,
    )  # fmt: skip


async def count(world: World, caller: Caller, sku: str, location: str, quantity: int, pool: str = "") -> None:
    """Set the units on hand."""
    command = CountStock(key=LevelKey(sku, location, pool), quantity=quantity)
    await stock.execute_stock(world.context, caller, [command], door="hub")


async def order(world: World, caller: Caller, number: str, *lines: tuple[str, int], **more: Any) -> Order:
    """Create an order through the hub and read it as it is then."""
    body = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    return await read(world, caller, await create(world, number, lines=body, **more))


async def read(world: World, caller: Caller, order_id: str | int) -> Order:
    """Read an order by its id, in the hub's form or as a number."""
    from crossdock.doors.hub.mapping import parse_id

    number = parse_id(order_id) if isinstance(order_id, str) else order_id
    return await queries.order(world.context, caller, order_id=number)


async def levels(world: World, caller: Caller, sku: str) -> dict[str, Level]:
    """Read the levels of a SKU by location."""
    found = await stock.levels_of(world.context, caller, [sku])
    return {level.location: level for level in found}


def served(one: Order) -> list[tuple[str, int, int]]:
    """Return the open units of an order: (location, line, units)."""
    return sorted((each.location, part.line, part.open) for each in one.allocations for part in each.units if part.open)

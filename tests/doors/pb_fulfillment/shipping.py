"""What the facility does in tests of this door, as its staff would through the hub: ship, pick, receive, judge."""

from typing import Any

from crossdock.core.orders.commands import Command
from crossdock.core.orders.delivering import RecordTracking
from crossdock.core.orders.fulfilling import CreateFulfillment, PickUnits, ShipFulfillment
from crossdock.core.orders.fulfillments import DeliveryStatus, Package
from crossdock.core.orders.model import Order
from crossdock.doors.pb_fulfillment.responses import parse_order_id
from crossdock.flows import fulfillment, queries
from crossdock.flows.access import Caller
from crossdock.flows.execute import execute
from tests.world import World


async def caller_of(world: World) -> Caller:
    return Caller(await world.demo_organization(), "demo", frozenset({"admin"}))


async def order_of(world: World, order_id: str) -> Order:
    return await queries.order(world.context, await caller_of(world), order_id=parse_order_id(order_id))


async def do(world: World, command: Command) -> Order:
    (change,) = await execute(world.context, await caller_of(world), [command], door="hub")
    return change.order


async def assign(world: World, order_id: str, *, location: str = "160") -> Order:
    """Make a fulfillment of everything that is open."""
    new = fulfillment.new_ids(world.context)
    return await do(world, CreateFulfillment(order_id=parse_order_id(order_id), location_ref=location, new_id=new))


async def pick(world: World, order_id: str, units: dict[int, int]) -> None:
    order = await order_of(world, order_id)
    fulfillment_id = order.fulfillments[0].fulfillment_id
    await do(world, PickUnits(order_id=order.order_id, fulfillment_id=fulfillment_id, lines=units))


async def ship(world: World, order_id: str, number: str, *lines: tuple[int, int], **more: Any) -> Order:
    """Ship units of the first fulfillment in a package; without units, everything."""
    order = await order_of(world, order_id)
    if not order.fulfillments:
        order = await assign(world, order_id)
    new = fulfillment.new_ids(world.context)
    named = {"carrier": "PITNEY BOWES", "service": "PARCEL", "number": number}
    packages = (Package(tuple(lines), **named),) if lines else ()  # type: ignore[arg-type]
    return await do(
        world,
        ShipFulfillment(
            order_id=order.order_id, fulfillment_id=order.fulfillments[0].fulfillment_id, new_id=new,
            packages=packages, **named, **more,
        ),
    )  # fmt: skip


async def deliver(world: World, order_id: str, number: str) -> None:
    await do(
        world,
        RecordTracking(
            order_id=parse_order_id(order_id), number=number, status=DeliveryStatus.DELIVERED,
            reported_at=world.context.clock(),
        ),
    )  # fmt: skip

"""Helpers of delivery tests: create and change orders, register endpoints, run a worker, read deliveries."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from crossdock import app
from crossdock.core.ids import MAX_ID
from crossdock.core.orders.events import OrderEvent
from crossdock.core.subscription import Subscription
from crossdock.flows import access, endpoints
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.execute import execute
from crossdock.notifications.worker import Worker
from crossdock.store import deliveries
from crossdock.store.deliveries import Delivery, Endpoint
from tests.commands import AppendEvents
from tests.notifications.receiver import PATIENCE_S, Got, Receiver
from tests.world import World

ALLOWED = {"webhook_private_allowed": True, "worker_interval_s": 0.05}


async def caller_of(world: World) -> Caller:
    """Return a caller of the demo organization with every scope."""
    organization = await world.demo_organization()
    return Caller(organization, "demo", frozenset(access.SCOPES), frozenset())


async def create(world: World, number: str, **more: Any) -> str:
    """Create an order through the hub and return its id."""
    body = {"number": number, "lines": [{"sku": "A", "quantity": 2}], **more}
    answer = await world.http.post("/hub/v1/orders", json=body, headers=await world.bearer())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def call_verb(world: World, order_id: str, verb: str, **body: Any) -> None:
    """Call a verb of an order through the hub."""
    answer = await world.http.post(f"/hub/v1/orders/{order_id}/{verb}", json=body, headers=await world.bearer())
    assert answer.status_code == 200, answer.text


async def record_events(world: World, order_id: int, *order_events: OrderEvent) -> None:
    """Record events of an order in one change."""
    command = AppendEvents(order_id=order_id, make=lambda _: order_events)
    await execute(world.context, await caller_of(world), [command], door="hub")


async def endpoint(world: World, receiver: Receiver | str, **subscription: Any) -> Endpoint:
    """Register a receiver as a webhook endpoint."""
    url = receiver if isinstance(receiver, str) else receiver.url
    from_start = subscription.pop("from_start", False)
    return await endpoints.add(
        world.context, await caller_of(world), Subscription(url=url, **subscription), from_start=from_start
    )


@asynccontextmanager
async def working(context: Context) -> AsyncIterator[Worker]:
    """Run a worker while the block lasts, and stop it cleanly."""
    worker = app.worker_over(context)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(task, PATIENCE_S)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds; fails after PATIENCE_S."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():  # noqa: ASYNC110 - the condition is in a database
            await asyncio.sleep(0.02)


async def deliveries_of(world: World, of: Endpoint) -> list[Delivery]:
    """Return all deliveries of an endpoint, oldest first."""
    async with world.context.store.reading() as tx:
        newest_first = await deliveries.page(
            tx, of.organization_id, endpoint_id=of.endpoint_id, before=MAX_ID, limit=10_000
        )
    return newest_first[::-1]


async def wait_until_ended(world: World, of: Endpoint, count: int) -> list[Delivery]:
    """Wait until an endpoint has at least `count` deliveries and all have ended; return them, oldest first."""

    async def have_ended() -> bool:
        found = await deliveries_of(world, of)
        return len(found) >= count and all(each.ended_at is not None for each in found)

    await eventually(have_ended)
    return await deliveries_of(world, of)


async def current(world: World, of: Endpoint) -> Endpoint:
    """Return an endpoint as it is now."""
    async with world.context.store.reading() as tx:
        reloaded = await deliveries.get_endpoint(tx, of.organization_id, endpoint_id=of.endpoint_id)
    assert reloaded is not None
    return reloaded


def bodies(got: list[Got]) -> list[Any]:
    """Decode the bodies of received requests."""
    return [msgspec.json.decode(each.body) for each in got]

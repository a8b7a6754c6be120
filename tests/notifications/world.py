"""What tests of deliveries hold in their hands: orders that move, endpoints, and a worker to run and stop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from crossdock import app
from crossdock.core.ids import MAX_ID
from crossdock.core.subscription import Subscription
from crossdock.flows import access, endpoints
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.notifications.worker import Worker
from crossdock.store import deliveries
from crossdock.store.deliveries import Delivery, Endpoint
from tests.notifications.receiver import PATIENCE_S, Got, Receiver
from tests.world import World

ALLOWED = {"webhook_private_allowed": True, "worker_interval_s": 0.05}


async def caller_of(world: World) -> Caller:
    """Give the demo organization's caller with every scope."""
    organization = await world.demo_organization()
    return Caller(organization, "demo", frozenset(access.SCOPES), frozenset())


async def create(world: World, number: str, **more: Any) -> str:
    """Create an order through the hub and give its id."""
    body = {"number": number, "lines": [{"sku": "A", "quantity": 2}], **more}
    answer = await world.http.post("/hub/v1/orders", json=body, headers=await world.bearer())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def move(world: World, order_id: str, verb: str, **body: Any) -> None:
    """Ask a verb of an order."""
    answer = await world.http.post(f"/hub/v1/orders/{order_id}/{verb}", json=body, headers=await world.bearer())
    assert answer.status_code == 200, answer.text


async def endpoint(world: World, receiver: Receiver | str, **wanted: Any) -> Endpoint:
    """Register a receiver."""
    url = receiver if isinstance(receiver, str) else receiver.url
    from_start = wanted.pop("from_start", False)
    return await endpoints.add(
        world.context, await caller_of(world), Subscription(url=url, **wanted), from_start=from_start
    )


@asynccontextmanager
async def working(context: Context) -> AsyncIterator[Worker]:
    """Let a worker run while the block lasts, and stop it cleanly."""
    worker = app.worker_over(context)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(task, PATIENCE_S)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds; a test that waits in vain fails."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens in a database
            await asyncio.sleep(0.02)


async def told(world: World, of: Endpoint) -> list[Delivery]:
    """Give all deliveries of an endpoint, oldest first."""
    async with world.context.store.reading() as tx:
        found = await deliveries.page(tx, of.organization_id, endpoint_id=of.endpoint_id, before=MAX_ID, limit=10_000)
    return found[::-1]


async def all_over(world: World, of: Endpoint, count: int) -> list[Delivery]:
    """Wait until an endpoint has so many deliveries and all are over."""

    async def over() -> bool:
        found = await told(world, of)
        return len(found) >= count and all(each.ended_at is not None for each in found)

    await eventually(over)
    return await told(world, of)


async def now_of(world: World, of: Endpoint) -> Endpoint:
    """Give an endpoint as it is."""
    async with world.context.store.reading() as tx:
        found = await deliveries.get_endpoint(tx, of.organization_id, endpoint_id=of.endpoint_id)
    assert found is not None
    return found


def bodies(got: list[Got]) -> list[Any]:
    """Read what was received."""
    return [msgspec.json.decode(each.body) for each in got]

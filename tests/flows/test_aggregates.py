"""Events of an aggregate that is no order: in the log, the feed, webhooks, and `verify`."""

import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from crossdock.core.events import CHAIN_START, Event, chain_hash
from crossdock.flows import verification
from crossdock.store import event_log
from crossdock.store.event_log import NewEvent
from crossdock.store.protocols import Statement
from crossdock.store.tables import event as event_table
from tests.notifications.receiver import Receiver
from tests.notifications.world import ALLOWED, caller_of, create, endpoint, wait_until_ended, working
from tests.world import World

Headers = dict[str, str]


@pytest.fixture
async def headers(world: World) -> Headers:
    return await world.bearer()


async def append_stock_events(world: World, *payloads: dict[str, Any]) -> int:
    """Append events of a stock level to the log, in a chain of their own; return the aggregate's id."""
    caller, now = await caller_of(world), world.context.clock()
    new_id = world.context.id_generator.new
    aggregate_id, before, events = new_id(now), CHAIN_START, []
    for number, payload in enumerate(payloads, 1):
        event = Event(
            caller.organization_id, "stock", aggregate_id, number, new_id(now), "stock.adjusted", 1, now, "me", "hub",
            json.dumps(payload).encode(), b"",
        )  # fmt: skip
        event = msgspec.structs.replace(event, hash=chain_hash(before, event))
        before = event.hash
        events.append(NewEvent(event))
    async with world.context.store.writing() as tx:
        await event_log.add_events(tx, caller.organization_id, events)
    world.context.wakeup.notify()
    return aggregate_id


async def test_events_of_another_aggregate_are_in_the_feed_beside_those_of_orders(
    world: World, headers: Headers
) -> None:
    await create(world, "A-1")
    await append_stock_events(world, {"delta": 3}, {"delta": -1})
    for query in ("", "?include=order"):
        items = (await world.http.get(f"/hub/v1/events{query}", headers=headers)).json()["items"]
        assert [each["type"] for each in items] == ["order.received", "stock.adjusted", "stock.adjusted"]
        assert [each["aggregate"]["type"] for each in items[1:]] == ["stock", "stock"]
        assert [each["aggregate"]["number"] for each in items[1:]] == [1, 2]
        assert [each["data"] for each in items[1:]] == [{"delta": 3}, {"delta": -1}]


@pytest.mark.parametrize("context", [ALLOWED], indirect=True)
@pytest.mark.parametrize("format", ["event", "cloudevents"])
async def test_events_of_another_aggregate_are_delivered_by_the_hubs_webhooks(world: World, format: str) -> None:
    async with Receiver() as receiver, working(world.context):
        of = await endpoint(world, receiver, format=format)
        await append_stock_events(world, {"delta": 3}, {"delta": -1})
        await wait_until_ended(world, of, 2)
        bodies = [json.loads(got.body) for got in receiver.got]
        messages = [body["data"] if format == "cloudevents" else body for body in bodies]
        assert [each["data"] for each in messages] == [{"delta": 3}, {"delta": -1}]


@pytest.mark.parametrize("context", [ALLOWED], indirect=True)
async def test_events_of_another_aggregate_are_not_delivered_in_formats_that_know_orders_alone(world: World) -> None:
    async with Receiver() as receiver, working(world.context):
        of = await endpoint(world, receiver, format="s2")
        await append_stock_events(world, {"delta": 3})
        await create(world, "A-1")
        await wait_until_ended(world, of, 1)
        assert [json.loads(got.body)["channelOrderId"] for got in receiver.got] == ["A-1"]


async def test_verify_recomputes_the_chain_of_every_aggregate(world: World) -> None:
    await create(world, "A-1")
    aggregate_id = await append_stock_events(world, {"delta": 3}, {"delta": -1})
    found = await verification.verify(world.context)
    assert (found.orders, found.events, found.broken) == (1, 3, ())
    statement = Statement(
        update(event_table)
        .where(event_table.c.aggregate_id == aggregate_id, event_table.c.number == 1)
        .values(aggregate_type="gift")
    )
    async with world.context.store.writing() as tx:
        await tx.run(statement)
    (broken,) = (await verification.verify(world.context)).broken
    assert "event 1 was changed" in broken.reason

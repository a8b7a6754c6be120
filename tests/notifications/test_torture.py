"""Nothing is lost and few deliveries repeat, whatever receivers do and however often workers are killed."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from crossdock.core.retry_policy import BREAKER_FAILURES
from crossdock.core.subscription import message_id
from crossdock.flows import endpoints
from crossdock.store import event_log
from crossdock.store.deliveries import Endpoint
from tests.notifications.processes import Work, claimed, worker_processes
from tests.notifications.receiver import Answer, Got, Receiver, answer, drop, stall
from tests.notifications.world import ALLOWED, caller_of, create, current, deliveries_of, endpoint
from tests.world import World

pytestmark = pytest.mark.parametrize("context", [ALLOWED], indirect=True)

STALLED_S = 60  # far longer than any delay here
# A lease longer than an attempt and shorter than a test; short backoffs.
WAITS = {
    "crossdock.flows.deliveries:LEASE_S": 4,
    "crossdock.core.retry_policy:BREAKER_FIRST_S": 1,
    "crossdock.core.retry_policy:BREAKER_LAST_S": 1,
}
TIMEOUT_S = 0.5
WORKERS = {"sqlite": 1, "postgresql": 3}


class Follower:
    """Follows the rules for receivers: ignores a webhook-id it has seen, keeps the highest number of each order."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.orders: dict[str, Any] = {}

    def receive(self, got: Got) -> None:
        """Process one webhook that will be answered with success."""
        if got.headers["webhook-id"] in self.seen:
            return
        self.seen.add(got.headers["webhook-id"])
        event = msgspec.json.decode(got.body)
        if event["number"] > self.numbers.get(event["order_id"], 0):
            self.numbers[event["order_id"]] = event["number"]
            self.orders[event["order_id"]] = event["order"]


class Unreliable(Receiver):
    """A receiver that mostly answers well, fails at random in all the ways receivers do, and sometimes has an outage."""

    def __init__(self, luck: random.Random) -> None:
        super().__init__()
        self.follower = Follower()
        self.default = self._answer
        self._luck = luck
        self._outage = 0

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        if self._luck.random() < 0.03:
            writer.transport.abort()  # before the request is read, or while the connection is idle
            return
        await super()._one(reader, writer, connection)

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        got = self.got[-1]
        if not self._outage and self._luck.random() < 0.01:
            # More consecutive failures than open the circuit breaker; each further one adds a backoff of a second.
            self._outage = BREAKER_FAILURES + 3
        failure = self._failure()
        if failure is None or self._luck.random() < 0.05:  # some are processed, and then the answer is lost
            self.follower.receive(got)
        await (failure or answer(200))(writer)

    def _failure(self) -> Answer | None:
        """Choose a failure, or None."""
        if self._outage:
            self._outage -= 1
            return answer(503)
        too_many_requests = answer(429, retry_after=self._luck.choice(("0", "0", "1")))
        failures = (answer(500), answer(302, location="/elsewhere"), drop, stall(), stall(b"HTTP/1.1 200 OK\r\n"))
        return self._luck.choices(
            (None, self._luck.choice(failures), too_many_requests, answer(410)), weights=(80, 15, 4, 1)
        )[0]


class Kills:
    """Kills workers at random, starts new ones, and counts the deliveries that were in flight."""

    def __init__(self, world: World, database: str, workers: list[Work], luck: random.Random) -> None:
        self.in_flight: Counter[int] = Counter()  # by delivery id: how often a worker that had claimed it was killed
        self._world = world
        self._database = database
        self._workers = workers
        self._luck = luck

    def start(self) -> None:
        """Start a worker."""
        self._workers.append(Work(self._database, WAITS, webhook_timeout_s=TIMEOUT_S))

    async def run(self, count: int) -> None:
        """Kill `count` workers, one after the other."""
        for _ in range(count):
            await asyncio.sleep(self._luck.uniform(0.2, 2.5))  # a start takes about one second of this
            one = self._workers.pop(self._luck.randrange(len(self._workers)))
            await one.kill()
            self.in_flight.update((await claimed(self._world.context)).get(one.pid, ()))
            self.start()


async def change_orders_at_random(world: World, luck: random.Random, orders: int) -> list[str]:
    """Create orders, change them at random, and return their ids."""
    made: list[str] = []
    headers = await world.bearer()
    for place in range(orders):
        made.append(await create(world, f"T-{place}"))
        for _ in range(3):
            order_id = luck.choice(made[-10:])
            verb, body = luck.choice(
                (
                    ("hold", {"holds": [{"reason": "stock"}]}),
                    ("release", {}),
                    ("note", {"text": f"note {place}"}),
                    ("tag", {"add": [f"t{place}"]}),
                    ("cancel", {"lines": [{"line": 0, "quantity": 1}]}),
                )
            )
            moved = await world.http.post(f"/hub/v1/orders/{order_id}/{verb}", json=body, headers=headers)
            assert moved.status_code in (200, 409), moved.text  # not every order allows every verb
        await asyncio.sleep(luck.uniform(0, 0.2))
    return made


@asynccontextmanager
async def reenabled(world: World, of: Endpoint) -> AsyncIterator[None]:
    """Enable an endpoint again whenever it is disabled."""
    caller = await caller_of(world)

    async def operate() -> None:
        while True:
            if (await current(world, of)).state == "disabled":
                await endpoints.change(world.context, caller, endpoint_id=of.endpoint_id, enabled=True)
            await asyncio.sleep(0.1)

    task = asyncio.create_task(operate())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()


async def feed_of(world: World, of: Endpoint) -> list[event_log.LogEntry]:
    """Return the whole feed."""
    async with world.context.store.reading() as tx:
        newest = await event_log.feed_position(tx, of.organization_id)
        found, position = await event_log.feed(tx, of.organization_id, after=0, limit=newest + 1)
    assert position == newest
    return found


async def wait_until_all_ended(world: World, *of: Endpoint) -> None:
    """Wait until every event has ended for the endpoints, as long as there is progress."""
    count = len(await feed_of(world, of[0]))
    for each in of:
        before, since = (-1, -1), 0.0
        while True:
            found = await deliveries_of(world, each)
            ended, tried = sum(one.ended_at is not None for one in found), sum(one.attempts for one in found)
            if ended == len(found) >= count:
                break
            if (ended, tried) != before:
                before, since = (ended, tried), time.monotonic()
            progress = f"{ended} of {count} events ended, {len(found)} claimed, no progress for {STALLED_S} s"
            assert time.monotonic() - since < STALLED_S, f"{progress}; {(await current(world, each)).health}"
            await asyncio.sleep(0.1)


def first_arrivals(got: list[Got]) -> dict[str, list[int]]:
    """Return, by order, the numbers of its events in the order of their first arrival."""
    seen: set[str] = set()
    found: dict[str, list[int]] = {}
    for each in got:
        if each.headers["webhook-id"] not in seen:
            seen.add(each.headers["webhook-id"])
            body = msgspec.json.decode(each.body)
            found.setdefault(body["order_id"], []).append(body["number"])
    return found


async def check(world: World, of: Endpoint, receiver: Receiver, in_flight: Counter[int]) -> None:
    """Check that a receiver got everything, in order, and no more often than attempts and kills explain."""
    entries = await feed_of(world, of)
    arrived = Counter(each.headers["webhook-id"] for each in receiver.got)
    assert arrived.keys() == {message_id(each.event.event_id) for each in entries}
    last = Counter(each.event.aggregate_id for each in entries)
    assert sorted(first_arrivals(receiver.got).values()) == sorted(list(range(1, each + 1)) for each in last.values())
    for each in await deliveries_of(world, of):
        assert arrived[message_id(each.event_id)] <= each.attempts + in_flight[each.delivery_id], each


async def check_state(world: World, follower: Follower, order_ids: list[str]) -> None:
    """Check that a receiver that follows the rules has the current state of every order."""
    assert follower.orders.keys() == set(order_ids)
    headers = await world.bearer()
    for order_id, received in follower.orders.items():
        displayed = await world.http.get(f"/hub/v1/orders/{order_id}?as=hub", headers=headers)
        assert received == displayed.json()["order"]


@pytest.mark.parametrize(
    ("orders", "kills", "seed"), [(30, 3, 1), pytest.param(600, 40, 2, marks=pytest.mark.prove)], ids=["short", "long"]
)
async def test_nothing_is_lost_and_repeats_are_explained(
    world: World, database: str, orders: int, kills: int, seed: int
) -> None:
    luck = random.Random(seed)
    healthy_follower = Follower()
    async with Unreliable(luck) as unreliable, Receiver() as healthy:
        for_unreliable, for_healthy = await endpoint(world, unreliable), await endpoint(world, healthy)
        with worker_processes() as workers:
            killing = Kills(world, database, workers, luck)
            for _ in range(WORKERS[world.context.store.name]):
                killing.start()
            async with reenabled(world, for_unreliable):
                order_ids, _ = await asyncio.gather(change_orders_at_random(world, luck, orders), killing.run(kills))
                await wait_until_all_ended(world, for_healthy, for_unreliable)
            assert [await each.stop() for each in workers] == [0] * len(workers)
        for each in healthy.got:
            healthy_follower.receive(each)
        await check(world, for_unreliable, unreliable, killing.in_flight)
        await check(world, for_healthy, healthy, killing.in_flight)
        await check_state(world, unreliable.follower, order_ids)
        await check_state(world, healthy_follower, order_ids)


async def test_a_healthy_endpoint_gets_everything_while_another_fails(world: World, database: str) -> None:
    """The failing one never answers, so that it is still failing when the other has got everything."""
    luck = random.Random(3)
    async with Receiver() as failing, Receiver() as healthy:
        failing.default = stall()
        for_failing, for_healthy = await endpoint(world, failing), await endpoint(world, healthy)
        with worker_processes() as workers:
            killing = Kills(world, database, workers, luck)
            killing.start()
            await change_orders_at_random(world, luck, 15)
            await wait_until_all_ended(world, for_healthy)
            await workers[0].kill()
        assert not any(each.ended_at for each in await deliveries_of(world, for_failing))
        await check(world, for_healthy, healthy, Counter())

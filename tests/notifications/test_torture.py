"""Nothing is lost and little is repeated, whatever receivers do and however often workers are killed."""

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
from tests.notifications.processes import Work, crew, held
from tests.notifications.receiver import Answer, Got, Receiver, answer, drop, stall
from tests.notifications.world import ALLOWED, caller_of, create, endpoint, now_of, told
from tests.world import World

pytestmark = pytest.mark.parametrize("context", [ALLOWED], indirect=True)

STILL_S = 60  # far longer than any wait here; only says when to give up
# Longer than an attempt may take, and shorter than a test; a rest that is over in a moment.
WAITS = {
    "crossdock.flows.deliveries:LEASE_S": 4,
    "crossdock.core.retry_policy:BREAKER_FIRST_S": 1,
    "crossdock.core.retry_policy:BREAKER_LAST_S": 1,
}
TIMEOUT_S = 0.5
WORKERS = {"sqlite": 1, "postgresql": 3}


class Follower:
    """Does what receivers are told to do: ignores a webhook-id it has seen, keeps the highest number of each order."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.orders: dict[str, Any] = {}

    def take(self, got: Got) -> None:
        """Take one webhook that will be answered with success."""
        if got.headers["webhook-id"] in self.seen:
            return
        self.seen.add(got.headers["webhook-id"])
        told = msgspec.json.decode(got.body)
        if told["number"] > self.numbers.get(told["order_id"], 0):
            self.numbers[told["order_id"]] = told["number"]
            self.orders[told["order_id"]] = told["order"]


class Moody(Receiver):
    """A receiver that does at random what receivers do wrong, most of the time well, and now and then nothing well at all."""

    def __init__(self, luck: random.Random) -> None:
        super().__init__()
        self.follower = Follower()
        self.default = self._anything
        self._luck = luck
        self._outage = 0

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        if self._luck.random() < 0.03:
            writer.transport.abort()  # before the request is read, or while the connection is idle
            return
        await super()._one(reader, writer, connection)

    async def _anything(self, writer: asyncio.StreamWriter) -> None:
        got = self.got[-1]
        if not self._outage and self._luck.random() < 0.01:
            # More than the failures in a row after which an endpoint rests; each one more is a rest more, of a second.
            self._outage = BREAKER_FAILURES + 3
        mood = self._mood()
        if mood is None or self._luck.random() < 0.05:  # some are taken, and then the answer does not come
            self.follower.take(got)
        await (mood or answer(200))(writer)

    def _mood(self) -> Answer | None:
        """Give what goes wrong, None for nothing."""
        if self._outage:
            self._outage -= 1
            return answer(503)
        asks_to_wait = answer(429, retry_after=self._luck.choice(("0", "0", "1")))
        goes_wrong = (answer(500), answer(302, location="/elsewhere"), drop, stall(), stall(b"HTTP/1.1 200 OK\r\n"))
        return self._luck.choices(
            (None, self._luck.choice(goes_wrong), asks_to_wait, answer(410)), weights=(80, 15, 4, 1)
        )[0]


class Kills:
    """Kills a worker at random again and again, starts another, and counts what was under way."""

    def __init__(self, world: World, database: str, hands: list[Work], luck: random.Random) -> None:
        self.under_way: Counter[int] = Counter()  # by delivery id: how often a worker was killed that had taken it
        self._world = world
        self._database = database
        self._hands = hands
        self._luck = luck

    def start(self) -> None:
        """Start a worker."""
        self._hands.append(Work(self._database, WAITS, webhook_timeout_s=TIMEOUT_S))

    async def run(self, count: int) -> None:
        """Kill so many."""
        for _ in range(count):
            await asyncio.sleep(self._luck.uniform(0.2, 2.5))  # a start takes about one second of it
            one = self._hands.pop(self._luck.randrange(len(self._hands)))
            await one.kill()
            self.under_way.update((await held(self._world.context)).get(one.pid, ()))
            self.start()


async def trade(world: World, luck: random.Random, orders: int) -> list[str]:
    """Create orders and move them at random, and give their ids."""
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
            assert moved.status_code in (200, 409), moved.text  # not every verb is allowed to every order
        await asyncio.sleep(luck.uniform(0, 0.2))
    return made


@asynccontextmanager
async def operated(world: World, of: Endpoint) -> AsyncIterator[None]:
    """Let an operator enable an endpoint again whenever it is disabled."""
    caller = await caller_of(world)

    async def operate() -> None:
        while True:
            if (await now_of(world, of)).state == "disabled":
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
    """Give the whole feed."""
    async with world.context.store.reading() as tx:
        newest = await event_log.feed_position(tx, of.organization_id)
        found, position = await event_log.feed(tx, of.organization_id, after=0, limit=newest + 1)
    assert position == newest
    return found


async def settled(world: World, *of: Endpoint) -> None:
    """Wait until endpoints have been told of everything, as long as something comes of it."""
    count = len(await feed_of(world, of[0]))
    for each in of:
        before, since = (-1, -1), 0.0
        while True:
            found = await told(world, each)
            ended, tried = sum(one.ended_at is not None for one in found), sum(one.attempts for one in found)
            if ended == len(found) >= count:
                break
            if (ended, tried) != before:
                before, since = (ended, tried), time.monotonic()
            still = f"{ended} of {count} events ended, {len(found)} taken up, nothing for {STILL_S} s"
            assert time.monotonic() - since < STILL_S, f"{still}; {(await now_of(world, each)).health}"
            await asyncio.sleep(0.1)


def first_arrivals(got: list[Got]) -> dict[str, list[int]]:
    """Give, by order, the numbers of its events as each first arrived."""
    seen: set[str] = set()
    found: dict[str, list[int]] = {}
    for each in got:
        if each.headers["webhook-id"] not in seen:
            seen.add(each.headers["webhook-id"])
            body = msgspec.json.decode(each.body)
            found.setdefault(body["order_id"], []).append(body["number"])
    return found


async def check(world: World, of: Endpoint, receiver: Receiver, under_way: Counter[int]) -> None:
    """Check that a receiver heard of everything, in order, and no more often than is explained."""
    entries = await feed_of(world, of)
    arrived = Counter(each.headers["webhook-id"] for each in receiver.got)
    assert arrived.keys() == {message_id(each.event.event_id) for each in entries}
    last = Counter(each.event.aggregate_id for each in entries)
    assert sorted(first_arrivals(receiver.got).values()) == sorted(list(range(1, each + 1)) for each in last.values())
    for each in await told(world, of):
        assert arrived[message_id(each.event_id)] <= each.attempts + under_way[each.delivery_id], each


async def check_state(world: World, follower: Follower, order_ids: list[str]) -> None:
    """Check that who followed the rules knows every order as the book has it."""
    assert follower.orders.keys() == set(order_ids)
    headers = await world.bearer()
    for order_id, kept in follower.orders.items():
        shown = await world.http.get(f"/hub/v1/orders/{order_id}?as=hub", headers=headers)
        assert kept == shown.json()["order"]


@pytest.mark.parametrize(
    ("orders", "kills", "seed"), [(30, 3, 1), pytest.param(600, 40, 2, marks=pytest.mark.prove)], ids=["short", "long"]
)
async def test_nothing_is_lost_and_repeats_are_explained(
    world: World, database: str, orders: int, kills: int, seed: int
) -> None:
    luck = random.Random(seed)
    healthy_follower = Follower()
    async with Moody(luck) as moody, Receiver() as healthy:
        for_moody, for_healthy = await endpoint(world, moody), await endpoint(world, healthy)
        with crew() as hands:
            killing = Kills(world, database, hands, luck)
            for _ in range(WORKERS[world.context.store.name]):
                killing.start()
            async with operated(world, for_moody):
                order_ids, _ = await asyncio.gather(trade(world, luck, orders), killing.run(kills))
                await settled(world, for_healthy, for_moody)
            assert [await each.stop() for each in hands] == [0] * len(hands)
        for each in healthy.got:
            healthy_follower.take(each)
        await check(world, for_moody, moody, killing.under_way)
        await check(world, for_healthy, healthy, killing.under_way)
        await check_state(world, moody.follower, order_ids)
        await check_state(world, healthy_follower, order_ids)


async def test_a_healthy_endpoint_hears_everything_while_another_fails(world: World, database: str) -> None:
    """The failing one never answers well, so that it is still failing when the other has heard everything."""
    luck = random.Random(3)
    async with Receiver() as failing, Receiver() as healthy:
        failing.default = stall()
        for_failing, for_healthy = await endpoint(world, failing), await endpoint(world, healthy)
        with crew() as hands:
            killing = Kills(world, database, hands, luck)
            killing.start()
            await trade(world, luck, 15)
            await settled(world, for_healthy)
            await hands[0].kill()
        assert not any(each.ended_at for each in await told(world, for_failing))
        await check(world, for_healthy, healthy, Counter())

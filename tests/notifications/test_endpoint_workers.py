"""What a lane does when the database, its endpoint, or the process that had it before is unwell; and what is removed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from crossdock.core import retry_policy as rules
from crossdock.core.errors import Busy, Code
from crossdock.core.retry_policy import BREAKER_FAILURES, SECOND_US, State
from crossdock.flows import deliveries, endpoints, event_payloads
from crossdock.notifications import worker
from crossdock.store import deliveries as deliveries_store
from tests.notifications.receiver import Receiver, answer, stall
from tests.notifications.world import (
    ALLOWED,
    all_over,
    caller_of,
    create,
    endpoint,
    eventually,
    move,
    now_of,
    told,
    working,
)
from tests.world import World

pytestmark = pytest.mark.parametrize("context", [ALLOWED], indirect=True)


class Said:
    """Stands for a logger and keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda event, **values: self.lines.append({"level": level, "event": event} | values)

    def of(self, event: str) -> list[dict[str, Any]]:
        """Give the lines of one event."""
        return [each for each in self.lines if each["event"] == event]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """Give what the worker says to the log."""
    logger = Said()
    monkeypatch.setattr(worker, "_log", logger)
    monkeypatch.setattr(deliveries, "_log", logger)
    return logger


def away(times: int, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Give a flow that finds the database away so many times, and then is the real one."""
    left = times

    async def flow(*given: Any, **named: Any) -> Any:
        nonlocal left
        if left:
            left -= 1
            raise Busy(Code.UNAVAILABLE, "the database cannot take this now")
        return await real(*given, **named)

    return flow


class TestADatabaseThatIsAway:
    @pytest.fixture(autouse=True)
    def hasty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "_AWAY_S", 0)

    async def test_for_long_does_not_lose_verdicts(
        self, world: World, said: Said, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """More tries than Python allows calls within calls."""
        real, failing = deliveries.record_and_claim, away(3_000, deliveries.record_and_claim)

        async def turn(*given: Any, **named: Any) -> Any:
            return await (failing if named["attempted"] else real)(*given, **named)

        monkeypatch.setattr(deliveries, "record_and_claim", turn)
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            async with working(world.context):
                await create(world, "A-1")
                (found,) = await all_over(world, made, 1)
        assert (found.state, found.attempts, len(receiver.got)) == (State.DELIVERED, 1, 1)
        assert said.of("busy") and not said.of("bug")

    async def test_when_messages_are_made_keeps_what_was_taken(
        self, world: World, said: Said, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(event_payloads, "notifications", away(2, event_payloads.notifications))
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            async with working(world.context):
                await create(world, "A-1")
                (found,) = await all_over(world, made, 1)
        assert (found.state, found.attempts, len(receiver.got)) == (State.DELIVERED, 1, 1)
        assert said.of("busy") and not said.of("bug")

    async def test_when_a_worker_starts_does_not_keep_from_freeing(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not world.context.store.only_worker:
            pytest.skip("where there may be others, nothing is freed at a start")
        monkeypatch.setattr(deliveries, "release_claims", away(2, deliveries.release_claims))
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            await create(world, "A-1")
            dead = await deliveries.record_and_claim(
                world.context, made.organization_id, made.endpoint_id, capacity=1, claimed_by=1,
                topics=lambda _, entry: [entry.event.name], wanted=lambda _: deliveries.Wanted(),
            )  # fmt: skip
            assert dead is not None and len(dead.taken) == 1
            async with working(world.context):
                await all_over(world, made, 1)


class TestAnEndpointThatFails:
    async def test_rests_is_tried_with_one_at_a_time_and_gets_well(
        self, world: World, said: Said, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "BREAKER_FIRST_S", 1)
        monkeypatch.setattr(rules, "RETRY_DELAYS_S", (0, *[0.05] * 30))
        async with Receiver() as receiver:
            receiver.default = answer(500)
            made = await endpoint(world, receiver)
            async with working(world.context):
                for number in range(2 * BREAKER_FAILURES):
                    await create(world, f"A-{number}")

                async def rests() -> bool:
                    return (await now_of(world, made)).health.rests >= 1

                await eventually(rests)
                before = len(receiver.got)
                receiver.default = stall()  # the one that is tried keeps others from being tried
                await receiver.wait_for(before + 1)
                await asyncio.sleep(0.5)  # ten looks
                assert len(receiver.got) == before + 1
                receiver.default = answer()
                receiver.hang_up()
                found = await all_over(world, made, 2 * BREAKER_FAILURES)
        assert {each.state for each in found} == {State.DELIVERED}
        assert (await now_of(world, made)).health.failures == 0
        rested = said.of("endpoint rests")
        assert {each["level"] for each in rested} == {"warning"}
        assert len(rested) == len({each["until"] for each in rested})  # each rest is told once
        assert len(said.of("endpoint is well again")) == 1

    async def test_counts_what_other_processes_have_under_way(self, world: World) -> None:
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            for number in range(30):
                await create(world, f"A-{number}")
            key = {"room": 64, "topics": lambda _, entry: [entry.event.name], "wanted": lambda _: deliveries.Wanted()}
            one = await self.turn(world, made, claimed_by=1, **key | {"room": 20})
            failures = [
                (each, rules.Attempt(world.context.clock(), 1, rules.Verdict.FAILED, status=500)) for each in one[:1]
            ]
            # One failed, 19 are under way: no more are taken, by the same process or another.
            assert await self.turn(world, made, claimed_by=1, attempted=failures, **key) == []
            assert await self.turn(world, made, claimed_by=2, **key) == []
            later = world.context.clock() + (deliveries.LEASE_S + 1) * SECOND_US
            world.context.clock = lambda: later
            assert len(await self.turn(world, made, claimed_by=2, **key)) == deliveries.MAX_IN_FLIGHT_DOUBTFUL
            assert await self.turn(world, made, claimed_by=1, **key) == []

    @staticmethod
    async def turn(world: World, made: deliveries_store.Endpoint, **given: Any) -> list[deliveries_store.Delivery]:
        turn = await deliveries.record_and_claim(world.context, made.organization_id, made.endpoint_id, **given)
        assert turn is not None
        return turn.taken


class TestTheFeed:
    async def test_is_read_on_past_the_events_of_an_order_that_waits(self, world: World) -> None:
        world.context.settings = msgspec.structs.replace(
            world.context.settings, worker_interval_s=60.0, webhook_timeout_s=60.0
        )  # nothing but the lane itself goes on
        async with Receiver() as receiver:
            receiver.script(stall())
            made = await endpoint(world, receiver)
            poison = await create(world, "P-1")
            for number in range(world.context.settings.webhook_concurrency + 10):
                await move(world, poison, "note", text=f"note {number}")
            await create(world, "A-1")
            async with working(world.context):
                await receiver.wait_for(2)
            assert sum(each.state is State.WAITING for each in await told(world, made)) == 74


class TestTheBell:
    async def test_rung_during_a_look_is_heard_after_it(self, world: World) -> None:
        wakeup = world.context.wakeup
        rung = wakeup.count
        wakeup.notify()
        looked_before = asyncio.create_task(wakeup.wait(60, since=rung))
        looks_now = asyncio.create_task(wakeup.wait(60, since=wakeup.count))
        try:
            done, waiting = await asyncio.wait(
                (looked_before, looks_now), timeout=10, return_when=asyncio.FIRST_COMPLETED
            )
            assert (done, waiting) == ({looked_before}, {looks_now})
            wakeup.notify()
            done, waiting = await asyncio.wait({looks_now}, timeout=10)
            assert (done, waiting) == ({looks_now}, set())
        finally:
            looks_now.cancel()


class TestPruning:
    async def test_removes_all_that_ended_long_ago_and_nothing_else(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(deliveries, "_AT_ONCE", 4)
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            for number in range(10):
                await create(world, f"A-{number}")
            async with working(world.context):
                await all_over(world, made, 10)
                receiver.default = answer(500)
                await create(world, "B-1")
                await receiver.wait_for(11)
        assert await deliveries.prune(world.context) == 0
        now = world.context.clock()
        world.context.clock = lambda: now + (world.context.settings.delivery_kept_days + 1) * 86_400 * SECOND_US
        assert await deliveries.prune(world.context) >= 10  # and what became of the mails
        (left,) = await told(world, made)
        assert left.ended_at is None
        assert await endpoints.page(world.context, await caller_of(world), endpoint_id=made.endpoint_id, limit=5) == [
            left
        ]

"""Endpoint workers when the database is unavailable or an endpoint fails; the feed, wakeups and pruning."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
import pytest

from crossdock.core import retry_policy as rules
from crossdock.core.errors import Busy, Code
from crossdock.core.retry_policy import BREAKER_FAILURES, SECOND_US, State
from crossdock.flows import deliveries, endpoints, event_payloads, measures
from crossdock.notifications import worker
from crossdock.notifications.webhook import channel as webhook_channel
from crossdock.store import deliveries as deliveries_store
from crossdock.store.event_log import EventFilter
from tests.notifications.receiver import Receiver, answer, stall
from tests.notifications.world import (
    ALLOWED,
    call_verb,
    caller_of,
    create,
    current,
    deliveries_of,
    endpoint,
    eventually,
    wait_until_ended,
    working,
)
from tests.world import World

pytestmark = pytest.mark.parametrize("context", [ALLOWED], indirect=True)


class RecordingLogger:
    """A logger that records its lines."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda event, **values: self.lines.append({"level": level, "event": event} | values)

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of one event."""
        return [each for each in self.lines if each["event"] == event]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> RecordingLogger:
    """Record the log of the worker and its flows."""
    logger = RecordingLogger()
    monkeypatch.setattr(worker, "_log", logger)
    monkeypatch.setattr(deliveries, "_log", logger)
    return logger


def unavailable(times: int, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return a flow that raises Busy a number of times, and then calls the real one."""
    left = times

    async def flow(*given: Any, **named: Any) -> Any:
        nonlocal left
        if left:
            left -= 1
            raise Busy(Code.UNAVAILABLE, "the database cannot take this now")
        return await real(*given, **named)

    return flow


class TestUnavailableDatabase:
    @pytest.fixture(autouse=True)
    def retry_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "_DATABASE_RETRY_S", 0)

    async def test_outcomes_are_recorded_after_the_database_was_unavailable_for_long(
        self, world: World, log: RecordingLogger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """More retries than Python allows nested calls."""
        real, failing = deliveries.record_and_claim, unavailable(3_000, deliveries.record_and_claim)

        async def record_and_claim(*given: Any, **named: Any) -> Any:
            return await (failing if named["attempted"] else real)(*given, **named)

        monkeypatch.setattr(deliveries, "record_and_claim", record_and_claim)
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            async with working(world.context):
                await create(world, "A-1")
                (found,) = await wait_until_ended(world, made, 1)
        assert (found.state, found.attempts, len(receiver.got)) == (State.DELIVERED, 1, 1)
        assert log.of("busy") and not log.of("bug")

    async def test_claims_are_kept_while_the_database_is_unavailable_for_rendering(
        self, world: World, log: RecordingLogger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(event_payloads, "notifications", unavailable(2, event_payloads.notifications))
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            async with working(world.context):
                await create(world, "A-1")
                (found,) = await wait_until_ended(world, made, 1)
        assert (found.state, found.attempts, len(receiver.got)) == (State.DELIVERED, 1, 1)
        assert log.of("busy") and not log.of("bug")

    async def test_claims_are_released_although_the_database_was_unavailable_at_the_start(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not world.context.store.only_worker:
            pytest.skip("where there may be other workers, no claims are released at the start")
        monkeypatch.setattr(rules, "RETRY_DELAYS_S", (0, 0.05, 0.05))
        monkeypatch.setattr(deliveries, "release_claims", unavailable(2, deliveries.release_claims))
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            await create(world, "A-1")
            crashed = await deliveries.record_and_claim(
                world.context, made.organization_id, made.endpoint_id, capacity=1, claimed_by=1,
                topics=lambda _, entry: [entry.event.name], event_filter=lambda _: EventFilter(),
            )  # fmt: skip
            assert crashed is not None and len(crashed.deliveries) == 1
            async with working(world.context):
                await wait_until_ended(world, made, 1)


class TestDeadLetters:
    async def test_a_letter_is_counted_once_though_the_database_failed_its_recording(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "RETRY_DELAYS_S", (0,))  # the first failure is the last
        counter = measures._DEAD_LETTERS.labels("webhook")
        before = counter._value.get()
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            await create(world, "A-1")
            key: dict[str, Any] = {
                "capacity": 1, "claimed_by": 1, "topics": lambda _, entry: [entry.event.name],
                "event_filter": lambda _: EventFilter(),
            }  # fmt: skip
            claim = partial(deliveries.record_and_claim, world.context, made.organization_id, made.endpoint_id, **key)
            batch = await claim()
            assert batch is not None
            failed = [(batch.deliveries[0], rules.Attempt(world.context.clock(), 1, rules.Verdict.FAILED, status=500))]
            with monkeypatch.context() as away:
                away.setattr(deliveries_store, "advance", unavailable(2, deliveries_store.advance))
                for _ in range(2):
                    with pytest.raises(Busy):
                        await claim(attempted=failed)
            assert counter._value.get() == before
            await claim(attempted=failed)
        assert counter._value.get() == before + 1


class TestInterruptedAttempts:
    """A delivery that ends the process at each attempt must end, too."""

    async def claim(self, world: World, made: deliveries_store.Endpoint, worker_id: int) -> int:
        batch = await deliveries.record_and_claim(
            world.context, made.organization_id, made.endpoint_id, capacity=9, claimed_by=worker_id,
            topics=lambda _, entry: [entry.event.name], event_filter=lambda _: EventFilter(),
        )  # fmt: skip
        assert batch is not None
        return len(batch.deliveries)

    async def test_a_delivery_whose_worker_dies_each_time_becomes_a_dead_letter(
        self, world: World, log: RecordingLogger
    ) -> None:
        made = await endpoint(world, "http://127.0.0.1:9/")
        order_id = await create(world, "A-1")
        await call_verb(world, order_id, "note", text="waits for the first one")
        claimed = 0
        for worker_id in range(1, 4 * len(rules.RETRY_DELAYS_S)):
            claimed += await self.claim(world, made, worker_id)
            first, second = await deliveries_of(world, made)
            if first.state is State.DEAD:
                break
            later = (first.next_at or 0) + 1  # the end of the lease, then of the retry delay
            world.context.clock = lambda later=later: later  # type: ignore[misc]
        assert (first.attempts, claimed) == (len(rules.RETRY_DELAYS_S), len(rules.RETRY_DELAYS_S) + 1)  # and the second
        assert {each.error for each in first.attempted} == {"the worker ended before this attempt did"}
        assert second.state is State.PENDING
        assert (await current(world, made)).health.failures == 0
        assert log.of("attempts were interrupted")

    async def test_a_start_counts_what_the_only_worker_had_claimed_and_a_stop_does_not(self, world: World) -> None:
        made = await endpoint(world, "http://127.0.0.1:9/")
        await create(world, "A-1")
        assert await self.claim(world, made, 7) == 1
        assert await deliveries.release_claims(world.context, claimed_by=7) >= 1
        assert [each.attempts for each in await deliveries_of(world, made)] == [0]
        assert await self.claim(world, made, 8) == 1
        assert await deliveries.release_claims(world.context) >= 1
        (found,) = await deliveries_of(world, made)
        assert (found.state, found.attempts, found.claimed_by) == (State.PENDING, 1, None)
        assert (found.next_at or 0) >= world.context.clock() + (rules.RETRY_DELAYS_S[1] - 1) * SECOND_US


class TestFailingEndpoint:
    async def test_a_failing_endpoint_backs_off_is_probed_and_recovers(
        self, world: World, log: RecordingLogger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rules, "BREAKER_FIRST_S", 1)
        monkeypatch.setattr(rules, "RETRY_DELAYS_S", (0, *[0.05] * 30))
        async with Receiver() as receiver:
            receiver.default = answer(500)
            made = await endpoint(world, receiver)
            async with working(world.context):
                for number in range(2 * BREAKER_FAILURES):
                    await create(world, f"A-{number}")

                async def backs_off() -> bool:
                    return (await current(world, made)).health.backoffs >= 1

                await eventually(backs_off)
                before = len(receiver.got)
                receiver.default = stall()  # the probe blocks further attempts
                await receiver.wait_for(before + 1)
                await asyncio.sleep(0.5)  # ten polls
                assert len(receiver.got) == before + 1
                receiver.default = answer()
                receiver.hang_up()
                found = await wait_until_ended(world, made, 2 * BREAKER_FAILURES)
        assert {each.state for each in found} == {State.DELIVERED}
        assert (await current(world, made)).health.failures == 0
        backed_off = log.of("endpoint backs off")
        assert {each["level"] for each in backed_off} == {"warning"}
        assert len(backed_off) == len({each["backoff_until"] for each in backed_off})  # each backoff is logged once
        assert len(log.of("endpoint recovered")) == 1

    async def test_deliveries_in_flight_in_other_processes_count_for_a_failing_endpoint(self, world: World) -> None:
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            for number in range(30):
                await create(world, f"A-{number}")
            key = {
                "capacity": 64,
                "topics": lambda _, entry: [entry.event.name],
                "event_filter": lambda _: EventFilter(),
            }
            one = await self.claim(world, made, claimed_by=1, **key | {"capacity": 20})
            failures = [
                (each, rules.Attempt(world.context.clock(), 1, rules.Verdict.FAILED, status=500)) for each in one[:1]
            ]
            # One failed, 19 are in flight: no more are claimed, by the same worker or another.
            assert await self.claim(world, made, claimed_by=1, attempted=failures, **key) == []
            assert await self.claim(world, made, claimed_by=2, **key) == []
            later = world.context.clock() + (deliveries.LEASE_S + 1) * SECOND_US
            world.context.clock = lambda: later
            assert len(await self.claim(world, made, claimed_by=2, **key)) == deliveries.MAX_IN_FLIGHT_DOUBTFUL
            assert await self.claim(world, made, claimed_by=1, **key) == []

    @staticmethod
    async def claim(world: World, made: deliveries_store.Endpoint, **given: Any) -> list[deliveries_store.Delivery]:
        batch = await deliveries.record_and_claim(world.context, made.organization_id, made.endpoint_id, **given)
        assert batch is not None
        return batch.deliveries


class TestFairness:
    async def test_an_organization_whose_receivers_never_answer_does_not_hold_up_another(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(webhook_channel, "_CONNECTIONS", 16)
        headers = await world.stranger()
        async with Receiver() as stalling, Receiver() as healthy:
            stalling.default = stall()
            for _ in range(5):
                await endpoint(world, stalling)
            for number in range(20):
                await create(world, f"A-{number}")
            answer = await world.http.post("/hub/v1/endpoints", json={"url": healthy.url}, headers=headers)
            assert answer.status_code == 201
            async with working(world.context):
                await stalling.wait_for(5)  # each endpoint has at least one attempt
                await asyncio.sleep(0.5)
                assert len(stalling.got) < 16
                body = {"number": "B-1", "lines": [{"sku": "A", "quantity": 2}]}
                assert (await world.http.post("/hub/v1/orders", json=body, headers=headers)).status_code == 201
                began = time.monotonic()
                await healthy.wait_for(1)
                assert time.monotonic() - began < 10  # the stalled ones take 15 s
                stalling.hang_up()

    async def test_attempts_in_flight_are_counted_and_forgotten_when_they_end(self, world: World) -> None:
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            for number in range(100):
                await create(world, f"A-{number}")
            async with working(world.context) as running:
                await wait_until_ended(world, made, 100)

                async def are_forgotten() -> bool:
                    return not running._in_flight  # those of the orders' mails, too

                await eventually(are_forgotten)


class TestFeed:
    async def test_the_feed_is_read_past_the_events_of_a_waiting_order(self, world: World) -> None:
        world.context.settings = msgspec.structs.replace(
            world.context.settings, worker_interval_s=60.0, webhook_timeout_s=60.0
        )  # nothing but the endpoint worker itself goes on
        async with Receiver() as receiver:
            receiver.script(stall())
            made = await endpoint(world, receiver)
            blocked = await create(world, "P-1")
            for number in range(world.context.settings.webhook_concurrency + 10):
                await call_verb(world, blocked, "note", text=f"note {number}")
            await create(world, "A-1")
            async with working(world.context):
                await receiver.wait_for(2)
                receiver.hang_up()  # or the worker waits for its attempt before it ends
            assert sum(each.state is State.WAITING for each in await deliveries_of(world, made)) == 74


class TestWakeup:
    async def test_a_wakeup_during_a_poll_is_not_missed(self, world: World) -> None:
        wakeup = world.context.wakeup
        before_the_wakeup = wakeup.count
        wakeup.notify()
        polled_before = asyncio.create_task(wakeup.wait(60, since=before_the_wakeup))
        polls_now = asyncio.create_task(wakeup.wait(60, since=wakeup.count))
        try:
            done, waiting = await asyncio.wait(
                (polled_before, polls_now), timeout=10, return_when=asyncio.FIRST_COMPLETED
            )
            assert (done, waiting) == ({polled_before}, {polls_now})
            wakeup.notify()
            done, waiting = await asyncio.wait({polls_now}, timeout=10)
            assert (done, waiting) == ({polls_now}, set())
        finally:
            polls_now.cancel()


class TestPruning:
    async def test_pruning_removes_old_ended_deliveries_and_nothing_else(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(deliveries, "_BATCH_ROWS", 4)
        async with Receiver() as receiver:
            made = await endpoint(world, receiver)
            for number in range(10):
                await create(world, f"A-{number}")
            async with working(world.context):
                await wait_until_ended(world, made, 10)
                receiver.default = answer(500)
                await create(world, "B-1")
                await receiver.wait_for(11)
        assert await deliveries.prune(world.context) == 0
        now = world.context.clock()
        world.context.clock = lambda: now + (world.context.settings.delivery_kept_days + 1) * 86_400 * SECOND_US
        assert await deliveries.prune(world.context) >= 10  # and those of the mails
        (left,) = await deliveries_of(world, made)
        assert left.ended_at is None
        assert await endpoints.page(world.context, await caller_of(world), endpoint_id=made.endpoint_id, limit=5) == [
            left
        ]

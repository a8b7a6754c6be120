"""The worker: claims due deliveries of all organizations, renders and sends them, and records the outcomes.

It polls for endpoints that have something to deliver and runs an `EndpointWorker` for each until nothing is left. Endpoints
do not wait for each other, nor do the deliveries of one endpoint; only those of the same order do. Rules of when a delivery
is due are in flows/deliveries.py and core/retry_policy.py; messages are rendered by the channels.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import structlog

from crossdock.core.errors import Busy
from crossdock.core.ids import created_us
from crossdock.core.retry_policy import SECOND_US, Attempt, Verdict
from crossdock.flows import access, deliveries, retention, tracing
from crossdock.flows.context import Context
from crossdock.flows.deliveries import ClaimedBatch
from crossdock.flows.measures import DATABASE_ERRORS, WORKER_POLLED, WORKER_RUNNING, count_attempt
from crossdock.notifications.pace import Pace
from crossdock.store.deliveries import Delivery, Endpoint, Ready
from crossdock.store.event_log import EventFilter, LogEntry

_log = structlog.get_logger("crossdock.worker")
# Time for attempts in flight to end when the worker stops, seconds; longer than a healthy receiver takes.
_GRACE_S = 5.0
# Seconds between two checks whether the only worker of an engine has gone, and between two prunings of old deliveries,
# submissions and revoked tokens.
_TAKEOVER_S, _PRUNE_S = 2.0, 60.0
# While this process receives orders and its event loop has no time left, an endpoint has at most so many in flight.
_CAPACITY_WHEN_FULL = 8
# Seconds before a database that is unavailable is tried again.
_DATABASE_RETRY_S = 0.5


class Channel(Protocol):
    """One way to deliver.

    `capacity` is how many attempts may be in flight to one endpoint, `share` how many to all endpoints of an organization.
    `cost_s` is about the processor time of one delivery, seconds (bench/README.md).
    """

    capacity: int
    share: int
    cost_s: float

    def event_filter(self, endpoint: Endpoint) -> EventFilter:
        """Narrow the feed to events that may concern the endpoint."""

    def topics(self, endpoint: Endpoint, entry: LogEntry) -> Sequence[str]:
        """Name the deliveries an event makes for the endpoint."""

    async def render(self, endpoint: Endpoint, claimed: Sequence[Delivery]) -> list[tuple[Delivery, Any]]:
        """Render the message of each delivery, as `send` takes it.

        An Attempt in place of a message is the outcome of a delivery that cannot be rendered or needs no message.
        """

    async def send(self, message: Any) -> Attempt:
        """Send one message and return the outcome."""

    async def close(self) -> None:
        """Close connections."""


# Opens a channel when the first delivery needs it, because its libraries are large.
Opening = Callable[[], Awaitable[Channel]]


class Worker:
    """Delivers for all organizations, through a channel for each kind of endpoint."""

    def __init__(self, context: Context, channels: Mapping[str, Opening]) -> None:
        self._context = context
        self._openings = channels
        self._channels: dict[str, Channel] = {}
        self._worker_id = secrets.randbits(53)
        self._endpoint_workers: dict[tuple[int, int], EndpointWorker] = {}
        self._in_flight: Counter[tuple[str, int]] = Counter()  # attempts by channel and organization
        self._stopping = asyncio.Event()
        self._pace = Pace(context, self._stopping)

    async def run(self) -> None:
        """Deliver until `stop` is called, then let attempts in flight end and release the other claims."""
        try:
            while not self._stopping.is_set():
                with self._context.store.working() as may_work:
                    if may_work:
                        await self._work()
                    else:
                        await self._wait_for_events(_TAKEOVER_S, since=self._context.wakeup.count)
        finally:
            for channel in self._channels.values():
                await channel.close()

    def stop(self) -> None:
        """Ask the worker to stop; `run` returns when it has."""
        self._stopping.set()
        self._context.wakeup.notify()

    async def _work(self) -> None:
        pruning = asyncio.create_task(self._prune_periodically())
        WORKER_RUNNING.inc()
        try:
            await self._release_claims_of_earlier_workers()
            while not self._stopping.is_set():
                since = self._context.wakeup.count
                await self._poll()
                await asyncio.sleep(self._pace.gather_s)  # events that arrive meanwhile are found by one poll
                await self._wait_for_events(self._context.settings.worker_interval_s, since=since)
        finally:
            WORKER_RUNNING.dec()
            pruning.cancel()
            await self._shut_down()

    async def _release_claims_of_earlier_workers(self) -> None:
        """On an engine with one worker only, every claim there is belongs to a worker that has gone."""
        while self._context.store.only_worker and not self._stopping.is_set():
            if await _log_errors(deliveries.release_claims(self._context)):
                return
            await asyncio.sleep(_DATABASE_RETRY_S)

    async def _poll(self) -> None:
        """Start a worker for each endpoint that has something to deliver, or wake the one it has."""
        self._endpoint_workers = {key: each for key, each in self._endpoint_workers.items() if not each.task.done()}
        await _log_errors(self._start_endpoint_workers())

    async def _start_endpoint_workers(self) -> None:
        found = await deliveries.ready(self._context)
        WORKER_POLLED.set(self._context.clock() / SECOND_US)
        for ready in found:
            running = self._endpoint_workers.get((ready.organization_id, ready.endpoint_id))
            if running is None:
                await _log_errors(self._start(ready))
            else:
                running.woken.set()

    async def _start(self, ready: Ready) -> None:
        channel = await self._channel(ready.kind)
        key = (ready.organization_id, ready.endpoint_id)
        self._endpoint_workers[key] = EndpointWorker(
            self._context, ready, channel, self._worker_id, self._stopping, self._in_flight, self._pace
        )

    async def _channel(self, kind: str) -> Channel:
        if kind not in self._channels:
            self._channels[kind] = await self._openings[kind]()
        return self._channels[kind]

    async def _wait_for_events(self, timeout_s: float, *, since: int) -> None:
        if not self._stopping.is_set():
            await self._context.wakeup.wait(timeout_s, since=since)

    async def _prune_periodically(self) -> None:
        while True:
            await _log_errors(deliveries.reschedule(self._context))
            await _log_errors(deliveries.prune(self._context))
            await _log_errors(retention.prune_submissions(self._context))
            await _log_errors(retention.prune_access_log(self._context))
            await _log_errors(access.prune_revoked_tokens(self._context))
            await asyncio.sleep(_PRUNE_S)

    async def _shut_down(self) -> None:
        tasks = [each.task for each in self._endpoint_workers.values() if not each.task.done()]
        for each in self._endpoint_workers.values():
            each.woken.set()
        if tasks:
            await asyncio.wait(tasks, timeout=_GRACE_S)
        for each in self._endpoint_workers.values():
            await each.cancel()
        self._endpoint_workers.clear()
        await _log_errors(deliveries.release_claims(self._context, claimed_by=self._worker_id))


class EndpointWorker:
    """Delivers to one endpoint, in a task of its own, until nothing is left to do."""

    def __init__(
        self,
        context: Context,
        ready: Ready,
        channel: Channel,
        worker_id: int,
        stopping: asyncio.Event,
        in_flight: Counter[tuple[str, int]],
        pace: Pace,
    ) -> None:
        self._context = context
        self._ready = ready
        self._channel = channel
        self._worker_id = worker_id
        self._stopping = stopping
        self._of_organization = in_flight
        self._pace = pace
        self._organization = ready.kind, ready.organization_id
        self._in_flight: dict[asyncio.Task[Attempt], Delivery] = {}
        self._attempted: list[tuple[Delivery, Attempt]] = []
        self._counted = 0
        self.woken = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def cancel(self) -> None:
        """End at once; attempts in flight are not recorded and will be made again."""
        for task in (self.task, *self._in_flight):
            task.cancel()
        await asyncio.gather(self.task, *self._in_flight, return_exceptions=True)

    async def _run(self) -> None:
        """Claim, render, send and record, until nothing is left to do."""
        try:
            while True:
                self.woken.clear()
                await self._pace.turn()
                batch = await self._record_and_claim()
                self._pace.spend(len(batch.deliveries) * self._channel.cost_s if batch else 0.0)
                for delivery, message in await self._render(batch):
                    self._send(delivery, message)
                if batch is not None and batch.has_more and self._capacity:
                    await asyncio.sleep(0)  # the events just read wait for others of their order; later ones may not
                elif self._in_flight:
                    await self._wait_for_attempts()
                elif not self.woken.is_set() or self._stopping.is_set():
                    return
        except Exception:  # noqa: BLE001 - what was claimed is due again when its lease expires
            _log.exception("bug", endpoint_id=self._ready.endpoint_id)
            await asyncio.sleep(_DATABASE_RETRY_S)
        finally:
            self._count(-self._counted)

    def _count(self, number: int) -> None:
        """Count attempts in flight, and those that may be claimed now, for the organization."""
        self._counted += number
        self._of_organization[self._organization] += number
        if not self._of_organization[self._organization]:
            del self._of_organization[self._organization]

    @property
    def _capacity(self) -> int:
        """How many more deliveries may be claimed.

        Of what is left of the organization's share, an endpoint takes a quarter, so that something is left for its others;
        each may have at least one in flight.
        """
        if self._stopping.is_set():
            return 0
        capacity = self._channel.capacity
        if self._pace.is_full:
            capacity = min(capacity, _CAPACITY_WHEN_FULL)
        left = self._channel.share - self._of_organization[self._organization]
        return max(0, min(capacity - len(self._in_flight), max(left // 4, 1 - len(self._in_flight))))

    async def _record_and_claim(self) -> ClaimedBatch | None:
        """Record ended attempts and claim; while the database is unavailable, retry as long as there is one to record."""
        while (capacity := self._capacity) or self._attempted:
            self._count(capacity)  # before others can claim
            claimed = 0
            try:
                batch = await deliveries.record_and_claim(
                    self._context,
                    self._ready.organization_id,
                    self._ready.endpoint_id,
                    topics=self._channel.topics,
                    event_filter=self._channel.event_filter,
                    attempted=self._attempted,
                    capacity=capacity,
                    claimed_by=self._worker_id,
                )
            except Busy as busy:
                await wait_for_database(busy)
                if not self._attempted:
                    return None
            else:
                self._attempted = []
                claimed = len(batch.deliveries) if batch else 0
                return batch
            finally:
                self._count(claimed - capacity)
        return None

    async def _render(self, batch: ClaimedBatch | None) -> list[tuple[Delivery, Any]]:
        """Render what was claimed; while the database is unavailable, retry as long as the claims are valid."""
        while batch is not None and batch.deliveries and not self._stopping.is_set():
            if min(each.next_at or 0 for each in batch.deliveries) <= self._context.clock():
                break
            try:
                return await self._channel.render(batch.endpoint, batch.deliveries)
            except Busy as busy:
                await wait_for_database(busy)
        self._count(-len(batch.deliveries) if batch else 0)
        return []

    def _send(self, delivery: Delivery, message: Any) -> None:
        """Start to send in a task of its own."""
        self._in_flight[asyncio.create_task(self._attempt(delivery, message))] = delivery

    async def _attempt(self, delivery: Delivery, message: Any) -> Attempt:
        with tracing.attempt(self._ready.kind, delivery) as span:
            attempt = await _send(self._channel, message, self._context)
            span.set_outcome(attempt)
        return attempt

    async def _wait_for_attempts(self) -> None:
        """Wait until an attempt ends or the endpoint is woken, and collect the attempts that have ended."""
        waker = asyncio.create_task(self.woken.wait())
        try:
            await asyncio.wait([*self._in_flight, waker], return_when=asyncio.FIRST_COMPLETED)
            if len(self._in_flight) > 1:
                await asyncio.wait(self._in_flight, timeout=self._pace.gather_s)
        finally:
            waker.cancel()
        ended = [task for task in self._in_flight if task.done()]
        self._attempted += [(self._in_flight.pop(task), task.result()) for task in ended]
        self._count(-len(ended))
        for delivery, attempt in self._attempted[-len(ended) :] if ended else ():
            # One that a caller sends with a body of its own may be about an old event.
            began = created_us(delivery.event_id) if delivery.payload is None else delivery.created_at
            count_attempt(self._ready.kind, attempt, delay_s=(attempt.ended_at - began) / SECOND_US)


async def _send(channel: Channel, message: Any, context: Context) -> Attempt:
    """Send a message; a bug is a failed attempt, so that it does not stop other deliveries."""
    if isinstance(message, Attempt):
        return message
    began = context.clock()
    try:
        return await channel.send(message)
    except Exception as bug:  # noqa: BLE001
        _log.exception("bug")
        return failed_by_bug(bug, began, context.clock())


def failed_by_bug(bug: Exception, began: int, now: int) -> Attempt:
    """Make the outcome of an attempt that a bug of this program ended; times are microseconds since 1970 UTC."""
    return Attempt(began, (now - began) // 1000, Verdict.FAILED, error=f"this server failed ({type(bug).__name__})")


async def _log_errors(work: Awaitable[object]) -> bool:
    """Await work whose failure must not end the worker, logging the failure; False if it failed."""
    try:
        await work
        return True
    except Busy as busy:
        _log.warning("busy", reason=busy.reason, **busy.facts)
    except Exception:  # noqa: BLE001 - later polls must go on
        _log.exception("bug")
    return False


async def wait_for_database(busy: Busy) -> None:
    """Log that the database is unavailable, and wait until it is worth another try."""
    DATABASE_ERRORS.inc()
    _log.warning("busy", reason=busy.reason, **busy.facts)
    await asyncio.sleep(_DATABASE_RETRY_S)

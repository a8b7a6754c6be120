"""The worker: finds endpoints that have something to be told, and runs a lane for each until there is nothing more.

A lane keeps as many attempts under way as its channel has room for, and settles what has ended together with taking more. Lanes
do not wait for one another, nor the deliveries of one lane: only those of one order do. Owns no rule of what is due when
(flows/deliveries.py, core/delivery.py) and nothing of how a message looks (the channels).
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog

from crossdock.core.errors import Busy
from crossdock.core.retry_policy import Attempt, Verdict
from crossdock.flows import deliveries
from crossdock.flows.context import Context
from crossdock.flows.deliveries import ClaimedBatch
from crossdock.store.deliveries import Delivery, Endpoint, Ready
from crossdock.store.event_log import EventFilter, LogEntry

_log = structlog.get_logger("crossdock.worker")
# Between two looks at least: what arrives within is found in one.
_LOOK_S = 0.01
# After the first attempt of a lane ends, others may end within this time and be settled in the same transaction.
_GATHER_S = 0.01
# How long attempts under way may go on when the worker is told to stop; longer than a healthy receiver takes.
_GRACE_S = 5.0
# Between two looks whether the only worker an engine can have is gone, and between two removals of old deliveries.
_SUCCESSION_S, _PRUNE_S = 2.0, 60.0
# Orders come first: in a process that has taken one within this time, a lane has no more attempts under way than this.
_CALM_US, _ROOM_BESIDE_ORDERS = 1_000_000, 8
# A database that is away is tried again after so long.
_AWAY_S = 0.5

Call = Callable[[], Awaitable[Attempt]]


class Channel(Protocol):
    """A way to tell somebody. `room` is how many attempts may be under way to one endpoint."""

    capacity: int

    def wanted(self, endpoint: Endpoint) -> EventFilter:
        """Narrow the feed to what may concern the endpoint."""

    def topics(self, endpoint: Endpoint, entry: LogEntry) -> Sequence[str]:
        """Say which deliveries an entry makes for the endpoint."""

    async def prepare(self, endpoint: Endpoint, taken: Sequence[Delivery]) -> list[tuple[Delivery, Call]]:
        """Make of each delivery what attempts it; a delivery that cannot be made is one whose attempt fails."""

    async def close(self) -> None:
        """Close connections."""


# Opens a channel when something is first to be told through it: what a channel needs is large.
Opening = Callable[[], Awaitable[Channel]]


class Worker:
    """Delivers for all organizations of a book, through a channel for each kind of endpoint."""

    def __init__(self, context: Context, channels: Mapping[str, Opening]) -> None:
        self._context = context
        self._openings = channels
        self._channels: dict[str, Channel] = {}
        self._holder = secrets.randbits(53)
        self._endpoint_workers: dict[tuple[int, int], EndpointWorker] = {}
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Deliver until told to stop, then let what is under way end, and give back the rest."""
        try:
            while not self._stopping.is_set():
                with self._context.store.working() as may_work:
                    if may_work:
                        await self._work()
                    else:
                        await self._pause(_SUCCESSION_S, since=self._context.wakeup.count)
        finally:
            for channel in self._channels.values():
                await channel.close()

    def stop(self) -> None:
        """Tell the worker to stop; `run` returns when it has."""
        self._stopping.set()
        self._context.wakeup.notify()

    async def _work(self) -> None:
        keeper = asyncio.create_task(self._keep())
        try:
            while self._context.store.only_worker and not self._stopping.is_set():
                if await self._patiently(
                    deliveries.release_claims(self._context)
                ):  # what an earlier one had taken is nobody's
                    break
                await asyncio.sleep(_AWAY_S)
            while not self._stopping.is_set():
                rung = self._context.wakeup.count
                await self._look()
                await asyncio.sleep(_LOOK_S)
                await self._pause(self._context.settings.worker_interval_s, since=rung)
        finally:
            keeper.cancel()
            await self._end()

    async def _look(self) -> None:
        """Start a lane for each endpoint that has something to do, or wake the one it has."""
        self._endpoint_workers = {
            key: endpoint_worker
            for key, endpoint_worker in self._endpoint_workers.items()
            if not endpoint_worker.task.done()
        }
        try:
            for ready in await deliveries.ready(self._context):
                endpoint_worker = self._endpoint_workers.get((ready.organization_id, ready.endpoint_id))
                if endpoint_worker is None:
                    await self._patiently(self._start(ready))
                else:
                    endpoint_worker.woken.set()
        except Busy as busy:
            _log.warning("busy", reason=busy.reason, **busy.facts)
        except Exception:  # noqa: BLE001 - a bug in one look must not end all later ones
            _log.exception("bug")

    async def _start(self, ready: Ready) -> None:
        channel = await self._channel(ready.kind)
        key = (ready.organization_id, ready.endpoint_id)
        self._endpoint_workers[key] = EndpointWorker(self._context, ready, channel, self._holder, self._stopping)

    async def _channel(self, kind: str) -> Channel:
        if kind not in self._channels:
            self._channels[kind] = await self._openings[kind]()
        return self._channels[kind]

    async def _pause(self, seconds: float, *, since: int) -> None:
        if not self._stopping.is_set():
            await self._context.wakeup.wait(seconds, since=since)

    async def _keep(self) -> None:
        """Remove what is too old, now and then."""
        while True:
            await self._patiently(deliveries.prune(self._context))
            await asyncio.sleep(_PRUNE_S)

    async def _patiently(self, work: Awaitable[object]) -> bool:
        """Do something whose failure is not worth the worker's end; False where it failed."""
        try:
            await work
            return True
        except Busy as busy:
            _log.warning("busy", reason=busy.reason, **busy.facts)
        except Exception:  # noqa: BLE001 - neither is worth the worker's end
            _log.exception("bug")
        return False

    async def _end(self) -> None:
        tasks = [
            endpoint_worker.task
            for endpoint_worker in self._endpoint_workers.values()
            if not endpoint_worker.task.done()
        ]
        for endpoint_worker in self._endpoint_workers.values():
            endpoint_worker.woken.set()
        if tasks:
            await asyncio.wait(tasks, timeout=_GRACE_S)
        for endpoint_worker in self._endpoint_workers.values():
            await endpoint_worker.cut()
        self._endpoint_workers.clear()
        await self._patiently(deliveries.release_claims(self._context, claimed_by=self._holder))


class EndpointWorker:
    """The deliveries of one endpoint in this process."""

    def __init__(
        self, context: Context, ready: Ready, channel: Channel, claimed_by: int, stopping: asyncio.Event
    ) -> None:
        self._context = context
        self._ready = ready
        self._channel = channel
        self._holder = claimed_by
        self._stopping = stopping
        self._flying: dict[asyncio.Task[Attempt], Delivery] = {}
        self._attempted: list[tuple[Delivery, Attempt]] = []
        self.woken = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def cut(self) -> None:
        """End at once; what was under way has no verdict and will be attempted again."""
        for task in (self.task, *self._flying):
            task.cancel()
        await asyncio.gather(self.task, *self._flying, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while True:
                self.woken.clear()
                turn = await self._turn()
                if turn is not None:
                    await self._launch(turn)
                if turn is not None and turn.more and self._capacity:
                    await asyncio.sleep(0)  # what was read of the feed waits for others of its order; more may not
                elif self._flying:
                    await self._wait()
                elif not self.woken.is_set() or self._stopping.is_set():
                    return
        except Exception:  # noqa: BLE001 - what was taken is due again when its time is over
            _log.exception("bug", endpoint_id=self._ready.endpoint_id)
            await asyncio.sleep(_AWAY_S)

    @property
    def _capacity(self) -> int:
        if self._stopping.is_set():
            return 0
        most = self._channel.capacity
        if self._context.clock() - self._context.submitted_at < _CALM_US:
            most = min(most, _ROOM_BESIDE_ORDERS)
        return max(0, most - len(self._flying))

    async def _turn(self) -> ClaimedBatch | None:
        """Have a turn; while the database is away nothing is taken, and what has ended is kept to be settled."""
        while self._capacity or self._attempted:
            try:
                turn = await deliveries.record_and_claim(
                    self._context,
                    self._ready.organization_id,
                    self._ready.endpoint_id,
                    topics=self._channel.topics,
                    wanted=self._channel.wanted,
                    attempted=self._attempted,
                    capacity=self._capacity,
                    claimed_by=self._holder,
                )
            except Busy as busy:
                await _pause_for(busy)
                if not self._attempted:
                    return None
            else:
                self._attempted = []
                return turn
        return None

    async def _launch(self, turn: ClaimedBatch) -> None:
        """Begin to attempt what was taken; while the database is away, it waits as long as it is this process's."""
        while turn.taken and not self._stopping.is_set():
            if min(each.next_at or 0 for each in turn.taken) <= self._context.clock():
                return
            try:
                prepared = await self._channel.prepare(turn.endpoint, turn.taken)
            except Busy as busy:
                await _pause_for(busy)
            else:
                for delivery, call in prepared:
                    self._flying[asyncio.create_task(_attempt(call, self._context))] = delivery
                return

    async def _wait(self) -> None:
        """Wait until an attempt has ended or there is more to do, and gather what has ended."""
        waker = asyncio.create_task(self.woken.wait())
        try:
            await asyncio.wait([*self._flying, waker], return_when=asyncio.FIRST_COMPLETED)
            if len(self._flying) > 1:
                await asyncio.wait(self._flying, timeout=_GATHER_S)
        finally:
            waker.cancel()
        for task in [task for task in self._flying if task.done()]:
            self._attempted.append((self._flying.pop(task), task.result()))


async def _pause_for(busy: Busy) -> None:
    _log.warning("busy", reason=busy.reason, **busy.facts)
    await asyncio.sleep(_AWAY_S)


async def _attempt(call: Call, context: Context) -> Attempt:
    """Make an attempt; a bug in it is one that failed."""
    began = context.clock()
    try:
        return await call()
    except Exception as bug:  # noqa: BLE001 - it must not keep other deliveries from going out
        _log.exception("bug")
        took_ms = (context.clock() - began) // 1000
        return Attempt(began, took_ms, Verdict.FAILED, error=f"this server failed ({type(bug).__name__})")

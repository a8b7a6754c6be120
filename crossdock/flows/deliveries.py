"""Deliveries of events to endpoints: claim those that are due, record the outcome of each attempt.

A delivery goes through four steps, claim -> render -> send -> record. A channel renders and sends (notifications/worker.py
shows the sequence); claiming and recording are here. `record_and_claim` does both in one transaction that locks the
endpoint's row, because the end of one delivery is when the next can begin:

1. `_record`: write the outcome of each attempt that has ended, and `_unblock` the next delivery of its order.
2. `_claim_due`: claim deliveries that are due.
3. `_claim_new`: create deliveries for the next events of the feed, and claim those that need not wait for another one.

A claim is a lease: if the worker crashes, its claims expire after LEASE_S and the deliveries are due again. A claim that
nobody has recorded or released counts as a failed attempt, so that a delivery that ends the process each time it is attempted
becomes a dead letter like any other.
"""

import asyncio
import random
from collections.abc import Callable, Sequence

import msgspec
import structlog
from msgspec import Struct

from crossdock.core.ids import first_id_at
from crossdock.core.retry_policy import LONGEST_WAIT_S, SECOND_US, Attempt, Health, State, Verdict
from crossdock.core.retry_policy import settle as state_after
from crossdock.flows.context import Context
from crossdock.flows.measures import count_dead_letters
from crossdock.store import deliveries, event_log, tenants
from crossdock.store.deliveries import Delivery, Endpoint, Ready
from crossdock.store.event_log import EventFilter, LogEntry
from crossdock.store.protocols import Transaction

_log = structlog.get_logger("crossdock.deliveries")
_replace = msgspec.structs.replace
# Seconds until a claim expires. Must exceed the longest attempt (each channel has a time limit) and the wait before it:
# a shorter lease repeats deliveries, a longer one delays those of a worker that crashed.
LEASE_S = 120
# The error of an attempt that nobody has recorded.
_INTERRUPTED = "the worker ended before this attempt did"
# Pages of the feed read in one transaction when the filter matches few events; the next transaction goes on from there.
FEED_PAGES = 20
# Deliveries in flight to an endpoint that failed lately, and to one whose circuit breaker is open.
MAX_IN_FLIGHT_DOUBTFUL, MAX_IN_FLIGHT_FAILING = 4, 1
# Rows changed in one transaction; more would make other writers wait.
_BATCH_ROWS = 500

# The topics under which an endpoint gets an event: one delivery for each.
Topics = Callable[[Endpoint, LogEntry], Sequence[str]]


class ClaimedBatch(Struct, frozen=True):
    """Deliveries to attempt now, the endpoint as it is, and whether the feed has more events for it."""

    endpoint: Endpoint
    deliveries: list[Delivery]
    has_more: bool


class _Lease(Struct, frozen=True):
    """Who claims, when, and until when; times are microseconds since 1970 UTC."""

    claimed_by: int
    now: int

    @property
    def expires_at(self) -> int:
        return self.now + LEASE_S * SECOND_US


async def ready(context: Context) -> list[Ready]:
    """List the endpoints of all organizations that have something to deliver."""
    async with context.store.reading() as tx:
        organizations = await tenants.organizations(tx)
        return await deliveries.ready(tx, [each.organization_id for each in organizations], now=context.clock())


async def record_and_claim(
    context: Context,
    organization_id: int,
    endpoint_id: int,
    *,
    topics: Topics,
    event_filter: Callable[[Endpoint], EventFilter],
    attempted: Sequence[tuple[Delivery, Attempt]] = (),
    capacity: int,
    claimed_by: int,
) -> ClaimedBatch | None:
    """Record attempts and claim at most `capacity` deliveries for the worker `claimed_by`, in one transaction.

    `event_filter` narrows the feed for an endpoint, `topics` names the deliveries an event makes. None if the endpoint does
    not exist any more, or if another worker has it locked and there is nothing to record.
    """
    async with context.store.writing() as tx:
        lease = _Lease(claimed_by, context.clock())
        before = await deliveries.get_endpoint(
            tx, organization_id, endpoint_id=endpoint_id, for_update=True, skip_locked=not attempted
        )
        if before is None:
            return None
        endpoint, recorded = await _record(tx, before, attempted, lease.now)
        capacity = await _limit_capacity(tx, endpoint, capacity, lease.now)
        claimed, interrupted = await _claim_due(tx, endpoint, capacity, lease)
        has_more = False
        if len(claimed) < capacity:
            limit = capacity - len(claimed)
            entries, position, has_more = await _read_feed(tx, endpoint, event_filter(endpoint), limit)
            claimed += await _claim_new(tx, context, endpoint, entries, topics, lease)
            endpoint = _replace(endpoint, position=position)
        if endpoint != before:
            await deliveries.advance(tx, endpoint)
    # After the commit: where the database fails it, the attempts are recorded again.
    count_dead_letters(endpoint.kind, sum(each.state is State.DEAD for each in (*recorded, *interrupted)))
    _log_health(before, endpoint)
    return ClaimedBatch(endpoint, claimed, has_more)


# --------------------------------------------------------------------------------------------------------------- record
async def _record(
    tx: Transaction, endpoint: Endpoint, attempted: Sequence[tuple[Delivery, Attempt]], now: int
) -> tuple[Endpoint, list[Delivery]]:
    """Write the outcomes of attempts and unblock what waited for them; return the endpoint with its new health, and the
    deliveries as they are then.
    """
    attempted = sorted(attempted, key=lambda each: each[1].ended_at)
    # As they are stored: a delivery whose lease expired may have been claimed by another worker, or have ended.
    stored = await deliveries.by_ids(
        tx,
        endpoint.organization_id,
        endpoint_id=endpoint.endpoint_id,
        delivery_ids=[delivery.delivery_id for delivery, _ in attempted],
    )
    recorded = [
        _after_attempt(current, attempt, now)
        for delivery, attempt in attempted
        if (current := stored.get(delivery.delivery_id)) is not None and current.ended_at is None
    ]
    await deliveries.settle(tx, recorded)
    await _unblock(tx, endpoint, {each.order_id for each in recorded if each.ended_at is not None}, now)
    health = endpoint.health
    for _, attempt in attempted:
        health = health.after(attempt)
    is_gone = any(attempt.verdict is Verdict.GONE for _, attempt in attempted)
    if is_gone and endpoint.state == "enabled":
        endpoint = _replace(endpoint, state="disabled", reason="the receiver answered 410 Gone")
    return _replace(endpoint, health=health), recorded


def _after_attempt(delivery: Delivery, attempt: Attempt, now: int) -> Delivery:
    count = delivery.attempts + 1
    state, next_at = state_after(attempt, attempts=count, luck=random.random())
    ended_at = now if state in (State.DELIVERED, State.DEAD) else None
    return _replace(
        delivery, state=state, attempts=count, next_at=next_at, claimed_by=None, ended_at=ended_at,
        status=attempt.status, attempted=(*delivery.attempted, attempt),
    )  # fmt: skip


async def _unblock(tx: Transaction, endpoint: Endpoint, order_ids: set[int | None], now: int) -> None:
    """Make the next delivery of each order due, unless another one of the order is pending."""
    ids = [each for each in order_ids if each is not None]
    if not ids:
        return
    key = {"organization_id": endpoint.organization_id, "endpoint_id": endpoint.endpoint_id}
    waiting = await deliveries.open_of_orders(tx, **key, order_ids=ids, state=State.WAITING)
    if not waiting:
        return
    pending = await deliveries.open_of_orders(tx, **key, order_ids=waiting, state=State.PENDING)
    first = [of_order[0] for order_id, of_order in waiting.items() if order_id not in pending]
    await deliveries.settle(tx, [_replace(each, state=State.PENDING, next_at=now) for each in first])


def _log_health(before: Endpoint, after: Endpoint) -> None:
    """Log once when an endpoint is disabled, begins to back off, or has recovered."""
    ids = {"organization_id": after.organization_id, "endpoint_id": after.endpoint_id}
    if after.state != before.state:
        _log.warning("endpoint disabled", reason=after.reason, **ids)
    elif after.health.backoffs > before.health.backoffs:
        _log.warning(
            "endpoint backs off", failures=after.health.failures, backoff_until=after.health.backoff_until, **ids
        )
    elif before.health.backoffs and after.health == Health():
        _log.info("endpoint recovered", **ids)


# ---------------------------------------------------------------------------------------------------------------- claim
async def _limit_capacity(tx: Transaction, endpoint: Endpoint, capacity: int, now: int) -> int:
    """Return how many deliveries may be claimed: none in a backoff, few after failures, counted over all workers."""
    health = endpoint.health
    if endpoint.state != "enabled" or health.is_backing_off(now):
        return 0
    if not health.failures:
        return capacity
    limit = MAX_IN_FLIGHT_FAILING if health.is_failing else MAX_IN_FLIGHT_DOUBTFUL
    key = {"organization_id": endpoint.organization_id, "endpoint_id": endpoint.endpoint_id}
    return max(0, min(capacity, limit - await deliveries.under_way(tx, **key, now=now)))


async def _claim_due(
    tx: Transaction, endpoint: Endpoint, capacity: int, lease: _Lease
) -> tuple[list[Delivery], list[Delivery]]:
    """Claim deliveries that are due; return them, and those whose worker had gone, as an attempt is recorded for each."""
    recorded: list[Delivery] = []
    if not capacity:
        return [], recorded
    key = {"organization_id": endpoint.organization_id, "endpoint_id": endpoint.endpoint_id}
    due = await deliveries.due(tx, **key, now=lease.now, limit=capacity)
    while any(each.claimed_by is not None for each in due):
        interrupted = [each for each in due if each.claimed_by is not None]
        recorded += await _record_interrupted(tx, endpoint, interrupted, lease.now)
        due = await deliveries.due(tx, **key, now=lease.now, limit=capacity)
    claimed = [_replace(each, next_at=lease.expires_at, claimed_by=lease.claimed_by) for each in due]
    await deliveries.take(tx, claimed)
    return claimed, recorded


async def _record_interrupted(
    tx: Transaction, endpoint: Endpoint, claimed: Sequence[Delivery], now: int
) -> list[Delivery]:
    """Count an attempt for each delivery whose worker has gone. That says nothing about the endpoint's health."""
    attempt = Attempt(now, 0, Verdict.FAILED, error=_INTERRUPTED)
    recorded = [_after_attempt(each, attempt, now) for each in claimed]
    await deliveries.settle(tx, recorded)
    await _unblock(tx, endpoint, {each.order_id for each in recorded if each.ended_at is not None}, now)
    _log.warning("attempts were interrupted", endpoint_id=endpoint.endpoint_id, deliveries=len(recorded))
    return recorded


async def _read_feed(
    tx: Transaction, endpoint: Endpoint, event_filter: EventFilter, limit: int
) -> tuple[list[LogEntry], int, bool]:
    """Read the next events of the feed; also returns the position read up to, and whether there are more."""
    entries: list[LogEntry] = []
    position = endpoint.position
    newest = await event_log.feed_position(tx, endpoint.organization_id)
    for _ in range(FEED_PAGES):
        if len(entries) >= limit or position >= newest:
            break
        some, position = await event_log.feed(
            tx, endpoint.organization_id, after=position, limit=limit - len(entries), wanted=event_filter
        )
        entries += some
    return entries, position, position < newest


async def _claim_new(
    tx: Transaction,
    context: Context,
    endpoint: Endpoint,
    entries: Sequence[LogEntry],
    topics: Topics,
    lease: _Lease,
) -> list[Delivery]:
    """Create the deliveries of events, and claim the first one of each order that has no other open."""
    created = [
        Delivery(
            endpoint.organization_id, endpoint.endpoint_id, context.id_generator.new(lease.now), entry.event.aggregate_id,
            entry.event.number, entry.event.event_id, topic, State.PENDING, 0, lease.expires_at, lease.claimed_by, lease.now,
        )
        for entry in entries
        for topic in _topics(topics, endpoint, entry)
    ]  # fmt: skip
    order_ids = [each.order_id for each in created if each.order_id is not None]
    orders_with_open = await _orders_with_open(tx, endpoint, order_ids)
    for position, each in enumerate(created):
        if each.order_id in orders_with_open:
            created[position] = _replace(each, state=State.WAITING, next_at=None, claimed_by=None)
        orders_with_open.add(each.order_id or 0)
    await deliveries.add(tx, created)
    return [each for each in created if each.state is State.PENDING]


def _topics(topics: Topics, endpoint: Endpoint, entry: LogEntry) -> Sequence[str]:
    """Return the topics of an event; if that raises, one delivery under the event's name, which will fail visibly."""
    try:
        return topics(endpoint, entry)
    except Exception:  # noqa: BLE001 - one event must not block all later ones
        _log.exception("bug", endpoint_id=endpoint.endpoint_id, position=entry.position)
        return (entry.event.name,)


async def _orders_with_open(tx: Transaction, endpoint: Endpoint, order_ids: Sequence[int]) -> set[int]:
    """Return which orders have a pending or waiting delivery."""
    open_orders: set[int] = set()
    for state in (State.PENDING, State.WAITING):
        by_order = await deliveries.open_of_orders(
            tx, endpoint.organization_id, endpoint_id=endpoint.endpoint_id, order_ids=order_ids, state=state
        )
        open_orders |= by_order.keys()
    return open_orders


# ---------------------------------------------------------------------------------------------------------- maintenance
async def release_claims(context: Context, *, claimed_by: int | None = None) -> int:
    """End the claims of one worker, or of all; returns how many. For a worker that stops, and for the only one that starts.

    Those of a worker that stops are due at once, those of workers that have gone count as interrupted attempts.
    """
    count = 0
    for organization_id, endpoint_id in await _all_endpoints(context):
        while True:
            async with context.store.writing() as tx:
                endpoint = await deliveries.get_endpoint(tx, organization_id, endpoint_id=endpoint_id, for_update=True)
                claimed = await deliveries.held(
                    tx, organization_id, endpoint_id=endpoint_id, claimed_by=claimed_by, limit=_BATCH_ROWS
                )
                now = context.clock()
                if claimed_by is None and claimed and endpoint is not None:
                    await _record_interrupted(tx, endpoint, claimed, now)
                else:
                    await deliveries.take(tx, [_replace(each, next_at=now, claimed_by=None) for each in claimed])
            count += len(claimed)
            if len(claimed) < _BATCH_ROWS:
                break
    return count


async def reschedule(context: Context) -> int:
    """Make due what was scheduled by a clock that was far ahead, or claimed then; returns how many deliveries that were."""
    count = 0
    for organization_id, endpoint_id in await _all_endpoints(context):
        moved = _BATCH_ROWS
        while moved == _BATCH_ROWS:
            async with context.store.writing() as tx:
                now = context.clock()
                late = await deliveries.due_after(
                    tx,
                    organization_id,
                    endpoint_id=endpoint_id,
                    at=now + int(LONGEST_WAIT_S * SECOND_US),
                    limit=_BATCH_ROWS,
                )
                await deliveries.take(tx, [_replace(each, next_at=now, claimed_by=None) for each in late])
            moved = len(late)
            count += moved
    return count


async def prune(context: Context) -> int:
    """Delete deliveries that ended longer ago than the setting `delivery_kept_days`; returns how many."""
    before = first_id_at(context.clock() - context.settings.delivery_kept_days * 86_400 * SECOND_US)
    count = 0
    for organization_id, endpoint_id in await _all_endpoints(context):
        removed = _BATCH_ROWS
        while removed == _BATCH_ROWS:
            async with context.store.writing() as tx:
                removed = await deliveries.prune(
                    tx, organization_id, endpoint_id=endpoint_id, before=before, limit=_BATCH_ROWS
                )
            count += removed
            await asyncio.sleep(0)
    return count


async def _all_endpoints(context: Context) -> list[tuple[int, int]]:
    async with context.store.reading() as tx:
        return [
            (organization.organization_id, endpoint.endpoint_id)
            for organization in await tenants.organizations(tx)
            for endpoint in await deliveries.endpoints(tx, organization.organization_id)
        ]

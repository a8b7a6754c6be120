"""What a worker does with the book: take deliveries of an endpoint, and write down what became of them.

A turn is one transaction that holds the endpoint's row: it settles what was attempted, lets go on what waited for that, takes
what is due, and reads more off the feed. Whatever a worker dies of, what it had taken is due again when its time is over.
"""

import asyncio
import random
from collections.abc import Callable, Sequence

import msgspec
import structlog
from msgspec import Struct

from crossdock.core.ids import first_id_at
from crossdock.core.retry_policy import SECOND_US, Attempt, Health, State, Verdict
from crossdock.core.retry_policy import settle as settled_after
from crossdock.flows.context import Context
from crossdock.store import deliveries, event_log, tenants
from crossdock.store.deliveries import Delivery, Endpoint, Ready
from crossdock.store.event_log import EventFilter, LogEntry
from crossdock.store.protocols import Transaction

_log = structlog.get_logger("crossdock.deliveries")
_replace = msgspec.structs.replace
# How long a process has for what it took before it is due again. Longer than any attempt (a time limit of each channel) and
# the wait for its turn; shorter means repeats, longer means that a crash delays what was under way.
LEASE_S = 120
# Pages of the feed read in one turn where hardly anything on them is wanted; the next turn goes on.
FEED_PAGES = 20
# Deliveries at once to an endpoint that has failed lately, and to one that is just being tried again.
MAX_IN_FLIGHT_DOUBTFUL, MAX_IN_FLIGHT_FAILING = 4, 1

# Which deliveries an entry of the feed makes for an endpoint: a topic each.
Topics = Callable[[Endpoint, LogEntry], Sequence[str]]


class ClaimedBatch(Struct, frozen=True):
    """What a turn gave: the endpoint as it is, deliveries to be attempted now, and whether the feed has more for it."""

    endpoint: Endpoint
    taken: list[Delivery]
    more: bool


async def ready(context: Context) -> list[Ready]:
    """Give the endpoints of all organizations that have something to do."""
    async with context.store.reading() as tx:
        return await deliveries.ready(tx, now=context.clock())


async def record_and_claim(
    context: Context,
    organization_id: int,
    endpoint_id: int,
    *,
    topics: Topics,
    wanted: Callable[[Endpoint], EventFilter],
    attempted: Sequence[tuple[Delivery, Attempt]] = (),
    capacity: int,
    claimed_by: int,
) -> ClaimedBatch | None:
    """Settle what was attempted and take at most `room` deliveries for the process `holder`, in one transaction.

    None where the endpoint is not there any more, or somebody else is having a turn and nothing is to be settled. `wanted`
    narrows the feed for an endpoint, `topics` says what an entry makes for it.
    """
    async with context.store.writing() as tx:
        now = context.clock()
        endpoint = await deliveries.get_endpoint(
            tx, organization_id, endpoint_id=endpoint_id, for_update=True, skip_locked=not attempted
        )
        if endpoint is None:
            return None
        before = endpoint
        endpoint = await _settle(tx, endpoint, attempted, now)
        capacity = await _capacity(tx, endpoint, capacity, now)
        taken = (
            await deliveries.due(tx, organization_id, endpoint_id=endpoint_id, now=now, limit=capacity)
            if capacity
            else []
        )
        taken = [_replace(each, next_at=now + LEASE_S * SECOND_US, claimed_by=claimed_by) for each in taken]
        await deliveries.take(tx, taken)
        more = False
        if len(taken) < capacity:
            made, endpoint, more = await _read_feed(
                tx, context, endpoint, topics, wanted(endpoint), capacity - len(taken), now, claimed_by
            )
            taken += made
        if endpoint != before:
            await deliveries.advance(tx, endpoint)
    _warn(before, endpoint)
    return ClaimedBatch(endpoint, taken, more)


async def _capacity(tx: Transaction, endpoint: Endpoint, capacity: int, now: int) -> int:
    """Say how many more may be attempted; whichever process what is under way is with, it counts where few may be."""
    health = endpoint.health
    if endpoint.state != "enabled" or (health.rests_until or 0) > now:
        return 0
    if not health.failures:
        return capacity
    most = MAX_IN_FLIGHT_FAILING if health.is_failing else MAX_IN_FLIGHT_DOUBTFUL
    key = {"organization_id": endpoint.organization_id, "endpoint_id": endpoint.endpoint_id}
    return max(0, min(capacity, most - await deliveries.under_way(tx, **key, now=now)))


async def _settle(
    tx: Transaction, endpoint: Endpoint, attempted: Sequence[tuple[Delivery, Attempt]], now: int
) -> Endpoint:
    """Write what attempts came to, and let go on what waited for those that are over."""
    settled, health, gone = [], endpoint.health, False
    # As they are stored: one whose time was over may be in other hands, or settled.
    current = await deliveries.by_ids(
        tx,
        endpoint.organization_id,
        endpoint_id=endpoint.endpoint_id,
        delivery_ids=[delivery.delivery_id for delivery, _ in attempted],
    )
    for delivery, attempt in sorted(attempted, key=lambda each: each[1].ended_at):
        health = health.after(attempt)
        gone = gone or attempt.verdict is Verdict.GONE
        found = current.get(delivery.delivery_id)
        if found is None or found.ended_at is not None:
            continue
        count = found.attempts + 1
        state, next_at = settled_after(attempt, attempts=count, luck=random.random())
        ended_at = now if state in (State.DELIVERED, State.DEAD) else None
        settled.append(
            _replace(
                found, state=state, attempts=count, next_at=next_at, claimed_by=None, ended_at=ended_at,
                status=attempt.status, attempted=(*found.attempted, attempt),
            )
        )  # fmt: skip
    await deliveries.settle(tx, settled)
    await _unblock(tx, endpoint, {each.order_id for each in settled if each.ended_at is not None}, now)
    if gone and endpoint.state == "enabled":
        return _replace(endpoint, health=health, state="disabled", reason="the receiver answered 410 Gone")
    return _replace(endpoint, health=health)


async def _unblock(tx: Transaction, endpoint: Endpoint, order_ids: set[int | None], now: int) -> None:
    """Make the next delivery of each order due, where nothing of the order is under way."""
    ids = [each for each in order_ids if each is not None]
    if not ids:
        return
    key = {"organization_id": endpoint.organization_id, "endpoint_id": endpoint.endpoint_id}
    waiting = await deliveries.open_of_orders(tx, **key, order_ids=ids, state=State.WAITING)
    if not waiting:
        return
    under_way = await deliveries.open_of_orders(tx, **key, order_ids=waiting, state=State.PENDING)
    first = [found[0] for order_id, found in waiting.items() if order_id not in under_way]
    await deliveries.settle(tx, [_replace(each, state=State.PENDING, next_at=now) for each in first])


async def _read_feed(
    tx: Transaction,
    context: Context,
    endpoint: Endpoint,
    topics: Topics,
    wanted: EventFilter,
    capacity: int,
    now: int,
    claimed_by: int,
) -> tuple[list[Delivery], Endpoint, bool]:
    """Make deliveries of what comes next in the feed; those to be attempted now are taken at once."""
    organization_id, endpoint_id = endpoint.organization_id, endpoint.endpoint_id
    made: list[Delivery] = []
    position = endpoint.position
    newest = await event_log.feed_position(tx, organization_id)
    for _ in range(FEED_PAGES):
        if len(made) >= capacity or position >= newest:
            break
        found, position = await event_log.feed(
            tx, organization_id, after=position, limit=capacity - len(made), wanted=wanted
        )
        for entry in found:
            for topic in _topics(topics, endpoint, entry):
                made.append(
                    Delivery(
                        organization_id, endpoint_id, context.id_generator.new(now), entry.event.aggregate_id, entry.event.number,
                        entry.event.event_id, topic, State.PENDING, 0, now + LEASE_S * SECOND_US, claimed_by, now,
                    )
                )  # fmt: skip
    open_ = await _orders_under_way(tx, endpoint, [each.order_id for each in made if each.order_id is not None])
    for place, each in enumerate(made):
        if each.order_id in open_:
            made[place] = _replace(each, state=State.WAITING, next_at=None, claimed_by=None)
        open_.add(each.order_id or 0)
    await deliveries.add(tx, made)
    taken = [each for each in made if each.state is State.PENDING]
    return taken, _replace(endpoint, position=position), position < newest


def _topics(topics: Topics, endpoint: Endpoint, entry: LogEntry) -> Sequence[str]:
    """Ask what an entry makes; one that breaks who is asked makes a delivery that fails, where everybody sees it."""
    try:
        return topics(endpoint, entry)
    except Exception:  # noqa: BLE001 - one event must not keep all later ones from being told
        _log.exception("bug", endpoint_id=endpoint.endpoint_id, position=entry.position)
        return (entry.event.name,)


async def _orders_under_way(tx: Transaction, endpoint: Endpoint, order_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for state in (State.PENDING, State.WAITING):
        found |= (
            await deliveries.open_of_orders(
                tx, endpoint.organization_id, endpoint_id=endpoint.endpoint_id, order_ids=order_ids, state=state
            )
        ).keys()
    return found


def _warn(before: Endpoint, after: Endpoint) -> None:
    """Tell the operator once when an endpoint begins to rest, is well again, or is disabled."""
    told = {"organization_id": after.organization_id, "endpoint_id": after.endpoint_id}
    if after.state != before.state:
        _log.warning("endpoint disabled", reason=after.reason, **told)
    elif after.health.rests > before.health.rests:
        _log.warning("endpoint rests", failures=after.health.failures, until=after.health.rests_until, **told)
    elif before.health.rests and after.health == Health():
        _log.info("endpoint is well again", **told)


# --------------------------------------------------------------------------------------------------- starts, stops, age
_AT_ONCE = 500  # rows changed in one transaction; more would keep other writers waiting


async def release_claims(context: Context, *, claimed_by: int | None = None) -> int:
    """Make due at once what processes had taken: all of it, or what one `holder` had. Gives how many.

    For a worker that stops, and for one that knows that it is the only one.
    """
    count = 0
    for organization_id, endpoint_id in await _all(context):
        while True:
            async with context.store.writing() as tx:
                await deliveries.get_endpoint(tx, organization_id, endpoint_id=endpoint_id, for_update=True)
                held = await deliveries.held(
                    tx, organization_id, endpoint_id=endpoint_id, claimed_by=claimed_by, limit=_AT_ONCE
                )
                now = context.clock()
                await deliveries.take(tx, [_replace(each, next_at=now, claimed_by=None) for each in held])
            count += len(held)
            if len(held) < _AT_ONCE:
                break
    return count


async def prune(context: Context) -> int:
    """Remove deliveries that ended longer ago than the setting `delivery_kept_days`; gives how many."""
    before = first_id_at(context.clock() - context.settings.delivery_kept_days * 86_400 * SECOND_US)
    count = 0
    for organization_id, endpoint_id in await _all(context):
        removed = _AT_ONCE
        while removed == _AT_ONCE:
            async with context.store.writing() as tx:
                removed = await deliveries.prune(
                    tx, organization_id, endpoint_id=endpoint_id, before=before, limit=_AT_ONCE
                )
            count += removed
            await asyncio.sleep(0)
    return count


async def _all(context: Context) -> list[tuple[int, int]]:
    async with context.store.reading() as tx:
        return [
            (organization.organization_id, endpoint.endpoint_id)
            for organization in await tenants.organizations(tx)
            for endpoint in await deliveries.endpoints(tx, organization.organization_id)
        ]

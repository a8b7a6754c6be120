"""Who is told of events, and each telling: endpoints with their place in the feed, deliveries with their attempts.

Whoever makes deliveries for an endpoint, or settles them, holds the endpoint's row until the commit: so no event is read off
the feed twice, and a delivery that waits for an earlier one of its order is never forgotten.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, exists, func, or_, select, text, update

from crossdock.core.ids import MAX_ID
from crossdock.core.retry_policy import Attempt, Health, State
from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.tables import delivery, endpoint, feed

_ENCODE = msgspec.json.Encoder().encode
_HEALTH = msgspec.json.Decoder(Health)
_ATTEMPTS = msgspec.json.Decoder(tuple[Attempt, ...])
# Attempts kept with a delivery: a whole ladder and what two redeliveries add; older ones are dropped.
MAX_ATTEMPTS = 30


class Endpoint(Struct, frozen=True):
    """A receiver of an organization's events. `kind` is webhook or email, `state` enabled, disabled or removed.

    `position` is that of the last event of the feed that was read off for it; `document` what it wants, in its kind's shape.
    """

    organization_id: int
    endpoint_id: int
    version: int
    kind: str
    state: str
    reason: str | None
    position: int
    health: Health
    created_at: int
    updated_at: int
    document: bytes


class Delivery(Struct, frozen=True):
    """One event for one endpoint; see core.delivery. `event_id` is what receivers know a repeat by.

    `order_id` and `number` are None where it is about no order; then, and where a caller said what to send, `payload` is it.
    """

    organization_id: int
    endpoint_id: int
    delivery_id: int
    order_id: int | None
    number: int | None
    event_id: int
    topic: str
    state: State
    attempts: int
    next_at: int | None
    claimed_by: int | None
    created_at: int
    ended_at: int | None = None
    status: int | None = None
    attempted: tuple[Attempt, ...] = ()
    payload: bytes | None = None


# ------------------------------------------------------------------------------------------------------------ endpoints
_OF_ENDPOINT = (
    endpoint.c.organization_id == bindparam("organization_id"),
    endpoint.c.endpoint_id == bindparam("endpoint_id"),
)
_GET = Statement(select(endpoint).where(*_OF_ENDPOINT))
_GET_TO_CHANGE = Statement(select(endpoint).where(*_OF_ENDPOINT).with_for_update())
_GET_IF_FREE = Statement(select(endpoint).where(*_OF_ENDPOINT).with_for_update(skip_locked=True))
_LIST = Statement(
    select(endpoint).where(endpoint.c.organization_id == bindparam("organization_id")).order_by(endpoint.c.endpoint_id)
)
_P_ENDPOINT = (
    endpoint.c.organization_id == bindparam("p_organization_id"),
    endpoint.c.endpoint_id == bindparam("p_endpoint_id"),
)
_CHANGED = ("version", "state", "reason", "position", "health", "updated_at", "document")
_CHANGE = Statement(
    update(endpoint)
    .where(*_P_ENDPOINT, endpoint.c.version == bindparam("seen"))
    .values({name: bindparam(name) for name in _CHANGED})
)
_MOVED = ("position", "health", "state", "reason")
_ADVANCE = Statement(update(endpoint).where(*_P_ENDPOINT).values({name: bindparam(name) for name in _MOVED}))


async def add_endpoint(tx: Transaction, added: Endpoint) -> bool:
    """Insert an endpoint; False when its id is taken."""
    row = list(msgspec.structs.astuple(added))
    row[7] = _health(added.health)
    return bool(await tx.claim(endpoint, [row]))


async def get_endpoint(
    tx: Transaction, organization_id: int, *, endpoint_id: int, for_update: bool = False, skip_locked: bool = False
) -> Endpoint | None:
    """Give an endpoint, or None; `to_change` keeps others from it until the commit.

    So does `if_free`, but gives None where somebody else holds it just now.
    """
    statement = _GET_IF_FREE if skip_locked else _GET_TO_CHANGE if for_update else _GET
    rows = await tx.rows(statement, organization_id=organization_id, endpoint_id=endpoint_id)
    return _endpoint(rows[0]) if rows else None


async def endpoints(tx: Transaction, organization_id: int) -> list[Endpoint]:
    """Give all endpoints an organization ever had, in the order of their making."""
    return [_endpoint(row) for row in await tx.rows(_LIST, organization_id=organization_id)]


async def change_endpoint(tx: Transaction, changed: Endpoint, *, seen: int) -> bool:
    """Write an endpoint if its version is still `seen`."""
    return await tx.run(_CHANGE, seen=seen, **_values(changed, _CHANGED)) == 1


async def advance(tx: Transaction, moved: Endpoint) -> None:
    """Write what deliveries did to an endpoint that is held: its position, health, state and reason."""
    await tx.run(_ADVANCE, **_values(moved, _MOVED))


def _values(of: Endpoint, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(of, name) for name in names} | {"health": _health(of.health)}
    return values | {"p_organization_id": of.organization_id, "p_endpoint_id": of.endpoint_id}


class Ready(Struct, frozen=True):
    """An endpoint that has something to do: events of the feed it has not been told of, or a delivery that is due."""

    organization_id: int
    endpoint_id: int
    kind: str
    health: Health


_READY = Statement(
    select(endpoint.c.organization_id, endpoint.c.endpoint_id, endpoint.c.kind, endpoint.c.health)
    .select_from(endpoint.outerjoin(feed, feed.c.organization_id == endpoint.c.organization_id))
    .where(
        endpoint.c.state == "enabled",
        or_(
            endpoint.c.position < func.coalesce(feed.c.position, 0),
            exists().where(
                delivery.c.organization_id == endpoint.c.organization_id,
                delivery.c.endpoint_id == endpoint.c.endpoint_id,
                delivery.c.next_at <= bindparam("now"),
            ),
        ),
    )
)


async def ready(tx: Transaction, *, now: int) -> list[Ready]:
    """Give, of all organizations, the endpoints that have something to do and do not rest.

    The one query here that asks about all organizations at once: it gives ids to a worker and shows nobody anything.
    """
    found = [Ready(row[0], row[1], row[2], _read_health(row[3])) for row in await tx.rows(_READY, now=now)]
    return [each for each in found if (each.health.rests_until or 0) <= now]


def _health(health: Health) -> bytes | None:
    return _ENCODE(health) if health != Health() else None


def _read_health(value: bytes | None) -> Health:
    return _HEALTH.decode(value) if value else Health()


def _endpoint(row: Row) -> Endpoint:
    fields = list(row)
    fields[7] = _read_health(fields[7])
    return Endpoint(*fields)


# ----------------------------------------------------------------------------------------------------------- deliveries
_OF_DELIVERIES = (
    delivery.c.organization_id == bindparam("organization_id"),
    delivery.c.endpoint_id == bindparam("endpoint_id"),
)
_P_DELIVERY = (
    delivery.c.organization_id == bindparam("p_organization_id"),
    delivery.c.endpoint_id == bindparam("p_endpoint_id"),
    delivery.c.delivery_id == bindparam("p_delivery_id"),
)
_DUE = Statement(
    select(delivery)
    .where(*_OF_DELIVERIES, delivery.c.next_at <= bindparam("now"))
    .order_by(delivery.c.next_at, delivery.c.delivery_id)
    .limit(bindparam("limit"))
)
_HELD = Statement(
    select(delivery)
    .where(
        *_OF_DELIVERIES,
        delivery.c.next_at.is_not(None),
        delivery.c.claimed_by >= bindparam("least"),
        delivery.c.claimed_by <= bindparam("most"),
    )
    .limit(bindparam("limit"))
)
_UNDER_WAY = Statement(
    select(func.count())
    .select_from(delivery)
    .where(*_OF_DELIVERIES, delivery.c.next_at > bindparam("now"), delivery.c.claimed_by.is_not(None))
)
_SETTLED = ("state", "attempts", "next_at", "claimed_by", "ended_at", "status", "attempted")


async def add(tx: Transaction, added: Sequence[Delivery]) -> None:
    """Insert deliveries."""
    rows = []
    for each in added:
        row = list(msgspec.structs.astuple(each))
        row[7], row[14] = str(each.state), _attempted(each)
        rows.append(row)
    await tx.insert(delivery, rows)


async def due(tx: Transaction, organization_id: int, *, endpoint_id: int, now: int, limit: int) -> list[Delivery]:
    """Give the deliveries of an endpoint that are due at `now`, those due longest first."""
    rows = await tx.rows(_DUE, organization_id=organization_id, endpoint_id=endpoint_id, now=now, limit=limit)
    return [_delivery(row) for row in rows]


async def held(
    tx: Transaction, organization_id: int, *, endpoint_id: int, claimed_by: int | None, limit: int
) -> list[Delivery]:
    """Give deliveries of an endpoint that a process has taken; any process, where `claimed_by` is None."""
    least, most = (0, MAX_ID) if claimed_by is None else (claimed_by, claimed_by)
    key = {"organization_id": organization_id, "endpoint_id": endpoint_id}
    return [_delivery(row) for row in await tx.rows(_HELD, **key, least=least, most=most, limit=limit)]


async def under_way(tx: Transaction, organization_id: int, *, endpoint_id: int, now: int) -> int:
    """Count the deliveries of an endpoint that some process has taken and still has time for."""
    rows = await tx.rows(_UNDER_WAY, organization_id=organization_id, endpoint_id=endpoint_id, now=now)
    return int(rows[0][0])


async def take(tx: Transaction, taken: Sequence[Delivery]) -> None:
    """Write who has claimed deliveries (`claimed_by`) and until when (`next_at`); if nothing was settled by then, they are due again."""
    await tx.update(delivery, ("next_at", "claimed_by"), [(*_key(each), each.next_at, each.claimed_by) for each in taken])


async def settle(tx: Transaction, settled: Sequence[Delivery]) -> None:
    """Write where deliveries stand: state, attempts, when they are due, when they ended."""
    rows = [
        (
            *_key(each), str(each.state), each.attempts, each.next_at, each.claimed_by, each.ended_at, each.status,
            _attempted(each),
        )
        for each in settled
    ]  # fmt: skip
    await tx.update(delivery, _SETTLED, rows)


_OF_ORDERS = Statement(
    select(delivery)
    .where(
        *_OF_DELIVERIES,
        AnyOf(delivery.c.order_id, "ids"),
        delivery.c.ended_at.is_(None),
        delivery.c.state == bindparam("state"),
    )
    .order_by(delivery.c.order_id, delivery.c.number, delivery.c.delivery_id)
)


async def open_of_orders(
    tx: Transaction, organization_id: int, *, endpoint_id: int, order_ids: Iterable[int], state: State
) -> dict[int, list[Delivery]]:
    """Give an endpoint's deliveries in an open state, by order, each order's in the order of its events."""
    found: dict[int, list[Delivery]] = {}
    if not (ids := sorted(set(order_ids))):
        return found
    values = {"organization_id": organization_id, "endpoint_id": endpoint_id, "state": str(state)}
    for row in await tx.rows(_OF_ORDERS, **values, ids=ids):
        found.setdefault(row[3], []).append(_delivery(row))
    return found


_BY_IDS = Statement(select(delivery).where(*_OF_DELIVERIES, AnyOf(delivery.c.delivery_id, "ids")))


async def by_ids(
    tx: Transaction, organization_id: int, *, endpoint_id: int, delivery_ids: Sequence[int]
) -> dict[int, Delivery]:
    """Give deliveries of an endpoint by their ids."""
    if not delivery_ids:
        return {}
    rows = await tx.rows(_BY_IDS, organization_id=organization_id, endpoint_id=endpoint_id, ids=delivery_ids)
    return {row[2]: _delivery(row) for row in rows}


@cache
def _page_statement(state: str | None, by_order: bool, oldest_first: bool) -> Statement:
    query = select(delivery).where(
        *_OF_DELIVERIES, delivery.c.delivery_id < bindparam("before"), delivery.c.delivery_id >= bindparam("first")
    )
    if state == "dead":
        query = query.where(delivery.c.state == text("'dead'"))  # written out, so that the index of dead ones serves
    elif state is not None:
        query = query.where(delivery.c.state == bindparam("state", state))
    if by_order:
        query = query.where(delivery.c.order_id == bindparam("order_id"))
    place = delivery.c.delivery_id
    return Statement(query.order_by(place if oldest_first else place.desc()).limit(bindparam("limit")))


async def page(
    tx: Transaction,
    organization_id: int,
    *,
    endpoint_id: int,
    state: State | None = None,
    order_id: int | None = None,
    before: int = MAX_ID,
    first: int = 0,
    limit: int,
    oldest_first: bool = False,
) -> list[Delivery]:
    """Give at most `limit` deliveries of an endpoint, newest first unless told: ids below `before`, from `first` on."""
    statement = _page_statement(None if state is None else str(state), order_id is not None, oldest_first)
    given: dict[str, Any] = {} if order_id is None else {"order_id": order_id}
    given |= {"organization_id": organization_id, "endpoint_id": endpoint_id, "before": before, "first": first}
    return [_delivery(row) for row in await tx.rows(statement, limit=limit, **given)]


_OLD = Statement(
    select(delivery.c.delivery_id)
    .where(*_OF_DELIVERIES, delivery.c.delivery_id < bindparam("before"), delivery.c.ended_at.is_not(None))
    .order_by(delivery.c.delivery_id)
    .limit(bindparam("limit"))
)
_DROP = Statement(delete(delivery).where(*_P_DELIVERY))


async def prune(tx: Transaction, organization_id: int, *, endpoint_id: int, before: int, limit: int) -> int:
    """Remove at most `limit` ended deliveries with ids below `before`, and give how many."""
    rows = await tx.rows(_OLD, organization_id=organization_id, endpoint_id=endpoint_id, before=before, limit=limit)
    key = {"p_organization_id": organization_id, "p_endpoint_id": endpoint_id}
    await tx.run_all(_DROP, [key | {"p_delivery_id": row[0]} for row in rows])
    return len(rows)


def _key(of: Delivery) -> tuple[int, int, int]:
    return (of.organization_id, of.endpoint_id, of.delivery_id)


def _attempted(of: Delivery) -> bytes | None:
    return _ENCODE(of.attempted[-MAX_ATTEMPTS:]) if of.attempted else None


def _delivery(row: Row) -> Delivery:
    fields = list(row)
    fields[7] = State(fields[7])
    fields[14] = _ATTEMPTS.decode(fields[14]) if fields[14] else ()
    return Delivery(*fields)

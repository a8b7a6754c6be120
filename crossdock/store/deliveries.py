"""Endpoints with their position in the feed, and deliveries of events to them with their attempts.

A transaction that creates or settles deliveries of an endpoint locks the endpoint's row until its commit: so no event is read
from the feed twice, and no delivery that waits for an earlier one of its order is missed.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    bindparam,
    case,
    delete,
    exists,
    func,
    null,
    or_,
    select,
    text,
    update,
)

from crossdock.core.ids import MAX_ID
from crossdock.core.retry_policy import Attempt, Health, State
from crossdock.store.dialect import AnyOf, StillAnyOf
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.records import check_columns, columns_of, positions_of
from crossdock.store.tables import delivery, endpoint, feed

_ENCODE = msgspec.json.Encoder().encode
_HEALTH = msgspec.json.Decoder(Health)
_ATTEMPTS = msgspec.json.Decoder(tuple[Attempt, ...])
# Attempts stored with a delivery: all retries and those of two redeliveries; older ones are dropped.
MAX_ATTEMPTS = 30


class Endpoint(Struct, frozen=True):
    """A receiver of an organization's events. `kind` is webhook or email, `state` enabled, disabled or removed.

    `position` is that of the last event of the feed with deliveries; `document` its settings as JSON, by kind.
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


check_columns(endpoint, Endpoint)


class Delivery(Struct, frozen=True):
    """One event for one endpoint; see core.retry_policy. By `event_id` receivers recognize a repeat.

    `order_id` and `number` are None where it is about no order; then, and where a caller gave the payload, `payload` is set.
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


check_columns(delivery, Delivery)
_ENDPOINT_COLUMNS, _DELIVERY_COLUMNS = columns_of(endpoint, Endpoint), columns_of(delivery, Delivery)


# ------------------------------------------------------------------------------------------------------------ endpoints
_OF_ENDPOINT = (
    endpoint.c.organization_id == bindparam("organization_id"),
    endpoint.c.endpoint_id == bindparam("endpoint_id"),
)
_GET = Statement(select(*_ENDPOINT_COLUMNS).where(*_OF_ENDPOINT))
_GET_TO_CHANGE = Statement(select(*_ENDPOINT_COLUMNS).where(*_OF_ENDPOINT).with_for_update())
_GET_IF_FREE = Statement(select(*_ENDPOINT_COLUMNS).where(*_OF_ENDPOINT).with_for_update(skip_locked=True))
_LIST = Statement(
    select(*_ENDPOINT_COLUMNS)
    .where(endpoint.c.organization_id == bindparam("organization_id"))
    .order_by(endpoint.c.endpoint_id)
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
    row = msgspec.structs.asdict(added) | {"health": _health(added.health)}
    return bool(await tx.claim(endpoint, [tuple(row.values())]))


async def get_endpoint(
    tx: Transaction, organization_id: int, *, endpoint_id: int, for_update: bool = False, skip_locked: bool = False
) -> Endpoint | None:
    """Read an endpoint, or None; `for_update` locks it until the commit; so does `skip_locked`, but None where it is locked."""
    statement = _GET_IF_FREE if skip_locked else _GET_TO_CHANGE if for_update else _GET
    rows = await tx.rows(statement, organization_id=organization_id, endpoint_id=endpoint_id)
    return _endpoint(rows[0]) if rows else None


async def endpoints(tx: Transaction, organization_id: int) -> list[Endpoint]:
    """Read all endpoints of an organization, removed ones too, oldest first."""
    return [_endpoint(row) for row in await tx.rows(_LIST, organization_id=organization_id)]


async def change_endpoint(tx: Transaction, changed: Endpoint, *, seen: int) -> bool:
    """Update an endpoint if its version is still `seen`."""
    return await tx.run(_CHANGE, seen=seen, **_values(changed, _CHANGED)) == 1


async def advance(tx: Transaction, moved: Endpoint) -> None:
    """Update the position, health, state and reason of a locked endpoint."""
    await tx.run(_ADVANCE, **_values(moved, _MOVED))


def _values(of: Endpoint, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(of, name) for name in names} | {"health": _health(of.health)}
    return values | {"p_organization_id": of.organization_id, "p_endpoint_id": of.endpoint_id}


class Ready(Struct, frozen=True):
    """An endpoint with work: events in the feed after its position, or a delivery that is due."""

    organization_id: int
    endpoint_id: int
    kind: str
    health: Health


_READY = Statement(
    select(endpoint.c.organization_id, endpoint.c.endpoint_id, endpoint.c.kind, endpoint.c.health)
    .select_from(endpoint.outerjoin(feed, feed.c.organization_id == endpoint.c.organization_id))
    .where(
        AnyOf(endpoint.c.organization_id, "organizations"),
        endpoint.c.state == "enabled",
        or_(
            endpoint.c.position < func.coalesce(feed.c.position, 0),
            exists().where(
                delivery.c.organization_id == endpoint.c.organization_id,
                StillAnyOf(delivery.c.organization_id, "organizations"),
                delivery.c.endpoint_id == endpoint.c.endpoint_id,
                delivery.c.next_at <= bindparam("now"),
            ),
        ),
    )
    .order_by(endpoint.c.organization_id, endpoint.c.endpoint_id)
)


async def ready(tx: Transaction, organization_ids: Sequence[int], *, now: int) -> list[Ready]:
    """Find the endpoints of organizations that have work and do not pause."""
    found = [
        Ready(row["organization_id"], row["endpoint_id"], row["kind"], _read_health(row["health"]))
        for row in await tx.rows(_READY, organizations=organization_ids, now=now)
    ]
    return [each for each in found if not each.health.is_backing_off(now)]


_joined = delivery.join(
    endpoint,
    (delivery.c.organization_id == endpoint.c.organization_id) & (delivery.c.endpoint_id == endpoint.c.endpoint_id),
)


class Backlog(Struct, frozen=True):
    """What is left to deliver to the endpoints of one kind, over all organizations.

    `oldest_at` is when the oldest open delivery was created, `feed_lag` how many events the last endpoint is behind.
    """

    kind: str
    waiting: int
    pending: int
    dead: int
    oldest_at: int | None
    feed_lag: int


_OPEN_BY_KIND = Statement(
    select(
        endpoint.c.kind,
        delivery.c.state,
        func.count().label("deliveries"),
        func.min(delivery.c.created_at).label("oldest_at"),
    )
    .select_from(_joined)
    .where(delivery.c.ended_at.is_(None))
    .group_by(endpoint.c.kind, delivery.c.state)
)
_DEAD_BY_KIND = Statement(
    select(endpoint.c.kind, func.count().label("deliveries"))
    .select_from(_joined)
    .where(delivery.c.state == text("'dead'"))  # a literal, so that the partial index of dead ones is used
    .group_by(endpoint.c.kind)
)
_LAG_BY_KIND = Statement(
    select(endpoint.c.kind, func.max(feed.c.position - endpoint.c.position).label("lag"))
    .select_from(endpoint.join(feed, feed.c.organization_id == endpoint.c.organization_id))
    .where(endpoint.c.state == "enabled")
    .group_by(endpoint.c.kind)
)


async def backlogs(tx: Transaction) -> list[Backlog]:
    """Count what is open and dead, by kind of endpoint; across organizations, for the operator of the installation."""
    open_rows = {(row["kind"], row["state"]): row for row in await tx.rows(_OPEN_BY_KIND)}
    dead = {row["kind"]: row["deliveries"] for row in await tx.rows(_DEAD_BY_KIND)}
    lags = {row["kind"]: row["lag"] for row in await tx.rows(_LAG_BY_KIND)}
    found = []
    for kind in ("webhook", "email"):
        of_kind = {state: row for (each, state), row in open_rows.items() if each == kind}
        counts = {state: row["deliveries"] for state, row in of_kind.items()}
        oldest = min((row["oldest_at"] for row in of_kind.values()), default=None)
        lag = max(0, lags.get(kind) or 0)
        found.append(Backlog(kind, counts.get("waiting", 0), counts.get("pending", 0), dead.get(kind, 0), oldest, lag))
    return found


class Activity(Struct, frozen=True):
    """What an endpoint has done and has to do: events of the feed that it has not reached, open and dead deliveries.

    `recent` are its newest deliveries that have ended, RECENT at most, `recent_dead` those of them that were given up, and
    `delivered_at` is when the last of them succeeded.
    """

    endpoint_id: int
    behind: int
    open: int
    dead: int
    recent: int
    recent_dead: int
    delivered_at: int | None


# Of the newest deliveries of an endpoint, how many say how it does; and how many open or dead ones are counted.
RECENT = 200
MAX_COUNTED = 10_000
_OF_THIS_ENDPOINT = (
    delivery.c.organization_id == endpoint.c.organization_id,
    delivery.c.endpoint_id == endpoint.c.endpoint_id,
)


def _counted(condition: ColumnElement[bool]) -> ScalarSelect[Any]:
    some = select(delivery.c.delivery_id).where(*_OF_THIS_ENDPOINT, condition).correlate(endpoint).limit(MAX_COUNTED)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _of_recent(value: Callable[[Any], ColumnElement[Any]]) -> ScalarSelect[Any]:
    newest = (
        select(delivery.c.state, delivery.c.ended_at)
        .where(*_OF_THIS_ENDPOINT)
        .correlate(endpoint)
        .order_by(delivery.c.delivery_id.desc())
        .limit(RECENT)
        .subquery()
    )
    return select(value(newest.c)).where(newest.c.ended_at.is_not(None)).scalar_subquery()


_ACTIVITY = Statement(
    select(
        endpoint.c.endpoint_id,
        func.coalesce(feed.c.position, 0).label("newest"),
        endpoint.c.position,
        _counted(delivery.c.ended_at.is_(None)).label("open"),
        _counted(delivery.c.state == text("'dead'")).label("dead"),
        _of_recent(lambda _: func.count()).label("recent"),
        _of_recent(lambda of: func.count(case((of.state == text("'dead'"), 1)))).label("recent_dead"),
        _of_recent(lambda of: func.max(case((of.state == text("'delivered'"), of.ended_at)))).label("delivered_at"),
    )
    .select_from(endpoint.outerjoin(feed, feed.c.organization_id == endpoint.c.organization_id))
    .where(endpoint.c.organization_id == bindparam("organization_id"), endpoint.c.state != "removed")
)


async def activity(tx: Transaction, organization_id: int) -> dict[int, Activity]:
    """Count what each endpoint of an organization has done lately and has to do, by endpoint id."""
    found = {}
    for row in await tx.rows(_ACTIVITY, organization_id=organization_id):
        columns = dict(row)
        behind = max(0, columns.pop("newest") - columns.pop("position"))
        found[columns["endpoint_id"]] = Activity(behind=behind, **columns)
    return found


def _health(health: Health) -> bytes | None:
    return _ENCODE(health) if health != Health() else None


def _read_health(value: bytes | None) -> Health:
    return _HEALTH.decode(value) if value else Health()


def _endpoint(row: Row) -> Endpoint:
    columns = dict(row)
    return Endpoint(**columns | {"health": _read_health(columns["health"])})


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
    select(*_DELIVERY_COLUMNS)
    .where(*_OF_DELIVERIES, delivery.c.next_at <= bindparam("now"))
    .order_by(delivery.c.next_at, delivery.c.delivery_id)
    .limit(bindparam("limit"))
)
_DUE_AFTER = Statement(
    select(*_DELIVERY_COLUMNS)
    .where(*_OF_DELIVERIES, delivery.c.next_at > bindparam("at"))
    .order_by(delivery.c.next_at, delivery.c.delivery_id)
    .limit(bindparam("limit"))
)
_CLAIMED = Statement(
    select(*_DELIVERY_COLUMNS)
    .where(
        *_OF_DELIVERIES,
        delivery.c.next_at.is_not(None),
        delivery.c.claimed_by >= bindparam("least"),
        delivery.c.claimed_by <= bindparam("most"),
    )
    .limit(bindparam("limit"))
)
_UNDER_WAY = Statement(
    select(func.count().label("deliveries"))
    .select_from(delivery)
    .where(*_OF_DELIVERIES, delivery.c.next_at > bindparam("now"), delivery.c.claimed_by.is_not(None))
)
_SETTLED = ("state", "attempts", "next_at", "claimed_by", "ended_at", "status", "attempted")


async def add(tx: Transaction, added: Sequence[Delivery]) -> None:
    """Insert deliveries."""
    await tx.insert(delivery, [_row(each) for each in added])


_STATE, _ATTEMPTED = positions_of(delivery, ("state", "attempted"))


def _row(of: Delivery) -> Row:
    row = list(msgspec.structs.astuple(of))
    row[_STATE], row[_ATTEMPTED] = str(of.state), _attempted(of)
    return row


async def due(tx: Transaction, organization_id: int, *, endpoint_id: int, now: int, limit: int) -> list[Delivery]:
    """Read the deliveries of an endpoint that are due at `now`, the longest overdue first."""
    rows = await tx.rows(_DUE, organization_id=organization_id, endpoint_id=endpoint_id, now=now, limit=limit)
    return [_delivery(row) for row in rows]


async def due_after(tx: Transaction, organization_id: int, *, endpoint_id: int, at: int, limit: int) -> list[Delivery]:
    """Read at most `limit` deliveries of an endpoint that are due after a time, the first first."""
    rows = await tx.rows(_DUE_AFTER, organization_id=organization_id, endpoint_id=endpoint_id, at=at, limit=limit)
    return [_delivery(row) for row in rows]


async def held(
    tx: Transaction, organization_id: int, *, endpoint_id: int, claimed_by: int | None, limit: int
) -> list[Delivery]:
    """Read the deliveries of an endpoint that a worker process has claimed; any process, where `claimed_by` is None."""
    least, most = (0, MAX_ID) if claimed_by is None else (claimed_by, claimed_by)
    key = {"organization_id": organization_id, "endpoint_id": endpoint_id}
    return [_delivery(row) for row in await tx.rows(_CLAIMED, **key, least=least, most=most, limit=limit)]


async def under_way(tx: Transaction, organization_id: int, *, endpoint_id: int, now: int) -> int:
    """Count the deliveries of an endpoint whose claims have not expired."""
    rows = await tx.rows(_UNDER_WAY, organization_id=organization_id, endpoint_id=endpoint_id, now=now)
    return int(rows[0]["deliveries"])


async def take(tx: Transaction, taken: Sequence[Delivery]) -> None:
    """Store the claims of deliveries: `claimed_by`, and `next_at`, when they are due again unless they were settled."""
    await tx.update(
        delivery, ("next_at", "claimed_by"), [(*_key(each), each.next_at, each.claimed_by) for each in taken]
    )


async def settle(tx: Transaction, settled: Sequence[Delivery]) -> None:
    """Store the outcome of attempts: state, attempts, when the delivery is due again or has ended."""
    rows = [
        (
            *_key(each), str(each.state), each.attempts, each.next_at, each.claimed_by, each.ended_at, each.status,
            _attempted(each),
        )
        for each in settled
    ]  # fmt: skip
    await tx.update(delivery, _SETTLED, rows)


_OF_ORDERS = Statement(
    select(*_DELIVERY_COLUMNS)
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
    """Read an endpoint's deliveries in an open state, by order id, in the order of the order's events."""
    found: dict[int, list[Delivery]] = {}
    if not (ids := sorted(set(order_ids))):
        return found
    values = {"organization_id": organization_id, "endpoint_id": endpoint_id, "state": str(state)}
    for row in await tx.rows(_OF_ORDERS, **values, ids=ids):
        found.setdefault(row["order_id"], []).append(_delivery(row))
    return found


_BY_IDS = Statement(select(*_DELIVERY_COLUMNS).where(*_OF_DELIVERIES, AnyOf(delivery.c.delivery_id, "ids")))


async def by_ids(
    tx: Transaction, organization_id: int, *, endpoint_id: int, delivery_ids: Sequence[int]
) -> dict[int, Delivery]:
    """Read deliveries of an endpoint by their ids."""
    if not delivery_ids:
        return {}
    rows = await tx.rows(_BY_IDS, organization_id=organization_id, endpoint_id=endpoint_id, ids=delivery_ids)
    return {row["delivery_id"]: _delivery(row) for row in rows}


# An expression instead of the column, so that SQLite uses the index by order and not the primary key.
_OF_ENDPOINT_BY_ORDER = (
    delivery.c.organization_id == bindparam("organization_id"),
    delivery.c.endpoint_id + 0 == bindparam("endpoint_id"),
)
_OF_SOME_ORDERS = Statement(
    select(*_DELIVERY_COLUMNS)
    .where(*_OF_ENDPOINT_BY_ORDER, AnyOf(delivery.c.order_id, "ids"))
    .order_by(delivery.c.delivery_id.desc())
    .limit(bindparam("limit"))
)


async def of_orders(
    tx: Transaction, organization_id: int, *, endpoint_id: int, order_ids: Sequence[int], limit: int
) -> list[Delivery]:
    """Read at most `limit` deliveries of an endpoint that are about some orders, newest first."""
    if not order_ids:
        return []
    key = {"organization_id": organization_id, "endpoint_id": endpoint_id}
    return [_delivery(row) for row in await tx.rows(_OF_SOME_ORDERS, **key, ids=order_ids, limit=limit)]


@cache
def _page_statement(state: str | None, by_order: bool, oldest_first: bool) -> Statement:
    query = select(*_DELIVERY_COLUMNS).where(
        *(_OF_ENDPOINT_BY_ORDER if by_order else _OF_DELIVERIES),
        delivery.c.delivery_id < bindparam("before"),
        delivery.c.delivery_id >= bindparam("first"),
    )
    if state == "dead":
        query = query.where(
            delivery.c.state == text("'dead'")
        )  # a literal, so that the partial index of dead ones is used
    elif state is not None:
        query = query.where(delivery.c.state == bindparam("state", state))
    if by_order:
        query = query.where(delivery.c.order_id == bindparam("order_id"))
    key = delivery.c.delivery_id
    return Statement(query.order_by(key if oldest_first else key.desc()).limit(bindparam("limit")))


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
    """Read at most `limit` deliveries with ids from `first` to below `before`, newest first unless `oldest_first`."""
    statement = _page_statement(None if state is None else str(state), order_id is not None, oldest_first)
    given: dict[str, Any] = {} if order_id is None else {"order_id": order_id}
    given |= {"organization_id": organization_id, "endpoint_id": endpoint_id, "before": before, "first": first}
    return [_delivery(row) for row in await tx.rows(statement, limit=limit, **given)]


_OF_ORDER = Statement(
    select(*_DELIVERY_COLUMNS)
    .where(
        delivery.c.organization_id == bindparam("organization_id"),
        delivery.c.order_id == bindparam("order_id"),
    )
    .order_by(delivery.c.delivery_id.desc())
    .limit(bindparam("limit"))
)


async def of_order(tx: Transaction, organization_id: int, *, order_id: int, limit: int) -> list[Delivery]:
    """Read at most `limit` deliveries of an order's events to any endpoint, newest first."""
    rows = await tx.rows(_OF_ORDER, organization_id=organization_id, order_id=order_id, limit=limit)
    return [_delivery(row) for row in rows]


_NUMBER_OF_ORDER = Statement(
    select(func.count().label("deliveries"))
    .select_from(delivery)
    .where(
        delivery.c.organization_id == bindparam("organization_id"),
        delivery.c.order_id == bindparam("order_id"),
        delivery.c.ended_at.is_not(None),
    )
)
_DROP_ENDED_OF_ORDER = Statement(
    delete(delivery).where(
        delivery.c.organization_id == bindparam("organization_id"),
        delivery.c.order_id == bindparam("order_id"),
        delivery.c.ended_at.is_not(None),
    )
)
_CLEAR_OPEN_OF_ORDER = Statement(
    update(delivery)
    .where(
        delivery.c.organization_id == bindparam("p_organization_id"),
        delivery.c.order_id == bindparam("p_order_id"),
        delivery.c.ended_at.is_(None),
    )
    .values(payload=null(), attempted=null())
)


async def number_of_ended(tx: Transaction, organization_id: int, *, order_id: int) -> int:
    """Count the ended deliveries of an order's events."""
    rows = await tx.rows(_NUMBER_OF_ORDER, organization_id=organization_id, order_id=order_id)
    return int(rows[0]["deliveries"])


async def erase_of_order(tx: Transaction, organization_id: int, *, order_id: int) -> None:
    """Delete the ended deliveries of an order's events; of open ones clear the answers of receivers, and payloads that somebody
    gave: they are rendered from the log instead."""
    await tx.run(_DROP_ENDED_OF_ORDER, organization_id=organization_id, order_id=order_id)
    await tx.run(_CLEAR_OPEN_OF_ORDER, p_organization_id=organization_id, p_order_id=order_id)


_OLD = Statement(
    select(delivery.c.delivery_id)
    .where(*_OF_DELIVERIES, delivery.c.delivery_id < bindparam("before"), delivery.c.ended_at.is_not(None))
    .order_by(delivery.c.delivery_id)
    .limit(bindparam("limit"))
)
_DROP = Statement(delete(delivery).where(*_P_DELIVERY))


async def prune(tx: Transaction, organization_id: int, *, endpoint_id: int, before: int, limit: int) -> int:
    """Delete at most `limit` ended deliveries with ids below `before`, and return how many."""
    rows = await tx.rows(_OLD, organization_id=organization_id, endpoint_id=endpoint_id, before=before, limit=limit)
    key = {"p_organization_id": organization_id, "p_endpoint_id": endpoint_id}
    await tx.run_all(_DROP, [key | {"p_delivery_id": row["delivery_id"]} for row in rows])
    return len(rows)


def _key(of: Delivery) -> tuple[int, int, int]:
    return (of.organization_id, of.endpoint_id, of.delivery_id)


def _attempted(of: Delivery) -> bytes | None:
    return _ENCODE(of.attempted[-MAX_ATTEMPTS:]) if of.attempted else None


def _delivery(row: Row) -> Delivery:
    columns = dict(row)
    columns["state"] = State(columns["state"])
    columns["attempted"] = _ATTEMPTS.decode(columns["attempted"]) if columns["attempted"] else ()
    return Delivery(**columns)

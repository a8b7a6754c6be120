"""Who is told: an organization's endpoints made, changed, tried out and removed; their deliveries looked at and repeated."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.ids import MAX_ID, first_id_at
from crossdock.core.orders.status import Status
from crossdock.core.retry_policy import SECOND_US, Health, State
from crossdock.core.subscription import MAIL_ENDPOINT, SigningSecret, Subscription
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.event_payloads import TEST
from crossdock.store import deliveries, event_log
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.protocols import Transaction

_replace = msgspec.structs.replace
_encode = msgspec.json.encode
_SUBSCRIPTION = msgspec.json.Decoder(Subscription)
SecretKind = Literal["hmac", "ed25519"]
# What no two endpoints of an organization may share, by a vendor's rule; None for one the rule is not about.
Key = Callable[[Subscription], object]
# Secrets that sign at a time: each adds a hundred bytes to every request.
MAX_SECRETS = 4
# Deliveries repeated in one transaction; more would keep other writers waiting.
_AT_ONCE = 200


class Rules(Struct, frozen=True):
    """What the senders know and the flows ask: each check gives why something cannot be, None where it can.

    `app.py` hands it in, because senders stand above flows.
    """

    url: Callable[[str], str | None]
    headers: Callable[[tuple[tuple[str, str], ...]], str | None]
    secret: Callable[[str], str | None]
    make_secret: Callable[[SecretKind], str]
    public_key: Callable[[str], str | None]
    mail_settings: Callable[[bytes], tuple[Fault, ...]]


def subscription_of(endpoint: Endpoint) -> Subscription:
    """Read what a webhook endpoint wants."""
    return _subscription(endpoint.document)


@lru_cache(maxsize=1_000)  # as many as are busy at a time
def _subscription(document: bytes) -> Subscription:
    return _SUBSCRIPTION.decode(document)


# ------------------------------------------------------------------------------------------------------------ endpoints
async def add(
    context: Context,
    caller: Caller,
    subscription: Subscription,
    *,
    secret_kind: SecretKind = "hmac",
    from_start: bool = False,
    key: Key = lambda _: None,
) -> Endpoint:
    """Make a webhook endpoint, with a secret where none is given; it is told of what comes from now on, or of everything.

    Refuses with Invalid `invalid`, Conflict `exists` where the organization has as many as `endpoints_most`, or (with the fact
    `what`: endpoint) one with the same `key`.
    """
    if not subscription.secrets:
        secret = SigningSecret(context.rules.make_secret(secret_kind))
        subscription = _replace(subscription, secrets=(secret,))
    check(context, subscription)
    now = context.clock()
    async with context.store.writing() as tx:
        known = [each for each in await _all_held(tx, caller) if _is_webhook(each)]
        _check_key(known, subscription, key)
        if len(known) >= context.settings.endpoints_most:
            raise Conflict(Code.EXISTS, f"there are {len(known)} endpoints already; remove one first")
        position = 0 if from_start else await event_log.feed_position(tx, caller.organization_id)
        made = Endpoint(
            caller.organization_id, context.id_generator.new(now), 1, "webhook", "enabled", None, position, Health(), now, now,
            _encode(subscription),
        )  # fmt: skip
        await deliveries.add_endpoint(tx, made)
    context.wakeup.notify()
    return made


async def _all_held(tx: Transaction, caller: Caller) -> list[Endpoint]:
    """Give all endpoints, and let nobody else make or rename one until the commit."""
    # Every organization has this row, so those who look at all endpoints before they write one take turns at it.
    await deliveries.get_endpoint(tx, caller.organization_id, endpoint_id=MAIL_ENDPOINT, for_update=True)
    return [each for each in await deliveries.endpoints(tx, caller.organization_id) if each.state != "removed"]


def _check_key(known: Sequence[Endpoint], wanted: Subscription, key: Key, *, but: int | None = None) -> None:
    value = key(wanted)
    others = (each for each in known if each.kind == "webhook" and each.endpoint_id != but)
    if value is not None and any(key(subscription_of(each)) == value for each in others):
        raise Conflict(Code.EXISTS, "there is such a webhook already", what="endpoint")


def check(context: Context, subscription: Subscription) -> None:
    """Refuse with Invalid `invalid`, naming everything that is wrong with what an endpoint would want."""
    faults = [Fault((name,), reason) for name, reason in _reasons(context, subscription) if reason]
    payload = context.payloads.get(subscription.format)
    for place, topic in enumerate(subscription.topics):
        if payload is None or topic in payload.known:
            continue
        if not (topic.endswith("*") and any(known.startswith(topic[:-1]) for known in payload.known)):
            faults.append(
                Fault(("topics", place), f"is none of {', '.join(payload.known)}, nor the beginning of one and *")
            )
    for name, given, known in (
        ("doors", subscription.doors, context.formats),
        ("statuses", subscription.statuses, list(Status)),
    ):
        faults += [
            Fault((name, place), f"must be one of {', '.join(map(str, known))}")
            for place, each in enumerate(given)
            if each not in known
        ]
    faults += [
        Fault(("secrets", place), reason)
        for place, secret in enumerate(subscription.secrets)
        if (reason := context.rules.secret(secret.value))
    ]
    if faults:
        raise Invalid(Code.INVALID, "the endpoint has faults", faults=tuple(faults))


def _reasons(context: Context, subscription: Subscription) -> list[tuple[str, str | None]]:
    known = ", ".join(context.payloads)
    return [
        ("url", context.rules.url(subscription.url)),
        ("headers", context.rules.headers(subscription.headers)),
        ("format", None if subscription.format in context.payloads else f"must be one of {known}"),
    ]


def _is_webhook(endpoint: Endpoint) -> bool:
    return endpoint.kind == "webhook" and endpoint.state != "removed"


async def all_of(context: Context, caller: Caller, *, kind: str = "webhook") -> list[Endpoint]:
    """Give an organization's endpoints of a kind."""
    async with context.store.reading() as tx:
        found = await deliveries.endpoints(tx, caller.organization_id)
    return [each for each in found if each.kind == kind and each.state != "removed"]


async def webhook(context: Context, caller: Caller, *, endpoint_id: int | None) -> Endpoint:
    """Give one webhook endpoint. Refuses with Missing `not_found`."""
    async with context.store.reading() as tx:
        return await _get_webhook(tx, caller, endpoint_id)


async def _get_webhook(
    tx: Transaction, caller: Caller, endpoint_id: int | None, *, for_update: bool = False
) -> Endpoint:
    found = await _get(tx, caller, endpoint_id, for_update=for_update)
    if found.kind != "webhook":
        raise NotFound(Code.NOT_FOUND, "there is no such endpoint")
    return found


async def _get(tx: Transaction, caller: Caller, endpoint_id: int | None, *, for_update: bool = False) -> Endpoint:
    if endpoint_id is not None:
        found = await deliveries.get_endpoint(
            tx, caller.organization_id, endpoint_id=endpoint_id, for_update=for_update
        )
        if found is not None and found.state != "removed":
            return found
    raise NotFound(Code.NOT_FOUND, "there is no such endpoint")


async def change(
    context: Context,
    caller: Caller,
    *,
    endpoint_id: int | None,
    changed: Callable[[Subscription], Subscription] = lambda same: same,
    enabled: bool | None = None,
    versions: Collection[int] | None = None,
    key: Key | None = None,
) -> Endpoint:
    """Change what an endpoint wants, or whether it is told at all; one that is enabled again goes on where it stopped.

    Refuses with Missing `not_found`, Invalid `invalid`, Conflict `stale_version` where its version is none of `versions`,
    `exists` (with the fact `what`: endpoint) where another has the same `key`.
    """
    async with context.store.writing() as tx:
        known = await _all_held(tx, caller) if key else []
        before = await _get_webhook(tx, caller, endpoint_id, for_update=True)
        if versions is not None and before.version not in versions:
            raise Conflict(Code.STALE_VERSION, "the endpoint was changed by somebody else", version=before.version)
        wanted = changed(subscription_of(before))
        check(context, wanted)
        if key:
            _check_key(known, wanted, key, but=before.endpoint_id)
        after = _replace(before, document=_encode(wanted))
        if enabled:
            after = _replace(after, state="enabled", reason=None, health=Health())
        elif enabled is False and before.state == "enabled":  # one that was disabled already keeps its reason
            after = _replace(after, state="disabled", reason="by request")
        if after == before:
            return before
        after = _replace(after, version=before.version + 1, updated_at=context.clock())
        await deliveries.change_endpoint(tx, after, seen=before.version)
    context.wakeup.notify()
    return after


async def rotate(
    context: Context, caller: Caller, *, endpoint_id: int | None, secret_kind: SecretKind, secret: str | None = None
) -> Endpoint:
    """Give an endpoint a new secret; those it had go on signing beside it for `webhook_rotation_s`, the newest of them.

    Refuses with Missing `not_found`, Invalid `invalid`.
    """
    now = context.clock()
    until = now + context.settings.webhook_rotation_s * SECOND_US

    def rotated(old: Subscription) -> Subscription:
        kept = tuple(
            _replace(each, until=min(each.until or until, until))
            for each in old.secrets
            if each.until is None or each.until > now
        )[: MAX_SECRETS - 1]
        return _replace(old, secrets=(SigningSecret(secret or context.rules.make_secret(secret_kind)), *kept))

    return await change(context, caller, endpoint_id=endpoint_id, changed=rotated)


async def remove(context: Context, caller: Caller, *, endpoint_id: int | None) -> Endpoint:
    """Remove an endpoint; what was under way ends, nothing else is told. Refuses with Missing `not_found`."""
    async with context.store.writing() as tx:
        before = await _get_webhook(tx, caller, endpoint_id, for_update=True)
        after = _replace(before, state="removed", version=before.version + 1, updated_at=context.clock())
        await deliveries.change_endpoint(tx, after, seen=before.version)
    return before


# ----------------------------------------------------------------------------------------------------------- deliveries
async def page(
    context: Context,
    caller: Caller,
    *,
    endpoint_id: int | None,
    state: State | None = None,
    order_id: int | None = None,
    before: int = MAX_ID,
    limit: int,
) -> list[Delivery]:
    """Give at most `limit` deliveries of an endpoint, newest first. Refuses with Missing `not_found`."""
    async with context.store.reading() as tx:
        endpoint = await _get(tx, caller, endpoint_id)
        return await deliveries.page(
            tx, caller.organization_id, endpoint_id=endpoint.endpoint_id, state=state, order_id=order_id,
            before=before, limit=limit,
        )  # fmt: skip


async def delivery(context: Context, caller: Caller, *, endpoint_id: int | None, delivery_id: int | None) -> Delivery:
    """Give one delivery with its attempts. Refuses with Missing `not_found`."""
    async with context.store.reading() as tx:
        endpoint = await _get(tx, caller, endpoint_id)
        return await _delivery(tx, endpoint, delivery_id)


async def _delivery(tx: Transaction, endpoint: Endpoint, delivery_id: int | None) -> Delivery:
    ids = [] if delivery_id is None else [delivery_id]
    key = {"organization_id": endpoint.organization_id, "endpoint_id": endpoint.endpoint_id}
    for found in (await deliveries.by_ids(tx, **key, delivery_ids=ids)).values():
        return found
    raise NotFound(Code.NOT_FOUND, "there is no such delivery")


async def redeliver(context: Context, caller: Caller, *, endpoint_id: int | None, delivery_id: int | None) -> Delivery:
    """Make a delivery due again, from the beginning of its ladder. Refuses with Missing `not_found`."""
    async with context.store.writing() as tx:
        endpoint = await _get(tx, caller, endpoint_id, for_update=True)
        (again,) = await _again(tx, context, endpoint, [await _delivery(tx, endpoint, delivery_id)])
    context.wakeup.notify()
    return again


async def redeliver_all(
    context: Context, caller: Caller, *, endpoint_id: int | None, since: int, until: int, state: State | None
) -> int:
    """Make deliveries due again that were made from `since` to before `until` (microseconds), oldest first; gives how many.

    `state` narrows to those that stand there (dead, delivered). Refuses with Missing `not_found`.
    """
    first, before, count = first_id_at(since), first_id_at(until), 0
    while first < before:
        async with context.store.writing() as tx:
            endpoint = await _get(tx, caller, endpoint_id, for_update=True)
            found = await deliveries.page(
                tx, caller.organization_id, endpoint_id=endpoint.endpoint_id, state=state, first=first, before=before,
                limit=_AT_ONCE, oldest_first=True,
            )  # fmt: skip
            count += len(await _again(tx, context, endpoint, [each for each in found if each.ended_at is not None]))
        first = found[-1].delivery_id + 1 if len(found) == _AT_ONCE else before
        await asyncio.sleep(0)
    context.wakeup.notify()
    return count


async def _again(tx: Transaction, context: Context, endpoint: Endpoint, chosen: Sequence[Delivery]) -> list[Delivery]:
    """Make deliveries due, each behind what of its order is under way.

    One that waits for its next attempt loses the wait; one that is being attempted is left to that attempt.
    """
    now = context.clock()
    key = {"organization_id": endpoint.organization_id, "endpoint_id": endpoint.endpoint_id}
    ids = [each.order_id for each in chosen if each.order_id is not None]
    busy = set(await deliveries.open_of_orders(tx, **key, order_ids=ids, state=State.PENDING))
    busy |= set(await deliveries.open_of_orders(tx, **key, order_ids=ids, state=State.WAITING))
    made = []
    for each in sorted(chosen, key=lambda one: (one.number or 0, one.delivery_id)):
        if each.state is State.WAITING or (each.claimed_by is not None and (each.next_at or 0) > now):
            made.append(each)
        elif each.ended_at is not None and each.order_id in busy:
            made.append(_replace(each, state=State.WAITING, attempts=0, next_at=None, ended_at=None))
        else:
            made.append(_replace(each, state=State.PENDING, attempts=0, next_at=now, ended_at=None))
            if each.order_id is not None:
                busy.add(each.order_id)
    await deliveries.settle(tx, made)
    return made


async def test(context: Context, caller: Caller, *, endpoint_id: int | None) -> Delivery:
    """Send a webhook endpoint a message that is about no order. Refuses with Missing `not_found`."""
    now = context.clock()
    event_id = context.id_generator.new(now)
    wanted = subscription_of(await webhook(context, caller, endpoint_id=endpoint_id))
    body = context.payloads[wanted.format].test(caller.organization, event_id, now)
    return await send(context, caller, endpoint_id=endpoint_id, event_id=event_id, topic=TEST, body=body)


async def send(
    context: Context,
    caller: Caller,
    *,
    endpoint_id: int | None,
    event_id: int,
    topic: str,
    body: bytes,
    order: tuple[int, int] | None = None,
) -> Delivery:
    """Send an endpoint a body of the caller's making, in line with the others; `order` is an order's id and event number.

    Refuses with Missing `not_found`.
    """
    now = context.clock()
    order_id, number = order or (None, None)
    async with context.store.writing() as tx:
        endpoint = await _get(tx, caller, endpoint_id, for_update=True)
        made = Delivery(
            caller.organization_id, endpoint.endpoint_id, context.id_generator.new(now), order_id, number, event_id, topic,
            State.PENDING, 0, now, None, now, payload=body,
        )  # fmt: skip
        await deliveries.add(tx, [made])
    context.wakeup.notify()
    return made

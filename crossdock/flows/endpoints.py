"""Webhook endpoints: create, change, test and remove them; list their deliveries, and redeliver."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache

import msgspec

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.ids import MAX_ID, first_id_at
from crossdock.core.orders.status import Status
from crossdock.core.retry_policy import SECOND_US, Health, State
from crossdock.core.subscription import MAIL_ENDPOINT, SigningSecret, Subscription
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.endpoint_checks import SecretKind as SecretKind
from crossdock.flows.event_payloads import TEST, PayloadFormat
from crossdock.flows.vault import Vault
from crossdock.store import deliveries, event_log
from crossdock.store.deliveries import Activity as Activity
from crossdock.store.deliveries import Delivery as Delivery
from crossdock.store.deliveries import Endpoint as Endpoint
from crossdock.store.protocols import Transaction
from crossdock.store.tenants import Organization

_replace = msgspec.structs.replace
_encode = msgspec.json.encode
_SUBSCRIPTION = msgspec.json.Decoder(Subscription)
# The key that must be unique among the endpoints of an organization, by a vendor's rule; None: the rule does not apply.
Key = Callable[[Subscription], object]
# Secrets in force at a time: the signature of each adds a hundred bytes to every request.
MAX_SECRETS = 4
# Deliveries redelivered in one transaction; more would make other writers wait.
_BATCH_ROWS = 200


def subscription_of(context: Context, endpoint: Endpoint) -> Subscription:
    """Decode the subscription of a webhook endpoint, with its secrets."""
    return _subscription(context.vault, endpoint.document)


@lru_cache(maxsize=1_000)  # more than the endpoints that are busy at a time
def _subscription(vault: Vault, document: bytes) -> Subscription:
    return vault.open_subscription(_SUBSCRIPTION.decode(document))


def _document(context: Context, subscription: Subscription) -> bytes:
    """Encode a subscription as it is stored."""
    return _encode(context.vault.seal_subscription(subscription))


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
    """Create a webhook endpoint, with a new secret if none is given. It gets events from now on, or `from_start`.

    Refuses with Invalid `invalid`, Conflict `exists` if the organization has `endpoints_most` already, or (with the fact
    `what`: endpoint) one with the same `key`.
    """
    if not subscription.secrets:
        secret = SigningSecret(context.rules.make_secret(secret_kind))
        subscription = _replace(subscription, secrets=(secret,))
    check(context, subscription)
    now = context.clock()
    async with context.store.writing() as tx:
        existing = [each for each in await _lock_all(tx, caller) if each.kind == "webhook"]
        _check_key(context, existing, subscription, key)
        if len(existing) >= context.settings.endpoints_most:
            raise Conflict(Code.EXISTS, f"there are {len(existing)} endpoints already; remove one first")
        position = 0 if from_start else await event_log.feed_position(tx, caller.organization_id)
        created = Endpoint(
            caller.organization_id, context.id_generator.new(now), 1, "webhook", "enabled", None, position, Health(), now, now,
            _document(context, subscription),
        )  # fmt: skip
        await deliveries.add_endpoint(tx, created)
    context.wakeup.notify()
    return created


async def _lock_all(tx: Transaction, caller: Caller) -> list[Endpoint]:
    """Return all endpoints, and keep other transactions from adding or renaming one until the commit."""
    # Every organization has this row, so it serves as the lock of the list of endpoints.
    await deliveries.get_endpoint(tx, caller.organization_id, endpoint_id=MAIL_ENDPOINT, for_update=True)
    return [each for each in await deliveries.endpoints(tx, caller.organization_id) if each.state != "removed"]


def _check_key(
    context: Context,
    existing: Sequence[Endpoint],
    subscription: Subscription,
    key: Key,
    *,
    except_id: int | None = None,
) -> None:
    value = key(subscription)
    others = (each for each in existing if each.kind == "webhook" and each.endpoint_id != except_id)
    if value is not None and any(key(subscription_of(context, each)) == value for each in others):
        raise Conflict(Code.EXISTS, "there is such a webhook already", what="endpoint")


def check(context: Context, subscription: Subscription) -> None:
    """Refuse an invalid subscription with Invalid `invalid` and all its faults."""
    faults = [
        *_url_faults(context, subscription),
        *_topic_faults(context.payloads.get(subscription.format), subscription),
        *_unknown_values("doors", subscription.doors, list(context.formats)),
        *_unknown_values("statuses", subscription.statuses, list(map(str, Status))),
        *(
            Fault(("secrets", position), reason)
            for position, secret in enumerate(subscription.secrets)
            if (reason := context.rules.secret(secret.value))
        ),
    ]
    if faults:
        raise Invalid(Code.INVALID, "the endpoint has faults", faults=tuple(faults))


def _url_faults(context: Context, subscription: Subscription) -> Iterator[Fault]:
    formats = ", ".join(context.payloads)
    reasons = {
        "url": context.rules.url(subscription.url),
        "headers": context.rules.headers(subscription.headers),
        "format": None if subscription.format in context.payloads else f"must be one of {formats}",
    }
    return (Fault((name,), reason) for name, reason in reasons.items() if reason)


def _topic_faults(payload: PayloadFormat | None, subscription: Subscription) -> Iterator[Fault]:
    """Yield a fault for each topic that is neither known nor a prefix of a known one and `*`; none for a format that is
    unknown or open."""
    if payload is None or payload.is_open:
        return
    for position, topic in enumerate(subscription.topics):
        is_prefix = topic.endswith("*") and any(known.startswith(topic[:-1]) for known in payload.known)
        if topic not in payload.known and not is_prefix:
            reason = f"is none of {', '.join(payload.known)}, nor the beginning of one and *"
            yield Fault(("topics", position), reason)


def _unknown_values(member: str, values: Sequence[str], known: Sequence[str]) -> Iterator[Fault]:
    for position, value in enumerate(values):
        if value not in known:
            yield Fault((member, position), f"must be one of {', '.join(known)}")


async def all_of(context: Context, caller: Caller, *, kind: str = "webhook") -> list[Endpoint]:
    """List an organization's endpoints of a kind."""
    async with context.store.reading() as tx:
        endpoints = await deliveries.endpoints(tx, caller.organization_id)
    return [each for each in endpoints if each.kind == kind and each.state != "removed"]


async def webhook(context: Context, caller: Caller, *, endpoint_id: int | None) -> Endpoint:
    """Return one webhook endpoint. Refuses with NotFound `not_found`."""
    async with context.store.reading() as tx:
        return await _get_webhook(tx, caller, endpoint_id)


async def _get_webhook(
    tx: Transaction, caller: Caller, endpoint_id: int | None, *, for_update: bool = False
) -> Endpoint:
    endpoint = await _get(tx, caller, endpoint_id, for_update=for_update)
    if endpoint.kind != "webhook":
        raise NotFound(Code.NOT_FOUND, "there is no such endpoint")
    return endpoint


async def _get(tx: Transaction, caller: Caller, endpoint_id: int | None, *, for_update: bool = False) -> Endpoint:
    if endpoint_id is not None:
        endpoint = await deliveries.get_endpoint(
            tx, caller.organization_id, endpoint_id=endpoint_id, for_update=for_update
        )
        if endpoint is not None and endpoint.state != "removed":
            return endpoint
    raise NotFound(Code.NOT_FOUND, "there is no such endpoint")


async def change(
    context: Context,
    caller: Caller,
    *,
    endpoint_id: int | None,
    changed: Callable[[Subscription], Subscription] = lambda unchanged: unchanged,
    enabled: bool | None = None,
    versions: Collection[int] | None = None,
    key: Key | None = None,
) -> Endpoint:
    """Change the subscription of an endpoint, or enable or disable it; once enabled, it continues where it stopped.

    `changed` returns the new subscription. Refuses with NotFound `not_found`, Invalid `invalid`, Conflict `stale_version` if
    the endpoint's version is none of `versions`, `exists` (with the fact `what`: endpoint) if another has the same `key`.
    """
    async with context.store.writing() as tx:
        existing = await _lock_all(tx, caller) if key else []
        before = await _get_webhook(tx, caller, endpoint_id, for_update=True)
        if versions is not None and before.version not in versions:
            raise Conflict(Code.STALE_VERSION, "the endpoint was changed by another request", version=before.version)
        unchanged = subscription_of(context, before)
        subscription = changed(unchanged)
        check(context, subscription)
        if key:
            _check_key(context, existing, subscription, key, except_id=before.endpoint_id)
        document = before.document if subscription == unchanged else _document(context, subscription)
        after = _enable(_replace(before, document=document), enabled)
        if after == before:
            return before
        after = _replace(after, version=before.version + 1, updated_at=context.clock())
        await deliveries.change_endpoint(tx, after, seen=before.version)
    context.wakeup.notify()
    return after


def _enable(endpoint: Endpoint, enabled: bool | None) -> Endpoint:
    """Return the endpoint enabled or disabled; None leaves it as it is."""
    if enabled:
        return _replace(endpoint, state="enabled", reason=None, health=Health())
    if enabled is False and endpoint.state == "enabled":  # one that is disabled already keeps its reason
        return _replace(endpoint, state="disabled", reason="by request")
    return endpoint


async def rotate(
    context: Context, caller: Caller, *, endpoint_id: int | None, secret_kind: SecretKind, secret: str | None = None
) -> Endpoint:
    """Return an endpoint a new secret; the newest of the old ones stay in force for `webhook_rotation_s` seconds.

    Refuses with NotFound `not_found`, Invalid `invalid`.
    """
    now = context.clock()
    until = now + context.settings.webhook_rotation_s * SECOND_US

    def rotated(old: Subscription) -> Subscription:
        still_valid = tuple(
            _replace(each, until=min(each.until or until, until))
            for each in old.secrets
            if each.until is None or each.until > now
        )[: MAX_SECRETS - 1]
        return _replace(old, secrets=(SigningSecret(secret or context.rules.make_secret(secret_kind)), *still_valid))

    return await change(context, caller, endpoint_id=endpoint_id, changed=rotated)


async def encrypt(context: Context, organization: Organization) -> int:
    """Store the secrets of an organization's webhook endpoints anew, under the newest key; returns how many endpoints."""
    async with context.store.writing() as tx:
        found = [
            each for each in await deliveries.endpoints(tx, organization.organization_id) if each.kind == "webhook"
        ]
        for each in found:
            locked = await deliveries.get_endpoint(
                tx, organization.organization_id, endpoint_id=each.endpoint_id, for_update=True
            )
            assert locked is not None  # endpoints are never deleted
            document = _document(context, subscription_of(context, locked))
            await deliveries.change_endpoint(tx, _replace(locked, document=document), seen=locked.version)
    return len(found)


async def remove(context: Context, caller: Caller, *, endpoint_id: int | None) -> Endpoint:
    """Remove an endpoint; attempts in flight end, nothing else is delivered. Refuses with NotFound `not_found`."""
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
    """List at most `limit` deliveries of an endpoint, newest first. Refuses with NotFound `not_found`."""
    async with context.store.reading() as tx:
        endpoint = await _get(tx, caller, endpoint_id)
        return await deliveries.page(
            tx, caller.organization_id, endpoint_id=endpoint.endpoint_id, state=state, order_id=order_id,
            before=before, limit=limit,
        )  # fmt: skip


async def activity(context: Context, caller: Caller) -> dict[int, Activity]:
    """Count what each endpoint has done lately and has to do, by endpoint id."""
    async with context.store.reading() as tx:
        return await deliveries.activity(tx, caller.organization_id)


async def pending(context: Context, caller: Caller, *, endpoint_id: int | None, limit: int) -> list[Delivery]:
    """List at most `limit` deliveries that have not ended: those that are due or will be retried, the next first, each followed
    by those that wait for it because they are about the same order. Refuses with NotFound `not_found`."""
    async with context.store.reading() as tx:
        endpoint = await _get(tx, caller, endpoint_id)
        key = {"organization_id": caller.organization_id, "endpoint_id": endpoint.endpoint_id}
        due = await deliveries.due(tx, **key, now=MAX_ID, limit=limit)
        orders = {each.order_id for each in due if each.order_id is not None}
        waiting = await deliveries.open_of_orders(tx, **key, order_ids=orders, state=State.WAITING)
    listed = list[Delivery]()
    for each in due:
        listed += [each, *(waiting.pop(each.order_id, ()) if each.order_id is not None else ())]
    return listed[:limit]


async def of_orders(
    context: Context, caller: Caller, *, endpoint_id: int | None, order_ids: Sequence[int], limit: int
) -> list[Delivery]:
    """List at most `limit` deliveries about some orders, newest first. Refuses with NotFound `not_found`."""
    async with context.store.reading() as tx:
        endpoint = await _get(tx, caller, endpoint_id)
        return await deliveries.of_orders(
            tx, caller.organization_id, endpoint_id=endpoint.endpoint_id, order_ids=order_ids, limit=limit
        )


async def delivery(context: Context, caller: Caller, *, endpoint_id: int | None, delivery_id: int | None) -> Delivery:
    """Return one delivery with its attempts. Refuses with NotFound `not_found`."""
    async with context.store.reading() as tx:
        endpoint = await _get(tx, caller, endpoint_id)
        return await _delivery(tx, endpoint, delivery_id)


async def _delivery(tx: Transaction, endpoint: Endpoint, delivery_id: int | None) -> Delivery:
    ids = [] if delivery_id is None else [delivery_id]
    key = {"organization_id": endpoint.organization_id, "endpoint_id": endpoint.endpoint_id}
    for stored in (await deliveries.by_ids(tx, **key, delivery_ids=ids)).values():
        return stored
    raise NotFound(Code.NOT_FOUND, "there is no such delivery")


async def redeliver(context: Context, caller: Caller, *, endpoint_id: int | None, delivery_id: int | None) -> Delivery:
    """Make a delivery due again, with all its retries. Refuses with NotFound `not_found`."""
    async with context.store.writing() as tx:
        endpoint = await _get(tx, caller, endpoint_id, for_update=True)
        (redelivered,) = await _redeliver(tx, context, endpoint, [await _delivery(tx, endpoint, delivery_id)])
    context.wakeup.notify()
    return redelivered


async def redeliver_all(
    context: Context, caller: Caller, *, endpoint_id: int | None, since: int, until: int, state: State | None
) -> int:
    """Make deliveries due again that were created from `since` to before `until` (microseconds), oldest first.

    `state` narrows them to dead or delivered ones. Returns how many. Refuses with NotFound `not_found`.
    """
    first, before, count = first_id_at(since), first_id_at(until), 0
    while first < before:
        async with context.store.writing() as tx:
            endpoint = await _get(tx, caller, endpoint_id, for_update=True)
            some = await deliveries.page(
                tx, caller.organization_id, endpoint_id=endpoint.endpoint_id, state=state, first=first, before=before,
                limit=_BATCH_ROWS, oldest_first=True,
            )  # fmt: skip
            count += len(await _redeliver(tx, context, endpoint, [each for each in some if each.ended_at is not None]))
        first = some[-1].delivery_id + 1 if len(some) == _BATCH_ROWS else before
        await asyncio.sleep(0)
    context.wakeup.notify()
    return count


async def _redeliver(
    tx: Transaction, context: Context, endpoint: Endpoint, chosen: Sequence[Delivery]
) -> list[Delivery]:
    """Make deliveries due, each after the open ones of its order.

    One that waits for a retry is due at once; one in flight is left to its attempt.
    """
    now = context.clock()
    key = {"organization_id": endpoint.organization_id, "endpoint_id": endpoint.endpoint_id}
    ids = [each.order_id for each in chosen if each.order_id is not None]
    orders_with_open = set(await deliveries.open_of_orders(tx, **key, order_ids=ids, state=State.PENDING))
    orders_with_open |= set(await deliveries.open_of_orders(tx, **key, order_ids=ids, state=State.WAITING))
    reopened = []
    for each in sorted(chosen, key=lambda one: (one.number or 0, one.delivery_id)):
        if each.state is State.WAITING or (each.claimed_by is not None and (each.next_at or 0) > now):
            reopened.append(each)
        elif each.ended_at is not None and each.order_id in orders_with_open:
            reopened.append(_replace(each, state=State.WAITING, attempts=0, next_at=None, ended_at=None))
        else:
            reopened.append(_replace(each, state=State.PENDING, attempts=0, next_at=now, ended_at=None))
            if each.order_id is not None:
                orders_with_open.add(each.order_id)
    await deliveries.settle(tx, reopened)
    return reopened


async def test(context: Context, caller: Caller, *, endpoint_id: int | None) -> Delivery:
    """Send a webhook endpoint a test message, which is about no order. Refuses with NotFound `not_found`."""
    now = context.clock()
    event_id = context.id_generator.new(now)
    subscription = subscription_of(context, await webhook(context, caller, endpoint_id=endpoint_id))
    body = context.payloads[subscription.format].test(caller.organization, event_id, now)
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
    """Send an endpoint a given body as a delivery of its own; `order` is an order's id and event number.

    Refuses with NotFound `not_found`.
    """
    now = context.clock()
    order_id, number = order or (None, None)
    async with context.store.writing() as tx:
        endpoint = await _get(tx, caller, endpoint_id, for_update=True)
        created = Delivery(
            caller.organization_id, endpoint.endpoint_id, context.id_generator.new(now), order_id, number, event_id, topic,
            State.PENDING, 0, now, None, now, payload=body,
        )  # fmt: skip
        await deliveries.add(tx, [created])
    context.wakeup.notify()
    return created

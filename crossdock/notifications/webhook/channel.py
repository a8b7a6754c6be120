"""The webhook channel: which events an endpoint subscribes to, and each delivery as a signed HTTP request."""

import resource
from collections.abc import Mapping, Sequence

import structlog

from crossdock.core.retry_policy import Attempt, Verdict
from crossdock.core.subscription import Subscription, message_id
from crossdock.flows import event_payloads
from crossdock.flows.context import Context
from crossdock.flows.endpoints import subscription_of
from crossdock.flows.event_payloads import UNREADABLE, AggregateNotification, Notification, PayloadFormat, event_name
from crossdock.notifications.webhook.http import Message, Webhooks
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.event_log import EventFilter, LogEntry
from crossdock.store.protocols import Transaction

_log = structlog.get_logger("crossdock.webhooks")
# Requests in flight to all endpoints together. Divided by the capacity of each, so many endpoints can be slow without
# slowing down others.
_CONNECTIONS = 1_024
# At most this share of the limit of open files, because each connection in flight may have an idle one beside it.
_SHARE_OF_FILES = 8
# Processor time of one request: rebuilding the order, rendering its document, signing, sending.
_COST_S = 0.0006


class RequestRenderer:
    """Renders deliveries as HTTP requests."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def _payload(self, subscription: Subscription) -> PayloadFormat:
        return self._context.payloads[subscription.format]

    async def render(self, endpoint: Endpoint, claimed: Sequence[Delivery]) -> list[tuple[Delivery, Message | Attempt]]:
        """Render each delivery as a request; one that cannot be rendered is a failed attempt."""
        if not claimed:
            return []
        subscription = subscription_of(self._context, endpoint)
        payload = self._payload(subscription)
        bodies = {each.delivery_id: each.payload for each in claimed if each.payload is not None}
        async with self._context.store.reading() as tx:
            bodies |= await self._bodies(tx, endpoint, payload, [each for each in claimed if each.payload is None])
        now = self._context.clock()
        return [
            (each, self._message(subscription, payload, each, bodies.get(each.delivery_id), now)) for each in claimed
        ]

    async def _bodies(
        self, tx: Transaction, endpoint: Endpoint, payload: PayloadFormat, claimed: Sequence[Delivery]
    ) -> dict[int, bytes]:
        """Render bodies by delivery id, all together; where one of them fails, one by one, so that only that one fails."""
        _, notifications = await event_payloads.notifications(tx, endpoint, claimed)
        named = {
            each.delivery_id: (notification, each.topic)
            for each in claimed
            if (notification := notifications.get(each.delivery_id)) is not None
        }
        try:
            return await event_payloads.bodies(tx, self._context, payload, named)
        except Exception:  # noqa: BLE001 - the one that failed is found and logged one by one
            return await self._bodies_one_by_one(tx, payload, named)

    async def _bodies_one_by_one(
        self,
        tx: Transaction,
        payload: PayloadFormat,
        named: Mapping[int, tuple[Notification | AggregateNotification, str]],
    ) -> dict[int, bytes]:
        bodies: dict[int, bytes] = {}
        for delivery_id, each in named.items():
            try:
                bodies |= await event_payloads.bodies(tx, self._context, payload, {delivery_id: each})
            except Exception:  # noqa: BLE001 - a bug in the events of one order must not block other orders
                _log.exception("bug", delivery_id=delivery_id, aggregate_id=each[0].entry.event.aggregate_id)
        return bodies

    def _message(
        self, subscription: Subscription, payload: PayloadFormat, delivery: Delivery, body: bytes | None, now: int
    ) -> Message | Attempt:
        if body is None:
            return Attempt(now, 0, Verdict.FAILED, error=UNREADABLE)
        return Message(
            url=subscription.url,
            message_id=message_id(delivery.event_id, delivery.topic),
            body=body,
            content_type=payload.content_type,
            method=subscription.method,
            headers=subscription.headers,
            secrets=subscription.secrets_at(now),
            timeout_s=self._context.settings.webhook_timeout_s,
        )


class WebhookChannel(RequestRenderer):
    """Delivers by HTTP; see worker.Channel."""

    def __init__(self, context: Context, webhooks: Webhooks) -> None:
        super().__init__(context)
        self._webhooks = webhooks
        self.capacity = context.settings.webhook_concurrency
        self.cost_s = _COST_S
        self.share = (
            webhooks.connections // 2
        )  # the endpoints of one organization, if all are slow, leave half to others

    def event_filter(self, endpoint: Endpoint) -> EventFilter:
        """Narrow the feed to the subscribed events, doors and statuses."""
        subscription = subscription_of(self._context, endpoint)
        payload = self._payload(subscription)
        names: tuple[str, ...] = ()
        if subscription.topics and payload.topics is event_name:
            # A filter without names means every event, so "none" stands in where no known event matches.
            names = tuple(name for name in payload.known if subscription.matches(name)) or ("none",)
        return EventFilter(names, subscription.doors, subscription.statuses)

    def topics(self, endpoint: Endpoint, entry: LogEntry) -> Sequence[str]:
        """Name the deliveries of an event: the topics its payload format gives it that are subscribed to."""
        subscription = subscription_of(self._context, endpoint)
        return [topic for topic in self._payload(subscription).topics_of(entry) if subscription.matches(topic)]

    async def send(self, message: Message) -> Attempt:
        """Send one request."""
        return await self._webhooks.send(message)

    async def close(self) -> None:
        """Close connections."""
        await self._webhooks.close()


def open_channel(context: Context) -> WebhookChannel:
    """Open the channel; in a running event loop."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections = _CONNECTIONS if files == resource.RLIM_INFINITY else min(_CONNECTIONS, files // _SHARE_OF_FILES)
    webhooks = Webhooks(
        private_allowed=context.settings.webhook_private_allowed,
        loopback_allowed=context.settings.webhook_loopback_allowed,
        clock=context.clock,
        connections=connections,
    )
    return WebhookChannel(context, webhooks)

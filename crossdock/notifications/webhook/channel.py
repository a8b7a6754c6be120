"""The channel of webhooks: which entries an endpoint wants, and each delivery as a signed request."""

from collections.abc import Mapping, Sequence

import structlog

from crossdock.core.retry_policy import Attempt, Verdict
from crossdock.core.subscription import Subscription, message_id
from crossdock.flows import event_payloads
from crossdock.flows.context import Context
from crossdock.flows.endpoints import subscription_of
from crossdock.flows.event_payloads import UNREADABLE, Notification, PayloadFormat, event_name
from crossdock.notifications.webhook.http import Message, Webhooks
from crossdock.notifications.worker import Call
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.event_log import EventFilter, LogEntry
from crossdock.store.protocols import Transaction

_log = structlog.get_logger("crossdock.webhooks")
# Requests under way to all endpoints together; with the room of each, this many endpoints can be slow without slowing others.
_CONNECTIONS = 1_024


class WebhookChannel:
    """Tells endpoints by HTTP; see worker.Channel."""

    def __init__(self, context: Context, webhooks: Webhooks) -> None:
        self._context = context
        self._webhooks = webhooks
        self.capacity = context.settings.webhook_concurrency

    def wanted(self, endpoint: Endpoint) -> EventFilter:
        """See Channel."""
        subscription = subscription_of(endpoint)
        names: tuple[str, ...] = ()
        if subscription.topics and self._payload(subscription).topics is event_name:
            known = self._payload(subscription).known
            # Nothing known may be wanted; then nothing is, which no name at all would not say.
            names = tuple(name for name in known if subscription.matches(name)) or ("none",)
        return EventFilter(names, subscription.doors, subscription.statuses)

    def topics(self, endpoint: Endpoint, entry: LogEntry) -> Sequence[str]:
        """See Channel."""
        subscription = subscription_of(endpoint)
        return [topic for topic in self._payload(subscription).topics(entry) if subscription.matches(topic)]

    def _payload(self, subscription: Subscription) -> PayloadFormat:
        return self._context.payloads[subscription.format]

    async def prepare(self, endpoint: Endpoint, taken: Sequence[Delivery]) -> list[tuple[Delivery, Call]]:
        """See Channel."""
        if not taken:
            return []
        subscription = subscription_of(endpoint)
        payload = self._payload(subscription)
        async with self._context.store.reading() as tx:
            _, told = await event_payloads.notifications(tx, endpoint, [each for each in taken if each.payload is None])
            made = await self._bodies(tx, payload, {each.delivery_id: each.topic for each in taken}, told)
        return [
            (each, self._call(subscription, payload, each, each.payload or made.get(each.delivery_id)))
            for each in taken
        ]

    async def _bodies(
        self, tx: Transaction, payload: PayloadFormat, topics: Mapping[int, str], told: Mapping[int, Notification]
    ) -> dict[int, bytes]:
        """Make the bodies together; where one cannot be made, one by one, so that only that one fails."""
        wanted = {delivery_id: (each, topics[delivery_id]) for delivery_id, each in told.items()}
        try:
            return await event_payloads.bodies(tx, self._context, payload, wanted)
        except Exception:  # noqa: BLE001 - found below
            made: dict[int, bytes] = {}
            for delivery_id, each in wanted.items():
                try:
                    made |= await event_payloads.bodies(tx, self._context, payload, {delivery_id: each})
                except Exception:  # noqa: BLE001 - one order's bug must not keep others from being told
                    _log.exception("bug", delivery_id=delivery_id, order_id=each[0].order.order_id)
            return made

    def _call(self, subscription: Subscription, payload: PayloadFormat, delivery: Delivery, body: bytes | None) -> Call:
        async def call() -> Attempt:
            now = self._context.clock()
            if body is None:
                return Attempt(now, 0, Verdict.FAILED, error=UNREADABLE)
            return await self._webhooks.send(
                Message(
                    url=subscription.url,
                    message_id=message_id(delivery.event_id, delivery.topic),
                    body=body,
                    content_type=payload.content_type,
                    method=subscription.method,
                    headers=subscription.headers,
                    secrets=subscription.secrets_at(now),
                    timeout_s=self._context.settings.webhook_timeout_s,
                )
            )

        return call

    async def close(self) -> None:
        """See Channel."""
        await self._webhooks.close()


def open_channel(context: Context) -> WebhookChannel:
    """Open the channel; in a running event loop."""
    allowed = context.settings.webhook_private_allowed
    return WebhookChannel(context, Webhooks(private_allowed=allowed, clock=context.clock, connections=_CONNECTIONS))

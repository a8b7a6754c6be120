"""The channel of webhooks: which entries an endpoint wants, and each delivery as a signed request."""

from collections.abc import Mapping, Sequence

import structlog

from crossdock.core.delivery import Attempt, Verdict
from crossdock.core.endpoint import Subscription, message_id
from crossdock.delivery.webhook.sending import Message, Webhooks
from crossdock.delivery.worker import Call
from crossdock.flows import telling
from crossdock.flows.book import Book
from crossdock.flows.endpoints import subscription_of
from crossdock.flows.telling import UNREADABLE, Payload, Telling, own_name
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.log import Entry, Wanted
from crossdock.store.port import Transaction

_log = structlog.get_logger("crossdock.webhooks")
# Requests under way to all endpoints together; with the room of each, this many endpoints can be slow without slowing others.
_CONNECTIONS = 1_024


class WebhookChannel:
    """Tells endpoints by HTTP; see worker.Channel."""

    def __init__(self, book: Book, webhooks: Webhooks) -> None:
        self._book = book
        self._webhooks = webhooks
        self.room = book.settings.webhook_concurrency

    def wanted(self, endpoint: Endpoint) -> Wanted:
        """See Channel."""
        subscription = subscription_of(endpoint)
        names: tuple[str, ...] = ()
        if subscription.topics and self._payload(subscription).topics is own_name:
            known = self._payload(subscription).known
            # Nothing known may be wanted; then nothing is, which no name at all would not say.
            names = tuple(name for name in known if subscription.wants(name)) or ("none",)
        return Wanted(names, subscription.doors, subscription.statuses)

    def topics(self, endpoint: Endpoint, entry: Entry) -> Sequence[str]:
        """See Channel."""
        subscription = subscription_of(endpoint)
        return [topic for topic in self._payload(subscription).topics(entry) if subscription.wants(topic)]

    def _payload(self, subscription: Subscription) -> Payload:
        return self._book.payloads[subscription.format]

    async def prepare(self, endpoint: Endpoint, taken: Sequence[Delivery]) -> list[tuple[Delivery, Call]]:
        """See Channel."""
        if not taken:
            return []
        subscription = subscription_of(endpoint)
        payload = self._payload(subscription)
        async with self._book.store.reading() as tx:
            _, told = await telling.tellings(tx, endpoint, [each for each in taken if each.payload is None])
            made = await self._bodies(tx, payload, {each.delivery_id: each.topic for each in taken}, told)
        return [
            (each, self._call(subscription, payload, each, each.payload or made.get(each.delivery_id)))
            for each in taken
        ]

    async def _bodies(
        self, tx: Transaction, payload: Payload, topics: Mapping[int, str], told: Mapping[int, Telling]
    ) -> dict[int, bytes]:
        """Make the bodies together; where one cannot be made, one by one, so that only that one fails."""
        wanted = {delivery_id: (each, topics[delivery_id]) for delivery_id, each in told.items()}
        try:
            return await telling.bodies(tx, self._book, payload, wanted)
        except Exception:  # noqa: BLE001 - found below
            made: dict[int, bytes] = {}
            for delivery_id, each in wanted.items():
                try:
                    made |= await telling.bodies(tx, self._book, payload, {delivery_id: each})
                except Exception:  # noqa: BLE001 - one order's bug must not keep others from being told
                    _log.exception("bug", delivery_id=delivery_id, order_id=each[0].order.order_id)
            return made

    def _call(self, subscription: Subscription, payload: Payload, delivery: Delivery, body: bytes | None) -> Call:
        async def call() -> Attempt:
            now = self._book.clock()
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
                    timeout_s=self._book.settings.webhook_timeout_s,
                )
            )

        return call

    async def close(self) -> None:
        """See Channel."""
        await self._webhooks.close()


def open_channel(book: Book) -> WebhookChannel:
    """Open the channel; in a running event loop."""
    allowed = book.settings.webhook_private_allowed
    return WebhookChannel(book, Webhooks(private_allowed=allowed, clock=book.clock, connections=_CONNECTIONS))

"""The e-mail channel: which events make a mail, and each delivery as a message; stored instead of sent without a server."""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import msgspec
import structlog
from msgspec import Struct

from crossdock.core.catalog.locations import Location
from crossdock.core.errors import Busy
from crossdock.core.orders.events import decode_event
from crossdock.core.retry_policy import Attempt, Verdict
from crossdock.flows import emails, event_payloads
from crossdock.flows.context import Context
from crossdock.flows.event_payloads import UNREADABLE, Notification
from crossdock.flows.measures import count_mail
from crossdock.notifications.email import compose, email_settings
from crossdock.notifications.email.email_settings import HOLD_REASONS, MailSettings
from crossdock.notifications.email.mail_kinds import KINDS_OF, UNCONDITIONAL_KINDS, kind_of
from crossdock.notifications.email.mime import MimeMessage
from crossdock.notifications.email.smtp import Mailer, Smtp
from crossdock.notifications.email.view import pickup_location
from crossdock.notifications.worker import failed_by_bug, wait_for_database
from crossdock.settings import Settings
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.emails import StoredMail
from crossdock.store.event_log import EventFilter, LogEntry

_log = structlog.get_logger("crossdock.emails")
_EVENT_NAMES = tuple(order_event.name for order_event in KINDS_OF)
# Sender of stored mails of organizations that have not set one; the domain is reserved for examples.
_PLACEHOLDER_SENDER = "orders@shop.example"
# Mails in flight for one organization, for each connection: one is sent, the next is claimed and rendered meanwhile.
_CAPACITY_OF_CONNECTION = 2
# Mails that are stored at a time.
_STORED_AT_ONCE = 16
# Processor time of one mail: rebuilding the order, rendering the template, storing or sending.
_COST_S = 0.003
# The answers of deliveries that sent no mail.
NOTHING_TO_SEND = "nothing to send: the order has no address, or wants no mails"
STORED = "stored: there is no mail server"


class OutgoingMail(Struct, frozen=True):
    """A composed mail with the notification it was made from."""

    message: MimeMessage
    notification: Notification
    kind: str


def settings_of(
    document: bytes, settings: Settings, *, brand: str = "", hold_reasons: tuple[str, ...] = ()
) -> MailSettings | None:
    """Return an organization's mail settings; None if there is a server, but nobody has set a sender.

    `hold_reasons` are those the doors add to the default ones.
    """
    if document != emails.NO_SETTINGS:
        return _decode(document, hold_reasons)
    if settings.mail_sender:
        return _with_hold_reasons(MailSettings(sender=settings.mail_sender, brand=brand), hold_reasons)
    return None if settings.smtp_host else _with_hold_reasons(placeholder_settings(brand), hold_reasons)


def placeholder_settings(brand: str) -> MailSettings:
    """Return settings for mails that are shown or stored, never sent, where no sender is set."""
    return MailSettings(sender=_PLACEHOLDER_SENDER, brand=brand)


@lru_cache(maxsize=1_000)
def _decode(document: bytes, hold_reasons: tuple[str, ...]) -> MailSettings:
    return _with_hold_reasons(email_settings.decode_settings(document), hold_reasons)


def _with_hold_reasons(settings: MailSettings, added: tuple[str, ...]) -> MailSettings:
    if settings.hold_reasons is not None or not added:
        return settings
    return msgspec.structs.replace(settings, hold_reasons=[*HOLD_REASONS, *added])


def consent_key(context: Context) -> bytes:
    """Derive the key that signs consent links; it is the same in every process of an installation."""
    return hmac.digest(context.access.key.encode(), b"consent", hashlib.sha256)


class MailChannel:
    """Delivers by e-mail; see worker.Channel. Without a `mailer` mails are stored."""

    def __init__(self, context: Context, mailer: Mailer | None) -> None:
        self._context = context
        self._mailer = mailer
        self._key = consent_key(context)
        self._to_store: list[StoredMail] = []
        self._storing: asyncio.Task[None] | None = None
        connections = context.settings.smtp_connections
        self.capacity = _CAPACITY_OF_CONNECTION * connections if mailer else _STORED_AT_ONCE
        self.share = 5 * self.capacity  # no limit: an organization has one endpoint for mails
        self.cost_s = _COST_S

    def event_filter(self, endpoint: Endpoint) -> EventFilter:
        """Narrow the feed to events that make mails."""
        return EventFilter(_EVENT_NAMES)

    def topics(self, endpoint: Endpoint, entry: LogEntry) -> Sequence[str]:
        """Name the delivery of an event after its kind of mail, if the organization's settings allow it."""
        settings = self._settings(endpoint)
        if settings is None or not settings.enabled or entry.event.name not in _EVENT_NAMES:
            return ()
        kind = UNCONDITIONAL_KINDS.get(entry.event.name) or kind_of(decode_event(entry.event), settings)
        return () if kind is None or kind in settings.kinds_off else (f"mail.{kind}",)

    def _settings(self, endpoint: Endpoint, *, brand: str = "") -> MailSettings | None:
        return settings_of(
            endpoint.document, self._context.settings, brand=brand, hold_reasons=self._context.customer_hold_reasons
        )

    async def render(
        self, endpoint: Endpoint, claimed: Sequence[Delivery]
    ) -> list[tuple[Delivery, OutgoingMail | Attempt]]:
        """Compose the mail of each delivery; one that makes none, or cannot be composed, is an attempt with that outcome."""
        if not claimed:
            return []
        async with self._context.store.reading() as tx:
            organization, found = await event_payloads.notifications(tx, endpoint, claimed)
            notifications = {key: each for key, each in found.items() if isinstance(each, Notification)}
            orders = [each.order for each in notifications.values()]
            sent = await emails.sent_documents(tx, organization.organization_id, orders)
            codes = {code for each in notifications.values() if (code := pickup_location(each.order_event))}
            places = await emails.locations_of(tx, organization.organization_id, codes)
        settings = self._settings(endpoint, brand=organization.name)
        rendered = []
        for delivery in claimed:
            notification = notifications.get(delivery.delivery_id)
            if settings is not None and settings.templates:  # may take up to MAX_SECONDS of sandbox.py
                mail = await asyncio.to_thread(self._render_one, settings, delivery, notification, sent, places)
            else:
                mail = self._render_one(settings, delivery, notification, sent, places)
                await asyncio.sleep(0)  # requests are served between two mails
            rendered.append((delivery, mail))
        return rendered

    def _render_one(
        self,
        settings: MailSettings | None,
        delivery: Delivery,
        notification: Notification | None,
        sent: dict[int, bytes],
        places: dict[str, Location],
    ) -> OutgoingMail | Attempt:
        now = self._context.clock()
        if notification is None:
            return Attempt(now, 0, Verdict.FAILED, error=UNREADABLE)
        if settings is None:
            return Attempt(now, 0, Verdict.REJECTED, error="no sender is set for this organization's mails")
        try:
            message = self._compose(settings, notification, sent, places, now)
        except Exception as bug:  # noqa: BLE001 - a mail that cannot be composed must not stop others
            _log.exception("bug", delivery_id=delivery.delivery_id, order_id=delivery.order_id)
            return failed_by_bug(bug, now, self._context.clock())
        if isinstance(message, Attempt):
            return message
        if message is None:
            count_mail(delivery.topic.removeprefix("mail."), "not_needed")
            return Attempt(now, 0, Verdict.DELIVERED, answer=NOTHING_TO_SEND)
        return OutgoingMail(message, notification, delivery.topic.removeprefix("mail."))

    def _compose(
        self,
        settings: MailSettings,
        notification: Notification,
        sent: dict[int, bytes],
        places: dict[str, Location],
        now: int,
    ) -> MimeMessage | Attempt | None:
        return compose.compose_email(
            notification.entry.event,
            notification.order_event,
            notification.order,
            settings,
            now_us=now,
            opted_out=not notification.order.content.notify,
            sent=sent.get(notification.order.source.submission_id),
            place=places.get(pickup_location(notification.order_event) or ""),
            consent_key=self._key,
            public_url=self._context.settings.public_url,
        )

    async def send(self, mail: OutgoingMail) -> Attempt:
        """Send a mail, or store it if there is no server."""
        if self._mailer is None:
            attempt = await self._store(mail)
            count_mail(mail.kind, "stored")
        else:
            attempt = await self._mailer.send(mail.message.raw, mail.message.sender, mail.message.recipient)
            count_mail(mail.kind, "sent" if attempt.verdict is Verdict.DELIVERED else str(attempt.verdict))
        return attempt

    async def _store(self, mail: OutgoingMail) -> Attempt:
        """Store a mail, in one transaction with others that are stored at the same time."""
        began, event, message = self._context.clock(), mail.notification.entry.event, mail.message
        self._to_store.append(
            StoredMail(
                event.organization_id, event.event_id, event.aggregate_id, mail.kind, message.recipient, message.subject,
                event.at, message.raw,
            )
        )  # fmt: skip
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_all())
        await asyncio.shield(self._storing)
        took_ms = (self._context.clock() - began) // 1000
        return Attempt(began, took_ms, Verdict.DELIVERED, answer=STORED)

    async def _store_all(self) -> None:
        await asyncio.sleep(0)  # other mails of the same batch are added first
        mails, self._to_store, self._storing = self._to_store, [], None
        while True:
            try:
                await emails.store(self._context, mails)
            except Busy as busy:  # no attempt has failed: the mails only wait for the database, as their outcome would
                await wait_for_database(busy)
            else:
                return

    async def close(self) -> None:
        """Close connections."""
        if self._mailer is not None:
            await self._mailer.close()


def open_channel(context: Context) -> MailChannel:
    """Open the channel; in a running event loop. Raises ValueError if the file of certificates cannot be read."""
    settings = context.settings
    if not settings.smtp_host:
        return MailChannel(context, None)
    smtp = Smtp(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password,
        tls=msgspec.convert(settings.smtp_tls, Literal["none", "starttls", "tls"]),
        connections=settings.smtp_connections,
        timeout_s=settings.smtp_timeout_s,
        ca_file=settings.smtp_ca_file,
    )
    return MailChannel(context, Mailer(smtp))

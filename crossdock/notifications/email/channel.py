"""The channel of mails: which entries make one, and each as a letter that is sent, or kept where there is no server."""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from crossdock.core.orders.events import Held, decode_event
from crossdock.core.retry_policy import Attempt, Verdict
from crossdock.flows import emails, event_payloads
from crossdock.flows.context import Context
from crossdock.flows.event_payloads import UNREADABLE, Notification
from crossdock.notifications.email import compose, email_settings
from crossdock.notifications.email.email_settings import MailSettings
from crossdock.notifications.email.mail_kinds import KIND_OF, Kind, asked_of_customer
from crossdock.notifications.email.mime import Letter
from crossdock.notifications.email.smtp import Mailer, Smtp
from crossdock.notifications.worker import Call
from crossdock.settings import Settings
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.emails import StoredMail
from crossdock.store.event_log import EventFilter, LogEntry

_NAMES = tuple(order_event.name for order_event in KIND_OF)
_KIND_OF_NAME = {order_event.name: kind for order_event, kind in KIND_OF.items()}
# The sender of kept mails where nobody said who sends them; a name that is reserved for examples.
_NOBODY = "orders@shop.example"
# Mails under way for one organization: each is a millisecond of work, and the server's own requests have to get their turns.
_ROOM = 8


def settings_of(document: bytes, settings: Settings, *, brand: str = "") -> MailSettings | None:
    """Read what an organization says about its mails; None where nobody said who sends them and they would really be sent."""
    if document != emails.NO_SETTINGS:
        return _decoded(document)
    if settings.mail_sender:
        return MailSettings(sender=settings.mail_sender, brand=brand)
    return None if settings.smtp_host else placeholder_settings(brand)


def placeholder_settings(brand: str) -> MailSettings:
    """Give settings for what is shown or kept, and never sent, where nobody said who sends it."""
    return MailSettings(sender=_NOBODY, brand=brand)


@lru_cache(maxsize=1_000)
def _decoded(document: bytes) -> MailSettings:
    return email_settings.decode_settings(document)


def consent_key(context: Context) -> bytes:
    """Give the key that signs links to the page of consent: every process of a book has the same."""
    return hmac.digest(context.access.key.encode(), b"consent", hashlib.sha256)


class MailChannel:
    """Tells customers by mail; see worker.Channel. Without a `mailer` mails are kept."""

    def __init__(self, context: Context, mailer: Mailer | None) -> None:
        self._context = context
        self._mailer = mailer
        self._key = consent_key(context)
        self._keeping: list[StoredMail] = []
        self._keeper: asyncio.Task[None] | None = None
        self.capacity = _ROOM

    def wanted(self, endpoint: Endpoint) -> EventFilter:
        """See Channel."""
        return EventFilter(_NAMES)

    def topics(self, endpoint: Endpoint, entry: LogEntry) -> Sequence[str]:
        """See Channel; a delivery is named for its mail."""
        said = settings_of(endpoint.document, self._context.settings)
        kind = _KIND_OF_NAME.get(entry.event.name)
        if kind is None or said is None or not said.enabled or kind in said.kinds_off:
            return ()
        if kind is Kind.HOLD:
            order_event = decode_event(entry.event)
            if isinstance(order_event, Held) and not asked_of_customer(order_event, said):
                return ()
        return (f"mail.{kind}",)

    async def prepare(self, endpoint: Endpoint, taken: Sequence[Delivery]) -> list[tuple[Delivery, Call]]:
        """See Channel."""
        if not taken:
            return []
        async with self._context.store.reading() as tx:
            organization_, told = await event_payloads.notifications(tx, endpoint, taken)
        said = settings_of(endpoint.document, self._context.settings, brand=organization_.name)
        return [(each, self._call(said, each, told.get(each.delivery_id))) for each in taken]

    def _call(self, said: MailSettings | None, delivery: Delivery, told: Notification | None) -> Call:
        async def call() -> Attempt:
            now = self._context.clock()
            if told is None:
                return Attempt(now, 0, Verdict.FAILED, error=UNREADABLE)
            if said is None:
                return Attempt(now, 0, Verdict.REJECTED, error="nobody said who sends this organization's mails")
            made = self._letter(said, told, now)
            if isinstance(made, Attempt):
                return made
            if self._mailer is not None:
                return await self._mailer.send(made.raw, made.sender, made.recipient)
            return await self._kept(delivery, told, made)

        return call

    def _letter(self, said: MailSettings, told: Notification, now: int) -> Letter | Attempt:
        made = compose.compose_email(
            told.entry.event,
            told.order_event,
            told.order,
            said,
            now_us=now,
            opted_out=not told.order.content.notify,
            consent_key=self._key,
            public_url=self._context.settings.public_url,
        )
        if made is None:
            return Attempt(
                now, 0, Verdict.DELIVERED, answer="nothing to send: the order has no address, or wants no mails"
            )
        return made

    async def _kept(self, delivery: Delivery, told: Notification, letter: Letter) -> Attempt:
        """Keep a mail, together with others that are kept at the same time."""
        began, event = self._context.clock(), told.entry.event
        kind = delivery.topic.removeprefix("mail.")
        self._keeping.append(
            StoredMail(
                event.organization_id, event.event_id, event.aggregate_id, kind, letter.recipient, letter.subject, event.at,
                letter.raw,
            )
        )  # fmt: skip
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())
        await asyncio.shield(self._keeper)
        took_ms = (self._context.clock() - began) // 1000
        return Attempt(began, took_ms, Verdict.DELIVERED, answer="kept: there is no mail server")

    async def _keep(self) -> None:
        await asyncio.sleep(0)  # others of the same turn come too
        kept, self._keeping, self._keeper = self._keeping, [], None
        await emails.store(self._context, kept)

    async def close(self) -> None:
        """See Channel."""
        if self._mailer is not None:
            await self._mailer.close()


def open_channel(context: Context) -> MailChannel:
    """Open the channel; in a running event loop. Raises ValueError where the file of certificates cannot be read."""
    given = context.settings
    if not given.smtp_host:
        return MailChannel(context, None)
    smtp = Smtp(
        host=given.smtp_host,
        port=given.smtp_port,
        user=given.smtp_user,
        password=given.smtp_password,
        tls=msgspec.convert(given.smtp_tls, Literal["none", "starttls", "tls"]),
        timeout_s=given.smtp_timeout_s,
        ca_file=given.smtp_ca_file,
    )
    return MailChannel(context, Mailer(smtp))

"""The channel of mails: which entries make one, and each as a letter that is sent, or kept where there is no server."""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from crossdock.core.delivery import Attempt, Verdict
from crossdock.core.events import Held, fact_of
from crossdock.delivery.email import letters, organization
from crossdock.delivery.email.content import KIND_OF, Kind, asked_of_customer
from crossdock.delivery.email.message import Letter
from crossdock.delivery.email.organization import MailSettings
from crossdock.delivery.email.sending import Mailer, Smtp
from crossdock.delivery.worker import Call
from crossdock.flows import mails, telling
from crossdock.flows.book import Book
from crossdock.flows.telling import UNREADABLE, Telling
from crossdock.settings import Settings
from crossdock.store.deliveries import Delivery, Endpoint
from crossdock.store.log import Entry, Wanted
from crossdock.store.mails import KeptMail

_NAMES = tuple(fact.name for fact in KIND_OF)
_KIND_OF_NAME = {fact.name: kind for fact, kind in KIND_OF.items()}
# The sender of kept mails where nobody said who sends them; a name that is reserved for examples.
_NOBODY = "orders@shop.example"
# Mails under way for one organization: each is a millisecond of work, and the server's own requests have to get their turns.
_ROOM = 8


def settings_of(document: bytes, settings: Settings, *, brand: str = "") -> MailSettings | None:
    """Read what an organization says about its mails; None where nobody said who sends them and they would really be sent."""
    if document != mails.UNSAID:
        return _decoded(document)
    if settings.mail_sender:
        return MailSettings(sender=settings.mail_sender, brand=brand)
    return None if settings.smtp_host else nobodys(brand)


def nobodys(brand: str) -> MailSettings:
    """Give settings for what is shown or kept, and never sent, where nobody said who sends it."""
    return MailSettings(sender=_NOBODY, brand=brand)


@lru_cache(maxsize=1_000)
def _decoded(document: bytes) -> MailSettings:
    return organization.decode(document)


def consent_key(book: Book) -> bytes:
    """Give the key that signs links to the page of consent: every process of a book has the same."""
    return hmac.digest(book.access.key.encode(), b"consent", hashlib.sha256)


class MailChannel:
    """Tells customers by mail; see worker.Channel. Without a `mailer` mails are kept."""

    def __init__(self, book: Book, mailer: Mailer | None) -> None:
        self._book = book
        self._mailer = mailer
        self._key = consent_key(book)
        self._keeping: list[KeptMail] = []
        self._keeper: asyncio.Task[None] | None = None
        self.room = _ROOM

    def wanted(self, endpoint: Endpoint) -> Wanted:
        """See Channel."""
        return Wanted(_NAMES)

    def topics(self, endpoint: Endpoint, entry: Entry) -> Sequence[str]:
        """See Channel; a delivery is named for its mail."""
        said = settings_of(endpoint.document, self._book.settings)
        kind = _KIND_OF_NAME.get(entry.event.name)
        if kind is None or said is None or not said.enabled or kind in said.kinds_off:
            return ()
        if kind is Kind.HOLD:
            fact = fact_of(entry.event)
            if isinstance(fact, Held) and not asked_of_customer(fact, said):
                return ()
        return (f"mail.{kind}",)

    async def prepare(self, endpoint: Endpoint, taken: Sequence[Delivery]) -> list[tuple[Delivery, Call]]:
        """See Channel."""
        if not taken:
            return []
        async with self._book.store.reading() as tx:
            organization_, told = await telling.tellings(tx, endpoint, taken)
        said = settings_of(endpoint.document, self._book.settings, brand=organization_.name)
        return [(each, self._call(said, each, told.get(each.delivery_id))) for each in taken]

    def _call(self, said: MailSettings | None, delivery: Delivery, told: Telling | None) -> Call:
        async def call() -> Attempt:
            now = self._book.clock()
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

    def _letter(self, said: MailSettings, told: Telling, now: int) -> Letter | Attempt:
        made = letters.write(
            told.entry.event,
            told.fact,
            told.order,
            said,
            now_us=now,
            opted_out=not told.order.content.notify,
            consent_key=self._key,
            public_url=self._book.settings.public_url,
        )
        if made is None:
            return Attempt(
                now, 0, Verdict.DELIVERED, answer="nothing to send: the order has no address, or wants no mails"
            )
        return made

    async def _kept(self, delivery: Delivery, told: Telling, letter: Letter) -> Attempt:
        """Keep a mail, together with others that are kept at the same time."""
        began, event = self._book.clock(), told.entry.event
        kind = delivery.topic.removeprefix("mail.")
        self._keeping.append(
            KeptMail(
                event.organization_id, event.event_id, event.order_id, kind, letter.recipient, letter.subject, event.at,
                letter.raw,
            )
        )  # fmt: skip
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())
        await asyncio.shield(self._keeper)
        took_ms = (self._book.clock() - began) // 1000
        return Attempt(began, took_ms, Verdict.DELIVERED, answer="kept: there is no mail server")

    async def _keep(self) -> None:
        await asyncio.sleep(0)  # others of the same turn come too
        kept, self._keeping, self._keeper = self._keeping, [], None
        await mails.keep(self._book, kept)

    async def close(self) -> None:
        """See Channel."""
        if self._mailer is not None:
            await self._mailer.close()


def open_channel(book: Book) -> MailChannel:
    """Open the channel; in a running event loop. Raises ValueError where the file of certificates cannot be read."""
    given = book.settings
    if not given.smtp_host:
        return MailChannel(book, None)
    smtp = Smtp(
        host=given.smtp_host,
        port=given.smtp_port,
        user=given.smtp_user,
        password=given.smtp_password,
        tls=msgspec.convert(given.smtp_tls, Literal["none", "starttls", "tls"]),
        timeout_s=given.smtp_timeout_s,
        ca_file=given.smtp_ca_file,
    )
    return MailChannel(book, Mailer(smtp))

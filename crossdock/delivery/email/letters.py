"""From an event to a mail that can be sent, in one call: what whoever works off deliveries needs besides sending."""

from datetime import datetime, time, timedelta

from crossdock.core.delivery import Attempt, Verdict
from crossdock.core.events import Backordered, Event, Fact
from crossdock.core.order import Order
from crossdock.delivery.email.addresses import Unmailable
from crossdock.delivery.email.consent import Consent, consent_url, make_token
from crossdock.delivery.email.content import mail_for, recipient_of
from crossdock.delivery.email.formatting import read_day, zone
from crossdock.delivery.email.languages import choose_language
from crossdock.delivery.email.message import Letter, compose
from crossdock.delivery.email.organization import MailSettings
from crossdock.delivery.email.rendering import render
from crossdock.delivery.email.view import customer_name


def write(
    event: Event,
    fact: Fact,
    order: Order,
    settings: MailSettings,
    *,
    now_us: int,
    opted_out: bool = False,
    said_language: str | None = None,
    consent_key: bytes = b"",
    public_url: str = "",
) -> Letter | Attempt | None:
    """Make the mail of an event; `order` is the order as of it. None where the event makes none.

    An Attempt (REJECTED, at `now_us`, microseconds since 1970 UTC) where the address can never be mailed to. `opted_out` says
    that this order wants no mails, `said_language` which language its sender's document names. Without a `consent_key` and an
    address customers reach this server at (the organization's, else `public_url`), a mail that asks for consent has no link.
    """
    kind = mail_for(fact, order, settings, opted_out=opted_out)
    recipient = recipient_of(order)
    if kind is None or recipient is None:
        return None
    language = choose_language(order, settings, said=said_language)
    url = _consent_url(event, fact, settings, consent_key, settings.public_url or public_url)
    rendered = render(kind, fact, order, settings, language, consent_url=url)
    try:
        return compose(
            rendered, settings, language,
            event_id=event.event_id, at=event.at, recipient=recipient, name=customer_name(order.content),
        )  # fmt: skip
    except Unmailable as reason:
        return Attempt(now_us, 0, Verdict.REJECTED, error=f"the customer's e-mail address: {reason}")


def _consent_url(event: Event, fact: Fact, settings: MailSettings, key: bytes, public_url: str) -> str:
    if not (isinstance(fact, Backordered) and fact.consent_by and key and public_url):
        return ""
    expires_at = end_of_day(fact.consent_by, settings.time_zone)
    if expires_at is None:
        return ""
    token = make_token(key, Consent(event.organization_id, event.order_id, event.number, expires_at))
    return consent_url(public_url, token)


def end_of_day(said: str, time_zone: str) -> int | None:
    """Give when a day, as a sender wrote it, is over in a time zone: microseconds since 1970 UTC; None for what is no day."""
    found = read_day(said, time_zone)
    if found is None:
        return None
    try:
        over = datetime.combine(found + timedelta(days=1), time(), zone(time_zone))
        return int(over.timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        return None

"""From an event to a mail that can be sent, in one call: what whoever works off deliveries needs besides sending."""

from datetime import datetime, time, timedelta

from crossdock.core.events import Event
from crossdock.core.orders.events import Backordered, OrderEvent
from crossdock.core.orders.model import Order
from crossdock.core.retry_policy import Attempt, Verdict
from crossdock.notifications.email.addresses import InvalidRecipient
from crossdock.notifications.email.consent_link import Consent, consent_url, make_token
from crossdock.notifications.email.email_settings import MailSettings
from crossdock.notifications.email.formatting import read_day, zone
from crossdock.notifications.email.languages import choose_language
from crossdock.notifications.email.mail_kinds import mail_for, recipient_of
from crossdock.notifications.email.mime import Letter, compose
from crossdock.notifications.email.templating import render
from crossdock.notifications.email.view import customer_name


def compose_email(
    event: Event,
    order_event: OrderEvent,
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
    kind = mail_for(order_event, order, settings, opted_out=opted_out)
    recipient = recipient_of(order)
    if kind is None or recipient is None:
        return None
    language = choose_language(order, settings, said=said_language)
    url = _consent_url(event, order_event, settings, consent_key, settings.public_url or public_url)
    rendered = render(kind, order_event, order, settings, language, consent_url=url)
    try:
        return compose(
            rendered, settings, language,
            event_id=event.event_id, at=event.at, recipient=recipient, name=customer_name(order.content),
        )  # fmt: skip
    except InvalidRecipient as reason:
        return Attempt(now_us, 0, Verdict.REJECTED, error=f"the customer's e-mail address: {reason}")


def _consent_url(event: Event, order_event: OrderEvent, settings: MailSettings, key: bytes, public_url: str) -> str:
    if not (isinstance(order_event, Backordered) and order_event.consent_by and key and public_url):
        return ""
    expires_at = end_of_day(order_event.consent_by, settings.time_zone)
    if expires_at is None:
        return ""
    token = make_token(key, Consent(event.organization_id, event.aggregate_id, event.number, expires_at))
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

"""Compose the email of an event: everything a delivery needs but the sending."""

from datetime import datetime, time, timedelta

from crossdock.core.catalog.locations import Location
from crossdock.core.events import Event
from crossdock.core.orders.events import Backordered, OrderEvent
from crossdock.core.orders.model import Order
from crossdock.core.retry_policy import Attempt, Verdict
from crossdock.notifications.email.addresses import InvalidRecipient
from crossdock.notifications.email.consent_link import Consent, consent_url, make_token
from crossdock.notifications.email.email_settings import MailSettings
from crossdock.notifications.email.formatting import parse_day, time_zone
from crossdock.notifications.email.languages import choose_language
from crossdock.notifications.email.mail_kinds import mail_kind, recipient_of
from crossdock.notifications.email.mime import MimeMessage, build_message
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
    sent: bytes | None = None,
    place: Location | None = None,
    consent_key: bytes = b"",
    public_url: str = "",
) -> MimeMessage | Attempt | None:
    """Compose the mail of an event, or None if the event makes none. `order` is the order right after the event.

    Returns a REJECTED attempt, made at `now_us` (microseconds since 1970 UTC), if the address can never be mailed to.
    `opted_out`: the order wants no mails. `sent`: the sender's document of an unedited order, see choose_language. `place`: the
    location of a pickup. A mail that asks for consent has a link only with a `consent_key` and a public address (the
    organization's, else `public_url`).
    """
    kind = mail_kind(order_event, order, settings, opted_out=opted_out)
    recipient = recipient_of(order)
    if kind is None or recipient is None:
        return None
    language = choose_language(order, settings, sent=sent)
    url = _consent_url(event, order_event, settings, consent_key, settings.public_url or public_url)
    rendered = render(kind, order_event, order, settings, language, consent_url=url, place=place)
    try:
        return build_message(
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


def end_of_day(day: str, zone: str) -> int | None:
    """Return when a day, as a sender wrote it, ends in a time zone: microseconds since 1970 UTC; None if it is not a day."""
    parsed = parse_day(day, zone)
    if parsed is None:
        return None
    try:
        end = datetime.combine(parsed + timedelta(days=1), time(), time_zone(zone))
        return int(end.timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        return None

"""The mail of a delivery as people read it: the stored copy, else composed again from its event."""

from email import message_from_bytes, policy
from email.message import EmailMessage

from msgspec import Struct

from crossdock.core.errors import NotFound
from crossdock.core.retry_policy import Attempt
from crossdock.flows import emails
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.notifications.email.channel import MailChannel
from crossdock.store.deliveries import Delivery, Endpoint


class SentMail(Struct, frozen=True):
    """A mail in its parts. `is_stored`: it is the copy that was stored; else the mail as the present settings compose it."""

    subject: str
    sender: str
    recipient: str
    date: str
    message_id: str
    text: str
    html: str
    is_stored: bool


async def sent_mail(context: Context, caller: Caller, endpoint: Endpoint, delivery: Delivery) -> SentMail | str:
    """Return the mail of a delivery, or the reason why there is none."""
    try:
        stored = await emails.get(context, caller, mail_id=delivery.event_id)
    except NotFound:
        ((_, composed),) = await MailChannel(context, None).render(endpoint, [delivery])
        if isinstance(composed, Attempt):
            return composed.error or composed.answer
        return parse_mail(composed.message.raw, is_stored=False)
    return parse_mail(stored.message, is_stored=True)


def parse_mail(raw: bytes, *, is_stored: bool) -> SentMail:
    """Take a message (RFC 5322) apart."""
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    header = {name: str(message.get(name, "")) for name in ("Subject", "From", "To", "Date", "Message-ID")}
    return SentMail(
        header["Subject"], header["From"], header["To"], header["Date"], header["Message-ID"], _part(message, "plain"),
        _part(message, "html"), is_stored,
    )  # fmt: skip


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    if body is None:
        return ""
    content = body.get_content()
    return content if isinstance(content, str) else ""

"""Previews of mails: any kind in any language, made from the built-in sample order."""

from crossdock.notifications.email.email_settings import Language, MailSettings
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.samples import CONSENT_URL, PLACE, samples
from crossdock.notifications.email.templating import render


def preview(kind: Kind, language: Language, settings: MailSettings) -> tuple[str, str, str]:
    """Return subject, HTML and plain text of a kind of mail as an organization's customers would see it."""
    order_event, order = next(samples(kind, language))
    rendered = render(kind, order_event, order, settings, language, consent_url=CONSENT_URL, place=PLACE)
    return rendered.subject, rendered.html, rendered.text

"""Shows mails before there is an order: any kind in any language, from the built-in sample."""

from crossdock.delivery.email.content import Kind
from crossdock.delivery.email.organization import Language, MailSettings
from crossdock.delivery.email.rendering import render
from crossdock.delivery.email.samples import CONSENT_URL, samples


def preview(kind: Kind, language: Language, settings: MailSettings) -> tuple[str, str, str]:
    """Give subject, HTML and plain text of a kind of mail as an organization's customers would see it."""
    fact, order = next(samples(kind, language))
    made = render(kind, fact, order, settings, language, consent_url=CONSENT_URL)
    return made.subject, made.html, made.text

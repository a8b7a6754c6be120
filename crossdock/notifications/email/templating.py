"""Makes the subject, the HTML and the plain text of a mail from what it shows."""

from typing import Any

import msgspec
import structlog
from jinja2 import Template, TemplateError
from markupsafe import Markup
from msgspec import Struct

from crossdock.core.orders.events import OrderEvent
from crossdock.core.orders.model import Order
from crossdock.notifications.email.email_settings import Language, MailSettings
from crossdock.notifications.email.languages import say
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.sandbox import built_in, compiled
from crossdock.notifications.email.structured_data import markup_of
from crossdock.notifications.email.view import View, view_of

_LOG = structlog.get_logger()
SUBJECT_CHARACTERS = 200
VARIABLES = frozenset({*View.__struct_fields__, "subject", "markup"})


class Rendered(Struct, frozen=True):
    """A mail's three texts. The subject is one line."""

    subject: str
    html: str
    text: str


def render(
    kind: Kind,
    order_event: OrderEvent,
    order: Order,
    settings: MailSettings,
    language: Language,
    *,
    consent_url: str = "",
) -> Rendered:
    """Make a mail's texts, with the organization's own templates where it has them.

    One of those that fails all the same is passed over for the built-in one: the customer is told in any case.
    """
    try:
        return attempt(kind, order_event, order, settings, language, consent_url=consent_url)
    except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        if not settings.templates:
            raise
        _LOG.warning("mail template failed", kind=str(kind), language=language, error=type(error).__name__)
        plain = msgspec.structs.replace(settings, templates={})
        return attempt(kind, order_event, order, plain, language, consent_url=consent_url)


def attempt(
    kind: Kind,
    order_event: OrderEvent,
    order: Order,
    settings: MailSettings,
    language: Language,
    *,
    consent_url: str = "",
) -> Rendered:
    """As `render`, but raises what an organization's own template raises."""
    view = view_of(kind, order_event, order, settings, language, consent_url=consent_url)
    override = settings.override(kind, language)
    variables: dict[str, Any] = {name: getattr(view, name) for name in View.__struct_fields__}
    variables["markup"] = ""
    variables["subject"] = ""
    if override.subject is None:
        subject = _subject(view, language)
    else:
        subject = compiled(override.subject, language, is_html=False).render(variables)
    variables["subject"] = " ".join(subject.split())[:SUBJECT_CHARACTERS]
    text = _template(kind, override.text, language, is_html=False).render(variables)
    variables["markup"] = Markup(markup_of(order_event, order, settings, language))  # escaped for where it stands
    html = _template(kind, override.html, language, is_html=True).render(variables)
    return Rendered(variables["subject"], html, text.strip() + "\n")


def _subject(view: View, language: Language) -> str:
    key = f"{view.kind}.subject_part" if view.is_part else f"{view.kind}.subject"
    return say(language, key, number=view.number)


def _template(kind: Kind, source: str | None, language: Language, *, is_html: bool) -> Template:
    if source is not None:
        return compiled(source, language, is_html=is_html)
    return built_in(f"{kind}.html" if is_html else f"{kind}.txt", language)

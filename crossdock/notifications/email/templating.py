"""Render the subject, the HTML and the plain text of a mail."""

from typing import Any

import msgspec
import structlog
from jinja2 import TemplateError
from markupsafe import Markup
from msgspec import Struct

from crossdock.core.catalog.locations import Location
from crossdock.core.orders.events import OrderEvent
from crossdock.core.orders.model import Order
from crossdock.notifications.email.email_settings import Language, MailSettings
from crossdock.notifications.email.languages import translate
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.sandbox import Budget, built_in_template, compile_template, render_within
from crossdock.notifications.email.structured_data import structured_data
from crossdock.notifications.email.view import View, build_view

_log = structlog.get_logger("crossdock.emails")
MAX_SUBJECT_CHARACTERS = 200
VARIABLES = frozenset({*View.__struct_fields__, "subject", "markup"})


class Rendered(Struct, frozen=True):
    """The texts of a mail. The subject is one line."""

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
    place: Location | None = None,
) -> Rendered:
    """Render a mail, with the organization's own templates where it has them.

    If one of those fails, the built-in templates are used instead, so that the customer gets the mail in any case.
    """
    try:
        return render_strictly(kind, order_event, order, settings, language, consent_url=consent_url, place=place)
    except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        if not settings.templates:
            raise
        _log.warning("mail template failed", kind=str(kind), language=language, error=type(error).__name__)
        built_in_only = msgspec.structs.replace(settings, templates={})
        return render_strictly(kind, order_event, order, built_in_only, language, consent_url=consent_url, place=place)


def render_strictly(
    kind: Kind,
    order_event: OrderEvent,
    order: Order,
    settings: MailSettings,
    language: Language,
    *,
    consent_url: str = "",
    place: Location | None = None,
) -> Rendered:
    """As `render`, but an error in an organization's own template is raised."""
    view = build_view(kind, order_event, order, settings, language, consent_url=consent_url, place=place)
    override = settings.override(kind, language)
    variables: dict[str, Any] = {name: getattr(view, name) for name in View.__struct_fields__}
    variables["markup"] = ""
    variables["subject"] = ""
    budget = Budget()
    if override.subject is None:
        subject = _subject(view, language)
    else:
        subject = render_within(compile_template(override.subject, language, is_html=False), variables, budget)
    variables["subject"] = " ".join(subject.split())[:MAX_SUBJECT_CHARACTERS]
    text = _body(kind, override.text, language, variables, budget, is_html=False)
    variables["markup"] = Markup(structured_data(order_event, order, settings, language))  # escaped already
    html = _body(kind, override.html, language, variables, budget, is_html=True)
    return Rendered(variables["subject"], html, text.strip() + "\n")


def _subject(view: View, language: Language) -> str:
    variant = "_pickup" if view.is_pickup else "_part" if view.is_part else ""
    key = f"{view.kind}.subject{variant}"
    return translate(language, key, number=view.number)


def _body(
    kind: Kind, source: str | None, language: Language, variables: dict[str, Any], budget: Budget, *, is_html: bool
) -> str:
    if source is not None:
        return render_within(compile_template(source, language, is_html=is_html), variables, budget)
    return built_in_template(f"{kind}.html" if is_html else f"{kind}.txt", language).render(variables)

"""Validation of an organization's mail settings: the document's shape, and every template on every sample."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jinja2 import TemplateError

from crossdock.core.errors import Fault, Invalid
from crossdock.core.json.request_body import decode_body
from crossdock.notifications.email.email_settings import MailSettings, Override
from crossdock.notifications.email.languages import LANGUAGES
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.samples import CONSENT_URL, PLACE, samples
from crossdock.notifications.email.sandbox import static_faults
from crossdock.notifications.email.templating import VARIABLES, render_strictly

_KINDS = ", ".join(Kind)
# One at a time: compiling templates for 1 MiB takes seconds of processor time, whoever sends them.
_THREAD = ThreadPoolExecutor(1, "templates")


async def check_in_thread(document: bytes) -> tuple[Fault, ...]:
    """As `check`, while the event loop goes on."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, check, document)


def check(document: bytes) -> tuple[Fault, ...]:
    """Return every fault of a settings document with its path; none if it can be stored and used."""
    try:
        settings = decode_body(document, MailSettings, _unknown_in_settings)
    except Invalid as invalid:
        return invalid.faults
    return tuple(_template_faults(settings))


def _unknown_in_settings(tree: Any) -> Iterator[Fault]:
    if not isinstance(tree, dict):
        return
    yield from _unknown_members(tree, MailSettings.__struct_fields__, ())
    kinds_off = tree.get("kinds_off")
    for position, kind in enumerate(kinds_off if isinstance(kinds_off, list) else ()):
        if isinstance(kind, str) and kind not in set(Kind):
            yield Fault(("kinds_off", position), f"must be one of {_KINDS}")
    templates = tree.get("templates")
    if not isinstance(templates, dict):
        return
    yield from _unknown_members(templates, tuple(Kind), ("templates",))
    for kind, by_language in templates.items():
        if isinstance(by_language, dict):
            yield from _unknown_members(by_language, LANGUAGES, ("templates", kind))
            for language, override in by_language.items():
                if isinstance(override, dict):
                    yield from _unknown_members(override, Override.__struct_fields__, ("templates", kind, language))


def _unknown_members(members: dict[str, Any], known: tuple[str, ...], path: tuple[str, ...]) -> Iterator[Fault]:
    for name in members:
        if name not in known:
            yield Fault((*path, name), f"is not known here; there are {', '.join(known)}")


def _template_faults(settings: MailSettings) -> Iterator[Fault]:
    for kind in Kind:
        for language in LANGUAGES:
            override = settings.override(kind, language)
            for member in Override.__struct_fields__:
                source = getattr(override, member)
                if source is not None:
                    path = ("templates", str(kind), language, member)
                    yield from (Fault(path, reason) for reason in _faults_of(settings, kind, language, member, source))


def _faults_of(settings: MailSettings, kind: Kind, language: Any, member: str, source: str) -> list[str]:
    """Return the faults of one template: static ones, else the error on the first sample it fails on."""
    faults = static_faults(source, language, is_html=member == "html", known=VARIABLES)
    if faults:
        return faults
    only_this = MailSettings(
        sender=settings.sender,
        hold_reasons=["address", "payment", "customer"],
        templates={kind: {language: Override(**{member: source})}},
    )
    for order_event, order in samples(kind, language):
        try:
            rendered = render_strictly(
                kind, order_event, order, only_this, language, consent_url=CONSENT_URL, place=PLACE
            )
        except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
            return [f"fails on a sample: {error}"]
        if not getattr(rendered, member).strip():
            return ["must not render as empty"]
    return []

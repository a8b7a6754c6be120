"""The consent page behind the link in a mail about a delay: the customer waits or cancels. Belongs to no door."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from crossdock.core.errors import Busy, Refusal
from crossdock.flows import backorder_consent as consents
from crossdock.flows import emails
from crossdock.flows.context import Context

if TYPE_CHECKING:
    from crossdock.notifications.email.consent_link import Consent

_log = structlog.get_logger("crossdock.consent")
# The page loads nothing from elsewhere, and no other page may show it in a frame.
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",  # the URL is the secret
    "cache-control": "no-store",
}
# Bytes of the form, which has one short field.
_MAX_BODY = 1_000


def routes(context: Context) -> list[Route]:
    """Return the page's routes; the modules that render it are imported by the first request."""

    async def handle(request: Request) -> Response:
        from crossdock.notifications.email import channel, consent_link

        consent = consent_link.read_token(
            channel.consent_key(context), request.path_params["token"], now_us=context.clock()
        )
        if consent is None:
            return _page(consent_link.gone_page("en"), 404)
        try:
            answer = await _posted_answer(request) if request.method == "POST" else None
            return await _answer_or_ask(context, consent, answer)
        except Refusal as refusal:  # answered or canceled since, or the database is unavailable
            _log.info("refused", code=str(refusal.code))
            return _page(consent_link.gone_page("en"), 503 if isinstance(refusal, Busy) else 409)

    return [Route("/consent/{token}", handle, methods=["GET", "POST"])]


async def _posted_answer(request: Request) -> str | None:
    """Read the answer of the form; None if it is not one of the two."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BODY:
            return None
    answer = parse_qs(body.decode("latin-1")).get("answer", [""])[0]
    return answer if answer in ("accept", "cancel") else None


async def _answer_or_ask(context: Context, consent: "Consent", answer: str | None) -> Response:
    """Record the answer if there is one; show the question, or thanks for the answer that stands."""
    from crossdock.notifications.email import channel, consent_link
    from crossdock.notifications.email.languages import choose_language
    from crossdock.notifications.email.mail_kinds import Kind
    from crossdock.notifications.email.view import build_view

    key: dict[str, Any] = {"order_id": consent.order_id, "number": consent.number}
    caller, notification, order_event, recorded = await consents.consent_request(
        context, consent.organization_id, **key
    )
    order = notification.order
    endpoint, _ = await emails.settings(context, caller)
    async with context.store.reading() as tx:
        sent = await emails.sent_documents(tx, caller.organization_id, [order])
    settings = channel.settings_of(endpoint.document, context.settings, brand=caller.organization.name)
    settings = settings or channel.placeholder_settings(caller.organization.name)
    language = choose_language(order, settings, sent=sent.get(order.source.submission_id))
    if answer is not None:
        recorded = await consents.answer(context, caller, **key, choice=answer)
    if recorded is None:
        view = build_view(Kind.DELAY, order_event, order, settings, language)
        return _page(consent_link.consent_page(language, view))
    thanks_for: consent_link.Answer = "accept" if recorded == "accept" else "cancel"
    return _page(consent_link.thanks_page(language, thanks_for, brand=settings.name))


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status_code=status, headers=_HEADERS)

"""The page behind the link in a mail about a delay: the customer says whether they will wait. Belongs to no door."""

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
# Nothing is loaded from elsewhere, and no other page may show this one in a frame.
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",  # the address is the secret
    "cache-control": "no-store",
}
# A form with one short member.
_MAX_BODY = 1_000


def routes(context: Context) -> list[Route]:
    """Give the page's routes; what makes the page is loaded when somebody asks for it."""

    async def answered(request: Request) -> Response:
        from crossdock.notifications.email import channel, consent_link

        token = consent_link.read_token(
            channel.consent_key(context), request.path_params["token"], now_us=context.clock()
        )
        if token is None:
            return _page(consent_link.gone_page("en"), 404)
        try:
            return await _answered(context, token, await _said(request) if request.method == "POST" else None)
        except Refusal as refusal:  # settled since, or the database is away
            _log.info("refused", code=str(refusal.code))
            return _page(consent_link.gone_page("en"), 503 if isinstance(refusal, Busy) else 409)

    return [Route("/consent/{token}", answered, methods=["GET", "POST"])]


async def _said(request: Request) -> str | None:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BODY:
            return None
    given = parse_qs(body.decode("latin-1")).get("answer", [""])[0]
    return given if given in ("accept", "cancel") else None


async def _answered(context: Context, token: "Consent", said: str | None) -> Response:
    """Show the question, or thank for the answer that stands."""
    from crossdock.notifications.email import channel, consent_link
    from crossdock.notifications.email.languages import choose_language
    from crossdock.notifications.email.mail_kinds import Kind
    from crossdock.notifications.email.view import view_of

    key: dict[str, Any] = {"order_id": token.order_id, "number": token.number}
    caller, told, order_event, known = await consents.consent_request(context, token.organization_id, **key)
    endpoint, _ = await emails.settings(context, caller)
    settings = channel.settings_of(endpoint.document, context.settings, brand=caller.organization.name)
    settings = settings or channel.placeholder_settings(caller.organization.name)
    language = choose_language(told.order, settings)
    if said is not None:
        known = await consents.answer(context, caller, **key, said=said)
    if known is None:
        return _page(
            consent_link.consent_page(language, view_of(Kind.DELAY, order_event, told.order, settings, language))
        )
    return _page(consent_link.thanks_page(language, "accept" if known == "accept" else "cancel", brand=settings.name))


def _page(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status_code=status, headers=_HEADERS)

"""The page behind the link in a mail about a delay: the customer says whether they will wait. Belongs to no door."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from crossdock.core.errors import Busy, Refusal
from crossdock.flows import consent as consents
from crossdock.flows import mails
from crossdock.flows.book import Book

if TYPE_CHECKING:
    from crossdock.delivery.email.consent import Consent

_log = structlog.get_logger("crossdock.consent")
# Nothing is loaded from elsewhere, and no other page may show this one in a frame.
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",  # the address is the secret
    "cache-control": "no-store",
}
# A form with one short member.
_BODY_MOST = 1_000


def routes(book: Book) -> list[Route]:
    """Give the page's routes; what makes the page is loaded when somebody asks for it."""

    async def answered(request: Request) -> Response:
        from crossdock.delivery.email import channel, consent

        token = consent.read_token(channel.consent_key(book), request.path_params["token"], now_us=book.clock())
        if token is None:
            return _page(consent.gone_page("en"), 404)
        try:
            return await _answered(book, token, await _said(request) if request.method == "POST" else None)
        except Refusal as refusal:  # settled since, or the database is away
            _log.info("refused", code=str(refusal.code))
            return _page(consent.gone_page("en"), 503 if isinstance(refusal, Busy) else 409)

    return [Route("/consent/{token}", answered, methods=["GET", "POST"])]


async def _said(request: Request) -> str | None:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _BODY_MOST:
            return None
    given = parse_qs(body.decode("latin-1")).get("answer", [""])[0]
    return given if given in ("accept", "cancel") else None


async def _answered(book: Book, token: "Consent", said: str | None) -> Response:
    """Show the question, or thank for the answer that stands."""
    from crossdock.delivery.email import channel, consent
    from crossdock.delivery.email.content import Kind
    from crossdock.delivery.email.languages import choose_language
    from crossdock.delivery.email.view import view_of

    key: dict[str, Any] = {"order_id": token.order_id, "number": token.number}
    caller, told, fact, known = await consents.asked(book, token.organization_id, **key)
    endpoint, _ = await mails.settings(book, caller)
    settings = channel.settings_of(endpoint.document, book.settings, brand=caller.organization.name)
    settings = settings or channel.nobodys(caller.organization.name)
    language = choose_language(told.order, settings)
    if said is not None:
        known = await consents.answer(book, caller, **key, said=said)
    if known is None:
        return _page(consent.consent_page(language, view_of(Kind.DELAY, fact, told.order, settings, language)))
    return _page(consent.thanks_page(language, "accept" if known == "accept" else "cancel", brand=settings.name))


def _page(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status_code=status, headers=_HEADERS)

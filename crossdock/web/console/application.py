"""Serves the console: finds the page, the session and the scope it needs, and answers refusals and bugs as pages."""

import random
import time
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from crossdock.core.errors import Busy, Code, Denied, NotFound, Refusal
from crossdock.doors import Door
from crossdock.flows import tracing
from crossdock.flows.access_recorder import kind_of
from crossdock.flows.context import Context
from crossdock.flows.intake import Intake
from crossdock.web import logs, metrics
from crossdock.web.cached_pages import CachedPages, Content
from crossdock.web.client_address import ClientAddresses
from crossdock.web.console import sessions
from crossdock.web.console.page import Page, PageRequest, Site, no_version, paths_of

_log = structlog.get_logger("crossdock.console")
_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_MAX_BODY = 2_000_000  # bytes of a form: a submission of the largest size that was corrected, encoded
_STATUS = {
    Code.NO_SCOPE: 403,
    Code.STALE_VERSION: 409,
    Code.TOO_LARGE: 413,
    Code.TOO_MANY_ATTEMPTS: 429,
    Code.RATE_LIMITED: 429,
}


def routes(context: Context, doors: Sequence[Door], intake: Intake, *, home: ASGIApp) -> list[Route]:
    """Return the routes of the console. `home` answers `/` for who is not signed in."""
    console = _Console(context, doors, intake, home)
    return [
        Route("/", console.first_page),
        Route("/console/static/{rest:path}", CachedPages(_static_files(), missing=lambda _: "none")),
        Route("/console", console.page),
        Route("/console/{rest:path}", console.page),
    ]


class _Console:
    """The ASGI applications of the console. Pages and templates are loaded by the first request."""

    def __init__(self, context: Context, doors: Sequence[Door], intake: Intake, home: ASGIApp) -> None:
        self._context, self._intake, self._home = context, intake, home
        self._doors = {door.name: door for door in doors}
        self._addresses = ClientAddresses(context.settings.trusted_proxies)
        self._pages: Any = None
        self._site: Site | None = None
        self.first_page = _Endpoint(self._serve_first)
        self.page = _Endpoint(self._serve)

    def _load(self) -> Site:
        if self._site is None:
            from crossdock.web.console.openid import Provider
            from crossdock.web.console.pages import all_pages
            from crossdock.web.console.rendering import Templates

            self._pages = _Router(all_pages())
            settings = self._context.settings
            base = (settings.public_url or settings.base_url).rstrip("/")
            provider = Provider(settings, self._context.access.key) if settings.oidc_issuer else None
            self._site = Site(self._context, self._intake, self._doors, Templates(), settings.demo, base, provider)
        return self._site

    async def _serve_first(self, scope: Scope, receive: Receive, send: Send) -> None:
        if sessions.SESSION not in Request(scope).cookies or scope["method"] not in ("GET", "HEAD"):
            await self._home(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        site = self._load()
        http = Request(scope, receive)
        request_id = random.randbytes(8).hex()
        page: Page | None = None
        request = PageRequest(site, http, None, b"")
        outcome = "ok"
        try:
            body = await _body(http)
            session = await sessions.read_session(self._context, http.cookies)
            page, scope["path_params"] = self._pages.find(scope["method"], scope["path"])
            request = PageRequest(site, http, session, body)
            request.address = self._addresses.of(scope)
            response = await self._answer(request, page)
        except Refusal as refusal:
            outcome = str(refusal.code)
            response = _refuse(request, refusal)
        except ClientDisconnect:  # nobody is there to be answered
            return
        except Exception:  # noqa: BLE001 - the last resort: a bug is logged, and the page says where
            outcome = "bug"
            _log.exception("bug", request_id=request_id, door="console", operation=page.operation if page else "none")
            response = request.render("error.html", status=500, refusal=None, request_id=request_id)
        response.headers["x-request-id"] = request_id
        await response(scope, receive, send)
        _record(request, page, response.status_code, outcome, request_id, time.perf_counter() - began)

    async def _answer(self, request: PageRequest, page: Page) -> Response:
        """Check who asks and what they may, then call the page's handler."""
        is_change = page.method == "POST"
        if is_change and not sessions.is_same_origin(request.http):
            raise Denied(Code.NO_SCOPE, "the request was not made by a page of this server", scope="same origin")
        if page.scope is not None:
            if request.session is None:
                return _to_sign_in(request)
            if is_change and not _has_csrf(request):
                raise Denied(Code.NO_SCOPE, "the form is of another session; load the page again", scope="form")
            request.caller.require(page.scope)
        if page.versioned and request.version is None:
            return no_version()
        return await page.handle(request)


class _Endpoint:
    """An ASGI application; Starlette takes an instance as it is, for all methods."""

    def __init__(self, serve: Any) -> None:
        self._serve = serve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._serve(scope, receive, send)


class _Router:
    """Finds pages by method and path."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._routes = [
            (Route(path, _Endpoint(None)), {page.method: page for page in some})
            for path, some in paths_of(pages).items()
        ]

    def find(self, method: str, path: str) -> tuple[Page, dict[str, str]]:
        """Return a page and the parameters in its path. Refuses with NotFound `no_route`, `no_method`."""
        path, is_known = path.rstrip("/") or "/", False
        for route, pages in self._routes:
            match = route.path_regex.match(path)
            if match is not None:
                page = pages.get("GET" if method == "HEAD" else method)
                if page is not None:
                    return page, match.groupdict()
                is_known = True
        if is_known:
            raise NotFound(Code.NO_METHOD, "this page does not take this method")
        raise NotFound(Code.NO_ROUTE, "there is no such page")


async def _body(request: Request) -> bytes:
    """Read the body of a form. Refuses with Invalid `too_large`."""
    from crossdock.core.errors import Invalid

    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > _MAX_BODY:
            raise Invalid(Code.TOO_LARGE, f"the form has more than {_MAX_BODY} bytes", limit=_MAX_BODY)
        parts.append(part)
    return b"".join(parts)


def _has_csrf(request: PageRequest) -> bool:
    import hmac

    given = request.form.get("csrf") or request.http.headers.get("x-csrf-token") or ""
    assert request.session is not None
    return hmac.compare_digest(given.encode(), request.session.csrf.encode())


def _to_sign_in(request: PageRequest) -> Response:
    """Send who is not signed in to the sign-in page, which leads back; tell a script that the session has ended."""
    if request.wants_json:
        return request.answer_json({"error": request.t("You are signed out. Sign in again.")}, status=401)
    from urllib.parse import quote, urlsplit

    url = request.http.url
    back = f"{url.path}?{url.query}" if url.query else url.path
    if request.http.method not in ("GET", "HEAD"):  # the address of a form may be no page: back to where it stood
        source = urlsplit(request.http.headers.get("referer", ""))
        is_own = source.netloc == request.http.headers.get("host") and source.path.startswith("/console/")
        back = (f"{source.path}?{source.query}" if source.query else source.path) if is_own else "/"

    return RedirectResponse(f"/console/sign-in?next={quote(back, safe='')}", 303)


def _refuse(request: PageRequest, refusal: Refusal) -> Response:
    """Answer a refusal as a page, or as JSON to a script."""
    status = _STATUS.get(refusal.code)
    if status is None:
        status = 404 if isinstance(refusal, NotFound) else 503 if isinstance(refusal, Busy) else 403
        status = 400 if not isinstance(refusal, NotFound | Busy | Denied) else status
    if request.wants_json:
        faults = [{"path": [*fault.path], "reason": fault.reason} for fault in refusal.faults]
        response = request.answer_json({"error": refusal.reason, "faults": faults}, status=status)
    else:
        response = request.render("error.html", status=status, refusal=refusal, request_id=None)
    wait_s = refusal.facts.get("retry_after_s", 1 if status == 503 else None)
    if wait_s is not None:
        response.headers["retry-after"] = str(wait_s)
    return response


def _record(
    request: PageRequest, page: Page | None, status: int, outcome: str, request_id: str, seconds: float
) -> None:
    operation = page.operation if page else "none"
    metrics.count("console", operation, status, outcome, seconds)
    caller = request.session.caller if request.session else None
    access_log = request.context.access_log
    if access_log.is_on and caller is not None and page is not None and not page.polled:
        access_log.record(
            caller, door="console", operation=operation, kind=kind_of(page.method, operation, None),
            address=request.address, order_id=request.order_id, params=request.params, status=status,
        )  # fmt: skip
    if tracing.is_on():
        tracing.describe_request(
            operation, door="console", outcome=outcome, request_id=request_id, order_id=request.order_id,
            organization_id=caller.organization_id if caller else None,
        )  # fmt: skip
    logs.request(
        request_id=request_id, organization=caller.organization_id if caller else None, client=None,
        person=caller.person_id if caller else None, address=request.address, door="console", operation=operation,
        order_id=request.order_id, status=status, outcome=outcome, ms=round(seconds * 1000, 2),
    )  # fmt: skip


@cache
def _static_files() -> dict[str, Any]:
    """Return the style sheet, scripts and icons by path."""
    folder = files("crossdock.web.console") / "static"

    def content(name: str, media_type: str) -> Any:
        return lambda: Content((folder / name).read_bytes(), media_type)

    names = sorted(each.name for each in folder.iterdir())
    found = {
        f"/console/static/{name}": content(name, media_type)
        for name in names
        if (media_type := _MEDIA_TYPES.get(f".{name.rpartition('.')[2]}"))
    }
    return found | {"none": lambda: Content(b"There is no such file\n", "text/plain; charset=utf-8", 404)}

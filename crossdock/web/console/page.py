"""What a page of the console is, and the request and response its handler works with."""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from crossdock.core.errors import Code, Invalid
from crossdock.doors import Door
from crossdock.flows.access import READ, Caller
from crossdock.flows.context import Context
from crossdock.flows.intake import Intake
from crossdock.web.console import sessions
from crossdock.web.console.formatting import ZONE_COOKIE, Formatter
from crossdock.web.console.translations import Translator, choose_language

if TYPE_CHECKING:
    from crossdock.web.console.openid import Provider

# A secret that the next page shows: loading that page again shows nothing and, above all, makes no other secret.
SHOWN_ONCE = "crossdock_shown"
# What is shown once on the next page, such as "The order is on hold."; as JSON in base64, because cookies are ASCII.
NOTICE = "crossdock_notice"
# Fields of a form; the largest one has some for each of 200 lines. More would block the server while they are read.
_MAX_FIELDS = 10_000


Shape = TypeVar("Shape")


class Notice(Struct, frozen=True):
    """A sentence about what was done. `kind` is done or failed; `undo_url` takes the form that undoes it."""

    text: str
    kind: str = "done"
    undo_url: str | None = None
    undo_fields: dict[str, str] = {}


class Templates(Protocol):
    """Renders templates; see rendering.Templates."""

    def response(self, request: "PageRequest", template: str, status: int, values: Mapping[str, Any]) -> Response:
        """Render a page."""

    def text(self, request: "PageRequest", template: str, values: Mapping[str, Any]) -> str:
        """Render a template as text."""


class Site(Struct, frozen=True):
    """What all pages share."""

    context: Context
    intake: Intake
    doors: Mapping[str, Door]
    templates: Templates
    is_demo: bool
    base: str  # the address of this server for clients
    provider: "Provider | None" = None  # of sign-in by OpenID Connect


class PageRequest:
    """One request of a page. `form` has the last value of each field, `form_lists` all of them."""

    def __init__(self, site: Site, request: Request, session: sessions.Session | None, body: bytes) -> None:
        self.site = site
        self.http = request
        self.context = site.context
        self.session = session
        self.body = body
        self.params: Mapping[str, str] = request.path_params
        self.query: dict[str, str] = dict(_without_nul(request.query_params.multi_items()))
        pairs = _form_pairs(body) if _is_form(request) else []
        self.form: dict[str, str] = dict(pairs)
        self.form_lists: dict[str, list[str]] = {}
        for name, value in pairs:
            self.form_lists.setdefault(name, []).append(value)
        cookies = request.cookies
        self.t = Translator(choose_language(cookies, request.headers.get("accept-language")))
        self.format = Formatter(self.t.language, cookies.get(ZONE_COOKIE, "UTC"), now=site.context.clock())
        self.order_id: int | None = None  # for the log line
        self.address: str | None = None  # the client's

    @property
    def caller(self) -> Caller:
        """Who is signed in. Only pages that are public have nobody."""
        assert self.session is not None, "the page is not public"
        return self.session.caller

    @property
    def version(self) -> int | None:
        """The version of what the form was made of; None where the form has none."""
        text = self.form.get("version", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

    @property
    def wants_json(self) -> bool:
        """Tell whether a script asks."""
        return "application/json" in self.http.headers.get("accept", "")

    def may(self, scope: str) -> bool:
        """Tell whether the person has a scope, to leave out what they cannot do; it is refused where it is done."""
        return self.session is not None and bool({scope, "admin"} & self.caller.scopes)

    def page_number(self, name: str, default: int, *, least: int = 1, most: int = 1_000) -> int:
        """Read a whole number of the query; the default for anything else."""
        text = self.query.get(name, "")
        return min(max(int(text), least), most) if text.isascii() and text.isdigit() and len(text) < 20 else default

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Render a template as the response."""
        return self.site.templates.response(self, template, status, values)

    def fragment(self, template: str, **values: Any) -> str:
        """Render a template as text, for a script that puts it in a page."""
        return self.site.templates.text(self, template, values)

    def answer_json(self, value: Any, *, status: int = 200) -> Response:
        """Answer a script."""
        return JSONResponse(value, status_code=status)

    def redirect(self, url: str, notice: Notice | str | None = None, *, failed: bool = False) -> Response:
        """Send the browser to another page of the console, which shows a notice."""
        response = RedirectResponse(local_url(url), status_code=303)
        if notice is not None:
            if isinstance(notice, str):
                notice = Notice(notice, "failed" if failed else "done")
            left = [notice.text[:1_000], notice.kind, notice.undo_url, notice.undo_fields]
            self._set_encoded(response, NOTICE, left)
        return response

    def redirect_to_secret(self, url: str, *secret: str) -> Response:
        """Send the browser to a page that shows a secret, and whatever belongs to it, once."""
        response = self.redirect(url)
        self._set_encoded(response, SHOWN_ONCE, [url, *secret])
        return response

    def secret(self, parts: int) -> list[str] | None:
        """Return the secret of so many parts that the form before has left for this page."""
        found = self._decoded(SHOWN_ONCE, list[str])
        return found[1:] if found and len(found) == 1 + parts and found[0] == self.http.url.path else None

    def _set_encoded(self, response: Response, name: str, value: Any) -> None:
        """Set a cookie for the next page: JSON as base64, because cookies are ASCII."""
        secure = sessions.is_secure(self.http, self.context)
        encoded = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
        sessions.set_cookie(response, name, encoded, secure=secure, max_age_s=60)

    def _decoded(self, name: str, shape: type[Shape]) -> Shape | None:
        """Read a cookie that the page before has set; None where there is none, or where somebody else wrote it."""
        try:
            return msgspec.json.decode(base64.urlsafe_b64decode(self.http.cookies.get(name, "")), type=shape)
        except (ValueError, RecursionError):  # anybody can write a cookie
            return None

    def notice(self) -> Notice | None:
        """Return the notice to show, if the page before left one."""
        found = self._decoded(NOTICE, tuple[str, str, str | None, dict[str, str]])
        if found is None:
            return None
        text, kind, undo_url, undo_fields = found
        undo_url = undo_url and local_url(undo_url)
        return Notice(text, "failed" if kind == "failed" else "done", undo_url, undo_fields)


Handler = Callable[[PageRequest], Awaitable[Response]]


class Page(Struct, frozen=True):
    """A page or an action: method, path (`{name}` is a parameter), handler, and the scope a person needs.

    `scope` None: public. `operation` names it in logs and metrics; `section` is the entry of the navigation it belongs to.
    The forms of a `versioned` action carry the version of what they were made of, so that nobody overwrites another's change.
    Scripts ask again and again for what is `polled`, while a page is open that is in the access log itself.
    """

    method: str
    path: str
    handle: Handler
    operation: str
    scope: str | None = READ
    section: str = ""
    versioned: bool = False
    polled: bool = False


def no_version() -> Response:
    """Refuse a form without a version, as plain text: no page of ours sends one, so a program reads the answer."""
    return PlainTextResponse("The form has no version. Load its page again, and send the form as it is there.\n", 400)


def local_url(url: str) -> str:
    """Return a path of this site; the first page for anything else, which could lead to another site."""
    is_local = url.startswith("/") and not url.startswith(("//", "/\\"))
    return url if is_local and url.isprintable() else "/"


def _without_nul(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Replace the character U+0000, which PostgreSQL stores in no text and nobody types."""
    return [(name.replace("\x00", "\ufffd"), value.replace("\x00", "\ufffd")) for name, value in pairs]


def _form_pairs(body: bytes) -> list[tuple[str, str]]:
    """Read the fields of a form. Refuses with Invalid `too_large` more than _MAX_FIELDS."""
    if body.count(b"&") >= _MAX_FIELDS:
        raise Invalid(Code.TOO_LARGE, f"the form has more than {_MAX_FIELDS} fields", limit=_MAX_FIELDS)
    return _without_nul(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def paths_of(pages: Sequence[Page]) -> dict[str, list[Page]]:
    """Group pages by path."""
    grouped: dict[str, list[Page]] = {}
    for page in pages:
        grouped.setdefault(page.path, []).append(page)
    return grouped

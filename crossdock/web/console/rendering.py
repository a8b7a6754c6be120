"""Renders the console's templates, with the values that every page has."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from crossdock import __version__
from crossdock.core.ids import to_base32
from crossdock.web.console import labels
from crossdock.web.console.navigation import SECTIONS
from crossdock.web.console.page import NOTICE, SHOWN_ONCE, PageRequest
from crossdock.web.console.translations import LANGUAGES, NAMES, TAGS

# Nothing is loaded from other servers, no script or style stands in a page, and no other page may show ours in a frame.
SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
THEME_COOKIE = "crossdock_theme"


class Templates:
    """The templates of the console."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("crossdock.web.console"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        self._environment.globals.update(
            version=__version__,
            languages=[(each, NAMES[each]) for each in LANGUAGES],
            sections=SECTIONS,
            order_id_of=to_base32,
        )
        self._environment.filters.update(
            status_label=labels.status_label,
            role=labels.role_label,
            door_label=labels.door_label,
            query=_query,
            code=_code,
        )

    def response(self, request: PageRequest, template: str, status: int, values: Mapping[str, Any]) -> Response:
        """Render a page."""
        notice = request.notice()
        response = HTMLResponse(self.text(request, template, {"notice": notice, **values}), status, headers=SECURITY)
        for name in (NOTICE, SHOWN_ONCE):  # shown now; also where somebody else wrote it
            if name in request.http.cookies:
                response.delete_cookie(name, path="/")
        return response

    def text(self, request: PageRequest, template: str, values: Mapping[str, Any]) -> str:
        """Render a template as text."""
        theme = request.http.cookies.get(THEME_COOKIE, "auto")
        return self._environment.get_template(template).render(
            {
                "request": request,
                "t": request.t,
                "plural": request.t.plural,
                "f": request.format,
                "lang": TAGS[request.t.language],
                "theme": theme if theme in ("light", "dark") else "auto",
                "caller": request.session.caller if request.session else None,
                "csrf": request.session.csrf if request.session else "",
                "can_write": request.may("orders:write"),
                "is_admin": request.may("admin"),
                "is_demo": request.site.is_demo,
                "path": request.http.url.path,
                "notice": None,
                **values,
            }
        )


def _query(values: Mapping[str, Any], **changes: Any) -> str:
    """Return a query string of values with changes; a value of None is left out. Starts with `?`, or is empty."""
    merged = {name: value for name, value in {**values, **changes}.items() if value not in (None, "")}
    return f"?{urlencode(merged, doseq=True)}" if merged else ""


def _code(text: str) -> Markup:
    """Render the parts of a text between backticks as code."""
    parts = str(escape(text)).split("`")
    return Markup("".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts)))

"""The location that a person works at: chosen once, remembered by a cookie."""

from urllib.parse import quote, unquote

from msgspec import Struct
from starlette.responses import Response

from crossdock.flows import locations
from crossdock.web.console import sessions
from crossdock.web.console.page import PageRequest

COOKIE = "crossdock_location"
ALL = "/"  # the value for all locations; no code has a slash
_MAX_LISTED = 500
_REMEMBERED_S = 365 * 86_400


class LocationChoice(Struct, frozen=True):
    """The locations to choose from, (code, label), and the code of the chosen one; None for all."""

    options: tuple[tuple[str, str], ...]
    code: str | None

    def remember(self, request: PageRequest, response: Response) -> Response:
        """Set the cookie where the request has chosen a location."""
        if "location" in request.query:
            secure = sessions.is_secure(request.http, request.context)
            sessions.set_cookie(response, COOKIE, quote(self.code or ALL), secure=secure, max_age_s=_REMEMBERED_S)
        return response


async def choose(request: PageRequest) -> LocationChoice:
    """Return the location of the query, else the remembered one, else the one that allocation prefers."""
    stored, _ = await locations.page(request.context, request.caller, limit=_MAX_LISTED)
    found = sorted((each.location for each in stored), key=lambda each: (not each.active, -each.priority, each.code))
    options = tuple((each.code, f"{each.code} · {each.name}" if each.name else each.code) for each in found)
    codes = [code for code, _ in options]
    wanted = request.query.get("location") or unquote(request.http.cookies.get(COOKIE, ""))
    code = None if wanted == ALL or not codes else wanted if wanted in codes else codes[0]
    return LocationChoice(options, code)

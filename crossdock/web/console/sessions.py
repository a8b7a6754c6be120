"""Sessions of the console: who is signed in, by cookies; the organization they look at; protection from forged requests.

The session cookie holds a token as `POST /login` issues it, so that disabling a user, a new password and revoking end sessions
as they end tokens. A second cookie names the organization, because a person may belong to several.
"""

import hashlib
import hmac
from collections.abc import Mapping

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from crossdock.core.errors import Denied
from crossdock.flows import access
from crossdock.flows.access import Caller
from crossdock.flows.context import Context

SESSION = "crossdock_session"
ORGANIZATION = "crossdock_organization"
LIFETIME_S = 12 * 3600  # a working day


class Session(Struct, frozen=True):
    """A person who is signed in, and the value that their forms must carry."""

    caller: Caller
    csrf: str


async def read_session(context: Context, cookies: Mapping[str, str]) -> Session | None:
    """Return the session that cookies stand for; None where there is none or it has ended."""
    token = cookies.get(SESSION)
    if not token:
        return None
    try:
        caller = await access.recognize(context, token=token, organization=cookies.get(ORGANIZATION) or None)
    except Denied:
        return None
    # Only people have pages; the token of an API client is not a session.
    return Session(caller, csrf_of(context, caller)) if caller.person_id is not None else None


def csrf_of(context: Context, caller: Caller) -> str:
    """Return the value that proves that a form comes from a page of this session and of the organization it looks at.

    So a form that was opened before the person switched to another organization changes nothing in the other one.
    """
    message = f"console-form:{caller.token_id}:{caller.organization_id}".encode()
    return hmac.new(context.access.key.encode(), message, hashlib.sha256).hexdigest()


def is_same_origin(request: Request) -> bool:
    """Check that a request that changes something was made by a page of this site, as browsers say it."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


def is_secure(request: Request, context: Context) -> bool:
    """Tell whether the browser reaches this server by HTTPS: then its cookies are sent by nothing else."""
    return request.url.scheme == "https" or context.settings.public_url.startswith("https://")


def set_cookie(response: Response, name: str, value: str, *, secure: bool, max_age_s: int = LIFETIME_S) -> None:
    """Set a cookie that scripts cannot read and that other sites' forms do not send."""
    response.set_cookie(name, value, max_age=max_age_s, path="/", secure=secure, httponly=True, samesite="lax")


def end_session(response: Response) -> None:
    """Delete the cookies of a session."""
    for name in (SESSION, ORGANIZATION):
        response.delete_cookie(name, path="/")

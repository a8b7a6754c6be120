"""Sign in and sign out."""

from typing import Any

import structlog
from starlette.responses import RedirectResponse, Response

from crossdock.core.errors import Busy, Code, Denied, NotFound
from crossdock.flows import access
from crossdock.store.tenants import Membership, Organization, Person
from crossdock.web.console import openid, sessions
from crossdock.web.console.page import Page, PageRequest, local_url

_log = structlog.get_logger("crossdock.console")
# As the demo's organization and its page of documentation have them; published, and refused by a server without --demo.
_DEMO = ("demo@example.com", "demo-password")


async def show(request: PageRequest) -> Response:
    """Show the form; who is signed in goes on."""
    next_url = local_url(request.query.get("next", "/"))
    if request.session is not None:
        return request.redirect(next_url)
    return _form(request, next_url)


async def sign_in(request: PageRequest) -> Response:
    """Sign in with e-mail and password."""
    email, password = request.form.get("email", "").strip(), request.form.get("password", "")
    return await _sign_in(request, email, password)


async def sign_in_to_demo(request: PageRequest) -> Response:
    """Sign in as the demo's user, where the server runs the demo."""
    if not request.site.is_demo:
        raise NotFound(Code.NO_ROUTE, "there is no such page")
    return await _sign_in(request, *_DEMO)


async def _sign_in(request: PageRequest, email: str, password: str) -> Response:
    next_url = local_url(request.form.get("next", "/"))

    def claims(_: Person) -> dict[str, Any]:
        return {"aud": "console"}

    try:
        grant, _, places = await access.sign_in(
            request.context, email=email, password=password, lifetime_s=sessions.LIFETIME_S, claims=claims,
            address=request.address,
        )  # fmt: skip
    except Denied:
        return _form(request, next_url, error=request.t("The e-mail address or the password is wrong."), email=email)
    except Busy as busy:
        if busy.code is not Code.TOO_MANY_ATTEMPTS:  # the database is away: that is nobody's attempt
            raise
        wait_s = int(str(busy.facts.get("retry_after_s", 1)))
        text = request.t.plural(
            wait_s,
            "Too many attempts. Try again in {n} second.",
            "Too many attempts. Try again in {n} seconds.",
        )
        return _form(request, next_url, error=text, email=email, status=429)
    return _started(request, grant.token, places, next_url)


async def go_to_provider(request: PageRequest) -> Response:
    """Send the browser to the OpenID Connect provider; by a link, because the policy of pages lets no form lead elsewhere."""
    provider = _provider(request)
    try:
        begun = await provider.begin(local_url(request.query.get("next", "/")))
    except Busy as busy:
        _log.warning("sign-in provider", reason=busy.reason)
        return _form(
            request, "/", error=request.t("The sign-in provider does not answer. Try again later."), status=503
        )
    response = RedirectResponse(begun.url, status_code=303)
    secure = sessions.is_secure(request.http, request.context)
    sessions.set_cookie(response, openid.COOKIE, begun.cookie, secure=secure, max_age_s=openid.COOKIE_S)
    return response


async def return_from_provider(request: PageRequest) -> Response:
    """Sign in a person whose e-mail address the provider has verified."""
    provider = _provider(request)
    cookie, query = request.http.cookies.get(openid.COOKIE, ""), request.query
    try:
        email, next_url = await provider.finish(cookie, state=query.get("state", ""), code=query.get("code", ""))
        grant, places = await access.sign_in_verified(
            request.context,
            email=email,
            lifetime_s=sessions.LIFETIME_S,
            claims={"aud": "console"},
            address=request.address,
        )
    except Denied as denied:
        _log.warning("sign-in provider", reason=denied.reason)
        text = request.t("The provider did not sign you in, or you are no user here. Ask an administrator.")
        return _form(request, "/", error=text)
    except Busy:
        return _form(
            request, "/", error=request.t("The sign-in provider does not answer. Try again later."), status=503
        )
    response = _started(request, grant.token, places, next_url)
    response.delete_cookie(openid.COOKIE, path="/")
    return response


def _provider(request: PageRequest) -> openid.Provider:
    if request.site.provider is None:
        raise NotFound(Code.NO_ROUTE, "there is no such page")
    return request.site.provider


def _started(
    request: PageRequest, token: str, places: list[tuple[Organization, Membership]], next_url: str
) -> Response:
    """Start a session, with the organization that the person looked at last, or their first."""
    if not places:
        return _form(request, next_url, error=request.t("You belong to no organization. Ask an administrator."))
    response = request.redirect(next_url)
    secure = sessions.is_secure(request.http, request.context)
    sessions.set_cookie(response, sessions.SESSION, token, secure=secure)
    known = request.http.cookies.get(sessions.ORGANIZATION)
    uuids = [organization.uuid for organization, _ in places]
    sessions.set_cookie(response, sessions.ORGANIZATION, known if known in uuids else uuids[0], secure=secure)
    return response


def _form(
    request: PageRequest, next_url: str, *, error: str | None = None, email: str = "", status: int | None = None
) -> Response:
    status = status or (200 if error is None else 403)
    return request.render("sign_in.html", status=status, next_url=next_url, error=error, email=email)


async def sign_out(request: PageRequest) -> Response:
    """End the session: its token is revoked, so that a copy of the cookie is worth nothing."""
    await access.revoke_token(request.context, request.caller)
    response = request.redirect("/console/sign-in")
    sessions.end_session(response)
    return response


PAGES = (
    Page("GET", "/console/sign-in", show, "showSignIn", None),
    Page("POST", "/console/sign-in", sign_in, "signIn", None),
    Page("POST", "/console/sign-in/demo", sign_in_to_demo, "signInToDemo", None),
    Page("GET", "/console/sign-in/provider", go_to_provider, "signInWithProvider", None),
    Page("GET", openid.CALLBACK, return_from_provider, "finishSignIn", None),
    Page("POST", "/console/sign-out", sign_out, "signOut", access.ANY),
)

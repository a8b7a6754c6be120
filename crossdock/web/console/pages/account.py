"""The person's own page: organization, language, theme, password."""

from starlette.responses import Response

from crossdock.core.errors import Busy, Code, Denied, NotFound
from crossdock.flows import access, tenants
from crossdock.web.console import sessions
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.rendering import THEME_COOKIE
from crossdock.web.console.translations import COOKIE, LANGUAGES

_YEAR_S = 365 * 24 * 3600
_SHORTEST_PASSWORD = 8  # NIST SP 800-63B
_LONGEST_PASSWORD = 1_000


async def show(request: PageRequest) -> Response:
    """Show the organizations of the person, and what they can set."""
    return await _page(request)


async def _page(request: PageRequest, *, faults: dict[str, str] | None = None, status: int = 200) -> Response:
    organizations = await tenants.organizations_of(request.context, email=request.caller.actor)
    return request.render("account.html", status=status, organizations=organizations, faults=faults or {})


async def choose_organization(request: PageRequest) -> Response:
    """Look at another organization of the person."""
    wanted = request.form.get("organization", "")
    organizations = await tenants.organizations_of(request.context, email=request.caller.actor)
    for organization, _ in organizations:
        if organization.uuid == wanted:
            text = request.t("You are looking at {name} now.", name=organization.name)
            response = request.redirect("/", text)
            secure = sessions.is_secure(request.http, request.context)
            sessions.set_cookie(response, sessions.ORGANIZATION, wanted, secure=secure)
            return response
    raise NotFound(Code.NOT_FOUND, "you belong to no such organization")


async def set_preferences(request: PageRequest) -> Response:
    """Set the language and the theme."""
    response = request.redirect(request.form.get("next", "/console/account"))
    secure = sessions.is_secure(request.http, request.context)
    language, theme = request.form.get("language"), request.form.get("theme")
    if language in LANGUAGES:
        sessions.set_cookie(response, COOKIE, str(language), secure=secure, max_age_s=_YEAR_S)
    if theme in ("auto", "light", "dark"):
        sessions.set_cookie(response, THEME_COOKIE, str(theme), secure=secure, max_age_s=_YEAR_S)
    return response


async def change_password(request: PageRequest) -> Response:
    """Change the person's password; every other session of theirs ends."""
    old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    faults: dict[str, str] = {}
    if not _SHORTEST_PASSWORD <= len(new) <= _LONGEST_PASSWORD:
        faults["new"] = request.t("The new password must have at least {n} characters.", n=_SHORTEST_PASSWORD)
    elif new != again:
        faults["again"] = request.t("This is not the same password.")
    if not faults:
        email = request.caller.actor
        signed_in = {"email": email, "lifetime_s": sessions.LIFETIME_S, "address": request.address}
        try:
            await access.sign_in(request.context, password=old, claims=lambda _: {}, **signed_in)  # type: ignore[arg-type]
        except Denied:
            faults["old"] = request.t("The password is wrong.")
        except Busy:
            faults["old"] = request.t("Too many attempts. Try again later.")
        else:
            await tenants.set_password(request.context, email=email, password=new)
            claims = {"aud": "console"}
            grant, _, _ = await access.sign_in(request.context, password=new, claims=lambda _: claims, **signed_in)  # type: ignore[arg-type]
            response = request.redirect("/console/account", request.t("The password is changed."))
            sessions.set_cookie(
                response, sessions.SESSION, grant.token, secure=sessions.is_secure(request.http, request.context)
            )
            return response
    return await _page(request, faults=faults, status=400)


PAGES = (
    Page("GET", "/console/account", show, "showAccount", access.ANY),
    Page("POST", "/console/account/organization", choose_organization, "chooseOrganization", access.ANY),
    Page("POST", "/console/account/preferences", set_preferences, "setPreferences", None),
    Page("POST", "/console/account/password", change_password, "changePassword", access.ANY),
)

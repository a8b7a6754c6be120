"""Users of the organization: who they are, their roles, and whether they may sign in."""

import secrets

from starlette.responses import Response

from crossdock.core.errors import Code, Conflict, NotFound
from crossdock.flows import tenants
from crossdock.flows.access import ADMIN, ROLES, role_of
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.pages.settings import SECTION, TABS

PATH = "/console/settings/users"
_LONGEST_EMAIL = 254  # RFC 5321


async def list_users(request: PageRequest) -> Response:
    """List the people of the organization."""
    return await _page(request)


async def _page(request: PageRequest, *, faults: dict[str, str] | None = None) -> Response:
    members = await tenants.members(request.context, request.caller.organization_id)
    users = [(person, role_of(membership.scopes.split())) for person, membership in members]
    return request.render(
        "settings_users.html", status=400 if faults else 200, section=SECTION, tabs=TABS, users=users,
        shown=request.secret(2),
        faults=faults or {}, form=request.form if faults else {}, roles=tuple(ROLES),
    )  # fmt: skip


async def add_user(request: PageRequest) -> Response:
    """Add a person, with a password that is shown once; who belongs to another organization keeps theirs."""
    email, name = request.form.get("email", "").strip().lower(), request.form.get("name", "").strip()
    role = request.form.get("role", "")
    faults: dict[str, str] = {}
    if "@" not in email[1:-1] or len(email) > _LONGEST_EMAIL or any(each.isspace() for each in email):
        faults["email"] = request.t("This is not an e-mail address.")
    if role not in ROLES:
        faults["role"] = request.t("Choose a role.")
    if faults:
        return await _page(request, faults=faults)
    password = secrets.token_urlsafe(12)
    try:
        is_new = await tenants.add_person(
            request.context, request.caller.organization_id, email=email, name=name or email, password=password,
            scopes=" ".join(ROLES[role]),
        )  # fmt: skip
    except Conflict:
        return await _page(request, faults={"email": request.t("This person belongs to the organization already.")})
    if is_new:
        return request.redirect_to_secret(PATH, email, password)
    text = request.t("{name} has an account already and signs in with the same password as before.", name=email)
    return request.redirect(PATH, text)


async def change_role(request: PageRequest) -> Response:
    """Give a person another role. Nobody changes their own, so that an organization keeps an administrator."""
    email, role = request.params["email"], request.form.get("role", "")
    _check_other(request, email)
    if role not in ROLES:
        raise NotFound(Code.NOT_FOUND, "there is no such role")
    scopes = " ".join(ROLES[role])
    organization_id = request.caller.organization_id
    if not await tenants.change_scopes(request.context, organization_id, email=email, scopes=scopes):
        raise NotFound(Code.NOT_FOUND, "there is no such user")
    return request.redirect(PATH, request.t("The role of {name} is changed.", name=email))


async def disable_user(request: PageRequest) -> Response:
    """End a person's sessions and refuse their sign-in; only where they belong to this organization alone."""
    email = request.params["email"]
    _check_other(request, email)
    await _check_own(request, email)
    await tenants.disable_person(request.context, email=email)
    return request.redirect(PATH, request.t("{name} cannot sign in any more.", name=email))


async def enable_user(request: PageRequest) -> Response:
    """Let a disabled person sign in again."""
    email = request.params["email"]
    await _check_own(request, email)
    await tenants.enable_person(request.context, email=email)
    return request.redirect(PATH, request.t("{name} can sign in again.", name=email))


async def remove_user(request: PageRequest) -> Response:
    """Remove a person from the organization."""
    email = request.params["email"]
    _check_other(request, email)
    if not await tenants.remove_person(request.context, request.caller.organization_id, email=email):
        raise NotFound(Code.NOT_FOUND, "there is no such user")
    return request.redirect(PATH, request.t("{name} is removed from the organization.", name=email))


def _check_other(request: PageRequest, email: str) -> None:
    if email.lower() == request.caller.actor.lower():
        raise Conflict(Code.EXISTS, "you cannot do this to yourself; ask another administrator")


async def _check_own(request: PageRequest, email: str) -> None:
    """Refuse what would affect other organizations of the person, whose administrators decide there."""
    places = await tenants.organizations_of(request.context, email=email)
    ids = [organization.organization_id for organization, _ in places]
    if request.caller.organization_id not in ids:
        raise NotFound(Code.NOT_FOUND, "there is no such user")
    if len(ids) > 1:
        raise Conflict(Code.EXISTS, "the person belongs to other organizations too; remove them from this one instead")


PAGES = (
    Page("GET", PATH, list_users, "listUsers", ADMIN, SECTION),
    Page("POST", PATH, add_user, "addUser", ADMIN, SECTION),
    Page("POST", PATH + "/{email}/role", change_role, "changeRole", ADMIN, SECTION),
    Page("POST", PATH + "/{email}/disable", disable_user, "disableUser", ADMIN, SECTION),
    Page("POST", PATH + "/{email}/enable", enable_user, "enableUser", ADMIN, SECTION),
    Page("POST", PATH + "/{email}/remove", remove_user, "removeUser", ADMIN, SECTION),
)

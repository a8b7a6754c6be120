"""Settings of the organization: its name and vendor ids, and its API clients."""

from starlette.responses import Response

from crossdock.core.errors import Code, Conflict, Invalid, NotFound
from crossdock.flows import access, tenants
from crossdock.flows.access import ADMIN
from crossdock.web.console.page import Page, PageRequest

SECTION = "settings"
# The tabs of the section, as its templates show them: path and English label.
TABS = (
    ("/console/settings", "Organization"),
    ("/console/settings/clients", "API clients"),
    ("/console/settings/users", "Users"),
    ("/console/settings/locations", "Locations"),
    ("/console/settings/products", "Products"),
    ("/console/settings/shipping-methods", "Shipping methods"),
    ("/console/settings/allocation", "Allocation"),
    ("/console/settings/access-log", "Access log"),
)
_MAX_NAME = 200


# ----------------------------------------------------------------------------------------------------------- organization
async def show_organization(request: PageRequest) -> Response:
    """Show the organization's name and the ids that vendors gave it."""
    return await _organization_page(request)


async def _organization_page(
    request: PageRequest, *, fault: str | None = None, name: str | None = None, stale: bool = False
) -> Response:
    organization = await tenants.organization_now(request.context, request.caller.organization_id)
    references = await tenants.vendor_references(request.context, organization.organization_id)
    rows = [
        (door.title, each.option, sorted(value for kind, value in references if kind == each.kind))
        for door in request.site.doors.values()
        for each in door.organization_ids
        if each.kind is not None
    ]
    return request.render(
        "settings_organization.html", status=409 if stale else 200 if fault is None else 400, section=SECTION, tabs=TABS,
        rows=rows, name=organization.name if name is None else name, fault=fault, seen=organization.updated_at,
        now=organization.name if stale and organization.name != name else None, stale=stale,
    )  # fmt: skip


async def change_organization(request: PageRequest) -> Response:
    """Change the organization's name."""
    name = request.form.get("name", "").strip()
    try:
        stored = await tenants.organization_now(request.context, request.caller.organization_id)
        await tenants.change_organization(request.context, stored, name=name, seen=request.version)
    except (Conflict, ValueError, Invalid) as error:
        if isinstance(error, Conflict) and error.code is Code.STALE_VERSION:
            return await _organization_page(request, name=name, stale=True)
        return await _organization_page(request, fault=str(error), name=name)
    return request.redirect("/console/settings", request.t("The organization is called {name} now.", name=name))


# ---------------------------------------------------------------------------------------------------------------- clients
async def list_clients(request: PageRequest) -> Response:
    """List the API clients."""
    return await _clients_page(request)


async def _clients_page(request: PageRequest, *, fault: str | None = None) -> Response:
    clients = await tenants.clients(request.context, request.caller.organization_id)
    return request.render(
        "settings_clients.html", status=200 if fault is None else 400, section=SECTION, tabs=TABS,
        clients=sorted(clients, key=lambda each: (each.revoked_at is not None, -each.created_at)),
        shown=request.secret(2), fault=fault, name=request.form.get("name", "") if fault else "", scopes=access.SCOPES,
    )  # fmt: skip


async def add_client(request: PageRequest) -> Response:
    """Add an API client and show its secret, once."""
    name = request.form.get("name", "").strip()
    chosen = [scope for scope in access.SCOPES if scope in request.form_lists.get("scopes", ())]
    if not 1 <= len(name) <= _MAX_NAME:
        return await _clients_page(request, fault=request.t("Give the client a name, such as the system that uses it."))
    if not chosen:
        return await _clients_page(request, fault=request.t("Choose at least one scope."))
    client, secret = await tenants.add_client(
        request.context, request.caller.organization_id, name=name, scopes=" ".join(chosen)
    )
    return request.redirect_to_secret("/console/settings/clients", client.client_id, secret)


async def rotate_client(request: PageRequest) -> Response:
    """Give a client a new secret and show it, once; the old one is valid for a while."""
    client_id = request.params["client"]
    secret = await tenants.rotate_client(request.context, request.caller.organization_id, client_id=client_id)
    if secret is None:
        raise NotFound(Code.NOT_FOUND, "there is no such client")
    return request.redirect_to_secret("/console/settings/clients", client_id, secret)


async def revoke_client(request: PageRequest) -> Response:
    """Revoke a client and all its tokens."""
    client_id = request.params["client"]
    if not await tenants.revoke_client(request.context, request.caller.organization_id, client_id=client_id):
        raise NotFound(Code.NOT_FOUND, "there is no such client")
    return request.redirect("/console/settings/clients", request.t("The client {name} is revoked.", name=client_id))


PAGES = (
    Page("GET", "/console/settings", show_organization, "showOrganization", ADMIN, SECTION),
    Page("POST", "/console/settings", change_organization, "changeOrganization", ADMIN, SECTION, versioned=True),
    Page("GET", "/console/settings/clients", list_clients, "listClients", ADMIN, SECTION),
    Page("POST", "/console/settings/clients", add_client, "addClient", ADMIN, SECTION),
    Page("POST", "/console/settings/clients/{client}/rotate", rotate_client, "rotateClient", ADMIN, SECTION),
    Page("POST", "/console/settings/clients/{client}/revoke", revoke_client, "revokeClient", ADMIN, SECTION),
)

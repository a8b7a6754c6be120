"""Tenant configurations: free objects under a type and a name. They are stored and answered, and have no effect."""

from collections.abc import Callable
from typing import Any

from crossdock.core.errors import Fault, Invalid
from crossdock.core.json.request_body import validate
from crossdock.core.json.strict_json import parse
from crossdock.core.json.validation import normalize
from crossdock.core.time import format_time
from crossdock.doors import Reply, Request, Route, in_one_view, json_reply
from crossdock.doors.fabric import examples_config as examples
from crossdock.doors.fabric import wire_calls
from crossdock.doors.fabric import wire_config as wire
from crossdock.doors.fabric.documents import DocumentSearch, query_rule, read_part
from crossdock.doors.fabric.edits import merge
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, not_found
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_body, read_document
from crossdock.doors.fabric.routes.config_entries import Configurations, check_tenant, name_faults
from crossdock.flows import access, catalog

Tree = Any
Document = dict[str, Tree]
_NAMES = ("configType", "configName")
_MEMBERS = ("configName", "objectValue", "objectType", "configType")
_LIST = "configs"
CONFIGS = Configurations("fabric/tenant_config", "configuration", wire.StoredTenantConfig, _NAMES, most=1_000)


def _fields(document: Document) -> Document:
    """Return the members of a configuration, null where missing, and those that nobody knows."""
    return {name: document.get(name) for name in _MEMBERS} | document


# ------------------------------------------------------------------------------------------------------------ collection
@in_one_view
async def list_configs(request: Request) -> Reply:
    """List all configurations as an array, oldest first."""
    return json_reply(200, await CONFIGS.all(request))


async def create_config(request: Request) -> Reply:
    """Create a configuration: 200 and the configuration; 409 where its type and name are taken."""
    _, document = read_document(request, wire.TenantConfig, lambda tree: check_tenant(request, tree))
    return json_reply(200, await CONFIGS.add(request, _fields(document)))


def _read_list(request: Request) -> list[Document]:
    """Read the array of the body. Raises Invalid with all faults, at their places in the array."""
    tree = normalize({_LIST: parse(request.body)}, wire.TenantConfigs, numbers_as_text=True)

    def rule(tree: Tree) -> list[Fault]:
        rows = tree[_LIST] if isinstance(tree[_LIST], list) else []
        objects = [(place, row) for place, row in enumerate(rows) if isinstance(row, dict)]
        faults = [
            Fault((_LIST, place, *fault.path), fault.reason)
            for place, row in objects
            for fault in check_tenant(request, row)
        ]
        seen: set[tuple[str, ...]] = set()
        for place, row in objects:
            names = tuple(row[name] for name in _NAMES if isinstance(row.get(name), str))
            if len(names) == len(_NAMES) and names in seen:
                faults.append(Fault((_LIST, place, "configName"), "must not be given twice"))
            seen.add(names)
        return faults

    try:
        validate(tree, wire.TenantConfigs, rule)
    except Invalid as invalid:
        raise faulty(*(Fault(fault.path[1:], fault.reason) for fault in invalid.faults)) from None
    rows: list[Document] = tree[_LIST]
    return rows


def _replaced(document: Document) -> Callable[[Document], Document]:
    return lambda _: _fields(document)


def _merged(document: Document) -> Callable[[Document], Document]:
    return lambda before: _fields(merge(before, document))


async def replace_configs(request: Request) -> Reply:
    """Replace configurations, all or none: 200 and an array of them; 404 where one is not there."""
    rows = _read_list(request)
    return json_reply(200, await CONFIGS.change_all(request, {CONFIGS.key(each): _replaced(each) for each in rows}))


async def update_configs(request: Request) -> Reply:
    """Merge into configurations, all or none: 200 and an array of them; 404 where one is not there."""
    rows = _read_list(request)
    return json_reply(200, await CONFIGS.change_all(request, {CONFIGS.key(each): _merged(each) for each in rows}))


@in_one_view
async def query_configs(request: Request) -> Reply:
    """Search configurations: 200 and a page; 404 where it is empty."""
    body = read_body(request, wire.TenantConfigQuery, query_rule(wire.SortableTenantConfig))
    search = DocumentSearch(body, sort_by="updatedAt", ascending=False)
    entries = await catalog.all_of(request.context, request.caller, kind=CONFIGS.kind)
    times = (
        {"createdAt": format_time(entry.created_at), "updatedAt": format_time(entry.updated_at)} for entry in entries
    )
    documents = [CONFIGS.rendered(request, entry) | each for entry, each in zip(entries, times, strict=True)]
    page, count = search.page(reversed(documents) if search.ascending else documents)
    if not page:
        raise not_found("configuration")
    rows = [{name: value for name, value in each.items() if name not in ("createdAt", "updatedAt")} for each in page]
    return json_reply(200, {"count": count, "limit": search.limit, "offset": search.offset, "configurations": rows})


# ------------------------------------------------------------------------------------------------------------------- one
async def get_config(request: Request) -> Reply:
    """Read a configuration."""
    return json_reply(200, await CONFIGS.get(request))


def _faults(request: Request, tree: Tree) -> list[Fault]:
    return [*check_tenant(request, tree), *name_faults(request, tree, _NAMES)]


def _named(request: Request, document: Document) -> Document:
    return document | {name: request.params[name] for name in _NAMES}


async def replace_config(request: Request) -> Reply:
    """Replace a configuration: 200 and the configuration."""
    _, document = read_document(request, wire.TenantConfigUpdate, lambda tree: _faults(request, tree))
    return json_reply(200, await CONFIGS.change(request, _replaced(_named(request, document))))


async def update_config(request: Request) -> Reply:
    """Merge into a configuration: 200 and the configuration."""
    part = read_part(request.body, wire.TenantConfigUpdate)
    validate(part, wire.TenantConfigUpdate, lambda tree: _faults(request, tree))
    return json_reply(200, await CONFIGS.change(request, _merged(_named(request, part))))


async def delete_config(request: Request) -> Reply:
    """Delete a configuration: 200 without a body."""
    await CONFIGS.remove(request)
    return Reply(200)


# ---------------------------------------------------------------------------------------------------------------- routes
_COLLECTION = paths("/configurations/tenant-config")
_ITEM = paths("/configurations/tenant-config/{configType}/name/{configName}")
_TAKEN = {409: wire_calls.ErrorResponse}
_ONE: dict[int, Any] = {200: wire.StoredTenantConfig, **ERRORS, **ABSENT}
_MANY: dict[int, Any] = {200: {"type": "array", "items": wire.StoredTenantConfig}, **ERRORS}
_ARRAY: dict[str, Any] = {"type": "array", "items": wire.TenantConfig, "minItems": 1, "maxItems": wire.MAX_CONFIGS}
ROUTES = (
    Route(
        "POST", paths("/configurations/tenant-config/query"), query_configs, access.READ, "queryTenantConfigs",
        "Search tenant configurations",
        request=wire.TenantConfigQuery, answers={200: wire.TenantConfigPage, **ERRORS, **LARGE, **ABSENT},
        parameters=(CONTEXT,),
        description="Searches tenant configurations by any member, also of `objectValue`; no match is a 404.",
        examples={"request": examples.TENANT_QUERY, 200: examples.TENANT_PAGE, 404: examples.NO_CONFIG},
    ),
    Route(
        "GET", _COLLECTION, list_configs, access.READ, "listTenantConfigs", "List tenant configurations",
        answers=_MANY, parameters=(CONTEXT,), description="Returns all configurations as an array, the oldest first.",
        examples={200: [examples.STORED_TENANT]},
    ),
    Route(
        "POST", _COLLECTION, create_config, access.ADMIN, "createTenantConfig", "Create a tenant configuration",
        request=wire.TenantConfig, answers={200: wire.StoredTenantConfig, **ERRORS, **LARGE, **_TAKEN}, parameters=(CONTEXT,),
        description="Stores a free object under a type and a name. It has no effect on orders.",
        examples={"request": examples.TENANT, 200: examples.STORED_TENANT, 409: examples.TENANT_TAKEN},
    ),
    Route(
        "PUT", _COLLECTION, replace_configs, access.ADMIN, "replaceTenantConfigs", "Replace several tenant configurations",
        request=_ARRAY, answers={**_MANY, **LARGE, **ABSENT}, parameters=(CONTEXT,),
        description="Replaces the configurations of the array, all or none. A member that is left out becomes null.",
        examples={"request": [examples.TENANT_CHANGE], 200: [examples.REPLACED_TENANT], 404: examples.NO_CONFIG},
    ),
    Route(
        "PATCH", _COLLECTION, update_configs, access.ADMIN, "updateTenantConfigs", "Change several tenant configurations",
        request=_ARRAY, answers={**_MANY, **LARGE, **ABSENT}, parameters=(CONTEXT,),
        description="Merges the objects of the array into the configurations with their type and name, all or none.",
        examples={"request": [examples.TENANT_CHANGE], 200: [examples.UPDATED_TENANT], 404: examples.NO_CONFIG},
    ),
    Route(
        "GET", _ITEM, get_config, access.READ, "getTenantConfig", "Read a tenant configuration", answers=_ONE,
        parameters=(CONTEXT,), description="Returns the configuration with this type and name.",
        examples={200: examples.STORED_TENANT, 404: examples.NO_CONFIG},
    ),
    Route(
        "PUT", _ITEM, replace_config, access.ADMIN, "replaceTenantConfig", "Replace a tenant configuration",
        request=wire.TenantConfigUpdate, answers={**_ONE, **LARGE}, parameters=(CONTEXT,),
        description="Replaces the configuration with this type and name. A member that is left out becomes null.",
        examples={"request": examples.TENANT_PART, 200: examples.REPLACED_TENANT, 404: examples.NO_CONFIG},
    ),
    Route(
        "PATCH", _ITEM, update_config, access.ADMIN, "updateTenantConfig", "Change a tenant configuration",
        request=wire.TenantConfigUpdate, answers={**_ONE, **LARGE}, parameters=(CONTEXT,),
        description="Merges the body into the configuration with this type and name.",
        examples={"request": examples.TENANT_PART, 200: examples.UPDATED_TENANT, 404: examples.NO_CONFIG},
    ),
    Route(
        "DELETE", _ITEM, delete_config, access.ADMIN, "deleteTenantConfig", "Delete a tenant configuration",
        answers={200: None, **ERRORS, **ABSENT}, parameters=(CONTEXT,),
        description="Deletes the configuration with this type and name. The response has no body.",
        examples={404: examples.NO_CONFIG},
    ),
)  # fmt: skip

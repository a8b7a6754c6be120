"""Calls for default settings of shipments and for the mapping of printers: data that clients store and read again."""

from crossdock.core.errors import Code, Fault, Invalid, NotFound
from crossdock.core.ids import to_uuid
from crossdock.core.json.request_body import decode_body
from crossdock.doors import Reply, Request, in_one_view, json_reply, replayed_header
from crossdock.doors.pb_oms import list_query, stored, wire_defaults
from crossdock.doors.pb_oms.routes.common import add_once
from crossdock.flows import catalog, reference_data
from crossdock.flows.catalog import Draft

DEFAULTS, PRINTER = "pb_oms/defaults", "pb_oms/printer"


async def create_defaults(request: Request) -> Reply:
    """Store default settings; the same content again under a `defaultID` is replayed.

    Refuses with Conflict `exists` if that id has other content.
    """
    body = decode_body(request.body, wire_defaults.Defaults)
    context = request.context
    key = body.defaultID or to_uuid(context.id_generator.new(context.clock()))
    taken = "there are other default settings with this id"
    entry, replayed = await add_once(request, kind=DEFAULTS, key=key, member="defaultID", taken=taken)
    response = wire_defaults.DefaultsCreated(stored.database_id(entry), key)
    return json_reply(200, response, headers=replayed_header(replayed))


@in_one_view
async def list_defaults(request: Request) -> Reply:
    """List default settings, newest first."""
    asked = list_query.read(request.query)
    entries, total = await catalog.page(
        request.context, request.caller, kind=DEFAULTS, limit=asked.size, offset=asked.offset
    )
    rows = [{"defaultsResponse": stored.defaults(entry)} for entry in entries]
    return json_reply(200, {"data": rows, "pageInfo": asked.info(total)})


@in_one_view
async def get_defaults(request: Request) -> Reply:
    """Read default settings."""
    for entry in await catalog.find(request.context, request.caller, kind=DEFAULTS, keys=[request.params["defaultID"]]):
        return json_reply(200, stored.defaults(entry))
    raise _no_defaults()


async def update_defaults(request: Request) -> Reply:
    """Replace default settings; they keep their id."""
    decode_body(request.body, wire_defaults.Defaults)
    changed = await reference_data.change(
        request.context, request.caller.organization_id, kind=DEFAULTS, key=request.params["defaultID"],
        changed=lambda _: request.body,
    )  # fmt: skip
    if changed is None:
        raise _no_defaults()
    return Reply(200)


async def delete_defaults(request: Request) -> Reply:
    """Delete default settings."""
    key = request.params["defaultID"]
    if not await reference_data.remove(request.context, request.caller.organization_id, kind=DEFAULTS, key=key):
        raise _no_defaults()
    return Reply(200)


def _no_defaults() -> NotFound:
    return NotFound(Code.NOT_FOUND, "there are no default settings with this id")


# --------------------------------------------------------------------------------------------------------------- printers
async def put_printer(request: Request) -> Reply:
    """Map a printer to a device, in place of an earlier mapping of it."""
    body = decode_body(request.body, wire_defaults.PrinterMapping)
    entry = await catalog.change(
        request.context, request.caller, kind=PRINTER, key=body.alias, make=lambda _: Draft(request.body), create=True
    )
    return json_reply(201, wire_defaults.PrinterMappingCreated(stored.database_id(entry)))


@in_one_view
async def get_printer(request: Request) -> Reply:
    """Read the mapping of a printer."""
    for entry in await catalog.find(request.context, request.caller, kind=PRINTER, keys=[_alias(request)]):
        return json_reply(200, stored.printer(entry, subscription=request.caller.organization.uuid))
    raise _no_printer()


async def delete_printer(request: Request) -> Reply:
    """Delete the mapping of a printer."""
    alias = _alias(request)
    if not await reference_data.remove(request.context, request.caller.organization_id, kind=PRINTER, key=alias):
        raise _no_printer()
    return Reply(200)


def _alias(request: Request) -> str:
    alias = request.query.get("alias")
    if not alias:
        raise Invalid(Code.INVALID, "the query has faults", faults=(Fault(("alias",), "is required"),))
    return alias


def _no_printer() -> NotFound:
    return NotFound(Code.NOT_FOUND, "there is no mapping for this printer")

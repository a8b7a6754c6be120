"""Fulfillments in the hub: create, list, pick, pack, ship, cancel, move, split, merge, make ready; packages and tracking."""

from collections.abc import Callable, Sequence
from typing import Any

import structlog

from crossdock.core.errors import Code, Fault, NotFound, Path, Refusal
from crossdock.core.ids import MAX_ID
from crossdock.core.json.request_body import duplicates_in
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import Command
from crossdock.core.orders.delivering import MakeReady, RecordTracking, ReshipPackage
from crossdock.core.orders.fulfilling import (
    CancelFulfillment,
    CreateFulfillment,
    MergeFulfillments,
    MoveFulfillment,
    PackUnits,
    PickUnits,
    ShipFulfillment,
    SplitFulfillment,
)
from crossdock.core.orders.fulfillments import Fulfillment, FulfillmentStatus, Package
from crossdock.core.orders.shipping import ShipUnits
from crossdock.doors import Reply, Request, Route, encode_json, in_one_view, json_reply
from crossdock.doors.hub import errors, mapping, wire, wire_fulfillment
from crossdock.doors.hub.event_data import event_answer
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.routes.allocation import check_locations
from crossdock.doors.hub.routes.catalog_calls import BODY
from crossdock.doors.hub.routes.parameters import (
    PAGE,
    PROBLEMS,
    cursor_after,
    described,
    flag_parameter,
    known_query,
    link,
    microseconds,
    page_of,
    query_faults,
    raise_faults,
    read_body,
    read_cursor,
    read_flag,
    read_limit,
)
from crossdock.doors.hub.routes.verbs import (
    VerbOptions,
    change_route,
    execute_verb,
    order_id_of,
    read_options,
    read_verb_body,
    renaming_paths,
    verb_route,
    with_location,
)
from crossdock.flows import access, fulfillment, fulfillment_owners
from crossdock.flows.execute import Change, execute_each, try_each

Tree = Any
_log = structlog.get_logger("crossdock.fulfillment")
PATH = "/hub/v1/fulfillments"
STATUSES = tuple(map(str, FulfillmentStatus))
_BUG = "an unexpected error occurred; it is in the log"
_SHIPMENT = ("carrier", "service", "tracking_number", "tracking_url")


# --------------------------------------------------------------------------------------------------------------------- read
@in_one_view
async def list_fulfillments(request: Request) -> Reply:
    """Answer a page of fulfillments, newest first."""
    query, faults = request.query, query_faults(request, ("status", "location", "limit", "cursor"))
    if query.get("status") not in (None, *STATUSES):
        faults.append(Fault((errors.QUERY, "status"), f"must be one of {', '.join(STATUSES)}"))
    limit, before = read_limit(request, query, faults), read_cursor(query, faults)
    raise_faults(faults)
    found = await fulfillment.page(
        request.context, request.caller, part="fulfillment", before=before or MAX_ID, limit=limit + 1,
        status=query.get("status"), location=query.get("location"),
    )  # fmt: skip
    parts = [(each.order, each.part) for each in found if isinstance(each.part, Fulfillment)]
    cursor = cursor_after(query, parts[limit - 1][1].fulfillment_id if len(parts) > limit else None)
    items = [wire_fulfillment.document_answer(order, part) for order, part in parts[:limit]]
    return json_reply(200, {"items": items, "next": cursor}, headers=link(request, query, cursor))


async def get_fulfillment(request: Request) -> Reply:
    """Answer a fulfillment; the ETag is that of its order."""
    known_query(request)
    value = mapping.parse_id(request.params["id"])
    order = await fulfillment.order_of(request.context, request.caller, part="fulfillment", value=value)
    found = next(each for each in order.fulfillments if each.fulfillment_id == value)
    body = wire_fulfillment.document_answer(order, found)
    return json_reply(200, body, headers=[("ETag", f'"{order.version}"')], order_id=order.order_id)


# -------------------------------------------------------------------------------------------------------------------- verbs
def _named(request: Request) -> dict[str, Any]:
    return {"fulfillment_id": mapping.parse_id(request.params["id"])}


async def _order_id(request: Request, part: str = "fulfillment") -> int:
    """Return the id of the order of the fulfillment or package that the path names. Refuses with NotFound."""
    value = mapping.parse_id(request.params["id"])
    found = {} if value is None else await fulfillment_owners.order_ids(
        request.context, request.caller, [(part, value)]
    )  # fmt: skip
    if value is None or not found:
        raise NotFound(Code.NOT_FOUND, f"there is no such {part.partition('_')[0]}")
    return found[part, value]


def _latest(change: Change) -> dict[str, Tree]:
    return {"fulfillment": mapping.fulfillment_answer(change.order.fulfillments[-1])}


async def _change(request: Request, options: VerbOptions, command: Command) -> Reply:
    """Execute a command on the fulfillment of the path, and answer it with its order and the events."""
    value = mapping.parse_id(request.params["id"])

    def same(change: Change) -> dict[str, Tree]:
        found = next(each for each in change.order.fulfillments if each.fulfillment_id == value)
        return {"fulfillment": mapping.fulfillment_answer(found)}

    return await execute_verb(request, options, command, more=same)


def _optional(request: Request) -> bytes | None:
    """Return an empty object in place of a body that is missing."""
    return None if request.body.strip() else b"{}"


async def create_fulfillment(request: Request) -> Reply:
    """Create a fulfillment of an order."""
    options = read_options(request)
    body = read_verb_body(request, options, wire_fulfillment.CreateFulfillmentBody, wire_fulfillment.line_rules)
    await check_locations(request, location=body.location)
    command = CreateFulfillment(
        order_id=mapping.parse_id(body.order_id), location_ref=body.location, new_id=fulfillment.new_ids(request.context),
        lines=wire_fulfillment.to_units(body.lines), kind=body.kind, reference=body.reference, reason=body.reason,
    )  # fmt: skip
    reply = await execute_verb(request, options, command, status=201, more=_latest)
    return with_location(reply, "fulfillment", PATH)


async def pick_fulfillment(request: Request) -> Reply:
    """Record what was picked, and what was not found."""
    options = read_options(request)
    rules = (wire_fulfillment.line_rules, lambda tree: duplicates_in(tree, "short", "line"))
    body = read_verb_body(request, options, wire_fulfillment.PickBody, *rules, raw=_optional(request))
    command = PickUnits(
        order_id=await _order_id(request), **_named(request), lines=wire_fulfillment.to_units(body.lines),
        short=wire_fulfillment.to_units(body.short) or {}, reason=body.reason,
    )  # fmt: skip
    return await _change(request, options, command)


async def pack_fulfillment(request: Request) -> Reply:
    """Put units into packages."""
    options = read_options(request)
    body = read_verb_body(request, options, wire_fulfillment.PackBody, wire_fulfillment.package_rules)
    command = PackUnits(
        order_id=await _order_id(request), **_named(request), new_id=fulfillment.new_ids(request.context),
        packages=wire_fulfillment.to_packages(body.packages), reason=body.reason,
    )  # fmt: skip
    return await _change(request, options, command)


def _carriage(body: wire_fulfillment.Shipment) -> dict[str, Any]:
    names = ("carrier", "service", "number", "url")
    return {name: getattr(body, member) for name, member in zip(names, _SHIPMENT, strict=True)}


def _shipping(request: Request, body: wire_fulfillment.ShipFulfillmentBody) -> dict[str, Any]:
    """Return what ShipFulfillment and ShipUnits have in common; lines become a package, in the order of the body."""
    packages = wire_fulfillment.to_packages(body.packages)
    if body.lines is not None:
        packages = (Package(tuple((each.line, each.quantity) for each in body.lines)),)
    at = None if body.shipped_at is None else microseconds(body.shipped_at)
    return {
        "new_id": fulfillment.new_ids(request.context),
        "packages": packages,
        "at": at,
        "reason": body.reason,
    } | _carriage(body)


def _paths_of_lines(body: wire_fulfillment.ShipFulfillmentBody) -> Callable[[Path], Path]:
    """Return how a path is renamed: the only package of a body with `lines` are these lines."""

    def rename(path: Path) -> Path:
        return path[2:] if body.lines is not None and path[:2] == ("packages", 0) else path

    return rename


async def ship_fulfillment(request: Request) -> Reply:
    """Ship units of a fulfillment."""
    options = read_options(request)
    body = read_verb_body(
        request, options, wire_fulfillment.ShipFulfillmentBody, wire_fulfillment.ship_rules, raw=_optional(request)
    )
    command = ShipFulfillment(order_id=await _order_id(request), **_named(request), **_shipping(request, body))
    return await renaming_paths(_change(request, options, command), _paths_of_lines(body))


async def ship_order(request: Request) -> Reply:
    """Ship units of an order, through a new fulfillment where there is none."""
    options = read_options(request)
    body = read_verb_body(
        request, options, wire_fulfillment.ShipOrderBody, wire_fulfillment.ship_rules, raw=_optional(request)
    )
    await check_locations(request, location=body.location)
    command = ShipUnits(
        order_id=order_id_of(request), location_ref=body.location, reference=body.reference, **_shipping(request, body)
    )
    return await renaming_paths(execute_verb(request, options, command), _paths_of_lines(body))


async def cancel_fulfillment(request: Request) -> Reply:
    """Cancel what a fulfillment has not shipped."""
    options = read_options(request)
    body = read_verb_body(request, options, wire_fulfillment.CancelFulfillmentBody, raw=_optional(request))
    command = CancelFulfillment(
        order_id=await _order_id(request), **_named(request), keep=body.keep, reason=body.reason
    )
    return await _change(request, options, command)


async def move_fulfillment(request: Request) -> Reply:
    """Let another location fulfill what has not shipped."""
    options = read_options(request)
    body = read_verb_body(request, options, wire_fulfillment.MoveBody)
    order_id = await _order_id(request)
    await check_locations(request, location=body.location)
    command = MoveFulfillment(
        order_id=order_id, **_named(request), location_ref=body.location,
        new_id=fulfillment.new_ids(request.context), reason=body.reason,
    )  # fmt: skip
    return await execute_verb(request, options, command, more=_latest)


async def split_fulfillment(request: Request) -> Reply:
    """Put units into a second fulfillment."""
    options = read_options(request)
    body = read_verb_body(request, options, wire_fulfillment.SplitBody, wire_fulfillment.line_rules)
    command = SplitFulfillment(
        order_id=await _order_id(request), **_named(request), lines=wire_fulfillment.to_units(body.lines) or {},
        new_id=fulfillment.new_ids(request.context), reason=body.reason,
    )  # fmt: skip
    return await _change(request, options, command)


async def merge_fulfillments(request: Request) -> Reply:
    """Take another fulfillment into this one."""
    options = read_options(request)
    body = read_verb_body(request, options, wire_fulfillment.MergeBody)
    command = MergeFulfillments(
        order_id=await _order_id(request), **_named(request), other_id=mapping.parse_id(body.other_id) or 0,
        reason=body.reason,
    )  # fmt: skip
    return await _change(request, options, command)


async def make_ready(request: Request) -> Reply:
    """Record that the customer can fetch a pickup."""
    options = read_options(request)
    body = read_verb_body(request, options, wire_fulfillment.ReadyBody, raw=_optional(request))
    command = MakeReady(
        order_id=await _order_id(request), **_named(request),
        pickup_by=None if body.pickup_by is None else microseconds(body.pickup_by), reason=body.reason,
    )  # fmt: skip
    return await _change(request, options, command)


async def reship_package(request: Request) -> Reply:
    """Ship a package, or units of it, once more."""
    options = read_options(request)
    body = read_verb_body(
        request, options, wire_fulfillment.ReshipBody, wire_fulfillment.line_rules, raw=_optional(request)
    )
    order_id = await _order_id(request, "package_id")
    await check_locations(request, location=body.location)
    command = ReshipPackage(
        order_id=order_id, package_id=mapping.parse_id(request.params["id"]) or 0,
        new_id=fulfillment.new_ids(request.context), lines=wire_fulfillment.to_units(body.lines),
        location_ref=body.location, reason=body.reason, **_carriage(body),
    )  # fmt: skip
    return await execute_verb(request, options, command, more=_latest)


# --------------------------------------------------------------------------------------------------------------------- bulk
async def ship_fulfillments(request: Request) -> Reply:
    """Ship several fulfillments, each for itself, and answer what became of each."""
    faults = query_faults(request, ("dry_run",))
    dry_run = bool(read_flag(request.query, "dry_run", faults))
    body = read_body(request, faults, wire_fulfillment.BulkShipBody, wire_fulfillment.bulk_rules)
    sought = [("fulfillment", mapping.parse_id(item.id) or 0) for item in body.items]
    owners = await fulfillment_owners.order_ids(request.context, request.caller, sought)
    commands: list[Command | None] = [
        ShipFulfillment(order_id=owners[key], fulfillment_id=key[1], **_shipping(request, item))
        if key in owners
        else None
        for key, item in zip(sought, body.items, strict=True)
    ]
    return await _each(request, [item.id for item in body.items], commands, missing="fulfillment", dry_run=dry_run)


async def track_packages(request: Request) -> Reply:
    """Record reports of carriers, one or several, each for itself, and answer what became of each."""
    faults = query_faults(request, ("dry_run",))
    dry_run = bool(read_flag(request.query, "dry_run", faults))
    items = _read_reports(request, faults)
    sought = [
        ("package_id", mapping.parse_id(item.package_id) or 0)
        if item.package_id is not None
        else ("package", item.tracking_number or "")
        for item in items
    ]
    owners = await fulfillment_owners.order_ids(request.context, request.caller, sought)
    commands = [
        _report(request, item, owners[key]) if key in owners else None for key, item in zip(sought, items, strict=True)
    ]
    ids = [item.package_id or item.tracking_number or "" for item in items]
    return await _each(request, ids, commands, missing="package", dry_run=dry_run)


def _read_reports(request: Request, faults: list[Fault]) -> list[wire_fulfillment.TrackingReport]:
    """Read one report, or several in `items`."""
    tree = parse(request.body)
    if isinstance(tree, dict) and "items" in tree:
        shape = wire_fulfillment.TrackingBody
        return read_body(request, faults, shape, wire_fulfillment.tracking_rules).items

    def rule(one: Tree) -> list[Fault]:
        found = wire_fulfillment.tracking_rules({"items": [one]})
        return [Fault(fault.path[2:], fault.reason) for fault in found]

    return [read_body(request, faults, wire_fulfillment.TrackingReport, rule)]


def _report(request: Request, item: wire_fulfillment.TrackingReport, order_id: int) -> Command:
    return RecordTracking(
        order_id=order_id, status=item.status,
        reported_at=request.context.clock() if item.at is None else microseconds(item.at),
        package_id=None if item.package_id is None else mapping.parse_id(item.package_id),
        number=item.tracking_number, place=item.place, text=item.text,
    )  # fmt: skip


async def _each(
    request: Request, ids: Sequence[str], commands: Sequence[Command | None], *, missing: str, dry_run: bool
) -> Reply:
    """Execute commands each for itself, and answer what became of each; None is a command on what is not there."""
    found = [each for each in commands if each is not None]
    run = try_each if dry_run else execute_each
    done = await run(request.context, request.caller, found, door=FORMAT.name)
    changes = iter(done)
    absent = NotFound(Code.NOT_FOUND, f"there is no such {missing}")
    items = [_result(sent, absent if each is None else next(changes)) for sent, each in zip(ids, commands, strict=True)]
    headers = [("Dry-Run", "true")] if dry_run else []
    return Reply(200, encode_json({"items": items}), headers=headers, outcome="dry_run" if dry_run else "ok")


def _result(sent: str, change: Change | Exception) -> dict[str, Tree]:
    if isinstance(change, Change):
        order = change.order
        return {
            "id": sent, "order_id": mapping.format_id(order.order_id), "status": str(order.status), "version": order.version,
            "events": [event_answer(event) for event in change.events], "code": None, "detail": None,
        }  # fmt: skip
    if isinstance(change, Refusal):
        code, detail = str(change.code), _detail(change)
    else:
        _log.error("bug", exc_info=change)
        code, detail = "bug", _BUG
    return {
        "id": sent, "order_id": None, "status": None, "version": None, "events": [], "code": code, "detail": detail,
    }  # fmt: skip


def _detail(refusal: Refusal) -> str:
    """Return why something was refused, with every fault."""
    named = "; ".join(f"{errors.pointer(fault.path)}: {fault.reason}" for fault in refusal.faults)
    return f"{refusal.reason}: {named}" if named else refusal.reason


# -------------------------------------------------------------------------------------------------------------------- table
def _verb(verb: str, handle: Any, operation: str, summary: str, request: Any) -> Route:
    return change_route(
        f"{PATH}/{{id}}/{verb}", handle, operation, summary, request, answer=wire_fulfillment.FulfillmentChange
    )


_DRY_RUN = flag_parameter("dry_run", "`true`: return the result, and save nothing")
_BULK = {200: wire_fulfillment.FulfillmentResults, **BODY}

ROUTES = (
    verb_route("ship", ship_order, "Ship units of an order", {"oneOf": [wire_fulfillment.ShipOrderBody]}),
    change_route(PATH, create_fulfillment, "createFulfillment", "Create a fulfillment of an order",
                 wire_fulfillment.CreateFulfillmentBody, answer=wire_fulfillment.FulfillmentChange, status=201),
    Route("GET", (PATH,), list_fulfillments, access.READ, "listFulfillments", "List fulfillments",
          answers={200: page_of(wire_fulfillment.FulfillmentDocument), **PROBLEMS},
          parameters=(described("status", "query", "only those in this status", enum=list(STATUSES)),
                      described("location", "query", "only those of this location, by its code"), *PAGE)),
    Route("POST", (f"{PATH}/ship",), ship_fulfillments, access.WRITE, "shipFulfillments",
          "Ship several fulfillments, each for itself", request=wire_fulfillment.BulkShipBody, answers=_BULK,
          parameters=(_DRY_RUN,)),
    Route("GET", (f"{PATH}/{{id}}",), get_fulfillment, access.READ, "getFulfillment", "Read a fulfillment",
          answers={200: wire_fulfillment.FulfillmentDocument, 404: wire.Problem, **PROBLEMS}),
    _verb("pick", pick_fulfillment, "pickFulfillment", "Record what was picked", {"oneOf": [wire_fulfillment.PickBody]}),
    _verb("pack", pack_fulfillment, "packFulfillment", "Put units into packages", wire_fulfillment.PackBody),
    _verb("ship", ship_fulfillment, "shipFulfillment", "Ship units of a fulfillment",
          {"oneOf": [wire_fulfillment.ShipFulfillmentBody]}),
    _verb("cancel", cancel_fulfillment, "cancelFulfillment", "Cancel what a fulfillment has not shipped",
          {"oneOf": [wire_fulfillment.CancelFulfillmentBody]}),
    _verb("move", move_fulfillment, "moveFulfillment", "Move a fulfillment to another location", wire_fulfillment.MoveBody),
    _verb("split", split_fulfillment, "splitFulfillment", "Split a fulfillment", wire_fulfillment.SplitBody),
    _verb("merge", merge_fulfillments, "mergeFulfillments", "Merge two fulfillments", wire_fulfillment.MergeBody),
    _verb("ready", make_ready, "makeFulfillmentReady", "Record that a pickup is ready",
          {"oneOf": [wire_fulfillment.ReadyBody]}),
    change_route("/hub/v1/packages/{id}/reship", reship_package, "reshipPackage", "Ship a package once more",
                 {"oneOf": [wire_fulfillment.ReshipBody]}, answer=wire_fulfillment.FulfillmentChange),
    Route("POST", ("/hub/v1/tracking",), track_packages, access.WRITE, "trackPackages",
          "Record what carriers report of packages",
          request={"oneOf": [wire_fulfillment.TrackingReport, wire_fulfillment.TrackingBody]}, answers=_BULK,
          parameters=(_DRY_RUN,)),
)  # fmt: skip

"""Allocation in the hub: the verbs, the allocations and decisions of an order, those of a location, settings, tried rules."""

from collections.abc import Sequence
from typing import Any

import structlog

from crossdock.core.allocation.settings import KEY, KIND, AllocationSettings, decode_settings, encode_settings
from crossdock.core.errors import Code, Fault, Invalid, Path, Refusal
from crossdock.core.json.request_body import duplicates_in
from crossdock.core.orders.allocating import AllocateOrder, DeallocateOrder, ReallocateOrder
from crossdock.doors import Reply, Request, Route, in_one_view, json_reply
from crossdock.doors.hub import errors, mapping, wire, wire_allocation
from crossdock.doors.hub.event_data import event_answer
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.routes.catalog_calls import BODY, IF_MATCH
from crossdock.doors.hub.routes.parameters import (
    PAGE,
    PROBLEMS,
    cursor_after,
    described,
    known_query,
    link,
    microseconds,
    page_of,
    query_faults,
    raise_faults,
    read_body,
    read_cursor,
    read_if_match,
    read_limit,
)
from crossdock.doors.hub.routes.verbs import (
    execute_verb,
    order_id_of,
    read_options,
    read_verb_body,
    verb_route,
)
from crossdock.flows import access, allocation, allocation_lists, catalog, locations, queries
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.execute import Change, execute_each

Tree = Any
_log = structlog.get_logger("crossdock.allocation")
SETTINGS = "/hub/v1/allocation-settings"
_DECISIONS = 20  # of an answer, unless another limit is asked for
_BUG = "an unexpected error occurred; it is in the log"


# ------------------------------------------------------------------------------------------------------------------ verbs
async def allocate_order(request: Request) -> Reply:
    """Allocate open units of an order, where the rules or the request say."""
    options = read_options(request)
    raw = None if request.body.strip() else b"{}"
    rules = (wire_allocation.allocate_rules, lambda tree: duplicates_in(tree, "lines", "line"))
    body = read_verb_body(request, options, wire_allocation.AllocateBody, *rules, raw=raw)
    await check_locations(request, location=body.location, only=body.only, excluded=body.excluded)
    command = AllocateOrder(
        order_id=order_id_of(request),
        lines=None if body.lines is None else {each.line: each.quantity for each in body.lines},
        location_ref=body.location,
        only=tuple(body.only or ()),
        excluded=tuple(body.excluded or ()),
        expires_at=None if body.expires_at is None else microseconds(body.expires_at),
        reason=body.reason,
    )
    return await execute_verb(request, options, command)


async def deallocate_order(request: Request) -> Reply:
    """Give allocated units of an order back."""
    options = read_options(request)
    raw = None if request.body.strip() else b"{}"
    body = read_verb_body(request, options, wire_allocation.DeallocateBody, raw=raw)
    command = DeallocateOrder(
        order_id=order_id_of(request), allocations=_allocation_ids(body.allocations), reason=body.reason
    )
    return await execute_verb(request, options, command)


async def reallocate_order(request: Request) -> Reply:
    """Move allocations of an order to other locations."""
    options = read_options(request)
    raw = None if request.body.strip() else b"{}"
    body = read_verb_body(request, options, wire_allocation.ReallocateBody, wire_allocation.choice_rules, raw=raw)
    await check_locations(request, only=body.only, excluded=body.excluded)
    command = ReallocateOrder(
        order_id=order_id_of(request),
        allocations=_allocation_ids(body.allocations),
        only=tuple(body.only or ()),
        excluded=tuple(body.excluded or ()),
        reason=body.reason,
    )
    return await execute_verb(request, options, command)


def _allocation_ids(ids: Sequence[str] | None) -> tuple[int, ...] | None:
    """Return ids as they are stored; 0, which no allocation has, where a text is none."""
    return None if ids is None else tuple(mapping.parse_id(each) or 0 for each in ids)


async def check_locations(request: Request, **named: str | list[str] | None) -> None:
    """Refuse with Invalid `unknown_reference` locations that are not there; an organization without locations names any."""
    paths: list[tuple[Path, str]] = []
    for member, value in named.items():
        if isinstance(value, str):
            paths.append(((member,), value))
        paths += [((member, place), code) for place, code in enumerate(value if isinstance(value, list) else ())]
    if not paths:
        return
    context, caller = request.context, request.caller
    known = {each.location.code for each in await locations.find(context, caller, [code for _, code in paths])}
    faults = tuple(Fault(path, f"there is no location {code!r}") for path, code in paths if code not in known)
    if faults and (await locations.page(context, caller, limit=1))[1]:
        raise Invalid(Code.UNKNOWN_REFERENCE, "the body refers to what is not there", faults=faults)


async def allocate_orders(request: Request) -> Reply:
    """Allocate several orders, each for itself, and answer what became of each."""
    faults = query_faults(request, ())
    body = read_body(request, faults, wire_allocation.BulkBody, _unique_ids, wire_allocation.choice_rules)
    await check_locations(request, only=body.only, excluded=body.excluded)
    commands = [
        AllocateOrder(
            order_id=mapping.parse_id(each), only=tuple(body.only or ()), excluded=tuple(body.excluded or ()),
            reason=body.reason,
        )
        for each in body.ids
    ]  # fmt: skip
    changes = await execute_each(request.context, request.caller, commands, door=FORMAT.name)
    items = [_bulk_result(sent, change) for sent, change in zip(body.ids, changes, strict=True)]
    return json_reply(200, {"items": items})


def _unique_ids(tree: Tree) -> list[Fault]:
    ids = tree.get("ids") if isinstance(tree, dict) else None
    listed = [each for each in ids if isinstance(each, str)] if isinstance(ids, list) else []
    return [
        Fault(("ids", place), f"must be unique, {each!r} is there already")
        for place, each in enumerate(listed)
        if listed.index(each) < place
    ]


def _bulk_result(sent: str, change: Change | Exception) -> dict[str, Tree]:
    if isinstance(change, Change):
        order = change.order
        events = [event_answer(event) for event in change.events]
        return {
            "id": sent, "status": str(order.status), "version": order.version, "events": events, "code": None, "detail": None,
        }  # fmt: skip
    if isinstance(change, Refusal):
        code, detail = str(change.code), change.reason
    else:
        _log.error("bug", exc_info=change)
        code, detail = "bug", _BUG
    return {"id": sent, "status": None, "version": None, "events": [], "code": code, "detail": detail}


# ------------------------------------------------------------------------------------------------------------------- read
@in_one_view
async def get_allocations(request: Request) -> Reply:
    """Answer the allocations of an order, and the newest decisions about it, explained."""
    query, faults = request.query, query_faults(request, ("limit",))
    limit = read_limit(request, {"limit": str(_DECISIONS)} | query, faults)
    raise_faults(faults)
    context, caller = request.context, request.caller
    order = await queries.order(context, caller, order_id=order_id_of(request))
    decisions = await allocation.decisions_of(context, caller, order, limit=limit)
    body = {
        "items": [mapping.allocation_answer(each) for each in order.allocations],
        "decisions": [wire_allocation.decision_answer(each) for each in decisions],
    }
    return json_reply(200, body, order_id=order.order_id)


async def list_allocations(request: Request) -> Reply:
    """Answer a page of the open allocations of a location, newest first."""
    query, faults = (
        request.query,
        query_faults(
            request,
            (
                "location",
                "limit",
                "cursor",
            ),
        ),
    )
    faults += [] if query.get("location") else [Fault((errors.QUERY, "location"), "is required")]
    limit, before = read_limit(request, query, faults), read_cursor(query, faults)
    raise_faults(faults)
    context, caller = request.context, request.caller
    found = await allocation_lists.open_at(context, caller, query["location"], limit=limit + 1, before=before)
    cursor = cursor_after(query, found[limit - 1].allocation.allocation_id if len(found) > limit else None)
    items = [
        mapping.allocation_answer(each.allocation)
        | {"order_id": mapping.format_id(each.order.order_id), "order_number": each.order.content.number}
        for each in found[:limit]
    ]
    return json_reply(200, {"items": items, "next": cursor}, headers=link(request, query, cursor))


# --------------------------------------------------------------------------------------------------------------- settings
def _settings_reply(entry: CatalogEntry | None) -> Reply:
    settings = AllocationSettings() if entry is None else decode_settings(entry.document)
    headers = [] if entry is None else [("ETag", f'"{entry.version}"')]
    return json_reply(200, wire_allocation.settings_answer(settings), headers=headers)


async def get_settings(request: Request) -> Reply:
    """Answer the allocation settings; the defaults where none were stored."""
    known_query(request)
    found = await catalog.find(request.context, request.caller, kind=KIND, keys=[KEY])
    return _settings_reply(found[0] if found else None)


async def put_settings(request: Request) -> Reply:
    """Replace the allocation settings."""
    faults = query_faults(request, ())
    versions = read_if_match(request, faults)
    body = read_body(request, faults, wire_allocation.SettingsBody, wire_allocation.settings_rules)

    def make(before: CatalogEntry | None) -> Draft:
        settings = AllocationSettings() if before is None else decode_settings(before.document)
        return Draft(encode_settings(wire_allocation.to_settings(body, settings)))

    changed = await catalog.change(
        request.context, request.caller, kind=KIND, key=KEY, make=make, versions=versions, create=True
    )
    return _settings_reply(changed)


async def try_settings(request: Request) -> Reply:
    """Answer what other rules would have decided about the last orders; nothing is changed."""
    faults = query_faults(request, ())
    raw = None if request.body.strip() else b"{}"
    body = read_body(request, faults, wire_allocation.TryBody, wire_allocation.rule_faults, raw=raw)
    rule_sets = None if body.rule_sets is None else wire_allocation.to_rule_sets(body.rule_sets)
    found = await allocation.try_rules(request.context, request.caller, limit=body.limit, rule_sets=rule_sets)
    order_ids = list(dict.fromkeys(each.order_id for each in found.differences))
    orders = {order.order_id: order for order in await queries.by_ids(request.context, request.caller, order_ids)}
    differences = [wire_allocation.difference_answer(each, orders[each.order_id]) for each in found.differences]
    return json_reply(200, wire_allocation.TryAnswer(found.decisions, differences))


ROUTES = (
    verb_route("allocate", allocate_order, "Allocate units of an order to locations",
               {"oneOf": [wire_allocation.AllocateBody]}),
    verb_route("deallocate", deallocate_order, "Give allocated units of an order back",
               {"oneOf": [wire_allocation.DeallocateBody]}),
    verb_route("reallocate", reallocate_order, "Move allocations of an order to other locations",
               {"oneOf": [wire_allocation.ReallocateBody]}),
    Route("POST", ("/hub/v1/orders/allocate",), allocate_orders, access.WRITE, "allocateOrders",
          "Allocate several orders, each for itself", request=wire_allocation.BulkBody,
          answers={200: wire_allocation.BulkAnswer, **BODY}),
    Route("GET", ("/hub/v1/orders/{id}/allocations",), get_allocations, access.READ, "getAllocations",
          "Read the allocations of an order and why they are so",
          answers={200: wire_allocation.AllocationsAnswer, 404: wire.Problem, **PROBLEMS},
          parameters=(described("limit", "query", "decisions of the answer", type="integer", minimum=1, maximum=200,
                                default=_DECISIONS),)),
    Route("GET", ("/hub/v1/allocations",), list_allocations, access.READ, "listAllocations",
          "List the open allocations of a location", answers={200: page_of(wire_allocation.PlacedAnswer), **PROBLEMS},
          parameters=(described("location", "query", "the code of the location") | {"required": True}, *PAGE)),
    Route("GET", (SETTINGS,), get_settings, access.READ, "getAllocationSettings", "Read the allocation settings",
          answers={200: wire_allocation.SettingsBody, **PROBLEMS}),
    Route("PUT", (SETTINGS,), put_settings, access.ADMIN, "putAllocationSettings", "Replace the allocation settings",
          request=wire_allocation.SettingsBody, parameters=(IF_MATCH,),
          answers={200: wire_allocation.SettingsBody, 412: wire.Problem, **BODY}),
    Route("POST", (f"{SETTINGS}/try",), try_settings, access.READ, "tryAllocationRules",
          "Try rules on the last decisions", request={"oneOf": [wire_allocation.TryBody]},
          answers={200: wire_allocation.TryAnswer, **BODY}),
)  # fmt: skip

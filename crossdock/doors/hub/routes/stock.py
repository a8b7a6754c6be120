"""Stock of the hub: levels, commands that count, adjust, receive and limit them, the ledger, and what can be promised."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from crossdock.core.catalog.codes import MAX_CODE
from crossdock.core.errors import Fault
from crossdock.core.ids import MAX_ID, hashed_key
from crossdock.core.json.request_body import DocumentRule
from crossdock.core.stock.commands import AdjustStock, CountStock, ReceiveStock, SetLimits, StockCommand
from crossdock.core.stock.count_rows import MAX_SKU, column_faults, read_row
from crossdock.core.stock.model import LevelKey
from crossdock.doors import Reply, Request, Route, encode_json, json_reply, replayed_header
from crossdock.doors.hub import errors, wire, wire_stock
from crossdock.doors.hub.event_data import stock_event_answer
from crossdock.doors.hub.format import FORMAT
from crossdock.doors.hub.routes.catalog_calls import BODY, CSV_BODY, read_csv
from crossdock.doors.hub.routes.csv_answers import csv_reply, page_or_csv, wants_csv
from crossdock.doors.hub.routes.parameters import (
    IDEMPOTENCY_KEY,
    LIMIT,
    PAGE,
    PROBLEMS,
    cursor_after,
    described,
    filters_mark,
    flag_parameter,
    link,
    page_of,
    query_faults,
    raise_faults,
    read_body,
    read_cursor,
    read_flag,
    read_key,
    read_limit,
)
from crossdock.doors.hub.wire_catalog import row_faults
from crossdock.flows import access, stock, stock_availability, stock_lists, stock_requests
from crossdock.flows.idempotency import IdempotentRequest
from crossdock.flows.stock import StockChange
from crossdock.flows.stock_availability import AvailabilityFilter

Tree = Any
PATH = "/hub/v1/stock"
# Parameters of availability that may be repeated: how often at least and at most, and the characters of each.
_REPEATED = {"sku": (1, 100, MAX_SKU), "location": (0, 100, MAX_CODE)}
_FILTERS = ("sku", "location", "pool")
_MARK_LENGTH = 8


# ----------------------------------------------------------------------------------------------------------------- levels
async def list_levels(request: Request) -> Reply:
    """Answer a page of the stock levels, by SKU, location and pool; to who accepts text/csv, all of them."""
    query, faults = (
        request.query,
        query_faults(
            request,
            (
                *_FILTERS,
                "low",
                "limit",
                "cursor",
            ),
        ),
    )
    limit, low = read_limit(request, query, faults), read_flag(query, "low", faults)
    after = _read_cursor(query, faults)
    raise_faults(faults)
    filters = {name: query.get(name) for name in _FILTERS}
    context, caller = request.context, request.caller
    if wants_csv(request):
        levels = stock_lists.portions(context, caller, low=low, **filters)
        return await csv_reply("stock", wire_stock.LEVEL_COLUMNS, levels, wire_stock.level_cells)
    found = await stock_lists.page(context, caller, limit=limit + 1, after=after, low=low, **filters)
    cursor = _cursor(query, found[limit - 1].key) if len(found) > limit else None
    items = [wire_stock.level_answer(level) for level in found[:limit]]
    return json_reply(200, {"items": items, "next": cursor}, headers=link(request, query, cursor))


def _cursor(query: dict[str, str], last: LevelKey) -> str:
    """Name the place after a level; it only fits the same filters."""
    place = base64.urlsafe_b64encode(encode_json([last.sku, last.location, last.pool])).decode().rstrip("=")
    return f"{place}{filters_mark(query)}"


def _read_cursor(query: dict[str, str], faults: list[Fault]) -> LevelKey | None:
    text = query.get("cursor")
    if text is None:
        return None
    place, mark = text[:-_MARK_LENGTH], text[-_MARK_LENGTH:]
    try:
        decoded = base64.urlsafe_b64decode(place + "=" * (-len(place) % 4))
        sku, location, pool = msgspec.json.decode(decoded, type=tuple[str, str, str])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        mark = ""
    else:
        mark = mark if all("\x00" not in part for part in (sku, location, pool)) else ""
    if mark != filters_mark(query):
        faults.append(Fault((errors.QUERY, "cursor"), "must be a cursor that this list gave for the same filters"))
        return None
    return LevelKey(sku, location, pool)


async def list_movements(request: Request) -> Reply:
    """Answer a page of the ledger of a level, newest first."""
    query, faults = (
        request.query,
        query_faults(
            request,
            (
                *_FILTERS,
                "limit",
                "cursor",
            ),
        ),
    )
    faults += [Fault((errors.QUERY, name), "is required") for name in ("sku", "location") if not query.get(name)]
    limit, before = read_limit(request, query, faults), read_cursor(query, faults)
    raise_faults(faults)
    key = LevelKey(query["sku"], query["location"], query.get("pool", ""))
    found = await stock.movements(request.context, request.caller, key, before=before or MAX_ID, limit=limit + 1)
    cursor = cursor_after(query, found[limit - 1].movement_id if len(found) > limit else None)
    items = [wire_stock.movement_answer(each) for each in found[:limit]]
    return json_reply(200, {"items": items, "next": cursor}, headers=link(request, query, cursor))


async def get_availability(request: Request) -> Reply:
    """Answer what of some SKUs can be promised, where the query says, from a pool, or by a network."""
    query = request.query
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"), keep_blank_values=True)
    faults = [
        fault
        for fault in query_faults(request, (*_REPEATED, "pool", "network"))
        if fault.path[-1] not in _REPEATED or fault.reason != "must not be given twice"
    ]
    given = {name: [value for each, value in pairs if each == name] for name in _REPEATED}
    for name, (least, most, length) in _REPEATED.items():
        values = given[name]
        if not least <= len(values) <= most or not all(1 <= len(value) <= length for value in values):
            reason = f"must be given {least} to {most} times, each with 1 to {length} characters"
            faults.append(Fault((errors.QUERY, name), reason))
    raise_faults(faults)
    filter = AvailabilityFilter(frozenset(given["location"]) or None, query.get("pool"), query.get("network"))
    found = await stock_availability.availability(request.context, request.caller, given["sku"], filter)
    return json_reply(200, wire_stock.AvailabilityList([wire_stock.availability_answer(each) for each in found]))


# --------------------------------------------------------------------------------------------------------------- commands
async def _execute(
    request: Request, shape: type[Struct], command_of: Callable[[Any], StockCommand], *rules: DocumentRule
) -> Reply:
    """Execute a command for each item of a body, all or none, and answer the levels with the events."""
    faults = query_faults(request, ("dry_run",))
    dry_run, key = bool(read_flag(request.query, "dry_run", faults)), read_key(request, faults)
    body: Any = read_body(request, faults, shape, *rules)
    commands = [command_of(item) for item in body.items]
    once = None
    if key is not None and not dry_run:
        hashed = hashed_key("hub/idempotency", request.caller.actor, key)
        once = IdempotentRequest(hashed, request.route.operation, request.body, _no_reply)
    reply = await stock_requests.execute_request(
        request.context, request.caller, commands, door=FORMAT.name, render=_render, dry_run=dry_run, request=once
    )
    headers = [("Dry-Run", "true")] if dry_run else []
    outcome = "replayed" if reply.replayed else "dry_run" if dry_run else "ok"
    return Reply(200, reply.body, headers=[*headers, *replayed_header(reply.replayed)], outcome=outcome)


async def _no_reply(*_: Any) -> bytes:
    raise NotImplementedError  # a request about stock renders its answer itself


def _render(changes: Sequence[StockChange]) -> bytes:
    last = {
        change.level.key: change.level for change in changes
    }  # a level that several items name is as after all of them
    return encode_json(
        {
            "items": [wire_stock.level_answer(last[change.level.key]) for change in changes],
            "events": [stock_event_answer(event) for change in changes for event in change.events],
        }
    )


def _key(item: wire_stock.Item) -> LevelKey:
    return LevelKey(item.sku, item.location, item.pool)


async def count_stock(request: Request) -> Reply:
    """Set the units on hand to what was counted."""
    return await _execute(
        request,
        wire_stock.CountBody,
        lambda item: CountStock(key=_key(item), quantity=item.quantity, reason=item.reason),
    )


async def adjust_stock(request: Request) -> Reply:
    """Add units to those on hand, or take them away."""
    return await _execute(
        request,
        wire_stock.AdjustBody,
        lambda item: AdjustStock(key=_key(item), delta=item.delta, reason=item.reason),
        wire_stock.adjust_rules,
    )


async def receive_stock(request: Request) -> Reply:
    """Take in units that arrived."""
    return await _execute(
        request,
        wire_stock.ReceiveBody,
        lambda item: ReceiveStock(key=_key(item), quantity=item.quantity, reason=item.reason),
    )


async def limit_stock(request: Request) -> Reply:
    """Set safety stock, thresholds, counters, and what is unlimited."""
    return await _execute(
        request,
        wire_stock.LimitsBody,
        lambda item: SetLimits(
            key=_key(item), safety=item.safety, threshold=item.threshold,
            counters=wire_stock.to_counters(item.counters), unlimited=item.unlimited,
        ),
        wire_stock.limits_rules,
    )  # fmt: skip


async def import_counts(request: Request) -> Reply:
    """Count the levels of a CSV file; rows with faults are named and left out."""
    rows, faults = read_csv(request, column_faults, read_row)
    done, refused = await stock_requests.import_counts(request.context, request.caller, rows, door=FORMAT.name)
    return json_reply(200, wire_stock.CountsImported(done, row_faults([*faults, *refused])))


# ------------------------------------------------------------------------------------------------------------------ table
_SKU = described("sku", "query", "a SKU, exactly")
_LOCATION = described("location", "query", "the code of a location, exactly")
_POOL = described("pool", "query", "a pool, exactly; empty for the common stock")
_CURSOR = described("cursor", "query", "`next` of the page before", pattern="^[A-Za-z0-9_-]+[0-9a-f]{8}$")
_DRY_RUN = flag_parameter("dry_run", "`true`: return the result, and save nothing")
_ANSWERS = {200: wire_stock.StockAnswer, 409: wire.Problem, **BODY}


def _command(verb: str, handle: Any, operation: str, summary: str, request: type[Struct]) -> Route:
    return Route(
        "POST", (f"{PATH}/{verb}",), handle, access.WRITE, operation, summary, request=request, answers=_ANSWERS,
        parameters=(_DRY_RUN, IDEMPOTENCY_KEY),
    )  # fmt: skip


ROUTES = (
    Route("GET", (PATH,), list_levels, access.READ, "listStock", "List stock levels, as JSON or CSV",
          answers={200: page_or_csv(page_of(wire_stock.LevelAnswer)), **PROBLEMS},
          parameters=(_SKU, _LOCATION, _POOL, flag_parameter("low", "`true`: only levels below their threshold"), LIMIT,
                      _CURSOR)),
    _command("count", count_stock, "countStock", "Set the units on hand to what was counted", wire_stock.CountBody),
    _command("adjust", adjust_stock, "adjustStock", "Add units to those on hand, or take them away", wire_stock.AdjustBody),
    _command("receive", receive_stock, "receiveStock", "Take in units that arrived", wire_stock.ReceiveBody),
    _command("limits", limit_stock, "limitStock", "Set safety stock, thresholds and counters", wire_stock.LimitsBody),
    Route("POST", (f"{PATH}/import",), import_counts, access.WRITE, "importStock", "Import counts of stock from CSV",
          request=CSV_BODY,
          request_media="text/csv", answers={200: wire_stock.CountsImported, 413: wire.Problem, **PROBLEMS}),
    Route("GET", (f"{PATH}/movements",), list_movements, access.READ, "listMovements", "List the ledger of a stock level",
          answers={200: page_of(wire_stock.MovementAnswer), 404: wire.Problem, **PROBLEMS},
          parameters=(_SKU | {"required": True}, _LOCATION | {"required": True}, _POOL, *PAGE)),
    Route("GET", (f"{PATH}/availability",), get_availability, access.READ, "getAvailability",
          "Read what of products can be promised", answers={200: wire_stock.AvailabilityList, 404: wire.Problem, **PROBLEMS},
          parameters=(described("sku", "query", "a SKU; may be given several times", minLength=1, maxLength=MAX_SKU)
                      | {"required": True},
                      described("location", "query", "only the location with this code; may be given several times",
                                minLength=1, maxLength=MAX_CODE),
                      described("pool", "query", "what an order of this pool can be promised: its units and the common ones; "
                                "empty for the common ones alone"),
                      described("network", "query", "only stock in the network with this code, less its safety stock"))),
)  # fmt: skip

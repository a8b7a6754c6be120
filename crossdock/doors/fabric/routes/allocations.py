"""Allocations: read, search, change, move and cancel them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crossdock.core.errors import Code, Fault, NotFound
from crossdock.core.ids import first_id_at, from_hex24, json_equal, to_hex24
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.allocating import DeallocateOrder
from crossdock.core.orders.allocations import Allocation, UnitsTaken, take_all
from crossdock.core.orders.model import Order
from crossdock.core.orders.reallocating import ReallocateUnits
from crossdock.doors import Reply, Request, Route, encode_json, in_one_view, json_reply
from crossdock.doors.fabric import allocations, examples_allocation, wire_calls
from crossdock.doors.fabric import wire_allocation as wire
from crossdock.doors.fabric.allocations import KIND, Source
from crossdock.doors.fabric.documents import DocumentSearch, query_rule
from crossdock.doors.fabric.errors import ERRORS, LARGE, faulty
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_body, read_document
from crossdock.doors.fabric.search_filters import span
from crossdock.flows import access, catalog, locations, queries
from crossdock.flows import allocations as flow_allocations
from crossdock.flows.allocations import AllocationOfOrder
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.execute import Change, execute

Tree = Any
MAX_EXAMINED = 2_000  # allocations of one search; to render so many takes less than half a second
_BATCH = 100
_OPEN = frozenset({"PENDING_PICK", "PARTIALLY_SHIPPED", "PARTIALLY_CANCELLED"})


def unknown_allocation() -> NotFound:
    """Build the refusal of an allocation that is not there; errors.py has each call's status and text."""
    return NotFound(Code.NOT_FOUND, "there is no such allocation", what="allocation")


# --------------------------------------------------------------------------------------------------------------- reading
async def find_allocation(request: Request, text: str) -> AllocationOfOrder:
    """Read an allocation by the id that this door gave it."""
    allocation_id = from_hex24(text)
    try:
        order = await flow_allocations.order_of_allocation(request.context, request.caller, allocation_id)
    except NotFound:
        raise unknown_allocation() from None
    return AllocationOfOrder(flow_allocations.allocation_of(order, allocation_id or 0), order)


async def _sources(request: Request, found: Sequence[AllocationOfOrder]) -> list[Source]:
    """Read what allocations are rendered from."""
    context, caller = request.context, request.caller
    described = await flow_allocations.describe(context, caller, [each.order for each in found], door=DOOR)
    traces = {key: allocations.traces(one.order, one.history) for key, one in described.items()}
    codes = sorted({each.allocation.location for each in found})
    types = {one.location.code: one.location.type for one in await locations.find(context, caller, codes)}
    keys = [to_hex24(each.allocation.allocation_id) for each in found]
    stored = {entry.key: entry for entry in await catalog.find(context, caller, kind=KIND, keys=keys)} if keys else {}
    return [
        _source(
            each, described[each.order.order_id].document, traces, types.get(each.allocation.location), stored.get(key)
        )
        for each, key in zip(found, keys, strict=True)
    ]


def _source(
    found: AllocationOfOrder,
    document: dict[str, Tree],
    traces: Mapping[int, Mapping[int, allocations.Trace]],
    location_type: str | None,
    stored: CatalogEntry | None,
) -> Source:
    trace = traces[found.order.order_id][found.allocation.allocation_id]
    if stored is None:
        return Source(found.order, document, trace, location_type)
    return Source(
        found.order, document, trace, location_type, parse(stored.document), stored.version, stored.updated_at
    )


async def _documents(request: Request, found: Sequence[AllocationOfOrder]) -> list[dict[str, Tree]]:
    sources = await _sources(request, found)
    return [
        allocations.allocation_document(each.allocation, source) for each, source in zip(found, sources, strict=True)
    ]


@in_one_view
async def get_allocation(request: Request) -> Reply:
    """Read an allocation."""
    found = await find_allocation(request, request.params["allocationId"])
    (document,) = await _documents(request, [found])
    return json_reply(200, document, order_id=found.order.order_id)


# ---------------------------------------------------------------------------------------------------------------- search
@in_one_view
async def query_allocations(request: Request) -> Reply:
    """Search allocations: 200 and an array, without a count; 404 where it is empty."""
    body = read_body(request, wire_calls.QueryRequest, query_rule(wire.Allocation))
    search = DocumentSearch(body, sort_by="updatedAt", ascending=False)
    documents = await newest_documents(request, search.filters)
    page, _ = search.page(reversed(documents) if search.ascending else documents)
    if not page:
        raise unknown_allocation()
    return Reply(200, encode_json(page))


async def newest_documents(request: Request, filters: Mapping[str, Tree]) -> list[dict[str, Tree]]:
    """Return the newest allocations that may match filters, newest first."""
    candidates = await _candidates(request, filters)
    documents: list[dict[str, Tree]] = []
    for start in range(0, len(candidates), _BATCH):
        documents += await _documents(request, candidates[start : start + _BATCH])
    return documents


async def _candidates(request: Request, filters: Mapping[str, Tree]) -> list[AllocationOfOrder]:
    """Read the newest allocations that may match: those of an id or an order, or all of a time, or open ones of a location."""
    if isinstance(one := filters.get("allocationId"), str) and "*" not in one:
        try:
            return [await find_allocation(request, one)]
        except NotFound:
            return []
    of_items = filters.get("items")
    if isinstance(of_items, dict) and isinstance(one := of_items.get("orderId"), str) and "*" not in one:
        try:
            order = await queries.order(request.context, request.caller, order_id=from_hex24(one))
        except NotFound:
            return []
        return [AllocationOfOrder(each, order) for each in reversed(order.allocations)][:MAX_EXAMINED]
    return await _newest(request, filters)


async def _newest(request: Request, filters: Mapping[str, Tree]) -> list[AllocationOfOrder]:
    codes = filters.get("statusCode")
    is_open = {*(codes if isinstance(codes, list) else [codes])} <= _OPEN if _is_text(codes) else False
    place = filters.get("locationNum")
    location = place if is_open and isinstance(place, str) and "*" not in place else None
    since, before = _time_range(filters.get("allocationDate"))
    found: list[AllocationOfOrder] = []
    while len(found) < MAX_EXAMINED:
        page, last = await flow_allocations.page(
            request.context, request.caller, before=before, limit=_BATCH, location=location
        )
        found += [each for each in page if each.allocation.at >= since]
        if last is None or (page and page[-1].allocation.at < since):
            break
        before = last
    return found[:MAX_EXAMINED]


def _is_text(codes: Tree) -> bool:
    return isinstance(codes, str) or (isinstance(codes, list) and all(isinstance(each, str) for each in codes))


def _time_range(condition: Tree) -> tuple[int, int]:
    """Return the first time (microseconds since 1970) of a filter on `allocationDate`, and the id that ends it."""
    bounds = {"gte": condition, "lte": condition} if isinstance(condition, str) else condition
    since, before = 0, flow_allocations.NEWEST
    for name, bound in bounds.items() if isinstance(bounds, dict) else ():
        period = span(bound)
        if period is None:
            continue
        if name in ("gt", "gte"):
            since = max(since, period[0] // 1000 * 1000)
        else:  # an id is made at most some milliseconds after the time of its allocation
            before = min(before, first_id_at(period[1] + _ID_DELAY_US))
    return since, before


_ID_DELAY_US = 60_000_000


# ---------------------------------------------------------------------------------------------------------------- change
async def update_allocation(request: Request) -> Reply:
    """Store details of an allocation, and move it if the location is another: 200 and the allocation, the new one if moved."""
    body, tree = read_document(request, wire.AllocationUpdate)
    found = await find_allocation(request, request.params["allocationId"])
    (source,) = await _sources(request, [found])
    document = allocations.allocation_document(found.allocation, source)
    if faults := allocations.body_faults(tree, document):
        raise faulty(*faults)
    own = allocations.own_fields(tree, found.allocation, source)
    if body.locationNum != found.allocation.location:
        found = await _move(request, found, body.locationNum, own)
    elif not json_equal(own, dict(source.own)):  # an answer that is sent back changes nothing
        await catalog.change(
            request.context, request.caller, kind=KIND, key=document["allocationId"],
            make=lambda _: Draft(encode_json(own)), create=True,
        )  # fmt: skip
    (document,) = await _documents(request, [found])
    return json_reply(200, document, order_id=found.order.order_id)


async def _move(request: Request, found: AllocationOfOrder, location: str, own: dict[str, Tree]) -> AllocationOfOrder:
    """Move what is open of an allocation to a location, all or nothing; its details go with it, in the same transaction."""
    if not await locations.find(request.context, request.caller, [location]):
        raise faulty(Fault(("locationNum",), "is not a location"))
    allocation_id = found.allocation.allocation_id
    if not found.allocation.is_open:
        raise faulty(Fault(("locationNum",), "nothing of the allocation is open any more, so it cannot be moved"))
    known = {each.allocation_id for each in found.order.allocations}
    made: list[AllocationOfOrder] = []

    async def store(tx: Any, change: Change) -> bytes:
        new = [each for each in change.order.allocations if each.allocation_id not in known]
        made.extend(AllocationOfOrder(each, change.order) for each in new[-1:])
        if own and made:
            key, draft = to_hex24(made[0].allocation.allocation_id), Draft(encode_json(own))
            await catalog.add_in(tx, request.context, request.caller, kind=KIND, key=key, draft=draft)
        return b""

    command = ReallocateUnits(
        order_id=found.order.order_id, allocations=(allocation_id,), units=open_units((allocation_id,)), only=(location,),
        complete=True, reason=f"moved to {location}",
    )  # fmt: skip
    await execute(request.context, request.caller, [command], door=DOOR, reply=store)
    return made[0]


def open_units(ids: Sequence[int]) -> Callable[[Order], tuple[UnitsTaken, ...]]:
    return lambda order: take_all([each for each in order.allocations if each.allocation_id in ids])


# ---------------------------------------------------------------------------------------------------------------- cancel
async def cancel_allocations(request: Request) -> Reply:
    """Give back what is open of allocations, of all or of none: 200 and the allocations in an array."""
    texts = list(dict.fromkeys(text for text in request.params["ids"].split(",") if text))
    if len(texts) > wire.MAX_MOVED:
        raise faulty(Fault(("ids",), f"must be at most {wire.MAX_MOVED}"))
    if not texts:
        raise unknown_allocation()
    found = [await find_allocation(request, text) for text in texts]
    faults = [
        Fault(("ids", place), f"nothing of {text} is open any more: it is {_closed_word(each.allocation)}")
        for place, (text, each) in enumerate(zip(texts, found, strict=True))
        if not each.allocation.is_open
    ]
    if faults:
        raise faulty(*faults)
    ids_of: dict[int, list[int]] = {}
    for each in found:
        ids_of.setdefault(each.order.order_id, []).append(each.allocation.allocation_id)
    commands = [
        DeallocateOrder(order_id=order_id, allocations=tuple(ids), reason="allocation canceled")
        for order_id, ids in ids_of.items()
    ]
    changes = await execute(request.context, request.caller, commands, door=DOOR)
    orders = {change.order.order_id: change.order for change in changes}
    canceled = [
        AllocationOfOrder(flow_allocations.allocation_of(order, each.allocation.allocation_id), order)
        for each in found
        if (order := orders[each.order.order_id])
    ]
    return json_reply(200, await _documents(request, canceled))


def _closed_word(allocation: Allocation) -> str:
    return "shipped" if any(part.shipped for part in allocation.units) else "canceled"


# ---------------------------------------------------------------------------------------------------------------- routes
# Responses without a type are plain text.
TEXT_400: dict[int, Any] = {**ERRORS, 400: None}
_ITEM = paths("/allocation/{allocationId}")
ROUTES = (
    Route(
        "POST", paths("/allocation/query"), query_allocations, access.READ, "queryAllocations", "Search allocations",
        request=wire_calls.QueryRequest,
        answers={200: {"type": "array", "items": wire.Allocation}, **TEXT_400, **LARGE, 404: None}, parameters=(CONTEXT,),
        description=(
            "Searches allocations by any field and returns an array; no match is a 404. Examines the newest "
            f"{MAX_EXAMINED} allocations that `allocationId`, `items.orderId`, `allocationDate`, or `locationNum` together "
            "with an open `statusCode` leave."
        ),
        examples={"request": examples_allocation.QUERY, 200: [examples_allocation.ALLOCATION]},
    ),
    Route(
        "PUT", paths("/allocation/cancel/{ids}"), cancel_allocations, access.WRITE, "cancelAllocations", "Cancel allocations",
        answers={200: {"type": "array", "items": wire.Allocation}, **TEXT_400, 404: None}, parameters=(CONTEXT,),
        description=(
            "Gives back what is open of the allocations with these ids, which are separated by commas. The units of the order "
            "are allocated no more, and nothing is planned for them."
        ),
        examples={200: [examples_allocation.CANCELED]},
    ),
    Route(
        "GET", _ITEM, get_allocation, access.READ, "getAllocation", "Read an allocation",
        answers={200: wire.Allocation, **TEXT_400}, parameters=(CONTEXT,),
        description="Returns the allocation with this id, of an order of any API. An unknown id is a 400.",
        examples={200: examples_allocation.ALLOCATION},
    ),
    Route(
        "PUT", _ITEM, update_allocation, access.WRITE, "updateAllocation", "Change an allocation",
        request=wire.AllocationUpdate, answers={200: wire.Allocation, **TEXT_400, **LARGE}, parameters=(CONTEXT,),
        description=(
            "Stores the external number, the purchase order and details of the items. Another `locationNum` moves the units "
            "there, all or none, as a new allocation, which is returned. Fields that follow from the order are ignored."
        ),
        examples={"request": examples_allocation.UPDATE, 200: examples_allocation.UPDATED},
    ),
)  # fmt: skip

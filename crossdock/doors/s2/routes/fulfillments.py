"""Calls for fulfillments: create, read, list, add attachments.

Source: the vendor's pages of these calls. The list is not on its pages.
"""

import random
from typing import Any

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound, Refusal
from crossdock.core.json.request_body import decode_body
from crossdock.core.orders.commands import CancelOrder
from crossdock.core.orders.fulfilling import CreateFulfillment
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, encode_json, in_one_view, json_reply
from crossdock.doors.s2 import assignment, catalog, direct_orders
from crossdock.doors.s2.format import FORMAT
from crossdock.doors.s2.fulfillments import (
    CHANNEL_ID,
    KIND,
    Rendered,
    decode_stored,
    fulfillment_response,
    line_product,
    to_stored,
    with_attachments,
)
from crossdock.doors.s2.inventory import warehouse_response
from crossdock.doors.s2.routes.common import list_reply, read_window
from crossdock.doors.s2.wire_fulfillments import MAX_ATTACHMENTS, AttachmentsCreate, FulfillmentCreate
from crossdock.flows import catalog as documents
from crossdock.flows import fulfillment, locations, queries, reference_data, rendering, stock
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.execute import Change, execute
from crossdock.flows.intake import Submission
from crossdock.flows.locations import StoredLocation

DOOR = FORMAT.name
_ATTEMPTS = 5  # warehouses that are tried; one that had enough a moment ago may have lost it


# --------------------------------------------------------------------------------------------------------------- create
async def create_fulfillment(request: Request) -> Reply:
    """Let a warehouse ship units of an order; without an order, one is made for them."""
    body = decode_body(request.body, FulfillmentCreate)
    found = await _look_up(request, body)
    await _check_channel_id(request, body)
    if found.order is not None:
        return await _assign(request, body, found.order, found.warehouses)
    order = await _direct_order(request, body, found.account)
    try:
        return await _assign(request, body, order, found.warehouses)
    except Refusal:
        cancel = CancelOrder(order_id=order.order_id, reason="its fulfillment was refused")
        await execute(request.context, request.caller, [cancel], door=DOOR)
        raise


class _Found:
    """What a create body refers to: the order, the account, and the warehouses that it allows."""

    def __init__(self) -> None:
        self.order: Order | None = None
        self.account: str | None = None
        self.warehouses: list[StoredLocation] = []


async def _look_up(request: Request, body: FulfillmentCreate) -> _Found:
    """Look up what a body refers to. Refuses with Invalid `unknown_reference` all that is not there, at once."""
    found, faults = _Found(), []
    if body.rmaId:
        faults.append(assignment.unknown("rmaId", "RMA", body.rmaId))
    if body.orderId:
        try:
            order_id = catalog.parse_id(body.orderId)
            found.order = await queries.order(request.context, request.caller, order_id=order_id)
        except NotFound:
            faults.append(assignment.unknown("orderId", "order", body.orderId))
    faults += await _look_up_warehouses(request, body, found)
    faults += await _look_up_catalog(request, body, found)
    if faults:
        raise Invalid(Code.UNKNOWN_REFERENCE, "the body refers to what is not there", faults=tuple(faults))
    return found


async def _look_up_warehouses(request: Request, body: FulfillmentCreate, found: _Found) -> list[Fault]:
    if body.warehouseId:
        ids = [body.warehouseId.lower()]
        found.warehouses = await locations.find(request.context, request.caller, ids, by_id=True)
        return [] if found.warehouses else [assignment.unknown("warehouseId", "warehouse", body.warehouseId)]
    every = await locations.all_of(request.context, request.caller)
    found.warehouses = [each for each in every if assignment.is_fulfillment_center(each.location)]
    return []


async def _look_up_catalog(request: Request, body: FulfillmentCreate, found: _Found) -> list[Fault]:
    """Look up the account and, where there is no order, the products; with an order, its account is the one."""
    faults, account = [], (catalog.ACCOUNT, (body.orderAccountId or "").lower())
    code = (f"{catalog.ACCOUNT}@name", body.accountCode or "")
    products = [] if body.orderId else [(catalog.PRODUCT, each.productId.lower()) for each in body.items]
    wanted = [*products, *([account] if account[1] and not body.orderId else ()), *([code] if code[1] else ())]
    entries = (await reference_data.look_up(request.context, request.caller, wanted)).entries
    faults += [
        Fault(("items", position, "productId"), f"there is no product {key!r}")
        for position, (kind, key) in enumerate(products)
        if (kind, key) not in entries
    ]
    if account in wanted and account not in entries:
        faults.append(assignment.unknown("orderAccountId", "account", body.orderAccountId))
    elif account[1] and not body.orderId:
        found.account = account[1]
    if found.order is not None:
        found.account = found.order.content.account_ref
    if code[1]:
        entry = entries.get(code)
        if entry is None or found.account not in (None, entry.key):
            reason = f"is not the code of the account: {code[1][:60]!r}"
            raise Invalid(Code.INVALID, "the body has faults", faults=(Fault(("accountCode",), reason), *faults))
        found.account = entry.key
    return faults


async def _check_channel_id(request: Request, body: FulfillmentCreate) -> None:
    if body.channelFulfillmentId:
        keys = [body.channelFulfillmentId]
        if await documents.find(request.context, request.caller, kind=CHANNEL_ID, keys=keys):
            raise _channel_id_taken(body)


def _channel_id_taken(body: FulfillmentCreate) -> Conflict:
    sent = body.channelFulfillmentId
    reason = f"Fulfillment with channelFulfillmentId '{sent}' already exists for this organization"
    return Conflict(Code.EXISTS, reason)


async def _direct_order(request: Request, body: FulfillmentCreate, account: str | None) -> Order:
    """Make the order of a fulfillment that names none."""
    raw = direct_orders.direct_order(body, account)
    outcome = await request.intake.submit(Submission(request.caller, direct_orders.DIRECT_FORMAT, raw))
    return await queries.order(request.context, request.caller, order_id=outcome.order_id)


async def _assign(request: Request, body: FulfillmentCreate, order: Order, allowed: list[StoredLocation]) -> Reply:
    """Make the fulfillment at one of the warehouses allowed, at random among those with enough stock."""
    references = [(each.kind, each.key) for each in FORMAT.references(order.content)]
    found = await reference_data.look_up(request.context, request.caller, references)
    product_ids = [line_product(line, order, found)[0].lower() for line in order.content.lines]
    units, faults = assignment.units_of(body.items, order, product_ids)
    if faults and order.counters and not all(line.open == 0 for line in order.counters):
        raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults))
    codes = [each.location.code for each in allowed]
    if not body.warehouseId:
        codes = await _choose(request, order, units, codes)
    for attempt, code in enumerate(codes[:_ATTEMPTS], 1):
        try:
            return await _create_at(request, body, order, units, code)
        except Conflict as conflict:
            if conflict.code is not Code.STATE_FORBIDS or attempt == min(len(codes), _ATTEMPTS):
                raise
    raise AssertionError("unreachable")


async def _choose(request: Request, order: Order, units: assignment.Units, codes: list[str]) -> list[str]:
    """Return the warehouses with enough stock in random order. Refuses with Conflict `state_forbids` where there is none."""
    if not codes:
        raise Conflict(Code.STATE_FORBIDS, "there is no warehouse", status=str(order.status))
    skus = sorted({sku for place in units if (sku := order.content.lines[place].sku) is not None})
    levels = await stock.levels_of(request.context, request.caller, skus) if skus else []
    chosen = assignment.with_enough(order, units, codes, levels)
    if not chosen:
        reason = "no warehouse has enough stock of every item"
        raise Conflict(Code.STATE_FORBIDS, reason, status=str(order.status))
    return random.sample(chosen, len(chosen))


async def _create_at(
    request: Request, body: FulfillmentCreate, order: Order, units: assignment.Units, code: str
) -> Reply:
    create = CreateFulfillment(
        order_id=order.order_id, location_ref=code, lines=units, reference=body.channelFulfillmentId or None,
        new_id=fulfillment.new_ids(request.context),
    )  # fmt: skip
    freed = assignment.freeing(order, units, code)
    commands = [*freed, create, *assignment.rest_of(order, units, bool(freed))]

    async def store(tx: Any, change: Change) -> bytes:
        """Store what the order does not know of the fulfillment, in the transaction of the change."""
        created = [event for event in change.events if event.name == "order.fulfillment_created"]
        if not created:
            return b""
        made = change.order.fulfillments[-1]
        key, reference = catalog.format_id(made.fulfillment_id), body.channelFulfillmentId
        document = to_stored(body, order.order_id, made.at)
        search = f"{reference or ''}\n{catalog.format_id(order.order_id)}\n{order.content.number}"
        await documents.add_in(tx, request.context, request.caller, kind=KIND, key=key, draft=Draft(document, search))
        if reference:
            try:
                await documents.add_in(
                    tx, request.context, request.caller, kind=CHANNEL_ID, key=reference, draft=Draft(encode_json(key))
                )
            except Conflict:
                raise _channel_id_taken(body) from None
        return encode_json(key)

    changes = await execute(request.context, request.caller, commands, door=DOOR, reply=store)
    made = changes[len(freed)].order.fulfillments[-1]
    (response,) = await _render(request, [(changes[-1].order, made.fulfillment_id)])
    return json_reply(200, response, order_id=order.order_id)


# ----------------------------------------------------------------------------------------------------------------- read
async def _load(request: Request) -> tuple[Order, int]:
    """Load the order of the fulfillment of the path. Refuses with NotFound."""
    fulfillment_id = catalog.parse_id(request.params["fulfillment_id"])
    order = await fulfillment.order_of(request.context, request.caller, part="fulfillment", value=fulfillment_id)
    assert fulfillment_id is not None
    return order, fulfillment_id


@in_one_view
async def get_fulfillment(request: Request) -> Reply:
    """Read a fulfillment, whichever door made it."""
    order, fulfillment_id = await _load(request)
    (response,) = await _render(request, [(order, fulfillment_id)])
    return json_reply(200, response, order_id=order.order_id)


@in_one_view
async def list_fulfillments(request: Request) -> Reply:
    """List the fulfillments that were made through this door, newest first."""
    limit, offset, term = read_window(request)
    entries, total = await documents.page(
        request.context, request.caller, kind=KIND, limit=limit, offset=offset, term=term or None
    )
    order_ids = {decode_stored(each.document).order_id for each in entries}
    orders = {each.order_id: each for each in await queries.by_ids(request.context, request.caller, sorted(order_ids))}
    wanted = []
    for entry in entries:
        order = orders.get(decode_stored(entry.document).order_id)
        fulfillment_id = catalog.parse_id(entry.key)
        if order is not None and fulfillment_id is not None:
            wanted.append((order, fulfillment_id))
    return list_reply(await _render(request, wanted), total)


async def _render(request: Request, wanted: list[tuple[Order, int]]) -> list[dict[str, Any]]:
    """Render fulfillments (their orders and ids) in their order, with one look-up of each kind."""
    context, caller = request.context, request.caller
    orders = list({order.order_id: order for order, _ in wanted}.values())
    rendered = await rendering.render_all(context, caller, orders, door=DOOR) if orders else []
    of_order = {order.order_id: each.document for order, each in zip(orders, rendered, strict=True)}
    keys = [catalog.format_id(fulfillment_id) for _, fulfillment_id in wanted]
    stored = {each.key: each for each in await documents.find(context, caller, kind=KIND, keys=keys)}
    codes = sorted({each.location for order, _ in wanted for each in order.fulfillments})
    places = {each.location.code: each for each in await locations.find(context, caller, codes)}
    responses = []
    for (order, fulfillment_id), key in zip(wanted, keys, strict=True):
        found = next((each for each in order.fulfillments if each.fulfillment_id == fulfillment_id), None)
        if found is None:  # an order of a later release, or a document without its fulfillment
            continue
        entry: CatalogEntry | None = stored.get(key)
        document, place = of_order[order.order_id], places.get(found.location)
        parts = Rendered(
            found, order, document, [item["product"] for item in document["items"]],
            catalog.organization_response(caller.organization), decode_stored(entry.document) if entry else None,
            entry.updated_at if entry else 0,
            warehouse_response(place, caller.organization) if place is not None else None,
        )  # fmt: skip
        responses.append(fulfillment_response(parts))
    return responses


# ---------------------------------------------------------------------------------------------------------- attachments
async def create_attachments(request: Request) -> Reply:
    """Add files to a fulfillment: 201 and no body, as the vendor's page says."""
    order, fulfillment_id = await _load(request)
    body = decode_body(request.body, AttachmentsCreate)
    now = request.context.clock()

    def change(before: CatalogEntry | None) -> Draft:
        stored = with_attachments(before.document if before else None, order.order_id, body.attachments, now)
        if len(stored.attachments) > MAX_ATTACHMENTS:
            fault = Fault(("attachments",), f"must leave at most {MAX_ATTACHMENTS} attachments of the fulfillment")
            raise Invalid(Code.INVALID, "the body has faults", faults=(fault,))
        search = before.search if before else f"{catalog.format_id(order.order_id)}\n{order.content.number}"
        return Draft(encode_json(stored), search)

    await documents.change(
        request.context, request.caller, kind=KIND, key=catalog.format_id(fulfillment_id), make=change, create=True
    )
    return Reply(201, order_id=order.order_id)

"""One order: created, read, changed, deleted, an item taken out, tagged; and the search."""

from typing import Any

from crossdock.core.errors import Code, Fault, Invalid, NotFound, Refusal
from crossdock.core.json.request_body import decode_body, validate
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import Command
from crossdock.core.time import format_time
from crossdock.doors import Reply, Request, encode_json, in_one_view, json_reply, replayed_header
from crossdock.doors.pb_oms import edits, mapping, search, wire
from crossdock.doors.pb_oms.format import FORMAT
from crossdock.flows import order_search, queries, rendering
from crossdock.flows.execute import Change, execute
from crossdock.flows.intake import Submission


async def create_order(request: Request) -> Reply:
    """Create an order: 200 and four members."""
    outcome = await request.intake.submit(Submission(request.caller, FORMAT, request.body))
    replayed = outcome.status == "replayed"
    return Reply(
        200, outcome.reply, headers=replayed_header(replayed), order_id=outcome.order_id, outcome=outcome.status
    )


@in_one_view
async def get_order(request: Request) -> Reply:
    """Answer one order, split into orderInfo and orderShippingInfo."""
    order = await queries.order(request.context, request.caller, order_id=_order_id(request))
    if mapping.is_deleted(order):
        raise NotFound(Code.NO_ORDER, "there is no such order")
    (document,) = await rendering.render_json_all(request.context, request.caller, [order], door=FORMAT.name)
    return Reply(200, encode_json(document), order_id=order.order_id)


def _order_id(request: Request) -> int | None:
    return mapping.parse_id(request.params["orderId"])


async def _execute(request: Request, command: Command) -> Change:
    (change,) = await execute(request.context, request.caller, [command], door=FORMAT.name)
    return change


def now(request: Request) -> str:
    """Give the time of an answer."""
    return format_time(request.context.clock())


def _marked(request: Request, change: Change) -> Reply:
    order_id = change.order.order_id
    return json_reply(200, wire.OrderMarked(mapping.format_id(order_id), "Updated", now(request)), order_id=order_id)


async def change_order(request: Request) -> Reply:
    """Change the members that the body names; items by their ids.

    The body's own faults are told first, then, against the order, those of what it would become, with the body's paths.
    """
    body = parse(request.body)
    validate(body, wire.OrderPatch, edits.untouchable)
    places: dict[int, int] = {}

    def change(document: dict[str, Any], lines: Any) -> dict[str, Any]:
        places.clear()
        return edits.patched(document, body, lines, places)

    try:
        changed = await _execute(request, edits.edit(_order_id(request), change))
    except Refusal as refusal:
        refusal.faults = tuple(edits.of_body(fault, places) for fault in refusal.faults)
        raise
    order = changed.order
    answer = wire.OrderUpdated(mapping.format_id(order.order_id), order.content.number, "Updated", now(request))
    return json_reply(200, answer, order_id=order.order_id)


async def delete_order(request: Request) -> Reply:
    """Delete an order: it is canceled and put out of sight, and this door does not find it any more."""
    change = await _execute(request, edits.delete(_order_id(request)))
    order_id = change.order.order_id
    return json_reply(200, wire.OrderMarked(mapping.format_id(order_id), "Deleted", now(request)), order_id=order_id)


async def delete_item(request: Request) -> Reply:
    """Take out of an order the items with the id in the query."""
    item_id = request.query.get("itemId")
    if not item_id:
        raise Invalid(Code.INVALID, "the query has a fault", faults=(Fault(("itemId",), "is required"),))
    command = edits.edit(_order_id(request), lambda document, lines: edits.without_item(document, lines, item_id))
    return _marked(request, await _execute(request, command))


async def put_tags(request: Request) -> Reply:
    """Give an order exactly the tags of the body."""
    sent = decode_body(request.body, wire.TagsPut, lambda tree: edits.reserved(tree, "tagIds"))
    return _marked(request, await _execute(request, edits.replace_tags(_order_id(request), sent.tagIds)))


@in_one_view
async def search_orders(request: Request) -> Reply:
    """Answer a page of the orders that meet all filters, newest first."""
    sent = decode_body(request.body, wire.Search, search.rules)
    number, size = max(1, sent.page or 0), sent.size or wire.PAGE_SIZE
    query, residual = search.order_query(search.from_wire(sent), limit=size, offset=(number - 1) * size)
    found = await order_search.find(request.context, request.caller, query, residual=residual)
    documents = await rendering.render_json_all(request.context, request.caller, found.orders, door=FORMAT.name)
    info = wire.PageInfo(found.total, -(-found.positions // size), number)
    return json_reply(200, {"orders": documents, "pageInfo": info})

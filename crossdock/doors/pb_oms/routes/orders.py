"""Calls for one order: create, read, update, delete, remove an item, replace tags."""

from crossdock.core.errors import Code, Fault, NotFound, Refusal
from crossdock.core.json.request_body import decode_body, validate
from crossdock.core.json.strict_json import parse
from crossdock.doors import Reply, Request, encode_json, in_one_view, json_reply, replayed_header
from crossdock.doors.pb_oms import edits, wire, wire_calls
from crossdock.doors.pb_oms.format import FORMAT
from crossdock.doors.pb_oms.mapping import format_id, is_deleted
from crossdock.doors.pb_oms.routes.common import action_reply, execute_one, order_id_of, response_time
from crossdock.flows import queries, rendering
from crossdock.flows.intake import Submission


async def create_order(request: Request) -> Reply:
    """Create an order; the same content again is replayed."""
    outcome = await request.intake.submit(Submission(request.caller, FORMAT, request.body))
    replayed = outcome.status == "replayed"
    return Reply(
        200, outcome.reply, headers=replayed_header(replayed), order_id=outcome.order_id, outcome=outcome.status
    )


@in_one_view
async def get_order(request: Request) -> Reply:
    """Read an order."""
    order = await queries.order(request.context, request.caller, order_id=order_id_of(request))
    if is_deleted(order):
        raise NotFound(Code.NO_ORDER, "there is no such order")
    (document,) = await rendering.render_json_all(request.context, request.caller, [order], door=FORMAT.name)
    return Reply(200, encode_json(document), order_id=order.order_id)


async def update_order(request: Request) -> Reply:
    """Update the members of an order that the body names; items are matched by their ids.

    Faults of the body are reported first; if there are none, the faults of the changed order, with paths in the body.
    """
    body = parse(request.body)
    validate(body, wire.OrderPatch, edits.read_only_rule)
    patch = edits.Patch(body)
    try:
        change = await execute_one(request, edits.edit_order(order_id_of(request), patch.apply))
    except Refusal as refusal:
        refusal.faults = tuple(patch.translate(fault) for fault in refusal.faults)
        raise
    order = change.order
    response = wire_calls.OrderUpdated(
        format_id(order.order_id), order.content.number, "Updated", response_time(request)
    )
    return json_reply(200, response, order_id=order.order_id)


async def delete_order(request: Request) -> Reply:
    """Delete an order: cancel it, archive it and hide it from this door."""
    return action_reply(request, await execute_one(request, edits.delete_order(order_id_of(request))), "Deleted")


async def delete_item(request: Request) -> Reply:
    """Remove the items with the id in the query from an order."""
    item_id = request.query.get("itemId")
    if not item_id:  # the vendor's page of this call lists a 404 and no 400
        raise NotFound(Code.NO_ORDER, "the query names no item", faults=(Fault(("itemId",), "is required"),))
    command = edits.edit_order(
        order_id_of(request), lambda document, lines: edits.remove_item(document, lines, item_id)
    )
    return action_reply(request, await execute_one(request, command), "Updated")


async def put_tags(request: Request) -> Reply:
    """Replace the tags of an order."""
    body = decode_body(request.body, wire_calls.TagsPut, lambda tree: edits.reserved_tags(tree, "tagIds"))
    command = edits.replace_tags(order_id_of(request), body.tagIds)
    return action_reply(request, await execute_one(request, command), "Updated")

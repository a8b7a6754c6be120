"""Calls for several orders, all or none: change the status, replace tags."""

from crossdock.core.errors import Code, Conflict, Fault, NotFound
from crossdock.core.json.request_body import decode_body, duplicates_in, objects_in
from crossdock.core.json.strict_json import Tree
from crossdock.core.orders.commands import Command
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.pb_oms import edits, wire_calls
from crossdock.doors.pb_oms.format import FORMAT
from crossdock.doors.pb_oms.mapping import parse_id
from crossdock.doors.pb_oms.routes.common import response_time
from crossdock.flows.execute import execute


async def _execute_all(request: Request, member: str, commands: dict[int, Command], status: str, message: str) -> Reply:
    """Execute all commands, keyed by the positions of their orders in `member`, or none."""
    try:
        await execute(request.context, request.caller, [*commands.values()], door=FORMAT.name)
    except (NotFound, Conflict) as refusal:
        if len(commands) == 1:
            raise
        raise await _combined_refusal(request, member, commands) or refusal from None
    return json_reply(200, wire_calls.BulkResult(status, message, response_time(request)))


async def _combined_refusal(request: Request, member: str, commands: dict[int, Command]) -> NotFound | Conflict | None:
    """Combine the refusals of all commands in one, by a dry run of each; None if each alone would succeed."""
    missing: list[Fault] = []
    forbidden: list[Fault] = []
    for position, command in commands.items():
        path = (member, position, "orderId")
        try:
            await execute(request.context, request.caller, [command], door=FORMAT.name, dry_run=True)
        except NotFound as refusal:
            missing.append(Fault(path, refusal.reason))
        except Conflict as refusal:
            forbidden.append(Fault(path, refusal.reason))
    if missing:
        return NotFound(Code.NO_ORDER, "some of the orders do not exist", faults=(*missing, *forbidden))
    if forbidden:
        return Conflict(Code.STATE_FORBIDS, "some of the orders cannot be changed", faults=tuple(forbidden))
    return None


async def change_statuses(request: Request) -> Reply:
    """Change the status of several orders; an order that is named twice is changed once."""
    body = decode_body(request.body, wire_calls.BulkStatus)
    first_positions: dict[str, int] = {}
    for position, order in enumerate(body.orders):
        first_positions.setdefault(order.orderId, position)
    commands = {
        position: edits.change_status(parse_id(order_id), body.status, body.reason or None)
        for order_id, position in first_positions.items()
    }
    return await _execute_all(request, "orders", commands, body.status, "Order status updated successfully.")


def _tags_rule(tree: Tree) -> list[Fault]:
    """Refuse orders that are named twice and reserved tags."""
    faults = list(duplicates_in(tree, "tags", "orderId"))
    for position, row in objects_in(tree, "tags"):
        faults += edits.reserved_tags(row, "tagIds", "tags", position)
    return faults


async def put_bulk_tags(request: Request) -> Reply:
    """Replace the tags of several orders, each by its own."""
    body = decode_body(request.body, wire_calls.BulkTagsPut, _tags_rule)
    commands = {
        position: edits.replace_tags(parse_id(order.orderId), order.tagIds) for position, order in enumerate(body.tags)
    }
    return await _execute_all(request, "tags", commands, "Updated", "Order tags updated successfully.")

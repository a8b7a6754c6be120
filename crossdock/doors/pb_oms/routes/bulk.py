"""Many orders at once, all or none: moved to a status, tagged."""

from crossdock.core.errors import Code, Conflict, Fault, NotFound
from crossdock.core.json.request_body import decode_body, duplicates_in, objects_in
from crossdock.core.json.strict_json import Tree
from crossdock.core.orders.commands import Command
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.pb_oms import edits, mapping, wire
from crossdock.doors.pb_oms.format import FORMAT
from crossdock.doors.pb_oms.routes.orders import now
from crossdock.flows.execute import execute


async def _execute_all(request: Request, member: str, commands: dict[int, Command], status: str, message: str) -> Reply:
    """Execute all commands, keyed by their orders' positions in `member`, or refuse for each that cannot be executed."""
    try:
        await execute(request.context, request.caller, [*commands.values()], door=FORMAT.name)
    except (NotFound, Conflict) as refusal:
        if len(commands) == 1:
            raise
        raise await _refusal_of_all(request, member, commands) or refusal from None
    return json_reply(200, wire.BulkDone(status, message, now(request)))


async def _refusal_of_all(request: Request, member: str, commands: dict[int, Command]) -> NotFound | Conflict | None:
    """Try each command by itself, writing nothing, and give one refusal that names every order in the way."""
    missing: list[Fault] = []
    forbidden: list[Fault] = []
    for place, command in commands.items():
        path = (member, place, "orderId")
        try:
            await execute(request.context, request.caller, [command], door=FORMAT.name, dry_run=True)
        except NotFound as refusal:
            missing.append(Fault(path, refusal.reason))
        except Conflict as refusal:
            forbidden.append(Fault(path, refusal.reason))
    if missing:
        return NotFound(Code.NO_ORDER, "some of the orders are not there", faults=(*missing, *forbidden))
    if forbidden:
        return Conflict(Code.STATE_FORBIDS, "some of the orders cannot be moved", faults=tuple(forbidden))
    return None


async def move_orders(request: Request) -> Reply:
    """Move all the orders to one status; an order that is named twice moves once."""
    sent = decode_body(request.body, wire.BulkStatus)
    places = {each.orderId: place for place, each in reversed([*enumerate(sent.orders)])}
    commands = {
        place: edits.change_status(mapping.parse_id(name), sent.status, sent.reason or None)
        for name, place in sorted(places.items(), key=lambda each: each[1])
    }
    return await _execute_all(request, "orders", commands, sent.status, "Order status updated successfully.")


def _tags_rule(tree: Tree) -> list[Fault]:
    faults = list(duplicates_in(tree, "tags", "orderId"))
    for position, row in objects_in(tree, "tags"):
        faults += edits.reserved(row, "tagIds", "tags", position)
    return faults


async def put_bulk_tags(request: Request) -> Reply:
    """Give each order exactly the tags that stand beside it."""
    sent = decode_body(request.body, wire.BulkTagsPut, _tags_rule)
    commands = {
        place: edits.replace_tags(mapping.parse_id(each.orderId), each.tagIds) for place, each in enumerate(sent.tags)
    }
    return await _execute_all(request, "tags", commands, "Updated", "Order tags updated successfully.")

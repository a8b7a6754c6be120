"""What the routes of Pitney Bowes OMS share: the order of a path, commands and their response, entries under a client's key."""

from crossdock.core.errors import Code, Conflict, Fault
from crossdock.core.orders.commands import Command
from crossdock.core.time import format_time
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.pb_oms import catalog, wire_calls
from crossdock.doors.pb_oms.format import FORMAT
from crossdock.doors.pb_oms.mapping import format_id, parse_id
from crossdock.flows import reference_data
from crossdock.flows.catalog import CatalogEntry
from crossdock.flows.execute import Change, execute


def order_id_of(request: Request) -> int | None:
    """Parse the order id of the path; None if it cannot be one."""
    return parse_id(request.params["orderId"])


def response_time(request: Request) -> str:
    """Format the current time for a response."""
    return format_time(request.context.clock())


async def execute_one(request: Request, command: Command) -> Change:
    """Execute a command on one order."""
    (change,) = await execute(request.context, request.caller, [command], door=FORMAT.name)
    return change


def action_reply(request: Request, change: Change, outcome: str) -> Reply:
    """Reply to a deletion, an item removal or a tagging; `outcome` is the `status` of the response, `Updated` or `Deleted`."""
    order_id = change.order.order_id
    body = wire_calls.OrderActionResult(format_id(order_id), outcome, response_time(request))
    return json_reply(200, body, order_id=order_id)


async def add_once(request: Request, *, kind: str, key: str, member: str, taken: str) -> tuple[CatalogEntry, bool]:
    """Store the body under a key that its `member` names, and tell whether it was there already with the same content.

    Refuses with Conflict `exists` if it has other content. `taken` says so to people.
    """
    while True:
        try:
            entry = await reference_data.add(
                request.context, request.caller, kind=kind, key=key, name=key, document=request.body
            )
            return entry, False
        except Conflict:
            found = await reference_data.look_up(request.context, request.caller, {(kind, key)})
        existing = found.entries.get((kind, key))
        if existing is None:  # another request has removed it since
            continue
        if not catalog.is_same_entry(existing.document, request.body):
            fault = Fault((member,), f"exists with other content: {key[:40]!r}")
            raise Conflict(Code.EXISTS, taken, faults=(fault,)) from None
        return existing, True

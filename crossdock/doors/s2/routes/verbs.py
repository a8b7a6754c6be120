"""Ventmere S2: the calls that change an order, each one flow call answered with the whole order.

Source: the vendor's update and cancel pages. Archive and unarchive have no page; they follow cancel, and answers have a member
for what they do.
"""

from crossdock.core.errors import Code, Conflict, Fault, Invalid
from crossdock.core.json.request_body import parse_body
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import ArchiveOrder, CancelOrder, Command, EditOrder
from crossdock.doors import Reply, Request, encode_json
from crossdock.doors.s2 import catalog, edits, wire
from crossdock.doors.s2.format import FORMAT
from crossdock.flows import rendering
from crossdock.flows.execute import execute

Document = dict[str, object]


async def update_order(request: Request) -> Reply:
    """Replace the members of an order that the vendor lists for it.

    Refused where the order is canceled or fulfilled, where the new number is taken, or where it contradicts what has shipped.
    """
    sent = _body(request)
    command = EditOrder(
        order_id=_order_id(request), door=FORMAT.name, change=lambda before, _: edits.revised(before, sent)
    )
    try:
        return await _execute(request, command)
    except Invalid as invalid:
        raise edits.in_update_words(invalid, sent) from None
    except Conflict as conflict:
        raise edits.in_door_words(conflict) from None


def _body(request: Request) -> Document:
    try:
        tree = parse(request.body)
    except Invalid as invalid:
        if invalid.code is Code.INVALID:  # faults of the JSON itself: tell those of its shape with them
            faults = parse_body(request.body, wire.OrderUpdate, natural=lambda _: ()).faults
            raise Invalid(invalid.code, invalid.reason, faults=faults) from None
        raise
    if not isinstance(tree, dict):
        raise Invalid(Code.INVALID, "the body has faults", faults=(Fault((), "must be an object"),))
    return tree


async def cancel_order(request: Request) -> Reply:
    """Cancel everything of an order; refused where it is canceled already, or where something of it has shipped."""
    return await _execute(request, CancelOrder(order_id=_order_id(request)))


async def archive_order(request: Request) -> Reply:
    """Put an order out of sight; one that is there already stays there."""
    return await _execute(request, ArchiveOrder(order_id=_order_id(request)))


async def unarchive_order(request: Request) -> Reply:
    """Bring an order back into sight."""
    return await _execute(request, ArchiveOrder(order_id=_order_id(request), archived=False))


def _order_id(request: Request) -> int | None:
    return catalog.read_id(request.params["orderId"])


async def _execute(request: Request, command: Command) -> Reply:
    door = FORMAT.name
    (change,) = await execute(request.context, request.caller, [command], door=door)
    rendered = await rendering.render(request.context, request.caller, change.order, door=door)
    return Reply(200, encode_json(rendered.document), order_id=change.order.order_id)

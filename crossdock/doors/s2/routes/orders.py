"""Calls for orders: create, read, list, update, cancel, archive, unarchive.

Source: the vendor's create, update and cancel pages. Archive and unarchive have no page: they work like cancel, because
responses have the member `archived`.
"""

from typing import Any

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.json.request_body import parse_body
from crossdock.core.json.strict_json import parse
from crossdock.core.orders.commands import ArchiveOrder, CancelOrder, Command
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, encode_json, in_one_view, replayed_header
from crossdock.doors.s2 import catalog, edits, wire
from crossdock.doors.s2.format import FORMAT
from crossdock.doors.s2.routes.common import list_reply, read_window
from crossdock.flows import queries, rendering
from crossdock.flows.execute import execute
from crossdock.flows.intake import Submission
from crossdock.flows.order_search import Filters

# An order number is unique in its sales account, and no organization has this many accounts.
MAX_SAME_NUMBER = 1_000


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
    (document,) = await rendering.render_json_all(request.context, request.caller, [order], door=FORMAT.name)
    return Reply(200, encode_json(document), order_id=order.order_id)


@in_one_view
async def list_orders(request: Request) -> Reply:
    """List the orders that were received through this door, newest first; `term` is an order id or a channelOrderId."""
    limit, offset, term = read_window(request)
    context, caller, door = request.context, request.caller, FORMAT.name
    if term:
        orders = await _search_orders(request, term)
        page = await rendering.render_json_all(context, caller, orders[offset : offset + limit], door=door)
        return list_reply(page, len(orders))
    filters = Filters(door=door)
    rendered = await rendering.render_json_page(context, caller, filters, door=door, limit=limit, offset=offset)
    return list_reply(rendered.documents, await queries.count(context, caller, filters))


async def _search_orders(request: Request, term: str) -> list[Order]:
    """Search orders by a term: first the order with this id, then those with this number, newest first."""
    door = FORMAT.name
    filters = Filters(door=door, number=term)
    orders = (await queries.page(request.context, request.caller, filters, limit=MAX_SAME_NUMBER)).orders
    try:
        by_id = await queries.order(request.context, request.caller, order_id=catalog.parse_id(term))
    except NotFound:
        return orders
    if by_id.source.door != door:
        return orders
    return [by_id, *(each for each in orders if each.order_id != by_id.order_id)]  # its number may be its id


async def update_order(request: Request) -> Reply:
    """Replace the members of an order that the vendor's update page lists.

    Refused if the order is canceled or fulfilled, if the new number is taken, or if the update contradicts what was shipped.
    """
    body = _update_body(request)
    try:
        return await _execute(request, edits.update_order(order_id_of(request), body))
    except Invalid as invalid:
        raise edits.with_update_names(invalid, body) from None
    except Conflict as conflict:
        raise edits.with_vendor_names(conflict) from None


def _update_body(request: Request) -> dict[str, Any]:
    try:
        tree = parse(request.body)
    except Invalid as invalid:
        if invalid.code is Code.INVALID:  # faults of the JSON itself: report those of its members with them
            faults = parse_body(request.body, wire.OrderUpdate, natural=lambda _: ()).faults
            raise Invalid(invalid.code, invalid.reason, faults=faults) from None
        raise
    if not isinstance(tree, dict):
        raise Invalid(Code.INVALID, "the body has faults", faults=(Fault((), "must be an object"),))
    return tree


async def cancel_order(request: Request) -> Reply:
    """Cancel a whole order; refused if it is canceled already or if units were shipped."""
    return await _execute(request, CancelOrder(order_id=order_id_of(request)))


async def archive_order(request: Request) -> Reply:
    """Archive an order; an archived order is returned as it is."""
    return await _execute(request, ArchiveOrder(order_id=order_id_of(request)))


async def unarchive_order(request: Request) -> Reply:
    """Unarchive an order; an order that is not archived is returned as it is."""
    return await _execute(request, ArchiveOrder(order_id=order_id_of(request), archived=False))


def order_id_of(request: Request) -> int | None:
    """Parse the order id in the path; None if it is not the id of any order."""
    return catalog.parse_id(request.params["orderId"])


async def _execute(request: Request, command: Command) -> Reply:
    """Execute a command and return the whole order."""
    door = FORMAT.name
    (change,) = await execute(request.context, request.caller, [command], door=door)
    rendered = await rendering.render(request.context, request.caller, change.order, door=door)
    return Reply(200, encode_json(rendered.document), order_id=change.order.order_id)

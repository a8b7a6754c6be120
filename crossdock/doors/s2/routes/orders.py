"""Orders: created, read, listed."""

from crossdock.core.errors import NotFound
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, encode_json, in_one_view, replayed_header
from crossdock.doors.s2 import catalog
from crossdock.doors.s2.format import FORMAT
from crossdock.doors.s2.routes.common import paged, read_window
from crossdock.flows import queries, rendering
from crossdock.flows.intake import Submission
from crossdock.flows.order_search import Filters

# Orders of one number are one per sales account; nobody has this many accounts.
MAX_SAME_NUMBER = 1_000


async def create_order(request: Request) -> Reply:
    """Create an order: 200 and the whole order."""
    outcome = await request.intake.submit(Submission(request.caller, FORMAT, request.body))
    replayed = outcome.status == "replayed"
    return Reply(
        200, outcome.reply, headers=replayed_header(replayed), order_id=outcome.order_id, outcome=outcome.status
    )


@in_one_view
async def get_order(request: Request) -> Reply:
    """Answer one order."""
    order_id = catalog.parse_id(request.params["orderId"])
    order = await queries.order(request.context, request.caller, order_id=order_id)
    (document,) = await rendering.render_json_all(request.context, request.caller, [order], door=FORMAT.name)
    return Reply(200, encode_json(document), order_id=order.order_id)


@in_one_view
async def list_orders(request: Request) -> Reply:
    """List the orders this door received, newest first; `term` is an order id or a channelOrderId."""
    limit, offset, term = read_window(request)
    context, caller, door = request.context, request.caller, FORMAT.name
    if term:
        orders = await _orders_of(request, term)
        some = orders[offset : offset + limit]
        return paged(await rendering.render_json_all(context, caller, some, door=door), len(orders))
    page = await rendering.render_json_page(context, caller, Filters(door=door), door=door, limit=limit, offset=offset)
    return paged(page.documents, await queries.count(context, caller, Filters(door=door)))


async def _orders_of(request: Request, term: str) -> list[Order]:
    """Find the orders a term stands for: the one with this id, then those of this number, newest first."""
    door = FORMAT.name
    filters = Filters(door=door, number=term)
    orders = (await queries.page(request.context, request.caller, filters, limit=MAX_SAME_NUMBER)).orders
    try:
        meant = await queries.order(request.context, request.caller, order_id=catalog.parse_id(term))
    except NotFound:
        return orders
    if meant.source.door != door:
        return orders
    return [meant, *(each for each in orders if each.order_id != meant.order_id)]  # its number may be its id

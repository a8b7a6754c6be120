"""Search shipments: the packages that have left."""

from crossdock.core.errors import NotFound
from crossdock.doors import Reply, Request, in_one_view, json_reply
from crossdock.doors.pb_fulfillment import search, shipments
from crossdock.doors.pb_fulfillment.routes.common import DOOR
from crossdock.doors.pb_fulfillment.routes.search import read_paged
from crossdock.flows import fulfillment, order_search, rendering


@in_one_view
async def search_shipments(request: Request) -> Reply:
    """Answer a page of shipments."""
    sought, page, size = read_paged(request, shipments.read)
    context, caller, now = request.context, request.caller, request.context.clock()
    orders_named = None
    if "shipmentIds" in sought.fields:
        orders_named = await _orders_of(request, sought.fields["shipmentIds"])
    query = shipments.order_query(sought, now=now, of_fulfillments=orders_named)
    found = await order_search.find(context, caller, query, residual=shipments.residual(sought))
    every = shipments.select(sought, found.orders, now=now)
    rows = every[(page - 1) * size : page * size]
    orders = list({each.order.order_id: each.order for each in rows}.values())
    rendered = await rendering.render_all(context, caller, orders, door=DOOR) if orders else []
    of_order = {order.order_id: each.document for order, each in zip(orders, rendered, strict=True)}
    documents = [shipments.shipment_row(each, of_order[each.order.order_id], sought.client) for each in rows]
    return json_reply(200, search.envelope(documents, total=len(every), page=page, size=size, rows="shipments"))


async def _orders_of(request: Request, shipment_ids: tuple[str, ...]) -> tuple[int, ...]:
    """Find the orders of shipments; ids of none are left out."""
    found = []
    for fulfillment_id in dict.fromkeys(map(shipments.fulfillment_of, shipment_ids)):
        try:
            order = await fulfillment.order_of(
                request.context, request.caller, part="fulfillment", value=fulfillment_id
            )
        except NotFound:
            continue
        found.append(order.order_id)
    return tuple(found)

"""Calls that read shipments and pickups, and the kinds of events of the tracking webhook."""

from crossdock.core.errors import Code, Fault, Invalid, NotFound
from crossdock.doors import Reply, Request, in_one_view, json_reply
from crossdock.doors.pb_oms import list_query, shipments
from crossdock.doors.pb_oms.wire_shipments import TRACKING_EVENTS
from crossdock.flows import fulfillment, order_search

_PICKUP_STATUSES = {"status": ("scheduled", "cancelled")}


@in_one_view
async def list_shipments(request: Request) -> Reply:
    """List the packages that left in a period, the last one first. Refuses a period in which too many orders changed."""
    asked = list_query.read(request.query, now=request.context.clock())
    query = shipments.order_query(asked)
    try:
        found = await order_search.find(request.context, request.caller, query, residual=shipments.RESIDUAL)
    except Invalid as refusal:  # an incomplete list would be wrong
        limit = refusal.facts["limit"]
        fault = Fault(("startDate",), f"must be later: more than {limit} orders with shipped units were changed since")
        raise Invalid(Code.INVALID, "the query has faults", faults=(fault,)) from None
    every = shipments.select(asked, found.orders)
    rows = [shipments.shipment_row(each) for each in every[asked.offset : asked.offset + asked.size]]
    return json_reply(200, {"data": rows, "pageInfo": asked.info(len(every))})


@in_one_view
async def get_shipment(request: Request) -> Reply:
    """Read a package that has left."""
    shipment_id = request.params["shipmentId"]
    package_id = shipments.package_id_of(shipment_id)
    try:
        order = await fulfillment.order_of(request.context, request.caller, part="package_id", value=package_id)
    except NotFound:
        raise _no_shipment() from None
    shipment = shipments.find(order, shipment_id)
    if shipment is None:
        raise _no_shipment()
    return json_reply(200, shipments.shipment_row(shipment), order_id=order.order_id)


def _no_shipment() -> NotFound:
    return NotFound(Code.NOT_FOUND, "there is no such shipment")


async def list_pickups(request: Request) -> Reply:
    """List pickups: there are none, because no call books one."""
    asked = list_query.read(request.query, size=20, now=request.context.clock(), words=_PICKUP_STATUSES)
    return json_reply(200, {"data": [], "pageInfo": asked.info(0)})


async def list_tracking_events(request: Request) -> Reply:
    """List the kinds of events of the vendor's tracking webhook."""
    return json_reply(200, TRACKING_EVENTS)

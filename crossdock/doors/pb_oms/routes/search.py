"""The search call: a page of orders, newest first."""

from crossdock.core.json.request_body import decode_body
from crossdock.doors import Reply, Request, in_one_view, json_reply
from crossdock.doors.pb_oms import search, wire_calls, wire_search
from crossdock.doors.pb_oms.format import FORMAT
from crossdock.flows import order_search, rendering


@in_one_view
async def search_orders(request: Request) -> Reply:
    """Search the orders that meet all filters."""
    body = decode_body(request.body, wire_search.Search, search.rules)
    number, size = max(1, body.page or 0), min(body.size or wire_search.PAGE_SIZE, wire_search.MAX_PAGE_SIZE)
    query, residual = search.order_query(search.from_wire(body), limit=size, offset=(number - 1) * size)
    results = await order_search.find(request.context, request.caller, query, residual=residual)
    documents = await rendering.render_json_all(request.context, request.caller, results.orders, door=FORMAT.name)
    info = wire_calls.PageInfo(results.total, -(-results.positions // size), number)
    return json_reply(200, {"orders": documents, "pageInfo": info})

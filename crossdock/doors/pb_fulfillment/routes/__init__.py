"""Pitney Bowes Fulfillment's routes and their documentation.

Every call but the token call has a transaction id, X-PB-TransactionId. Once it has changed something, a repeat under the same
id returns the first response, and another request under that id that would change something is refused.
"""

from crossdock.doors import TOKEN_BODY_LIMIT, Route
from crossdock.doors.pb_fulfillment import examples, wire, wire_answers
from crossdock.doors.pb_fulfillment.routes import bulk, orders, search, shipping_calls, stock_calls, tokens
from crossdock.doors.pb_fulfillment.routes.documentation import (
    ERRORS,
    HEADERS,
    ORDER_PARAMETERS,
    PAGE_PARAMETERS,
    documented,
    paths,
)
from crossdock.flows import access

_ENTRY = {"anyOf": [wire_answers.Order, wire_answers.Refused, wire_answers.UnifiedRefused]}
_BULK = {"type": "object", "required": ["orders"], "properties": {"orders": {"type": "array", "items": _ENTRY}}}
ROUTES = (
    Route(
        "POST", paths("/v1/orders"), orders.create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, parameters=HEADERS, submits="create",
        description=(
            "Answers the whole order. `clientId` and `clientOrderId` together are unique: the same content again returns the "
            "first answer, other content is refused. The body is read as JSON whatever its Content-Type is."
        ),
        **documented(201, wire_answers.Order, examples.ORDER, faults=examples.FAULTS, request=examples.CREATE),
    ),
    Route(
        "POST", paths("/v1/orders/bulk"), bulk.create_orders, access.WRITE, "createOrders",
        "Create or update up to 200 orders", request=wire.BulkCreate,
        parameters=HEADERS, submits="bulk_call",
        description=(
            "Each order is processed by itself: one whose `clientId` and `clientOrderId` are new is created, another one is "
            "replaced. The answer has an entry for each, in the order of the request; that of a refused order has its errors."
        ),
        **documented(200, _BULK, examples.CREATED_BULK, faults=examples.NO_ORDERS, request=examples.CREATE_BULK),
    ),
    Route(
        "GET", paths("/v1/orders/{orderId}"), orders.get_order, access.READ, "getOrder", "Read an order",
        parameters=ORDER_PARAMETERS,
        description="Orders of other APIs can be read under any client id of your organization.",
        **documented(200, wire_answers.Order, examples.ORDER, 404, faults=examples.NO_CLIENT),
    ),
    Route(
        "PUT", paths("/v1/orders/{orderId}"), orders.update_order, access.WRITE, "updateOrder", "Replace an order",
        request=wire.OrderCreate, parameters=HEADERS,
        description=(
            "The body is the whole order: members that it leaves out are removed. An answer that is sent back changes nothing. "
            "What was allocated, shipped or canceled limits the changes."
        ),
        **documented(200, wire_answers.Order, examples.UPDATED, 404, faults=examples.FAULTS, request=examples.UPDATE),
    ),
    Route(
        "PUT", paths("/v1/orders/{orderId}/orderItems"), orders.update_items, access.WRITE, "updateOrderItems",
        "Change the items or quantities of an order", request=wire.OrderItems,
        parameters=HEADERS,
        description=(
            "Members that are missing or null stay as they are. `orderLines` is the complete list of lines; a line with a "
            "known `lineId` and the same sku keeps the members that it does not name. Refused once something was shipped."
        ),
        **documented(
            200, wire_answers.Order, examples.ITEMS_CHANGED, 404, faults=examples.FAULTS, request=examples.CHANGE_ITEMS
        ),
    ),
    Route(
        "GET", paths("/v1/orders/{orderId}/status"), orders.get_status, access.READ, "getOrderStatus",
        "Read the status of an order", parameters=ORDER_PARAMETERS,
        description="A hold is not a status: it shows as `isOnHold` with its reasons.",
        **documented(200, wire_answers.StatusResponse, examples.STATUS, 404, faults=examples.NO_CLIENT),
    ),
    Route(
        "PUT", paths("/v1/orders/{orderId}/cancel"), orders.cancel_order, access.WRITE, "cancelOrder", "Cancel an order",
        parameters=ORDER_PARAMETERS,
        description=(
            "Cancels the whole order and ends its holds. The call has no body. An order of which something was shipped, or "
            "that is canceled already, is refused."
        ),
        **documented(200, wire_answers.Order, examples.CANCELED, 404, faults=examples.NO_CLIENT),
    ),
    Route(
        "PUT", paths("/v1/orders/bulk/cancel"), bulk.cancel_orders, access.WRITE, "cancelOrders",
        "Cancel up to 200 orders", request=wire.BulkCancel, parameters=HEADERS,
        description=(
            "Each order is canceled by itself, and named by its id, by its `clientOrderId`, or by both. The answer has an "
            "entry for each, in the order of the request; that of a refused one has its errors."
        ),
        **documented(200, _BULK, examples.CANCELED_BULK, faults=examples.NOTHING_TO_CANCEL, request=examples.CANCEL_BULK),
    ),
    Route(
        "POST", paths("/v1/orders/search"), search.search_orders, access.READ, "searchOrders", "Search orders",
        request=wire.OrderSearch, parameters=PAGE_PARAMETERS,
        description="Answers whole orders, the oldest first where `sort` says nothing else.",
        **documented(200, wire_answers.OrderPage, examples.ORDER_PAGE, faults=examples.NO_CLIENT, request=examples.SEARCH),
    ),
    Route(
        "POST", paths("/v1/orders/status/search"), search.search_statuses, access.READ, "searchOrderStatuses",
        "Search the statuses of orders", request=wire.OrderSearch,
        parameters=PAGE_PARAMETERS,
        description="As the search of orders, with the status of each order only.",
        **documented(200, wire_answers.StatusPage, examples.STATUS_PAGE, faults=examples.NO_CLIENT, request=examples.SEARCH),
    ),
    *stock_calls.ROUTES,
    *shipping_calls.ROUTES,
    Route(
        "POST", ("/oauth/token",), tokens.create_token, None, "getToken", "Get a token for an API key and secret",
        body_limit=TOKEN_BODY_LIMIT,
        request=wire.TokenForm, request_media="application/x-www-form-urlencoded",
        answers={
            200: wire_answers.Token, 401: wire_answers.GatewayErrors, **dict.fromkeys((400, 413, 500, 503), ERRORS),
        },
        description="The key and secret are sent as Basic authorization. A client may have several tokens at once.",
        examples={
            "request": examples.GET_TOKEN, 200: examples.TOKEN, 401: examples.BAD_CREDENTIALS,
            400: examples.BAD_QUERY, 413: examples.TOO_LARGE, 500: examples.BUG, 503: examples.BUSY,
        },
    ),
)  # fmt: skip

# The vendor's pages list no other calls.
NOT_YET: tuple[Route, ...] = ()

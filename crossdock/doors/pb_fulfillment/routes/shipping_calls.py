"""Routes for shipments and returns."""

from crossdock.doors import Route
from crossdock.doors.pb_fulfillment import examples, examples_shipping, wire_answers, wire_returns, wire_shipments
from crossdock.doors.pb_fulfillment.routes import returns, shipments
from crossdock.doors.pb_fulfillment.routes.documentation import HEADERS, PAGE_PARAMETERS, documented, paths
from crossdock.flows import access

_RETURN_ENTRY = {"anyOf": [wire_returns.ReturnResponse, wire_returns.RefusedReturn, wire_answers.UnifiedRefused]}
_RETURNS = {
    "type": "object", "required": ["returns"], "properties": {"returns": {"type": "array", "items": _RETURN_ENTRY}},
}  # fmt: skip
ROUTES = (
    Route(
        "POST", paths("/v1/shipments/search"), shipments.search_shipments, access.READ, "searchShipments",
        "Search shipments", request=wire_shipments.ShipmentSearchBody, parameters=PAGE_PARAMETERS,
        description=(
            "Answers the packages that have left, the earliest first where `sort` says nothing else. Without a `shippedDate` "
            "and without ids, those of the last six months."
        ),
        **documented(
            200, wire_shipments.ShipmentPage, examples_shipping.SHIPMENT_PAGE, faults=examples.NO_CLIENT,
            request=examples_shipping.SHIPMENT_SEARCH,
        ),
    ),
    Route(
        "POST", paths("/v1/returns"), returns.create_return, access.WRITE, "createReturn", "Create a return",
        request=wire_returns.ReturnCreate, parameters=HEADERS,
        description=(
            "Answers the whole return. One that names an order (`orderId`, or `originalClientOrderId`) is a return of its "
            "lines; units that were not shipped, or are in another return, are refused. One that names no known order is "
            "stored as it is."
        ),
        **documented(
            201, wire_returns.ReturnResponse, examples_shipping.RETURN, faults=examples_shipping.RETURN_FAULTS,
            request=examples_shipping.CREATE_RETURN,
        ),
    ),
    Route(
        "POST", paths("/v1/returns/bulk"), returns.create_returns, access.WRITE, "createReturns",
        "Create or update up to 200 returns", request=wire_returns.ReturnsBulk, parameters=HEADERS,
        description=(
            "Each return is processed by itself: one whose `returnClientOrderId` is known is updated, another one is created, "
            "unless its `operation` says otherwise. The answer has an entry for each, in the order of the request."
        ),
        **documented(
            200, _RETURNS, examples_shipping.CREATED_RETURNS, faults=examples_shipping.NO_RETURNS,
            request=examples_shipping.CREATE_RETURNS,
        ),
    ),
    Route(
        "GET", paths("/v1/returns/{ID}"), returns.get_return, access.READ, "getReturn", "Read a return",
        parameters=HEADERS, description="`ID` is the `returnOrderId`. The call has no query.",
        **documented(200, wire_returns.ReturnResponse, examples_shipping.RETURN, 404, faults=examples_shipping.NO_TRANSACTION,
            missing=examples_shipping.NO_RETURN,
        ),
    ),
    Route(
        "POST", paths("/v1/returns/search"), returns.search_returns, access.READ, "searchReturns", "Search returns",
        request=wire_returns.ReturnSearchBody, parameters=PAGE_PARAMETERS,
        description="Answers whole returns, the oldest first where `sort` says nothing else. All search fields must match.",
        **documented(
            200, wire_returns.ReturnPage, examples_shipping.RETURN_PAGE, faults=examples.NO_CLIENT,
            request=examples_shipping.RETURN_SEARCH,
        ),
    ),
)  # fmt: skip

"""Examples of bodies about shipments and returns; tests send them and compare the answers."""

from typing import Any

from crossdock.doors.pb_fulfillment import wire_returns
from crossdock.doors.pb_fulfillment.examples import ORDER, error
from crossdock.doors.pb_fulfillment.examples_calls import page

Body = dict[str, Any]

SHIPMENT_SEARCH: Body = {
    "clientId": "1234",
    "sort": ["shipppedDate-asc"],
    "searchFields": [{"name": "shippedDate", "values": ["2026-02-01T00:00:00Z", "2036-01-31T23:59:59Z"]}],
}
SHIPMENT: Body = {
    "clientId": "1234", "shipmentId": "SHP0914521228495032322-1", "orderId": ORDER["orderId"],
    "clientOrderId": "OR12345645678", "customerOrderId": "000-111-222-4444", "fromNode": "160",
    "shippedDate": "2026-02-01T08:00:00Z", "status": "SHIPPED",
    "shippingDetails": {"carrier": "PITNEY BOWES", "serviceId": "PARCEL", "trackingNumber": "9400111"},
    "packages": [
        {"packageId": "0914521228495032323", "trackingNumber": "9400111",
         "items": [{"lineId": 1, "sku": "0001-0001", "quantity": 5}]},
    ],
    "toAddress": ORDER["toAddress"],
}  # fmt: skip
SHIPMENT_PAGE = page("shipments", SHIPMENT)
CREATE_RETURN: Body = {
    "clientId": "1234",
    "orderId": ORDER["orderId"],
    "returnClientOrderId": "RMA-1",
    "rmaNumber": "9400222",
    "createDate": "2026-02-10T09:00:00Z",
    "shippingDetails": {"carrier": "PITNEY BOWES", "serviceId": "RETURN"},
    "fromAddress": {
        "addressLines": ["2352 Bent Creek Rd"], "cityTown": "Auburn", "postalCode": "36830", "countryCode": "US",
    },
    "returnOrderLines": [
        {"orderLineId": 1, "itemDetail": {"sku": "0001-0001", "unitPrice": 10.0}, "returnReason": ["TOO SMALL"],
         "quantity": 2},
    ],
}  # fmt: skip
_RETURN_OWNED: Body = {
    "returnOrderId": "RET0914521228495032324US", "pbCreateDate": "2026-02-10T09:00:01Z", "returnType": "RETURN",
    "status": "CREATED",
}  # fmt: skip
_RETURN_MEMBERS = wire_returns.ReturnResponse.__struct_encode_fields__
RETURN: Body = {
    name: (CREATE_RETURN | _RETURN_OWNED)[name] for name in _RETURN_MEMBERS if name in CREATE_RETURN | _RETURN_OWNED
}
CREATE_RETURNS: Body = {
    "returns": [CREATE_RETURN, {"clientId": "1234", "returnClientOrderId": "RMA-2", "rmaNumber": "9400333"}]
}
_NO_RETURN_LINES = error(
    "1000045", "Invalid or missing value for returnOrderLines.", "returnOrderLines is required", "returnOrderLines"
)
CREATED_RETURNS: Body = {
    "returns": [RETURN, {"clientId": "1234", "returnClientOrderId": "RMA-2", "errors": [_NO_RETURN_LINES]}]
}
NO_RETURNS = [
    error("1000045", "Invalid or missing value for returns.", "returns is required", "returns")
]  # fmt: skip
RETURN_FAULTS = [
    error(
        "1000045", "Invalid or missing value for returnOrderLines[0].quantity.",
        "returnOrderLines[0].quantity must be at most 5, which can be returned", "returnOrderLines[0].quantity",
    )
]  # fmt: skip
NO_TRANSACTION = [
    error(
        "1000045", "Invalid or missing value for X-PB-TransactionId.", "X-PB-TransactionId is required",
        "X-PB-TransactionId",
    )
]  # fmt: skip
NO_RETURN = [
    error("1000045", "Invalid or missing value for ID.", "there is no such return", "ID")
]  # fmt: skip
RETURN_SEARCH: Body = {"clientId": "1234", "searchFields": [{"name": "returnOrders", "values": ["RMA-1"]}]}
RETURN_PAGE = page("returns", RETURN)

"""Examples of Pitney Bowes Fulfillment's bodies for the documentation; tests send them and compare the answers."""

from typing import Any

from crossdock.doors.pb_fulfillment import wire_answers

Body = dict[str, Any]

_ADDRESS: Body = {
    "name": "John Smith", "company": "ABC", "phone": "111-111-1111", "email": "john@example.com",
    "addressLines": ["2352 Bent Creek Rd"], "cityTown": "Auburn", "stateProvince": "AL", "postalCode": "36830",
    "countryCode": "US",
}  # fmt: skip
CREATE: Body = {
    "clientId": "1234",
    "clientOrderId": "OR12345645678",
    "customerOrderId": "000-111-222-4444",
    "references": [{"name": "PO", "values": "7700"}],
    "inputShippingDetails": {"carrier": "PITNEY BOWES", "serviceId": "PARCEL", "serviceName": "PARCEL SELECT"},
    "orderType": "eCom",
    "createDate": "2026-01-30T10:53:24Z",
    "fromNode": "160",
    "shipOnDate": "2026-01-31T10:00:00Z",
    "orderLines": [
        {"lineId": 1, "sku": "0001-0001", "originCountryCode": "US", "unitPrice": 10.0, "orderedQuantity": 5,
         "lineTotal": 50.0, "inventoryType": "NEW"},
    ],
    "orderCharges": {
        "orderCurrency": "USD", "shippingAmount": 10.0, "totalItemAmount": 50.0, "totalTaxAmount": 5.0,
        "taxDetails": [{"name": "SALES TAX", "fee": 5.0, "currency": "USD", "percentage": 10.0}],
        "totalOrderAmount": 65.0,
    },
    "toAddress": _ADDRESS,
    "billingAddress": _ADDRESS,
}  # fmt: skip


def _order(sent: Body, **changes: Any) -> Body:
    server_owned = {
        "orderId": "ORA0914521228495032321US", "pbCreateDate": "2026-01-30T10:53:25Z", "isGift": False,
        "status": "RECEIVED", "isOnHold": False,
    }  # fmt: skip
    members = sent | server_owned | changes
    return {name: members[name] for name in wire_answers.Order.__struct_encode_fields__ if name in members}


_CHANGED_AT = "2026-01-30T11:20:00Z"
ORDER = _order(CREATE)
STATUS: Body = {name: ORDER[name] for name in wire_answers.StatusResponse.__struct_encode_fields__ if name in ORDER}
UPDATE: Body = CREATE | {"brand": "Coldwater", "updateDate": "2026-01-30T11:19:58Z"}
UPDATED = _order(UPDATE, pbUpdateDate=_CHANGED_AT)
CHANGE_ITEMS: Body = {
    "clientId": "1234",
    "clientOrderId": "OR12345645678",
    "orderLines": [{"lineId": 1, "orderedQuantity": 3, "lineTotal": 30.0}],
}
_LINE: Body = CREATE["orderLines"][0]
ITEMS_CHANGED = _order(CREATE, pbUpdateDate=_CHANGED_AT, orderLines=[_LINE | {"orderedQuantity": 3, "lineTotal": 30.0}])
CANCELED = _order(CREATE, pbUpdateDate=_CHANGED_AT, status="CANCELED")

CREATE_BULK: Body = {"orders": [CREATE, CREATE | {"clientOrderId": "OR2", "orderLines": []}]}
CANCEL_BULK: Body = {
    "CancelOrdersRequest": [
        {"clientId": "1234", "clientOrderId": "OR12345645678", "orderId": ORDER["orderId"]},
        {"clientId": "1234", "clientOrderId": "OR2"},
    ]
}


def error(code: str, message: str, additional_info: str, *parameters: str) -> Body:
    return {
        "errorCode": code, "message": message, "additionalInfo": additional_info, "parameters": list(parameters),
    }  # fmt: skip


_NO_LINES = error(
    "1000045", "Invalid or missing value for orderLines.", "orderLines must have at least 1 element", "orderLines"
)
_NO_NUMBER = error(
    "1000045", "Invalid or missing value for orderId.", "there is no such order", "orderId"
)  # fmt: skip
CREATED_BULK: Body = {"orders": [ORDER, {"clientId": "1234", "clientOrderId": "OR2", "errors": [_NO_LINES]}]}
CANCELED_BULK: Body = {
    "orders": [CANCELED, {"clientId": "1234", "clientOrderId": "OR2", "errors": [_NO_NUMBER]}],
}

SEARCH: Body = {
    "clientId": "1234",
    "sort": ["pbCreateDate-desc"],
    "searchFields": [
        {"name": "status", "values": ["RECEIVED", "RELEASED"]},
        {"name": "createDate", "values": ["2026-01-01T00:00:00Z", "2026-01-31T23:59:59Z"]},
    ],
}


def page_of(row: Body) -> Body:
    return {
        "totalPages": 1, "totalElements": 1, "first": True, "last": True, "size": 20, "number": 1,
        "numberOfElements": 1, "orders": [row],
    }  # fmt: skip


ORDER_PAGE, STATUS_PAGE = page_of(ORDER), page_of(STATUS)

GET_TOKEN: Body = {"grant_type": "client_credentials"}
TOKEN: Body = {
    "access_token": "eyJhbGciOiJIUzI1NiJ9.e30.h6E", "tokenType": "BearerToken", "issuedAt": "1769770404000",
    "expiresIn": "35999", "clientID": "demo", "org": "pitneybowes",
}  # fmt: skip

# ---------------------------------------------------------------------------------------------------- errors, by status
NO_TOKEN: Body = {"errors": [{"errorCode": "PB-APIM-ERR-1002", "errorDescription": "Invalid Access Token"}]}
BAD_CREDENTIALS: Body = {
    "errors": [
        {"errorCode": "PB-APIM-ERR-1002", "errorDescription": "Invalid credentials: the client id or secret is wrong"}
    ]
}
NO_ORDER = [_NO_NUMBER]
FAULTS = [
    _NO_LINES,
    error("1000004", "Invalid clientId.", "clientId is not one of your client ids", "clientId"),
]  # fmt: skip
NO_ORDERS = [
    error("1000045", "Invalid or missing value for orders.", "orders is required", "orders")
]  # fmt: skip
NOTHING_TO_CANCEL = [
    error(
        "1000045", "Invalid or missing value for CancelOrdersRequest.", "CancelOrdersRequest is required",
        "CancelOrdersRequest",
    )
]  # fmt: skip
NO_CLIENT = [
    error("1000045", "Invalid or missing value for clientId.", "clientId is required", "clientId")
]  # fmt: skip
BAD_QUERY = [error("1000045", "Invalid request.", "a path or query must not hold NUL")]
NO_SCOPE = [error("1000033", "Unauthorized API access.", "the token lacks the scope orders:write")]
TOO_LARGE = [error("1000045", "Invalid request.", "the body has more than 1048576 bytes")]
BUG = [error("1000005", "Internal server error.", "reference: 5f2b8c1d0a9e4b37")]
BUSY = [error("1000005", "Internal server error.", "the database cannot be reached")]

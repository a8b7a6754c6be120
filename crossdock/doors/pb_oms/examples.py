"""Example bodies of Pitney Bowes OMS for the documentation, by call: "request", or the status of a response."""

from typing import Any

Body = dict[str, Any]
_ORDER_ID = "PBcffM5ruasQ"
_TIME = "2026-01-30T10:53:24.554Z"
_FROM = {
    "name": "Warehouse A",
    "addressLine1": "638 Manitoba Ave",
    "cityTown": "Winnipeg",
    "stateProvince": "MB",
    "postalCode": "R2W 2H2",
    "countryCode": "CA",
}
_TO = {
    "name": "Jane Smith",
    "addressLine1": "1822 Franklin Street",
    "cityTown": "Vancouver",
    "stateProvince": "BC",
    "postalCode": "V5L 1P8",
    "countryCode": "CA",
    "residential": True,
}
_CHARGES = {
    "currency": "USD",
    "billingStatus": "Paid",
    "gmv": 100,
    "subTotal": 90,
    "totalPaid": 100,
    "paymentType": "Credit Card",
}
_CUSTOMER = {"firstName": "John", "lastName": "Doe", "email": "john.doe@example.com", "customerId": "CUST12345"}
_ITEM = {"itemId": "SKU12345", "description": "Wireless mouse", "quantity": 2, "unitPrice": 25}
_PREFERENCES = {"carrier": "UPS", "parcelType": "PKG", "service": "2DA", "dateOfShipment": "2026-01-30"}
_ORDER = {
    "orderInfo": {
        "orderId": _ORDER_ID,
        "orderNumber": "ORD12346",
        "status": "UNFULFILLED",
        "orderCreateDate": _TIME,
        "sourceFlowType": "API",
        "createdBy": "demo",
        "customerInfo": _CUSTOMER,
        "items": [_ITEM],
        "charges": _CHARGES,
        "tags": [],
    },
    "orderShippingInfo": {"shippingPreferences": _PREFERENCES, "fromAddress": _FROM, "toAddress": _TO},
}
_NOT_FOUND = {"errorCode": "not_found", "message": "There is no such order.", "additionalInfo": ""}
_UPDATED = {"orderId": _ORDER_ID, "status": "Updated", "transactionDateTime": _TIME}

CREATE: dict[int | str, Body] = {
    "request": {
        "orderNumber": "ORD12346",
        "charges": _CHARGES,
        "customerInfo": _CUSTOMER,
        "fromAddress": _FROM,
        "toAddress": _TO,
        "items": [_ITEM],
        "shippingPreferences": _PREFERENCES,
    },
    200: {"orderId": _ORDER_ID, "orderNumber": "ORD12346", "status": "Success", "transactionCreateDate": _TIME},
    400: {
        "errorCode": "validation_error",
        "message": "The body has faults.",
        "additionalInfo": "orderNumber: is required; items[0].quantity: must be at least 1, not 0",
    },
}
READ: dict[int | str, Body] = {200: _ORDER, 404: _NOT_FOUND}
UPDATE: dict[int | str, Body] = {
    "request": {"charges": {"billingStatus": "Refunded"}, "items": [{"itemId": "SKU12345", "quantity": 3}]},
    200: {"orderId": _ORDER_ID, "orderNumber": "ORD12346", "status": "Updated", "transactionCreateDate": _TIME},
}
BULK_STATUS: dict[int | str, Body] = {
    "request": {"orders": [{"orderId": _ORDER_ID}], "reason": "address check", "status": "ONHOLD"},
    200: {"status": "ONHOLD", "message": "Order status updated successfully.", "transactionDateTime": _TIME},
}
DELETE: dict[int | str, Body] = {200: {"orderId": _ORDER_ID, "status": "Deleted", "transactionDateTime": _TIME}}
DELETE_ITEM: dict[int | str, Body] = {200: _UPDATED}
SEARCH: dict[int | str, Body] = {
    "request": {"filters": [{"name": "orderId", "value": [_ORDER_ID]}], "page": 0, "size": 0},
    200: {"orders": [_ORDER], "pageInfo": {"total": 1, "pages": 1, "page": 1}},
}
TAGS: dict[int | str, Body] = {"request": {"tagIds": ["rush"]}, 200: _UPDATED}
BULK_TAGS: dict[int | str, Body] = {
    "request": {"tags": [{"orderId": _ORDER_ID, "tagIds": ["rush"]}]},
    200: {"status": "Updated", "message": "Order tags updated successfully.", "transactionDateTime": _TIME},
}
TOKEN: dict[int | str, Body] = {
    200: {"access_token": "eyJhbGciOiJIUzI1NiJ9…", "expires_in": 14400, "scope": "psapi", "token_type": "Bearer"},
    401: {
        "errorCode": "unauthorized_error",
        "message": "The client id or secret is wrong.",
        "additionalInfo": "",
    },
}

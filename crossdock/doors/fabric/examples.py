"""Examples of requests and responses for the documentation; tests/doors/fabric/test_examples.py plays each of them."""

from typing import Any

Tree = Any
TIME, LATER = "2026-01-30T10:53:24.554Z", "2026-01-30T11:20:07.120Z"
ACCOUNT = "62272e917b12209e68751d94"
ORDER_ID, WEBHOOK_ID, EVENT_ID = "697c8a340000000000000001", "697c8a340000000000000002", "697c8a340000000000000003"
_AUDIT_ID = "5b1f0c9d3a7e4f2286d4c0aa"

# ---------------------------------------------------------------------------------------------------------------- tokens
TOKEN_REQUEST = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret"}
TOKEN = {
    "token_type": "Bearer",
    "expires_in": 3600,
    "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJraW5kIjoiY2xpZW50In0.signature",
    "scope": "orders:read orders:write admin",
}
TOKEN_REFUSED = {
    "message": "The client id or secret is wrong",
    "error": "invalid_client",
    "error_description": "The client id or secret is wrong",
}

# ---------------------------------------------------------------------------------------------------------------- errors
FAULTS = {"message": "items[0].sku: is required; shipInfo[0].shipToAddress.address1: must not be empty"}
FAULTY_ORDER = {
    "orderNumber": "309019176",
    "channelId": "12",
    "statusCode": "ORDER_CREATED",
    "items": [{"lineItemId": "1", "lineItemNumber": 1, "itemId": "20000000", "shipToId": "1"}],
    "shipInfo": [{"shipToId": "1", "shipToAddress": {"address1": ""}}],
}
NO_TOKEN = {"message": "There is no bearer token"}
NO_ORDER = {"message": "Order not found"}
NO_ORDERS = {"message": "Orders not found"}
NO_ATTRIBUTE = {"message": "Order attribute not found"}
NO_WEBHOOK = {"message": "Webhook not found"}
STALE = {"message": "The order is at version 1 by now"}
NOT_HELD = {
    "message": "The order is open and cannot be released; possible are edit, hold, cancel, allocate, ship, tag, note, archive"
}
WEBHOOK_EXISTS = {"message": "There is such a webhook already"}

# ---------------------------------------------------------------------------------------------------------------- orders
_CUSTOMER = {
    "name": {"first": "Jane", "last": "Smith"},
    "email": "jane@example.com",
    "phone": {"number": "2065550100", "type": "MOBILE"},
    "userId": "62272e917b12209e68751d95",
}
_PAYMENT = {
    "paymentCounter": 1,
    "paymentIdentifier": {"cardIdentifier": "3456", "paymentId": "pay-1"},
    "paymentProvider": "stripe",
    "paymentMethod": "CREDIT_CARD",
    "authAmount": 55.5,
    "chargedAmount": 0,
}
_SHIP_INFO = {
    "shipToId": "1",
    "shipToAddress": {
        "address1": "123 Pine Street",
        "city": "Seattle",
        "state": "WA",
        "country": "USA",
        "postalCode": "98101",
    },
    "shipMethod": "GROUND",
}
ORDER_REQUEST: dict[str, Tree] = {
    "orderNumber": "309019176",
    "orderDate": "2026-01-30T10:53:00.000Z",
    "channelId": "12",
    "type": "WEB",
    "orderSubTotal": 50,
    "taxTotal": 5.5,
    "orderTotal": 55.5,
    "currency": "USD",
    "statusCode": "ORDER_CREATED",
    "statusDescription": "Order created",
    "attributes": {"giftWrap": "true"},
    "customer": _CUSTOMER,
    "payments": [_PAYMENT | {"currency": "USD", "paymentStatus": "AUTHORIZED"}],
    "items": [
        {
            "lineItemId": "1",
            "lineItemNumber": 1,
            "itemId": "20000000",
            "sku": "SKU-RED-M",
            "shipToId": "1",
            "title": "Cotton shirt, red, M",
            "orderedQuantity": 2,
            "itemUnitPrice": 25,
            "itemTotal": 55.5,
        }
    ],
    "shipInfo": [_SHIP_INFO],
}


def _item(**quantities: Tree) -> dict[str, Tree]:
    """Make the item as responses show it, with what a call has changed."""
    item: dict[str, Tree] = {
        "lineItemId": "1",
        "lineItemNumber": 1,
        "itemId": "20000000",
        "sku": "SKU-RED-M",
        "shipToId": "1",
        "title": "Cotton shirt, red, M",
        "orderedQuantity": 2,
        "backOrderedQuantity": 0,
        "pendingShippedQuantity": 0,
        "pendingShippedBackOrderQuantity": 0,
        "shippedQuantity": 0,
        "deliveredQuantity": 0,
        "invoiceQuantity": 0,
        "cancelledQuantity": 0,
        "pendingReturnQuantity": 0,
        "processingReturnQuantity": 0,
        "rejectedReturnQuantity": 0,
        "returnedQuantity": 0,
        "reshippedQuantity": 0,
        "itemUnitPrice": 25,
        "itemShippingTotal": 0,
        "originalShippingTotal": 0,
        "appeasementTotal": 0,
        "itemTotal": 55.5,
        "originalItemTotal": 55.5,
        "outstandingItemTotal": 55.5,
        "originalOutstandingItemTotal": 55.5,
        "invoiceTotal": 0,
        "appeasements": [],
        "returns": [],
        "exchangeItem": False,
        "parentLineItemNumber": None,
        "pendingExchangeQuantity": 0,
        "exchangeQuantity": 0,
        "refundAmount": 0,
        "lineOrderStatus": "ORDER_LINE_VALID",
        "infiniteConsent": False,
        "gifting": False,
    }
    return item | quantities


def _audit(audit_type: str, **members: Tree) -> dict[str, Tree]:
    """Make an audit entry."""
    entry: dict[str, Tree] = {
        "auditId": _AUDIT_ID,
        "auditType": audit_type,
        "employeeId": None,
        "auditTimestamp": TIME if audit_type == "CREATE" else LATER,
        "source": "demo",
        "reasonCode": None,
        "subReasonCode": None,
        "policyCode": None,
        "note": None,
        "lineItemId": None,
        "lineItemNumber": None,
        "sku": None,
        "quantity": None,
        "amount": None,
        "paymentToken": None,
        "success": True,
        "paymentResponse": None,
        "updatedFields": [],
        "attributes": {},
    }
    return entry | members


_RESPONSE_PAYMENT = _PAYMENT | {
    "refundAmount": 0,
    "currency": "USD",
    "paymentStatus": "AUTHORIZED",
    "partialCapture": None,
    "finalCapture": None,
    "paymentLog": [],
}
ORDER: dict[str, Tree] = {
    "version": 0,
    "orderId": ORDER_ID,
    "orderNumber": "309019176",
    "orderDate": "2026-01-30T10:53:00.000Z",
    "cancellationDate": None,
    "allocationDate": None,
    "channelId": "12",
    "type": "WEB",
    "processName": None,
    "orderSubTotal": 50,
    "originalSubTotal": 50,
    "taxTotal": 5.5,
    "appeasementTotal": 0,
    "originalTaxTotal": 5.5,
    "returnTotal": 0,
    "cancelTotal": 0,
    "invoiceTotal": 0,
    "orderTotal": 55.5,
    "originalOrderTotal": 55.5,
    "currency": "USD",
    "statusCode": "ORDER_CREATED",
    "statusDescription": "Order created",
    "attributes": {"giftWrap": "true"},
    "appeasements": [],
    "customer": _CUSTOMER,
    "payments": [_RESPONSE_PAYMENT],
    "items": [_item()],
    "shipInfo": [_SHIP_INFO],
    "auditLogs": [_audit("CREATE", amount=55.5)],
    "orderReleaseTimestamp": None,
    "createdAt": TIME,
    "updatedAt": TIME,
}


def _changed(entry: dict[str, Tree], **members: Tree) -> dict[str, Tree]:
    """Make the order as it is after one change with its audit entry."""
    logs = [*ORDER["auditLogs"], entry]
    return ORDER | {"version": 1, "processName": entry["auditType"], "auditLogs": logs, "updatedAt": LATER} | members


QUERY = {
    "filters": {
        "statusCode": ["ORDER_CREATED", "ORDER_HOLD*"],
        "createdAt": {"gte": "2026-01-30"},
        "items": {"sku": "SKU-RED*"},
    },
    "limit": 10,
    "offset": 0,
    "sortBy": "createdAt",
    "sortDirection": "desc",
}
ORDER_PAGE = {"count": 1, "limit": 10, "offset": 0, "orders": [ORDER]}
UPDATE = ORDER_REQUEST | {"version": 0, "attributes": {"giftWrap": "false"}}
UPDATED = _changed(_audit("UPDATE"), attributes={"giftWrap": "false"})
PICKUP = {"name": {"first": "John", "last": "Smith"}, "phone": {"number": "2065550101"}, "pickupType": "Alternate"}
SHIP_INFO = {
    "shipToId": "1",
    "pickup": [PICKUP],
    "shipToAddress": _SHIP_INFO["shipToAddress"],
    "shipMethod": "GROUND",
}
CUSTOMER_CHANGE = {"email": "jane.smith@example.com"}
CUSTOMER = _CUSTOMER | CUSTOMER_CHANGE

# ---------------------------------------------------------------------------------------------------------- cancelations
CANCEL_ELIGIBILITY = {
    "orderId": ORDER_ID,
    "eligibleReasonCodes": [],
    "policyType": "DEFAULT",
    "period": "30D00H00M",
    "items": [{"lineItemId": "1", "eligibleQuantity": 2, "eligible": True}],
    "fees": [],
}
EXCHANGE_ELIGIBILITY = CANCEL_ELIGIBILITY | {
    "items": [{"lineItemId": "1", "eligibleQuantity": 0, "eligible": False}],
}
CANCEL = {
    "orderId": ORDER_ID,
    "reasonCode": "CHANGED_MIND",
    "source": "CSC",
    "employeeId": 43278,
    "note": "one is enough",
    "items": [{"lineItemId": "1", "quantity": 1}],
}
CANCELED = _changed(
    _audit(
        "CANCEL",
        employeeId="43278",
        source="CSC",
        reasonCode="CHANGED_MIND",
        note="one is enough",
        lineItemId="1",
        lineItemNumber=1,
        sku="SKU-RED-M",
        quantity=1,
    ),
    cancellationDate=LATER,
    cancelTotal=27.75,
    statusCode="ORDER_PARTIALLY_CANCELLED",
    statusDescription="Order partially cancelled",
    items=[_item(cancelledQuantity=1, outstandingItemTotal=27.75, lineOrderStatus="PARTIALLY_CANCELLED")],
)

# --------------------------------------------------------------------------------------------------------------- reports
PAYMENT_REPORT = {
    "paymentIdentifier": "pay-1",
    "type": "VISA",
    "status": "CAPTURED",
    "balances": {"captured": 55.5, "capturable": 0, "refunded": 0, "refundable": 55.5},
    "connectorInfo": {"connectorName": "stripe", "eventId": "evt_1"},
}
_REPORTED = {name: PAYMENT_REPORT[name] for name in ("type", "balances", "connectorInfo")}
PAYMENT_REPORTED = _changed(
    _audit("UPDATE", note="payment CAPTURED", attributes=PAYMENT_REPORT),
    payments=[
        _RESPONSE_PAYMENT
        | {
            "chargedAmount": 55.5,
            "paymentStatus": "CAPTURED",
            "paymentLog": [
                {
                    "paymentId": "pay-1",
                    "status": "CAPTURED",
                    "data": {
                        "status": "CAPTURED",
                        "body": {
                            "transactionId": "evt_1",
                            "transactionTimestamp": LATER,
                            "responseCode": None,
                            "status": "CAPTURED",
                            "attributes": _REPORTED,
                            "errors": [],
                        },
                    },
                }
            ],
        }
    ],
)
TRACKING_REPORT = {"entity": "ORDER", "eventType": "ORDER_CREATE_IN_PTS", "orderNumber": "309019176"}
TRACKING_REPORTED = _changed(_audit("UPDATE", note="ORDER_CREATE_IN_PTS", attributes=TRACKING_REPORT))
VALIDATION = {"orderNumbers": ["309019176"]}
BORDER_RELEASE = {"orderNumber": "309019176", "releaseType": "RELEASE", "note": "papers are complete"}
FRAUD_REPORT = {"orderNumber": "309019176", "channel": 12, "tenant": ACCOUNT, "target": {"serviceName": "signifyd"}}
FRAUD_RELEASED = {"status": "SUCCESS", "message": "The order was released", "errors": []}
FRAUD_CANCELED = {"status": "SUCCESS", "message": "The order was canceled", "errors": []}

# ------------------------------------------------------------------------------------------------------------ attributes
ATTRIBUTE = {"code": "giftWrap", "name": "Gift wrap", "description": "Whether to wrap the order", "type": "BOOLEAN"}
STORED_ATTRIBUTE = {"id": "697c8a340000000000000004", **ATTRIBUTE, "required": False}

# -------------------------------------------------------------------------------------------------------------- webhooks
WEBHOOK = {
    "events": ["ORDER_CREATE", "ORDER_SHIPPED"],
    "protocol": "HTTP",
    "requestType": "POST",
    "source": "ORDER_SERVICE",
    "target": "https://example.com/hook",
    "targetApiKey": "k-1",
    "apiVersion": "1.0.0",
}
STORED_WEBHOOK = {
    "events": ["ORDER_CREATE", "ORDER_SHIPPED"],
    "protocol": "HTTP",
    "requestType": "POST",
    "source": "ORDER_SERVICE",
    "target": "https://example.com/hook",
    "tenantId": None,
    "targetApiKey": "k-1",
    "apiVersion": "1.0.0",
    "format": "application/json",
    "callbackUrl": None,
    "headers": [],
    "createdDate": TIME,
    "updatedDate": TIME,
    "webhookId": WEBHOOK_ID,
}
WEBHOOK_CHANGE = {"events": ["ORDER_CREATE"]}
CHANGED_WEBHOOK = STORED_WEBHOOK | WEBHOOK_CHANGE | {"updatedDate": LATER}
RETRY = {"channel": 12, "tenant": ACCOUNT, "event": "ORDER_CREATE", "orderNumber": "309019176"}
RETRIED = ['{"statusCodeValue":200,"statusCode":"OK"}']
EVENT_QUERY = {"filters": {"event": "ORDER_*", "status": ["PENDING", "TRIGGERED"]}, "limit": 10}
EVENT_PAGE = {
    "count": 1,
    "limit": 10,
    "offset": 0,
    "events": [
        {
            "eventRequestId": EVENT_ID,
            "channelId": None,
            "tenantId": None,
            "event": "ORDER_CREATE",
            "payload": {"orderId": ORDER_ID},
            "firstEventTriggeredAt": TIME,
            "lastEventTriggeredAt": TIME,
            "status": "PENDING",
            "retryCount": 0,
            "isAutomaticRetryEnabled": True,
            "logs": [{"webhookId": WEBHOOK_ID, "status": "PENDING", "eventResponses": []}],
        }
    ],
}

# --------------------------------------------------------------------------------------------------------- notifications
NOTIFICATION = {
    "id": ORDER_ID,
    "notificationType": "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL",
    "documentType": "ORDER",
    "overrideContactInfo": [{"name": "Jane Smith", "email": "jane.smith@example.com"}],
}
NOTIFICATION_REPORT = {
    "id": ORDER_ID,
    "documentType": "ORDER",
    "notificationType": "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL",
    "notificationDate": LATER,
}

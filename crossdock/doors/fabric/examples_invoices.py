"""Examples of invoices; tests/doors/fabric/test_examples.py plays each of them."""

from typing import Any

from crossdock.doors.fabric.examples import ACCOUNT, ORDER_ID, TIME
from crossdock.doors.fabric.examples_shipments import INVOICE_ID, LINE_ID, SHIPMENT_ID

Tree = Any
NO_INVOICE = {"message": "Invoice not found"}
CREATE: dict[str, Tree] = {
    "detailType": "ORDER_CREATE",
    "detail": {
        "channel": "12",
        "tenant": ACCOUNT,
        "id": SHIPMENT_ID,
        "documentType": "SHIPMENT",
        "invoiceType": "SHIPMENT",
    },
}
QUERY: dict[str, Tree] = {"filters": {"invoiceType": "SHIPPING"}}
POST = {"invoiceIds": [INVOICE_ID]}
ACKNOWLEDGE = {"invoiceId": INVOICE_ID}
ACKNOWLEDGE_POST: dict[str, Tree] = {"invoiceId": INVOICE_ID, "attributes": {"ledger": "4711"}}
ACKNOWLEDGED_POST = {"message": "Invoice acknowledged"}
INVOICE: dict[str, Tree] = {
    "invoiceId": INVOICE_ID,
    "invoiceNumber": "2026-000001",
    "invoiceStatus": "ISSUED",
    "invoiceType": "SHIPPING",
    "invoiceDate": TIME,
    "shipmentId": SHIPMENT_ID,
    "shipmentNumber": "78974156816152",
    "shippedOn": TIME,
    "orders": [
        {
            "orderId": ORDER_ID,
            "orderNumber": "309019176",
            "orderDate": "2026-01-30T10:53:00.000Z",
            "orderType": "WEB",
            "orderSubType": None,
            "invoiceOrderTotal": 55.5,
            "items": [
                {
                    "lineItemId": "1",
                    "lineItemNumber": 1,
                    "shipmentLineItemId": LINE_ID,
                    "itemId": "20000000",
                    "orderId": ORDER_ID,
                    "type": None,
                    "sku": "SKU-RED-M",
                    "invoiceQuantity": 2,
                    "itemUnitPrice": 25,
                    "invoiceLineTotal": 55.5,
                    "itemDiscountsTotal": 0,
                    "itemTaxTotal": 5.5,
                    "itemFeeTotal": 0,
                    "itemAppeasementTotal": 0,
                    "lineItemCreatedAt": TIME,
                    "locationStoreId": "410",
                    "returnExpiryDays": None,
                    "currency": "USD",
                    "fees": [],
                    "taxDetail": [{"type": "tax", "value": 5.5}],
                    "appeasements": [],
                    "discount": [],
                    "shipToId": "1",
                    "returns": [],
                    "attributes": {},
                    "uom": None,
                }
            ],
            "payments": [
                {
                    "paymentCounter": 1,
                    "paymentIdentifier": {"cardIdentifier": "3456", "paymentId": "pay-1"},
                    "paymentProvider": "stripe",
                    "paymentMethod": "CREDIT_CARD",
                    "authAmount": 55.5,
                    "chargedAmount": 0,
                    "refundAmount": 0,
                    "currency": "USD",
                    "paymentStatus": "AUTHORIZED",
                    "partialCapture": None,
                    "finalCapture": None,
                }
            ],
            "fees": [],
            "appeasements": [],
            "discounts": [],
            "taxDetail": [{"type": "tax", "value": 5.5}],
            "attributes": {"giftWrap": "true"},
        }
    ],
    "locationNum": 410,
    "location": {"locationNum": 410, "address": None},
    "retail": None,
    "channelId": "12",
    "invoiceTotal": 55.5,
    "totalTaxAmount": 5.5,
    "currency": "USD",
    "statusCode": "CREATED",
    "createdAt": TIME,
    "updatedAt": TIME,
    "postedAt": None,
    "acknowledgedAt": None,
    "customer": {
        "name": {"first": "Jane", "last": "Smith"},
        "email": "jane@example.com",
        "phone": {"number": "2065550100", "type": "MOBILE"},
        "userId": "62272e917b12209e68751d95",
        "address": None,
    },
    "auditLogs": [{"auditType": "CREATE", "auditTimestamp": TIME, "source": None, "note": None, "updatedFields": []}],
    "shipInfo": {
        "shipToId": "1",
        "shipToAddress": {
            "address1": "123 Pine Street",
            "city": "Seattle",
            "state": "WA",
            "country": "USA",
            "postalCode": "98101",
        },
        "shipMethod": "GROUND",
    },
    "attributes": {},
}
PAGE: dict[str, Tree] = {"count": 1, "limit": 10, "offset": 0, "invoices": [INVOICE]}
POSTED: dict[str, Tree] = INVOICE | {
    "statusCode": "POSTED",
    "postedAt": TIME,
    "auditLogs": [
        {"auditType": "CREATE", "auditTimestamp": TIME, "source": None, "note": None, "updatedFields": []},
        {"auditType": "POST", "auditTimestamp": TIME, "source": None, "note": None, "updatedFields": []},
    ],
}
ACKNOWLEDGED: dict[str, Tree] = INVOICE | {
    "statusCode": "ACKNOWLEDGED",
    "postedAt": TIME,
    "acknowledgedAt": TIME,
    "auditLogs": [
        {"auditType": "CREATE", "auditTimestamp": TIME, "source": None, "note": None, "updatedFields": []},
        {"auditType": "POST", "auditTimestamp": TIME, "source": None, "note": None, "updatedFields": []},
        {"auditType": "ACKNOWLEDGE", "auditTimestamp": TIME, "source": None, "note": None, "updatedFields": []},
    ],
}

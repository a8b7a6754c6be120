"""Examples of shipments; tests/doors/fabric/test_examples.py plays each of them."""

from typing import Any

from crossdock.doors.fabric.examples import ORDER_ID, TIME
from crossdock.doors.fabric.examples_allocation import ALLOCATION_ID

Tree = Any
SHIPMENT_ID, INVOICE_ID = "697c8a34000000000000000b", "697c8a34000000000000000c"
LINE_ID, _RESHIP_ID = "2f1b6c0e-8f0d-5a51-9a43-0d6a2b7c1e55", "697c8a34000000000000000d"
NO_SHIPMENT, NO_SHIPMENTS = {"message": "Shipment Not Found"}, {"message": "Shipments not found"}
NO_OBJECT = {"message": "Object Not Found!"}
CREATE: dict[str, Tree] = {
    "shipmentNum": "78974156816152",
    "allocationId": ALLOCATION_ID,
    "statusCode": "SHIPMENT_CREATED",
    "type": "STANDARD",
    "cartons": [
        {
            "cartonNum": "1",
            "cartonType": "Package",
            "shipmentMethod": "ground",
            "shipmentCarrier": "FEDEX",
            "weight": "500 gram",
            "trackingNumber": "TX112345678",
            "items": [{"lineItemId": "1", "shippedQuantity": 2}],
        }
    ],
}
TRACKING = {"event": "picked up", "eventId": "TX112345678", "timestamp": TIME, "location": "Reno, NV"}
RESHIP = CREATE | {"shipmentNum": "78974156816153", "type": "RESHIP", "reshipmentReasonCode": "Order went missing"}
QUERY = {"filters": {"shipmentNum": "78974156816152"}}
GIFT_CARDS = {"shipmentId": SHIPMENT_ID, "items": [{"lineItemId": "1", "giftCard": [{"giftCardNum": "G-1"}]}]}
ACKNOWLEDGE: dict[str, Tree] = {"shipmentId": SHIPMENT_ID, "attributes": {}}
UPDATE = {"poNumber": "1125"}
SHIPMENT: dict[str, Tree] = {
    "shipmentId": SHIPMENT_ID,
    "shipmentNum": "78974156816152",
    "invoiceId": INVOICE_ID,
    "allocationId": ALLOCATION_ID,
    "orderNumber": ["309019176"],
    "poNumber": None,
    "vendorId": None,
    "statusCode": "SHIPMENT_CREATED",
    "type": "STANDARD",
    "reshipmentReasonCode": None,
    "shipDate": TIME,
    "locationNum": "410",
    "locationType": "warehouse",
    "totalCartons": 1,
    "masterTrackingNumber": None,
    "shipToId": "1",
    "shipToAddress": {
        "addressLine1": "123 Pine Street",
        "addressLine2": None,
        "addressLine3": None,
        "addressLine4": None,
        "city": "Seattle",
        "state": "WA",
        "country": "USA",
        "postalCode": "98101",
        "type": None,
        "latitude": None,
        "longitude": None,
    },
    "recipient": [],
    "cartons": [
        {
            "cartonNum": "1",
            "cartonType": "Package",
            "promisedDeliveryDate": None,
            "estimatedShipDate": None,
            "estimatedDeliveryDate": None,
            "shipmentMethod": "ground",
            "shipmentCarrier": "FEDEX",
            "weight": "500 gram",
            "trackingNumber": "TX112345678",
            "trackingURL": None,
            "trackingDetails": [],
            "items": [
                {
                    "shipmentLineItemId": LINE_ID,
                    "orderId": ORDER_ID,
                    "orderNumber": "309019176",
                    "lineItemId": "1",
                    "itemId": "20000000",
                    "sku": "SKU-RED-M",
                    "channelId": "12",
                    "segment": None,
                    "vendorId": None,
                    "orderedQuantity": 2,
                    "shippedQuantity": 2,
                    "returnQuantity": 0,
                    "returnAmount": 0,
                    "fees": [],
                    "giftCard": [],
                    "attributes": {},
                    "uom": None,
                }
            ],
        }
    ],
    "scratchedItems": [],
    "createdAt": TIME,
    "updatedAt": TIME,
    "auditLogs": [
        {
            "auditType": "CREATE",
            "employeeId": None,
            "auditTimestamp": TIME,
            "source": "demo",
            "note": "fulfillment created",
            "attributes": {},
            "updatedFields": [],
        },
        {
            "auditType": "SHIP",
            "employeeId": None,
            "auditTimestamp": TIME,
            "source": "demo",
            "note": "shipped",
            "attributes": {},
            "updatedFields": [],
        },
    ],
    "attributes": {},
}
UPDATED: dict[str, Tree] = SHIPMENT | {"poNumber": "1125"}
PAGE: dict[str, Tree] = {"count": 1, "limit": 10, "offset": 0, "shipments": [SHIPMENT]}
TRACKED: dict[str, Tree] = SHIPMENT | {
    "cartons": [
        {
            "cartonNum": "1",
            "cartonType": "Package",
            "promisedDeliveryDate": None,
            "estimatedShipDate": None,
            "estimatedDeliveryDate": None,
            "shipmentMethod": "ground",
            "shipmentCarrier": "FEDEX",
            "weight": "500 gram",
            "trackingNumber": "TX112345678",
            "trackingURL": None,
            "trackingDetails": [
                {
                    "event": "picked up",
                    "eventId": "TX112345678",
                    "timestamp": TIME,
                    "shipmentCarrier": None,
                    "location": "Reno, NV",
                    "notes": None,
                }
            ],
            "items": [
                {
                    "shipmentLineItemId": LINE_ID,
                    "orderId": ORDER_ID,
                    "orderNumber": "309019176",
                    "lineItemId": "1",
                    "itemId": "20000000",
                    "sku": "SKU-RED-M",
                    "channelId": "12",
                    "segment": None,
                    "vendorId": None,
                    "orderedQuantity": 2,
                    "shippedQuantity": 2,
                    "returnQuantity": 0,
                    "returnAmount": 0,
                    "fees": [],
                    "giftCard": [],
                    "attributes": {},
                    "uom": None,
                }
            ],
        }
    ],
    "auditLogs": [
        {
            "auditType": "CREATE",
            "employeeId": None,
            "auditTimestamp": TIME,
            "source": "demo",
            "note": "fulfillment created",
            "attributes": {},
            "updatedFields": [],
        },
        {
            "auditType": "SHIP",
            "employeeId": None,
            "auditTimestamp": TIME,
            "source": "demo",
            "note": "shipped",
            "attributes": {},
            "updatedFields": [],
        },
        {
            "auditType": "UPDATE",
            "employeeId": None,
            "auditTimestamp": TIME,
            "source": "demo",
            "note": "picked up",
            "attributes": {},
            "updatedFields": [],
        },
    ],
}
RESHIPPED: dict[str, Tree] = SHIPMENT | {
    "shipmentId": _RESHIP_ID,
    "shipmentNum": "78974156816153",
    "invoiceId": None,
    "type": "RESHIP",
    "reshipmentReasonCode": "Order went missing",
    "auditLogs": [
        {
            "auditType": "RESHIP",
            "employeeId": None,
            "auditTimestamp": TIME,
            "source": "demo",
            "note": "Order went missing",
            "attributes": {},
            "updatedFields": [],
        }
    ],
}
GIFT_CARDS_REQUESTED: dict[str, Tree] = SHIPMENT | {
    "cartons": [
        {
            "cartonNum": "1",
            "cartonType": "Package",
            "promisedDeliveryDate": None,
            "estimatedShipDate": None,
            "estimatedDeliveryDate": None,
            "shipmentMethod": "ground",
            "shipmentCarrier": "FEDEX",
            "weight": "500 gram",
            "trackingNumber": "TX112345678",
            "trackingURL": None,
            "trackingDetails": [],
            "items": [
                {
                    "shipmentLineItemId": LINE_ID,
                    "orderId": ORDER_ID,
                    "orderNumber": "309019176",
                    "lineItemId": "1",
                    "itemId": "20000000",
                    "sku": "SKU-RED-M",
                    "channelId": "12",
                    "segment": None,
                    "vendorId": None,
                    "orderedQuantity": 2,
                    "shippedQuantity": 2,
                    "returnQuantity": 0,
                    "returnAmount": 0,
                    "fees": [],
                    "giftCard": [
                        {
                            "giftCardNum": "G-1",
                            "giftCardStatus": "PENDING_ACTIVATION",
                            "giftCardActiveRequestDate": TIME,
                        }
                    ],
                    "attributes": {},
                    "uom": None,
                }
            ],
        }
    ]
}
GIFT_CARDS_ACTIVE: dict[str, Tree] = SHIPMENT | {
    "cartons": [
        {
            "cartonNum": "1",
            "cartonType": "Package",
            "promisedDeliveryDate": None,
            "estimatedShipDate": None,
            "estimatedDeliveryDate": None,
            "shipmentMethod": "ground",
            "shipmentCarrier": "FEDEX",
            "weight": "500 gram",
            "trackingNumber": "TX112345678",
            "trackingURL": None,
            "trackingDetails": [],
            "items": [
                {
                    "shipmentLineItemId": LINE_ID,
                    "orderId": ORDER_ID,
                    "orderNumber": "309019176",
                    "lineItemId": "1",
                    "itemId": "20000000",
                    "sku": "SKU-RED-M",
                    "channelId": "12",
                    "segment": None,
                    "vendorId": None,
                    "orderedQuantity": 2,
                    "shippedQuantity": 2,
                    "returnQuantity": 0,
                    "returnAmount": 0,
                    "fees": [],
                    "giftCard": [{"giftCardNum": "G-1", "giftCardStatus": "ACTIVE", "giftCardActiveDate": TIME}],
                    "attributes": {},
                    "uom": None,
                }
            ],
        }
    ]
}

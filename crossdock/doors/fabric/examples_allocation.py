"""Examples of requests and responses of allocations and reservations; tests/doors/fabric/test_examples.py plays each of them.

There is a location 410 with enough units of the example order's product, and a location 420.
"""

from typing import Any

from crossdock.doors.fabric.examples import ACCOUNT, LATER, ORDER_ID, ORDER_REQUEST, TIME

Tree = Any
ALLOCATION_ID = "697c8a340000000000000007"
_MOVED_ID, _RUN_ID = "697c8a340000000000000008", "697c8a340000000000000009"
_AUDIT_ID = "5b1f0c9d3a7e4f2286d4c0aa"

# ------------------------------------------------------------------------------------------------------------ allocations
_SHIP_INFO = ORDER_REQUEST["shipInfo"][0]


def _audit(audit_type: str, **fields: Tree) -> dict[str, Tree]:
    entry: dict[str, Tree] = {
        "auditId": _AUDIT_ID, "auditType": audit_type, "employeeId": None, "auditTimestamp": TIME, "source": "demo",
        "reasonCode": None, "subReasonCode": None, "policyCode": None, "note": "allocated at 410", "lineItemId": None,
        "lineItemNumber": None, "sku": None, "quantity": None, "amount": None, "paymentToken": None, "success": True,
        "paymentResponse": None, "updatedFields": [], "attributes": {},
    }  # fmt: skip
    return entry | fields


_ITEM: dict[str, Tree] = {
    "orderLineId": "1",
    "itemId": "20000000",
    "sku": "SKU-RED-M",
    "orderId": ORDER_ID,
    "orderDate": "2026-01-30T10:53:00.000Z",
    "estimatedDeliveryDate": None,
    "quantity": 2,
    "allocationLineNumber": 1,
    "parentAllocationLineNumber": None,
    "reallocationRequestId": None,
    "shippedQuantity": 0,
    "scratchQuantity": 0,
    "scratchedReasonCode": None,
    "reshipReasonCode": None,
    "reallocationReasonCode": None,
    "channelId": "12",
    "segment": None,
    "vendorId": None,
    "title": "Cotton shirt, red, M",
    "weight": None,
    "cost": None,
    "price": 25,
    "itemStatus": "ALLOCATED",
    "attributes": {},
    "uom": None,
}
ALLOCATION: dict[str, Tree] = {
    "allocationId": ALLOCATION_ID,
    "version": 0,
    "allocationRequestId": _RUN_ID,
    "allocationNum": None,
    "parentAllocationId": "",
    "sentToPPSDate": TIME,
    "allocationDate": TIME,
    "updatedAt": TIME,
    "type": "ALLOCATED",
    "previousAllocationLocationNum": None,
    "poNumber": None,
    "itemsType": "WEB",
    "orderSubType": None,
    "vendorId": None,
    "shipDate": None,
    "shipType": "SHIP_TO_ADDRESS",
    "shipMethod": "GROUND",
    "shipToId": "1",
    "statusCode": "PENDING_PICK",
    "locationNum": "410",
    "locationType": "warehouse",
    "shipToAddress": _SHIP_INFO["shipToAddress"],
    "recipient": [],
    "items": [_ITEM],
    "auditLogs": [_audit("CREATE")],
}
QUERY = {"filters": {"statusCode": "PENDING_PICK", "locationNum": "410"}, "limit": 10}
UPDATE = {
    "allocationNum": "WMS-7001",
    "poNumber": "1125",
    "locationNum": "410",
    "items": [
        {"allocationLineNumber": 1, "itemId": "20000000", "sku": "SKU-RED-M", "quantity": 2, "weight": 0.4, "uom": "KG"}
    ],
}
UPDATED = ALLOCATION | {
    "version": 1, "allocationNum": "WMS-7001", "poNumber": "1125", "updatedAt": LATER,
    "items": [_ITEM | {"weight": 0.4, "uom": "KG"}],
}  # fmt: skip
REALLOCATE = {
    "orderNumber": "309019176", "channel": "12", "tenant": ACCOUNT, "id": [ALLOCATION_ID], "documentType": "ALLOCATION",
}  # fmt: skip
REALLOCATED = {"message": f"Reallocation process completed Successfully with !! allocation Ids [{_MOVED_ID}]"}
CANCELED = ALLOCATION | {
    "version": 1, "updatedAt": LATER, "statusCode": "CANCELLED", "items": [_ITEM | {"itemStatus": "CANCELLED"}],
    "auditLogs": [
        _audit("CREATE"),
        _audit("CANCEL", note="allocation canceled", lineItemId="1", lineItemNumber=1, sku="SKU-RED-M", quantity=2),
    ],
}  # fmt: skip

# ----------------------------------------------------------------------------------------------------------- reservations
RESERVATION_ID = f"{ORDER_ID}-1"
RESERVE: dict[str, Tree] = {
    "orderNumber": "309019176",
    "sku": "SKU-RED-M",
    "lineItemId": "1",
    "itemId": "20000000",
    "type": "BACKORDER",
    "orderDate": "2026-01-30T10:53:00.000Z",
    "backOrderedQuantity": 2,
    "locationNum": 410,
    "channelId": "12",
    "orderStatusCode": "Created",
}
RESERVATION: dict[str, Tree] = {
    "id": RESERVATION_ID,
    "orderNumber": "309019176",
    "sku": "SKU-RED-M",
    "lineItemId": "1",
    "itemId": "20000000",
    "type": "BACKORDER",
    "cartId": None,
    "orderDate": "2026-01-30T10:53:00.000Z",
    "backOrderedQuantity": 2,
    "toReleaseQuantity": 0,
    "locationNum": 410,
    "channelId": "12",
    "vendorId": None,
    "consentToDelay": None,
    "consentDate": None,
    "lastNotificationDate": None,
    "toNotify": None,
    "orderStatusCode": "Created",
    "lineItemStatus": "ORDER_LINE_VALID",
    "paymentStatus": "AUTHORIZED",
}
RESERVATION_CHANGE = {"backOrderedQuantity": 1, "toNotify": "true"}
CHANGED_RESERVATION = RESERVATION | RESERVATION_CHANGE
NOTICE = {"orderId": ORDER_ID, "orderNumber": "309019176"}
CONSENT = {"action": "ACCEPT", "backOrderId": RESERVATION_ID}
CONSENTED = RESERVATION | {"consentToDelay": "true", "consentDate": LATER}
NO_RESERVATION = {"message": "Object Not Found!"}
NO_NEW_RESERVATION = {"message": "BackOrderPreOrderReservation Not Found"}

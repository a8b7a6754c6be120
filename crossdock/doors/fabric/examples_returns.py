"""Examples of returns and appeasements; tests/doors/fabric/test_examples.py plays each of them."""

from typing import Any

from crossdock.doors.fabric.examples import ACCOUNT, ORDER_ID, ORDER_REQUEST, TIME

Tree = Any
NO_ORDER = {"message": "Order Not Found!"}
RETURN: dict[str, Tree] = {
    "orderId": ORDER_ID,
    "employeeId": "7",
    "source": "CSR",
    "items": [
        {
            "returnType": "RECEIVED",
            "orderLineItemId": "1",
            "quantity": 1,
            "scanTimeStamp": TIME,
            "reasonCode": "1DMG",
        }
    ],
}
APPEASEMENT: dict[str, Tree] = {
    "orderNumber": ORDER_REQUEST["orderNumber"],
    "appeasementType": "refund",
    "userID": "12",
    "source": "SFSC",
    "appeasements": [{"appeasementCounter": 1, "reasonCode": "Late Delivery", "value": 5}],
}
NOT_APPEASED = {
    "responseCode": "NOT_FOUND",
    "responseMessage": "Order not found",
    "responseData": {"orderNumber": None, "totalAmountRefunded": 0, "channel": None, "tenant": ACCOUNT},
}
ELIGIBILITY: dict[str, Tree] = {
    "orderId": ORDER_ID,
    "eligibleReasonCodes": [],
    "policyType": "DEFAULT",
    "period": "30D00H00M",
    "items": [{"lineItemId": "1", "eligibleQuantity": 2, "eligible": True}],
    "fees": [],
}
RETURNED: dict[str, Tree] = {
    "refundStatus": "REFUND_INITIATED",
    "totalRefund": 27.75,
    "items": [
        {
            "returnStatus": "VALID",
            "policyCode": "DEFAULT",
            "lineItemId": "1",
            "returnQuantity": 1,
            "refundAmount": 27.75,
        }
    ],
}
APPEASED: dict[str, Tree] = {
    "responseCode": "SUCCESS",
    "responseMessage": "API Operation successfully completed",
    "responseData": {"orderNumber": "309019176", "totalAmountRefunded": 5, "channel": "12", "tenant": ACCOUNT},
}

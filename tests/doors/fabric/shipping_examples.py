"""What the examples of the calls about shipments, invoices, returns and appeasements need before they are played."""

from typing import Any

from crossdock.doors.fabric import examples_invoices, examples_shipments

Tree = Any
Calls = tuple[tuple[str, str, Tree], ...]
_SHIPPED: Calls = (("POST", "/shipment", examples_shipments.CREATE),)
_POSTED: Calls = (*_SHIPPED, ("POST", "/invoice/post", examples_invoices.POST))
_CALLS: tuple[tuple[Calls, tuple[str, ...]], ...] = (
    ((), ("createShipment",)),
    (_SHIPPED, (
        "getShipment", "updateShipment", "queryShipments", "recordTracking", "createReshipment", "activateGiftCards",
        "acknowledgeGiftCards", "acknowledgeShipment", "createInvoice", "getInvoice", "queryInvoices", "postInvoices",
        "getReturnEligibility", "returnOrder", "createAppeasement",
    )),
    (_POSTED, ("acknowledgeInvoicePost", "acknowledgeInvoice")),
)  # fmt: skip
OPERATIONS = tuple(operation for _, operations in _CALLS for operation in operations)
BEFORE: dict[str, tuple[dict[str, Tree], Calls]] = {
    operation: ({}, calls) for calls, operations in _CALLS for operation in operations
}
MISSING = {"allocationId": "0" * 24, "shipmentId": "0" * 24, "invoiceId": "0" * 24, "eventId": "nope"}
CAPTURED = ("shipmentId", "invoiceId")
VOLATILE = (
    "shipmentId", "invoiceId", "shipmentLineItemId", "shipDate", "invoiceDate", "shippedOn", "postedAt", "acknowledgedAt",
    "lineItemCreatedAt", "giftCardActiveRequestDate", "giftCardActiveDate", "timestamp", "invoiceNumber",
)  # fmt: skip

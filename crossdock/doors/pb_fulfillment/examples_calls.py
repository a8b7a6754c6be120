"""Examples of bodies about products, inventory, receiving notices and work orders; tests send them and compare the answers."""

from typing import Any

from crossdock.doors.pb_fulfillment.examples import error, page_of
from crossdock.doors.pb_fulfillment.wire_call_answers import AsnStatusRow, WorkOrderStatusRow

Body = dict[str, Any]
_AT = "2026-01-30T10:53:25Z"


def page(rows: str, *found: Body) -> Body:
    """Return the envelope of a page with some rows."""
    return {**{name: value for name, value in page_of({}).items() if name != "orders"}, rows: list(found)}


def _picked(document: Body, names: tuple[str, ...]) -> Body:
    return {name: document[name] for name in names if name in document}


# ------------------------------------------------------------------------------------------------------------ products
CREATE_PRODUCT: Body = {
    "clientId": "1234",
    "vendorDetails": {"name": "Mugs and more", "number": "77"},
    "productType": "ITEM",
    "sku": "MUG",
    "createDate": "2026-01-30T10:53:24.000+0000",
    "details": {
        "brand": "Coldwater",
        "description": "Stoneware mug",
        "hsClassification": [{"hsTariffCode": "6912.00", "countryCode": "US"}],
        "identifiers": [{"number": "012345678905", "source": "UPC"}],
        "originCountryCode": "CN",
    },
}
PRODUCT: Body = {
    "clientId": "1234",
    "vendorDetails": {"name": "Mugs and more", "number": "77"},
    "productType": "ITEM",
    "sku": "MUG",
    "createDate": "2026-01-30T10:53:24.000+0000",
    "pbCreateDate": "2026-01-30T10:53:25.103+0000",
    "fulfillmentRegion": "PB_ONLY",
    "details": CREATE_PRODUCT["details"],
    "active": True,
}
UPDATE_PRODUCT: Body = CREATE_PRODUCT | {"active": False}
UPDATED_PRODUCT: Body = {
    **_picked(PRODUCT, ("clientId", "vendorDetails", "productType", "sku", "createDate", "pbCreateDate")),
    "pbUpdateDate": "2026-01-30T11:20:00.541+0000",
    **_picked(PRODUCT, ("fulfillmentRegion", "details")),
    "active": False,
}
PUT_PRODUCTS: Body = {
    "products": [
        {"clientId": "1234", "productType": "KIT", "sku": "MUG-SET", "details": {"description": "Two mugs in a box"},
         "operation": "CREATE"},
        {"clientId": "1234", "productType": "ITEM", "sku": "CUP", "details": {"description": "Cup"},
         "operation": "UPDATE"},
    ]
}  # fmt: skip
_NO_CUP = error(
    "1000045", "Invalid or missing value for sku.", "there is no product with the SKU 'CUP'", "sku"
)  # fmt: skip
PRODUCTS_PUT: Body = {
    "products": [
        {"clientId": "1234", "sku": "MUG-SET", "status": "PUBLISHED"},
        {"clientId": "1234", "sku": "CUP", "status": "UNPUBLISHED", "errors": [_NO_CUP]},
    ]
}
SEARCH_PRODUCTS: Body = {
    "clientId": "1234", "sort": ["pbCreateDate-asc"], "searchFields": [{"name": "active", "values": [True]}],
}  # fmt: skip
PRODUCT_PAGE = page("products", PRODUCT)

# ----------------------------------------------------------------------------------------------------------- inventory
SEARCH_INVENTORY: Body = {"clientId": "1234", "searchFields": [{"name": "skus", "values": ["MUG"]}]}
INVENTORY_PAGE = page(
    "inventory",
    {"clientId": "1234", "sku": "MUG", "brand": "Coldwater", "node": "160", "inventoryType": "NEW",
     "onHandQuantity": 50, "availableQuantity": 48, "allocatedQuantity": 2, "onHoldQuantity": 0, "updateDate": _AT},
)  # fmt: skip

# --------------------------------------------------------------------------------------------------------- receiving ASN
CREATE_ASN: Body = {
    "clientId": "1234",
    "inboundType": "ASN",
    "clientASNId": "ASN-1",
    "purchaseOrderNumber": "PO-7700",
    "receivingNode": "160",
    "vendorDetails": {"name": "Mugs and more", "code": "77"},
    "shippingDetails": {"carrier": "PITNEY BOWES"},
    "createDate": "2026-01-30T10:53:24Z",
    "asnLines": [
        {"lineId": 1, "sku": "MUG", "inventoryType": "NEW", "expectedQuantity": 50,
         "estimatedDeliveryDate": "2026-02-01T08:00:00Z", "costDetails": {"unitCost": 2.5, "currency": "USD"}},
    ],
}  # fmt: skip
ASN: Body = {
    **_picked(
        CREATE_ASN,
        ("clientId", "inboundType", "clientASNId", "purchaseOrderNumber", "receivingNode", "vendorDetails"),
    ),
    "receivingASNId": "ASN0914521228495032321US",
    "shippingDetails": {"carrier": "PITNEY BOWES"},
    "status": "CREATED",
    "createDate": "2026-01-30T10:53:24Z",
    "pbCreateDate": _AT,
    "asnLines": [
        {"lineId": 1, "PBlineId": 1, "sku": "MUG", "inventoryType": "NEW", "expectedQuantity": 50,
         "unitOfMeasurement": "EACH", "estimatedDeliveryDate": "2026-02-01T08:00:00Z",
         "costDetails": {"unitCost": 2.5, "currency": "USD"}, "receivedQuantity": 0},
    ],
}  # fmt: skip
UPDATE_ASN: Body = CREATE_ASN | {"updateDate": "2026-01-30T11:19:58Z"}
_ASN_ORDER = (
    "clientId", "inboundType", "clientASNId", "purchaseOrderNumber", "receivingNode", "vendorDetails", "receivingASNId",
    "shippingDetails", "status", "createDate", "updateDate", "pbCreateDate", "pbUpdateDate", "asnLines",
)  # fmt: skip
UPDATED_ASN = _picked(ASN | {"updateDate": "2026-01-30T11:19:58Z", "pbUpdateDate": "2026-01-30T11:20:00Z"}, _ASN_ORDER)
CANCELED_ASN = _picked(UPDATED_ASN | {"status": "CANCELED"}, _ASN_ORDER)
SEARCH_ASN: Body = {
    "clientId": "1234", "sort": ["pbCreateDate-desc"],
    "searchFields": [{"name": "status", "values": ["CREATED", "INPROGRESS"]}, {"name": "sku", "values": ["MUG"]}],
}  # fmt: skip
ASN_PAGE = page("receivingASNs", ASN)
ASN_STATUS_PAGE = page("receivingASNs", _picked(ASN, AsnStatusRow.__struct_encode_fields__))

# ---------------------------------------------------------------------------------------------------------- work orders
CREATE_WORK_ORDER: Body = {
    "clientId": "1234",
    "clientWorkOrderId": "WO-1",
    "workOrderName": "Mug sets",
    "description": "For the holidays",
    "type": "KIT",
    "node": "160",
    "createDate": "2026-01-30T10:53:24Z",
    "sku": "MUG-SET",
    "workOrderQuantity": 5,
    "components": [{"sku": "MUG", "quantity": 2}],
}
WORK_ORDER: Body = {
    "clientId": "1234",
    "clientWorkOrderId": "WO-1",
    "workOrderId": "WRK0914521228495032322US",
    "workOrderName": "Mug sets",
    "description": "For the holidays",
    "type": "KIT",
    "status": "CREATED",
    "node": "160",
    "createDate": "2026-01-30T10:53:24Z",
    "sku": "MUG-SET",
    "workOrderQuantity": 5,
    "completedQuantity": 0,
    "components": [{"sku": "MUG", "quantity": 2}],
    "pbCreateDate": _AT,
}
UPDATE_WORK_ORDER: Body = CREATE_WORK_ORDER | {"workOrderQuantity": 7}
UPDATED_WORK_ORDER: Body = WORK_ORDER | {"workOrderQuantity": 7, "pbUpdateDate": "2026-01-30T11:20:00Z"}
CANCEL_WORK_ORDER: Body = {
    "clientId": "1234", "clientWorkOrderId": "WO-1", "cancelReason": "Not needed",
    "cancelDate": "2026-01-30T11:19:58Z",
}  # fmt: skip
CANCELED_WORK_ORDER: Body = {
    "clientId": "1234", "clientWorkOrderId": "WO-1", "workOrderId": "WRK0914521228495032322US",
    "cancelReason": "Not needed", "cancelDate": "2026-01-30T11:19:58Z", "pbCancelDate": "2026-01-30T11:20:00Z",
}  # fmt: skip
SEARCH_WORK_ORDERS: Body = {
    "clientId": "1234", "searchFields": [{"name": "node", "values": ["160"]}],
}  # fmt: skip
WORK_ORDER_PAGE = page("workOrders", WORK_ORDER)
WORK_ORDER_STATUS_PAGE = page("workOrders", _picked(WORK_ORDER, WorkOrderStatusRow.__struct_encode_fields__))

# --------------------------------------------------------------------------------------------------------------- errors
PRODUCT_FAULTS = [
    error("1000045", "Invalid or missing value for productType.", "productType is required", "productType"),
    error("1000045", "Invalid or missing value for details.", "details is required", "details"),
]
PRODUCT_EXISTS = [
    error(
        "1000045", "Invalid or missing value for sku.", "there is a product with the SKU 'MUG' already", "sku"
    )
]  # fmt: skip
NO_PRODUCTS = [
    error("1000045", "Invalid or missing value for products.", "products is required", "products")
]  # fmt: skip
ASN_FAULTS = [
    error(
        "1000045", "Invalid or missing value for receivingNode.", "there is no location '999'", "receivingNode"
    ),
    error(
        "1000045", "Invalid or missing value for asnLines[0].sku.", "there is no product with the SKU 'CUP'",
        "asnLines[0].sku",
    ),
]  # fmt: skip
WORK_ORDER_FAULTS = [
    error("1000045", "Invalid or missing value for node.", "there is no location '999'", "node")
]  # fmt: skip
CANCEL_FAULTS = [
    error(
        "1000045", "Invalid or missing value for clientWorkOrderId.", "clientWorkOrderId is required",
        "clientWorkOrderId",
    )
]  # fmt: skip
NO_PRODUCT = [error("1000045", "Invalid or missing value for sku.", "there is no such product", "sku")]
NO_ASN = [
    error(
        "1000045", "Invalid or missing value for receivingASNId.", "there is no such receiving notice",
        "receivingASNId",
    )
]  # fmt: skip
NO_WORK_ORDER = [
    error("1000045", "Invalid or missing value for workOrderId.", "there is no such work order", "workOrderId")
]  # fmt: skip

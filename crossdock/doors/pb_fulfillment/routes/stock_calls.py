"""The routes about products, inventory, receiving notices and work orders, and their documentation."""

from typing import Any

from crossdock.doors import Route
from crossdock.doors.pb_fulfillment import examples_calls as examples
from crossdock.doors.pb_fulfillment import wire_call_answers as answers
from crossdock.doors.pb_fulfillment import wire_calls as wire
from crossdock.doors.pb_fulfillment.examples import NO_CLIENT
from crossdock.doors.pb_fulfillment.routes import inbound, inventory, products
from crossdock.doors.pb_fulfillment.routes.documentation import (
    HEADERS,
    PAGE_PARAMETERS,
    documented,
    parameter,
    paths,
)
from crossdock.flows import access

_CLIENT = (
    *HEADERS,
    parameter("clientId", "query", "One of your organization's client ids", required=True, minLength=1),
    parameter("brand", "query", "The brand; what is of another brand is not found"),
)
_ROW = {"anyOf": [answers.BulkProductAnswer, answers.RefusedProduct, answers.UnifiedRefusedProduct]}
_BULK = {
    "type": "object", "required": ["products"], "properties": {"products": {"type": "array", "items": _ROW}},
}  # fmt: skip
_PAGED = (
    "A search by other fields than the server's dates, `status`, `sku`, the facility and `purchaseOrderNumbers`, or sorted by a"
    " client's date, is refused where these leave more than 2,000 documents."
)


def _asn(status: int, answer: Any, example: Any, *others: int, **rest: Any) -> dict[str, Any]:
    return documented(status, answer, example, *others, missing=examples.NO_ASN, **rest)


def _work_order(status: int, answer: Any, example: Any, *others: int, **rest: Any) -> dict[str, Any]:
    return documented(status, answer, example, *others, missing=examples.NO_WORK_ORDER, **rest)


_PRODUCTS = (
    Route(
        "POST", paths("/v1/products"), products.create_product, access.WRITE, "createProduct", "Create a product",
        request=wire.ProductCreate, parameters=HEADERS,
        description=(
            "Products belong to your organization: all of its client ids, and all APIs, see them. A sku that exists is refused."
        ),
        **documented(
            201, answers.ProductAnswer, examples.PRODUCT, faults=examples.PRODUCT_FAULTS,
            request=examples.CREATE_PRODUCT,
        ),
    ),
    Route(
        "PUT", paths("/v1/products/{sku}"), products.update_product, access.WRITE, "updateProduct",
        "Replace a product", request=wire.ProductUpdate, parameters=HEADERS,
        description="The body is the whole product. The sku is that of the path.",
        **documented(
            200, answers.ProductAnswer, examples.UPDATED_PRODUCT, 404, faults=examples.PRODUCT_FAULTS,
            request=examples.UPDATE_PRODUCT, missing=examples.NO_PRODUCT,
        ),
    ),
    Route(
        "POST", paths("/v1/products/bulk"), products.put_products, access.WRITE, "putProducts",
        "Create or update up to 200 products", request=wire.ProductBulk, parameters=HEADERS, submits="products_call",
        description=(
            "Each product is processed by itself. Without `operation` it is updated where its sku exists, and created"
            " otherwise. The answer has a row for each, in the order of the request: `PUBLISHED`, or `UNPUBLISHED` with"
            " the errors."
        ),
        **documented(
            200, _BULK, examples.PRODUCTS_PUT, faults=examples.NO_PRODUCTS, request=examples.PUT_PRODUCTS
        ),
    ),
    Route(
        "GET", paths("/v1/products/{sku}"), products.get_product, access.READ, "getProduct", "Read a product",
        parameters=_CLIENT, description="`clientId` of the answer is the client id that asks.",
        **documented(
            200, answers.ProductAnswer, examples.PRODUCT, 404, faults=NO_CLIENT, missing=examples.NO_PRODUCT
        ),
    ),
    Route(
        "POST", paths("/v1/products/search"), products.search_products, access.READ, "searchProducts",
        "Search products", request=wire.ProductSearch, parameters=PAGE_PARAMETERS,
        description=(
            "Without a date only products that changed in the last six months are found. Searched by anything but the server's"
            " dates and `sku`, more than 2,000 products to compare are refused."
        ),
        **documented(
            200, answers.ProductPage, examples.PRODUCT_PAGE, faults=NO_CLIENT, request=examples.SEARCH_PRODUCTS
        ),
    ),
    Route(
        "POST", paths("/v1/inventory/snapshot"), inventory.snapshot, access.READ, "getInventory",
        "Read the inventory", request=wire.InventorySearch, parameters=PAGE_PARAMETERS,
        description=(
            "A row for each product, facility and inventory type that was ever counted or received. `availableQuantity` is what"
            " is neither allocated to orders nor on hold, such as damaged units and safety stock."
        ),
        **documented(
            200, answers.InventoryPage, examples.INVENTORY_PAGE, faults=NO_CLIENT, request=examples.SEARCH_INVENTORY
        ),
    ),
)  # fmt: skip
_ASN = (
    Route(
        "POST", paths("/v1/receiving-asn"), inbound.create_asn, access.WRITE, "createReceivingNotice",
        "Create a receiving notice", request=wire.AsnCreate, parameters=HEADERS,
        description=(
            "`clientASNId`, or for a PO `purchaseOrderNumber`, is unique for a client id. The facility must be a location, and"
            " each sku a product."
        ),
        **_asn(201, answers.Asn, examples.ASN, faults=examples.ASN_FAULTS, request=examples.CREATE_ASN),
    ),
    Route(
        "PUT", paths("/v1/receiving-asn/{receivingASNId}"), inbound.update_asn, access.WRITE, "updateReceivingNotice",
        "Replace a receiving notice", request=wire.AsnCreate, parameters=HEADERS,
        description="The body is the whole notice. Refused once something of it was received.",
        **_asn(200, answers.Asn, examples.UPDATED_ASN, 404, faults=examples.ASN_FAULTS, request=examples.UPDATE_ASN),
    ),
    Route(
        "GET", paths("/v1/receiving-asn/{receivingASNId}"), inbound.get_asn, access.READ, "getReceivingNotice",
        "Read a receiving notice", parameters=_CLIENT,
        description="`receivedQuantity` of a line is what has arrived, damaged units included.",
        **_asn(200, answers.Asn, examples.ASN, 404, faults=NO_CLIENT),
    ),
    Route(
        "PUT", paths("/v1/receiving-asn/{receivingASNId}/cancel"), inbound.cancel_asn, access.WRITE,
        "cancelReceivingNotice", "Cancel a receiving notice", parameters=_CLIENT,
        description="The call has no body. Refused once something of the notice was received.",
        **_asn(200, answers.Asn, examples.CANCELED_ASN, 404, faults=NO_CLIENT),
    ),
    Route(
        "POST", paths("/v1/receiving-asn/search"), inbound.search_asns, access.READ, "searchReceivingNotices",
        "Search receiving notices", request=wire.AsnSearch, parameters=PAGE_PARAMETERS, description=_PAGED,
        **_asn(200, answers.AsnPage, examples.ASN_PAGE, faults=NO_CLIENT, request=examples.SEARCH_ASN),
    ),
    Route(
        "POST", paths("/v1/receiving-asn/status/search"), inbound.search_asn_statuses, access.READ,
        "searchReceivingNoticeStatuses", "Search the statuses of receiving notices", request=wire.AsnSearch,
        parameters=PAGE_PARAMETERS, description="As the search of receiving notices, with the status of each only.",
        **_asn(200, answers.AsnStatusPage, examples.ASN_STATUS_PAGE, faults=NO_CLIENT, request=examples.SEARCH_ASN),
    ),
)  # fmt: skip
_WORK_ORDERS = (
    Route(
        "POST", paths("/v1/work-orders"), inbound.create_work_order, access.WRITE, "createWorkOrder",
        "Create a work order", request=wire.WorkOrderCreate, parameters=HEADERS,
        description=(
            "`clientWorkOrderId` is unique for a client id. Without `components` they are those of the product. The facility"
            " must be a location, and each sku a product."
        ),
        **_work_order(
            201, answers.WorkOrderAnswer, examples.WORK_ORDER, faults=examples.WORK_ORDER_FAULTS,
            request=examples.CREATE_WORK_ORDER,
        ),
    ),
    Route(
        "PUT", paths("/v1/work-orders/{ID}"), inbound.update_work_order, access.WRITE, "updateWorkOrder",
        "Replace a work order", request=wire.WorkOrderCreate, parameters=HEADERS,
        description="The body is the whole work order. Refused once a kit of it was completed.",
        **_work_order(
            200, answers.WorkOrderAnswer, examples.UPDATED_WORK_ORDER, 404, faults=examples.WORK_ORDER_FAULTS,
            request=examples.UPDATE_WORK_ORDER,
        ),
    ),
    Route(
        "GET", paths("/v1/work-orders/{workOrderId}"), inbound.get_work_order, access.READ, "getWorkOrder",
        "Read a work order", parameters=_CLIENT, description="`completedQuantity` kits are done.",
        **_work_order(200, answers.WorkOrderAnswer, examples.WORK_ORDER, 404, faults=NO_CLIENT),
    ),
    Route(
        "PUT", paths("/v1/work-orders/{ID}/cancel"), inbound.cancel_work_order, access.WRITE, "cancelWorkOrder",
        "Cancel a work order", request=wire.WorkOrderCancel, parameters=HEADERS,
        description="Refused once a kit of it was completed. The answer is not the whole work order.",
        **_work_order(
            200, answers.WorkOrderCanceled, examples.CANCELED_WORK_ORDER, 404, faults=examples.CANCEL_FAULTS,
            request=examples.CANCEL_WORK_ORDER,
        ),
    ),
    Route(
        "POST", paths("/v1/work-orders/search"), inbound.search_work_orders, access.READ, "searchWorkOrders",
        "Search work orders", request=wire.WorkOrderSearch, parameters=PAGE_PARAMETERS, description=_PAGED,
        **_work_order(
            200, answers.WorkOrderPage, examples.WORK_ORDER_PAGE, faults=NO_CLIENT,
            request=examples.SEARCH_WORK_ORDERS,
        ),
    ),
    Route(
        "POST", paths("/v1/work-orders/status/search"), inbound.search_work_order_statuses, access.READ,
        "searchWorkOrderStatuses", "Search the statuses of work orders", request=wire.WorkOrderSearch,
        parameters=PAGE_PARAMETERS, description="As the search of work orders, with the status of each only.",
        **_work_order(
            200, answers.WorkOrderStatusPage, examples.WORK_ORDER_STATUS_PAGE, faults=NO_CLIENT,
            request=examples.SEARCH_WORK_ORDERS,
        ),
    ),
)  # fmt: skip
ROUTES = (*_PRODUCTS, *_ASN, *_WORK_ORDERS)

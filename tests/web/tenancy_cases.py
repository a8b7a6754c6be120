"""The case of every scoped route: a request for the order, or another thing, of the victim of tests/web/test_tenancy.py."""

import re
from typing import Any

from crossdock.core.ids import to_base32, to_base62, to_digits, to_hex24, to_uuid
from crossdock.doors.fabric import examples_allocation
from tests.vendors import sample
from tests.world import STRANGERS_FABRIC_ACCOUNT

MARK = "Zyzzyva-7731"  # is in the victim's orders and nowhere else
REFERENCE_LISTS = ("Carriers", "CarrierAccounts", "Countries", "Services", "ParcelTypes", "SpecialServices")


class Case:
    """A request for the victim's order: path parameters by name, query, body."""

    def __init__(self, query: str = "", body: Any = None, **params: str) -> None:
        self.query = query
        self.body = body
        self.params = params


def cases(ids: dict[str, int], submission_id: int) -> dict[tuple[str, str], Case]:
    """Return the case of every scoped route, for the victim's order ids by door."""
    doors = _oms(ids) | _fulfillment(ids) | _fabric(ids) | _s2(ids) | _s2_stock()
    return doors | _hub(ids, submission_id) | _hub_inbound(ids)


def _oms(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    oms = "PB" + to_base62(ids["pb_oms"])
    return {
        ("pb_oms", "createOrder"): Case(body=sample("pb_oms")),
        ("pb_oms", "getOrderById"): Case(orderId=oms),
        ("pb_oms", "addCustomsProduct"): Case(body={}),
        ("pb_oms", "partialUpdateOrderById"): Case(body={"orderMessage": None}, orderId=oms),
        ("pb_oms", "updateOrderById"): Case(body={"orders": [{"orderId": oms}], "status": "ONHOLD"}),
        ("pb_oms", "deleteOrder"): Case(orderId=oms),
        ("pb_oms", "deleteOrderItem"): Case("?itemId=SKU12345", orderId=oms),
        ("pb_oms", "searchOrders"): Case(body={"filters": [{"name": "orderId", "value": [oms]}]}),
        ("pb_oms", "updateTags"): Case(body={"tagIds": ["x"]}, orderId=oms),
        ("pb_oms", "bulkUpdateTags"): Case(body={"tags": [{"orderId": oms, "tagIds": ["x"]}]}),
        ("pb_oms", "createCustomCode"): Case(body={"code": "C1", "carrier": "UPS", "carrierAccountId": "1"}),
        **{("pb_oms", f"get{name}"): Case() for name in REFERENCE_LISTS},
    } | _oms_shipping(ids)


def _oms_shipping(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    """Return the cases of calls for what the victim has stored below /shipping under the mark as its id."""
    code = {"carrier": "UPS", "carrierAccountId": "1"}
    product = {"description": "x", "originCountryCode": "US", "quantity": 1, "unitPrice": 1, "weight": 1}
    shipment = re.sub("[^A-Z0-9]", "", f"{MARK}-shipped".upper()) + to_digits(ids["package"])
    cases = {
        "getCustomsProduct": Case(),
        "getCustomsProductbyId": Case(customsProductId="P1"),
        "updateCustomsProduct": Case(body=product, customsProductId="P1"),
        **{f"get{name}ByCode": Case(code=MARK) for name in ("CustomCode", "ShipViaCode")},
        **{f"update{name}": Case(body=code, code=MARK) for name in ("CustomCode", "ShipViaCode")},
        "createDefaults": Case(body={}),
        "getAllDefaults": Case(),
        "getDefaultsById": Case(defaultID=MARK),
        "putDefaultsById": Case(body={}, defaultID=MARK),
        "deleteDefaultsById": Case(defaultID=MARK),
        "printerMapping": Case(body={"alias": "x", "serialNumber": "x", "printerName": "x"}),
        "getPrinterMapping": Case(f"?alias={MARK}"),
        "deletePrinterMapping": Case(f"?alias={MARK}"),
        "getAllShipments": Case(),
        "shipmentById": Case(shipmentId=shipment),
        "getPickups": Case(),
        "getWebhookEvents": Case(),
    }
    return {("pb_oms", name): case for name, case in cases.items()}


def _fulfillment(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    fulfillment = f"ORA{to_digits(ids['pb_fulfillment'])}US"
    line = {"orderLineId": 1, "itemDetail": {"sku": "x"}, "quantity": 1}
    return_body = {"clientId": "1234", "orderId": fulfillment, "returnOrderLines": [line]}
    return {
        ("pb_fulfillment", "createOrder"): Case(body=sample("pb_fulfillment")),
        ("pb_fulfillment", "createOrders"): Case(body={"orders": [sample("pb_fulfillment")]}),
        ("pb_fulfillment", "getOrder"): Case("?clientId=1234", orderId=fulfillment),
        ("pb_fulfillment", "getOrderStatus"): Case("?clientId=1234", orderId=fulfillment),
        ("pb_fulfillment", "updateOrder"): Case(body=sample("pb_fulfillment"), orderId=fulfillment),
        ("pb_fulfillment", "updateOrderItems"): Case(body=sample("pb_fulfillment"), orderId=fulfillment),
        ("pb_fulfillment", "cancelOrder"): Case("?clientId=1234", orderId=fulfillment),
        ("pb_fulfillment", "cancelOrders"): Case(
            body={"CancelOrdersRequest": [{"clientId": "1234", "orderId": fulfillment}]}
        ),
        ("pb_fulfillment", "searchOrders"): Case(body={"clientId": "1234"}),
        ("pb_fulfillment", "searchOrderStatuses"): Case(body={"clientId": "1234"}),
        ("pb_fulfillment", "searchShipments"): Case(body={"clientId": "1234"}),
        ("pb_fulfillment", "createReturn"): Case(body=return_body),
        ("pb_fulfillment", "createReturns"): Case(body={"returns": [return_body]}),
        ("pb_fulfillment", "getReturn"): Case(ID=f"RET{to_digits(ids['pb_fulfillment'])}US"),
        ("pb_fulfillment", "searchReturns"): Case(body={"clientId": "1234"}),
    } | _fulfillment_stock(ids)


def _fulfillment_stock(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    asn, order = f"ASN{to_digits(ids['ReceivingNotice'])}US", f"WRK{to_digits(ids['WorkOrder'])}US"
    search, client = Case(body={"clientId": "1234"}), "?clientId=1234"
    product = {"clientId": "1234", "productType": "ITEM", "sku": MARK, "details": {"description": "x"}}
    notice = {
        "clientId": "1234", "clientASNId": "1", "receivingNode": "A", "asnLines": [{"sku": "A", "expectedQuantity": 1}],
    }  # fmt: skip
    work_order = {
        "clientId": "1234", "clientWorkOrderId": "1", "workOrderName": "x", "type": "KIT", "node": "A", "sku": "A",
        "workOrderQuantity": 1,
    }  # fmt: skip
    cancel = {"clientId": "1234", "clientWorkOrderId": MARK}
    cases = {
        "createProduct": Case(body=product | {"sku": "X"}),
        "updateProduct": Case(body=product, sku=MARK),
        "putProducts": Case(body={"products": [product | {"sku": "X"}]}),
        "getProduct": Case(client, sku=MARK),
        "createReceivingNotice": Case(body=notice),
        "updateReceivingNotice": Case(body=notice, receivingASNId=asn),
        "getReceivingNotice": Case(client, receivingASNId=asn),
        "cancelReceivingNotice": Case(client, receivingASNId=asn),
        "createWorkOrder": Case(body=work_order),
        "updateWorkOrder": Case(body=work_order, ID=order),
        "getWorkOrder": Case(client, workOrderId=order),
        "cancelWorkOrder": Case(body=cancel, ID=order),
        "searchProducts": search,
        "getInventory": search,
        "searchReceivingNotices": search,
        "searchReceivingNoticeStatuses": search,
        "searchWorkOrders": search,
        "searchWorkOrderStatuses": search,
    }
    return {("pb_fulfillment", name): case for name, case in cases.items()}


def _fabric(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    return (
        {
            ("fabric", "createOrder"): Case(body=sample("fabric")),
            ("fabric", "getOrder"): Case(f"?orderId={to_hex24(ids['fabric'])}"),
            ("fabric", "createOrderShort"): Case(body=sample("fabric")),
            ("fabric", "getOrderShort"): Case(f"?orderId={to_hex24(ids['fabric'])}"),
            ("fabric", "updateOrder"): Case(orderNumber=MARK, body=sample("fabric")),
            ("fabric", "updatePickup"): Case(orderId=to_hex24(ids["fabric"]), shipToId="ship-1", body={}),
            ("fabric", "updateCustomer"): Case(orderId=to_hex24(ids["fabric"]), body={}),
            ("fabric", "queryOrders"): Case(body={}),
            ("fabric", "getCancelEligibility"): Case(f"?orderId={to_hex24(ids['fabric'])}"),
            ("fabric", "cancelOrder"): Case(body={"orderId": to_hex24(ids["fabric"])}),
            ("fabric", "getExchangeEligibility"): Case(f"?orderId={to_hex24(ids['fabric'])}"),
            ("fabric", "createOrderAttribute"): Case(body={}),
            ("fabric", "listOrderAttributes"): Case(),
            ("fabric", "getOrderAttribute"): Case(code="x"),
            ("fabric", "updateOrderAttribute"): Case(code="x", body={"code": "x", "name": "X", "type": "STRING"}),
            ("fabric", "deleteOrderAttribute"): Case(code="x"),
            ("fabric", "reportPaymentStatus"): Case(
                orderNumber=MARK, body={"paymentIdentifier": "fab3456", "status": "CAPTURED"}
            ),
            ("fabric", "acknowledgeTracking"): Case(
                body={"entity": "ORDER", "eventType": "ORDER_CREATE_IN_PTS", "orderNumber": MARK}
            ),
            ("fabric", "validateCrossBorderOrders"): Case(body={"orderNumbers": [MARK]}),
            ("fabric", "releaseCrossBorderOrder"): Case(body={"orderNumber": MARK, "releaseType": "CANCEL"}),
            ("fabric", "releaseFraudOrder"): Case(body={"orderNumber": MARK}),
            ("fabric", "cancelFraudOrder"): Case(body={"orderNumber": MARK}),
        }
        | _fabric_webhooks(to_hex24(ids["webhook"]), to_hex24(ids["sent"]), to_hex24(ids["fabric"]))
        | _fabric_lists()
        | _fabric_allocations(ids)
        | _fabric_shipments(ids)
        | _fabric_stock()
        | _fabric_configs()
    )


def _fabric_stock() -> dict[tuple[str, str], Case]:
    """Return the location and inventory calls, for what the victim has: tests/doors/fabric/test_stock_tenancy.py."""
    attribute = {"code": "x", "name": "X", "type": "STRING"}
    stock = {"sku": MARK, "locationNum": 13, "channelId": "12", "counters": {"onHand": 1}}
    near = "?skus=x&city=x&state=x&country=x&postalCode=x&lat=0&lng=0&radius=10&limit=10"
    network = {"code": "n", "rules": {}}
    return {
        ("fabric", "listLocations"): Case(),
        ("fabric", "createLocation"): Case(body={"locationNum": 14}),
        ("fabric", "getLocation"): Case(locationNum="13"),
        ("fabric", "replaceLocation"): Case(body={"locationNum": -1}, locationNum="13"),
        ("fabric", "updateLocation"): Case(body={"name": "x"}, locationNum="13"),
        ("fabric", "deleteLocation"): Case(locationNum="13"),
        ("fabric", "searchLocationsByGeography"): Case(body={"filter": {"postalCode": MARK[:3]}}),
        ("fabric", "createLocationAttribute"): Case(body=attribute),
        ("fabric", "listLocationAttributes"): Case(),
        ("fabric", "getLocationAttribute"): Case(code="y"),
        ("fabric", "updateLocationAttribute"): Case(body=attribute | {"code": "y"}, code="y"),
        ("fabric", "deleteLocationAttribute"): Case(code="y"),
        ("fabric", "listInventory"): Case(),
        ("fabric", "createInventory"): Case(body=stock | {"sku": "x"}),
        ("fabric", "replaceInventory"): Case(body=stock | {"sku": "x"}),
        ("fabric", "updateInventory"): Case(body=stock | {"sku": "x"}),
        ("fabric", "adjustOrCreateInventory"): Case(body=stock | {"sku": "x"}),
        ("fabric", "adjustInventory"): Case(body=stock | {"sku": "x"}),
        ("fabric", "getInventory"): Case(itemId="4225678911"),
        ("fabric", "searchInventoryByGeography"): Case(near),
        ("fabric", "listNetworks"): Case(),
        ("fabric", "createNetwork"): Case(body=network),
        ("fabric", "getNetwork"): Case(networkId="0" * 24),
        ("fabric", "replaceNetwork"): Case(body=network, networkId="0" * 24),
        ("fabric", "deleteNetwork"): Case(networkId="0" * 24),
        ("fabric", "queryAggregatedNetworks"): Case("?sku=x"),
        ("fabric", "createCounter"): Case(body={"code": "c", "name": "C"}),
        ("fabric", "listCounters"): Case(),
        ("fabric", "getCounter"): Case(code="damaged"),
        ("fabric", "updateCounter"): Case(body={"name": "C"}, code="damaged"),
        ("fabric", "createInventoryAttribute"): Case(body={"code": "a"}),
        ("fabric", "getInventoryAttribute"): Case(code="y"),
        ("fabric", "createUploadUrl"): Case(body={"fileName": "a.csv"}),
        ("fabric", "createDownloadUrl"): Case(body={"fileName": "b.csv"}),
        ("fabric", "getUploadLog"): Case("?keyId=x"),
        ("fabric", "listUploadLogs"): Case(),
    }


def _fabric_configs() -> dict[tuple[str, str], Case]:
    """Return the configuration and export calls, for what the victim has: configurations whose names and values are MARK."""
    named, service = {"configType": MARK, "configName": MARK}, {"serviceName": MARK, "processName": MARK}
    conditions = {"conditions": [[{"key": "x", "operator": "EXISTS", "type": "STRING"}]]}
    return {
        ("fabric", "queryTenantConfigs"): Case(body={"filters": {}}),
        ("fabric", "listTenantConfigs"): Case(),
        ("fabric", "createTenantConfig"): Case(body={"configType": "t", "configName": "n"}),
        ("fabric", "replaceTenantConfigs"): Case(body=[named]),
        ("fabric", "updateTenantConfigs"): Case(body=[named]),
        ("fabric", "getTenantConfig"): Case(**named),
        ("fabric", "replaceTenantConfig"): Case(body={}, **named),
        ("fabric", "updateTenantConfig"): Case(body={}, **named),
        ("fabric", "deleteTenantConfig"): Case(**named),
        ("fabric", "listTargetConfigs"): Case(),
        ("fabric", "createTargetConfig"): Case(body={"serviceName": "s", "processName": "p"}),
        ("fabric", "getTargetConfig"): Case(**service),
        ("fabric", "deleteTargetConfig"): Case(**service),
        ("fabric", "listFraudConfigs"): Case(),
        ("fabric", "createFraudConfig"): Case(
            body={"serviceName": "s", "processName": "p", "configuration": conditions}
        ),
        ("fabric", "getFraudConfig"): Case(**service),
        ("fabric", "replaceFraudConfig"): Case(body=conditions, **service),
        ("fabric", "deleteFraudConfig"): Case(**service),
        ("fabric", "createExport"): Case(body={"module": "NETWORK"}),
        ("fabric", "queryExportHistory"): Case(body={}),
        ("fabric", "getExportStatus"): Case("?keyId=x"),
        ("fabric", "getExportHeaders"): Case("?module=NETWORK"),
        ("fabric", "listExportFiles"): Case("?module=NETWORK"),
        ("fabric", "getExportDownloadUrl"): Case("?keyId=x"),
    }


def _fabric_webhooks(webhook: str, event: str, order: str) -> dict[tuple[str, str], Case]:
    definition = {
        "events": ["ORDER_CREATE"], "protocol": "HTTP", "requestType": "POST", "source": "ORDER_SERVICE",
        "target": "https://example.com/hook",
    }  # fmt: skip
    retry = {"channel": "12", "tenant": STRANGERS_FABRIC_ACCOUNT, "event": "ORDER_CREATE", "eventRequestId": event}
    notification = {"id": order, "documentType": "ORDER", "notificationType": "ORDER_CREATED"}
    return {
        ("fabric", "createWebhook"): Case(body=definition),
        ("fabric", "listWebhooks"): Case(),
        ("fabric", "getWebhook"): Case(webhookId=webhook),
        ("fabric", "updateWebhook"): Case(webhookId=webhook, body={"events": ["ORDER_SHIPPED"]}),
        ("fabric", "deleteWebhook"): Case(webhookId=webhook),
        ("fabric", "retryWebhook"): Case(body=retry),
        ("fabric", "queryWebhookEvents"): Case(body={"filters": {"eventRequestId": event}}),
        ("fabric", "sendNotification"): Case(body=notification),
        ("fabric", "acknowledgeNotification"): Case(body=notification),
    }


def _fabric_lists() -> dict[tuple[str, str], Case]:
    """The cases of shipping methods and lists, whose ids are MARK."""
    return {
        ("fabric", "createShippingMethod"): Case(body={}),
        ("fabric", "getShippingMethod"): Case(id=MARK),
        ("fabric", "updateShippingMethod"): Case(id=MARK, body={"cost": 1}),
        ("fabric", "deleteShippingMethod"): Case(id=MARK),
        ("fabric", "queryShippingMethods"): Case(body={}),
        ("fabric", "addShippingMethodItems"): Case(id=MARK, body={"itemIds": ["x"]}),
        ("fabric", "getShippingMethodItems"): Case(id=MARK),
        ("fabric", "getShippingMethodsOfItem"): Case(itemId=MARK),
        ("fabric", "createList"): Case(body={}),
        ("fabric", "getList"): Case(listId=MARK),
        ("fabric", "updateList"): Case(listId=MARK, body={"notes": "x"}),
        ("fabric", "deleteList"): Case(listId=MARK),
        ("fabric", "getListItems"): Case(listId=MARK),
        ("fabric", "getListsOfUser"): Case(userId=MARK),
        ("fabric", "addListItems"): Case(listId=MARK, body=[{"sku": "x"}]),
    }


def _fabric_allocations(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    """The cases of allocations and reservations: those of the victim's order of this door."""
    allocation, order = to_hex24(ids["allocation"]), to_hex24(ids["fabric"])
    waiting = f"{order}-1"
    item = {"allocationLineNumber": 1, "itemId": "x", "sku": "x", "quantity": 1}
    moved = {"channel": "12", "tenant": STRANGERS_FABRIC_ACCOUNT, "id": [allocation], "documentType": "ALLOCATION"}
    return {
        ("fabric", "getAllocation"): Case(allocationId=allocation),
        ("fabric", "updateAllocation"): Case(allocationId=allocation, body={"locationNum": "W2", "items": [item]}),
        ("fabric", "queryAllocations"): Case(body={}),
        ("fabric", "reallocate"): Case(body=moved),
        ("fabric", "cancelAllocations"): Case(ids=allocation),
        ("fabric", "getReservation"): Case(f"?BackOrderPreOrderReservationId={waiting}"),
        ("fabric", "createReservation"): Case(body=examples_allocation.RESERVE | {"orderNumber": MARK}),
        ("fabric", "listReservations"): Case(orderNumber=MARK),
        ("fabric", "deleteReservation"): Case(id=waiting),
        ("fabric", "updateReservation"): Case(lineItemId="1", orderNumber=MARK, body={"toNotify": "true"}),
        ("fabric", "updateReservationsOfOrder"): Case(body={"orderId": order}),
        ("fabric", "consentToDelay"): Case(body={"action": "DECLINE", "backOrderId": waiting}),
    }


def _fabric_shipments(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    """The cases of shipments, invoices, returns and appeasements of the victim's order."""
    allocation, order = to_hex24(ids["allocation"]), to_hex24(ids["fabric"])
    item = {"lineItemId": "1", "shippedQuantity": 1}
    shipment = {"allocationId": allocation, "cartons": [{"items": [item]}]}
    cards = {"shipmentId": order, "items": [{"lineItemId": "1", "giftCard": [{"giftCardNum": "x"}]}]}
    detail = {
        "channel": "12", "tenant": STRANGERS_FABRIC_ACCOUNT, "id": order, "documentType": "ORDER", "invoiceType": "SHIPPING",
    }  # fmt: skip
    returned = {"returnType": "PENDING", "orderLineItemId": "1", "quantity": 1}
    goodwill = {"orderNumber": MARK, "source": "x", "userID": "x", "appeasements": [{"value": 1}]}
    return {
        ("fabric", "createShipment"): Case(body=shipment),
        ("fabric", "createReshipment"): Case(body=shipment),
        ("fabric", "getShipment"): Case(shipmentId=order),
        ("fabric", "updateShipment"): Case(shipmentId=order, body={"poNumber": "x"}),
        ("fabric", "queryShipments"): Case(body={}),
        ("fabric", "recordTracking"): Case(body={"event": "delivered", "eventId": MARK}),
        ("fabric", "acknowledgeShipment"): Case(body={"shipmentId": order}),
        ("fabric", "activateGiftCards"): Case(body=cards),
        ("fabric", "acknowledgeGiftCards"): Case(body=cards),
        ("fabric", "createInvoice"): Case(body={"detail": detail}),
        ("fabric", "getInvoice"): Case(invoiceId=order),
        ("fabric", "queryInvoices"): Case(body={}),
        ("fabric", "postInvoices"): Case(body={"invoiceIds": [order]}),
        ("fabric", "acknowledgeInvoicePost"): Case(body={"invoiceId": order}),
        ("fabric", "acknowledgeInvoice"): Case(body={"invoiceId": order}),
        ("fabric", "getReturnEligibility"): Case(f"?orderId={order}"),
        ("fabric", "returnOrder"): Case(body={"orderId": order, "items": [returned]}),
        ("fabric", "createAppeasement"): Case(body=goodwill),
    }


def _s2(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    return {
        ("s2", "createOrder"): Case(body=sample("s2")),
        ("s2", "listOrders"): Case(f"?term={to_uuid(ids['s2'])}"),
        ("s2", "getOrder"): Case(orderId=to_uuid(ids["s2"])),
        ("s2", "listAccounts"): Case(),
        ("s2", "createProduct"): Case(body={}),
        ("s2", "listProducts"): Case(),
        ("s2", "updateOrder"): Case(body=sample("s2"), orderId=to_uuid(ids["s2"])),
        ("s2", "cancelOrder"): Case(orderId=to_uuid(ids["s2"])),
        ("s2", "archiveOrder"): Case(orderId=to_uuid(ids["s2"])),
        ("s2", "unarchiveOrder"): Case(orderId=to_uuid(ids["s2"])),
        ("s2", "createFulfillment"): Case(body={"orderId": to_uuid(ids["s2"])}),
        ("s2", "listFulfillments"): Case(),
        ("s2", "getFulfillment"): Case(fulfillment_id=to_uuid(ids["s2"])),
        ("s2", "bulkCreateFulfillmentAttachments"): Case(
            body={"attachments": [{"fileName": "a", "path": "a", "type": "OTHER"}]}, fulfillment_id=to_uuid(ids["s2"])
        ),
    }


def _s2_stock() -> dict[tuple[str, str], Case]:
    return {("s2", "getInventoryOverview"): Case(), ("s2", "listWarehouses"): Case()}


def _hub(ids: dict[str, int], submission_id: int) -> dict[tuple[str, str], Case]:
    hub = to_base32(ids["hub"])
    return (
        {
            ("hub", "createOrder"): Case(body=sample("hub")),
            ("hub", "countOrders"): Case(),
            ("hub", "exportOrders"): Case("?format=ndjson"),
            ("hub", "listEvents"): Case(id=hub),
            ("hub", "editOrder"): Case(body={"notes": "x"}, id=hub),
            ("hub", "holdOrder"): Case(body={"holds": [{"reason": "x"}]}, id=hub),
            ("hub", "releaseOrder"): Case(body={}, id=hub),
            ("hub", "cancelOrder"): Case(body={}, id=hub),
            ("hub", "tagOrder"): Case(body={"add": ["x"]}, id=hub),
            ("hub", "noteOrder"): Case(body={"text": "x"}, id=hub),
            ("hub", "archiveOrder"): Case(body={}, id=hub),
            ("hub", "unarchiveOrder"): Case(body={}, id=hub),
            ("hub", "listOrders"): Case(),
            ("hub", "getOrder"): Case(id=hub),
            ("hub", "listSubmissions"): Case(),
            ("hub", "getSubmission"): Case(id=to_base32(submission_id)),
            ("hub", "redriveSubmission"): Case(id=to_base32(submission_id)),
            ("hub", "revokeToken"): Case(),
            ("hub", "followEvents"): Case("?include=order"),
            ("hub", "getMailSettings"): Case(),
            ("hub", "putMailSettings"): Case(body={"sender": "a@example.com"}),
            ("hub", "listMails"): Case(),
            ("hub", "listAccessEntries"): Case(),
            ("hub", "getMail"): Case(id=to_base32(ids["mail"])),
        }
        | _endpoints(to_base32(ids["endpoint"]), to_base32(ids["delivery"]))
        | _stock(hub)
    )


def _stock(hub: str) -> dict[tuple[str, str], Case]:
    item = {"sku": "P1", "location": "W1"}
    return {
        ("hub", "createLocation"): Case(body={"code": "W2"}),
        ("hub", "listLocations"): Case(),
        ("hub", "importLocations"): Case(body={}),
        ("hub", "getLocation"): Case(code="W1"),
        ("hub", "changeLocation"): Case(body={"priority": 1}, code="W1"),
        ("hub", "removeLocation"): Case(code="W1"),
        ("hub", "putLocation"): Case(body={"code": "W3"}, code="W3"),
        ("hub", "createProduct"): Case(body={"sku": "P2"}),
        ("hub", "listProducts"): Case(),
        ("hub", "importProducts"): Case(body={}),
        ("hub", "getProduct"): Case(sku="P1"),
        ("hub", "changeProduct"): Case(body={"brand": "x"}, sku="P1"),
        ("hub", "removeProduct"): Case(sku="P1"),
        ("hub", "putProduct"): Case(body={"sku": "P3"}, sku="P3"),
        ("hub", "createShippingMethod"): Case(body={"code": "M2"}),
        ("hub", "listShippingMethods"): Case(),
        ("hub", "importShippingMethods"): Case(body={}),
        ("hub", "getShippingMethod"): Case(code="M1"),
        ("hub", "changeShippingMethod"): Case(body={"name": "x"}, code="M1"),
        ("hub", "removeShippingMethod"): Case(code="M1"),
        ("hub", "putShippingMethod"): Case(body={"code": "M3"}, code="M3"),
        ("hub", "listStock"): Case(),
        ("hub", "countStock"): Case(body={"items": [item | {"quantity": 1}]}),
        ("hub", "adjustStock"): Case(body={"items": [item | {"delta": 1}]}),
        ("hub", "receiveStock"): Case(body={"items": [item | {"quantity": 1}]}),
        ("hub", "limitStock"): Case(body={"items": [item | {"safety": 1}]}),
        ("hub", "importStock"): Case(body={}),
        ("hub", "listMovements"): Case("?sku=P1&location=W1"),
        ("hub", "getAvailability"): Case("?sku=P1"),
        ("hub", "allocateOrder"): Case(body={}, id=hub),
        ("hub", "deallocateOrder"): Case(body={}, id=hub),
        ("hub", "reallocateOrder"): Case(body={}, id=hub),
        ("hub", "allocateOrders"): Case(body={"ids": [hub]}),
        ("hub", "getAllocations"): Case(id=hub),
        ("hub", "listAllocations"): Case("?location=W1"),
        ("hub", "getAllocationSettings"): Case(),
        ("hub", "putAllocationSettings"): Case(body={}),
        ("hub", "tryAllocationRules"): Case(body={}),
    }


def _hub_inbound(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    bodies: dict[str, Any] = {
        "ReceivingNotice": {"number": "1", "location": "A", "lines": [{"sku": "A", "expected": 1}]},
        "WorkOrder": {"number": "1", "location": "A", "sku": "A", "quantity": 1},
        "Transfer": {"number": "1", "source": "A", "target": "B", "lines": [{"sku": "A", "quantity": 1}]},
    }
    verbs = {
        "ReceivingNotice": ("close", "cancel", "receive"),
        "WorkOrder": ("close", "cancel", "complete"),
        "Transfer": ("close", "cancel", "ship", "receive"),
    }
    found = {("hub", "listExpectedUnits"): Case()}
    for name, body in bodies.items():
        document = to_base32(ids[name])
        found |= {
            ("hub", f"create{name}"): Case(body=body),
            ("hub", f"list{name}s"): Case(),
            ("hub", f"get{name}"): Case(id=document),
            ("hub", f"replace{name}"): Case(body=body, id=document),
            **{("hub", f"{verb}{name}"): Case(body={}, id=document) for verb in verbs[name]},
        }
    return found


def _endpoints(endpoint: str, delivery: str) -> dict[tuple[str, str], Case]:
    return {
        ("hub", "createEndpoint"): Case(body={"url": "https://example.com/hook"}),
        ("hub", "listEndpoints"): Case(),
        ("hub", "getEndpoint"): Case(id=endpoint),
        ("hub", "changeEndpoint"): Case(body={"url": "https://example.com/else"}, id=endpoint),
        ("hub", "removeEndpoint"): Case(id=endpoint),
        ("hub", "rotateSecret"): Case(body={}, id=endpoint),
        ("hub", "testEndpoint"): Case(id=endpoint),
        ("hub", "redeliverRange"): Case(body={"since": "2020-01-01T00:00:00Z"}, id=endpoint),
        ("hub", "listDeliveries"): Case(id=endpoint),
        ("hub", "getDelivery"): Case(id=endpoint, delivery=delivery),
        ("hub", "redeliver"): Case(id=endpoint, delivery=delivery),
    }

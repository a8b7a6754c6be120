"""The order of members in an order: that of the create page's answer sample, and inside of the vendor's description."""

import json
from typing import Any

import pytest

from crossdock.doors.fabric import wire_responses
from tests.doors.fabric.conftest import ORDERS, SAMPLE
from tests.vendors import VENDORS
from tests.world import World

# The create-order page's answer sample.
ORDER = (
    "version", "orderId", "orderNumber", "orderDate", "cancellationDate", "allocationDate", "channelId", "cartId", "type",
    "subType", "processName", "employeeId", "retail", "orderSubTotal", "originalSubTotal", "orderDiscount",
    "originalDiscounts", "feeTotal", "originalFeeTotal", "taxTotal", "appeasementTotal", "originalTaxTotal", "returnTotal",
    "cancelTotal", "invoiceTotal", "orderTotal", "originalOrderTotal", "currency", "statusCode", "statusDescription",
    "attributes", "fees", "appeasements", "discounts", "customer", "payments", "items", "shipInfo", "auditLogs", "notes",
    "orderReleaseTimestamp", "createdAt", "updatedAt",
)  # fmt: skip
# The published description, which puts required members first.
ITEM = (
    "lineItemId", "lineItemNumber", "itemId", "sku", "shipToId", "channelId", "segment", "vendorId", "title", "type",
    "subType", "backorder", "orderedQuantity", "backOrderedQuantity", "pendingShippedQuantity",
    "pendingShippedBackOrderQuantity", "shippedQuantity", "deliveredQuantity", "invoiceQuantity", "cancelledQuantity",
    "pendingReturnQuantity", "processingReturnQuantity", "rejectedReturnQuantity", "returnedQuantity", "reshippedQuantity",
    "uom", "itemUnitPrice", "itemSubTotal", "originalItemSubTotal", "itemFeeTotal", "originalFeeTotal", "itemShippingTotal",
    "originalShippingTotal", "appeasementTotal", "itemDiscountsTotal", "originalDiscounts", "itemTaxTotal",
    "originalTaxTotal", "itemTotal", "originalItemTotal", "outstandingItemTotal", "originalOutstandingItemTotal",
    "invoiceTotal", "currency", "employeeId", "associateId", "fees", "appeasements", "returns", "taxCode", "taxDetail",
    "discounts", "attributes", "exchangeItem", "parentLineItemNumber", "pendingExchangeQuantity", "exchangeQuantity",
    "refundAmount", "lineOrderStatus", "infiniteConsent", "notes", "gifting",
)  # fmt: skip
SHIP_INFO = (
    "shipToId", "taxCode", "locationNum", "pickup", "shipToAddress", "taxDetail", "shipMethod", "shipToType",
    "estimatedShipDate", "estimatedDeliveryDate", "shipToPrice", "shipToDiscount", "shipToTaxTotal", "shipmentInstructions",
    "attributes",
)  # fmt: skip


def is_in_order(document: dict[str, Any], published: tuple[str, ...]) -> bool:
    """Say whether members stand in the published order, with unknown ones last."""
    known = [name for name in published if name in document]
    return list(document)[: len(known)] == known


class TestOrderOfMembers:
    @pytest.mark.parametrize(
        ("wire_type", "published"),
        [
            (wire_responses.Order, ORDER),
            (wire_responses.Item, ITEM),
            (wire_responses.ShipInfo, SHIP_INFO),
        ],
    )
    def test_the_types_of_responses_list_the_published_members_in_their_order(
        self, wire_type: Any, published: tuple[str, ...]
    ) -> None:
        assert wire_type.__struct_fields__ == published

    async def test_the_sample_is_answered_with_all_43_members_of_the_page(
        self, world: World, headers: dict[str, str]
    ) -> None:
        answer = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        document = answer.json()
        assert tuple(document) == ORDER
        assert is_in_order(document["items"][0], ITEM)
        assert tuple(document["shipInfo"][0]) == SHIP_INFO

    @pytest.mark.parametrize("door", VENDORS)
    async def test_orders_of_every_door_are_read_and_changed_in_the_published_order(
        self, world: World, headers: dict[str, str], door: str
    ) -> None:
        vendor = VENDORS[door]
        token = {"Authorization": headers["Authorization"]}
        created = await world.http.post(vendor.create, json=vendor.body("O-1"), headers=token | vendor.headers("o-1"))
        assert created.status_code == vendor.ok
        body = {"filters": {"orderNumber": "O-1"}}
        found = (await world.http.post(f"{ORDERS}query", json=body, headers=headers)).json()["orders"][0]
        changed = await world.http.put(f"{ORDERS}O-1", json=found | {"orderTotal": 7}, headers=headers)
        assert changed.status_code == 200
        read = (await world.http.get(ORDERS, params={"orderNumber": "O-1"}, headers=headers)).json()
        assert json.dumps(read) == json.dumps(changed.json())
        for document in (found, read):
            assert is_in_order(document, ORDER)
            assert all(is_in_order(each, ITEM) for each in document["items"])
            assert all(is_in_order(each, SHIP_INFO) for each in document["shipInfo"])

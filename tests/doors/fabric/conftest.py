"""Shared by the tests of this door: the vendor's sample, the smallest body, and the headers of a demo caller."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from crossdock.doors.fabric.demo import DEMO_ACCOUNT
from tests.world import World

SAMPLE = (Path(__file__).parent / "create.request.json").read_bytes()
ORDERS = "/api/v2/order/"
CONTEXT = {"x-site-context": json.dumps({"account": DEMO_ACCOUNT, "channel": 12, "stage": "production"})}
SMALLEST: dict[str, Any] = {
    "orderNumber": "309019176",
    "channelId": "12",
    "statusCode": "ORDER_CREATED",
    "items": [{"lineItemId": "1", "lineItemNumber": 1, "itemId": "1", "sku": "SKU1", "shipToId": "1"}],
    "shipInfo": [{"shipToId": "1"}],
}


def smallest(**changes: Any) -> dict[str, Any]:
    return deepcopy(SMALLEST) | changes


@pytest.fixture
async def headers(world: World) -> dict[str, str]:
    return await world.bearer() | CONTEXT


# Two lines to two destinations, one of them a shop; small enough for recorded cases, with every field that calls change.
SHIRTS: dict[str, Any] = {
    "orderNumber": "SH-1",
    "channelId": "12",
    "orderSubTotal": 70,
    "orderTotal": 70,
    "currency": "USD",
    "statusCode": "ORDER_CONFIRMED",
    "customer": {"name": {"first": "Jane", "last": "Smith"}, "email": "jane@example.com", "accountId": "A-1"},
    "payments": [
        {
            "paymentCounter": 1,
            "paymentIdentifier": {"cardIdentifier": "3456", "paymentId": "pay-1"},
            "chargedAmount": 0,
            "paymentStatus": "AUTHORIZED",
            "authExpirationDate": "2030-02-27T16:15:58-05:00",
        }
    ],
    "items": [
        {
            "lineItemId": "a", "lineItemNumber": 1, "itemId": "100", "sku": "RED-M", "shipToId": "home",
            "orderedQuantity": 3, "itemUnitPrice": 20, "itemTotal": 60,
        },
        {
            "lineItemId": "b", "lineItemNumber": 2, "itemId": "200", "sku": "BLUE-S", "shipToId": "shop",
            "itemTotal": 10, "attributes": {"engraving": "JD"},
        },
    ],
    "shipInfo": [
        {"shipToId": "home", "shipToAddress": {"address1": "1 Pine Street", "city": "Seattle", "country": "USA"}},
        {"shipToId": "shop", "locationNum": "7", "pickup": [{"name": {"first": "Jane"}, "pickupType": "Primary"}]},
    ],
}  # fmt: skip


def shirts(**changes: Any) -> dict[str, Any]:
    return deepcopy(SHIRTS) | changes

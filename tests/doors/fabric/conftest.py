"""What the tests of this door share: the vendor's sample, the smallest body, and the headers of a demo caller."""

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

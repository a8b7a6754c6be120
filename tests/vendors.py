"""What a client of each door sends, so that tests can walk all doors alike: bodies, headers, and where the number stands."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct

from crossdock import demo

FABRIC_ACCOUNT = "62272e917b12209e68751d94"
HERE = Path(__file__).parent
_HUB: dict[str, Any] = json.loads((HERE.parent / "bench" / "hub.request.json").read_text())


def sample(door: str) -> dict[str, Any]:
    """Return the sample create body of a door."""
    if door == "hub":
        return dict(_HUB)
    found: dict[str, Any] = json.loads((HERE / "doors" / door / "create.request.json").read_text())
    return found


class Vendor(Struct, frozen=True):
    """How a client of a door speaks: create path, the member of the body that is the order's number, extra headers."""

    door: str
    create: str
    number: str
    ok: int
    read: Callable[[dict[str, Any]], str]
    changed: Callable[[dict[str, Any]], dict[str, Any]]
    conflict: int = 400

    def body(self, number: str) -> dict[str, Any]:
        """Return the sample body under another number."""
        return sample(self.door) | {self.number: number}

    def headers(self, stamp: str) -> dict[str, str]:
        """Return the door's own headers; `stamp` is unique for a request where the door wants that."""
        if self.door == "pb_fulfillment":
            return {"X-PB-TransactionId": stamp[-25:]}
        if self.door == "fabric":
            return {"x-site-context": json.dumps({"account": FABRIC_ACCOUNT}), "tenant-key": FABRIC_ACCOUNT}
        return {"X-S2-Organization": demo.ORGANIZATION_UUID} if self.door == "s2" else {}


def _with(member: str, value: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda body: body | {member: value}


VENDORS = {
    each.door: each
    for each in (
        Vendor(
            "pb_oms", "/ordermanagement/api/v1/orders", "orderNumber", 200,
            lambda answer: f"/ordermanagement/api/v1/orders/{answer['orderId']}",
            _with("orderMessage", {"message": "other"}),
        ),
        Vendor(
            "pb_fulfillment", "/shippingservices/fulfillment/v1/orders", "clientOrderId", 201,
            lambda answer: f"/shippingservices/fulfillment/v1/orders/{answer['orderId']}?clientId=1234",
            _with("internalNotes", "other"),
        ),
        Vendor(
            "fabric", "/api/v2/order/", "orderNumber", 200,
            lambda answer: f"/api/v2/order/?orderId={answer['orderId']}",
            _with("cartId", "other"),
        ),
        Vendor(
            "s2", "/order", "channelOrderId", 200, lambda answer: f"/order/{answer['id']}",
            _with("channelShippingMethod", "other"), conflict=409,
        ),
        Vendor(
            "hub", "/hub/v1/orders", "number", 201, lambda answer: f"/hub/v1/orders/{answer['id']}",
            _with("notes", "other"), conflict=409,
        ),
    )
}  # fmt: skip


def bearer(base: str) -> dict[str, str]:
    """Get a token of the demo client from a running server."""
    answer = httpx.post(f"{base}/hub/v1/token", auth=(demo.CLIENT_ID, demo.CLIENT_SECRET), timeout=30)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}

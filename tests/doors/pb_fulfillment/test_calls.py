"""The vendor's complete list of calls: each is supported and documented."""

import re
from pathlib import Path

import pytest

from crossdock.doors.pb_fulfillment import DOOR
from tests.doors.pb_fulfillment.client import VendorClient
from tests.world import World

BASE = "/shippingservices/fulfillment"
PAGE = Path(__file__).parents[3] / "docs" / "doors" / "pb_fulfillment.md"
# Every call the vendor's pages list, in the order of its overview.
SUPPORTED = (
    "POST /oauth/token",
    "POST /v1/orders",
    "POST /v1/orders/bulk",
    "GET /v1/orders/{orderId}",
    "PUT /v1/orders/{orderId}",
    "PUT /v1/orders/{orderId}/orderItems",
    "GET /v1/orders/{orderId}/status",
    "PUT /v1/orders/{orderId}/cancel",
    "PUT /v1/orders/bulk/cancel",
    "POST /v1/orders/search",
    "POST /v1/orders/status/search",
    "POST /v1/inventory/snapshot",
    "POST /v1/products",
    "GET /v1/products/{sku}",
    "PUT /v1/products/{sku}",
    "POST /v1/products/bulk",
    "POST /v1/products/search",
    "POST /v1/receiving-asn",
    "GET /v1/receiving-asn/{receivingASNId}",
    "PUT /v1/receiving-asn/{receivingASNId}",
    "PUT /v1/receiving-asn/{receivingASNId}/cancel",
    "POST /v1/receiving-asn/search",
    "POST /v1/receiving-asn/status/search",
    "POST /v1/work-orders",
    "GET /v1/work-orders/{workOrderId}",
    "PUT /v1/work-orders/{ID}",
    "PUT /v1/work-orders/{ID}/cancel",
    "POST /v1/work-orders/search",
    "POST /v1/work-orders/status/search",
    "POST /v1/shipments/search",
    "POST /v1/returns",
    "POST /v1/returns/bulk",
    "GET /v1/returns/{ID}",
    "POST /v1/returns/search",
)


def paths(path: str) -> tuple[str, ...]:
    """Return the paths of a call: the vendor's, and the one without the prefix."""
    return (path,) if path.startswith("/oauth") else (BASE + path, path)


def documented_calls() -> dict[str, str]:
    """Read the calls and their support from the table of the documentation."""
    rows = re.findall(r"^\| `([A-Z]+ …?/\S+)` \| ([^|]+) \|", PAGE.read_text(), flags=re.MULTILINE)
    return {call.replace("…", ""): word.strip() for call, word in rows}


@pytest.fixture
def engine() -> str:
    """Routing does not depend on the engine, so one is enough."""
    return "sqlite"


@pytest.mark.parametrize("call", SUPPORTED)
async def test_a_supported_call_reaches_its_handler(client: VendorClient, call: str) -> None:
    method, path = call.split(" ")
    for each in paths(path):
        # An invalid order id and no body: the handler refuses the request.
        response = await client.http.request(method, re.sub(r"{\w+}", "X", each), headers=client.headers())
        assert response.status_code in (400, 401, 404), each
        assert "path" not in response.text, response.text  # a 404 of the handler says that there is no such order


def test_the_door_has_all_calls_and_no_others() -> None:
    assert {f"{route.method} {route.paths[0].removeprefix(BASE)}" for route in DOOR.routes} == set(SUPPORTED)
    assert DOOR.not_yet == ()


def test_the_documentation_lists_all_calls_and_no_others() -> None:
    documented = documented_calls()
    assert set(documented) == set(SUPPORTED)
    assert "not yet" not in documented.values()


async def test_a_path_without_the_prefix_reaches_the_same_call(world: World, client: VendorClient) -> None:
    prefixed = await client.http.post(f"{BASE}/v1/orders/search", json={"clientId": "1234"}, headers=client.headers())
    bare = await client.http.post("/v1/orders/search", json={"clientId": "1234"}, headers=client.headers())
    assert (prefixed.status_code, bare.json()) == (200, prefixed.json())

"""The vendor's whole list of calls, walked: what is said to work is answered, the rest is said not to, here and in the docs."""

import re
from pathlib import Path

import pytest

from tests.doors.pb_fulfillment.desk import Desk
from tests.world import World

BASE = "/shippingservices/fulfillment"
PAGE = Path(__file__).parents[3] / "docs" / "doors" / "pb_fulfillment.md"
# Every call the vendor's pages list, in the order of its overview.
WORKS = (
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
)
# May only shrink.
NOT_YET = (
    "POST /v1/shipments/search",
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
    "PUT /v1/work-orders/{workOrderId}/cancel",
    "POST /v1/work-orders/search",
    "POST /v1/work-orders/status/search",
    "POST /v1/returns",
    "POST /v1/returns/bulk",
    "GET /v1/returns/{returnId}",
    "POST /v1/returns/search",
)
MAX_NOT_YET = 22


def paths(path: str) -> tuple[str, ...]:
    """Give the paths a call is to be found at: the vendor's, and for orders the one without the prefix."""
    if path.startswith("/oauth"):
        return (path,)
    return (BASE + path, path) if path.startswith("/v1/orders") else (BASE + path,)


def listed() -> dict[str, str]:
    """Give the calls of the page's table, each with what it says of them."""
    rows = re.findall(r"^\| `([A-Z]+ …?/\S+)` \| ([^|]+) \|", PAGE.read_text(), flags=re.MULTILINE)
    return {call.replace("…", ""): word.strip() for call, word in rows}


@pytest.fixture
def engine() -> str:
    """One engine is enough: where a path leads does not depend on it."""
    return "sqlite"


@pytest.mark.parametrize("call", WORKS)
async def test_that_works_is_answered_by_its_handler(desk: Desk, call: str) -> None:
    method, path = call.split(" ")
    for each in paths(path):
        # An order id that cannot be one, no body: what is asked for is refused, the call itself is not.
        answer = await desk.http.request(method, re.sub(r"{\w+}", "X", each), headers=desk.headers())
        assert answer.status_code in (400, 401, 404), each
        assert "path" not in answer.text, answer.text  # a 404 of the handler says that there is no such order


@pytest.mark.parametrize("call", NOT_YET)
async def test_that_does_not_work_yet_leads_nowhere(desk: Desk, call: str) -> None:
    method, path = call.split(" ")
    answer = await desk.http.request(method, re.sub(r"{\w+}", "X", BASE + path), headers=desk.headers())
    assert answer.status_code == 404
    assert answer.json()[0]["additionalInfo"] == "there is nothing at this path"


def test_are_all_on_the_page_and_no_others() -> None:
    told = listed()
    assert {call for call, word in told.items() if word == "not yet"} == set(NOT_YET)
    assert {call for call, word in told.items() if word != "not yet"} == set(WORKS)
    assert len(NOT_YET) <= MAX_NOT_YET


async def test_are_found_by_a_client_of_either_prefix(world: World, desk: Desk) -> None:
    prefixed = await desk.http.post(f"{BASE}/v1/orders/search", json={"clientId": "1234"}, headers=desk.headers())
    bare = await desk.http.post("/v1/orders/search", json={"clientId": "1234"}, headers=desk.headers())
    assert (prefixed.status_code, bare.json()) == (200, prefixed.json())

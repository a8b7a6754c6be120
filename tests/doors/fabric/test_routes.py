"""The vendor's full list of calls: each either has a handler or is listed as not supported yet."""

import re
from pathlib import Path

import pytest

from tests.doors.fabric.conftest import CONTEXT
from tests.world import World

PAGE = Path(__file__).parents[3] / "docs" / "doors" / "fabric.md"

# Every operation of the vendor's description below its base URL; the token call belongs to another service, see test_tokens.py.
WORKS = (
    "POST /order/", "GET /order/", "PUT /order/{orderNumber}", "POST /order/query",
    "PATCH /order/{orderId}/shipto/{shipToId}/pickup", "PATCH /order/{orderId}/customer", "GET /order/exchange",
    "POST /order/attribute", "GET /order/attribute", "GET /order/attribute/{code}", "PUT /order/attribute/{code}",
    "DELETE /order/attribute/{code}", "GET /order/cancel", "POST /order/cancel",
    "POST /order/payment-status/{orderNumber}", "POST /order/package-tracking/acknowledge",
    "POST /order/cross-border/validate-order", "POST /order/cross-border/release-order", "POST /fraud/release",
    "POST /fraud/cancel",
    "POST /webhook/", "GET /webhook/", "GET /webhook/{webhookId}", "PATCH /webhook/{webhookId}",
    "DELETE /webhook/{webhookId}", "POST /webhook/retry", "POST /webhook/event/query",
    "POST /notification/send", "POST /notification/acknowledgment",
)  # fmt: skip
# May only shrink, and equals the table of the door's page.
NOT_YET = (
    "GET /order/returns", "POST /order/returns", "POST /order/appeasement", "POST /order/backorder/consent-to-delay",
    "GET /allocation/{allocationId}", "PUT /allocation/{allocationId}", "POST /allocation/query",
    "PUT /allocation/reallocate", "PUT /allocation/cancel/{ids}",
    "POST /shipment/", "GET /shipment/{shipmentId}", "PUT /shipment/{shipmentId}", "POST /shipment/tracking",
    "POST /shipment/reship", "POST /shipment/query", "POST /shipment/gift-card/activation",
    "POST /shipment/gift-card/activation-acknowledge", "POST /shipment/acknowledge",
    "POST /invoice/", "POST /invoice/query", "POST /invoice/post", "POST /invoice/post/acknowledge",
    "POST /invoice/acknowledgement", "GET /invoice/{invoiceId}",
    "GET /backpre-order/backorderpreorder-reserve", "POST /backpre-order/backorderpreorder-reserve",
    "GET /backpre-order/backorderpreorder-reserve/{orderNumber}", "DELETE /backpre-order/backorderpreorder-reserve/{id}",
    "PUT /backpre-order/backorderpreorder-reserve/{lineItemId}/{orderNumber}",
    "POST /backpre-order/backorderpreorder-update",
    "GET /location", "POST /location", "GET /location/{locationNum}", "PUT /location/{locationNum}",
    "PATCH /location/{locationNum}", "DELETE /location/{locationNum}", "POST /location/geography/search",
    "POST /location/attribute", "GET /location/attribute", "GET /location/attribute/{code}",
    "PUT /location/attribute/{code}", "DELETE /location/attribute/{code}",
    "GET /inventory", "POST /inventory", "PUT /inventory", "PATCH /inventory", "PUT /inventory/adjustment",
    "PATCH /inventory/adjustment", "GET /inventory/{itemId}", "GET /inventory/geography",
    "GET /inventory/aggregatedNetwork/query",
    "POST /shipping/", "GET /shipping/{id}", "PATCH /shipping/{id}", "DELETE /shipping/{id}", "POST /shipping/{id}/item",
    "GET /shipping/{id}/items", "GET /shipping/shippingMethods/{itemId}", "POST /shipping/query",
    "GET /configurations/tenant-config", "GET /configurations/target-config", "GET /configurations/fraud-config",
    "GET /list", "POST /list",
    "POST /exports", "POST /exports/history", "GET /exports/status", "GET /exports/headers-list",
    "GET /exports/files-list", "GET /exports/download-url",
)  # fmt: skip
# Nothing may join them.
MAX_NOT_YET = 70
BY_ROUTING = ("There is nothing at this path", "This path does not take this method")


def rows(heading: str) -> set[str]:
    """List the calls in the first cells of the tables under a heading of the door's page."""
    section = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.strip("|").split("|")[0] for line in section.splitlines() if line.startswith("| `")]
    return {call.replace("/api/v2", "") for cell in cells for call in re.findall(r"`([A-Z]+ [^`]+)`", cell)}


@pytest.fixture
async def headers(world: World) -> dict[str, str]:
    return await world.bearer() | CONTEXT | {"tenant-key": "t"}


class TestCalls:
    @pytest.mark.parametrize("slash", [False, True])
    @pytest.mark.parametrize("call", WORKS)
    async def test_every_supported_call_has_a_handler(
        self, world: World, headers: dict[str, str], call: str, slash: bool
    ) -> None:
        method, path = call.split(" ")
        path = re.sub(r"\{\w+\}", "x", path).rstrip("/") + "/" * slash
        answer = await world.http.request(method, "/api/v2" + path, headers=headers)
        assert answer.status_code not in (301, 302, 307, 308, 405, 501)
        assert not any(message in answer.text for message in BY_ROUTING), answer.text

    @pytest.mark.parametrize("call", NOT_YET)
    async def test_every_unsupported_call_is_refused_by_the_routing(
        self, world: World, headers: dict[str, str], call: str
    ) -> None:
        method, path = call.split(" ")
        answer = await world.http.request(method, "/api/v2" + re.sub(r"\{\w+\}", "x", path), headers=headers)
        assert answer.status_code in (404, 405)
        assert any(message in answer.text for message in BY_ROUTING), answer.text

    def test_every_call_is_in_one_list(self) -> None:
        assert len({*WORKS, *NOT_YET}) == len(WORKS) + len(NOT_YET)
        assert len(NOT_YET) <= MAX_NOT_YET

    def test_the_lists_of_calls_equal_the_tables_of_the_page(self) -> None:
        assert rows("Calls that work") - {"POST /oauth2/{authServerId}/v1/token"} == set(WORKS)
        assert rows("Calls that do not yet") == set(NOT_YET)

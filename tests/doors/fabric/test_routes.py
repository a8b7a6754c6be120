"""The vendor's full list of calls: each has a handler."""

import re
from pathlib import Path

import pytest

from tests.doors.fabric.conftest import CONTEXT
from tests.world import World

PAGE = Path(__file__).parents[3] / "docs" / "doors" / "fabric.md"

# Not published: the paths of the URLs that calls give, and the token call, which belongs to another service.
OWN = {
    "POST /oauth2/{authServerId}/v1/token", "PUT /inventory/upload/file/{key}", "GET /inventory/upload/file/{key}",
    "GET /exports/file/{key}",
}  # fmt: skip
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
    "GET /allocation/{allocationId}", "PUT /allocation/{allocationId}", "POST /allocation/query",
    "PUT /allocation/reallocate", "PUT /allocation/cancel/{ids}",
    "GET /backpre-order/backorderpreorder-reserve", "POST /backpre-order/backorderpreorder-reserve",
    "GET /backpre-order/backorderpreorder-reserve/{orderNumber}", "DELETE /backpre-order/backorderpreorder-reserve/{id}",
    "PUT /backpre-order/backorderpreorder-reserve/{lineItemId}/{orderNumber}",
    "POST /backpre-order/backorderpreorder-update", "POST /backpre-order/order/backorder/consent-to-delay",
    "POST /shipping/", "GET /shipping/{id}", "PATCH /shipping/{id}", "DELETE /shipping/{id}", "POST /shipping/{id}/item",
    "GET /shipping/{id}/items", "GET /shipping/shippingMethods/{itemId}", "POST /shipping/query",
    "POST /list/", "GET /list/{listId}", "PATCH /list/{listId}", "DELETE /list/{listId}",
    "GET /list/{listId}/items", "POST /list/{listId}/items", "GET /list/user/{userId}",
    "GET /location", "POST /location", "GET /location/{locationNum}", "PUT /location/{locationNum}",
    "PATCH /location/{locationNum}", "DELETE /location/{locationNum}", "POST /location/geography/search",
    "POST /location/attribute", "GET /location/attribute", "GET /location/attribute/{code}",
    "PUT /location/attribute/{code}", "DELETE /location/attribute/{code}",
    "GET /inventory", "POST /inventory", "PUT /inventory", "PATCH /inventory", "PUT /inventory/adjustment",
    "PATCH /inventory/adjustment", "GET /inventory/{itemId}", "GET /inventory/geography",
    "GET /inventory/network", "POST /inventory/network", "GET /inventory/network/{networkId}",
    "PUT /inventory/network/{networkId}", "DELETE /inventory/network/{networkId}",
    "GET /inventory/aggregatedNetwork/query",
    "GET /inventory/counter", "POST /inventory/counter", "GET /inventory/counter/{code}", "PUT /inventory/counter/{code}",
    "POST /inventory/attribute", "GET /inventory/attribute/{code}",
    "POST /inventory/aws/upload-url", "POST /inventory/aws/download-url", "GET /inventory/upload/log",
    "GET /inventory/upload/log/all",
    "GET /order/returns", "POST /order/returns", "POST /order/appeasement",
    "POST /shipment/", "GET /shipment/{shipmentId}", "PUT /shipment/{shipmentId}", "POST /shipment/tracking",
    "POST /shipment/reship", "POST /shipment/query", "POST /shipment/gift-card/activation",
    "POST /shipment/gift-card/activation-acknowledge", "POST /shipment/acknowledge",
    "POST /invoice/", "POST /invoice/query", "POST /invoice/post", "POST /invoice/post/acknowledge",
    "POST /invoice/acknowledgement", "GET /invoice/{invoiceId}",
    "GET /configurations/tenant-config", "POST /configurations/tenant-config", "PUT /configurations/tenant-config",
    "PATCH /configurations/tenant-config", "POST /configurations/tenant-config/query",
    "GET /configurations/tenant-config/{configType}/name/{configName}",
    "PUT /configurations/tenant-config/{configType}/name/{configName}",
    "PATCH /configurations/tenant-config/{configType}/name/{configName}",
    "DELETE /configurations/tenant-config/{configType}/name/{configName}",
    "GET /configurations/target-config", "POST /configurations/target-config",
    "GET /configurations/target-config/{serviceName}/{processName}",
    "DELETE /configurations/target-config/{serviceName}/{processName}",
    "GET /configurations/fraud-config", "POST /configurations/fraud-config",
    "GET /configurations/fraud-config/{processName}/{serviceName}",
    "PUT /configurations/fraud-config/{processName}/{serviceName}",
    "DELETE /configurations/fraud-config/{processName}/{serviceName}",
    "POST /exports", "POST /exports/history", "GET /exports/status", "GET /exports/headers-list",
    "GET /exports/files-list", "GET /exports/download-url",
)  # fmt: skip
PUBLISHED = 134  # operations, without the token call
BY_ROUTING = ("There is nothing at this path", "This path does not take this method")


def rows(heading: str) -> set[str]:
    """List the calls in the first cells of the tables under a heading of the door's page."""
    section = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.strip("|").split("|")[0] for line in section.splitlines() if line.startswith("| `")]
    return {call.replace("/api/v2", "") for cell in cells for call in re.findall(r"`([A-Z]+ [^`]+)`", cell)}


class TestCalls:
    @pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
    async def test_every_supported_call_has_a_handler_with_and_without_a_slash_at_its_end(self, world: World) -> None:
        headers = await world.bearer() | CONTEXT | {"tenant-key": "t"}
        for call in (*WORKS, "POST /order/backorder/consent-to-delay"):
            method, path = call.split(" ")
            path = "/api/v2" + re.sub(r"\{\w+\}", "x", path).rstrip("/")
            for each in (path, path + "/"):
                answer = await world.http.request(method, each, headers=headers)
                assert answer.status_code not in (301, 302, 307, 308, 405, 501), (method, each)
                assert not any(message in answer.text for message in BY_ROUTING), (method, each, answer.text)

    def test_every_published_operation_works(self) -> None:
        assert len(set(WORKS)) == len(WORKS) == PUBLISHED

    def test_the_list_of_calls_equals_the_table_of_the_page(self) -> None:
        assert rows("Calls that work") - OWN == set(WORKS)

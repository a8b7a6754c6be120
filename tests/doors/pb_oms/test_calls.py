"""Every call of the vendor's pages: those that work, those that do not yet, and the same lists on the page of the door."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.doors.pb_oms.client import PRODUCT, sample
from tests.world import World

PAGE = (Path(__file__).parents[3] / "docs/doors/pb_oms.md").read_text()
ORDER = "/ordermanagement/api/v1/orders"
CARRIER_CODE = {"code": "C1", "carrier": "UPS", "carrierAccountId": "1"}
# Every call of the vendor's pages, with the body that makes it succeed; {orderId} is an order with the items A and B.
WORKS: dict[str, Any] = {
    "POST /auth/api/v1/token": None,
    f"POST {ORDER}": sample(orderNumber="another"),
    f"GET {ORDER}/{{orderId}}": None,
    f"PATCH {ORDER}/{{orderId}}": {"orderMessage": None},
    f"PATCH {ORDER}/bulk/status": {"orders": [{"orderId": "{orderId}"}], "status": "ONHOLD"},
    f"DELETE {ORDER}/{{orderId}}": None,
    f"DELETE {ORDER}/{{orderId}}/items?itemId=A": None,
    f"POST {ORDER}/search": {"filters": [{"name": "orderId", "value": ["{orderId}"]}]},
    f"PUT {ORDER}/{{orderId}}/tags": {"tagIds": ["x"]},
    f"PUT {ORDER}/bulkTags": {"tags": [{"orderId": "{orderId}", "tagIds": ["x"]}]},
    "POST /shipping/api/v1/customsproduct": PRODUCT,
    "POST /shipping/api/v1/custom-carrier-codes": CARRIER_CODE,
}
# Calls that are not supported yet; this list may only get shorter.
NOT_YET = {
    "GET /api/v1/webhook/events",
    "GET /shipping/api/v1/carrierAccounts",
    "GET /shipping/api/v1/carriers",
    "GET /shipping/api/v1/countries",
    "GET /shipping/api/v1/parcelTypes",
    "GET /shipping/api/v1/services",
    "GET /shipping/api/v1/specialServices",
}
ALIASES = [call.replace(ORDER, "/api/v1/orders") for call in WORKS if ORDER in call]


def is_unrouted(response: httpx.Response) -> bool:
    """Tell whether a response is that of an unknown path or method."""
    return response.status_code in (405, 501) or (
        response.status_code == 404 and response.json().get("message") == "There is nothing at this path."
    )


def filled(value: Any, order_id: str) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, order_id) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, order_id) for each in value]
    return value.replace("{orderId}", order_id) if isinstance(value, str) else value


@pytest.mark.parametrize("call", [*WORKS, *ALIASES])
async def test_a_supported_call_succeeds(world: World, call: str) -> None:
    headers = await world.bearer()
    body = sample(orderNumber="N-1", items=[{"itemId": name, "quantity": 1} for name in "AB"])
    order_id = (await world.http.post(ORDER, json=body, headers=headers)).json()["orderId"]
    method, path = filled(call, order_id).split(" ")
    sent = filled(WORKS[call.replace(" /api/v1/orders", f" {ORDER}")], order_id)
    if path.startswith("/auth"):
        response = await world.http.request(method, path, auth=("demo", "demo-secret"))
    else:
        response = await world.http.request(method, path, json=sent, headers=headers)
    assert not is_unrouted(response)
    assert response.status_code in (200, 201), response.text


@pytest.mark.parametrize("call", sorted(NOT_YET))
async def test_an_unsupported_call_is_not_found(world: World, call: str) -> None:
    method, path = call.split(" ")
    response = await world.http.request(method, path, headers=await world.bearer())
    assert response.status_code in (404, 405), "the call works: remove it from the list"


def test_the_page_of_the_door_lists_the_same_calls() -> None:
    rows = re.findall(r"^\| `([A-Z]+ [^`]+)` \| ([a-z ]+)", PAGE, re.MULTILINE)
    support = {call: text.strip() for call, text in rows}
    works = {call.partition("?")[0] for call in WORKS}
    assert {call for call, text in support.items() if text == "not yet"} == NOT_YET
    assert {call for call, text in support.items() if text in ("works", "differs")} == works
    assert len(support) == len(rows) == len(works) + len(NOT_YET)

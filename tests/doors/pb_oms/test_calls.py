"""Every call of the vendor's pages: those that work, those that do not yet, and the same lists on the page of the door."""

import re
from pathlib import Path
from typing import Any

import pytest

from crossdock.doors.pb_oms import DOOR
from tests.doors.pb_oms.client import PRODUCT, is_error, is_shipping_error, sample
from tests.world import World

PAGE = (Path(__file__).parents[3] / "docs/doors/pb_oms.md").read_text()
ORDER = "/ordermanagement/api/v1/orders"
OTHERS = ("/api/v1/orders", "/ca/shipping/api/v1/orders")
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
# Calls that are not supported yet; there may only be fewer.
NOT_YET = {f"{route.method} {route.paths[0]}" for route in DOOR.not_yet}
MOST_NOT_YET = 58
ALIASES = [call.replace(ORDER, alias) for call in WORKS for alias in OTHERS if ORDER in call]


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
    sent = filled(WORKS[re.sub(r" \S*/api/v1/orders", f" {ORDER}", call)], order_id)
    if path.startswith("/auth"):
        response = await world.http.request(method, path, auth=("demo", "demo-secret"))
    else:
        response = await world.http.request(method, path, json=sent, headers=headers)
    assert response.status_code in (200, 201), response.text


async def test_an_unsupported_call_is_501_in_the_shape_of_its_path(world: World) -> None:
    for route in DOOR.not_yet:
        for path in route.paths:
            response = await world.http.request(route.method, re.sub(r"{\w+}", "x", path), headers=await world.bearer())
            is_shape = is_shipping_error if "/shipping/" in path else is_error
            assert is_shape(response, 501, "not_implemented"), path


def test_no_call_is_given_up() -> None:
    assert len(NOT_YET) <= MOST_NOT_YET


def test_the_page_of_the_door_lists_the_same_calls() -> None:
    rows = re.findall(r"^\| `([A-Z]+ [^`]+)` \| ([a-z ]+)", PAGE, re.MULTILINE)
    support = {call: text.strip() for call, text in rows}
    works = {call.partition("?")[0] for call in WORKS}
    assert {call for call, text in support.items() if text == "not yet"} == NOT_YET
    assert {call for call, text in support.items() if text in ("works", "differs")} == works
    assert len(support) == len(rows) == len(works) + len(NOT_YET)

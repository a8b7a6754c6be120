"""What the tests of this door share: the caller, the create call, and one order from every door."""

from typing import Any

import httpx
import pytest

from tests.vendors import VENDORS
from tests.world import World

HUB = VENDORS["hub"]
ORDERS = HUB.create
LINE = {"sku": "SKU-1", "quantity": 2, "unit_price": "25.00"}


def smallest(number: str = "H-1", **members: Any) -> dict[str, Any]:
    """Return the smallest sensible body, with more members."""
    return {"number": number, "lines": [dict(LINE)]} | members


def pointers(answer: httpx.Response) -> list[str]:
    """Return the JSON Pointers of a problem document."""
    return [error["pointer"] for error in answer.json()["errors"]]


def parameters(answer: httpx.Response) -> list[str]:
    """Return the query parameters and headers a problem document names."""
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    return [error["parameter"] for error in answer.json()["errors"]]


@pytest.fixture
async def headers(world: World) -> dict[str, str]:
    return await world.bearer()


async def create(world: World, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """Create an order that must be taken, and return its answer."""
    answer = await world.http.post(ORDERS, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def one_of_each(world: World, headers: dict[str, str]) -> dict[str, str]:
    """Put one sample order through every door, and return their hub ids by door."""
    for vendor in VENDORS.values():
        sent = await world.http.post(
            vendor.create, json=vendor.body(f"ONE-{vendor.door}"), headers=headers | vendor.headers(f"t-{vendor.door}")
        )
        assert sent.status_code == vendor.ok, sent.text
    listed = (await world.http.get(ORDERS, headers=headers)).json()["items"]
    return {order["source"]["door"]: order["id"] for order in listed}

"""Requests of a client of the Pitney Bowes OMS door, and the vendor's sample bodies."""

import json
from pathlib import Path
from typing import Any

import httpx

from tests.world import World

Headers = dict[str, str]
SAMPLE = (Path(__file__).parent / "create.request.json").read_bytes()
ORDERS = "/ordermanagement/api/v1/orders"
PRODUCTS = "/shipping/api/v1/customsproduct"
PRODUCT: dict[str, Any] = {
    "description": "Wireless mouse", "originCountryCode": "CN", "quantity": 3, "unitPrice": 12.5,
    "productDimensions": {"length": 1}, "hsTariffCode": "847160", "weightUnit": "GM", "weight": 90,
}  # fmt: skip


def sample(**changes: Any) -> dict[str, Any]:
    """Return the vendor's sample body with some members changed."""
    return json.loads(SAMPLE) | changes


async def create(world: World, headers: Headers, **changes: Any) -> str:
    """Create an order and return its path."""
    response = await world.http.post(ORDERS, json=sample(**changes), headers=headers)
    assert response.status_code == 200, response.text
    return f"{ORDERS}/{response.json()['orderId']}"


async def update(world: World, headers: Headers, path: str, **body: Any) -> None:
    """Update an order."""
    response = await world.http.patch(path, json=body, headers=headers)
    assert response.status_code == 200, response.text


async def read_items(world: World, headers: Headers, path: str) -> Any:
    """Read the items of an order."""
    return (await world.http.get(path, headers=headers)).json()["orderInfo"]["items"]


async def add_product(world: World, headers: Headers, **changes: Any) -> str:
    """Add a customs product and return its id."""
    response = await world.http.post(PRODUCTS, json=PRODUCT | changes, headers=headers)
    assert response.status_code == 201
    return str(response.json()["customsProductId"])


def is_shipping_error(response: httpx.Response, status: int, error_code: str) -> bool:
    """Tell whether a response is the error of a call below /shipping; a 401 also has the message of the gateway."""
    body = response.json()
    expected = {"message": "Unauthorized"} if status == 401 else {}
    (error,) = body.pop("errors")
    return (
        response.status_code == status
        and body == expected
        and list(error) == ["errorCode", "errorDescription", "additionalInfo", "additionalParameters"]
        and error["errorCode"] == error_code
        and error["additionalInfo"] != ""
    )


def is_error(response: httpx.Response, status: int, error_code: str) -> bool:
    """Tell whether a response is the error object of this door."""
    body = response.json()
    return (
        response.status_code == status
        and list(body) == ["errorCode", "message", "additionalInfo"]
        and body["errorCode"] == error_code
    )

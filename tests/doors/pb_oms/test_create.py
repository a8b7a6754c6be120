"""Creating orders through the Pitney Bowes OMS door."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.world import World

SAMPLE = (Path(__file__).parent / "create.request.json").read_bytes()
ORDERS = "/ordermanagement/api/v1/orders"


@pytest.fixture
async def headers(world: World) -> dict[str, str]:
    return await world.bearer()


def sample(**changes: Any) -> dict[str, Any]:
    return json.loads(SAMPLE) | changes


class TestCreate:
    async def test_answers_four_members_with_200(self, world: World, headers: dict[str, str]) -> None:
        answer = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert answer.status_code == 200
        assert list(answer.json()) == ["orderId", "orderNumber", "status", "transactionCreateDate"]
        assert answer.json()["status"] == "Success"
        assert answer.json()["orderId"].startswith("PB")

    async def test_gives_back_everything_that_was_sent(self, world: World, headers: dict[str, str]) -> None:
        order_id = (await world.http.post(ORDERS, content=SAMPLE, headers=headers)).json()["orderId"]
        read = (await world.http.get(f"{ORDERS}/{order_id}", headers=headers)).json()
        told = read["orderInfo"] | read["orderShippingInfo"]
        assert {name: told[name] for name in sample()} == sample()

    async def test_replays_the_same_content(self, world: World, headers: dict[str, str]) -> None:
        first = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        again = await world.http.post("/api/v1/orders", json=sample(), headers=headers)
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers

    async def test_names_every_fault(self, world: World, headers: dict[str, str]) -> None:
        body = sample(
            orderNumber=7,
            toAddress={"countryCode": "XX", "cityTown": "", "addressLine1": "x"},
            items=[{"itemId": "a", "quantity": 0}],
        )
        answer = await world.http.post(ORDERS, json=body, headers=headers)
        assert answer.status_code == 400
        info = answer.json()["additionalInfo"]
        for path in ("orderNumber:", "toAddress.countryCode:", "toAddress.cityTown:", "items[0].quantity:"):
            assert path in info

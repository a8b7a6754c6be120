"""Papers of the hub: PDFs of what is stored, in the language and size asked for."""

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from tests.notifications.world import create
from tests.world import World

PRICED = {"currency": "USD", "lines": [{"sku": "MUG", "quantity": 2, "unit_price": "12.50"}]}


def text_of(body: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(body)).pages)


@pytest.fixture
async def shipped(world: World) -> dict[str, Any]:
    """Ship an order by hand; returns its answer."""
    headers = await world.bearer()
    order_id = await create(world, "P-1", **PRICED)
    body = {"location": "W1", "tracking_number": "1Z999"}
    answer = await world.http.post(f"/hub/v1/orders/{order_id}/ship", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = (await world.http.get(f"/hub/v1/orders/{order_id}", headers=headers)).json()
    return made


class TestPapers:
    async def test_each_is_a_pdf_of_what_is_stored(self, world: World, shipped: dict[str, Any]) -> None:
        headers = await world.bearer()
        one = shipped["fulfillments"][0]["id"]
        invoices = (await world.http.get(f"/hub/v1/orders/{shipped['id']}/invoices", headers=headers)).json()["items"]
        for path, words in (
            (f"fulfillments/{one}/packing-slip", ("P-1", "MUG", "1Z999")),
            (f"fulfillments/{one}/packing-slip?language=fr&paper=Letter&prices=true", ("P-1", "12,50")),
            (f"fulfillments/{one}/labels", ("P-1",)),
            (f"invoices/{invoices[0]['id']}/pdf", (invoices[0]["number"], "25.00")),
            ("pick-list?location=W1", ("W1",)),
        ):
            answer = await world.http.get(f"/hub/v1/{path}", headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
            text = text_of(answer.content)
            assert all(word in text for word in words), (path, text)

    async def test_a_pick_list_has_what_is_open(self, world: World) -> None:
        headers = await world.bearer()
        order_id = await create(world, "P-2", **PRICED)
        body = {"order_id": order_id, "location": "W1"}
        answer = await world.http.post("/hub/v1/fulfillments", json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        text = text_of((await world.http.get("/hub/v1/pick-list?location=W1", headers=headers)).content)
        assert "MUG" in text
        assert "P-2" in text

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("fulfillments/nobody/packing-slip", 404), ("invoices/nobody/pdf", 404), ("pick-list", 422),
            ("fulfillments/{one}/labels?package_id=0000000000001", 404), ("fulfillments/{one}/labels?paper=A5", 422),
            ("fulfillments/{one}/packing-slip?language=xx", 422),
        ],
    )  # fmt: skip
    async def test_what_is_not_there_is_refused(
        self, world: World, shipped: dict[str, Any], path: str, status: int
    ) -> None:
        path = path.format(one=shipped["fulfillments"][0]["id"])
        answer = await world.http.get(f"/hub/v1/{path}", headers=await world.bearer())
        assert answer.status_code == status, answer.text

    async def test_another_organization_prints_nothing(self, world: World, shipped: dict[str, Any]) -> None:
        stranger = await world.stranger()
        one = shipped["fulfillments"][0]["id"]
        answer = await world.http.get(f"/hub/v1/fulfillments/{one}/packing-slip", headers=stranger)
        assert answer.status_code == 404

"""A door of one page proves the seam: a new vendor is a folder and one word in DOORS, and everything else follows."""

import json
import sys
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from crossdock import app, doors
from crossdock.settings import load
from tests.doors.toy import door as toy
from tests.notifications.receiver import Receiver
from tests.notifications.world import ALLOWED, endpoint, wait_until_ended, working
from tests.world import World

BODY = {
    "no": "T-1",
    "items": [{"code": "A", "count": 2}, {"code": "B", "count": 1}],
    "remark": "ring twice",
    "own": [1.50],
}


@pytest.fixture
def toy_door(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add the toy vendor's door to those there are."""
    monkeypatch.setitem(sys.modules, "crossdock.doors.toy", toy)
    monkeypatch.setattr(doors, "DOORS", (*doors.DOORS, "toy"))
    doors.all_doors.cache_clear()
    yield
    doors.all_doors.cache_clear()


@pytest.fixture
async def toy_world(toy_door: None, database: str) -> AsyncIterator[World]:
    """Give the application with the toy vendor's door."""
    async with (
        app.open_context(load({}, database=database, **ALLOWED)) as context,
        httpx.AsyncClient(transport=httpx.ASGITransport(app.site(context)), base_url="http://crossdock") as http,
    ):
        yield World(context, http)


async def test_an_order_of_a_new_vendor_is_created_read_edited_canceled_and_told_of_by_webhook(
    toy_world: World,
) -> None:
    headers = await toy_world.bearer()
    async with Receiver() as receiver, working(toy_world.context):
        of = await endpoint(toy_world, receiver, format="toy")
        created = await toy_world.http.post("/toy/orders", json=BODY, headers=headers)
        assert created.status_code == 201, created.text
        path = f"/toy/orders/{created.json()['id']}"
        assert created.json() == {"id": created.json()["id"], "state": "open", **BODY}
        assert (await toy_world.http.get(path, headers=headers)).json() == created.json()

        items = [{"code": "B", "count": 3}]
        edited = await toy_world.http.patch(path, json={"items": items}, headers=headers)
        assert edited.json() == created.json() | {"items": items}

        canceled = await toy_world.http.post(f"{path}/cancel", headers=headers)
        assert canceled.json() == edited.json() | {"state": "canceled"}
        await wait_until_ended(toy_world, of, 3)
        assert [json.loads(got.body) for got in receiver.got] == [created.json(), edited.json(), canceled.json()]


async def test_a_new_vendors_faults_are_named_all_at_once_and_its_numbers_are_unique(toy_world: World) -> None:
    headers = await toy_world.bearer()
    faulty = {"no": "", "items": [{"code": "A", "count": 0}]}
    refused = await toy_world.http.post("/toy/orders", json=faulty, headers=headers)
    assert refused.status_code == 400
    assert [fault["path"] for fault in refused.json()["faults"]] == ["no", "items/0/count"]
    first = await toy_world.http.post("/toy/orders", json=BODY, headers=headers)
    again = await toy_world.http.post("/toy/orders", json=BODY, headers=headers)
    assert again.json() == first.json()
    other = await toy_world.http.post("/toy/orders", json=BODY | {"remark": "other"}, headers=headers)
    assert other.status_code == 409


@pytest.mark.parametrize("format", ["hub", "pb_oms", "pb_fulfillment", "fabric", "s2"])
async def test_an_order_of_a_new_vendor_is_read_in_every_format(toy_world: World, format: str) -> None:
    headers = await toy_world.bearer()
    await toy_world.http.post("/toy/orders", json=BODY, headers=headers)
    (order,) = (await toy_world.http.get("/hub/v1/orders?door=toy", headers=headers)).json()["items"]
    read = await toy_world.http.get(f"/hub/v1/orders/{order['id']}?as={format}", headers=headers)
    assert read.status_code == 200, read.text
    assert "T-1" in read.text

"""The examples in the documentation of the Pitney Bowes Fulfillment door: what they say is what the door answers."""

import json
from typing import Any

import pytest

from crossdock.core.errors import Busy, Code, Conflict
from crossdock.doors.pb_fulfillment import DOOR, examples
from crossdock.doors.pb_fulfillment.errors import refuse
from tests.doors.pb_fulfillment.client import ORDERS, VendorClient
from tests.doors.pb_fulfillment.test_errors import request
from tests.world import World

SERVER_OWNED = {
    "orderId", "receivingASNId", "workOrderId", "pbCreateDate", "pbUpdateDate", "pbCancelDate", "access_token",
    "issuedAt",
}  # fmt: skip
BUSY = Busy(Code.UNAVAILABLE, "the database cannot be reached")


def masked(value: Any) -> Any:
    """Take out the values that differ from run to run, but not their places."""
    if isinstance(value, dict):
        return {name: "…" if name in SERVER_OWNED else masked(child) for name, child in value.items()}
    return [masked(each) for each in value] if isinstance(value, list) else value


def is_alike(response: Any, example: Any) -> bool:
    """Compare as text, so that the order of members and the decimal points count."""
    return json.dumps(masked(response.json())) == json.dumps(masked(example))


async def put(client: VendorClient, path: str, body: Any) -> Any:
    return await client.http.put(path, json=body, headers=client.headers())


class TestRequests:
    async def test_each_example_of_one_order_is_answered_as_it_says(self, client: VendorClient) -> None:
        created = await client.create(examples.CREATE)
        assert created.status_code == 201
        assert is_alike(created, examples.ORDER)
        order = f"{ORDERS}/{created.json()['orderId']}"
        assert is_alike(await client.view(created.json()["orderId"]), examples.ORDER)
        assert is_alike(await client.view(created.json()["orderId"], end="/status"), examples.STATUS)
        assert is_alike(await client.create(examples.SEARCH, path=f"{ORDERS}/search"), examples.ORDER_PAGE)
        assert is_alike(await client.create(examples.SEARCH, path=f"{ORDERS}/status/search"), examples.STATUS_PAGE)
        assert is_alike(await put(client, order, examples.UPDATE), examples.UPDATED)
        await put(client, order, examples.CREATE)
        assert is_alike(await put(client, f"{order}/orderItems", examples.CHANGE_ITEMS), examples.ITEMS_CHANGED)
        await put(client, order, examples.CREATE)
        assert is_alike(await put(client, f"{order}/cancel?clientId=1234", None), examples.CANCELED)

    async def test_each_example_of_a_bulk_call_is_answered_as_it_says(self, client: VendorClient) -> None:
        created = await client.create(examples.CREATE_BULK, path=f"{ORDERS}/bulk")
        assert is_alike(created, examples.CREATED_BULK)
        cancel = json.loads(json.dumps(examples.CANCEL_BULK))
        cancel["CancelOrdersRequest"][0]["orderId"] = created.json()["orders"][0]["orderId"]
        assert is_alike(await put(client, f"{ORDERS}/bulk/cancel", cancel), examples.CANCELED_BULK)

    async def test_the_example_of_a_token_is_answered_as_it_says(self, world: World) -> None:
        for secret, example in (("demo-secret", examples.TOKEN), ("wrong", examples.BAD_CREDENTIALS)):
            assert is_alike(
                await world.http.post("/oauth/token", data=examples.GET_TOKEN, auth=("demo", secret)), example
            )


class TestErrors:
    async def test_each_example_of_an_error_is_what_the_door_answers(self, world: World, client: VendorClient) -> None:
        faults = await client.create(examples.CREATE | {"clientId": "9999", "orderLines": []})
        reader = VendorClient(world, await world.bearer(scope="orders:read"))
        for response, status, example in (
            (faults, 400, examples.FAULTS),
            (await client.create({}, path=f"{ORDERS}/bulk"), 400, examples.NO_ORDERS),
            (await put(client, f"{ORDERS}/bulk/cancel", {}), 400, examples.NOTHING_TO_CANCEL),
            (await client.create({}, path=f"{ORDERS}/search"), 400, examples.NO_CLIENT),
            (await client.http.get(f"{ORDERS}/X", headers=client.headers()), 400, examples.NO_CLIENT),
            (await world.http.post("/oauth/token?x=%00"), 400, examples.BAD_QUERY),
            (await world.http.get(f"{ORDERS}/X"), 401, examples.NO_TOKEN),
            (await reader.create(examples.CREATE), 403, examples.NO_SCOPE),
            (await client.view("ORA0914521228495032321US"), 404, examples.NO_ORDER),
            (await client.create(b" " * 1_048_577), 413, examples.TOO_LARGE),
        ):
            assert response.status_code == status
            assert is_alike(response, example), response.text

    def test_the_examples_of_the_servers_errors_are_what_the_door_answers(self) -> None:
        assert json.loads(refuse(BUSY, request()).body) == examples.BUSY
        (bug,), (example,) = json.loads(refuse(None, request()).body), examples.BUG
        assert bug | {"additionalInfo": example["additionalInfo"]} == example

    def test_a_conflict_has_the_errors_of_a_fault(self) -> None:
        (error,) = json.loads(refuse(Conflict(Code.STALE_VERSION, "is stale"), request()).body)
        assert list(error) == list(examples.FAULTS[0])


@pytest.mark.parametrize("route", DOOR.routes, ids=lambda route: route.operation)
def test_each_documented_request_and_answer_has_an_example_and_each_call_a_description(route: Any) -> None:
    assert route.description
    assert set(route.examples) == set(route.answers) | ({"request"} if route.request is not None else set())

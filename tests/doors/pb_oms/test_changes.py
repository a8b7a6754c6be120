"""Changing orders through the Pitney Bowes OMS door: what stays, what follows, and what meets at the same moment."""

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.doors.pb_oms.test_create import ORDERS, SAMPLE, sample
from tests.doors.pb_oms.test_items import add_product
from tests.world import World

Headers = dict[str, str]


@pytest.fixture
async def headers(world: World) -> Headers:
    return await world.bearer()


async def create(world: World, headers: Headers, **changes: Any) -> str:
    answer = await world.http.post(ORDERS, json=sample(**changes), headers=headers)
    assert answer.status_code == 200, answer.text
    return f"{ORDERS}/{answer.json()['orderId']}"


async def patch(world: World, headers: Headers, path: str, **body: Any) -> None:
    answer = await world.http.patch(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text


async def items(world: World, headers: Headers, path: str) -> Any:
    return (await world.http.get(path, headers=headers)).json()["orderInfo"]["items"]


def as_written(answer: httpx.Response) -> Any:
    """Decode an answer with its numbers as they are written."""
    return json.loads(answer.text, parse_float=str, parse_int=str)


class TestChange:
    async def test_leaves_all_else_to_the_digit(self, world: World, headers: Headers) -> None:
        body = SAMPLE.replace(b'"gmv": 100', b'"gmv": 100.00').replace(b'"unitPrice": 25', b'"unitPrice": 25.10')
        made = await world.http.post(ORDERS, content=body, headers=headers)
        path = f"{ORDERS}/{made.json()['orderId']}"
        before = await world.http.get(path, headers=headers)
        assert '"gmv":100.00,' in before.text
        await patch(world, headers, path, orderMessage={"message": "Thanks"})
        after = await world.http.get(path, headers=headers)
        expected = as_written(before)
        expected["orderInfo"]["orderMessage"] = {"message": "Thanks"}
        assert as_written(after) == expected

    async def test_takes_numbers_as_they_are_written(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        content = b'{"charges":{"gmv":25.00,"subTotal":0.10},"items":[{"itemId":"SKU12345","unitPrice":12.50}]}'
        assert (await world.http.patch(path, content=content, headers=headers)).status_code == 200
        read = await world.http.get(path, headers=headers)
        assert '"charges":{"gmv":25.00,"subTotal":0.10}' in read.text
        assert re.findall(r'"unitPrice":([^,}]+)', read.text) == ["12.50"]

    async def test_is_answered_with_the_time_it_was_made(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        began = datetime.now(UTC).replace(microsecond=0)
        told = (await world.http.patch(path, json={"charges": None}, headers=headers)).json()
        assert list(told) == ["orderId", "orderNumber", "status", "transactionCreateDate"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["transactionCreateDate"])
        assert began <= datetime.fromisoformat(told["transactionCreateDate"]) <= datetime.now(UTC)

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"a":1,"a":2}', b'{"items":[7]}', b'{"items":{}}'])
    async def test_of_no_sound_body_is_refused(self, world: World, headers: Headers, body: bytes) -> None:
        path = await create(world, headers)
        answer = await world.http.patch(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "validation_error")
        assert answer.json()["additionalInfo"]

    @pytest.mark.parametrize("member", ["metadata", "additionalAddresses"])
    async def test_passes_over_what_it_cannot_touch_where_it_is_null(
        self, world: World, headers: Headers, member: str
    ) -> None:
        path = await create(world, headers)
        before = (await world.http.get(path, headers=headers)).json()
        await patch(world, headers, path, **{member: None})
        assert (await world.http.get(path, headers=headers)).json() == before

    async def test_leaves_what_the_create_call_may_say_again(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        await patch(world, headers, path, charges={"gmv": 7})
        again = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
        read = (await world.http.get(path, headers=headers)).json()
        assert read["orderInfo"]["charges"] == {"gmv": 7}


class TestProductItem:
    """An item that is only a customs product goes by the id it is shown with."""

    async def test_changes_and_keeps_what_its_product_says(self, world: World, headers: Headers) -> None:
        product = await add_product(world, headers, itemId="MOUSE")
        path = await create(world, headers, items=[{"customProductId": product}, {"itemId": "B", "quantity": 1}])
        shown = (await items(world, headers, path))[0]
        assert (shown["itemId"], shown["quantity"]) == ("MOUSE", 3)
        await patch(world, headers, path, items=[{"itemId": "MOUSE", "quantity": 8}])
        assert await items(world, headers, path) == [shown | {"quantity": 8}, {"itemId": "B", "quantity": 1}]
        await patch(world, headers, path, items=[{"customProductId": product, "quantity": 9}])
        assert await items(world, headers, path) == [shown | {"quantity": 9}, {"itemId": "B", "quantity": 1}]

    async def test_is_added_once(self, world: World, headers: Headers) -> None:
        product = await add_product(world, headers)
        path = await create(world, headers, items=[{"itemId": "B", "quantity": 1}])
        for _ in range(2):
            await patch(world, headers, path, items=[{"customProductId": product}])
        assert [item["itemId"] for item in await items(world, headers, path)] == ["B", product]

    async def test_stays_as_it_is_while_others_change(self, world: World, headers: Headers) -> None:
        product = await add_product(world, headers)
        path = await create(world, headers, items=[{"customProductId": product}, {"itemId": "B", "quantity": 1}])
        before = await items(world, headers, path)
        await patch(world, headers, path, items=[{"itemId": "B", "quantity": 4}])
        assert await items(world, headers, path) == [before[0], {"itemId": "B", "quantity": 4}]

    async def test_is_taken_out(self, world: World, headers: Headers) -> None:
        product = await add_product(world, headers, itemId="MOUSE")
        path = await create(world, headers, items=[{"customProductId": product}, {"itemId": "B", "quantity": 1}])
        answer = await world.http.delete(f"{path}/items?itemId=MOUSE", headers=headers)
        assert answer.status_code == 200
        assert await items(world, headers, path) == [{"itemId": "B", "quantity": 1}]

    async def test_that_is_not_there_is_named(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        body = {"items": [{"itemId": "SKU12345", "quantity": 1}, {"customProductId": "cp00000000000"}]}
        answer = await world.http.patch(path, json=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["additionalInfo"].startswith("items[1].customProductId:")


class TestAtOnce:
    async def test_changes_are_all_kept(self, world: World, headers: Headers) -> None:
        path = await create(world, headers, items=[{"itemId": "A", "quantity": 1}])
        bodies = [{"items": [{"itemId": f"I{each}", "quantity": 1}]} for each in range(8)]
        bodies += [{"items": [{"itemId": "A", "quantity": 5}]}, {"charges": {"gmv": 3}}, {"orderMessage": None}]
        answers = await asyncio.gather(*(world.http.patch(path, json=body, headers=headers) for body in bodies))
        assert {answer.status_code for answer in answers} == {200}
        info = (await world.http.get(path, headers=headers)).json()["orderInfo"]
        assert {item["itemId"]: item["quantity"] for item in info["items"]} == {"A": 5} | {
            f"I{each}": 1 for each in range(8)
        }
        assert (info["charges"], info["orderMessage"]) == ({"gmv": 3}, None)

    async def test_the_same_item_is_added_once(self, world: World, headers: Headers) -> None:
        path = await create(world, headers, items=[{"itemId": "A", "quantity": 1}])
        body = {"items": [{"itemId": "B", "quantity": 2}]}
        await asyncio.gather(*(world.http.patch(path, json=body, headers=headers) for _ in range(6)))
        assert [item["itemId"] for item in await items(world, headers, path)] == ["A", "B"]

    async def test_moves_of_the_same_orders_do_not_wait_for_each_other(self, world: World, headers: Headers) -> None:
        ids = [(await create(world, headers, orderNumber=f"N{each}")).rsplit("/", 1)[1] for each in range(6)]
        calls = []
        for turn in range(6):
            named = [{"orderId": each} for each in (ids if turn % 2 else reversed(ids))]
            body = {"orders": named, "status": "ONHOLD" if turn < 3 else "CANCELED"}
            calls.append(world.http.patch(f"{ORDERS}/bulk/status", json=body, headers=headers))
        answers = await asyncio.wait_for(asyncio.gather(*calls), 30)
        assert {answer.status_code for answer in answers} <= {200, 409}
        words = {
            (await world.http.get(f"{ORDERS}/{each}", headers=headers)).json()["orderInfo"]["status"] for each in ids
        }
        assert words == {"CANCELED"}

    async def test_one_deletion_is_done(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        answers = await asyncio.gather(*(world.http.delete(path, headers=headers) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404, 404]


class TestBulk:
    @pytest.mark.parametrize(("call", "member"), [("bulk/status", "orders"), ("bulkTags", "tags")])
    async def test_has_a_bound(self, world: World, headers: Headers, call: str, member: str) -> None:
        rows = [{"orderId": f"PB{each:010d}", "tagIds": []} for each in range(201)]
        answer = await world.http.request(
            "PATCH" if member == "orders" else "PUT", f"{ORDERS}/{call}", headers=headers,
            json={member: rows, "status": "ONHOLD"},
        )  # fmt: skip
        assert answer.status_code == 400
        assert f"{member}: must have at most 200 elements" in answer.json()["additionalInfo"]

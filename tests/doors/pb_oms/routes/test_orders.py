"""Creating, reading, updating and deleting orders through the Pitney Bowes OMS door."""

import asyncio
import re
from typing import Any

import pytest

from tests.doors.pb_oms.client import ORDERS, SAMPLE, Headers, create, is_error, read_items, sample
from tests.world import World


class TestCreate:
    async def test_create_returns_four_members(self, world: World, headers: Headers) -> None:
        response = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert response.status_code == 200
        assert list(response.json()) == ["orderId", "orderNumber", "status", "transactionCreateDate"]
        assert response.json()["status"] == "Success"
        assert response.json()["orderId"].startswith("PB")

    async def test_a_read_returns_everything_that_was_sent(self, world: World, headers: Headers) -> None:
        order_id = (await world.http.post(ORDERS, content=SAMPLE, headers=headers)).json()["orderId"]
        read = (await world.http.get(f"{ORDERS}/{order_id}", headers=headers)).json()
        response = read["orderInfo"] | read["orderShippingInfo"]
        assert {name: response[name] for name in sample()} == sample()

    async def test_the_same_content_again_is_replayed(self, world: World, headers: Headers) -> None:
        first = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        again = await world.http.post("/api/v1/orders", json=sample(), headers=headers)
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers

    async def test_create_names_every_fault_of_the_body(self, world: World, headers: Headers) -> None:
        body = sample(
            orderNumber=7,
            toAddress={"countryCode": "XX", "cityTown": "", "addressLine1": "x"},
            items=[{"itemId": "a", "quantity": 0}],
        )
        response = await world.http.post(ORDERS, json=body, headers=headers)
        assert response.status_code == 400
        info = response.json()["additionalInfo"]
        for path in ("orderNumber:", "toAddress.countryCode:", "toAddress.cityTown:", "items[0].quantity:"):
            assert path in info

    async def test_a_number_with_other_content_is_refused(self, world: World, headers: Headers) -> None:
        await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        response = await world.http.post(ORDERS, json=sample(metadata=[]), headers=headers)
        assert is_error(response, 400, "validation_error")
        assert "orderNumber:" in response.json()["additionalInfo"]

    async def test_another_organization_may_use_the_same_number(self, world: World, headers: Headers) -> None:
        await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        response = await world.http.post(ORDERS, json=sample(metadata=[]), headers=await world.stranger())
        assert response.status_code == 200

    async def test_optional_text_may_be_empty(self, world: World, headers: Headers) -> None:
        body = sample()
        body["charges"] |= {"currency": "", "paymentType": ""}
        body["shippingPreferences"] |= {"dateOfShipment": "", "carrier": ""}
        body["shippingPreferences"]["customs"]["customsInfo"]["currencyCode"] = ""
        body["additionalAddresses"][0]["address"]["countryCode"] = ""
        created = await world.http.post(ORDERS, json=body, headers=headers)
        assert created.status_code == 200, created.text
        read = (await world.http.get(f"{ORDERS}/{created.json()['orderId']}", headers=headers)).json()
        order = read["orderInfo"] | read["orderShippingInfo"]
        assert {name: order[name] for name in body} == body
        listed = (await world.http.get("/hub/v1/orders?number=ORD12346", headers=headers)).json()["items"]
        assert (listed[0].get("currency"), listed[0].get("ship_by")) == (None, None)


class TestNumberOfADeletedOrder:
    """After DELETE the number is free: it stands for a new order."""

    async def test_the_same_order_can_be_created_again(self, world: World, headers: Headers) -> None:
        first = await create(world, headers)
        assert (await world.http.delete(first, headers=headers)).status_code == 200
        again = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert (again.status_code, "idempotent-replayed" in again.headers) == (200, False)
        path = f"{ORDERS}/{again.json()['orderId']}"
        assert path != first
        assert (await world.http.get(path, headers=headers)).json()["orderInfo"]["status"] == "UNFULFILLED"
        assert (await world.http.get(first, headers=headers)).status_code == 404
        replayed = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert replayed.headers["idempotent-replayed"] == "true"
        assert replayed.json() == again.json()
        conflict = await world.http.post(ORDERS, json=sample(metadata=[]), headers=headers)
        assert is_error(conflict, 400, "validation_error")

    async def test_one_of_several_concurrent_orders_gets_the_number(self, world: World, headers: Headers) -> None:
        await world.http.delete(await create(world, headers), headers=headers)
        bodies = [sample(metadata=[{"name": str(each % 2)}]) for each in range(12)]
        responses = await asyncio.gather(*(world.http.post(ORDERS, json=body, headers=headers) for body in bodies))
        accepted = [each for each in responses if each.status_code == 200]
        assert len({each.json()["orderId"] for each in accepted}) == 1
        assert len(accepted) == 6  # the others have other content
        assert sum("idempotent-replayed" not in each.headers for each in accepted) == 1
        search = await world.http.post(f"{ORDERS}/search", json={}, headers=headers)
        assert search.json()["pageInfo"]["total"] == 1

    async def test_an_update_can_take_the_number(self, world: World, headers: Headers) -> None:
        await world.http.delete(await create(world, headers), headers=headers)
        path = await create(world, headers, orderNumber="B")
        assert (await world.http.patch(path, json={"orderNumber": "ORD12346"}, headers=headers)).status_code == 200
        conflict = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert is_error(conflict, 400, "validation_error")

    async def test_an_order_that_appears_again_keeps_a_number_nobody_took(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        await world.http.delete(path, headers=headers)
        (order,) = (await world.http.get("/hub/v1/orders?number=ORD12346", headers=headers)).json()["items"]
        tags = {"remove": ["deleted:pb_oms"]}
        restored = await world.http.post(f"/hub/v1/orders/{order['id']}/tag", json=tags, headers=headers)
        assert restored.status_code == 200, restored.text
        again = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        assert again.headers["idempotent-replayed"] == "true"
        assert f"{ORDERS}/{again.json()['orderId']}" == path


class TestRead:
    async def test_a_read_returns_the_order_in_two_objects(self, world: World, headers: Headers) -> None:
        created = await world.http.post(ORDERS, json=sample(loyaltyPoints=3, status="FULFILLED"), headers=headers)
        read = (await world.http.get(f"/api/v1/orders/{created.json()['orderId']}", headers=headers)).json()
        assert list(read) == ["orderInfo", "orderShippingInfo"]
        info = read["orderInfo"]
        assert list(info)[:6] == ["orderId", "orderNumber", "status", "orderCreateDate", "sourceFlowType", "createdBy"]
        assert (info["status"], info["sourceFlowType"], info["createdBy"]) == ("UNFULFILLED", "API", "demo")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", info["orderCreateDate"])
        assert (info["tags"], info["loyaltyPoints"]) == ([], 3)
        assert set(read["orderShippingInfo"]) == {
            "fromAddress", "toAddress", "additionalAddresses", "shippingReference", "shippingPreferences",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "addresses",
        [
            [],
            [{"addressType": "BILLING", "address": {"name": "Only a name"}}],
            [{"addressType": "BILLING", "address": {"addressLine1": "1 Road", "addressLine3": "Door 3"}}],
            [{"addressType": "BILLING", "address": None}, {}],
            [{"address": {"cityTown": "Paris"}, "addressType": "RETURN"}, {"address": {}, "addressType": "BILLING"}],
            None,
        ],
    )
    async def test_partial_additional_addresses_are_returned_as_they_were_sent(
        self, world: World, headers: Headers, addresses: Any
    ) -> None:
        created = await world.http.post(ORDERS, json=sample(additionalAddresses=addresses), headers=headers)
        assert created.status_code == 200
        read = (await world.http.get(f"{ORDERS}/{created.json()['orderId']}", headers=headers)).json()
        assert read["orderShippingInfo"]["additionalAddresses"] == addresses

    @pytest.mark.parametrize("order_id", ["PB0000000001", "PB", "nothing", "ORA0000000000000000001US", "PBzzzzzzzzzzz"])
    async def test_a_read_of_an_unknown_order_is_not_found(self, world: World, headers: Headers, order_id: str) -> None:
        response = await world.http.get(f"{ORDERS}/{order_id}", headers=headers)
        assert is_error(response, 404, "not_found")

    async def test_a_read_of_another_organizations_order_is_not_found(self, world: World, headers: Headers) -> None:
        order_id = (await world.http.post(ORDERS, content=SAMPLE, headers=headers)).json()["orderId"]
        response = await world.http.get(f"{ORDERS}/{order_id}", headers=await world.stranger())
        assert is_error(response, 404, "not_found")


class TestConcurrency:
    async def test_concurrent_updates_are_all_stored(self, world: World, headers: Headers) -> None:
        path = await create(world, headers, items=[{"itemId": "A", "quantity": 1}])
        bodies = [{"items": [{"itemId": f"I{each}", "quantity": 1}]} for each in range(8)]
        bodies += [{"items": [{"itemId": "A", "quantity": 5}]}, {"charges": {"gmv": 3}}, {"orderMessage": None}]
        responses = await asyncio.gather(*(world.http.patch(path, json=body, headers=headers) for body in bodies))
        assert {response.status_code for response in responses} == {200}
        info = (await world.http.get(path, headers=headers)).json()["orderInfo"]
        assert {item["itemId"]: item["quantity"] for item in info["items"]} == {"A": 5} | {
            f"I{each}": 1 for each in range(8)
        }
        assert info["charges"] == sample()["charges"] | {"gmv": 3}
        assert "orderMessage" not in info

    async def test_concurrent_updates_add_the_same_item_once(self, world: World, headers: Headers) -> None:
        path = await create(world, headers, items=[{"itemId": "A", "quantity": 1}])
        body = {"items": [{"itemId": "B", "quantity": 2}]}
        await asyncio.gather(*(world.http.patch(path, json=body, headers=headers) for _ in range(6)))
        assert [item["itemId"] for item in await read_items(world, headers, path)] == ["A", "B"]

    async def test_only_one_of_several_concurrent_deletions_succeeds(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        responses = await asyncio.gather(*(world.http.delete(path, headers=headers) for _ in range(5)))
        assert sorted(response.status_code for response in responses) == [200, 404, 404, 404, 404]

"""Reading orders through the fabric door."""

import pytest

from crossdock.doors.fabric.routes import orders
from crossdock.flows import tenants
from crossdock.store import tenants as tenant_store
from tests.doors.fabric.conftest import CONTEXT, ORDERS, SAMPLE, smallest
from tests.world import World

PB_ORDER = {
    "orderNumber": "PB-7",
    "fromAddress": {"addressLine1": "638 Manitoba Ave", "cityTown": "Winnipeg", "countryCode": "CA"},
    "toAddress": {
        "name": "Jane Q Smith", "addressLine1": "1 Main St", "cityTown": "Vancouver", "countryCode": "CA",
    },
    "items": [{"itemId": "SKU12345", "description": "Wireless mouse", "quantity": 2, "unitPrice": 25}],
}  # fmt: skip


class TestGet:
    @pytest.mark.parametrize("path", ["/api/v2/order/", "/api/v2/order", "/order/", "/order"])
    async def test_an_order_is_read_by_number_and_by_id(self, world: World, headers: dict[str, str], path: str) -> None:
        posted = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        order_id, number = posted.json()["orderId"], posted.json()["orderNumber"]
        for query in (
            {"orderNumber": number},
            {"orderId": order_id},
            {"orderId": order_id, "orderNumber": number},
            {"orderId": "", "orderNumber": number},
        ):
            read = await world.http.get(path, params=query, headers=headers)
            assert read.status_code == 200
            assert read.content == posted.content

    @pytest.mark.parametrize(
        "query",
        [
            {"orderNumber": "nope"},
            {"orderId": "62272e917b12209e68751d94"},
            {"orderId": "nope"},
            {"orderId": "0" * 24},
            {"orderNumber": "n" * 5000},
            {"orderNumber": "😀"},
        ],
    )
    async def test_an_order_that_does_not_exist_is_not_found(
        self, world: World, headers: dict[str, str], query: dict[str, str]
    ) -> None:  # fmt: skip
        answer = await world.http.get(ORDERS, params=query, headers=headers)
        assert (answer.status_code, answer.json()) == (404, {"message": "Order not found"})

    async def test_an_id_and_a_number_of_different_orders_are_refused(
        self, world: World, headers: dict[str, str]
    ) -> None:
        posted = (await world.http.post(ORDERS, content=SAMPLE, headers=headers)).json()
        query = {"orderId": posted["orderId"], "orderNumber": "other"}
        assert (await world.http.get(ORDERS, params=query, headers=headers)).status_code == 404

    async def test_a_read_without_parameters_lists_all_orders_newest_first(
        self, world: World, headers: dict[str, str]
    ) -> None:
        assert (await world.http.get(ORDERS, headers=headers)).json() == []
        posted = [
            (await world.http.post(ORDERS, json=smallest(orderNumber=str(number)), headers=headers)).json()
            for number in range(3)
        ]
        answer = await world.http.get("/api/v2/order", headers=headers)
        assert answer.json() == posted[::-1]

    async def test_the_list_ends_at_its_limit(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(orders, "MAX_ORDERS", 2)
        for number in range(3):
            await world.http.post(ORDERS, json=smallest(orderNumber=str(number)), headers=headers)
        listed = (await world.http.get(ORDERS, headers=headers)).json()
        assert [each["orderNumber"] for each in listed] == ["2", "1"]

    async def test_the_orders_of_another_organization_are_not_visible(
        self, world: World, headers: dict[str, str]
    ) -> None:
        posted = (await world.http.post(ORDERS, content=SAMPLE, headers=headers)).json()
        stranger = await world.stranger()
        async with world.context.store.reading() as tx:
            other = next(each for each in await tenant_store.organizations(tx) if each.name == "Other")
        account = "aaaaaaaaaaaaaaaaaaaaaaaa"
        await tenants.add_vendor_reference(world.context, other.organization_id, kind="fabric_account", value=account)
        theirs = stranger | {"x-site-context": f'{{"account":"{account}"}}'}
        assert (await world.http.get(ORDERS, headers=theirs)).json() == []
        for query in ({"orderId": posted["orderId"]}, {"orderNumber": posted["orderNumber"]}):
            assert (await world.http.get(ORDERS, params=query, headers=theirs)).status_code == 404
        # and the same number is free in the other organization
        assert (await world.http.post(ORDERS, content=SAMPLE, headers=theirs)).status_code == 200

    async def test_an_order_of_another_door_is_rendered_in_this_format(
        self, world: World, headers: dict[str, str]
    ) -> None:
        posted = await world.http.post(
            "/ordermanagement/api/v1/orders", json=PB_ORDER, headers=await world.bearer()
        )  # fmt: skip
        assert posted.status_code == 200
        answer = await world.http.get(ORDERS, params={"orderNumber": "PB-7"}, headers=headers)
        got = answer.json()
        assert (got["channelId"], got["statusCode"], got["statusDescription"]) == (
            "", "ORDER_CREATED", "Order created",
        )  # fmt: skip
        (item,), (info,) = got["items"], got["shipInfo"]
        assert (item["lineItemId"], item["lineItemNumber"], item["sku"], item["itemId"]) == ("1", 1, "SKU12345", "")
        assert (item["orderedQuantity"], item["itemUnitPrice"], item["title"]) == (2, 25, "Wireless mouse")
        assert item["shipToId"] == info["shipToId"] == "1"
        assert info["shipToAddress"] == {
            "name": {"first": "Jane", "middle": "Q", "last": "Smith"},
            "address1": "1 Main St",
            "city": "Vancouver",
            "country": "CAN",
        }

    async def test_a_read_without_the_site_context_is_refused(self, world: World) -> None:
        assert (await world.http.get(ORDERS, headers=await world.bearer())).status_code == 400
        assert (await world.http.get(ORDERS, headers=CONTEXT)).status_code == 401

"""The order of members in responses of the Pitney Bowes OMS door."""

import json
from typing import Any

from crossdock.doors.pb_oms import wire_read
from crossdock.doors.pb_oms.member_order import MemberOrder
from tests.doors.pb_oms.client import ORDERS, SAMPLE, Headers, create, sample, update
from tests.vendors import VENDORS
from tests.world import World

INFO = [
    "orderId", "orderNumber", "status", "orderCreateDate", "sourceFlowType", "createdBy", "customerInfo", "orderMessage",
    "items", "charges", "metadata", "tags",
]  # fmt: skip
SHIPPING_INFO = ["shippingReference", "shippingPreferences", "fromAddress", "toAddress", "additionalAddresses"]


def backward(value: Any) -> Any:
    """Reverse the order of the members of all objects."""
    if isinstance(value, dict):
        return {name: backward(value[name]) for name in reversed(value)}
    return [backward(each) for each in value] if isinstance(value, list) else value


async def read(world: World, headers: Headers, path: str) -> Any:
    return (await world.http.get(path, headers=headers)).json()


def check_order(order: Any) -> None:
    """Assert that an order has the members of the sample, at every depth in the sample's order."""
    info, shipping_info = order["orderInfo"], order["orderShippingInfo"]
    assert list(info) == INFO
    assert list(shipping_info) == SHIPPING_INFO
    for name, value in sample().items():
        if name != "orderNumber":
            assert json.dumps((info | shipping_info)[name]) == json.dumps(value), name


class TestOrderOfMembers:
    async def test_the_sample_is_read_in_its_own_order(self, world: World, headers: Headers) -> None:
        check_order(await read(world, headers, await create(world, headers)))

    async def test_a_body_in_another_order_is_read_in_the_order_of_the_sample(
        self, world: World, headers: Headers
    ) -> None:
        created = await world.http.post(ORDERS, json=backward(json.loads(SAMPLE)), headers=headers)
        check_order(await read(world, headers, f"{ORDERS}/{created.json()['orderId']}"))

    async def test_an_update_changes_the_order_of_nothing(self, world: World, headers: Headers) -> None:
        path = await create(world, headers)
        before = await read(world, headers, path)
        await update(world, headers, path, shippingReference={"reference1": "zzz"})
        after = await read(world, headers, path)
        before["orderShippingInfo"]["shippingReference"]["reference1"] = "zzz"
        assert json.dumps(after) == json.dumps(before)

    async def test_a_member_that_an_update_adds_has_its_place(self, world: World, headers: Headers) -> None:
        path = await create(world, headers, charges={"totalPaid": 7}, shippingPreferences=None)
        await update(
            world, headers, path,
            charges={"paymentType": "Cash", "currency": "EUR"}, shippingPreferences={"service": "2DA", "carrier": "UPS"},
        )  # fmt: skip
        order = await read(world, headers, path)
        assert list(order["orderInfo"]["charges"]) == ["currency", "totalPaid", "paymentType"]
        assert list(order["orderShippingInfo"]["shippingPreferences"]) == ["carrier", "service"]

    async def test_unknown_members_come_last_in_the_order_they_were_sent(self, world: World, headers: Headers) -> None:
        body = {"zeta": 1, "alpha": {"b": 1, "a": 2}} | sample(charges={"tip": 1, "gmv": 2, "fee": 3})
        created = await world.http.post(ORDERS, json=body, headers=headers)
        info = (await read(world, headers, f"{ORDERS}/{created.json()['orderId']}"))["orderInfo"]
        assert list(info)[-3:] == ["tags", "zeta", "alpha"]
        assert list(info["alpha"]) == ["b", "a"]
        assert list(info["charges"]) == ["gmv", "tip", "fee"]

    async def test_orders_of_other_doors_are_read_in_the_same_order(self, world: World, headers: Headers) -> None:
        for door, vendor in VENDORS.items():
            body, more = vendor.body("N"), vendor.headers(door)
            assert (await world.http.post(vendor.create, json=body, headers=headers | more)).status_code == vendor.ok
        partial = {
            "number": "P",
            "lines": [{"sku": "A", "quantity": 1}],
            "destinations": [{"address": {"name": "Ann"}}],
        }
        assert (await world.http.post("/hub/v1/orders", json=partial, headers=headers)).status_code == 201
        found = (await world.http.post(f"{ORDERS}/search", json={}, headers=headers)).json()["orders"]
        assert len(found) == len(VENDORS) + 1
        for order in found:
            arranged = MemberOrder(wire_read.OrderRead).arrange(backward(order))
            assert json.dumps(order) == json.dumps(arranged)

"""The order of members in responses of the Pitney Bowes OMS door."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crossdock.doors.pb_oms.responses import arrange
from tests.doors.pb_oms.client import ORDERS, SAMPLE, Headers, create, sample, update
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


class TestArrange:
    @given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner)))
    def test_arrange_loses_nothing(self, node: Any) -> None:
        assert arrange(node, {"b": {"a": None}, "a": {"b": {"a": None}}}) == node

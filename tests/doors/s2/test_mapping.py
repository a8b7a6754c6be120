"""Map orders of this door and of other doors."""

from typing import Any

import msgspec
import pytest

from crossdock.doors.s2 import wire
from crossdock.doors.s2.catalog import NO_ID, unknown_product_id
from crossdock.flows import queries
from crossdock.flows.access import Caller
from tests.doors.s2.client import ACCOUNT_ID, PRODUCT_ID, RESPONSE, Headers, sample
from tests.doors.s2.orders_of_other_doors import OTHER_DOORS_ORDER, order_of, render
from tests.world import World


class TestOrdersOfOtherDoors:
    async def test_an_order_of_another_door_has_every_member_in_the_vendors_order(self, world: World) -> None:
        document = (await render(world, order_of(OTHER_DOORS_ORDER))).document
        msgspec.convert(document, wire.Order)
        assert list(document) == list(RESPONSE)
        for name in ("organization", "account", "shippingAddress"):
            assert list(document[name]) == list(RESPONSE[name])
        assert list(document["items"][1]["product"]) == list(RESPONSE["items"][1]["product"])

    async def test_products_of_an_order_of_another_door_are_looked_up_by_sku(self, world: World) -> None:
        document = (await render(world, order_of(OTHER_DOORS_ORDER))).document
        known, unknown = (item["product"] for item in document["items"])
        assert (known["id"], known["brand"]["name"], known["unknown"]) == (PRODUCT_ID, "Sony", False)
        assert (unknown["sku"], unknown["name"], unknown["unknown"]) == ("NOT-HERE", "Something else", True)
        assert unknown["id"] == unknown_product_id(await world.demo_organization(), "NOT-HERE", "Something else")
        assert unknown["brand"]["id"] == NO_ID
        assert msgspec.json.encode(unknown["caseWeightKg"]) == b'"0.0"'

    async def test_an_order_of_another_door_has_the_values_that_s2_has_members_for(self, world: World) -> None:
        document = (await render(world, order_of(OTHER_DOORS_ORDER))).document
        assert document["channelOrderDate"] == "2026-01-31T03:00:00.120Z"
        assert document["shipByDate"] == "2026-02-01T00:00:00Z"
        assert (document["channelOrderIdAlt"], document["channelOrderIdAlt2"]) == ("PO-7", "S-8")
        assert document["channelShippingMethod"] == "Two days"
        assert document["shippingAddress"] == dict.fromkeys(RESPONSE["shippingAddress"], "") | {
            "name": "Ann", "address1": "1 Main St", "address2": "Floor 2, Door 3", "countryId": "CA",
        }  # fmt: skip
        assert document["account"]["id"] == NO_ID

    @pytest.mark.parametrize(
        ("placed", "shown"),
        [
            ("2026-01-30", "2026-01-30T00:00:00Z"),
            ("2026-01-30t10:00z", "2026-01-30T10:00:00Z"),
            ("2026-01-30T10:00+00:00", "2026-01-30T10:00:00+00:00"),
            ("2026-01-30T10:00:00.5-05:00", "2026-01-30T15:00:00.5Z"),
        ],
    )
    async def test_dates_of_an_order_of_another_door_are_complete_times_in_utc(
        self, world: World, placed: str, shown: str
    ) -> None:
        content = msgspec.structs.replace(OTHER_DOORS_ORDER, placed_at=placed, ship_by=placed, deliver_by=placed)
        document = (await render(world, order_of(content))).document
        assert [document[name] for name in ("channelOrderDate", "shipByDate", "deliverByDate")] == [shown] * 3

    async def test_an_order_of_another_door_without_a_date_has_that_of_its_receipt(self, world: World) -> None:
        content = msgspec.structs.replace(OTHER_DOORS_ORDER, placed_at=None)
        rendered = await render(world, order_of(content))
        assert rendered.document["channelOrderDate"] == rendered.document["createdAt"] == "1970-01-01T00:00:00Z"
        (value,) = [each.value for each in rendered.missing_fields if each.path == ("channelOrderDate",)]
        assert value == "1970-01-01T00:00:00Z"

    async def test_missing_fields_of_an_order_of_another_door_are_reported(self, world: World) -> None:
        rendered = await render(world, order_of(OTHER_DOORS_ORDER))

        def reached(path: tuple[str | int, ...]) -> Any:
            node: Any = rendered.document
            for step in path:
                node = node[step]
            return node

        missing_fields = {missing_field.path: missing_field.value for missing_field in rendered.missing_fields}
        assert {path: reached(path) for path in missing_fields} == missing_fields
        assert set(missing_fields) == {
            ("account", "id"), ("currencyId",), ("items", 1, "channelOrderItemId"), ("items", 1, "product", "id"),
            ("items", 1, "unitPrice"),
            *(("shippingAddress", name) for name in ("company", "city", "state", "postalCode", "phone", "email")),
        }  # fmt: skip

    async def test_dropped_fields_of_an_order_of_another_door_are_reported(self, world: World) -> None:
        dropped = set((await render(world, order_of(OTHER_DOORS_ORDER))).dropped)
        assert ("charges", 0, "amount") in dropped
        assert ("references", 2, "value") in dropped
        assert ("lines", 0, "product_ref") in dropped
        displayed = {("lines", 0, "sku"), ("lines", 0, "description"), ("lines", 1, "sku"), ("lines", 1, "description")}
        assert not dropped & displayed


class TestOwnOrders:
    async def test_an_order_has_no_unmapped_fields_before_its_first_edit(self, world: World, headers: Headers) -> None:
        document = (await world.http.post("/order", json=sample(attachments=[]), headers=headers)).json()
        caller = Caller(await world.demo_organization(), "test", frozenset({"admin"}))
        (order,) = (await queries.page(world.context, caller, queries.Filters(door="s2"), limit=1)).orders
        assert document["account"]["id"] == order.content.account_ref == ACCOUNT_ID
        assert [line.sku for line in order.content.lines] == ["test", "SKU-GREY"]
        # before the first edit, the response is rendered from the document that was sent
        assert order.content.unmapped is None
        assert [line.unmapped for line in order.content.lines] == [None, None]

"""Orders in this door's words: spellings, statuses, and orders that came through another door."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.ids import MAX_ID
from crossdock.core.json.strict_json import parse_trusted
from crossdock.core.orders.model import Address, Charge, Content, Destination, Line, Order, Reference, Shipping, Source
from crossdock.core.orders.status import Counters
from crossdock.doors import encode_json
from crossdock.doors.s2 import wire
from crossdock.doors.s2.catalog import format_id, format_time
from crossdock.doors.s2.format import FORMAT
from crossdock.doors.s2.responses import attachment_id
from crossdock.flows import queries, rendering
from crossdock.flows.access import Caller
from crossdock.flows.rendering import RenderedDocument
from tests.doors.s2.signing import ACCOUNT_ID, ANSWER, PRODUCT_ID, sample
from tests.world import World

FOREIGN = Content(
    number="A-1",
    lines=(
        Line(quantity=2, sku="test", description="Test Product", line_ref="1", product_ref="theirs",
             unit_price=Decimal("9.90")),
        Line(quantity=1, sku="NOT-HERE", description="Something else"),
    ),
    destinations=(Destination(address=Address(name="Ann", lines=("1 Main St", "Floor 2", "Door 3"), country="CA")),),
    references=(Reference("po", "PO-7"), Reference("store", "S-8"), Reference("third", "T-9")),
    placed_at="2026-01-30T22:00:00.120-05:00",
    charges=(Charge("tax", Decimal(1)),),
    shipping=Shipping(service_name="Two days"),
    ship_by="2026-02-01",
)  # fmt: skip


def order_of(content: Content, *counters: Counters) -> Order:
    return Order(
        organization_id=1, order_id=2**60, version=1, created_at=0, updated_at=0, source=Source("hub", 1, "test"),
        content=content, counters=counters or tuple(Counters(ordered=line.quantity) for line in content.lines),
    )  # fmt: skip


async def render(world: World, order: Order) -> RenderedDocument:
    caller = Caller(await world.demo_organization(), "test", frozenset())
    rendered = await rendering.render(world.context, caller, order, door="s2", losses=True)
    result = parse_trusted(encode_json(rendered.document))  # products stand in it as JSON
    return msgspec.structs.replace(rendered, document=result)


class TestForeignOrders:
    async def test_have_every_member_in_the_vendors_order(self, world: World) -> None:
        document = (await render(world, order_of(FOREIGN))).document
        msgspec.convert(document, wire.Order)
        assert list(document) == list(ANSWER)
        for name in ("organization", "account", "shippingAddress"):
            assert list(document[name]) == list(ANSWER[name])
        assert list(document["items"][1]["product"]) == list(ANSWER["items"][1]["product"])

    async def test_find_products_by_sku(self, world: World) -> None:
        document = (await render(world, order_of(FOREIGN))).document
        known, unknown = (item["product"] for item in document["items"])
        assert (known["id"], known["brand"]["name"], known["unknown"]) == (PRODUCT_ID, "Sony", False)
        assert (unknown["id"], unknown["sku"], unknown["name"]) == ("", "NOT-HERE", "Something else")
        assert unknown["unknown"] is True
        assert msgspec.json.encode(unknown["caseWeightKg"]) == b'"0.0"'

    async def test_say_what_there_is_a_place_for(self, world: World) -> None:
        document = (await render(world, order_of(FOREIGN))).document
        assert document["channelOrderDate"] == "2026-01-31T03:00:00.120Z"
        assert document["shipByDate"] == "2026-02-01T00:00:00Z"
        assert (document["channelOrderIdAlt"], document["channelOrderIdAlt2"]) == ("PO-7", "S-8")
        assert document["channelShippingMethod"] == "Two days"
        assert document["shippingAddress"] == dict.fromkeys(ANSWER["shippingAddress"], "") | {
            "name": "Ann", "address1": "1 Main St", "address2": "Floor 2, Door 3", "countryId": "CA",
        }  # fmt: skip
        assert document["account"]["id"] == ""

    async def test_name_what_they_lack(self, world: World) -> None:
        rendered = await render(world, order_of(FOREIGN))

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

    async def test_name_what_was_dropped(self, world: World) -> None:
        dropped = set((await render(world, order_of(FOREIGN))).dropped)
        assert ("charges", 0, "amount") in dropped
        assert ("references", 2, "value") in dropped
        assert ("lines", 0, "product_ref") in dropped
        displayed = {("lines", 0, "sku"), ("lines", 0, "description"), ("lines", 1, "sku"), ("lines", 1, "description")}
        assert not dropped & displayed


class TestSpelling:
    async def test_of_own_content_has_no_leftovers_yet(self, world: World, headers: dict[str, str]) -> None:
        document = (await world.http.post("/order", json=sample(attachments=[]), headers=headers)).json()
        caller = Caller(await world.demo_organization(), "test", frozenset())
        (order,) = (await queries.page(world.context, caller, queries.Filters(door="s2"), limit=1)).orders
        assert document["account"]["id"] == order.content.account_ref == ACCOUNT_ID
        assert [line.sku for line in order.content.lines] == ["test", "SKU-GREY"]
        # until somebody edits the order, it is order_response from the document that was sent
        assert order.content.unmapped is None
        assert [line.unmapped for line in order.content.lines] == [None, None]

    @pytest.mark.parametrize(
        ("us", "rendered"),
        [
            (0, "1970-01-01T00:00:00Z"),
            (1, "1970-01-01T00:00:00.000001Z"),
            (34_207_910, "1970-01-01T00:00:34.20791Z"),
            (10_000_000, "1970-01-01T00:00:10Z"),
            (10_500_000, "1970-01-01T00:00:10.5Z"),
        ],
    )
    def test_of_times_drops_zeros_at_the_end(self, us: int, rendered: str) -> None:
        assert format_time(us) == rendered


class TestStatus:
    @pytest.mark.parametrize(
        ("counters", "status", "assigned"),
        [
            ((Counters(2), Counters(1)), "UNFULFILLED", "PENDING"),
            ((Counters(2, allocated=1), Counters(1)), "UNFULFILLED", "PARTIALLY_ASSIGNED"),
            ((Counters(2, allocated=2), Counters(1, allocated=1)), "UNFULFILLED", "ASSIGNED"),
            ((Counters(2, backordered=2), Counters(1, allocated=1)), "UNFULFILLED", "PARTIALLY_ASSIGNED"),
            ((Counters(2, shipped=2), Counters(1)), "PARTIALLY_FULFILLED", "PARTIALLY_ASSIGNED"),
            ((Counters(2, shipped=2), Counters(1, allocated=1)), "PARTIALLY_FULFILLED", "ASSIGNED"),
            ((Counters(2, shipped=2), Counters(1, canceled=1)), "FULFILLED", "ASSIGNED"),
            ((Counters(2, shipped=2, delivered=2), Counters(1, shipped=1)), "FULFILLED", "ASSIGNED"),
            ((Counters(2, canceled=2), Counters(1, canceled=1)), "CANCELLED", "PENDING"),
        ],
    )
    async def test_follows_the_counters(
        self, world: World, counters: tuple[Counters, ...], status: str, assigned: str
    ) -> None:
        document = (await render(world, order_of(FOREIGN, *counters))).document
        assert (document["status"], document["assignStatus"]) == (status, assigned)


def test_the_format_is_named_as_its_door() -> None:
    assert (FORMAT.name, FORMAT.lines, FORMAT.number_path) == ("s2", "items", ("channelOrderId",))


class TestAttachmentId:
    @given(st.integers(0, MAX_ID), st.integers(0, 1000))
    def test_is_a_uuid_of_version_5_in_the_order(self, order_id: int, place: int) -> None:
        assert attachment_id(format_id(order_id), place) == str(uuid5(UUID(format_id(order_id)), f"attachment/{place}"))

"""Mapping fabric's bodies to canonical content and back, and the statuses; without a server."""

import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossdock.core.json.strict_json import parse
from crossdock.core.money import reconcile
from crossdock.core.orders import unmapped
from crossdock.core.orders.model import (
    Address,
    Charge,
    Content,
    Destination,
    Hold,
    Line,
    Order,
    Source,
    initial_counters,
)
from crossdock.core.orders.status import Counters, Status, status_of
from crossdock.doors.fabric.format import FORMAT
from crossdock.doors.fabric.responses import _STATUS, line_status, order_status
from crossdock.flows.formats import MissingFields, ReferenceData
from crossdock.store.tenants import Organization

SAMPLE = json.loads((Path(__file__).parent / "create.request.json").read_text())
REFERENCE_DATA = ReferenceData(Organization(1, "Demo", "uuid", 0, 0))


def stored_content(body: Any) -> Content | None:
    """Return the content that would be stored for a body, through the store's JSON, or None where it has faults."""
    reading = FORMAT.parse(json.dumps(body).encode())
    if reading.faults:
        return None
    content = FORMAT.to_content(reading, REFERENCE_DATA)
    rendered = FORMAT.from_content(content, REFERENCE_DATA, MissingFields())
    extracted = unmapped.extract(content, sent=reading.tree, rendered=rendered, lines="items")
    stored = msgspec.json.Encoder(decimal_format="number").encode(extracted)
    return msgspec.json.Decoder(Content, float_hook=Decimal).decode(stored)


def to_document(content: Content) -> Any:
    return unmapped.restore(
        content, rendered=FORMAT.from_content(content, REFERENCE_DATA, MissingFields()), lines="items"
    )


def paths_of(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for name, child in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, name)
        if isinstance(child, dict | list):
            yield from paths_of(child, (*path, name))


def changed(path: tuple[str | int, ...], value: Any) -> Any:
    body = deepcopy(SAMPLE)
    node = body
    for part in path[:-1]:
        node = node[part]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return body


def order_of(content: Content, *, counters: tuple[Counters, ...] | None = None, **rest: Any) -> Order:
    source = Source(rest.pop("door", "fabric"), 1, "demo")
    version = rest.pop("version", 1)
    return Order(1, 1 << 60, version, 0, 0, source, content, counters or initial_counters(content), **rest)


class TestRoundTrip:
    @pytest.mark.parametrize("value", [..., None, "", 0, {}, [], "x", [{}], {"x": "y"}, 1.50])
    def test_every_accepted_variation_of_the_sample_survives_a_round_trip(self, value: Any) -> None:
        count = 0
        for path in paths_of(SAMPLE):
            body = changed(path, value)
            content = stored_content(body)
            if content is not None:
                count += 1
                parsed = FORMAT.parse(json.dumps(body).encode())  # with numbers as text where text belongs
                assert unmapped.same_spelling(to_document(content), parsed.tree), path
        assert count >= 5

    def test_a_rendered_document_maps_back_to_the_same_content(self) -> None:
        content = stored_content(SAMPLE)
        assert content is not None
        plain = msgspec.structs.replace(
            content,
            unmapped=None,
            lines=tuple(msgspec.structs.replace(line, unmapped=None) for line in content.lines),
        )
        rendered = FORMAT.from_content(plain, REFERENCE_DATA, MissingFields())
        assert FORMAT.to_content(FORMAT.parse_rendered(rendered), REFERENCE_DATA) == plain

    def test_the_totals_of_the_sample_differ_in_one_line_only(self) -> None:
        content = stored_content(SAMPLE)
        assert content is not None
        differing = [(each.component, each.line) for each in reconcile(content).components if each.difference]
        assert differing == [("items", 0)]  # 2 x 61.72 is 123.44, stated 123.45


class TestCanonicalFields:
    def test_fields_are_mapped_to_their_canonical_places(self) -> None:
        content = stored_content(SAMPLE)
        assert content is not None
        assert (content.number, content.channel, content.placed_at, content.currency, content.notes) == (
            "309019176", "12", "2022-05-12T09:30:31.198Z", "USD", "customer called",
        )  # fmt: skip
        assert content.customer is not None
        assert (content.customer.name, content.customer.email, content.customer.phone) == (
            "John Q Doe", "john.doe@example.com", "2065550100",
        )  # fmt: skip
        (destination,), (line,) = content.destinations, content.lines
        assert destination.address == content.bill_to == Address(
            name="John Q Doe", lines=("123 Pine Street", "Suite 4"), city="Seattle", region="WA", postal_code="98101",
            country="US", phone="2065550100", email="john.doe@example.com", residential=True,
        )  # fmt: skip
        where = (destination.destination_ref, destination.location_ref, destination.method, destination.instructions)
        assert where == (
            "ship-1", "123", "GROUND", "Leave at the door",
        )  # fmt: skip
        assert (line.sku, line.line_ref, line.product_ref, line.quantity, line.unit_price) == (
            "SKU-RED-M", "1", "20000000", 2, Decimal("61.72"),
        )  # fmt: skip
        assert content.charges == (
            Charge("fee", Decimal("12.34"), "shipping"),
            Charge("discount", Decimal("1.23"), "HNY2022"),
        )

    @pytest.mark.parametrize(("sent", "expected"), [("USA", "US"), ("US", "US"), ("GBR", "GB"), ("", None)])
    def test_a_country_code_is_mapped_to_alpha_2(self, sent: str, expected: str | None) -> None:
        body = changed(("shipInfo", 0, "shipToAddress", "country"), sent)
        content = stored_content(body)
        assert content is not None
        assert content.destinations[0].address is not None
        assert content.destinations[0].address.country == expected
        assert unmapped.same_spelling(to_document(content), parse(json.dumps(body).encode()))


class TestMissingFields:
    def test_missing_fields_are_reported_with_their_paths(self) -> None:
        content = Content("N", (Line(3), Line(1)), destinations=(Destination(address=Address(city="Rome")),))
        missing_fields = MissingFields()
        document = FORMAT.from_content(content, REFERENCE_DATA, missing_fields)
        missing = {missing_field.path: missing_field.value for missing_field in missing_fields.fields}
        assert missing == {
            ("channelId",): "",
            ("items", 0, "lineItemId"): "1", ("items", 0, "lineItemNumber"): 1, ("items", 0, "itemId"): "",
            ("items", 0, "sku"): "", ("items", 0, "shipToId"): "1",
            ("items", 1, "lineItemId"): "2", ("items", 1, "lineItemNumber"): 2, ("items", 1, "itemId"): "",
            ("items", 1, "sku"): "", ("items", 1, "shipToId"): "1",
            ("shipInfo", 0, "shipToId"): "1", ("shipInfo", 0, "shipToAddress", "address1"): "",
        }  # fmt: skip
        answer = FORMAT.to_response(document, order_of(content, door="s2"), REFERENCE_DATA)
        for path, value in missing.items():
            node: Any = answer
            for part in path:
                node = node[part]
            assert node == value

    def test_an_order_without_destinations_is_rendered_with_one(self) -> None:
        document = FORMAT.from_content(Content("N", (Line(1),)), REFERENCE_DATA, MissingFields())
        assert document["shipInfo"] == [{"shipToId": "1"}]


def state(line: Counters, *, held: str | None = None) -> Order:
    holds = (Hold(held, 0),) if held else ()
    return order_of(Content("N", (Line(4),)), counters=(line,), version=2, holds=holds)


class TestStatus:
    @pytest.mark.parametrize(
        ("line", "code", "of_line"),
        [
            (Counters(4), "ORDER_CREATED", "ORDER_LINE_VALID"),
            (Counters(4, canceled=1), "ORDER_PARTIALLY_CANCELLED", "PARTIALLY_CANCELLED"),
            (Counters(4, canceled=4), "ORDER_CANCELLED", "CANCELLED"),
            (Counters(4, allocated=1), "ORDER_PARTIALLY_ALLOCATED", "PARTIALLY_ALLOCATED"),
            (Counters(4, allocated=4), "ORDER_ALLOCATED", "ALLOCATED"),
            (Counters(4, shipped=1), "ORDER_PARTIALLY_SHIPPED", "PARTIALLY_SHIPPED"),
            (Counters(4, shipped=4), "ORDER_SHIPPED", "SHIPPED"),
            (Counters(4, shipped=4, delivered=1), "ORDER_PARTIALLY_DELIVERED", "PARTIALLY_DELIVERED"),
            (Counters(4, shipped=4, delivered=4), "ORDER_DELIVERED", "DELIVERED"),
            (Counters(4, shipped=4, delivered=4, return_requested=2), "ORDER_DELIVERED", "PENDING_RETURN"),
            (Counters(4, shipped=4, return_requested=2, returned=1), "ORDER_PARTIALLY_RETURNED", "PARTIAL_RETURN"),
            (Counters(4, shipped=4, return_requested=4, returned=4), "ORDER_RETURNED", "RETURN"),
        ],
    )
    def test_status_codes_follow_the_counters(self, line: Counters, code: str, of_line: str) -> None:
        assert line.is_sound()
        assert order_status(state(line)) == code
        assert line_status(line) == of_line

    @pytest.mark.parametrize(
        ("reason", "code"),
        [
            ("ORDER_HOLD_FRAUD", "ORDER_HOLD_FRAUD"),
            ("fraud check", "ORDER_HOLD_FRAUD"),
            ("cross-border", "ORDER_HOLD_CROSSBORDER"),
            ("revalidation", "ORDER_HOLD_REVALIDATION"),
            ("address", "ORDER_HOLD_CSR"),
        ],
    )
    def test_the_code_of_a_hold_follows_its_reason(self, reason: str, code: str) -> None:
        assert order_status(state(Counters(4), held=reason)) == code

    def test_every_status_has_a_code(self) -> None:
        assert set(_STATUS) == set(Status)
        assert status_of([Counters(4)], held=True) is Status.ON_HOLD

    def test_the_derived_status_replaces_the_sent_one_after_the_first_change(self) -> None:
        content = stored_content(SAMPLE)
        assert content is not None
        before = FORMAT.to_response(to_document(content), order_of(content), REFERENCE_DATA)
        after = FORMAT.to_response(
            to_document(content), order_of(content, version=2, counters=(Counters(2, shipped=2),)), REFERENCE_DATA
        )  # fmt: skip
        assert (before["statusCode"], before["statusDescription"]) == ("ORDER_CREATED", "Order created")
        assert (after["version"], after["statusCode"], after["statusDescription"]) == (
            1, "ORDER_SHIPPED", "Order shipped",
        )  # fmt: skip
        assert after["items"][0]["shippedQuantity"] == 2

    def test_rendering_does_not_change_the_document(self) -> None:
        content = stored_content(SAMPLE)
        assert content is not None
        document = to_document(content)
        copy = deepcopy(document)
        FORMAT.to_response(document, order_of(content), REFERENCE_DATA)
        assert document == copy
        assert to_document(content) == copy

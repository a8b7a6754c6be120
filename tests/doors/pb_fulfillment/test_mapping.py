"""The words of the Pitney Bowes Fulfillment door, without a server."""

import json
import re
import subprocess
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.json.strict_json import parse
from crossdock.core.orders import unmapped
from crossdock.core.orders.model import Content, Destination, Hold, Line, Order, Source, initial_counters
from crossdock.core.orders.status import Status
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment.demo import curl
from crossdock.doors.pb_fulfillment.mapping import FORMAT, PbFulfillmentFormat
from crossdock.doors.pb_fulfillment.responses import STATUS, read_id, spell_id, status_part
from crossdock.flows.formats import MissingFields, ReferenceData
from crossdock.store.tenants import Organization
from tests.doors.pb_fulfillment.desk import SAMPLE

FOUND = ReferenceData(Organization(1, "Demo", "", 0, 0))


def order(*, holds: tuple[Hold, ...] = (), **counts: int) -> Order:
    door = PbFulfillmentFormat(frozenset({"1234"}))
    content = door.to_content(door.parse(SAMPLE), FOUND)
    counters = tuple(msgspec.structs.replace(each, **counts) for each in initial_counters(content))
    return Order(
        organization_id=1, order_id=2**62, version=1, created_at=0, updated_at=0,
        source=Source("pb_fulfillment", 1, "demo"), content=content, counters=counters, holds=holds,
    )  # fmt: skip


def told(one: Order) -> dict[str, object]:
    return FORMAT.to_response(FORMAT.from_content(one.content, FOUND, MissingFields()), one, FOUND)


class TestStatus:
    def test_has_a_word_for_every_summary(self) -> None:
        assert set(STATUS) == set(Status)

    @pytest.mark.parametrize(
        ("counts", "word"),
        [
            ({}, "RECEIVED"), ({"allocated": 3}, "RECEIVED"), ({"allocated": 5}, "RELEASED"),
            ({"shipped": 2}, "PARTIALLYSHIPPED"), ({"shipped": 5}, "SHIPPED"),
            ({"shipped": 5, "delivered": 5}, "DELIVERED"), ({"canceled": 5}, "CANCELED"),
        ],
    )  # fmt: skip
    def test_follows_the_counters_and_not_the_hold(self, counts: dict[str, int], word: str) -> None:
        for holds in ((), (Hold("FRAUD", 0), Hold("ADDRESS", 0))):
            answer = told(order(holds=holds, **counts))
            assert answer["status"] == word
            assert answer["isOnHold"] is bool(holds)
            assert answer.get("holdReason") == (["FRAUD", "ADDRESS"] if holds else None)
            if holds:
                assert list(answer)[-4:] == ["isGift", "status", "isOnHold", "holdReason"]
                assert list(status_part(answer))[4:7] == ["status", "isOnHold", "holdReason"]


class TestId:
    def test_ends_in_us_where_no_country_is_known(self) -> None:
        assert spell_id(order()) == f"ORA{2**62}US"

    @pytest.mark.parametrize("suffix", ["US", "CA", "zz"])
    def test_is_read_whatever_country_it_ends_in(self, suffix: str) -> None:
        assert read_id(f"ORA{2**62}{suffix}") == 2**62

    @pytest.mark.parametrize(
        "text",
        [
            "", "ORA", f"ORA{2**62}", f"ORA{2**62}U1", f"ORA{2**62}USA", f"PB{2**62}US", f"ORA{2**62}US\n",
            f"ORA{chr(0x0664) * 19}US", f"ORA{'9' * 19}US",
        ],
    )  # fmt: skip
    def test_is_none_where_it_cannot_be_one(self, text: str) -> None:
        assert read_id(text) is None


class TestSpelling:
    def test_returns_to_the_same_content(self) -> None:
        content = order().content
        rendered = FORMAT.from_content(content, FOUND, MissingFields())
        assert FORMAT.to_content(FORMAT.parse_rendered(rendered), FOUND) == content

    def test_names_what_an_order_of_another_door_lacks(self) -> None:
        content = Content(number="A", lines=(Line(1), Line(2, sku="S", line_ref="7"), Line(3, line_ref="x")))
        missing_fields = MissingFields()
        rendered = FORMAT.from_content(content, FOUND, missing_fields)
        assert {missing_field.path for missing_field in missing_fields.fields} == {
            ("clientId",), ("createDate",), ("inputShippingDetails", "carrier"), ("orderLines", 0, "lineId"),
            ("orderLines", 0, "sku"), ("orderLines", 2, "lineId"), ("orderLines", 2, "sku"),
            ("toAddress", "addressLines"), ("toAddress", "cityTown"), ("toAddress", "countryCode"),
        }  # fmt: skip
        assert [line["lineId"] for line in rendered["orderLines"]] == [1, 7, 3]
        returned = FORMAT.to_content(FORMAT.parse_rendered(rendered), FOUND)
        assert (returned.account_ref, returned.placed_at, returned.lines[0].sku) == (None, None, None)
        assert returned.destinations == (Destination(address=returned.destinations[0].address),)

    @pytest.mark.parametrize("sent", ["1e1", "1E+2", "-0", "0.10", "1e-7", "100000000000000000000"])
    def test_points_numbers_exactly(self, sent: str) -> None:
        body = re.sub(rb'"unitPrice": 10', b'"unitPrice": ' + sent.encode(), SAMPLE)
        tree = parse(body)
        one = order()
        line = FORMAT.to_response(tree, one, FOUND)["orderLines"][0]
        number = json.loads(encode_json(line), parse_float=str, parse_int=str)["unitPrice"]
        assert float(number) == float(sent)
        assert "." in number or "E-" in number

    def test_leaves_the_document_it_was_given_alone(self) -> None:
        tree = parse(SAMPLE)
        FORMAT.to_response(tree, order(), FOUND)
        assert tree == parse(SAMPLE)


class TestCurl:
    def test_is_one_line_a_shell_takes(self) -> None:
        line = curl("http://127.0.0.1:8000")
        assert "\n" not in line
        subprocess.run(["sh", "-n", "-c", line], check=True)

    def test_sends_an_order_without_faults(self) -> None:
        body = curl("").split(" -d '")[1].removesuffix("'")
        assert PbFulfillmentFormat(frozenset({"1234"})).read(body.encode()).faults == ()


FULL = json.loads(SAMPLE) | {
    "brand": "B", "references": [{"name": "PO", "values": "7"}, {"name": "SO", "values": "8"}],
    "salesChannel": {"a": 1},
    "updateDate": "2022-02-07T01:20:00Z", "isGift": True, "giftMessageText": "Enjoy", "valueAddedServices": [{"a": 1}],
    "customsInfo": {"customsDeclaredValue": 7, "importerCustomsReference": "I", "importerCustomsReferenceType": "T"},
    "internalNotes": "fragile", "dropShipInfo": {"companyName": "C", "address": "1 Road"}, "status": "SHIPPED",
    "loyaltyPoints": 12,
}  # fmt: skip
FULL["toAddress"] = FULL["toAddress"] | {"addressLines": ["1 Road", "", "Door 3"], "residential": True}


def ways(node: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for step, child in inner for found in ((*way, step), *ways(child, (*way, step)))]


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Give the full body with some of its members left out or made something else."""
    body = json.loads(json.dumps(FULL))
    for *way, last in draw(st.lists(st.sampled_from(ways(FULL)), max_size=6)):
        place = body
        try:
            for step in way:
                place = place[step]
            if draw(st.booleans()) and isinstance(place, dict):
                del place[last]
            else:
                place[last] = draw(st.sampled_from([None, "", "x", 0, 3, 2.50, True, [], {}, [""], [{}], {"x": 1}]))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return body


class TestAnyBody:
    @given(bodies())
    def test_is_refused_or_answered_whole(self, body: dict[str, Any]) -> None:
        door = PbFulfillmentFormat(frozenset({"1234"}))
        reading = door.parse(json.dumps(body).encode())
        if reading.faults:
            return
        content = door.to_content(reading, FOUND)
        assert (
            door.to_content(door.parse_rendered(door.from_content(content, FOUND, MissingFields())), FOUND) == content
        )
        kept = unmapped.extract(
            content, sent=reading.tree, rendered=door.from_content(content, FOUND, MissingFields()), lines=door.lines
        )
        one = msgspec.structs.replace(order(), content=kept, counters=initial_counters(kept))
        respelled = unmapped.restore(kept, rendered=door.from_content(kept, FOUND, MissingFields()), lines=door.lines)
        assert respelled == reading.tree
        told = door.to_response(respelled, one, FOUND)
        # create answers from what was sent and a read from what was kept: they must not differ
        assert encode_json(told) == encode_json(door.to_response(reading.tree, one, FOUND))
        assert list(told)[-3:] == ["isGift", "status", "isOnHold"]
        assert {name for name, value in body.items() if value is not None} <= set(told)

"""Rendering orders as responses of the Pitney Bowes Fulfillment door."""

import json
import re

import pytest

from crossdock.core.json.strict_json import parse
from crossdock.core.orders.model import Hold
from crossdock.core.orders.status import Status
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment.format import FORMAT
from crossdock.doors.pb_fulfillment.responses import STATUS, format_order_id, parse_order_id, status_response
from tests.doors.pb_fulfillment.client import SAMPLE
from tests.doors.pb_fulfillment.documents import REFERENCE_DATA, make_order, render


class TestStatus:
    def test_every_canonical_status_has_a_vendor_status(self) -> None:
        assert set(STATUS) == set(Status)

    @pytest.mark.parametrize(
        ("counts", "status"),
        [
            ({}, "RECEIVED"), ({"allocated": 3}, "RECEIVED"), ({"allocated": 5}, "RELEASED"),
            ({"shipped": 2}, "PARTIALLYSHIPPED"), ({"shipped": 5}, "SHIPPED"),
            ({"shipped": 5, "delivered": 5}, "DELIVERED"), ({"canceled": 5}, "CANCELED"),
        ],
    )  # fmt: skip
    def test_the_status_depends_on_the_counters_and_not_on_holds(self, counts: dict[str, int], status: str) -> None:
        for holds in ((), (Hold("FRAUD", 0), Hold("ADDRESS", 0))):
            response = render(make_order(holds=holds, **counts))
            assert response["status"] == status
            assert response["isOnHold"] is bool(holds)
            assert response.get("holdReason") == (["FRAUD", "ADDRESS"] if holds else None)
            if holds:
                assert list(response)[-4:] == ["isGift", "status", "isOnHold", "holdReason"]
                assert list(status_response(response))[4:7] == ["status", "isOnHold", "holdReason"]


class TestId:
    def test_an_order_id_ends_in_us_if_no_country_is_known(self) -> None:
        assert format_order_id(make_order()) == f"ORA{2**62}US"

    @pytest.mark.parametrize("suffix", ["US", "CA", "zz"])
    def test_an_order_id_is_parsed_with_any_country(self, suffix: str) -> None:
        assert parse_order_id(f"ORA{2**62}{suffix}") == 2**62

    @pytest.mark.parametrize(
        "text",
        [
            "", "ORA", f"ORA{2**62}", f"ORA{2**62}U1", f"ORA{2**62}USA", f"PB{2**62}US", f"ORA{2**62}US\n",
            f"ORA{chr(0x0664) * 19}US", f"ORA{'9' * 19}US",
        ],
    )  # fmt: skip
    def test_an_invalid_order_id_is_parsed_as_none(self, text: str) -> None:
        assert parse_order_id(text) is None


class TestResponse:
    @pytest.mark.parametrize("sent", ["1e1", "1E+2", "-0", "0.10", "1e-7", "100000000000000000000"])
    def test_amounts_get_a_decimal_point_exactly(self, sent: str) -> None:
        body = re.sub(rb'"unitPrice": 10', b'"unitPrice": ' + sent.encode(), SAMPLE)
        tree = parse(body)
        one = make_order()
        line = FORMAT.to_response(tree, one, REFERENCE_DATA)["orderLines"][0]
        number = json.loads(encode_json(line), parse_float=str, parse_int=str)["unitPrice"]
        assert float(number) == float(sent)
        assert "." in number or "E-" in number

    def test_rendering_a_response_does_not_change_the_document(self) -> None:
        tree = parse(SAMPLE)
        FORMAT.to_response(tree, make_order(), REFERENCE_DATA)
        assert tree == parse(SAMPLE)

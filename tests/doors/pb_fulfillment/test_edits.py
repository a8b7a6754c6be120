"""What an update of the Pitney Bowes Fulfillment door does to a document."""

import json
from typing import Any

import pytest
from hypothesis import given

from crossdock.core.errors import Invalid
from crossdock.core.json.strict_json import parse, parse_trusted
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment import edits
from crossdock.doors.pb_fulfillment.format import PbFulfillmentFormat
from tests.doors.pb_fulfillment.client import CLIENT_ID, sample
from tests.doors.pb_fulfillment.documents import REFERENCE_DATA, bodies, make_order
from tests.slowness import processor_time_below

FORMAT = PbFulfillmentFormat(frozenset({CLIENT_ID}))


class TestEdit:
    @given(bodies())
    def test_a_response_that_is_sent_back_changes_nothing(self, body: dict[str, Any]) -> None:
        parsed = FORMAT.parse(json.dumps(body).encode())
        if parsed.faults:
            return
        response = parse(encode_json(FORMAT.to_response(parsed.tree, make_order(), REFERENCE_DATA)))
        assert edits.keep_unchanged(parsed.tree, response, make_order()) == parsed.tree
        # an order that nobody has edited has the document that was sent
        sent = parse_trusted(json.dumps(body).encode())
        assert edits.keep_unchanged(sent, response, make_order()) == sent

    @given(bodies(), bodies())
    def test_an_edited_document_has_the_response_of_the_document_sent(
        self, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        first, second = (FORMAT.parse(json.dumps(body).encode()) for body in (before, after))
        if first.faults or second.faults:
            return
        edited = edits.keep_unchanged(first.tree, second.tree, make_order())
        response, expected = (
            FORMAT.to_response(document, make_order(), REFERENCE_DATA) for document in (edited, second.tree)
        )
        assert json.loads(encode_json(response)) == json.loads(encode_json(expected))

    def test_two_lines_with_the_same_line_id_are_matched_in_order(self) -> None:
        lines = [{"lineId": 1, "sku": "A", "orderedQuantity": 1, "unitPrice": 1},
                 {"lineId": 1, "sku": "B", "orderedQuantity": 1, "unitPrice": 2}]  # fmt: skip
        sent = {"clientId": CLIENT_ID, "clientOrderId": "N", "orderLines": [
            {"lineId": 1, "orderedQuantity": 4}, {"lineId": 1, "orderedQuantity": 5}]}  # fmt: skip
        order = make_order()
        edit = edits.change_items(order, json.dumps(sent).encode(), FORMAT)
        edited = edit.change(sample(clientOrderId="N", orderLines=lines), order)["orderLines"]
        assert [(line["sku"], line["orderedQuantity"], line["unitPrice"]) for line in edited] == [
            ("A", 4, 1), ("B", 5, 2)]  # fmt: skip

    @pytest.mark.parametrize("same_id", [False, True])
    def test_an_edit_of_many_lines_takes_time_in_proportion_to_their_number(self, same_id: bool) -> None:
        """With the square of their number, 9,000 lines took seconds, in which the server answered nobody."""
        lines = [
            {"lineId": 1 if same_id else n, "sku": f"S{n}", "orderedQuantity": 9, "unitPrice": 1} for n in range(9000)
        ]
        before, order = sample(orderLines=lines), make_order()
        sent = json.dumps(sample(orderLines=lines[::-1])).encode()
        for make_edit in (edits.replace_order, edits.change_items):
            with processor_time_below(1):
                after = make_edit(order, sent, FORMAT).change(before, order)
            assert len(after["orderLines"]) == 9000

    @pytest.mark.parametrize("sent", [b"[]", b"5", b'"x"', b"null", b'{"orderLines":[[]]}', b'{"orderLines":{}}'])
    def test_an_edit_refuses_a_body_of_the_wrong_type(self, sent: bytes) -> None:
        order = make_order()
        for make_edit in (edits.replace_order, edits.change_items):
            with pytest.raises(Invalid):
                make_edit(order, sent, FORMAT).change(sample(), order)

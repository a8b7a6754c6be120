"""The document format of the Pitney Bowes Fulfillment door, for any body."""

import json
from typing import Any

import msgspec
from hypothesis import given

from crossdock.core.json import strict_json
from crossdock.core.orders import unmapped
from crossdock.core.orders.model import initial_counters
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment.format import PbFulfillmentFormat
from crossdock.doors.pb_fulfillment.wire_answers import Order
from crossdock.flows.formats import MissingFields
from tests.doors.pb_fulfillment.documents import REFERENCE_DATA, bodies, make_order


class TestAnyBody:
    @given(bodies())
    def test_any_body_is_refused_or_returned_whole(self, body: dict[str, Any]) -> None:
        format = PbFulfillmentFormat(frozenset({"1234"}))
        parsed = format.parse(json.dumps(body).encode())
        if parsed.faults:
            return
        content = format.to_content(parsed, REFERENCE_DATA)
        rendered = format.from_content(content, REFERENCE_DATA, MissingFields())
        assert format.to_content(format.parse_rendered(rendered), REFERENCE_DATA) == content
        rendered = format.from_content(content, REFERENCE_DATA, MissingFields())
        stored = unmapped.extract(content, sent=parsed.tree, rendered=rendered, lines=format.lines)
        order = msgspec.structs.replace(make_order(), content=stored, counters=initial_counters(stored))
        rendered = format.from_content(stored, REFERENCE_DATA, MissingFields())
        restored = unmapped.restore(stored, rendered=rendered, lines=format.lines)
        assert restored == parsed.tree
        response = format.to_response(restored, order, REFERENCE_DATA)
        # create renders the body, a read the stored content: the responses must not differ
        assert encode_json(response) == encode_json(format.to_response(parsed.tree, order, REFERENCE_DATA))
        # an order that nobody has edited is rendered from the bytes that were sent
        sent = strict_json.parse_trusted(json.dumps(body).encode())
        assert encode_json(response) == encode_json(format.to_response(sent, order, REFERENCE_DATA))
        members = [name for name in Order.__struct_encode_fields__ if name in response]
        assert list(response)[: len(members)] == members
        assert {name for name, value in body.items() if value is not None} <= set(response)

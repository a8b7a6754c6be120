"""The hub's document format; see flows.formats.Format."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict, astuple

from crossdock.core.errors import Path
from crossdock.core.events import Event
from crossdock.core.json.request_body import EntityReference, ParsedBody, parse_body
from crossdock.core.json.validation import unchecked
from crossdock.core.money import reconcile
from crossdock.core.orders.model import Content, Order
from crossdock.doors import encode_json
from crossdock.doors.hub import wire
from crossdock.doors.hub.mapping import (
    ANSWERED,
    COUNTERS_RESPONSE,
    DECODER,
    ENCODER,
    HEAD,
    LINE_RESPONSE,
    RESPONSE,
    line_rules,
    order_head,
    order_parts,
    reconciliation,
)
from crossdock.flows.formats import Format, MissingFields, ReferenceData

Tree = Any


class HubFormat(Format):
    """The document of the hub's own API; see flows.formats.Format."""

    name = "hub"
    lines = "lines"
    number_path: Path = ("number",)

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format."""
        return parse_body(raw, wire.OrderCreate, line_rules, natural=lambda sent: (sent.number,))

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """See Format."""
        return ParsedBody(document, unchecked(document, wire.OrderCreate))

    def to_content(self, reading: ParsedBody, reference_data: ReferenceData) -> Content:
        """See Format."""
        return msgspec.convert(reading.shape, Content, from_attributes=True)

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """See Format."""
        return ()

    def from_content(
        self, content: Content, reference_data: ReferenceData, missing_fields: MissingFields
    ) -> dict[str, Tree]:
        """See Format; nothing is required that an order cannot lack."""
        document: dict[str, Tree] = DECODER.decode(ENCODER.encode(content))  # quicker than taking it apart here
        document.pop("leftovers", None)
        for line in document["lines"]:
            line.pop("leftovers", None)
        return document

    def to_response(
        self, document: dict[str, Tree], order: Order, reference_data: ReferenceData, history: Sequence[Event] = ()
    ) -> dict[str, Tree]:
        """See Format."""
        answer = dict(zip(HEAD, order_head(order), strict=True))
        answer |= {name: value for name, value in document.items() if name not in ANSWERED}
        answer["lines"] = [
            line | {"counters": asdict(counters)}
            for line, counters in zip(answer["lines"], order.counters, strict=True)
        ]
        answer["reconciliation"] = reconciliation(order.content)
        answer |= order_parts(order)
        return answer

    def render_foreign(self, order: Order, reference_data: ReferenceData) -> bytes:
        """See Format; as `answer` of what `spell` gives, without taking the content apart."""
        lines = [
            LINE_RESPONSE(*astuple(line)[:-1], COUNTERS_RESPONSE(*astuple(counters)))
            for line, counters in zip(order.content.lines, order.counters, strict=True)
        ]
        number, _, *others = astuple(order.content)[:-1]
        response = RESPONSE(*order_head(order), number, lines, *others, reconcile(order.content), **order_parts(order))
        return ENCODER.encode(response)

    def create_response(self, document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> bytes:
        """See Format."""
        return encode_json(self.to_response(document, order, reference_data))


FORMAT = HubFormat()

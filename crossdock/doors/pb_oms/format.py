"""Pitney Bowes OMS's document format; see flows.formats.Format."""

from collections.abc import Sequence
from typing import Any

from crossdock.core.errors import Path
from crossdock.core.events import Event
from crossdock.core.json.request_body import EntityReference, ParsedBody, parse_body
from crossdock.core.json.validation import unchecked
from crossdock.core.orders.model import Content, Order
from crossdock.doors import encode_json
from crossdock.doors.pb_oms import wire
from crossdock.doors.pb_oms.mapping import from_content, is_deleted, item_rules, product_references, to_content
from crossdock.doors.pb_oms.responses import created_response, order_response
from crossdock.flows.formats import Format, MissingFields, ReferenceData

Tree = Any


class PbOmsFormat(Format):
    """The document of this door; see flows.formats.Format."""

    name = "pb_oms"
    lines = "items"
    number_path: Path = ("orderNumber",)
    hides_orders = True

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format."""
        return parse_body(
            raw, wire.OrderCreate, item_rules, natural=lambda body: (body.orderNumber,), references=product_references
        )

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """See Format."""
        return ParsedBody(document, unchecked(document, wire.OrderCreate), references=product_references(document))

    def to_content(self, body: ParsedBody, reference_data: ReferenceData) -> Content:
        """See Format."""
        return to_content(body.shape, reference_data)

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """See Format; an order holds the properties of its customs products, so rendering it needs no entry."""
        return ()

    def from_content(
        self, content: Content, reference_data: ReferenceData, missing_fields: MissingFields
    ) -> dict[str, Tree]:
        """See Format."""
        return from_content(content, missing_fields)

    def to_response(
        self, document: dict[str, Tree], order: Order, reference_data: ReferenceData, history: Sequence[Event] = ()
    ) -> dict[str, Tree]:
        """See Format."""
        return order_response(document, order)

    def create_response(self, document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> bytes:
        """See Format; the vendor does not return the order."""
        return encode_json(created_response(order))

    def is_visible(self, order: Order) -> bool:
        """See Format; an order that was deleted through this door is hidden from it."""
        return not is_deleted(order)


FORMAT = PbOmsFormat()

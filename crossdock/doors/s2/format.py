"""Ventmere S2's document format: `FORMAT`, through which the flows parse and render orders."""

from collections.abc import Sequence
from typing import Any

from crossdock.core.errors import Path
from crossdock.core.events import Event
from crossdock.core.json.request_body import EntityReference, ParsedBody, parse_body
from crossdock.core.json.validation import unchecked
from crossdock.core.orders.model import Content, Order
from crossdock.doors import encode_json
from crossdock.doors.s2 import fulfillments, wire
from crossdock.doors.s2.catalog import ACCOUNT, PRODUCT, PRODUCT_BY_SKU, format_id, warehouse_of
from crossdock.doors.s2.mapping import from_content, references_in, to_content, unique_items_rule
from crossdock.doors.s2.responses import order_response
from crossdock.flows.formats import NO_PLACEMENT, Format, MissingFields, Placement, ReferenceData

Tree = Any


class S2Format(Format):
    """The document format of this door."""

    name = "s2"
    personal_kinds = (fulfillments.KIND,)
    lines = "items"
    number_path: Path = ("channelOrderId",)

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format; an order number is unique within its sales account."""
        return parse_body(
            raw,
            wire.OrderCreate,
            unique_items_rule,
            natural=lambda body: (body.accountId.lower(), body.channelOrderId),
            references=references_in,
        )

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """See Format."""
        return ParsedBody(document, unchecked(document, wire.OrderCreate), references=references_in(document))

    def to_content(self, body: ParsedBody, reference_data: ReferenceData) -> Content:
        """See Format."""
        return to_content(body, reference_data)

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """See Format; products of an order of another door are looked up by SKU."""
        references = []
        is_own = wire.is_uuid(content.account_ref or "")
        if content.account_ref and is_own:
            references.append(EntityReference(ACCOUNT, content.account_ref, ()))
        for line in content.lines:
            if line.product_ref and wire.is_uuid(line.product_ref):
                references.append(EntityReference(PRODUCT, line.product_ref, ()))
            if line.sku and not is_own:
                references.append(EntityReference(PRODUCT_BY_SKU, line.sku, ()))
        return tuple(references)

    def from_content(
        self, content: Content, reference_data: ReferenceData, missing_fields: MissingFields
    ) -> dict[str, Tree]:
        """See Format."""
        return from_content(content, reference_data, missing_fields)

    def to_response(
        self, document: dict[str, Tree], order: Order, reference_data: ReferenceData, history: Sequence[Event] = ()
    ) -> dict[str, Tree]:
        """See Format."""
        return order_response(document, order, reference_data)

    def create_response(self, document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> bytes:
        """See Format; the response to create is the whole order."""
        return encode_json(order_response(document, order, reference_data))

    def placement(self, document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> Placement:
        """See Format; an account may name a warehouse that its new orders are assigned to, with a fulfillment."""
        account = reference_data.entries.get((ACCOUNT, order.content.account_ref or ""))
        warehouse = warehouse_of(account) if account else None
        return Placement(location_ref=warehouse, fulfills=True) if warehouse else NO_PLACEMENT

    def documents_of(self, order: Order, history: Sequence[Event]) -> Sequence[tuple[str, str]]:
        """See Format."""
        return [(fulfillments.KIND, format_id(each.fulfillment_id)) for each in order.fulfillments]

    def erase_document(self, kind: str, document: bytes) -> bytes | None:
        """See Format."""
        return fulfillments.erase_stored(document)


FORMAT = S2Format()

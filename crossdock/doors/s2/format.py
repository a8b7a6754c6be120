"""S2's document format; see flows.formats.Format."""

from collections.abc import Sequence
from typing import Any

from crossdock.core.errors import Path
from crossdock.core.events import Event
from crossdock.core.json.request_body import EntityReference, ParsedBody, parse_body
from crossdock.core.json.validation import unchecked
from crossdock.core.orders.model import Content, Order
from crossdock.doors import encode_json
from crossdock.doors.s2 import wire
from crossdock.doors.s2.catalog import ACCOUNT, PRODUCT, PRODUCT_BY_SKU, warehouse_of
from crossdock.doors.s2.mapping import from_content, named_references, to_content, unique_items_rule
from crossdock.doors.s2.responses import answered
from crossdock.flows.formats import NO_PLACEMENT, Format, MissingFields, Placement, ReferenceData

Tree = Any


class S2Format(Format):
    """The document of this door; see flows.book.Format."""

    name = "s2"
    lines = "items"
    number_path: Path = ("channelOrderId",)

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format; an order number is unique within its sales account."""
        return parse_body(
            raw,
            wire.OrderCreate,
            unique_items_rule,
            natural=lambda sent: (sent.accountId.lower(), sent.channelOrderId),
            references=named_references,
        )

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """See Format."""
        return ParsedBody(document, unchecked(document, wire.OrderCreate), references=named_references(document))

    def to_content(self, reading: ParsedBody, found: ReferenceData) -> Content:
        """See Format."""
        return to_content(reading, found)

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """See Format; an order from another door has its products looked up by SKU."""
        wanted = []
        is_own = wire.is_uuid(content.account_ref or "")
        if content.account_ref and is_own:
            wanted.append(EntityReference(ACCOUNT, content.account_ref, ()))
        for line in content.lines:
            if line.product_ref and wire.is_uuid(line.product_ref):
                wanted.append(EntityReference(PRODUCT, line.product_ref, ()))
            if line.sku and not is_own:
                wanted.append(EntityReference(PRODUCT_BY_SKU, line.sku, ()))
        return tuple(wanted)

    def from_content(self, content: Content, found: ReferenceData, missing_fields: MissingFields) -> dict[str, Tree]:
        """See Format."""
        return from_content(content, found, missing_fields)

    def to_response(
        self, document: dict[str, Tree], order: Order, found: ReferenceData, history: Sequence[Event] = ()
    ) -> dict[str, Tree]:
        """See Format."""
        return answered(document, order, found)

    def create_response(self, document: dict[str, Tree], order: Order, found: ReferenceData) -> bytes:
        """See Format; create answers the whole order."""
        return encode_json(answered(document, order, found))

    def placement(self, document: dict[str, Tree], order: Order, found: ReferenceData) -> Placement:
        """See Format; an account may name a warehouse that all its orders are assigned to."""
        account = found.entries.get((ACCOUNT, order.content.account_ref or ""))
        warehouse = warehouse_of(account) if account else None
        return Placement(location_ref=warehouse) if warehouse else NO_PLACEMENT


FORMAT = S2Format()

"""fabric's document format; see flows.formats.Format."""

from collections.abc import Sequence
from typing import Any

from crossdock.core.errors import Path
from crossdock.core.events import Event
from crossdock.core.json.request_body import EntityReference, ParsedBody, parse_body
from crossdock.core.json.validation import unchecked
from crossdock.core.orders.model import Content, Order
from crossdock.doors.fabric import wire
from crossdock.doors.fabric.history import with_history
from crossdock.doors.fabric.mapping import HOLD, _content, _references, rendered
from crossdock.doors.fabric.responses import DOOR, answered, encoded
from crossdock.flows.formats import NO_PLACEMENT, Format, MissingFields, Placement, ReferenceData

Tree = Any


class FabricFormat(Format):
    """The document of this door; see flows.book.Format."""

    name = DOOR
    lines = "items"
    reads_history = True
    number_path: Path = ("orderNumber",)

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format."""
        return parse_body(raw, wire.OrderCreate, _references, natural=lambda sent: (sent.orderNumber,))

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """See Format."""
        return ParsedBody(document, unchecked(document, wire.OrderCreate))

    def to_content(self, reading: ParsedBody, found: ReferenceData) -> Content:
        """See Format."""
        return _content(reading.shape)

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """See Format; this door keeps no catalog."""
        return ()

    def from_content(self, content: Content, found: ReferenceData, missing_fields: MissingFields) -> dict[str, Tree]:
        """See Format; an order whose sender gave no `statusCode` gets it from its lifecycle, see responses.py."""
        return rendered(content, missing_fields)

    def to_response(
        self, document: dict[str, Tree], order: Order, found: ReferenceData, history: Sequence[Event] = ()
    ) -> dict[str, Tree]:
        """See Format; with what the order's history adds."""
        response = answered(document, order)
        return with_history(response, history, order) if history else response

    def create_response(self, document: dict[str, Tree], order: Order, found: ReferenceData) -> bytes:
        """See Format; create answers the whole order."""
        return encoded(document, order)

    def placement(self, document: dict[str, Tree], order: Order, found: ReferenceData) -> Placement:
        """See Format; a statusCode that begins with ORDER_HOLD places a hold with that code as its reason."""
        code = document["statusCode"]
        return Placement(hold_reasons=(code,)) if code.startswith(HOLD) else NO_PLACEMENT


FORMAT = FabricFormat()

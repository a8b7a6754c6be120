"""fabric's document format: `FORMAT`, through which the flows parse and render orders."""

from collections.abc import Sequence
from typing import Any

from crossdock.core.errors import Path
from crossdock.core.events import Event
from crossdock.core.json.request_body import EntityReference, ParsedBody, parse_body
from crossdock.core.json.validation import unchecked
from crossdock.core.orders.model import Content, Order
from crossdock.doors.fabric import fraud_conditions, stored_documents, wire
from crossdock.doors.fabric.history import with_history
from crossdock.doors.fabric.mapping import HOLD, from_content, reference_faults, to_content
from crossdock.doors.fabric.responses import DOOR, create_response_json, order_response
from crossdock.flows.formats import NO_PLACEMENT, Format, MissingFields, Placement, ReferenceData

Tree = Any


class FabricFormat(Format):
    """The document format of this door."""

    name = DOOR
    lines = "items"
    reads_history = True
    number_path: Path = ("orderNumber",)
    placement_kind = fraud_conditions.KIND
    personal_kinds = stored_documents.PERSONAL
    file_kinds = (stored_documents.EXPORT_FILES,)

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format. A number is accepted as text: the vendor itself writes channels and locations both ways."""
        return parse_body(
            raw,
            wire.OrderCreate,
            reference_faults,
            natural=lambda body: (body.orderNumber,),
            numbers_as_text=True,
        )

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """See Format."""
        return ParsedBody(document, unchecked(document, wire.OrderCreate))

    def to_content(self, body: ParsedBody, reference_data: ReferenceData) -> Content:
        """See Format."""
        return to_content(body.shape)

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """See Format; this door has no catalog."""
        return ()

    def from_content(
        self, content: Content, reference_data: ReferenceData, missing_fields: MissingFields
    ) -> dict[str, Tree]:
        """See Format; `to_response` derives `statusCode` from the lifecycle where the body has none."""
        return from_content(content, missing_fields)

    def to_response(
        self, document: dict[str, Tree], order: Order, reference_data: ReferenceData, history: Sequence[Event] = ()
    ) -> dict[str, Tree]:
        """See Format; fields that follow from the history are added where it is given."""
        response = order_response(document, order)
        return with_history(response, history, order) if history else response

    def create_response(self, document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> bytes:
        """See Format; the response to create is the full order, with the status as it was sent."""
        return create_response_json(document, order)

    def placement(self, document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> Placement:
        """See Format. A statusCode that begins with ORDER_HOLD places a hold with that code as its reason.

        Fraud conditions that the order meets place the hold for fraud, with a note that names the configuration.
        """
        code = document["statusCode"]
        sent: tuple[str, ...] = (code,) if code.startswith(HOLD) else ()
        configs = [
            entry.document
            for (kind, _), entry in reference_data.entries.items()
            if kind == fraud_conditions.KIND
        ]  # fmt: skip
        is_settled = not configs or fraud_conditions.HOLD_REASON in sent
        match = None if is_settled else fraud_conditions.find_match(configs, document, order.created_at)
        if match is None:
            return Placement(hold_reasons=sent) if sent else NO_PLACEMENT
        notes = (*(None for _ in sent), f"the fraud configuration {match} matches")
        return Placement(hold_reasons=(*sent, fraud_conditions.HOLD_REASON), hold_notes=notes)

    def documents_of(self, order: Order, history: Sequence[Event]) -> Sequence[tuple[str, str]]:
        """See Format."""
        return stored_documents.documents_of(order, history)

    def erase_document(self, kind: str, document: bytes) -> bytes | None:
        """See Format."""
        return stored_documents.erase_document(kind, document)


FORMAT = FabricFormat()

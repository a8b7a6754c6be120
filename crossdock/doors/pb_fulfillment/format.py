"""Pitney Bowes Fulfillment's document format; see flows.formats.Format."""

from collections.abc import Iterable, Sequence
from typing import Any

from crossdock.core.errors import Code, Fault, Invalid, Path
from crossdock.core.events import Event
from crossdock.core.json.request_body import EntityReference, ParsedBody, parse_body
from crossdock.core.json.validation import normalize, typed, unchecked
from crossdock.core.orders.model import Content, Order
from crossdock.doors import encode_json
from crossdock.doors.pb_fulfillment import stored_returns, wire
from crossdock.doors.pb_fulfillment.mapping import (
    CLIENT,
    DOOR,
    FOREIGN_CLIENT,
    from_content,
    shipping_rule,
    street_rule,
    to_content,
)
from crossdock.doors.pb_fulfillment.responses import order_response
from crossdock.flows.formats import Format, MissingFields, ReferenceData

Tree = Any
_ADDRESSES = ("toAddress", "billingAddress")


def with_text(document: dict[str, Tree]) -> dict[str, Tree]:
    """Return a document with the numbers turned into text that stand where text belongs, as `parse` does."""
    document = document | {name: dict(document[name]) for name in _ADDRESSES if isinstance(document.get(name), dict)}
    if typed(document, wire.OrderCreate) is None:
        document = normalize(document, wire.OrderCreate, numbers_as_text=True)
    write_postal_codes_as_text(document)
    return document


def write_postal_codes_as_text(tree: Tree) -> None:
    """Write the postal codes of a body as text, in place.

    The vendor's sample has them as numbers. Its bodies are valid for wire.py, because to normalize a whole body takes four
    times as long as to validate it.
    """
    for name in _ADDRESSES:
        address = tree.get(name) if isinstance(tree, dict) else None
        if isinstance(address, dict) and type(code := address.get("postalCode")) is int:
            address["postalCode"] = str(code)


class PbFulfillmentFormat(Format):
    """The document of this door; see flows.formats.Format.

    The vendor's sample shows that its server reads a number where text belongs; so does this format, in every member.

    `clients` are the client ids the caller may name; `parse` checks every body against them. Without them (None), `to_content`
    checks the body against the ids that the vendor gave the organization.
    """

    name = DOOR
    personal_kinds = (stored_returns.KIND,)
    lines = "orderLines"
    number_path: Path = ("clientOrderId",)

    def __init__(self, clients: frozenset[str] | None = None) -> None:
        self._clients = clients

    def client_rule(self, tree: Tree) -> Iterable[Fault]:
        """Require a clientId that the caller may name."""
        client = tree.get("clientId") if isinstance(tree, dict) else None
        if self._clients is not None and isinstance(client, str) and client and client not in self._clients:
            yield Fault(("clientId",), FOREIGN_CLIENT)

    def parse(self, raw: bytes) -> ParsedBody:
        """See Format."""
        body = parse_body(
            raw, wire.OrderCreate, self.client_rule, shipping_rule, street_rule,
            natural=lambda body: (body.clientId, body.clientOrderId), numbers_as_text=True,
        )  # fmt: skip
        write_postal_codes_as_text(body.tree)
        return body

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """See Format."""
        shape = typed(document, wire.OrderCreate)
        return ParsedBody(document, unchecked(with_text(document), wire.OrderCreate) if shape is None else shape)

    def to_content(self, body: ParsedBody, reference_data: ReferenceData) -> Content:
        """See Format. Refuses with Invalid a clientId that nobody gave the organization."""
        # A rendered document has no natural key, and names a client of another door or none.
        is_known = not body.natural or (CLIENT, body.natural[0]) in reference_data.references
        if self._clients is None and not is_known and body.natural[0] != reference_data.actor:
            raise Invalid(Code.INVALID, "the body has faults", faults=(Fault(("clientId",), FOREIGN_CLIENT),))
        return to_content(body.shape)

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """See Format; this door has no catalog."""
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
        """See Format; create answers the whole order."""
        return encode_json(order_response(document, order))

    def documents_of(self, order: Order, history: Sequence[Event]) -> Sequence[tuple[str, str]]:
        """See Format."""
        return [(stored_returns.KIND, stored_returns.format_return_id(each.return_id)) for each in order.returns]

    def erase_document(self, kind: str, document: bytes) -> bytes | None:
        """See Format."""
        return stored_returns.erase_stored(document)


FORMAT = PbFulfillmentFormat()

"""A door's document format: how a body becomes canonical content, and how an order is rendered for that door.

Each door brings one `Format`; flows know no other way to read or write a vendor's document.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from crossdock.core.errors import Path
from crossdock.core.events import Event
from crossdock.core.json.request_body import EntityReference, ParsedBody
from crossdock.core.orders.model import Content, Order
from crossdock.store.catalog import CatalogEntry
from crossdock.store.tenants import Organization

Tree = Any
encode_json = msgspec.json.Encoder(decimal_format="number").encode  # Decimals as the numbers they are


class ReferenceData(Struct, frozen=True):
    """What orders refer to, looked up for a batch: the organization, its vendor ids, and catalog entries by kind and key.

    `actor` is who asks.
    """

    organization: Organization
    actor: str = ""
    references: frozenset[tuple[str, str]] = frozenset()
    entries: dict[tuple[str, str], CatalogEntry] = {}


class MissingField(Struct, frozen=True):
    """A field that a format requires and the order lacks: its path in the document, and the value put there."""

    path: Path
    value: Any


class MissingFields:
    """Collects missing fields while an order is rendered; a format fills what it must have through `fill`."""

    def __init__(self) -> None:
        self.fields: list[MissingField] = []

    def fill(self, value: Any, empty: Any, *path: str | int) -> Any:
        """Return `value`, or, where it is None, record a missing field at `path` and return `empty`."""
        if value is not None:
            return value
        self.fields.append(MissingField(path, empty))
        return empty


class Placement(Struct, frozen=True):
    """What a door's rules do to an order the moment it is received; `hold_notes` are those of the reasons at their places.

    It is allocated to `location_ref`; with `fulfills` that location also gets a fulfillment of what was allocated.
    """

    hold_reasons: tuple[str, ...] = ()
    hold_notes: tuple[str | None, ...] = ()
    location_ref: str | None = None
    fulfills: bool = False


NO_PLACEMENT = Placement()


class Format(Protocol):
    """One door's document format. All methods are pure.

    What `from_content` and `to_response` write depends only on the order, its history, the organization, and the catalog
    entries that `references` names: rendered documents are cached by these (flows/document_cache.py).
    """

    name: str
    lines: str  # the member of the document that holds the order lines
    number_path: Path  # the member that holds the natural key, for the conflict's fault
    # Whether the response says more than the order itself: then it is given the order's events.
    reads_history: bool = False
    # The kind of catalog entries that `placement` finds in the reference data, if it needs any (flows/placement_rules.py).
    placement_kind: str | None = None
    # Whether `is_visible` may be False; asking costs a look-up where a natural key is used again.
    hides_orders: bool = False
    # Kinds of catalog entries that may say something of a customer, and of those that are files made of orders: an erasure
    # changes the former and removes the latter (flows/erasure.py).
    personal_kinds: tuple[str, ...] = ()
    file_kinds: tuple[str, ...] = ()

    def parse(self, raw: bytes) -> ParsedBody:
        """Parse a create body. Raises Invalid only where it is no JSON; every other fault is in the result."""

    def parse_rendered(self, document: dict[str, Tree]) -> ParsedBody:
        """Parse a document that `from_content` wrote, with what it refers to; missing fields may hold values that `parse`
        would refuse, so there are no faults."""

    def to_content(self, body: ParsedBody, reference_data: ReferenceData) -> Content:
        """Make canonical content of a body without faults, all of whose references were found."""

    def from_content(
        self, content: Content, reference_data: ReferenceData, missing_fields: MissingFields
    ) -> dict[str, Tree]:
        """Write content in the shape of the create body; the inverse of `to_content`, but for unmapped fields."""

    def references(self, content: Content) -> tuple[EntityReference, ...]:
        """List the catalog entries that `from_content` and `to_response` need for content of any door."""

    def to_response(
        self, document: dict[str, Tree], order: Order, reference_data: ReferenceData, history: Sequence[Event] = ()
    ) -> dict[str, Tree]:
        """Turn a document in the create shape (unmapped fields restored) into the door's read response.

        `history` holds the order's events up to its state where `reads_history`, and none for an order that only was received.
        """

    def render_foreign(self, order: Order, reference_data: ReferenceData) -> bytes:
        """Render the read response of an order that came through another door, as JSON."""
        return encode_json(
            self.to_response(self.from_content(order.content, reference_data, MissingFields()), order, reference_data)
        )

    def create_response(self, document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> bytes:
        """Render the body of the answer to the create call."""

    def placement(self, document: dict[str, Tree], order: Order, reference_data: ReferenceData) -> Placement:
        """Return the holds to place on a new order, and the location to allocate its lines to; `document` is what was sent."""
        return NO_PLACEMENT

    def is_visible(self, order: Order) -> bool:
        """Tell whether the door's calls see an order at all; one that was deleted through the door may be there for others."""
        return True

    def documents_of(self, order: Order, history: Sequence[Event]) -> Sequence[tuple[str, str]]:
        """List kind and key of the catalog entries that the door may have about an order, of the kinds `personal_kinds`."""
        return ()

    def erase_document(self, kind: str, document: bytes) -> bytes | None:
        """Take a person out of the document of such an entry; None where nothing of it is left."""
        return None

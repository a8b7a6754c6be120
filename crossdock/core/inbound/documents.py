"""What receiving notices, work orders and transfers share: their status, closing and canceling them, what they expect; pure.

`decide` takes a command and the document it meets, and returns the document afterwards and the commands on stock levels that
belong to it. The status is never stored: it follows from the counters, and from whether the document was closed or canceled.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Fault, Invalid, Path
from crossdock.core.stock.commands import StockCommand
from crossdock.core.stock.model import MAX_UNITS

_replace = msgspec.structs.replace
MAX_LINES = 1_000  # of one document; all of its stock levels are locked while it is received
# Separates the values in a document's search text; it is a control character, which no number and no SKU has.
_SEPARATOR = "\x1f"


class InboundStatus(StrEnum):
    """How far a document is."""

    CREATED = "created"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    CLOSED = "closed"
    CANCELED = "canceled"


OPEN_STATUSES = frozenset({InboundStatus.CREATED, InboundStatus.IN_PROGRESS})


class Expected(Struct, frozen=True):
    """Units that a document still expects at a location; `at` is an ISO 8601 date or time, None where nobody said."""

    sku: str
    location: str
    pool: str
    quantity: int
    at: str | None
    kind: str
    number: str


class InboundDocument(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A document of inbound; `number` is unique among those of its kind. Times are microseconds since 1970 UTC.

    `account_ref` is the client of a vendor that it belongs to, None for one of the whole organization. `reference` is another
    number, such as that of a purchase order. `door_fields` is what only the API of the creation knows.
    """

    kind: ClassVar[str] = ""
    number: str
    reference: str | None = None
    expected_at: str | None = None
    notes: str | None = None
    door: str = "hub"
    account_ref: str | None = None
    door_fields: dict[str, Any] = {}
    closed_at: int | None = None
    canceled_at: int | None = None
    cancel_reason: str | None = None

    @property
    def title(self) -> str:
        """The document as people name it, which is the reason of its stock movements: "receiving notice ASN-1"."""
        return f"{self.kind.replace('_', ' ')} {self.number}"

    @property
    def status(self) -> InboundStatus:
        """How far the document is."""
        if self.canceled_at is not None:
            return InboundStatus.CANCELED
        return InboundStatus.CLOSED if self.closed_at is not None else self.progress

    @property
    def progress(self) -> InboundStatus:
        """How far it would be if nobody had closed or canceled it."""
        raise NotImplementedError

    @property
    def locations(self) -> tuple[tuple[Path, str], ...]:
        """The locations that it names, each with its path."""
        raise NotImplementedError

    @property
    def skus(self) -> tuple[tuple[Path, str], ...]:
        """The SKUs that it names, each with its path."""
        raise NotImplementedError

    def revised(self, document: Any) -> "InboundDocument":
        """Return what a document with other content makes of this one. Fields that only some API knows stay, unless the other
        document has fields of that API."""
        changed: InboundDocument = _replace(
            document, number=self.number, door=self.door, account_ref=self.account_ref,
            door_fields=self.door_fields | document.door_fields,
        )  # fmt: skip
        return changed

    def expected(self) -> list[Expected]:
        """List the units that it still expects; nothing once it is complete, closed or canceled."""
        raise NotImplementedError


class Decision(Struct, frozen=True):
    """What a command makes of a document, and the commands on stock levels that happen with it."""

    document: InboundDocument
    stock: tuple[StockCommand, ...] = ()


class InboundCommand(Struct, frozen=True, kw_only=True):
    """A request to change one document."""

    def apply(self, document: Any, now: int) -> Decision:
        """Return what the command makes of the document; see `decide`."""
        raise NotImplementedError


class Close(InboundCommand, frozen=True, kw_only=True):
    """End a document, also where less came than was expected."""

    def apply(self, document: InboundDocument, now: int) -> Decision:
        """Refuses one that is closed or canceled."""
        require(document, "closed", (*OPEN_STATUSES, InboundStatus.COMPLETE))
        return Decision(_replace(document, closed_at=now))


class Cancel(InboundCommand, frozen=True, kw_only=True):
    """Cancel a document of which nothing has happened yet."""

    reason: str | None = None

    def apply(self, document: InboundDocument, now: int) -> Decision:
        """Refuses one of which something was received, completed or shipped, and one that is closed or canceled."""
        require(document, "canceled", (InboundStatus.CREATED,))
        return Decision(_replace(document, canceled_at=now, cancel_reason=self.reason))


class Revise(InboundCommand, frozen=True, kw_only=True):
    """Replace what a document says, before anything has happened; its number, API and client stay."""

    document: InboundDocument

    def apply(self, document: InboundDocument, now: int) -> Decision:
        """Refuses a document of which something was received, completed or shipped, and one that is closed or canceled."""
        require(document, "changed", (InboundStatus.CREATED,))
        return Decision(document.revised(self.document))


def decide(command: InboundCommand, document: InboundDocument, *, now: int) -> Decision:
    """Decide a command. Refuses with Conflict `state_forbids` what the status does not allow, and with Invalid quantities that
    cannot be."""
    return command.apply(document, now)


# --------------------------------------------------------------------------------------------------------------- checks
def require(document: InboundDocument, verb: str, statuses: Sequence[InboundStatus]) -> None:
    """Refuse with Conflict `state_forbids` a document with another status."""
    if document.status not in statuses:
        raise Conflict(
            Code.STATE_FORBIDS,
            f"the {document.title} is {document.status.replace('_', ' ')} and can no longer be {verb}",
            state=str(document.status),
        )


class LineUnits(Struct, frozen=True):
    """Units of one line of a document, which is named by its position from 0. `damaged` units are among the `quantity`."""

    line: int
    quantity: int
    damaged: int = 0


def unit_faults(units: Sequence[LineUnits], lines: int) -> list[Fault]:
    """Name what is wrong with units whatever the counters are: no units, unknown and repeated lines, more damaged than came."""
    faults = [] if units else [Fault(("lines",), "must have at least 1 element")]
    seen: set[int] = set()
    for place, each in enumerate(units):
        if not 0 <= each.line < lines:
            faults.append(Fault(("lines", place, "line"), f"must be from 0 to {lines - 1}, a position among the lines"))
        elif each.line in seen:
            faults.append(Fault(("lines", place, "line"), f"must be unique, {each.line} is there already"))
        seen.add(each.line)
        if not 1 <= each.quantity <= MAX_UNITS:
            faults.append(Fault(("lines", place, "quantity"), f"must be from 1 to {MAX_UNITS}, not {each.quantity}"))
        elif not 0 <= each.damaged <= each.quantity:
            faults.append(
                Fault(("lines", place, "damaged"), f"must be from 0 to {each.quantity}, the units that arrived")
            )
    return faults


def total_fault(path: Path, before: int, added: int) -> list[Fault]:
    """Name a counter that would exceed what a counter can hold."""
    return [Fault(path, f"must leave the line with at most {MAX_UNITS} units")] if before + added > MAX_UNITS else []


def raise_faults(faults: Sequence[Fault]) -> None:
    """Refuse with Invalid where there are faults."""
    if faults:
        raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults))


# --------------------------------------------------------------------------------------------------------------- search
def search_text(document: InboundDocument) -> str:
    """Return the text by which lists filter documents; see `search_term`."""
    terms = {("number", document.number), ("status", str(document.status))}
    terms |= {("open", "yes")} if document.status in OPEN_STATUSES else set()
    terms |= {("client", document.account_ref or "")}
    terms |= {("reference", document.reference)} if document.reference else set()
    terms |= {("location", code) for _, code in document.locations} | {("sku", sku) for _, sku in document.skus}
    return "".join(search_term(name, value) for name, value in sorted(terms))


def search_term(name: str, value: str) -> str:
    """Return the part of a search text that says that a member (number, reference, client, status, open,
    location, sku) has a value."""
    return f"{_SEPARATOR}{name}={value}{_SEPARATOR}"

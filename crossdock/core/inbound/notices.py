"""Receiving notices: goods that a supplier announces for a location, and what of them has arrived; pure.

More and less than announced can arrive, in several deliveries, some of it damaged.
"""

from decimal import Decimal
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from crossdock.core.errors import Fault, Path
from crossdock.core.inbound.documents import (
    OPEN_STATUSES,
    Decision,
    Expected,
    InboundCommand,
    InboundDocument,
    InboundStatus,
    LineUnits,
    raise_faults,
    require,
    total_fault,
    unit_faults,
)
from crossdock.core.inbound.units import ReceiveUnits
from crossdock.core.stock.model import LevelKey

KIND = "receiving_notice"
_replace = msgspec.structs.replace


class NoticeLine(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Units of one SKU that are expected for a pool. `received` is all that arrived, `damaged` the damaged units among them."""

    sku: str
    expected: int
    pool: str = ""
    expected_at: str | None = None
    received: int = 0
    damaged: int = 0
    door_fields: dict[str, Any] = {}


class ReceivingNotice(InboundDocument, frozen=True, omit_defaults=True, kw_only=True):
    """An announcement of goods for a location, from a supplier."""

    kind: ClassVar[str] = KIND
    location: str
    lines: tuple[NoticeLine, ...]
    supplier: str | None = None
    carrier: str | None = None
    tracking_number: str | None = None

    @property
    def progress(self) -> InboundStatus:
        """Complete is a notice of which every line has at least its expected units."""
        if not any(line.received for line in self.lines):
            return InboundStatus.CREATED
        is_complete = all(line.received >= line.expected for line in self.lines)
        return InboundStatus.COMPLETE if is_complete else InboundStatus.IN_PROGRESS

    @property
    def locations(self) -> tuple[tuple[Path, str], ...]:
        """See InboundDocument."""
        return ((("location",), self.location),)

    @property
    def skus(self) -> tuple[tuple[Path, str], ...]:
        """See InboundDocument."""
        return tuple((("lines", place, "sku"), line.sku) for place, line in enumerate(self.lines))

    def revised(self, document: Any) -> InboundDocument:
        """See InboundDocument; lines are the same where SKU and pool are."""
        after = super().revised(document)
        assert isinstance(after, ReceivingNotice)
        fields = {(line.sku, line.pool): line.door_fields for line in self.lines}
        lines = tuple(
            _replace(line, door_fields=fields.get((line.sku, line.pool), {}) | line.door_fields) for line in after.lines
        )
        return _replace(after, lines=lines)

    def expected(self) -> list[Expected]:
        """See InboundDocument."""
        if self.status not in OPEN_STATUSES:
            return []
        return [
            Expected(
                line.sku, self.location, line.pool, line.expected - line.received, line.expected_at or self.expected_at,
                self.kind, self.number,
            )
            for line in self.lines
            if line.received < line.expected
        ]  # fmt: skip


class ReceiveNotice(InboundCommand, frozen=True, kw_only=True):
    """Receive units of lines: they are added to the stock of the location, in the pools of the lines. Without lines, all that
    have not arrived of what was expected."""

    lines: tuple[LineUnits, ...] | None = None

    def apply(self, document: ReceivingNotice, now: int) -> Decision:
        """Refuses a notice that is closed or canceled, and units that cannot be; more units than expected are received."""
        require(document, "received", (*OPEN_STATUSES, InboundStatus.COMPLETE))
        units = self.lines
        if units is None:
            units = _remaining(document)
            raise_faults([] if units else [Fault(("lines",), "cannot be left out, because all expected units arrived")])
        raise_faults(unit_faults(units, len(document.lines)))
        faults = []
        for place, each in enumerate(units):
            faults += total_fault(("lines", place, "quantity"), document.lines[each.line].received, each.quantity)
        raise_faults(faults)
        lines = list(document.lines)
        stock = []
        for place, each in enumerate(units):
            line = lines[each.line]
            lines[each.line] = _replace(
                line, received=line.received + each.quantity, damaged=line.damaged + each.damaged
            )
            key = LevelKey(line.sku, document.location, line.pool)
            stock.append(
                ReceiveUnits(
                    key=key, quantity=each.quantity, damaged=each.damaged, reason=document.title,
                    path=("lines", each.line if self.lines is None else place, "quantity"),
                )
            )  # fmt: skip
        return Decision(_replace(document, lines=tuple(lines)), tuple(stock))


def _remaining(notice: ReceivingNotice) -> tuple[LineUnits, ...]:
    return tuple(
        LineUnits(place, line.expected - line.received)
        for place, line in enumerate(notice.lines)
        if line.received < line.expected
    )


_DECODER = msgspec.json.Decoder(ReceivingNotice, float_hook=Decimal)


def decode_notice(document: bytes) -> ReceivingNotice:
    """Decode a notice's stored document."""
    return _DECODER.decode(document)

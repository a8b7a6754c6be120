"""Transfers: units that move from one location to another; pure.

Shipping takes them from what is available at the source, receiving adds them at the target; between the two they are in
transit and belong to no level.
"""

from decimal import Decimal
from typing import ClassVar

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
    unit_faults,
)
from crossdock.core.inbound.units import ReceiveUnits, TakeUnits
from crossdock.core.stock.model import Kind, LevelKey

KIND = "transfer"
_replace = msgspec.structs.replace


class TransferLine(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Units of one SKU in a pool; `shipped` have left the source, `received` have arrived, `damaged` of these damaged."""

    sku: str
    quantity: int
    pool: str = ""
    shipped: int = 0
    received: int = 0
    damaged: int = 0


class Transfer(InboundDocument, frozen=True, omit_defaults=True, kw_only=True):
    """Units that move from the location `source` to the location `target`."""

    kind: ClassVar[str] = KIND
    source: str
    target: str
    lines: tuple[TransferLine, ...]
    carrier: str | None = None
    tracking_number: str | None = None

    @property
    def progress(self) -> InboundStatus:
        """In progress is a transfer of which units have left the source; complete is one whose units have all arrived."""
        if not any(line.shipped for line in self.lines):
            return InboundStatus.CREATED
        is_complete = all(line.received >= line.quantity for line in self.lines)
        return InboundStatus.COMPLETE if is_complete else InboundStatus.IN_PROGRESS

    @property
    def locations(self) -> tuple[tuple[Path, str], ...]:
        """See InboundDocument."""
        return ((("source",), self.source), (("target",), self.target))

    @property
    def skus(self) -> tuple[tuple[Path, str], ...]:
        """See InboundDocument."""
        return tuple((("lines", place, "sku"), line.sku) for place, line in enumerate(self.lines))

    def expected(self) -> list[Expected]:
        """See InboundDocument; both what is in transit and what has not left yet."""
        if self.status not in OPEN_STATUSES:
            return []
        return [
            Expected(
                line.sku, self.target, line.pool, line.quantity - line.received, self.expected_at, self.kind,
                self.number,
            )
            for line in self.lines
            if line.received < line.quantity
        ]  # fmt: skip


class ShipTransfer(InboundCommand, frozen=True, kw_only=True):
    """Ship units: they are taken from what is available at the source. Without lines, all that have not left."""

    lines: tuple[LineUnits, ...] | None = None

    def apply(self, document: Transfer, now: int) -> Decision:
        """Refuses a transfer that is complete, closed or canceled, and more units than are left; the level of the source
        refuses more units than are available."""
        require(document, "shipped", tuple(OPEN_STATUSES))
        left = {place: line.quantity - line.shipped for place, line in enumerate(document.lines)}
        units = _units(self.lines, left, "that have not left")
        lines, stock = list(document.lines), []
        for place, each in enumerate(units):
            line = lines[each.line]
            lines[each.line] = _replace(line, shipped=line.shipped + each.quantity)
            path: Path = ("lines", each.line if self.lines is None else place, "quantity")
            key = LevelKey(line.sku, document.source, line.pool)
            stock.append(
                TakeUnits(key=key, quantity=each.quantity, reason=document.title, kind=Kind.TRANSFER, path=path)
            )
        return Decision(_replace(document, lines=tuple(lines)), tuple(stock))


class ReceiveTransfer(InboundCommand, frozen=True, kw_only=True):
    """Receive units that are in transit: they are added at the target. Without lines, all that are in transit."""

    lines: tuple[LineUnits, ...] | None = None

    def apply(self, document: Transfer, now: int) -> Decision:
        """Refuses a transfer of which nothing is in transit, and more units than are."""
        require(document, "received", (InboundStatus.CREATED, InboundStatus.IN_PROGRESS))
        left = {place: line.shipped - line.received for place, line in enumerate(document.lines)}
        units = _units(self.lines, left, "in transit")
        lines, stock = list(document.lines), []
        for place, each in enumerate(units):
            line = lines[each.line]
            lines[each.line] = _replace(
                line, received=line.received + each.quantity, damaged=line.damaged + each.damaged
            )
            key = LevelKey(line.sku, document.target, line.pool)
            stock.append(
                ReceiveUnits(
                    key=key, quantity=each.quantity, damaged=each.damaged, reason=document.title, kind=Kind.TRANSFER,
                    path=("lines", each.line if self.lines is None else place, "quantity"),
                )
            )  # fmt: skip
        return Decision(_replace(document, lines=tuple(lines)), tuple(stock))


def _units(asked: tuple[LineUnits, ...] | None, left: dict[int, int], which: str) -> tuple[LineUnits, ...]:
    """Return the units that were asked for, or all that are left; refuses with Invalid more than are left, and none."""
    units = asked
    if units is None:
        units = tuple(LineUnits(place, quantity) for place, quantity in left.items() if quantity)
        raise_faults([] if units else [Fault(("lines",), f"cannot be left out, because no units are left {which}")])
    raise_faults(unit_faults(units, len(left)))
    raise_faults(
        [
            Fault(("lines", place, "quantity"), f"must be at most {left[each.line]}, the units {which}")
            for place, each in enumerate(units)
            if each.quantity > left[each.line]
        ]
    )
    return units


_DECODER = msgspec.json.Decoder(Transfer, float_hook=Decimal)


def decode_transfer(document: bytes) -> Transfer:
    """Decode a transfer's stored document."""
    return _DECODER.decode(document)

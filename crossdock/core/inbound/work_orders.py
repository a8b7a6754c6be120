"""Work orders: kits that a location assembles, in one go or in parts; pure.

Completing units takes their components out of the stock of the location and adds the kits to it.
"""

from decimal import Decimal
from typing import ClassVar

import msgspec

from crossdock.core.catalog.products import KitComponent
from crossdock.core.errors import Fault, Path
from crossdock.core.inbound.documents import (
    OPEN_STATUSES,
    Decision,
    Expected,
    InboundCommand,
    InboundDocument,
    InboundStatus,
    raise_faults,
    require,
)
from crossdock.core.inbound.units import ReceiveUnits, TakeUnits
from crossdock.core.stock.commands import StockCommand
from crossdock.core.stock.model import MAX_UNITS, LevelKey

KIND = "work_order"
_replace = msgspec.structs.replace


class WorkOrder(InboundDocument, frozen=True, omit_defaults=True, kw_only=True):
    """An order to assemble `quantity` kits. `components` are those of one kit; `completed` kits are done."""

    kind: ClassVar[str] = KIND
    location: str
    sku: str
    quantity: int
    components: tuple[KitComponent, ...] = ()
    pool: str = ""
    name: str | None = None
    completed: int = 0

    @property
    def progress(self) -> InboundStatus:
        """See InboundDocument."""
        if not self.completed:
            return InboundStatus.CREATED
        return InboundStatus.COMPLETE if self.completed >= self.quantity else InboundStatus.IN_PROGRESS

    @property
    def locations(self) -> tuple[tuple[Path, str], ...]:
        """See InboundDocument."""
        return ((("location",), self.location),)

    @property
    def skus(self) -> tuple[tuple[Path, str], ...]:
        """See InboundDocument."""
        components = [(("components", place, "sku"), each.sku) for place, each in enumerate(self.components)]
        return ((("sku",), self.sku), *components)

    def expected(self) -> list[Expected]:
        """See InboundDocument."""
        left = self.quantity - self.completed
        if self.status not in OPEN_STATUSES or left <= 0:
            return []
        return [Expected(self.sku, self.location, self.pool, left, self.expected_at, self.kind, self.number)]


class CompleteWorkOrder(InboundCommand, frozen=True, kw_only=True):
    """Complete kits: their components leave the stock, and the kits are added to it. None: all that are left."""

    quantity: int | None = None

    def apply(self, document: WorkOrder, now: int) -> Decision:
        """Refuses a work order that is complete, closed or canceled, and more kits than are left; the level of a component
        refuses more units than are available."""
        require(document, "completed", tuple(OPEN_STATUSES))
        left = document.quantity - document.completed
        quantity = left if self.quantity is None else self.quantity
        if not 1 <= quantity <= left:
            raise_faults([Fault(("quantity",), f"must be from 1 to {left}, the kits that are left, not {quantity}")])
        faults = [
            Fault(("quantity",), f"must need at most {MAX_UNITS} units of {each.sku}")
            for each in document.components
            if each.quantity * quantity > MAX_UNITS
        ]
        raise_faults(faults)
        stock: list[StockCommand] = [
            TakeUnits(
                key=LevelKey(each.sku, document.location, document.pool), quantity=each.quantity * quantity,
                reason=document.title, path=("quantity",),
            )
            for each in document.components
        ]  # fmt: skip
        kit = LevelKey(document.sku, document.location, document.pool)
        stock.append(ReceiveUnits(key=kit, quantity=quantity, reason=document.title, path=("quantity",)))
        return Decision(_replace(document, completed=document.completed + quantity), tuple(stock))


_DECODER = msgspec.json.Decoder(WorkOrder, float_hook=Decimal)


def decode_work_order(document: bytes) -> WorkOrder:
    """Decode a work order's stored document."""
    return _DECODER.decode(document)

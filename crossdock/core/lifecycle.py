"""How far an order has come: counters per line are the truth, the status word is derived from them.

Owns the counters' invariant and the summary. Every door's word for a status is a function of this summary and the counters.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class Counters(Struct, frozen=True, omit_defaults=True):
    """Units of one line. `ordered` is the sum asked for; all others count units that have reached that point.

    `allocated` and `backordered` are what stands there now; shipped, delivered and the returns only grow.
    """

    ordered: int
    canceled: int = 0
    allocated: int = 0
    backordered: int = 0
    shipped: int = 0
    delivered: int = 0
    return_requested: int = 0
    returned: int = 0

    def is_sound(self) -> bool:
        """Say whether the counters can be true together (also a CHECK of the table)."""
        return (
            self.ordered >= 1
            and min(self.canceled, self.allocated, self.backordered, self.delivered, self.returned) >= 0
            and self.canceled + self.allocated + self.backordered + self.shipped <= self.ordered
            and self.delivered <= self.shipped
            and self.returned <= self.return_requested <= self.shipped
        )


class Status(StrEnum):
    """The summary of an order."""

    OPEN = "open"
    ON_HOLD = "on_hold"
    PARTIALLY_ALLOCATED = "partially_allocated"
    ALLOCATED = "allocated"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELED = "canceled"


def status_of(lines: Iterable[Counters], *, held: bool) -> Status:
    """Derive the status; what has left the house outweighs a hold, and a hold outweighs what is only planned."""
    ordered = canceled = allocated = shipped = delivered = returned = 0
    for line in lines:
        ordered += line.ordered
        canceled += line.canceled
        allocated += line.allocated
        shipped += line.shipped
        delivered += line.delivered
        returned += line.returned
    live = ordered - canceled
    if live == 0:
        return Status.CANCELED
    if shipped == live:
        if returned == live:
            return Status.RETURNED
        return Status.DELIVERED if delivered == live else Status.SHIPPED
    if shipped:
        return Status.PARTIALLY_SHIPPED
    if held:
        return Status.ON_HOLD
    if allocated:
        return Status.ALLOCATED if allocated == live else Status.PARTIALLY_ALLOCATED
    return Status.OPEN

"""Order status: counters per line are the truth, the status is derived from them.

Owns the counters' invariant, the moves of units, the summary, and the table of verbs. Every door's word for a status is a
function of this summary and the counters.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec
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
        """Tell whether the counters can be true together (also a CHECK of the table)."""
        return (
            self.ordered >= 1
            and min(self.canceled, self.allocated, self.backordered, self.delivered, self.returned) >= 0
            and self.canceled + self.allocated + self.backordered + self.shipped <= self.ordered
            and self.delivered <= self.shipped
            and self.returned <= self.return_requested <= self.shipped
        )

    @property
    def committed(self) -> int:
        """Units something has happened to: an edit cannot ask for fewer."""
        return self.canceled + self.allocated + self.backordered + self.shipped

    @property
    def open(self) -> int:
        """Units that are neither canceled nor shipped."""
        return self.ordered - self.canceled - self.shipped

    def cancel(self, quantity: int) -> "Counters":
        """Cancel open units: first those nothing was planned for, then backordered ones, then allocated ones."""
        assert 0 <= quantity <= self.open, "cancels more than is open"
        planned = max(0, quantity - self.unplanned)
        waiting = min(planned, self.backordered)
        return msgspec.structs.replace(
            self,
            canceled=self.canceled + quantity,
            backordered=self.backordered - waiting,
            allocated=self.allocated - (planned - waiting),
        )

    @property
    def unplanned(self) -> int:
        """Open units that are neither allocated nor backordered."""
        return self.open - self.allocated - self.backordered

    @property
    def unallocated(self) -> int:
        """Open units that are not allocated, whether they wait for stock or not."""
        return self.open - self.allocated

    def allocate(self, quantity: int) -> "Counters":
        """Allocate open units: first those nothing was planned for yet, then backordered ones."""
        assert 0 <= quantity <= self.unallocated, "allocates more than there is to plan"
        if not quantity:
            return self
        waiting = max(0, quantity - self.unplanned)
        return msgspec.structs.replace(
            self, allocated=self.allocated + quantity, backordered=self.backordered - waiting
        )

    def deallocate(self, quantity: int) -> "Counters":
        """Give allocated units back: nothing is planned for them then."""
        assert 0 <= quantity <= self.allocated, "gives back more than is allocated"
        return msgspec.structs.replace(self, allocated=self.allocated - quantity) if quantity else self

    def backorder(self, quantity: int) -> "Counters":
        """Let units wait for stock that nothing was planned for yet."""
        assert 0 <= quantity <= self.unplanned, "backorders more than there is to plan"
        return msgspec.structs.replace(self, backordered=self.backordered + quantity) if quantity else self

    def ship(self, quantity: int) -> "Counters":
        """Ship open units: first allocated ones, then those nothing was planned for, then backordered ones."""
        assert 0 <= quantity <= self.open, "ships more than is open"
        allocated = min(quantity, self.allocated)
        waiting = max(0, quantity - allocated - self.unplanned)
        return msgspec.structs.replace(
            self,
            shipped=self.shipped + quantity,
            allocated=self.allocated - allocated,
            backordered=self.backordered - waiting,
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


class Verb(StrEnum):
    """What can be asked of an order. Each is one change, one event."""

    EDIT = "edit"
    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    ALLOCATE = "allocate"
    SHIP = "ship"
    TAG = "tag"
    NOTE = "note"
    ARCHIVE = "archive"


# Marks move nothing and are always welcome.
ANNOTATIONS = (Verb.TAG, Verb.NOTE, Verb.ARCHIVE)
_UNSHIPPED = (Status.OPEN, Status.ON_HOLD, Status.PARTIALLY_ALLOCATED, Status.ALLOCATED)
_COMPLETE = (Status.SHIPPED, Status.DELIVERED, Status.RETURNED)
# What a verb may be asked of, and where it can lead. The summary is derived, so the targets are not obeyed but promised: a
# test enumerates every small order and finds exactly these. A verb that is not listed for a status is refused there.
TRANSITIONS: dict[Status, dict[Verb, tuple[Status, ...]]] = {
    Status.OPEN: {
        Verb.EDIT: (Status.OPEN, Status.CANCELED),  # canceled: all that was not canceled yet is edited away
        Verb.HOLD: (Status.ON_HOLD,),
        Verb.CANCEL: (Status.OPEN, Status.CANCELED),
        Verb.ALLOCATE: (Status.PARTIALLY_ALLOCATED, Status.ALLOCATED),
        Verb.SHIP: (Status.PARTIALLY_SHIPPED, Status.SHIPPED),
    },
    Status.ON_HOLD: {
        # Where nothing of the lines on hold is open any more, the hold ends.
        Verb.EDIT: (*_UNSHIPPED, Status.CANCELED),
        Verb.HOLD: (Status.ON_HOLD,),
        Verb.RELEASE: _UNSHIPPED,
        Verb.CANCEL: (*_UNSHIPPED, Status.CANCELED),
    },
    Status.PARTIALLY_ALLOCATED: {
        Verb.EDIT: (Status.PARTIALLY_ALLOCATED, Status.ALLOCATED),
        Verb.HOLD: (Status.ON_HOLD,),
        Verb.CANCEL: (Status.OPEN, Status.PARTIALLY_ALLOCATED, Status.ALLOCATED, Status.CANCELED),
        Verb.ALLOCATE: (Status.PARTIALLY_ALLOCATED, Status.ALLOCATED),
        Verb.SHIP: (Status.PARTIALLY_SHIPPED, Status.SHIPPED),
    },
    Status.ALLOCATED: {
        Verb.EDIT: (Status.PARTIALLY_ALLOCATED, Status.ALLOCATED),
        Verb.HOLD: (Status.ON_HOLD,),
        Verb.CANCEL: (Status.ALLOCATED, Status.CANCELED),
        Verb.SHIP: (Status.PARTIALLY_SHIPPED, Status.SHIPPED),
    },
    Status.PARTIALLY_SHIPPED: {
        Verb.EDIT: (Status.PARTIALLY_SHIPPED, *_COMPLETE),
        Verb.HOLD: (Status.PARTIALLY_SHIPPED,),
        Verb.RELEASE: (Status.PARTIALLY_SHIPPED,),
        Verb.CANCEL: (Status.PARTIALLY_SHIPPED, *_COMPLETE),
        Verb.ALLOCATE: (Status.PARTIALLY_SHIPPED,),
        Verb.SHIP: (Status.PARTIALLY_SHIPPED, Status.SHIPPED),
    },
    Status.SHIPPED: {},
    Status.DELIVERED: {},
    Status.RETURNED: {},
    Status.CANCELED: {},
}
for _status, _verbs in TRANSITIONS.items():
    _verbs.update(dict.fromkeys(ANNOTATIONS, (_status,)))


def allowed_verbs(status: Status) -> tuple[Verb, ...]:
    """Return the verbs that may be asked of an order in `status`."""
    return tuple(TRANSITIONS[status])


def _check_transitions() -> None:
    """Refuse to start on a table with an unknown state, one without a way in, or a verb that can never be asked."""
    assert set(TRANSITIONS) == set(Status), "every status has a row"
    targets = {target for verbs in TRANSITIONS.values() for found in verbs.values() for target in found}
    # Deliveries and returns arrive through fulfillments, not through a verb on the order.
    assert targets | {Status.OPEN} == set(Status), "every status can be reached"
    assert {verb for verbs in TRANSITIONS.values() for verb in verbs} == set(Verb), "every verb can be asked"


_check_transitions()

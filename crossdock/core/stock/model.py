"""The stock level: units of one product at one location, in one pool, and what is available of them; pure.

A level is the sum of its movements, which are rows of a ledger: counts, adjustments and receipts change `on_hand`, allocations
change `allocated`, shipments both. Events of the level (events.py) say what people and devices reported about it; what orders
do to it is in the events of the orders.
"""

from enum import StrEnum

from msgspec import Struct

# The largest quantity of a level: what vendors' clients and databases count in.
MAX_UNITS = 2_147_483_647


class Kind(StrEnum):
    """The cause of a movement."""

    COUNT = "count"
    ADJUST = "adjust"
    RECEIVE = "receive"
    ALLOCATE = "allocate"
    DEALLOCATE = "deallocate"
    SHIP = "ship"
    SHORT = "short"
    RETURN = "return"
    TRANSFER = "transfer"


class LevelKey(Struct, frozen=True, order=True):
    """What a level is of: the SKU, the location's code, and the vendor's dimension besides (empty where there is none)."""

    sku: str
    location: str
    pool: str = ""


class Counter(Struct, frozen=True):
    """Units that are kept back under a name of the organization's own, such as `damaged`."""

    name: str
    quantity: int


class Level(Struct, frozen=True):
    """One stock level. Times are microseconds since 1970 UTC.

    `on_hand` is what lies there, `allocated` what of it is promised to orders, `safety` what is kept back from sale;
    `threshold` is the quantity below which it is low. `counted` is what was counted last, `shipped` what has left since.
    `event_number` and `event_hash` are the head of its event chain. Orders take nothing of an `unlimited` level, and never run
    out of it.
    """

    organization_id: int
    level_id: int
    sku: str
    location: str
    pool: str = ""
    on_hand: int = 0
    allocated: int = 0
    safety: int = 0
    threshold: int | None = None
    counters: tuple[Counter, ...] = ()
    counted: int | None = None
    counted_at: int | None = None
    shipped: int = 0
    created_at: int = 0
    updated_at: int = 0
    event_number: int = 0
    event_hash: bytes = bytes(32)
    unlimited: bool = False

    @property
    def key(self) -> LevelKey:
        """What the level is of."""
        return LevelKey(self.sku, self.location, self.pool)

    @property
    def reserved(self) -> int:
        """Units that are kept back: safety stock and the organization's own counters."""
        return self.safety + sum(counter.quantity for counter in self.counters)

    @property
    def available(self) -> int:
        """Units that can be promised; none where more is kept back than lies there."""
        return max(0, self.on_hand - self.allocated - self.reserved)

    @property
    def is_low(self) -> bool:
        """Whether fewer units are available than the threshold asks for."""
        return self.threshold is not None and self.available < self.threshold

    def is_sound(self) -> bool:
        """Tell whether the numbers can be true together (also a CHECK of the table)."""
        return 0 <= self.allocated <= self.on_hand <= MAX_UNITS and self.safety >= 0 and self.shipped >= 0


class Movement(Struct, frozen=True):
    """A row of the ledger: what changed in a level, and why. `order_id` is the order it was for."""

    organization_id: int
    level_id: int
    movement_id: int
    at: int
    kind: str
    on_hand: int
    allocated: int
    order_id: int | None = None
    event_id: int | None = None
    reason: str | None = None

"""The allocations of an order: which location serves which units, and what became of them; pure.

An allocation is one location's share of an order. Of its units some have shipped, some were given back, and the rest is open.
Units of a stock level name its SKU and pool; units without a SKU were allocated where no stock is tracked.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from crossdock.core.stock.model import Kind, LevelKey

_replace = msgspec.structs.replace


class AllocatedUnits(Struct, frozen=True, omit_defaults=True):
    """Units of one line, from one stock level. `sku` is None where no stock is tracked; `line` is a position in the content,
    -1 for a line that an edit has removed since."""

    line: int
    quantity: int
    sku: str | None = None
    pool: str = ""
    shipped: int = 0
    released: int = 0

    @property
    def open(self) -> int:
        """Units that are neither shipped nor given back."""
        return self.quantity - self.shipped - self.released


class Allocation(Struct, frozen=True, omit_defaults=True):
    """One location's share of an order. Times are microseconds since 1970 UTC.

    At `expires_at` what is open of it is given back by itself. `replaces` is the allocation whose units it took over,
    `decision_id` the stored decision that explains it.
    """

    allocation_id: int
    location: str
    at: int
    units: tuple[AllocatedUnits, ...]
    destination: int = 0
    expires_at: int | None = None
    replaces: int | None = None
    decision_id: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether units of it are neither shipped nor given back."""
        return any(each.open for each in self.units)


class UnitsTaken(Struct, frozen=True, omit_defaults=True):
    """Units of an allocation that were given back, or shipped: those at the position `place` among its units."""

    allocation_id: int
    place: int
    quantity: int


class StockMovement(Struct, frozen=True):
    """What an event of an order does to a stock level: units added to those on hand, and to those allocated."""

    key: LevelKey
    kind: Kind
    on_hand: int
    allocated: int


Allocations = tuple[Allocation, ...]


def open_by_line(allocations: Allocations) -> dict[int, int]:
    """Return the open units of each line that has some."""
    units: dict[int, int] = {}
    for each in allocations:
        for part in each.units:
            if part.open:
                units[part.line] = units.get(part.line, 0) + part.open
    return units


def take(
    allocations: Allocations,
    quantities: Mapping[int, int],
    *,
    oldest_first: bool = False,
    prefer: str = "",
) -> tuple[UnitsTaken, ...]:
    """Choose open units of lines, so many of each line, or all there are where they are fewer.

    The newest allocation comes first, as it is the least worked on; to ship, the oldest, and before it those at the location
    `prefer`.
    """
    left = dict(quantities)
    taken: list[UnitsTaken] = []
    ordered = sorted(allocations if oldest_first else reversed(allocations), key=lambda each: each.location != prefer)
    for allocation in ordered:
        for place, part in enumerate(allocation.units):
            units = min(part.open, left.get(part.line, 0))
            if units > 0:
                left[part.line] -= units
                taken.append(UnitsTaken(allocation.allocation_id, place, units))
    return tuple(taken)


def take_all(allocations: Iterable[Allocation]) -> tuple[UnitsTaken, ...]:
    """Choose everything that is open of some allocations."""
    return tuple(
        UnitsTaken(each.allocation_id, place, part.open)
        for each in allocations
        for place, part in enumerate(each.units)
        if part.open
    )


def lines_of(allocations: Allocations, taken: Sequence[UnitsTaken]) -> dict[int, int]:
    """Return how many units of each line were taken."""
    by_id = {each.allocation_id: each for each in allocations}
    units: dict[int, int] = {}
    for each in taken:
        line = by_id[each.allocation_id].units[each.place].line
        units[line] = units.get(line, 0) + each.quantity
    return units


def after_taking(allocations: Allocations, taken: Sequence[UnitsTaken], *, shipped: bool) -> Allocations:
    """Return the allocations after units of them were shipped, or given back."""
    if not taken:
        return allocations
    by_id: dict[int, dict[int, int]] = {}
    for each in taken:
        by_id.setdefault(each.allocation_id, {})[each.place] = each.quantity
    name = "shipped" if shipped else "released"
    return tuple(
        _replace(
            allocation,
            units=tuple(
                _replace(part, **{name: getattr(part, name) + quantity})
                if (quantity := by_id[allocation.allocation_id].get(place))
                else part
                for place, part in enumerate(allocation.units)
            ),
        )
        if allocation.allocation_id in by_id
        else allocation
        for allocation in allocations
    )


def with_lines_moved(allocations: Allocations, positions: Mapping[int, int]) -> Allocations:
    """Return the allocations after an edit, with the lines' new positions; only lines without open units can be removed."""
    return tuple(
        _replace(each, units=tuple(_replace(part, line=positions.get(part.line, -1)) for part in each.units))
        for each in allocations
    )


def movements_of_taking(allocations: Allocations, taken: Sequence[UnitsTaken], *, shipped: bool) -> list[StockMovement]:
    """Return what it does to stock levels that units of allocations are shipped, or given back."""
    by_id = {each.allocation_id: each for each in allocations}
    movements = []
    for each in taken:
        allocation = by_id[each.allocation_id]
        part = allocation.units[each.place]
        if part.sku is not None:
            key = LevelKey(part.sku, allocation.location, part.pool)
            kind = Kind.SHIP if shipped else Kind.DEALLOCATE
            movements.append(StockMovement(key, kind, -each.quantity if shipped else 0, -each.quantity))
    return movements


def movements_of(allocation: Allocation) -> list[StockMovement]:
    """Return what a new allocation does to stock levels."""
    return [
        StockMovement(LevelKey(part.sku, allocation.location, part.pool), Kind.ALLOCATE, 0, part.quantity)
        for part in allocation.units
        if part.sku is not None
    ]

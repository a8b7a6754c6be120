"""What the allocation of an order is decided on, and the decision; pure values."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from crossdock.core.allocation.plan import Demand, Location, Plan, StockKey
from crossdock.core.allocation.rules import RuleSet
from crossdock.core.orders.allocations import Allocation
from crossdock.core.stock.model import Level, LevelKey


class Supply(Struct, frozen=True):
    """The stock levels of an order's SKUs, locked, the locations and the rules; and what ids a decision and allocations get.

    `backorder`: what cannot be served waits for stock.
    """

    levels: Mapping[LevelKey, Level]
    locations: tuple[Location, ...]
    rule_sets: tuple[RuleSet, ...]
    decision_id: int
    new_id: Callable[[], int]
    backorder: bool = True

    @property
    def tracked(self) -> frozenset[str]:
        """The SKUs that have a stock level anywhere."""
        return frozenset(key.sku for key in self.levels)


class Decision(Struct, frozen=True):
    """An allocation as it was decided: what was asked, the stock that was looked at, the plan, and the allocations it makes.

    `short` are units that no stock is left for, by line.
    """

    demand: Demand
    stock: tuple[tuple[StockKey, int], ...]
    plan: Plan
    allocations: tuple[Allocation, ...]
    short: tuple[tuple[int, int], ...]

"""Move a part of allocations, or move them only where a location can serve all of it; pure."""

from collections.abc import Callable, Sequence

import msgspec

from crossdock.core.errors import Code, Conflict
from crossdock.core.orders.allocating import AllocateOrder, ReallocateOrder, after_movements
from crossdock.core.orders.allocations import UnitsTaken, lines_of
from crossdock.core.orders.commands import State
from crossdock.core.orders.events import Deallocated, OrderEvent, evolve
from crossdock.core.orders.model import Order

_replace = msgspec.structs.replace


class ReallocateUnits(ReallocateOrder, frozen=True, kw_only=True):
    """Move the units of allocations that `units` chooses in the order as it is. `complete`: all of them, or none."""

    units: Callable[[Order], tuple[UnitsTaken, ...]]
    complete: bool = False

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return what ReallocateOrder does.

        Refuses with Conflict `state_forbids` where nothing is chosen, or not all of it can be moved though it must.
        """
        if not self.units(state.order):
            raise Conflict(Code.STATE_FORBIDS, "nothing of it is allocated any more", status=str(state.order.status))
        begin, request, after = self._after_giving_back(state)
        if self.complete and (state.decision is None or state.decision.short):
            reasons = (
                "; ".join(dict.fromkeys(each[2] for each in state.decision.plan.unserved)) if state.decision else ""
            )
            reason = f"the units cannot be moved there: {reasons or 'no stock is there'}"
            raise Conflict(Code.STATE_FORBIDS, reason, status=str(state.order.status))
        return [*begin, *request.decide(after)]

    def _after_giving_back(self, state: State) -> tuple[list[OrderEvent], AllocateOrder, State]:
        order, units = state.order, self.units(state.order)
        lines = lines_of(order.allocations, units)
        counters = tuple(line.deallocate(lines.get(position, 0)) for position, line in enumerate(order.counters))
        given_back = Deallocated(lines=tuple(sorted(lines.items())), counters=counters, units=units, reason=self.reason)
        taken = {each.allocation_id for each in units}
        left = {each.location for each in order.allocations if each.allocation_id in taken}
        request = AllocateOrder(
            order_id=self.order_id, lines=lines, only=self.only, excluded=tuple(sorted({*self.excluded, *left})),
            reason=self.reason,
        )  # fmt: skip
        supply = state.supply
        if supply is not None:
            supply = _replace(supply, levels=after_movements(supply.levels, given_back.stock_movements(order)))
        evolved = evolve(order, given_back, at=max(state.now, order.updated_at))
        return [given_back], request, _replace(state, order=evolved, supply=supply)

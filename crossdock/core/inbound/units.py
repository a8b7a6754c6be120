"""The commands on stock levels that inbound makes: take in units with the damaged ones set apart, take out available units."""

import msgspec

from crossdock.core.errors import Code, Conflict, Fault, Invalid, Path
from crossdock.core.stock.commands import Change, ReceiveStock, StockCommand
from crossdock.core.stock.events import Adjusted, LimitsChanged
from crossdock.core.stock.model import MAX_UNITS, Counter, Kind, Level

_replace = msgspec.structs.replace
DAMAGED = "damaged"  # the counter of a level that holds back damaged units


class ReceiveUnits(StockCommand, frozen=True, kw_only=True):
    """Take in units that arrived, `damaged` of them damaged: these lie there and are not available. `path` is where a request
    says so."""

    quantity: int
    damaged: int = 0
    kind: Kind = Kind.RECEIVE
    path: Path = ()

    def apply(self, level: Level, now: int) -> Change:
        """Refuses with Invalid a quantity below one, and units that would make the level, or its damaged units, too many."""
        if level.on_hand + self.quantity > MAX_UNITS or _damaged(level) + self.damaged > MAX_UNITS:
            fault = Fault(self.path, f"must leave at most {MAX_UNITS} units of {level.sku} at {level.location}")
            raise Invalid(Code.INVALID, "the stock level would be too large", faults=(fault,))
        held = _with_damaged(level, self.damaged) if self.damaged else level
        change = ReceiveStock(key=self.key, quantity=self.quantity, reason=self.reason).apply(held, now)
        events = change.events
        if self.damaged:
            after = change.level
            events += (
                LimitsChanged(
                    sku=after.sku, location=after.location, pool=after.pool, on_hand=after.on_hand,
                    available=after.available, safety=after.safety, threshold=after.threshold, counters=after.counters,
                    unlimited=after.unlimited,
                ),
            )  # fmt: skip
        return _replace(change, kind=self.kind, events=events)


class TakeUnits(StockCommand, frozen=True, kw_only=True):
    """Take out available units; of an unlimited level nothing is taken. `path` is where a request asks for them."""

    quantity: int
    kind: Kind = Kind.ADJUST
    path: Path = ()

    def apply(self, level: Level, now: int) -> Change:
        """Refuses with Conflict `state_forbids` more units than are available."""
        if level.unlimited:
            return Change(level)
        if self.quantity > level.available:
            where = f"{level.sku} at {level.location}" + (f" in the pool {level.pool}" if level.pool else "")
            reason = f"needs {self.quantity} units of {where}, and {level.available} are available"
            raise Conflict(Code.STATE_FORBIDS, "too few units are available", faults=(Fault(self.path, reason),))
        after = _replace(level, on_hand=level.on_hand - self.quantity)
        event = Adjusted(
            sku=after.sku, location=after.location, pool=after.pool, on_hand=after.on_hand, available=after.available,
            delta=-self.quantity, reason=self.reason,
        )  # fmt: skip
        return Change(after, -self.quantity, self.kind, (event,))


def _damaged(level: Level) -> int:
    return sum(counter.quantity for counter in level.counters if counter.name == DAMAGED)


def _with_damaged(level: Level, quantity: int) -> Level:
    counted = {counter.name: counter.quantity for counter in level.counters}
    counted[DAMAGED] = counted.get(DAMAGED, 0) + quantity
    return _replace(level, counters=tuple(Counter(name, counted[name]) for name in sorted(counted)))

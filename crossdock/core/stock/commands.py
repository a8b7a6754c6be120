"""The commands on a stock level, and what each one decides; pure.

`decide` takes a command and the level it meets and returns the level afterwards, the movements of the ledger and the events;
none where nothing changes. Refusals name what the caller can change.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Fault, Invalid
from crossdock.core.stock.events import (
    Adjusted,
    BecameLow,
    BecameSufficient,
    Counted,
    LimitsChanged,
    ReceivedStock,
    StockEvent,
)
from crossdock.core.stock.model import MAX_UNITS, Counter, Kind, Level, LevelKey

_replace = msgspec.structs.replace


class Change(Struct, frozen=True):
    """What a command makes of a level: the level afterwards, what it adds to the units on hand, the cause and the events."""

    level: Level
    delta: int = 0
    kind: Kind | None = None
    events: tuple[StockEvent, ...] = ()


class StockCommand(Struct, frozen=True, kw_only=True):
    """A request to change one stock level. A level that is not there yet is one with nothing in it.

    `seen` is the number of the level's last event that the caller saw, where they say so: then two people who count or adjust
    at once never overwrite each other.
    """

    key: LevelKey
    reason: str | None = None
    seen: int | None = None

    def apply(self, level: Level, now: int) -> Change:
        """Return what the command makes of the level; see `decide`."""
        raise NotImplementedError


class CountStock(StockCommand, frozen=True, kw_only=True):
    """Set the units on hand to what was counted."""

    quantity: int

    def apply(self, level: Level, now: int) -> Change:
        """Refuses a negative count, and one of fewer units than are allocated."""
        _check_quantity("quantity", self.quantity, least=0)
        delta = self.quantity - level.on_hand
        after = _replace(level, on_hand=self.quantity, counted=self.quantity, counted_at=now, shipped=0)
        _check_allocated(after, "quantity", f"must be at least {level.allocated}, which are allocated to orders")
        return Change(after, delta, Kind.COUNT, (Counted(**_head(after), delta=delta, reason=self.reason),))


class AdjustStock(StockCommand, frozen=True, kw_only=True):
    """Add units to those on hand, or take them away."""

    delta: int

    def apply(self, level: Level, now: int) -> Change:
        """Refuses to take away more than is on hand and not allocated."""
        after = _moved(level, "delta", self.delta)
        return Change(after, self.delta, Kind.ADJUST, (Adjusted(**_head(after), delta=self.delta, reason=self.reason),))


class ReceiveStock(StockCommand, frozen=True, kw_only=True):
    """Take in units that arrived."""

    quantity: int

    def apply(self, level: Level, now: int) -> Change:
        """Refuses a quantity below one."""
        _check_quantity("quantity", self.quantity, least=1)
        after = _moved(level, "quantity", self.quantity)
        event = ReceivedStock(**_head(after), delta=self.quantity, reason=self.reason)
        return Change(after, self.quantity, Kind.RECEIVE, (event,))


class SetLimits(StockCommand, frozen=True, kw_only=True):
    """Set safety stock, threshold, counters, and whether the stock is unlimited; what is UNSET stays. A counter of no units is
    removed."""

    safety: int | msgspec.UnsetType = msgspec.UNSET
    threshold: int | msgspec.UnsetType | None = msgspec.UNSET
    counters: tuple[Counter, ...] | msgspec.UnsetType = msgspec.UNSET
    unlimited: bool | msgspec.UnsetType = msgspec.UNSET

    def apply(self, level: Level, now: int) -> Change:
        """Refuses negative quantities, and a counter that is named twice."""
        after = level
        if self.safety is not msgspec.UNSET:
            _check_quantity("safety", self.safety, least=0)
            after = _replace(after, safety=self.safety)
        if self.threshold is not msgspec.UNSET:
            if self.threshold is not None:
                _check_quantity("threshold", self.threshold, least=0)
            after = _replace(after, threshold=self.threshold)
        if self.counters is not msgspec.UNSET:
            after = _replace(after, counters=_checked_counters(self.counters))
        if self.unlimited is not msgspec.UNSET:
            after = _replace(after, unlimited=self.unlimited)
        if after == level:
            return Change(level)
        event = LimitsChanged(
            **_head(after),
            safety=after.safety,
            threshold=after.threshold,
            counters=after.counters,
            unlimited=after.unlimited,
            reason=self.reason,
        )
        return Change(after, events=(event,))


def decide(command: StockCommand, level: Level, *, now: int) -> Change:
    """Decide a command: what it makes of the level, with the alert that follows from it.

    Refuses with Conflict `stale_version` a level that has changed since it was seen, and with what the command refuses.
    """
    if command.seen is not None and command.seen != level.event_number:
        raise Conflict(
            Code.STALE_VERSION, "the stock level was changed meanwhile", version=level.event_number, seen=command.seen
        )
    change = command.apply(level, now)
    if change.level == level and not change.events:
        return change
    after = _replace(change.level, updated_at=max(now, level.updated_at))
    return _replace(change, level=after, events=(*change.events, *alerts(level, after)))


def alerts(before: Level, after: Level) -> Sequence[StockEvent]:
    """Return the event that says that a level became low, or is sufficient again."""
    if after.threshold is None or before.is_low == after.is_low:
        return ()
    kind: type[BecameLow | BecameSufficient] = BecameLow if after.is_low else BecameSufficient
    return (kind(**_head(after), threshold=after.threshold),)


def _head(level: Level) -> dict[str, Any]:
    return {
        "sku": level.sku, "location": level.location, "pool": level.pool,
        "on_hand": level.on_hand, "available": level.available,
    }  # fmt: skip


def _moved(level: Level, member: str, delta: int) -> Level:
    after = _replace(level, on_hand=level.on_hand + delta)
    if after.on_hand > MAX_UNITS:
        raise Invalid(
            Code.INVALID, "the level would be too large",
            faults=(Fault((member,), f"must leave at most {MAX_UNITS} units on hand"),),
        )  # fmt: skip
    least = level.allocated - level.on_hand
    allocated = f", {level.allocated} allocated" if level.allocated else ""
    _check_allocated(after, member, f"must be at least {least}: {level.on_hand} are on hand{allocated}")
    return after


def _check_allocated(after: Level, member: str, reason: str) -> None:
    if after.on_hand < after.allocated:
        missing = "units that are allocated would be missing" if after.allocated else "there are fewer units on hand"
        raise Conflict(Code.STATE_FORBIDS, missing, faults=(Fault((member,), reason),))


def _check_quantity(member: str, quantity: int, *, least: int) -> None:
    if not least <= quantity <= MAX_UNITS:
        fault = Fault((member,), f"must be from {least} to {MAX_UNITS}, not {quantity}")
        raise Invalid(Code.INVALID, "the body has faults", faults=(fault,))


def _checked_counters(counters: tuple[Counter, ...]) -> tuple[Counter, ...]:
    faults: list[Fault] = []
    names: set[str] = set()
    for place, counter in enumerate(counters):
        if counter.name in names:
            faults.append(Fault(("counters", place, "name"), "must be unique"))
        names.add(counter.name)
        if not 0 <= counter.quantity <= MAX_UNITS:
            faults.append(Fault(("counters", place, "quantity"), f"must be from 0 to {MAX_UNITS}"))
    if faults:
        raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults))
    return tuple(sorted((each for each in counters if each.quantity), key=lambda each: each.name))

"""What an edit does to an order: which line is which, what counters they have then, and what must not change.

An edit is new content, whichever door it came through. Where the order came through another door, whose fields the editing door
does not all know, `merge` takes over only what the edit changed.
"""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Fault
from crossdock.core.orders.model import Content, Line, Order
from crossdock.core.orders.status import Counters

Value = TypeVar("Value")
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode
# What a location works on, or has shipped, stays as it is.
_FIXED = ("sku", "product_ref", "destination")


class Revision(Struct, frozen=True):
    """New content with the counters its lines have, and which line each was before (-1 for a new one)."""

    content: Content
    counters: tuple[Counters, ...]
    from_lines: tuple[int, ...]


def revise(order: Order, content: Content) -> Revision:
    """Fit new content to an order.

    Refuses with Conflict `state_forbids`, with a fault for each place, what would corrupt units that are allocated, shipped or
    canceled: fewer units of a line than that, another thing or destination for it, its removal, another currency, another
    address for what has left. Also the removal of a line that is on hold.
    """
    from_lines = _matched(order.content.lines, content.lines)
    counters = tuple(
        Counters(ordered=line.quantity)
        if before < 0
        else msgspec.structs.replace(order.counters[before], ordered=max(line.quantity, 1))
        for line, before in zip(content.lines, from_lines, strict=True)
    )
    faults = [*_line_faults(order, content, from_lines), *_order_faults(order, content)]
    if faults:
        reason = "the edit contradicts what was allocated, shipped or canceled already"
        raise Conflict(Code.STATE_FORBIDS, reason, faults=tuple(faults), status=str(order.status))
    return Revision(content, counters, from_lines)


def _matched(before: tuple[Line, ...], after: tuple[Line, ...]) -> tuple[int, ...]:
    """Find for each line the one it was, -1 for a new one.

    Lines that are equal in all they say come first, then those of one sender's line id and product, then of one id, then the
    same thing at the same price, then the same thing; among equals in order of appearance. Two lines that both have an id are
    the same only by it.
    Takes time proportional to the number of lines.
    """
    from_lines = [-1] * len(after)
    used: set[int] = set()
    for key in _MATCH_KEYS:
        candidates = _Candidates(before, used, key)
        for position, line in enumerate(after):
            if from_lines[position] < 0 and (found := candidates.take(line)) is not None:
                from_lines[position] = found
                used.add(found)
    return tuple(from_lines)


def _same_content(line: Line) -> Hashable:
    return _ENCODE(msgspec.structs.replace(line, unmapped=None))


def _same_id(line: Line) -> Hashable:
    return line.line_ref or None


def _same_id_and_product(line: Line) -> Hashable:
    return (line.line_ref, line.sku, line.product_ref) if line.line_ref else None


def _same_offer(line: Line) -> Hashable:
    thing = _same_thing(line)
    return None if thing is None else (thing, line.unit_price)


def _same_thing(line: Line) -> Hashable:
    return (line.sku, line.product_ref, line.description) if line.sku or line.product_ref or line.description else None


def _same_product(line: Line) -> Hashable:
    return (line.sku, line.product_ref) if line.sku or line.product_ref else None


_MATCH_KEYS: tuple[Callable[[Line], Hashable], ...] = (
    _same_content, _same_id_and_product, _same_id, _same_offer, _same_thing, _same_product,
)  # fmt: skip


class _Candidates:
    """The lines that are not matched yet, by what one round compares, in order of appearance."""

    def __init__(self, lines: tuple[Line, ...], taken: set[int], key: Callable[[Line], Hashable]) -> None:
        self._key = key
        self._queues: dict[tuple[Hashable, bool], deque[int]] = {}
        for position, line in enumerate(lines):
            if position not in taken and (value := key(line)) is not None:
                self._queues.setdefault((value, bool(line.line_ref)), deque()).append(position)

    def take(self, line: Line) -> int | None:
        """Take the first candidate that `line` may be, or None."""
        value = self._key(line)
        if value is None:
            return None
        may_have_id = not line.line_ref or self._key in (_same_content, _same_id_and_product, _same_id)
        queues = [self._queues.get((value, has_id)) for has_id in ((False, True) if may_have_id else (False,))]
        heads = [queue for queue in queues if queue]
        return min(heads, key=lambda queue: queue[0]).popleft() if heads else None


def _line_faults(order: Order, content: Content, from_lines: tuple[int, ...]) -> list[Fault]:
    faults: list[Fault] = []
    for position, (line, before) in enumerate(zip(content.lines, from_lines, strict=True)):
        if before < 0:
            continue
        counters, was = order.counters[before], order.content.lines[before]
        if line.quantity < counters.committed:
            reason = f"must be at least {counters.committed}, which are allocated, shipped or canceled already"
            faults.append(Fault(("lines", position, "quantity"), reason))
        if counters.allocated or counters.shipped:
            faults += [
                Fault(("lines", position, name), "cannot change any more")
                for name in _FIXED
                if getattr(line, name) != getattr(was, name)
            ]
    kept = set(from_lines)
    for place, counters in enumerate(order.counters):
        if place not in kept and (counters.allocated or counters.shipped):
            named = _name_of(order, place)
            faults.append(Fault(("lines",), f"must still have line {named!r}, which is allocated or shipped"))
    faults += _hold_faults(order, kept)
    return faults


def _hold_faults(order: Order, kept: set[int]) -> list[Fault]:
    """Refuse the removal of a line that is on hold: it would lift the hold, and nobody would have released it."""
    return [
        Fault(
            ("lines",),
            f"must still have line {_name_of(order, place)!r}, which is on hold ({hold.reason}); release the hold or "
            "cancel the line first",
        )
        for hold in order.holds
        for place in hold.lines
        if place not in kept
    ]


def _name_of(order: Order, place: int) -> str | int:
    line = order.content.lines[place]
    return line.line_ref or line.sku or place


def _order_faults(order: Order, content: Content) -> list[Fault]:
    faults: list[Fault] = []
    was = order.content
    if any(line.shipped for line in order.counters) and content.currency != was.currency:
        faults.append(Fault(("currency",), "cannot change once something was shipped"))
    for place, destination in enumerate(was.destinations):
        bound = [
            counters for line, counters in zip(was.lines, order.counters, strict=True) if line.destination == place
        ]
        now = content.destinations[place] if place < len(content.destinations) else None
        if any(line.shipped for line in bound) and (now is None or now.address != destination.address):
            faults.append(Fault(("destinations", place, "address"), "cannot change once something was shipped there"))
        if any(line.allocated for line in bound) and (now is None or now.location_ref != destination.location_ref):
            faults.append(
                Fault(("destinations", place, "location_ref"), "cannot change while something is allocated there")
            )
    return faults


# ---------------------------------------------------------------------------------------------------------------- merging
def merge(current: Content, seen: Content, after: Content) -> Content:
    """Take over from `after` what differs from `seen`, and keep the rest of `current`.

    `seen` is what an editor made of the order as it was shown to it, `after` what it makes of the order as it wants it.
    """
    lines = _merged_lines(current.lines, seen.lines, after.lines)
    return msgspec.structs.replace(_merged(current, seen, after), lines=lines)


def _merged(current: Value, seen: Value, after: Value) -> Value:
    if seen == after:
        return current
    if current == seen:
        return after
    if isinstance(current, Struct) and type(current) is type(seen) is type(after):
        parts = {
            name: _merged(getattr(current, name), getattr(seen, name), getattr(after, name))
            for name in current.__struct_fields__
            if name != "lines"
        }
        return msgspec.structs.replace(current, **parts)
    if _are_alike(current, seen, after):
        return type(current)(map(_merged, current, seen, after))  # type: ignore[call-arg,call-overload]
    return after


def _are_alike(*values: Any) -> bool:
    return all(isinstance(value, tuple) and len(value) == len(values[0]) for value in values)


def _merged_lines(current: tuple[Line, ...], seen: tuple[Line, ...], after: tuple[Line, ...]) -> tuple[Line, ...]:
    """Merge lines by what they were in `seen`, which has as many as `current`."""
    if seen == after:
        return current
    if current == seen:
        return after
    return tuple(
        line if before < 0 else _merged(current[before], seen[before], line)
        for line, before in zip(after, _matched(seen, after), strict=True)
    )

"""What an edit does to an order: which line is which, what counters they have then, and what it must leave alone.

An edit is new content, whatever door said it. Where the order came through another door, whose words the editing door does not
all know, `merge` takes over only what the edit changed.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Fault
from crossdock.core.orders.model import Content, Line, Order
from crossdock.core.orders.status import Counters

Value = TypeVar("Value")
# What a location has been told, or what has left it, stays as it is.
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
    address for what has left.
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
    """Find for each line the one it was: by the sender's line id, else the same thing in the same order of appearance."""
    left = dict(enumerate(before))
    found = [-1] * len(after)
    for names in (("line_ref",), ("sku", "product_ref", "description"), ("sku", "product_ref")):
        for position, line in enumerate(after):
            key = tuple(getattr(line, name) for name in names)
            if found[position] >= 0 or not any(key):
                continue
            for place, other in left.items():
                # Two lines that both have an id are the same only by it.
                told_apart = line.line_ref and other.line_ref and line.line_ref != other.line_ref
                if not told_apart and key == tuple(getattr(other, name) for name in names):
                    found[position] = place
                    del left[place]
                    break
    return tuple(found)


def _line_faults(order: Order, content: Content, from_lines: tuple[int, ...]) -> list[Fault]:
    faults: list[Fault] = []
    for position, (line, before) in enumerate(zip(content.lines, from_lines, strict=True)):
        if before < 0:
            continue
        counters, was = order.counters[before], order.content.lines[before]
        if line.quantity < counters.settled:
            reason = f"must be at least {counters.settled}, which are allocated, shipped or canceled already"
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
            named = order.content.lines[place].line_ref or order.content.lines[place].sku or place
            faults.append(Fault(("lines",), f"must still hold line {named!r}, which is allocated or shipped"))
    return faults


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

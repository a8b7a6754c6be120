"""The hub's JSON to canonical content and back; pure. The names are the same on both sides, so most of it is generic."""

from typing import Any

import msgspec

from crossdock.core.errors import Fault
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.json.request_body import objects_in
from crossdock.core.money import reconcile
from crossdock.core.orders.model import Content, Hold, Line, Order
from crossdock.core.orders.status import Counters
from crossdock.core.time import format_time
from crossdock.doors.hub import wire

Tree = Any
# Members of the answer that a sender cannot set.
HEAD = ("id", "version", "status", "created_at", "updated_at", "source", "holds", "tags", "archived")
ANSWERED = (*HEAD, "reconciliation")
# What is said of an order that cannot be rendered, in its place in a list or an export.
UNREADABLE = "the order cannot be shown; the server's log says why"
ENCODER = msgspec.json.Encoder()  # writes amounts as strings, as this door does
DECODER = msgspec.json.Decoder()


def _members(kind: type[msgspec.Struct]) -> list[tuple[str, Any, Any]]:
    """List the members of a canonical Struct as the answer has them: all but the leftovers, absent where they say nothing."""
    fields = [field for field in msgspec.structs.fields(kind) if field.name != "unmapped"]
    return [(field.name, Any, None if field.required else field.default) for field in fields]


# The answer in the order of its members, for orders of other doors: encoded from canonical values as they are.
COUNTERS_RESPONSE = msgspec.defstruct(
    "COUNTERS_RESPONSE", [(field.name, int) for field in msgspec.structs.fields(Counters)]
)
LINE_RESPONSE = msgspec.defstruct("LINE_RESPONSE", [*_members(Line), ("counters", Any, None)], omit_defaults=True)
RESPONSE = msgspec.defstruct(
    "RESPONSE", [*((name, Any) for name in HEAD), *_members(Content), ("reconciliation", Any, None)], omit_defaults=True
)

format_id = to_base32
parse_id = from_base32


def line_rules(tree: Tree) -> list[Fault]:
    """A line has a SKU or a description, and goes to a destination that is there."""
    faults = []
    destinations = tree.get("destinations") if isinstance(tree, dict) else None
    known = len(destinations) if isinstance(destinations, list) else 0
    for position, line in objects_in(tree, "lines"):
        if not line.get("sku") and not line.get("description"):
            faults.append(Fault(("lines", position), "must have a sku or a description"))
        place = line.get("destination")
        if isinstance(place, int) and place and place >= known:
            faults.append(
                Fault(("lines", position, "destination"), f"must be below {known}, the number of destinations")
            )
    return faults


def time_answer(us: int) -> str:
    """Format microseconds since 1970."""
    return format_time(us, digits=6)


def unreadable_answer(order: Order) -> bytes:
    """Render what stands in a list or an export for an order that cannot be rendered."""
    answer = wire.UnreadableOrder(
        format_id(order.order_id), order.content.number, order.version, order.status, UNREADABLE
    )
    return ENCODER.encode(answer)


def hold_answer(hold: Hold) -> dict[str, Tree]:
    """Format a hold."""
    return {
        "number": hold.number,
        "reason": hold.reason,
        "note": hold.note,
        "lines": list(hold.lines),
        "at": time_answer(hold.at),
        "release_at": None if hold.release_at is None else time_answer(hold.release_at),
        "actor": hold.actor,
    }


def order_head(order: Order) -> tuple[Tree, ...]:
    """Return what the book knows of an order: the values of `HEAD`."""
    created = time_answer(order.created_at)
    source = order.source
    return (
        format_id(order.order_id),
        order.version,
        str(order.status),
        created,
        created if order.updated_at == order.created_at else time_answer(order.updated_at),
        {"door": source.door, "submission_id": format_id(source.submission_id), "actor": source.actor},
        [hold_answer(each) for each in order.holds],
        list(order.tags),
        order.archived,
    )


def reconciliation(content: Content) -> Tree:
    return msgspec.to_builtins(reconcile(content))

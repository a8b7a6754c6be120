"""What happened to an order, in the hub's words: events with their data, and what each changed. Pure."""

from collections.abc import Callable
from typing import Any

from crossdock.core import events
from crossdock.core.errors import Path
from crossdock.core.events import (
    Allocated,
    Backordered,
    Canceled,
    Counted,
    Delivered,
    Edited,
    Event,
    Fact,
    Held,
    Noted,
    Received,
    Refunded,
    Released,
    Returned,
    ReturnRequested,
    Shipped,
    Tagged,
)
from crossdock.core.order import Hold
from crossdock.doors.hub import errors
from crossdock.doors.hub.mapping import hold_answer, spell_id, time_answer
from crossdock.flows.queries import Entry

Tree = Any
_HOLD_TIMES = ("at", "release_at")


def _units(lines: tuple[tuple[int, int], ...]) -> list[Tree]:
    return [{"line": line, "quantity": quantity} for line, quantity in lines]


def _held(fact: Held, number: int) -> Tree:
    holds = [hold_answer(hold) | {"number": number} for hold in fact.holds]
    return {
        "holds": [{name: hold[name] for name in ("number", "reason", "note", "lines", "release_at")} for hold in holds]
    }


def _edited(fact: Edited, _: int) -> Tree:
    """`from_lines`: which line each line was before, null for a new one."""
    submission = None if fact.submission_id is None else spell_id(fact.submission_id)
    from_lines = [None if line < 0 else line for line in fact.from_lines]
    return {"from_lines": from_lines, "submission_id": submission}


def _counted(fact: Counted, *members: str) -> Tree:
    return {"lines": _units(fact.lines)} | {name: getattr(fact, name) for name in members}


def _shipped(fact: Shipped) -> Tree:
    packages = [
        {
            "lines": _units(package.lines),
            "carrier": package.carrier,
            "service": package.service,
            "tracking_number": package.number,
            "tracking_url": package.url,
        }
        for package in fact.packages
    ]
    return {"lines": _units(fact.lines), "location_ref": fact.location_ref, "packages": packages}


def _refunded(fact: Refunded) -> Tree:
    return_id = None if fact.return_id is None else spell_id(fact.return_id)
    return {"amount": fact.amount, "currency": fact.currency, "return_id": return_id}


_DATA: dict[type[Fact], Callable[[Any, int], Tree]] = {
    Received: lambda fact, _: {"submission_id": spell_id(fact.submission_id)},
    Edited: _edited,
    Held: _held,
    Released: lambda fact, _: {"holds": [{"number": number, "reason": reason} for number, reason in fact.holds]},
    Canceled: lambda fact, _: {"lines": _units(fact.lines), "note": fact.note},
    Allocated: lambda fact, _: {"location_ref": fact.location_ref},
    Backordered: lambda fact, _: _counted(fact, "expected_at", "consent_by"),
    Shipped: lambda fact, _: _shipped(fact),
    Delivered: lambda fact, _: _counted(fact, "tracking_number"),
    ReturnRequested: lambda fact, _: _counted(fact, "label_url") | {"return_id": spell_id(fact.return_id)},
    Returned: lambda fact, _: _counted(fact) | {"return_id": spell_id(fact.return_id)},
    Refunded: lambda fact, _: _refunded(fact),
    Tagged: lambda fact, _: {"tags": list(fact.tags)},
    Noted: lambda fact, _: {"text": fact.text, "topic": fact.topic, "data": fact.data},
}


def event_answer(event: Event) -> dict[str, Tree]:
    """Spell an event; `data` is what the fact says besides the content, which the order has."""
    fact = events.fact_of(event)
    tell = _DATA.get(type(fact))
    data = tell(fact, event.number) if tell is not None else {}
    if "reason" in fact.__struct_fields__:
        data["reason"] = _reason(fact)
    return {
        "number": event.number,
        "name": event.name,
        "at": time_answer(event.at),
        "actor": event.actor,
        "door": event.door,
        "data": data,
    }


def _reason(fact: Fact) -> str | None:
    """Give why somebody did it; holds have a reason each."""
    if isinstance(fact, Held):
        return ", ".join(hold.reason for hold in fact.holds)
    return getattr(fact, "reason", None)


def entry_answer(entry: Entry) -> dict[str, Tree]:
    """Spell an event of the timeline, with every value it changed."""
    return event_answer(entry.event) | {
        "reason": _reason(events.fact_of(entry.event)),
        "changes": [
            {"pointer": errors.pointer(path), "old": _value(path, old), "new": _value(path, new)}
            for path, old, new in entry.changes
        ],
    }


def _value(path: Path, value: Tree) -> Tree:
    """Spell a value as the order's document does; of holds the log has the times as numbers."""
    if path[0] == "holds" and path[2:] == ("lines",):
        return value or []
    if value is None or path[0] != "holds":
        return value
    if len(path) == 2:
        return hold_answer(Hold(**value))
    return time_answer(value) if path[2] in _HOLD_TIMES else value

"""What happened to an order, in the hub's words: events with their data, and what each changed. Pure."""

from collections.abc import Callable
from typing import Any

from crossdock.core import events
from crossdock.core.errors import Path
from crossdock.core.events import (
    Allocated,
    Archived,
    Backordered,
    Canceled,
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
    Unarchived,
)
from crossdock.core.order import Hold
from crossdock.doors.hub import catalog, errors
from crossdock.doors.hub.catalog import Data, Units
from crossdock.doors.hub.mapping import hold_answer, spell_id, time_answer
from crossdock.flows.queries import Entry

Tree = Any
_HOLD_TIMES = ("at", "release_at")


def _units(lines: tuple[tuple[int, int], ...]) -> list[Units]:
    return [Units(line, quantity) for line, quantity in lines]


def _id(identity: int | None) -> str | None:
    return None if identity is None else spell_id(identity)


def _held(fact: Held, number: int) -> catalog.HeldData:
    return catalog.HeldData(
        holds=[
            catalog.PlacedHold(
                number, hold.reason, hold.note, list(hold.lines),
                None if hold.release_at is None else time_answer(hold.release_at),
            )
            for hold in fact.holds
        ]
    )  # fmt: skip


def _edited(fact: Edited, _: int) -> catalog.EditedData:
    from_lines = [None if line < 0 else line for line in fact.from_lines]
    return catalog.EditedData(from_lines=from_lines, submission_id=_id(fact.submission_id), reason=fact.reason)


def _released(fact: Released, _: int) -> catalog.ReleasedData:
    holds = [catalog.EndedHold(number, reason) for number, reason in fact.holds]
    return catalog.ReleasedData(holds=holds, reason=fact.reason)


def _backordered(fact: Backordered, _: int) -> catalog.BackorderedData:
    return catalog.BackorderedData(
        lines=_units(fact.lines), expected_at=fact.expected_at, consent_by=fact.consent_by, reason=fact.reason
    )


def _shipped(fact: Shipped, _: int) -> catalog.ShippedData:
    packages = [
        catalog.PackageData(_units(package.lines), package.carrier, package.service, package.number, package.url)
        for package in fact.packages
    ]
    return catalog.ShippedData(
        lines=_units(fact.lines), location_ref=fact.location_ref, packages=packages, reason=fact.reason
    )


def _delivered(fact: Delivered, _: int) -> catalog.DeliveredData:
    return catalog.DeliveredData(lines=_units(fact.lines), tracking_number=fact.tracking_number, reason=fact.reason)


def _return_requested(fact: ReturnRequested, _: int) -> catalog.ReturnRequestedData:
    return catalog.ReturnRequestedData(
        lines=_units(fact.lines), label_url=fact.label_url, return_id=spell_id(fact.return_id), reason=fact.reason
    )


def _returned(fact: Returned, _: int) -> catalog.ReturnedData:
    return catalog.ReturnedData(lines=_units(fact.lines), return_id=spell_id(fact.return_id), reason=fact.reason)


def _refunded(fact: Refunded, _: int) -> catalog.RefundedData:
    return catalog.RefundedData(
        amount=str(fact.amount), currency=fact.currency, return_id=_id(fact.return_id), reason=fact.reason
    )


_DATA: dict[type[Fact], Callable[[Any, int], Data]] = {
    Received: lambda fact, _: catalog.ReceivedData(submission_id=spell_id(fact.submission_id)),
    Edited: _edited,
    Held: _held,
    Released: _released,
    Canceled: lambda fact, _: catalog.CanceledData(lines=_units(fact.lines), note=fact.note, reason=fact.reason),
    Allocated: lambda fact, _: catalog.AllocatedData(location_ref=fact.location_ref),
    Backordered: _backordered,
    Shipped: _shipped,
    Delivered: _delivered,
    ReturnRequested: _return_requested,
    Returned: _returned,
    Refunded: _refunded,
    Tagged: lambda fact, _: catalog.TaggedData(tags=list(fact.tags), reason=fact.reason),
    Noted: lambda fact, _: catalog.NotedData(text=fact.text, topic=fact.topic, data=fact.data),
    Archived: lambda fact, _: catalog.ArchivedData(reason=fact.reason),
    Unarchived: lambda fact, _: catalog.UnarchivedData(reason=fact.reason),
}


def data_of(event: Event) -> Data:
    """Give what an event says besides the order, in the shape of the catalog."""
    fact = events.fact_of(event)
    return _DATA[type(fact)](fact, event.number)


def event_answer(event: Event) -> dict[str, Tree]:
    """Spell an event of an order."""
    return {
        "number": event.number,
        "name": event.name,
        "at": time_answer(event.at),
        "actor": event.actor,
        "door": event.door,
        "data": data_of(event),
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

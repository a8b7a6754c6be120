"""The commands on an order, and what each one decides.

A command is a frozen value: what is asked, of which order, at which version, and why. `decide` is pure: it takes a command
and the state it meets and returns the events that follow, none where nothing changes, or raises a Refusal that says why
not. Loading, locking, saving and replying are done by flows/execute.py, for every door, timer and console alike.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.events import Event
from crossdock.core.ids import json_equal
from crossdock.core.orders.allocations import UnitsTaken, take
from crossdock.core.orders.editing import revise
from crossdock.core.orders.events import (
    Allocated,
    Archived,
    Backordered,
    Canceled,
    Edited,
    Held,
    Noted,
    OrderEvent,
    Released,
    Shipped,
    Tagged,
    Unarchived,
    decode_event,
    evolve,
)
from crossdock.core.orders.fulfillments import Package
from crossdock.core.orders.model import Content, Hold, Order
from crossdock.core.orders.status import Counters, Status, Verb, allowed_verbs
from crossdock.core.orders.supply import Decision, Supply

Document = dict[str, Any]
# Which units of which lines are meant, by line position; None for all that is open of a line. A function finds them in the
# order as it is when the command is executed, for doors whose lines go by other names.
LineSelection = Mapping[int, int | None] | Callable[[Order], Mapping[int, int | None]]
_replace = msgspec.structs.replace


class State(Struct, frozen=True):
    """What a decision is made of: the order, the time (microseconds since 1970), who asks, and what the command needs.

    `content` is what the edited document says (None where it changes nothing); `history` the order's events, where the
    command reads them; `supply` what is in stock, and `decision` what is made of it, where the command allocates.
    """

    order: Order
    now: int
    actor: str
    content: Content | None = None
    history: Sequence[Event] = ()
    supply: Supply | None = None
    decision: Decision | None = None


class Command(Struct, frozen=True, kw_only=True):
    """A request to change one order.

    `version` is the one the caller saw, where they said; `statuses` narrows where a door allows less than the order's
    status does; `skip_if` says where there is nothing to do. `order_id` is None for an id that cannot be one.
    """

    verb: ClassVar[Verb]
    reads_history: ClassVar[bool] = False
    reads_supply: ClassVar[bool] = False
    order_id: int | None
    version: int | None = None
    statuses: frozenset[Status] | None = None
    skip_if: Callable[[Order], bool] | None = None
    reason: str | None = None

    def check(self, order: Order) -> None:
        """Refuse with Conflict `state_forbids` what the order's state does not allow, before anything else is looked at."""
        check_allowed(order, self.verb, statuses=self.statuses)

    def edit_of(self, state: State) -> "EditOrder | None":
        """Return the edit whose document must be read before the decision, if there is one."""
        return None

    def decision(self, state: State) -> Decision | None:
        """Plan the allocation that the command asks for, of the supply in the state; None where there is nothing to plan."""
        return None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return the events that follow; see the module's `decide`."""
        raise NotImplementedError


def decide(command: Command, state: State) -> list[OrderEvent]:
    """Decide a command: return its events, those after the first joined to it, because one command is one change.

    Raises what the command refuses. Pure.
    """
    if not is_applicable(command, state.order):
        return []
    events = list(command.decide(state))
    events += _ended_holds(state, events)
    return [_replace(event, joined=True) if place else event for place, event in enumerate(events)]


def _ended_holds(state: State, events: Sequence[OrderEvent]) -> list[OrderEvent]:
    """Return the release of holds on lines that have nothing open any more, because there is nothing left to hold."""
    if not events or not any(hold.lines for hold in state.order.holds):
        return []
    order = state.order
    for event in events:
        order = evolve(order, event, at=max(state.now, order.updated_at))
    if order.counters == state.order.counters:
        return []
    ended = tuple(
        (hold.number, hold.reason)
        for hold in order.holds
        if hold.lines and not any(order.counters[line].open for line in hold.lines)
    )
    return [Released(holds=ended, reason="nothing of the lines on hold is open")] if ended else []


def is_applicable(command: Command, order: Order) -> bool:
    """Tell whether a command has anything to do; raises where the order's state does not allow it."""
    if command.skip_if is not None and command.skip_if(order):
        return False
    command.check(order)
    return True


def check_allowed(order: Order, verb: Verb, *, statuses: frozenset[Status] | None = None) -> None:
    """Refuse with Conflict `state_forbids` a verb that an order's status does not allow, naming those it does."""
    verbs = allowed_verbs(order.status)
    if verb in verbs and (statuses is None or order.status in statuses):
        return
    verbs = tuple(each for each in verbs if each is not verb)
    raise Conflict(
        Code.STATE_FORBIDS,
        f"the order is {order.status.replace('_', ' ')} and cannot {_PASSIVE[verb]}; possible are {', '.join(verbs)}",
        status=str(order.status),
        verbs=[str(each) for each in verbs],
        number=order.content.number,
    )


_PASSIVE = {
    Verb.EDIT: "be edited",
    Verb.HOLD: "be held",
    Verb.RELEASE: "be released",
    Verb.CANCEL: "be canceled",
    Verb.ALLOCATE: "be allocated",
    Verb.SHIP: "be shipped",
    Verb.TAG: "be tagged",
    Verb.NOTE: "be noted on",
    Verb.ARCHIVE: "be archived",
}


# ------------------------------------------------------------------------------------------------------------------- edit
class EditOrder(Command, frozen=True, kw_only=True):
    """Edit an order through its document in a door's create shape.

    `change` gets that document and the order, and returns the document wanted; flows/document_edits.py makes content of it.
    An edit is refused while a line has units in one of the counters `locked_by`; outside `bound_statuses` lines and addresses
    cannot change; `unsupported` is the fault where the order came through another door and has no place for what was asked.
    """

    verb: ClassVar[Verb] = Verb.EDIT
    door: str
    change: Callable[[Document, Order], Document]
    locked_by: tuple[str, ...] = ()
    bound_statuses: frozenset[Status] | None = None
    unsupported: Fault | None = None

    def check(self, order: Order) -> None:
        """Refuse also while units are in a counter that locks the order."""
        super().check(order)
        if any(getattr(line, counter) for line in order.counters for counter in self.locked_by):
            words = " or ".join(self.locked_by)
            raise Conflict(Code.STATE_FORBIDS, f"something of the order is {words}, so it cannot be changed")

    def edit_of(self, state: State) -> "EditOrder | None":
        """Return itself."""
        return self

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.edited`.

        Refuses with Invalid `invalid`, `unknown_reference`; Conflict `number_taken`, and `state_forbids` where the edit would
        corrupt what is allocated, shipped or canceled (see core.orders.editing).
        """
        order, content = state.order, state.content
        if content is None:
            if self.unsupported is not None and order.source.door != self.door:
                raise Invalid(Code.INVALID, "the body has faults", faults=(self.unsupported,))
            return []
        revision = revise(order, content)
        is_bound = self.bound_statuses is not None and order.status not in self.bound_statuses
        if is_bound and _bound(revision.content) != _bound(order.content):
            reason = f"the order is {order.status.replace('_', ' ')}; its addresses and items cannot change"
            raise Conflict(Code.STATE_FORBIDS, reason, status=str(order.status))
        return [
            Edited(
                content=revision.content,
                counters=revision.counters,
                from_lines=revision.from_lines,
                reason=self.reason,
            )
        ]


def _bound(content: Content) -> tuple[list[Any], list[Any]]:
    """Return the lines and addresses, without unmapped fields, which may always change."""
    return [_replace(line, unmapped=None) for line in content.lines], [each.address for each in content.destinations]


class ReplaceContent(Command, frozen=True, kw_only=True):
    """Replace the whole content of an order that nothing has happened to yet, by a newer submission."""

    verb: ClassVar[Verb] = Verb.EDIT
    content: Content
    submission_id: int

    def check(self, order: Order) -> None:
        """Refuse where any unit of the order has gone on."""
        if any(each != Counters(ordered=each.ordered) for each in order.counters):
            raise Conflict(
                Code.STATE_FORBIDS,
                f"the order is {order.status} and cannot be replaced",
                status=str(order.status),
                number=order.content.number,
            )

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.edited` with the submission the content comes from."""
        revision = revise(state.order, self.content)
        return [
            Edited(
                content=self.content,
                counters=revision.counters,
                from_lines=revision.from_lines,
                submission_id=self.submission_id,
            )
        ]


# ---------------------------------------------------------------------------------------------------------- hold, release
class HoldRequest(Struct, frozen=True):
    """A hold to be placed; see core.orders.model.Hold."""

    reason: str
    note: str | None = None
    lines: tuple[int, ...] = ()
    release_at: int | None = None


class PlaceHolds(Command, frozen=True, kw_only=True):
    """Place holds, each with a reason that is unique in the command.

    `before_shipping`: refuse where something of the order has shipped, for doors that could not show the hold.
    """

    verb: ClassVar[Verb] = Verb.HOLD
    holds: tuple[HoldRequest, ...]
    before_shipping: bool = False

    def check(self, order: Order) -> None:
        """Refuse also where something has shipped and the door could not show the hold."""
        super().check(order)
        if self.before_shipping and order.status is Status.PARTIALLY_SHIPPED:
            raise Conflict(Code.STATE_FORBIDS, "something of the order has shipped, so it cannot be on hold any more")

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.held`.

        Refuses with Invalid an unknown line, one with nothing open, a release time that is past, a reason given twice.
        """
        order = state.order
        faults: list[Fault] = []
        reasons: set[str] = set()
        for position, hold in enumerate(self.holds):
            if hold.reason in reasons:
                faults.append(Fault(("holds", position, "reason"), "must be unique in one call"))
            reasons.add(hold.reason)
            if hold.release_at is not None and hold.release_at <= state.now:
                faults.append(Fault(("holds", position, "release_at"), "must lie in the future"))
            faults += [
                Fault(("holds", position, "lines", place), f"must be below {len(order.counters)}, the number of lines")
                for place, line in enumerate(hold.lines)
                if not 0 <= line < len(order.counters)
            ]
            faults += [
                Fault(("holds", position, "lines", place), f"has nothing open: {_summary(order.counters[line])}")
                for place, line in enumerate(hold.lines)
                if 0 <= line < len(order.counters) and not order.counters[line].open
            ]
        if faults:
            raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults))
        at = max(state.now, order.updated_at)
        holds = tuple(
            Hold(each.reason, at, each.note, lines=each.lines, release_at=each.release_at, actor=state.actor)
            for each in self.holds
        )
        return [Held(holds=holds)] if holds else []


class ReleaseHolds(Command, frozen=True, kw_only=True):
    """End holds: those with these `numbers`, those with these `reasons`, those that `matches` accepts, or all."""

    verb: ClassVar[Verb] = Verb.RELEASE
    numbers: tuple[int, ...] | None = None
    reasons: tuple[str, ...] | None = None
    matches: Callable[[Hold], bool] | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.released`. Refuses with Conflict `state_forbids` where the order has no such hold."""
        order = state.order
        if self.numbers is not None:
            self._check_known("holds", self.numbers, {hold.number for hold in order.holds}, order)
        if self.reasons is not None:
            self._check_known("reasons", self.reasons, {hold.reason for hold in order.holds}, order)
        ended = tuple((hold.number, hold.reason) for hold in order.holds if self._is_meant(hold))
        if not ended:
            reasons = ", ".join(hold.reason for hold in order.holds) or "none"
            raise Conflict(
                Code.STATE_FORBIDS, f"the order has no such hold; it has {reasons}", status=str(order.status)
            )
        return [Released(holds=ended, reason=self.reason)]

    def _check_known(self, member: str, named: Sequence[Any], known: set[Any], order: Order) -> None:
        faults = tuple(
            Fault((member, place), f"is no hold of the order: {each!r}")
            for place, each in enumerate(named)
            if each not in known
        )
        if faults:
            raise Conflict(Code.STATE_FORBIDS, "the order has no such hold", faults=faults, status=str(order.status))

    def _is_meant(self, hold: Hold) -> bool:
        return (
            (self.numbers is None or hold.number in self.numbers)
            and (self.reasons is None or hold.reason in self.reasons)
            and (self.matches is None or self.matches(hold))
        )


# --------------------------------------------------------------------------------------------------- cancel, allocate, ship
class CancelOrder(Command, frozen=True, kw_only=True):
    """Cancel an order whole, or units of its lines; `backorder` because they were not waited for."""

    verb: ClassVar[Verb] = Verb.CANCEL
    lines: LineSelection | None = None
    note: str | None = None
    backorder: bool = False

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.canceled`.

        Refuses with Invalid `invalid` where a line has nothing or less open, and with Conflict `state_forbids` where the whole
        of an order is meant of which something has shipped.
        """
        order = state.order
        if self.lines is None:
            quantities = _all_open(order)
        else:
            quantities = _open_units(order, self.lines(order) if callable(self.lines) else self.lines)
        counters = tuple(line.cancel(quantities.get(position, 0)) for position, line in enumerate(order.counters))
        lines = tuple(sorted(quantities.items()))
        if not lines:
            return []
        return [
            Canceled(
                lines=lines, counters=counters, reason=self.reason, note=self.note,
                deallocated=taken_units(order, counters), backorder=self.backorder,
            )
        ]  # fmt: skip


def _all_open(order: Order) -> dict[int, int]:
    if any(line.shipped for line in order.counters):
        raise Conflict(
            Code.STATE_FORBIDS,
            "something of the order has shipped; cancel what is open by its lines, or return what has shipped",
            status=str(order.status),
            verbs=["cancel lines", "return"],
            number=order.content.number,
        )
    return {position: line.open for position, line in enumerate(order.counters) if line.open}


def _open_units(order: Order, selection: Mapping[int, int | None]) -> dict[int, int]:
    faults: list[Fault] = []
    quantities: dict[int, int] = {}
    for place, (position, requested) in enumerate(selection.items()):
        if not 0 <= position < len(order.counters):
            faults.append(Fault(("lines", place, "line"), f"must be below {len(order.counters)}, the number of lines"))
            continue
        line = order.counters[position]
        quantity = line.open if requested is None else requested
        if line.open == 0:
            faults.append(Fault(("lines", place), f"has nothing open: {_summary(line)}"))
        elif not 1 <= quantity <= line.open:
            reason = f"must be from 1 to {line.open}, which are open: {_summary(line)}"
            faults.append(Fault(("lines", place, "quantity"), reason))
        else:
            quantities[position] = quantity
    if faults:
        raise Invalid(Code.INVALID, "not so many units can be canceled", faults=tuple(faults))
    return quantities


def _summary(line: Counters) -> str:
    return f"{line.ordered} ordered, {line.canceled} canceled, {line.shipped} shipped"


def allocate(order: Order, *, location_ref: str, lines: Mapping[int, int] | None = None) -> list[OrderEvent]:
    """Return the event that allocates units of an order to a location, without stock."""
    counters = tuple(
        line.allocate(line.unplanned if lines is None else lines.get(position, 0))
        for position, line in enumerate(order.counters)
    )
    return [Allocated(location_ref=location_ref, counters=counters)] if counters != order.counters else []


def taken_units(
    order: Order, counters: Sequence[Counters], *, to_ship_from: str | None = None
) -> tuple[UnitsTaken, ...]:
    """Choose which units of allocations are gone, where lines have fewer allocated units in `counters` than in the order."""
    less = {
        position: was.allocated - now.allocated
        for position, (was, now) in enumerate(zip(order.counters, counters, strict=True))
        if now.allocated < was.allocated
    }
    if not less or not order.allocations:
        return ()
    if to_ship_from is None:
        return take(order.allocations, less)
    return take(order.allocations, less, oldest_first=True, prefer=to_ship_from)


class ShipOrder(Command, frozen=True, kw_only=True):
    """Ship open units: of the `lines` named (units by position), or all."""

    verb: ClassVar[Verb] = Verb.SHIP
    lines: Mapping[int, int] | None = None
    packages: tuple[Package, ...] = ()
    location_ref: str | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.shipped`. Refuses with Conflict `state_forbids` while the order is held."""
        order = state.order
        check_not_held(order)
        check_units(order, self.lines, lambda line: line.open)
        units = {position: line.open for position, line in enumerate(order.counters) if line.open}
        if self.lines is not None:
            units = dict(self.lines)
        counters = tuple(line.ship(units.get(position, 0)) for position, line in enumerate(order.counters))
        return [
            Shipped(
                lines=tuple(units.items()),
                counters=counters,
                reason=self.reason,
                packages=self.packages,
                location_ref=self.location_ref,
                allocated=taken_units(order, counters, to_ship_from=self.location_ref or ""),
            )
        ]


def check_not_held(order: Order) -> None:
    """Refuse with Conflict `state_forbids` an order that is held."""
    if order.holds:
        reasons = ", ".join(hold.reason for hold in order.holds)
        held = f"the order is held ({reasons}); release it first"
        raise Conflict(Code.STATE_FORBIDS, held, status=str(order.status), verbs=["release"])


def check_units(order: Order, lines: Mapping[int, int] | None, limit: Callable[[Counters], int]) -> None:
    """Refuse with Invalid lines that are not there, and more units of a line than its limit."""
    faults: list[Fault] = []
    for place, (position, quantity) in enumerate((lines or {}).items()):
        if not 0 <= position < len(order.counters):
            faults.append(Fault(("lines", place, "line"), f"must be below {len(order.counters)}, the number of lines"))
        elif not 0 <= quantity <= (most := limit(order.counters[position])):
            faults.append(Fault(("lines", place, "quantity"), f"must be at most {most}, which are left"))
    if faults:
        raise Invalid(Code.INVALID, "not so many units are left", faults=tuple(faults))


# ------------------------------------------------------------------------------------------------------------ annotations
class ChangeTags(Command, frozen=True, kw_only=True):
    """Change an order's tags: begin with `replace` (or those it has), add, remove; at most `max_tags` may be left."""

    verb: ClassVar[Verb] = Verb.TAG
    replace: tuple[str, ...] | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    max_tags: int | None = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.tagged`. Refuses with Invalid `invalid` where too many tags would be left."""
        present = state.order.tags
        begin = present if self.replace is None else self.replace
        tags = tuple(tag for tag in dict.fromkeys((*begin, *self.add)) if tag not in self.remove)
        if self.max_tags is not None and len(tags) > self.max_tags:
            fault = Fault(("add",), f"must leave at most {self.max_tags} tags, not {len(tags)}")
            raise Invalid(Code.INVALID, "the request has faults", faults=(fault,))
        return [Tagged(tags=tags, reason=self.reason)] if tags != present else []


class AddNote(Command, frozen=True, kw_only=True):
    """Add a note; `topic` and `data` say what a vendor's call reported."""

    verb: ClassVar[Verb] = Verb.NOTE
    text: str
    topic: str | None = None
    data: Any = None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.noted`."""
        return [Noted(text=self.text, topic=self.topic, data=self.data)]


class RecordReport(AddNote, frozen=True, kw_only=True):
    """Record once what another service reports, as a note; a repeated report changes nothing.

    The same data is a repeat whenever it came (`distinct`), or only where it is that of the last report of its topic. `edit`
    takes the report over into the order as long as the order can be edited.
    """

    reads_history: ClassVar[bool] = True
    distinct: bool = True
    edit: EditOrder | None = None

    def edit_of(self, state: State) -> EditOrder | None:
        """Return the edit that comes with a report that is new, where the order can still be edited."""
        if self.edit is None or Verb.EDIT not in allowed_verbs(state.order.status) or self._is_repeat(state):
            return None
        return self.edit

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return the edit's event, if any, and `order.noted`."""
        if self._is_repeat(state):
            return []
        edit = self.edit_of(state)
        return [*(edit.decide(state) if edit is not None else ()), *super().decide(state)]

    def _is_repeat(self, state: State) -> bool:
        reports = [note.data for _, note in _notes(state, self.topic)]
        return any(json_equal(self.data, each) for each in (reports if self.distinct else reports[-1:]))


class RequestNotification(AddNote, frozen=True, kw_only=True):
    """Note that a notification is to be sent again; the note is what subscribers hear of.

    Refused where the same was asked for within `not_within_s` seconds: that is a client that repeats itself.
    """

    reads_history: ClassVar[bool] = True
    not_within_s: int

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.noted`. Refuses with Conflict `exists` a request that was made a moment ago."""
        since = state.now - self.not_within_s * 1_000_000
        for event, note in _notes(state, self.topic):
            if event.at > since and json_equal(note.data, self.data):
                raise Conflict(
                    Code.EXISTS,
                    f"the same notification was asked for within {self.not_within_s} seconds",
                    what="notification",
                )
        return super().decide(state)


def _notes(state: State, topic: str | None) -> list[tuple[Event, Noted]]:
    notes = [(event, decode_event(event)) for event in state.history if event.name == Noted.name]
    return [(event, note) for event, note in notes if isinstance(note, Noted) and note.topic == topic]


class ArchiveOrder(Command, frozen=True, kw_only=True):
    """Archive an order, or bring it back; nothing happens to one that is so already."""

    verb: ClassVar[Verb] = Verb.ARCHIVE
    archived: bool = True

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.archived` or `order.unarchived`."""
        if state.order.archived == self.archived:
            return []
        return [Archived(reason=self.reason) if self.archived else Unarchived(reason=self.reason)]


# --------------------------------------------------------------------------------------------------------------- consent
CONSENT_TOPIC = "backorder_consent"
_ANSWERS = {"accept": "The customer waits.", "cancel": "The customer does not want to wait."}


class AnswerBackorder(Command, frozen=True, kw_only=True):
    """Record what the customer says (accept, cancel) to the delay of the `order.backordered` event `number`.

    The first answer stands. `cancel` cancels what is still open of what is waited for.
    """

    verb: ClassVar[Verb] = Verb.NOTE
    reads_history: ClassVar[bool] = True
    number: int
    answer: str

    def check(self, order: Order) -> None:
        """Refuse a cancelation where the order cannot be canceled any more."""
        check_allowed(order, Verb.CANCEL if self.answer == "cancel" else Verb.NOTE)

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return `order.noted`, and `order.canceled` where the customer does not wait. Refuses with NotFound `no_order`."""
        event = next((each for each in state.history if each.number == self.number), None)
        backordered = decode_event(event) if event is not None else None
        if not isinstance(backordered, Backordered):
            raise NotFound(Code.NO_ORDER, "nothing is asked")
        if consent_answer(state.history, self.number) is not None:
            return []
        data = {"number": self.number, "answer": self.answer}
        note = Noted(text=_ANSWERS[self.answer], topic=CONSENT_TOPIC, data=data)
        if self.answer == "accept":
            return [note]
        lines = _still_waiting(state, backordered, self.number)
        cancel = CancelOrder(order_id=self.order_id, lines=lines, reason=_ANSWERS["cancel"], backorder=True)
        return [note, *cancel.decide(state)]


def consent_answer(history: Sequence[Event], number: int) -> str | None:
    """Return the customer's answer to the backorder of event `number`, or None."""
    for event in history:
        note = decode_event(event) if event.name == Noted.name else None
        if isinstance(note, Noted) and note.topic == CONSENT_TOPIC and note.data["number"] == number:
            return str(note.data["answer"])
    return None


def _still_waiting(state: State, backordered: Backordered, number: int) -> dict[int, int | None]:
    """Return the units still open of what was waited for, by the lines' positions after the edits made since."""
    waiting = dict(backordered.lines)
    for event in state.history:
        edit = decode_event(event) if event.number > number and event.name == Edited.name else None
        if isinstance(edit, Edited):
            positions = edit.new_positions
            waiting = {positions[line]: quantity for line, quantity in waiting.items() if line in positions}
    counters = state.order.counters
    return {line: min(quantity, left) for line, quantity in waiting.items() if (left := counters[line].open)}


# -------------------------------------------------------------------------------------------------------------- together
class Together(Command, frozen=True, kw_only=True):
    """Several commands on one order that are one change: each meets the order as those before it have left it."""

    verb: ClassVar[Verb] = Verb.NOTE
    commands: tuple[Command, ...]

    def check(self, order: Order) -> None:
        """Leave it to the commands."""

    def edit_of(self, state: State) -> EditOrder | None:
        """Return the edit of the first command; an edit must come first, because its document is read before anything."""
        first = self.commands[0]
        return first.edit_of(state) if is_applicable(first, state.order) else None

    def decide(self, state: State) -> Sequence[OrderEvent]:
        """Return the events of all commands, in order."""
        events: list[OrderEvent] = []
        for command in self.commands:
            for event in decide(command, state):
                events.append(event)
                state = _replace(state, order=evolve(state.order, event, at=max(state.now, state.order.updated_at)))
        return events

"""Orders move: edit, hold, release, cancel, ship, tag, note, archive. Each verb loads, decides, and writes one event.

What a verb changes is decided by core; here it meets the caller, the version they saw, the request it must happen once for,
and a dry run. Several orders can move in one transaction, all or none (`perform`).
"""

from collections.abc import Awaitable, Callable, Sequence
from copy import deepcopy
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound, Refusal
from crossdock.core.ids import hashed_key, json_equal
from crossdock.core.json.request_body import EntityReference, ParsedBody
from crossdock.core.json.strict_json import parse
from crossdock.core.orders import editing, unmapped
from crossdock.core.orders.events import (
    Archived,
    Canceled,
    Edited,
    Event,
    Held,
    Noted,
    OrderEvent,
    Released,
    Shipped,
    Tagged,
    Unarchived,
)
from crossdock.core.orders.model import Content, Hold, Order
from crossdock.core.orders.status import Counters, Status, Verb, allowed_verbs
from crossdock.flows import reference_data
from crossdock.flows.access import Caller
from crossdock.flows.context import Context, Format, MissingFields, ReferenceData
from crossdock.flows.unit_of_work import Unit, unit
from crossdock.store import idempotency_keys, submissions
from crossdock.store import orders as order_store
from crossdock.store.idempotency_keys import Claim
from crossdock.store.protocols import Transaction
from crossdock.store.submissions import SubmissionRecord

Tree = Any
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_replace = msgspec.structs.replace
# Decides, of an order as it is in the open unit, what happens to it; nothing is a change that changes nothing.
Decide = Callable[[Unit, Order], Awaitable[Sequence[OrderEvent]]]


class Step(Struct, frozen=True):
    """One verb for one order. `version` is the one the caller saw, where they said; `only` narrows where a door allows less."""

    order_id: int | None
    verb: Verb
    decide: Decide
    version: int | None = None
    only: frozenset[Status] | None = None


class Once(Struct, frozen=True):
    """What makes a request happen once: its key, what it is called, its bytes, and how its answer is spelled."""

    key: bytes
    operation: str
    raw: bytes
    reply: Callable[[Transaction, "Change"], Awaitable[bytes]]


class Change(Struct, frozen=True):
    """An order after a verb, and the events of it; none where there was nothing to change.

    `reply` is set where the request was made once: its first answer, and `replayed` says whether this is a repeat.
    """

    order: Order
    events: tuple[Event, ...] = ()
    reply: bytes | None = None
    replayed: bool = False


async def perform(
    context: Context,
    caller: Caller,
    steps: Sequence[Step],
    *,
    door: str,
    dry_run: bool = False,
    once: Once | None = None,
) -> list[Change]:
    """Do all the steps in one transaction, or none; give the orders in the steps' order.

    With `dry_run` nothing is written, and the answer is what would be. `once` is for a single step.
    Refuses with Missing `no_order`; Conflict `stale_version`, `state_forbids` (its facts name the status and the verbs that are
    possible), `key_reused`; and with what the steps refuse.
    """
    async with unit(context, caller.organization_id, dry_run=dry_run) as work:
        if once is not None and not dry_run:
            known = await _claim(work, caller, once, steps[0], door)
            if known is not None:
                return [known]
        changes: dict[int, Change] = {}
        for place in _in_turn(steps):
            changes[place] = await _step(work, caller, steps[place], door=door, dry_run=dry_run)
        if once is not None and not dry_run:
            (change,) = changes.values()
            reply = await once.reply(work.tx, change)
            _keep_reply(work, caller, once, change, reply, door)
            changes[0] = _replace(change, reply=reply)
    return [changes[place] for place in range(len(steps))]


def _in_turn(steps: Sequence[Step]) -> list[int]:
    """Take orders in the order of their ids, so that two calls that share some never wait for each other."""
    return sorted(range(len(steps)), key=lambda place: steps[place].order_id or 0)


async def _step(work: Unit, caller: Caller, step: Step, *, door: str, dry_run: bool) -> Change:
    order = work.changed.get(step.order_id or 0)  # an earlier step of this call may have moved it
    if order is None and step.order_id is not None:
        order = await order_store.get(work.tx, work.organization_id, order_id=step.order_id, for_update=not dry_run)
    if order is None:
        raise NotFound(Code.NO_ORDER, "there is no such order")
    if step.version is not None and step.version != order.version:
        raise Conflict(
            Code.STALE_VERSION,
            f"the order is at version {order.version} by now",
            version=order.version,
            seen=step.version,
        )
    check(order, step.verb, only=step.only)
    before, recorded = order, len(work.events)
    for place, order_event in enumerate(await step.decide(work, order)):
        one = (
            _replace(order_event, joined=True) if place else order_event
        )  # one step is one change, however many facts it takes
        order = work.record(order, one, actor=caller.actor, door=door)
    if order is not before:
        work.change(order, before=before)
        work.changed[order.order_id] = order
    return Change(order, tuple(event for event, _, _ in work.events[recorded:]))


def check(order: Order, verb: Verb, *, only: frozenset[Status] | None = None) -> None:
    """Refuse with Conflict `state_forbids` a verb that an order's status does not allow, naming those it does."""
    verbs = allowed_verbs(order.status)
    if verb in verbs and (only is None or order.status in only):
        return
    verbs = tuple(each for each in verbs if each is not verb)
    possible = ", ".join(verbs)
    raise Conflict(
        Code.STATE_FORBIDS,
        f"the order is {order.status.replace('_', ' ')} and cannot {_WORDS[verb]}; possible are {possible}",
        status=str(order.status),
        verbs=[str(each) for each in verbs],
        number=order.content.number,
    )


_WORDS = {
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


# --------------------------------------------------------------------------------------------------------- happening once
async def _claim(work: Unit, caller: Caller, once: Once, step: Step, door: str) -> Change | None:
    """Take the request's key, or give what the request that took it was answered."""
    submission_id = work.context.id_generator.new(work.now)
    claim = Claim(work.organization_id, once.key, submission_id, step.order_id or 0)
    if await idempotency_keys.claim(work.tx, [claim]):
        work.request_id = submission_id
        return None
    held = (await idempotency_keys.find_claims(work.tx, work.organization_id, [once.key]))[once.key]
    first = await submissions.get_submission(work.tx, work.organization_id, submission_id=held.submission_id)
    assert first is not None, "a key outlives no submission"
    if first.operation != once.operation or first.order_id != step.order_id or not _is_same(first.body, once.raw):
        raise Conflict(Code.KEY_REUSED, "this request id was used for another request")
    order = await order_store.get(work.tx, work.organization_id, order_id=held.order_id)
    assert order is not None, "an order is never removed"
    return Change(order, reply=first.reply or b"", replayed=True)


def _is_same(one: bytes, other: bytes) -> bool:
    if one == other:
        return True
    try:
        return json_equal(parse(one), parse(other))
    except Refusal:
        return False


def _keep_reply(work: Unit, caller: Caller, once: Once, change: Change, reply: bytes, door: str) -> None:
    work.submit(
        SubmissionRecord(
            organization_id=work.organization_id, submission_id=work.request_id, door=door, operation=once.operation,
            actor=caller.actor, received_at=work.now, status="accepted", order_id=change.order.order_id, code=None,
            faults=(), redrive_of=None, size=len(once.raw), body=once.raw, reply=reply,
        )
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------- edit
def edit(
    caller: Caller,
    order_id: int | None,
    *,
    door: str,
    change: Callable[[dict[str, Tree]], dict[str, Tree]],
    reason: str | None = None,
    version: int | None = None,
    only: frozenset[Status] | None = None,
) -> Step:
    """Edit an order as its document in a door's create shape: `change` gets that document and gives the one wanted.

    The new document is checked like one sent to create an order; faults that the old one had already are passed over. Appends
    `order.edited`. Refuses besides with Invalid `invalid`, `unknown_reference`; Conflict `number_taken`, and `state_forbids`
    where the edit would corrupt what is allocated, shipped or canceled (see core.editing).
    """

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        format = work.context.formats[door]
        before = await _document(work, caller, order, format)
        after = change(deepcopy(before))
        if json_equal(before, after):
            return []
        content = await _revised(work, caller, order, format, before=before, after=after)
        if content is None:
            return []
        revision = editing.revise(order, content)
        return [
            Edited(content=revision.content, counters=revision.counters, from_lines=revision.from_lines, reason=reason)
        ]

    return Step(order_id, Verb.EDIT, decide, version=version, only=only)


async def _document(work: Unit, caller: Caller, order: Order, format: Format) -> dict[str, Tree]:
    """Write an order in the shape of a door's create body: as it was sent, or with what an edit left of that, or spelled."""
    if order.source.door == format.name and order.content.unmapped is None:
        return parse(await _sent(work, order))  # type: ignore[no-any-return]
    found = await _found(work, caller, format.references(order.content))
    rendered = format.from_content(order.content, found, MissingFields())
    if order.source.door == format.name:
        rendered = unmapped.restore(order.content, rendered=rendered, lines=format.lines)
    return rendered


async def _sent(work: Unit, order: Order) -> bytes:
    bodies = await submissions.submission_bodies(
        work.tx, work.organization_id, submission_ids=[order.source.submission_id]
    )
    return bodies[order.source.submission_id]


async def _found(work: Unit, caller: Caller, needs: Sequence[EntityReference]) -> ReferenceData:
    return await reference_data.find(work.tx, caller, {(need.kind, need.key) for need in needs} - caller.references)


async def _revised(
    work: Unit, caller: Caller, order: Order, format: Format, *, before: dict[str, Tree], after: dict[str, Tree]
) -> Content | None:
    """Make the order's new content of a changed document; None where that changes nothing the order has a place for."""
    shown, wanted = format.parse_rendered(before), format.parse(_ENCODER.encode(after))
    found = await _found(work, caller, (*shown.needs, *wanted.needs, *format.references(order.content)))
    _check_document(format, before, wanted, found)
    await _check_number(work, order, format, shown, wanted)
    is_own = order.source.door == format.name
    read = wanted if is_own and not wanted.faults else format.parse_rendered(after)
    seen, content = format.to_content(shown, found), format.to_content(read, found)
    current = await _with_leftovers(work, caller, order, format)
    merged = editing.merge(current, seen, content)
    if not is_own:
        return merged if merged != current else None
    merged = _replace(merged, unmapped=None, lines=tuple(_replace(line, unmapped=None) for line in merged.lines))
    rendered = format.from_content(merged, found, MissingFields())
    return unmapped.extract(merged, sent=read.tree, rendered=rendered, lines=format.lines)


def _check_document(format: Format, before: dict[str, Tree], wanted: ParsedBody, found: ReferenceData) -> None:
    faults = list(wanted.faults)
    if faults:  # what was wrong before is not the editor's doing: a foreign order's gaps stand in the document too
        known = set(format.parse(_ENCODER.encode(before)).faults)
        faults = [fault for fault in faults if fault not in known]
    asked_before = {(need.kind, need.key) for need in format.parse(_ENCODER.encode(before)).needs}
    unknown = [
        Fault(need.path, f"there is no {need.kind.split('/')[-1].replace('_', ' ')} {need.key!r}")
        for need in wanted.needs
        if (need.kind, need.key) not in {*found.entries, *found.references, *asked_before}
    ]
    if faults:
        raise Invalid(Code.INVALID, "the body has faults", faults=(*faults, *unknown))
    if unknown:
        raise Invalid(Code.UNKNOWN_REFERENCE, "the body refers to what is not there", faults=tuple(unknown))


async def _check_number(work: Unit, order: Order, format: Format, shown: ParsedBody, wanted: ParsedBody) -> None:
    """Take the natural key an edit gives the order; the old one stays the order's too, so that a late repeat finds it."""
    if order.source.door != format.name or not wanted.natural:
        return
    key = hashed_key(f"{format.name}/natural", *wanted.natural)
    claim = Claim(work.organization_id, key, order.source.submission_id, order.order_id)
    if not work.dry_run and await idempotency_keys.claim(work.tx, [claim]):
        return
    claimed_by = (await idempotency_keys.find_claims(work.tx, work.organization_id, [key])).get(key, claim)
    if claimed_by.order_id != order.order_id:
        fault = Fault(format.number_path, f"is taken by another order: {wanted.natural[-1]!r}")
        number = wanted.natural[-1]
        raise Conflict(Code.NUMBER_TAKEN, "there is another order under this number", faults=(fault,), number=number)


async def _with_leftovers(work: Unit, caller: Caller, order: Order, format: Format) -> Content:
    """Give the content with what its own door's document says besides, now that the content will not be that any more."""
    if order.content.unmapped is not None or order.source.door == format.name:
        return order.content
    own = work.context.formats[order.source.door]
    found = await _found(work, caller, own.references(order.content))
    rendered = own.from_content(order.content, found, MissingFields())
    return unmapped.extract(order.content, sent=parse(await _sent(work, order)), rendered=rendered, lines=own.lines)


# ---------------------------------------------------------------------------------------------------------- hold, release
class HoldRequest(Struct, frozen=True):
    """A hold to be placed; see core.order.Hold."""

    reason: str
    note: str | None = None
    lines: tuple[int, ...] = ()
    release_at: int | None = None


def hold(
    caller: Caller, order_id: int | None, hold_requests: Sequence[HoldRequest], *, version: int | None = None
) -> Step:
    """Place holds, each with a reason that the order is not held for by it already in the same call. Appends `order.held`.

    Refuses besides with Invalid `invalid` where a line is not there, a release time is past, or a reason is given twice.
    """

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        faults: list[Fault] = []
        reasons: set[str] = set()
        for position, hold_request in enumerate(hold_requests):
            if hold_request.reason in reasons:
                faults.append(Fault(("holds", position, "reason"), "must be unique in one call"))
            reasons.add(hold_request.reason)
            if hold_request.release_at is not None and hold_request.release_at <= work.now:
                faults.append(Fault(("holds", position, "release_at"), "must lie in the future"))
            faults += [
                Fault(("holds", position, "lines", place), f"must be below {len(order.counters)}, the number of lines")
                for place, line in enumerate(hold_request.lines)
                if not 0 <= line < len(order.counters)
            ]
        if faults:
            raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults))
        at = max(work.now, order.updated_at)
        holds = tuple(
            Hold(
                hold_request.reason,
                at,
                hold_request.note,
                lines=hold_request.lines,
                release_at=hold_request.release_at,
                actor=caller.actor,
            )
            for hold_request in hold_requests
        )
        return [Held(holds=holds)] if holds else []

    return Step(order_id, Verb.HOLD, decide, version=version)


def release(
    order_id: int | None,
    *,
    which: Callable[[Hold], bool] = lambda _: True,
    reason: str | None = None,
    version: int | None = None,
    only: frozenset[Status] | None = None,
) -> Step:
    """End the holds that `which` picks. Appends `order.released`.

    Refuses besides with Conflict `state_forbids` where the order has no such hold.
    """

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        ended = tuple((hold.number, hold.reason) for hold in order.holds if which(hold))
        if not ended:
            reasons = ", ".join(hold.reason for hold in order.holds) or "none"
            raise Conflict(
                Code.STATE_FORBIDS, f"the order has no such hold; it has {reasons}", status=str(order.status)
            )
        return [Released(holds=ended, reason=reason)]

    return Step(order_id, Verb.RELEASE, decide, version=version, only=only)


# ------------------------------------------------------------------------------------------------------------ cancel, ship
def cancel(
    order_id: int | None,
    *,
    lines: Callable[[Order], dict[int, int | None]] | None = None,
    reason: str | None = None,
    note: str | None = None,
    version: int | None = None,
    only: frozenset[Status] | None = None,
) -> Step:
    """Cancel an order whole, or units of lines: `lines` gives quantities by position, None for all that is open there.

    Appends `order.canceled`. Refuses besides with Invalid `invalid` where a line has nothing or less open, and with Conflict
    `state_forbids` where the whole of an order is meant of which something has shipped.
    """

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        if lines is None:
            if any(line.shipped for line in order.counters):
                raise Conflict(
                    Code.STATE_FORBIDS,
                    "something of the order has shipped; cancel what is open by its lines, or return what has shipped",
                    status=str(order.status),
                    verbs=["cancel lines", "return"],
                    number=order.content.number,
                )
            wanted: dict[int, int | None] = {
                position: None for position, line in enumerate(order.counters) if line.open
            }
        else:
            wanted = lines(order)
        quantities = _quantities(order, wanted)
        counters = tuple(line.cancel(quantities.get(position, 0)) for position, line in enumerate(order.counters))
        taken = tuple(sorted(quantities.items()))
        return [Canceled(lines=taken, counters=counters, reason=reason, note=note)] if taken else []

    return Step(order_id, Verb.CANCEL, decide, version=version, only=only)


def _quantities(order: Order, wanted: dict[int, int | None]) -> dict[int, int]:
    faults: list[Fault] = []
    found: dict[int, int] = {}
    for place, (position, asked) in enumerate(wanted.items()):
        if not 0 <= position < len(order.counters):
            faults.append(Fault(("lines", place, "line"), f"must be below {len(order.counters)}, the number of lines"))
            continue
        line = order.counters[position]
        quantity = line.open if asked is None else asked
        if line.open == 0:
            faults.append(Fault(("lines", place), f"has nothing open: {_told(line)}"))
        elif not 1 <= quantity <= line.open:
            reason = f"must be from 1 to {line.open}, which are open: {_told(line)}"
            faults.append(Fault(("lines", place, "quantity"), reason))
        else:
            found[position] = quantity
    if faults:
        raise Invalid(Code.INVALID, "not so many units can be canceled", faults=tuple(faults))
    return found


def _told(line: Counters) -> str:
    return f"{line.ordered} ordered, {line.canceled} canceled, {line.shipped} shipped"


def ship(
    order_id: int | None,
    *,
    reason: str | None = None,
    version: int | None = None,
    only: frozenset[Status] | None = None,
) -> Step:
    """Count everything open as shipped, without tracking. Appends `order.shipped`.

    Refuses besides with Conflict `state_forbids` while the order is held.
    """

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        if order.holds:
            reasons = ", ".join(hold.reason for hold in order.holds)
            reason_held = f"the order is held ({reasons}); release it first"
            raise Conflict(Code.STATE_FORBIDS, reason_held, status=str(order.status), verbs=["release"])
        lines = tuple((position, line.open) for position, line in enumerate(order.counters) if line.open)
        return [Shipped(lines=lines, counters=tuple(line.ship() for line in order.counters), reason=reason)]

    return Step(order_id, Verb.SHIP, decide, version=version, only=only)


# -------------------------------------------------------------------------------------------------------------------- marks
def tag(order_id: int | None, tags: Callable[[tuple[str, ...]], Sequence[str]], *, version: int | None = None) -> Step:
    """Give an order other tags: `tags` makes them of those it has; doubles are dropped. Appends `order.tagged`."""

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        wanted = tuple(dict.fromkeys(tags(order.tags)))
        return [Tagged(tags=wanted)] if wanted != order.tags else []

    return Step(order_id, Verb.TAG, decide, version=version)


def note(
    order_id: int | None, text: str, *, topic: str | None = None, data: Any = None, version: int | None = None
) -> Step:
    """Write something down about an order. Appends `order.noted`."""

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        return [Noted(text=text, topic=topic, data=data)]

    return Step(order_id, Verb.NOTE, decide, version=version)


def archive(order_id: int | None, archived: bool = True, *, version: int | None = None) -> Step:
    """Put an order out of sight, or bring it back; nothing if it is so already.

    Appends `order.archived` or `order.unarchived`.
    """

    async def decide(work: Unit, order: Order) -> Sequence[OrderEvent]:
        if order.archived == archived:
            return []
        return [Archived() if archived else Unarchived()]

    return Step(order_id, Verb.ARCHIVE, decide, version=version)

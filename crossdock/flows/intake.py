"""New orders: keep the bytes, parse, settle duplicates, place or refuse; and replay rejected submissions.

Submissions that wait at the same time share one transaction, per organization, and each gets its own outcome; a bad one never
fails its neighbors. What makes a submission happen once are its keys: the door's natural key and whatever else names the
request. The first to claim a key places the order and leaves its reply; the same content under that key gets that reply again,
other content is a conflict.
"""

import asyncio
import time
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from crossdock.core.errors import Busy, Code, Conflict, Fault, Invalid, NotFound, Refusal
from crossdock.core.ids import created_us, hashed_key, json_equal
from crossdock.core.json.request_body import ParsedBody
from crossdock.core.orders import unmapped
from crossdock.core.orders.commands import HoldRequest, PlaceHolds, ReplaceContent, State, decide
from crossdock.core.orders.erasure import erased
from crossdock.core.orders.events import Edited, OrderEvent, Received, decode_event, evolve, new_order
from crossdock.core.orders.fulfilling import CreateFulfillment, free_units
from crossdock.core.orders.model import Content, Order
from crossdock.flows import allocation, idempotency, location_names, placement_rules, reference_data, tracing
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.formats import Format, MissingFields, ReferenceData
from crossdock.flows.idempotency import SubmissionStatus
from crossdock.flows.measures import INTAKE_WAITING, count_batch
from crossdock.flows.reference_data import unknown_references
from crossdock.flows.unit_of_work import UnitOfWork, unit_of_work
from crossdock.store import event_log, idempotency_keys, submissions
from crossdock.store import orders as order_store
from crossdock.store.idempotency_keys import Claim
from crossdock.store.protocols import Transaction
from crossdock.store.submissions import SubmissionRecord

_log = structlog.get_logger("crossdock.intake")


class Submission(Struct, frozen=True):
    """One order as a door received it.

    `keys` name the request besides its natural key (idempotency key, transaction id). `replaces`: other content under the
    natural key replaces the order instead of conflicting. `refusal` is set where the door could not even take the bytes
    (too large); such a submission is only kept. `size` is what was sent, where `raw` is only its beginning.
    """

    caller: Caller
    format: Format
    raw: bytes
    operation: str = "create"
    keys: tuple[bytes, ...] = ()
    replaces: bool = False
    redrive_of: int | None = None
    refusal: Refusal | None = None
    size: int | None = None


class Outcome(Struct, frozen=True):
    """What became of a submission. `reply` is the create answer's body; `refusal` says why there is none."""

    status: SubmissionStatus
    submission_id: int
    order_id: int | None = None
    reply: bytes = b""
    refusal: Exception | None = None


class PendingOrder:
    """A submission on its way through a batch, parsed."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.body: ParsedBody | None = None
        self.refusal: Exception | None = submission.refusal
        self.content: Content | None = None
        self.submission_id = 0
        self.order_id = 0
        self.keys: tuple[bytes, ...] = ()
        self.trace = tracing.current()
        if self.refusal is None:
            try:
                self.body = submission.format.parse(submission.raw)
            except Refusal as refusal:
                self.refusal = refusal
            except Exception as bug:  # noqa: BLE001 - one door's bug must not fail its neighbors; it is answered as a bug
                self.refusal = bug
        if self.body is not None and not self.body.faults:
            natural = hashed_key(f"{submission.format.name}/natural", *self.body.natural)
            self.keys = (natural, *submission.keys)

    def fail(self, bug: Exception) -> None:
        """Refuse the submission because of a bug, whatever was parsed of it."""
        self.refusal, self.body, self.content, self.keys = bug, None, None, ()

    @property
    def document(self) -> Any:
        """The document sent, which is also how an untouched order is answered."""
        assert self.body is not None
        return self.body.tree


# ------------------------------------------------------------------------------------------------------------- batching
_Group = list[tuple[PendingOrder, asyncio.Future[Outcome]]]


class Intake:
    """Gathers submissions that wait at the same time into transactions, per organization."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: dict[int, list[_Group]] = {}
        self._writers: dict[int, int] = {}  # tasks that write, by organization
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0

    async def submit(self, submission: Submission) -> Outcome:
        """Take one submission and return its outcome once that is durable; refusals are raised, after being recorded.

        Refuses with Invalid, NotFound, Conflict, Busy.
        """
        with tracing.span("intake") as span:
            (waiting,) = self._enqueue([submission])
            outcome = await waiting
            span.set(outcome=outcome.status, submission_id=outcome.submission_id, order_id=outcome.order_id)
        if outcome.refusal is not None:
            raise outcome.refusal
        return outcome

    async def submit_all(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Take several submissions of one organization and return their outcomes in order; refusals are in the outcomes.

        Refuses with Busy.
        """
        with tracing.span("intake", submissions=len(submissions)):
            return [await waiting for waiting in self._enqueue(submissions)]

    def _enqueue(self, submissions: Sequence[Submission]) -> list[asyncio.Future[Outcome]]:
        loop = asyncio.get_running_loop()
        organization_id = submissions[0].caller.organization_id
        queue = self._waiting.setdefault(organization_id, [])
        self._check_share(queue, len(submissions))
        group: _Group = [(PendingOrder(submission), loop.create_future()) for submission in submissions]
        queue.append(group)
        self._count += len(submissions)
        self._context.submitted_at = self._context.clock()
        if self._writers.get(organization_id, 0) < self._context.store.writers:
            self._writers[organization_id] = self._writers.get(organization_id, 0) + 1
            task = asyncio.create_task(self._write_batches(organization_id, queue), context=tracing.detached())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return [future for _, future in group]

    def _check_share(self, queue: list[_Group], added: int) -> None:
        """Refuse with Busy more than an organization's share of what may wait: half of what others leave.

        So something is left for each, however many orders one of them sends.
        """
        limit = self._context.settings.intake_waiting
        if self._count + added <= (limit + 1) // 2:  # nearly always
            return
        own = sum(map(len, queue))
        if own + added > (limit - (self._count - own) + 1) // 2:
            raise Busy(Code.OVERLOADED, "too many orders are waiting", limit=limit)

    async def _write_batches(self, organization_id: int, queue: list[_Group]) -> None:
        try:
            while queue:
                await self._gather(queue)
                if not queue:  # another writer took them meanwhile
                    return
                # A group is never split: two of its orders may have one number, and the second must come second.
                batch = [*queue.pop(0)]
                while queue and len(batch) + len(queue[0]) <= self._context.settings.intake_batch:
                    batch += queue.pop(0)
                self._count -= len(batch)
                INTAKE_WAITING.set(self._count)
                await self._settle(organization_id, batch)
        finally:
            self._writers[organization_id] -= 1

    async def _gather(self, queue: list[_Group]) -> None:
        """Wait as long as each turn of the event loop brings more: one commit can serve them all."""
        seen = 0
        while seen < len(queue) < self._context.settings.intake_batch:
            seen = len(queue)
            await asyncio.sleep(0)  # in one turn a request is read,
            await asyncio.sleep(0)  # in the next it is here

    async def _settle(self, organization_id: int, batch: _Group) -> None:
        try:
            outcomes = await place(self._context, organization_id, [pending for pending, _ in batch])
        except Busy as busy:
            for _, future in batch:
                _resolve(future, busy)
        except Conflict:  # an order to be replaced has changed since it was read: read it again
            await self._settle(organization_id, [(PendingOrder(each.submission), future) for each, future in batch])
        except Exception as bug:  # noqa: BLE001 - references and answered below, for the one submission that causes it
            if len(batch) == 1:
                await self._settle_bug(organization_id, *batch[0], bug)
                return
            for pending, future in batch:  # one of them breaks the transaction; alone, only that one fails
                await self._settle(organization_id, [(PendingOrder(pending.submission), future)])
        else:
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                _resolve(future, outcome)

    async def _settle_bug(
        self, organization_id: int, pending: PendingOrder, future: "asyncio.Future[Outcome]", bug: Exception
    ) -> None:
        """Keep a submission that a bug rolled back: rejected, so that it can be replayed once the bug is fixed."""
        pending.fail(bug)
        try:
            (outcome,) = await place(self._context, organization_id, [pending])
        except Exception:  # noqa: BLE001 - the bug is what is answered
            _log.exception("submission not kept", organization_id=organization_id)
            _resolve(future, bug)
        else:
            _resolve(future, outcome)


def _resolve(future: "asyncio.Future[Outcome]", outcome: Outcome | Exception) -> None:
    if future.done():  # the caller went away; what was stored stays stored
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


# -------------------------------------------------------------------------------------------------------------- placing
_Pending = list[tuple[int, PendingOrder]]


async def place(context: Context, organization_id: int, batch: Sequence[PendingOrder]) -> list[Outcome]:
    """Store a batch in as few transactions as its duplicates allow, and return an outcome for each, in order."""
    outcomes: dict[int, Outcome] = {}
    left = list(enumerate(batch))
    while left:
        began = time.perf_counter()
        async with unit_of_work(context, organization_id) as work:
            done, left = await _place_once(work, left)
            if tracing.is_on():
                work.traces = {
                    outcome.order_id: batch[position].trace
                    for position, outcome in done.items()
                    if outcome.order_id is not None
                }
        doors = ((batch[position].submission.format.name, outcome.status) for position, outcome in done.items())
        count_batch(doors, time.perf_counter() - began)
        outcomes |= done
    return [outcomes[position] for position in range(len(batch))]


async def _place_once(work: UnitOfWork, batch: _Pending) -> tuple[dict[int, Outcome], _Pending]:
    """Settle all but those that share a key with an earlier one of the batch: they meet it stored, in the next round."""
    references = await _look_up(work, batch)
    outcomes: dict[int, Outcome] = {}
    claims: dict[bytes, Claim] = {}
    deferred, sound = [], []
    for position, pending in batch:
        pending.submission_id = work.context.id_generator.new(work.now)
        if pending.refusal is None:
            make_content(pending, references)
        if pending.refusal is not None:
            outcomes[position] = _refuse(work, pending)
        elif not claims.keys().isdisjoint(pending.keys):
            deferred.append((position, pending))
        else:
            pending.order_id = work.context.id_generator.new(work.now)
            sound.append((position, pending))
            for key in pending.keys:
                claims[key] = Claim(work.organization_id, key, pending.submission_id, pending.order_id)
    claimed = await idempotency_keys.claim(work.tx, list(claims.values())) if claims else set()
    allocates = bool(sound) and await allocation.allocates_on_arrival(work)
    for position, pending in sound:
        if claimed.issuperset(pending.keys):
            outcomes[position] = await _accept(work, pending, references, allocates=allocates)
        else:
            outcomes[position] = await _settle_duplicate(work, pending, claimed, references)
    return outcomes, deferred


async def _look_up(work: UnitOfWork, batch: _Pending) -> ReferenceData:
    caller = batch[0][1].submission.caller
    keys = {(each.kind, each.key) for _, pending in batch if pending.body for each in pending.body.references}
    return await reference_data.find(work.tx, caller, keys - caller.references)


def make_content(pending: PendingOrder, references: ReferenceData) -> None:
    """Make content of a parsed body, or find out why that cannot be: its own faults and references to nothing."""
    body = pending.body
    assert body is not None
    unknown = unknown_references(body.references, references)
    if body.faults:
        known = {each.path for each in body.faults}
        faults = (*body.faults, *(fault for fault in unknown if fault.path not in known))
        pending.refusal = Invalid(Code.INVALID, "the body has faults", faults=faults)
    elif unknown:
        pending.refusal = Invalid(Code.UNKNOWN_REFERENCE, "the body refers to what is not there", faults=unknown)
    else:
        try:
            pending.content = _content(body, pending.submission.format, references)
        except Refusal as refusal:
            pending.refusal = refusal
        except Exception as bug:  # noqa: BLE001 - one door's bug must not fail its neighbors; it is answered as a bug
            pending.refusal = bug


def _content(body: ParsedBody, format: Format, references: ReferenceData) -> Content:
    """Make content of a body; one whose numbers were normalized is rendered from its content, no longer from what was sent."""
    content = format.to_content(body, references)
    if not body.is_normalized:
        return content
    rendered = format.from_content(content, references, MissingFields())
    return unmapped.extract(content, sent=body.tree, rendered=rendered, lines=format.lines)


def _refuse(work: UnitOfWork, pending: PendingOrder) -> Outcome:
    refusal = pending.refusal
    code = str(refusal.code) if isinstance(refusal, Refusal) else "bug"
    faults = refusal.faults if isinstance(refusal, Refusal) else ()
    if isinstance(refusal, Refusal):
        refusal.recorded = True
    work.submit(_record(work, pending, "refused", code=code, faults=faults))
    return Outcome("refused", pending.submission_id, refusal=refusal)


async def _accept(
    work: UnitOfWork, pending: PendingOrder, references: ReferenceData, *, allocates: bool = True
) -> Outcome:
    """Place an order; `allocates` is false where its organization is known not to allocate new orders."""
    submission = pending.submission
    assert pending.content is not None
    received = Received(submission_id=pending.submission_id, content=pending.content)
    # Where a clock was set back, ids go on rising; the order's time goes with its id, so that both sort alike.
    order = new_order(
        received, organization_id=work.organization_id, order_id=pending.order_id,
        at=max(work.now, created_us(pending.order_id)), actor=submission.caller.actor, door=submission.format.name,
    )  # fmt: skip
    first = len(work.events)
    order = work.receive(order, received)
    placed = await _placement(work, pending, order, references)
    order = work.apply(order, placed, actor=submission.caller.actor, door=submission.format.name)
    if allocates:
        order = await allocation.follow_up(
            work, order, [work.events[first].event], actor=submission.caller.actor, joined=True
        )
    reply = submission.format.create_response(pending.document, order, references)
    work.place(order)
    work.submit(_record(work, pending, "accepted", order_id=order.order_id, reply=reply))
    return Outcome("accepted", pending.submission_id, order.order_id, reply)


async def _placement(
    work: UnitOfWork, pending: PendingOrder, order: Order, references: ReferenceData
) -> list[OrderEvent]:
    """Decide what the door's rules do to a new order at once; it belongs to the same change as its receipt."""
    format = pending.submission.format
    references = await placement_rules.with_rules(work.tx, work.context, format, references)
    placement = format.placement(pending.document, order, references)
    events: list[OrderEvent] = []
    if placement.hold_reasons:
        noted = zip_longest(placement.hold_reasons, placement.hold_notes)
        holds = tuple(HoldRequest(reason, note=note) for reason, note in noted)
        command = PlaceHolds(order_id=order.order_id, holds=holds)
        events += decide(command, State(order, order.created_at, pending.submission.caller.actor))
    if placement.location_ref is not None:
        actor = pending.submission.caller.actor
        organization = pending.submission.caller.organization
        location = await location_names.code_of(work, organization, placement.location_ref)
        events += await allocation.placed_at(work, order, location, actor=actor)
        if placement.fulfills:
            events += _fulfillment_at(work, order, location, events)
    return [msgspec.structs.replace(event, joined=True) for event in events]


def _fulfillment_at(
    work: UnitOfWork, order: Order, location: str, events: Sequence[OrderEvent]
) -> Sequence[OrderEvent]:
    """Return the event that a location is to ship what `events` have allocated to it; none where that is nothing."""
    for event in events:
        order = evolve(order, event, at=order.created_at)
    units = free_units(order, location)
    if not units:
        return ()
    command = CreateFulfillment(
        order_id=order.order_id,
        location_ref=location,
        new_id=lambda: work.context.id_generator.new(work.now),
        lines=units,
    )
    return command.decide(State(order, order.created_at, order.source.actor))


def _record(
    work: UnitOfWork,
    pending: PendingOrder,
    status: SubmissionStatus,
    *,
    order_id: int | None = None,
    code: str | None = None,
    faults: tuple[Fault, ...] = (),
    reply: bytes | None = None,
) -> SubmissionRecord:
    submission = pending.submission
    return idempotency.submission_record(
        submission.caller,
        submission_id=pending.submission_id,
        door=submission.format.name,
        operation=submission.operation,
        received_at=work.now,
        body=submission.raw,
        status=status,
        order_id=order_id,
        code=code,
        faults=faults,
        redrive_of=submission.redrive_of,
        size=submission.size,
        reply=reply,
    )


# ------------------------------------------------------------------------------------------------------------ duplicates
async def _settle_duplicate(
    work: UnitOfWork, pending: PendingOrder, claimed: set[bytes], references: ReferenceData
) -> Outcome:
    """Settle a submission one of whose keys was taken before: replay the first answer, replace the order, or conflict.

    Keys that name the request are judged before the natural key: a request repeated is answered as it first was, also when
    the order has changed since.
    """
    claims = await idempotency_keys.find_claims(work.tx, work.organization_id, pending.keys)
    natural = pending.keys[0]
    if natural not in claimed:
        claim = Claim(work.organization_id, natural, pending.submission_id, pending.order_id)
        claims[natural] = await idempotency.natural_owner(work.tx, pending.submission.format, claims[natural], claim)
        if claims[natural] is claim:
            claimed = claimed | {natural}
            if claimed.issuperset(pending.keys):
                return await _accept(work, pending, references)
    own = tuple(key for key in pending.keys if key in claimed)
    first: SubmissionRecord | None = None
    replaced: Claim | None = None
    for key in (*pending.keys[1:], natural):
        if key in claimed or first is not None or pending.refusal is not None:
            continue
        earlier = await idempotency.first_submission(work.tx, work.organization_id, claims[key])
        is_call = (
            key == natural or earlier.operation == pending.submission.operation
        )  # not another call under the same id
        if is_call and await is_repeat(work.tx, pending, earlier):
            first = earlier
        elif key == natural and pending.submission.replaces:
            replaced = claims[key]
        else:
            order_id = claims[key].order_id if key == natural else None
            pending.refusal = _conflict(pending, order_id=order_id)
    if pending.refusal is None and replaced is not None:
        outcome = await _replace(work, pending, references, replaced)
        owner, pointed = pending.submission_id, pending.keys
    else:
        outcome = (
            _replay(work, pending, first) if pending.refusal is None and first is not None else _refuse(work, pending)
        )
        owner, pointed = first.submission_id if first is not None else 0, own
    for key in pointed if outcome.status != "refused" else ():
        await idempotency_keys.repoint(work.tx, Claim(work.organization_id, key, owner, outcome.order_id or 0))
    for key in own if outcome.status == "refused" else ():
        await idempotency_keys.release(work.tx, work.organization_id, key=key)
    return outcome


async def is_repeat(tx: Transaction, pending: PendingOrder, first: SubmissionRecord) -> bool:
    """Tell whether a submission says the same as the first one under its key: of an erased one, all that is left of it."""
    if not idempotency.is_erased(first):
        return _is_same_content(pending, first)
    assert pending.content is not None
    for event in await event_log.events(tx, first.organization_id, aggregate_id=first.order_id or 0):
        if event.name in (Received.name, Edited.name):
            said = decode_event(event)
            assert isinstance(said, Received | Edited)
            if said.submission_id == first.submission_id:
                return said.content == erased(pending.content)
    return False


def _is_same_content(pending: PendingOrder, first: SubmissionRecord) -> bool:
    submission = pending.submission
    # As the format reads it: one may have 36830 where the other has "36830".
    return first.body == submission.raw or json_equal(submission.format.parse(first.body).tree, pending.document)


def _replay(work: UnitOfWork, pending: PendingOrder, first: SubmissionRecord) -> Outcome:
    record = _record(work, pending, "replayed", order_id=first.order_id)
    if idempotency.is_erased(first):  # what was erased does not come back with a repeat
        record = msgspec.structs.replace(record, body=b"")
    work.submit(record)
    return Outcome("replayed", pending.submission_id, first.order_id, first.reply or b"")


def _conflict(pending: PendingOrder, *, order_id: int | None) -> Conflict:
    """Return the refusal of an order under a key that is taken: its number, by the order `order_id`, or its request id."""
    assert pending.body is not None
    number = pending.body.natural[-1]
    if order_id is None:
        return idempotency.key_reused(number=number)
    fault = Fault(pending.submission.format.number_path, f"is taken by another order: {number!r}")
    return idempotency.number_taken(number, fault, order_id=order_id)


async def _replace(work: UnitOfWork, pending: PendingOrder, references: ReferenceData, claim: Claim) -> Outcome:
    """Replace the content of an order that nothing has happened to yet."""
    submission = pending.submission
    assert pending.content is not None
    before = await order_store.get(work.tx, work.organization_id, order_id=claim.order_id)
    assert before is not None, "a natural key outlives no order"
    command = ReplaceContent(order_id=before.order_id, content=pending.content, submission_id=pending.submission_id)
    try:
        events = decide(command, State(before, work.now, submission.caller.actor))
    except Conflict as conflict:
        pending.refusal = conflict
        return _refuse(work, pending)
    order = work.apply(before, events, actor=submission.caller.actor, door=submission.format.name)
    work.change(order, before=before)
    reply = submission.format.create_response(pending.document, order, references)
    work.submit(_record(work, pending, "accepted", order_id=order.order_id, reply=reply))
    return Outcome("accepted", pending.submission_id, order.order_id, reply)


# --------------------------------------------------------------------------------------------------------------- redrive
async def redrive(
    context: Context, intake: Intake, caller: Caller, *, submission_id: int, corrected: bytes | None = None
) -> Outcome:
    """Submit a rejected submission again, as it was or with a corrected body; the outcome is never raised.

    The new attempt is a submission of its own. Where it is accepted or replayed, the rejected one is marked redriven.
    Refuses with NotFound `no_submission`, Conflict `state_forbids` where it was not rejected or its bytes were cut.
    """
    async with context.store.reading() as tx:
        record = await submissions.get_submission(tx, caller.organization_id, submission_id=submission_id)
    if record is None:
        raise NotFound(Code.NO_SUBMISSION, "there is no such submission")
    if record.status != "refused":
        raise Conflict(
            Code.STATE_FORBIDS, f"the submission was {record.status}; only a rejected one can be submitted again"
        )
    if record.operation not in ("create", "bulk"):
        raise Conflict(Code.STATE_FORBIDS, "this was a call with many orders; send it again")
    if corrected is None and record.size > len(record.body):
        raise Conflict(
            Code.STATE_FORBIDS, "this body was erased, or only its beginning is stored; send a corrected one"
        )
    again = Submission(
        caller=caller,
        format=context.formats[record.door],
        raw=record.body if corrected is None else corrected,
        operation=record.operation,
        replaces=record.operation == "bulk",
        redrive_of=submission_id,
    )
    (outcome,) = await intake.submit_all([again])
    if outcome.status != "refused":
        async with context.store.writing() as tx:
            await submissions.mark_redriven(
                tx, caller.organization_id, submission_id=submission_id, order_id=outcome.order_id
            )
    elif not isinstance(outcome.refusal, Refusal):
        _log.error("redrive failed", submission_id=submission_id, exc_info=outcome.refusal)
    return outcome

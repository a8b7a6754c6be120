"""Orders come in: keep the bytes, read, look for a twin, place or refuse; and drive refused ones again.

Takes batches: submissions that arrive together share one transaction, per organization, and each gets its own outcome; a
bad one never fails its neighbors. What makes a request happen once are its keys: the door's natural key and whatever else
names the request. The first to claim a key places the order and leaves its reply; the same content under that key gets that
reply again, other content is a conflict.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

import structlog
from msgspec import Struct

from crossdock.core.errors import Busy, Code, Conflict, Fault, Invalid, NotFound, Refusal
from crossdock.core.ids import created_us, hashed_key, json_equal
from crossdock.core.json import strict_json
from crossdock.core.json.request_body import ParsedBody
from crossdock.core.orders import editing
from crossdock.core.orders.events import Allocated, Edited, Held, Received
from crossdock.core.orders.model import Content, Hold, Order, Source, initial_counters
from crossdock.core.orders.status import Counters
from crossdock.flows import reference_data
from crossdock.flows.access import Caller
from crossdock.flows.context import Context, Format, ReferenceData
from crossdock.flows.unit_of_work import Unit, unit
from crossdock.store import idempotency_keys, submissions
from crossdock.store import orders as order_store
from crossdock.store.idempotency_keys import Claim
from crossdock.store.submissions import SubmissionRecord

SubmissionStatus = Literal["accepted", "replayed", "refused"]
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


class _Case:
    """A submission on its way through a batch."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.read: ParsedBody | None = None
        self.refusal: Exception | None = submission.refusal
        self.content: Content | None = None
        self.submission_id = 0
        self.order_id = 0
        self.keys: tuple[bytes, ...] = ()
        if self.refusal is None:
            try:
                self.read = submission.format.parse(submission.raw)
            except Refusal as refusal:
                self.refusal = refusal
            except Exception as bug:  # noqa: BLE001 - one door's bug must not fail its neighbors; it is answered as a bug
                self.refusal = bug
        if self.read is not None and not self.read.faults:
            natural = hashed_key(f"{submission.format.name}/natural", *self.read.natural)
            self.keys = (natural, *submission.keys)

    @property
    def document(self) -> Any:
        """The document sent, which is also how an untouched order is answered."""
        assert self.read is not None
        return self.read.tree


# ------------------------------------------------------------------------------------------------------------ gathering
_Group = list[tuple[_Case, asyncio.Future[Outcome]]]


class Intake:
    """Gathers submissions that wait at the same time into transactions, per organization."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: dict[int, list[_Group]] = {}
        self._running: dict[int, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0

    async def submit(self, submission: Submission) -> Outcome:
        """Take one submission and give its outcome once that is durable; refusals are raised, after being recorded.

        Refuses with Invalid, Missing, Conflict, Busy.
        """
        (waiting,) = self._queued([submission])
        outcome = await waiting
        if outcome.refusal is not None:
            raise outcome.refusal
        return outcome

    async def submit_all(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Take several submissions of one organization and give their outcomes in order; refusals are in the outcomes.

        Refuses with Busy.
        """
        return [await waiting for waiting in self._queued(submissions)]

    def _queued(self, submissions: Sequence[Submission]) -> list[asyncio.Future[Outcome]]:
        if self._count + len(submissions) > self._context.settings.intake_waiting:
            raise Busy(Code.OVERLOADED, "too many orders are waiting", limit=self._context.settings.intake_waiting)
        loop = asyncio.get_running_loop()
        organization_id = submissions[0].caller.organization_id
        queue = self._waiting.setdefault(organization_id, [])
        group: _Group = [(_Case(submission), loop.create_future()) for submission in submissions]
        queue.append(group)
        self._count += len(submissions)
        self._context.submitted_at = self._context.clock()
        if self._running.get(organization_id, 0) < self._context.store.writers:
            self._running[organization_id] = self._running.get(organization_id, 0) + 1
            task = asyncio.create_task(self._drain(organization_id, queue))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return [future for _, future in group]

    async def _drain(self, organization_id: int, queue: list[_Group]) -> None:
        try:
            while queue:
                seen = 0
                # As long as each turn of the loop brings more, one commit more can serve them all.
                while seen < len(queue) < self._context.settings.intake_batch:
                    seen = len(queue)
                    await asyncio.sleep(0)  # in one turn a request is read,
                    await asyncio.sleep(0)  # in the next it is here
                if not queue:  # another writer took them meanwhile
                    return
                # A group is never split: two of its orders may have one number, and the second must come second.
                batch = [*queue.pop(0)]
                while queue and len(batch) + len(queue[0]) <= self._context.settings.intake_batch:
                    batch += queue.pop(0)
                self._count -= len(batch)
                await self._settle(organization_id, batch)
        finally:
            self._running[organization_id] -= 1

    async def _settle(self, organization_id: int, batch: _Group) -> None:
        try:
            outcomes = await place(self._context, organization_id, [case for case, _ in batch])
        except Busy as busy:
            for _, future in batch:
                _resolve(future, busy)
        except Conflict:  # an order to be replaced has moved since it was read: read it again
            await self._settle(organization_id, [(_Case(case.submission), future) for case, future in batch])
        except Exception as bug:  # noqa: BLE001 - found and answered below, for the one submission that causes it
            if len(batch) == 1:
                _resolve(batch[0][1], bug)
                return
            for one in batch:  # something in one of them breaks the transaction; alone, only that one fails
                await self._settle(organization_id, [(_Case(one[0].submission), one[1])])
        else:
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                _resolve(future, outcome)


def _resolve(future: "asyncio.Future[Outcome]", verdict: Outcome | Exception) -> None:
    if future.done():  # the caller went away; what was stored stays stored
        return
    if isinstance(verdict, Exception):
        future.set_exception(verdict)
    else:
        future.set_result(verdict)


# -------------------------------------------------------------------------------------------------------------- placing
async def place(context: Context, organization_id: int, cases: Sequence[_Case]) -> list[Outcome]:
    """Store a batch in as few transactions as its twins allow, and give an outcome for each, in order."""
    outcomes: dict[int, Outcome] = {}
    left = list(enumerate(cases))
    while left:
        async with unit(context, organization_id) as work:
            done, left = await _place_once(work, left)
        outcomes |= done
    return [outcomes[position] for position in range(len(cases))]


_Cases = list[tuple[int, _Case]]


async def _place_once(work: Unit, cases: _Cases) -> tuple[dict[int, Outcome], _Cases]:
    """Settle all but those that share a key with an earlier one of the batch: they meet it stored, in the next round."""
    found = await _look_up(work, cases)
    now, deferred, sound = work.now, [], []
    claims: dict[bytes, Claim] = {}
    outcomes: dict[int, Outcome] = {}
    for position, case in cases:
        case.submission_id = work.context.id_generator.new(now)
        if case.refusal is None:
            _draft(case, found)
        if case.refusal is not None:
            outcomes[position] = _refuse(work, case)
        elif not claims.keys().isdisjoint(case.keys):
            deferred.append((position, case))
        else:
            case.order_id = work.context.id_generator.new(now)
            sound.append((position, case))
            for key in case.keys:
                claims[key] = Claim(work.organization_id, key, case.submission_id, case.order_id)
    taken = await idempotency_keys.claim(work.tx, list(claims.values())) if claims else set()
    for position, case in sound:
        if taken.issuperset(case.keys):
            outcomes[position] = _accept(work, case, found)
        else:
            outcomes[position] = await _settle_duplicate(work, case, taken, found)
    return outcomes, deferred


async def _look_up(work: Unit, cases: _Cases) -> ReferenceData:
    caller = cases[0][1].submission.caller
    needs = {(need.kind, need.key) for _, case in cases if case.read for need in case.read.needs} - caller.references
    return await reference_data.find(work.tx, caller, needs)


def _draft(case: _Case, found: ReferenceData) -> None:
    """Make the content of a reading, or find out why it cannot be: its own faults and what it refers to in vain."""
    read, format = case.read, case.submission.format
    assert read is not None
    unknown = tuple(
        Fault(need.path, f"there is no {need.kind.split('/')[-1].replace('_', ' ')} {need.key!r}")
        for need in read.needs
        if (need.kind, need.key) not in found.entries and (need.kind, need.key) not in found.references
    )
    if read.faults:
        faults = (*read.faults, *(fault for fault in unknown if fault.path not in {each.path for each in read.faults}))
        case.refusal = Invalid(Code.INVALID, "the body has faults", faults=faults)
    elif unknown:
        case.refusal = Invalid(Code.UNKNOWN_REFERENCE, "the body refers to what is not there", faults=unknown)
    else:
        try:
            case.content = format.to_content(read, found)
        except Refusal as refusal:
            case.refusal = refusal
        except Exception as bug:  # noqa: BLE001 - one door's bug must not fail its neighbors; it is answered as a bug
            case.refusal = bug


def _refuse(work: Unit, case: _Case) -> Outcome:
    refusal = case.refusal
    code = str(refusal.code) if isinstance(refusal, Refusal) else "bug"
    faults = refusal.faults if isinstance(refusal, Refusal) else ()
    if isinstance(refusal, Refusal):
        refusal.recorded = True
    work.submit(_record(work, case, "refused", code=code, faults=faults))
    return Outcome("refused", case.submission_id, refusal=refusal)


def _accept(work: Unit, case: _Case, found: ReferenceData) -> Outcome:
    submission, content = case.submission, case.content
    assert content is not None
    ship_to = content.destinations[0].address if content.destinations else None
    # Where a clock was set back, ids go on rising; the order's time goes with its id, so that both sort alike.
    received = max(work.now, created_us(case.order_id))
    order = Order(
        organization_id=work.organization_id,
        order_id=case.order_id,
        version=1,
        created_at=received,
        updated_at=received,
        source=Source(
            submission.format.name, case.submission_id, submission.caller.actor, ship_to.country if ship_to else None
        ),
        content=content,
        counters=initial_counters(content),
    )
    order = work.receive(order, Received(submission_id=case.submission_id, content=content))
    order = _apply_placement(work, order, case, found)
    work.place(order)
    reply = submission.format.create_response(case.document, order, found)
    work.submit(_record(work, case, "accepted", order_id=order.order_id, reply=reply))
    return Outcome("accepted", case.submission_id, order.order_id, reply)


def _apply_placement(work: Unit, order: Order, case: _Case, found: ReferenceData) -> Order:
    """Do to a new order what its door's rules ask for at once."""
    submission = case.submission
    actor, door = submission.caller.actor, submission.format.name
    placement = submission.format.placement(case.document, order, found)
    if placement.hold_reasons:
        holds = tuple(Hold(reason, order.created_at, actor=actor) for reason in placement.hold_reasons)
        order = work.record(order, Held(holds=holds, joined=True), actor=actor, door=door)
    if placement.location_ref is not None:
        location = placement.location_ref
        counters = tuple(Counters(ordered=each.ordered, allocated=each.ordered) for each in order.counters)
        order_event = Allocated(location_ref=location, counters=counters, joined=True)
        order = work.record(order, order_event, actor=actor, door=door)
    return order


def _record(
    work: Unit,
    case: _Case,
    status: SubmissionStatus,
    *,
    order_id: int | None = None,
    code: str | None = None,
    faults: tuple[Fault, ...] = (),
    reply: bytes | None = None,
) -> SubmissionRecord:
    submission = case.submission
    return SubmissionRecord(
        organization_id=work.organization_id,
        submission_id=case.submission_id,
        door=submission.format.name,
        operation=submission.operation,
        actor=submission.caller.actor,
        received_at=work.now,
        status=status,
        order_id=order_id,
        code=code,
        faults=faults,
        redrive_of=submission.redrive_of,
        size=submission.size if submission.size is not None else len(submission.raw),
        body=submission.raw,
        reply=reply,
    )


# ---------------------------------------------------------------------------------------------------------------- twins
async def _settle_duplicate(work: Unit, case: _Case, taken: set[bytes], found: ReferenceData) -> Outcome:
    """Settle a submission one of whose keys was taken before: replay the first answer, replace the order, or conflict.

    Keys that name the request are judged before the natural key: a request repeated is answered as it first was, also when
    the order has moved on since.
    """
    holders = await idempotency_keys.find_claims(work.tx, work.organization_id, case.keys)
    natural, mine = case.keys[0], tuple(key for key in case.keys if key in taken)
    first: SubmissionRecord | None = None
    replaced: Claim | None = None
    for key in (*case.keys[1:], natural):
        if key in taken or first is not None or case.refusal is not None:
            continue
        held = await submissions.get_submission(work.tx, work.organization_id, submission_id=holders[key].submission_id)
        assert held is not None, "a key outlives no submission"
        is_call = key == natural or held.operation == case.submission.operation  # not another call under the same id
        if is_call and _is_same(case, held):
            first = held
        elif key == natural and case.submission.replaces:
            replaced = holders[key]
        else:
            case.refusal = _conflict(case, is_natural=key == natural)
    if case.refusal is None and replaced is not None:
        outcome = await _replace(work, case, found, replaced)
        owner, pointed = case.submission_id, case.keys
    else:
        outcome = _replay(work, case, first) if case.refusal is None and first is not None else _refuse(work, case)
        owner, pointed = first.submission_id if first is not None else 0, mine
    for key in pointed if outcome.status != "refused" else ():
        await idempotency_keys.repoint(work.tx, Claim(work.organization_id, key, owner, outcome.order_id or 0))
    for key in mine if outcome.status == "refused" else ():
        await idempotency_keys.release(work.tx, work.organization_id, key=key)
    return outcome


def _is_same(case: _Case, first: SubmissionRecord) -> bool:
    assert case.read is not None
    return first.body == case.submission.raw or json_equal(strict_json.parse(first.body), case.read.tree)


def _replay(work: Unit, case: _Case, first: SubmissionRecord) -> Outcome:
    work.submit(_record(work, case, "replayed", order_id=first.order_id))
    return Outcome("replayed", case.submission_id, first.order_id, first.reply or b"")


def _conflict(case: _Case, *, is_natural: bool) -> Conflict:
    assert case.read is not None
    number = case.read.natural[-1]
    if not is_natural:
        return Conflict(Code.KEY_REUSED, "this request id was used for another request", number=number)
    fault = Fault(case.submission.format.number_path, f"is taken by another order: {number!r}")
    return Conflict(Code.NUMBER_TAKEN, "there is another order under this number", faults=(fault,), number=number)


async def _replace(work: Unit, case: _Case, found: ReferenceData, claimed_by: Claim) -> Outcome:
    """Put new content in place of an order that nothing has happened to yet."""
    submission, content = case.submission, case.content
    assert content is not None
    order = await order_store.get(work.tx, work.organization_id, order_id=claimed_by.order_id)
    assert order is not None, "a natural key outlives no order"
    if any(each != Counters(ordered=each.ordered) for each in order.counters):
        case.refusal = Conflict(
            Code.STATE_FORBIDS, f"the order is {order.status} and cannot be replaced",
            status=str(order.status), number=order.content.number,
        )  # fmt: skip
        return _refuse(work, case)
    before = order
    revision = editing.revise(order, content)
    order_event = Edited(
        content=content,
        counters=revision.counters,
        from_lines=revision.from_lines,
        submission_id=case.submission_id,
    )
    order = work.record(order, order_event, actor=submission.caller.actor, door=submission.format.name)
    work.change(order, before=before)
    reply = submission.format.create_response(case.document, order, found)
    work.submit(_record(work, case, "accepted", order_id=order.order_id, reply=reply))
    return Outcome("accepted", case.submission_id, order.order_id, reply)


# ------------------------------------------------------------------------------------------------------------- re-drive
async def redrive(
    context: Context, intake: Intake, caller: Caller, *, submission_id: int, corrected: bytes | None = None
) -> Outcome:
    """Drive a refused submission again, as it was or with a mended body; the outcome is never raised.

    The new try is a submission of its own. Where it is accepted or replayed, the refused one is marked redriven.
    Refuses with Missing `no_submission`, Conflict `state_forbids` where it was not refused or its bytes were cut.
    """
    async with context.store.reading() as tx:
        record = await submissions.get_submission(tx, caller.organization_id, submission_id=submission_id)
    if record is None:
        raise NotFound(Code.NO_SUBMISSION, "there is no such submission")
    if record.status != "refused":
        raise Conflict(Code.STATE_FORBIDS, f"the submission was {record.status}; only a refused one is driven again")
    if record.operation not in ("create", "bulk"):
        raise Conflict(Code.STATE_FORBIDS, "this was a call with many orders; send it again")
    if corrected is None and record.size > len(record.body):
        raise Conflict(Code.STATE_FORBIDS, "only the beginning of this body was kept; send a mended one")
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

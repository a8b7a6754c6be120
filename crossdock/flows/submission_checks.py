"""Dry runs of new orders: what would become of a body that a door took, without storing anything; and lists of submissions.

Each refuses with Denied `no_scope` a caller who may not read orders.
"""

from typing import Literal

from msgspec import Struct

from crossdock.core.errors import Fault, Refusal
from crossdock.flows import idempotency, reference_data
from crossdock.flows.access import READ, Caller
from crossdock.flows.context import Context
from crossdock.flows.formats import ReferenceData
from crossdock.flows.intake import PendingOrder, Submission, is_repeat, make_content
from crossdock.store import idempotency_keys, submissions
from crossdock.store.idempotency_keys import Claim
from crossdock.store.protocols import Transaction
from crossdock.store.submissions import MAX_LISTED_BODY as MAX_LISTED_BODY
from crossdock.store.submissions import SubmissionFilter as SubmissionFilter
from crossdock.store.submissions import SubmissionRecord

# What would become of the body: a new order; the answer of the first time, where the order is there already; other content of
# an order that the door's call replaces; nothing.
Fate = Literal["accepted", "replayed", "replaced", "refused"]


class SubmissionCheck(Struct, frozen=True):
    """What would become of a body. `code` and `faults` say why it would be refused, `order_id` is an order that is there."""

    fate: Fate
    number: str | None = None
    code: str | None = None
    faults: tuple[Fault, ...] = ()
    order_id: int | None = None


async def check(context: Context, caller: Caller, *, door: str, raw: bytes, replaces: bool = False) -> SubmissionCheck:
    """Parse a body as the door's create call does, look up what it refers to, and whether its number is taken."""
    caller.require(READ)
    size = len(raw)
    if size > context.settings.body_limit_bytes:
        reason = f"has {size} bytes; {context.settings.body_limit_bytes} are allowed"
        return SubmissionCheck("refused", code="too_large", faults=(Fault((), reason),))
    pending = PendingOrder(Submission(caller, context.formats[door], raw, replaces=replaces))
    async with context.store.reading() as tx:
        if pending.body is not None:
            make_content(pending, await _look_up(tx, pending))
        if pending.refusal is None:
            return await _under_its_number(tx, pending)
    if not isinstance(pending.refusal, Refusal):
        return SubmissionCheck("refused", code="bug", faults=(Fault((), "cannot be read because of an error here"),))
    faults = pending.refusal.faults or (Fault((), pending.refusal.reason),)
    return SubmissionCheck("refused", _number(pending), str(pending.refusal.code), faults)


async def _look_up(tx: Transaction, pending: PendingOrder) -> ReferenceData:
    assert pending.body is not None
    caller = pending.submission.caller
    keys = {(each.kind, each.key) for each in pending.body.references}
    return await reference_data.find(tx, caller, keys - caller.references)


async def _under_its_number(tx: Transaction, pending: PendingOrder) -> SubmissionCheck:
    """Tell what the number of an order without faults makes of it; see intake.place."""
    organization_id, number = pending.submission.caller.organization_id, _number(pending)
    natural = pending.keys[0]
    first = (await idempotency_keys.find_claims(tx, organization_id, [natural])).get(natural)
    if first is None:
        return SubmissionCheck("accepted", number)
    claim = Claim(organization_id, natural, 0, 0)
    format = pending.submission.format
    if await idempotency.natural_owner(tx, format, first, claim, dry_run=True) is claim:
        return SubmissionCheck("accepted", number)
    if await is_repeat(tx, pending, await idempotency.first_submission(tx, organization_id, first)):
        return SubmissionCheck("replayed", number, order_id=first.order_id)
    if pending.submission.replaces:
        return SubmissionCheck("replaced", number, order_id=first.order_id)
    fault = Fault(format.number_path, f"is taken by another order: {number!r}")
    return SubmissionCheck("refused", number, "number_taken", (fault,), first.order_id)


def _number(pending: PendingOrder) -> str | None:
    return pending.body.natural[-1] if pending.body is not None and pending.body.natural else None


# ---------------------------------------------------------------------------------------------------------------- lists
async def filtered(
    context: Context,
    caller: Caller,
    *,
    status: str,
    wanted: SubmissionFilter,
    before: int,
    first: int,
    limit: int,
) -> tuple[list[SubmissionRecord], int | None]:
    """List at most `limit` submissions of a status, newest first, and where to continue; see store.submissions.filtered."""
    caller.require(READ)
    async with context.store.reading() as tx:
        return await submissions.filtered(
            tx, caller.organization_id, status=status, wanted=wanted, before=before, first=first, limit=limit
        )


async def by_ids(context: Context, caller: Caller, submission_ids: list[int]) -> list[SubmissionRecord]:
    """Return those of some submissions that are there, in the order of the ids."""
    caller.require(READ)
    async with context.store.reading() as tx:
        found = await submissions.by_ids(tx, caller.organization_id, submission_ids=submission_ids)
    return [found[each] for each in submission_ids if each in found]

"""Idempotency: a request under a key is done once, and answered as the first time ever after.

Three callers: a command with an idempotency key (flows/execute.py), a bulk call that is done over where it was cut off, and the
natural keys of new orders (flows/intake.py). The key, the effect and the stored reply share one transaction, so a crash leaves
all of them or none.
"""

from collections.abc import Awaitable, Callable
from typing import Literal

from msgspec import Struct

from crossdock.core.errors import Code, Conflict, Fault, Refusal
from crossdock.core.ids import json_equal
from crossdock.core.json.strict_json import parse
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.formats import Format
from crossdock.store import idempotency_keys, orders, submissions
from crossdock.store.idempotency_keys import Claim
from crossdock.store.protocols import Transaction
from crossdock.store.submissions import SubmissionRecord

SubmissionStatus = Literal["accepted", "replayed", "refused"]


# ------------------------------------------------------------------------------------------------------------ submissions
def submission_record(
    caller: Caller,
    *,
    submission_id: int,
    door: str,
    operation: str,
    received_at: int,
    body: bytes,
    status: SubmissionStatus = "accepted",
    order_id: int | None = None,
    code: str | None = None,
    faults: tuple[Fault, ...] = (),
    redrive_of: int | None = None,
    size: int | None = None,
    reply: bytes | None = None,
) -> SubmissionRecord:
    """Make the record of a request that is kept; `size` is what was sent where `body` is only its beginning."""
    return SubmissionRecord(  # by position: quicker, for every new order
        caller.organization_id, submission_id, door, operation, caller.actor, received_at, status, order_id, code, faults,
        redrive_of, len(body) if size is None else size, body, reply,
    )  # fmt: skip


async def first_submission(tx: Transaction, organization_id: int, claim: Claim) -> SubmissionRecord:
    """Return the submission that claimed a key first."""
    first = await submissions.get_submission(tx, organization_id, submission_id=claim.submission_id)
    assert first is not None, "a key outlives no submission"
    return first


def is_erased(record: SubmissionRecord) -> bool:
    """Tell whether the body of a submission was erased (flows/erasure.py)."""
    return not record.body and record.size > 0


def repeats(first: SubmissionRecord, body: bytes) -> bool:
    """Tell whether a body says the same as the first one under its key.

    Of an erased one nobody knows. Where it was about one order, the key decides; a call with many orders is no repeat, because
    to do it over could bring back what was erased.
    """
    return first.order_id is not None if is_erased(first) else is_same_body(first.body, body)


def is_same_body(one: bytes, other: bytes) -> bool:
    """Tell whether two bodies say the same: members in any order, numbers by value."""
    if one == other:
        return True
    try:
        return json_equal(parse(one), parse(other))
    except Refusal:
        return False


def key_reused(number: str | None = None) -> Conflict:
    """Return the refusal of a key that stands for another request."""
    facts = {} if number is None else {"number": number}
    return Conflict(Code.KEY_REUSED, "the key or id of this request was used for another request", faults=(), **facts)


def number_taken(number: str, fault: Fault, *, order_id: int) -> Conflict:
    """Return the refusal of an order whose number the order `order_id` has."""
    reason = "there is another order under this number"
    return Conflict(Code.NUMBER_TAKEN, reason, faults=(fault,), number=number, order_id=order_id)


# ---------------------------------------------------------------------------------------------------------- single calls
class IdempotentRequest(Struct, frozen=True):
    """A request that must happen once: its key, the operation's name, its body, and how the change is rendered as its reply."""

    key: bytes
    operation: str
    body: bytes
    reply: Callable[..., Awaitable[bytes]]  # (tx, change) -> bytes


async def claim(
    tx: Transaction, caller: Caller, request: IdempotentRequest, *, submission_id: int, order_id: int | None
) -> SubmissionRecord | None:
    """Claim a request's key for a submission; return the submission that claimed it before, if any.

    Refuses with Conflict `key_reused` where the key stands for another request.
    """
    organization_id = caller.organization_id
    claimed = Claim(organization_id, request.key, submission_id, order_id or 0)
    if await idempotency_keys.claim(tx, [claimed]):
        return None
    claims = await idempotency_keys.find_claims(tx, organization_id, [request.key])
    first = await first_submission(tx, organization_id, claims[request.key])
    is_same = first.operation == request.operation and first.order_id == order_id
    if not is_same or not repeats(first, request.body):
        raise key_reused()
    return first


# ------------------------------------------------------------------------------------------------------------ bulk calls
class BulkCall(Struct, frozen=True):
    """A call with many orders under its key; `reply` is the first answer where there is one.

    The orders inside are submissions of their own and safe to process again, so a call that was cut off is simply done over.
    """

    submission_id: int
    reply: bytes | None = None


async def begin_bulk_call(
    context: Context, caller: Caller, *, door: str, operation: str, key: bytes, raw: bytes
) -> BulkCall:
    """Record a bulk call under its key, or find the one recorded before; `raw` is sound JSON.

    Refuses with Conflict `key_reused` where the key stands for another request.
    """
    now = context.clock()
    submission_id = context.id_generator.new(now)
    async with context.store.writing() as tx:
        if await idempotency_keys.claim(tx, [Claim(caller.organization_id, key, submission_id, 0)]):
            record = submission_record(
                caller, submission_id=submission_id, door=door, operation=operation, received_at=now, body=raw
            )
            await submissions.add_submissions(tx, [record])
            return BulkCall(submission_id)
        claims = await idempotency_keys.find_claims(tx, caller.organization_id, [key])
        first = await first_submission(tx, caller.organization_id, claims[key])
    if first.operation != operation or not repeats(first, raw):
        raise key_reused()
    return BulkCall(first.submission_id, first.reply)


async def finish_bulk_call(context: Context, caller: Caller, call: BulkCall, *, reply: bytes) -> None:
    """Store a bulk call's answer."""
    async with context.store.writing() as tx:
        await submissions.set_reply(tx, caller.organization_id, submission_id=call.submission_id, reply=reply)


# ------------------------------------------------------------------------------------------------------------------ keys
async def natural_owner(tx: Transaction, format: Format, first: Claim, claim: Claim, *, dry_run: bool = False) -> Claim:
    """Return whose a claimed natural key is: `first`, or `claim` where the door does not show the order of `first` any more.

    An order that was deleted through its door keeps its key until another one wants it.
    """
    if not format.hides_orders:
        return first
    order = await orders.get(tx, claim.organization_id, order_id=first.order_id)
    if order is None or format.is_visible(order):
        return first
    if dry_run or await idempotency_keys.take_over(tx, claim, order_id=first.order_id):
        return claim
    claims = await idempotency_keys.find_claims(tx, claim.organization_id, [claim.key])  # another writer was faster
    return claims[claim.key]


async def orders_under(context: Context, caller: Caller, keys: list[bytes]) -> dict[bytes, int]:
    """Return the ids of the orders that stand under keys (0 where a request was not about one order)."""
    if not keys:
        return {}
    async with context.store.reading() as tx:
        claims = await idempotency_keys.find_claims(tx, caller.organization_id, keys)
    return {key: claim.order_id for key, claim in claims.items()}

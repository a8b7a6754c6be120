"""Calls that hold many orders, made to happen once: the call as a whole has a key, and its answer is kept for the next time.

The orders inside are submissions of their own and safe to process again, so a call that was cut off is simply done over.
"""

from msgspec import Struct

from crossdock.core.errors import Code, Conflict
from crossdock.core.ids import json_equal
from crossdock.core.json.strict_json import parse
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.store import idempotency_keys, submissions
from crossdock.store.idempotency_keys import Claim
from crossdock.store.submissions import SubmissionRecord


class BulkCall(Struct, frozen=True):
    """A call under its key. `reply` is the first answer where there is one."""

    submission_id: int
    reply: bytes | None = None


async def begin_bulk_call(
    context: Context, caller: Caller, *, door: str, operation: str, key: bytes, raw: bytes
) -> BulkCall:
    """Record a call of sound JSON under its key, or find the one recorded before.

    Refuses with Conflict `key_reused` where the key stands for another request.
    """
    now = context.clock()
    submission_id = context.id_generator.new(now)
    async with context.store.writing() as tx:
        if await idempotency_keys.claim(tx, [Claim(caller.organization_id, key, submission_id, 0)]):
            record = SubmissionRecord(
                organization_id=caller.organization_id, submission_id=submission_id, door=door, operation=operation,
                actor=caller.actor, received_at=now, status="accepted", order_id=None, code=None, faults=(),
                redrive_of=None, size=len(raw), body=raw, reply=None,
            )  # fmt: skip
            await submissions.add_submissions(tx, [record])
            return BulkCall(submission_id)
        held = (await idempotency_keys.find_claims(tx, caller.organization_id, [key]))[key]
        first = await submissions.get_submission(tx, caller.organization_id, submission_id=held.submission_id)
    assert first is not None, "a key outlives no submission"
    same = first.body == raw or json_equal(parse(first.body), parse(raw))
    if not same or first.operation != operation:
        raise Conflict(Code.KEY_REUSED, "this request id was used for another request")
    return BulkCall(first.submission_id, first.reply)


async def finish_bulk_call(context: Context, caller: Caller, call: BulkCall, *, reply: bytes) -> None:
    """Keep a call's answer."""
    async with context.store.writing() as tx:
        await submissions.set_reply(tx, caller.organization_id, submission_id=call.submission_id, reply=reply)


async def is_used(context: Context, caller: Caller, *, key: bytes) -> bool:
    """Say whether a key stands for a request that changed something."""
    async with context.store.reading() as tx:
        return bool(await idempotency_keys.find_claims(tx, caller.organization_id, [key]))

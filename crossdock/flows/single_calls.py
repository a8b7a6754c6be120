"""A call that changes a document once: under its idempotency key, with its answer stored in the same transaction."""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from crossdock.flows import idempotency
from crossdock.flows.access import Caller
from crossdock.flows.unit_of_work import UnitOfWork

MAX_ATTEMPTS = 8  # of a change that others make at the same time; each attempt is a transaction of its own


class SingleCall(Struct, frozen=True):
    """A request that must happen once. `operation` names the call and the document it is about: the same key for another
    document is another request."""

    key: bytes
    operation: str
    body: bytes


class Answer(Struct, frozen=True):
    """What a call is answered, and whether it is the first answer again."""

    body: bytes
    replayed: bool = False


async def answer_once(
    work: UnitOfWork, caller: Caller, call: SingleCall | None, *, door: str, perform: Callable[[], Awaitable[bytes]]
) -> Answer:
    """Perform a change and store its answer under the call's key; a repeat of the call gets that answer and changes nothing.

    Without a call, and in a dry run, nothing is stored. Refuses with Conflict `key_reused`.
    """
    if call is None or work.dry_run:
        return Answer(await perform())
    submission_id = work.context.id_generator.new(work.now)
    request = idempotency.IdempotentRequest(call.key, call.operation, call.body, _no_reply)
    first = await idempotency.claim(work.tx, caller, request, submission_id=submission_id, order_id=None)
    if first is not None:
        return Answer(first.reply or b"", replayed=True)
    body = await perform()
    work.submit(
        idempotency.submission_record(
            caller, submission_id=submission_id, door=door, operation=call.operation, received_at=work.now,
            body=call.body, reply=body,
        )
    )  # fmt: skip
    return Answer(body)


async def _no_reply(*_: object) -> bytes:
    raise AssertionError("the reply is made by `perform`")

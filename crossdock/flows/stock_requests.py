"""Stock commands of one request, with all faults at once, done once under a key; and imports of counts."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from crossdock.core.catalog.locations import KIND
from crossdock.core.errors import Code, Conflict, Fault, Invalid, Refusal
from crossdock.core.stock.commands import StockCommand
from crossdock.flows import idempotency
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.idempotency import IdempotentRequest
from crossdock.flows.stock import StockChange, change_stock
from crossdock.flows.unit_of_work import UnitOfWork, unit_of_work
from crossdock.store import catalog as catalog_store

_BATCH = 500  # rows of an import in one transaction
RenderChanges = Callable[[Sequence[StockChange]], bytes]


class StockReply(Struct, frozen=True):
    """The answer to a request, and whether it is a repeat of the first one."""

    body: bytes
    replayed: bool = False


async def execute_request(
    context: Context,
    caller: Caller,
    commands: Sequence[StockCommand],
    *,
    door: str,
    render: RenderChanges,
    member: str = "items",
    dry_run: bool = False,
    request: IdempotentRequest | None = None,
) -> StockReply:
    """Execute the commands of a request in one transaction, all or none, and render the answer before the commit.

    A fault has the path (`member`, position of the command, member of the command). `request` makes it happen once.
    Refuses with Invalid, with Conflict `state_forbids` where units would be missing, `key_reused`.
    """
    async with unit_of_work(context, caller.organization_id, dry_run=dry_run) as work:
        submission_id = context.id_generator.new(work.now)
        if request is not None and not dry_run:
            first = await idempotency.claim(work.tx, caller, request, submission_id=submission_id, order_id=None)
            if first is not None:
                return StockReply(first.reply or b"", replayed=True)
        changes, refused = await _change_each(work, caller, commands, door=door)
        if refused:
            raise _all_faults(refused, member)
        body = render(changes)
        if request is not None and not dry_run:
            work.submit(
                idempotency.submission_record(
                    caller, submission_id=submission_id, door=door, operation=request.operation, received_at=work.now,
                    body=request.body, reply=body,
                )
            )  # fmt: skip
    return StockReply(body)


async def _change_each(
    work: UnitOfWork, caller: Caller, commands: Sequence[StockCommand], *, door: str
) -> tuple[list[StockChange], dict[int, Refusal]]:
    """Execute commands one after the other; return the changes, and the refusals by the position of the command."""
    unknown = await _unknown_locations(work, commands)
    await work.stock.of({command.key.sku for command in commands})  # locks them all in their order
    changes: list[StockChange] = []
    refused: dict[int, Refusal] = {}
    for position, command in enumerate(commands):
        code = command.key.location
        if code in unknown:
            fault = Fault(("location",), f"there is no location {code!r}")
            refused[position] = Invalid(Code.UNKNOWN_REFERENCE, "there is no such location", faults=(fault,))
            continue
        try:
            changes += await change_stock(work, caller, [command], door=door)
        except (Invalid, Conflict) as refusal:
            if not refusal.faults:  # such as a level that another transaction has changed
                raise
            refused[position] = refusal
    return changes, refused


async def _unknown_locations(work: UnitOfWork, commands: Sequence[StockCommand]) -> set[str]:
    codes = {command.key.location for command in commands}
    entries = await catalog_store.entries(work.tx, work.organization_id, kind=KIND, keys=sorted(codes))
    return codes - {entry.key for entry in entries}


def _all_faults(refused: dict[int, Refusal], member: str) -> Refusal:
    """Return one refusal with the faults of all: of the state where that is all, else of what was sent."""
    faults = tuple(
        Fault((member, position, *fault.path), fault.reason)
        for position, refusal in refused.items()
        for fault in refusal.faults
    )
    codes = {refusal.code for refusal in refused.values()}
    if codes == {Code.STATE_FORBIDS}:
        reasons = {refusal.reason for refusal in refused.values()}
        reason = reasons.pop() if len(reasons) == 1 else "there are fewer units on hand, or they are allocated"
        return Conflict(Code.STATE_FORBIDS, reason, faults=faults)
    code = Code.UNKNOWN_REFERENCE if codes == {Code.UNKNOWN_REFERENCE} else Code.INVALID
    return Invalid(code, "nothing was changed, because some items have faults", faults=faults)


class _Refused(Exception):
    """Rolls back a batch of which some rows were refused."""

    def __init__(self, refused: dict[int, Refusal]) -> None:
        super().__init__("refused")
        self.refused = refused


async def import_counts(
    context: Context, caller: Caller, rows: Sequence[tuple[int, StockCommand]], *, door: str
) -> tuple[int, list[tuple[int, Fault]]]:
    """Execute the commands of rows (with their numbers); return how many were done, and the faults of the others.

    Rows that are refused are left out. What was counted can be counted again.
    """
    done, faults = 0, list[tuple[int, Fault]]()
    for start in range(0, len(rows), _BATCH):
        batch = list(rows[start : start + _BATCH])
        while batch:
            try:
                async with unit_of_work(context, caller.organization_id) as work:
                    _, refused = await _change_each(work, caller, [command for _, command in batch], door=door)
                    if refused:
                        raise _Refused(refused)
            except _Refused as error:
                faults += [
                    (batch[place][0], Fault((_COLUMN_OF.get(str(fault.path[0]), fault.path[0]),), fault.reason))
                    for place, refusal in error.refused.items()
                    for fault in refusal.faults
                ]
                batch = [row for place, row in enumerate(batch) if place not in error.refused]
            else:
                done += len(batch)
                break
    return done, faults


_COLUMN_OF = {"quantity": "on_hand"}

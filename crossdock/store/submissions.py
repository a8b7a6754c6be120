"""Submissions: request bodies as received, each with its outcome and its reply."""

from collections.abc import Iterable, Sequence
from functools import cache

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, select, update

from crossdock.core.errors import Fault
from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Row, Statement, Transaction
from crossdock.store.records import check_columns, columns_of
from crossdock.store.tables import submission

_FAULTS = msgspec.json.Decoder(tuple[Fault, ...])


class SubmissionRecord(Struct, frozen=True):
    """A stored submission. `size` is that of the body as sent; `body` is shorter where an oversized one was cut."""

    organization_id: int
    submission_id: int
    door: str
    operation: str
    actor: str
    received_at: int
    status: str
    order_id: int | None
    code: str | None
    faults: tuple[Fault, ...]
    redrive_of: int | None
    size: int
    body: bytes
    reply: bytes | None


check_columns(submission, SubmissionRecord)


# ---------------------------------------------------------------------------------------------------------- submissions
async def add_submissions(tx: Transaction, records: Iterable[SubmissionRecord]) -> None:
    """Insert submissions."""
    await tx.insert(submission, [_row(record) for record in records])


_FAULTS_AT = SubmissionRecord.__struct_fields__.index("faults")


def _row(record: SubmissionRecord) -> Row:
    row = list(msgspec.structs.astuple(record))
    row[_FAULTS_AT] = msgspec.json.encode(record.faults) if record.faults else None
    return row


_COLUMNS = columns_of(submission, SubmissionRecord)
_OF_SUBMISSION = (
    submission.c.organization_id == bindparam("organization_id"),
    submission.c.submission_id == bindparam("submission_id"),
)
_GET_SUBMISSION = Statement(select(*_COLUMNS).where(*_OF_SUBMISSION))
_MARK_REDRIVEN = Statement(
    update(submission)
    .where(
        submission.c.organization_id == bindparam("p_organization_id"),
        submission.c.submission_id == bindparam("p_submission_id"),
        submission.c.status == "refused",
    )
    .values(status="redriven", order_id=bindparam("order_id"))
)


_SET_REPLY = Statement(
    update(submission)
    .where(
        submission.c.organization_id == bindparam("p_organization_id"),
        submission.c.submission_id == bindparam("p_submission_id"),
    )
    .values(reply=bindparam("reply"))
)


async def set_reply(tx: Transaction, organization_id: int, *, submission_id: int, reply: bytes) -> None:
    """Store the reply to a submission."""
    await tx.run(_SET_REPLY, p_organization_id=organization_id, p_submission_id=submission_id, reply=reply)


async def get_submission(tx: Transaction, organization_id: int, *, submission_id: int) -> SubmissionRecord | None:
    """Read one submission of an organization, or None."""
    rows = await tx.rows(_GET_SUBMISSION, organization_id=organization_id, submission_id=submission_id)
    return _record(rows[0]) if rows else None


_BODIES = Statement(
    select(submission.c.submission_id, submission.c.body).where(
        submission.c.organization_id == bindparam("organization_id"), AnyOf(submission.c.submission_id, "ids")
    )
)


async def submission_bodies(
    tx: Transaction, organization_id: int, *, submission_ids: Sequence[int]
) -> dict[int, bytes]:
    """Read the bodies of submissions by their ids."""
    if not submission_ids:
        return {}
    rows = await tx.rows(_BODIES, organization_id=organization_id, ids=submission_ids)
    return {row["submission_id"]: bytes(row["body"]) for row in rows}


async def mark_redriven(tx: Transaction, organization_id: int, *, submission_id: int, order_id: int | None) -> None:
    """Mark a refused submission as redriven by a later, accepted one."""
    await tx.run(_MARK_REDRIVEN, p_organization_id=organization_id, p_submission_id=submission_id, order_id=order_id)


@cache
def _submission_page(by_status: bool, continued: bool) -> Statement:
    query = select(*_COLUMNS).where(submission.c.organization_id == bindparam("organization_id"))
    if by_status:
        query = query.where(submission.c.status == bindparam("status"))
    if continued:
        query = query.where(submission.c.submission_id < bindparam("before"))
    return Statement(query.order_by(submission.c.submission_id.desc()).limit(bindparam("limit")))


async def submissions(
    tx: Transaction, organization_id: int, *, status: str | None, before: int | None, limit: int
) -> list[SubmissionRecord]:
    """Read at most `limit` submissions, newest first, older than the submission id `before`."""
    values = {"status": status, "before": before}
    given = {name: value for name, value in values.items() if value is not None}
    statement = _submission_page(status is not None, before is not None)
    rows = await tx.rows(statement, organization_id=organization_id, limit=limit, **given)
    return [_record(row) for row in rows]


def _record(row: Row) -> SubmissionRecord:
    columns = dict(row)
    columns["faults"] = _FAULTS.decode(columns["faults"]) if columns["faults"] else ()
    return SubmissionRecord(**columns)

"""Submissions: request bodies as received, each with its outcome and its reply."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Integer, bindparam, case, delete, func, literal, select, text, update

from crossdock.core.errors import Fault
from crossdock.store.dialect import AnyOf, HasBytes
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


_BY_IDS = Statement(
    select(*_COLUMNS).where(
        submission.c.organization_id == bindparam("organization_id"), AnyOf(submission.c.submission_id, "ids")
    )
)


async def by_ids(
    tx: Transaction, organization_id: int, *, submission_ids: Sequence[int]
) -> dict[int, SubmissionRecord]:
    """Read submissions by their ids."""
    if not submission_ids:
        return {}
    rows = await tx.rows(_BY_IDS, organization_id=organization_id, ids=submission_ids)
    return {row["submission_id"]: _record(row) for row in rows}


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


# A literal, so that the partial index of those that were not accepted is used.
_NOT_ACCEPTED = submission.c.status != text("'accepted'")


@cache
def _submission_page(by_status: bool, is_accepted: bool, continued: bool) -> Statement:
    query = select(*_COLUMNS).where(submission.c.organization_id == bindparam("organization_id"))
    if by_status:
        query = query.where(submission.c.status == bindparam("status"))
    if by_status and not is_accepted:
        query = query.where(_NOT_ACCEPTED)
    if continued:
        query = query.where(submission.c.submission_id < bindparam("before"))
    return Statement(query.order_by(submission.c.submission_id.desc()).limit(bindparam("limit")))


async def submissions(
    tx: Transaction, organization_id: int, *, status: str | None, before: int | None, limit: int
) -> list[SubmissionRecord]:
    """Read at most `limit` submissions, newest first, older than the submission id `before`."""
    values = {"status": status, "before": before}
    given = {name: value for name, value in values.items() if value is not None}
    statement = _submission_page(status is not None, status == "accepted", before is not None)
    rows = await tx.rows(statement, organization_id=organization_id, limit=limit, **given)
    return [_record(row) for row in rows]


# Submissions one filtered page looks at, at most, and the longest body that a list of submissions shows something of.
MAX_SCANNED = 2_000
MAX_LISTED_BODY = 65_536


class SubmissionFilter(Struct, frozen=True):
    """Which submissions of a status to list; None sets no condition. `text` is what the body has somewhere in it."""

    door: str | None = None
    code: str | None = None
    text: str | None = None


@cache
def _filtered_page(by_door: bool, by_code: bool, by_text: bool) -> tuple[Statement, Statement]:
    """Return the statement of a page, and that of the oldest submission it looked at."""
    window = (
        select(submission.c.submission_id)
        .where(
            submission.c.organization_id == bindparam("organization_id"),
            submission.c.status == bindparam("status"),
            _NOT_ACCEPTED,
            submission.c.submission_id < bindparam("before"),
            submission.c.submission_id >= bindparam("first"),
        )
        .order_by(submission.c.submission_id.desc())
        .limit(bindparam("scanned", type_=Integer))
        .subquery()
    )
    body = case((submission.c.size <= MAX_LISTED_BODY, submission.c.body), else_=literal(b"")).label("body")
    listed = [body if each.name == "body" else each for each in _COLUMNS if each.name != "reply"]
    query = (
        select(*listed)
        .select_from(window.join(submission, submission.c.submission_id == window.c.submission_id))
        .where(submission.c.organization_id == bindparam("organization_id"))
    )
    if by_door:
        query = query.where(submission.c.door == bindparam("door"))
    if by_code:
        query = query.where(submission.c.code == bindparam("code"))
    if by_text:
        query = query.where(HasBytes(submission.c.body, "text"))
    # By the id of the window, so that SQLite reads that first.
    page = query.order_by(window.c.submission_id.desc()).limit(bindparam("limit", type_=Integer))
    count = func.count().label("submissions")
    return Statement(page), Statement(select(func.min(window.c.submission_id).label("oldest"), count))


async def filtered(
    tx: Transaction,
    organization_id: int,
    *,
    status: str,
    wanted: SubmissionFilter,
    before: int,
    first: int = 0,
    limit: int,
) -> tuple[list[SubmissionRecord], int | None]:
    """Read at most `limit` submissions of a status, not `accepted`, with ids from `first` to below `before`, newest first.

    Looks at MAX_SCANNED at most. The second value is where to continue, None at the end. The records have no reply, and no
    body where it is longer than MAX_LISTED_BODY.
    """
    given: dict[str, Any] = {"door": wanted.door, "code": wanted.code, "text": wanted.text and wanted.text.encode()}
    given = {name: value for name, value in given.items() if value}
    page, oldest = _filtered_page("door" in given, "code" in given, "text" in given)
    window = {"organization_id": organization_id, "status": status, "before": before, "first": first}
    window["scanned"] = MAX_SCANNED if given else limit + 1
    rows = await tx.rows(page, **window, **given, limit=limit + 1)
    found = [_record({**row, "reply": None}) for row in rows]
    if len(found) > limit:
        return found[:limit], found[limit - 1].submission_id
    if not given:
        return found, None
    (scanned,) = await tx.rows(oldest, **window)
    return found, scanned["oldest"] if scanned["submissions"] == MAX_SCANNED else None


# -------------------------------------------------------------------------------------------------- erasure and retention
_NOT_ACCEPTED_OF_ORDER = Statement(
    select(submission.c.submission_id).where(
        submission.c.organization_id == bindparam("organization_id"),
        _NOT_ACCEPTED,
        submission.c.order_id == bindparam("order_id"),
    )
)
_AFTER = Statement(
    select(*_COLUMNS)
    .where(
        submission.c.organization_id == bindparam("organization_id"),
        submission.c.submission_id > bindparam("after"),
    )
    .order_by(submission.c.submission_id)
    .limit(bindparam("limit"))
)
_OLD = Statement(
    select(submission.c.submission_id)
    .where(
        submission.c.organization_id == bindparam("organization_id"),
        _NOT_ACCEPTED,
        submission.c.status == bindparam("status"),
        submission.c.submission_id < bindparam("before"),
    )
    .limit(bindparam("limit"))
)
_REMOVE = Statement(
    delete(submission).where(
        submission.c.organization_id == bindparam("organization_id"), AnyOf(submission.c.submission_id, "ids")
    )
)


async def not_accepted_of_order(tx: Transaction, organization_id: int, *, order_id: int) -> set[int]:
    """Read the ids of the replayed and redriven submissions of an order."""
    rows = await tx.rows(_NOT_ACCEPTED_OF_ORDER, organization_id=organization_id, order_id=order_id)
    return {int(row["submission_id"]) for row in rows}


async def after(tx: Transaction, organization_id: int, *, after: int, limit: int) -> list[SubmissionRecord]:
    """Read at most `limit` submissions with ids above `after`, oldest first."""
    return [_record(row) for row in await tx.rows(_AFTER, organization_id=organization_id, after=after, limit=limit)]


async def erase(tx: Transaction, organization_id: int, *, replies: Mapping[int, bytes | None]) -> None:
    """Empty the bodies of submissions, drop their faults, and replace their replies by those given. `size` stays."""
    rows = [(organization_id, each, None, b"", reply) for each, reply in sorted(replies.items())]
    await tx.update(submission, ("faults", "body", "reply"), rows)


async def prune(tx: Transaction, organization_id: int, *, status: str, before: int, limit: int) -> int:
    """Delete at most `limit` submissions of a status, not `accepted`, with ids below `before`, and return how many.

    No key points to one: those of a replayed submission point to the first one under them.
    """
    rows = await tx.rows(_OLD, organization_id=organization_id, status=status, before=before, limit=limit)
    if ids := [int(row["submission_id"]) for row in rows]:
        await tx.run(_REMOVE, organization_id=organization_id, ids=ids)
    return len(ids)


def _record(row: Row) -> SubmissionRecord:
    columns = dict(row)
    columns["faults"] = _FAULTS.decode(columns["faults"]) if columns["faults"] else ()
    return SubmissionRecord(**columns)

"""What was sent and what happened: submissions with their bytes and fate, keys that make requests happen once, events."""

from collections.abc import Iterable, Sequence
from functools import cache

import msgspec
from msgspec import Struct
from sqlalchemy import BigInteger, bindparam, delete, select, text, update

from crossdock.core.errors import Fault
from crossdock.core.orders.events import Event
from crossdock.store.dialect import AnyOf
from crossdock.store.protocols import Statement, Transaction
from crossdock.store.tables import event, request_key, submission
from crossdock.store.tables import feed as feed_head

_FAULTS = msgspec.json.Decoder(tuple[Fault, ...])


class SubmissionRecord(Struct, frozen=True):
    """A stored submission. `size` is what was sent; `body` is shorter when an oversized one was cut."""

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


class Claim(Struct, frozen=True):
    """A key taken by a submission."""

    organization_id: int
    key: bytes
    submission_id: int
    order_id: int


# ---------------------------------------------------------------------------------------------------------- submissions
async def add_submissions(tx: Transaction, records: Iterable[SubmissionRecord]) -> None:
    """Insert submissions."""
    rows = []
    for record in records:
        fields = list(msgspec.structs.astuple(record))
        fields[9] = msgspec.json.encode(record.faults) if record.faults else None
        rows.append(fields)
    await tx.insert(submission, rows)


_OF_SUBMISSION = (
    submission.c.organization_id == bindparam("organization_id"),
    submission.c.submission_id == bindparam("submission_id"),
)
_GET_SUBMISSION = Statement(select(submission).where(*_OF_SUBMISSION))
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
    """Keep the answer to a submission."""
    await tx.run(_SET_REPLY, p_organization_id=organization_id, p_submission_id=submission_id, reply=reply)


async def get_submission(tx: Transaction, organization_id: int, *, submission_id: int) -> SubmissionRecord | None:
    """Give one submission of an organization, or None."""
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
    """Give the bytes of submissions by their ids."""
    if not submission_ids:
        return {}
    rows = await tx.rows(_BODIES, organization_id=organization_id, ids=submission_ids)
    return {row[0]: bytes(row[1]) for row in rows}


async def mark_redriven(tx: Transaction, organization_id: int, *, submission_id: int, order_id: int | None) -> None:
    """Note on a refused submission that a later one made it good."""
    await tx.run(_MARK_REDRIVEN, p_organization_id=organization_id, p_submission_id=submission_id, order_id=order_id)


@cache
def _submission_page(by_status: bool, continued: bool) -> Statement:
    query = select(submission).where(submission.c.organization_id == bindparam("organization_id"))
    if by_status:
        query = query.where(submission.c.status == bindparam("status"))
    if continued:
        query = query.where(submission.c.submission_id < bindparam("before"))
    return Statement(query.order_by(submission.c.submission_id.desc()).limit(bindparam("limit")))


async def submissions(
    tx: Transaction, organization_id: int, *, status: str | None, before: int | None, limit: int
) -> list[SubmissionRecord]:
    """Give at most `limit` submissions, newest first, older than the submission id `before`."""
    values = {"status": status, "before": before}
    given = {name: value for name, value in values.items() if value is not None}
    statement = _submission_page(status is not None, before is not None)
    rows = await tx.rows(statement, organization_id=organization_id, limit=limit, **given)
    return [_record(row) for row in rows]


def _record(row: Sequence[object]) -> SubmissionRecord:
    fields = list(row)
    fields[9] = _FAULTS.decode(fields[9]) if fields[9] else ()  # type: ignore[arg-type]
    return SubmissionRecord(*fields)  # type: ignore[arg-type]


# ----------------------------------------------------------------------------------------------------------------- keys
async def claim(tx: Transaction, claims: Sequence[Claim]) -> set[bytes]:
    """Take those keys that are free and give them; keys must be distinct. Waits for a racing transaction's verdict."""
    ranked = sorted(claims, key=lambda each: each.key)
    taken = await tx.claim(request_key, [msgspec.structs.astuple(each) for each in ranked])
    return {ranked[position].key for position in taken}


_HOLDERS = Statement(
    select(request_key).where(
        request_key.c.organization_id == bindparam("organization_id"), AnyOf(request_key.c.key, "keys")
    )
)


async def find_claims(tx: Transaction, organization_id: int, keys: Sequence[bytes]) -> dict[bytes, Claim]:
    """Give who holds each of the keys that are taken."""
    if not keys:
        return {}
    rows = await tx.rows(_HOLDERS, organization_id=organization_id, keys=keys)
    return {bytes(row[1]): Claim(row[0], bytes(row[1]), row[2], row[3]) for row in rows}


_OF_KEY = (request_key.c.organization_id == bindparam("p_organization_id"), request_key.c.key == bindparam("p_key"))
_REPOINT = Statement(
    update(request_key).where(*_OF_KEY).values(submission_id=bindparam("submission_id"), order_id=bindparam("order_id"))
)
_RELEASE = Statement(delete(request_key).where(*_OF_KEY))


async def repoint(tx: Transaction, claimed: Claim) -> None:
    """Let a taken key stand for another submission from now on."""
    await tx.run(
        _REPOINT,
        p_organization_id=claimed.organization_id,
        p_key=claimed.key,
        submission_id=claimed.submission_id,
        order_id=claimed.order_id,
    )


async def release(tx: Transaction, organization_id: int, *, key: bytes) -> None:
    """Free a key taken in this transaction."""
    await tx.run(_RELEASE, p_organization_id=organization_id, p_key=key)


# --------------------------------------------------------------------------------------------------------------- events
class LogEntry(Struct, frozen=True):
    """An event in its organization's feed: `position` counts from 1 without gaps, in the order in which events became
    visible. `status` is the order's after the event, `source` the door the order came through."""

    position: int
    status: str
    source: str
    event: Event


# An upsert is each dialect's own word for the same text.
_ADVANCE = Statement(
    text(
        "INSERT INTO feed (organization_id, position) VALUES (:organization_id, :added)"
        " ON CONFLICT (organization_id) DO UPDATE SET position = feed.position + excluded.position RETURNING position"
    ).bindparams(bindparam("organization_id", type_=BigInteger()), bindparam("added", type_=BigInteger()))
)


async def add_events(tx: Transaction, organization_id: int, recorded: Sequence[tuple[Event, str, str]]) -> None:
    """Append events to the log and to the organization's feed, each with its order's status afterwards and source door.

    The primary key refuses a second event of one number. Must be the last thing written before the commit: every other
    transaction that has events for this organization waits from here until then, so positions become visible in order.
    """
    rows = await tx.rows(_ADVANCE, organization_id=organization_id, added=len(recorded))
    position = rows[0][0] - len(recorded)
    placed = []
    for each, status, source in recorded:
        position += 1
        placed.append((*msgspec.structs.astuple(each), position, status, source))
    await tx.insert(event, placed)


_COLUMNS = [event.c[name] for name in Event.__struct_fields__]
_EVENTS = Statement(
    select(*_COLUMNS)
    .where(event.c.organization_id == bindparam("organization_id"), event.c.order_id == bindparam("order_id"))
    .order_by(event.c.number)
)


async def events(tx: Transaction, organization_id: int, *, order_id: int) -> list[Event]:
    """Give an order's events in their order."""
    return [Event(*row) for row in await tx.rows(_EVENTS, organization_id=organization_id, order_id=order_id)]


_STORIES = Statement(
    select(event.c.position, event.c.status, event.c.source, *_COLUMNS)
    .where(event.c.organization_id == bindparam("organization_id"), AnyOf(event.c.order_id, "ids"))
    .order_by(event.c.order_id, event.c.number)
)


async def histories(tx: Transaction, organization_id: int, *, order_ids: Sequence[int]) -> dict[int, list[LogEntry]]:
    """Give all events of some orders, by order, in their order."""
    found: dict[int, list[LogEntry]] = {}
    if not order_ids:
        return found
    for row in await tx.rows(_STORIES, organization_id=organization_id, ids=order_ids):
        entry = LogEntry(row[0], row[1], row[2], Event(*row[3:]))
        found.setdefault(entry.event.order_id, []).append(entry)
    return found


# ----------------------------------------------------------------------------------------------------------------- feed
# Positions one page looks through at most, so that a filter nothing fits costs no more than this.
FEED_SCAN = 5_000
_HEAD = Statement(select(feed_head.c.position).where(feed_head.c.organization_id == bindparam("organization_id")))


class EventFilter(Struct, frozen=True):
    """Which entries of a feed are wanted; nothing named means all."""

    names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()


ALL_EVENTS = EventFilter()


@cache
def _feed_statement(names: int, sources: int, statuses: int) -> Statement:
    query = select(event.c.position, event.c.status, event.c.source, *_COLUMNS).where(
        event.c.organization_id == bindparam("organization_id"),
        event.c.position > bindparam("after"),
        event.c.position <= bindparam("upto"),
    )
    for column, size in ((event.c.name, names), (event.c.source, sources), (event.c.status, statuses)):
        if size:
            query = query.where(column.in_([bindparam(f"{column.name}_{place}") for place in range(size)]))
    return Statement(query.order_by(event.c.position).limit(bindparam("limit")))


async def feed_position(tx: Transaction, organization_id: int) -> int:
    """Give the position of the newest entry of an organization's feed, 0 where it has none."""
    rows = await tx.rows(_HEAD, organization_id=organization_id)
    return rows[0][0] if rows else 0


async def feed(
    tx: Transaction, organization_id: int, *, after: int, limit: int, wanted: EventFilter = ALL_EVENTS
) -> tuple[list[LogEntry], int]:
    """Give at most `limit` entries after a position, in their order, and the position up to which was looked.

    Looks through at most FEED_SCAN positions: where that is less than the newest position, there may be more.
    """
    upto = min(after + FEED_SCAN, await feed_position(tx, organization_id))
    if upto <= after:
        return [], after
    values: dict[str, str] = {}
    for column, some in (("name", wanted.names), ("source", wanted.sources), ("status", wanted.statuses)):
        values |= {f"{column}_{place}": each for place, each in enumerate(some)}
    statement = _feed_statement(len(wanted.names), len(wanted.sources), len(wanted.statuses))
    rows = await tx.rows(statement, organization_id=organization_id, after=after, upto=upto, limit=limit, **values)
    found = [LogEntry(row[0], row[1], row[2], Event(*row[3:])) for row in rows]
    return found, found[-1].position if len(found) == limit else upto

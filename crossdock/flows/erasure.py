"""Erasure: take a person's data out of orders, out of their events, and out of everything that is stored because of them.

Each order is erased in a transaction of its own, so an erasure that was interrupted is finished by another one. What belongs to
no order (rejected submissions, calls with many orders, documents and files of doors) comes first: the orders still say then
whom it is about.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import msgspec
from msgspec import Struct

from crossdock.core.errors import Code, Conflict, NotFound
from crossdock.core.events import Event
from crossdock.core.ids import MAX_ID, from_base32, to_base32, to_digits, to_hex24, to_short_base62, to_uuid
from crossdock.core.invoicing.invoices import decode_invoice, encode_invoice
from crossdock.core.json.strict_json import parse_trusted
from crossdock.core.orders import unmapped
from crossdock.core.orders.erasing import EraseOrder, replaced_events
from crossdock.core.orders.erasure import erase
from crossdock.core.orders.events import Edited, Received, decode_event, encode_content, replay
from crossdock.core.orders.model import Order
from crossdock.core.search_terms import fold_email
from crossdock.flows import catalog_pages, idempotency, reference_data, saved_views
from crossdock.flows.access import WRITE, Caller
from crossdock.flows.context import SYSTEM_DOOR, Context
from crossdock.flows.execute import Change, execute
from crossdock.flows.formats import Format, MissingFields
from crossdock.store import (
    access_log,
    allocations,
    catalog,
    deliveries,
    emails,
    event_log,
    idempotency_keys,
    invoices,
    submissions,
)
from crossdock.store import orders as order_store
from crossdock.store.catalog import CatalogEntry
from crossdock.store.protocols import Transaction
from crossdock.store.submissions import SubmissionRecord

_replace = msgspec.structs.replace
# Rows read in one transaction: bodies have 2 kB, and the largest of them a megabyte.
_PORTION = 200
_MOST_DECISIONS = 10_000
# How doors write the id of an order, with more before and after it.
_SPELLINGS = (to_base32, to_short_base62, to_hex24, to_uuid, to_digits)
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\.")
_NEVER = re.compile(r"(?!)")


class Erasure(Struct):
    """What was erased, or would be: numbers of orders, and how many rows of each kind.

    `rejected` are submissions that made no order, `calls` those with many orders, `documents` what doors store about orders,
    `files` their exports, `views` saved searches for the address, `accesses` entries of the access log.
    """

    orders: list[str] = []
    events: int = 0
    submissions: int = 0
    mails: int = 0
    deliveries: int = 0
    decisions: int = 0
    invoices: int = 0
    rejected: int = 0
    calls: int = 0
    documents: int = 0
    files: int = 0
    views: int = 0
    accesses: int = 0


class _Subject(Struct):
    """Whom an erasure is about: ids of orders, an e-mail address in all its forms, (door, number) of orders, and their ids as
    doors write them."""

    order_ids: set[int] = set()
    addresses: re.Pattern[str] = _NEVER
    numbers: set[tuple[str, str]] = set()
    spellings: set[bytes] = set()


async def erase_by_email(
    context: Context, caller: Caller, *, email: str, reason: str | None = None, dry_run: bool = False
) -> Erasure:
    """Erase all orders in which an e-mail address occurs, in any case, and what else has the address.

    Reads all orders and submissions of the organization. Finding none is no error: others may have been erased before.
    """
    caller.require(WRITE)
    subject = _Subject(addresses=_pattern(email))
    async with context.store.reading() as tx:
        subject.order_ids.update(await order_store.of_email(tx, caller.organization_id, email=email))
    await _find_orders(context, caller, subject)
    return await _erase(context, caller, subject, reason=reason, dry_run=dry_run)


async def erase_by_number(
    context: Context, caller: Caller, *, number: str, reason: str | None = None, dry_run: bool = False
) -> Erasure:
    """Erase the order with a number or id, and the rejected submissions and calls that name it.

    Its addresses find nothing more: shops put one address of their own into many orders. Refuses with NotFound `no_order`, and
    Conflict `number_taken` where orders of several APIs have the number.
    """
    caller.require(WRITE)
    order = await _order(context, caller, number)
    return await _erase(context, caller, _Subject({order.order_id}), reason=reason, dry_run=dry_run)


async def _order(context: Context, caller: Caller, number: str) -> Order:
    async with context.store.reading() as tx:
        found = await order_store.of_number(tx, caller.organization_id, number=number)
        if not found and (order_id := from_base32(number)) is not None:
            order = await order_store.get(tx, caller.organization_id, order_id=order_id)
            found = [order] if order is not None else []
    if not found:
        raise NotFound(Code.NO_ORDER, f"there is no order {number}")
    if len(found) > 1:
        named = ", ".join(f"{to_base32(each.order_id)} ({each.source.door})" for each in found)
        raise Conflict(Code.NUMBER_TAKEN, f"{len(found)} orders have the number {number}; give the id of one: {named}")
    return found[0]


async def _erase(context: Context, caller: Caller, subject: _Subject, *, reason: str | None, dry_run: bool) -> Erasure:
    done = Erasure()
    await _name_orders(context, caller, subject)
    await _erase_submissions(context, caller, subject, done, dry_run=dry_run)
    await _erase_documents(context, caller, subject, done, dry_run=dry_run)
    await _erase_accesses(context, caller, subject, done, dry_run=dry_run)
    for order_id in sorted(subject.order_ids):
        command = EraseOrder(order_id=order_id, reason=reason)
        follow = partial(_erase_stored, context, caller, done, dry_run=dry_run)
        await execute(context, caller, [command], door=SYSTEM_DOOR, dry_run=dry_run, reply=follow)
    return done


# ------------------------------------------------------------------------------------------------------------- addresses
def _pattern(email: str) -> re.Pattern[str]:
    """Make a pattern of an address as it may be written, without case: as given, and with the domain in Unicode or in ASCII.

    It does not match within a longer address.
    """
    folded = fold_email(email)
    forms = {email.strip().casefold(), folded}
    name, at, domain = folded.rpartition("@")
    with suppress(UnicodeError):
        forms.add(name + at + domain.encode("idna").decode())
    if not all(forms):
        return _NEVER
    return re.compile(rf"(?<![\w.+-])(?:{'|'.join(map(re.escape, sorted(forms)))})(?![\w-]|\.\w)")


def mentions(text: bytes, addresses: re.Pattern[str]) -> bool:
    """Tell whether a text or JSON document has an address in it, also where signs of it are escaped."""
    if addresses is _NEVER:
        return False
    folded = text.decode(errors="replace").casefold()
    if "\\" in folded:
        folded = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else " ", folded).casefold()
    return addresses.search(folded.replace("%40", "@")) is not None


async def _contents(context: Context, caller: Caller) -> AsyncIterator[tuple[int, bytes]]:
    after = -1
    while True:
        async with context.store.reading() as tx:
            rows = await order_store.contents_after(tx, caller.organization_id, after=after, limit=_PORTION)
        for row in rows:
            yield row
        if len(rows) < _PORTION:
            return
        after = rows[-1][0]


# ----------------------------------------------------------------------------------------------- what belongs to no order
async def _find_orders(context: Context, caller: Caller, subject: _Subject) -> None:
    """Note the orders that have the address in their content, in a body of theirs, or in a stored mail.

    An order in which it is the address of the shop, which the goods come from, is not meant.
    """
    shops: set[int] = set()
    async for order_id, stored in _contents(context, caller):
        if not mentions(stored, subject.addresses):
            continue
        content = order_store.decode_content(stored)
        if mentions(encode_content(_replace(content, ship_from=None)), subject.addresses):
            subject.order_ids.add(order_id)
        else:
            shops.add(order_id)
    async for record in _submissions(context, caller):
        if record.order_id is not None and record.order_id not in shops and _has_address(record, subject):
            subject.order_ids.add(record.order_id)
    before = MAX_ID
    while True:
        async with context.store.reading() as tx:
            mails = await emails.page(tx, caller.organization_id, before=before, limit=_PORTION)
        subject.order_ids.update(
            each.order_id for each in mails if mentions(each.recipient.encode(), subject.addresses)
        )
        if len(mails) < _PORTION:
            return
        before = mails[-1].mail_id


async def _name_orders(context: Context, caller: Caller, subject: _Subject) -> None:
    """Note the numbers of the orders, and the ids that doors give them."""
    ids = sorted(subject.order_ids)
    for first in range(0, len(ids), _PORTION):
        async with context.store.reading() as tx:
            found = await order_store.by_ids(tx, caller.organization_id, ids[first : first + _PORTION])
        for order in found:
            subject.numbers.add((order.source.door, order.content.number))
            subject.spellings.update(spell(order.order_id).encode() for spell in _SPELLINGS)


async def _submissions(context: Context, caller: Caller) -> AsyncIterator[SubmissionRecord]:
    """Yield all submissions whose bodies were not erased, oldest first."""
    after = -1
    while True:
        async with context.store.reading() as tx:
            records = await submissions.after(tx, caller.organization_id, after=after, limit=_PORTION)
        for record in records:
            if not idempotency.is_erased(record):
                yield record
        if len(records) < _PORTION:
            return
        after = records[-1].submission_id


async def _erase_submissions(
    context: Context, caller: Caller, subject: _Subject, done: Erasure, *, dry_run: bool
) -> None:
    """Empty rejected submissions, and calls about several orders, that are about the person.

    A repeat of such a call is refused as another request under its key (flows/idempotency.py).
    """
    async for record in _submissions(context, caller):
        if record.order_id is not None or not _is_about(context, record, subject):
            continue
        done.rejected += record.status == "refused"
        done.calls += record.status != "refused"
        if not dry_run:
            async with context.store.writing() as tx:
                await submissions.erase(tx, caller.organization_id, replies={record.submission_id: None})


def _has_address(record: SubmissionRecord, subject: _Subject) -> bool:
    return mentions(record.body, subject.addresses) or mentions(record.reply or b"", subject.addresses)


def _is_about(context: Context, record: SubmissionRecord, subject: _Subject) -> bool:
    """Tell whether a body has an address, is a rejected order with one of the numbers, or a call that names an order."""
    if _has_address(record, subject):
        return True
    if record.status == "refused":
        return (record.door, _number(record, context.formats.get(record.door))) in subject.numbers
    quoted = [msgspec.json.encode(number) for door, number in subject.numbers if door == record.door]
    return any(each in record.body for each in (*quoted, *subject.spellings))


def _number(record: SubmissionRecord, format: Format | None) -> str:
    """Return the order number in a rejected body, or an empty text."""
    if format is None:
        return ""
    try:
        node = parse_trusted(record.body)
        for part in format.number_path:
            node = node[part]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return str(node)


async def _erase_documents(
    context: Context, caller: Caller, subject: _Subject, done: Erasure, *, dry_run: bool
) -> None:
    """Erase documents and saved searches that have an address, and remove all files of exports: they can be made again."""
    for format in context.formats.values():
        for kind in format.personal_kinds:
            erase_one = partial(format.erase_document, kind)
            found = await _documents(context, caller, kind, lambda entry: mentions(entry.document, subject.addresses))
            done.documents += await _change_entries(context, caller, found, erase_one, dry_run=dry_run)
        for kind in format.file_kinds:
            found = await _documents(context, caller, kind, lambda _: True)
            done.files += await _change_entries(context, caller, found, lambda _: None, dry_run=dry_run)
    found = await _documents(
        context, caller, saved_views.KIND, lambda entry: mentions(entry.document, subject.addresses)
    )
    done.views += await _change_entries(context, caller, found, lambda _: None, dry_run=dry_run)


async def _erase_accesses(context: Context, caller: Caller, subject: _Subject, done: Erasure, *, dry_run: bool) -> None:
    """Take the address out of what entries of the access log say about paths; who asked, and for which order, stays."""
    after = -1
    while True:
        async with context.store.reading() as tx:
            rows = await access_log.objects_after(tx, caller.organization_id, after=after, limit=_PORTION)
        found = [entry_id for entry_id, text in rows if mentions(text.encode(), subject.addresses)]
        done.accesses += len(found)
        if found and not dry_run:
            async with context.store.writing() as tx:
                await access_log.forget_objects(tx, caller.organization_id, entry_ids=found)
        if len(rows) < _PORTION:
            return
        after = rows[-1][0]


async def _documents(
    context: Context, caller: Caller, kind: str, is_meant: Callable[[CatalogEntry], bool]
) -> list[CatalogEntry]:
    return [
        entry
        async for portion in catalog_pages.portions(context, caller, kind=kind)
        for entry in portion
        if is_meant(entry)
    ]


async def _change_entries(
    context: Context,
    caller: Caller,
    entries: Sequence[CatalogEntry],
    erase_one: Callable[[bytes], bytes | None],
    *,
    dry_run: bool,
) -> int:
    count = 0
    for entry in entries:
        if dry_run:
            count += erase_one(entry.document) != entry.document
            continue
        async with context.store.writing() as tx:
            count += await _change_entry(tx, context, entry, erase_one)
    return count


async def _change_entry(
    tx: Transaction, context: Context, entry: CatalogEntry, erase_one: Callable[[bytes], bytes | None]
) -> bool:
    """Erase or remove an entry; False where it has nothing personal. Refuses with Conflict `stale_version`."""
    document = erase_one(entry.document)
    if document == entry.document:
        return False
    if document is None:
        return await catalog.remove_entry(tx, entry.organization_id, kind=entry.kind, key=entry.key)
    changed = _replace(entry, document=document, updated_at=max(context.clock(), entry.updated_at + 1))
    if not await catalog.change_entry(tx, entry.organization_id, changed=changed, seen=entry.document):
        raise Conflict(
            Code.STALE_VERSION, f"the {entry.kind} {entry.key} is being changed by another request; try again"
        )
    return True


# --------------------------------------------------------------------------------------------------- what belongs to an order
async def _erase_stored(
    context: Context, caller: Caller, done: Erasure, tx: Transaction, change: Change, *, dry_run: bool
) -> bytes:
    """Erase what is stored of an order besides its row, in the transaction that erases the order; the reply has no reader."""
    order, of = change.order, {"order_id": change.order.order_id}
    history = await event_log.events(tx, caller.organization_id, aggregate_id=order.order_id)
    replaced = replaced_events(history)
    payloads = {each.number: each.payload for each in replaced}
    history = [_replace(each, payload=payloads.get(each.number, each.payload)) for each in history]
    done.orders.append(order.content.number)
    done.events += len(replaced)
    done.mails += len(await emails.of_order(tx, caller.organization_id, **of))
    done.deliveries += await deliveries.number_of_ended(tx, caller.organization_id, **of)
    decisions = await allocations.decisions_of_order(tx, caller.organization_id, **of, limit=_MOST_DECISIONS)
    done.decisions += len(decisions)
    if not dry_run:
        await event_log.replace_payloads(tx, replaced)
        await emails.delete_of_order(tx, caller.organization_id, **of)
        await deliveries.erase_of_order(tx, caller.organization_id, **of)
        await allocations.delete_decisions(tx, caller.organization_id, **of)
    done.submissions += await _erase_own_submissions(tx, context, caller, order, history, dry_run=dry_run)
    done.invoices += await _erase_invoices(tx, caller, order, dry_run=dry_run)
    done.documents += await _erase_own_documents(tx, context, caller, order, history, dry_run=dry_run)
    return b""


async def _erase_own_submissions(
    tx: Transaction, context: Context, caller: Caller, order: Order, history: Sequence[Event], *, dry_run: bool
) -> int:
    """Empty the submissions of an order.

    Those that its content came from get a reply without the person, the others none: a repeat of such a request is answered
    from the order as it is then (flows/execute.py).
    """
    states = _content_states(history)
    ids = {*states, *await idempotency_keys.submissions_of_order(tx, caller.organization_id, order_id=order.order_id)}
    ids |= await submissions.not_accepted_of_order(tx, caller.organization_id, order_id=order.order_id)
    records = await submissions.by_ids(tx, caller.organization_id, submission_ids=sorted(ids))
    own = {each: record for each, record in records.items() if record.order_id == order.order_id}
    replies = {each: await _create_reply(tx, context, caller, states[each]) if each in states else None for each in own}
    if not dry_run:
        await submissions.erase(tx, caller.organization_id, replies=replies)
    return sum(1 for record in own.values() if not idempotency.is_erased(record))


def _content_states(history: Sequence[Event]) -> Mapping[int, Order]:
    """Return the order as it was after the change that each submission of its content made, by submission id."""
    states: dict[int, Order] = {}
    current: int | None = None
    for event, order in replay(history):
        said = decode_event(event)
        if isinstance(said, Received | Edited) and said.submission_id is not None:
            current = said.submission_id
        elif not said.joined:
            current = None
        if current is not None:
            states[current] = order
    return states


async def _create_reply(tx: Transaction, context: Context, caller: Caller, order: Order) -> bytes:
    """Render the answer to the call that made an order, from what the erasure has left of it."""
    format = context.formats[order.source.door]
    keys = [(each.kind, each.key) for each in format.references(order.content)]
    references = await reference_data.find(tx, caller, keys)
    rendered = format.from_content(order.content, references, MissingFields())
    document = unmapped.restore(order.content, rendered=rendered, lines=format.lines)
    return format.create_response(document, order, references)


async def _erase_invoices(tx: Transaction, caller: Caller, order: Order, *, dry_run: bool) -> int:
    """Take names and addresses out of an order's invoices; amounts, lines and numbers stay."""
    count = 0
    for stored in await invoices.of_order(tx, caller.organization_id, order_id=order.order_id):
        before = decode_invoice(stored.document)
        after = erase(before)
        if after == before:
            continue
        count += 1
        changed = _replace(stored, document=encode_invoice(after))
        if not dry_run and not await invoices.change(tx, changed, seen=stored.status):
            raise Conflict(
                Code.STALE_VERSION, f"the invoice {stored.number} is being changed by another request; try again"
            )
    return count


async def _erase_own_documents(
    tx: Transaction, context: Context, caller: Caller, order: Order, history: Sequence[Event], *, dry_run: bool
) -> int:
    """Erase the documents that doors store about an order."""
    count = 0
    for format in context.formats.values():
        by_kind: dict[str, list[str]] = {}
        for kind, key in format.documents_of(order, history):
            by_kind.setdefault(kind, []).append(key)
        for kind, keys in by_kind.items():
            erase_one = partial(format.erase_document, kind)
            for entry in await catalog.entries(tx, caller.organization_id, kind=kind, keys=keys):
                if dry_run:
                    count += erase_one(entry.document) != entry.document
                else:
                    count += await _change_entry(tx, context, entry, erase_one)
    return count

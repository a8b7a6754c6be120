"""Returns: create one or many, read, search.

A return that names an order of the book is a return of that order too; one that names no known order is the vendor's document
alone.
"""

from typing import Any

import msgspec
import structlog

from crossdock.core.errors import Busy, Code, Conflict, Fault, Invalid, NotFound, Refusal
from crossdock.core.orders.commands import Command
from crossdock.core.orders.events import ReturnRequested, decode_event
from crossdock.core.orders.model import Order
from crossdock.core.returns.commands import CancelReturn, RequestReturn
from crossdock.doors import Reply, Request, encode_json, in_one_view, json_reply, replayed_header
from crossdock.doors.pb_fulfillment import mapping, returns, search, wire_returns
from crossdock.doors.pb_fulfillment.errors import render_errors
from crossdock.doors.pb_fulfillment.responses import parse_order_id
from crossdock.doors.pb_fulfillment.returns import NUMBER
from crossdock.doors.pb_fulfillment.routes.bulk import begin_call, split_orders
from crossdock.doors.pb_fulfillment.routes.common import DOOR, clients, transaction_key
from crossdock.doors.pb_fulfillment.routes.search import read_paged
from crossdock.doors.pb_fulfillment.stored_returns import (
    KIND,
    Object,
    StoredReturn,
    decode_stored,
    encode_stored,
    format_return_id,
)
from crossdock.flows import catalog, catalog_pages, fulfillment, idempotency, queries
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.execute import Change, execute
from crossdock.flows.idempotency import IdempotentRequest

MAX_SCANNED = 10_000  # returns that one search reads
_log = structlog.get_logger("crossdock.doors.pb_fulfillment")
_MEMBERS = msgspec.json.Decoder(dict[str, Any])


# --------------------------------------------------------------------------------------------------------------- create
async def create_return(request: Request) -> Reply:
    """Create a return: 201 and the whole return."""
    document, _ = returns.read(request.body, clients(request.caller))
    operation = request.route.operation
    key = transaction_key(request)
    if await idempotency.orders_under(request.context, request.caller, [key]):
        call = await begin_call(request, operation)
        if call.reply is not None:
            return Reply(201, call.reply, headers=replayed_header(True), outcome="replayed")
    await _check_number(request, document)
    order = await _order_of(request, document)
    if order is not None:
        once = _Once(key, operation, request.body)
        return Reply(201, await _create_of_order(request, document, order, once), order_id=order.order_id)
    call = await begin_call(request, operation)
    reply = await _create_alone(request, document)
    await idempotency.finish_bulk_call(request.context, request.caller, call, reply=reply)
    return Reply(201, reply)


class _Once(msgspec.Struct, frozen=True):
    """Under which key something is done once, as which operation, and with which body."""

    key: bytes
    operation: str
    body: bytes


async def _check_number(request: Request, document: Object) -> None:
    if (await _known(request, document)) is not None:
        raise _number_taken()


def _number_taken() -> Invalid:
    fault = Fault(("returnClientOrderId",), "is the id of another return already")
    return Invalid(Code.INVALID, "the body has faults", faults=(fault,))


async def _known(request: Request, document: Object) -> CatalogEntry | None:
    """Find the return that has the returnClientOrderId of a document."""
    number = returns.number_key(document)
    if number is None:
        return None
    numbers = await catalog.find(request.context, request.caller, kind=NUMBER, keys=[number])
    if not numbers:
        return None
    key: str = msgspec.json.decode(numbers[0].document)
    found = await catalog.find(request.context, request.caller, kind=KIND, keys=[key])
    return found[0] if found else None


async def _order_of(request: Request, document: Object) -> Order | None:
    """Find the order that a return names, by its id or the client's number; None where the client has no such order."""
    order: Order | None = None
    if document.get("orderId"):
        try:
            order_id = parse_order_id(document["orderId"])
            order = await queries.order(request.context, request.caller, order_id=order_id)
        except NotFound:
            return None
    elif document.get("originalClientOrderId"):
        try:
            order = await queries.order_by_number(
                request.context, request.caller, door=DOOR, number=document["originalClientOrderId"]
            )
        except NotFound:
            return None
    return order if order is not None and mapping.is_visible_to(order, document["clientId"]) else None


def _request_return(request: Request, document: Object, order: Order, units: returns.Units) -> RequestReturn:
    """Make the command that asks units back; the vendor has no return policy."""
    return RequestReturn(
        order_id=order.order_id, new_id=fulfillment.new_ids(request.context), lines=units.lines, reasons=units.reasons,
        overrule=True, reference=document.get("rmaNumber") or document.get("returnClientOrderId") or None,
    )  # fmt: skip


def _units(request: Request, document: Object, order: Order, own: Any = None) -> returns.Units:
    units, faults = returns.units_of(document, order, now=request.context.clock(), own=own)
    if faults:
        raise Invalid(Code.INVALID, "the body has faults", faults=tuple(faults))
    return units


async def _create_of_order(request: Request, document: Object, order: Order, once: _Once) -> bytes:
    """Make a return of an order, and store its document in the same transaction."""
    command = _request_return(request, document, order, _units(request, document, order))

    async def reply(tx: Any, change: Change) -> bytes:
        asked = next(said for each in change.events if isinstance(said := decode_event(each), ReturnRequested))
        made = next(each for each in change.order.returns if each.return_id == asked.return_id)
        key = format_return_id(made.return_id)
        # It is there where a repeat of the call is answered whose first answer was erased.
        for entry in await catalog.find(request.context.within(tx), request.caller, kind=KIND, keys=[key]):
            return encode_json(returns.return_response(decode_stored(entry.document), key, change.order))
        stored = StoredReturn(document, order.order_id, made.return_id, made.at)
        return await _add(tx, request, stored, made.return_id, change.order)

    idempotent = IdempotentRequest(once.key, once.operation, once.body, reply)
    (change,) = await execute(request.context, request.caller, [command], door=DOOR, request=idempotent)
    assert change.reply is not None, "an idempotent request has a reply"
    return change.reply


async def _create_alone(request: Request, document: Object) -> bytes:
    """Store the document of a return that names no known order."""
    now = request.context.clock()
    stored = StoredReturn(document, created_at=now)
    async with request.context.store.writing() as tx:
        return await _add(tx, request, stored, request.context.id_generator.new(now), None)


async def _add(tx: Any, request: Request, stored: StoredReturn, number: int, order: Order | None) -> bytes:
    """Store a new return within a transaction, and render it."""
    key = format_return_id(number)
    await catalog.add_in(tx, request.context, request.caller, kind=KIND, key=key, draft=_draft(stored))
    own = returns.number_key(stored.document)
    if own is not None:
        try:
            await catalog.add_in(
                tx, request.context, request.caller, kind=NUMBER, key=own, draft=Draft(encode_json(key))
            )
        except Conflict:
            raise _number_taken() from None
    return encode_json(returns.return_response(stored, key, order))


# --------------------------------------------------------------------------------------------------------------- update
async def _update(request: Request, document: Object, entry: CatalogEntry) -> bytes:
    """Replace the document of a return; where its units change and none has come, so does the return of the order."""
    before = decode_stored(entry.document)
    order = await _order_of(request, document)
    if before.order_id is not None and (order is None or order.order_id != before.order_id):
        name = "orderId" if document.get("orderId") else "originalClientOrderId"
        fault = Fault((name,), "must be the order of the return")
        raise Invalid(Code.INVALID, "the body has faults", faults=(fault,))
    return_id = before.return_id
    commands: list[Command] = []
    if order is not None:
        return_id, commands = _unit_commands(request, document, order, before)

    def stored_with(return_id: int | None) -> StoredReturn:
        order_id = order.order_id if order else None
        return StoredReturn(document, order_id, return_id, before.created_at, request.context.clock())

    if not commands:
        stored = stored_with(return_id)
        draft = _draft(stored)
        await catalog.change(request.context, request.caller, kind=KIND, key=entry.key, make=lambda _: draft)
        return encode_json(returns.return_response(stored, entry.key, order))
    made: list[StoredReturn] = []

    async def store(tx: Any, change: Change) -> bytes:
        """Store the document with the change of the order's return, which the last command makes."""
        made.append(stored_with(change.order.returns[-1].return_id))
        if len(made) == len(commands):
            draft = _draft(made[-1])
            await catalog.put_in(tx, request.context, request.caller, kind=KIND, key=entry.key, make=lambda _: draft)
        return b""

    changes = await execute(request.context, request.caller, commands, door=DOOR, reply=store)
    return encode_json(returns.return_response(made[-1], entry.key, changes[-1].order))


def _draft(stored: StoredReturn) -> Draft:
    return Draft(encode_stored(stored), returns.search_text(stored))


def _unit_commands(
    request: Request, document: Object, order: Order, before: StoredReturn
) -> tuple[int | None, list[Command]]:
    """Return the id of the order's return, and the commands that make it say what the document says."""
    own = returns.return_in(order, before.return_id)
    units = _units(request, document, order, own)
    if own is not None:
        present = {line.line: line.quantity - line.canceled for line in own.lines if line.quantity > line.canceled}
        if present == units.lines:
            return own.return_id, []
        if any(line.received for line in own.lines):
            fault = Fault(("returnOrderLines",), "cannot be changed, because units of the return have come")
            raise Invalid(Code.INVALID, "the body has faults", faults=(fault,))
    commands: list[Command] = [_request_return(request, document, order, units)]
    if own is not None and any(line.expected for line in own.lines):
        commands.insert(0, CancelReturn(order_id=order.order_id, return_id=own.return_id, reason="it was changed"))
    return None, commands


# ----------------------------------------------------------------------------------------------------------------- bulk
async def create_returns(request: Request) -> Reply:
    """Create or update up to 200 returns, each independently: 200 and a response for each, in order."""
    bodies = split_orders(request.body, wire_returns.ReturnsEnvelope)
    call = await begin_call(request, request.route.operation)
    if call.reply is not None:
        return Reply(200, call.reply, headers=replayed_header(True), outcome="replayed")
    entries, has_bug = [], False
    for position, body in enumerate(bodies):
        try:
            entries.append(await _create_or_update(request, position, body))
        except Busy:  # not this return's fault
            raise
        except Exception as error:  # noqa: BLE001 - one return must not fail its neighbors; a bug is rendered as an error
            has_bug |= not isinstance(error, Refusal)
            entries.append(_refused_entry(request, body, error))
    reply = b'{"returns":[' + b",".join(entries) + b"]}"
    if not has_bug:  # after a bug, a repeat of the call runs again
        await idempotency.finish_bulk_call(request.context, request.caller, call, reply=reply)
    return Reply(200, reply)


async def _create_or_update(request: Request, position: int, body: bytes) -> bytes:
    document, operation = returns.read(body, clients(request.caller))
    known = await _known(request, document)
    if operation == "CREATE" and known is not None:
        raise _number_taken()
    if operation == "UPDATE" and known is None:
        fault = Fault(("returnClientOrderId",), "is not the id of any return")
        raise Invalid(Code.INVALID, "the body has faults", faults=(fault,))
    if known is not None:
        return await _update(request, document, known)
    order = await _order_of(request, document)
    if order is None:
        return await _create_alone(request, document)
    once = _Once(transaction_key(request, str(position)), "bulk_return", body)
    return await _create_of_order(request, document, order, once)


def _refused_entry(request: Request, body: bytes, error: Exception) -> bytes:
    """Render the entry of a return that was refused, or met a bug: its ids as sent, and the errors."""
    refusal = error if isinstance(error, Refusal) else None
    if refusal is None:
        _log.error("bug", request_id=request.request_id, exc_info=error)
    try:
        members = _MEMBERS.decode(body)
    except msgspec.DecodeError:
        members = {}
    names = ("clientId", "returnClientOrderId", "orderId")
    ids = {name: members[name] for name in names if members.get(name) is not None}
    return encode_json(ids | {"errors": render_errors(refusal, request)})


# ----------------------------------------------------------------------------------------------------------------- read
@in_one_view
async def get_return(request: Request) -> Reply:
    """Return a whole return; the call names no client."""
    number = returns.parse_return_id(request.params["ID"])
    key = format_return_id(number) if number is not None else ""
    entries = await catalog.find(request.context, request.caller, kind=KIND, keys=[key]) if key else []
    stored = decode_stored(entries[0].document) if entries else None
    if stored is None or stored.document["clientId"] not in clients(request.caller):
        fault = Fault(("ID",), "there is no such return")
        raise NotFound(Code.NOT_FOUND, "there is no such return", faults=(fault,))
    order = None
    if stored.order_id is not None:
        order = await queries.order(request.context, request.caller, order_id=stored.order_id)
    return json_reply(200, returns.return_response(stored, key, order), order_id=stored.order_id)


@in_one_view
async def search_returns(request: Request) -> Reply:
    """Answer a page of returns."""
    sought, page, size = read_paged(request, returns.read_search)
    found = [each for each in await _candidates(request, sought) if returns.matches(sought, each[1], each[0])]
    rows = returns.in_order(found, sought)[(page - 1) * size : page * size]
    ids = sorted({stored.order_id for _, stored in rows if stored.order_id is not None})
    orders = {each.order_id: each for each in await queries.by_ids(request.context, request.caller, ids)}
    documents = [returns.return_response(stored, key, orders.get(stored.order_id or 0)) for key, stored in rows]
    return json_reply(200, search.envelope(documents, total=len(found), page=page, size=size, rows="returns"))


async def _candidates(request: Request, sought: search.Search) -> list[returns.Found]:
    """Read the returns that a search may ask for: those named by id, or all since the first date of their receipt.

    Refuses with Invalid a search that would read too many.
    """
    context, caller = request.context, request.caller
    if "returnOrders" in sought.fields:
        values = sought.fields["returnOrders"]
        numbers = await catalog.find(
            context, caller, kind=NUMBER, keys=[f"{sought.client}\n{value}" for value in values]
        )
        keys = {*values, *(msgspec.json.decode(each.document) for each in numbers)}
        entries = await catalog.find(context, caller, kind=KIND, keys=sorted(keys))
        return [(each.key, decode_stored(each.document)) for each in entries]
    first = search.span_of(sought.fields["pbCreateDate"])[0] if "pbCreateDate" in sought.fields else 0
    found: list[returns.Found] = []
    async for portion in catalog_pages.portions(context, caller, kind=KIND):
        found += [(each.key, decode_stored(each.document)) for each in portion]
        if portion[-1].created_at < first:
            break
        if len(found) > MAX_SCANNED:
            reason = f"leave more than {MAX_SCANNED} returns to look through; name a pbCreateDate or returnOrders"
            raise Invalid(Code.INVALID, "the request has faults", faults=(Fault(("searchFields",), reason),))
    return found

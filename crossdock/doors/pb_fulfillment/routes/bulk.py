"""Many orders in one call, each independently: create or update, and cancel."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import structlog

from crossdock.core.errors import Busy, Code, Conflict, Fault, Invalid, NotFound, Path, Refusal
from crossdock.core.ids import hashed_key
from crossdock.core.json.request_body import validate
from crossdock.core.json.strict_json import Tree, parse
from crossdock.core.json.validation import normalize
from crossdock.core.orders.commands import CancelOrder, EditOrder
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, encode_json, replayed_header
from crossdock.doors.pb_fulfillment import edits, mapping, wire
from crossdock.doors.pb_fulfillment.errors import render_errors
from crossdock.doors.pb_fulfillment.responses import parse_order_id
from crossdock.doors.pb_fulfillment.routes.common import DOOR, clients, format_of, transaction_key
from crossdock.doors.pb_fulfillment.routes.orders import whole_order_reply
from crossdock.flows import idempotency, queries, rendering
from crossdock.flows.execute import Change, execute, execute_each
from crossdock.flows.idempotency import BulkCall, IdempotentRequest
from crossdock.flows.intake import Submission

# Of one order of a call: its response, the order to be rendered as one, or why there is none.
_Result = bytes | Order | Exception
_TREE = msgspec.json.Decoder(float_hook=Decimal)  # what `validate` takes
_RAW_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RAW_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBERS = msgspec.json.Decoder(dict[str, Any])
_log = structlog.get_logger("crossdock.doors.pb_fulfillment")


# ---------------------------------------------------------------------------------------------------- create or update
async def create_orders(request: Request) -> Reply:
    """Create or update up to 200 orders, each independently: 200 and a response for each, in order."""
    bodies = split_orders(request.body, wire.BulkEnvelope)
    call = await begin_call(request, "bulk_call")
    if call.reply is not None:
        return Reply(200, call.reply, headers=replayed_header(True), outcome="replayed")
    results = await _create_or_update(request, bodies)
    return await _finish(request, call, bodies, results, order_path=("clientOrderId",))


async def _create_or_update(request: Request, bodies: list[bytes]) -> list[_Result]:
    """Create the orders whose client and number are new in one batch, then update the others, in order.

    Of several new orders under one client and number the first is created and the later ones update it; where the first was
    refused, they are submitted one by one.
    """
    documents = [_valid_document(request, body) for body in bodies]
    keys = [None if document is None else _order_key(document) for document in documents]
    order_ids = await idempotency.orders_under(
        request.context, request.caller, [*{key for key in keys if key is not None}]
    )
    results: dict[int, _Result] = {}
    new = _first_of_each(keys, known=order_ids.keys())
    for position, (result, order_id) in zip(new, await _submit(request, [bodies[each] for each in new]), strict=True):
        results[position] = result
        key = keys[position]
        if key is not None and order_id is not None:
            order_ids[key] = order_id
    updates: dict[int, EditOrder] = {}
    for position, (document, key) in enumerate(zip(documents, keys, strict=True)):
        order_id = None if key is None else order_ids.get(key)
        if position not in results and document is not None and order_id is not None:
            updates[position] = edits.replace_document(order_id, document)
    changes = await execute_each(request.context, request.caller, list(updates.values()), door=DOOR)
    for position, change in zip(updates, changes, strict=True):
        results[position] = change.order if isinstance(change, Change) else change
    for position, body in enumerate(bodies):
        if position not in results:
            ((results[position], _),) = await _submit(request, [body])
    return [results[position] for position in range(len(bodies))]


def _valid_document(request: Request, body: bytes) -> dict[str, Tree] | None:
    """Parse an order without faults; intake parses the others again, to record them and refuse them with the reason."""
    try:
        parsed = format_of(request.caller).parse(body)
    except Invalid:
        return None
    return None if parsed.faults else parsed.tree


def _order_key(document: dict[str, Tree]) -> bytes:
    """Return the natural key of an order, under which intake creates it."""
    return _natural_key(document["clientId"], document["clientOrderId"])


def _natural_key(client: str, number: str) -> bytes:
    return hashed_key(f"{DOOR}/natural", client, number)


def _first_of_each(keys: Sequence[bytes | None], *, known: Iterable[bytes]) -> list[int]:
    """List the positions of orders to be created: without a valid key, or the first under a key that is not known."""
    seen = set(known)
    positions = []
    for position, key in enumerate(keys):
        if key is None or key not in seen:
            positions.append(position)
        if key is not None:
            seen.add(key)
    return positions


async def _submit(request: Request, bodies: list[bytes]) -> list[tuple[_Result, int | None]]:
    """Submit new orders in one batch; return for each its response or refusal, and its order id."""
    if not bodies:
        return []
    format = format_of(request.caller)
    submissions = [Submission(request.caller, format, body, operation="bulk", replaces=True) for body in bodies]
    outcomes = await request.intake.submit_all(submissions)
    return [
        (outcome.refusal if outcome.refusal is not None else outcome.reply, outcome.order_id) for outcome in outcomes
    ]


# --------------------------------------------------------------------------------------------------------------- cancel
async def cancel_orders(request: Request) -> Reply:
    """Cancel up to 200 whole orders, each independently: 200 and a response for each, in order."""
    bodies = split_orders(request.body, wire.CancelEnvelope)
    call = await begin_call(request, "bulk_cancel_call")
    if call.reply is not None:
        return Reply(200, call.reply, headers=replayed_header(True), outcome="replayed")
    results = [await _cancel(request, position, body) for position, body in enumerate(bodies)]
    return await _finish(request, call, bodies, results, order_path=("orderId",))


async def _cancel(request: Request, position: int, body: bytes) -> _Result:
    """Cancel one order under a key of its own, so that a call that was interrupted can run again."""
    try:
        client, order_id = await _find_order(request, body)
        key = transaction_key(request, str(position))
        once = IdempotentRequest(key, "bulk_cancel", body, whole_order_reply(request, client))
        command = CancelOrder(order_id=order_id)
        (change,) = await execute(request.context, request.caller, [command], door=DOOR, request=once)
    except Busy:  # not this order's fault
        raise
    except Exception as error:  # noqa: BLE001 - one order must not fail its neighbors; a bug is rendered as an error
        return error
    assert change.reply is not None, "an idempotent request has a reply"
    return change.reply


async def _find_order(request: Request, body: bytes) -> tuple[str, int]:
    """Find the order that one entry of a cancel call names; returns the client of the entry and the order's id.

    Refuses with Invalid the faults of the entry, with NotFound an order that does not exist, is another client's, or has
    another number.
    """
    tree = normalize(parse(body), wire.CancelOrder, numbers_as_text=True)
    entry = validate(tree, wire.CancelOrder, format_of(request.caller).client_rule, _id_rule)
    assert entry.clientId in clients(request.caller)
    if entry.orderId:
        order_id = parse_order_id(entry.orderId)
    else:
        key = _natural_key(entry.clientId, entry.clientOrderId or "")
        order_id = (await idempotency.orders_under(request.context, request.caller, [key])).get(key)
    order = await queries.order(request.context, request.caller, order_id=order_id)
    has_number = not entry.clientOrderId or entry.clientOrderId == order.content.number
    if not mapping.is_visible_to(order, entry.clientId) or not has_number:
        raise NotFound(Code.NO_ORDER, "there is no such order")
    return entry.clientId, order.order_id


def _id_rule(tree: Tree) -> Iterator[Fault]:
    """Require an order's id or its number."""
    if isinstance(tree, dict) and not tree.get("orderId") and not tree.get("clientOrderId"):
        yield Fault(("orderId",), "is required where there is no clientOrderId")


# --------------------------------------------------------------------------------------------------------- the whole call
def split_orders(raw: bytes, envelope: type[msgspec.Struct]) -> list[bytes]:
    """Split a bulk body into its orders, byte for byte.

    Refuses with Invalid the faults of the body around the orders; faults inside an order are left to that order.
    """
    (member,) = envelope.__struct_encode_fields__
    inner_faults: Invalid | None = None
    try:
        parse(raw)
    except Invalid as invalid:
        if invalid.code is not Code.INVALID or any(not _is_inside(fault.path, member) for fault in invalid.faults):
            raise
        inner_faults = invalid
    try:
        validate(_TREE.decode(raw), envelope)
        return [bytes(order) for order in _RAW_ITEMS.decode(_RAW_MEMBERS.decode(raw)[member])]
    except msgspec.DecodeError:
        # NaN or half a surrogate pair in an order: then the whole body is not JSON and cannot be split.
        assert inner_faults is not None, "a body without faults can be split"
        raise inner_faults from None


def _is_inside(path: Path, member: str) -> bool:
    return len(path) > 1 and path[0] == member


async def begin_call(request: Request, operation: str) -> BulkCall:
    """Record a bulk call under its transaction id, or find the one recorded before."""
    key = transaction_key(request)
    try:
        return await idempotency.begin_bulk_call(
            request.context, request.caller, door=DOOR, operation=operation, key=key, raw=request.body
        )
    except Invalid:  # other bytes, and one of the two bodies cannot be parsed to be compared
        raise Conflict(Code.KEY_REUSED, "was used for another request") from None


async def _finish(
    request: Request, call: BulkCall, bodies: Sequence[bytes], results: Sequence[_Result], *, order_path: Path
) -> Reply:
    """Render the results of a call in the order of its bodies, and store the reply for a repeat."""
    changed = [result for result in results if isinstance(result, Order)]
    rendered = iter(await rendering.render_all(request.context, request.caller, changed, door=DOOR) if changed else ())
    entries: list[bytes] = []
    for body, result in zip(bodies, results, strict=True):
        if isinstance(result, Order):
            entries.append(encode_json(next(rendered).document))
        else:
            entries.append(result if isinstance(result, bytes) else _refused_entry(request, body, result, order_path))
    reply = b'{"orders":[' + b",".join(entries) + b"]}"
    return await finish_call(request, call, reply, is_final=not any(map(is_bug, results)))


async def finish_call(request: Request, call: BulkCall, reply: bytes, *, is_final: bool) -> Reply:
    """Reply to a bulk call, and store the reply for a repeat; after a bug, a repeat of the call runs again."""
    if is_final:
        await idempotency.finish_bulk_call(request.context, request.caller, call, reply=reply)
    return Reply(200, reply)


def log_bug(request: Request, error: Exception) -> None:
    """Log what one part of a call met, which is no refusal."""
    _log.error("bug", request_id=request.request_id, exc_info=error)


def is_bug(result: _Result) -> bool:
    """Tell whether a part of a call met something that is no refusal."""
    return isinstance(result, Exception) and not isinstance(result, Refusal)


def _refused_entry(request: Request, body: bytes, error: Exception, order_path: Path) -> bytes:
    """Render the entry of an order that was refused, or met a bug: its ids as sent, and the errors."""
    refusal = error if isinstance(error, Refusal) else None
    if refusal is None:
        log_bug(request, error)
    try:
        members = _MEMBERS.decode(body)
    except msgspec.DecodeError:
        members = {}
    names = (
        ("clientId", "clientOrderId") if order_path == ("clientOrderId",) else ("clientId", "clientOrderId", "orderId")
    )
    ids = {name: members[name] for name in names if members.get(name) is not None}
    return encode_json(ids | {"errors": render_errors(refusal, request, order_path=order_path)})

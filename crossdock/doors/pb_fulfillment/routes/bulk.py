"""Many orders in one call, each for itself: create or replace, and cancel."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import structlog

from crossdock.core.errors import Busy, Code, Conflict, Fault, Invalid, NotFound, Path, Refusal
from crossdock.core.ids import hashed_key
from crossdock.core.json.request_body import validate
from crossdock.core.json.strict_json import Tree, parse
from crossdock.core.orders.commands import CancelOrder, EditOrder
from crossdock.core.orders.model import Order
from crossdock.doors import Reply, Request, encode_json, replayed_header
from crossdock.doors.pb_fulfillment import edits, mapping, responses, wire
from crossdock.doors.pb_fulfillment.errors import errors_of
from crossdock.doors.pb_fulfillment.routes.common import DOOR, clients, format_of, key
from crossdock.doors.pb_fulfillment.routes.orders import reply_of
from crossdock.flows import idempotency, queries, rendering
from crossdock.flows.execute import Change, execute, execute_each
from crossdock.flows.idempotency import BulkCall, IdempotentRequest
from crossdock.flows.intake import Submission

# What became of one order of a call: its answer, the order to be answered, or why there is none.
_Verdict = bytes | Order | Exception
_TREE = msgspec.json.Decoder()
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PIECES = msgspec.json.Decoder(list[msgspec.Raw])
_PIECE = msgspec.json.Decoder(dict[str, Any])
_log = structlog.get_logger("crossdock.doors.pb_fulfillment")


def pieces(raw: bytes, envelope: type[msgspec.Struct]) -> list[bytes]:
    """Cut a bulk body into its orders, each exactly as sent; what is wrong inside one is left for that one to answer.

    Refuses with Invalid what is wrong with the body around them.
    """
    (member,) = envelope.__struct_encode_fields__
    unsound: Invalid | None = None
    try:
        parse(raw)
    except Invalid as invalid:
        if invalid.code is not Code.INVALID or any(not _is_inside(fault.path, member) for fault in invalid.faults):
            raise
        unsound = invalid
    try:
        validate(_TREE.decode(raw), envelope)
        return [bytes(piece) for piece in _PIECES.decode(_MEMBERS.decode(raw)[member])]
    except (
        msgspec.DecodeError
    ):  # a NaN or half a surrogate pair in an order: then the body is no JSON, and has no pieces
        assert unsound is not None, "a sound body can be cut"
        raise unsound from None


def _is_inside(path: Path, member: str) -> bool:
    return len(path) > 1 and path[0] == member


async def _begun(request: Request, operation: str) -> BulkCall:
    try:
        return await idempotency.begin_bulk_call(
            request.context, request.caller, door=DOOR, operation=operation, key=key(request), raw=request.body
        )
    except Invalid:  # other bytes, and one of the two bodies is too odd to be compared
        raise Conflict(Code.KEY_REUSED, "was used for another request") from None


async def _finished(
    request: Request, call: BulkCall, parts: Sequence[bytes], verdicts: Sequence[_Verdict], place: Path
) -> Reply:
    """Answer the orders of a call, in their order, and keep the answer for a repeat."""
    changed = [verdict for verdict in verdicts if isinstance(verdict, Order)]
    render = iter(await rendering.render_all(request.context, request.caller, changed, door=DOOR) if changed else ())
    told: list[bytes] = []
    for part, verdict in zip(parts, verdicts, strict=True):
        if isinstance(verdict, Order):
            told.append(encode_json(next(render).document))
        else:
            told.append(verdict if isinstance(verdict, bytes) else _refused(part, verdict, request, place))
    reply = b'{"orders":[' + b",".join(told) + b"]}"
    if not any(_may_pass(verdict) for verdict in verdicts):  # else the same call may find it mended
        await idempotency.finish_bulk_call(request.context, request.caller, call, reply=reply)
    return Reply(200, reply)


def _may_pass(verdict: _Verdict) -> bool:
    return isinstance(verdict, Exception) and not isinstance(verdict, Refusal)


def _refused(part: bytes, why: Exception, request: Request, place: Path) -> bytes:
    """Give the answer to an order of a call that was refused, or met a bug: its ids as sent, and the errors."""
    refusal = why if isinstance(why, Refusal) else None
    if refusal is None:
        _log.error("bug", request_id=request.request_id, exc_info=why)
    try:
        sent = _PIECE.decode(part)
    except msgspec.DecodeError:
        sent = {}
    names = ("clientId", "clientOrderId") if place == ("clientOrderId",) else ("clientId", "clientOrderId", "orderId")
    ids = {name: sent[name] for name in names if sent.get(name) is not None}
    return encode_json(ids | {"errors": errors_of(refusal, request, place=place)})


# ---------------------------------------------------------------------------------------------------- create or replace
async def create_orders(request: Request) -> Reply:
    """Create or replace up to 200 orders, each for itself: 200 and an answer for each, in order."""
    parts = pieces(request.body, wire.BulkEnvelope)
    call = await _begun(request, "bulk_call")
    if call.reply is not None:
        return Reply(200, call.reply, headers=replayed_header(True), outcome="replayed")
    verdicts = await _upserted(request, parts)
    return await _finished(request, call, parts, verdicts, ("clientOrderId",))


async def _upserted(request: Request, parts: list[bytes]) -> list[_Verdict]:
    """Create the orders whose pair of client and number is new in one go, then edit the others one after the other."""
    trees = [_sound(part, request) for part in parts]
    keys = [None if tree is None else _pair_key(tree["clientId"], tree["clientOrderId"]) for tree in trees]
    held = await idempotency.orders_under(
        request.context, request.caller, [each for each in dict.fromkeys(keys) if each is not None]
    )
    verdicts: list[_Verdict | None] = [None] * len(parts)
    fresh: dict[int, bytes | None] = {}
    met = set(held)
    for place, pair in enumerate(keys):
        if pair is None or pair not in met:
            fresh[place] = pair
            met.add(pair or b"")
    if fresh:
        taken = [_submission(request, parts[place]) for place in fresh]
        for (place, pair), outcome in zip(fresh.items(), await request.intake.submit_all(taken), strict=True):
            verdicts[place] = outcome.refusal if outcome.refusal is not None else outcome.reply
            if pair is not None and outcome.order_id is not None:
                held[pair] = outcome.order_id
    existing = {
        place: (tree, held[pair])
        for place, (tree, pair) in enumerate(zip(trees, keys, strict=True))
        if verdicts[place] is None and tree is not None and pair is not None and pair in held
    }
    for place, edited in zip(existing, await _edited(request, list(existing.values())), strict=True):
        verdicts[place] = edited
    for place, verdict in enumerate(verdicts):
        if verdict is None:  # the one before it under this pair was not taken
            (outcome,) = await request.intake.submit_all([_submission(request, parts[place])])
            verdicts[place] = outcome.refusal if outcome.refusal is not None else outcome.reply
    return [verdict for verdict in verdicts if verdict is not None]


def _submission(request: Request, part: bytes) -> Submission:
    return Submission(request.caller, format_of(request.caller), part, operation="bulk", replaces=True)


def _sound(part: bytes, request: Request) -> dict[str, Tree] | None:
    """Give the document of an order without faults; intake reads the others again, to keep them and to say why."""
    try:
        read = format_of(request.caller).parse(part)
    except Invalid:
        return None
    return None if read.faults else read.tree


def _pair_key(client: str, number: str) -> bytes:
    return hashed_key(f"{DOOR}/natural", client, number)


async def _edited(request: Request, existing: Sequence[tuple[dict[str, Tree], int]]) -> list[_Verdict]:
    """Edit orders each for itself."""
    commands = [
        EditOrder(order_id=order_id, door=DOOR, change=edits.replace_document(tree)) for tree, order_id in existing
    ]  # fmt: skip
    changes = await execute_each(request.context, request.caller, commands, door=DOOR)
    return [change.order if isinstance(change, Change) else change for change in changes]


# --------------------------------------------------------------------------------------------------------------- cancel
async def cancel_orders(request: Request) -> Reply:
    """Cancel up to 200 whole orders, each for itself: 200 and an answer for each, in order."""
    parts = pieces(request.body, wire.CancelEnvelope)
    call = await _begun(request, "bulk_cancel_call")
    if call.reply is not None:
        return Reply(200, call.reply, headers=replayed_header(True), outcome="replayed")
    verdicts = [await _canceled(request, place, part) for place, part in enumerate(parts)]
    return await _finished(request, call, parts, verdicts, ("orderId",))


async def _canceled(request: Request, place: int, part: bytes) -> _Verdict:
    """Cancel one order under a key of its own, so that a call that was cut off can be done over."""
    try:
        order_id = await _meant(request, part)
        once = IdempotentRequest(key(request, str(place)), "bulk_cancel", part, reply_of(request))
        command = CancelOrder(order_id=order_id)
        (change,) = await execute(request.context, request.caller, [command], door=DOOR, request=once)
    except Busy:  # not this order's fault
        raise
    except Exception as why:  # noqa: BLE001 - one order must not fail its neighbors; a bug is answered as one
        return why
    assert change.reply is not None, "an idempotent request has a reply"
    return change.reply


async def _meant(request: Request, part: bytes) -> int:
    """Give the id of the order that one element of the call names.

    Refuses with Invalid its faults, with Missing one that is not there, is another client's, or has another number.
    """
    asked = validate(parse(part), wire.CancelOrder, format_of(request.caller).client_rule, _naming_rule)
    assert asked.clientId in clients(request.caller)
    if asked.orderId is not None:
        order_id = responses.read_id(asked.orderId)
    else:
        pair = _pair_key(asked.clientId, asked.clientOrderId or "")
        order_id = (await idempotency.orders_under(request.context, request.caller, [pair])).get(pair)
    order = await queries.order(request.context, request.caller, order_id=order_id)
    if not mapping.is_of(order, asked.clientId) or asked.clientOrderId not in (None, order.content.number):
        raise NotFound(Code.NO_ORDER, "there is no such order")
    return order.order_id


def _naming_rule(tree: Tree) -> Iterator[Fault]:
    """An order must be named by its id or its number."""
    if isinstance(tree, dict) and tree.get("orderId") is None and tree.get("clientOrderId") is None:
        yield Fault(("orderId",), "is required where there is no clientOrderId")

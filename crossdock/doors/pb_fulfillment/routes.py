"""Pitney Bowes Fulfillment: paths, headers, and one flow call per endpoint; its errors in one table.

Every call but the token one carries a transaction id, X-PB-TransactionId: a call that changed something gets its
answer again under the same id, and the id serves for nothing else from then on.
"""

import re
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import msgspec
import structlog

from crossdock.core.errors import Code, Conflict, Denied, Fault, Invalid, Missing, Path, Refusal
from crossdock.core.identity import key_of
from crossdock.core.order import Order
from crossdock.core.reading import Tree, checked, parse
from crossdock.doors import Reply, Request, Route, basic_credentials, encode_json, json_reply, replayed_header
from crossdock.doors.pb_fulfillment import mapping, wire
from crossdock.flows import access, calls, queries
from crossdock.flows.access import Caller
from crossdock.flows.intake import Outcome, Submission

ORDERS = ("/shippingservices/fulfillment/v1/orders", "/v1/orders")
TOKEN_LIFETIME_S = 35_999  # the vendor's token page: a second less than 10 h
TRANSACTION = "X-PB-TransactionId"
UNIFIED = "X-PB-UnifiedErrorStructure"
_TRANSACTION_ID = re.compile(r"[A-Za-z0-9_-]{1,25}\Z")
_log = structlog.get_logger("crossdock.doors.pb_fulfillment")

# --------------------------------------------------------------------------------------------------------------- errors
_INVALID, _NOT_JSON, _CLIENT, _INTERNAL = "1000045", "1000050", "1000004", "1000005"
_UNKNOWN, _FORBIDDEN, _GATEWAY = "1000032", "1000033", "PB-APIM-ERR-1002"
_MESSAGES = {
    _NOT_JSON: "Invalid JSON structure.",
    _CLIENT: "Invalid clientId.",
    _INTERNAL: "Internal server error.",
    _UNKNOWN: "Authentication error.",
    _FORBIDDEN: "Unauthorized API access.",
}
# The family's general table of statuses knows no 409 or 413; the latter is kept, because it is HTTP's own word.
ERRORS = {
    Code.NOT_JSON: (400, _NOT_JSON),
    Code.TOO_LARGE: (413, _INVALID),
    Code.TOO_DEEP: (400, _NOT_JSON),
    Code.INVALID: (400, _INVALID),
    Code.UNKNOWN_REFERENCE: (400, _INVALID),
    Code.NO_ROUTE: (404, _INVALID),
    Code.NO_METHOD: (405, _INVALID),
    Code.NO_ORDER: (404, _INVALID),
    Code.NO_SUBMISSION: (404, _INVALID),
    Code.NO_TOKEN: (401, _GATEWAY),
    Code.BAD_TOKEN: (401, _GATEWAY),
    Code.BAD_CREDENTIALS: (401, _GATEWAY),
    Code.NO_SCOPE: (403, _FORBIDDEN),
    Code.FOREIGN_ORGANIZATION: (403, _UNKNOWN),
    Code.NUMBER_TAKEN: (400, _INVALID),
    Code.KEY_REUSED: (400, _INVALID),
    Code.STATE_FORBIDS: (400, _INVALID),
    Code.STALE_VERSION: (400, _INVALID),
    Code.EXISTS: (400, _INVALID),
    Code.UNAVAILABLE: (503, _INTERNAL),
    Code.OVERLOADED: (503, _INTERNAL),
}
# What is wrong, where the refusal itself names no place.
_PLACES: dict[Code, Path] = {
    Code.NO_ORDER: ("orderId",),
    Code.KEY_REUSED: (TRANSACTION,),
    Code.STATE_FORBIDS: ("clientOrderId",),
    Code.STALE_VERSION: ("clientOrderId",),
}


def path_text(path: Path) -> str:
    """Spell a path as `orderLines[0].sku`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _error(code: str, path: Path, reason: str) -> wire.Error:
    place = path_text(path)
    message = _MESSAGES.get(code) or (f"Invalid or missing value for {place}." if place else "Invalid request.")
    subject = place or ("the body" if reason.startswith(("must", "is", "has")) else "")
    return wire.Error(code, message, f"{subject} {reason}".strip(), [place] if place else [])


def _errors(refusal: Refusal | None, request: Request) -> list[wire.Error]:
    """Give an error for every fault of a refusal, or the one of a bug (None)."""
    if refusal is None:
        return [_error(_INTERNAL, (), f"reference: {request.request_id}")]
    _, code = ERRORS[refusal.code]
    if not refusal.faults:
        return [_error(code, _PLACES.get(refusal.code, ()), refusal.reason)]
    return [
        _error(_CLIENT if fault.reason == mapping.FOREIGN_CLIENT else code, fault.path, fault.reason)
        for fault in refusal.faults
    ]


def _is_unified(request: Request) -> bool:
    return (request.headers.get(UNIFIED.lower()) or "").lower() == "true"


def _shaped(errors: list[wire.Error], request: Request) -> list[wire.Error] | list[wire.UnifiedError]:
    if not _is_unified(request):
        return errors
    return [wire.UnifiedError(each.errorCode, each.message, each.additionalInfo, each.parameters) for each in errors]


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None): a bare array, the unified object where asked for, or the gateway's object."""
    status, code = ERRORS[refusal.code] if refusal is not None else (500, _INTERNAL)
    headers = [("Retry-After", "1")] if status == 503 else []
    if code == _GATEWAY:
        # The one text the gateway has for a token; for credentials it says what is wrong.
        told = refusal.reason if isinstance(refusal, Denied) and refusal.code is Code.BAD_CREDENTIALS else ""
        description = f"Invalid credentials: {told}" if told else "Invalid Access Token"
        return json_reply(status, wire.GatewayErrors([wire.GatewayError(code, description)]))
    errors = _shaped(_errors(refusal, request), request)
    return json_reply(status, {"errors": errors} if _is_unified(request) else errors, headers=headers)


# -------------------------------------------------------------------------------------------------------------- callers
def check_transaction(request: Request) -> None:
    """Refuse with Invalid a call whose transaction id is missing, too long, or has a sign it may not have."""
    sent = request.headers.get(TRANSACTION.lower())
    if not sent:
        _refuse_at(TRANSACTION, "is required")
    if not _TRANSACTION_ID.match(sent):
        _refuse_at(TRANSACTION, "must be at most 25 letters, digits, hyphens and underscores")


def _refuse_at(name: str, reason: str) -> NoReturn:
    raise Invalid(Code.INVALID, "the request has faults", faults=(Fault((name,), reason),))


def _key(request: Request) -> bytes:
    return key_of(f"{mapping.FORMAT.name}/transaction", request.headers.get(TRANSACTION.lower()) or "")


def _clients(caller: Caller) -> frozenset[str]:
    """Give the client ids a caller may name: those the vendor gave the organization, and the caller's own."""
    return frozenset(value for kind, value in caller.references if kind == mapping.CLIENT) | {caller.actor}


# ------------------------------------------------------------------------------------------------------------- handlers
async def token(request: Request) -> Reply:
    """Give a token for Basic credentials and the one grant there is."""
    form = dict(parse_qsl(request.body.decode("latin-1")))
    if form.get("grant_type") != "client_credentials":
        raise Denied(Code.BAD_CREDENTIALS, "grant_type must be client_credentials")
    name, secret = basic_credentials(request.headers) or ("", "")
    grant, _ = await access.grant(request.book, client_id=name, secret=secret, lifetime_s=TOKEN_LIFETIME_S)
    answer = wire.TokenAnswer(
        access_token=grant.token,
        tokenType="BearerToken",
        issuedAt=str(grant.issued_at // 1000),
        expiresIn=str(grant.lifetime_s),
        client_id=grant.subject,
        org="pitneybowes",
    )
    return json_reply(200, answer)


async def create_order(request: Request) -> Reply:
    """Create an order: 201 and the whole of it."""
    format = mapping.PbFulfillmentFormat(_clients(request.caller))
    outcome = await request.intake.submit(Submission(request.caller, format, request.body, keys=(_key(request),)))
    replayed = outcome.fate == "replayed"
    return Reply(201, outcome.reply, headers=replayed_header(replayed), order_id=outcome.order_id, outcome=outcome.fate)


async def _found(request: Request) -> tuple[Order, dict[str, Tree]]:
    """Give the order a read is about, with its whole answer.

    Refuses with Conflict a transaction id that stands for a change, with Invalid a missing or foreign clientId, and
    with Missing an order of another client or of another brand.
    """
    if await calls.is_known(request.book, request.caller, key=_key(request)):
        raise Conflict(Code.KEY_REUSED, "was used for another request")
    client, brand = request.query.get("clientId"), request.query.get("brand")
    if not client:
        _refuse_at("clientId", "is required")
    if client not in _clients(request.caller):
        _refuse_at("clientId", mapping.FOREIGN_CLIENT)
    order_id = mapping.read_id(request.params["orderId"])
    order = await queries.order(request.book, request.caller, order_id=order_id)
    # Orders of other doors belong to the organization and to no client of this vendor.
    own = order.source.door == mapping.FORMAT.name
    if own and order.content.account_ref != client:
        raise Missing(Code.NO_ORDER, "there is no such order")
    wording = await queries.worded(request.book, request.caller, order, door=mapping.FORMAT.name)
    if brand and wording.document.get("brand") not in (None, brand):
        raise Missing(Code.NO_ORDER, "there is no such order")
    return order, wording.document


async def get_order(request: Request) -> Reply:
    """Answer one order."""
    order, answer = await _found(request)
    return Reply(200, encode_json(answer), order_id=order.order_id)


async def get_status(request: Request) -> Reply:
    """Answer how far an order has come."""
    order, answer = await _found(request)
    return Reply(200, encode_json(mapping.status_part(answer)), order_id=order.order_id)


# ----------------------------------------------------------------------------------------------------------------- bulk
class _Pieces(msgspec.Struct):
    orders: list[msgspec.Raw]


_TREE = msgspec.json.Decoder()
_PIECES = msgspec.json.Decoder(_Pieces)
_PIECE = msgspec.json.Decoder(dict[str, Any])


def pieces(raw: bytes) -> list[bytes]:
    """Cut a bulk body into its orders, each exactly as sent; what is wrong inside one is left for that one to answer.

    Refuses with Invalid what is wrong with the body around them.
    """
    unsound: Invalid | None = None
    try:
        parse(raw)
    except Invalid as invalid:
        if invalid.code is not Code.INVALID or any(not _is_inside(fault.path) for fault in invalid.faults):
            raise
        unsound = invalid
    try:
        checked(_TREE.decode(raw), wire.BulkEnvelope)
        return [bytes(piece) for piece in _PIECES.decode(raw).orders]
    except (
        msgspec.DecodeError
    ):  # a NaN or half a surrogate pair in an order: then the body is no JSON, and has no pieces
        assert unsound is not None, "a sound body can be cut"
        raise unsound from None


def _is_inside(path: Path) -> bool:
    return len(path) > 1 and path[0] == "orders"


async def create_orders(request: Request) -> Reply:
    """Create or replace up to 200 orders, each for itself: 200 and an answer for each, in order."""
    parts = pieces(request.body)
    caller, format = request.caller, mapping.PbFulfillmentFormat(_clients(request.caller))
    try:
        call = await calls.begin(
            request.book, caller, door=format.name, operation="bulk_call", key=_key(request), raw=request.body
        )
    except Invalid:  # other bytes, and one of the two bodies is too odd to be compared
        raise Conflict(Code.KEY_REUSED, "was used for another request") from None
    if call.reply is not None:
        return Reply(200, call.reply, headers=replayed_header(True), outcome="replayed")
    outcomes = await request.intake.submit_all(
        [Submission(caller, format, part, operation="bulk", replaces=True) for part in parts]
    )
    told = [_told(part, outcome, request) for part, outcome in zip(parts, outcomes, strict=True)]
    reply = b'{"orders":[' + b",".join(told) + b"]}"
    if not any(_may_pass(outcome) for outcome in outcomes):  # else the same call may find it mended
        await calls.finish(request.book, caller, call, reply=reply)
    return Reply(200, reply)


def _may_pass(outcome: Outcome) -> bool:
    return outcome.refusal is not None and not isinstance(outcome.refusal, Refusal)


def _told(part: bytes, outcome: Outcome, request: Request) -> bytes:
    """Give the answer to one order of a bulk call."""
    if outcome.refusal is None:
        return outcome.reply
    refusal = outcome.refusal if isinstance(outcome.refusal, Refusal) else None
    if refusal is None:
        _log.error("bug", request_id=request.request_id, exc_info=outcome.refusal)
    try:
        sent = _PIECE.decode(part)
    except msgspec.DecodeError:
        sent = {}
    ids = {name: sent[name] for name in ("clientId", "clientOrderId") if sent.get(name) is not None}
    return encode_json(ids | {"errors": _shaped(_errors(refusal, request), request)})


# --------------------------------------------------------------------------------------------------------------- routes
def _parameter(name: str, place: str, description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": description,
        "schema": {"type": "string"} | schema,
    }


_HEADERS = (
    _parameter(
        TRANSACTION, "header", "Names this call; a repeat gets the first answer", required=True,
        pattern="^[A-Za-z0-9_-]{1,25}$",
    ),
    _parameter(UNIFIED, "header", "Answer errors as an object", enum=["true", "false"]),
)  # fmt: skip
_OF_ORDER = (
    *_HEADERS,
    _parameter("clientId", "query", "The client the order is of", required=True, minLength=1),
    _parameter("brand", "query", "The brand the order is of"),
)
_ERRORS = {"anyOf": [{"type": "array", "items": wire.Error}, wire.UnifiedErrors]}
_BULK = {
    "type": "object",
    "required": ["orders"],
    "properties": {"orders": {"type": "array", "items": {"anyOf": [wire.Order, wire.Refused]}}},
}
_ALL_ERRORS: dict[int, Any] = {401: wire.GatewayErrors, **dict.fromkeys((400, 403, 500, 503), _ERRORS)}


def _paths(end: str) -> tuple[str, ...]:
    return tuple(f"{path}{end}" for path in ORDERS)


ROUTES = (
    Route(
        "POST", ORDERS, create_order, access.WRITE, "createOrder", "Create an order",
        request=wire.OrderCreate, answers={201: wire.Order, 413: _ERRORS, **_ALL_ERRORS}, parameters=_HEADERS,
        submits="create",
    ),
    Route(
        "POST", _paths("/bulk"), create_orders, access.WRITE, "createOrders", "Create or replace up to 200 orders",
        request=wire.BulkCreate, answers={200: _BULK, 413: _ERRORS, **_ALL_ERRORS}, parameters=_HEADERS,
        submits="bulk_call",
    ),
    Route(
        "GET", _paths("/{orderId}"), get_order, access.READ, "getOrder", "Read an order",
        answers={200: wire.Order, 404: _ERRORS, **_ALL_ERRORS}, parameters=_OF_ORDER,
    ),
    Route(
        "GET", _paths("/{orderId}/status"), get_status, access.READ, "getOrderStatus", "Read how far an order has come",
        answers={200: wire.OrderStatus, 404: _ERRORS, **_ALL_ERRORS}, parameters=_OF_ORDER,
    ),
    Route(
        "POST", ("/oauth/token",), token, None, "getToken", "Get a token for an API key and secret",
        request=wire.TokenForm, request_media="application/x-www-form-urlencoded",
        answers={200: wire.TokenAnswer, 401: wire.GatewayErrors, 500: _ERRORS},
    ),
)  # fmt: skip

"""Pitney Bowes Fulfillment: every refusal as a status and a body, in the three shapes the vendor has for errors."""

from crossdock.core.errors import Code, Denied, Path, Refusal
from crossdock.core.orders.status import Status
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.pb_fulfillment import mapping, responses, wire

TRANSACTION = "X-PB-TransactionId"
UNIFIED = "X-PB-UnifiedErrorStructure"
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
    Code.NOT_FOUND: (404, _INVALID),
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
    Code.STATE_FORBIDS: ("orderId",),
    Code.STALE_VERSION: ("orderId",),
}
# Reasons that begin so say something of a place; others are sentences by themselves.
_PREDICATES = ("must", "is ", "has ", "was ", "cannot")


def path_text(path: Path) -> str:
    """Spell a path as `orderLines[0].sku`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


# The canonical places an edit can be refused for, in this door's words; see core.editing.
_LINE_PLACES = {"quantity": "orderedQuantity", "product_ref": "sku", "destination": "toAddress"}
_ORDER_PLACES: dict[str, Path] = {"address": ("toAddress",), "location_ref": ("fromNode",)}


def _place_told(path: Path) -> Path:
    """Give a fault's path in this door's words where core named it in its own; others are so already."""
    match path:
        case ("lines",):
            return ("orderLines",)
        case ("lines", int(position), str(name)):
            return ("orderLines", position, _LINE_PLACES.get(name, name))
        case ("currency",):
            return ("orderCharges", "orderCurrency")
        case ("destinations", int(), str(name)):
            return _ORDER_PLACES.get(name, path)
    return path


def _error(code: str, path: Path, reason: str) -> wire.Error:
    place = path_text(path)
    message = _MESSAGES.get(code) or (f"Invalid or missing value for {place}." if place else "Invalid request.")
    subject = (place or "the body") if reason.startswith(_PREDICATES) else ""
    return wire.Error(code, message, f"{subject} {reason}".strip(), [place] if place else [])


def errors_of(
    refusal: Refusal | None, request: Request, *, place: Path | None = None
) -> list[wire.Error] | list[wire.UnifiedError]:
    """Give an error for every fault of a refusal, or the one of a bug (None), in the structure the request asked for.

    `place` is where an order is named in the part of the request that is refused; the path's orderId if None.
    """
    found = _errors(refusal, request, place)
    if not _is_unified(request):
        return found
    return [wire.UnifiedError(each.errorCode, each.message, each.additionalInfo, each.parameters) for each in found]


def _errors(refusal: Refusal | None, request: Request, place: Path | None) -> list[wire.Error]:
    if refusal is None:
        return [_error(_INTERNAL, (), f"reference: {request.request_id}")]
    _, code = ERRORS[refusal.code]
    if not refusal.faults:
        where = _PLACES.get(refusal.code, ())
        return [_error(code, place if place is not None and where == ("orderId",) else where, _reason(refusal))]
    return [
        _error(_CLIENT if fault.reason == mapping.FOREIGN_CLIENT else code, _place_told(fault.path), fault.reason)
        for fault in refusal.faults
    ]


def _reason(refusal: Refusal) -> str:
    """Give the reason of a refusal without faults, in this door's words where core's would mislead its clients."""
    if refusal.code is Code.KEY_REUSED:
        return "was used for another request"
    status = refusal.facts.get("status")
    if refusal.code is not Code.STATE_FORBIDS or not isinstance(status, str):
        return refusal.reason
    # The vendor cancels whole orders only, and changes items only before anything is shipped.
    possible = "only an update of the whole order is possible"
    last = possible if status == Status.PARTIALLY_SHIPPED else "nothing of it can be changed any more"
    return f"has the status {responses.STATUS[Status(status)]}; {last}"


def _is_unified(request: Request) -> bool:
    return (request.headers.get(UNIFIED.lower()) or "").lower() == "true"


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None): a bare array, the unified object where asked for, or the gateway's object."""
    status, code = ERRORS[refusal.code] if refusal is not None else (500, _INTERNAL)
    headers = [("Retry-After", "1")] if status == 503 else []
    if code == _GATEWAY:
        # The one text the gateway has for a token; for credentials it says what is wrong.
        told = refusal.reason if isinstance(refusal, Denied) and refusal.code is Code.BAD_CREDENTIALS else ""
        description = f"Invalid credentials: {told}" if told else "Invalid Access Token"
        return json_reply(status, wire.GatewayErrors([wire.GatewayError(code, description)]))
    errors = errors_of(refusal, request)
    return json_reply(status, {"errors": errors} if _is_unified(request) else errors, headers=headers)

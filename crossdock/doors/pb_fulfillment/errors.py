"""Render refusals as Pitney Bowes Fulfillment's errors: a bare array, the unified object, or the gateway's object."""

from crossdock.core.errors import Code, Denied, Path, Refusal
from crossdock.core.orders.status import Status
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.pb_fulfillment import wire_answers
from crossdock.doors.pb_fulfillment.mapping import FOREIGN_CLIENT
from crossdock.doors.pb_fulfillment.responses import STATUS

TRANSACTION = "X-PB-TransactionId"
UNIFIED = "X-PB-UnifiedErrorStructure"
_INVALID, _NOT_JSON, _FOREIGN_CLIENT, _INTERNAL = "1000045", "1000050", "1000004", "1000005"
_FOREIGN_ORGANIZATION, _NO_SCOPE, _GATEWAY = "1000032", "1000033", "PB-APIM-ERR-1002"
_MESSAGES = {
    _NOT_JSON: "Invalid JSON structure.",
    _FOREIGN_CLIENT: "Invalid clientId.",
    _INTERNAL: "Internal server error.",
    _FOREIGN_ORGANIZATION: "Authentication error.",
    _NO_SCOPE: "Unauthorized API access.",
}
# Status and error code by refusal. The vendor's table of statuses has no 409, and no 413 either, which HTTP clients expect.
ERRORS = {
    Code.NOT_JSON: (400, _NOT_JSON),
    Code.TOO_LARGE: (413, _INVALID),
    Code.TOO_DEEP: (400, _NOT_JSON),
    Code.INVALID: (400, _INVALID),
    Code.BAD_REQUEST: (400, _INVALID),
    Code.HEAD_TOO_LARGE: (431, _INVALID),
    Code.TOO_SLOW: (408, _INVALID),
    Code.UNKNOWN_REFERENCE: (400, _INVALID),
    Code.NO_ROUTE: (404, _INVALID),
    Code.NO_METHOD: (405, _INVALID),
    Code.NOT_YET: (501, _INVALID),
    Code.NO_ORDER: (404, _INVALID),
    Code.NO_SUBMISSION: (404, _INVALID),
    Code.NOT_FOUND: (404, _INVALID),
    Code.UNKNOWN_CURSOR: (404, _INVALID),
    Code.NO_TOKEN: (401, _GATEWAY),
    Code.BAD_TOKEN: (401, _GATEWAY),
    Code.BAD_CREDENTIALS: (401, _GATEWAY),
    Code.NO_SCOPE: (403, _NO_SCOPE),
    Code.FOREIGN_ORGANIZATION: (403, _FOREIGN_ORGANIZATION),
    Code.NUMBER_TAKEN: (400, _INVALID),
    Code.KEY_REUSED: (400, _INVALID),
    Code.STATE_FORBIDS: (400, _INVALID),
    Code.STALE_VERSION: (400, _INVALID),
    Code.EXISTS: (400, _INVALID),
    Code.UNAVAILABLE: (503, _INTERNAL),
    Code.OVERLOADED: (503, _INTERNAL),
    Code.TOO_MANY_ATTEMPTS: (429, _INVALID),
    Code.RATE_LIMITED: (429, _INVALID),
}
# RFC 9110 asks for a challenge in every 401; the scheme is the one that the call takes.
_CHALLENGES = {
    Code.NO_TOKEN: 'Bearer realm="fulfillment"',
    Code.BAD_TOKEN: 'Bearer realm="fulfillment", error="invalid_token"',
    Code.BAD_CREDENTIALS: 'Basic realm="oauth"',
}
# The path of a refusal that has none itself.
_DEFAULT_PATHS: dict[Code, Path] = {
    Code.NO_ORDER: ("orderId",),
    Code.KEY_REUSED: (TRANSACTION,),
    Code.STATE_FORBIDS: ("orderId",),
    Code.STALE_VERSION: ("orderId",),
}
# A reason that begins so lacks its subject, which is the path; other reasons are whole sentences.
_PREDICATES = ("must", "is ", "has ", "was ", "cannot")
# The canonical fields that core.orders.editing names in its faults, as fields of this vendor.
_LINE_FIELDS = {"quantity": "orderedQuantity", "product_ref": "sku", "destination": "toAddress"}
_DESTINATION_FIELDS: dict[str, Path] = {"address": ("toAddress",), "location_ref": ("fromNode",)}


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None), as the reply to the whole request."""
    status, code = ERRORS[refusal.code] if refusal is not None else (500, _INTERNAL)
    headers = [("Retry-After", "1")] if status == 503 else []
    if refusal is not None and code == _GATEWAY:
        errors = wire_answers.GatewayErrors([wire_answers.GatewayError(code, _gateway_text(refusal))])
        return json_reply(status, errors, headers=[("WWW-Authenticate", _CHALLENGES[refusal.code])])
    rendered = render_errors(refusal, request)
    return json_reply(status, {"errors": rendered} if _is_unified(request) else rendered, headers=headers)


def _gateway_text(refusal: Refusal) -> str:
    """Render the gateway's description: one text for any token, and the reason for credentials."""
    if isinstance(refusal, Denied) and refusal.code is Code.BAD_CREDENTIALS and refusal.reason:
        return f"Invalid credentials: {refusal.reason}"
    return "Invalid Access Token"


def render_errors(
    refusal: Refusal | None, request: Request, *, order_path: Path = ("orderId",)
) -> list[wire_answers.Error] | list[wire_answers.UnifiedError]:
    """Render an error for every fault of a refusal, or one for a bug (None), in the structure that the request asks for.

    `order_path` is the path of the id or number by which the refused part of the request names its order.
    """
    errors = _errors(refusal, request, order_path)
    if not _is_unified(request):
        return errors
    return [
        wire_answers.UnifiedError(each.errorCode, each.message, each.additionalInfo, each.parameters) for each in errors
    ]


def _is_unified(request: Request) -> bool:
    return (request.headers.get(UNIFIED.lower()) or "").lower() == "true"


def _errors(refusal: Refusal | None, request: Request, order_path: Path) -> list[wire_answers.Error]:
    if refusal is None:
        return [_error(_INTERNAL, (), f"reference: {request.request_id}")]
    _, code = ERRORS[refusal.code]
    if not refusal.faults:
        path = _DEFAULT_PATHS.get(refusal.code, ())
        return [_error(code, order_path if path == ("orderId",) else path, _reason(refusal))]
    return [
        _error(_FOREIGN_CLIENT if fault.reason == FOREIGN_CLIENT else code, _vendor_path(fault.path), fault.reason)
        for fault in refusal.faults
    ]


def _error(code: str, path: Path, reason: str) -> wire_answers.Error:
    field = format_path(path)
    message = _MESSAGES.get(code) or (f"Invalid or missing value for {field}." if field else "Invalid request.")
    subject = (field or "the body") if reason.startswith(_PREDICATES) else ""
    return wire_answers.Error(code, message, f"{subject} {reason}".strip(), [field] if field else [])


def _reason(refusal: Refusal) -> str:
    """Return the reason of a refusal without faults, with what this vendor's calls can do in its place."""
    if refusal.code is Code.KEY_REUSED:
        return "was used for another request"
    status = refusal.facts.get("status")
    if refusal.code is not Code.STATE_FORBIDS or not isinstance(status, str):
        return refusal.reason
    # The vendor cancels whole orders only, and changes items only before anything is shipped.
    can_update = status == Status.PARTIALLY_SHIPPED
    hint = "only an update of the whole order is possible" if can_update else "the order can no longer be changed"
    return f"has the status {STATUS[Status(status)]}; {hint}"


def format_path(path: Path) -> str:
    """Format a path as `orderLines[0].sku`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _vendor_path(path: Path) -> Path:
    """Translate the path of a canonical field, which edits are refused with; other paths are the vendor's already."""
    match path:
        case ("lines",):
            return ("orderLines",)
        case ("lines", int(position), str(name)):
            return ("orderLines", position, _LINE_FIELDS.get(name, name))
        case ("currency",):
            return ("orderCharges", "orderCurrency")
        case ("destinations", int(), str(name)):
            return _DESTINATION_FIELDS.get(name, path)
    return path

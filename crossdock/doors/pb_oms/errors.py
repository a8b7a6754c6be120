"""Render refusals as Pitney Bowes errors: one bare object for orders and tokens, `errors` for calls below /shipping."""

from collections.abc import Sequence

from crossdock.core.errors import Code, Path, Refusal
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.pb_oms import wire_calls

# Statuses are those that the vendor's pages list, which know no 409, and beyond them the ones that HTTP itself defines.
STATUS_OF = {
    Code.NOT_JSON: 400,
    Code.TOO_LARGE: 413,
    Code.TOO_DEEP: 400,
    Code.INVALID: 400,
    Code.BAD_REQUEST: 400,
    Code.HEAD_TOO_LARGE: 431,
    Code.TOO_SLOW: 408,
    Code.UNKNOWN_REFERENCE: 400,
    Code.NO_ROUTE: 404,
    Code.NO_METHOD: 405,
    Code.NOT_YET: 501,
    Code.NO_ORDER: 404,
    Code.NO_SUBMISSION: 404,
    Code.NOT_FOUND: 404,
    Code.UNKNOWN_CURSOR: 404,
    Code.NO_TOKEN: 401,
    Code.BAD_TOKEN: 401,
    Code.BAD_CREDENTIALS: 401,
    Code.NO_SCOPE: 403,
    Code.FOREIGN_ORGANIZATION: 403,
    Code.NUMBER_TAKEN: 400,
    Code.KEY_REUSED: 400,
    Code.STATE_FORBIDS: 400,
    Code.STALE_VERSION: 400,
    Code.EXISTS: 400,
    Code.UNAVAILABLE: 503,
    Code.OVERLOADED: 503,
    Code.TOO_MANY_ATTEMPTS: 429,
    Code.RATE_LIMITED: 429,
}
_ERROR_CODE_OF_STATUS = {
    401: "unauthorized_error",
    403: "forbidden_error",
    404: "not_found",
    429: "too_many_requests",
    500: "internal_error",
    501: "not_offered",
    503: "internal_error",
}
_ERROR_CODES = {code: _ERROR_CODE_OF_STATUS.get(status, "validation_error") for code, status in STATUS_OF.items()} | {
    Code.STATE_FORBIDS: "invalid_state",
    Code.STALE_VERSION: "invalid_state",
}
# RFC 9110, 11.6.1: a 401 says how to authenticate.
_CHALLENGES = {
    Code.NO_TOKEN: "Bearer",
    Code.BAD_TOKEN: 'Bearer error="invalid_token"',
    Code.BAD_CREDENTIALS: 'Basic realm="Crossdock"',
}
_SHIPPING = ("/shipping/", "/ca/shipping/")
# The vendor's server for Canada has the calls for orders below /ca/shipping, too.
_CANADIAN_ORDERS = "/ca/shipping/api/v1/orders"


def format_path(path: Path) -> str:
    """Format a path as `items[0].quantity`; the empty path, which is the whole body, as `body`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "body"


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None), as the vendor's error."""
    if refusal is None:
        info = f"reference: {request.request_id}"
        return _reply(request, 500, _ERROR_CODE_OF_STATUS[500], "An unexpected error occurred.", info, ())
    status = STATUS_OF[refusal.code]
    message = refusal.reason[:1].upper() + refusal.reason[1:] + "."
    paths = [format_path(fault.path) for fault in refusal.faults]
    info = "; ".join(f"{path}: {fault.reason}" for path, fault in zip(paths, refusal.faults, strict=True))
    reply = _reply(request, status, _ERROR_CODES[refusal.code], message, info, paths)
    if status == 401:
        reply.headers = [("WWW-Authenticate", _CHALLENGES[refusal.code])]
    elif status in (429, 503):
        reply.headers = [("Retry-After", "1")]
    return reply


def _reply(request: Request, status: int, code: str, message: str, info: str, paths: Sequence[str]) -> Reply:
    if not request.path.startswith(_SHIPPING) or request.path.startswith(_CANADIAN_ORDERS):
        return json_reply(status, wire_calls.ErrorResponse(code, message, info))
    # Clients of these calls show `additionalInfo`, so it always has something to say.
    error = wire_calls.ShippingError(code, message, info or message, list(paths))
    # The vendor's gateway refuses a token with this message, its services with `errors`; clients read either.
    unauthorized = "Unauthorized" if status == 401 else None
    return json_reply(status, wire_calls.ShippingErrorResponse(message=unauthorized, errors=[error]))

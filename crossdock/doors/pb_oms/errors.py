"""Render refusals as Pitney Bowes OMS errors: one bare object."""

from crossdock.core.errors import Code, Path, Refusal
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.pb_oms import wire_calls

_ERROR_CODES = {
    400: "validation_error",
    401: "unauthorized_error",
    403: "forbidden_error",
    404: "not_found",
    405: "validation_error",
    408: "validation_error",
    409: "invalid_state",
    413: "validation_error",
    429: "too_many_requests",
    431: "validation_error",
    500: "internal_error",
    501: "not_implemented",
    503: "internal_error",
}
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
    Code.NO_TOKEN: 401,
    Code.BAD_TOKEN: 401,
    Code.BAD_CREDENTIALS: 401,
    Code.NO_SCOPE: 403,
    Code.FOREIGN_ORGANIZATION: 403,
    Code.NUMBER_TAKEN: 400,
    Code.KEY_REUSED: 400,
    Code.STATE_FORBIDS: 409,
    Code.STALE_VERSION: 409,
    Code.EXISTS: 400,
    Code.UNAVAILABLE: 503,
    Code.OVERLOADED: 503,
    Code.TOO_MANY_ATTEMPTS: 429,
}


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
        return json_reply(500, wire_calls.ErrorResponse(_ERROR_CODES[500], "An unexpected error occurred.", info))
    status = STATUS_OF[refusal.code]
    message = refusal.reason[:1].upper() + refusal.reason[1:] + "."
    info = "; ".join(f"{format_path(fault.path)}: {fault.reason}" for fault in refusal.faults)
    headers = [("Retry-After", "1")] if status == 503 else []
    return json_reply(status, wire_calls.ErrorResponse(_ERROR_CODES[status], message, info), headers=headers)

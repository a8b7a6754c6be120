"""The errors of this door: every refusal, and a bug, as the bare object they all are."""

from crossdock.core.errors import Code, Fault, Refusal
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.pb_oms import wire

_KINDS = {400: "validation_error", 401: "unauthorized_error", 403: "forbidden_error", 404: "not_found",
          405: "validation_error", 409: "invalid_state", 413: "validation_error", 500: "internal_error",
          503: "internal_error"}  # fmt: skip
STATUS_OF = {
    Code.NOT_JSON: 400,
    Code.TOO_LARGE: 413,
    Code.TOO_DEEP: 400,
    Code.INVALID: 400,
    Code.UNKNOWN_REFERENCE: 400,
    Code.NO_ROUTE: 404,
    Code.NO_METHOD: 405,
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
}


def path_text(fault: Fault) -> str:
    """Spell a fault's path as `items[0].quantity`; the body itself is `body`."""
    text = ""
    for part in fault.path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "body"


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None), as the bare object every error of this door is."""
    if refusal is None:
        message, info = "An unexpected error occurred.", f"reference: {request.request_id}"
        return json_reply(500, wire.ErrorAnswer(_KINDS[500], message, info))
    status = STATUS_OF[refusal.code]
    info = "; ".join(f"{path_text(fault)}: {fault.reason}" for fault in refusal.faults)
    headers = [("Retry-After", "1")] if status == 503 else []
    return json_reply(
        status,
        wire.ErrorAnswer(_KINDS[status], refusal.reason[:1].upper() + refusal.reason[1:] + ".", info),
        headers=headers,
    )

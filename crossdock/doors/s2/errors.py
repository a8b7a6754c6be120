"""Render refusals, and bugs, as Ventmere S2's errors: a code and a message."""

from crossdock.core.errors import Code, Fault, Refusal
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.s2 import wire

# Status and error code by refusal. The vendor documents only ALREADY_EXISTS; the other codes are of the same family.
_ERRORS = {
    Code.NOT_JSON: (400, "INVALID_ARGUMENT"),
    Code.TOO_LARGE: (413, "INVALID_ARGUMENT"),
    Code.TOO_DEEP: (400, "INVALID_ARGUMENT"),
    Code.INVALID: (400, "INVALID_ARGUMENT"),
    Code.BAD_REQUEST: (400, "INVALID_ARGUMENT"),
    Code.HEAD_TOO_LARGE: (431, "INVALID_ARGUMENT"),
    Code.TOO_SLOW: (408, "INVALID_ARGUMENT"),
    Code.UNKNOWN_REFERENCE: (404, "NOT_FOUND"),
    Code.NO_ROUTE: (404, "NOT_FOUND"),
    Code.NO_METHOD: (405, "INVALID_ARGUMENT"),
    Code.NOT_YET: (501, "UNIMPLEMENTED"),
    Code.NO_ORDER: (404, "NOT_FOUND"),
    Code.NO_SUBMISSION: (404, "NOT_FOUND"),
    Code.NOT_FOUND: (404, "NOT_FOUND"),
    Code.UNKNOWN_CURSOR: (404, "NOT_FOUND"),
    Code.NO_TOKEN: (401, "UNAUTHENTICATED"),
    Code.BAD_TOKEN: (401, "UNAUTHENTICATED"),
    Code.BAD_CREDENTIALS: (401, "UNAUTHENTICATED"),
    Code.NO_SCOPE: (403, "PERMISSION_DENIED"),
    Code.FOREIGN_ORGANIZATION: (403, "PERMISSION_DENIED"),
    Code.NUMBER_TAKEN: (409, "ALREADY_EXISTS"),
    Code.KEY_REUSED: (409, "ALREADY_EXISTS"),
    Code.STATE_FORBIDS: (409, "FAILED_PRECONDITION"),
    Code.STALE_VERSION: (409, "FAILED_PRECONDITION"),
    Code.EXISTS: (409, "ALREADY_EXISTS"),
    Code.UNAVAILABLE: (503, "UNAVAILABLE"),
    Code.OVERLOADED: (503, "UNAVAILABLE"),
    Code.TOO_MANY_ATTEMPTS: (429, "RESOURCE_EXHAUSTED"),
    Code.RATE_LIMITED: (429, "RESOURCE_EXHAUSTED"),
}


def path_text(fault: Fault) -> str:
    """Format a fault's path as `items[0].quantity`; it is empty for the whole body."""
    text = ""
    for part in fault.path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _message(refusal: Refusal) -> str:
    """Format the message: every fault with its path, the vendor's own text for a number that is taken, or the reason.

    If the order's state forbids a change, only the first clause of the reason: the rest names operations that S2 lacks.
    """
    if refusal.code is Code.NUMBER_TAKEN:
        return f"Order with channelOrderId '{refusal.facts.get('number')}' already exists for this account"
    faults = [f"{path}: {fault.reason}" if (path := path_text(fault)) else fault.reason for fault in refusal.faults]
    reason = refusal.reason.partition("; ")[0] if refusal.code is Code.STATE_FORBIDS else refusal.reason
    return "; ".join(faults) or reason[:1].upper() + reason[1:]


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None), as an error response; the message of a bug refers to the log line."""
    if refusal is None:
        message = f"An unexpected error occurred. Please report it with the reference ID: {request.request_id}."
        return json_reply(500, wire.ErrorAnswer("INTERNAL", message))
    status, code = _ERRORS[refusal.code]
    headers = {401: [("WWW-Authenticate", "Bearer")], 503: [("Retry-After", "1")]}.get(status, [])
    return json_reply(status, wire.ErrorAnswer(code, _message(refusal)), headers=headers)

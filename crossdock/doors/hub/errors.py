"""The hub's errors: RFC 9457 problem details, with every fault as a JSON Pointer."""

from msgspec import UNSET, UnsetType

from crossdock.core.errors import Code, Fault, Path, Refusal
from crossdock.core.ids import to_base32
from crossdock.core.json.strict_json import FAULTS_LIMIT
from crossdock.core.orders.status import Status, allowed_verbs
from crossdock.doors import Reply, Request, encode_json
from crossdock.doors.hub import wire

STATUS_OF = {
    Code.NOT_JSON: 400,
    Code.TOO_LARGE: 413,
    Code.TOO_DEEP: 400,
    Code.INVALID: 422,
    Code.BAD_REQUEST: 400,
    Code.HEAD_TOO_LARGE: 431,
    Code.TOO_SLOW: 408,
    Code.UNKNOWN_REFERENCE: 422,
    Code.NO_ROUTE: 404,
    Code.NO_METHOD: 405,
    Code.NOT_YET: 501,
    Code.NO_ORDER: 404,
    Code.NO_SUBMISSION: 404,
    Code.NOT_FOUND: 404,
    Code.UNKNOWN_CURSOR: 410,
    Code.NO_TOKEN: 401,
    Code.BAD_TOKEN: 401,
    Code.BAD_CREDENTIALS: 401,
    Code.NO_SCOPE: 403,
    Code.FOREIGN_ORGANIZATION: 403,
    Code.NUMBER_TAKEN: 409,
    Code.KEY_REUSED: 422,
    Code.STATE_FORBIDS: 409,
    Code.STALE_VERSION: 412,
    Code.EXISTS: 409,
    Code.UNAVAILABLE: 503,
    Code.OVERLOADED: 503,
    Code.TOO_MANY_ATTEMPTS: 429,
    Code.RATE_LIMITED: 429,
}
# Titles that a code does not spell as it is written.
_TITLES = {Code.NOT_JSON: "Not JSON", "bug": "Internal error"}
# What can be asked at this door; archiving has two words here.
OFFERED = ("edit", "hold", "release", "cancel", "allocate", "ship", "tag", "note", "archive", "unarchive")
# Where a fault is not in the body, its path begins with one of these.
QUERY, HEADER = "?", "header:"


def pointer(path: Path) -> str:
    """Format a path as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def error(fault: Fault) -> wire.Error:
    """Render one fault."""
    if len(fault.path) == 2 and fault.path[0] in (QUERY, HEADER):
        return wire.Error(fault.reason, parameter=str(fault.path[1]))
    return wire.Error(fault.reason, pointer=pointer(fault.path))


# Paths of parts of orders: a status in a refusal is then that of the part, not of the order.
_PARTS = ("/hub/v1/fulfillments", "/hub/v1/packages", "/hub/v1/returns", "/hub/v1/invoices")


def _allowed(refusal: Refusal | None, request: Request) -> list[str] | UnsetType:
    """Return what an order in the refusal's status can be asked for; nothing where the refusal is not about that."""
    if request.path.startswith(_PARTS):
        return UNSET
    status = refusal.facts.get("status") if refusal is not None and refusal.code is Code.STATE_FORBIDS else None
    if status not in list(Status):  # a submission has other ones
        return UNSET
    verbs = {*allowed_verbs(Status(str(status))), "unarchive"}
    return [verb for verb in OFFERED if verb in verbs]


def _order_id(refusal: Refusal | None) -> str | UnsetType:
    """Return the id of the order that a refused one collides with."""
    if refusal is None or refusal.code is not Code.NUMBER_TAKEN:
        return UNSET
    order_id = refusal.facts.get("order_id")
    return to_base32(order_id) if isinstance(order_id, int) else UNSET


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None), as a problem document."""
    code, status = ("bug", 500) if refusal is None else (str(refusal.code), STATUS_OF[refusal.code])
    detail = (
        "an unexpected error occurred; it is in the log under the request id" if refusal is None else refusal.reason
    )
    problem = wire.Problem(
        type=f"urn:crossdock:problem:{code}",
        title=_TITLES.get(code) or code.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        code=code,
        request_id=request.request_id,
        errors=[error(fault) for fault in refusal.faults[:FAULTS_LIMIT]] if refusal else [],
        order_id=_order_id(refusal),
        allowed=_allowed(refusal, request),
    )
    headers = {401: [("WWW-Authenticate", "Bearer")], 503: [("Retry-After", "1")]}.get(status, [])
    return Reply(status, encode_json(problem), headers=list(headers), content_type="application/problem+json")

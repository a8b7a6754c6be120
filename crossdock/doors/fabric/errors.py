"""Errors: refusals rendered as `{message}` (plain text for notifications), and their documentation.

The token call is OAuth's, so its errors have `error` and `error_description` besides (RFC 6749 5.2).
"""

import re

from crossdock.core.errors import Busy, Code, Fault, Invalid, NotFound, Refusal
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.fabric import wire_calls

_STATUS_OF = {
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
    Code.STALE_VERSION: 400,  # the vendor publishes no 409 for the update
    Code.EXISTS: 400,
    Code.UNAVAILABLE: 503,
    Code.OVERLOADED: 503,
    Code.TOO_MANY_ATTEMPTS: 429,
    Code.RATE_LIMITED: 429,
}
# Messages by the fact `what` of the refusal; the vendor's texts where it documents them.
_NOT_FOUND = {
    "order": "Order not found",
    "orders": "Orders not found",
    "ship-to": "Ship-to not found",
    "attribute": "Order attribute not found",
    "webhook": "Webhook not found",
    "location": "Location not found",
    "location attribute": "Location attribute not found",
    "inventory": "Inventory not found",
    "inventory attribute": "Inventory attribute not found",
    "counter": "Counter not found",
    "network": "Network not found",
    "upload": "Upload not found",
    "shipping method": "ShipMethod Not Found!",
    "list": "List not found",
    "reservation": "Object Not Found!",
    "object": "Object Not Found!",
    "shipment": "Shipment Not Found",
    "shipments": "Shipments not found",
    "invoice": "Invoice not found",
    "returned order": "Order Not Found!",
    "new reservation": "BackOrderPreOrderReservation Not Found",
    "configuration": "Configuration not found for tenant.",
    "target configuration": "Target Configuration not found for tenant.",
    "fraud configuration": "Fraud Configuration not found for tenant.",
    "export": "KeyId provided is incorrect",
    "export file": "Key does not exist!",
    "module": "Not a valid module name",
}
# Statuses of `exists` that the vendor documents, by the fact `what` of the refusal.
_EXISTS = {"endpoint": 409, "notification": 403, "location": 409, "location attribute": 409, "inventory attribute": 409}
_EXISTS |= {"configuration": 409, "target configuration": 409, "fraud configuration": 409}
# Operations whose faults are written as the vendor's bean validation does: `[filters must not be null]`.
_BEAN_VALIDATION = frozenset(
    {"createTenantConfig", "replaceTenantConfigs", "updateTenantConfigs", "queryTenantConfigs", "replaceTenantConfig",
     "updateTenantConfig", "createTargetConfig", "createFraudConfig", "replaceFraudConfig", "createExport",
     "queryExportHistory", "getExportStatus", "getExportHeaders", "listExportFiles", "getExportDownloadUrl"}
)  # fmt: skip
_HEADERS = (("x-site-context",), ("tenant-key",))  # their faults are written as those of all calls
# Operations, and statuses, whose errors the vendor documents as plain text.
_PLAIN: dict[str, tuple[int, ...]] = dict.fromkeys(("sendNotification", "acknowledgeNotification"), (400, 403, 404))
# Calls about allocations: status and text where there is no such allocation; the text also stands before faults of a body.
_NO_ALLOCATION = {
    "getAllocation": (400, "AllocationId not found/valid"),
    "updateAllocation": (400, "Order/item/Details Not Found/Valid"),
    "queryAllocations": (404, "Data Not Found/Valid"),
    "reallocate": (400, "AllocationId not found/valid"),
    "cancelAllocations": (404, "AllocationRequestId Not Found/Valid"),
}
_PLAIN |= dict.fromkeys(_NO_ALLOCATION, (400, 404))
# The vendor's names of canonical fields, in faults of fields that an edit can no longer change.
_FIELD_NAMES = {
    "lines": "items",
    "quantity": "orderedQuantity",
    "product_ref": "itemId",
    "destination": "shipToId",
    "destinations": "shipInfo",
    "address": "shipToAddress",
    "location_ref": "locationNum",
}
TOKEN = "getToken"
_OAUTH_ERRORS = {
    Code.INVALID: "invalid_request",
    Code.NOT_JSON: "invalid_request",
    Code.TOO_LARGE: "invalid_request",
    Code.BAD_CREDENTIALS: "invalid_client",
    Code.NO_SCOPE: "invalid_scope",
    Code.UNAVAILABLE: "temporarily_unavailable",
    Code.OVERLOADED: "temporarily_unavailable",
    Code.TOO_MANY_ATTEMPTS: "temporarily_unavailable",
    Code.RATE_LIMITED: "temporarily_unavailable",
}
_REALM = 'realm="Crossdock"'
_CHALLENGES = {
    Code.NO_TOKEN: f"Bearer {_REALM}",
    Code.BAD_TOKEN: f'Bearer {_REALM}, error="invalid_token"',
    Code.BAD_CREDENTIALS: f"Basic {_REALM}",
    Code.NO_SCOPE: f'Bearer {_REALM}, error="insufficient_scope"',
}
NOT_CACHED = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
_NOT_IN_DESCRIPTION = re.compile(r"[^ !#-\[\]-~]")  # RFC 6749 5.2: printable ASCII without quotes and backslash
ERRORS = dict.fromkeys((400, 401, 403, 500), wire_calls.ErrorResponse)
LARGE = {413: wire_calls.ErrorResponse, 503: wire_calls.ErrorResponse}
ABSENT = {404: wire_calls.ErrorResponse}


def not_found(what: str) -> NotFound:
    """Build the refusal of a missing object; `what` is one of those that have a message above, such as order or webhook."""
    return NotFound(Code.NO_ORDER, f"there is no such {what}", what=what)


def faulty(*faults: Fault) -> Invalid:
    """Build the refusal of a body with these faults."""
    return Invalid(Code.INVALID, "the body has faults", faults=faults)


def fault_text(fault: Fault) -> str:
    """Format a fault as `items[0].sku: is required`; a fault of the whole body is only its reason."""
    text = ""
    for part in fault.path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"{text}: {fault.reason}" if text else fault.reason


def bean_text(fault: Fault) -> str:
    """Format a fault as the vendor's bean validation does: `conditions[0][1].key must not be null`."""
    is_null = fault.reason == "is required" or fault.reason.endswith(", not null")
    reason = "must not be null" if is_null else fault.reason
    name = fault_text(Fault(fault.path, "")).removesuffix(": ")
    return f"{name} {reason}".strip()


def message_of(refusal: Refusal) -> str:
    """Format a refusal: all its faults, or its reason where there are none."""
    faults = refusal.faults
    if refusal.code is Code.STATE_FORBIDS:
        faults = tuple(
            Fault(
                tuple(_FIELD_NAMES.get(part, part) if isinstance(part, str) else part for part in each.path),
                each.reason,
            )
            for each in faults
        )
    if faults:
        return "; ".join(map(fault_text, faults))
    if refusal.code is Code.NO_ORDER:
        return _NOT_FOUND[str(refusal.facts.get("what", "order"))]
    version = refusal.facts.get("version")
    if refusal.code is Code.STALE_VERSION and isinstance(version, int):
        return f"The order is at version {version - 1} by now"  # this door counts from 0
    return refusal.reason[:1].upper() + refusal.reason[1:]


def refuse(refusal: Refusal | None, request: Request) -> Reply:
    """Render a refusal, or a bug (None), as `{message}`; for notifications some are plain text."""
    if refusal is None:
        return _reply(500, f"An unexpected error occurred, reference {request.request_id}", "server_error", request)
    status, message = _STATUS_OF[refusal.code], message_of(refusal)
    if request.route.operation in _BEAN_VALIDATION and refusal.code is Code.INVALID and refusal.faults:
        is_header = refusal.faults[0].path in _HEADERS
        message = message if is_header else f"[{', '.join(map(bean_text, refusal.faults))}]"
    if refusal.code is Code.EXISTS:
        status = _EXISTS.get(str(refusal.facts.get("what")), status)
    if request.route.operation in _NO_ALLOCATION:
        status, message = _allocation_error(refusal, status, message, request.route.operation)
    if request.route.operation == TOKEN and status == 403:
        status = 400  # OAuth's invalid_scope
    if refusal.code is Code.NO_TOKEN and request.headers.get("authorization"):
        message = "The Authorization header must be the word Bearer, a space, and a token"
    if status in _PLAIN.get(request.route.operation, ()):
        return Reply(
            status, message.encode(), headers=_headers(refusal, status), content_type="text/plain; charset=utf-8"
        )
    error = str(refusal.facts.get("oauth_error") or _OAUTH_ERRORS.get(refusal.code, "invalid_request"))
    reply = _reply(status, message, error, request)
    reply.headers = [*reply.headers, *_headers(refusal, status)]
    return reply


def _allocation_error(refusal: Refusal, status: int, message: str, operation: str) -> tuple[int, str]:
    """Return the status and the text of an error of a call about allocations."""
    of_missing, text = _NO_ALLOCATION[operation]
    if refusal.facts.get("what") == "allocation":
        return of_missing, text
    is_body = refusal.code is Code.INVALID and bool(refusal.faults) and operation in ("updateAllocation", "reallocate")
    return status, f"{text}: {message}" if is_body else message


def _reply(status: int, message: str, error: str, request: Request) -> Reply:
    """Render an error; that of the token call as OAuth clients read it, and not to be cached (RFC 6749 5.1)."""
    if request.route.operation != TOKEN:
        return json_reply(status, wire_calls.ErrorResponse(message))
    description = _NOT_IN_DESCRIPTION.sub("'", message)
    return json_reply(status, wire_calls.TokenError(message, error, description), headers=NOT_CACHED)


def _headers(refusal: Refusal, status: int) -> list[tuple[str, str]]:
    """Return `Retry-After`, and the challenge that HTTP requires of a 401, with OAuth's code (RFC 6750 3)."""
    if isinstance(refusal, Busy):
        return [("Retry-After", str(refusal.facts.get("retry_after_s", 1)))]
    challenge = _CHALLENGES.get(refusal.code)
    if challenge is None or status == 400:
        return []
    if refusal.code is Code.NO_SCOPE and (scope := refusal.facts.get("scope")):
        challenge += f', scope="{scope}"'
    return [("WWW-Authenticate", challenge)]

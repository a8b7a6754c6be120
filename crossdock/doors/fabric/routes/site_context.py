"""The `x-site-context` header: which of the vendor's accounts a call is for."""

import msgspec

from crossdock.core.errors import Code, Denied, Fault, Invalid
from crossdock.doors import Headers, Request
from crossdock.doors.fabric.demo import ACCOUNT

SITE_CONTEXT = "x-site-context"
TENANT = "tenant-key"
# Operations that the vendor documents with `tenant-key` alone.
_TENANT_KEY_SUFFICES = frozenset({"sendNotification", "acknowledgeNotification"})


def header_fault(name: str, reason: str) -> Invalid:
    """Build the error for an invalid header."""
    return Invalid(Code.INVALID, "a header has faults", faults=(Fault((name,), reason),))


def check_site_context(request: Request) -> None:
    """Check that `x-site-context` is valid and names an account of the caller's organization.

    The header is the text of a JSON object with a string `account`; `channel` is a number or a string, other members are
    ignored. Notification calls may omit it; then `tenant-key` is the account. Raises Invalid `invalid`, Denied
    `foreign_organization`.
    """
    text = request.headers.get(SITE_CONTEXT)
    if text is None and request.route.operation in _TENANT_KEY_SUFFICES and (tenant := request.headers.get(TENANT)):
        _check_account(request, tenant, TENANT)
        return
    if text is None:
        raise header_fault(SITE_CONTEXT, "is required")
    try:
        context = msgspec.json.decode(text.encode("latin-1"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise header_fault(SITE_CONTEXT, "must be the text of a JSON object") from None
    if not isinstance(context, dict):
        raise header_fault(SITE_CONTEXT, "must be the text of a JSON object")
    account, channel = context.get("account"), context.get("channel")
    if not isinstance(account, str) or not account:
        raise header_fault(SITE_CONTEXT, "must have the member account, a string that is not empty")
    if isinstance(channel, bool) or not isinstance(channel, int | float | str | None):
        raise header_fault(SITE_CONTEXT, "must have a number or a string as channel, if any")
    _check_account(request, account, SITE_CONTEXT)


def _check_account(request: Request, account: str, header: str) -> None:
    if (ACCOUNT, account) not in request.caller.references:
        raise Denied(Code.FOREIGN_ORGANIZATION, f"the account in {header} is not this organization's")


def has_site_context(headers: Headers) -> bool:
    """Say whether a request at a path shared with another door is for this door."""
    return headers.get(SITE_CONTEXT) is not None

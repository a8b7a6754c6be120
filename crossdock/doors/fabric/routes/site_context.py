"""The `x-site-context` header: which of the vendor's accounts a call is for."""

import re
from typing import Any

import msgspec

from crossdock.core.errors import Code, Denied, Fault, Invalid
from crossdock.doors import Headers, Request
from crossdock.doors.fabric.demo import ACCOUNT

SITE_CONTEXT = "x-site-context"
TENANT = "tenant-key"
# Operations that the vendor documents with `tenant-key` alone.
_TENANT_KEY_SUFFICES = frozenset({"sendNotification", "acknowledgeNotification"})
# Operations that the vendor documents with the bearer token alone.
_TOKEN_SUFFICES = frozenset(
    {"getReservation", "createReservation", "listReservations", "deleteReservation", "updateReservation",
     "updateReservationsOfOrder", "consentToDelay", "acknowledgeShipment"}
)  # fmt: skip


def header_fault(name: str, reason: str) -> Invalid:
    """Build the error for an invalid header."""
    return Invalid(Code.INVALID, "a header has faults", faults=(Fault((name,), reason),))


def check_site_context(request: Request) -> None:
    """Check that `x-site-context` is valid and names an account of the caller's organization.

    The header is the text of a JSON object with a string `account`, or the same object in OpenAPI's simple style; `channel`
    is a number or a string, other members are ignored. Notification calls may omit it; then `tenant-key` is the account.
    Calls about reservations may omit it altogether.
    Raises Invalid `invalid`, Denied `foreign_organization`.
    """
    text = request.headers.get(SITE_CONTEXT)
    if text is None and request.route.operation in _TENANT_KEY_SUFFICES and (tenant := request.headers.get(TENANT)):
        _check_account(request, tenant, TENANT)
        return
    if text is None and request.route.operation in _TOKEN_SUFFICES:
        return
    if text is None:
        raise header_fault(SITE_CONTEXT, "is required")
    context = _parse(text)
    if context is None:
        raise header_fault(SITE_CONTEXT, "must be the text of a JSON object")
    account, channel = context.get("account"), context.get("channel")
    if not isinstance(account, str) or not account:
        raise header_fault(SITE_CONTEXT, "must have the member account, a string that is not empty")
    if isinstance(channel, bool) or not isinstance(channel, int | float | str | None):
        raise header_fault(SITE_CONTEXT, "must have a number or a string as channel, if any")
    _check_account(request, account, SITE_CONTEXT)


def channel_of(request: Request) -> str | None:
    """Return the channel that `x-site-context` names, as text; None without one."""
    channel = (_parse(request.headers.get(SITE_CONTEXT) or "") or {}).get("channel")
    return None if channel in (None, "") else str(channel)


def account_of(request: Request) -> str:
    """Return the account that `x-site-context` names; it has been checked."""
    return str((_parse(request.headers.get(SITE_CONTEXT) or "") or {}).get("account", ""))


def _parse(text: str) -> dict[str, Any] | None:
    """Parse the header's object; None where it is none.

    The vendor types the parameter as an object, so clients generated from its description write it in OpenAPI's simple
    style: `account,62272e,channel,12`, or exploded `account=62272e,channel=12`. Both are text without braces and quotes.
    """
    try:
        context = msgspec.json.decode(text.encode("latin-1"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _parse_simple_style(text)
    return context if isinstance(context, dict) else None


def _parse_simple_style(text: str) -> dict[str, Any] | None:
    if not _SIMPLE_STYLE.fullmatch(text):
        return None
    parts = [part.strip() for part in text.split(",")]
    if all("=" in part for part in parts):
        return dict(part.split("=", 1) for part in parts)
    return dict(zip(parts[::2], parts[1::2], strict=True)) if len(parts) % 2 == 0 else None


_SIMPLE_STYLE = re.compile(r"[^\[\]{}\"']+")


def _check_account(request: Request, account: str, header: str) -> None:
    if (ACCOUNT, account) not in request.caller.references:
        raise Denied(Code.FOREIGN_ORGANIZATION, f"the account in {header} is not this organization's")


def has_site_context(headers: Headers) -> bool:
    """Say whether a request at a path shared with another door is for this door."""
    return headers.get(SITE_CONTEXT) is not None
